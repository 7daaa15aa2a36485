"""What practice shows for a competency: how much of it was practised, and the latest logs."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from flask import url_for
from flask_babel import gettext as _

from trainmgr.curriculum.models import Module
from trainmgr.curriculum.tracing import Asked, Exhibit, Proof, proves
from trainmgr.enrolment.models import Enrolment
from trainmgr.enrolment.queries import visible_in
from trainmgr.identity.models import User
from trainmgr.kernel.access import Permission
from trainmgr.kernel.db import db
from trainmgr.kernel.hours import ledger_hours
from trainmgr.kernel.i18n import day, hours, number
from trainmgr.practice.models import LogCompetency, PracticeLog
from trainmgr.practice.rules import LogState
from trainmgr.programs.queries import may

LATEST = 5


@proves
def practised(asked: Asked) -> Proof | None:
    """Count the signed logs that practised the competency; name the latest that the viewer may see."""
    if not may(asked.program, asked.viewer, Permission.PRACTICE_VIEW):
        return None
    rows = _rows(asked)
    logs, minutes, people = rows[0][:3]
    if not logs:
        return Proof(_("Practice"), _("No signed log has practised it yet."), is_there=False)
    text = _(
        "%(logs)s signed logs by %(people)s trainees, %(hours)s hours in all",
        logs=number(logs), people=number(people), hours=hours(ledger_hours(minutes)),
    )  # fmt: skip
    exhibits = [_exhibit(*row[3:]) for row in rows if row[3] is not None]
    url = url_for("practice.show_practice", program_id=asked.program.id)
    return Proof(_("Practice"), text, exhibits=exhibits, url=url)


def _rows(asked: Asked) -> list[Any]:
    """The totals beside the latest logs that the viewer may see: one statement, at least one row."""
    conditions = [
        PracticeLog.program_id == asked.program.id,
        PracticeLog.state == LogState.SIGNED,
        LogCompetency.competency_id == asked.competency.id,
    ]
    if asked.lineage:
        in_module = sa.select(Module.id).where(Module.lineage == asked.lineage)
        conditions.append(PracticeLog.module_id.in_(in_module))
    practised = (
        sa.select(PracticeLog).join(LogCompetency, LogCompetency.log_id == PracticeLog.id).where(*conditions)
    )
    total = practised.with_only_columns(
        sa.func.count(PracticeLog.id).label("logs"),
        sa.func.coalesce(sa.func.sum(PracticeLog.minutes), 0).label("minutes"),
        sa.func.count(PracticeLog.enrolment_id.distinct()).label("people"),
    ).subquery()
    latest = (
        practised.with_only_columns(
            PracticeLog.id, PracticeLog.day, PracticeLog.minutes, PracticeLog.task, User.name
        )
        .join(Enrolment, Enrolment.id == PracticeLog.enrolment_id)
        .join(User, User.id == Enrolment.user_id)
        .where(visible_in(asked.program, asked.viewer))
        .order_by(PracticeLog.day.desc(), PracticeLog.id.desc())
        .limit(LATEST)
        .subquery()
    )
    statement = sa.select(total, latest).select_from(total.outerjoin(latest, sa.true()))
    return list(db.session.execute(statement.order_by(latest.c.day.desc(), latest.c.id.desc())))


def _exhibit(log_id: int, on: Any, minutes: int, task: str, name: str) -> Exhibit:
    hint = _("%(name)s, %(day)s, %(hours)s h", name=name, day=day(on), hours=hours(ledger_hours(minutes)))
    return Exhibit(task, hint, url_for("practice.show_log", log_id=log_id))
