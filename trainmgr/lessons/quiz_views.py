"""HTTP of a ring's quiz: choosing its items, and a trainee's self-check."""

from __future__ import annotations

from flask import abort, flash, redirect, request, url_for
from flask_babel import gettext as _
from flask_login import current_user

from trainmgr.bank.queries import competencies_for
from trainmgr.kernel.access import Permission, requires
from trainmgr.kernel.clock import utcnow
from trainmgr.kernel.i18n import number
from trainmgr.kernel.numbers import whole
from trainmgr.lessons import meetings, quiz
from trainmgr.lessons.frame import bp, page_of, plan_to_write
from trainmgr.lessons.rules import Ring
from trainmgr.programs.blueprint import program_for
from trainmgr.programs.queries import program_or_404

EDIT, LEARN = Permission.LESSON_EDIT, Permission.LESSON_LEARN


def _ring(text):
    return Ring(text) if text in set(Ring) else abort(404)


@bp.get("/programs/<int:program_id>/lessons/<int:plan_id>/quiz/<ring>")
@requires(EDIT)
def edit_quiz(program_id, plan_id, ring):
    """Show the items that a ring asks, and those of a competency that it could ask."""
    program = program_for(program_id, EDIT)
    plan, ring = plan_to_write(program, plan_id), _ring(ring)
    competency_id = whole(request.args.get("competency"))
    items = quiz.offered(program, competency_id) if competency_id else ()
    return page_of(
        "quiz_edit", program, plan=plan, ring=ring, chosen=quiz.items_of(plan.id).get(ring, []), items=items,
        competency_id=competency_id, competencies=competencies_for([program.lead_college_id]),
    )  # fmt: skip


@bp.post("/programs/<int:program_id>/lessons/<int:plan_id>/quiz/<ring>")
@requires(EDIT)
def choose_items(program_id, plan_id, ring):
    """Let a ring ask the ticked items, or so many of a competency, or one item less."""
    program = program_for(program_id, EDIT)
    plan, ring = plan_to_write(program, plan_id), _ring(ring)
    competency_id = whole(request.form.get("competency")) or 0
    if dropped := whole(request.form.get("drop")):
        quiz.drop_item(program, plan, ring, dropped, by=current_user, now=utcnow())
    else:
        found = quiz.offered(program, competency_id)
        count = whole(request.form.get("count"))
        ticked = {whole(text) for text in request.form.getlist("item")}
        items = found[:count] if count else [item for item in found if item.id in ticked]
        quiz.add_items(program, plan, ring, items, by=current_user, now=utcnow())
    flash(_("The quiz is changed; trainees see it once the plan is finished."), "success")
    return redirect(url_for(".edit_quiz", program_id=program_id, plan_id=plan_id, ring=ring.value,
                            competency=competency_id or None))  # fmt: skip


def _open(program_id, session_id, ring):
    program = program_or_404(program_id, current_user)
    meeting = meetings.meeting_or_404(program, session_id, current_user)
    enrolment_id = meeting.enrolment_id or abort(404)
    items = quiz.asked((meeting.rings.get(_ring(ring).value) or {}).get("quiz", []))
    return program, meeting, enrolment_id, items or abort(404)


@bp.get("/programs/<int:program_id>/lessons/sessions/<int:session_id>/quiz/<ring>")
@requires(LEARN)
def show_quiz(program_id, session_id, ring):
    """Show a ring's items to a trainee, with what was answered and how it was marked."""
    program, meeting, enrolment_id, items = _open(program_id, session_id, ring)
    answers = quiz.answers_of(enrolment_id, session_id)
    return page_of("quiz", program, meeting=meeting, ring=ring, items=items, answers=answers)


@bp.post("/programs/<int:program_id>/lessons/sessions/<int:session_id>/quiz/<ring>")
@requires(LEARN)
def answer_quiz(program_id, session_id, ring):
    """Mark a trainee's answers at once and keep them."""
    _program, _meeting, enrolment_id, items = _open(program_id, session_id, ring)
    typed = {item.id: request.form.getlist(f"item-{item.id}") for item in items}
    got, all_points = quiz.answer(enrolment_id, session_id, items, typed, now=utcnow())
    flash(_("%(got)s of %(all)s points.", got=number(float(got)), all=number(float(all_points))), "success")
    return redirect(url_for(".show_quiz", program_id=program_id, session_id=session_id, ring=ring))
