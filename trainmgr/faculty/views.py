"""HTTP of the faculty, by what people do: profiles, the practice ledger, teams, sheets."""

from __future__ import annotations

import trainmgr.faculty.ledger_views
import trainmgr.faculty.profile_views
import trainmgr.faculty.sheet_views
import trainmgr.faculty.team_views  # noqa: F401 - they fill the blueprint
from trainmgr.faculty.frame import bp

blueprints = (bp,)
