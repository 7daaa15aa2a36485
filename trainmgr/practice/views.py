"""HTTP of practice."""

from __future__ import annotations

from flask import Blueprint

bp = Blueprint("practice", __name__)
blueprints = (bp,)
