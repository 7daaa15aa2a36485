"""HTTP of taking the levels of a test into the needs analysis."""

# mypy: allow-untyped-defs, allow-incomplete-defs
from __future__ import annotations

from flask import abort, flash, redirect, request, url_for
from flask_babel import ngettext
from flask_login import current_user

from trainmgr.kernel.access import Permission, requires
from trainmgr.kernel.clock import utcnow
from trainmgr.kernel.errors import RuleBroken
from trainmgr.kernel.numbers import typed_version, whole
from trainmgr.programs.queries import may, program_or_404
from trainmgr.testing import asked, levels, queries
from trainmgr.testing.frame import bp, page_of
from trainmgr.testing.report_views import SITTING


def _loaded(program_id, sitting_id):
    program = program_or_404(program_id, current_user)
    sitting = queries.sitting_or_404(program, sitting_id)
    if not (may(program, current_user, Permission.TEST_RUN) and queries.sees_all(program, current_user)):
        abort(403)
    return program, sitting


def _page(program, sitting, status=200, *, version=None, refusal=None):
    found = levels.measured(program.id, also=sitting.id)
    named = {line.id: line for line in asked.lines_of(program.id, sitting.version_id)}
    return page_of(
        "levels", program, status, sitting=sitting, found=found, named=named, refusal=refusal,
        waiting=levels.waiting_in(sitting), form_version=sitting.version if version is None else version,
        closed=levels.why_closed(program), confirmed=whole(request.form.get("without_marks")),
    )  # fmt: skip


@bp.get(f"{SITTING}/levels")
@requires(Permission.TEST_RUN)
def confirm_levels(program_id, sitting_id):
    """Show what the test measured beside what the needs analysis says now, before it is taken."""
    return _page(*_loaded(program_id, sitting_id))


@bp.post(f"{SITTING}/levels")
@requires(Permission.TEST_RUN)
def take_levels(program_id, sitting_id):
    """Let what the test measured be the levels of the needs analysis."""
    program, sitting = _loaded(program_id, sitting_id)
    try:
        count = levels.take_levels(
            program,
            sitting,
            version=typed_version(),
            without_marks=whole(request.form.get("without_marks")),
            by=current_user,
            now=utcnow(),
        )
    except RuleBroken as broken:
        return _page(program, sitting, broken.status, version=typed_version(), refusal=broken)
    flash(
        ngettext(
            "The measured level of %(num)d competency is in the needs analysis.",
            "The measured levels of %(num)d competencies are in the needs analysis.",
            count,
        ),
        "success",
    )
    return redirect(url_for("needs.show_needs", program_id=program.id, _anchor="rank-h"))
