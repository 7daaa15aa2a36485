"""HTTP of the lists: items of everywhere or of a programme, their export, what was found, was it better."""

from __future__ import annotations

from flask import abort, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_login import current_user

from trainmgr.improvement import actions, exporting, finders, labels, measuring, queries
from trainmgr.improvement.forms import AsideForm
from trainmgr.improvement.frame import PROGRAM, bp, page_of, program_for
from trainmgr.improvement.rules import Phase, Source
from trainmgr.kernel.access import Permission, requires
from trainmgr.kernel.clock import today, utcnow
from trainmgr.kernel.errors import RuleBroken
from trainmgr.kernel.numbers import whole
from trainmgr.kernel.paging import Listing

P = Permission


def _chosen(program_id=None):
    phase = request.args.get("phase", "")
    return queries.Chosen(
        Phase(phase) if phase in set(Phase) else None,
        late=request.args.get("late") == "1",
        mine=request.args.get("mine") == "1",
        college_id=whole(request.args.get("college")),
        department_id=whole(request.args.get("department")),
        program_id=program_id,
    )


def _lists(chosen):
    listing = Listing.from_request()
    return {
        "page": queries.list_items(current_user, listing, chosen, today()),
        "counts": queries.count(current_user, chosen, today()),
        "chosen": chosen,
    }


@bp.get("/improvement")
@requires(P.IMPROVEMENT_VIEW)
def list_items():
    """Show the items of all programmes that the reader may see, by college, department, phase, lateness."""
    colleges, departments = queries.places(current_user)
    return render_template(
        "improvement/everywhere.html",
        colleges=colleges,
        departments=departments,
        labels=labels,
        today=today(),
        **_lists(_chosen()),
    )


@bp.get("/improvement/items.xlsx")
@requires(P.IMPROVEMENT_VIEW)
def export_items():
    """Hand out the list as Excel, as it is filtered."""
    program_id = whole(request.args.get("program"))
    rows = queries.export_rows(current_user, _chosen(program_id), Listing.from_request().q, today())
    return exporting.send_items(rows, today())


@bp.get(PROGRAM)
@requires(P.IMPROVEMENT_VIEW)
def list_program_items(program_id):
    """Show a programme's items."""
    program = program_for(program_id)
    return page_of("items", program, **_lists(_chosen(program.id)))


@bp.get(f"{PROGRAM}/findings")
@requires(P.IMPROVEMENT_EDIT)
def list_findings(program_id):
    """Show what a source found and nobody has decided on yet, and what was set aside."""
    program = program_for(program_id, P.IMPROVEMENT_EDIT)
    asked = request.args.get("source", "")
    source = Source(asked) if asked in {one.value for one in finders.FINDERS} else Source.GAP
    found = finders.look(program, source, today())
    return page_of("findings", program, found=found, source=source, sources=finders.FINDERS)


def _find(program, source, key):
    return finders.find(program, Source(source), key, today()) if source in set(Source) else None


def _aside_page(program, finding, form, status=200, broken=None):
    return page_of("aside", program, status, finding=finding, form=form, broken=broken)


@bp.get(f"{PROGRAM}/findings/aside")
@requires(P.IMPROVEMENT_EDIT)
def confirm_aside(program_id):
    """Ask why a finding is set aside."""
    program = program_for(program_id, P.IMPROVEMENT_EDIT)
    source, key = request.args.get("source", ""), request.args.get("key", "")
    finding = _find(program, source, key)
    if finding is None:
        flash(_("This is no longer found. Look at the list again."), "warning")
        return redirect(url_for(".list_findings", program_id=program.id))
    return _aside_page(program, finding, AsideForm(formdata=None, source=source, key=key))


@bp.post(f"{PROGRAM}/findings/aside")
@requires(P.IMPROVEMENT_EDIT)
def set_aside(program_id):
    """Set a finding aside with the reason."""
    program, form = program_for(program_id, P.IMPROVEMENT_EDIT), AsideForm()
    finding = _find(program, form.source.data, form.key.data) or abort(404)
    if not form.validate():
        return _aside_page(program, finding, form, 422)
    try:
        actions.set_aside(program, finding, reason=form.reason.data, by=current_user, now=utcnow())
    except RuleBroken as broken:
        return _aside_page(program, finding, form, broken.status, broken)
    flash(_("Set aside; it is not proposed again."), "success")
    return redirect(url_for(".list_findings", program_id=program.id, source=finding.source.value))


@bp.get(f"{PROGRAM}/effects")
@requires(P.IMPROVEMENT_VIEW)
def show_effects(program_id):
    """Show the last cohort's figures beside the next one's: was it better, and by how much."""
    program = program_for(program_id)
    page = queries.list_measured(program, Listing.from_request())
    comparisons, editions = measuring.compared(page.items, current_user)
    return page_of("effects", program, page=page, comparisons=comparisons, following=editions.get(program.id))
