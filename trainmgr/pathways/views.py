"""HTTP of pathways."""

from __future__ import annotations

from flask import Blueprint

bp = Blueprint("pathways", __name__)
blueprints = (bp,)
