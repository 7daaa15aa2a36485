"""What an evidence pack holds: entries of a programme and of each trainee, read one trainee at a time."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from pathlib import PurePosixPath
from typing import Any, NamedTuple

import sqlalchemy as sa
from flask_babel import gettext as _
from sqlalchemy.orm import joinedload, selectinload

from trainmgr.attendance import labels as attendance
from trainmgr.attendance.models import AttendanceMark
from trainmgr.certificates.models import ExternalCertificate
from trainmgr.certificates.paper import paper_of
from trainmgr.certificates.queries import history_of as certificates_of
from trainmgr.curriculum.board import read_board
from trainmgr.curriculum.models import Module
from trainmgr.curriculum.print_word import plan_document
from trainmgr.enrolment.models import Cohort, Enrolment
from trainmgr.enrolment.queries import visible_in
from trainmgr.evaluation import labels as evaluation
from trainmgr.evaluation.models import Criterion, Rating
from trainmgr.evaluation.results import WindowResult, windows_with_result
from trainmgr.identity.models import User
from trainmgr.kernel import storage
from trainmgr.kernel.audit import AuditEvent, tell
from trainmgr.kernel.db import db
from trainmgr.kernel.files import StoredFile
from trainmgr.kernel.sheets import Column, write_csv
from trainmgr.mentoring.queries import history_of
from trainmgr.outcomes.labels import KINDS as PASSES
from trainmgr.outcomes.queries import histories
from trainmgr.placements.models import Placement, PlacementChange, PlacementPost
from trainmgr.practice.models import GateDecision, LogPhoto, LogState, PracticeLog
from trainmgr.practice.queries import gates_of
from trainmgr.programs.home import select_trail
from trainmgr.programs.models import Program
from trainmgr.reporting import telling, writing
from trainmgr.reporting.closing import closing_blocks
from trainmgr.reporting.rules import safe_name
from trainmgr.timetable.models import TeachingSession

Pieces = Iterable[bytes]


class Entry(NamedTuple):
    """One file of a pack: its name inside, and its content piece by piece."""

    name: str
    pieces: Pieces


def ids_of(program: Program, viewer: User) -> Sequence[int]:
    """Return the trainees whom the viewer may see, by class and name."""
    return db.session.scalars(
        sa.select(Enrolment.id)
        .outerjoin(Cohort, Cohort.id == Enrolment.cohort_id)
        .where(visible_in(program, viewer))
        .order_by(sa.func.coalesce(Cohort.name, ""), Enrolment.name, Enrolment.id)
    ).all()


def size_of(program: Program, viewer: User, enrolment_id: int | None = None) -> tuple[int, int, int, int]:
    """Return how many trainees, logs and photos a pack holds, and about how many bytes (two statements)."""
    seen = [visible_in(program, viewer)]
    if enrolment_id is not None:
        seen.append(Enrolment.id == enrolment_id)
    people = db.session.scalar(sa.select(sa.func.count(Enrolment.id)).where(*seen)) or 0
    row = db.session.execute(
        sa.select(
            sa.func.count(sa.distinct(PracticeLog.id)),
            sa.func.count(LogPhoto.file_id),
            sa.func.coalesce(sa.func.sum(StoredFile.size), 0),
        )
        .select_from(PracticeLog)
        .join(Enrolment, Enrolment.id == PracticeLog.enrolment_id)
        .outerjoin(LogPhoto, LogPhoto.log_id == PracticeLog.id)
        .outerjoin(StoredFile, StoredFile.id == LogPhoto.file_id)
        .where(*seen, PracticeLog.state != LogState.DRAFT)
    ).one()
    return people, row[0], row[1], int(row[2]) + people * 60_000 + row[0] * 600


# --- the programme ----------------------------------------------------------------------------------


def program_entries(program: Program, viewer: User, now: datetime) -> Iterator[Entry]:
    """Yield what belongs to the programme as a whole: plan, closing report, trail."""
    folder = _("00 Programme")
    board = read_board(program, drafts=False)
    if board is not None and board.edition is not None:
        yield Entry(f"{folder}/{_('Training plan')}.docx", [writing.to_bytes(plan_document(board))])
    yield Entry(f"{folder}/{_('Closing report')}.docx", [closing_file(program, viewer, now)])
    trail = db.session.scalars(
        select_trail(program, viewer).order_by(AuditEvent.at, AuditEvent.id).execution_options(yield_per=500)
    )
    yield Entry(f"{folder}/{_('Audit extract')}.csv", _events(trail))


def closing_file(program: Program, viewer: User, now: datetime) -> bytes:
    """Return the closing report as Word."""
    document = writing.start(_("Closing report: %(name)s", name=program.label), program.parties_line)
    writer = writing.Writer(document, {"table": _("Table %(number)s"), "chart": _("Chart %(number)s")})
    writer.write(closing_blocks(program, viewer, now))
    return writing.to_bytes(document)


# --- one trainee ------------------------------------------------------------------------------------


def people_of(program: Program, viewer: User, ids: Sequence[int]) -> list[Enrolment]:
    """Return trainees whom the viewer may see, in the order of the ids (one statement)."""
    rows = db.session.scalars(
        sa.select(Enrolment)
        .where(visible_in(program, viewer), Enrolment.id.in_(ids))
        .options(
            joinedload(Enrolment.cohort), joinedload(Enrolment.college), joinedload(Enrolment.enterprise),
            joinedload(Enrolment.school_teacher), joinedload(Enrolment.enterprise_mentor),
        )
    )  # fmt: skip
    found = {row.id: row for row in rows}
    return [found[key] for key in ids if key in found]


def folder_of(place: int, enrolment: Enrolment) -> str:
    """Return the folder of a trainee: numbered in the order of the roster, so that no two meet."""
    number = enrolment.student_number or enrolment.employee_number
    return safe_name(f"{place:04} {enrolment.name} {number}", f"{place:04}")


def trainee_entries(
    program: Program, enrolment: Enrolment, viewer: User, now: datetime, folder: str = ""
) -> Iterator[Entry]:
    """Yield all that the records hold of a trainee, as far as the viewer may see it."""
    before = f"{folder}/" if folder else ""
    placements = _placements(enrolment)
    gates, logs = gates_of(enrolment), _logs(enrolment)
    document = telling.facts_document(program, enrolment, history_of(enrolment.id), gates)
    yield Entry(f"{before}{_('01 Trainee')}.docx", [writing.to_bytes(document)])
    if placements:
        document = telling.agreement_document(enrolment, placements)
        yield Entry(f"{before}{_('02 Agreement')}.docx", [writing.to_bytes(document)])
    yield from _log_entries(enrolment, logs, before)
    yield Entry(f"{before}{_('04 Attendance')}.csv", [_attendance(enrolment)])
    windows = windows_with_result(program, enrolment, viewer, now)
    yield Entry(f"{before}{_('05 Ratings')}.csv", [_ratings(windows)])
    yield Entry(f"{before}{_('06 Results')}.csv", [_results(enrolment, windows)])
    yield from _certificates(enrolment, before)
    yield Entry(
        f"{before}{_('08 Audit extract')}.csv", _events(_deeds(enrolment, placements, gates, logs, windows))
    )


def _placements(enrolment: Enrolment) -> Sequence[Placement]:
    return (
        db.session.scalars(
            sa.select(Placement)
            .where(Placement.enrolment_id == enrolment.id)
            .options(
                joinedload(Placement.post).joinedload(PlacementPost.organization),
                selectinload(Placement.signatures),
                selectinload(Placement.changes)
                .joinedload(PlacementChange.post)
                .joinedload(PlacementPost.organization),
            )
            .order_by(Placement.starts_on, Placement.id)
        )
        .unique()
        .all()
    )


def _logs(enrolment: Enrolment) -> Sequence[PracticeLog]:
    return (
        db.session.scalars(
            sa.select(PracticeLog)
            .where(PracticeLog.enrolment_id == enrolment.id, PracticeLog.state != LogState.DRAFT)
            .options(
                selectinload(PracticeLog.photos).joinedload(LogPhoto.file),
                joinedload(PracticeLog.decision),
                joinedload(PracticeLog.case),
            )
            .order_by(PracticeLog.day, PracticeLog.id)
        )
        .unique()
        .all()
    )


def _log_entries(enrolment: Enrolment, logs: Sequence[PracticeLog], before: str) -> Iterator[Entry]:
    if not logs:
        return
    document = telling.logs_document(enrolment, logs)
    yield Entry(f"{before}{_('03 Logs')}.docx", [writing.to_bytes(document)])
    for log in logs:
        for photo in log.photos:
            yield Entry(f"{before}{_('03 Photos')}/{telling.photo_name(log, photo)}", _stored(photo.file))


def _stored(file: StoredFile) -> Iterator[bytes]:
    try:
        with storage.store().open(file.key, file.size) as content:
            yield from iter(lambda: content.read(storage.PIECE), b"")
    except FileNotFoundError:
        yield _("The file is no longer kept.").encode()


def _attendance(enrolment: Enrolment) -> bytes:
    rows = db.session.execute(
        sa.select(AttendanceMark, Module.name, TeachingSession.first_unit)
        .outerjoin(TeachingSession, TeachingSession.id == AttendanceMark.session_id)
        .outerjoin(Module, Module.id == TeachingSession.module_id)
        .where(AttendanceMark.enrolment_id == enrolment.id)
        .order_by(AttendanceMark.day, AttendanceMark.id)
    )
    lines = (
        [mark.day, module or "", unit or "", mark.label, attendance.SOURCES[mark.source], mark.note, mark.by_name,
         telling.stamp(mark.at)]
        for mark, module, unit in rows
    )  # fmt: skip
    return telling.table(
        [_("Day"), _("Module"), _("Unit"), _("Mark"), _("Noted"), _("Note"), _("By"), _("When")],
        ([str(cell) if cell is not None else "" for cell in line] for line in lines),
    )


def _ratings(windows: Sequence[WindowResult]) -> bytes:
    return telling.table(
        [_("Window"), _("Party"), _("Rater"), _("Submitted"), _("Corrected"), _("Criterion"), _("Mark (1–5)"),
         _("In words"), _("Comment")],
        (line for one in windows for line in _lines_of(one)),
    )  # fmt: skip


def _lines_of(one: WindowResult) -> Iterator[list[Any]]:
    criteria: dict[int, Criterion] = {each.id: each for each in one.window.scheme.criteria}
    shown: list[Rating] = [*(one.corrected if one.sees_all else ()), *one.shown.values()]
    for rating in shown:
        corrected = _("yes, a later one counts") if rating in one.corrected else ""
        head = [one.window.label, evaluation.PARTIES[rating.party], rating.rater.name,
                telling.stamp(rating.submitted_at), corrected]  # fmt: skip
        for score in sorted(one.readable(rating), key=lambda each: each.criterion_id):
            criterion = criteria.get(score.criterion_id)
            name = criterion.label if criterion else ""
            word = criterion.word(score.score) if criterion and score.score and criterion.anchors else ""
            mark = score.score if score.score is not None else _("no chance to see")
            yield [str(cell) for cell in (*head, name, mark, word, "")]
        if rating.comment:
            yield [str(cell) for cell in (*head, "", "", "", rating.comment)]


def _results(enrolment: Enrolment, windows: Sequence[WindowResult]) -> bytes:
    rows: list[list[Any]] = [
        [one.window.label, *telling.scores(one.result)]
        for one in windows
        if one.result is not None and one.sees_all
    ]
    rows += [
        [_("Decision"), PASSES[decision.kind], telling.stamp(decision.at), decision.by_name, decision.reason,
         "" if decision.is_present else _("replaced by a later one")]
        for decision in histories(enrolment.id)
    ]  # fmt: skip
    header = [_("Window"), _("Composite of 100"), _("Lowest possible"), _("Highest possible"), _("Provisional"),
              _("Computed")]  # fmt: skip
    return telling.table(header, ([str(cell) for cell in row] for row in rows))


def _certificates(enrolment: Enrolment, before: str) -> Iterator[Entry]:
    """Yield the list of certificates, the proofs of those of others, and in a trainee's own pack our papers."""
    own = certificates_of(enrolment.id)
    external = db.session.scalars(
        sa.select(ExternalCertificate)
        .where(ExternalCertificate.enrolment_id == enrolment.id)
        .order_by(ExternalCertificate.issued_on, ExternalCertificate.id)
    ).all()
    if not (own or external):
        return
    folder = f"{before}{_('07 Certificates')}"
    yield Entry(f"{folder}.csv", [telling.certificate_table(own, external)])
    if not before:
        for one in own:
            yield Entry(f"{folder}/{safe_name(one.serial)}.pdf", [paper_of(one)])
    for given in external:
        file = db.session.get(StoredFile, given.file_id) if given.file_id else None
        if file is not None:
            ending = PurePosixPath(file.name).suffix.lower()
            yield Entry(f"{folder}/{safe_name(f'{given.id} {given.name}')}{ending}", _stored(file))


# --- the trail --------------------------------------------------------------------------------------


def _deeds(
    enrolment: Enrolment, placements: Sequence[Placement], gates: Sequence[GateDecision],
    logs: Sequence[PracticeLog], windows: Sequence[WindowResult],
) -> Sequence[AuditEvent]:  # fmt: skip
    """Return the deeds done to a trainee's own records, oldest first."""
    ratings = [rating.id for one in windows if one.sees_all for rating in one.all_ratings]
    subjects = {
        "enrolment": [enrolment.id],
        "placement": [each.id for each in placements],
        "gate_decision": [each.id for each in gates],
        "practice_log": [each.id for each in logs],
        "rating": ratings,
    }
    which = [
        sa.and_(AuditEvent.subject_kind == kind, AuditEvent.subject_id.in_(ids))
        for kind, ids in subjects.items()
        if ids
    ]
    return db.session.scalars(
        sa.select(AuditEvent)
        .where(AuditEvent.program_id == enrolment.program_id, sa.or_(*which))
        .order_by(AuditEvent.at, AuditEvent.id)
    ).all()


def _events(events: Iterable[AuditEvent]) -> Iterator[bytes]:
    """Yield deeds as lines of a CSV, some hundred at a time."""
    header = [_("When"), _("Who"), _("What happened"), _("Deed"), _("Reason")]
    lines: list[list[Any]] = []
    yield telling.table(header, ())
    for event in events:
        lines.append([telling.stamp(event.at), event.actor_name, tell(event), event.action, event.reason])
        if len(lines) >= 500:
            yield _bare(len(header), lines)
            lines = []
    if lines:
        yield _bare(len(header), lines)


def _bare(width: int, rows: Iterable[Sequence[Any]]) -> bytes:
    """Return the lines alone, to be put behind those that were written before."""
    data = write_csv([Column(f"c{place}", "") for place in range(width)], rows)
    return data.removeprefix(b"\xef\xbb\xbf").split(b"\n", 1)[1]
