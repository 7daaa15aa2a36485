"""HTTP of a college's annual report: years, texts, cases, the template, writing it, its versions."""

from __future__ import annotations

from flask import abort, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import ngettext
from flask_login import current_user

from trainmgr.kernel import jobs
from trainmgr.kernel.access import Permission, requires
from trainmgr.kernel.clock import today, utcnow
from trainmgr.kernel.errors import Conflict, RuleBroken
from trainmgr.kernel.files import file_response
from trainmgr.kernel.numbers import whole
from trainmgr.kernel.word import DOCX
from trainmgr.quality.measuring import catalogue
from trainmgr.quality.rules import Period
from trainmgr.reporting import annual_job, annual_queries, templating, yearbook
from trainmgr.reporting.forms import TemplateForm, TextForm
from trainmgr.reporting.frame import bp, download, page_of
from trainmgr.reporting.labels import TITLES
from trainmgr.reporting.rules import Chapter

YEAR = "/colleges/<int:college_id>/reports/<int:year>"
TEMPLATE = "/colleges/<int:college_id>/report-template"


def _make(college_id):
    return yearbook.college_or_404(college_id, current_user, Permission.REPORT_MAKE)


def _may_make(college):
    return college.id in current_user.organizations_where(Permission.REPORT_MAKE)


def _to_year(college_id, year):
    return redirect(url_for(".show_annual", college_id=college_id, year=year))


@bp.get("/reports")
@requires(Permission.REPORT_VIEW)
def list_reports():
    """Show the years of which each of the reader's colleges has, or may have, a report."""
    colleges = yearbook.colleges_of(current_user)
    chosen = next((one for one in colleges if one.id == whole(request.args.get("college"))), None)
    college = chosen or (colleges[0] if colleges else None)
    years = yearbook.years_of(college, today().year) if college else []
    return page_of("years", colleges=colleges, college=college, years=years, chapters=len(Chapter))


@bp.get(YEAR)
@requires(Permission.REPORT_VIEW)
def show_annual(college_id, year):
    """Show a year's report: its chapters with what was written, the cases, the versions."""
    college, year = yearbook.college_or_404(college_id, current_user), yearbook.year_or_404(year)
    chosen = yearbook.chosen_cases(college.id, year)
    return page_of(
        "annual", college=college, year=year, titles=TITLES, texts=yearbook.texts_of(college.id, year),
        cases={chapter: list(chosen.values()).count(chapter) for chapter in Chapter},
        reports=yearbook.reports_of(college.id, year), job=yearbook.job_of(college.id, year, current_user),
        own=templating.present_of(college.id), may_make=_may_make(college),
    )  # fmt: skip


@bp.post(f"{YEAR}/write")
@requires(Permission.REPORT_MAKE)
def write_annual(college_id, year):
    """Write a new version of a year's report in the background."""
    college, year = _make(college_id), yearbook.year_or_404(year)
    annual_job.start(college, year, by=current_user)
    return _to_year(college.id, year)


@bp.get("/reports/jobs/<int:job_id>")
@requires(Permission.REPORT_MAKE)
def show_annual_job(job_id):
    """Show how far the writing is: the box alone for the page that asks again."""
    job = yearbook.job_or_404(job_id, current_user)
    if not request.headers.get("HX-Request"):
        return _to_year(job.params["college"], job.params["year"])
    return render_template("reporting/_annual_job.html", job=job)


@bp.post("/reports/jobs/<int:job_id>/stop")
@requires(Permission.REPORT_MAKE)
def stop_annual_job(job_id):
    """Stop the writing."""
    job = yearbook.job_or_404(job_id, current_user)
    jobs.stop(job, now=utcnow())
    return _to_year(job.params["college"], job.params["year"])


@bp.get("/reports/<int:report_id>/file.docx")
@requires(Permission.REPORT_VIEW)
def download_annual(report_id):
    """Hand out a version of a report."""
    return file_response(yearbook.report_or_404(report_id, current_user).file)


# --- texts and cases --------------------------------------------------------------------------------


def _chapter(name):
    return Chapter(name) if name in set(Chapter) else abort(404)


def _text_page(college, year, chapter, form, status=200, refusal=None):
    versions = yearbook.versions_of(college.id, year, chapter)
    asked = whole(request.args.get("number"))
    shown = next((one for one in versions if one.number == asked), None)
    return page_of(
        "text", status, college=college, year=year, chapter=chapter, title=TITLES[chapter], form=form,
        versions=versions, shown=shown, refusal=refusal, number=versions[0].number if versions else 0,
    )  # fmt: skip


@bp.get(f"{YEAR}/texts/<chapter>")
@requires(Permission.REPORT_MAKE)
def edit_text(college_id, year, chapter):
    """Show the form of a chapter's text with its earlier versions."""
    college, year, chapter = _make(college_id), yearbook.year_or_404(year), _chapter(chapter)
    last = yearbook.versions_of(college.id, year, chapter, 1)
    form = TextForm(formdata=None, text=last[0].text if last else "", seen=last[0].number if last else 0)
    return _text_page(college, year, chapter, form)


@bp.post(f"{YEAR}/texts/<chapter>")
@requires(Permission.REPORT_MAKE)
def save_text(college_id, year, chapter):
    """Keep a new version of a chapter's text."""
    college, year, chapter = _make(college_id), yearbook.year_or_404(year), _chapter(chapter)
    form = TextForm()
    if not form.validate():
        return _text_page(college, year, chapter, form, 422)
    try:
        row = yearbook.write_text(college, year, chapter, form.text.data or "", seen=form.seen.data or 0,
                                  by=current_user, now=utcnow())  # fmt: skip
    except Conflict as refusal:
        page = _text_page(college, year, chapter, form, refusal.status, refusal)
        return page
    flash(
        _("Kept as version %(number)s.", number=row.number) if row else _("Nothing was changed."), "success"
    )
    return _to_year(college.id, year)


@bp.get(f"{YEAR}/cases")
@requires(Permission.REPORT_MAKE)
def edit_cases(college_id, year):
    """Show the case library's cases, each with the chapter in which it stands."""
    college, year = _make(college_id), yearbook.year_or_404(year)
    return page_of(
        "cases", college=college, year=year, titles=TITLES, chosen=yearbook.chosen_cases(college.id, year),
        cases=annual_queries.choosable(college.id, Period.of_year(year).last),
    )  # fmt: skip


@bp.post(f"{YEAR}/cases")
@requires(Permission.REPORT_MAKE)
def choose_cases(college_id, year):
    """Set which cases stand in which chapter."""
    college, year = _make(college_id), yearbook.year_or_404(year)
    known = {row[0] for row in annual_queries.choosable(college.id, Period.of_year(year).last)}
    named = {key: request.form.get(f"case-{key}", "") for key in known}
    chosen = {key: Chapter(name) for key, name in named.items() if name in set(Chapter)}
    count = yearbook.choose_cases(college, year, chosen, by=current_user, now=utcnow())
    flash(ngettext("%(num)s case chosen.", "%(num)s cases chosen.", count), "success")
    return _to_year(college.id, year)


# --- the college's own template ---------------------------------------------------------------------


def _definitions(college):
    return catalogue(college.id, today())


def _template_page(college, form, status=200):
    return page_of("template", status, college=college, form=form, own=templating.present_of(college.id))


@bp.get(TEMPLATE)
@requires(Permission.REPORT_MAKE)
def edit_template(college_id):
    """Show which template a college uses, and the form for another one."""
    return _template_page(_make(college_id), TemplateForm(formdata=None))


@bp.post(TEMPLATE)
@requires(Permission.REPORT_MAKE)
def set_template(college_id):
    """Take a template, unless something in it must not be."""
    college, form = _make(college_id), TemplateForm()
    if not form.validate():
        return _template_page(college, form, 422)
    try:
        template = templating.set_template(
            college, form.file.data, list(_definitions(college)), by=current_user, now=utcnow()
        )
    except RuleBroken as refusal:
        form.file.errors = [str(refusal)]
        return _template_page(college, form, 422)
    flash(_("The template is in use, no. %(number)s.", number=template.number), "success")
    return redirect(url_for(".edit_template", college_id=college.id))


@bp.post(f"{TEMPLATE}/drop")
@requires(Permission.REPORT_MAKE)
def drop_template(college_id):
    """Use the program's own report again."""
    college = _make(college_id)
    templating.drop_template(college, by=current_user, now=utcnow())
    flash(_("The next version is written in the program's own form."), "success")
    return redirect(url_for(".edit_template", college_id=college.id))


@bp.get(f"{TEMPLATE}/start.docx")
@requires(Permission.REPORT_MAKE)
def download_starter(college_id):
    """Hand out a template to begin with, which names every field."""
    college = _make(college_id)
    return download(
        [templating.starter(_definitions(college))], _("Template of the annual report") + ".docx", DOCX
    )


@bp.get(f"{TEMPLATE}/present.docx")
@requires(Permission.REPORT_MAKE)
def download_template(college_id):
    """Hand out the template that is in use."""
    template = templating.present_of(_make(college_id).id)
    return file_response(template.file) if template else abort(404)
