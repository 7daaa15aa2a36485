"""What the pages of teaching resources share: their blueprint and what was asked in the address."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, abort, render_template, request
from flask_login import current_user

from trainmgr.kernel.access import Permission
from trainmgr.kernel.clock import today
from trainmgr.kernel.numbers import whole
from trainmgr.materials import labels
from trainmgr.materials.queries import Filters
from trainmgr.materials.rules import MaterialKind
from trainmgr.programs.models import Program
from trainmgr.programs.queries import may, program_or_404

bp = Blueprint("materials", __name__)


def render(template: str, status: int = 200, **context: Any) -> tuple[str, int]:
    """Render a page of the resources."""
    html = render_template(f"materials/{template}.html", labels=labels, today=today(), **context)
    return html, status


def asked_filters() -> Filters:
    """Read from the address what a list is narrowed down to; nonsense narrows nothing."""
    kind = request.args.get("kind", "")
    return Filters(
        kind=MaterialKind(kind) if kind in set(MaterialKind) else None,
        occupation=request.args.get("occupation", "")[:80],
        owner_id=whole(request.args.get("owner")),
        collection=request.args.get("collection", "")[:80],
        retired=request.args.get("state") == "retired",
    )


def load(program_id: int, permission: Permission | None = None) -> Program:
    """Return a programme, or answer 404; 403 for who does not hold the permission in this very one."""
    program = program_or_404(program_id, current_user)
    if permission is not None and not may(program, current_user, permission):
        abort(403)
    return program
