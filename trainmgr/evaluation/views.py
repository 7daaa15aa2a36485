"""HTTP of evaluation."""

from __future__ import annotations

from flask import Blueprint

import trainmgr.evaluation.station  # noqa: F401  registers how step 8 stands and what is due

bp = Blueprint("evaluation", __name__)
blueprints = (bp,)
