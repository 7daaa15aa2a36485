"""Teacher grades: what is asked for each, what somebody has, what is missing for the next, the step to it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from trainmgr.curriculum.models import Edition, EditionState, Module
from trainmgr.enrolment.models import Enrolment
from trainmgr.faculty.labels import GRADE_MSGIDS
from trainmgr.faculty.ledger import Limits, window_start
from trainmgr.faculty.models import GradeNeed, GradeStep, Profile, Qualification, TeacherRating
from trainmgr.faculty.practice_queries import days_in, limits_of
from trainmgr.faculty.queries import COUNTS
from trainmgr.faculty.rules import (
    DEFAULT_NEEDS,
    Grade,
    Lack,
    Needs,
    Record,
    compared,
    lacking,
    next_grade,
    whole_years,
)
from trainmgr.identity.models import Organization, User
from trainmgr.kernel import audit
from trainmgr.kernel.audit import require
from trainmgr.kernel.clock import local_day
from trainmgr.kernel.db import db
from trainmgr.kernel.errors import Conflict

STEPPED = audit.sentence("faculty.grade", _l("%(who)s gave %(what)s the grade %(grade)s: %(reason)s"))
NEEDS_SET = audit.sentence(
    "faculty.needs", _l("%(who)s set anew what the grade %(grade)s asks for from %(day)s")
)

IN_FORCE = (EditionState.SIGNED, EditionState.SUPERSEDED)


# --- what is asked --------------------------------------------------------------------------------


def needs_of(organization_ids: Iterable[int], on: date) -> dict[tuple[int, Grade], Needs]:
    """Return what the grades ask for in some organisations on a day: one statement."""
    homes = list(organization_ids)
    found = {(home, grade): needs for home in homes for grade, needs in DEFAULT_NEEDS.items()}
    rows = db.session.scalars(
        sa.select(GradeNeed)
        .where(GradeNeed.college_id.in_(homes), GradeNeed.valid_from <= on)
        .order_by(GradeNeed.valid_from)
    )
    for row in rows:
        found[row.college_id, row.grade] = needs_in(row)
    return found


def needs_in(row: GradeNeed) -> Needs:
    """Return the requirements of a row."""
    return Needs(
        row.years, row.practice_days, row.rating, row.courses, row.qualifications, row.tutored, row.dual
    )


def need_versions(college_id: int) -> Sequence[GradeNeed]:
    """Return what a college set itself, the newest first."""
    return db.session.scalars(
        sa.select(GradeNeed)
        .where(GradeNeed.college_id == college_id)
        .order_by(GradeNeed.valid_from.desc(), GradeNeed.id.desc())
        .limit(50)
    ).all()


def set_needs(
    organization: Organization,
    grade: Grade,
    needs: Needs,
    *,
    valid_from: date,
    reason: str,
    by: User,
    now: datetime,
) -> None:
    """Let a grade ask for something else from a day on."""
    require(grade is not Grade.NEW, _("The first grade asks for nothing."))
    require(valid_from >= local_day(now), _("A rule changes from today or a later day, never backwards."))
    require(
        all((row.grade, row.valid_from) != (grade, valid_from) for row in need_versions(organization.id)),
        _("This rule is set anew from that day already. Choose a later one."),
    )
    row = GradeNeed(
        college_id=organization.id, grade=grade, valid_from=valid_from, **vars(needs), reason=reason,
        by_id=by.id, by_name=by.name, at=now,
    )  # fmt: skip
    db.session.add(row)
    audit.record(
        NEEDS_SET, row, by=by, now=now, name=organization.name, reason=reason,
        grade={"msgid": GRADE_MSGIDS[grade]}, day={"day": valid_from.isoformat()},
    )  # fmt: skip


# --- what there is --------------------------------------------------------------------------------


@dataclass(frozen=True)
class Growth:
    """Where somebody stands: the record, the next grade, everything that it asks for, what of it is missing."""

    record: Record
    next: Grade | None
    asked: Sequence[Lack] = ()
    missing: Sequence[Lack] = ()


def growth_of(
    profiles: Sequence[Profile], on: date, known: Mapping[int, Limits] | None = None
) -> dict[int, Growth]:
    """Return where some profiles stand: as many statements for fifty as for one (a few more for more organisations).

    `known` are limits of practice that the caller has read already, by organisation.
    """
    homes = sorted({profile.organization_id for profile in profiles})
    needs = needs_of(homes, on)
    records: dict[int, Record] = {}
    for home in homes:
        limits = (known or {}).get(home) or limits_of(home, on)
        records |= _records([one for one in profiles if one.organization_id == home], limits, on)
    return {profile.id: _growth(profile, records[profile.id], needs) for profile in profiles}


def _growth(profile: Profile, record: Record, needs: Mapping[tuple[int, Grade], Needs]) -> Growth:
    following = next_grade(profile.grade)
    if following is None:
        return Growth(record, None)
    wanted = needs[profile.organization_id, following]
    return Growth(record, following, compared(record, wanted), lacking(record, wanted))


def _records(profiles: Sequence[Profile], limits: Limits, on: date) -> dict[int, Record]:
    rows = db.session.execute(
        sa.select(
            Profile.id,
            days_in(window_start(on, limits.window_years), on),
            _lowest_rating(),
            _courses_led(),
            _qualifications(on),
            _tutored(),
        ).where(Profile.id.in_([profile.id for profile in profiles]))
    )
    by_id = {profile.id: profile for profile in profiles}
    return {
        key: Record(
            years=whole_years(by_id[key].since, on) if by_id[key].since else 0,  # type: ignore[arg-type]
            practice_days=int(days),
            rating=rating or 0,
            courses=courses,
            qualifications=held,
            tutored=tutored,
            dual=by_id[key].dual_level,
        )
        for key, days, rating, courses, held, tutored in rows
    }


def _lowest_rating() -> Any:
    """The lowest of the three dimensions of the newest rating."""
    one, two, three = TeacherRating.teaching, TeacherRating.technology, TeacherRating.service
    pair = sa.case((one < two, one), else_=two)
    lowest = sa.case((pair < three, pair), else_=three)
    return (
        sa.select(lowest)
        .where(TeacherRating.profile_id == Profile.id)
        .order_by(TeacherRating.rated_on.desc(), TeacherRating.id.desc())
        .limit(1)
        .correlate(Profile)
        .scalar_subquery()
    )


def _courses_led() -> Any:
    """The courses of signed plans that the person leads or led."""
    return (
        sa.select(sa.func.count(sa.distinct(Module.lineage)))
        .join(Edition, Edition.id == Module.edition_id)
        .where(Module.lead_teacher_id == Profile.user_id, Edition.state.in_(IN_FORCE))
        .correlate(Profile)
        .scalar_subquery()
    )


def _qualifications(on: date) -> Any:
    return (
        sa.select(sa.func.count(sa.distinct(Qualification.name)))
        .where(
            Qualification.profile_id == Profile.id,
            COUNTS,
            sa.or_(Qualification.valid_until.is_(None), Qualification.valid_until >= on),
        )
        .correlate(Profile)
        .scalar_subquery()
    )


def _tutored() -> Any:
    """The trainees whose school teacher or enterprise mentor the person is."""
    return (
        sa.select(sa.func.count())
        .select_from(Enrolment)
        .where(
            sa.or_(
                Enrolment.school_teacher_id == Profile.user_id,
                Enrolment.enterprise_mentor_id == Profile.user_id,
            )
        )
        .correlate(Profile)
        .scalar_subquery()
    )


# --- the step -------------------------------------------------------------------------------------


def steps_of(profile: Profile) -> Sequence[GradeStep]:
    """Return the steps that somebody took, the newest first."""
    return db.session.scalars(
        sa.select(GradeStep).where(GradeStep.profile_id == profile.id).order_by(GradeStep.id.desc()).limit(50)
    ).all()


def decide_grade(
    profile: Profile, grade: Grade, *, holds_from: date, reason: str, version: int, by: User, now: datetime
) -> GradeStep:
    """Give somebody a grade, with the reason; what the rule still misses is kept with the step.

    Staff may decide otherwise than the figures say: the figures are told, the decision is a person's.
    """
    if profile.version != version:
        raise Conflict(_("Somebody has changed this profile meanwhile. Look again, then save."))
    require(profile.user_id != by.id, _("Nobody gives himself a grade."))
    require(grade is not profile.grade, _("This is the present grade."))
    require(holds_from <= local_day(now), _("A grade is not given ahead."))
    wanted = needs_of([profile.organization_id], holds_from).get((profile.organization_id, grade), Needs())
    record = growth_of([profile], local_day(now))[profile.id].record
    step = GradeStep(
        profile_id=profile.id, grade=grade, holds_from=holds_from, reason=reason,
        missing={lack.key: [lack.have, lack.want] for lack in lacking(record, wanted)},
        by_id=by.id, by_name=by.name, at=now,
    )  # fmt: skip
    profile.grade = grade
    db.session.add(step)
    audit.record(
        STEPPED,
        profile,
        by=by,
        now=now,
        name=profile.user.name,
        reason=reason,
        grade={"msgid": GRADE_MSGIDS[grade]},
    )
    return step
