"""HTTP of lessons: a programme's plans, one's own classes, what is to be done before and after them."""

from __future__ import annotations

from flask import abort, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_login import current_user

from trainmgr.kernel.access import Permission, requires
from trainmgr.kernel.clock import today, utcnow
from trainmgr.kernel.paging import Listing
from trainmgr.lessons import (
    actions,
    labels,
    meetings,
    models,
    plan_views,
    queries,
    quiz_views,
    resource_views,
    station,
)
from trainmgr.lessons.frame import BY_SEGMENT, bp, opening, page_of
from trainmgr.lessons.rules import TASKS, Ring
from trainmgr.programs.queries import program_or_404

blueprints = (bp,)

# They are known from the start: the tables, the other routes, what is due.
assert models
assert plan_views
assert quiz_views
assert resource_views
assert station


@bp.get("/my-lessons")
@requires(Permission.LESSON_VIEW)
def list_my_lessons():
    """Show the classes around today that the reader attends or teaches: before, in and after class."""
    found = meetings.my_meetings(current_user, today())
    links = opening(ring for meeting in found for ring in meeting.rings.values())
    return render_template(
        "lessons/my_lessons.html", meetings=found, labels=labels, today=today(), segments=BY_SEGMENT, links=links,
        coming=[m for m in found if m.session.day >= today()],
        past=[m for m in reversed(found) if m.session.day < today()],
    )  # fmt: skip


@bp.get("/programs/<int:program_id>/lessons")
@requires(Permission.LESSON_VIEW)
def list_lessons(program_id):
    """Show the lesson plans of a programme that the reader may read."""
    program = program_or_404(program_id, current_user)
    page = queries.list_plans(program, current_user, Listing.from_request())
    writes = bool(plan_views.modules_now(program))
    return page_of("list", program, page=page, writes=writes)


@bp.get("/programs/<int:program_id>/lessons/sessions/<int:session_id>")
@requires(Permission.LESSON_VIEW)
def show_meeting(program_id, session_id):
    """Show what happens before, in and after one session, and who of the class has done the tasks."""
    program = program_or_404(program_id, current_user)
    meeting = meetings.meeting_or_404(program, session_id, current_user)
    meetings.add_doings([meeting])
    page = None
    if not meeting.enrolment_id:
        page = meetings.list_doings(program, meeting.session, current_user, Listing.from_request())
    links = opening(meeting.rings.values())
    return page_of("meeting", program, meeting=meeting, page=page, today=today(), links=links)


@bp.post("/programs/<int:program_id>/lessons/sessions/<int:session_id>/tick")
@requires(Permission.LESSON_LEARN)
def tick_task(program_id, session_id):
    """Note that one has done the task before or after a class, or take the note back."""
    program = program_or_404(program_id, current_user, steps=False)
    meeting = meetings.meeting_or_404(program, session_id, current_user)
    session, enrolment_id = meeting.session, meeting.enrolment_id or abort(404)
    ring = next((ring for ring in TASKS if ring.value == request.form.get("ring")), Ring.PREPARATION)
    done = request.form.get("done") == "y"
    actions.tick(session, enrolment_id, ring, done, today=today(), now=utcnow())
    flash(_("Noted as done.") if done else _("The note is taken back."), "success")
    return redirect(url_for(".list_my_lessons", _anchor=f"session-{session.id}"))
