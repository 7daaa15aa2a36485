"""HTTP of the item bank: items, instruments, papers."""

from __future__ import annotations

from flask import Blueprint

bp = Blueprint("bank", __name__)

blueprints = (bp,)
