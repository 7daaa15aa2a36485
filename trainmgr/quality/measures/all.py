"""Every measure there is; importing this registers them."""

from __future__ import annotations

import trainmgr.quality.measures.employment
import trainmgr.quality.measures.outcomes
import trainmgr.quality.measures.quality
import trainmgr.quality.measures.resources
import trainmgr.quality.measures.training  # noqa: F401
