"""HTTP of signing: what waits for me, one by one or many at once."""

from __future__ import annotations

from typing import Any

from flask import abort, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import ngettext
from flask_login import current_user

from trainmgr.kernel.access import Permission, requires
from trainmgr.kernel.clock import today, utcnow
from trainmgr.kernel.errors import RuleBroken
from trainmgr.kernel.hours import ledger_hours
from trainmgr.kernel.i18n import hours, short_day
from trainmgr.kernel.numbers import whole
from trainmgr.kernel.paging import Listing
from trainmgr.practice import actions, queries, watch
from trainmgr.practice.blueprint import bp
from trainmgr.practice.forms import ReturnForm, chosen_ids
from trainmgr.practice.reading_views import log_page
from trainmgr.practice.rules import DAYS_TO_SIGN
from trainmgr.programs.models import Program
from trainmgr.programs.queries import may, program_or_404


@bp.get("/logs/to-sign")
@requires(Permission.LOG_SIGN)
def list_logs_to_sign() -> Any:
    """Show the logs that wait for my signature, the oldest first."""
    enrolment_id = whole(request.args.get("trainee"))
    page = queries.list_waiting(
        current_user, Listing.from_request(), enrolment_id, whole(request.args.get("program_id"))
    )
    return render_template(
        "practice/to_sign.html",
        page=page,
        people=queries.waiting_people(current_user),
        hints=watch.open_hints([log.id for log in page.items]),
        trainee=enrolment_id or "",
        today=today(),
        days=DAYS_TO_SIGN,
    )


@bp.get("/logs/to-sign/confirm")
@requires(Permission.LOG_SIGN)
def confirm_signing() -> Any:
    """Count the ticked logs, hours and people before they are signed."""
    ids = chosen_ids(request.args.getlist("id"))
    logs = queries.chosen_waiting(current_user, ids)
    if not logs:
        text = _("These logs were decided on already.") if ids else _("Tick at least one log first.")
        flash(text, "warning")
        return redirect(url_for(".list_logs_to_sign"))
    return render_template(
        "practice/confirm_signing.html",
        logs=logs,
        minutes=sum(log.minutes for log in logs),
        people=len({log.enrolment_id for log in logs}),
        hints=watch.open_hints([log.id for log in logs]),
        gone=len(ids) - len(logs),
    )


@bp.post("/logs/to-sign")
@requires(Permission.LOG_SIGN)
def sign_logs() -> Any:
    """Sign the ticked logs; those that changed meanwhile are left out and named."""
    total = actions.Signing()
    for program_id, ids in queries.programs_of(chosen_ids(request.form.getlist("id")), current_user).items():
        program = program_or_404(program_id, current_user, steps=False)
        _require_signer(program)
        result = actions.sign_many(program, ids, by=current_user, now=utcnow())
        total.logs, total.minutes = total.logs + result.logs, total.minutes + result.minutes
        total.people += result.people
        total.left_out += result.left_out
    _tell(total)
    return redirect(url_for(".list_logs_to_sign"))


def _require_signer(program: Program) -> None:
    if not may(program, current_user, Permission.LOG_SIGN):
        abort(403)


def _tell(result: actions.Signing) -> None:
    if result.logs:
        flash(
            ngettext(
                "%(num)s log signed: %(hours)s hours of %(people)s people.",
                "%(num)s logs signed: %(hours)s hours of %(people)s people.",
                result.logs, hours=hours(ledger_hours(result.minutes)), people=result.people,
            ),
            "success",
        )  # fmt: skip
    elif not result.left_out:
        flash(_("Nothing was signed: none of these logs waits for you."), "warning")
    if result.left_out:
        shown = [f"{name} {short_day(day)}" for name, day in result.left_out[:10]]
        names = _("; ").join(shown) + (" …" if len(result.left_out) > 10 else "")
        flash(_("Left out, because they were decided on meanwhile: %(names)s", names=names), "warning")


@bp.post("/logs/<int:log_id>/sign")
@requires(Permission.LOG_SIGN)
def sign_log(log_id: int) -> Any:
    """Sign one log and go on with the next that waits."""
    log, program = queries.log_or_404(log_id, current_user)
    _require_signer(program)
    try:
        actions.sign_log(program, log, by=current_user, now=utcnow())
    except RuleBroken as refusal:
        return log_page(log_id, status=refusal.status, refusal=refusal)
    flash(
        _(
            "Signed: %(name)s, %(hours)s hours.",
            name=log.enrolment.name,
            hours=hours(ledger_hours(log.minutes)),
        ),
        "success",
    )
    return redirect(_next())


@bp.post("/logs/<int:log_id>/return")
@requires(Permission.LOG_SIGN)
def return_log(log_id: int) -> Any:
    """Send one log back with what is missing."""
    log, program = queries.log_or_404(log_id, current_user)
    _require_signer(program)
    form = ReturnForm()
    if not form.validate():
        return log_page(log_id, status=422, form=form)
    try:
        actions.return_log(program, log, form.comment.data, by=current_user, now=utcnow())
    except RuleBroken as refusal:
        return log_page(log_id, status=refusal.status, refusal=refusal, form=form)
    flash(_("Sent back to %(name)s with your comment.", name=log.enrolment.name), "success")
    return redirect(_next())


def _next() -> str:
    following = queries.next_waiting(current_user)
    return url_for(".show_log", log_id=following) if following else url_for(".list_logs_to_sign")
