"""HTTP of the trainees in one's care: the list, one trainee's guidance at a glance, one's own."""

from __future__ import annotations

from flask import redirect, request, url_for
from flask_login import current_user

from trainmgr.enrolment.queries import cohorts
from trainmgr.guidance import merit_queries, queries, tutoring_queries
from trainmgr.guidance.frame import PROGRAM, TRAINEE, bp, page_of, program_for
from trainmgr.kernel.access import Permission, Role, requires
from trainmgr.kernel.clock import today
from trainmgr.kernel.numbers import whole
from trainmgr.kernel.paging import Listing
from trainmgr.programs.queries import may
from trainmgr.programs.rules import Work, is_open

P = Permission


@bp.get("/guidance")
@requires(P.GUIDANCE_VIEW)
def show_my_guidance():
    """Lead a trainee to the own page, a counsellor to the trainees in their care."""
    own = queries.own_programs(current_user)
    if own:
        return redirect(url_for(".show_guidance", program_id=own[0][0], enrolment_id=own[0][1]))
    programs = queries.counselled_programs(current_user)
    if programs:
        return redirect(url_for(".list_guided", program_id=programs[0].id, mine=1))
    return redirect(url_for("programs.list_programs"))


@bp.get(PROGRAM)
@requires(P.GUIDANCE_VIEW)
def list_guided(program_id):
    """Show the trainees in the reader's care with plan, signs, tasks and points."""
    program = program_for(program_id)
    cohort, mine = whole(request.args.get("class")), request.args.get("mine") == "1"
    page = queries.list_guided(program, current_user, Listing.from_request(), cohort=cohort, mine=mine)
    return page_of(
        "guided", program, page=page, totals=queries.totals_of(program, current_user), cohort=cohort or "", mine=mine,
        counsellors=queries.counsellors_of(program.id, [row.enrolment.id for row in page.items]),
        classes=[(one.id, one.name) for one in cohorts(program.id)], sides=queries.ROLE_OF,
        is_counsellor=bool(current_user.roles & queries.COUNSELLORS), runs=may(program, current_user, P.GUIDANCE_RUN),
        gives=may(program, current_user, P.GUIDANCE_GIVE), is_trainee=current_user.roles == {Role.TRAINEE},
    )  # fmt: skip


@bp.get(TRAINEE)
@requires(P.GUIDANCE_VIEW)
def show_guidance(program_id, enrolment_id):
    """Show one trainee's counsellors, plan, help and points at a glance."""
    program = program_for(program_id)
    enrolment = queries.trainee_or_404(program, enrolment_id, current_user)
    is_own = enrolment.user_id == current_user.id
    signs = tutoring_queries.signs_of(enrolment)
    balance, plan = merit_queries.balance_and_plan(enrolment.id)
    return page_of(
        "trainee", program, enrolment=enrolment, is_own=is_own, today=today(), told=tutoring_queries.told,
        counsellors=queries.counsellors_of(program.id, [enrolment.id]).both(enrolment), sides=queries.ROLE_OF,
        plan=plan, balance=balance, tasks=tutoring_queries.tasks_of(enrolment),
        signs=[one for one in signs if not is_own or one.state in ("open", "accepted")],
        gives=may(program, current_user, P.GUIDANCE_GIVE) and is_open(Work.PRACTICE, program.state) and not is_own,
    )  # fmt: skip
