"""HTTP of the distribution of hours over priorities: the arithmetic of each row first, then taken into the draft."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from flask import flash, redirect, request, url_for
from flask_babel import gettext as _
from flask_babel import ngettext
from flask_login import current_user

from trainmgr.curriculum import distributing, proposing, queries
from trainmgr.curriculum.board import Board
from trainmgr.curriculum.distributing import Claim, Share, Spot, TooFew
from trainmgr.curriculum.editing import FieldFault
from trainmgr.curriculum.pages import board_or_404, bp, load, render_board
from trainmgr.curriculum.rules import Wanted
from trainmgr.kernel.access import Permission, requires
from trainmgr.kernel.clock import utcnow
from trainmgr.kernel.errors import RuleBroken
from trainmgr.kernel.numbers import typed_version, whole
from trainmgr.programs.models import Program

EDIT = Permission.CURRICULUM_EDIT
MOST_HOURS = 100_000


@dataclass
class Row:
    """One priority with its arithmetic; `typed` is what stands in its field."""

    wanted: Wanted
    weight: float
    least: int
    given: int
    share: Share | None
    typed: str
    spots: list[Spot] = field(default_factory=list)
    lacking: int = 0
    errors: list[str] = field(default_factory=list)


@dataclass
class Sheet:
    """The whole proposal: the total to distribute, the most that has a place, a row for each priority."""

    rows: list[Row]
    total: int
    most: int
    anew: bool
    fault: str = ""

    @property
    def typed(self) -> int:
        """What is typed into the rows, together."""
        return sum(whole(row.typed) or 0 for row in self.rows)

    @property
    def errors(self) -> list[tuple[str, str]]:
        """Faults with the field that each stands at."""
        found = [("hours", self.fault)] if self.fault else []
        return found + [(f"hours-{row.wanted.id}", text) for row in self.rows for text in row.errors]


@bp.get("/programs/<int:program_id>/plan/<int:number>/distribution")
@requires(EDIT)
def show_distribution(program_id: int, number: int) -> Any:
    """Show how hours would be distributed over the priorities, row by row."""
    program = load(program_id, EDIT)
    board = board_or_404(program, number)
    anew = request.args.get("anew") == "y"
    return _show(program, board, _sheet(board, request.args.get("hours"), anew))


@bp.post("/programs/<int:program_id>/plan/<int:number>/distribution")
@requires(EDIT)
def take_distribution(program_id: int, number: int) -> Any:
    """Take the hours into the draft as typed, or only show where they would go."""
    program = load(program_id, EDIT)
    board, anew = board_or_404(program, number), request.form.get("anew") == "y"
    sheet = _sheet(board, request.form.get("hours"), anew, request.form)
    if sheet.errors or request.form.get("do") == "show":
        return _show(program, board, sheet, 422 if sheet.errors else 200)
    try:
        taken = proposing.take_distribution(
            program, queries.edition_of(program, number), {row.wanted.id: int(row.typed) for row in sheet.rows},
            anew=anew, version=typed_version(), by=current_user, now=utcnow(),
        )  # fmt: skip
    except RuleBroken as broken:
        return _broken(program, number, sheet, broken)
    flash(_taken_text(taken), "success")
    return redirect(url_for(".show_board", program_id=program.id, edition=number))


def _broken(program: Program, number: int, sheet: Sheet, broken: RuleBroken) -> Any:
    board = board_or_404(program, number)
    if not isinstance(broken, FieldFault):
        return _show(program, board, sheet, broken.status, str(broken))
    for row in sheet.rows:
        row.errors += [str(broken)] if broken.field == f"hours-{row.wanted.id}" else []
    return _show(program, board, sheet, 422)


def _taken_text(taken: proposing.Taken) -> str:
    text = ngettext("%(num)s hour distributed.", "%(num)s hours distributed.", taken.hours)
    if taken.modules:
        text += " " + ngettext("%(num)s module is new.", "%(num)s modules are new.", taken.modules)
    return text + " " + _("Undo takes it back in one step.")


def _show(program: Program, board: Board, sheet: Sheet, status: int = 200, refusal: str | None = None) -> Any:
    return render_board("distribution", program, board, status=status, sheet=sheet, refusal=refusal)


# --- the sheet ------------------------------------------------------------------------------------


def _sheet(board: Board, hours: str | None, anew: bool, typed: Mapping[str, str] | None = None) -> Sheet:
    plan = board.plan
    priorities = [wanted for wanted in plan.wanted if wanted.is_priority]
    given = distributing.given_to(plan)
    kept = {} if anew else given
    claims = [
        Claim(each.id, each.score * each.gap, max(each.required_hours, kept.get(each.id, 0)), each.rank)
        for each in priorities
    ]
    most = distributing.most(plan, priorities)
    total = whole(hours) if hours else max(most, sum(claim.least for claim in claims))
    sheet = Sheet([], total or 0, most, anew)
    shares = _shares(sheet, claims, hours, total)
    for wanted, claim in zip(priorities, claims, strict=True):
        share = shares.get(wanted.id)
        text = (typed or {}).get(f"hours-{wanted.id}")
        shown = str(share.hours if share else claim.least) if text is None else text.strip()
        sheet.rows.append(Row(wanted, claim.weight, claim.least, given.get(wanted.id, 0), share, shown))
    _place(board, sheet)
    return sheet


def _shares(sheet: Sheet, claims: list[Claim], hours: str | None, total: int | None) -> dict[int, Share]:
    if total is None or total > MOST_HOURS:
        sheet.fault = _("“%(typed)s” is not a whole number of 0 or more.", typed=(hours or "")[:20])
        return {}
    try:
        return distributing.distribute(total, claims)
    except TooFew as few:
        sheet.fault = _("The priorities need at least %(needed)s hours together.", needed=few.needed)
        return {}


def _place(board: Board, sheet: Sheet) -> None:
    wants: dict[int, int] = {}
    for row in sheet.rows:
        typed = whole(row.typed or "0")
        if typed is None or typed > MOST_HOURS:
            row.errors.append(_("“%(typed)s” is not a whole number of 0 or more.", typed=row.typed[:20]))
        else:
            row.typed = str(typed)
            wants[row.wanted.id] = typed
    placing = proposing.placed(board.plan, wants, anew=sheet.anew)
    for row in sheet.rows:
        row.spots, row.lacking = placing.of(row.wanted.id), placing.lacking.get(row.wanted.id, 0)
