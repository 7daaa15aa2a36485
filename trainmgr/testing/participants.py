"""Who takes part in a sitting: added from the roster or from a pasted list, removed while they have not begun."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from trainmgr.bank.models import InstrumentVersion
from trainmgr.enrolment.models import Cohort, Enrolment
from trainmgr.kernel import audit
from trainmgr.kernel.audit import Actor, require
from trainmgr.kernel.db import db
from trainmgr.kernel.tenancy import COLLEGE
from trainmgr.programs.actions import require_open
from trainmgr.programs.models import Program
from trainmgr.programs.rules import PartyRole
from trainmgr.programs.thread import refresh
from trainmgr.testing import owing, sittings
from trainmgr.testing.frame import step_of
from trainmgr.testing.models import Attempt, Participant, Sitting
from trainmgr.testing.pasting import IN_TRAINING, Person, in_chunks, lines_of, people_behind
from trainmgr.testing.rules import MOST_ATTEMPTS, SittingState
from trainmgr.testing.settling import insert_into

ADDED = audit.sentence("testing.add-people", _l("%(who)s added %(count)s people to the test “%(what)s”"))
REMOVED = audit.sentence(
    "testing.remove-people", _l("%(who)s took %(count)s people out of the test “%(what)s”")
)
GRANTED = audit.sentence(
    "testing.grant", _l("%(who)s granted %(person)s one more attempt at “%(what)s”: %(reason)s")
)
GAVE_TIME = audit.sentence(
    "testing.give-time", _l("%(who)s gave %(person)s %(minutes)s extra minutes for “%(what)s”")
)


def _require_addable(program: Program, sitting: Sitting, now: datetime) -> None:
    sittings.lock(sitting)
    require_open(program, sitting.purpose.work)
    state = sitting.state_at(now)
    require(state is not SittingState.CANCELLED, _("This test was called off."))
    require(state is not SittingState.CLOSED, _("This test has closed. Move its end first, then add people."))


# --- from the roster --------------------------------------------------------------------------------


def add_from_roster(
    program: Program,
    sitting: Sitting,
    *,
    cohort_id: int | None = None,
    enterprise_id: int | None = None,
    by: Actor,
    now: datetime,
) -> int:
    """Add everybody in training (of one class, of one enterprise) who is not in yet; returns how many were added."""
    _require_addable(program, sitting, now)
    chosen = [Enrolment.program_id == program.id, Enrolment.state.in_(IN_TRAINING)]
    if cohort_id is not None:
        chosen.append(Enrolment.cohort_id == cohort_id)
    if enterprise_id is not None:
        chosen.append(Enrolment.enterprise_id == enterprise_id)
    before = _highest(sitting)
    number = sa.case(
        (Enrolment.student_number != "", Enrolment.student_number), else_=Enrolment.employee_number
    )
    rows = (
        sa.select(
            sa.literal(program.lead_college_id),
            sa.literal(sitting.id), Enrolment.user_id, Enrolment.id, Enrolment.name, number,
            sa.func.coalesce(Cohort.name, ""), Enrolment.post, Enrolment.college_id, Enrolment.enterprise_id,
            sa.literal(1), sa.literal(0),
        )
        .outerjoin(Cohort, Cohort.id == Enrolment.cohort_id)
        .where(*chosen)
        .order_by(Enrolment.id)
    )  # fmt: skip
    insert = insert_into(Participant.__table__).from_select(list(COLUMNS), rows)
    db.session.execute(insert.on_conflict_do_nothing(index_elements=["sitting_id", "user_id"]))
    return _told_of(program, sitting, before, by, now)


COLUMNS = (
    COLLEGE, "sitting_id", "user_id", "enrolment_id", "name", "number", "cohort_name", "post", "college_id",
    "enterprise_id", "attempts", "extra_minutes",
)  # fmt: skip


def _highest(sitting: Sitting) -> int:
    return db.session.scalar(sa.select(sa.func.max(Participant.id))) or 0


def _told_of(program: Program, sitting: Sitting, before: int, by: Actor, now: datetime) -> int:
    """Put the test into the inboxes of those who came in since, and note how many they are."""
    fresh = db.session.scalars(
        sa.select(Participant.id).where(Participant.sitting_id == sitting.id, Participant.id > before)
    ).all()
    if fresh:
        owing.put_all(sitting, now=now, after=before)
        audit.record(
            ADDED, sitting, by=by, now=now, program_id=program.id, name=sitting.name, count=len(fresh)
        )
        refresh(program.id, step_of(sitting), now=now)
    return len(fresh)


# --- from a pasted list -----------------------------------------------------------------------------


@dataclass
class Pasted:
    """What became of a pasted list: how many were added, who was in already, and the lines that fit nobody."""

    added: int = 0
    known: int = 0
    faults: list[tuple[str, Any]] = field(default_factory=list)

    @property
    def left(self) -> str:
        """The lines that fit nobody, as they were typed."""
        return "\n".join(line for line, _reason in self.faults)


def add_pasted(
    program: Program,
    sitting: Sitting,
    text: str,
    *,
    cohort_name: str = "",
    post: str = "",
    enterprise_id: int | None = None,
    by: Actor,
    now: datetime,
) -> Pasted:
    """Add the people whose numbers or user names a list names; the lines that fit nobody come back with the reason.

    They are trainees of a party of the programme. Class, post and enterprise are those of the enrolment where there
    is one, else what was said for the whole list.
    """
    _require_addable(program, sitting, now)
    result, wanted = Pasted(), lines_of(text)
    found = people_behind(program, list(wanted))
    people: dict[int, Person] = {}
    for key, line in wanted.items():
        fitting = {one.user_id: one for one in found.get(key, ())}
        if len(fitting) == 1:
            people.update(fitting)
        elif fitting:
            names = _(", ").join(sorted(one.name for one in fitting.values()))
            result.faults.append((line, _("fits several people: %(names)s; use the user name", names=names)))
        else:
            result.faults.append((line, _("fits no trainee of the parties of this programme")))
    present = _present(sitting, list(people))
    result.known = len(present)
    before = _highest(sitting)
    fresh = [one for one in people.values() if one.user_id not in present]
    for some in in_chunks(fresh):
        _insert(program, sitting, some, cohort_name, post, enterprise_id)
    result.added = _told_of(program, sitting, before, by, now)
    return result


def _present(sitting: Sitting, user_ids: Sequence[int]) -> set[int]:
    found: set[int] = set()
    for some in in_chunks(user_ids):
        found.update(
            db.session.scalars(
                sa.select(Participant.user_id).where(
                    Participant.sitting_id == sitting.id, Participant.user_id.in_(some)
                )
            )
        )
    return found


def _insert(
    program: Program,
    sitting: Sitting,
    people: Sequence[Person],
    cohort_name: str,
    post: str,
    enterprise_id: int | None,
) -> None:
    enrolled = {
        row.user_id: row
        for row in db.session.execute(
            sa.select(
                Enrolment.user_id, Enrolment.id, Enrolment.name, Enrolment.post, Enrolment.college_id,
                Enrolment.enterprise_id, Cohort.name.label("cohort_name"),
            )
            .outerjoin(Cohort, Cohort.id == Enrolment.cohort_id)
            .where(Enrolment.program_id == program.id, Enrolment.user_id.in_([one.user_id for one in people]))
        )
    }  # fmt: skip
    enterprises = {p.organization_id for p in program.parties if p.role is PartyRole.ENTERPRISE}
    rows: list[dict[str, Any]] = []
    for one in people:
        own = enrolled.get(one.user_id)
        home = one.organization_id
        rows.append(
            {
                "sitting_id": sitting.id,
                "user_id": one.user_id,
                "enrolment_id": own.id if own else None,
                "name": one.name,
                "number": one.number,
                "cohort_name": (own.cohort_name or "") if own else cohort_name,
                "post": own.post if own else post,
                "college_id": own.college_id if own else None if home in enterprises else home,
                "enterprise_id": own.enterprise_id if own else home if home in enterprises else enterprise_id,
                "attempts": 1,
                "extra_minutes": 0,
            }
        )
    insert = insert_into(Participant.__table__).on_conflict_do_nothing(
        index_elements=["sitting_id", "user_id"]
    )
    db.session.execute(insert, rows)


# --- one person -------------------------------------------------------------------------------------


def remove_people(
    program: Program, sitting: Sitting, participant_ids: Sequence[int], *, by: Actor, now: datetime
) -> int:
    """Take people out who have not begun; whoever has begun stays. Returns how many went."""
    sittings.lock(sitting)
    begun = sa.exists().where(Attempt.participant_id == Participant.id)
    rows = db.session.execute(
        sa.select(Participant.id, Participant.user_id)
        .where(Participant.sitting_id == sitting.id, Participant.id.in_(participant_ids), ~begun)
        .with_for_update()
    ).all()
    if rows:
        db.session.execute(sa.delete(Participant).where(Participant.id.in_([key for key, _user in rows])))
        owing.drop(sitting, [user_id for _key, user_id in rows])
        audit.record(
            REMOVED, sitting, by=by, now=now, program_id=program.id, name=sitting.name, count=len(rows)
        )
        refresh(program.id, step_of(sitting), now=now)
    return len(rows)


def _lock(participant: Participant) -> None:
    db.session.execute(sa.select(Participant.id).where(Participant.id == participant.id).with_for_update())
    db.session.refresh(participant, ["attempts", "extra_minutes"])


def grant_attempt(
    program: Program, sitting: Sitting, participant: Participant, *, reason: str, by: Actor, now: datetime
) -> None:
    """Grant one more attempt; the last one that ends counts."""
    _require_addable(program, sitting, now)
    _lock(participant)
    require(
        not db.session.scalar(sa.select(owing.may_still()).where(Participant.id == participant.id)),
        _("%(name)s has an attempt left already.", name=participant.name),
    )
    require(
        participant.attempts < MOST_ATTEMPTS,
        _("At most %(most)s attempts can be granted.", most=MOST_ATTEMPTS),
    )
    participant.attempts += 1
    db.session.flush()
    audit.record(
        GRANTED, participant, by=by, now=now, program_id=program.id, name=sitting.name, reason=reason,
        person=participant.name,
    )  # fmt: skip
    owing.put_all(sitting, now=now, participant_ids=[participant.id])


def give_time(
    program: Program, sitting: Sitting, participant: Participant, minutes: int, *, by: Actor, now: datetime
) -> None:
    """Give one person extra minutes (all of them, not so many more); an attempt under way gets the new deadline."""
    _require_addable(program, sitting, now)
    _lock(participant)
    participant.extra_minutes = minutes
    db.session.flush()
    version = db.session.get_one(InstrumentVersion, sitting.version_id)
    sittings.move_deadlines(sitting, version, participant.id)
    audit.record(
        GAVE_TIME, participant, by=by, now=now, program_id=program.id, name=sitting.name,
        person=participant.name, minutes=minutes,
    )  # fmt: skip
