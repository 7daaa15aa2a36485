"""HTTP of taking a test: my tests, beginning one, the paper, saving answers, handing in."""

# mypy: allow-untyped-defs, allow-incomplete-defs
from __future__ import annotations

import json

from flask import abort, flash, jsonify, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_login import current_user

from trainmgr.kernel.access import Permission, requires
from trainmgr.kernel.clock import utcnow
from trainmgr.kernel.db import keep_writes
from trainmgr.kernel.errors import RuleBroken
from trainmgr.kernel.files import photo_response
from trainmgr.kernel.numbers import whole
from trainmgr.kernel.paging import Listing
from trainmgr.testing import labels, seats, taking
from trainmgr.testing.answering import LONGEST_ANSWER, is_answered
from trainmgr.testing.frame import bp
from trainmgr.testing.reading import CannotRead, read_page, read_script
from trainmgr.testing.sheets import Ordering, sheet_of

TEST = "/tests/<int:participant_id>"
MOST_BYTES = 1024 * 1024


def _render(template, status=200, **context):
    return render_template(f"testing/{template}.html", labels=labels, now=utcnow(), **context), status


def _to_test(participant_id):
    return redirect(url_for(".show_test", participant_id=participant_id))


@bp.get("/tests")
@requires(Permission.TEST_TAKE)
def list_my_tests():
    """Show the tests in which I take part."""
    page = seats.list_mine(current_user, Listing.from_request())
    return _render("my_tests", page=page, newest=seats.newest_of([one.id for one in page.items]))


@bp.get("/programs/<int:program_id>/tests/<int:sitting_id>/take")
@requires(Permission.TEST_TAKE)
def show_from_inbox(program_id, sitting_id):
    """Lead from the inbox to my place in a test."""
    return _to_test(seats.participant_in_or_404(program_id, sitting_id, current_user).id)


# --- one test ---------------------------------------------------------------------------------------


@bp.get(TEST)
@requires(Permission.TEST_TAKE)
def show_test(participant_id):
    """Show the paper while an attempt is under way; before it the rules, after it what became of it."""
    participant, now = seats.participant_or_404(participant_id, current_user), utcnow()
    attempt = seats.newest_attempt(participant)
    if attempt is not None and attempt.ended_at is None and now <= attempt.deadline_at:
        return _paper_page(participant, attempt, now)
    return _door_page(participant, attempt, now)


def _door_page(participant, attempt, now, status=200, **context):
    """The page before and after an attempt: the rules, whether one may begin, how the last one ended."""
    sitting = participant.sitting
    taken = seats.count_taken(participant) if attempt else 0
    return _render(
        "door",
        status,
        participant=participant,
        sitting=sitting,
        version=sitting.instrument_version,
        attempt=attempt,
        state=sitting.state_at(now),
        why_not=taking.why_not(participant, sitting, taken, now),
        until=taking.deadline_of(participant, now),
        answered=seats.count_answered(attempt) if attempt else 0,
        **context,
    )


def _paper_page(participant, attempt, now):
    version = participant.sitting.instrument_version
    sheet = sheet_of(Ordering.of(version, participant.sitting.form))
    answers = seats.answers_of(attempt.id)
    return _render(
        "paper",
        participant=participant,
        sitting=participant.sitting,
        attempt=attempt,
        lines=sheet.in_order_of(current_user.id, Ordering.of(version, participant.sitting.form)),
        sheet=sheet,
        answers=answers,
        answered=sum(1 for value, _seq, _at in answers.values() if is_answered(value)),
        saved_at=max((at for _value, _seq, at in answers.values() if at), default=None),
        elapsed=int((now - attempt.started_at).total_seconds() * 1000),
        left=int((attempt.deadline_at - now).total_seconds() * 1000),
        longest=LONGEST_ANSWER,
        as_json=json.dumps,
    )


@bp.post(f"{TEST}/begin")
@requires(Permission.TEST_TAKE)
def begin_test(participant_id):
    """Begin an attempt; pressed twice it is one."""
    participant, now = seats.participant_or_404(participant_id, current_user), utcnow()
    try:
        taking.begin(participant, by=current_user, now=now)
    except RuleBroken as refusal:
        return _door_page(participant, seats.newest_attempt(participant), now, 409, refusal=refusal)
    return _to_test(participant_id)


@bp.get(f"{TEST}/pictures/<int:item_id>")
@requires(Permission.TEST_TAKE)
def show_test_picture(participant_id, item_id):
    """Show the picture of an item while my attempt is under way."""
    return photo_response(seats.picture_or_404(participant_id, item_id, current_user, utcnow()))


# --- saving -----------------------------------------------------------------------------------------


@bp.post(f"{TEST}/answers")
@requires(Permission.TEST_TAKE)
def save_answers(participant_id):
    """Keep answers: by the page's script as JSON, or the whole page where scripts do not run."""
    if (request.content_length or 0) > MOST_BYTES:
        abort(413)
    return _save_script(participant_id) if request.is_json else _save_page(participant_id)


def _save_script(participant_id):
    try:
        attempt_id, sent = read_script(request.get_json(silent=True))
    except CannotRead:
        return jsonify(
            state="unread", message=_("The page sent something that is no answer. Load it again.")
        ), 422
    now = utcnow()
    seat = seats.seat_or_404(participant_id, attempt_id, current_user)
    saved = taking.save_answers(seat, sent, now=now)
    if why := taking.why_over(seat, now):
        keep_writes()
        return jsonify(state="over", message=why, late=saved.late), 409
    return jsonify(
        state="running", saved_at=taking.clock_of(now), elapsed=seat.elapsed(now), left=seat.left(now),
        refused=saved.refused,
    )  # fmt: skip


def _save_page(participant_id):
    now = utcnow()
    seat = seats.seat_or_404(participant_id, whole(request.form.get("attempt")), current_user)
    sent, refused = read_page(request.form, sheet_of(seat.order), seat.elapsed(now))
    taking.save_answers(seat, sent, now=now)
    if why := taking.why_over(seat, now):
        flash(why, "warning")
        return _to_test(participant_id)
    for item_id in refused:
        flash(
            _(
                "One answer was too long or no answer at all and was not kept (item %(number)s).",
                number=item_id,
            ),
            "error",
        )
    if request.form.get("then") == "hand-in":
        return redirect(url_for(".confirm_hand_in", participant_id=participant_id))
    flash(_("Saved at %(clock)s.", clock=taking.clock_of(now)), "success")
    return _to_test(participant_id)


# --- handing in -------------------------------------------------------------------------------------


@bp.get(f"{TEST}/hand-in")
@requires(Permission.TEST_TAKE)
def confirm_hand_in(participant_id):
    """Ask before handing in, and name what has no answer yet."""
    participant, now = seats.participant_or_404(participant_id, current_user), utcnow()
    attempt = seats.newest_attempt(participant)
    if attempt is None or attempt.ended_at is not None or now > attempt.deadline_at:
        return _to_test(participant_id)
    order = Ordering.of(participant.sitting.instrument_version, participant.sitting.form)
    sheet = sheet_of(order)
    empty = taking.unanswered(sheet, seats.answers_of(attempt.id))
    lines = [line for line in sheet.in_order_of(current_user.id, order) if line.item.id in empty]
    return _render(
        "hand_in",
        participant=participant,
        sitting=participant.sitting,
        attempt=attempt,
        sheet=sheet,
        lines=lines,
    )


@bp.post(f"{TEST}/hand-in")
@requires(Permission.TEST_TAKE)
def hand_in(participant_id):
    """Hand an attempt in; the second time changes nothing."""
    participant, now = seats.participant_or_404(participant_id, current_user), utcnow()
    seat = seats.seat_or_404(participant_id, whole(request.form.get("attempt")), current_user)
    if taking.hand_in(participant, seat, by=current_user, now=now):
        flash(_("Handed in."), "success")
    elif why := taking.why_over(seat, now):
        flash(why, "info")
    return _to_test(participant_id)
