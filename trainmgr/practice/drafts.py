"""A log while it is being written: kept on every change, with its photos, until it is handed in or thrown away."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime

import sqlalchemy as sa
from flask_babel import gettext as _
from sqlalchemy.orm import joinedload, selectinload

from trainmgr.curriculum.models import PlanStage
from trainmgr.enrolment.models import Enrolment
from trainmgr.identity.models import User
from trainmgr.kernel.audit import require
from trainmgr.kernel.db import db
from trainmgr.kernel.errors import RuleBroken
from trainmgr.kernel.files import SmallPhoto, store_photo
from trainmgr.practice.models import LogCase, LogCompetency, LogKind, LogPhoto, LogState, PracticeLog
from trainmgr.practice.periods import Covered
from trainmgr.practice.rules import MOST_PHOTOS, side_of
from trainmgr.programs.actions import require_open
from trainmgr.programs.models import Program
from trainmgr.programs.rules import Side, Work

KEY_LENGTH = 28


@dataclass(frozen=True)
class Content:
    """What was typed, as far as it could be read; a draft takes it half empty too.

    `parts` are the five parts of a case by name, None for a log of practice. `typed_signs` and `pasted_signs` are what
    the form counted (None: it did not).
    """

    covered: Covered
    stage_number: int = 0
    module_id: int | None = None
    task: str = ""
    learned: str = ""
    competency_ids: tuple[int, ...] = ()
    parts: dict[str, str] | None = field(default=None)
    typed_signs: int | None = None
    pasted_signs: int | None = None


def key_for(enrolment: Enrolment, key: str) -> str:
    """Return the form's key as it is stored: nobody's key can meet another trainee's."""
    return f"{enrolment.id}:{key[:KEY_LENGTH]}"


def form_key(log: PracticeLog) -> str:
    """Return the key that a stored log had in its form."""
    return (log.client_key or "").partition(":")[2]


def lock(enrolment: Enrolment) -> None:
    """Let one request at a time write a trainee's logs: a day has 24 hours whoever is faster."""
    db.session.refresh(
        enrolment,
        ["state", "school_teacher_id", "enterprise_mentor_id", "version"],
        with_for_update={"key_share": True},
    )


def keep(
    program: Program,
    enrolment: Enrolment,
    content: Content,
    *,
    key: str,
    replaces: PracticeLog | None,
    uploads: Sequence[SmallPhoto] = (),
    removed: Collection[int] = (),
    stages: Sequence[PlanStage],
    by: User,
    now: datetime,
) -> tuple[PracticeLog, list[str]]:
    """Keep what was typed as a draft; returns it with a sentence for each photo that could not be taken.

    When the form was handed in already, the log that it made is returned as it is.
    """
    require_open(program, Work.PRACTICE)
    require(enrolment.user_id == by.id, _("Only the trainee writes his or her logs."))
    lock(enrolment)
    log = _find(enrolment, key, replaces)
    if log is not None and log.state is not LogState.DRAFT:
        return log, []
    if log is None:
        log = _begin(program, enrolment, content, key, replaces, removed, now)
    _write(log, content, stages)
    return log, _change_photos(log, uploads, removed, by=by, now=now)


def _find(enrolment: Enrolment, key: str, replaces: PracticeLog | None) -> PracticeLog | None:
    known = PracticeLog.client_key == key_for(enrolment, key)
    if replaces is not None:
        known = sa.or_(known, PracticeLog.replaces_id == replaces.id)
    log: PracticeLog | None = db.session.scalars(
        sa.select(PracticeLog)
        .where(PracticeLog.enrolment_id == enrolment.id, known)
        .options(
            selectinload(PracticeLog.photos),
            selectinload(PracticeLog.competencies),
            joinedload(PracticeLog.case),
        )
        .order_by(PracticeLog.id.desc())
        .limit(1)
    ).one_or_none()
    return log


def _begin(
    program: Program,
    enrolment: Enrolment,
    content: Content,
    key: str,
    replaces: PracticeLog | None,
    removed: Collection[int],
    now: datetime,
) -> PracticeLog:
    if replaces is not None:
        require(replaces.state is LogState.RETURNED, _("This log was written again already."))
    log = PracticeLog(
        program_id=program.id, enrolment_id=enrolment.id, stage_number=0, day=content.covered.first, minutes=0, task="",
        state=LogState.DRAFT, created_at=now, client_key=key_for(enrolment, key),
        replaces_id=replaces.id if replaces else None, competencies=[], photos=[],
        kind=LogKind.CASE if content.parts is not None else LogKind.PRACTICE, case=None,
    )  # fmt: skip
    if replaces is not None:
        log.photos = [
            LogPhoto(position=photo.position, file_id=photo.file_id)
            for photo in replaces.photos
            if photo.position not in removed
        ]
    db.session.add(log)
    db.session.flush()
    return log


def _write(log: PracticeLog, content: Content, stages: Sequence[PlanStage]) -> None:
    span = content.covered
    log.day, log.minutes, log.stage_number = span.first, span.total, content.stage_number
    log.until = span.last if len(span.minutes) > 1 else None
    log.day_minutes = list(span.minutes) if len(span.minutes) > 1 else None
    log.typed_signs, log.pasted_signs = content.typed_signs, content.pasted_signs
    if content.parts is not None and log.is_case:
        log.case = log.case or LogCase()
        for name, text in content.parts.items():
            setattr(log.case, name, text)
    log.module_id, log.task, log.learned = content.module_id, content.task, content.learned
    venues = {stage.number: stage.venue for stage in stages}
    log.side = side_of(venues[content.stage_number]) if content.stage_number in venues else Side.ENTERPRISE
    wanted = set(content.competency_ids)
    log.competencies[:] = [one for one in log.competencies if one.competency_id in wanted]
    have = {one.competency_id for one in log.competencies}
    log.competencies += [LogCompetency(competency_id=key) for key in sorted(wanted - have)]
    db.session.flush()


def _change_photos(
    log: PracticeLog, uploads: Sequence[SmallPhoto], removed: Collection[int], *, by: User, now: datetime
) -> list[str]:
    log.photos[:] = [photo for photo in log.photos if photo.position not in removed]
    db.session.flush()
    faults = []
    for upload in uploads:
        taken = {photo.position for photo in log.photos}
        position = next((number for number in range(1, MOST_PHOTOS + 1) if number not in taken), None)
        if position is None:
            faults.append(_("A log takes six photos; %(name)s is one too many.", name=upload.name))
            continue
        try:
            stored = store_photo(upload, by=by, program_id=log.program_id, now=now, purpose="log")
        except RuleBroken as refused:
            faults.append(_("%(name)s: %(reason)s", name=upload.name, reason=str(refused)))
            continue
        log.photos.append(LogPhoto(position=position, file_id=stored.id))
    db.session.flush()
    return faults


def is_same(log: PracticeLog, content: Content) -> bool:
    """Tell whether a stored log says what a form says: days, hours and text."""
    said = (log.covered, log.task, log.learned, log.stage_number, log.module_id)
    parts = content.parts or {}
    case = log.case if log.is_case else None
    return said == (
        content.covered, content.task, content.learned, content.stage_number, content.module_id
    ) and all(case is not None and getattr(case, name) == text for name, text in parts.items())  # fmt: skip


def discard(log: PracticeLog, *, by: User) -> None:
    """Throw a draft away; what was handed in stays."""
    require(log.state is LogState.DRAFT, _("This log was handed in and stays."))
    require(log.enrolment.user_id == by.id, _("Only the trainee writes his or her logs."))
    db.session.delete(log)
