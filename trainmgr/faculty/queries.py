"""Reads of the faculty; every read that takes an id starts from what the viewer may see."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import sqlalchemy as sa
from flask import abort
from sqlalchemy.orm import aliased, contains_eager, joinedload

from trainmgr.faculty.models import Profile, Qualification, TeacherRating
from trainmgr.faculty.rules import WARNED_DAYS, DualLevel, Grade, binding_until
from trainmgr.identity.models import Membership, Organization, User
from trainmgr.kernel.access import Permission, Role
from trainmgr.kernel.db import db
from trainmgr.kernel.files import StoredFile
from trainmgr.kernel.paging import Listing, Page, contains, paginate

FACULTY_ROLES = (
    Role.SCHOOL_TEACHER,
    Role.ENTERPRISE_MENTOR,
    Role.COLLEGE_COUNSELLOR,
    Role.ENTERPRISE_COUNSELLOR,
    Role.STAFF,
    Role.DEPARTMENT_STAFF,
    Role.ENTERPRISE_COORDINATOR,
)
COUNTS = sa.and_(Qualification.withdrawn_at.is_(None), Qualification.checked_at.is_not(None))


# --- for other features ---------------------------------------------------------------------------


@dataclass(frozen=True)
class Facts:
    """What a profile says that matters for guiding trainees.

    `fields` and `sites` are empty, `capacity` and `level` None where nothing is stated. `qualified_until` is the day on
    which the first needed qualification ends (None: none ends); guiding for a period takes that it ends on or after the
    period's last day. `times` are (weekday 1 to 7, unit 1 to 12) in which the person is available; empty: not stated.
    """

    fields: frozenset[str] = frozenset()
    sites: frozenset[str] = frozenset()
    capacity: int | None = None
    level: DualLevel | None = None
    qualified_until: date | None = None
    times: frozenset[tuple[int, int]] = frozenset()


def facts_for_many(user_ids: sa.Select[tuple[int]]) -> dict[tuple[int, int], Facts]:
    """Return the facts of many people's profiles by (user id, organisation id): two statements, whatever their number.

    `user_ids` is a select of the people's ids (it becomes a subquery, so 4,000 are no list of 4,000 parameters), for
    example `sa.select(Mentor.user_id).join(ProgramMentor, …).where(ProgramMentor.program_id == …)`. Who has no profile
    is not in the answer: nothing is known then, and nothing forbids.
    """
    people = Profile.user_id.in_(user_ids)
    needed: dict[int, list[tuple[str, date | None]]] = {}
    for profile_id, name, until in db.session.execute(
        sa.select(Qualification.profile_id, Qualification.name, Qualification.valid_until)
        .join(Profile, Profile.id == Qualification.profile_id)
        .where(people, Qualification.needed, COUNTS)
    ):
        needed.setdefault(profile_id, []).append((name, until))
    rows = db.session.execute(
        sa.select(
            Profile.id, Profile.user_id, Profile.organization_id, Profile.fields, Profile.sites,
            Profile.capacity, Profile.dual_level, Profile.working_time,
        ).where(people)
    )  # fmt: skip
    return {
        (user_id, home): Facts(
            parted(fields),
            parted(sites),
            capacity,
            level,
            binding_until(needed.get(key, ())),
            times_of(working),
        )
        for key, user_id, home, fields, sites, capacity, level, working in rows
    }


def parted(text: str) -> frozenset[str]:
    """Return the names in a text that separates them by commas, Chinese or Latin."""
    for sign in "，、;；":
        text = text.replace(sign, ",")
    return frozenset(name for part in text.split(",") if (name := part.strip()))


def times_of(working_time: dict[str, Any]) -> frozenset[tuple[int, int]]:
    """Return the working time as pairs of weekday and unit."""
    return frozenset((int(day), unit) for day, units in working_time.items() for unit in units)


# --- who sees what --------------------------------------------------------------------------------


def homes_of(viewer: User) -> frozenset[int]:
    """Return the organisations whose profiles the viewer sees."""
    return viewer.organizations_where(Permission.FACULTY_VIEW)


def visible_to(viewer: User) -> sa.ColumnElement[bool]:
    """Return the condition on Profile that leaves those of the viewer's own organisations, and the viewer's own.

    Ratings and the ledger are an organisation's own affair: a partner sees of its people only who is in a team.
    """
    return sa.or_(Profile.organization_id.in_(homes_of(viewer)), Profile.user_id == viewer.id)


def may_edit(profile: Profile, viewer: User) -> bool:
    """Tell whether the viewer is staff of the profile's organisation."""
    return profile.organization_id in viewer.organizations_where(Permission.FACULTY_EDIT)


def editable_homes(viewer: User) -> Sequence[Organization]:
    """Return the colleges and enterprises whose profiles the viewer keeps."""
    return db.session.scalars(
        sa.select(Organization)
        .where(Organization.id.in_(viewer.organizations_where(Permission.FACULTY_EDIT)))
        .order_by(Organization.name, Organization.id)
    ).all()


def seen_homes(viewer: User) -> Sequence[Organization]:
    """Return the organisations whose profiles the viewer sees."""
    return db.session.scalars(
        sa.select(Organization).where(Organization.id.in_(homes_of(viewer))).order_by(Organization.name)
    ).all()


def profile_or_404(profile_id: int, viewer: User) -> Profile:
    """Return a profile that the viewer may see, with person, organisation and department, or answer 404."""
    found: Profile | None = db.session.scalar(
        sa.select(Profile)
        .where(Profile.id == profile_id, visible_to(viewer))
        .options(joinedload(Profile.user), joinedload(Profile.organization), joinedload(Profile.department))
    )
    return found if found is not None else abort(404)


def editable_or_refused(profile_id: int, viewer: User) -> Profile:
    """Return a profile that the viewer keeps as staff: unseen is 404, seen but not kept is 403."""
    profile = profile_or_404(profile_id, viewer)
    return profile if may_edit(profile, viewer) else abort(403)


def find_profile(user_id: int, organization_id: int) -> Profile | None:
    """Return somebody's profile in an organisation, or None."""
    return db.session.scalar(
        sa.select(Profile).where(Profile.user_id == user_id, Profile.organization_id == organization_id)
    )


def visible_profile_of(user_id: int, viewer: User) -> Profile | None:
    """Return a person's profile that the viewer may see, or None."""
    return db.session.scalar(
        sa.select(Profile).where(Profile.user_id == user_id, visible_to(viewer)).order_by(Profile.id).limit(1)
    )


def own_profiles(viewer: User) -> Sequence[Profile]:
    """Return the viewer's own profiles, one an organisation."""
    return db.session.scalars(
        sa.select(Profile)
        .where(Profile.user_id == viewer.id)
        .options(joinedload(Profile.organization))
        .order_by(Profile.id)
    ).all()


def department_of(user_id: int, organization_id: int) -> int | None:
    """Return the department in which somebody works today, or None."""
    return db.session.scalar(
        sa.select(Membership.department_id)
        .where(
            Membership.user_id == user_id,
            Membership.organization_id == organization_id,
            Membership.department_id.is_not(None),
            Membership.ended_on.is_(None),
        )
        .limit(1)
    )


# --- lists ----------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Chosen:
    """What the list of profiles is narrowed to."""

    organization: int | None = None
    grade: str = ""
    dual: str = ""
    expert: bool = False
    ending: bool = False


def _narrowed(chosen: Chosen, q: str, today: date) -> Iterable[sa.ColumnElement[bool]]:
    if chosen.organization is not None:
        yield Profile.organization_id == chosen.organization
    if chosen.grade in set(Grade):
        yield Profile.grade == Grade(chosen.grade)
    if chosen.dual in set(DualLevel):
        yield Profile.dual_level == DualLevel(chosen.dual)
    if chosen.expert:
        yield Profile.is_expert.is_(True)
    if chosen.ending:
        yield ends_soon(today)
    if q:
        columns = (User.name, Profile.fields, Profile.post, Profile.title)
        yield sa.or_(*(contains(column, q) for column in columns))


def ends_soon(today: date) -> sa.ColumnElement[bool]:
    """Return the condition on Profile that one of its qualifications ends within 90 days, or has ended, unrenewed."""
    later = aliased(Qualification)
    renewed = sa.exists().where(
        later.profile_id == Qualification.profile_id,
        later.name == Qualification.name,
        later.withdrawn_at.is_(None),
        later.checked_at.is_not(None),
        sa.or_(later.valid_until.is_(None), later.valid_until > Qualification.valid_until),
    )
    return sa.exists().where(
        Qualification.profile_id == Profile.id,
        COUNTS,
        Qualification.valid_until <= today + timedelta(days=WARNED_DAYS),
        ~renewed,
    )


def select_profiles(viewer: User, chosen: Chosen, q: str, today: date) -> sa.Select[Any]:
    """Return a select of the profiles of the viewer's organisations with person and organisation."""
    return (
        sa.select(Profile)
        .join(User, User.id == Profile.user_id)
        .join(Organization, Organization.id == Profile.organization_id)
        .where(Profile.organization_id.in_(homes_of(viewer)), *_narrowed(chosen, q, today))
        .options(contains_eager(Profile.user), contains_eager(Profile.organization))
    )


def list_profiles(viewer: User, listing: Listing, chosen: Chosen, today: date) -> Page[Profile]:
    """Return a page of profiles: two statements for any number of them."""
    orders: dict[str, Sequence[Any]] = {
        "name": (User.name, Profile.id),
        "organization": (Organization.name, User.name, Profile.id),
        "grade": (_rank(Profile.grade, Grade), User.name, Profile.id),
        "dual": (_rank(Profile.dual_level, DualLevel), User.name, Profile.id),
        "since": (Profile.since, User.name, Profile.id),
    }
    page: Page[Profile] = paginate(
        select_profiles(viewer, chosen, listing.q, today), listing, orders=orders, default="name"
    )
    return page


def _rank(column: Any, kind: Any) -> sa.ColumnElement[int]:
    return sa.case({one: place for place, one in enumerate(kind, start=1)}, value=column, else_=0)


def without_profile(organization_id: int, listing: Listing) -> Page[User]:
    """Return a page of the people of an organisation who could have a profile and have none."""
    has = sa.exists().where(Profile.user_id == User.id, Profile.organization_id == organization_id)
    works = sa.exists().where(
        Membership.user_id == User.id,
        Membership.organization_id == organization_id,
        Membership.role.in_(FACULTY_ROLES),
        Membership.ended_on.is_(None),
    )
    statement = sa.select(User).where(works, ~has, User.active)
    if listing.q:
        statement = statement.where(contains(User.name, listing.q))
    page: Page[User] = paginate(statement, listing, orders={"name": (User.name, User.id)}, default="name")
    return page


# --- one profile ----------------------------------------------------------------------------------


def qualifications_of(profile: Profile) -> Sequence[Qualification]:
    """Return a profile's qualifications, the valid ones first, the newest before the older."""
    return db.session.scalars(
        sa.select(Qualification)
        .where(Qualification.profile_id == profile.id)
        .order_by(Qualification.withdrawn_at.is_not(None), Qualification.name, Qualification.id.desc())
        .limit(100)
    ).all()


def qualification_or_404(qualification_id: int, viewer: User) -> Qualification:
    """Return a qualification of a profile that the viewer may see, or answer 404."""
    found: Qualification | None = db.session.scalar(
        sa.select(Qualification)
        .join(Profile, Profile.id == Qualification.profile_id)
        .where(Qualification.id == qualification_id, visible_to(viewer))
        .options(contains_eager(Qualification.profile).joinedload(Profile.user))
    )
    return found if found is not None else abort(404)


def evidence_of(file_id: int | None) -> StoredFile:
    """Return a stored evidence, or answer 404 when there is none."""
    stored = db.session.get(StoredFile, file_id) if file_id else None
    return stored if stored is not None else abort(404)


def ratings_of(profile: Profile) -> Sequence[TeacherRating]:
    """Return a profile's ratings, the newest first."""
    return db.session.scalars(
        sa.select(TeacherRating)
        .where(TeacherRating.profile_id == profile.id)
        .order_by(TeacherRating.rated_on.desc(), TeacherRating.id.desc())
        .limit(50)
    ).all()


def member_or_404(user_id: int, organization_id: int) -> User:
    """Return somebody who works in an organisation as faculty, or answer 404."""
    works = sa.exists().where(
        Membership.user_id == User.id,
        Membership.organization_id == organization_id,
        Membership.role.in_(FACULTY_ROLES),
        Membership.ended_on.is_(None),
    )
    found: User | None = db.session.scalar(sa.select(User).where(User.id == user_id, works))
    return found if found is not None else abort(404)


def homes_without_own(viewer: User) -> Sequence[Organization]:
    """Return the colleges and enterprises in which the viewer works as faculty and has no profile yet."""
    homes = viewer.organizations_as(*FACULTY_ROLES)
    has = sa.exists().where(Profile.user_id == viewer.id, Profile.organization_id == Organization.id)
    return db.session.scalars(
        sa.select(Organization).where(Organization.id.in_(homes), ~has).order_by(Organization.name)
    ).all()
