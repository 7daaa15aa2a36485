"""HTTP of tests taken online."""

from __future__ import annotations

from flask import Blueprint

bp = Blueprint("testing", __name__)

blueprints = (bp,)
