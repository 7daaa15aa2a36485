"""What days, units, sessions and clashes are called."""

from __future__ import annotations

from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from trainmgr.curriculum.models import Module
from trainmgr.kernel.i18n import language, short_day
from trainmgr.timetable.holidays import CountryDay
from trainmgr.timetable.rules import DayKind, Resource, SessionState, Slot

STATES = {SessionState.PLANNED: _l("Takes place"), SessionState.CANCELLED: _l("Called off")}
WEEKDAYS = (_l("Monday"), _l("Tuesday"), _l("Wednesday"), _l("Thursday"), _l("Friday"), _l("Saturday"),
            _l("Sunday"))  # fmt: skip


def module_name(module: Module) -> str:
    """Return a module's name in the reader's language."""
    return module.name_en if language() == "en" and module.name_en else module.name


def units_text(slot: Slot) -> str:
    """Return a stretch of units in words."""
    if slot.units == 1:
        return _("unit %(number)s", number=slot.first_unit)
    return _("units %(first)s–%(last)s", first=slot.first_unit, last=slot.last_unit)


def when(slot: Slot) -> str:
    """Return day and units in words."""
    return _("%(day)s, %(units)s", day=short_day(slot.day), units=units_text(slot))


def country_text(known: CountryDay) -> str:
    """Return what the country's calendar says of a day, nothing for an ordinary one."""
    name = known.name_en if language() == "en" else known.name
    if known.kind is DayKind.HOLIDAY:
        return name
    return _("working day for %(holiday)s", holiday=name) if known.kind is DayKind.MOVED_WORKDAY else ""


def clash_text(resource: Resource, other: Any, *, seen: bool) -> str:
    """Return why a class, teacher or room is not free; another programme's names only for who may see it."""
    moment = when(other.slot)
    if resource is Resource.COHORT:
        return _("The class %(name)s has “%(module)s” on %(when)s.", name=other.cohort.name,
                 module=module_name(other.module), when=moment)  # fmt: skip
    values = {"name": other.teacher.name if resource is Resource.TEACHER else other.room.name, "when": moment}
    if not seen:
        return _("%(name)s is busy on %(when)s.", **values)
    values |= {
        "module": module_name(other.module),
        "cohort": other.cohort.name,
        "program": other.program.label,
    }
    if resource is Resource.TEACHER:
        return _("%(name)s teaches “%(module)s” to %(cohort)s (%(program)s) on %(when)s.", **values)
    return _("%(name)s is taken by “%(module)s” of %(cohort)s (%(program)s) on %(when)s.", **values)
