"""HTTP of the rotation of masters, exchange sessions and two classes side by side."""

from __future__ import annotations

from flask import flash, redirect, request, url_for
from flask_babel import gettext as _
from flask_babel import ngettext
from flask_login import current_user

from trainmgr.classes import queries, rotation
from trainmgr.classes.forms import ExchangeForm, NoteForm, RotationForm, chosen_ids
from trainmgr.classes.frame import MOST_SHOWN, bp, page_of, program_for
from trainmgr.classes.rules import effect_size
from trainmgr.kernel.access import Permission, requires
from trainmgr.kernel.clock import today, utcnow
from trainmgr.kernel.errors import RuleBroken
from trainmgr.kernel.numbers import whole
from trainmgr.kernel.paging import Listing
from trainmgr.programs.queries import may

# --- the rotation ------------------------------------------------------------------------------------


@bp.get("/rotation")
@requires(Permission.CLASS_ANNOUNCE)
def show_rotation(program_id):
    """Show who teaches which class when."""
    return _rotation_page(program_for(program_id, Permission.CLASS_ANNOUNCE))


def _rotation_page(program, status=200, form=None, broken=None, chosen=()):
    periods = rotation.periods_of(program.id)
    classes = {turn.cohort_id: turn.cohort.name for period in periods for turn in period.turns}
    return page_of(
        "rotation", program, status, periods=periods, classes=classes, today=today(),
        form=form or RotationForm(formdata=None, starts_on=today(), weeks=4, periods=4), broken=broken,
        offered=queries.open_classes(program.id)[:MOST_SHOWN], teachers=rotation.teachers_of(program),
        chosen=set(chosen),
    )  # fmt: skip


@bp.post("/rotation")
@requires(Permission.CLASS_EDIT)
def make_rotation(program_id):
    """Plan alternating periods."""
    program = program_for(program_id, Permission.CLASS_EDIT)
    form, classes, teachers = RotationForm(), chosen_ids("class"), chosen_ids("teacher")
    chosen = {f"class-{key}" for key in classes} | {f"teacher-{key}" for key in teachers}
    if not form.validate():
        return _rotation_page(program, 422, form, chosen=chosen)
    try:
        made = rotation.make_rotation(
            program, classes, teachers, first=form.starts_on.data, weeks=form.weeks.data, periods=form.periods.data,
            by=current_user, now=utcnow(),
        )  # fmt: skip
    except RuleBroken as broken:
        return _rotation_page(program, broken.status, form, broken, chosen)
    flash(ngettext("%(num)s period is planned.", "%(num)s periods are planned.", made), "success")
    return redirect(url_for(".show_rotation", program_id=program_id))


@bp.get("/rotation/<int:rotation_period_id>")
@requires(Permission.CLASS_EDIT)
def edit_turns(program_id, rotation_period_id):
    """Show who teaches in a period, to change it."""
    program = program_for(program_id, Permission.CLASS_EDIT)
    return _turns_page(program, rotation.period_or_404(program_id, rotation_period_id))


def _turns_page(program, period, status=200, broken=None):
    teachers = rotation.teachers_of(program)
    return page_of("turns", program, status, period=period, teachers=teachers, broken=broken)


@bp.post("/rotation/<int:rotation_period_id>")
@requires(Permission.CLASS_EDIT)
def change_turns(program_id, rotation_period_id):
    """Change who teaches in a period."""
    program = program_for(program_id, Permission.CLASS_EDIT)
    period = rotation.period_or_404(program_id, rotation_period_id)
    wanted = {turn.cohort_id: request.form.get(f"class-{turn.cohort_id}", 0, int) for turn in period.turns}
    try:
        rotation.change_turns(program, period, wanted, by=current_user, now=utcnow())
    except RuleBroken as broken:
        return _turns_page(program, period, broken.status, broken)
    flash(_("The period is saved."), "success")
    return redirect(url_for(".show_rotation", program_id=program_id))


# --- exchange sessions -------------------------------------------------------------------------------


def _exchange_form(program, **values):
    form = ExchangeForm(**values)
    form.offer(queries.open_classes_seen(program, current_user))
    return form


@bp.get("/exchanges")
@requires(Permission.CLASS_SPACE)
def list_exchanges(program_id):
    """Show the sessions in which classes exchange what they found."""
    return _exchanges_page(program_for(program_id, Permission.CLASS_SPACE))


def _exchanges_page(program, status=200, form=None, broken=None):
    return page_of(
        "exchanges", program, status, page=rotation.list_exchanges(program, current_user, Listing.from_request()),
        may_plan=may(program, current_user, Permission.CLASS_ANNOUNCE), broken=broken,
        form=form or _exchange_form(program, formdata=None, day=today()),
    )  # fmt: skip


@bp.post("/exchanges")
@requires(Permission.CLASS_ANNOUNCE)
def plan_exchange(program_id):
    """Set an exchange of two classes."""
    program = program_for(program_id, Permission.CLASS_ANNOUNCE)
    form = _exchange_form(program)
    if not form.validate():
        return _exchanges_page(program, 422, form)
    pair = [queries.class_or_404(program, key, current_user) for key in (form.first.data, form.second.data)]
    try:
        rotation.plan_exchange(
            program, *pair, day=form.day.data, topic=form.topic.data, by=current_user, now=utcnow()
        )
    except RuleBroken as broken:
        return _exchanges_page(program, broken.status, form, broken)
    flash(_("The exchange is set."), "success")
    return redirect(url_for(".list_exchanges", program_id=program_id))


@bp.get("/exchanges/<int:exchange_id>")
@requires(Permission.CLASS_SPACE)
def show_exchange(program_id, exchange_id):
    """Show an exchange with what each class took down."""
    program = program_for(program_id, Permission.CLASS_SPACE)
    return _exchange_page(program, rotation.exchange_or_404(program, exchange_id, current_user))


def _exchange_page(program, exchange, status=200, form=None, broken=None):
    form = form or NoteForm(formdata=None)
    form.cohort.choices = [(one.id, one.name) for one in (exchange.first, exchange.second)]
    may_note = may(program, current_user, Permission.CLASS_ANNOUNCE)
    return page_of(
        "exchange", program, status, exchange=exchange, form=form, may_note=may_note, broken=broken
    )


@bp.post("/exchanges/<int:exchange_id>")
@requires(Permission.CLASS_ANNOUNCE)
def take_note(program_id, exchange_id):
    """Take down what one of the classes found."""
    program = program_for(program_id, Permission.CLASS_ANNOUNCE)
    exchange, form = rotation.exchange_or_404(program, exchange_id, current_user), NoteForm()
    form.cohort.choices = [(one.id, one.name) for one in (exchange.first, exchange.second)]
    if not form.validate():
        return _exchange_page(program, exchange, 422, form)
    try:
        rotation.take_note(exchange, form.cohort.data, form.text.data, by=current_user, now=utcnow())
    except RuleBroken as broken:
        return _exchange_page(program, exchange, broken.status, form, broken)
    return redirect(url_for(".show_exchange", program_id=program_id, exchange_id=exchange_id))


# --- side by side ------------------------------------------------------------------------------------


@bp.get("/compare")
@requires(Permission.CLASS_ANNOUNCE)
def compare_classes(program_id):
    """Show two classes side by side, measured in the same way."""
    program = program_for(program_id, Permission.CLASS_ANNOUNCE)
    offered = queries.open_classes_seen(program, current_user)
    keys = [whole(request.args.get(name)) for name in ("first", "second")]
    keys = [key or (offered[place].id if place < len(offered) else None) for place, key in enumerate(keys)]
    known = {one.id: one for one in offered}  # a closed class is compared, too, and read by itself
    pair = [known.get(key) or queries.class_or_404(program, key, current_user) for key in keys if key]
    rows = rotation.compare(*pair) if len(pair) == 2 and pair[0].id != pair[1].id else []
    return page_of("compare", program, pair=pair, rows=rows, offered=offered, effect_size=effect_size)
