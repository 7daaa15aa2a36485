"""Until everyone passes: of each stage how many passed, and for those who have not, what is missing for whom."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from flask import Response
from flask_babel import gettext as _
from sqlalchemy.orm import aliased, contains_eager

from trainmgr.enrolment.models import Cohort, Enrolment, EnrolmentState
from trainmgr.enrolment.queries import visible_in
from trainmgr.identity.models import User
from trainmgr.kernel.db import db
from trainmgr.kernel.msgids import N_
from trainmgr.kernel.paging import Listing, Page, contains, paginate
from trainmgr.kernel.sheets.columns import Column
from trainmgr.kernel.sheets.writer import send_rows
from trainmgr.practice.gate_labels import lacks
from trainmgr.practice.gate_models import RemedialTask, TaskState
from trainmgr.practice.gating import Condition, ConditionKind, Finding, Met, lacking
from trainmgr.practice.labels import STANDINGS
from trainmgr.practice.measures import Figures, findings_of
from trainmgr.practice.models import GateDecision, GateOutcome
from trainmgr.practice.rules import Standing
from trainmgr.programs.models import Program

PRESENT = Enrolment.state != EnrolmentState.WITHDRAWN
JUDGEMENT = "judgement"  # everything is met, only the judgement is missing
LOOP = "loop"


@dataclass(frozen=True)
class Group:
    """How many of those who have not passed miss one condition, and of how many nothing is recorded."""

    condition: Condition
    missing: int
    unknown: int


@dataclass(frozen=True)
class Summary:
    """A gate in figures: who passed of whom, who is in a loop, who waits for the judgement alone."""

    people: int
    passed: int
    in_loop: int
    only_judgement: int
    groups: Sequence[Group]

    @property
    def open(self) -> int:
        """How many have not passed."""
        return self.people - self.passed


@dataclass(frozen=True)
class Row:
    """Somebody who has not passed a gate, with everything that is missing."""

    enrolment: Enrolment
    decision: GateDecision | None
    findings: Sequence[Finding]
    tasks: int
    tasks_open: int
    may_come: bool = True

    @property
    def standing(self) -> Standing:
        """Whether the loop runs, is ready to be judged again, or nobody judged yet."""
        if self.decision is None:
            return Standing.OPEN if self.may_come else Standing.BLOCKED
        return Standing.READY if self.decision.remedial_done_on else Standing.REMEDIAL

    @property
    def lines(self) -> list[str]:
        """What is missing, in words."""
        return [lacks(one) for one in lacking(self.findings)]


def _joined(
    program: Program, viewer: User, figures: Figures, *columns: Any, measured: bool = True
) -> sa.Select[Any]:
    statement = sa.select(*columns).select_from(Enrolment).outerjoin(Enrolment.cohort)
    statement = statement.outerjoin(
        GateDecision,
        sa.and_(
            GateDecision.enrolment_id == Enrolment.id,
            GateDecision.stage_number == figures.stage,
            GateDecision.is_latest,
        ),
    )
    statement = figures.join(statement) if measured else statement
    return statement.where(visible_in(program, viewer), PRESENT)


def _passed() -> Any:
    return sa.func.coalesce(GateDecision.outcome == GateOutcome.PASSED, sa.false())


def _may_come(figures: Figures) -> Any:
    """The gate before this one is passed; there may be none."""
    if figures.before is None:
        return sa.true()
    earlier = aliased(GateDecision)
    return sa.exists().where(
        earlier.enrolment_id == Enrolment.id,
        earlier.stage_number == figures.before,
        earlier.is_latest,
        earlier.outcome == GateOutcome.PASSED,
    )


def _only_judgement(figures: Figures) -> list[Any]:
    return [sa.not_(_in_loop()), sa.not_(figures.lacks_any), _may_come(figures)]


def _in_loop() -> Any:
    return sa.func.coalesce(GateDecision.outcome == GateOutcome.REMEDIAL, sa.false())


def summarise(program: Program, viewer: User, figures: Figures) -> Summary:
    """Count how everybody whom the viewer sees stands at a gate: one statement."""

    def those(*conditions: Any) -> Any:
        return sa.func.count(sa.case((sa.and_(*conditions), 1)))

    open_ = sa.not_(_passed())
    counts = [
        sa.func.count(),
        those(_passed()),
        those(_in_loop()),
        those(open_, *_only_judgement(figures)),
    ]
    for one in figures.conditions:
        counts += [those(open_, figures.is_(one, Met.MISSING)), those(open_, figures.is_(one, Met.UNKNOWN))]
    row = db.session.execute(_joined(program, viewer, figures, *counts)).one()
    groups = [
        Group(one, row[4 + 2 * place], row[5 + 2 * place]) for place, one in enumerate(figures.conditions)
    ]
    return Summary(row[0], row[1], row[2], row[3], groups)


def _narrowed(figures: Figures, what: str) -> list[Any]:
    if what == JUDGEMENT:
        return _only_judgement(figures)
    if what == LOOP:
        return [_in_loop()]
    return [figures.lacks(one) for one in figures.conditions if one.kind == what]


def _tasks() -> list[Any]:
    """How many tasks the running plan has, and how many are not accepted yet."""
    mine = sa.select(sa.func.count()).where(RemedialTask.decision_id == GateDecision.id)
    return [
        mine.correlate(GateDecision).scalar_subquery(),
        mine.where(RemedialTask.state != TaskState.ACCEPTED).correlate(GateDecision).scalar_subquery(),
    ]


def _people(
    program: Program, viewer: User, figures: Figures, what: str, cohort: int | None, *, measured: bool = True
) -> sa.Select[Any]:
    """Select those who have not passed; their figures beside them only when everybody's are wanted."""
    narrowed = _narrowed(figures, what)
    columns = [Enrolment, GateDecision, *_tasks(), _may_come(figures), *(figures.columns if measured else ())]
    joined = measured or what not in ("", LOOP)
    statement = (
        _joined(program, viewer, figures, *columns, measured=joined)
        .where(sa.not_(_passed()), *narrowed)
        .options(contains_eager(Enrolment.cohort))
    )
    return statement if cohort is None else statement.where(Enrolment.cohort_id == cohort)


def _row(row: Sequence[Any], findings: Sequence[Finding]) -> Row:
    return Row(row[0], row[1], findings, row[2], row[3], bool(row[4]))


def list_open(
    program: Program,
    viewer: User,
    figures: Figures,
    listing: Listing,
    what: str,
    cohort: int | None,
    summary: Summary,
) -> Page[Any]:
    """Return a page of those who have not passed, narrowed to one thing that is missing: two or three statements."""
    statement = _people(program, viewer, figures, what, cohort, measured=False)
    if listing.q:
        statement = statement.where(contains(Enrolment.name, listing.q))
    narrowed = bool(listing.q or what or cohort)
    orders: dict[str, list[Any]] = {
        "name": [Enrolment.name, Enrolment.id],
        "class": [Cohort.name, Enrolment.name, Enrolment.id],
        "verified": [Enrolment.verified_minutes, Enrolment.id],
    }
    total = _count(program, viewer, figures, listing.q, what, cohort) if narrowed else summary.open
    page = paginate(statement, listing, orders=orders, default="name", total=total, scalars=False)
    ids = [row[0].id for row in page.items]
    found = findings_of(program.id, figures.stage, figures.conditions, ids)
    rows = [_row(row, found[row[0].id]) for row in page.items]
    return Page(rows, page.number, page.size, page.total, page.q, page.sort, page.direction)


def _count(program: Program, viewer: User, figures: Figures, q: str, what: str, cohort: int | None) -> int:
    total = _joined(program, viewer, figures, sa.func.count()).where(
        sa.not_(_passed()), *_narrowed(figures, what)
    )
    if cohort is not None:
        total = total.where(Enrolment.cohort_id == cohort)
    if q:
        total = total.where(contains(Enrolment.name, q))
    return db.session.scalar(total) or 0


COLUMNS = (
    Column("name", N_("Trainee"), width=14),
    Column("number", N_("Student no."), width=16),
    Column("class", N_("Class"), width=16),
    Column("standing", N_("At the gate"), width=18),
    Column("attempt", N_("Attempts"), width=10),
    Column("tasks", N_("Open remedial tasks"), width=14),
    Column("missing", N_("Still missing"), width=70),
)


def _sheet(
    program: Program, viewer: User, figures: Figures, what: str, cohort: int | None
) -> Iterator[list[Any]]:
    statement = _people(program, viewer, figures, what, cohort)
    rows = db.session.execute(
        statement.order_by(Cohort.name, Enrolment.name, Enrolment.id).execution_options(yield_per=1000)
    )
    for values in rows:
        row = _row(values, figures.read(values[5:]))
        one = row.enrolment
        yield [
            one.name, one.student_number, one.cohort.name if one.cohort else "", str(STANDINGS[row.standing]),
            row.decision.attempt if row.decision else 0, row.tasks_open, _("; ").join(row.lines),
        ]  # fmt: skip


def send_open(program: Program, viewer: User, figures: Figures, what: str, cohort: int | None) -> Response:
    """Hand out everybody who has not passed, with what is missing, as a workbook."""
    title = _("Stage %(stage)s: not passed yet", stage=figures.stage)
    return send_rows(
        COLUMNS, _sheet(program, viewer, figures, what, cohort), f"{program.label} {title}.xlsx", title=title
    )


def things(figures: Figures) -> set[str]:
    """Return what the list can be narrowed to."""
    return {JUDGEMENT, LOOP, *(ConditionKind(one.kind).value for one in figures.conditions)}
