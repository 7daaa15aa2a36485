"""HTTP of what ratings say together."""

from __future__ import annotations

import trainmgr.insights.class_views
import trainmgr.insights.compute_job
import trainmgr.insights.enterprise_views
import trainmgr.insights.program_views
import trainmgr.insights.rater_views  # noqa: F401
from trainmgr.insights.frame import bp
from trainmgr.kernel.db import read_from_replica

blueprints = (bp,)
read_from_replica(
    "insights.list_classes",
    "insights.compare_classes",
    "insights.show_value_added",
    "insights.export_value_added",
    "insights.show_enterprise",
    "insights.export_insights",
    "insights.list_raters",
    "insights.export_raters",
    "insights.show_rater",
    "insights.show_own_ratings",
)
