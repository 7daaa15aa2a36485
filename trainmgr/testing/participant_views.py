"""HTTP of the people in a sitting: the list, adding from the roster or a pasted list, attempts and minutes."""

# mypy: allow-untyped-defs, allow-incomplete-defs
from __future__ import annotations

from flask import flash, redirect, request, url_for
from flask_babel import gettext as _
from flask_babel import ngettext
from flask_login import current_user
from wtforms.fields.choices import SelectChoice

from trainmgr.enrolment.queries import cohorts
from trainmgr.kernel.access import Permission, requires
from trainmgr.kernel.clock import utcnow
from trainmgr.kernel.db import keep_writes
from trainmgr.kernel.errors import RuleBroken
from trainmgr.kernel.numbers import whole
from trainmgr.kernel.paging import Listing
from trainmgr.programs.queries import enterprises_of, program_or_404
from trainmgr.testing import participants, people_queries, queries, seats, sitting_queries
from trainmgr.testing.frame import bp, page_of
from trainmgr.testing.people_queries import Filters
from trainmgr.testing.sitting_forms import ExtraForm, PeopleForm, ReasonForm, RosterForm
from trainmgr.testing.sitting_views import SITTING, load_to_run

PEOPLE = f"{SITTING}/people"
PARTICIPANT = f"{PEOPLE}/<int:participant_id>"
EVERYBODY = 0


def _to_people(sitting):
    return redirect(url_for(".list_people", program_id=sitting.program_id, sitting_id=sitting.id))


@bp.get(PEOPLE)
@requires(Permission.TEST_VIEW)
def list_people(program_id, sitting_id):
    """Show who takes part in a test and how far each is."""
    program = program_or_404(program_id, current_user)
    sitting = queries.sitting_or_404(program, sitting_id)
    filters = Filters.read(request.args)
    page = people_queries.list_people(program, sitting, current_user, Listing.from_request(), filters)
    return page_of(
        "people",
        program,
        sitting=sitting,
        page=page,
        filters=filters,
        classes=[(name, name) for name in people_queries.classes_of(program, sitting, current_user)],
        attempts=seats.newest_of([one.id for one in page.items]),
        may_run=sitting_queries.may_run(program, current_user),
        now=utcnow(),
    )


# --- adding -----------------------------------------------------------------------------------------


def _forms(program):
    enterprises = enterprises_of(program)
    roster, pasted = RosterForm(formdata=None), PeopleForm(formdata=None)
    named = [SelectChoice(str(one.organization_id), one.organization.name) for one in enterprises]
    roster.cohort_id.choices = [SelectChoice(str(EVERYBODY), _("every class"))]
    roster.cohort_id.choices += [SelectChoice(str(one.id), one.name) for one in cohorts(program.id)]
    roster.of_enterprise_id.choices = [SelectChoice(str(EVERYBODY), _("every enterprise")), *named]
    pasted.enterprise_id.choices = [SelectChoice(str(EVERYBODY), _("not said")), *named]
    pasted.enterprise_id.data = enterprises[0].organization_id if len(enterprises) == 1 else EVERYBODY
    return roster, pasted


def _add_page(program, sitting, roster, pasted, status=200, **context):
    enrolled = people_queries.count_enrolled(program)
    return page_of(
        "people_new", program, status, sitting=sitting, roster=roster, pasted=pasted, enrolled=enrolled, **context
    )  # fmt: skip


@bp.get(f"{PEOPLE}/new")
@requires(Permission.TEST_RUN)
def new_people(program_id, sitting_id):
    """Ask who takes part: from the roster, or by their numbers."""
    program, sitting = load_to_run(program_id, sitting_id)
    return _add_page(program, sitting, *_forms(program))


@bp.post(f"{PEOPLE}/roster")
@requires(Permission.TEST_RUN)
def add_from_roster(program_id, sitting_id):
    """Add everybody in training, of one class or one enterprise if said so."""
    program, sitting = load_to_run(program_id, sitting_id)
    roster, pasted = _forms(program)
    roster.process(request.form)
    if not roster.validate():
        return _add_page(program, sitting, roster, pasted, 422)
    try:
        count = participants.add_from_roster(
            program, sitting, cohort_id=roster.cohort_id.data or None,
            enterprise_id=roster.of_enterprise_id.data or None, by=current_user, now=utcnow(),
        )  # fmt: skip
    except RuleBroken as refusal:
        return _add_page(program, sitting, roster, pasted, 409, refusal=refusal)
    flash(ngettext("%(num)s person added.", "%(num)s people added.", count), "success")
    return _to_people(sitting)


@bp.post(f"{PEOPLE}/list")
@requires(Permission.TEST_RUN)
def add_pasted(program_id, sitting_id):
    """Add the people of a pasted list; lines that fit nobody stay in the form with their reasons."""
    program, sitting = load_to_run(program_id, sitting_id)
    roster, pasted = _forms(program)
    pasted.process(request.form)
    if not pasted.validate():
        return _add_page(program, sitting, roster, pasted, 422)
    try:
        result = participants.add_pasted(
            program, sitting, pasted.people.data, cohort_name=pasted.cohort_name.data or "",
            post=pasted.post.data or "", enterprise_id=pasted.enterprise_id.data or None,
            by=current_user, now=utcnow(),
        )  # fmt: skip
    except RuleBroken as refusal:
        return _add_page(program, sitting, roster, pasted, 409, refusal=refusal)
    if result.faults:
        keep_writes()
        pasted.people.data = result.left
        pasted.people.raw_data = [result.left]
        return _add_page(program, sitting, roster, pasted, 422, result=result)
    flash(_tell(result), "success")
    return _to_people(sitting)


def _tell(result):
    added = ngettext("%(num)s person added.", "%(num)s people added.", result.added)
    if not result.known:
        return added
    known = ngettext("%(num)s was in already.", "%(num)s were in already.", result.known)
    return f"{added} {known}"


@bp.post(f"{PEOPLE}/remove")
@requires(Permission.TEST_RUN)
def remove_people(program_id, sitting_id):
    """Take the ticked people out, those excepted who have begun."""
    program, sitting = load_to_run(program_id, sitting_id)
    wanted = [key for text in request.form.getlist("id")[:500] if (key := whole(text))]
    count = participants.remove_people(program, sitting, wanted, by=current_user, now=utcnow())
    flash(ngettext("%(num)s person taken out.", "%(num)s people taken out.", count), "success")
    if count < len(wanted):
        stayed = len(wanted) - count
        flash(
            ngettext(
                "%(num)s has begun and stays.", "%(num)s have begun and stay.", stayed
            ),
            "warning",
        )  # fmt: skip
    return _to_people(sitting)


# --- one person -------------------------------------------------------------------------------------


def _load_person(program_id, sitting_id, participant_id):
    program, sitting = load_to_run(program_id, sitting_id)
    return program, sitting, queries.participant_or_404(program, sitting, participant_id, current_user)


def _person_page(program, sitting, participant, status=200, **context):
    forms = {
        "grant_form": ReasonForm(formdata=None),
        "extra_form": ExtraForm(formdata=None, data={"extra_minutes": participant.extra_minutes}),
    }
    attempts = queries.attempts_of(participant)
    return page_of(
        "participant", program, status, sitting=sitting, participant=participant, attempts=attempts,
        late=people_queries.count_late(attempts), now=utcnow(), **forms | context,
    )  # fmt: skip


def _to_person(participant, program_id):
    return redirect(
        url_for(
            ".show_participant", program_id=program_id, sitting_id=participant.sitting_id,
            participant_id=participant.id,
        )
    )  # fmt: skip


@bp.get(PARTICIPANT)
@requires(Permission.TEST_RUN)
def show_participant(program_id, sitting_id, participant_id):
    """Show one person's attempts, and what can be granted."""
    return _person_page(*_load_person(program_id, sitting_id, participant_id))


@bp.post(f"{PARTICIPANT}/grant")
@requires(Permission.TEST_RUN)
def grant_attempt(program_id, sitting_id, participant_id):
    """Grant one more attempt, with the reason."""
    program, sitting, participant = _load_person(program_id, sitting_id, participant_id)
    form = ReasonForm()
    if not form.validate():
        return _person_page(program, sitting, participant, 422, grant_form=form)
    try:
        participants.grant_attempt(
            program, sitting, participant, reason=form.reason.data, by=current_user, now=utcnow()
        )
    except RuleBroken as refusal:
        return _person_page(program, sitting, participant, 409, grant_form=form, refusal=refusal)
    flash(_("%(name)s may take the test once more.", name=participant.name), "success")
    return _to_person(participant, program.id)


@bp.post(f"{PARTICIPANT}/extra")
@requires(Permission.TEST_RUN)
def give_time(program_id, sitting_id, participant_id):
    """Set how many extra minutes one person has."""
    program, sitting, participant = _load_person(program_id, sitting_id, participant_id)
    form = ExtraForm()
    if not form.validate():
        return _person_page(program, sitting, participant, 422, extra_form=form)
    try:
        participants.give_time(
            program, sitting, participant, form.extra_minutes.data or 0, by=current_user, now=utcnow()
        )
    except RuleBroken as refusal:
        return _person_page(program, sitting, participant, 409, extra_form=form, refusal=refusal)
    flash(_("Saved."), "success")
    return _to_person(participant, program.id)
