"""Records as statements of the Experience API (ADL, xAPI 1.0.3): who did what, when, with what result.

Verbs are those of ADL's vocabulary; an activity's IRI is an address of this installation. A person is an account with
an opaque id; a name is told only where the college says so. A statement is computed from its record and always has
the same id, so that a store that is sent it twice has it once.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa

from trainmgr.certificates.models import Certificate, CertificateRevocation
from trainmgr.enrolment.models import Enrolment
from trainmgr.exchange.ids import own_id
from trainmgr.exchange.kinds import Source
from trainmgr.kernel.db import db
from trainmgr.pathways.rules import from_document
from trainmgr.practice.models import GateDecision, LogDecision, PracticeLog
from trainmgr.practice.rules import GateOutcome, LogDecisionKind, LogState
from trainmgr.programs.models import Program
from trainmgr.testing.models import Attempt, Participant, Sitting
from trainmgr.testing.rules import AttemptEnd

VERSION = "1.0.3"
ADL = "http://adlnet.gov/expapi"
VERBS = {
    "experienced": {"en-US": "experienced", "zh-CN": "参加了"},
    "completed": {"en-US": "completed", "zh-CN": "完成了"},
    "passed": {"en-US": "passed", "zh-CN": "通过了"},
    "failed": {"en-US": "failed", "zh-CN": "未通过"},
    "voided": {"en-US": "voided", "zh-CN": "作废了"},
}


@dataclass(frozen=True)
class Telling:
    """For whom statements are made: the college, the installation's address, whether names are told."""

    college_id: int
    root: str
    tells_names: bool


def records(source: Source, college_id: int) -> sa.Select[*tuple[Any, ...]]:
    """Return the select of a college's records of a kind, each with all that its statement says.

    Of one's own trainees only, in whoever's programme they are trained.
    """
    found = _SELECTS[source]()
    return found.where(Enrolment.college_id == college_id)


def _columns(subject_id: Any, at: Any, **more: Any) -> list[Any]:
    # Typed by a cast: PostgreSQL takes a bare NULL or parameter for text.
    number, text = sa.cast(sa.null(), sa.Integer()), sa.cast(sa.null(), sa.String())
    figure: Any = sa.cast(sa.null(), sa.Double())
    nothing: dict[str, Any] = {
        "stage": number, "minutes": number, "points": figure, "possible": figure, "thing_id": number, "title": text,
        "good": sa.cast(sa.null(), sa.Boolean()), "by_id": number, "by_name": text,
    }  # fmt: skip
    return [
        subject_id.label("subject_id"), at.label("at"), Enrolment.user_id, Enrolment.name,
        Program.id.label("program_id"),
        Program.name.label("program"), Program.name_en.label("program_en"),
        *(value.label(name) for name, value in (nothing | more).items()),
    ]  # fmt: skip


def _of_programs(statement: sa.Select[*tuple[Any, ...]]) -> sa.Select[*tuple[Any, ...]]:
    return statement.join(Program, Program.id == Enrolment.program_id)


def _handed_in() -> sa.Select[*tuple[Any, ...]]:
    log = PracticeLog
    return _of_programs(
        sa.select(
            *_columns(log.id, log.submitted_at, stage=log.stage_number, minutes=log.minutes, thing_id=log.id)
        )
        .select_from(log)
        .join(Enrolment, Enrolment.id == log.enrolment_id)
    ).where(log.state != LogState.DRAFT)


def _signed() -> sa.Select[*tuple[Any, ...]]:
    log, word = PracticeLog, LogDecision
    return _of_programs(
        sa.select(*_columns(
            word.id, word.at, stage=log.stage_number, minutes=log.minutes, thing_id=log.id, by_id=word.by_id,
            by_name=word.by_name,
        ))
        .select_from(word)
        .join(log, log.id == word.log_id)
        .join(Enrolment, Enrolment.id == log.enrolment_id)
    ).where(word.kind == LogDecisionKind.SIGN)  # fmt: skip


def _tests() -> sa.Select[*tuple[Any, ...]]:
    one = Attempt
    return _of_programs(
        sa.select(*_columns(
            one.id, one.ended_at, points=sa.cast(one.points, sa.Double()), possible=sa.cast(one.possible, sa.Double()),
            thing_id=Sitting.id, title=Sitting.name,
        ))
        .select_from(one)
        .join(Participant, Participant.id == one.participant_id)
        .join(Sitting, Sitting.id == one.sitting_id)
        .join(Enrolment, Enrolment.id == Participant.enrolment_id)
    ).where(
        one.ended_at.is_not(None), one.end != AttemptEnd.CALLED_OFF, one.waiting == 0, Sitting.cancelled_at.is_(None)
    )  # fmt: skip


def _gates() -> sa.Select[*tuple[Any, ...]]:
    one = GateDecision
    return _of_programs(
        sa.select(*_columns(
            one.id, one.at, stage=one.stage_number, good=one.outcome == GateOutcome.PASSED, by_id=one.by_id,
            by_name=one.by_name,
        ))
        .select_from(one)
        .join(Enrolment, Enrolment.id == one.enrolment_id)
    )  # fmt: skip


def _completions() -> sa.Select[*tuple[Any, ...]]:
    one = Certificate
    return _of_programs(
        sa.select(*_columns(one.id, one.issued_at, minutes=one.minutes, thing_id=one.id))
        .select_from(one)
        .join(Enrolment, Enrolment.id == one.enrolment_id)
    )


def _voided() -> sa.Select[*tuple[Any, ...]]:
    one = CertificateRevocation
    return _of_programs(
        sa.select(
            *_columns(
                one.certificate_id, one.at, thing_id=one.certificate_id, by_id=one.by_id, by_name=one.by_name
            )
        )
        .select_from(one)
        .join(Certificate, Certificate.id == one.certificate_id)
        .join(Enrolment, Enrolment.id == Certificate.enrolment_id)
    )


_SELECTS = {
    Source.LOG_HANDED_IN: _handed_in,
    Source.LOG_SIGNED: _signed,
    Source.TEST: _tests,
    Source.GATE: _gates,
    Source.COMPLETION: _completions,
    Source.VOIDED: _voided,
}
# The record of a kind by its id, to find again what waits.
KEYS: Mapping[Source, Any] = {
    Source.LOG_HANDED_IN: PracticeLog.id,
    Source.LOG_SIGNED: LogDecision.id,
    Source.TEST: Attempt.id,
    Source.GATE: GateDecision.id,
    Source.COMPLETION: Certificate.id,
    Source.VOIDED: CertificateRevocation.certificate_id,
}
MOMENTS: Mapping[Source, Any] = {
    Source.LOG_HANDED_IN: PracticeLog.submitted_at,
    Source.LOG_SIGNED: LogDecision.at,
    Source.TEST: Attempt.ended_at,
    Source.GATE: GateDecision.at,
    Source.COMPLETION: Certificate.issued_at,
    Source.VOIDED: CertificateRevocation.at,
}


# --- a record as a statement ---------------------------------------------------------------------------------


def statement_id(college_id: int, source: Source, subject_id: int) -> str:
    """Return the id of a record's statement: a UUID of version 5, always the same."""
    return own_id(college_id, "statement", f"{source.value}/{subject_id}")


def statements_of(source: Source, rows: Sequence[Any], to: Telling) -> list[dict[str, Any]]:
    """Return records as statements, in their order."""
    stages = _stage_names({row.program_id for row in rows if row.stage is not None})
    return [_statement(source, row, to, stages) for row in rows]


def _stage_names(program_ids: set[int]) -> dict[tuple[int, int], tuple[str, str]]:
    if not program_ids:
        return {}
    found = db.session.execute(
        sa.select(Program.id, Program.pathway_document).where(Program.id.in_(program_ids))
    )
    return {
        (program_id, number): (stage.name.zh, stage.name.en)
        for program_id, document in found
        for number, stage in enumerate(from_document(document).stages, start=1)
    }


def _statement(
    source: Source, row: Any, to: Telling, stages: Mapping[tuple[int, int], tuple[str, str]]
) -> dict[str, Any]:
    verb = _verb_of(source, row)
    made: dict[str, Any] = {
        "id": statement_id(to.college_id, source, row.subject_id),
        "actor": _account(to, row.by_id, row.by_name)
        if source is Source.VOIDED
        else _account(to, row.user_id, row.name),
        "verb": {"id": f"{ADL}/verbs/{verb}", "display": VERBS[verb]},
        "object": _object(source, row, to, stages),
        "timestamp": stamp(row.at),
    }
    if source is Source.VOIDED:
        return made
    if result := _result(source, row):
        made["result"] = result
    context: dict[str, Any] = {"platform": "trainmgr"}
    if source is not Source.COMPLETION:
        program = _activity(_program_iri(row, to), "course", row.program, row.program_en)
        context["contextActivities"] = {"parent": [program]}
    if row.by_id is not None:
        context["instructor"] = _account(to, row.by_id, row.by_name)
    return made | {"context": context}


def _verb_of(source: Source, row: Any) -> str:
    if source is Source.LOG_HANDED_IN:
        return "experienced"
    if source is Source.GATE:
        return "passed" if row.good else "failed"
    return "voided" if source is Source.VOIDED else "completed"


def _account(to: Telling, user_id: int, name: str) -> dict[str, Any]:
    agent: dict[str, Any] = {
        "objectType": "Agent",
        "account": {"homePage": to.root, "name": own_id(to.college_id, "actor", user_id)},
    }
    return agent | {"name": name} if to.tells_names and name else agent


def _program_iri(row: Any, to: Telling) -> str:
    return f"{to.root}programs/{row.program_id}"


def _activity(iri: str, kind: str, name: str, name_en: str = "") -> dict[str, Any]:
    names = {"zh-CN": name} | ({"en-US": name_en} if name_en else {})
    return {
        "objectType": "Activity", "id": iri,
        "definition": {"type": f"{ADL}/activities/{kind}", "name": names},
    }  # fmt: skip


def _object(
    source: Source, row: Any, to: Telling, stages: Mapping[tuple[int, int], tuple[str, str]]
) -> dict[str, Any]:
    program = _program_iri(row, to)
    match source:
        case Source.VOIDED:
            return {
                "objectType": "StatementRef",
                "id": statement_id(to.college_id, Source.COMPLETION, row.subject_id),
            }
        case Source.TEST:
            return _activity(f"{program}/tests/{row.thing_id}", "assessment", row.title)
        case Source.COMPLETION:
            return _activity(program, "course", row.program, row.program_en)
        case Source.GATE:
            return _activity(f"{program}/stages/{row.stage}/gate", "assessment", *_stage(row, stages))
    return _activity(f"{program}/stages/{row.stage}/logs/{row.thing_id}", "performance", *_stage(row, stages))


def _stage(row: Any, stages: Mapping[tuple[int, int], tuple[str, str]]) -> tuple[str, str]:
    return stages.get((row.program_id, row.stage), (row.program, row.program_en))


def _result(source: Source, row: Any) -> dict[str, Any]:
    result: dict[str, Any] = {}
    if source is Source.TEST and row.possible:
        result["score"] = {
            "raw": float(row.points), "min": 0, "max": float(row.possible),
            "scaled": round(float(row.points) / float(row.possible), 4),
        }  # fmt: skip
    if source in (Source.TEST, Source.LOG_SIGNED, Source.COMPLETION):
        result["completion"] = True
    if source is Source.GATE or source is Source.COMPLETION:
        result["success"] = bool(row.good) if source is Source.GATE else True
    if row.minutes:
        result["duration"] = f"PT{row.minutes}M"
    return result


def stamp(at: datetime) -> str:
    """Return a moment as xAPI writes it: 2026-03-01T08:30:00.000Z."""
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
