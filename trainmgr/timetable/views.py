"""HTTP of the timetable: weeks of a class, a person and a room, hours planned against timetabled."""

from __future__ import annotations

from flask import abort, render_template, request
from flask_login import current_user

from trainmgr.curriculum.units import unit_minutes
from trainmgr.kernel.access import Permission, requires
from trainmgr.kernel.clock import today
from trainmgr.kernel.numbers import whole
from trainmgr.kernel.paging import Listing
from trainmgr.programs.queries import program_or_404
from trainmgr.timetable import (
    block_views,
    calendar_models,
    class_hooks,
    feed_views,
    labels,
    models,
    place_views,
    places,
    queries,
    session_views,
)
from trainmgr.timetable.frame import asked_week, bp, may_write, page_of, week_from

blueprints = (bp,)

# The tables are known from the start; the other files register the other routes.
assert models
assert calendar_models
assert class_hooks
assert block_views
assert feed_views
assert place_views
assert session_views


def _asked_cohort(program, cohorts):
    """Return the class that the address asks for, else the first; None where there is none."""
    wanted = whole(request.args.get("cohort"))
    if wanted is None:
        return cohorts[0] if cohorts else None
    return next((cohort for cohort in cohorts if cohort.id == wanted), None) or abort(404)


@bp.get("/programs/<int:program_id>/timetable")
@requires(Permission.TIMETABLE_VIEW)
def show_timetable(program_id):
    """Show the week of a class, with the days on which a side is closed."""
    program, days = program_or_404(program_id, current_user), asked_week()
    cohorts = queries.cohorts_for(program, current_user)
    cohort = _asked_cohort(program, cohorts)
    sessions = queries.week_of_cohort(cohort.id, days) if cohort else ()
    closed = places.closed_between(program, days[0], days[-1])
    return page_of(
        "week", program, cohorts=cohorts, cohort=cohort, week=week_from(days, sessions, closed),
        minutes=unit_minutes(program), writes=may_write(program),
    )  # fmt: skip


@bp.get("/programs/<int:program_id>/timetable/hours")
@requires(Permission.TIMETABLE_VIEW)
def show_hours(program_id):
    """Show how many of each module's hours a class has in the timetable, and what is missing."""
    program = program_or_404(program_id, current_user)
    cohorts = queries.cohorts_for(program, current_user)
    cohort = _asked_cohort(program, cohorts)
    page = queries.list_hours(program, cohort.id, Listing.from_request()) if cohort else None
    sums = queries.sum_hours(program, cohort.id, today()) if cohort else queries.Sums()
    return page_of(
        "hours",
        program,
        cohorts=cohorts,
        cohort=cohort,
        page=page,
        sums=sums,
        minutes=unit_minutes(program),
        writes=may_write(program),
    )


@bp.get("/programs/<int:program_id>/timetable/strays")
@requires(Permission.TIMETABLE_VIEW)
def list_strays(program_id):
    """Show the sessions to come of a class whose module an amendment of the plan has taken away."""
    program = program_or_404(program_id, current_user)
    cohorts = queries.cohorts_for(program, current_user)
    cohort = _asked_cohort(program, cohorts)
    page = queries.list_strays(program, cohort.id, today(), Listing.from_request()) if cohort else None
    return page_of("strays", program, cohort=cohort, page=page)


@bp.get("/programs/<int:program_id>/rooms/<int:room_id>")
@requires(Permission.TIMETABLE_VIEW)
def show_room(program_id, room_id):
    """Show the week of a room; what belongs to programmes that the reader may not see is only busy."""
    program, days = program_or_404(program_id, current_user), asked_week()
    room = places.room_or_404(program, room_id)
    rows = queries.week_of_room(room, days, current_user)
    closed = [
        period
        for period in places.closed_between(program, days[0], days[-1])
        if period.organization_id == room.organization_id
    ]
    week = week_from(days, [session for session, _seen in rows], closed)
    return page_of("room_week", program, room=room, week=week, seen={s.id for s, seen in rows if seen})


@bp.get("/my-timetable")
@requires(Permission.TIMETABLE_VIEW)
def show_my_week():
    """Show what the reader teaches or attends in a week, in all programmes."""
    days = asked_week()
    week = week_from(days, queries.week_of_person(current_user, days))
    return render_template("timetable/my_week.html", week=week, labels=labels)
