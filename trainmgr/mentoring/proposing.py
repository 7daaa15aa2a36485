"""Proposals of mentors for a whole class, computed: at once for a class or two, beside the request for more."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from trainmgr.enrolment.places import lock_places
from trainmgr.identity.models import User
from trainmgr.kernel import audit, jobs
from trainmgr.kernel.audit import require
from trainmgr.kernel.clock import local_day, utcnow
from trainmgr.kernel.db import db
from trainmgr.kernel.errors import Conflict
from trainmgr.mentoring import proposal_queries as queries
from trainmgr.mentoring.matching import Pair, propose
from trainmgr.mentoring.matching import Proposal as Answer
from trainmgr.mentoring.models import Assignment, Proposal, ProposedPair
from trainmgr.mentoring.queries import get_person
from trainmgr.mentoring.rules import BALANCE_STEP, EVEN_STEP, Guide, Terms, Trainee, Way, cost_of_load
from trainmgr.mentoring.supply import guides_for, trainees_for
from trainmgr.mentoring.terms_queries import terms_of
from trainmgr.programs.actions import require_open
from trainmgr.programs.models import Program
from trainmgr.programs.rules import Side, Work

# Trainees whose mentors a request finds by itself: a tenth of a second. More are a job.
AT_ONCE = 300
MOST_ATTEMPTS = 3

PROPOSED = audit.sentence(
    "mentoring.propose", _l("%(who)s had pairs proposed: %(placed)s of %(people)s placed")
)


def request_proposal(
    program: Program, side: Side, *, by: User, now: datetime, way: Way = Way.BEST_FIT
) -> jobs.Job | None:
    """Compute pairs for everybody on one side anew: at once for a class or two, else as the job that is returned.

    Asked again while that job is under way, it is the same job. Pairs locked in the open proposal stay as they are.
    """
    lock_places(program.id)  # of two who ask at the same moment, the second finds the first one's job
    job = queries.find_proposing(program, side)
    if job is not None and job.is_live:
        return job
    asked = _ask(program, side, way, by, now)
    if len(asked.trainees) <= AT_ONCE:
        write_proposal(program, asked, asked.answer(), by=by, now=now)
        return None
    return jobs.enqueue(
        queries.PROPOSING,
        title=_("Finding mentors for %(people)s trainees", people=len(asked.trainees)),
        params={"side": side.value, "by": by.id, "way": way.value},
        by=by,
        program_id=program.id,
        now=now,
    )


def compute_proposal(
    program: Program, side: Side, *, by: User, now: datetime, way: Way = Way.BEST_FIT
) -> Proposal:
    """Compute pairs for everybody on one side in this transaction, however many they are."""
    asked = _ask(program, side, way, by, now)
    return write_proposal(program, asked, asked.answer(), by=by, now=now)


@jobs.job(queries.PROPOSING)
def propose_in_background(run: jobs.JobRun) -> None:
    """Compute a large programme's pairs without holding up anybody; started again, it writes no second proposal."""
    if run.checkpoint.get("written"):
        return
    by = get_person(run.params["by"])
    side, way = Side(run.params["side"]), Way(run.params.get("way", Way.BEST_FIT))
    for _attempt in range(MOST_ATTEMPTS):
        asked = _ask(db.session.get_one(Program, run.program_id), side, way, by, utcnow())
        run.progress()  # nothing is locked while it is computed
        answer = asked.answer()
        program = db.session.get_one(Program, run.program_id)
        if asked.seen != _version_of(queries.find_proposal(program, side, way)):
            continue  # a pair was locked meanwhile, or the proposal approved: once more, with that
        write_proposal(program, asked, answer, by=by, now=utcnow())
        people = len(asked.trainees)
        run.progress(people, people, checkpoint={"written": True}, placed=answer.placed)
        return
    raise Conflict(_("The proposal was changed again and again while it was computed. Compute it anew."))


@dataclass(frozen=True)
class Asked:
    """What a proposal is computed from, and the open proposal (its id and version) whose locks it keeps."""

    side: Side
    way: Way
    trainees: Sequence[Trainee]
    guides: Sequence[Guide]
    terms: Terms
    seen: tuple[int, int] | None = None
    round_id: int | None = None

    def answer(self) -> Answer:
        """Find the pairs."""
        terms = replace(self.terms, balance_step=EVEN_STEP) if self.way is Way.EVEN_LOADS else self.terms
        fewest = self.way is Way.FEWEST_CHANGES
        return propose(self.trainees, self.guides, terms, fewest_changes=fewest)


def _ask(program: Program, side: Side, way: Way, by: User, now: datetime) -> Asked:
    require_open(program, Work.MENTORING)
    require(way is not Way.TWO_WAY, _("Pairs of a two-way choice are found when its round is over."))
    open_one = queries.find_proposal(program, side, way)
    locked = _locked_in(open_one) if open_one else {}
    trainees = [
        trainee if trainee.id not in locked else replace(trainee, locked_id=locked[trainee.id])
        for trainee in trainees_for(program, side, by, local_day(now))
    ]
    require(trainees, _("There are no trainees yet. Bring in the roster first."))
    guides = guides_for(program, side, local_day(now))
    require(guides, _("No mentor is named on this side yet. Name the mentors first."))
    terms = terms_of(program, local_day(now))
    return Asked(side, way, trainees, guides, terms, _version_of(open_one))


def _version_of(proposal: Proposal | None) -> tuple[int, int] | None:
    return None if proposal is None else (proposal.id, proposal.version)


def _locked_in(proposal: Proposal) -> dict[int, int]:
    rows = db.session.execute(
        sa.select(ProposedPair.enrolment_id, ProposedPair.mentor_id).where(
            ProposedPair.proposal_id == proposal.id, ProposedPair.locked, ProposedPair.mentor_id.is_not(None)
        )
    )
    return {enrolment_id: mentor_id for enrolment_id, mentor_id in rows if mentor_id}


def write_proposal(
    program: Program,
    asked: Asked,
    answer: Answer,
    *,
    by: User,
    now: datetime,
    parts: Mapping[int, Mapping[str, float]] | None = None,
    told: Mapping[str, Any] | None = None,
) -> Proposal:
    """Put the pairs into the open proposal of their way in place of those before.

    `parts` adds to what is kept of each trainee's pair, `told` to the proposal's summary.
    """
    proposal = queries.find_proposal(program, asked.side, asked.way)
    if proposal is None:
        proposal = Proposal(
            program_id=program.id, side=asked.side, way=asked.way, computed_at=now, computed_by_id=by.id
        )
        db.session.add(proposal)
    proposal.computed_at, proposal.computed_by_id, proposal.round_id = now, by.id, asked.round_id
    db.session.flush()
    db.session.execute(sa.delete(ProposedPair).where(ProposedPair.proposal_id == proposal.id))
    rows = [_row(proposal.id, pair, (parts or {}).get(pair.trainee_id, {})) for pair in answer.pairs]
    db.session.execute(sa.insert(ProposedPair), rows)
    present = {trainee.id: trainee.present_id for trainee in asked.trainees}
    proposal.summary = {**summary_of(rows, present), **(told or {})}
    audit.record(
        PROPOSED, proposal, by=by, now=now, program_id=program.id, placed=answer.placed, people=len(rows)
    )
    db.session.flush()
    return proposal


def _row(proposal_id: int, pair: Pair, parts: Mapping[str, float]) -> dict[str, Any]:
    return {
        "proposal_id": proposal_id,
        "enrolment_id": pair.trainee_id,
        "mentor_id": pair.guide_id,
        "fit": pair.fit.total if pair.fit else 0.0,
        "locked": pair.locked,
        "parts": {**pair.fit.parts, **parts} if pair.fit else {},
        "next_best_id": pair.next_best_id,
        "obstacle": pair.obstacle.value if pair.obstacle else "",
    }


def summary_of(rows: Sequence[Mapping[str, Any]], present: Mapping[int, int | None]) -> dict[str, Any]:
    """Return what is counted of a proposal: people placed, fits, the cost in all, loads, and who changes mentors.

    `present` holds the mentor whom each trainee has now. The cost is measured alike for every way, in thousandths.
    """
    fits = [row["fit"] for row in rows if row["mentor_id"]]
    loads = Counter(row["mentor_id"] for row in rows if row["mentor_id"])
    had = [
        (present[row["enrolment_id"]], row["mentor_id"]) for row in rows if present.get(row["enrolment_id"])
    ]
    even = Terms(balance_step=BALANCE_STEP)
    return {
        "people": len(rows),
        "placed": len(fits),
        "locked": sum(1 for row in rows if row["locked"]),
        "mean_fit": round(sum(fits) / len(fits), 4) if fits else None,
        "least_fit": min(fits) if fits else None,
        "cost": sum(round((1 - fit) * 1000) for fit in fits)
        + sum(cost_of_load(load, even) for load in loads.values()),
        "most_load": max(loads.values(), default=0),
        "kept": sum(before == after for before, after in had),
        "changed": sum(before != after for before, after in had),
    }


def renew_summary(proposal: Proposal, told: Mapping[str, Any] | None = None) -> None:
    """Count a proposal anew after a change by hand."""
    rows = db.session.execute(
        sa.select(
            ProposedPair.enrolment_id,
            ProposedPair.mentor_id,
            ProposedPair.fit,
            ProposedPair.locked,
            Assignment.mentor_id.label("present"),
        )
        .outerjoin(
            Assignment,
            sa.and_(
                Assignment.enrolment_id == ProposedPair.enrolment_id,
                Assignment.side == proposal.side,
                Assignment.ends_on.is_(None),
            ),
        )
        .where(ProposedPair.proposal_id == proposal.id)
    ).mappings()
    found = [dict(row) for row in rows]
    present = {row["enrolment_id"]: row["present"] for row in found}
    proposal.summary = {**proposal.summary, **summary_of(found, present), **(told or {})}
