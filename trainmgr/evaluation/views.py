"""HTTP of evaluation."""

from __future__ import annotations

from flask import Blueprint

bp = Blueprint("evaluation", __name__)
blueprints = (bp,)
