"""HTTP of the exchange with other systems."""

from __future__ import annotations

from flask import Blueprint

bp = Blueprint("exchange", __name__)
blueprints = (bp,)
