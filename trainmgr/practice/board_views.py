"""HTTP of a programme's practice: everybody's hours, one trainee's logs and gates, the present stage."""

from __future__ import annotations

from typing import Any

from flask import abort, flash, redirect, request, url_for
from flask_babel import gettext as _
from flask_login import current_user

from trainmgr.attendance.queries import trainee_or_404
from trainmgr.curriculum.queries import stages_of
from trainmgr.enrolment.queries import cohorts
from trainmgr.kernel.access import Permission, Role, requires
from trainmgr.kernel.clock import today, utcnow
from trainmgr.kernel.numbers import whole
from trainmgr.kernel.paging import Listing
from trainmgr.practice import actions, board, gates, owed, queries, remedial_queries
from trainmgr.practice.blueprint import bp
from trainmgr.practice.labels import LOG_STATES, STANDING_TONES, STANDINGS
from trainmgr.practice.models import LogState
from trainmgr.practice.rules import gates_in, next_stage, standing_at
from trainmgr.practice.station import stage_lines
from trainmgr.programs.models import Program
from trainmgr.programs.pages import render_program_page
from trainmgr.programs.queries import may, program_or_404
from trainmgr.programs.rules import Step, Work, is_open

P = Permission


def page_of(template: str, program: Program, status: int = 200, **context: Any) -> tuple[str, int]:
    """Render a page of this feature inside the programme's frame."""
    return render_program_page(f"practice/{template}.html", program, Step.PRACTICE, status=status, **context)


@bp.get("/programs/<int:program_id>/practice")
@requires(P.PRACTICE_VIEW)
def show_practice(program_id: int) -> Any:
    """Show hours, waiting logs and gates of everybody whom the reader may see."""
    program = program_or_404(program_id, current_user)
    chosen = _chosen()
    is_trainee = current_user.roles == {Role.TRAINEE}
    runs_it = may(program, current_user, P.PROGRAM_VIEW_MONEY)
    listing, now = Listing.from_request(), utcnow()
    totals = board.totals(program, current_user, listing.q, chosen, now)
    summary = board.stage_summary(program, current_user, totals.people)
    following = next_stage(stage_lines([line.stage for line in summary]), program.current_stage)
    return page_of(
        "practice",
        program,
        page=board.list_trainees(program, current_user, listing, chosen, now, total=totals.listed),
        chosen=chosen,
        totals=totals,
        summary=summary,
        mentors=board.waiting_mentors(program, owed.SIGN) if runs_it else [],
        classes=[(c.id, c.name) for c in cohorts(program.id)] if runs_it else [],
        following=next((line.stage for line in summary if line.stage.number == following), None),
        is_trainee=is_trainee,
        runs_it=runs_it,
        is_open=is_open(Work.PRACTICE, program.state),
        may_judge=may(program, current_user, P.GATE_DECIDE),
        may_advance=may(program, current_user, P.PROGRAM_ADVANCE),
        may_remind=may(program, current_user, P.PROGRAM_EDIT),
        remind_code=owed.SIGN,
        today=today(),
    )


def _chosen() -> board.Chosen:
    given = request.args
    return board.Chosen(
        cohort=whole(given.get("class")),
        mentor=whole(given.get("mentor")),
        waiting=given.get("waiting") == "1",
        late=given.get("late") == "1",
        remedial=given.get("remedial") == "1",
    )


@bp.get("/programs/<int:program_id>/practice/<int:enrolment_id>")
@requires(P.PRACTICE_VIEW)
def show_trainee(program_id: int, enrolment_id: int) -> Any:
    """Show one trainee's logs, gates with every attempt, and hours."""
    program = program_or_404(program_id, current_user)
    enrolment, attended = trainee_or_404(program, enrolment_id, current_user)
    stages = stages_of(program.id)
    decisions, tasks = remedial_queries.gates_and_tasks(enrolment)
    lines, latest = stage_lines(stages), gates.judgements(decisions)
    state = request.args.get("state", "")
    is_own = enrolment.user_id == current_user.id
    gated = [
        (stage, standing_at(stage.number, gates_in(lines), program.current_stage, latest),
         [one for one in decisions if one.stage_number == stage.number])
        for stage in stages if stage.gate and not stage.remedial
    ]  # fmt: skip
    return page_of(
        "trainee",
        program,
        enrolment=enrolment,
        gated=gated,
        tasks=tasks,
        standings=STANDINGS,
        tones=STANDING_TONES,
        page=queries.list_logs(
            enrolment,
            Listing.from_request(),
            LogState(state) if state in set(LogState) else None,
            with_drafts=is_own,
        ),
        state=state,
        states=[(key, label) for key, label in LOG_STATES.items() if is_own or key is not LogState.DRAFT],
        is_own=is_own,
        attended=attended,
        is_open=is_open(Work.PRACTICE, program.state),
        may_judge=may(program, current_user, P.GATE_DECIDE),
        today=today(),
    )


@bp.post("/programs/<int:program_id>/practice/stage")
@requires(P.PROGRAM_ADVANCE)
def start_stage(program_id: int) -> Any:
    """Let the programme go on to its next stage."""
    program = program_or_404(program_id, current_user)
    if not may(program, current_user, P.PROGRAM_ADVANCE):
        abort(403)
    number = whole(request.form.get("stage")) or 0
    actions.start_stage(program, number, stages=stages_of(program.id), by=current_user, now=utcnow())
    flash(_("Stage %(number)s has begun.", number=number), "success")
    return redirect(url_for(".show_practice", program_id=program.id))
