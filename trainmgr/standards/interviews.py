"""Expert interviews in the manner of DACUM: who told which tasks, and how hard, important and frequent each is."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime

import sqlalchemy as sa
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy.orm import joinedload, selectinload

from trainmgr.kernel import audit
from trainmgr.kernel.audit import Actor, require
from trainmgr.kernel.db import db
from trainmgr.standards.content import tasks_of_version
from trainmgr.standards.evidence import Interview, TaskRating
from trainmgr.standards.keeping import fresh, opened, require_version
from trainmgr.standards.models import JobStandard, StandardVersion
from trainmgr.standards.rules import TaskKind, TaskVoice
from trainmgr.standards.tasks import TaskFacts, add_task

HELD = audit.sentence(
    "standards.hold-interview", _l("%(who)s recorded an interview with %(what)s for “%(standard)s”")
)
EDITED = audit.sentence(
    "standards.change-interview", _l("%(who)s changed the interview with %(what)s for “%(standard)s”")
)
REMOVED = audit.sentence(
    "standards.remove-interview", _l("%(who)s removed the interview with %(what)s for “%(standard)s”")
)


@dataclass(frozen=True)
class InterviewFacts:
    """What an interview brought: ratings by the task's id, and tasks that nobody had named before."""

    expert_id: int
    held_on: date
    notes: str = ""
    voices: Mapping[int, TaskVoice] = field(default_factory=dict)
    new_tasks: Sequence[str] = ()


def interviews_of(version: StandardVersion) -> Sequence[Interview]:
    """Return the interviews behind a version with who was asked and what was rated: two statements."""
    return db.session.scalars(
        sa.select(Interview)
        .where(Interview.version_id == version.id)
        .options(joinedload(Interview.expert), selectinload(Interview.ratings))
        .order_by(Interview.held_on, Interview.id)
    ).all()


def create_interview(standard: JobStandard, facts: InterviewFacts, *, by: Actor, now: datetime) -> Interview:
    """Record an interview for the draft."""
    draft = opened(standard)
    _require_one_a_day(draft, facts)
    interview = Interview(
        version_id=draft.id, expert_id=facts.expert_id, held_on=facts.held_on, notes=facts.notes
    )
    db.session.add(interview)
    db.session.flush()
    _write_voices(draft, interview, facts)
    _record(HELD, standard, interview, by=by, now=now)
    return interview


def change_interview(
    standard: JobStandard,
    interview: Interview,
    facts: InterviewFacts,
    *,
    version: int | None = None,
    by: Actor,
    now: datetime,
) -> None:
    """Change what an interview brought."""
    draft = opened(standard)
    interview = fresh(Interview, interview.id)
    require_version(interview, version)
    _require_one_a_day(draft, facts, but=interview.id)
    interview.expert_id, interview.held_on, interview.notes = facts.expert_id, facts.held_on, facts.notes
    interview.version += 1
    db.session.flush()
    _write_voices(draft, interview, facts)
    _record(EDITED, standard, interview, by=by, now=now)


def remove_interview(standard: JobStandard, interview: Interview, *, by: Actor, now: datetime) -> None:
    """Remove an interview with its ratings; the tasks that it told stay."""
    opened(standard)
    interview = fresh(Interview, interview.id)
    _record(REMOVED, standard, interview, by=by, now=now)
    db.session.execute(sa.delete(TaskRating).where(TaskRating.interview_id == interview.id))
    db.session.execute(sa.delete(Interview).where(Interview.id == interview.id))


def _record(action: str, standard: JobStandard, interview: Interview, *, by: Actor, now: datetime) -> None:
    db.session.refresh(interview, ["expert"])
    audit.record(action, interview, by=by, now=now, name=interview.expert.name, standard=standard.post)


def _require_one_a_day(draft: StandardVersion, facts: InterviewFacts, but: int | None = None) -> None:
    same = sa.select(Interview.id).where(
        Interview.version_id == draft.id,
        Interview.expert_id == facts.expert_id,
        Interview.held_on == facts.held_on,
        Interview.id.is_distinct_from(but),
    )
    require(
        db.session.scalar(same) is None,
        _("There is an interview with this expert on that day already. Change that one."),
    )


def _write_voices(draft: StandardVersion, interview: Interview, facts: InterviewFacts) -> None:
    told = [task for task in tasks_of_version(draft.id) if task.kind is TaskKind.REPRESENTATIVE]
    for name in _unheard({task.name for task in told}, facts.new_tasks):
        add_task(draft, TaskKind.REPRESENTATIVE, TaskFacts(name))
    known = {task.id for task in told}
    db.session.execute(sa.delete(TaskRating).where(TaskRating.interview_id == interview.id))
    rows = [
        {
            "interview_id": interview.id,
            "task_id": task_id,
            "version_id": draft.id,
            "difficulty": voice.difficulty,
            "importance": voice.importance,
            "frequency": voice.frequency,
        }
        for task_id, voice in facts.voices.items()
        if task_id in known
    ]
    if rows:
        db.session.execute(sa.insert(TaskRating), rows)
    db.session.expire(interview, ["ratings"])


def _unheard(known: set[str], names: Iterable[str]) -> list[str]:
    return [name for name in dict.fromkeys(names) if name and name not in known]
