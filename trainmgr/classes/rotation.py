"""Masters that rotate over classes, exchange sessions, and two classes side by side (Z2)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from flask import abort
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy.orm import joinedload, selectinload

from trainmgr.classes.models import ClassExchange, ClassNote, ClassPeriod, ClassTurn
from trainmgr.classes.rules import Sample, alternate
from trainmgr.classes.seeing import classes_seen
from trainmgr.classes.space import require_open
from trainmgr.enrolment.models import Cohort, Enrolment, EntryLevel
from trainmgr.enrolment.rules import EnrolmentState
from trainmgr.identity.models import User
from trainmgr.kernel import audit
from trainmgr.kernel.access import Role
from trainmgr.kernel.audit import require
from trainmgr.kernel.clock import local_day
from trainmgr.kernel.db import db
from trainmgr.kernel.paging import Listing, Page, contains, paginate
from trainmgr.programs.models import Program, ProgramPerson
from trainmgr.testing.models import Attempt, Participant, Sitting

MADE = audit.sentence("classes.rotation", _l("%(who)s made the rotation of %(what)s: %(count)s periods"))
TURNED = audit.sentence("classes.rotation.turn", _l("%(who)s changed who teaches %(what)s from %(day)s"))
PLANNED = audit.sentence("classes.exchange", _l("%(who)s set an exchange of %(what)s: %(topic)s"))
MOST_PERIODS = 120


# --- the rotation ------------------------------------------------------------------------------------


def periods_of(program_id: int) -> Sequence[ClassPeriod]:
    """Return a programme's periods with class and teacher of each turn: three statements."""
    return db.session.scalars(
        sa.select(ClassPeriod)
        .where(ClassPeriod.program_id == program_id)
        .options(
            selectinload(ClassPeriod.turns).joinedload(ClassTurn.cohort),
            selectinload(ClassPeriod.turns).joinedload(ClassTurn.teacher),
        )
        .order_by(ClassPeriod.starts_on, ClassPeriod.id)
        .limit(MOST_PERIODS)
    ).all()


def teachers_of(program: Program) -> list[tuple[int, str]]:
    """Return who can teach classes of a programme: its teachers and mentors now, by name."""
    rows = db.session.execute(
        sa.select(User.id, User.name)
        .where(
            User.id.in_(
                sa.select(ProgramPerson.user_id).where(
                    ProgramPerson.program_id == program.id,
                    ProgramPerson.role.in_((Role.ENTERPRISE_MENTOR, Role.SCHOOL_TEACHER)),
                    ProgramPerson.until.is_(None),
                )
            )
        )
        .order_by(User.name, User.id)
        .limit(500)
    )
    return [(row[0], row[1]) for row in rows]


def make_rotation(
    program: Program,
    cohort_ids: Sequence[int],
    teacher_ids: Sequence[int],
    *,
    first: date,
    weeks: int,
    periods: int,
    by: User,
    now: datetime,
) -> int:
    """Plan alternating periods; those that have not begun are replaced, those that have stay as they were."""
    require_open(program)
    known = {key for key, _name in teachers_of(program)}
    inside = sa.select(Cohort.id).where(
        Cohort.program_id == program.id, Cohort.closed_on.is_(None), Cohort.id.in_(cohort_ids)
    )
    classes = list(db.session.scalars(inside.order_by(Cohort.name, Cohort.id)))
    require(len(classes) >= 2, _("Choose at least two classes."))
    require(
        len(teacher_ids) >= len(classes) and set(teacher_ids) <= known,
        _("Choose at least as many teachers as classes: %(count)s.", count=len(classes)),
    )
    today = local_day(now)
    last = db.session.scalar(
        sa.select(sa.func.max(ClassPeriod.ends_on)).where(
            ClassPeriod.program_id == program.id, ClassPeriod.starts_on <= today
        )
    )
    require(
        last is None or first > last,
        _("The rotation until %(day)s has begun already. Begin after it.", day=last),
    )
    to_come = sa.select(ClassPeriod).where(
        ClassPeriod.program_id == program.id, ClassPeriod.starts_on > today
    )
    for old in db.session.scalars(to_come.options(selectinload(ClassPeriod.turns))).all():
        db.session.delete(old)
    db.session.flush()
    planned = alternate(classes, list(teacher_ids), first=first, weeks=weeks, periods=periods)
    for period in planned:
        turns = [ClassTurn(cohort_id=cohort, teacher_id=teacher) for cohort, teacher in period.turns]
        db.session.add(
            ClassPeriod(
                program_id=program.id, starts_on=period.starts_on, ends_on=period.ends_on, turns=turns
            )
        )
    audit.record(MADE, program, by=by, now=now, program_id=program.id, name=program.name, count=len(planned))
    return len(planned)


def period_or_404(program_id: int, period_id: int) -> ClassPeriod:
    """Return a period with its turns, or answer 404."""
    found = db.session.scalars(
        sa.select(ClassPeriod)
        .where(ClassPeriod.id == period_id, ClassPeriod.program_id == program_id)
        .options(
            selectinload(ClassPeriod.turns).joinedload(ClassTurn.cohort),
            selectinload(ClassPeriod.turns).joinedload(ClassTurn.teacher),
        )
    ).one_or_none()
    return found or abort(404)


def change_turns(
    program: Program, period: ClassPeriod, teachers: dict[int, int], *, by: User, now: datetime
) -> None:
    """Say who teaches which class in a period (class → teacher); nobody teaches two of them at once."""
    require_open(program)
    wanted = {turn.cohort_id: teachers.get(turn.cohort_id, turn.teacher_id) for turn in period.turns}
    known = {key for key, _name in teachers_of(program)} | {turn.teacher_id for turn in period.turns}
    require(set(wanted.values()) <= known, _("Choose a teacher of this programme."))
    require(len(set(wanted.values())) == len(wanted), _("Nobody teaches two classes in the same period."))
    names = ", ".join(turn.cohort.name for turn in period.turns)
    period.turns.clear()
    db.session.flush()  # so that two who change places do not meet in the constraint
    period.turns.extend(ClassTurn(cohort_id=cohort, teacher_id=teacher) for cohort, teacher in wanted.items())
    audit.record(
        TURNED,
        period,
        by=by,
        now=now,
        program_id=program.id,
        name=names,
        day={"day": period.starts_on.isoformat()},
    )


# --- exchange sessions -------------------------------------------------------------------------------


def list_exchanges(program: Program, viewer: User, listing: Listing) -> Page[Any]:
    """Return a page of the exchanges of classes that the viewer belongs to, the latest first."""
    seen = sa.select(Cohort.id).where(classes_seen(program, viewer))
    statement = (
        sa.select(ClassExchange)
        .where(
            ClassExchange.program_id == program.id,
            sa.or_(ClassExchange.first_id.in_(seen), ClassExchange.second_id.in_(seen)),
        )
        .options(joinedload(ClassExchange.first), joinedload(ClassExchange.second))
    )
    if listing.q:
        statement = statement.where(contains(ClassExchange.topic, listing.q))
    return paginate(
        statement,
        listing,
        orders={"day": (ClassExchange.day.desc(), ClassExchange.id.desc())},
        default="day",
        size=20,
    )


def exchange_or_404(program: Program, exchange_id: int, viewer: User) -> ClassExchange:
    """Return an exchange of classes that the viewer belongs to, with its notes, or answer 404."""
    seen = sa.select(Cohort.id).where(classes_seen(program, viewer))
    found = db.session.scalars(
        sa.select(ClassExchange)
        .where(
            ClassExchange.id == exchange_id,
            ClassExchange.program_id == program.id,
            sa.or_(ClassExchange.first_id.in_(seen), ClassExchange.second_id.in_(seen)),
        )
        .options(
            joinedload(ClassExchange.first),
            joinedload(ClassExchange.second),
            selectinload(ClassExchange.notes),
        )
    ).one_or_none()
    return found or abort(404)


def plan_exchange(
    program: Program, first: Cohort, second: Cohort, *, day: date, topic: str, by: User, now: datetime
) -> ClassExchange:
    """Set a session in which two classes exchange what they found."""
    require_open(program)
    require(first.id != second.id, _("Choose another class."))
    one = ClassExchange(
        program_id=program.id, first_id=first.id, second_id=second.id, day=day, topic=topic, by_id=by.id,
        by_name=by.name, at=now,
    )  # fmt: skip
    db.session.add(one)
    audit.record(
        PLANNED, one, by=by, now=now, program_id=program.id, name=f"{first.name}, {second.name}", topic=topic
    )
    return one


def take_note(exchange: ClassExchange, cohort_id: int, text: str, *, by: User, now: datetime) -> ClassNote:
    """Take down what one of the two classes found; a note is never changed."""
    require_open(db.session.get_one(Program, exchange.program_id))
    require(cohort_id in (exchange.first_id, exchange.second_id), _("Choose one of the two classes."))
    require(
        exchange.day <= local_day(now),
        _("The exchange is still to come. Notes are taken on its day or later."),
    )
    note = ClassNote(
        exchange_id=exchange.id, cohort_id=cohort_id, text=text, by_id=by.id, by_name=by.name, at=now
    )
    db.session.add(note)
    return note


# --- side by side ------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Comparison:
    """One thing that was measured in the same way in both classes: how many people each has, and a sample of each."""

    kind: str  # "entry", "hours" or "test"
    name: str
    first: Sample
    second: Sample


NOTHING = Sample(0, 0.0, 0.0)


def compare(first: Cohort, second: Cohort) -> list[Comparison]:
    """Return two classes side by side: entry level, verified hours, each closed test: three statements."""
    pair = (first.id, second.id)
    present = sa.and_(Enrolment.cohort_id.in_(pair), Enrolment.state != EnrolmentState.WITHDRAWN)
    level = (
        sa.select(EntryLevel.enrolment_id, sa.cast(sa.func.avg(EntryLevel.level), sa.Float).label("value"))
        .join(Enrolment, Enrolment.id == EntryLevel.enrolment_id)
        .where(present)
        .group_by(EntryLevel.enrolment_id)
        .subquery()
    )
    entry = _samples(
        sa.select(Enrolment.cohort_id, *_sums(level.c.value))
        .join(level, level.c.enrolment_id == Enrolment.id)
        .where(present)
        .group_by(Enrolment.cohort_id)
    )
    hours = _samples(
        sa.select(Enrolment.cohort_id, *_sums(Enrolment.verified_minutes / 60.0))
        .where(present)
        .group_by(Enrolment.cohort_id)
    )
    found = [_pair("entry", "", entry, pair), _pair("hours", "", hours, pair)]
    return [*found, *_tests(pair, present)]


def _tests(pair: tuple[int, int], present: Any) -> list[Comparison]:
    share = sa.cast(Attempt.points, sa.Float) * 100.0 / sa.cast(Attempt.possible, sa.Float)
    rows = db.session.execute(
        sa.select(Sitting.id, Sitting.name, Enrolment.cohort_id, *_sums(share))
        .join(Participant, Participant.sitting_id == Sitting.id)
        .join(Enrolment, Enrolment.id == Participant.enrolment_id)
        .join(Attempt, Attempt.participant_id == Participant.id)
        .where(
            present,
            Attempt.counts,
            Attempt.waiting == 0,
            Attempt.possible > 0,
            Sitting.closed_at.is_not(None),
        )
        .group_by(Sitting.id, Sitting.name, Enrolment.cohort_id)
        .order_by(Sitting.id)
    )
    by_test: dict[tuple[int, str], dict[int, Sample]] = {}
    for sitting_id, name, cohort_id, n, total, squares in rows:
        by_test.setdefault((sitting_id, name), {})[cohort_id] = Sample(n, float(total), float(squares))
    return [_pair("test", name, samples, pair) for (_key, name), samples in by_test.items()]


def _sums(value: Any) -> list[Any]:
    return [
        sa.func.count(value),
        sa.func.coalesce(sa.func.sum(value), 0),
        sa.func.coalesce(sa.func.sum(value * value), 0),
    ]


def _samples(statement: Any) -> dict[int, Sample]:
    return {row[0]: Sample(row[1], float(row[2]), float(row[3])) for row in db.session.execute(statement)}


def _pair(kind: str, name: str, samples: dict[int, Sample], pair: tuple[int, int]) -> Comparison:
    return Comparison(kind, name, samples.get(pair[0], NOTHING), samples.get(pair[1], NOTHING))
