"""HTTP of joint recruitment: the blueprints, and what registers itself."""

from __future__ import annotations

from trainmgr.recruitment import (
    application_views,
    door_views,
    following,
    interview_views,
    own_views,
    plan_views,
    station,
)
from trainmgr.recruitment.frame import applications_bp, bp, door_bp

blueprints = (applications_bp, bp, door_bp)

# They register the routes, what follows when people come and go, how the step stands and what is due.
assert application_views
assert door_views
assert following
assert interview_views
assert own_views
assert plan_views
assert station
