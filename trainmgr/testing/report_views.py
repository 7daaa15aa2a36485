"""HTTP of reports: a sitting as a whole, by class and enterprise; one person; one's own."""

# mypy: allow-untyped-defs, allow-incomplete-defs
from __future__ import annotations

from flask import abort, render_template, request, url_for
from flask_babel import gettext as _
from flask_login import current_user

from trainmgr.kernel.access import Permission, requires
from trainmgr.kernel.errors import RuleBroken
from trainmgr.kernel.i18n import moment
from trainmgr.kernel.paging import Listing
from trainmgr.kernel.word import send_document
from trainmgr.needs.rules import COMMON_SHARE
from trainmgr.programs.queries import may, program_or_404
from trainmgr.programs.rules import Work, is_open
from trainmgr.testing import asked, queries, report_labels, report_sheets, report_word, reports
from trainmgr.testing.frame import bp, page_of
from trainmgr.testing.report_page import MOST_COLUMNS, By, PersonReport, Report, verdict_of
from trainmgr.testing.reports import NO_CLASS, Chosen
from trainmgr.testing.rules import Purpose

SITTING = "/programs/<int:program_id>/tests/<int:sitting_id>"
OWN = "/tests/<int:participant_id>/report"


def _loaded(program_id, sitting_id, *, steps=True):
    program = program_or_404(program_id, current_user, steps=steps)
    return program, queries.sitting_or_404(program, sitting_id)


def _report(program, sitting):
    return Report.of(program, sitting, current_user, Chosen.of(request.args))


@bp.get(f"{SITTING}/report")
@requires(Permission.TEST_VIEW)
def show_report(program_id, sitting_id):
    """Show what is commonly weak, classes or enterprises side by side, and each person's result."""
    program, sitting = _loaded(program_id, sitting_id)
    report = _report(program, sitting)
    by = By.ENTERPRISE if request.args.get("by") == By.ENTERPRISE else By.CLASS
    columns = report.columns(by)
    page = reports.list_people(
        program,
        sitting,
        current_user,
        Listing.from_request(),
        report.chosen,
        report.lines,
        report.totals.people,
    )

    def column_url(args):
        return url_for(".show_report", program_id=program.id, sitting_id=sitting.id, **args)

    return page_of(
        "report", program, sitting=sitting, report=report, by=by, columns=columns[:MOST_COLUMNS],
        left_out=columns[MOST_COLUMNS:], page=page, no_class=NO_CLASS, common=COMMON_SHARE,
        words=report_labels, verdict_of=verdict_of, column_url=column_url,
        may_take=_may_take(program, sitting),
    )  # fmt: skip


def _may_take(program, sitting):
    """Tell whether the button that takes the levels is of use to the reader."""
    return (
        sitting.purpose is Purpose.ENTRY
        and is_open(Work.NEEDS, program.state)
        and may(program, current_user, Permission.TEST_RUN)
        and queries.sees_all(program, current_user)
    )


@bp.get(f"{SITTING}/report/word")
@requires(Permission.TEST_VIEW)
def download_report(program_id, sitting_id):
    """Hand out the report (of all, of a class, of an enterprise) as Word."""
    program, sitting = _loaded(program_id, sitting_id, steps=False)
    report = _report(program, sitting)
    return send_document(report_word.group_document(report), report_labels.file_name(report))


@bp.get(f"{SITTING}/report/classes")
@requires(Permission.TEST_VIEW)
def export_report(program_id, sitting_id):
    """Hand out classes × competencies as Excel."""
    program, sitting = _loaded(program_id, sitting_id, steps=False)
    report = _report(program, sitting)
    return report_sheets.send_classes(report, f"{report_labels.file_name(report)}.xlsx")


@bp.get(f"{SITTING}/report/people")
@requires(Permission.TEST_VIEW)
def export_report_people(program_id, sitting_id):
    """Hand out each person's result as Excel."""
    program, sitting = _loaded(program_id, sitting_id, steps=False)
    chosen = Chosen.of(request.args)
    lines = asked.lines_of(program.id, sitting.version_id)
    rows = reports.export_people(program, sitting, current_user, chosen)
    name = _("Results %(name)s.xlsx", name=sitting.name)
    return report_sheets.send_people(rows, lines, sitting.instrument_version.pass_percent, name)


# --- one person -----------------------------------------------------------------------------------


def _person(program_id, sitting_id, participant_id, *, steps=True):
    program, sitting = _loaded(program_id, sitting_id, steps=steps)
    participant = queries.participant_or_404(program, sitting, participant_id, current_user)
    return program, sitting, PersonReport.of(participant, sitting)


@bp.get(f"{SITTING}/report/<int:participant_id>")
@requires(Permission.TEST_VIEW)
def show_person_report(program_id, sitting_id, participant_id):
    """Show what one person reached in each competency, against the level that the post requires."""
    program, sitting, person = _person(program_id, sitting_id, participant_id)
    return page_of("report_person", program, sitting=sitting, person=person, words=report_labels)


@bp.get(f"{SITTING}/report/<int:participant_id>/word")
@requires(Permission.TEST_VIEW)
def download_person_report(program_id, sitting_id, participant_id):
    """Hand out one person's report as Word."""
    program, _sitting, person = _person(program_id, sitting_id, participant_id, steps=False)
    return _send_person(person, program)


def _send_person(person, program):
    name = _("Report %(name)s, %(test)s", name=person.participant.name, test=person.sitting.name)
    return send_document(report_word.person_document(person, program), name)


# --- one's own ------------------------------------------------------------------------------------


def _own(participant_id):
    participant = reports.own_participant(participant_id, current_user) or abort(404)
    sitting = participant.sitting
    if sitting.cancelled_at is not None:
        abort(404)
    if sitting.closed_at is None:
        raise RuleBroken(
            _(
                "The report opens when the test is closed for everybody: %(moment)s.",
                moment=moment(sitting.closes_at),
            )
        )
    return PersonReport.of(participant, sitting)


@bp.get(OWN)
@requires(Permission.TEST_TAKE)
def show_own_report(participant_id):
    """Show one's own report once the test is closed."""
    person = _own(participant_id)
    return render_template(
        "testing/own_report.html", person=person, sitting=person.sitting, words=report_labels
    )


@bp.get(f"{OWN}/word")
@requires(Permission.TEST_TAKE)
def download_own_report(participant_id):
    """Hand out one's own report as Word."""
    person = _own(participant_id)
    return _send_person(person, person.sitting.program)
