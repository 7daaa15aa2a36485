"""Writes of outcomes: who passed, and what the training closed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from trainmgr.enrolment.models import Enrolment, EnrolmentState, EntryLevel
from trainmgr.evaluation.closing import Paired
from trainmgr.evaluation.models import Attainment
from trainmgr.identity.models import User
from trainmgr.kernel import audit
from trainmgr.kernel.audit import require
from trainmgr.kernel.db import db
from trainmgr.kernel.jobs import each_minute
from trainmgr.needs.copying import note_carried
from trainmgr.needs.models import Competency
from trainmgr.outcomes import queries
from trainmgr.outcomes.models import GapClosure, PassDecision
from trainmgr.outcomes.rules import PassKind, Standing, closed_share, proposal
from trainmgr.programs.actions import require_open
from trainmgr.programs.hooks import Move, NextEdition, after_entering, after_next_edition
from trainmgr.programs.models import Program
from trainmgr.programs.rules import State, Step, Work
from trainmgr.programs.thread import follows, refresh

PASSED = audit.sentence("outcomes.pass", _l("%(who)s let %(count)s trainees pass"))
FAILED = audit.sentence("outcomes.fail", _l("%(who)s judged %(count)s trainees as not passed: %(reason)s"))

_BATCH = 500
Ends = tuple[float | None, float | None]
NOT_KNOWN: Ends = (None, None)


# --- what the training closed ---------------------------------------------------------------------


@follows(Step.EVALUATION, own=Step.RESULT)
def recompute_closures(program_id: int, now: datetime) -> bool:
    """Compute anew, from the levels of the same trainees before and after, how far each priority's gap is closed."""
    final = queries.final_window(program_id)
    found = _levels(program_id, final[0].id) if final else []
    if not found and not db.session.scalar(
        sa.select(sa.func.count()).where(GapClosure.program_id == program_id)
    ):
        return False
    db.session.execute(sa.delete(GapClosure).where(GapClosure.program_id == program_id))
    rows = [_closure(program_id, row, now) for row in found]
    if rows:
        db.session.execute(sa.insert(GapClosure), rows)
    return True


@each_minute
def complete_intervals(now: datetime) -> Iterator[int]:
    """Work out the intervals that closures from before they were kept still lack, some programmes a minute."""
    lacking = sa.and_(GapClosure.n > 1, GapClosure.gain_low.is_(None))
    ids = sa.select(GapClosure.program_id).where(lacking).distinct().order_by(GapClosure.program_id).limit(20)
    for program_id in db.session.scalars(ids).all():
        recompute_closures(program_id, now)
        yield program_id


def _levels(program_id: int, window_id: int) -> Sequence[Any]:
    """Return (competency, required, found before, class or None, people, before, after, paired) for each priority.

    Paired means come from trainees with a level before and after; where there is none, from all with one after.
    """
    entry = sa.cast(EntryLevel.level, sa.Float)
    columns = (
        Competency.id,
        Competency.required_level,
        Competency.current_level,
        sa.func.count(Attainment.enrolment_id).label("people"),
        sa.func.avg(Attainment.level).label("after"),
        sa.func.count(EntryLevel.level).label("paired"),
        sa.func.avg(EntryLevel.level).label("paired_before"),
        sa.func.avg(sa.case((EntryLevel.level.is_not(None), Attainment.level))).label("paired_after"),
        sa.func.sum(Attainment.level * Attainment.level).label("after_squares"),
        sa.func.sum(entry * entry).label("before_squares"),
        sa.func.sum(entry * Attainment.level).label("products"),
        sa.func.sum(sa.case((EntryLevel.level.is_not(None), Attainment.level * Attainment.level))).label(
            "paired_after_squares"
        ),
    )

    def levels(*, by_class: bool) -> sa.Select[*tuple[Any, ...]]:
        cohort = Enrolment.cohort_id if by_class else sa.cast(sa.null(), sa.Integer)
        statement = (
            sa.select(*columns, cohort.label("cohort_id"))
            .join(
                Attainment,
                sa.and_(Attainment.competency_id == Competency.id, Attainment.window_id == window_id),
            )
            .join(Enrolment, Enrolment.id == Attainment.enrolment_id)
            .outerjoin(
                EntryLevel,
                sa.and_(
                    EntryLevel.enrolment_id == Attainment.enrolment_id,
                    EntryLevel.competency_id == Competency.id,
                ),
            )
            .where(Competency.program_id == program_id, Competency.is_priority, queries.COUNTED)
        )
        if not by_class:
            return statement.group_by(Competency.id)
        return statement.where(Enrolment.cohort_id.is_not(None)).group_by(Competency.id, Enrolment.cohort_id)

    return db.session.execute(sa.union_all(levels(by_class=False), levels(by_class=True))).all()


def _closure(program_id: int, row: Any, now: datetime) -> dict[str, Any]:
    paired = row.paired > 0
    before = float(row.paired_before if paired else row.current_level)
    after = float(row.paired_after if paired else row.after)
    required = float(row.required_level)
    gain, share = _intervals(row, paired, before, required)
    return {
        "program_id": program_id,
        "competency_id": row.id,
        "cohort_id": row.cohort_id,
        "n": row.paired if paired else row.people,
        "before": before,
        "after": after,
        "required": required,
        "closed": closed_share(before, after, required),
        "is_paired": paired,
        "gain_low": gain[0],
        "gain_high": gain[1],
        "closed_low": share[0],
        "closed_high": share[1],
        "computed_at": now,
    }


def _intervals(row: Any, paired: bool, before: float, required: float) -> tuple[Ends, Ends]:
    """Return the intervals of gain and share closed; a level from the needs analysis is taken as known."""
    if paired:
        n = row.paired
        pairs = Paired(
            n,
            float(row.paired_before) * n,
            float(row.paired_after) * n,
            float(row.before_squares),
            float(row.paired_after_squares),
            float(row.products),
        )
    else:
        n, total = row.people, float(row.after) * row.people
        pairs = Paired(n, before * n, total, before * before * n, float(row.after_squares), before * total)
    return pairs.gains.interval or NOT_KNOWN, pairs.closure(required).interval or NOT_KNOWN


# --- who passed -----------------------------------------------------------------------------------


def standing_of(result: Any) -> Standing:
    """Return what a pass is judged on, from a stored result (None: nobody rated)."""
    if result is None:
        return Standing(None, None, None)
    return Standing(result.composite, result.low, result.high)


def decide(
    program: Program, enrolment_ids: Sequence[int], kind: PassKind, *, reason: str, by: User, now: datetime
) -> int:
    """Decide who passed. Whoever is decided so already stays; a changed decision is a new one and needs a reason."""
    require_open(program, Work.RESULT)
    final = queries.final_window(program.id)
    rows = queries.chosen_rows(program, final[0] if final else None, by, enrolment_ids)
    require(rows, _("Choose at least one trainee."))
    changed = [row for row in rows if row[3] is None or row[3].kind is not kind]
    require(kind is PassKind.PASSED or reason, _("Say why they did not pass."))
    require(reason or not any(row[3] for row in changed), _("A decision that is changed needs a reason."))
    _write(program, changed, kind, reason, by, now)
    return len(changed)


def accept_proposals(program: Program, *, by: User, now: datetime) -> int:
    """Let everybody pass whose result cannot fall below the pass mark any more; the others are left to people."""
    require_open(program, Work.RESULT)
    final = queries.final_window(program.id)
    if final is None:
        return 0
    window, pass_mark = final
    rows = [
        row
        for row in queries.undecided(program, window, by)
        if proposal(standing_of(row[2]), pass_mark) is PassKind.PASSED
    ]
    _write(program, rows, PassKind.PASSED, "", by, now)
    return len(rows)


def _write(
    program: Program, rows: Sequence[Any], kind: PassKind, reason: str, by: User, now: datetime
) -> None:
    if not rows:
        return
    former = {row[0].id: row[3] for row in rows if row[3] is not None}
    ids = [decision.id for decision in former.values()]
    for start in range(0, len(ids), _BATCH):
        db.session.execute(
            sa.update(PassDecision)
            .where(PassDecision.id.in_(ids[start : start + _BATCH]))
            .values(is_present=False),
            execution_options={"synchronize_session": False},
        )
    db.session.execute(
        sa.insert(PassDecision),
        [
            {
                "program_id": program.id,
                "enrolment_id": row[0].id,
                "number": former[row[0].id].number + 1 if row[0].id in former else 1,
                "is_present": True,
                "kind": kind,
                "composite": row[2].composite if row[2] else None,
                "reason": reason,
                "by_id": by.id,
                "by_name": by.name,
                "at": now,
            }
            for row in rows
        ],
    )
    audit.record(
        PASSED if kind is PassKind.PASSED else FAILED,
        "enrolment",
        by=by,
        now=now,
        program_id=program.id,
        reason=reason,
        count=len(rows),
    )
    for row in rows:
        if row[3] is not None:
            db.session.expire(row[3])
    refresh(program.id, Step.RESULT, now=now)


# --- the end, and the next edition ----------------------------------------------------------------


@after_entering(State.CLOSED)
def complete_trainees(move: Move) -> None:
    """Whoever passed has completed the programme when it closes."""
    passed = sa.select(PassDecision.enrolment_id).where(
        PassDecision.program_id == move.program.id,
        PassDecision.is_present,
        PassDecision.kind == PassKind.PASSED,
    )
    db.session.execute(
        sa.update(Enrolment)
        .where(Enrolment.program_id == move.program.id, Enrolment.id.in_(passed), queries.COUNTED)
        .values(state=EnrolmentState.COMPLETED),
        execution_options={"synchronize_session": False},
    )


@after_next_edition
def carry_over(edition: NextEdition) -> None:
    """Note in the next edition's needs what this one left open, so that it changes the next plan."""
    names = {closure.competency.name: closure for closure in queries.closures_of(edition.previous)}
    left_open = {name: c for name, c in names.items() if not c.is_closed}
    rows = db.session.scalars(
        sa.select(Competency).where(
            Competency.program_id == edition.program.id, Competency.name.in_(left_open)
        )
    ).all()
    carried = {
        row.id: {
            "program": edition.previous.name,
            "required": left_open[row.name].required,
            "reached": round(left_open[row.name].after, 2),
        }
        for row in rows
    }
    if carried:
        note_carried(edition.program, carried, now=edition.now)
