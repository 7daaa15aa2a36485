"""How a programme keeps logs, and days that were opened again for one trainee: reads and writes."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from datetime import date, datetime, timedelta

import sqlalchemy as sa
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from trainmgr.enrolment.models import Enrolment
from trainmgr.identity.models import User
from trainmgr.kernel import audit
from trainmgr.kernel.audit import require
from trainmgr.kernel.clock import local_day
from trainmgr.kernel.db import db
from trainmgr.kernel.errors import Conflict
from trainmgr.pathways.schema import LogFrequency
from trainmgr.practice.log_models import LogOpening, PracticeTerms
from trainmgr.practice.periods import Terms
from trainmgr.programs.actions import require_open
from trainmgr.programs.models import Program
from trainmgr.programs.rules import Work

SET = audit.sentence("practice.terms", _l("%(who)s changed how practice logs are kept"))
OPENED = audit.sentence(
    "practice.open",
    _l("%(who)s opened %(first)s – %(last)s for logs of %(what)s until %(until)s: %(reason)s"),
)
MOST_OPEN = 31


def terms_of(program: Program) -> Terms:
    """Return how a programme keeps logs: as it decided, else as its pathway says (weekly where that is silent)."""
    row = db.session.get(PracticeTerms, program.id)
    return _read(row) if row is not None else by_pathway(program)


def by_pathway(program: Program) -> Terms:
    """Return how logs are kept where the programme decided nothing."""
    named = program.pathway_document.get("log_frequency", LogFrequency.WEEKLY.value)
    return Terms(LogFrequency(named))


def terms_by_program(programs: Collection[Program]) -> dict[int, Terms]:
    """Return how each of some programmes keeps logs: one statement."""
    ids = [program.id for program in programs]
    rows = {row.program_id: row for row in db.session.scalars(
        sa.select(PracticeTerms).where(PracticeTerms.program_id.in_(ids)))}  # fmt: skip
    return {one.id: _read(rows[one.id]) if one.id in rows else by_pathway(one) for one in programs}


def _read(row: PracticeTerms) -> Terms:
    return Terms(row.frequency, row.back_days, row.day_limit, row.spot_percent, row.version)


def change_terms(program: Program, wanted: Terms, *, by: User, now: datetime) -> None:
    """Decide how a programme keeps logs from now on; logs that were handed in stay as they are."""
    require_open(program, Work.SETUP)
    row = db.session.get(PracticeTerms, program.id)
    if (row.version if row else 0) != wanted.version:
        raise Conflict(
            _(
                "Somebody changed this meanwhile. "
                "What you typed is kept; saving once more puts it in place of theirs."
            )
        )
    if row is None:
        row = PracticeTerms(program_id=program.id)
        db.session.add(row)
    row.frequency, row.back_days = wanted.frequency, wanted.back_days
    row.day_limit, row.spot_percent = wanted.day_limit, wanted.spot_percent
    db.session.flush()
    audit.record(SET, program, by=by, now=now, program_id=program.id, name=program.name)


def keep_daily(program: Program) -> None:
    """Let a programme keep a log a day, for demo cases and takeovers."""
    daily = replace(by_pathway(program), frequency=LogFrequency.DAILY)
    db.session.add(
        PracticeTerms(
            program_id=program.id, frequency=daily.frequency, back_days=daily.back_days, day_limit=daily.day_limit,
            spot_percent=daily.spot_percent,
        )
    )  # fmt: skip
    db.session.flush()


# --- opened days -----------------------------------------------------------------------------------


def openings_of(enrolment: Enrolment, today: date) -> list[LogOpening]:
    """Return what is open again for a trainee today, the latest days first."""
    return list(
        db.session.scalars(
            sa.select(LogOpening)
            .where(LogOpening.enrolment_id == enrolment.id, LogOpening.until >= today)
            .order_by(LogOpening.starts_on.desc(), LogOpening.id)
            .limit(20)
        )
    )


def opened_days(enrolment: Enrolment, today: date) -> set[date]:
    """Return the days that are open again for a trainee today."""
    found: set[date] = set()
    for one in openings_of(enrolment, today):
        found |= {one.starts_on + timedelta(days=n) for n in range((one.ends_on - one.starts_on).days + 1)}
    return found


def open_days(
    program: Program,
    enrolment: Enrolment,
    first: date,
    last: date,
    *,
    until: date,
    reason: str,
    by: User,
    now: datetime,
) -> LogOpening:
    """Let a trainee hand in logs of past days that are closed, until a day, with the reason."""
    require_open(program, Work.PRACTICE)
    today = local_day(now)
    require(enrolment.user_id != by.id, _("Your mentor or the programme’s staff open days for you."))
    require(first <= last <= today, _("Only past days are opened; the last is not before the first."))
    require((last - first).days < MOST_OPEN, _("At most %(count)s days at once.", count=MOST_OPEN))
    require(
        today <= until <= today + timedelta(days=MOST_OPEN), _("They stay open at most a month from today.")
    )
    row = LogOpening(
        enrolment_id=enrolment.id, starts_on=first, ends_on=last, until=until, reason=reason, by_id=by.id,
        by_name=by.name, at=now,
    )  # fmt: skip
    db.session.add(row)
    audit.record(
        OPENED, row, by=by, now=now, program_id=program.id, name=enrolment.name, reason=reason,
        first={"day": first.isoformat()}, last={"day": last.isoformat()}, until={"day": until.isoformat()},
    )  # fmt: skip
    return row
