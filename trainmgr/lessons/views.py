"""HTTP of lesson plans."""

from __future__ import annotations

from flask import Blueprint

bp = Blueprint("lessons", __name__)

blueprints = (bp,)
