"""The Word documents of one trainee in an evidence pack: who it is, the agreement, the logs."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from docx.document import Document
from flask import current_app
from flask_babel import gettext as _

from trainmgr.certificates.models import Certificate, ExternalCertificate
from trainmgr.enrolment.models import Enrolment
from trainmgr.evaluation.models import Result
from trainmgr.evaluation.scoring import hundred
from trainmgr.kernel.hours import ledger_hours
from trainmgr.kernel.i18n import day, hours, number
from trainmgr.kernel.sheets import Column, write_csv
from trainmgr.materials import labels as materials
from trainmgr.materials.rules import CasePart
from trainmgr.mentoring.models import Assignment
from trainmgr.placements import labels as placements
from trainmgr.placements.models import Placement
from trainmgr.practice import labels as practice
from trainmgr.practice.models import GateDecision, LogDecisionKind, LogPhoto, PracticeLog
from trainmgr.programs.labels import SIDES
from trainmgr.programs.models import Program
from trainmgr.reporting import writing
from trainmgr.reporting.blocks import Block, Heading, Table, Text


def stamp(moment: datetime | None) -> str:
    """Return a moment as evidence gives it, whoever reads it when: 2026-11-20 09:30."""
    if moment is None:
        return ""
    return f"{moment.astimezone(ZoneInfo(current_app.config['TIMEZONE'])):%Y-%m-%d %H:%M}"


def table(header: Sequence[str], rows: Iterable[Sequence[Any]]) -> bytes:
    """Return a CSV that Excel opens rightly."""
    return write_csv([Column(f"c{place}", name) for place, name in enumerate(header)], rows)


def certificate_table(own: Sequence[Certificate], external: Sequence[ExternalCertificate]) -> bytes:
    """Return a trainee's certificates, ours and those of others, as a list."""
    rows = [
        [_("Certificate of completion"), "", one.serial, one.college_name, str(one.issued_on), "",
         _("revoked") if one.revocation else _("valid"), one.check_address]
        for one in own
    ]  # fmt: skip
    rows += [
        [one.name, str(one.level_label), one.number, one.issuer, str(one.issued_on), str(one.expires_on or ""),
         str(one.state_label), ""]
        for one in external
    ]  # fmt: skip
    header = [_("Certificate"), _("Level"), _("Number"), _("Issuer"), _("Issued on"), _("Valid until"), _("State"),
              _("Public check")]  # fmt: skip
    return table(header, rows)


def photo_name(log: PracticeLog, photo: LogPhoto) -> str:
    """Return the file name of a log's photo."""
    return f"{log.day:%Y%m%d}-{log.id}-{photo.position}.jpg"


def scores(result: Result) -> list[str]:
    """Return a result's composite with its range, out of a hundred."""
    marks = [number(hundred(value), 1) for value in (result.composite, result.low, result.high)]
    return [*marks, _("yes") if result.is_provisional else "", stamp(result.computed_at)]


def _document(title: str, enrolment: Enrolment, blocks: Sequence[Block]) -> Document:
    document = writing.start(title, " · ".join(filter(None, (enrolment.name, enrolment.student_number))))
    writing.Writer(document, {"table": _("Table %(number)s"), "chart": _("Chart %(number)s")}).write(blocks)
    return document


def facts_document(
    program: Program, enrolment: Enrolment, mentors: Sequence[Assignment], gates: Sequence[GateDecision]
) -> Document:
    """Return who the trainee is, who guided him or her when, and how the gates were judged."""
    facts = [
        (_("Name"), enrolment.name),
        (_("Student number"), enrolment.student_number or "–"),
        (_("Employee number"), enrolment.employee_number or "–"),
        (_("Class"), enrolment.cohort.name if enrolment.cohort else "–"),
        (_("College"), enrolment.college.name),
        (_("Enterprise"), enrolment.enterprise.name if enrolment.enterprise else "–"),
        (_("Post"), enrolment.post or "–"),
        (_("State"), enrolment.state_label),
        (_("Enrolled on"), day(enrolment.enrolled_on)),
        (_("Hours planned"), hours(ledger_hours(enrolment.planned_minutes))),
        (_("Hours verified"), hours(ledger_hours(enrolment.verified_minutes))),
    ]
    rows = [(str(name), str(value)) for name, value in facts]
    blocks: list[Block] = [Table([_("Programme"), program.label], rows, widths=(4.5, 12.5))]
    if mentors:
        lines = [
            (str(SIDES[each.side]), each.mentor.name, day(each.starts_on), day(each.ends_on), each.reason or "–")
            for each in mentors
        ]  # fmt: skip
        header = [_("Side"), _("Mentor"), _("From"), _("Until"), _("Reason")]
        blocks += [Heading(_("Mentors"), 2), Table(header, lines, widths=(2.5, 3, 2.5, 2.5, 6.5))]
    if gates:
        blocks += [Heading(_("Stage gates"), 2), _gates(gates)]
    return _document(_("Trainee: %(name)s", name=enrolment.name), enrolment, blocks)


def _gates(gates: Sequence[GateDecision]) -> Table:
    rows = [
        (each.stage_number, each.attempt, str(practice.OUTCOMES[each.outcome]),
         " ".join(filter(None, (each.comment, each.waiver, each.remedial_task))) or "–", each.by_name, stamp(each.at))
        for each in gates
    ]  # fmt: skip
    header = [_("Stage"), _("Attempt"), _("Outcome"), _("Comment"), _("By"), _("When")]
    return Table(header, rows, numeric=(0, 1), widths=(1.5, 1.5, 3, 6, 2, 3))


def agreement_document(enrolment: Enrolment, found: Sequence[Placement]) -> Document:
    """Return the agreements of a trainee's placements: every version of the terms and who signed it when."""
    blocks: list[Block] = []
    for placement in found:
        post = placement.post
        blocks.append(Heading(f"{post.organization.name} · {post.name}", 2))
        pay = "–" if placement.pay_cents is None else number(placement.pay_cents / 100, 2)
        facts = [
            (_("State"), placement.state_label),
            (_("Period"), f"{day(placement.starts_on)} – {day(placement.ends_on)}"),
            (_("Place"), placement.site or post.site or "–"),
            (_("Pay a month (CNY)"), pay),
            (_("Insurance"), placement.policy or "–"),
            (_("Insured until"), day(placement.insured_until)),
            (_("Consent on"), day(placement.consent_on)),
        ]
        rows = [(str(name), str(value)) for name, value in facts]
        blocks.append(Table([_("Terms that hold"), str(placement.number)], rows, widths=(4.5, 12.5)))
        blocks += [_changes(placement), _signed(placement)]
    return _document(_("Placement agreement: %(name)s", name=enrolment.name), enrolment, blocks)


def _changes(placement: Placement) -> Table:
    rows = [
        (str(each.number), str(each.kind_label), day(each.effective_on), each.post.name,
         f"{day(each.starts_on)} – {day(each.ends_on)}", each.reason or "–", each.by_name, stamp(each.at))
        for each in placement.changes
    ]  # fmt: skip
    header = [
        _("Terms"),
        _("What happened"),
        _("From"),
        _("Post"),
        _("Period"),
        _("Reason"),
        _("By"),
        _("When"),
    ]
    return Table(header, rows, widths=(1.1, 2, 2.1, 2.4, 3, 2.6, 1.5, 2.3))


def _signed(placement: Placement) -> Block:
    if not placement.signatures:
        return Text(_("Nobody has signed the agreement."), "missing")
    rows = [
        (each.number, str(placements.SIGNATORIES[each.signatory]), each.by_name, stamp(each.signed_at), each.digest)
        for each in placement.signatures
    ]  # fmt: skip
    header = [_("Terms"), _("Signed for"), _("Signed by"), _("When"), _("Digest of the content (SHA-256)")]
    return Table(header, rows, widths=(1.3, 2.2, 2.2, 3.3, 8))


def logs_document(enrolment: Enrolment, logs: Sequence[PracticeLog]) -> Document:
    """Return every log that was handed in, with what the mentor found and the names of its photos."""
    blocks: list[Block] = []
    for log in logs:
        period = day(log.day) + (f" – {day(log.until)}" if log.until else "")
        blocks.append(Heading(f"{period} · {log.task}", 3))
        about = [_("Log %(number)s", number=log.id), _("stage %(number)s", number=log.stage_number),
                 _("%(hours)s hours", hours=hours(ledger_hours(log.minutes))), str(log.state_label)]  # fmt: skip
        if log.submitted_at:
            about.append(_("handed in %(moment)s", moment=stamp(log.submitted_at)))
        if log.replaces_id:
            about.append(_("replaces log %(number)s", number=log.replaces_id))
        blocks.append(Text(" · ".join(about), "note"))
        blocks += _content(log)
    return _document(_("Logs: %(name)s", name=enrolment.name), enrolment, blocks)


def _content(log: PracticeLog) -> list[Block]:
    blocks: list[Block] = []
    if log.learned:
        blocks.append(Text(log.learned))
    if log.case is not None:
        parts = ((part, getattr(log.case, part.value)) for part in CasePart)
        blocks += [Text(f"{materials.PARTS[part]}: {text}") for part, text in parts if text]
    if log.photos:
        names = ", ".join(photo_name(log, photo) for photo in log.photos)
        blocks.append(Text(_("Photos: %(names)s", names=names), "note"))
    if log.decision is not None:
        told = _("Signed") if log.decision.kind is LogDecisionKind.SIGN else _("Returned")
        words = [f"{told}: {log.decision.by_name}, {stamp(log.decision.at)}", log.decision.comment]
        blocks.append(Text(" · ".join(filter(None, words)), "note"))
    return blocks
