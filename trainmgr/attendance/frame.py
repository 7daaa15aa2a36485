"""What the pages of attendance have in common: the blueprint, the programme with its permission, the frame."""

from __future__ import annotations

from datetime import date
from typing import Any

from flask import Blueprint, abort, request
from flask_login import current_user

from trainmgr.attendance import labels
from trainmgr.attendance.page_queries import may_take
from trainmgr.attendance.rules import Cell, Mark
from trainmgr.kernel.access import Permission
from trainmgr.kernel.clock import today
from trainmgr.kernel.numbers import whole
from trainmgr.programs.models import Program
from trainmgr.programs.pages import render_program_page
from trainmgr.programs.queries import may, program_or_404
from trainmgr.programs.rules import Step
from trainmgr.timetable import labels as timetable_labels
from trainmgr.timetable.models import TeachingSession
from trainmgr.timetable.queries import session_or_404

bp = Blueprint("attendance", __name__)

PROGRAM = "/programs/<int:program_id>/attendance"
SESSION = f"{PROGRAM}/sessions/<int:session_id>"
LEAVE = f"{PROGRAM}/leave/<int:leave_id>"


def program_for(program_id: int, permission: Permission | None = None, *, steps: bool = True) -> Program:
    """Return the programme when the reader may do this in it, else answer 404 or 403."""
    program = program_or_404(program_id, current_user, steps=steps)
    if permission is not None and not may(program, current_user, permission):
        abort(403)
    return program


def page_of(template: str, program: Program, status: int = 200, **context: Any) -> tuple[str, int]:
    """Render a page of attendance inside the programme's frame."""
    return render_program_page(
        f"attendance/{template}.html", program, Step.PRACTICE, status=status, labels=labels,
        timetable=timetable_labels, **context,
    )  # fmt: skip


def session_to_take(program_id: int, session_id: int) -> tuple[Program, TeachingSession]:
    """Return a session whose attendance the reader takes, else answer 404 or 403."""
    program = program_or_404(program_id, current_user)
    session = session_or_404(program, session_id, current_user)
    if not may_take(program, session, current_user):
        abort(403)
    return program, session


def mark_in(text: str | None) -> Mark | None:
    """Return the mark that a field holds; nothing and nonsense are none."""
    return Mark(text) if text in set(Mark) else None


def typed_cells() -> dict[int, Cell]:
    """Return a grid as it was sent: what is wanted of each trainee, and what had been shown."""
    cells = {}
    for name, text in request.form.items():
        head, _dash, tail = name.partition("-")
        key = whole(tail) if head == "mark" else None
        if key is not None:
            cells[key] = Cell(mark_in(text), mark_in(request.form.get(f"seen-{key}")))
    return cells


def asked_day() -> date:
    """Return the day that the address asks for, else today."""
    try:
        day = date.fromisoformat(request.values.get("day", ""))
    except ValueError:
        return today()
    return day if 2000 <= day.year <= 2100 else today()
