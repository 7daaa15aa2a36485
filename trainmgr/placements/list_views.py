"""HTTP of the list of placements, and of arranging new ones, one by one or for a class at once."""

from __future__ import annotations

from flask import abort, flash, redirect, request, url_for
from flask_babel import gettext as _
from flask_babel import ngettext
from flask_login import current_user

from trainmgr.enrolment.queries import cohorts
from trainmgr.kernel import intake
from trainmgr.kernel.access import Permission, requires
from trainmgr.kernel.clock import today, utcnow
from trainmgr.kernel.errors import RuleBroken
from trainmgr.kernel.numbers import whole
from trainmgr.kernel.paging import Listing
from trainmgr.placements import actions, beginning, compliance, conditions, hosts, labels, queries, sheet
from trainmgr.placements.forms import ArrangeForm, PapersForm, chosen_ids, ids_from_address
from trainmgr.placements.frame import PROGRAM, bp, page_of, program_for, sees_pay
from trainmgr.programs.queries import may
from trainmgr.programs.rules import Work, is_open

P = Permission
NAMED = 5  # names that a message holds


def _chosen():
    given = request.args
    return queries.Chosen(
        cohort=whole(given.get("class")),
        host=whole(given.get("host")),
        state=given.get("state", ""),
        unsigned=given.get("unsigned") == "1",
        rule=given.get("rule", ""),
    )


def _latest(program):
    """The viewer's last import of placements, where the viewer may arrange them."""
    if not may(program, current_user, P.PLACEMENT_EDIT):
        return None
    return intake.latest_job(sheet.KIND, current_user, program.id)


@bp.get(PROGRAM)
@requires(P.PLACEMENT_VIEW)
def list_placements(program_id):
    """Show the placements of the trainees whom the reader may see, fifty at a time."""
    program = program_for(program_id)
    chosen, totals = _chosen(), queries.totals_of(program, current_user)
    page = queries.list_placements(
        program, current_user, Listing.from_request(), chosen,
        compliance.rules_of(program.lead_college_id), total=totals.total,
    )  # fmt: skip
    oversees = may(program, current_user, P.PLACEMENT_OVERSEE)
    return page_of(
        "list", program, page=page, totals=totals, chosen=chosen,
        classes=[(one.id, one.name) for one in cohorts(program.id)] if oversees else [],
        hosts=[(one.id, one.short) for one in hosts.enterprises_in(program, current_user)] if oversees else [],
        rules=[(code.value, labels.SHORT_RULES[code]) for code in conditions.COUNTED],
        oversees=oversees, may_edit=may(program, current_user, P.PLACEMENT_EDIT),
        may_sign=may(program, current_user, P.PLACEMENT_SIGN), with_pay=sees_pay(program), today=today(),
        is_open=is_open(Work.MENTORING, program.state), applies=compliance.applies_to(program),
        job=_latest(program),
    )  # fmt: skip


# --- arranging --------------------------------------------------------------------------------------


@bp.get(f"{PROGRAM}/trainees")
@requires(P.PLACEMENT_EDIT)
def pick_trainees(program_id):
    """Show who has no placement yet, to choose some or a whole class."""
    program = program_for(program_id, P.PLACEMENT_EDIT)
    cohort = whole(request.args.get("class"))
    page = queries.list_unplaced(program, current_user, Listing.from_request(), cohort)
    return page_of(
        "pick", program, page=page, cohort=cohort, classes=[(one.id, one.name) for one in cohorts(program.id)]
    )


def _people(program, given):
    """The trainees who were ticked, or all of the class that are without a placement."""
    if (cohort := whole(given.get("whole_class"))) is not None:
        return list(queries.list_unplaced(program, current_user, Listing(), cohort, whole=True).items)
    return queries.trainees(program, current_user, chosen_ids(given.getlist("id")))


def _arrange_form(program):
    posts = hosts.posts_of(
        program.lead_college_id, [one.id for one in hosts.enterprises_in(program, current_user)]
    )
    form = ArrangeForm()
    form.offer(posts)
    return form, {post.id: post for post in posts}


@bp.get(f"{PROGRAM}/new")
@requires(P.PLACEMENT_EDIT)
def new_placements(program_id):
    """Show the form for the placement of one trainee or of many at once."""
    program = program_for(program_id, P.PLACEMENT_EDIT)
    people = _people(program, request.args)
    if not people:
        flash(_("Tick at least one person first."), "warning")
        return redirect(url_for(".pick_trainees", program_id=program_id))
    form, posts = _arrange_form(program)
    return page_of("arrange", program, people=people, form=form, posts=posts)


@bp.post(f"{PROGRAM}/new")
@requires(P.PLACEMENT_EDIT)
def create_placements(program_id):
    """Arrange the placement of one trainee or of many at once."""
    program = program_for(program_id, P.PLACEMENT_EDIT)
    people, (form, posts) = _people(program, request.form), _arrange_form(program)
    if not people:
        abort(404)
    context = {"people": people, "form": form, "posts": posts}
    if not form.validate():
        return page_of("arrange", program, 422, **context)
    post = posts[form.post.data]
    try:
        done = actions.arrange(
            program, people, post, form.terms(), form.papers(), by=current_user, now=utcnow()
        )
    except RuleBroken as broken:
        return page_of("arrange", program, broken.status, broken=broken, **context)
    if not done.made:
        return page_of("arrange", program, 409, broken=_left_out(done.left_out), **context)
    made = len(done.made)
    flash(ngettext("%(num)s placement is arranged.", "%(num)s placements are arranged.", made), "success")
    if done.left_out:
        flash(_left_out(done.left_out), "warning")
    return redirect(url_for(".list_placements", program_id=program_id))


def _left_out(lines):
    shown = [_("%(name)s %(reason)s", name=name, reason=reason) for name, reason in lines[:NAMED]]
    more = _(", and %(count)s more", count=len(lines) - NAMED) if len(lines) > NAMED else ""
    return _("Left out: %(lines)s", lines=_("; ").join(shown) + more)


# --- what is done with the ticked rows --------------------------------------------------------------


@bp.post(f"{PROGRAM}/start")
@requires(P.PLACEMENT_EDIT)
def start_chosen(program_id):
    """Start the ticked placements; those that a rule holds up are named with it."""
    program = program_for(program_id, P.PLACEMENT_EDIT)
    placements = queries.chosen_placements(program, current_user, chosen_ids(request.form.getlist("id")))
    if not placements:
        flash(_("Tick at least one placement first."), "warning")
        return redirect(url_for(".list_placements", program_id=program_id))
    panel = compliance.panel_of(program.lead_college_id)
    done = beginning.start(program, placements, panel, by=current_user, now=utcnow())
    if done.started:
        text = ngettext("%(num)s placement has begun.", "%(num)s placements have begun.", len(done.started))
        flash(text, "success")
    if done.held_up:
        shown = [
            _("%(name)s (%(why)s)", name=one.enrolment.name, why=why) for one, why in done.held_up[:NAMED]
        ]
        more = _(", and %(count)s more", count=len(done.held_up) - NAMED) if len(done.held_up) > NAMED else ""
        flash(_("Not begun: %(names)s", names=_("; ").join(shown) + more), "warning")
    if not done.started and not done.held_up:
        flash(_("None of these waits for its start."), "warning")
    return redirect(url_for(".list_placements", program_id=program_id))


@bp.get(f"{PROGRAM}/papers")
@requires(P.PLACEMENT_EDIT)
def edit_papers(program_id):
    """Show the form for consent and insurance of the ticked placements."""
    program = program_for(program_id, P.PLACEMENT_EDIT)
    placements = queries.chosen_placements(program, current_user, ids_from_address())
    if not placements:
        flash(_("Tick at least one placement first."), "warning")
        return redirect(url_for(".list_placements", program_id=program_id))
    return page_of("papers", program, placements=placements, form=PapersForm(formdata=None))


@bp.post(f"{PROGRAM}/papers")
@requires(P.PLACEMENT_EDIT)
def save_papers(program_id):
    """Enter consent and insurance of the ticked placements."""
    program, form = program_for(program_id, P.PLACEMENT_EDIT), PapersForm()
    placements = queries.chosen_placements(program, current_user, chosen_ids(request.form.getlist("id")))
    if not placements:
        abort(404)
    if not form.validate():
        return page_of("papers", program, 422, placements=placements, form=form)
    try:
        done = actions.enter_papers(program, placements, form.papers(), by=current_user, now=utcnow())
    except RuleBroken as broken:
        return page_of("papers", program, broken.status, placements=placements, form=form, broken=broken)
    flash(ngettext("Entered for %(num)s placement.", "Entered for %(num)s placements.", done), "success")
    if len(placements) == 1:
        return redirect(url_for(".show_placement", program_id=program_id, placement_id=placements[0].id))
    return redirect(url_for(".list_placements", program_id=program_id))
