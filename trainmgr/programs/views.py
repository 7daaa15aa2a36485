"""HTTP of programs."""

from __future__ import annotations

from flask import Blueprint

bp = Blueprint("programs", __name__)
blueprints = (bp,)
