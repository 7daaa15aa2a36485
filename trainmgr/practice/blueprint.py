"""The one blueprint of practice, filled by the view modules that `views` brings together."""

from __future__ import annotations

from flask import Blueprint

bp = Blueprint("practice", __name__)
