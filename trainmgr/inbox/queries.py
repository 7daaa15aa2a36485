"""What stands in a reader's inbox, and what the inbox shows beside it."""

from __future__ import annotations

from datetime import date
from typing import Any

import sqlalchemy as sa

from trainmgr.identity.models import User
from trainmgr.kernel.access import Role
from trainmgr.kernel.db import db
from trainmgr.programs.dues import is_showing, owned_by
from trainmgr.programs.models import Due, Program
from trainmgr.programs.rules import State


def select_dues(viewer: User, today: date) -> sa.Select[Any]:
    """Return a select of what is due from the viewer and shows today; a cancelled programme asks for nothing.

    Department staff are asked only for the programmes that their department answers for.
    """
    statement = (
        sa.select(Due)
        .join(Due.program)
        .where(owned_by(viewer), is_showing(today), Program.state != State.CANCELLED)
    )
    if Role.DEPARTMENT_STAFF in viewer.roles:
        own = Program.department_id.in_(viewer.departments_as(Role.DEPARTMENT_STAFF))
        statement = statement.where(sa.or_(Due.role.is_distinct_from(Role.DEPARTMENT_STAFF), own))
    return statement


def count_dues(viewer: User, today: date) -> int:
    """Return how many lines stand in the viewer's inbox: one statement."""
    dues = select_dues(viewer, today).with_only_columns(sa.func.count(Due.id))
    return db.session.scalar(dues) or 0
