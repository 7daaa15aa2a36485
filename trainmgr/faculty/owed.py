"""What the faculty asks of whom: qualifications that end, stays at an enterprise that wait for its word.

A due thing stands in the inbox of a programme: the newest open one in which the person takes part. Who takes part in
none has no line in the inbox; the faculty's list still shows what ends.
"""

from __future__ import annotations

from datetime import date

import sqlalchemy as sa

from trainmgr.faculty.models import PracticeEntry, Profile, Qualification
from trainmgr.faculty.rules import EntryState, warned_from
from trainmgr.kernel.access import Role
from trainmgr.kernel.db import db
from trainmgr.kernel.msgids import N_
from trainmgr.programs import dues
from trainmgr.programs.dues import DueCode, code
from trainmgr.programs.models import Due, Program, ProgramPerson
from trainmgr.programs.rules import Side, State, Step

QUALIFICATION = code(
    "qualification-ends",
    DueCode(
        step=Step.MENTORING,
        title=N_("%(person)s: %(qualification)s ends"),
        hint=N_("renew it and enter the new one; without it nobody may be guided"),
        verb=N_("Look"),
        endpoint="faculty.show_profile",
        subject_arg="profile_id",
    ),
)
TO_CONFIRM = code(
    "practice-to-confirm",
    DueCode(
        step=Step.MENTORING,
        title=N_("Confirm the practice of %(person)s at your enterprise"),
        hint=N_("from %(first)s to %(last)s; only confirmed days count"),
        verb=N_("Look"),
        endpoint="faculty.list_to_confirm",
    ),
)


def newest_program_of(profile: Profile) -> int | None:
    """Return the newest open programme in which the person takes part, or None."""
    return db.session.scalar(
        sa.select(Program.id)
        .join(ProgramPerson, ProgramPerson.program_id == Program.id)
        .where(
            ProgramPerson.user_id == profile.user_id,
            ProgramPerson.until.is_(None),
            Program.state.not_in((State.CLOSED, State.CANCELLED)),
        )
        .order_by(Program.id.desc())
        .limit(1)
    )


def renew_qualifications(profile: Profile, today: date) -> None:
    """Bring the inboxes of the person and of staff up to date with the qualification that ends first."""
    db.session.flush()
    db.session.execute(sa.delete(Due).where(Due.code == QUALIFICATION, Due.subject_id == profile.id))
    ends = _first_to_end(profile.id)
    program_id = newest_program_of(profile) if ends else None
    if ends is None or program_id is None:
        return
    name, until = ends
    staff = Role.STAFF if profile.side is Side.COLLEGE else Role.ENTERPRISE_COORDINATOR
    owners = ({"user_id": profile.user_id}, {"organization_id": profile.organization_id, "role": staff})
    for owner in owners:
        dues.put(
            QUALIFICATION, program_id=program_id, visible_from=warned_from(until), subject_id=profile.id,
            due_on=until, person=profile.user.name, qualification=name, **owner,
        )  # fmt: skip


def _first_to_end(profile_id: int) -> tuple[str, date] | None:
    """Return the qualification that ends first, renewals looked at: (name, last day)."""
    rows = db.session.execute(
        sa.select(Qualification.name, Qualification.valid_until).where(
            Qualification.profile_id == profile_id,
            Qualification.withdrawn_at.is_(None),
            Qualification.checked_at.is_not(None),
        )
    )
    latest: dict[str, date] = {}
    for name, until in rows:
        latest[name] = max(latest.get(name, date.min), until or date.max)
    ending = sorted((until, name) for name, until in latest.items() if until != date.max)
    return (ending[0][1], ending[0][0]) if ending else None


def renew_confirmation(entry: PracticeEntry, today: date) -> None:
    """Ask the enterprise's coordinators for their word on an entry, or take the question back."""
    db.session.flush()
    db.session.execute(sa.delete(Due).where(Due.code == TO_CONFIRM, Due.subject_id == entry.id))
    if entry.state is not EntryState.ENTERED or entry.organization_id is None:
        return
    if (program_id := newest_program_of(entry.profile)) is None:
        return
    dues.put(
        TO_CONFIRM, program_id=program_id, visible_from=today, subject_id=entry.id,
        organization_id=entry.organization_id, role=Role.ENTERPRISE_COORDINATOR, person=entry.profile.user.name,
        first={"day": entry.starts_on.isoformat()}, last={"day": entry.ends_on.isoformat()},
    )  # fmt: skip
