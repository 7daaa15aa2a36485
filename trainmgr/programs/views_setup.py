"""HTTP of the first two steps: the pathway of a programme, and its set-up."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from flask import abort, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import ngettext

from trainmgr.kernel.access import Permission, requires
from trainmgr.kernel.clock import utcnow
from trainmgr.kernel.errors import Conflict, RuleBroken
from trainmgr.pathways.rules import METRIC_UNITS, from_document, label
from trainmgr.programs import duties, home, labels, listing, setup
from trainmgr.programs.blueprint import bp, program_for, reader
from trainmgr.programs.forms import ContactForm, DutyForm, FactsForm, RevenueForm
from trainmgr.programs.models import Duty, Program, ProgramParty
from trainmgr.programs.pages import render_program_page
from trainmgr.programs.queries import may, program_or_404
from trainmgr.programs.rules import PartyRole, State, Step, Work, is_open

EDIT = Permission.PROGRAM_EDIT


# --- step 1 -------------------------------------------------------------------------------------


@bp.get("/programs/<int:program_id>/pathway")
@requires(Permission.PROGRAM_VIEW)
def show_pathway(program_id: int) -> Any:
    """Show the pathway that a programme was made from, as it was then."""
    program = program_or_404(program_id, reader())
    pathway = from_document(program.pathway_document)
    return render_program_page(
        "programs/pathway.html",
        program,
        Step.PATHWAY,
        pathway=pathway,
        legs=home.legs_of(pathway, program.current_stage, over=program.state is State.CLOSED),
        label=label,
        units=METRIC_UNITS,
        may_save=may(program, reader(), Permission.PATHWAY_EDIT),
    )


# --- step 2 -------------------------------------------------------------------------------------


def _open(program: Program) -> dict[str, bool]:
    """Return which parts of the set-up the reader may change now."""
    edits = may(program, reader(), EDIT)
    return {
        "setup": edits and is_open(Work.SETUP, program.state),
        "parties": edits and is_open(Work.PARTIES, program.state),
        "revenue": edits and is_open(Work.REVENUE, program.state),
    }


@bp.get("/programs/<int:program_id>/setup")
@requires(Permission.PROGRAM_VIEW)
def show_setup(program_id: int) -> Any:
    """Show a programme's facts, parties, duties, revenue split and people."""
    program = program_or_404(program_id, reader())
    money = may(program, reader(), Permission.PROGRAM_VIEW_MONEY)
    people, more_people = listing.people_of(program)
    step = next((row for row in program.steps if row.step == Step.PROGRAM), None)
    return render_program_page(
        "programs/setup.html",
        program,
        Step.PROGRAM,
        opened=_open(program),
        money=money,
        duties=listing.duties_of(program),
        shares=duties.shares_of(program) if money else [],
        people=people,
        more_people=more_people,
        missing=step.missing if step and money else [],
        runs=may(program, reader(), Permission.PROGRAM_ADVANCE),
    )


@bp.route("/programs/<int:program_id>/setup/facts", methods=["GET", "POST"])
@requires(EDIT)
def edit_facts(program_id: int) -> Any:
    """Change a programme's facts."""
    program = program_for(program_id, EDIT)
    form = (
        FactsForm(formdata=request.form)
        if request.method == "POST"
        else FactsForm(data=FactsForm.typed(program))
    )
    form.set_choices(listing.departments_of([program.lead_college_id]), [program.kind])
    if request.method == "GET":
        form.seen.data = setup.seen_of(asdict(setup.facts_of(program)))
        return _facts_page(program, form)
    if not form.validate():
        return _facts_page(program, form, 422)
    if (found := listing.code_holder(program, form.code.data or "")) is not None:
        form.code.errors = [_("The number is taken by “%(name)s”.", name=found.name)]
        return _facts_page(program, form, 422)
    try:
        setup.change_facts(program, form.facts(), seen=form.seen.data or "", by=reader(), now=utcnow())
    except Conflict as conflict:
        return _facts_conflict(program, form, conflict)
    except RuleBroken as refusal:
        return _facts_page(program, form, 409, fault=str(refusal))
    flash(_("The facts are saved."), "success")
    return redirect(url_for(".show_setup", program_id=program.id))


def _facts_page(program: Program, form: FactsForm, status: int = 200, **context: Any) -> Any:
    context.setdefault("is_draft", program.state is State.DRAFT)
    return render_program_page(
        "programs/facts.html", program, Step.PROGRAM, status=status, form=form, **context
    )


def _facts_conflict(program: Program, form: FactsForm, conflict: Conflict) -> Any:
    stored = FactsForm(formdata=None, data=FactsForm.typed(program))
    stored.set_choices(listing.departments_of([program.lead_college_id]), [program.kind])
    differences = [
        (field.label.text, _shown(field), _shown(stored[field.name]))
        for field in form
        if field.name not in ("seen", "csrf_token") and _shown(field) != _shown(stored[field.name])
    ]
    form.seen.data = setup.seen_of(asdict(setup.facts_of(program)))
    change = listing.last_change(program, setup.FACTS_CHANGED)
    return _facts_page(program, form, 409, conflict=conflict, differences=differences, change=change)


def _shown(field: Any) -> str:
    if hasattr(field, "iter_choices"):
        return next((str(option.label) for option in field.iter_choices() if option.selected), "")
    return str(field._value())


# --- parties ------------------------------------------------------------------------------------

ADDABLE = tuple(role for role in PartyRole if role is not PartyRole.LEAD_COLLEGE)


@bp.get("/programs/<int:program_id>/setup/parties")
@requires(EDIT)
def edit_parties(program_id: int) -> Any:
    """Show the parties with what can be done with each, and search for more."""
    return _parties_page(program_for(program_id, EDIT))


def _parties_page(program: Program, status: int = 200, fault: str = "", typed: Any = None) -> Any:
    wanted = request.args.get("role", "")
    role = PartyRole(wanted) if wanted in ADDABLE else PartyRole.ENTERPRISE
    text = request.args.get("q", "").strip()[:100]
    found: Any = []
    more = False
    if "q" in request.args:
        parties = [party.organization_id for party in program.parties]
        found, more = listing.find_organizations(setup.ORGANIZATION_KINDS[role], text, without=parties)
    return render_program_page(
        "programs/parties.html",
        program,
        Step.PROGRAM,
        status=status,
        fault=fault,
        role=role,
        roles=[(role.value, labels.PARTY_ROLES[role]) for role in ADDABLE],
        role_labels=labels.PARTY_ROLES,
        q=text,
        searched="q" in request.args,
        found=found,
        more=more,
        typed=typed or {},
        opened=_open(program),
    )


def _party_or_404(program: Program, party_id: int) -> ProgramParty:
    return next((party for party in program.parties if party.id == party_id), None) or abort(404)


@bp.post("/programs/<int:program_id>/setup/parties")
@requires(EDIT)
def add_party(program_id: int) -> Any:
    """Take an organisation in as a party."""
    program = program_for(program_id, EDIT)
    wanted = request.form.get("role", "")
    organization = listing.get_organization(request.form.get("organization", ""))
    if wanted not in ADDABLE or organization is None:
        abort(404)
    if any(party.organization_id == organization.id for party in program.parties):
        return redirect(url_for(".edit_parties", program_id=program.id))  # sent twice
    try:
        setup.add_party(program, organization, PartyRole(wanted), by=reader(), now=utcnow())
    except RuleBroken as refusal:
        return _parties_page(program, 409, str(refusal))
    flash(_("%(name)s is a party now.", name=organization.name), "success")
    return redirect(url_for(".edit_parties", program_id=program.id))


@bp.post("/programs/<int:program_id>/setup/parties/<int:party_id>")
@requires(EDIT)
def change_party(program_id: int, party_id: int) -> Any:
    """Name who answers for a party."""
    program = program_for(program_id, EDIT)
    party, form = _party_or_404(program, party_id), ContactForm()
    if not form.validate():
        fault = " ".join(str(error) for error in form.contact.errors)
        return _parties_page(program, 422, fault, {party.id: form.contact.data})
    try:
        setup.change_contact(program, party, form.contact.data or "", by=reader(), now=utcnow())
    except RuleBroken as refusal:
        return _parties_page(program, 409, str(refusal), {party.id: form.contact.data})
    flash(_("The contact is saved."), "success")
    return redirect(url_for(".edit_parties", program_id=program.id))


@bp.post("/programs/<int:program_id>/setup/parties/<int:party_id>/remove")
@requires(EDIT)
def remove_party(program_id: int, party_id: int) -> Any:
    """Take a party out."""
    program = program_for(program_id, EDIT)
    party = _party_or_404(program, party_id)
    name = party.organization.name
    try:
        setup.remove_party(program, party, by=reader(), now=utcnow())
    except RuleBroken as refusal:
        return _parties_page(program, 409, str(refusal))
    flash(_("%(name)s is no longer a party.", name=name), "success")
    return redirect(url_for(".edit_parties", program_id=program.id))


# --- duties -------------------------------------------------------------------------------------


@bp.get("/programs/<int:program_id>/setup/duties")
@requires(EDIT)
def edit_duties(program_id: int) -> Any:
    """Show the duties with a form for one more, or for one to be changed."""
    program = program_for(program_id, EDIT)
    number = request.args.get("duty", "")
    duty = listing.get_duty(program, number) if number else None
    if number and duty is None:
        abort(404)
    form = DutyForm(formdata=None, data=_duty_typed(duty) if duty else None)
    return _duties_page(program, form, duty)


def _duty_typed(duty: Duty) -> dict[str, Any]:
    content = setup.seen_of(duties.duty_content(duty))
    return {"organization": duty.organization_id, "text": duty.text, "person": duty.person, "seen": content}


def _duties_page(
    program: Program, form: DutyForm, duty: Duty | None = None, status: int = 200, **context: Any
) -> Any:
    form.set_parties(program)
    rows = listing.duties_of(program)
    known = {row.text for row in rows}
    return render_program_page(
        "programs/duties.html",
        program,
        Step.PROGRAM,
        status=status,
        form=form,
        duty=duty,
        duties=rows,
        takeable=sum(text not in known for _party, text, _person in duties.pathway_duties(program)),
        opened=_open(program),
        **context,
    )


@bp.post("/programs/<int:program_id>/setup/duties")
@requires(EDIT)
def save_duty(program_id: int) -> Any:
    """Add a duty, or change one."""
    program, form = program_for(program_id, EDIT), DutyForm()
    number = request.args.get("duty", "")
    duty = listing.get_duty(program, number) if number else None
    if number and duty is None:
        abort(404)
    form.set_parties(program)
    if not form.validate():
        return _duties_page(program, form, duty, 422)
    values = {
        "organization_id": form.organization.data,
        "text": form.text.data,
        "person": form.person.data or "",
    }
    try:
        if duty is None:
            duties.add_duty(program, **values, by=reader(), now=utcnow())
        else:
            duties.change_duty(program, duty, **values, seen=form.seen.data or "", by=reader(), now=utcnow())
    except Conflict as conflict:
        form.seen.data = setup.seen_of(duties.duty_content(duty)) if duty else ""
        change = listing.last_change(program, duties.DUTY_CHANGED, subject_id=duty.id if duty else None)
        return _duties_page(program, form, duty, 409, conflict=conflict, change=change)
    except RuleBroken as refusal:
        return _duties_page(program, form, duty, 409, fault=str(refusal))
    flash(_("The duty is saved."), "success")
    return redirect(url_for(".edit_duties", program_id=program.id))


@bp.post("/programs/<int:program_id>/setup/duties/take")
@requires(EDIT)
def take_duties(program_id: int) -> Any:
    """Take over the duties that the pathway names."""
    program = program_for(program_id, EDIT)
    count = duties.take_duties(program, by=reader(), now=utcnow())
    flash(ngettext("One duty taken over.", "%(num)s duties taken over.", count), "success")
    return redirect(url_for(".edit_duties", program_id=program.id))


@bp.post("/programs/<int:program_id>/setup/duties/<int:duty_id>/remove")
@requires(EDIT)
def remove_duty(program_id: int, duty_id: int) -> Any:
    """Strike a duty out."""
    program = program_for(program_id, EDIT)
    duty = listing.get_duty(program, duty_id) or abort(404)
    duties.remove_duty(program, duty, by=reader(), now=utcnow())
    flash(_("The duty is struck out."), "success")
    return redirect(url_for(".edit_duties", program_id=program.id))


# --- revenue ------------------------------------------------------------------------------------


@bp.route("/programs/<int:program_id>/setup/revenue", methods=["GET", "POST"])
@requires(EDIT)
def edit_revenue(program_id: int) -> Any:
    """Change how the revenue is split."""
    program = program_for(program_id, EDIT)
    stored = duties.shares_of(program)
    seen = setup.seen_of(duties.shares_content(stored))
    if request.method == "GET":
        return _revenue_page(program, RevenueForm.of(program, stored, seen))
    form = RevenueForm.typed(request.form)
    if "more" in request.form:
        return _revenue_page(program, form.with_more())
    shares = form.read(program)
    if shares is None:
        return _revenue_page(program, form, 422)
    try:
        duties.set_revenue(program, shares, seen=form.seen, by=reader(), now=utcnow())
    except Conflict as conflict:
        form.seen = seen
        change = listing.last_change(program, duties.REVENUE_SET)
        return _revenue_page(program, form, 409, conflict=conflict, change=change, stored=stored)
    except RuleBroken as refusal:
        return _revenue_page(program, form, 409, fault=str(refusal))
    flash(_("The revenue split is saved; it adds up to 100%."), "success")
    return redirect(url_for(".show_setup", program_id=program.id))


def _revenue_page(program: Program, form: RevenueForm, status: int = 200, **context: Any) -> Any:
    return render_program_page(
        "programs/revenue.html",
        program,
        Step.PROGRAM,
        status=status,
        form=form,
        sides=[party for party in program.parties if party.role.side],
        **context,
    )


@bp.get("/programs/<int:program_id>/setup/revenue/sum")
@requires(EDIT)
def show_revenue_sum(program_id: int) -> Any:
    """Show what the shares being typed add up to (a piece of the page for htmx)."""
    program_for(program_id, EDIT, steps=False)
    return render_template("programs/_sum.html", form=RevenueForm.typed(request.args))


# --- people -------------------------------------------------------------------------------------


@bp.get("/programs/<int:program_id>/setup/people")
@requires(EDIT)
def edit_people(program_id: int) -> Any:
    """Show the people related to a programme, and search for more among its parties."""
    return _people_page(program_for(program_id, EDIT))


def _people_page(program: Program, status: int = 200, fault: str = "") -> Any:
    text = request.args.get("q", "").strip()[:100]
    found, more = listing.find_people(program, text) if "q" in request.args else ([], False)
    people, more_people = listing.people_of(program)
    return render_program_page(
        "programs/people.html",
        program,
        Step.PROGRAM,
        status=status,
        fault=fault,
        q=text,
        searched="q" in request.args,
        found=found,
        more=more,
        people=people,
        more_people=more_people,
        present={(person.user_id, person.role) for person in people if person.until is None},
        opened=_open(program),
    )


@bp.post("/programs/<int:program_id>/setup/people")
@requires(EDIT)
def add_person(program_id: int) -> Any:
    """Bring somebody of a party into the programme."""
    program = program_for(program_id, EDIT)
    membership = listing.get_membership(program, request.form.get("membership", ""))
    if membership is None:
        abort(404)
    try:
        setup.add_person(program, membership, by=reader(), now=utcnow())
    except RuleBroken as refusal:
        return _people_page(program, 409, str(refusal))
    flash(_("%(name)s takes part now.", name=membership.user.name), "success")
    return redirect(url_for(".edit_people", program_id=program.id))


@bp.post("/programs/<int:program_id>/setup/people/<int:person_id>/end")
@requires(EDIT)
def end_person(program_id: int, person_id: int) -> Any:
    """End somebody's part in the programme."""
    program = program_for(program_id, EDIT)
    person = listing.get_person(program, person_id) or abort(404)
    try:
        setup.end_person(program, person, by=reader(), now=utcnow())
    except RuleBroken as refusal:
        return _people_page(program, 409, str(refusal))
    flash(_("%(name)s no longer takes part.", name=person.user.name), "success")
    return redirect(url_for(".edit_people", program_id=program.id))
