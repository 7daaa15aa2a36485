"""HTTP of programs."""

from __future__ import annotations

from flask import Blueprint

import trainmgr.programs.station  # noqa: F401  registers how steps 1 and 2 stand

bp = Blueprint("programs", __name__)
blueprints = (bp,)
