"""HTTP of operation: what watchers and administrators see of the installation."""

from __future__ import annotations

import trainmgr.operation.job_views
import trainmgr.operation.keys
import trainmgr.operation.privacy
import trainmgr.operation.purging
import trainmgr.operation.sealing
import trainmgr.operation.trail_views
import trainmgr.operation.watch_views  # noqa: F401 - they fill the blueprint, and register what the clock calls
from trainmgr.operation.frame import bp

blueprints = (bp,)
