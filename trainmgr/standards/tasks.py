"""The chain of tasks in a draft: each one with the tasks that it comes from; typical ones by stated thresholds."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from decimal import Decimal

import sqlalchemy as sa
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from trainmgr.kernel import audit
from trainmgr.kernel.audit import Actor, require
from trainmgr.kernel.db import db
from trainmgr.standards.actions import relink
from trainmgr.standards.content import tasks_of_version
from trainmgr.standards.evidence import TaskRating
from trainmgr.standards.keeping import assign, fresh, opened, place_after, relocate, require_version
from trainmgr.standards.models import (
    JobStandard,
    StandardTask,
    StandardVersion,
    TaskCompetency,
    TaskSource,
    VersionCompetency,
)
from trainmgr.standards.rules import MOST_TASKS, TaskKind, TaskStanding, TaskVoice, Thresholds, standing_of

ADDED = audit.sentence(
    "standards.add-task", _l("%(who)s added the task “%(what)s” to the standard “%(standard)s”")
)
EDITED = audit.sentence(
    "standards.change-task", _l("%(who)s changed the task “%(what)s” of the standard “%(standard)s”")
)
REMOVED = audit.sentence(
    "standards.remove-task", _l("%(who)s removed the task “%(what)s” from the standard “%(standard)s”")
)
CHOSEN = audit.sentence(
    "standards.choose-typical", _l("%(who)s took %(count)s typical tasks of “%(what)s” from the interviews")
)
THRESHOLDS_SET = audit.sentence(
    "standards.set-thresholds", _l("%(who)s set from when on a task of “%(what)s” is typical")
)


@dataclass(frozen=True)
class TaskFacts:
    """What is typed about a task."""

    name: str
    name_en: str = ""
    description: str = ""


def create_task(
    standard: JobStandard,
    kind: TaskKind,
    facts: TaskFacts,
    *,
    sources: Iterable[int] = (),
    competencies: Iterable[int] = (),
    by: Actor,
    now: datetime,
) -> StandardTask:
    """Add a task at the end of its kind, traced to tasks of the kind before."""
    draft = opened(standard)
    added = add_task(draft, kind, facts)
    link_task(draft, added, sources=sources, competencies=competencies)
    audit.record(ADDED, added, by=by, now=now, name=added.name, standard=standard.post)
    return added


def add_task(
    draft: StandardVersion, kind: TaskKind, facts: TaskFacts, *, key: str | None = None
) -> StandardTask:
    """Write one more task."""
    present = tasks_of_version(draft.id)
    require(len(present) < MOST_TASKS, _("A job standard holds at most %(most)s tasks.", most=MOST_TASKS))
    like = [task for task in present if task.kind is kind]
    added = StandardTask(version_id=draft.id, kind=kind, position=place_after(like), **asdict(facts))
    if key is not None:
        added.key = key
    db.session.add(added)
    db.session.flush()
    return added


def change_task(
    standard: JobStandard,
    task: StandardTask,
    facts: TaskFacts,
    *,
    sources: Iterable[int] | None = None,
    competencies: Iterable[int] | None = None,
    version: int | None = None,
    by: Actor,
    now: datetime,
) -> None:
    """Change a task of the draft and, where they are given, what it comes from and which competencies it takes."""
    draft = opened(standard)
    task = fresh(StandardTask, task.id)
    require_version(task, version)
    changed = assign(task, asdict(facts))
    linked = link_task(draft, task, sources=sources, competencies=competencies)
    if changed or linked:
        task.version += 1
        audit.record(EDITED, task, by=by, now=now, name=task.name, standard=standard.post)
    db.session.flush()


def link_task(
    draft: StandardVersion,
    task: StandardTask,
    *,
    sources: Iterable[int] | None = None,
    competencies: Iterable[int] | None = None,
) -> bool:
    """Say what a task comes from (only tasks of the kind before count) and, for a typical one, what it takes."""
    changed = False
    if sources is not None:
        own = sa.select(StandardTask.id).where(
            StandardTask.version_id == draft.id, StandardTask.kind == task.kind.source
        )
        wanted = set(db.session.scalars(own)) & set(sources) if task.kind.source else set()
        changed = relink(TaskSource, draft.id, "source_id", wanted, task_id=task.id)
    if competencies is not None and task.kind is TaskKind.TYPICAL:
        taken = sa.select(VersionCompetency.competency_id).where(VersionCompetency.version_id == draft.id)
        wanted = set(db.session.scalars(taken)) & set(competencies)
        changed = relink(TaskCompetency, draft.id, "competency_id", wanted, task_id=task.id) or changed
    return changed


def remove_task(standard: JobStandard, task: StandardTask, *, by: Actor, now: datetime) -> None:
    """Take a task out of the draft with its links and what experts said of it."""
    draft = opened(standard)
    task = fresh(StandardTask, task.id)
    audit.record(REMOVED, task, by=by, now=now, name=task.name, standard=standard.post)
    discard_tasks(draft, [task.id])


def discard_tasks(draft: StandardVersion, ids: Sequence[int]) -> None:
    """Take tasks with everything that hangs on them out of a draft and number the others anew."""
    ends = sa.or_(TaskSource.task_id.in_(ids), TaskSource.source_id.in_(ids))
    db.session.execute(sa.delete(TaskSource).where(TaskSource.version_id == draft.id, ends))
    for part in (TaskCompetency, TaskRating):
        db.session.execute(sa.delete(part).where(part.version_id == draft.id, part.task_id.in_(ids)))
    db.session.execute(sa.delete(StandardTask).where(StandardTask.id.in_(ids)))
    for kind in TaskKind:
        like = [task for task in tasks_of_version(draft.id) if task.kind is kind]
        for place, other in enumerate(like, start=1):
            other.position = place
    db.session.flush()


def move_task(standard: JobStandard, task: StandardTask, *, places: int, by: Actor, now: datetime) -> None:
    """Move a task up (negative) or down among its kind."""
    draft = opened(standard)
    task = fresh(StandardTask, task.id)
    like = [one for one in tasks_of_version(draft.id) if one.kind is task.kind]
    if relocate(like, task, places):
        audit.record(EDITED, task, by=by, now=now, name=task.name, standard=standard.post)
    db.session.flush()


# --- which tasks are typical --------------------------------------------------------------------


def thresholds_of(version: StandardVersion) -> Thresholds:
    """Return the thresholds that a version states."""
    return Thresholds(
        experts=version.typical_experts,
        difficulty=float(version.typical_difficulty),
        importance=float(version.typical_importance),
        frequency=float(version.typical_frequency),
    )


def standings_of(version: StandardVersion) -> dict[int, TaskStanding]:
    """Return how experts judge each representative task that was rated, by its id."""
    rows = db.session.execute(
        sa.select(TaskRating.task_id, TaskRating.difficulty, TaskRating.importance, TaskRating.frequency)
        .where(TaskRating.version_id == version.id)
        .order_by(TaskRating.task_id)
    )
    voices: dict[int, list[TaskVoice]] = {}
    for task_id, *figures in rows:
        voices.setdefault(task_id, []).append(TaskVoice(*figures))
    limits = thresholds_of(version)
    return {task_id: standing_of(said, limits) for task_id, said in voices.items()}


def set_thresholds(
    standard: JobStandard,
    *,
    experts: int,
    difficulty: Decimal,
    importance: Decimal,
    frequency: Decimal,
    by: Actor,
    now: datetime,
) -> None:
    """Say from which means on, and from how many experts on, a representative task is typical."""
    draft = opened(standard)
    values = {
        "typical_experts": experts,
        "typical_difficulty": difficulty,
        "typical_importance": importance,
        "typical_frequency": frequency,
    }
    if assign(draft, values):
        audit.record(THRESHOLDS_SET, draft, by=by, now=now, name=standard.post)
    db.session.flush()


def choose_typical(standard: JobStandard, *, by: Actor, now: datetime) -> list[StandardTask]:
    """Make a typical task of each representative one that reaches the thresholds and leads to none yet."""
    draft = opened(standard)
    standings = standings_of(draft)
    tasks = tasks_of_version(draft.id)
    names = {task.name for task in tasks if task.kind is TaskKind.TYPICAL}
    led_on = set(db.session.scalars(sa.select(TaskSource.source_id).where(TaskSource.version_id == draft.id)))
    made = []
    for task in tasks:
        is_typical = task.id in standings and standings[task.id].is_typical
        if task.kind is not TaskKind.REPRESENTATIVE or not is_typical or task.id in led_on:
            continue
        require(task.name not in names, _("There is a typical task “%(name)s” already.", name=task.name))
        typical = add_task(draft, TaskKind.TYPICAL, TaskFacts(task.name, task.name_en, task.description))
        link_task(draft, typical, sources=[task.id])
        made.append(typical)
    audit.record(CHOSEN, draft, by=by, now=now, name=standard.post, count=len(made))
    return made
