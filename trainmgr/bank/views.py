"""HTTP of the item bank: items, instruments, papers."""

from __future__ import annotations

from flask import Blueprint

from trainmgr.bank import models  # noqa: F401  its tables are known at start

bp = Blueprint("bank", __name__)

blueprints = (bp,)
