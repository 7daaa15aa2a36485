"""HTTP of the gain: the same instrument before the training and at its end."""

# mypy: allow-untyped-defs, allow-incomplete-defs
from __future__ import annotations

from flask import abort, request
from flask_babel import gettext as _
from flask_login import current_user

from trainmgr.kernel.access import Permission, requires
from trainmgr.kernel.numbers import whole
from trainmgr.kernel.paging import Listing
from trainmgr.kernel.word import send_document
from trainmgr.programs.pages import render_program_page
from trainmgr.programs.queries import program_or_404
from trainmgr.programs.rules import Step
from trainmgr.testing import gain_page, gains, report_labels, report_sheets, report_word
from trainmgr.testing.frame import bp
from trainmgr.testing.reporting import STILL_OPEN, normalised_gain
from trainmgr.testing.reports import NO_CLASS, Chosen

GAIN = "/programs/<int:program_id>/gain"


def _chosen_series(program):
    """Return all series of the programme, and the one that the address names (else the first complete one)."""
    found = gains.series_of(program.id)
    wanted = whole(request.args.get("version"))
    if wanted is not None:
        return found, next((one for one in found if one.version_id == wanted), None) or abort(404)
    return found, found[0] if found and found[0].is_complete else None


@bp.get(GAIN)
@requires(Permission.TEST_VIEW)
def show_gain(program_id):
    """Show how far each competency and each trainee rose from the entry test to the one at the end."""
    program = program_or_404(program_id, current_user)
    found, series = _chosen_series(program)
    context = {"found": found, "series": series, "words": report_labels, "gain": None, "page": None}
    if series is not None and series.is_complete:
        chosen = Chosen.of(request.args)
        context["gain"] = gain_page.Gain.of(program, series, current_user, chosen)
        context["page"] = gains.list_people(
            program, series.version_id, current_user, chosen, Listing.from_request()
        )
    return render_program_page(
        "testing/gain.html", program, Step.RESULT, no_class=NO_CLASS, threshold=STILL_OPEN,
        normalised_gain=normalised_gain, **context,
    )  # fmt: skip


def _complete(program):
    _found, series = _chosen_series(program)
    return series if series is not None and series.is_complete else abort(404)


@bp.get(f"{GAIN}/word")
@requires(Permission.TEST_VIEW)
def download_gain(program_id):
    """Hand out the gain as Word."""
    program = program_or_404(program_id, current_user, steps=False)
    gain = gain_page.Gain.of(program, _complete(program), current_user, Chosen.of(request.args))
    return send_document(report_word.gain_document(gain), _("Gain %(program)s", program=program.label))


@bp.get(f"{GAIN}/people")
@requires(Permission.TEST_VIEW)
def export_gain(program_id):
    """Hand out each trainee's gain as Excel."""
    program = program_or_404(program_id, current_user, steps=False)
    series = _complete(program)
    rows = gains.export_people(program, series.version_id, current_user, Chosen.of(request.args))
    return report_sheets.send_gain(rows, _("Gain %(program)s.xlsx", program=program.label))
