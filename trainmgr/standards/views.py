"""HTTP of job standards that both sides build."""

from __future__ import annotations

from flask import Blueprint

from trainmgr.standards import evidence, models  # noqa: F401  their tables are known from the start

bp = Blueprint("standards", __name__)

blueprints = (bp,)
