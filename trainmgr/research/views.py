"""HTTP of diagnosis and market research."""

from __future__ import annotations

from flask import Blueprint

bp = Blueprint("research", __name__)

blueprints = (bp,)
