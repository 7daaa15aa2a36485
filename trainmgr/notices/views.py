"""HTTP of notices: one's own, and an organisation's."""

from __future__ import annotations

import trainmgr.notices.account
import trainmgr.notices.outbox
import trainmgr.notices.own_views
import trainmgr.notices.planning
import trainmgr.notices.robot_views  # noqa: F401 - they fill the blueprint, and register what the clock calls
from trainmgr.notices.frame import bp

blueprints = (bp,)
