"""HTTP of curriculum."""

from __future__ import annotations

from flask import Blueprint

bp = Blueprint("curriculum", __name__)
blueprints = (bp,)
