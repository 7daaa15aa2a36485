"""HTTP of inbox."""

from __future__ import annotations

from flask import Blueprint

bp = Blueprint("inbox", __name__)
blueprints = (bp,)
