"""The real-name roster of subsidised training (实名制花名册): which columns a college sends in, as data.

A column has a heading and a source: a field of the records, a text that is the same in every row, or nothing (a column
that the office asks for and that is filled in by hand, because no record holds it).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from trainmgr.enrolment.roster_models import RealNameLayout
from trainmgr.enrolment.rules import gender_in
from trainmgr.identity.models import User
from trainmgr.kernel import audit
from trainmgr.kernel.audit import require
from trainmgr.kernel.db import db
from trainmgr.kernel.errors import Conflict
from trainmgr.kernel.hours import ledger_hours
from trainmgr.kernel.msgids import N_

MOST_COLUMNS, LONGEST = 40, 60
NOTHING, TEXT = "", "text"

LAID_OUT = audit.sentence(
    "roster.layout", _l("%(who)s set the columns of the real-name roster of %(what)s: %(count)s")
)


@dataclass(frozen=True)
class Facts:
    """What the records hold of one person for the roster; numbers in full, minutes of planned training."""

    serial: int
    name: str
    gender: str
    id_number: str
    phone: str
    student_number: str
    employee_number: str
    cohort: str
    enterprise: str
    field: str
    level: str
    post: str
    minutes: int
    starts_on: date | None
    ends_on: date | None


# By its key: what a source is called, and how it is read.
SOURCES: dict[str, tuple[str, Callable[[Facts], Any]]] = {
    "serial": (N_("Running number"), lambda one: one.serial),
    "name": (N_("Name"), lambda one: one.name),
    "gender": (N_("Gender"), lambda one: gender_word(one)),
    "id_number": (N_("ID number"), lambda one: one.id_number),
    "phone": (N_("Phone"), lambda one: one.phone),
    "student_number": (N_("Student number"), lambda one: one.student_number),
    "employee_number": (N_("Employee number"), lambda one: one.employee_number),
    "cohort": (N_("Class"), lambda one: one.cohort),
    "enterprise": (N_("Enterprise"), lambda one: one.enterprise),
    "field": (N_("Field or trade"), lambda one: one.field),
    "level": (N_("Present level"), lambda one: one.level),
    "post": (N_("Post"), lambda one: one.post),
    "period": (N_("First and last day of training"), lambda one: period_of(one)),
    "starts_on": (N_("First day of training"), lambda one: one.starts_on),
    "ends_on": (N_("Last day of training"), lambda one: one.ends_on),
    "hours": (N_("Planned hours"), lambda one: ledger_hours(one.minutes) if one.minutes else ""),
}

# The usual columns (人社部门的实名制花名册); what no record holds stays empty.
USUAL: tuple[tuple[str, str], ...] = (
    (N_("No."), "serial"),
    (N_("Name"), "name"),
    (N_("Gender"), "gender"),
    (N_("Resident's ID number"), "id_number"),
    (N_("Level of education"), NOTHING),
    (N_("Category of person"), NOTHING),
    (N_("Trade of the training"), "field"),
    (N_("Level of the training"), NOTHING),
    (N_("Days of training"), "period"),
    (N_("Class hours"), "hours"),
    (N_("Contact telephone"), "phone"),
    (N_("Social security card or bank account"), NOTHING),
    (N_("Remarks"), NOTHING),
)


@dataclass(frozen=True)
class LaidOut:
    """One column: its heading, where it comes from ("" nothing, "text" the text), and the text."""

    heading: str
    source: str = NOTHING
    text: str = ""

    def of(self, one: Facts) -> Any:
        """Return the cell for one person."""
        if self.source == TEXT:
            return self.text
        return SOURCES[self.source][1](one) if self.source in SOURCES else ""


def gender_word(one: Facts) -> str:
    """Return the gender in words, by the record or else by the ID number; "" when neither tells."""
    return {"M": _("male"), "F": _("female")}.get(one.gender or gender_in(one.id_number), "")


def period_of(one: Facts) -> str:
    """Return the days of the training in one cell, as offices write them."""
    return "–".join(day.strftime("%Y.%m.%d") for day in (one.starts_on, one.ends_on) if day)


def usual_layout() -> list[LaidOut]:
    """Return the usual columns, named in the reader's language."""
    return [LaidOut(_(heading), source) for heading, source in USUAL]


def layout_of(college_id: int) -> tuple[list[LaidOut], int]:
    """Return a college's columns with their version; the usual ones (version 0) where it has set none."""
    kept = db.session.get(RealNameLayout, college_id)
    if kept is None:
        return usual_layout(), 0
    return [LaidOut(**column) for column in kept.columns], kept.version


def read_layout(form: Any) -> tuple[list[LaidOut], list[tuple[str, str]]]:
    """Read columns from fields of the same place, sorted by their order; returns the faults as (field id, text)."""
    rows = list(zip(*(form.getlist(name) for name in ("order", "heading", "source", "text")), strict=False))
    found: list[tuple[float, int, LaidOut]] = []
    faults = []
    for place, (order, heading, source, text) in enumerate(rows[:MOST_COLUMNS]):
        heading, text = heading.strip(), text.strip()
        if not heading:
            if source or text:
                faults.append((f"heading-{place}", _("Type the heading of the column.")))
            continue
        if len(heading) > LONGEST or len(text) > LONGEST:
            faults.append((f"heading-{place}", _("At most %(most)s characters.", most=LONGEST)))
        at = int(order) if order.isascii() and order.isdigit() and len(order) < 5 else 9_999
        known = source if source in SOURCES or source == TEXT else NOTHING
        found.append((at, place, LaidOut(heading[:LONGEST], known, text[:LONGEST])))
    laid_out = [column for _order, _place, column in sorted(found, key=lambda one: one[:2])]
    if not laid_out and not faults:
        faults.append(("heading-0", _("The roster needs at least one column.")))
    return laid_out, faults


def set_layout(
    college_id: int, columns: Sequence[LaidOut], *, version: int, name: str, by: User, now: datetime
) -> None:
    """Keep a college's columns; raises Conflict when somebody else changed them meanwhile."""
    require(columns, _("The roster needs at least one column."))
    kept = db.session.get(RealNameLayout, college_id)
    if (kept.version if kept else 0) != version:
        raise Conflict(_("Somebody else changed the columns meanwhile. What you see now is how they stand."))
    data: list[Mapping[str, str]] = [vars(column) for column in columns]
    if kept is None:
        kept = RealNameLayout(college_id=college_id, columns=data, by_id=by.id, at=now)
        db.session.add(kept)
    else:
        kept.columns, kept.by_id, kept.at = data, by.id, now
    audit.record(LAID_OUT, "organization", by=by, now=now, name=name, count=len(columns))
