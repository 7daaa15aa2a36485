"""HTTP of the timetable of both sides."""

from __future__ import annotations

from flask import Blueprint

bp = Blueprint("timetable", __name__)

blueprints = (bp,)
