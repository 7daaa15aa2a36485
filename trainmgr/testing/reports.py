"""Reads behind the reports of a sitting, added up in SQL over the scores of the attempts that count.

Every number is of the people whom the viewer may see; each function is a fixed number of statements.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import joinedload

from trainmgr.identity.models import Organization, User
from trainmgr.kernel.db import db
from trainmgr.kernel.numbers import whole
from trainmgr.kernel.paging import Listing, Page, contains, paginate
from trainmgr.programs.models import Program
from trainmgr.testing.asked import Line
from trainmgr.testing.models import Attempt, Participant, Score, Sitting
from trainmgr.testing.queries import visible_in
from trainmgr.testing.reporting import Group

NO_CLASS = "-"  # what the address says for people without a class


# --- whom a report is about -----------------------------------------------------------------------


@dataclass(frozen=True)
class Chosen:
    """The class and the enterprise that a report is narrowed down to; None and 0 stand for all."""

    cohort: str | None = None
    enterprise_id: int = 0

    @classmethod
    def of(cls, args: Mapping[str, str]) -> Chosen:
        """Read the choice from the address; nonsense counts for all."""
        name = args.get("class", "").replace("\0", "")[:60]
        return cls("" if name == NO_CLASS else name or None, whole(args.get("enterprise")) or 0)

    def holds(self, cohort: str, enterprise_id: int | None) -> bool:
        """Tell whether people of a class and an enterprise are meant."""
        return self.cohort in (None, cohort) and self.enterprise_id in (0, enterprise_id)

    @property
    def args(self) -> dict[str, Any]:
        """The choice as it stands in an address."""
        return {
            "class": None if self.cohort is None else self.cohort or NO_CLASS,
            "enterprise": self.enterprise_id or None,
        }

    def condition(self) -> sa.ColumnElement[bool]:
        """Return the condition on Participant."""
        wanted: list[Any] = [sa.true()]
        if self.cohort is not None:
            wanted.append(Participant.cohort_name == self.cohort)
        if self.enterprise_id:
            wanted.append(Participant.enterprise_id == self.enterprise_id)
        return sa.and_(*wanted)


@dataclass(frozen=True)
class Head:
    """The people of one class and enterprise: how many, how many took the test, passed, are decided on."""

    cohort: str
    enterprise_id: int | None
    enterprise: str
    people: int
    took: int
    passed: int
    marked: int  # passed or not: nothing that waits could change it
    waiting: int
    share: float  # the sum of the shares of points


@dataclass(frozen=True)
class Heads:
    """Several classes together."""

    people: int = 0
    took: int = 0
    passed: int = 0
    marked: int = 0
    waiting: int = 0
    share: float = 0.0

    @classmethod
    def of(cls, rows: Iterable[Head]) -> Heads:
        """Add classes up."""
        kept = list(rows)
        names = ("people", "took", "passed", "marked", "waiting", "share")
        return cls(**{name: sum(getattr(row, name) for row in kept) for name in names})

    @property
    def mean_share(self) -> float | None:
        """The mean share of points."""
        return self.share / self.took if self.took else None

    @property
    def undecided(self) -> int:
        """How many may still pass or not, since answers of theirs wait for a mark."""
        return self.took - self.marked


def passes(pass_percent: int) -> sa.ColumnElement[bool]:
    """Return the condition that an attempt has passed already, whatever still waits."""
    reached: sa.ColumnElement[bool] = (
        Attempt.points * 100 + Decimal("0.001") >= Attempt.possible * pass_percent
    )
    return sa.and_(Attempt.possible > 0, reached)


def share_of(points: Any, possible: Any) -> Any:
    """Return points of possible ones as a share, reckoned as a float in both databases."""
    return sa.cast(points, sa.Float) / sa.cast(possible, sa.Float)


def heads_of(program: Program, sitting: Sitting, viewer: User, pass_percent: int) -> list[Head]:
    """Return the visible people of a sitting by class and enterprise: one statement."""
    took = Attempt.id.is_not(None)
    passed = passes(pass_percent)
    one = sa.cast(1, sa.Integer)

    def count(condition: Any) -> Any:
        return sa.func.count(sa.case((condition, one)))

    rows = db.session.execute(
        sa.select(
            Participant.cohort_name, Participant.enterprise_id, Organization.name,
            sa.func.count(Participant.id),
            count(took),
            count(sa.and_(took, passed)),
            count(sa.and_(took, sa.or_(passed, Attempt.waiting == 0))),
            sa.func.coalesce(sa.func.sum(Attempt.waiting), 0),
            sa.func.coalesce(
                sa.func.sum(sa.case((Attempt.possible > 0, share_of(Attempt.points, Attempt.possible)), else_=0.0)),
                0.0,
            ),
        )
        .outerjoin(Attempt, sa.and_(Attempt.participant_id == Participant.id, Attempt.counts))
        .outerjoin(Organization, Organization.id == Participant.enterprise_id)
        .where(Participant.sitting_id == sitting.id, visible_in(program, viewer))
        .group_by(Participant.cohort_name, Participant.enterprise_id, Organization.name)
        .order_by(Participant.cohort_name, Organization.name)
    )  # fmt: skip
    return [_head(*row) for row in rows]


def _head(cohort: str, enterprise_id: int | None, enterprise: str | None, *counts: Any) -> Head:
    people, took, passed, marked, waiting, share = counts
    return Head(
        cohort, enterprise_id, enterprise or "", people, took, passed, marked, int(waiting), float(share)
    )


# --- what they reached ------------------------------------------------------------------------------


@dataclass(frozen=True)
class Cell:
    """People of one class and enterprise who reached one level of one competency."""

    cohort: str
    enterprise_id: int | None
    competency_id: int
    level: int
    people: int
    share: float


def cells_of(program: Program, sitting: Sitting, viewer: User) -> list[Cell]:
    """Return what the visible people of a sitting reached, by class, enterprise, competency and level."""
    rows = db.session.execute(
        sa.select(
            Participant.cohort_name, Participant.enterprise_id, Score.competency_id, Score.level,
            sa.func.count(), sa.func.sum(share_of(Score.points, Score.possible)),
        )
        .join(Attempt, Attempt.id == Score.attempt_id)
        .join(Participant, Participant.id == Attempt.participant_id)
        .where(Participant.sitting_id == sitting.id, Attempt.counts, visible_in(program, viewer))
        .group_by(Participant.cohort_name, Participant.enterprise_id, Score.competency_id, Score.level)
        .order_by(Participant.cohort_name, Participant.enterprise_id, Score.competency_id, Score.level)
    )  # fmt: skip
    return [_cell(*row) for row in rows]


def _cell(cohort: str, enterprise_id: int | None, competency_id: int, *counts: Any) -> Cell:
    level, people, share = counts
    return Cell(cohort, enterprise_id, competency_id, level, people, float(share))


@dataclass
class Pool:
    """Cells added up by competency, of people who are looked at together."""

    lines: Sequence[Line]
    rows: dict[int, list[tuple[int, int, float]]] = field(default_factory=dict)

    def add(self, cell: Cell) -> None:
        """Take in one cell."""
        self.rows.setdefault(cell.competency_id, []).append((cell.level, cell.people, cell.share))

    def groups(self) -> dict[int, Group]:
        """Return what they reached together, for each competency of the instrument."""
        return {line.id: Group.of(self.rows.get(line.id, ()), line.required) for line in self.lines}


# --- the people -----------------------------------------------------------------------------------


ORDERS: dict[str, Sequence[Any]] = {
    "name": [Participant.name, Participant.id],
    "number": [Participant.number, Participant.id],
    "class": [Participant.cohort_name, Participant.name, Participant.id],
    "share": [
        sa.case((Attempt.possible > 0, share_of(Attempt.points, Attempt.possible))),
        Participant.name,
        Participant.id,
    ],
    "waiting": [Attempt.waiting, Participant.name, Participant.id],
}


def below_of(lines: Sequence[Line]) -> Any:
    """Return, for the attempt of a row, in how many competencies it is below the required level."""
    required = {line.id: line.required for line in lines if line.required is not None}
    if not required:
        return sa.literal(0)
    level = sa.case(required, value=Score.competency_id, else_=0)
    return (
        sa.select(sa.func.count())
        .where(Score.attempt_id == Attempt.id, Score.level < level)
        .correlate(Attempt)
        .scalar_subquery()
    )


def people_select(
    program: Program, sitting: Sitting, viewer: User, chosen: Chosen
) -> sa.Select[*tuple[Any, ...]]:
    """Return the select of (participant, the attempt that counts or None), narrowed down as chosen."""
    return (
        sa.select(Participant, Attempt)
        .outerjoin(Attempt, sa.and_(Attempt.participant_id == Participant.id, Attempt.counts))
        .where(Participant.sitting_id == sitting.id, visible_in(program, viewer), chosen.condition())
    )


def list_people(
    program: Program,
    sitting: Sitting,
    viewer: User,
    listing: Listing,
    chosen: Chosen,
    lines: Sequence[Line],
    total: int | None = None,
) -> Page[Any]:
    """Return a page of (participant, attempt, competencies below): one statement where the total is known, else two."""
    statement = people_select(program, sitting, viewer, chosen)
    below = below_of(lines).label("below")
    statement = statement.add_columns(below).options(joinedload(Participant.enterprise))
    if listing.q:
        statement = statement.where(
            sa.or_(contains(Participant.name, listing.q), contains(Participant.number, listing.q))
        )
    filters = {key: str(value or "") for key, value in chosen.args.items()}
    return paginate(
        statement,
        listing,
        orders=ORDERS | {"below": [below, Participant.name, Participant.id]},
        default="class",
        scalars=False,
        filters=filters,
        total=None if listing.q else total,
    )


def scores_of(attempt_ids: Iterable[int]) -> dict[int, dict[int, Score]]:
    """Return the scores of some attempts, by attempt and competency: one statement."""
    found: dict[int, dict[int, Score]] = {}
    rows = db.session.scalars(sa.select(Score).where(Score.attempt_id.in_(list(attempt_ids))))
    for row in rows:
        found.setdefault(row.attempt_id, {})[row.competency_id] = row
    return found


def counted_attempt(participant: Participant) -> Attempt | None:
    """Return the attempt of a participant that counts, if there is one."""
    found: Attempt | None = db.session.scalar(
        sa.select(Attempt).where(Attempt.participant_id == participant.id, Attempt.counts)
    )
    return found


def own_participant(participant_id: int, viewer: User) -> Participant | None:
    """Return one's own part in a sitting with the sitting, its instrument and its programme: one statement."""
    found: Participant | None = db.session.scalar(
        sa.select(Participant)
        .where(Participant.id == participant_id, Participant.user_id == viewer.id)
        .options(
            joinedload(Participant.sitting).joinedload(Sitting.instrument_version),
            joinedload(Participant.sitting).joinedload(Sitting.program),
            joinedload(Participant.enterprise),
            joinedload(Participant.college),
        )
    )
    return found


def export_people(
    program: Program, sitting: Sitting, viewer: User, chosen: Chosen
) -> Iterable[tuple[Any, ...]]:
    """Return the whole list with the scores as rows of (participant, attempt, score), read a thousand at a time."""
    statement = (
        people_select(program, sitting, viewer, chosen)
        .with_only_columns(
            Participant.id, Participant.name, Participant.number, Participant.cohort_name, Organization.name,
            Attempt.points, Attempt.possible, Attempt.waiting, Score.competency_id, Score.level,
        )
        .outerjoin(Organization, Organization.id == Participant.enterprise_id)
        .outerjoin(Score, Score.attempt_id == Attempt.id)
        .order_by(Participant.cohort_name, Participant.name, Participant.id, Score.competency_id)
        .execution_options(yield_per=1_000)
    )  # fmt: skip
    rows: Iterable[Any] = db.session.execute(statement)
    return rows
