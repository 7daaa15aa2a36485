"""HTTP of rounds: the programme's and the college's panel, planning, a round's graduates, reminders, Excel."""

from __future__ import annotations

from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import ngettext
from flask_login import current_user

from trainmgr.employment import exporting, figures, labels, panel, queries, rounds
from trainmgr.employment.forms import RoundForm
from trainmgr.employment.frame import PROGRAM, ROUND, bp, page_of, program_for, program_to_run, runs
from trainmgr.employment.rules import AFTER_GRADUATION, total
from trainmgr.enrolment.queries import cohorts
from trainmgr.kernel.access import Permission, requires
from trainmgr.kernel.clock import today, utcnow
from trainmgr.kernel.errors import RuleBroken
from trainmgr.kernel.numbers import typed_version, whole
from trainmgr.kernel.paging import Listing

P = Permission


# --- over programmes -----------------------------------------------------------------------------------


@bp.get("/employment")
@requires(P.EMPLOYMENT_VIEW)
def show_panel():
    """Show what became of the graduates of a year, programme by programme."""
    years = panel.years_of(current_user)
    year = whole(request.args.get("year")) or (years[0] if years else today().year)
    by_months = panel.of_year(current_user, year)
    months = whole(request.args.get("months"))
    if months not in by_months:
        months = next((one for one in sorted(by_months, reverse=True) if by_months[one].answered), None)
    rows = [] if months is None else panel.programs_of(current_user, year, months)
    return render_template(
        "employment/panel.html", years=years, year=year, months=months, by_months=by_months, rows=rows,
        shown=figures.income_shown({row.program.id: row.counts for row in rows}), labels=labels,
        plans=bool(current_user.organizations_where(P.LINK_ISSUE)),
    )  # fmt: skip


@bp.post("/employment/rounds")
@requires(P.EMPLOYMENT_EDIT)
def plan_year():
    """Plan the usual rounds of all of the college's programmes that end in a year."""
    year, planned = whole(request.form.get("year")) or today().year, 0
    for program in panel.to_plan(current_user, year):
        planned += rounds.plan_usual(program, by=current_user, now=utcnow())
    flash(ngettext("%(num)s round planned.", "%(num)s rounds planned.", planned), "success")
    return redirect(url_for(".show_panel", year=year))


# --- of one programme ----------------------------------------------------------------------------------


def _program_page(program, form=None, status=200, broken=None):
    found = figures.by_round(program, current_user)
    return page_of(
        "program", program, status, rounds=queries.rounds_of(program.id), counts=found, today=today(),
        runs=runs(program), form=form or RoundForm(formdata=None), broken=broken, usual=AFTER_GRADUATION,
        employer=bool(queries.employers_of(current_user)),
    )  # fmt: skip


@bp.get(PROGRAM)
@requires(P.EMPLOYMENT_VIEW)
def show_employment(program_id):
    """Show a programme's rounds with their figures."""
    return _program_page(program_for(program_id, P.EMPLOYMENT_VIEW))


@bp.post(f"{PROGRAM}/rounds")
@requires(P.EMPLOYMENT_EDIT)
def plan_round(program_id):
    """Plan one round."""
    program, form = program_to_run(program_id), RoundForm()
    if not form.validate():
        return _program_page(program, form, 422)
    try:
        asked = rounds.plan_round(
            program, months=form.months.data or 0, opens_on=form.opens_on.data, closes_on=form.closes_on.data,
            by=current_user, now=utcnow(),
        )  # fmt: skip
    except RuleBroken as broken:
        return _program_page(program, form, broken.status, broken)
    flash(_("The round is planned."), "success")
    return redirect(url_for(".show_round", program_id=program.id, round_id=asked.id))


@bp.post(f"{PROGRAM}/rounds/usual")
@requires(P.EMPLOYMENT_EDIT)
def plan_usual(program_id):
    """Plan the usual rounds that are missing."""
    program = program_to_run(program_id)
    planned = rounds.plan_usual(program, by=current_user, now=utcnow())
    if planned:
        flash(ngettext("%(num)s round planned.", "%(num)s rounds planned.", planned), "success")
    else:
        flash(_("There is none to plan: the programme has no last day yet, or all rounds are there."), "info")
    return redirect(url_for(".show_employment", program_id=program.id))


# --- one round -----------------------------------------------------------------------------------------


def _chosen():
    return {key: request.args.get(key, "")[:40] for key in ("class", "standing", "destination")}


def _round_page(program, asked, form=None, status=200, broken=None):
    groups, chosen = figures.by_class(program, asked, current_user), _chosen()
    classes = cohorts(program.id)
    return page_of(
        "round", program, status, asked=asked, whole=total(groups.values()), groups=groups,
        shown=figures.income_shown(groups), chosen=chosen, classes=classes, today=today(), broken=broken,
        page=queries.list_followed(program, asked, current_user, Listing.from_request(), chosen),
        runs=runs(program), form=form or RoundForm(
            formdata=None, months=asked.months, opens_on=asked.opens_on, closes_on=asked.closes_on,
            version=asked.version,
        ),
    )  # fmt: skip


@bp.get(ROUND)
@requires(P.EMPLOYMENT_VIEW)
def show_round(program_id, round_id):
    """Show a round: its figures, its classes, and each graduate."""
    program = program_for(program_id, P.EMPLOYMENT_VIEW)
    return _round_page(program, queries.round_or_404(program, round_id))


@bp.post(ROUND)
@requires(P.EMPLOYMENT_EDIT)
def move_round(program_id, round_id):
    """Give a round other days."""
    program, form = program_to_run(program_id), RoundForm()
    asked = queries.round_or_404(program, round_id)
    form.months.data = asked.months
    form.months.raw_data = [str(asked.months)]
    if not form.validate():
        return _round_page(program, asked, form, 422)
    try:
        rounds.move_round(
            asked, program, opens_on=form.opens_on.data, closes_on=form.closes_on.data, version=typed_version(),
            by=current_user, now=utcnow(),
        )  # fmt: skip
    except RuleBroken as broken:
        return _round_page(program, asked, form, broken.status, broken)
    flash(_("The round has other days."), "success")
    return redirect(url_for(".show_round", program_id=program.id, round_id=asked.id))


@bp.post(f"{ROUND}/remind")
@requires(P.EMPLOYMENT_EDIT)
def remind_graduates(program_id, round_id):
    """Ask those once more who have not answered: the chosen ones, or all."""
    program = program_to_run(program_id)
    asked = queries.round_or_404(program, round_id)
    ids = [number for text in request.form.getlist("id")[:500] if (number := whole(text))]
    people = queries.unanswered(program, asked, current_user, ids or None)
    count = rounds.remind(program, asked, people, by=current_user, now=utcnow()) if people else 0
    flash(ngettext("%(num)s graduate reminded.", "%(num)s graduates reminded.", count), "success")
    return redirect(url_for(".show_round", program_id=program.id, round_id=asked.id, standing="missing"))


@bp.get(f"{ROUND}.xlsx")
@requires(P.EMPLOYMENT_VIEW)
def export_round(program_id, round_id):
    """Hand out a round as a workbook, as it is narrowed."""
    program = program_for(program_id, P.EMPLOYMENT_VIEW, steps=False)
    asked = queries.round_or_404(program, round_id)
    rows = queries.rows_to_export(program, asked, current_user, Listing.from_request().q, _chosen())
    return exporting.send_round(rows, f"{program.label} {asked.name}.xlsx", asked.name)
