"""HTTP of indicators and dashboards."""

from __future__ import annotations

import trainmgr.quality.compute_job
import trainmgr.quality.dashboard_views
import trainmgr.quality.fresh_job
import trainmgr.quality.indicator_views
import trainmgr.quality.maturity_views
import trainmgr.quality.models
import trainmgr.quality.tree_views  # noqa: F401 - they fill the blueprint, and register what others call
from trainmgr.kernel.db import read_from_replica
from trainmgr.quality.frame import bp

blueprints = (bp,)
read_from_replica(
    "quality.show_dashboard",
    "quality.export_dashboard",
    "quality.export_late",
    "quality.show_golds",
    "quality.show_wall",
    "quality.show_figure",
    "quality.export_parts",
    "quality.list_records",
    "quality.export_records",
)
