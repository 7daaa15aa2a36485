"""HTTP of evaluation, by what people do: rate, plan windows, shape the scheme, read results."""

from __future__ import annotations

import trainmgr.evaluation.grid_views
import trainmgr.evaluation.notice_views
import trainmgr.evaluation.rating_views
import trainmgr.evaluation.result_views
import trainmgr.evaluation.scheme_views
import trainmgr.evaluation.station  # registers how step 8 stands and what is due
import trainmgr.evaluation.window_views  # noqa: F401
from trainmgr.evaluation.blueprint import bp

blueprints = (bp,)
