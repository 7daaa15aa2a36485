"""The weekly change report: which placements began, changed and ended in a week, as rows, Word and Excel."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import sqlalchemy as sa
from flask import Response
from flask_babel import gettext as _
from sqlalchemy.orm import contains_eager

from trainmgr.enrolment.models import Cohort, Enrolment
from trainmgr.enrolment.queries import visible_in
from trainmgr.identity.models import Organization, User
from trainmgr.kernel.db import db
from trainmgr.kernel.i18n import day, number
from trainmgr.kernel.msgids import N_
from trainmgr.kernel.paging import Listing, Page, paginate
from trainmgr.kernel.sheets import Column, send_rows
from trainmgr.kernel.word import add_table, new_document, send_document
from trainmgr.placements import labels
from trainmgr.placements.models import ChangeKind, Placement, PlacementChange, PlacementPost, PlacementState
from trainmgr.programs.models import Program

REPORTED = (ChangeKind.STARTED, ChangeKind.CHANGED, ChangeKind.ENDED, ChangeKind.CALLED_OFF)
MOST_IN_WORD = 500
OVERDUE = "overdue"


@dataclass(frozen=True)
class Week:
    """A week of the report, Monday to Sunday."""

    monday: date
    sunday: date


def _select(program: Program, viewer: User, week: Week, *columns: Any) -> sa.Select[Any]:
    return (
        sa.select(*columns)
        .select_from(PlacementChange)
        .join(Placement, Placement.id == PlacementChange.placement_id)
        .join(Enrolment, Enrolment.id == Placement.enrolment_id)
        .where(
            PlacementChange.program_id == program.id,
            PlacementChange.kind.in_(REPORTED),
            PlacementChange.effective_on.between(week.monday, week.sunday),
            visible_in(program, viewer),
        )
    )


def counts_of(program: Program, viewer: User, week: Week) -> dict[ChangeKind, int]:
    """Count what happened in a week, by kind: one statement."""
    rows = db.session.execute(
        _select(program, viewer, week, PlacementChange.kind, sa.func.count()).group_by(PlacementChange.kind)
    )
    found = {kind: int(count) for kind, count in rows}
    return {kind: found.get(kind, 0) for kind in REPORTED}


@dataclass(frozen=True)
class Brief:
    """A week in numbers: what happened by kind, and what should have begun by now but has not."""

    counts: Mapping[ChangeKind, int]
    overdue: int


def brief_of(program: Program, viewer: User, week: Week, today: date) -> Brief:
    """Count a week as the report does, and the planned placements whose first day has come: one statement."""
    happened = _select(
        program, viewer, week, sa.cast(PlacementChange.kind, sa.String).label("kind"), sa.func.count()
    ).group_by(PlacementChange.kind)
    waiting = (
        sa.select(sa.literal(OVERDUE), sa.func.count())
        .select_from(Placement)
        .join(Enrolment, Enrolment.id == Placement.enrolment_id)
        .where(
            Placement.program_id == program.id,
            Placement.state == PlacementState.PLANNED,
            Placement.starts_on <= today,
            visible_in(program, viewer),
        )
    )
    rows: Any = db.session.execute(sa.union_all(happened, waiting))
    found = {kind: int(count) for kind, count in rows}
    return Brief({kind: found.get(kind.value, 0) for kind in REPORTED}, found[OVERDUE])


def _with_everything(program: Program, viewer: User, week: Week) -> sa.Select[Any]:
    return (
        _select(program, viewer, week, PlacementChange)
        .join(PlacementPost, PlacementPost.id == PlacementChange.post_id)
        .join(Organization, Organization.id == PlacementPost.organization_id)
        .outerjoin(Cohort, Cohort.id == Enrolment.cohort_id)
        .options(
            contains_eager(PlacementChange.placement)
            .contains_eager(Placement.enrolment)
            .contains_eager(Enrolment.cohort),
            contains_eager(PlacementChange.post).contains_eager(PlacementPost.organization),
        )
    )


_IN_ORDER = sa.case({kind: place for place, kind in enumerate(REPORTED)}, value=PlacementChange.kind)
ORDERS: Mapping[str, Sequence[Any]] = {
    "kind": [_IN_ORDER, PlacementChange.effective_on, PlacementChange.id],
    "day": [PlacementChange.effective_on, PlacementChange.id],
    "name": [Enrolment.name, PlacementChange.id],
}


def list_changes(
    program: Program, viewer: User, week: Week, listing: Listing, total: int
) -> Page[PlacementChange]:
    """Return a page of what happened in a week: one statement."""
    page: Page[PlacementChange] = paginate(
        _with_everything(program, viewer, week), listing, orders=ORDERS, default="kind", total=total
    )
    return page


def every_change(
    program: Program, viewer: User, week: Week, most: int | None = None
) -> Iterator[PlacementChange]:
    """Yield what happened in a week, read a thousand at a time."""
    statement = _with_everything(program, viewer, week).order_by(*ORDERS["kind"])
    if most is not None:
        statement = statement.limit(most)
    yield from db.session.scalars(statement.execution_options(yield_per=1_000))


# --- in words ---------------------------------------------------------------------------------------


def differences(change: PlacementChange, *, with_pay: bool) -> list[tuple[str, str, str]]:
    """Return what a change made different: name, before, after."""
    before, found = change.before or {}, []
    after: dict[str, Any] = {
        "post": change.post.name,
        "site": change.site,
        "starts_on": change.starts_on.isoformat(),
        "ends_on": change.ends_on.isoformat(),
        "pay_cents": change.pay_cents,
    }
    for name, label in _named().items():
        if name in before and before[name] != after[name] and (with_pay or name != "pay_cents"):
            found.append((label, _said(name, before[name]), _said(name, after[name])))
    return found


def _named() -> dict[str, str]:
    return {
        "post": _("Post"),
        "site": _("Site"),
        "starts_on": _("First day"),
        "ends_on": _("Last day"),
        "pay_cents": _("Pay a month"),
    }


def _said(name: str, value: Any) -> str:
    if value in (None, ""):
        return "–"
    if name.endswith("_on"):
        return day(date.fromisoformat(value))
    return _("%(amount)s yuan", amount=number(value / 100)) if name == "pay_cents" else str(value)


def told(change: PlacementChange, *, with_pay: bool) -> str:
    """Return what a change made different, on one line."""
    lines = [
        _("%(name)s: %(before)s → %(after)s", name=name, before=before, after=after)
        for name, before, after in differences(change, with_pay=with_pay)
    ]
    return _("; ").join(lines)


def row_of(change: PlacementChange, *, with_pay: bool) -> list[Any]:
    """Return one row of the report as it goes into Word and Excel."""
    enrolment = change.placement.enrolment
    return [
        str(change.kind_label),
        day(change.effective_on),
        enrolment.name,
        enrolment.student_number,
        enrolment.cohort.name if enrolment.cohort else "",
        change.post.organization.name,
        change.post.name,
        change.site,
        f"{day(change.starts_on)} – {day(change.ends_on)}",
        told(change, with_pay=with_pay),
        change.reason,
        change.by_name,
    ]


COLUMNS = (
    Column("kind", N_("Kind of change"), width=14),
    Column("day", N_("Holds from"), width=12),
    Column("name", N_("Trainee"), width=14),
    Column("number", N_("Student no."), width=16),
    Column("class", N_("Class"), width=16),
    Column("enterprise", N_("Enterprise"), width=28),
    Column("post", N_("Post"), width=20),
    Column("site", N_("Site"), width=20),
    Column("period", N_("Period"), width=26),
    Column("change", N_("Changes in the terms"), width=44),
    Column("reason", N_("Reason"), width=30),
    Column("by", N_("Entered by"), width=14),
)


def _title(program: Program, week: Week) -> str:
    return _(
        "%(program)s: changes of placements %(first)s to %(last)s",
        program=program.label, first=day(week.monday), last=day(week.sunday),
    )  # fmt: skip


def send_excel(program: Program, viewer: User, week: Week, *, with_pay: bool) -> Response:
    """Hand the week out as a workbook with every row."""
    rows = (row_of(one, with_pay=with_pay) for one in every_change(program, viewer, week))
    return send_rows(COLUMNS, rows, f"{_title(program, week)}.xlsx", title=_("Changes of placements"))


def send_word(program: Program, viewer: User, week: Week, *, with_pay: bool) -> Response:
    """Hand the week out as a Word document; a very long week says that the rest is in Excel."""
    counts = counts_of(program, viewer, week)
    document = new_document(_title(program, week), program.parties_line, landscape=True)
    summary = [f"{labels.CHANGES[kind]} {number(count)}" for kind, count in counts.items()]
    document.add_paragraph(_("; ").join(summary))
    if not sum(counts.values()):
        document.add_paragraph(_("Nothing changed in this week."))
    else:
        rows = [
            _word_row(row_of(one, with_pay=with_pay))
            for one in every_change(program, viewer, week, MOST_IN_WORD)
        ]
        header = [_("Kind of change"), _("Trainee"), _("Enterprise and post"), _("Period"), _("Reason")]
        add_table(document, header, rows, widths=(3.2, 4.2, 7.2, 4.2, 6.8))
    if sum(counts.values()) > MOST_IN_WORD:
        document.add_paragraph(
            _("The first %(count)s are here; the Excel sheet has all.", count=number(MOST_IN_WORD))
        )
    document.add_paragraph(
        _("School (signature, date): ____________    Enterprise (signature, date): ____________")
    )
    return send_document(document, _title(program, week))


def _word_row(row: list[Any]) -> list[str]:
    kind, since, name, student, cohort, enterprise, post, site, period, change, reason, _by = row
    why = _("; ").join(part for part in (change, reason) if part)
    return [
        f"{kind}\n{since}",
        "\n".join(part for part in (name, student, cohort) if part),
        "\n".join(part for part in (enterprise, post, site) if part),
        period,
        why,
    ]
