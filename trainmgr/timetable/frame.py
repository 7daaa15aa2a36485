"""What the pages of the timetable have in common: the blueprint, the week asked for, the forms' choices, the frame."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from flask import Blueprint, request
from flask_babel import gettext as _
from flask_login import current_user

from trainmgr.curriculum.models import Module
from trainmgr.kernel.access import Permission
from trainmgr.kernel.clock import today
from trainmgr.pathways.rules import Venue
from trainmgr.programs.models import Program, ProgramParty
from trainmgr.programs.pages import render_program_page
from trainmgr.programs.queries import may
from trainmgr.programs.rules import PartyRole, Side, Step, Work, is_open
from trainmgr.timetable import labels, places, queries
from trainmgr.timetable.forms import PlaceForm, options
from trainmgr.timetable.holidays import country_day, unknown_years
from trainmgr.timetable.models import ClosedPeriod, TeachingSession
from trainmgr.timetable.rules import Cell, SessionState, grid, week_of

bp = Blueprint("timetable", __name__)


def page_of(template: str, program: Program, status: int = 200, **context: Any) -> tuple[str, int]:
    """Render a page of the timetable inside the programme's frame."""
    return render_program_page(
        f"timetable/{template}.html", program, Step.CURRICULUM, status=status, labels=labels, **context
    )


def may_write(program: Program) -> bool:
    """Tell whether the reader may change this timetable now."""
    return is_open(Work.CURRICULUM, program.state) and may(program, current_user, Permission.TIMETABLE_EDIT)


def asked_day(name: str = "week") -> date:
    """Return the day that the address asks for, else today."""
    text = request.args.get(name, "")
    try:
        day = date.fromisoformat(text)
    except ValueError:
        return today()
    return day if 2000 <= day.year <= 2100 else today()


@dataclass(frozen=True)
class DayHead:
    """A day at the head of a week: what the calendar says, who is closed, whether it is today."""

    day: date
    country: str
    closed: Sequence[ClosedPeriod]
    is_today: bool
    is_teaching: bool


@dataclass(frozen=True)
class Week:
    """A week as a grid for the desk and as a list by day for the phone."""

    heads: Sequence[DayHead]
    rows: Sequence[Sequence[Cell | None]]
    sessions: dict[int, TeachingSession]
    unknown: Sequence[int]

    @property
    def monday(self) -> date:
        """The first day."""
        return self.heads[0].day

    @property
    def before(self) -> date:
        """The Monday before."""
        return self.monday - timedelta(weeks=1)

    @property
    def after(self) -> date:
        """The Monday after."""
        return self.monday + timedelta(weeks=1)

    def on(self, day: date) -> list[TeachingSession]:
        """Return what stands on a day, called off or not."""
        return [session for session in self.sessions.values() if session.day == day]

    @property
    def cancelled(self) -> list[TeachingSession]:
        """What was called off in this week."""
        return [session for session in self.sessions.values() if session.is_cancelled]

    @property
    def beside(self) -> list[TeachingSession]:
        """What has no place in the grid, because another session stands there already."""
        shown = {cell.session_id for row in self.rows for cell in row if cell}
        return [s for s in self.sessions.values() if not s.is_cancelled and s.id not in shown]


def week_from(
    days: Sequence[date], sessions: Iterable[TeachingSession], closed: Sequence[ClosedPeriod] = ()
) -> Week:
    """Put sessions into a week; evening units are shown only where something stands there."""
    listed = {session.id: session for session in sessions}
    slots = {key: each.slot for key, each in listed.items() if each.state is SessionState.PLANNED}
    last = max([8, *(slot.last_unit for slot in slots.values())])
    heads = [head_of(day, closed) for day in days]
    return Week(heads, grid(days, slots, last), listed, unknown_years(days))


def head_of(day: date, closed: Sequence[ClosedPeriod]) -> DayHead:
    """Return a day with what the calendars say of it."""
    known = country_day(day)
    those = [period for period in closed if period.starts_on <= day <= period.ends_on]
    return DayHead(day, labels.country_text(known), those, day == today(), known.is_teaching)


def asked_week() -> list[date]:
    """Return the seven days of the week that the address asks for."""
    return week_of(asked_day())


# --- forms ----------------------------------------------------------------------------------------------


def default_host(program: Program, module: Module) -> int:
    """Return at whose place a module is taught unless somebody says otherwise: the side that the plan names."""
    enterprises = [party for party in program.parties if party.role is PartyRole.ENTERPRISE]
    if (module.taught_by_enterprise or module.venue is Venue.ENTERPRISE) and enterprises:
        return enterprises[0].organization_id
    return program.lead_college_id


def hosts(program: Program) -> list[ProgramParty]:
    """Return the parties at whose place a session can be."""
    return [party for party in program.parties if party.role.side in set(Side)]


def offer_places(form: PlaceForm, program: Program) -> Any:
    """Give a form its teachers, rooms and parties; returns teachers and rooms by id."""
    teachers = {user.id: user for user in queries.teachers_for_choice(program)}
    rooms = {room.id: room for room in places.rooms_for_choice(program)}
    form.teacher.choices = options(
        [(0, _("the module's lead teacher")), *((user.id, user.name) for user in teachers.values())]
    )
    form.room.choices = options(
        [(0, _("no room")), *((room.id, _room_text(room)) for room in rooms.values())]
    )
    form.host.choices = options(
        [(0, _("as the module says")), *((each.organization_id, each.short_label) for each in hosts(program))]
    )
    return teachers, rooms


def _room_text(room: Any) -> str:
    text = f"{room.name} · {room.organization.short}"
    return f"{text} · {room.capacity}" if room.capacity else text
