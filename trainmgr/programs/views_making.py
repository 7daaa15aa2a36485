"""HTTP of making programmes: from a pathway, and the next edition of one that ran."""

from __future__ import annotations

from typing import Any

from flask import abort, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _

from trainmgr.kernel.access import Permission, requires
from trainmgr.kernel.clock import today, utcnow
from trainmgr.kernel.errors import RuleBroken
from trainmgr.pathways import queries as pathway_queries
from trainmgr.pathways.rules import Pathway
from trainmgr.programs import creating, home, listing
from trainmgr.programs.blueprint import bp, program_for, reader
from trainmgr.programs.forms import NewProgramForm, NextEditionForm
from trainmgr.programs.pages import render_program_page
from trainmgr.programs.rules import PartyRole
from trainmgr.programs.setup import ORGANIZATION_KINDS

# The parties that are searched for while a programme is made, in the order of the form.
PICKED = {
    "partner": PartyRole.PARTNER_COLLEGE,
    "enterprise": PartyRole.ENTERPRISE,
    "outside": PartyRole.OUTSIDE,
}


def _ids(values: list[str]) -> list[int]:
    return [int(value) for value in values[:50] if value.isascii() and value.isdigit() and len(value) < 10]


def _picker(name: str, source: Any, *, search: bool) -> dict[str, Any]:
    """Return what one search-and-pick block shows: what is picked, what was found, whether there is more."""
    ids = _ids(source.getlist(name))
    kind = ORGANIZATION_KINDS[PICKED[name]]
    picked = [organization for organization in listing.organizations(ids) if organization.kind is kind]
    text = source.get(f"q-{name}", "").strip()[:100]
    found: Any = []
    more = False
    if search:
        found, more = listing.find_organizations(kind, text, without=ids)
    return {"name": name, "picked": picked, "found": found, "more": more, "q": text, "searched": search}


@bp.get("/programs/organizations")
@requires(Permission.PROGRAM_EDIT)
def find_organizations() -> Any:
    """Show the organisations that match what is being typed (a piece of the page for htmx)."""
    name = request.args.get("name", "")
    if name not in PICKED:
        abort(404)
    return render_template("programs/_picker.html", picker=_picker(name, request.args, search=True))


@bp.route("/programs/new", methods=["GET", "POST"])
@requires(Permission.PROGRAM_EDIT)
def new_program() -> Any:
    """Make a programme: first the pathway, then the facts and the parties."""
    key = (request.form if request.method == "POST" else request.args).get("pathway", "")
    if not key:
        return render_template("programs/choose_pathway.html", entries=pathway_queries.choices(reader()))
    pathway = pathway_queries.entry_or_404(key, reader()).pathway
    colleges = listing.organizations(sorted(reader().organizations_where(Permission.PROGRAM_EDIT)))
    form = NewProgramForm(formdata=request.form if request.method == "POST" else None)
    form.set_colleges(colleges)
    form.set_choices(listing.departments_of([college.id for college in colleges]), pathway.kinds)
    if request.method == "GET":
        _propose(form, key, pathway, colleges)
        return _new_page(form, pathway, colleges, 200)
    if "find" in request.form:
        return _new_page(form, pathway, colleges, 200)
    if not form.validate():
        return _new_page(form, pathway, colleges, 422)
    return _create(form, pathway, colleges)


def _propose(form: NewProgramForm, key: str, pathway: Pathway, colleges: Any) -> None:
    form.pathway.data = key
    if pathway.cohort:
        form.planned_size.data = pathway.cohort.size_max
    if colleges:
        form.college.data = colleges[0].id
        form.code.data = creating.propose_code(colleges[0].id, today().year)


def _create(form: NewProgramForm, pathway: Pathway, colleges: Any) -> Any:
    parties = [(number, role) for name, role in PICKED.items() for number in _ids(request.form.getlist(name))]
    plan = creating.Plan(form.facts(), pathway, form.college.data, parties)
    try:
        program = creating.create(plan, by=reader(), now=utcnow())
    except creating.CodeTaken as taken:
        if taken.program.created_by_id == reader().id and taken.program.name == plan.facts.name:
            return redirect(url_for(".show_setup", program_id=taken.program.id))  # sent twice
        form.code.errors = [str(taken)]
        return _new_page(form, pathway, colleges, 422)
    except RuleBroken as refusal:
        return _new_page(form, pathway, colleges, 409, str(refusal))
    flash(_("The draft is there. What is still missing stands below."), "success")
    return redirect(url_for(".show_setup", program_id=program.id))


def _new_page(form: NewProgramForm, pathway: Pathway, colleges: Any, status: int, fault: str = "") -> Any:
    wanted = request.form.get("find", "")
    typed = request.form if request.method == "POST" else request.args
    pickers = {name: _picker(name, typed, search=wanted == name) for name in PICKED}
    return (
        render_template(
            "programs/new.html",
            form=form,
            pathway=pathway,
            legs=home.legs_of(pathway),
            colleges=colleges,
            pickers=pickers,
            fault=fault,
        ),
        status,
    )


@bp.route("/programs/<int:program_id>/next", methods=["GET", "POST"])
@requires(Permission.PROGRAM_EDIT)
def show_next(program_id: int) -> Any:
    """Start the next edition of a programme from this one."""
    program = program_for(program_id, Permission.PROGRAM_EDIT)
    form = NextEditionForm(formdata=request.form if request.method == "POST" else None)
    if request.method == "GET":
        form.name.data, form.name_en.data = program.name, program.name_en
        form.planned_size.data = program.planned_size
        form.code.data = creating.propose_code(program.lead_college_id, today().year)
        return render_program_page("programs/next.html", program, None, form=form)
    if not form.validate():
        return render_program_page("programs/next.html", program, None, status=422, form=form)
    values = {
        name: getattr(form, name).data for name in ("name", "code", "starts_on", "ends_on", "planned_size")
    }
    try:
        made = creating.start_next_edition(
            program, **values, name_en=form.name_en.data or "", by=reader(), now=utcnow()
        )
    except creating.CodeTaken as taken:
        if taken.program.predecessor_id == program.id and taken.program.name == form.name.data:
            return redirect(url_for(".show_setup", program_id=taken.program.id))  # sent twice
        form.code.errors = [str(taken)]
        return render_program_page("programs/next.html", program, None, status=422, form=form)
    except RuleBroken as refusal:
        return render_program_page(
            "programs/next.html", program, None, status=409, form=form, fault=str(refusal)
        )
    flash(_("The next edition is a draft now, with the set-up of this one."), "success")
    return redirect(url_for(".show_setup", program_id=made.id))
