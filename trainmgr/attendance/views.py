"""HTTP of attendance, by what people do: take it, scan the code, ask to be excused, read the rates."""

from __future__ import annotations

import trainmgr.attendance.day_views
import trainmgr.attendance.following
import trainmgr.attendance.leave_views
import trainmgr.attendance.rate_views
import trainmgr.attendance.register_views
import trainmgr.attendance.scan_views
import trainmgr.attendance.sheet_views  # noqa: F401 - they fill the blueprint
from trainmgr.attendance.frame import bp

blueprints = (bp,)
