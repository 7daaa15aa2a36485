"""HTTP of one item: taken up, planned, reported with evidence, checked by another person, opened again."""

from __future__ import annotations

from flask import flash, redirect, request, url_for
from flask_babel import gettext as _
from flask_login import current_user

from trainmgr.improvement import actions, finders, measuring, queries
from trainmgr.improvement.forms import CheckForm, HandOverForm, ItemForm, PlanForm, ReopenForm, ReportForm
from trainmgr.improvement.frame import ITEM, PROGRAM, apart, bp, page_of, program_for
from trainmgr.improvement.rules import Phase, Source
from trainmgr.kernel.access import Permission, requires
from trainmgr.kernel.clock import today, utcnow
from trainmgr.kernel.errors import RuleBroken
from trainmgr.kernel.files import file_response
from trainmgr.kernel.numbers import whole
from trainmgr.needs.queries import competencies_of
from trainmgr.programs.queries import may

P = Permission


# --- taking up -----------------------------------------------------------------------------------------------


def _finding(program, source, key):
    return finders.find(program, Source(source), key, today()) if source in set(Source) else None


def _offered(program, form):
    form.offer(queries.doers_of(program))
    form.offer_competencies([one.name for one in competencies_of(program.id)])
    return form


def _new_page(program, form, finding, status=200, broken=None):
    return page_of("new", program, status, form=form, finding=finding, broken=broken)


@bp.get(f"{PROGRAM}/new")
@requires(P.IMPROVEMENT_EDIT)
def new_item(program_id):
    """Ask for standard, person and day of a finding, or of something written by hand."""
    program = program_for(program_id, P.IMPROVEMENT_EDIT)
    source, key = request.args.get("source", ""), request.args.get("key", "")
    found = _finding(program, source, key)
    values = {"source": source, "key": key, "title": found.title, "standard": found.standard} if found else {}
    return _new_page(program, _offered(program, ItemForm(formdata=None, **values)), found)


@bp.post(f"{PROGRAM}/new")
@requires(P.IMPROVEMENT_EDIT)
def add_item(program_id):
    """Make the item; what is no longer found when the form is sent is refused."""
    program = program_for(program_id, P.IMPROVEMENT_EDIT)
    form = _offered(program, ItemForm())
    found = _finding(program, form.source.data, form.key.data)
    if not form.validate():
        return _new_page(program, form, found, 422)
    try:
        item = _take_up(program, form, found)
    except RuleBroken as broken:
        return _new_page(program, form, found, broken.status, broken)
    flash(_("Taken up; it stands in the inbox of %(name)s.", name=item.doer_name), "success")
    return redirect(url_for(".show_item", program_id=program.id, item_id=item.id))


def _take_up(program, form, found):
    if found is None and form.source.data:
        raise RuleBroken(_("This is no longer found. Look at the list again."))
    charge = actions.Charge(
        form.title.data,
        form.standard.data,
        form.people[form.doer.data],
        form.due_on.data,
        text=form.text.data or "",
        measure_ref=form.competency.data or "",
    )
    return actions.take_up(program, found, charge, by=current_user, now=utcnow())


# --- the page ------------------------------------------------------------------------------------------------


def _forms(program, item, edits):
    """Return the forms of what the reader may do now, by their names; what was typed takes their place."""
    made, version = {}, str(item.version)
    mine = item.doer_id == current_user.id
    if mine and item.phase in (Phase.PLAN, Phase.DO):
        made["plan"] = PlanForm(formdata=None, version=version, measures=item.plan)
    if mine and item.phase is Phase.DO:
        made["report"] = ReportForm(formdata=None, version=version)
    if edits and not mine and item.phase is Phase.CHECK:
        made["check"] = CheckForm(formdata=None, version=version)
    if edits and item.phase is Phase.CLOSED:
        made["reopen"] = ReopenForm(formdata=None, version=version)
    if edits and item.phase in (Phase.PLAN, Phase.DO):
        made["hand_over"] = HandOverForm(
            formdata=None, version=version, doer=item.doer_id, due_on=item.due_on
        )
        made["hand_over"].offer(queries.doers_of(program))
    return made


def _item_page(program, item, status=200, *, broken=None, **typed):
    edits = may(program, current_user, P.IMPROVEMENT_EDIT)
    comparisons, editions = measuring.compared([item], current_user)
    return page_of(
        "item",
        program,
        status,
        item=item,
        broken=broken,
        forms={name: apart(name, form) for name, form in (_forms(program, item, edits) | typed).items()},
        deeds=queries.deeds_of(item),
        proposals=queries.proposals_of(item, current_user),
        comparison=comparisons.get(item.id),
        following=editions.get(program.id),
        refused=next(iter(typed), None),
    )


def _load(program_id, item_id, permission=None):
    program = program_for(program_id, permission)
    return program, queries.item_or_404(program, item_id)


@bp.get(ITEM)
@requires(P.IMPROVEMENT_VIEW)
def show_item(program_id, item_id):
    """Show an item: where it stands in the cycle, its evidence and history, what became of it."""
    return _item_page(*_load(program_id, item_id))


@bp.get(f"{ITEM}/evidence/<int:deed_id>")
@requires(P.IMPROVEMENT_VIEW)
def download_evidence(program_id, item_id, deed_id):
    """Hand out a file that was handed in."""
    _program, item = _load(program_id, item_id)
    return file_response(queries.file_or_404(item, deed_id))


# --- its steps -----------------------------------------------------------------------------------------------


def _done(program, item, name, form, act, told):
    """Do a step when the form is right; else show the page with what was typed."""
    if not form.validate():
        return _item_page(program, item, 422, **{name: form})
    try:
        act(version=whole(form.version.data) or 0, by=current_user, now=utcnow())
    except RuleBroken as broken:
        return _item_page(program, item, broken.status, broken=broken, **{name: form})
    flash(told, "success")
    return redirect(url_for(".show_item", program_id=program.id, item_id=item.id))


@bp.post(f"{ITEM}/plan")
@requires(P.IMPROVEMENT_DO)
def plan_item(program_id, item_id):
    """Write down what is to be done."""
    (program, item), form = _load(program_id, item_id), PlanForm()

    def act(**who):
        actions.plan(program, item, form.measures.data, **who)

    return _done(program, item, "plan", form, act, _("Kept; carry it out, then hand in what shows it."))


@bp.post(f"{ITEM}/report")
@requires(P.IMPROVEMENT_DO)
def report_item(program_id, item_id):
    """Hand in what was done with what shows it."""
    (program, item), form = _load(program_id, item_id), ReportForm()

    def act(**who):
        given = actions.Evidence(form.note.data, form.file.data or None, form.link.data or "")
        actions.report(program, item, given, **who)

    return _done(program, item, "report", form, act, _("Handed in; another person checks it now."))


@bp.post(f"{ITEM}/check")
@requires(P.IMPROVEMENT_EDIT)
def check_item(program_id, item_id):
    """Settle an item, or send it back with what is missing."""
    (program, item), form = _load(program_id, item_id, P.IMPROVEMENT_EDIT), CheckForm()

    def act(**who):
        note = form.note.data or ""
        if form.found.data == "back":
            actions.send_back(program, item, reason=note, **who)
        else:
            actions.close(program, item, note=note, change=form.change.data or "", **who)

    return _done(program, item, "check", form, act, _("The check is kept."))


@bp.post(f"{ITEM}/reopen")
@requires(P.IMPROVEMENT_EDIT)
def reopen_item(program_id, item_id):
    """Open the next round of an item that did not last."""
    (program, item), form = _load(program_id, item_id, P.IMPROVEMENT_EDIT), ReopenForm()

    def act(**who):
        actions.reopen(program, item, reason=form.reason.data, due_on=form.due_on.data, **who)

    return _done(program, item, "reopen", form, act, _("The next round is open."))


@bp.post(f"{ITEM}/hand-over")
@requires(P.IMPROVEMENT_EDIT)
def hand_over_item(program_id, item_id):
    """Let somebody else answer for an item, or give it another day."""
    (program, item), form = _load(program_id, item_id, P.IMPROVEMENT_EDIT), HandOverForm()
    form.offer(queries.doers_of(program))

    def act(**who):
        doer, due_on = form.people[form.doer.data], form.due_on.data
        actions.hand_over(program, item, doer, due_on=due_on, reason=form.reason.data, **who)

    return _done(program, item, "hand_over", form, act, _("Handed over."))
