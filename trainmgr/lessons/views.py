"""HTTP of lesson plans."""

from __future__ import annotations

from flask import Blueprint

from trainmgr.lessons import models

assert models  # known to the database from the start

bp = Blueprint("lessons", __name__)

blueprints = (bp,)
