"""HTTP of teaching resources."""

from __future__ import annotations

from flask import Blueprint

from trainmgr.materials import models  # noqa: F401  its tables are known from the start

bp = Blueprint("materials", __name__)

blueprints = (bp,)
