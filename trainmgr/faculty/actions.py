"""Writes of profiles: what people are and can, their qualifications, their ratings."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from werkzeug.datastructures import FileStorage

from trainmgr.faculty import owed, queries
from trainmgr.faculty.models import Profile, Qualification, TeacherRating
from trainmgr.faculty.rules import Dimension
from trainmgr.identity.models import Organization, OrganizationKind, User
from trainmgr.kernel import audit
from trainmgr.kernel.audit import require
from trainmgr.kernel.clock import local_day
from trainmgr.kernel.db import db
from trainmgr.kernel.errors import Conflict
from trainmgr.kernel.files import store_document
from trainmgr.programs.rules import Side

PURPOSE = "faculty"

MADE = audit.sentence("faculty.profile", _l("%(who)s began the faculty profile of %(what)s"))
CHANGED = audit.sentence("faculty.change", _l("%(who)s changed the faculty profile of %(what)s"))
HELD = audit.sentence(
    "faculty.qualification", _l("%(who)s entered the qualification %(qualification)s of %(what)s")
)
CHECKED = audit.sentence(
    "faculty.check", _l("%(who)s checked the qualification %(qualification)s of %(what)s")
)
WITHDRAWN = audit.sentence(
    "faculty.withdraw", _l("%(who)s withdrew the qualification %(qualification)s of %(what)s: %(reason)s")
)
RATED = audit.sentence("faculty.rate", _l("%(who)s rated %(what)s in the three dimensions"))

SIDES = {OrganizationKind.COLLEGE: Side.COLLEGE, OrganizationKind.ENTERPRISE: Side.ENTERPRISE}
# What a person may say of himself; level, grade and capacity are for staff.
OWN_FACTS = frozenset({"fields", "post", "title", "education", "sites", "working_time", "enterprise_years"})


def create_profile(user: User, organization: Organization, *, by: User | None, now: datetime) -> Profile:
    """Begin the profile of a member of a college or enterprise."""
    side = SIDES.get(organization.kind)
    if side is None:
        require(False, _("Only people of colleges and enterprises have a faculty profile."))
    require(
        queries.find_profile(user.id, organization.id) is None,
        _("%(name)s has a profile there already.", name=user.name),
    )
    profile = Profile(
        user=user, organization=organization, side=side, working_time={}, created_at=now,
        department_id=queries.department_of(user.id, organization.id),
    )  # fmt: skip
    db.session.add(profile)
    audit.record(MADE, profile, by=by, now=now, name=user.name)
    return profile


def change_profile(
    profile: Profile, values: Mapping[str, Any], *, version: int, by: User, now: datetime
) -> list[str]:
    """Change what a profile says; returns the names of the facts that are different now.

    Whoever is no staff of the organisation changes only the own facts; others given are refused.
    """
    if profile.version != version:
        raise Conflict(_("Somebody has changed this profile meanwhile. Look again, then save."))
    own_only = not queries.may_edit(profile, by)
    require(not own_only or values.keys() <= OWN_FACTS, _("Level, grade and capacity are entered by staff."))
    return state_facts(profile, values, by=by, now=now)


def state_facts(profile: Profile, values: Mapping[str, Any], *, by: User | None, now: datetime) -> list[str]:
    """Let a profile say something else; returns the names of the facts that are different now."""
    changed = [name for name, value in values.items() if getattr(profile, name) != value]
    for name in changed:
        setattr(profile, name, values[name])
    if changed:
        audit.record(CHANGED, profile, by=by, now=now, name=profile.user.name)
    return changed


# --- qualifications -------------------------------------------------------------------------------


@dataclass(frozen=True)
class QualificationFacts:
    """A qualification as it is typed."""

    name: str
    level: str = ""
    issuer: str = ""
    number: str = ""
    valid_from: date | None = None
    valid_until: date | None = None
    needed: bool = False


def add_qualification(
    profile: Profile, facts: QualificationFacts, upload: FileStorage | None = None, *, by: User, now: datetime
) -> Qualification:
    """Enter a qualification with its evidence; what the person enters waits until staff have checked it."""
    staff = queries.may_edit(profile, by) and profile.user_id != by.id
    file = store_document(upload, by=by, program_id=None, now=now, purpose=PURPOSE) if upload else None
    held = Qualification(
        profile=profile, **vars(facts), file_id=file.id if file else None, by_id=by.id, at=now,
        checked_by_id=by.id if staff else None, checked_at=now if staff else None,
    )  # fmt: skip
    db.session.add(held)
    audit.record(HELD, profile, by=by, now=now, name=profile.user.name, **_of(held))
    owed.renew_qualifications(profile, local_day(now))
    return held


def _of(held: Qualification) -> dict[str, Any]:
    return {"qualification": held.name}


def check_qualification(held: Qualification, *, by: User, now: datetime) -> None:
    """Note that staff have seen the evidence; from now on it counts."""
    require(held.withdrawn_at is None, _("This qualification was withdrawn."))
    require(held.profile.user_id != by.id, _("Nobody checks an own qualification."))
    if held.checked_at is not None:
        return
    held.checked_by_id, held.checked_at = by.id, now
    audit.record(CHECKED, held.profile, by=by, now=now, name=held.profile.user.name, **_of(held))
    owed.renew_qualifications(held.profile, local_day(now))


def withdraw_qualification(held: Qualification, *, reason: str, by: User, now: datetime) -> None:
    """Take a wrong qualification out; it stays in the history with the reason."""
    require(held.withdrawn_at is None, _("This qualification was withdrawn."))
    held.withdrawn_at, held.withdrawn_reason = now, reason
    audit.record(
        WITHDRAWN, held.profile, by=by, now=now, name=held.profile.user.name, reason=reason, **_of(held)
    )
    owed.renew_qualifications(held.profile, local_day(now))


# --- ratings --------------------------------------------------------------------------------------


def rate(
    profile: Profile,
    values: Mapping[Dimension, int],
    *,
    evidence: str,
    rated_on: date,
    by: User,
    now: datetime,
) -> TeacherRating:
    """Rate a person in the three dimensions, 1 to 5; a later rating is a row of its own."""
    require(profile.user_id != by.id, _("Nobody rates himself here."))
    require(rated_on <= local_day(now), _("A rating is not dated ahead."))
    rating = TeacherRating(
        profile_id=profile.id, rated_on=rated_on, evidence=evidence, by_id=by.id, by_name=by.name, at=now,
        **{dimension.value: values[dimension] for dimension in Dimension},
    )  # fmt: skip
    db.session.add(rating)
    audit.record(RATED, profile, by=by, now=now, name=profile.user.name)
    return rating
