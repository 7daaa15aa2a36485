"""The unbroken thread: each step is assessed by its own feature, stored when records change, read in one select.

A feature registers the assessment of its step with `@assesses(Step.NEEDS)` in its `station.py`; an action
that changed the step's records calls `refresh(program_id, Step.NEEDS, now=now)` as its last deed.
A feature further down whose own records hang on an earlier step's (who rates hangs on who mentors) registers
`@follows(Step.MENTORING, own=Step.EVALUATION)`: it is called before the steps are assessed, then its own step is too.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

import sqlalchemy as sa

from trainmgr.kernel.db import db
from trainmgr.programs.forwarding import tell_staff
from trainmgr.programs.models import Program, ProgramStep
from trainmgr.programs.rules import Assessment, Missing, Step, StepState

Assessor = Callable[[Program, datetime], Assessment]
Follower = Callable[[int, datetime], bool]

_assessors: dict[Step, Assessor] = {}
_followers: list[tuple[frozenset[Step], Step, Follower]] = []


def assesses(step: Step) -> Callable[[Assessor], Assessor]:
    """Register the function that says how a step of a programme stands."""

    def register(assessor: Assessor) -> Assessor:
        _assessors[step] = assessor
        return assessor

    return register


def follows(*steps: Step, own: Step) -> Callable[[Follower], Follower]:
    """Register what brings a later step's records up to date when the records of earlier steps have changed.

    It takes the programme's id and the moment and tells whether it changed anything.
    """

    def register(follower: Follower) -> Follower:
        _followers.append((frozenset(steps), own, follower))
        return follower

    return register


def _with_followers(program_id: int, wanted: list[Step], now: datetime) -> list[Step]:
    moved = {
        own for steps, own, follower in _followers if steps.intersection(wanted) and follower(program_id, now)
    }
    return sorted({*wanted, *moved})


def refresh(program_id: int, *steps: Step, now: datetime) -> None:
    """Assess steps anew and store how they stand; no step named means all nine.

    The rows are locked first, so that of two people working at once the later one counts both.
    """
    db.session.flush()
    wanted = _with_followers(program_id, sorted(steps) or list(Step), now)
    rows = {
        row.step: row
        for row in db.session.scalars(
            sa.select(ProgramStep)
            .where(ProgramStep.program_id == program_id, ProgramStep.step.in_([int(step) for step in wanted]))
            .order_by(ProgramStep.step)
            .with_for_update()
            .execution_options(populate_existing=True)
        )
    }
    program = db.session.get_one(Program, program_id)
    lacking = {step: row.missing for step, row in rows.items()}
    for step in wanted:
        assessor = _assessors.get(step)
        assessment = assessor(program, now) if assessor else Assessment(StepState.NEXT)
        rows[int(step)] = _store(rows.get(int(step)), program_id, step, assessment, now)
    db.session.flush()
    if lacking != {step: row.missing for step, row in rows.items()} or not steps:
        tell_staff(program, now=now)


def _store(
    row: ProgramStep | None, program_id: int, step: Step, assessment: Assessment, now: datetime
) -> ProgramStep:
    if row is None:
        row = ProgramStep(program_id=program_id, step=int(step))
        db.session.add(row)
    row.state = assessment.state
    row.count = assessment.count
    row.note = assessment.note
    row.note_tone = assessment.note_tone
    row.params = dict(assessment.params)
    row.missing = [item.to_document() for item in assessment.missing]
    row.figures = [figure.to_document() for figure in assessment.figures]
    row.assessed_at = now
    return row


def missing_of(steps: list[ProgramStep]) -> list[tuple[Step, Missing]]:
    """Return everything that is missing along the thread, with the step that it belongs to."""
    return [(Step(row.step), Missing.from_document(item)) for row in steps for item in row.missing]
