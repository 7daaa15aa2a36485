"""HTTP of curriculum."""

from __future__ import annotations

from flask import Blueprint

import trainmgr.curriculum.frozen
import trainmgr.curriculum.station  # noqa: F401

bp = Blueprint("curriculum", __name__)
blueprints = (bp,)
