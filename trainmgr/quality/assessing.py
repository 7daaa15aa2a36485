"""Writing evaluations: asked for, scored with evidence, submitted once, or called off."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime

import sqlalchemy as sa
from flask_babel import gettext as _

from trainmgr.identity.models import User
from trainmgr.kernel import audit
from trainmgr.kernel.access import Role
from trainmgr.kernel.audit import require
from trainmgr.kernel.db import db
from trainmgr.kernel.files import StoredFile
from trainmgr.kernel.msgids import N_
from trainmgr.programs import dues
from trainmgr.programs.dues import DueCode
from trainmgr.programs.models import Due, ProgramPerson
from trainmgr.programs.rules import Step
from trainmgr.quality import maturity, measuring
from trainmgr.quality.catalogue import catalogue
from trainmgr.quality.maturity_models import (
    MaturityEvaluation,
    MaturityFinding,
    MaturityIndex,
    MaturityProgram,
    MaturityScore,
    MaturityTree,
)
from trainmgr.quality.maturity_rules import EvaluationState, FindingKind, Stage, TreeState, level_of, total
from trainmgr.quality.measures.base import MEASURES
from trainmgr.quality.rules import Figure, Period, Scope, ScopeKind, Sums, figure_of
from trainmgr.quality.words import ASKED, FOUND, SCORED, SUBMITTED, WITHDRAWN

ASSESS = dues.code(
    "maturity-assess",
    DueCode(
        Step.EVALUATION,
        N_("Assess “%(title)s”"),
        N_("Assess"),
        "quality.show_evaluation",
        N_("Score the indices with evidence, and submit once."),
        subject_arg="evaluation_id",
    ),
)


@dataclass(frozen=True)
class Asking:
    """What is asked of whom: programmes by id, days both included."""

    title: str
    year: int
    tree: MaturityTree
    assessor: User
    house_id: int
    opens_on: date
    closes_on: date
    program_ids: Sequence[int]


def ask(college_id: int, asking: Asking, *, by: User, now: datetime) -> MaturityEvaluation:
    """Ask an outside assessor for an evaluation; the programmes open to the assessor on its days, to read."""
    require(
        asking.tree.state is TreeState.RELEASED and asking.tree.college_id == college_id,
        _("Release the index system first."),
    )
    require(asking.closes_on >= asking.opens_on, _("The last day lies before the first."))
    require(asking.program_ids, _("Choose at least one programme."))
    evaluation = MaturityEvaluation(
        college_id=college_id, tree_id=asking.tree.id, title=asking.title, year=asking.year,
        assessor_id=asking.assessor.id, house_id=asking.house_id, opens_on=asking.opens_on,
        closes_on=asking.closes_on, by_id=by.id, by_name=by.name, at=now,
    )  # fmt: skip
    db.session.add(evaluation)
    db.session.flush()
    for program_id in asking.program_ids:
        db.session.add(MaturityProgram(evaluation_id=evaluation.id, program_id=program_id))
        _open_to(program_id, asking)
    db.session.flush()
    take_figures(evaluation, asking.tree.indices, now=now)
    dues.put(
        ASSESS, program_id=asking.program_ids[0], visible_from=asking.opens_on, user_id=asking.assessor.id,
        subject_id=evaluation.id, due_on=asking.closes_on, title=asking.title,
    )  # fmt: skip
    audit.record(ASKED, evaluation, by=by, now=now, name=asking.title, assessor=asking.assessor.name)
    return evaluation


def _open_to(program_id: int, asking: Asking) -> None:
    """Relate the assessor to a programme for the days; an earlier relation is stretched to hold them."""
    row = db.session.scalars(
        sa.select(ProgramPerson).where(
            ProgramPerson.program_id == program_id,
            ProgramPerson.user_id == asking.assessor.id,
            ProgramPerson.role == Role.OUTSIDE_ASSESSOR,
        )
    ).one_or_none()
    if row is None:
        db.session.add(
            ProgramPerson(
                program_id=program_id, user_id=asking.assessor.id, organization_id=asking.house_id,
                role=Role.OUTSIDE_ASSESSOR, since=asking.opens_on, until=asking.closes_on,
            )
        )  # fmt: skip
        return
    row.since = min(row.since, asking.opens_on)
    row.until = None if row.until is None else max(row.until, asking.closes_on)


# --- figures ------------------------------------------------------------------------------------------------


def take_figures(evaluation: MaturityEvaluation, indices: Iterable[MaturityIndex], *, now: datetime) -> None:
    """Bring the levels of the quantitative indices up to the records: one statement an index."""
    scores = maturity.scores_of(evaluation)
    programs = [program.id for program in maturity.programs_of(evaluation)]
    definitions = catalogue(evaluation.college_id, Period.of_year(evaluation.year).last, everything=True)
    for index in indices:
        if not index.is_quantitative:
            continue
        definition = definitions.get(index.indicator)
        figure = _figure(evaluation, definition.measure, programs) if definition else None
        score = scores.get(index.id) or MaturityScore(evaluation_id=evaluation.id, index_id=index.id)
        score.numerator = figure.numerator if figure else None
        score.denominator = figure.denominator if figure else None
        score.value = figure.value if figure else None
        score.level = level_of(score.value, index.limits)
        score.at = now
        db.session.add(score)


def _figure(evaluation: MaturityEvaluation, measure: str, programs: Sequence[int]) -> Figure:
    """Return a figure of the evaluated programmes together; of the whole college where it has none of programmes."""
    one = MEASURES[measure]
    period = Period.of_year(evaluation.year)
    if ScopeKind.PROGRAM not in one.scopes:
        sums = measuring.add_up(one, Scope.of_college(evaluation.college_id), period)
    else:
        rows = measuring.rows_of(one, evaluation.college_id, period)
        found = db.session.execute(
            sa.select(*measuring.sums_of(one, rows)).where(rows.c.program_id.in_(programs))
        ).one()
        sums = Sums(float(found[0]), float(found[1]), int(found[2]))
    return figure_of(measure, one.unit, sums, is_survey=one.is_survey)


# --- the assessor's work -----------------------------------------------------------------------------------------


def _require_open(evaluation: MaturityEvaluation, by: User, today: date) -> None:
    require(evaluation.state is EvaluationState.ASKED, _("This evaluation does not change any more."))
    require(evaluation.assessor_id == by.id, _("Only the assessor who was asked scores."))
    stage = evaluation.stage(today)
    require(stage is not Stage.PLANNED, _("The evaluation has not begun yet."))
    require(stage is Stage.OPEN, _("The days of this evaluation are over."))


@dataclass(frozen=True)
class Judgement:
    """What the assessor says of an index: the level (of a qualitative one), what it rests on, a file."""

    level: int | None
    note: str
    file: StoredFile | None = None


def score(
    evaluation: MaturityEvaluation,
    index: MaturityIndex,
    judgement: Judgement,
    *,
    by: User,
    today: date,
    now: datetime,
) -> None:
    """Score an index with what it rests on; the level of a quantitative one follows from its figure."""
    _require_open(evaluation, by, today)
    row = maturity.scores_of(evaluation).get(index.id)
    row = row or MaturityScore(evaluation_id=evaluation.id, index_id=index.id)
    if not index.is_quantitative:
        require(judgement.level is not None, _("Choose a level."))
        row.level = judgement.level
    row.note, row.at = judgement.note, now
    if judgement.file is not None:
        row.file_id = judgement.file.id
    db.session.add(row)
    audit.record(SCORED, evaluation, by=by, now=now, name=evaluation.title, index=index.name)


def note_finding(
    evaluation: MaturityEvaluation, finding: MaturityFinding, *, by: User, today: date, now: datetime
) -> None:
    """Note a strength or a weakness."""
    _require_open(evaluation, by, today)
    finding.evaluation_id, finding.at = evaluation.id, now
    db.session.add(finding)
    audit.record(FOUND, evaluation, by=by, now=now, name=evaluation.title)


def remove_finding(
    evaluation: MaturityEvaluation, finding: MaturityFinding, *, by: User, today: date
) -> None:
    """Take a finding back while the evaluation is not submitted."""
    _require_open(evaluation, by, today)
    db.session.delete(finding)


def submit(evaluation: MaturityEvaluation, summary: str, *, by: User, today: date, now: datetime) -> None:
    """Submit an evaluation once and for all, with the figures as they are now."""
    db.session.execute(
        sa.select(MaturityEvaluation.id).where(MaturityEvaluation.id == evaluation.id).with_for_update()
    )
    db.session.refresh(evaluation, ["state"])
    _require_open(evaluation, by, today)
    take_figures(evaluation, evaluation.tree.indices, now=now)
    db.session.flush()
    scores = maturity.scores_of(evaluation)
    lacking = maturity.missing(evaluation, scores)
    require(not lacking, _("Still to be scored: %(names)s", names=_(", ").join(one.label for one in lacking)))
    whole = total(maturity.scored(evaluation, scores))
    evaluation.level, evaluation.covered, evaluation.summary = whole.level, whole.covered, summary
    evaluation.state, evaluation.submitted_at = EvaluationState.SUBMITTED, now
    _drop_due(evaluation)
    audit.record(SUBMITTED, evaluation, by=by, now=now, name=evaluation.title)


def withdraw(evaluation: MaturityEvaluation, *, reason: str, by: User, today: date, now: datetime) -> None:
    """Call an evaluation off that is not submitted; its programmes close to the assessor."""
    require(evaluation.state is EvaluationState.ASKED, _("This evaluation does not change any more."))
    evaluation.state, evaluation.withdrawn_reason = EvaluationState.WITHDRAWN, reason
    _close_to(evaluation)
    _drop_due(evaluation)
    audit.record(WITHDRAWN, evaluation, by=by, now=now, name=evaluation.title, reason=reason)


def _close_to(evaluation: MaturityEvaluation) -> None:
    """End the relations that only this evaluation made: those with exactly its days, which no other one needs."""
    other = sa.orm.aliased(MaturityProgram)
    needed = (
        sa.select(other.program_id)
        .join(MaturityEvaluation, MaturityEvaluation.id == other.evaluation_id)
        .where(
            MaturityEvaluation.id != evaluation.id,
            MaturityEvaluation.assessor_id == evaluation.assessor_id,
            MaturityEvaluation.state != EvaluationState.WITHDRAWN,
        )
    )
    programs = sa.select(MaturityProgram.program_id).where(
        MaturityProgram.evaluation_id == evaluation.id, MaturityProgram.program_id.not_in(needed)
    )
    db.session.execute(
        sa.delete(ProgramPerson).where(
            ProgramPerson.program_id.in_(programs),
            ProgramPerson.user_id == evaluation.assessor_id,
            ProgramPerson.role == Role.OUTSIDE_ASSESSOR,
            ProgramPerson.since == evaluation.opens_on,
            ProgramPerson.until == evaluation.closes_on,
        ),
        execution_options={"synchronize_session": False},
    )


def _drop_due(evaluation: MaturityEvaluation) -> None:
    db.session.execute(
        sa.delete(Due).where(Due.code == ASSESS, Due.subject_id == evaluation.id),
        execution_options={"synchronize_session": False},
    )


def finding_of(kind: FindingKind, text: str, advice: str) -> MaturityFinding:
    """Return a finding before it is placed."""
    return MaturityFinding(kind=kind, text=text, advice=advice)
