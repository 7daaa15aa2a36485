"""Proposals to divide people into balanced classes: computed, changed by hand, carried out in one transaction."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from flask import abort
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from trainmgr.classes.actions import create_class, move_to_class
from trainmgr.classes.balancing import (
    Group,
    Person,
    Portrait,
    Table,
    Unsplittable,
    plain_cut,
    portraits,
    split,
    targets,
)
from trainmgr.classes.models import ClassSeat, ClassSplit, SplitState
from trainmgr.enrolment.models import Cohort, Enrolment, EntryLevel
from trainmgr.enrolment.queries import visible_in
from trainmgr.enrolment.rules import IN_TRAINING
from trainmgr.identity.models import User
from trainmgr.kernel import audit
from trainmgr.kernel.audit import require
from trainmgr.kernel.db import db
from trainmgr.kernel.errors import Conflict, RuleBroken
from trainmgr.kernel.paging import Listing, Page, contains, paginate
from trainmgr.programs.actions import require_open
from trainmgr.programs.models import Program
from trainmgr.programs.rules import Work

COMPUTED = audit.sentence(
    "classes.split.compute", _l("%(who)s had %(count)s people divided into %(classes)s classes")
)
CARRIED = audit.sentence(
    "classes.split.carry",
    _l("%(who)s divided %(count)s people into %(classes)s classes, imbalance %(imbalance)s"),
)
EVERYBODY, HOMELESS = "all", "none"
CHUNK = 500


# --- reading -------------------------------------------------------------------------------------------


def open_split(program_id: int) -> ClassSplit | None:
    """Return the proposal of a programme that waits, if any."""
    return db.session.scalars(
        sa.select(ClassSplit).where(ClassSplit.program_id == program_id, ClassSplit.state == SplitState.OPEN)
    ).one_or_none()


def open_split_or_404(program_id: int) -> ClassSplit:
    """Return the proposal of a programme that waits, or answer 404."""
    return open_split(program_id) or abort(404)


def portraits_of(proposal: ClassSplit) -> list[Portrait]:
    """Return what each class of a proposal looks like: one statement."""
    score = sa.cast(ClassSeat.score, sa.Float)
    rows = db.session.execute(
        sa.select(
            ClassSeat.part,
            ClassSeat.gender,
            ClassSeat.major,
            sa.func.count(),
            sa.func.count(score),
            sa.func.coalesce(sa.func.sum(score), 0.0),
            sa.func.coalesce(sa.func.sum(score * score), 0.0),
        )
        .where(ClassSeat.split_id == proposal.id)
        .group_by(ClassSeat.part, ClassSeat.gender, ClassSeat.major)
    )
    return portraits((Group(*row) for row in rows), len(proposal.parts))


def list_seats(proposal: ClassSplit, listing: Listing, part: int | None) -> Page[Any]:
    """Return a page of a proposal's people with their seats: two statements."""
    statement: Any = (
        sa.select(ClassSeat, Enrolment.name, Enrolment.student_number)
        .join(Enrolment, Enrolment.id == ClassSeat.enrolment_id)
        .where(ClassSeat.split_id == proposal.id)
    )
    if part is not None:
        statement = statement.where(ClassSeat.part == part)
    if listing.q:
        statement = statement.where(contains(Enrolment.name, listing.q))
    orders = {
        "name": (Enrolment.name, Enrolment.id),
        "part": (ClassSeat.part, Enrolment.name, Enrolment.id),
        "major": (ClassSeat.major, Enrolment.name, Enrolment.id),
        "score": (sa.func.coalesce(ClassSeat.score, -1), Enrolment.id),
    }
    return paginate(statement, listing, orders=orders, default="part", scalars=False)


def seat_or_404(proposal: ClassSplit, enrolment_id: int) -> ClassSeat:
    """Return somebody's seat in a proposal, or answer 404."""
    return db.session.get(ClassSeat, (proposal.id, enrolment_id)) or abort(404)


def choices_for(
    proposal: ClassSplit, seat: ClassSeat
) -> tuple[list[tuple[int, float]], list[tuple[int, float]]]:
    """Return what moving somebody would make of the balance: by class, and by the best partners to change with."""
    people, seats, fixed = _read(proposal)
    table, classes, key = Table(people), len(proposal.parts), seat.enrolment_id
    moves = [
        (part, table.after_move(seats, classes, key, part)) for part in range(classes) if part != seat.part
    ]
    return moves, table.best_swaps(seats, classes, key, fixed=fixed, most=5)


def names_of(enrolment_ids: Sequence[int]) -> dict[int, str]:
    """Return people's names by enrolment."""
    rows = db.session.execute(sa.select(Enrolment.id, Enrolment.name).where(Enrolment.id.in_(enrolment_ids)))
    return {row[0]: row[1] for row in rows}


def _read(proposal: ClassSplit) -> tuple[list[Person], dict[int, int], frozenset[int]]:
    rows = db.session.execute(
        sa.select(
            ClassSeat.enrolment_id,
            ClassSeat.part,
            ClassSeat.fixed,
            ClassSeat.score,
            ClassSeat.gender,
            ClassSeat.major,
        ).where(ClassSeat.split_id == proposal.id)
    ).all()
    people = [Person(row[0], None if row[3] is None else float(row[3]), row[4], row[5]) for row in rows]
    return people, {row[0]: row[1] for row in rows}, frozenset(row[0] for row in rows if row[2])


def people_to_split(program: Program, viewer: User, source: str) -> list[Person]:
    """Return who is to be divided with mean entry level, gender and major: one statement.

    `source` is "none" (without a class), "all", or the id of a class. Only people in training.
    """
    level = (
        sa.select(EntryLevel.enrolment_id, sa.func.avg(EntryLevel.level).label("mean"))
        .group_by(EntryLevel.enrolment_id)
        .subquery()
    )
    statement = (
        sa.select(Enrolment.id, level.c.mean, User.gender, Enrolment.field)
        .join(User, User.id == Enrolment.user_id)
        .outerjoin(level, level.c.enrolment_id == Enrolment.id)
        .where(visible_in(program, viewer), Enrolment.state.in_(IN_TRAINING))
    )
    if source == HOMELESS:
        statement = statement.where(Enrolment.cohort_id.is_(None))
    elif source != EVERYBODY:
        statement = statement.where(Enrolment.cohort_id == int(source))
    rows = db.session.execute(statement)
    return [
        Person(row[0], None if row[1] is None else round(float(row[1]), 3), row[2], row[3]) for row in rows
    ]


# --- proposing -----------------------------------------------------------------------------------------


def propose(
    program: Program, people: Sequence[Person], names: Sequence[str], *, by: User, now: datetime
) -> ClassSplit:
    """Compute a division of people into classes of these names, in place of a proposal that waits."""
    require_open(program, Work.ENROLMENT)
    parts = _parts(program, people, names)
    if waiting := open_split(program.id):
        drop(waiting, now=now)
    proposal = ClassSplit(
        program_id=program.id, parts=parts, by_id=by.id, by_name=by.name, computed_at=now, seed=0, moved=0
    )
    _fill(proposal, people, {})
    db.session.add(proposal)
    db.session.flush()
    _seat(proposal, people)
    audit.record(
        COMPUTED, proposal, by=by, now=now, program_id=program.id, name=program.name,
        count=len(people), classes=len(parts),
    )  # fmt: skip
    return proposal


def _parts(program: Program, people: Sequence[Person], names: Sequence[str]) -> list[Any]:
    """Return the classes by name and id; one that is there already must be empty, or all its people among these."""
    known = {
        row.name: row
        for row in db.session.scalars(
            sa.select(Cohort).where(Cohort.program_id == program.id, Cohort.name.in_(list(names)))
        )
    }
    keys = {person.key for person in people}
    for cohort in known.values():
        require(
            cohort.closed_on is None,
            _("The class %(name)s is closed. Choose another name.", name=cohort.name),
        )
        inside = db.session.scalars(
            sa.select(Enrolment.id).where(Enrolment.cohort_id == cohort.id, Enrolment.state.in_(IN_TRAINING))
        )
        require(
            all(key in keys for key in inside),
            _(
                "%(name)s has people who are not divided here. Divide them too, or choose another name.",
                name=cohort.name,
            ),
        )
    return [{"name": name, "id": known[name].id if name in known else None} for name in names]


def _fill(proposal: ClassSplit, people: Sequence[Person], fixed: Mapping[int, int]) -> None:
    """Compute the seats and write the figures of a proposal; the seats are kept in `proposal.seats`."""
    classes = len(proposal.parts)
    try:
        seats = split(people, classes, seed=proposal.seed, locked=fixed)
    except Unsplittable as refused:
        raise RuleBroken(
            _("These %(people)s people cannot be divided into %(classes)s classes of equal size.",
              people=len(people), classes=classes)
        ) from refused  # fmt: skip
    table, sizes = Table(people), targets(len(people), classes, {})
    proposal.imbalance = table.imbalance(seats, classes)
    proposal.by_chance = table.expected_by_chance(sizes)
    proposal.by_list = table.imbalance(plain_cut(table, sizes), classes)
    proposal.seats = seats  # type: ignore[attr-defined]


def _seat(proposal: ClassSplit, people: Sequence[Person], fixed: frozenset[int] = frozenset()) -> None:
    seats: Mapping[int, int] = proposal.seats  # type: ignore[attr-defined]
    db.session.execute(
        sa.insert(ClassSeat),
        [
            {
                "split_id": proposal.id, "enrolment_id": person.key, "part": seats[person.key],
                "fixed": person.key in fixed, "score": person.score, "gender": person.gender, "major": person.major,
            }
            for person in people
        ],
    )  # fmt: skip


def propose_anew(proposal: ClassSplit, *, by: User, now: datetime) -> None:
    """Compute another division of the same people; whoever is fixed stays."""
    people, seats, fixed = _read(proposal)
    proposal.seed += 1
    proposal.computed_at, proposal.moved = now, 0
    _fill(proposal, people, {key: seats[key] for key in fixed})
    _remove_seats(proposal)
    _seat(proposal, people, fixed)


def drop(proposal: ClassSplit, *, now: datetime) -> None:
    """Put a proposal aside; nothing has changed by it."""
    proposal.state, proposal.settled_at = SplitState.DROPPED, now
    _remove_seats(proposal)
    db.session.flush()


def _remove_seats(proposal: ClassSplit) -> None:
    db.session.execute(
        sa.delete(ClassSeat).where(ClassSeat.split_id == proposal.id),
        execution_options={"synchronize_session": "fetch"},
    )


# --- by hand -------------------------------------------------------------------------------------------


def move_seat(proposal: ClassSplit, seat: ClassSeat, part: int, *, version: int) -> None:
    """Put somebody into another class of a proposal, and fix him or her there."""
    _require_version(proposal, version)
    require(0 <= part < len(proposal.parts), _("Choose a class."))
    seat.part, seat.fixed = part, True
    _weigh(proposal)


def swap_seats(proposal: ClassSplit, seat: ClassSeat, other: ClassSeat, *, version: int) -> None:
    """Let two people change places in a proposal; both are fixed there."""
    _require_version(proposal, version)
    seat.part, other.part = other.part, seat.part
    seat.fixed = other.fixed = True
    _weigh(proposal)


def fix_seat(seat: ClassSeat, *, fixed: bool) -> None:
    """Fix somebody's class in a proposal, or let it go again."""
    seat.fixed = fixed


def _require_version(proposal: ClassSplit, version: int) -> None:
    if proposal.version != version:
        raise Conflict(_("Somebody else changed this proposal meanwhile. Look at it again."))


def _weigh(proposal: ClassSplit) -> None:
    db.session.flush()
    people, seats, _fixed = _read(proposal)
    proposal.imbalance = Table(people).imbalance(seats, len(proposal.parts))
    proposal.moved += 1


# --- carrying out --------------------------------------------------------------------------------------


def carry_out(
    program: Program, proposal: ClassSplit, *, version: int, reason: str, by: User, now: datetime
) -> tuple[int, int]:
    """Make the classes and move the people; returns how many moved, and how many had left meanwhile."""
    require_open(program, Work.ENROLMENT)
    _require_version(proposal, version)
    _people, seats, _fixed = _read(proposal)
    present = _present(list(seats))
    moved = 0
    for number, part in enumerate(proposal.parts):
        cohort = _class_of(program, part, by, now)
        group = [one for one in present if seats[one.id] == number]
        moved += move_to_class(program, group, cohort, reason=reason, by=by, now=now)
    proposal.state, proposal.settled_at = SplitState.CARRIED, now
    audit.record(
        CARRIED, proposal, by=by, now=now, program_id=program.id, name=program.name, count=len(present),
        classes=len(proposal.parts), imbalance=f"{proposal.imbalance:.4f}",
    )  # fmt: skip
    return moved, len(seats) - len(present)


def _present(ids: Sequence[int]) -> list[Enrolment]:
    found: list[Enrolment] = []
    for start in range(0, len(ids), CHUNK):
        found += db.session.scalars(
            sa.select(Enrolment).where(
                Enrolment.id.in_(ids[start : start + CHUNK]), Enrolment.state.in_(IN_TRAINING)
            )
        )
    return found


def _class_of(program: Program, part: dict[str, Any], by: User, now: datetime) -> Cohort:
    known = sa.select(Cohort).where(Cohort.program_id == program.id, Cohort.name == part["name"])
    cohort = db.session.scalars(known).one_or_none()
    if cohort is None:
        cohort = create_class(program, part["name"], by=by, now=now)
        db.session.flush()
    return cohort
