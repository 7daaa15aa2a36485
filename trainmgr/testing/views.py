"""HTTP of tests taken online; each file registers its own pages on the one blueprint."""

from __future__ import annotations

from trainmgr.testing import models
from trainmgr.testing.frame import bp

blueprints = (bp,)

# The tables are known from the start; the other files register the routes.
assert models
