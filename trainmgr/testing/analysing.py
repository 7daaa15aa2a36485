"""Hands the bank what tests say of its items, over all sittings in which they stood: by itself when one is marked.

A sitting is analysed once it is closed and nothing in it waits for a person; after a correction it is analysed again.
Doing it twice writes the same.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

import sqlalchemy as sa
from flask_babel import gettext as _

from trainmgr.bank import instruments
from trainmgr.bank.authoring import Statistics, note_statistics
from trainmgr.bank.models import Item, PaperItem
from trainmgr.kernel import jobs
from trainmgr.kernel.audit import Actor
from trainmgr.kernel.clock import utcnow
from trainmgr.kernel.db import db
from trainmgr.kernel.jobs import Job, JobState
from trainmgr.programs.models import Program
from trainmgr.programs.rules import OPEN_IN, Work
from trainmgr.testing.item_statistics import Sums, added_up, pooled_difficulty, pooled_discrimination
from trainmgr.testing.models import Answer, Attempt, Sitting
from trainmgr.testing.paper_figures import WITH_OPTIONS, Places, places_in

KIND = "test-analysis"
RECENT = 50
DIGITS = Decimal("0.0001")


@jobs.job(KIND)
def analyse(run: jobs.JobRun) -> None:
    """Compute what all sittings say of the items of one sitting, and write it to the bank."""
    sitting = db.session.get(Sitting, run.params["sitting"])
    if sitting is not None:
        run.count(items=note(sitting, now=utcnow()))
    run.progress(1, 1)


@jobs.each_minute
def turn(now: datetime) -> int:
    """Start the analysis of each sitting that is closed and marked since the last one; returns how many."""
    waits = sa.exists().where(Attempt.sitting_id == Sitting.id, Attempt.counts, Attempt.waiting > 0)
    due = db.session.scalars(
        sa.select(Sitting)
        .join(Program, Program.id == Sitting.program_id)
        .where(
            Sitting.closed_at.is_not(None),
            Sitting.cancelled_at.is_(None),
            sa.or_(Sitting.analysed_at.is_(None), Sitting.analysed_at < Sitting.closed_at),
            Program.state.in_(OPEN_IN[Work.SETUP]),
            ~waits,
        )
        .order_by(Sitting.id)
        .limit(RECENT)
    ).all()
    started = [sitting for sitting in due if _is_free(last_job(sitting))]
    for sitting in started:
        start(sitting, by=None, now=now)
    return len(started)


def _is_free(job: Job | None) -> bool:
    """Tell whether another job may start by itself; one that broke off is started again by a person."""
    return job is None or job.state is JobState.DONE


def start(sitting: Sitting, *, by: Actor | None, now: datetime) -> Job:
    """Plan the analysis of a sitting; one that waits or runs already is returned instead."""
    last = last_job(sitting)
    if last is not None and last.is_live:
        return last
    return jobs.enqueue(
        KIND,
        title=_("Item statistics: %(test)s", test=sitting.name),
        params={"sitting": sitting.id},
        by=by,
        program_id=sitting.program_id,
        now=now,
    )


def last_job(sitting: Sitting) -> Job | None:
    """Return the last analysis of a sitting among the programme's latest ones: one statement."""
    latest = db.session.scalars(
        sa.select(Job)
        .where(Job.program_id == sitting.program_id, Job.kind == KIND)
        .order_by(Job.id.desc())
        .limit(RECENT)
    )
    return next((job for job in latest if job.params.get("sitting") == sitting.id), None)


def note(sitting: Sitting, *, now: datetime) -> int:
    """Write to the bank what all sittings say of a sitting's items; returns how many items it wrote."""
    found = over_all_sittings(instruments.paper_of(sitting.version_id, sitting.form))
    # A deed of the programme, not an edit: who has the sitting's form open is not refused for it.
    db.session.execute(
        sa.update(Sitting)
        .where(Sitting.id == sitting.id)
        .values(analysed_at=now)
        .execution_options(synchronize_session=False)
    )
    note_statistics(found)
    return len(found)


def over_all_sittings(lines: Iterable[PaperItem]) -> dict[int, Statistics]:
    """Return what the marked attempts of all sittings say of some items; one nobody was asked is left out."""
    items = {line.item_id: line.item for line in lines}
    sums, ticks = _sums(list(items)), _ticks(list(items))
    return {
        item_id: Statistics(
            times_answered=sum(one.count for one in sums[item_id]),
            p_value=_rounded(pooled_difficulty(sums[item_id])),
            discrimination=_rounded(pooled_discrimination(sums[item_id])),
            distractors=_distractors(item, ticks.get(item_id, [])),
        )
        for item_id, item in items.items()
        if item_id in sums
    }


def _distractors(item: Item, ticks: Sequence[tuple[Places, int]]) -> dict[str, int] | None:
    if not item.kind.has_options:
        return None
    return dict(added_up(ticks, len(item.content["options"])))


def _rounded(figure: float | None) -> Decimal | None:
    return None if figure is None else Decimal(figure).quantize(DIGITS)


def _of_all_sittings(columns: Sequence[Any], item_ids: Sequence[int]) -> sa.Select[Any]:
    return (
        sa.select(*columns)
        .join(Attempt, Attempt.id == Answer.attempt_id)
        .join(Sitting, Sitting.id == Attempt.sitting_id)
        .where(
            Answer.item_id.in_(item_ids), Attempt.counts, Attempt.waiting == 0, Sitting.cancelled_at.is_(None)
        )
    )


def _sums(item_ids: Sequence[int]) -> dict[int, list[Sums]]:
    """Return the sums of each item by sitting, its points and the rest of the paper as shares: one statement."""
    most, reached = sa.cast(PaperItem.points, sa.Float), sa.cast(Answer.points, sa.Float)
    x = reached / most
    left = sa.cast(Attempt.possible, sa.Float) - most
    y = sa.func.coalesce((sa.cast(Attempt.points, sa.Float) - reached) / sa.func.nullif(left, 0.0), 0.0)
    total = sa.func.sum
    columns = [Answer.item_id, sa.func.count(), total(x), total(y), total(x * x), total(y * y), total(x * y)]
    on_paper = sa.and_(
        PaperItem.version_id == Sitting.version_id,
        PaperItem.form == Sitting.form,
        PaperItem.item_id == Answer.item_id,
    )
    rows = db.session.execute(
        _of_all_sittings(columns, item_ids).join(PaperItem, on_paper).group_by(Answer.item_id, Sitting.id)
    )
    found: dict[int, list[Sums]] = {}
    for item_id, count, *figures in rows:
        found.setdefault(item_id, []).append(Sums(count, *(float(figure) for figure in figures)))
    return found


def _ticks(item_ids: Sequence[int]) -> dict[int, list[tuple[Places, int]]]:
    """Return which options were ticked together how often, by item: one statement that counts in the database."""
    text = sa.cast(Answer.value, sa.Text)
    rows = db.session.execute(
        _of_all_sittings([Answer.item_id, text, sa.func.count()], item_ids)
        .join(Item, Item.id == Answer.item_id)
        .where(Item.kind.in_(WITH_OPTIONS), Answer.value.is_not(None))
        .group_by(Answer.item_id, text)
    )
    found: dict[int, list[tuple[Places, int]]] = {}
    for item_id, value, count in rows:
        found.setdefault(item_id, []).append((places_in(value), count))
    return found
