"""HTTP of the timetable of both sides."""

from __future__ import annotations

from flask import Blueprint

from trainmgr.timetable import models

assert models  # known to the database from the start

bp = Blueprint("timetable", __name__)

blueprints = (bp,)
