"""Column maps: which columns a file has, in which order and under which headings, where each comes from.

Each saving is a new version, and the last one counts. The real-name roster has the same columns here as on the roster's
page of a programme: whichever was set last holds in both places.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from trainmgr.enrolment import real_names
from trainmgr.enrolment.roster_models import RealNameLayout
from trainmgr.exchange.kinds import FileKind
from trainmgr.exchange.models import ColumnMap
from trainmgr.identity.models import Organization, User
from trainmgr.kernel import audit
from trainmgr.kernel.audit import require
from trainmgr.kernel.db import db
from trainmgr.kernel.errors import Conflict
from trainmgr.kernel.msgids import N_

MAPPED = audit.sentence(
    "exchange.map", _l("%(who)s set the columns of the file “%(file)s” of %(what)s: %(count)s")
)
MOST_COLUMNS, LONGEST, LONGEST_WORDS = 40, 60, 200
NOTHING, TEXT = "", "text"
NUMBERS = frozenset({"serial", "days", "hours", "pay"})
FORMATS = ("%Y-%m-%d", "%Y/%m/%d", "%Y.%m.%d", "%Y%m%d", "%Y年%m月%d日")
SEPARATORS = re.compile(r"[,，;；\n]")

OF_INTERNSHIP: dict[str, str] = {
    "serial": N_("Running number"),
    "month": N_("Month"),
    "school": N_("School"),
    "school_code": N_("School's code"),
    "program": N_("Programme"),
    "field": N_("Field or trade"),
    "cohort": N_("Class"),
    "name": N_("Name"),
    "gender": N_("Gender"),
    "id_number": N_("ID number"),
    "student_number": N_("Student number"),
    "enterprise": N_("Enterprise"),
    "enterprise_code": N_("Unified social credit code"),
    "post": N_("Post"),
    "site": N_("Place of the internship"),
    "starts_on": N_("First day of the internship"),
    "ends_on": N_("Last day of the internship"),
    "pay": N_("Pay a month in yuan"),
    "agreement": N_("Agreement signed by all three"),
    "insured_until": N_("Insured until"),
    "teacher": N_("School teacher"),
    "mentor": N_("Enterprise mentor"),
    "days": N_("Days with a log in the month"),
    "hours": N_("Verified hours in the month"),
    "state": N_("State of the internship"),
}
# What education offices ask for every month (每月实习情况); nothing holds the remarks.
USUAL_INTERNSHIP: tuple[tuple[str, str], ...] = (
    (N_("No."), "serial"),
    (N_("Month"), "month"),
    (N_("School"), "school"),
    (N_("Field or trade"), "field"),
    (N_("Class"), "cohort"),
    (N_("Name"), "name"),
    (N_("Gender"), "gender"),
    (N_("Resident's ID number"), "id_number"),
    (N_("Student number"), "student_number"),
    (N_("Enterprise of the internship"), "enterprise"),
    (N_("Unified social credit code"), "enterprise_code"),
    (N_("Post of the internship"), "post"),
    (N_("Place of the internship"), "site"),
    (N_("First day"), "starts_on"),
    (N_("Last day"), "ends_on"),
    (N_("Pay a month (yuan)"), "pay"),
    (N_("Three-party agreement"), "agreement"),
    (N_("Liability insurance until"), "insured_until"),
    (N_("School teacher"), "teacher"),
    (N_("Enterprise mentor"), "mentor"),
    (N_("Days of internship in the month"), "days"),
    (N_("State of the internship"), "state"),
    (N_("Remarks"), NOTHING),
)


@dataclass(frozen=True)
class MapColumn:
    """One column: heading, source ("" nothing, "text" the text), the text, and words for codes ("男=1, 女=2")."""

    heading: str
    source: str = NOTHING
    text: str = ""
    words: str = ""

    def cell(self, facts: Mapping[str, Any], day_format: str) -> Any:
        """Return the cell for one row: numbers as numbers, everything else as text."""
        if self.source == TEXT:
            return self.text
        value = facts.get(self.source, "")
        if isinstance(value, date):
            value = value.strftime(day_format)
        elif isinstance(value, bool):
            value = _("yes") if value else _("no")
        if self.words:
            value = words_of(self.words).get(str(value), value)
        return (
            value
            if self.source in NUMBERS and not isinstance(value, str)
            else ("" if value is None else str(value))
        )


def words_of(text: str) -> dict[str, str]:
    """Return what is written for a word: "男=1, 女=2" is {"男": "1", "女": "2"}."""
    pairs = (part.partition("=") for part in SEPARATORS.split(text) if "=" in part)
    return {word.strip(): code.strip() for word, _sign, code in pairs if word.strip()}


@dataclass(frozen=True)
class Present:
    """The map that counts: its columns, how days are written, its number (0: the usual columns)."""

    kind: FileKind
    columns: Sequence[MapColumn]
    day_format: str = FORMATS[0]
    number: int = 0
    by_name: str = ""
    at: datetime | None = None


def sources_of(kind: FileKind) -> dict[str, str]:
    """Return where a column of a file may come from: key and msgid."""
    if kind is FileKind.INTERNSHIP:
        return OF_INTERNSHIP
    return {key: about for key, (about, _read) in real_names.SOURCES.items()}


def usual(kind: FileKind) -> list[MapColumn]:
    """Return the usual columns of a file, named in the reader's language."""
    listed = USUAL_INTERNSHIP if kind is FileKind.INTERNSHIP else real_names.USUAL
    return [MapColumn(_(heading), source) for heading, source in listed]


def present(college_id: int, kind: FileKind) -> Present:
    """Return the map that counts for a college's file."""
    kept = db.session.scalars(
        sa.select(ColumnMap)
        .where(ColumnMap.college_id == college_id, ColumnMap.kind == kind)
        .order_by(ColumnMap.number.desc())
        .limit(1)
    ).one_or_none()
    layout = db.session.get(RealNameLayout, college_id) if kind is FileKind.REAL_NAMES else None
    if kept is None:
        return Present(kind, [MapColumn(**one) for one in layout.columns] if layout else usual(kind))
    columns = [MapColumn(**one) for one in kept.columns]
    if layout is not None and layout.at > kept.at:
        words = {one.heading: one.words for one in columns}
        columns = [MapColumn(**one, words=words.get(one["heading"], "")) for one in layout.columns]
    return Present(kind, columns, kept.day_format, kept.number, kept.by_name, kept.at)


def present_maps(college_id: int) -> list[Present]:
    """Return the maps that count for each of a college's files."""
    return [present(college_id, kind) for kind in FileKind]


def versions_of(college_id: int, kind: FileKind) -> Sequence[ColumnMap]:
    """Return the last versions of a map, the latest first."""
    return db.session.scalars(
        sa.select(ColumnMap)
        .where(ColumnMap.college_id == college_id, ColumnMap.kind == kind)
        .order_by(ColumnMap.number.desc())
        .limit(10)
    ).all()


def read_columns(form: Any, kind: FileKind) -> tuple[list[MapColumn], list[tuple[str, str]]]:
    """Read columns from fields of the same place, sorted by their order; returns the faults as (field id, text)."""
    names = ("order", "heading", "source", "text", "words")
    found: list[tuple[int, int, MapColumn]] = []
    faults: list[tuple[str, str]] = []
    rows = list(zip(*(form.getlist(name) for name in names), strict=False))[:MOST_COLUMNS]
    for place, (order, heading, source, text, words) in enumerate(rows):
        heading, text, words = heading.strip(), text.strip(), words.strip()
        if not heading:
            if source or text or words:
                faults.append((f"heading-{place}", _("Type the heading of the column.")))
            continue
        if max(len(heading), len(text)) > LONGEST or len(words) > LONGEST_WORDS:
            faults.append((f"heading-{place}", _("At most %(most)s characters.", most=LONGEST)))
        if words and not words_of(words):
            faults.append((f"words-{place}", _("Write codes like this: male=1, female=2.")))
        at = int(order) if order.isascii() and order.isdigit() and len(order) < 5 else 9_999
        known = source if source in sources_of(kind) or source == TEXT else NOTHING
        found.append((at, place, MapColumn(heading[:LONGEST], known, text[:LONGEST], words[:LONGEST_WORDS])))
    columns = [column for _order, _place, column in sorted(found, key=lambda one: one[:2])]
    if not columns and not faults:
        faults.append(("heading-0", _("The file needs at least one column.")))
    return columns, faults


def keep(
    college: Organization, kind: FileKind, columns: Sequence[MapColumn], day_format: str, *, number: int, file: str,
    by: User, now: datetime,
) -> ColumnMap:  # fmt: skip
    """Keep a new version of a map; raises Conflict when somebody else made one meanwhile."""
    require(columns, _("The file needs at least one column."))
    if present(college.id, kind).number != number:
        raise Conflict(_("Somebody else changed the columns meanwhile. What you see now is how they stand."))
    made = ColumnMap(
        college_id=college.id, kind=kind, number=number + 1, columns=[asdict(one) for one in columns],
        day_format=day_format if day_format in FORMATS else FORMATS[0], by_id=by.id, by_name=by.name, at=now,
    )  # fmt: skip
    db.session.add(made)
    if kind is FileKind.REAL_NAMES:
        _tell_the_roster(college, columns, by=by, now=now)
    audit.record(
        MAPPED, college, by=by, now=now, name=college.name, file=file, count=len(columns), version=made.number
    )
    return made


def _tell_the_roster(college: Organization, columns: Sequence[MapColumn], *, by: User, now: datetime) -> None:
    """Give the roster's page of a programme the same columns."""
    _columns, version = real_names.layout_of(college.id)
    laid_out = [real_names.LaidOut(one.heading, one.source, one.text) for one in columns]
    real_names.set_layout(college.id, laid_out, version=version, name=college.name, by=by, now=now)
