"""HTTP of improvement, by what people do: look, take up and settle, decide on what is proposed to a plan."""

from __future__ import annotations

import trainmgr.improvement.item_views
import trainmgr.improvement.list_views
import trainmgr.improvement.proposal_views
import trainmgr.improvement.sources  # noqa: F401 - they fill the blueprint, and register what others call
from trainmgr.improvement.frame import bp

blueprints = (bp,)
