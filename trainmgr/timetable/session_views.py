"""HTTP of single sessions: putting in, moving, calling off."""

from __future__ import annotations

from typing import Any

from flask import flash, redirect, request, url_for
from flask_babel import gettext as _
from flask_babel import ngettext
from flask_login import current_user

from trainmgr.curriculum.lineages import same_module
from trainmgr.enrolment.queries import cohorts
from trainmgr.kernel.access import Permission, requires
from trainmgr.kernel.clock import today, utcnow
from trainmgr.kernel.errors import RuleBroken
from trainmgr.kernel.i18n import short_day
from trainmgr.kernel.numbers import whole
from trainmgr.programs.blueprint import program_for
from trainmgr.programs.queries import program_or_404
from trainmgr.timetable import actions, labels, queries
from trainmgr.timetable.checking import Wanted
from trainmgr.timetable.forms import CancelForm, MoveForm, SessionForm, options
from trainmgr.timetable.frame import asked_day, bp, default_host, may_write, offer_places, page_of
from trainmgr.timetable.rules import Slot

EDIT = Permission.TIMETABLE_EDIT


class _Draft:
    """The form of a new session with what it offers."""

    def __init__(self, program, **values):
        self.program = program
        self.form: Any = SessionForm(**values)
        self.day = self.form.day.data or today()
        self.modules = {module.id: module for module in queries.modules_in_force(program, self.day)}
        self.gone = self._take_along()
        self.cohorts = {cohort.id: cohort for cohort in cohorts(program.id)}
        self.teachers, self.rooms = offer_places(self.form, program)
        self.form.cohort.choices = options([(c.id, c.name) for c in self.cohorts.values()])
        self.form.module.choices = options(
            [(m.id, f"{m.stage_number} · {labels.module_name(m)}") for m in self.modules.values()]
        )

    def _take_along(self):
        """Find the module that was chosen in the plan of the chosen day; returns it where that plan has it no more."""
        chosen = self.form.module.data
        if not chosen or chosen in self.modules:
            return None
        known, same = same_module(chosen, self.modules.values())
        if same is not None:
            self.form.module.data = same.id
        return known if known is not None and same is None else None

    def validate(self):
        """Tell whether the form can be taken; a module that the plan of that day has not is named."""
        is_fine = self.form.validate()
        if self.gone is not None and self.modules:
            text = _("The plan in force on %(day)s has no module “%(name)s”.", day=short_day(self.day),
                     name=labels.module_name(self.gone))  # fmt: skip
            self.form.module.errors = [text]
        return is_fine

    def wanted(self):
        """Return the session that was typed; who teaches and where stand in the plan unless typed."""
        module = self.modules[self.form.module.data]
        teacher = self.teachers.get(self.form.teacher.data) or module.lead_teacher
        if teacher is None:
            raise RuleBroken(
                _("Nobody leads “%(module)s” yet: choose who teaches.", module=labels.module_name(module))
            )
        return Wanted(
            module=module,
            cohort=self.cohorts[self.form.cohort.data],
            slot=_slot(self.form),
            teacher=teacher,
            room=self.rooms.get(self.form.room.data),
            host_id=self.form.host.data or default_host(self.program, module),
            weekends=self.form.weekends.data,
        )

    def page(self, status=200, broken=None):
        """Show the form."""
        return page_of("session_form", self.program, status, form=self.form, broken=broken,
                       ready=bool(self.modules and self.cohorts))  # fmt: skip


def _slot(form: Any) -> Slot:
    return Slot(form.day.data, form.first_unit.data, form.units.data)


def _to_week(program_id, session):
    return redirect(
        url_for(
            ".show_timetable", program_id=program_id, cohort=session.cohort_id, week=session.day.isoformat()
        )
    )


@bp.get("/programs/<int:program_id>/timetable/new")
@requires(EDIT)
def new_session(program_id):
    """Show the form of a session; class, module, day and unit may stand in the address."""
    program = program_for(program_id, EDIT)
    given = {name: whole(request.args.get(name)) for name in ("cohort", "module")}
    unit = whole(request.args.get("unit")) or 1
    return _Draft(program, formdata=None, day=asked_day("day"), first_unit=unit, **given).page()


@bp.post("/programs/<int:program_id>/timetable")
@requires(EDIT)
def create_session(program_id):
    """Put a session into the timetable, weekly when so asked; what clashed is told."""
    draft = _Draft(program_for(program_id, EDIT))
    if not draft.validate():
        return draft.page(422)
    try:
        result = actions.timetable(
            draft.program, draft.wanted(), draft.form.weeks.data, by=current_user, now=utcnow()
        )
    except RuleBroken as broken:
        return draft.page(broken.status, str(broken))
    count = len(result.taken)
    flash(ngettext("%(num)s session stands in the timetable.", "%(num)s sessions stand in the timetable.", count),
          "success")  # fmt: skip
    if result.refused:
        return page_of("refused", draft.program, result=result, cohort=draft.wanted().cohort)
    return _to_week(program_id, result.taken[0])


def _session_page(program, session, move=None, cancel=None, status=200, broken=None):
    move = move or MoveForm(formdata=None, **_present(session))
    offer_places(move, program)
    cancel = cancel or CancelForm(formdata=None, version=session.version)
    return page_of("session", program, status, session=session, move=move, cancel=cancel, broken=broken,
                   writes=may_write(program) and not session.is_cancelled)  # fmt: skip


def _present(session):
    return {"day": session.day, "first_unit": session.first_unit, "units": session.units,
            "teacher": session.teacher_id, "room": session.room_id or 0, "host": session.host_id,
            "weekends": session.day.weekday() > 4, "version": session.version}  # fmt: skip


@bp.get("/programs/<int:program_id>/timetable/<int:session_id>")
@requires(Permission.TIMETABLE_VIEW)
def show_session(program_id, session_id):
    """Show a session, with the forms that move it and call it off for who may."""
    program = program_or_404(program_id, current_user)
    return _session_page(program, queries.session_or_404(program, session_id, current_user))


@bp.post("/programs/<int:program_id>/timetable/<int:session_id>")
@requires(EDIT)
def move_session(program_id, session_id):
    """Give a session another time, teacher or room."""
    program = program_for(program_id, EDIT)
    session = queries.session_or_404(program, session_id, current_user)
    form = MoveForm()
    teachers, rooms = offer_places(form, program)
    if not form.validate():
        return _session_page(program, session, move=form, status=422)
    wanted = Wanted(
        module=session.module,
        cohort=session.cohort,
        slot=_slot(form),
        teacher=teachers.get(form.teacher.data) or session.teacher,
        room=rooms.get(form.room.data),
        host_id=form.host.data or session.host_id,
        weekends=form.weekends.data,
    )
    try:
        actions.move(program, session, wanted, version=whole(form.version.data) or -1, reason=form.reason.data,
                     by=current_user, now=utcnow())  # fmt: skip
    except RuleBroken as broken:
        return _session_page(program, session, move=form, status=broken.status, broken=str(broken))
    flash(_("“%(module)s” is on %(when)s now.", module=labels.module_name(session.module),
            when=labels.when(session.slot)), "success")  # fmt: skip
    return _to_week(program_id, session)


@bp.post("/programs/<int:program_id>/timetable/<int:session_id>/cancel")
@requires(EDIT)
def cancel_session(program_id, session_id):
    """Call a session off; it stays visible."""
    program = program_for(program_id, EDIT)
    session = queries.session_or_404(program, session_id, current_user)
    form = CancelForm()
    if not form.validate():
        return _session_page(program, session, cancel=form, status=422)
    try:
        actions.cancel(program, session, version=whole(form.version.data) or -1, reason=form.reason.data,
                       by=current_user, now=utcnow())  # fmt: skip
    except RuleBroken as broken:
        return _session_page(program, session, cancel=form, status=broken.status, broken=str(broken))
    flash(_("“%(module)s” on %(when)s is called off.", module=labels.module_name(session.module),
            when=labels.when(session.slot)), "success")  # fmt: skip
    return _to_week(program_id, session)
