"""The three parties' ratings of a whole window at once; results, tallies and inboxes then follow as always."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from trainmgr.demo.bulk import insert, reserve_ids
from trainmgr.demo.playing import Case
from trainmgr.enrolment.models import Enrolment, EnrolmentState, EntryLevel
from trainmgr.evaluation import assigning, parties, queries, ratings, schemes, windows
from trainmgr.evaluation.models import Criterion, Rating, RatingScore, Window, WindowRater
from trainmgr.evaluation.recompute import recompute
from trainmgr.evaluation.rules import Level, Party, RatingState, WindowKind
from trainmgr.identity.models import User
from trainmgr.kernel.audit import AuditEvent
from trainmgr.kernel.db import db
from trainmgr.outcomes.models import PassDecision
from trainmgr.programs.rules import Step
from trainmgr.programs.thread import refresh

# How parties see the same work: people flatter themselves, the enterprise is strict.
BIAS = {
    Party.TRAINEE: 0.2,
    Party.ENTERPRISE: -0.1,
    Party.TEACHER: 0.0,
    Party.PEER: 0.15,
    Party.COUNSELLOR: 0.05,
    Party.ASSESSOR: -0.15,
}
ORDINARY = 3.75
UNSEEN = 0.03  # how often somebody had no chance to see a thing
APART = 0.004  # how often a party sees a thing quite differently
BY_DAY = 8, 21  # the hours in which people rate
COMMENTED = 0.3

Takes = Callable[[Enrolment, Party], bool]


@dataclass
class Jury:
    """What the raters of a programme know: how well each trainee does, how far each gap was closed (0 to 1)."""

    talent: dict[int, float]
    closure: dict[int, float]
    comments: dict[str, Sequence[str]]
    random: random.Random
    zone: ZoneInfo
    entry: dict[tuple[int, int], float] = field(default_factory=dict)
    required: dict[int, float] = field(default_factory=dict)
    truth: dict[tuple[int, int], float] = field(default_factory=dict)

    @classmethod
    def of(cls, case: Case) -> Jury:
        """Gather what the raters of a case know."""
        closed = {entry["name"]: entry.get("closed", 0.9) for entry in case.data["competency"]}
        return cls(
            talent=case.talent,
            closure={competency.id: closed[competency.name] for competency in case.competencies},
            required={competency.id: float(competency.required_level) for competency in case.competencies},
            comments=case.texts["ratings"],
            random=case.random,
            zone=case.days.zone,
        )

    def mark(self, enrolment_id: int, criterion: Criterion, party: Party) -> int | None:
        """Return the mark that a party gives, or None for "no chance to see"."""
        if criterion.level is not Level.REACTION and self.random.random() < UNSEEN:
            return None
        truth = self._truth(enrolment_id, criterion)
        if self.random.random() < APART:
            truth -= 2 if party is Party.ENTERPRISE else 1.5
        return min(5, max(1, round(self.random.gauss(truth + BIAS[party], 0.28))))

    def _truth(self, enrolment_id: int, criterion: Criterion) -> float:
        """How well a trainee really does a thing, whoever looks."""
        key = enrolment_id, criterion.id
        if key not in self.truth:
            talent = self.talent.get(enrolment_id, 0.0)
            mean = ORDINARY + 0.55 * talent
            if criterion.competency_id is not None:
                mean = self._reached(enrolment_id, criterion.competency_id) + 0.3 * talent
            self.truth[key] = self.random.gauss(mean, 0.35)
        return self.truth[key]

    def _reached(self, enrolment_id: int, competency_id: int) -> float:
        required = self.required[competency_id]
        entry = self.entry.get((enrolment_id, competency_id), required - 1)
        return entry + (required - entry) * self.closure.get(competency_id, 0.9)

    def comment(self, party: Party) -> str:
        """Return what a party adds in words, mostly nothing."""
        told = self.comments.get(party.value, ())
        return self.random.choice(told) if told and self.random.random() < COMMENTED else ""


def rate_all(window: Window, jury: Jury, *, until: datetime, takes: Takes | None = None) -> int:
    """Let the parties rate everybody in a window; `takes` says whose rating is in. Returns how many ratings."""
    window = queries.window_or_404(window.program_id, window.id)
    people = _present(window.program_id)
    _learn(jury, window, people)
    owed = [
        (enrolment, party, rater)
        for enrolment in people
        for party in window.plan.party_points
        if (rater := queries.rater_of(enrolment, party)) and (takes is None or takes(enrolment, party))
    ]
    owed += [each for each in _of_several(window, people) if takes is None or takes(each[0], each[1])]
    _write(window, jury, owed, min(until, window.closes_at))
    schemes.freeze_if_open(window.scheme, now=until)
    recompute(window, now=until)
    windows.sync(window.program_id, [window], now=until)
    refresh(window.program_id, Step.EVALUATION, now=until)
    return len(owed)


def _of_several(window: Window, people: Sequence[Enrolment]) -> list[tuple[Enrolment, Party, int]]:
    """Return what is owed by parties of several, as it was drawn."""
    if not assigning.parties_of_several(window):
        return []
    assigning.assign(window)
    present = {enrolment.id: enrolment for enrolment in people}
    rows = db.session.execute(
        sa.select(WindowRater.enrolment_id, WindowRater.party, WindowRater.user_id)
        .where(WindowRater.window_id == window.id)
        .order_by(WindowRater.enrolment_id, WindowRater.party, WindowRater.user_id)
    )
    return [
        (present[each.enrolment_id], each.party, each.user_id)
        for each in rows
        if each.enrolment_id in present
    ]


def _present(program_id: int) -> list[Enrolment]:
    return list(
        db.session.scalars(
            sa.select(Enrolment)
            .where(Enrolment.program_id == program_id, queries.is_in_training())
            .order_by(Enrolment.id)
        )
    )


def _learn(jury: Jury, window: Window, people: Sequence[Enrolment]) -> None:
    """Read the levels before the training of the competencies that criteria stand for."""
    wanted = list(window.plan.by_competency)
    levels = (
        sa.select(EntryLevel.enrolment_id, EntryLevel.competency_id, EntryLevel.level)
        .join(Enrolment, Enrolment.id == EntryLevel.enrolment_id)
        .where(Enrolment.program_id == window.program_id, EntryLevel.competency_id.in_(wanted))
    )
    jury.entry = {(row[0], row[1]): float(row[2]) for row in db.session.execute(levels)}


def _write(window: Window, jury: Jury, owed: Sequence[tuple[Enrolment, Party, int]], until: datetime) -> None:
    questions = {party: ratings.questions_for(window, party) for party in window.plan.party_points}
    raters = {rater for _enrolment, _party, rater in owed}
    names = {user.id: user.name for user in db.session.scalars(sa.select(User).where(User.id.in_(raters)))}
    heads: list[dict[str, Any]] = []
    scores: list[dict[str, Any]] = []
    events: list[dict[str, Any]] = []
    moments = _moments(jury, window.opens_at, until)
    for key, (enrolment, party, rater) in zip(reserve_ids(Rating, len(owed)), owed, strict=True):
        moment = next(moments)
        heads.append(_head(key, window, enrolment, party, rater, jury.comment(party), moment))
        scores += [
            {
                "rating_id": key,
                "criterion_id": criterion.id,
                "score": jury.mark(enrolment.id, criterion, party),
            }
            for criterion in questions[party]
        ]
        events.append(_event(key, window, enrolment, party, rater, names[rater], moment))
    insert(Rating, heads)
    insert(RatingScore, scores)
    insert(AuditEvent, events)


def _moments(jury: Jury, opens_at: datetime, until: datetime) -> Iterator[datetime]:
    """Yield moments by day from the opening on; none in the last hours, which belong to what happened today."""
    last = max(opens_at + timedelta(hours=1), until - timedelta(hours=20))
    span = (last - opens_at).total_seconds()
    while True:
        moment = opens_at + timedelta(seconds=int(jury.random.uniform(30, span)))
        if span < 2 * 86_400 or BY_DAY[0] <= moment.astimezone(jury.zone).hour < BY_DAY[1]:
            yield moment


def _head(
    key: int, window: Window, enrolment: Enrolment, party: Party, rater: int, comment: str, moment: datetime
) -> dict[str, Any]:
    return {
        "id": key,
        "program_id": window.program_id,
        "window_id": window.id,
        "enrolment_id": enrolment.id,
        "party": party,
        "rater_id": rater,
        "state": RatingState.SUBMITTED,
        "comment": comment,
        "created_at": moment,
        "submitted_at": moment,
    }


def _event(
    key: int, window: Window, enrolment: Enrolment, party: Party, rater: int, name: str, moment: datetime
) -> dict[str, Any]:
    return {
        "at": moment,
        "actor_id": rater,
        "actor_name": name,
        "action": ratings.SUBMITTED,
        "subject_kind": Rating.__tablename__,
        "subject_id": key,
        "subject_name": enrolment.name,
        "program_id": window.program_id,
        "details": {"party": party.value},
    }


# --- planning, and what is left to decide ------------------------------------------------------


def plan_evaluation(case: Case, on: date) -> None:
    """Make the scheme from the pathway and the priorities, and plan its windows."""
    scheme = schemes.make_scheme(case.program, by=case.staff, now=case.days.at(on, 9))
    windows.plan_windows(case.program, scheme, by=case.staff, now=case.days.at(on, 10))


def add_peers(case: Case, on: date) -> None:
    """Let classmates rate behaviour too, before the first window opens."""
    scheme = queries.scheme_or_404(case.program.id)
    parties.add_party(
        case.program, scheme, Party.PEER, [Level.BEHAVIOUR], 10, by=case.staff, now=case.days.at(on, 11)
    )


def follow_up(case: Case) -> int:
    """Let former trainees and the enterprise answer every follow-up that is over; returns how many there were."""
    past = [
        one
        for one in queries.windows_of(case.program.id)
        if one.kind is WindowKind.FOLLOW_UP and one.closes_at <= case.days.at(case.days.today, 8)
    ]
    for one in past:
        rate_all(one, Jury.of(case), until=one.closes_at)
    return len(past)


def window(case: Case, kind: WindowKind, stage: int) -> Window:
    """Return one of the windows, with its criteria."""
    found = db.session.scalars(
        sa.select(Window.id).where(
            Window.program_id == case.program.id, Window.kind == kind, Window.stage_number == stage
        )
    ).one()
    return queries.window_or_404(case.program.id, found)


def undecided(case: Case) -> list[int]:
    """Return the present trainees on whom nobody has decided."""
    decided = sa.select(PassDecision.enrolment_id).where(
        PassDecision.program_id == case.program.id, PassDecision.is_present
    )
    return list(
        db.session.scalars(
            sa.select(Enrolment.id).where(
                Enrolment.program_id == case.program.id,
                Enrolment.state != EnrolmentState.WITHDRAWN,
                Enrolment.id.not_in(decided),
            )
        )
    )
