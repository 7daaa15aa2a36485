"""The blueprint of operation: its pages, its commands, and what it does around every request."""

from __future__ import annotations

from typing import Any

from flask import Blueprint

from trainmgr.operation import commands, logs, metrics

bp = Blueprint("operation", __name__, cli_group="trainmgr")
commands.add_to(bp.cli)


@bp.record_once
def _watch(setup: Any) -> None:
    logs.init_app(setup.app)
    metrics.init_app(setup.app)
