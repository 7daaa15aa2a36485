"""HTTP of a programme's income: the list with its split, entering, cancelling."""

from __future__ import annotations

from flask import flash, redirect, url_for
from flask_babel import gettext as _
from flask_login import current_user

from trainmgr.benefits import exporting, incomes, queries
from trainmgr.benefits.forms import IncomeForm, ReasonForm
from trainmgr.benefits.frame import PROGRAM, bp, page_of, program_for
from trainmgr.kernel.access import Permission, requires
from trainmgr.kernel.clock import today, utcnow
from trainmgr.kernel.errors import RuleBroken
from trainmgr.kernel.paging import Listing

P = Permission
INCOME = f"{PROGRAM}/income"


def _page(program, form=None, status=200, broken=None):
    page = queries.list_incomes(program, Listing.from_request())
    return page_of(
        "incomes", program, status, page=page, broken=broken,
        form=form or IncomeForm(formdata=None, data={"received_on": today()}),
        totals=queries.totals_of(program),
        portions=queries.portions_of(program),
    )  # fmt: skip


@bp.get(INCOME)
@requires(P.PROGRAM_VIEW_MONEY)
def list_incomes(program_id):
    """Show what came in for a programme and how it was split."""
    return _page(program_for(program_id, P.PROGRAM_VIEW_MONEY))


@bp.get(f"{INCOME}/export.xlsx")
@requires(P.PROGRAM_VIEW_MONEY)
def export_incomes(program_id):
    """Hand out the income, one row a part, as a workbook."""
    program = program_for(program_id, P.PROGRAM_VIEW_MONEY, steps=False)
    return exporting.send_incomes(queries.export_incomes(program), program.name)


@bp.post(INCOME)
@requires(P.BENEFIT_EDIT)
def enter_income(program_id):
    """Enter an income and split it by the shares as they stand."""
    program, form = program_for(program_id, P.BENEFIT_EDIT), IncomeForm()
    if not form.validate():
        return _page(program, form, 422)
    try:
        incomes.enter(program, form.receipt(), by=current_user, now=utcnow())
    except RuleBroken as broken:
        return _page(program, form, broken.status, broken)
    flash(_("Entered and split."), "success")
    return redirect(url_for(".list_incomes", program_id=program_id))


@bp.post(f"{INCOME}/<int:income_id>/cancel")
@requires(P.BENEFIT_EDIT)
def cancel_income(program_id, income_id):
    """Cancel an income by a counter-entry."""
    program, form = program_for(program_id, P.BENEFIT_EDIT), ReasonForm()
    row = queries.income_or_404(program, income_id)
    if not form.validate():
        return _page(program, None, 422, RuleBroken(_("Say why the income is cancelled.")))
    try:
        incomes.cancel(program, row, reason=form.reason.data, by=current_user, now=utcnow())
    except RuleBroken as broken:
        return _page(program, None, broken.status, broken)
    flash(_("Cancelled by a counter-entry."), "success")
    return redirect(url_for(".list_incomes", program_id=program_id))
