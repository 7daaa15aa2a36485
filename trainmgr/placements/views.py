"""HTTP of placements, by what people do: arrange and list them, sign, watch the rules, report the week."""

from __future__ import annotations

import trainmgr.placements.calendar
import trainmgr.placements.following
import trainmgr.placements.list_views
import trainmgr.placements.panel_views
import trainmgr.placements.placement_views
import trainmgr.placements.post_views
import trainmgr.placements.sheet_views
import trainmgr.placements.sign_views
import trainmgr.placements.weekly_views  # noqa: F401 - they fill the blueprint
from trainmgr.placements.frame import bp

blueprints = (bp,)
