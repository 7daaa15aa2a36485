"""What is done with classes: made, named, merged, closed; people moved, each move a record."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime

import sqlalchemy as sa
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from trainmgr.classes.hooks import Merging, tell_merged
from trainmgr.classes.models import ClassMove
from trainmgr.enrolment.hooks import Joining, Moving, after_joining, tell_moved
from trainmgr.enrolment.models import Cohort, Enrolment
from trainmgr.enrolment.rules import EnrolmentState
from trainmgr.identity.models import User
from trainmgr.kernel import audit
from trainmgr.kernel.audit import require
from trainmgr.kernel.clock import local_day
from trainmgr.kernel.db import among, db
from trainmgr.kernel.errors import RuleBroken
from trainmgr.programs.actions import require_open
from trainmgr.programs.models import Program, ProgramParty
from trainmgr.programs.rules import PartyRole, State, Step, Work
from trainmgr.programs.thread import refresh

MADE = audit.sentence("enrolment.class.new", _l("%(who)s made the class %(what)s"))
CHANGED = audit.sentence("classes.change", _l("%(who)s changed the class %(before)s: now %(what)s"))
DROPPED = audit.sentence("enrolment.class.drop", _l("%(who)s removed the empty class %(what)s"))
CLOSED = audit.sentence("classes.close", _l("%(who)s closed the class %(what)s"))
MOVED = audit.sentence("classes.move", _l("%(who)s moved %(count)s people to the class %(what)s: %(reason)s"))
TAKEN_OUT = audit.sentence(
    "classes.take_out", _l("%(who)s took %(count)s people out of their classes: %(reason)s")
)
MERGED = audit.sentence("classes.merge", _l("%(who)s merged the class %(before)s into %(what)s: %(reason)s"))
CHUNK = 500


def _require_present(program: Program) -> None:
    """People change classes while the programme recruits, runs or is being evaluated."""
    if program.state is not State.EVALUATING:
        require_open(program, Work.ENROLMENT)


# --- the class itself --------------------------------------------------------------------------------


def create_class(
    program: Program,
    name: str,
    *,
    enterprise_id: int | None = None,
    sponsor: str = "",
    by: User,
    now: datetime,
) -> Cohort:
    """Make a class; with an enterprise it is named by it (订单班)."""
    require_open(program, Work.SETUP)
    _require_new_name(program.id, name)
    _require_party(program, enterprise_id)
    cohort = Cohort(program_id=program.id, name=name, enterprise_id=enterprise_id, sponsor=sponsor)
    db.session.add(cohort)
    audit.record(MADE, cohort, by=by, now=now, program_id=program.id, name=name)
    return cohort


def change_class(
    program: Program,
    cohort: Cohort,
    name: str,
    *,
    enterprise_id: int | None = None,
    sponsor: str = "",
    by: User,
    now: datetime,
) -> None:
    """Give a class another name, or say which enterprise names it and what it promises."""
    require_open(program, Work.SETUP)
    if (name, enterprise_id, sponsor) == (cohort.name, cohort.enterprise_id, cohort.sponsor):
        return
    if name != cohort.name:
        _require_new_name(program.id, name)
    _require_party(program, enterprise_id)
    before, cohort.name = cohort.name, name
    cohort.enterprise_id, cohort.sponsor = enterprise_id, sponsor
    audit.record(CHANGED, cohort, by=by, now=now, program_id=program.id, name=name, before=before)


def _require_new_name(program_id: int, name: str) -> None:
    same = sa.select(Cohort.id).where(Cohort.program_id == program_id, Cohort.name == name)
    if db.session.scalar(same) is not None:
        raise RuleBroken(_("There is a class %(name)s already.", name=name))


def _require_party(program: Program, enterprise_id: int | None) -> None:
    if enterprise_id is None:
        return
    party = sa.select(ProgramParty.id).where(
        ProgramParty.program_id == program.id,
        ProgramParty.role == PartyRole.ENTERPRISE,
        ProgramParty.organization_id == enterprise_id,
    )
    require(db.session.scalar(party) is not None, _("Choose an enterprise of this programme."))


def remove_class(program: Program, cohort: Cohort, *, by: User, now: datetime) -> bool:
    """Remove a class that nobody is in; one that people were in is closed instead. Tells whether it is gone."""
    require_open(program, Work.SETUP)
    people = db.session.scalar(
        sa.select(sa.func.count()).select_from(Enrolment).where(Enrolment.cohort_id == cohort.id)
    )
    if people:
        raise RuleBroken(
            _(
                "%(count)s people are in %(name)s. Move them to another class first.",
                count=people,
                name=cohort.name,
            )
        )
    used = sa.or_(ClassMove.from_id == cohort.id, ClassMove.to_id == cohort.id)
    gone = db.session.scalar(sa.select(ClassMove.id).where(used).limit(1)) is None and not _is_mentioned(
        cohort.id
    )
    audit.record(DROPPED if gone else CLOSED, cohort, by=by, now=now, program_id=program.id, name=cohort.name)
    if gone:
        db.session.delete(cohort)
    else:
        cohort.closed_on = local_day(now)
    return gone


def _is_mentioned(cohort_id: int) -> bool:
    """Tell whether any other record names the class: a session, an exchange, an announcement …"""
    tables = [
        (table, column)
        for table in db.metadata.sorted_tables
        for column in table.columns
        if any(key.column.table.name == "cohort" for key in column.foreign_keys) and table.name != "enrolment"
    ]
    return any(
        db.session.scalar(sa.select(sa.literal(1)).select_from(table).where(column == cohort_id).limit(1))
        for table, column in tables
    )


# --- people ------------------------------------------------------------------------------------------


def move_to_class(
    program: Program,
    enrolments: Sequence[Enrolment],
    cohort: Cohort | None,
    *,
    reason: str = "",
    day: date | None = None,
    by: User,
    now: datetime,
) -> int:
    """Put trainees into a class (None: into none) from a day on; returns how many were not in it before."""
    _require_present(program)
    today = local_day(now)
    day = day or today
    require(day <= today, _("This day is still to come."))
    require(cohort is None or cohort.closed_on is None, _("This class is closed."))
    moved = [one for one in enrolments if one.cohort_id != (cohort.id if cohort else None)]
    if not moved:
        return 0
    _require_order([one.id for one in moved], day)
    target = cohort.id if cohort else None
    moves = [(one.id, one.cohort_id, target) for one in moved]
    _note_first([one.id for one in moved], now)
    for one in moved:
        one.cohort_id = target
    _write(program, moves, day, reason, by, now)
    action = MOVED if cohort else TAKEN_OUT
    audit.record(
        action, cohort or program, by=by, now=now, program_id=program.id, name=cohort.name if cohort else program.name,
        count=len(moved), reason=reason or "–",
    )  # fmt: skip
    refresh(program.id, Step.ENROLMENT, now=now)
    return len(moved)


def _require_order(ids: Sequence[int], day: date) -> None:
    """A move is not entered before one that is known already."""
    for start in range(0, len(ids), CHUNK):
        row = db.session.execute(
            sa.select(Enrolment.name, ClassMove.day)
            .join(Enrolment, Enrolment.id == ClassMove.enrolment_id)
            .where(ClassMove.enrolment_id.in_(ids[start : start + CHUNK]), ClassMove.day > day)
            .limit(1)
        ).first()
        if row is not None:
            raise RuleBroken(
                _(
                    "%(name)s changed class on %(day)s. Choose that day or a later one.",
                    name=row[0],
                    day=row[1].isoformat(),
                )
            )


def _write(
    program: Program,
    moves: Sequence[tuple[int, int | None, int | None]],
    day: date,
    reason: str,
    by: User,
    now: datetime,
) -> None:
    facts = {
        "program_id": program.id, "day": day, "reason": reason[:200], "by_id": by.id, "by_name": by.name, "at": now,
    }  # fmt: skip
    db.session.flush()
    db.session.execute(
        sa.insert(ClassMove),
        [facts | {"enrolment_id": key, "from_id": before, "to_id": after} for key, before, after in moves],
    )
    tell_moved(Moving(program.id, moves, day, reason, by, now))


@after_joining
def note_first_class(joining: Joining) -> None:
    """Whoever joins a programme with a class has it from the day of enrolment: the first record of the history."""
    _note_first(joining.enrolment_ids, joining.now)


def _note_first(enrolment_ids: Sequence[int], now: datetime) -> None:
    """Write the first record of those who have a class and none yet (joined just now, or filled in by a file)."""
    db.session.flush()
    for start in range(0, len(enrolment_ids), CHUNK):
        first = sa.select(
            Enrolment.lead_college_id,
            Enrolment.program_id,
            Enrolment.id,
            Enrolment.cohort_id,
            Enrolment.enrolled_on,
            sa.literal(""),
            sa.literal(""),
            sa.literal(now, ClassMove.at.type),
        ).where(
            among(Enrolment.id, enrolment_ids[start : start + CHUNK]),
            Enrolment.cohort_id.is_not(None),
            ~sa.exists().where(ClassMove.enrolment_id == Enrolment.id),
        )
        db.session.execute(
            sa.insert(ClassMove).from_select(
                ["lead_college_id", "program_id", "enrolment_id", "to_id", "day", "reason", "by_name", "at"],
                first,
            )
        )


# --- merging -----------------------------------------------------------------------------------------


def merge_classes(
    program: Program, cohort: Cohort, into: Cohort, *, day: date, reason: str, by: User, now: datetime
) -> int:
    """Let a class go up in another one: its people move, what it has in the timetable is carried or refused there.

    Returns how many people moved.
    """
    _require_present(program)
    require(cohort.id != into.id, _("Choose another class."))
    require(cohort.closed_on is None and into.closed_on is None, _("This class is closed."))
    people = db.session.scalars(
        sa.select(Enrolment).where(
            Enrolment.cohort_id == cohort.id, Enrolment.state != EnrolmentState.WITHDRAWN
        )
    ).all()
    moved = move_to_class(program, people, into, reason=reason, day=day, by=by, now=now)
    tell_merged(Merging(program.id, cohort.id, into.id, day, reason, by, now))
    cohort.closed_on, cohort.merged_into_id = day, into.id
    audit.record(
        MERGED, into, by=by, now=now, program_id=program.id, name=into.name, before=cohort.name, reason=reason
    )
    return moved
