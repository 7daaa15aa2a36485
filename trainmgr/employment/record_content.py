"""What the record of a training holds: gathered from what is recorded, for up to some hundreds of trainees at once.

The names of its fields are English and do not change; `VERSION` rises when their meaning does. Hours are decimals,
marks are out of 100, days are ISO 8601.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from trainmgr.attendance.models import AttendanceTally
from trainmgr.certificates.models import Certificate, ExternalCertificate
from trainmgr.certificates.rules import ExternalState
from trainmgr.contests.award_queries import awards_held
from trainmgr.enrolment.models import Enrolment
from trainmgr.evaluation.models import Result, Window
from trainmgr.evaluation.rules import WindowKind
from trainmgr.evaluation.scoring import hundred
from trainmgr.guidance.models import AwardWithdrawal, GuidanceAward
from trainmgr.identity.models import Organization
from trainmgr.kernel.db import db
from trainmgr.outcomes.models import PassDecision
from trainmgr.practice.models import GateDecision, LogState, PracticeLog
from trainmgr.programs.models import Program

TYPE, VERSION = "trainmgr-training-record", 1
MINUTES = 60

Parts = dict[int, list[dict[str, Any]]]


def gather(program: Program, people: Sequence[Enrolment]) -> dict[int, dict[str, Any]]:
    """Return what is recorded of trainees (with their classes) by enrolment id: ten statements, however many."""
    ids = [one.id for one in people]
    logs, attendance, results = _logs(ids), _attendance(ids), _ratings(ids)
    decisions, gates = _decisions(ids), _gates(ids)
    certificates, awards = _certificates(ids), _awards(ids)
    return {
        one.id: {
            "person": _person(one),
            "programme": _programme(program),
            "training": _training(one),
            "hours": _hours(one),
            "logs": logs.get(one.id, {"signed": 0, "hours": 0, "first": None, "last": None}),
            "attendance": attendance.get(one.id),
            "stages": gates.get(one.id, []),
            "ratings": results.get(one.id, []),
            "decision": decisions.get(one.id),
            "certificates": certificates.get(one.id, []),
            "awards": awards.get(one.id, []),
        }
        for one in people
    }


def document_of(
    content: dict[str, Any],
    *,
    code: str,
    number: int,
    issuer: Organization,
    recipient: Organization,
    consent_at: datetime,
    now: datetime,
) -> dict[str, Any]:
    """Return the whole record of one trainee: who issues it for whom, on whose consent, and what it says."""
    head = {
        "type": TYPE,
        "version": VERSION,
        "code": code,
        "number": number,
        "issued_at": now.isoformat(),
        "issuer": _organization(issuer),
        "recipient": _organization(recipient),
        "consent": {"given_at": consent_at.isoformat(), "purpose": "appraisal and grading at the recipient"},
        "scales": {"marks": "0 to 100", "hours": "hours of 60 minutes"},
    }
    return head | content


def _organization(one: Organization) -> dict[str, Any]:
    return {"name": one.name, "name_en": one.name_en}


def _person(one: Enrolment) -> dict[str, Any]:
    return {
        "name": one.name,
        "student_number": one.student_number,
        "employee_number": one.employee_number,
        "id_number_masked": one.id_number_masked,
    }


def _programme(program: Program) -> dict[str, Any]:
    return {
        "name": program.name,
        "name_en": program.name_en,
        "code": program.code,
        "kind": program.kind.value,
        "starts_on": _day(program.starts_on),
        "ends_on": _day(program.ends_on),
    }


def _training(one: Enrolment) -> dict[str, Any]:
    return {
        "class": one.cohort.name if one.cohort else "",
        "field": one.field,
        "level": one.level,
        "post": one.post,
        "enrolled_on": _day(one.enrolled_on),
        "state": one.state.value,
    }


def _hours(one: Enrolment) -> dict[str, float]:
    return {
        "planned": _in_hours(one.planned_minutes),
        "recognised": _in_hours(one.recognised_minutes),
        "handed_in": _in_hours(one.submitted_minutes),
        "verified": _in_hours(one.verified_minutes),
    }


def _in_hours(minutes: int | None) -> float:
    return round((minutes or 0) / MINUTES, 2)


def _day(value: Any) -> str | None:
    return value.isoformat() if value else None


def _logs(ids: Sequence[int]) -> dict[int, dict[str, Any]]:
    rows = db.session.execute(
        sa.select(
            PracticeLog.enrolment_id,
            sa.func.count(),
            sa.func.sum(PracticeLog.minutes),
            sa.func.min(PracticeLog.day),
            sa.func.max(PracticeLog.day),
        )
        .where(PracticeLog.enrolment_id.in_(ids), PracticeLog.state == LogState.SIGNED)
        .group_by(PracticeLog.enrolment_id)
    )
    return {
        row[0]: {"signed": row[1], "hours": _in_hours(row[2]), "first": _day(row[3]), "last": _day(row[4])}
        for row in rows
    }


def _attendance(ids: Sequence[int]) -> dict[int, dict[str, Any]]:
    rows = db.session.scalars(sa.select(AttendanceTally).where(AttendanceTally.enrolment_id.in_(ids)))
    return {
        row.enrolment_id: {
            "present": row.present, "late": row.late, "excused": row.excused, "absent": row.absent
        }
        for row in rows
    }  # fmt: skip


def _ratings(ids: Sequence[int]) -> Parts:
    rows = db.session.execute(
        sa.select(Result, Window.name, Window.kind)
        .join(Window, Window.id == Result.window_id)
        .where(Result.enrolment_id.in_(ids), Window.kind != WindowKind.FOLLOW_UP)
        .order_by(Window.closes_at, Window.id)
    )
    found: Parts = {}
    for result, name, kind in rows:
        line = {
            "name": name,
            "kind": kind.value,
            "trainee": _mark(result.trainee_score),
            "enterprise": _mark(result.enterprise_score),
            "teacher": _mark(result.teacher_score),
            "composite": _mark(result.composite),
            "provisional": bool(result.is_provisional),
        }
        found.setdefault(result.enrolment_id, []).append(line)
    return found


def _mark(score: float | None) -> float | None:
    value = hundred(score)
    return None if value is None else round(value, 1)


def _decisions(ids: Sequence[int]) -> dict[int, dict[str, Any]]:
    rows = db.session.scalars(
        sa.select(PassDecision).where(PassDecision.enrolment_id.in_(ids), PassDecision.is_present)
    )
    return {
        row.enrolment_id: {"passed": row.kind.value == "passed", "at": row.at.isoformat()} for row in rows
    }


def _gates(ids: Sequence[int]) -> Parts:
    rows = db.session.execute(
        sa.select(GateDecision.enrolment_id, GateDecision.stage_number, GateDecision.outcome)
        .where(GateDecision.enrolment_id.in_(ids), GateDecision.is_latest)
        .order_by(GateDecision.stage_number)
    )
    found: Parts = {}
    for enrolment_id, stage, outcome in rows:
        found.setdefault(enrolment_id, []).append({"stage": stage, "outcome": outcome.value})
    return found


def _certificates(ids: Sequence[int]) -> Parts:
    found: Parts = {}
    own = db.session.scalars(
        sa.select(Certificate)
        .where(Certificate.enrolment_id.in_(ids), Certificate.is_present)
        .order_by(Certificate.id)
    )
    for one in own:
        found.setdefault(one.enrolment_id, []).append(
            {"kind": "completion", "name": one.program_name, "level": None, "number": one.serial,
             "issuer": one.college_name, "issued_on": _day(one.issued_on), "expires_on": None}
        )  # fmt: skip
    others = db.session.scalars(
        sa.select(ExternalCertificate)
        .where(ExternalCertificate.enrolment_id.in_(ids), ExternalCertificate.state == ExternalState.VERIFIED)
        .order_by(ExternalCertificate.issued_on, ExternalCertificate.id)
    )
    for other in others:
        found.setdefault(other.enrolment_id, []).append(
            {"kind": "external", "name": other.name, "level": other.level.value, "number": other.number,
             "issuer": other.issuer, "issued_on": _day(other.issued_on), "expires_on": _day(other.expires_on)}
        )  # fmt: skip
    return found


def _awards(ids: Sequence[int]) -> Parts:
    found: Parts = {}
    withdrawn = sa.exists().where(AwardWithdrawal.award_id == GuidanceAward.id)
    given = db.session.scalars(
        sa.select(GuidanceAward)
        .where(GuidanceAward.enrolment_id.in_(ids), sa.not_(withdrawn))
        .order_by(GuidanceAward.awarded_on, GuidanceAward.id)
    )
    for one in given:
        found.setdefault(one.enrolment_id, []).append(
            {"kind": one.kind.value, "name": one.name, "level": one.side.value, "grade": None,
             "awarded_on": _day(one.awarded_on)}
        )  # fmt: skip
    for enrolment_id, award in awards_held(ids):
        found.setdefault(enrolment_id, []).append(
            {"kind": "contest", "name": award.contest_name, "level": award.level.value,
             "grade": award.grade.value, "awarded_on": _day(award.awarded_on)}
        )  # fmt: skip
    return found
