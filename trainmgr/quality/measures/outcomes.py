"""Certificates, prizes, joint research and products, income and subsidies (S1, S8, T6, Z9, H11, H12)."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import aliased

from trainmgr.benefits.models import Income, JointYield, SubsidyClaim
from trainmgr.benefits.rules import ClaimState, YieldState
from trainmgr.certificates.models import Certificate, ExternalCertificate
from trainmgr.certificates.rules import ExternalState, Level
from trainmgr.contests.award_models import ContestAward
from trainmgr.contests.rules import Level as ContestLevel
from trainmgr.contests.rules import PrizeKind
from trainmgr.employment.course import PostStep
from trainmgr.employment.models import PostEvent
from trainmgr.employment.post_queries import stands
from trainmgr.enrolment.models import Enrolment
from trainmgr.outcomes.models import PassDecision
from trainmgr.outcomes.rules import PassKind
from trainmgr.programs.models import Program
from trainmgr.quality.measures.base import (
    Ask,
    ByEnterprise,
    RecordKind,
    Rows,
    hit,
    measure,
    of_program,
    person,
    row,
)
from trainmgr.quality.rules import ScopeKind, Unit

NOT_ENTERPRISE = frozenset({ScopeKind.COLLEGE, ScopeKind.DEPARTMENT, ScopeKind.PROGRAM})
# The ladder of skill grades (职业技能等级) from the apprentice up; 1+X certificates have one of their own.
GRADES = (
    Level.APPRENTICE, Level.JUNIOR, Level.INTERMEDIATE, Level.SENIOR, Level.TECHNICIAN, Level.SENIOR_TECHNICIAN,
    Level.SPECIAL_TECHNICIAN, Level.CHIEF_TECHNICIAN,
)  # fmt: skip
SENIOR_UP = GRADES[GRADES.index(Level.SENIOR) :]
YUAN = 100.0


def _led(ask: Ask, *columns: Any) -> sa.Select[Any]:
    return (
        sa.select(*columns)
        .select_from(Enrolment)
        .join(Program, Program.id == Enrolment.program_id)
        .where(Program.lead_college_id == ask.college_id)
    )


def _passed(ask: Ask, reached: Any) -> sa.Select[Any]:
    """Select who passed within the days, with whether they reached something besides."""
    return (
        _led(ask, *person(amount=hit(reached)))
        .join(PassDecision, PassDecision.enrolment_id == Enrolment.id)
        .where(
            PassDecision.is_present.is_(True),
            PassDecision.kind == PassKind.PASSED,
            PassDecision.at >= ask.begins,
            PassDecision.at < ask.ends,
        )
    )


# --- certificates -----------------------------------------------------------------------------------------


@measure("certificates", Unit.COUNT, RecordKind.PERSON)
def _certificates(ask: Ask) -> sa.Select[Any]:
    """Certificates of completion issued within the days that stand."""
    return (
        _led(ask, *person(detail=Program.name))
        .join(Certificate, Certificate.enrolment_id == Enrolment.id)
        .where(Certificate.is_present.is_(True), Certificate.issued_on.between(ask.first, ask.last))
    )


def _verified(ask: Ask, amount: Any = 1) -> sa.Select[Any]:
    return (
        _led(ask, *person(detail=ExternalCertificate.name, amount=amount))
        .join(ExternalCertificate, ExternalCertificate.enrolment_id == Enrolment.id)
        .where(
            ExternalCertificate.state == ExternalState.VERIFIED,
            ExternalCertificate.issued_on.between(ask.first, ask.last),
        )
    )


@measure("external_certificates", Unit.COUNT, RecordKind.PERSON)
def _external_certificates(ask: Ask) -> sa.Select[Any]:
    """Skill-grade and 1+X certificates of others, issued within the days and verified."""
    return _verified(ask)


@measure("senior_share", Unit.SHARE, RecordKind.PERSON)
def _senior_share(ask: Ask) -> sa.Select[Any]:
    """Senior workers and above, of all skill-grade certificates."""
    return _verified(ask, hit(ExternalCertificate.level.in_(SENIOR_UP))).where(
        ExternalCertificate.level.in_(GRADES)
    )


@measure("certificate_rate", Unit.SHARE, RecordKind.PERSON)
def _certificate_rate(ask: Ask) -> sa.Select[Any]:
    """Holders of a verified certificate of others, of those who passed within the days."""
    held = sa.exists().where(
        ExternalCertificate.enrolment_id == Enrolment.id,
        ExternalCertificate.state == ExternalState.VERIFIED,
        ExternalCertificate.issued_on <= ask.last,
    )
    return _passed(ask, held)


@measure("conversion", Unit.SHARE, RecordKind.PERSON)
def _conversion(ask: Ask) -> sa.Select[Any]:
    """Confirmed in post by the last day, of those who passed within the days."""
    confirmed = sa.exists().where(
        PostEvent.enrolment_id == Enrolment.id,
        PostEvent.kind == PostStep.CONFIRMED,
        PostEvent.on_day <= ask.last,
        stands(),
    )
    return _passed(ask, confirmed)


# --- prizes -------------------------------------------------------------------------------------------------


def _awards(levels: tuple[ContestLevel, ...] = ()) -> Rows:
    def rows(ask: Ask) -> sa.Select[Any]:
        found = (
            sa.select(
                *row(
                    id=ContestAward.id,
                    name=ContestAward.contest_name,
                    detail=ContestAward.holders_text,
                    program_id=ContestAward.program_id,
                    department_id=Program.department_id,
                )
            )
            .outerjoin(Program, Program.id == ContestAward.program_id)
            .where(
                ContestAward.college_id == ask.college_id,
                ContestAward.kind == PrizeKind.PRIZE,
                ContestAward.withdrawn_at.is_(None),
                ContestAward.awarded_on.between(ask.first, ask.last),
            )
        )
        return found.where(ContestAward.level.in_(levels)) if levels else found

    return rows


for _code, _levels in (
    ("awards", ()),
    ("awards_nation", (ContestLevel.NATION, ContestLevel.INTERNATIONAL)),
    ("awards_province", (ContestLevel.PROVINCE,)),
):
    measure(_code, Unit.COUNT, RecordKind.OTHER, scopes=NOT_ENTERPRISE)(_awards(_levels))


# --- research and products, money ------------------------------------------------------------------------------

_PARTY = {"by_enterprise": ByEnterprise.PARTY}


@measure("yields", Unit.COUNT, RecordKind.PROGRAM, **_PARTY)
def _yields(ask: Ask) -> sa.Select[Any]:
    """Results of joint research and products, signed by both sides and not replaced since."""
    later = aliased(JointYield)
    replaced = sa.exists().where(later.replaces_id == JointYield.id, later.state == YieldState.SIGNED)
    return (
        sa.select(*of_program(id=JointYield.id, name=JointYield.title, detail=Program.name))
        .select_from(JointYield)
        .join(Program, Program.id == JointYield.program_id)
        .where(
            Program.lead_college_id == ask.college_id,
            JointYield.state == YieldState.SIGNED,
            JointYield.achieved_on.between(ask.first, ask.last),
            ~replaced,
        )
    )


@measure("income", Unit.SUM, RecordKind.PROGRAM, scopes=NOT_ENTERPRISE)
def _income(ask: Ask) -> sa.Select[Any]:
    """Income received, in yuan; what was cancelled counts against it."""
    return (
        sa.select(
            *of_program(
                id=Income.id,
                name=Income.source,
                detail=Program.name,
                amount=sa.cast(Income.amount_cents, sa.Float) / YUAN,
            )
        )
        .select_from(Income)
        .join(Program, Program.id == Income.program_id)
        .where(Program.lead_college_id == ask.college_id, Income.received_on.between(ask.first, ask.last))
    )


@measure("subsidies", Unit.SUM, RecordKind.PROGRAM, scopes=NOT_ENTERPRISE)
def _subsidies(ask: Ask) -> sa.Select[Any]:
    """Subsidies paid, in yuan."""
    return (
        sa.select(
            *of_program(
                id=SubsidyClaim.id,
                name=SubsidyClaim.office,
                detail=Program.name,
                amount=sa.cast(SubsidyClaim.paid_cents, sa.Float) / YUAN,
            )
        )
        .select_from(SubsidyClaim)
        .join(Program, Program.id == SubsidyClaim.program_id)
        .where(
            Program.lead_college_id == ask.college_id,
            SubsidyClaim.state == ClaimState.PAID,
            SubsidyClaim.paid_cents.is_not(None),
            SubsidyClaim.paid_on.between(ask.first, ask.last),
        )
    )
