"""What a programme's home tells: what is missing and who does it, key figures, stages, the trail."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from flask import current_app, url_for
from flask_babel import ngettext
from werkzeug.routing import BuildError

from trainmgr.identity.models import Organization, User
from trainmgr.kernel.access import Permission, Role, may_open
from trainmgr.kernel.audit import AuditEvent
from trainmgr.kernel.db import db
from trainmgr.kernel.i18n import language, say
from trainmgr.kernel.paging import Listing, Page, paginate
from trainmgr.pathways.rules import Pathway, Venue
from trainmgr.programs import dues
from trainmgr.programs.models import Due, Program
from trainmgr.programs.queries import may
from trainmgr.programs.rules import Missing, Step, blocking, next_state
from trainmgr.programs.thread import missing_of

NAMED = re.compile(r"%\((\w+)\)")

# Deeds on these are the programme's own; the rest may name trainees, who are not everybody's to see.
SHARED_KINDS = (
    "program",
    "program_party",
    "program_duty",
    "revenue_share",
    "program_person",
    "needs_analysis",
    "competency",
    "enterprise_indicator",
    "edition",
    "plan_stage",
    "module",
    "evaluation_scheme",
    "criterion",
    "evaluation_window",
    "cohort",
)


@dataclass(frozen=True)
class Lack:
    """One line of "what is missing and who does it"."""

    step: Step
    text: str
    who: str
    due_on: date | None
    days_late: int
    blocks: bool
    url: str | None
    code: str = ""
    remind: int = 0
    reminded: int = 0


@dataclass(frozen=True)
class DueGroup:
    """What is due from several people under one code; `own` lines are the reader's."""

    code: str
    people: int
    amount: int
    due_on: date | None
    reminded: int
    own: int
    person: str | None
    office: str | None
    params: str

    @property
    def remindable(self) -> tuple[int, int]:
        """How many can be reminded and how many were today; nobody is asked to remind himself alone."""
        return (0, 0) if self.own == self.people else (self.people - self.reminded, self.reminded)

    @property
    def who(self) -> str:
        """The people in words: one by name, more by the first name and how many there are."""
        first = self.person or ""
        if not first and self.office:
            organization, role = self.office.split("\n")
            first = f"{organization} {Role(role).label}"
        if self.people == 1:
            return first
        return ngettext("%(name)s and one other", "%(name)s and %(num)s others", self.people - 1, name=first)


def due_groups(program: Program, viewer: User, today: date) -> dict[str, DueGroup]:
    """Return what is due in a programme today by code: one statement, whatever the number of people."""
    day_start = datetime.combine(today, time.min, ZoneInfo(current_app.config["TIMEZONE"]))
    # Organisation and role come from one row: each by itself would be the first of its column.
    office = Organization.name + "\n" + sa.cast(Due.role, sa.String)
    rows = db.session.execute(
        sa.select(
            Due.code,
            sa.func.count(Due.id),
            sa.func.sum(Due.amount),
            sa.func.min(Due.due_on),
            sa.func.count(sa.case((Due.reminded_at >= day_start, 1))),
            sa.func.count(sa.case((dues.owned_by(viewer), 1))),
            sa.func.min(User.name),
            sa.func.min(office),
            sa.func.min(sa.cast(Due.params, sa.Text)),
        )
        .join(User, User.id == Due.user_id, isouter=True)
        .join(Organization, Organization.id == Due.organization_id, isouter=True)
        .where(Due.program_id == program.id, dues.is_showing(today))
        .group_by(Due.code)
    )
    return {row[0]: DueGroup(*row) for row in rows}


def lacks_of(program: Program, groups: dict[str, DueGroup], today: date) -> tuple[list[Lack], int]:
    """Return what is missing now and what is late, the most pressing first; and how much more later steps take."""
    target = next_state(program.state)
    stored = missing_of(program.steps)
    in_the_way = (
        {id(item) for item in blocking([item for _step, item in stored], target)} if target else set()
    )
    missing = [(step, item) for step, item in stored if item.blocks is None or id(item) in in_the_way]
    lacks = [_from_missing(step, item, id(item) in in_the_way, groups, today) for step, item in missing]
    told = {item.due_code for _step, item in stored}
    lacks += [
        _from_group(program, group, today)
        for group in groups.values()
        if group.code not in told and group.code in dues.CODES and group.due_on and group.due_on < today
    ]
    lacks.sort(key=lambda lack: (not lack.blocks, lack.due_on or date.max, lack.step))
    return lacks, len(stored) - len(missing)


def lack_of(step: Step, item: Missing, today: date) -> Lack:
    """Return one thing that blocks a step forward, in words."""
    return _from_missing(step, item, True, {}, today)


def _late(due_on: date | None, today: date) -> int:
    return max(0, (today - due_on).days) if due_on else 0


def _from_missing(
    step: Step, item: Missing, in_the_way: bool, groups: dict[str, DueGroup], today: date
) -> Lack:
    group = groups.get(item.due_code)
    remind, reminded = group.remindable if group else (0, 0)
    due_on = item.due_on or (group.due_on if group else None)
    return Lack(
        step=step,
        text=say(item.msgid, item.params),
        who=item.who or (say(item.who_msgid, item.params) if item.who_msgid else group.who if group else ""),
        due_on=due_on,
        days_late=_late(due_on, today),
        blocks=in_the_way,
        url=_address(item.endpoint, item.args),
        code=group.code if group else "",
        remind=remind,
        reminded=reminded,
    )


def _from_group(program: Program, group: DueGroup, today: date) -> Lack:
    code = dues.CODES[group.code]
    remind, reminded = group.remindable
    # A title may name what a due thing is about; of several at once only the amount is known.
    values = dict.fromkeys(NAMED.findall(code.title), "…")
    if group.people == 1:
        values |= json.loads(group.params)
    return Lack(
        step=code.step,
        text=say(code.title, values | {"amount": group.amount}),
        who=group.who,
        due_on=group.due_on,
        days_late=_late(group.due_on, today),
        blocks=False,
        url=_address(code.endpoint, {"program_id": program.id}),
        code=group.code,
        remind=remind,
        reminded=reminded,
    )


def _address(endpoint: str, args: dict[str, Any]) -> str | None:
    if not may_open(endpoint):
        return None
    try:
        return url_for(endpoint, **args)
    except BuildError:  # the page takes more than is known here; the step's own page leads on
        return None


# --- figures and stages -------------------------------------------------------------------------


@dataclass(frozen=True)
class Leg:
    """One stage as the blueprint draws it."""

    number: int
    name: str
    length: str
    venue: Venue
    state: str
    remedial: bool


def legs_of(pathway: Pathway, current: int = 0, *, over: bool = False) -> list[list[Leg]]:
    """Return the stages of a pathway in rows of eight; `current` is the number of the stage under way."""
    legs = []
    for number, stage in enumerate(pathway.stages, 1):
        unit = (
            ngettext("%(num)s month", "%(num)s months", stage.length)
            if stage.unit == "month"
            else ngettext("%(num)s week", "%(num)s weeks", stage.length)
        )
        legs.append(
            Leg(
                number=number,
                name=stage.name.to(language()),
                length=unit,
                venue=stage.venue,
                state="done" if over or number < current else "now" if number == current else "",
                remedial=stage.remedial,
            )
        )
    return [legs[start : start + 8] for start in range(0, len(legs), 8)]


# --- the trail ----------------------------------------------------------------------------------


def sees_trail(program: Program, viewer: User) -> bool:
    """Tell whether somebody may read a programme's trail: those who run it, and those who sign for a side."""
    return may(program, viewer, Permission.AUDIT_VIEW) or may(program, viewer, Permission.PROGRAM_SIGN)


def select_trail(program: Program, viewer: User) -> sa.Select[Any]:
    """Return a select of the deeds in a programme that the viewer may read.

    The lead college's people read all; partners read what was done to the programme itself, and their own deeds.
    """
    statement = sa.select(AuditEvent).where(AuditEvent.program_id == program.id)
    full = program.lead_college_id in viewer.organizations_where(Permission.AUDIT_VIEW)
    if full and may(program, viewer, Permission.AUDIT_VIEW):
        return statement
    return statement.where(
        sa.or_(AuditEvent.subject_kind.in_(SHARED_KINDS), AuditEvent.actor_id == viewer.id)
    )


def latest(program: Program, viewer: User, limit: int = 6) -> Sequence[AuditEvent]:
    """Return the last deeds in a programme, newest first."""
    statement = (
        select_trail(program, viewer).order_by(AuditEvent.at.desc(), AuditEvent.id.desc()).limit(limit)
    )
    return db.session.scalars(statement).all()


def page_of_trail(program: Program, viewer: User, listing: Listing) -> Page[AuditEvent]:
    """Return a page of the trail, newest first: two statements."""
    orders = {"when": (AuditEvent.at.desc(), AuditEvent.id.desc())}
    return paginate(select_trail(program, viewer), listing, orders=orders, default="when")


def in_the_way(lacks: Sequence[Lack]) -> int:
    """Return how many of the lacks block the next step."""
    return sum(lack.blocks for lack in lacks)
