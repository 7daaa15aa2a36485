"""Reads of what assigning keeps to: a programme's limits and weights, leaves, sites and distances."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

import sqlalchemy as sa
from flask import abort
from sqlalchemy.orm import joinedload

from trainmgr.enrolment.models import Cohort, Enrolment
from trainmgr.enrolment.queries import visible_in
from trainmgr.identity.models import Organization, User
from trainmgr.kernel.db import db
from trainmgr.mentoring.models import Mentor, ProgramMentor
from trainmgr.mentoring.queries import PRESENT, TYPICAL
from trainmgr.mentoring.rules import WEIGHTS, Terms
from trainmgr.mentoring.terms_models import MentoringTerms, MentorLeave, SiteDistance, TraineeSite
from trainmgr.programs.models import Program
from trainmgr.programs.rules import Side

# What holds until a programme says otherwise.
DEFAULT_KM, DEFAULT_LEAVE = 50, 14


def find_terms(program: Program) -> MentoringTerms | None:
    """Return what the programme set itself, or None where the defaults hold."""
    return db.session.get(MentoringTerms, program.id)


def defaults(program: Program) -> MentoringTerms:
    """Return what holds for a programme that set nothing (a row that is not stored)."""
    return MentoringTerms(
        program_id=program.id,
        typical_enterprise=TYPICAL[Side.ENTERPRISE],
        typical_college=TYPICAL[Side.COLLEGE],
        most_km=DEFAULT_KM,
        most_leave=DEFAULT_LEAVE,
        weights=dict(WEIGHTS),
        version=0,
    )


def typical_for(program: Program, side: Side) -> int:
    """Return how many trainees a mentor of a side usually has in the programme."""
    own = find_terms(program) or defaults(program)
    return own.typical_enterprise if side is Side.ENTERPRISE else own.typical_college


def terms_of(program: Program, on: date) -> Terms:
    """Return what holds for all pairs of a programme from a day on."""
    rows: Sequence[Any] = db.session.execute(
        sa.select(MentoringTerms, SiteDistance.one, SiteDistance.other, SiteDistance.km)
        .select_from(Program)
        .outerjoin(MentoringTerms, MentoringTerms.program_id == Program.id)
        .outerjoin(SiteDistance, SiteDistance.program_id == Program.id)
        .where(Program.id == program.id)
    ).all()
    own = rows[0][0] or defaults(program)
    return Terms(
        since=max(program.starts_on, on) if program.starts_on else on,
        until=program.ends_on,
        weights=own.weights,
        most_km=own.most_km,
        most_leave=own.most_leave,
        distances={(one, other): km for _own, one, other, km in rows if one},
    )


# --- leaves -----------------------------------------------------------------------------------------


def list_leaves(mentor: Mentor, limit: int = 20) -> Sequence[MentorLeave]:
    """Return a mentor's leaves, the latest first."""
    return db.session.scalars(
        sa.select(MentorLeave)
        .where(MentorLeave.mentor_id == mentor.id)
        .options(joinedload(MentorLeave.created_by))
        .order_by(MentorLeave.starts_on.desc(), MentorLeave.id.desc())
        .limit(limit)
    ).all()


def leave_or_404(mentor: Mentor, leave_id: int) -> MentorLeave:
    """Return a mentor's leave, or answer 404."""
    leave = db.session.get(MentorLeave, leave_id)
    return leave if leave is not None and leave.mentor_id == mentor.id else abort(404)


# --- sites ------------------------------------------------------------------------------------------


def groups_of(program: Program, viewer: User, limit: int = 200) -> Sequence[Any]:
    """Return the visible trainees by class and enterprise: ids and names of both, people, sites as they are set.

    A group whose trainees work at several sites has the first and the last of them, and how many are set.
    """
    return db.session.execute(
        sa.select(
            Enrolment.cohort_id,
            Enrolment.enterprise_id,
            Cohort.name.label("cohort"),
            Organization.name.label("enterprise"),
            sa.func.count().label("people"),
            sa.func.count(TraineeSite.site).label("set"),
            sa.func.min(TraineeSite.site).label("first"),
            sa.func.max(TraineeSite.site).label("last"),
        )
        .outerjoin(Cohort, Cohort.id == Enrolment.cohort_id)
        .outerjoin(Organization, Organization.id == Enrolment.enterprise_id)
        .outerjoin(TraineeSite, TraineeSite.enrolment_id == Enrolment.id)
        .where(visible_in(program, viewer), PRESENT)
        .group_by(Enrolment.cohort_id, Enrolment.enterprise_id, Cohort.name, Organization.name)
        .order_by(Cohort.name, Organization.name, Enrolment.cohort_id, Enrolment.enterprise_id)
        .limit(limit)
    ).all()


def sites_of(program: Program, limit: int = 60) -> list[str]:
    """Return the sites of a programme's mentors and trainees, in alphabetical order."""
    of_mentors = db.session.scalars(
        sa.select(Mentor.site)
        .join(ProgramMentor, ProgramMentor.mentor_id == Mentor.id)
        .where(ProgramMentor.program_id == program.id, Mentor.site != "")
        .distinct()
        .limit(500)
    )
    of_trainees = db.session.scalars(
        sa.select(TraineeSite.site).where(TraineeSite.program_id == program.id).distinct().limit(500)
    )
    names = {part for text in of_mentors for part in parted(text)} | set(of_trainees)
    return sorted(names)[:limit]


def list_distances(program: Program, limit: int = 200) -> Sequence[SiteDistance]:
    """Return the distances that were stated, by name."""
    return db.session.scalars(
        sa.select(SiteDistance)
        .where(SiteDistance.program_id == program.id)
        .order_by(SiteDistance.one, SiteDistance.other)
        .limit(limit)
    ).all()


def distance_or_404(program: Program, distance_id: int) -> SiteDistance:
    """Return a stated distance of a programme, or answer 404."""
    distance = db.session.get(SiteDistance, distance_id)
    return distance if distance is not None and distance.program_id == program.id else abort(404)


def parted(text: str) -> frozenset[str]:
    """Return the names on a line, parted by commas of either script."""
    return frozenset(
        part.strip() for part in text.replace("，", ",").replace("、", ",").split(",") if part.strip()
    )
