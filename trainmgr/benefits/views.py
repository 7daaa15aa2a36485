"""HTTP of yields."""

from __future__ import annotations

from trainmgr.benefits import claim_views, income_views, yield_views  # noqa: F401
from trainmgr.benefits.frame import bp

blueprints = (bp,)
