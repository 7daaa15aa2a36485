"""The door to a programme's pages, and what every view of them begins with."""

from __future__ import annotations

from flask import Blueprint, abort
from flask_login import current_user

from trainmgr.identity.models import User
from trainmgr.kernel.access import Permission
from trainmgr.programs.models import Program
from trainmgr.programs.queries import may, program_or_404

bp = Blueprint("programs", __name__)


def reader() -> User:
    """Return the signed-in person."""
    return current_user._get_current_object()


def program_for(program_id: int, permission: Permission, *, steps: bool = True) -> Program:
    """Return a programme in which the reader holds a permission; unseen is 404, not allowed there is 403."""
    program = program_or_404(program_id, reader(), steps=steps)
    if not may(program, reader(), permission):
        abort(403)
    return program
