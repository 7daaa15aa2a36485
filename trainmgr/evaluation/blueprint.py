"""The one blueprint of evaluation, filled by the view modules that `views` brings together."""

from __future__ import annotations

from flask import Blueprint

bp = Blueprint("evaluation", __name__)
