"""Reads of the annual report beside quality's indicators: programmes by kind, partners, named classes, bases, cases."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any, NamedTuple

import sqlalchemy as sa
from sqlalchemy.orm import aliased

from trainmgr.certificates import queries as certificates
from trainmgr.certificates.rules import Level
from trainmgr.contests import award_queries
from trainmgr.contests import rules as contests
from trainmgr.enrolment.models import Cohort, Enrolment
from trainmgr.identity.models import Organization, PracticeBase
from trainmgr.improvement.models import ImprovementItem
from trainmgr.improvement.rules import Phase
from trainmgr.kernel.db import db
from trainmgr.materials.models import CaseText, Material, MaterialUse, MaterialVersion
from trainmgr.materials.rules import CasePart, MaterialState
from trainmgr.programs.models import Program, ProgramParty
from trainmgr.programs.rules import PartyRole, ProgramKind
from trainmgr.quality.measures.base import Ask, ran, trained
from trainmgr.quality.rules import Period
from trainmgr.reporting.models import ReportCase
from trainmgr.reporting.rules import Chapter

MOST = 30  # rows of a list in the document; what is left out is counted under it


class KindLine(NamedTuple):
    """What a kind of programme came to in a year; hours in the ledger's minutes."""

    programs: int = 0
    planned: int = 0
    trainees: int = 0
    verified: int = 0


def by_kind(college_id: int, period: Period) -> dict[ProgramKind, KindLine]:
    """Return each kind with programmes, hours of their plans, trainees and verified hours (two statements)."""
    ask = Ask(college_id, period)
    plans = db.session.execute(
        sa.select(Program.kind, sa.func.count(), sa.func.sum(Program.planned_minutes))
        .where(ran(ask))
        .group_by(Program.kind)
    )
    found = {kind: KindLine(count, int(planned or 0)) for kind, count, planned in plans}
    people = db.session.execute(
        sa.select(Program.kind, sa.func.count(Enrolment.id), sa.func.sum(Enrolment.verified_minutes))
        .join(Enrolment, Enrolment.program_id == Program.id)
        .where(ran(ask), trained(ask))
        .group_by(Program.kind)
    )
    for kind, trainees, verified in people:
        found[kind] = found.get(kind, KindLine())._replace(trainees=trainees, verified=int(verified or 0))
    return {kind: found[kind] for kind in ProgramKind if kind in found}


def programs_in(college_id: int, period: Period) -> tuple[Sequence[Any], int]:
    """Return the year's programmes with their trainees, the largest first, and how many there are."""
    ask = Ask(college_id, period)
    people = sa.func.count(Enrolment.id)
    rows = db.session.execute(
        sa.select(Program.name, Program.kind, Program.starts_on, Program.ends_on, people)
        .outerjoin(Enrolment, sa.and_(Enrolment.program_id == Program.id, trained(ask)))
        .where(ran(ask))
        .group_by(Program.id)
        .order_by(people.desc(), Program.id)
        .limit(MOST)
    ).all()
    total = db.session.scalar(sa.select(sa.func.count(Program.id)).where(ran(ask))) or 0
    return rows, total


def partners_in(college_id: int, period: Period) -> tuple[Sequence[Any], int]:
    """Return partner enterprises with programmes and trainees of the year, the largest first, and how many they are."""
    ask = Ask(college_id, period)
    people = sa.func.count(sa.distinct(Enrolment.id))
    base = (
        sa.select(
            Organization.name,
            sa.func.count(sa.distinct(Program.id)).label("programs"),
            people.label("people"),
        )
        .select_from(ProgramParty)
        .join(Program, Program.id == ProgramParty.program_id)
        .join(Organization, Organization.id == ProgramParty.organization_id)
        .outerjoin(
            Enrolment,
            sa.and_(
                Enrolment.program_id == Program.id, Enrolment.enterprise_id == Organization.id, trained(ask)
            ),
        )
        .where(ran(ask), ProgramParty.role == PartyRole.ENTERPRISE)
        .group_by(Organization.id, Organization.name)
    )
    rows = db.session.execute(base.order_by(people.desc(), Organization.name).limit(MOST)).all()
    total = len(rows)
    if total == MOST:
        total = db.session.scalar(sa.select(sa.func.count()).select_from(base.subquery())) or 0
    return rows, total


def named_classes(college_id: int, period: Period) -> tuple[Sequence[Any], int]:
    """Return classes named by enterprises with their trainees of the year, and how many they are."""
    ask = Ask(college_id, period)
    people = sa.func.count(Enrolment.id)
    base = (
        sa.select(Cohort.name, Organization.name.label("enterprise"), people.label("people"))
        .join(Organization, Organization.id == Cohort.enterprise_id)
        .join(Program, Program.id == Cohort.program_id)
        .outerjoin(Enrolment, sa.and_(Enrolment.cohort_id == Cohort.id, trained(ask)))
        .where(ran(ask))
        .group_by(Cohort.id, Cohort.name, Organization.name)
    )
    rows = db.session.execute(base.order_by(people.desc(), Cohort.id).limit(MOST)).all()
    total = len(rows)
    if total == MOST:
        total = db.session.scalar(sa.select(sa.func.count()).select_from(base.subquery())) or 0
    return rows, total


def bases_of(college_id: int) -> Sequence[Any]:
    """Return the college's practice bases: name, whether on campus, whose, how many trainees they take."""
    host = aliased(Organization)
    return db.session.execute(
        sa.select(Organization.name, PracticeBase.on_campus, host.name, PracticeBase.capacity)
        .join(PracticeBase, PracticeBase.organization_id == Organization.id)
        .outerjoin(host, host.id == PracticeBase.host_id)
        .where(sa.or_(Organization.parent_id == college_id, Organization.registered_by_id == college_id))
        .order_by(PracticeBase.on_campus.desc(), Organization.name)
        .limit(MOST)
    ).all()


def certificates_in(college_id: int, period: Period) -> tuple[int, dict[Level, int]]:
    """Return certificates of completion issued in a year, and verified ones of others by level."""
    own = certificates.issued_by_year(college_id).get(period.first.year, 0)
    people = (
        sa.select(Enrolment.id)
        .join(Program, Program.id == Enrolment.program_id)
        .where(Program.lead_college_id == college_id)
    )
    return own, certificates.external_by_level(people, period.first, period.last)


def awards_in(college_id: int, period: Period) -> dict[contests.Level, tuple[int, int]]:
    """Return how many awards the college's trainees won by level, and how many people hold them."""
    found = award_queries.awards_by_level_and_year(college_id, period.first, period.last)
    return {level: figures for (_year, level), figures in found.items()}


def led_by(college_id: int) -> sa.Select[int]:
    """Return a select of the ids of a college's programmes."""
    return sa.select(Program.id).where(Program.lead_college_id == college_id)


def items_by_phase(college_id: int, period: Period) -> dict[Phase, int]:
    """Return how many improvement items stand in each phase: those due in the year, and those settled in it."""
    days = period.first, period.last
    rows = db.session.execute(
        sa.select(ImprovementItem.phase, sa.func.count())
        .where(
            ImprovementItem.program_id.in_(led_by(college_id)),
            sa.or_(ImprovementItem.due_on.between(*days), ImprovementItem.closed_on.between(*days)),
        )
        .group_by(ImprovementItem.phase)
    )
    return {row[0]: row[1] for row in rows}


# --- cases ------------------------------------------------------------------------------------------


def _newest() -> Any:
    return sa.and_(
        MaterialVersion.material_id == Material.id, MaterialVersion.number == Material.latest_number,
        MaterialVersion.state == MaterialState.PUBLISHED,
    )  # fmt: skip


class Case(NamedTuple):
    """A case as the report shows it."""

    chapter: Chapter
    title: str
    owner: str
    parts: dict[CasePart, str]


def cases_in(college_id: int, year: int) -> list[Case]:
    """Return the cases that were chosen for a year's report, by chapter, each in its newest published version."""
    rows = db.session.execute(
        sa.select(ReportCase.chapter, Material.title, Organization.name, CaseText)
        .join(Material, Material.id == ReportCase.material_id)
        .join(Organization, Organization.id == Material.owner_id)
        .join(MaterialVersion, _newest())
        .join(CaseText, CaseText.version_id == MaterialVersion.id)
        .where(ReportCase.college_id == college_id, ReportCase.year == year)
        .order_by(Material.title, Material.id)
    )
    order = list(Chapter)
    found = [Case(chapter, title, owner, dict(text.parts())) for chapter, title, owner, text in rows]
    return sorted(found, key=lambda one: order.index(one.chapter))


def choosable(college_id: int, last: date, limit: int = 200) -> Sequence[Any]:
    """Return published five-part cases that the college owns or its programmes use, with the newest version's day."""
    used = (
        sa.select(MaterialUse.material_id)
        .join(Program, Program.id == MaterialUse.program_id)
        .where(Program.lead_college_id == college_id)
    )
    return db.session.execute(
        sa.select(Material.id, Material.title, Organization.name, MaterialVersion.published_on)
        .join(MaterialVersion, _newest())
        .join(Organization, Organization.id == Material.owner_id)
        .join(CaseText, CaseText.version_id == MaterialVersion.id)
        .where(
            sa.or_(Material.owner_id == college_id, Material.id.in_(used)),
            MaterialVersion.published_on <= last,
        )
        .order_by(MaterialVersion.published_on.desc(), Material.id.desc())
        .limit(limit)
    ).all()
