"""What a user name that comes from another system may look like: as one that is typed on the page of people."""

from __future__ import annotations

import re

USERNAME = re.compile(r"[a-z0-9][a-z0-9._-]{2,59}")
