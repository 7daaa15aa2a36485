"""Naming counsellors of both sides for classes and single trainees, and ending it; a programme's own choices."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from trainmgr.enrolment.models import Cohort, Enrolment
from trainmgr.guidance import owed, queries
from trainmgr.guidance.models import Counsel, GuidanceSetting
from trainmgr.guidance.rules import Ranking
from trainmgr.identity.models import User
from trainmgr.kernel import audit
from trainmgr.kernel.audit import require
from trainmgr.kernel.clock import local_day
from trainmgr.kernel.db import db
from trainmgr.kernel.errors import Conflict
from trainmgr.programs.actions import require_open
from trainmgr.programs.models import Program, ProgramPerson
from trainmgr.programs.rules import Side, Work

NAMED = audit.sentence("guidance.counsel.name", _l("%(who)s named %(counsellor)s as counsellor of %(what)s"))
ENDED = audit.sentence(
    "guidance.counsel.end", _l("%(counsellor)s is no longer counsellor of %(what)s: %(reason)s")
)
CHOSEN = audit.sentence("guidance.setting", _l("%(who)s changed the choices of guidance of %(what)s"))


@dataclass(frozen=True)
class Choices:
    """What a programme chooses: how many trainees are usual, what trainees see of others' points, weekly limits."""

    most_guided: int
    ranking: Ranking
    weekly_for_one: int
    weekly_for_all: int


def name(
    program: Program,
    user: User,
    side: Side,
    whom: Cohort | Enrolment,
    *,
    reason: str,
    by: User,
    now: datetime,
) -> Counsel:
    """Name somebody as counsellor of a class or of a trainee from today; whoever was named before ends today."""
    require_open(program, Work.MENTORING)
    today = local_day(now)
    home = queries.home_of(user.id, program, side, today)
    require(home is not None, _("%(name)s is no counsellor at a party of this side.", name=user.name))
    assert home is not None
    is_class = isinstance(whom, Cohort)
    mine = Counsel.cohort_id == whom.id if is_class else Counsel.enrolment_id == whom.id
    before = db.session.scalars(
        sa.select(Counsel).where(mine, Counsel.side == side, Counsel.until.is_(None)).with_for_update()
    ).one_or_none()
    require(before is None or before.user_id != user.id, _("%(name)s is named already.", name=user.name))
    if before is not None:
        before.until = today
        db.session.flush()
    row = Counsel(
        program_id=program.id, side=side, user_id=user.id, cohort_id=whom.id if is_class else None,
        enrolment_id=None if is_class else whom.id, since=today, reason=reason, by_id=by.id, by_name=by.name, at=now,
    )  # fmt: skip
    db.session.add(row)
    _relate(program, user, side, home.id, now)
    audit.record(
        NAMED, row, by=by, now=now, program_id=program.id, name=whom.name, reason=reason, counsellor=user.name
    )
    owed.renew_all(program, now)
    return row


def _relate(program: Program, user: User, side: Side, organization_id: int, now: datetime) -> None:
    """Somebody who counsels belongs to the programme, so that it can be opened at all."""
    role = queries.ROLE_OF[side]
    known = sa.select(ProgramPerson.id).where(
        ProgramPerson.program_id == program.id, ProgramPerson.user_id == user.id, ProgramPerson.role == role
    )
    if db.session.scalar(known) is None:
        db.session.add(
            ProgramPerson(
                program_id=program.id,
                user_id=user.id,
                organization_id=organization_id,
                role=role,
                since=local_day(now),
            )
        )


def end(program: Program, row: Counsel, *, reason: str, by: User, now: datetime) -> None:
    """End a naming today; told twice it ends once."""
    if row.until is not None:
        return
    row.until = local_day(now)
    whom = row.cohort.name if row.cohort else row.enrolment.name if row.enrolment else ""
    audit.record(
        ENDED, row, by=by, now=now, program_id=program.id, name=whom, reason=reason, counsellor=row.user.name
    )
    owed.renew_all(program, now)


def choose(program: Program, choices: Choices, *, version: int, by: User, now: datetime) -> GuidanceSetting:
    """Set a programme's own choices."""
    row = db.session.get(GuidanceSetting, program.id)
    if row is None:
        row = GuidanceSetting(program_id=program.id)
        db.session.add(row)
    elif row.version != version:
        raise Conflict(_("Somebody has changed these choices meanwhile. Look again, then save."))
    row.most_guided, row.ranking = choices.most_guided, choices.ranking
    row.weekly_for_one, row.weekly_for_all = choices.weekly_for_one, choices.weekly_for_all
    audit.record(CHOSEN, program, by=by, now=now, program_id=program.id, name=program.name)
    return row
