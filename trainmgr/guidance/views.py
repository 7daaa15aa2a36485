"""HTTP of guidance, by what people do: counsel, plan, help, give points and awards."""

from __future__ import annotations

import trainmgr.guidance.counsel_views
import trainmgr.guidance.look_job
import trainmgr.guidance.looking
import trainmgr.guidance.merit_views
import trainmgr.guidance.plan_views
import trainmgr.guidance.proving
import trainmgr.guidance.trainee_views
import trainmgr.guidance.tutoring_views  # noqa: F401 - they fill the blueprint, and register what others call
from trainmgr.guidance.frame import bp

blueprints = (bp,)
