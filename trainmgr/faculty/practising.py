"""The ledger of practice at enterprises: entries, their confirmation, the limits, where everybody stands."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime

import sqlalchemy as sa
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from werkzeug.datastructures import FileStorage

from trainmgr.faculty import owed
from trainmgr.faculty.ledger import EVERY_DAY, Limits, Spell, runs_of
from trainmgr.faculty.models import PracticeEntry, PracticeLimit, PracticeRun, Profile
from trainmgr.faculty.practice_queries import versions_of
from trainmgr.faculty.rules import Confirmed, EntryState
from trainmgr.identity.models import Organization, OrganizationKind, User
from trainmgr.kernel import audit
from trainmgr.kernel.access import Permission
from trainmgr.kernel.audit import require
from trainmgr.kernel.clock import local_day
from trainmgr.kernel.db import db
from trainmgr.kernel.errors import Conflict
from trainmgr.kernel.files import store_document
from trainmgr.programs.rules import Side

ENTERED = audit.sentence("practice.enter", _l("%(who)s entered practice of %(what)s at %(enterprise)s"))
CONFIRMED = audit.sentence(
    "practice.confirm", _l("%(who)s confirmed the practice of %(what)s at %(enterprise)s")
)
REFUSED = audit.sentence(
    "practice.refuse", _l("%(who)s did not confirm the practice of %(what)s at %(enterprise)s: %(reason)s")
)
WITHDRAWN = audit.sentence(
    "practice.withdraw", _l("%(who)s withdrew the practice of %(what)s at %(enterprise)s: %(reason)s")
)
LIMITS_SET = audit.sentence(
    "practice.limits",
    _l(
        "%(who)s set the practice rules from %(day)s: %(year)s days a year, %(window)s days in %(years)s years"
    ),
)

# --- the limits -----------------------------------------------------------------------------------


def set_limits(
    college: Organization, limits: Limits, *, valid_from: date, reason: str, by: User, now: datetime
) -> None:
    """Let other limits hold from a day on."""
    require(valid_from >= local_day(now), _("A rule changes from today or a later day, never backwards."))
    require(
        all(row.valid_from != valid_from for row in versions_of(college.id)),
        _("This rule is set anew from that day already. Choose a later one."),
    )
    row = PracticeLimit(
        college_id=college.id, valid_from=valid_from, days_a_year=limits.days_a_year,
        days_in_window=limits.days_in_window, window_years=limits.window_years, reason=reason,
        by_id=by.id, by_name=by.name, at=now,
    )  # fmt: skip
    db.session.add(row)
    audit.record(
        LIMITS_SET, row, by=by, now=now, name=college.name, reason=reason, day={"day": valid_from.isoformat()},
        year=limits.days_a_year, window=limits.days_in_window, years=limits.window_years,
    )  # fmt: skip


# --- entries --------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Stay:
    """A stay at an enterprise as it is typed; `weekdays` empty means every day."""

    enterprise: str
    post: str
    starts_on: date
    ends_on: date
    weekdays: frozenset[int] = field(default=EVERY_DAY)
    proof: str = ""

    @property
    def spell(self) -> Spell:
        """The stay as the rules count it."""
        return Spell(self.starts_on, self.ends_on, self.weekdays or EVERY_DAY)


def spell_of(entry: PracticeEntry) -> Spell:
    """Return an entry as the rules count it."""
    return Spell(entry.starts_on, entry.ends_on, frozenset(int(digit) for digit in entry.weekdays))


def enter(
    profile: Profile, stay: Stay, upload: FileStorage | None = None, *, by: User, now: datetime
) -> PracticeEntry:
    """Enter a stay at an enterprise; it counts when the enterprise, or staff from its paper, have confirmed it."""
    require(profile.side is Side.COLLEGE, _("The ledger is for the teachers of colleges."))
    require(stay.ends_on <= local_day(now), _("Enter practice when it is over: the last day lies ahead."))
    days = sum(last - first + 1 for first, last in runs_of([stay.spell]))
    require(days > 0, _("No day of the stay falls on these weekdays."))
    same = sa.select(PracticeEntry.id).where(
        PracticeEntry.profile_id == profile.id,
        PracticeEntry.enterprise == stay.enterprise,
        PracticeEntry.starts_on == stay.starts_on,
        PracticeEntry.ends_on == stay.ends_on,
        PracticeEntry.state.in_((EntryState.ENTERED, EntryState.CONFIRMED)),
    )
    require(db.session.scalar(same.limit(1)) is None, _("This stay stands in the ledger already."))
    file = store_document(upload, by=by, program_id=None, now=now, purpose="faculty") if upload else None
    entry = PracticeEntry(
        profile=profile, organization_id=_enterprise_named(stay.enterprise), enterprise=stay.enterprise,
        post=stay.post, starts_on=stay.starts_on, ends_on=stay.ends_on, days=days, proof=stay.proof,
        weekdays="".join(str(day) for day in sorted(stay.weekdays or EVERY_DAY)),
        file_id=file.id if file else None, by_id=by.id, at=now, state=EntryState.ENTERED,
    )  # fmt: skip
    db.session.add(entry)
    audit.record(ENTERED, profile, by=by, now=now, name=profile.user.name, enterprise=stay.enterprise)
    owed.renew_confirmation(entry, local_day(now))
    return entry


def _enterprise_named(name: str) -> int | None:
    """Return the enterprise of exactly this name, full or short, when there is one and no other."""
    found = db.session.scalars(
        sa.select(Organization.id)
        .where(
            Organization.kind == OrganizationKind.ENTERPRISE,
            sa.or_(Organization.name == name, Organization.short_name == name),
        )
        .limit(2)
    ).all()
    return found[0] if len(found) == 1 else None


def may_confirm(entry: PracticeEntry, viewer: User) -> Confirmed | None:
    """Return how the viewer may confirm an entry, or None: for the enterprise, or from paper as staff of the college.

    Nobody confirms own practice.
    """
    kept = viewer.organizations_where(Permission.FACULTY_EDIT)
    if entry.profile.user_id == viewer.id:
        return None
    if entry.organization_id in kept:
        return Confirmed.ENTERPRISE
    return Confirmed.PAPER if entry.profile.organization_id in kept else None


def decide(
    entry: PracticeEntry, *, confirmed: bool, reason: str, version: int, by: User, now: datetime
) -> None:
    """Confirm an entry or refuse it; from paper it takes a proof, a refusal takes a reason."""
    how = may_confirm(entry, by)
    require(how, _("Nobody confirms own practice."))
    _require_waiting(entry, version)
    require(confirmed or reason, _("Say why it is not confirmed."))
    if confirmed and how is Confirmed.PAPER:
        require(
            entry.proof or entry.file_id,
            _("Without the enterprise's own word it takes a proof: enter it anew with one."),
        )
    entry.state = EntryState.CONFIRMED if confirmed else EntryState.REFUSED
    entry.confirmed = how if confirmed else None
    _close(entry, reason, by, now)
    audit.record(
        CONFIRMED if confirmed else REFUSED, entry.profile, by=by, now=now, name=entry.profile.user.name,
        enterprise=entry.enterprise, reason=reason,
    )  # fmt: skip


def withdraw(entry: PracticeEntry, *, reason: str, version: int, by: User, now: datetime) -> None:
    """Take a wrong entry out of the ledger; its days count no longer."""
    require(entry.state is not EntryState.WITHDRAWN, _("This entry was decided meanwhile."))
    staff = entry.profile.organization_id in by.organizations_where(Permission.FACULTY_EDIT)
    require(
        staff or (entry.profile.user_id == by.id and entry.state is EntryState.ENTERED),
        _("What is confirmed is withdrawn by staff."),
    )
    if entry.version != version:
        raise Conflict(_("This entry was decided meanwhile."))
    entry.state, entry.confirmed = EntryState.WITHDRAWN, None
    _close(entry, reason, by, now)
    audit.record(
        WITHDRAWN, entry.profile, by=by, now=now, name=entry.profile.user.name, enterprise=entry.enterprise,
        reason=reason,
    )  # fmt: skip


def _require_waiting(entry: PracticeEntry, version: int) -> None:
    if entry.version != version or entry.state is not EntryState.ENTERED:
        raise Conflict(_("This entry was decided meanwhile."))


def _close(entry: PracticeEntry, reason: str, by: User, now: datetime) -> None:
    entry.decided_by_id, entry.decided_by_name, entry.decided_at, entry.reason = by.id, by.name, now, reason
    db.session.flush()
    add_up(entry.profile_id)
    owed.renew_confirmation(entry, local_day(now))


def add_up(profile_id: int) -> None:
    """Write the confirmed days of a person anew, so that lists can add them up; one after the other."""
    db.session.execute(sa.select(Profile.id).where(Profile.id == profile_id).with_for_update())
    entries = db.session.scalars(
        sa.select(PracticeEntry).where(
            PracticeEntry.profile_id == profile_id, PracticeEntry.state == EntryState.CONFIRMED
        )
    )
    runs = runs_of([spell_of(entry) for entry in entries])
    db.session.execute(sa.delete(PracticeRun).where(PracticeRun.profile_id == profile_id))
    if runs:
        rows = [{"profile_id": profile_id, "first_day": first, "last_day": last} for first, last in runs]
        db.session.execute(sa.insert(PracticeRun), rows)
