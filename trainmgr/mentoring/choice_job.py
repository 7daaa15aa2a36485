"""Finding the pairs of a large round beside the request."""

from __future__ import annotations

from datetime import datetime

from flask_babel import gettext as _

from trainmgr.enrolment.places import lock_places
from trainmgr.identity.models import User
from trainmgr.kernel import jobs
from trainmgr.kernel.clock import utcnow
from trainmgr.kernel.db import db, reading
from trainmgr.mentoring import choice_actions as actions
from trainmgr.mentoring import proposal_queries as proposals
from trainmgr.mentoring import proposing
from trainmgr.mentoring.choice_models import ChoiceRound
from trainmgr.mentoring.choice_queries import count_waiting
from trainmgr.mentoring.queries import get_person
from trainmgr.programs.models import Program


def request_match(program: Program, found: ChoiceRound, *, by: User, now: datetime) -> jobs.Job | None:
    """Find a round's pairs at once for a class or two, else as the job that is returned.

    Asked again while that job, or one that computes a proposal of the side, is under way, it is the same job.
    """
    lock_places(program.id)
    actions.require_over(program, found, now=now)
    job = proposals.find_proposing(program, found.side)
    if job is not None and job.is_live:
        return job
    people = count_waiting(program, found.side)
    if people <= proposing.AT_ONCE:
        actions.match_round(program, found, by=by, now=now)
        return None
    return jobs.enqueue(
        proposals.MATCHING,
        title=_(
            "Finding the pairs of round %(number)s for %(people)s trainees",
            number=found.number,
            people=people,
        ),
        params={"side": found.side.value, "by": by.id, "round": found.id},
        by=by,
        program_id=program.id,
        now=now,
    )


@jobs.job(proposals.MATCHING)
def match_in_background(run: jobs.JobRun) -> None:
    """Find the pairs; nothing is locked while they are found, and started again it writes no second proposal."""
    if run.checkpoint.get("written"):
        return
    with reading():
        matched = actions.find_pairs(*_of(run), by=get_person(run.params["by"]), now=utcnow())
    program, found = _of(run)
    actions.require_over(
        program, found, now=utcnow()
    )  # approved or called off while they were found: refused
    actions.write_pairs(program, found, matched, by=get_person(run.params["by"]), now=utcnow())
    people = len(matched.asked.trainees)
    run.progress(people, people, checkpoint={"written": True}, placed=matched.answer.placed)


def _of(run: jobs.JobRun) -> tuple[Program, ChoiceRound]:
    return db.session.get_one(Program, run.program_id), db.session.get_one(ChoiceRound, run.params["round"])
