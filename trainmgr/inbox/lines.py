"""A line of the inbox in words: what to do, for which programme, by when, and where it is done."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from flask import url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_babel import ngettext
from werkzeug.routing import BuildError

from trainmgr.inbox.queries import DueCounts
from trainmgr.kernel.i18n import say, short_day
from trainmgr.kernel.shell import STEPS
from trainmgr.programs.dues import CODES, DueCode
from trainmgr.programs.models import Due


@dataclass(frozen=True)
class DueLine:
    """One line of the inbox."""

    step_number: int
    step_name: Any
    title: str
    hint: str
    url: str
    verb: str
    by: str
    is_late: bool


@dataclass(frozen=True)
class DueGroup:
    """The lines of one urgency on this page, and how many there are in all."""

    key: str
    heading: Any
    is_late: bool
    count: int
    lines: Sequence[DueLine]


HEADINGS = {
    "overdue": _l("Overdue"),
    "today": _l("Today"),
    "later": _l("This week and later"),
    "undated": _l("Without a date"),
}


def grouped(dues: Iterable[Due], counts: DueCounts, today: date) -> list[DueGroup]:
    """Return the lines of a page by urgency; an urgency without a line is left out."""
    lines: dict[str, list[DueLine]] = {key: [] for key in HEADINGS}
    for due in dues:
        lines[urgency(due.due_on, today)].append(line_of(due, today))
    return [
        DueGroup(key, heading, key == "overdue", getattr(counts, key), lines[key])
        for key, heading in HEADINGS.items()
        if lines[key]
    ]


def urgency(due_on: date | None, today: date) -> str:
    """Return the group that a date belongs to."""
    if due_on is None:
        return "undated"
    return "overdue" if due_on < today else "today" if due_on == today else "later"


def line_of(due: Due, today: date) -> DueLine:
    """Return a due thing in words."""
    code = CODES.get(due.code)
    values = {"amount": due.amount} | due.params
    step = STEPS[(int(code.step) if code else 2) - 1]
    hints = [due.program.label, say(code.hint, values) if code else ""]
    if due.reminded_by:
        hints.append(_("%(name)s asks for it", name=due.reminded_by))
    return DueLine(
        step_number=step.number,
        step_name=step.short_name,
        title=say(code.title, values) if code else _("Something is to be done"),
        hint=" · ".join(filter(None, hints)),
        url=_address(due, code),
        verb=say(code.verb, values) if code else _("Open"),
        by=_by(due.due_on, today),
        is_late=due.due_on is not None and due.due_on < today,
    )


def _address(due: Due, code: DueCode | None) -> str:
    if code is not None:
        args: dict[str, Any] = {"program_id": due.program_id}
        if code.subject_arg:
            args[code.subject_arg] = due.subject_id
        try:
            return url_for(code.endpoint, **args)
        except BuildError:
            pass
    return url_for("programs.show_program", program_id=due.program_id)


def _by(due_on: date | None, today: date) -> str:
    if due_on is None:
        return ""
    if due_on < today:
        days = (today - due_on).days
        return ngettext("one day late", "%(num)s days late", days)
    return _("today") if due_on == today else short_day(due_on)
