"""HTTP of identity."""

from __future__ import annotations

from flask import Blueprint

bp = Blueprint("identity", __name__)
blueprints = (bp,)
