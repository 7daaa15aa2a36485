"""HTTP of item statistics: the paper of a sitting, one of its items, the workbook, and the bank brought up to date."""

# mypy: allow-untyped-defs, allow-incomplete-defs
from __future__ import annotations

from flask import abort, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_login import current_user

from trainmgr.bank import labels as bank_labels
from trainmgr.bank.content import LETTERS
from trainmgr.kernel.access import Permission, requires
from trainmgr.kernel.clock import utcnow
from trainmgr.kernel.paging import Listing
from trainmgr.kernel.sheets import send_rows
from trainmgr.programs.queries import program_or_404
from trainmgr.testing import analysing, paper_figures, queries, sitting_queries, statistics_page
from trainmgr.testing.frame import bp, page_of
from trainmgr.testing.item_statistics import KELLEY, LITTLE_DISCRIMINATION, TOO_EASY, TOO_HARD

STATISTICS = "/programs/<int:program_id>/tests/<int:sitting_id>/statistics"


def _load(program_id, sitting_id):
    """Return a programme and a sitting for whoever reads the bank that its items come from; 403 for anybody else."""
    program = program_or_404(program_id, current_user)
    sitting = queries.sitting_or_404(program, sitting_id)
    college_id = queries.instrument_of(sitting).college_id
    if college_id not in current_user.organizations_where(Permission.BANK_VIEW):
        abort(403)
    return program, sitting


def _words():
    return {
        "page_words": statistics_page,
        "bank_labels": bank_labels,
        "letters": LETTERS,
        "thresholds": {"easy": TOO_EASY, "hard": TOO_HARD, "little": LITTLE_DISCRIMINATION, "share": KELLEY},
    }


@bp.get(STATISTICS)
@requires(Permission.BANK_VIEW)
def show_statistics(program_id, sitting_id):
    """Show what a sitting says of its items: difficulty, discrimination, what is striking, and the paper's alpha."""
    program, sitting = _load(program_id, sitting_id)
    job = analysing.last_job(sitting)
    if request.headers.get("HX-Request"):
        return render_template("testing/_analysis.html", program=program, sitting=sitting, job=job)
    figures = paper_figures.figures_of(sitting)
    striking = request.args.get("show") == "striking"
    return page_of(
        "statistics",
        program,
        sitting=sitting,
        figures=figures,
        page=statistics_page.rows_of(figures, Listing.from_request(), striking=striking),
        striking=striking,
        spread=statistics_page.spread(figures),
        job=job,
        may_run=sitting_queries.may_run(program, current_user),
        now=utcnow(),
        **_words(),
    )


@bp.get(f"{STATISTICS}/<int:item_id>")
@requires(Permission.BANK_VIEW)
def show_item_statistics(program_id, sitting_id, item_id):
    """Show what a sitting says of one item, option by option."""
    program, sitting = _load(program_id, sitting_id)
    figures = paper_figures.figures_of(sitting)
    found = next((one for one in figures.items if one.item.id == item_id), None) or abort(404)
    return page_of(
        "item_statistics", program, sitting=sitting, figures=figures, one=found, item=found.item, **_words()
    )


@bp.get(f"{STATISTICS}.xlsx")
@requires(Permission.BANK_VIEW)
def export_statistics(program_id, sitting_id):
    """Hand out the statistics of all items of a sitting."""
    _program, sitting = _load(program_id, sitting_id)
    figures = paper_figures.figures_of(sitting)
    columns = statistics_page.sheet_columns(statistics_page.most_options(figures))
    name = _("Item statistics %(test)s.xlsx", test=sitting.name)
    return send_rows(columns, statistics_page.sheet_rows(figures), name, title=_("Item statistics"))


@bp.post(STATISTICS)
@requires(Permission.TEST_RUN)
def start_analysis(program_id, sitting_id):
    """Compute what all sittings say of these items and hand it to the bank, in the background."""
    program, sitting = _load(program_id, sitting_id)
    if not sitting_queries.may_run(program, current_user):
        abort(403)
    analysing.start(sitting, by=current_user, now=utcnow())
    flash(_("The figures of these items are being brought up to date in the bank."), "success")
    return redirect(url_for(".show_statistics", program_id=program.id, sitting_id=sitting.id))
