"""HTTP of tests taken online; each file registers its own pages on the one blueprint."""

from __future__ import annotations

from trainmgr.testing import (
    gain_views,
    judge_views,
    lane,
    level_views,
    mark_views,
    models,
    participant_views,
    report_views,
    sitting_views,
    standing,
    statistics_views,
    taking_views,
)
from trainmgr.testing.frame import bp

blueprints = (bp,)

# The tables are known from the start; the other files register the routes.
assert gain_views
assert judge_views
assert lane
assert level_views
assert mark_views
assert models
assert participant_views
assert sitting_views
assert standing
assert statistics_views
assert taking_views
assert report_views
