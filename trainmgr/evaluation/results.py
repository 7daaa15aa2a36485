"""Reads of results: a window's table, how it is spread, one class, one trainee; rows start from who may see them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache, cached_property
from itertools import pairwise
from math import sqrt
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import aliased, contains_eager, defer, joinedload, load_only

from trainmgr.enrolment.models import Cohort, Enrolment, EntryLevel
from trainmgr.enrolment.queries import visible_in
from trainmgr.evaluation import scoring
from trainmgr.evaluation.models import (
    Attainment,
    Criterion,
    Rating,
    RatingScore,
    Result,
    Scheme,
    Window,
    WindowRater,
)
from trainmgr.evaluation.queries import is_in_training, owed_for_several, rater_of
from trainmgr.evaluation.rules import (
    LEAST_PEERS,
    THREE,
    Grade,
    Party,
    Phase,
    RatingState,
    WindowKind,
    is_survey,
    sees_scores,
)
from trainmgr.evaluation.scoring import HUNDRED, NOISE
from trainmgr.identity.models import User
from trainmgr.kernel.db import db
from trainmgr.kernel.paging import Listing, Page, like, paginate
from trainmgr.needs.models import Competency, Dimension
from trainmgr.programs.models import Program

# Edges of the histogram, out of a hundred; the lowest possible score is 20.
EDGES = (20, 60, 70, 80, 90, 100)
SCORES: dict[Party, Any] = {party: getattr(Result, f"{party.value}_score") for party in Party}


@dataclass(frozen=True)
class Filters:
    """What a reader narrows a table of results down to."""

    cohort_id: int | None = None
    state: str = ""

    STATES = ("provisional", "divergent", "below", "none")

    def conditions(self, window: Window) -> list[sa.ColumnElement[bool]]:
        """Return the conditions on Enrolment and Result."""
        by_state: dict[str, Any] = {
            "provisional": Result.is_provisional,
            "divergent": Result.is_divergent,
            "below": Result.composite < window.scheme.pass_mark - NOISE,
            "none": Result.id.is_(None),
        }
        found = [by_state[self.state]] if self.state in by_state else []
        return [*found, Enrolment.cohort_id == self.cohort_id] if self.cohort_id else found


def _found(listing: Listing) -> list[sa.ColumnElement[bool]]:
    if not listing.q:
        return []
    wanted = like(listing.q)
    return [
        sa.or_(
            Enrolment.name.ilike(wanted, escape="\\"),
            Enrolment.student_number.ilike(wanted, escape="\\"),
            Enrolment.employee_number.ilike(wanted, escape="\\"),
        )
    ]


def _of_window(statement: Any, window: Window) -> Any:
    return statement.outerjoin(
        Result, sa.and_(Result.window_id == window.id, Result.enrolment_id == Enrolment.id)
    )


@dataclass(frozen=True)
class Summary:
    """How a window's results stand among the trainees that a reader sees; means on the scale from 1 to 5."""

    people: int
    with_result: int
    provisional: int
    divergent: int
    passed: int
    mean: float | None
    means: Mapping[Party, float | None]
    bins: Sequence[int]
    chosen: int = 0


def _figures(window: Window) -> list[Any]:
    """Return the columns of a summary, over Enrolment and its Result."""
    # Rounding noise must not push a score below an edge; the last bin has no upper one.
    reached = [Result.composite >= (low - 1e-6) / HUNDRED for low in EDGES[:-1]]

    def times(condition: Any) -> Any:
        return sa.func.count(sa.case((condition, 1)))

    return [
        sa.func.count(Enrolment.id),
        sa.func.count(Result.composite),
        times(Result.is_provisional),
        times(Result.is_divergent),
        times(Result.composite >= window.scheme.pass_mark - NOISE),
        sa.func.avg(Result.composite),
        *(sa.func.avg(SCORES[party]) for party in Party),
        *(times(each) for each in reached),
    ]


def _summary(row: Sequence[Any], chosen: int = 0) -> Summary:
    people, with_result, provisional, divergent, passed, mean = row[:6]
    means = dict(zip(Party, row[6 : 6 + len(Party)], strict=True))
    reached = row[6 + len(Party) :][: len(EDGES) - 1]
    bins = [low - high for low, high in pairwise([*reached, 0])]
    return Summary(people, with_result, provisional, divergent, passed, mean, means, bins, chosen)


def summarise(program: Program, window: Window, viewer: User, listing: Listing, filters: Filters) -> Summary:
    """Return the figures over everybody the viewer sees, and how many rows the table has (one statement)."""
    narrowed = [*filters.conditions(window), *_found(listing)]
    chosen = sa.func.count(sa.case((sa.and_(sa.true(), *narrowed), 1)))
    statement = _of_window(sa.select(*_figures(window), chosen).select_from(Enrolment), window)
    row = db.session.execute(statement.where(visible_in(program, viewer), is_in_training())).one()
    return _summary(row, row[-1])


_ROW = (
    Enrolment.name,
    Enrolment.student_number,
    Enrolment.user_id,
    Enrolment.school_teacher_id,
    Enrolment.enterprise_mentor_id,
)


def list_results(
    program: Program,
    window: Window,
    viewer: User,
    listing: Listing,
    filters: Filters,
    *,
    total: int | None = None,
    sees_all: bool = True,
) -> Page[Any]:
    """Return a page of trainees with their result in a window, if any (one statement when the total is known).

    Who does not see all scores cannot sort by them either.
    """
    statement = _of_window(
        sa.select(Enrolment, Result, Cohort.name.label("cohort"))
        .select_from(Enrolment)
        .outerjoin(Cohort, Cohort.id == Enrolment.cohort_id)
        .options(load_only(*_ROW)),
        window,
    ).where(visible_in(program, viewer), is_in_training(), *filters.conditions(window), *_found(listing))
    orders: dict[str, list[Any]] = {
        "name": [Enrolment.name, Enrolment.id],
        "number": [Enrolment.student_number, Enrolment.id],
        "class": [sa.func.coalesce(Cohort.name, ""), Enrolment.name, Enrolment.id],
    }
    if sees_all:
        ranked = {party.value: score for party, score in SCORES.items()}
        ranked |= {"composite": Result.composite, "divergence": Result.divergence}
        orders |= {key: [sa.func.coalesce(column, -1), Enrolment.id] for key, column in ranked.items()}
    return paginate(statement, listing, orders=orders, default="name", total=total, scalars=False)


def discretion(
    window: Window, viewer: User, sees_all: bool, now: datetime
) -> Callable[[Enrolment, Result | None], bool]:
    """Return what tells of a row whether its scores may be shown to a viewer (see rules.sees_scores).

    In a table a party counts as in when it has a score, one of several when the result is final besides; the
    trainee's own page knows it exactly.
    """
    phase = window.phase(now)
    owed = set() if sees_all or phase is Phase.CLOSED else owed_for_several(window, viewer)

    def shows(enrolment: Enrolment, result: Result | None) -> bool:
        if sees_all or result is None:
            return True
        submitted = {
            party
            for party in window.parties
            if result.score(party) is not None and (party in THREE or not result.is_provisional)
        }
        mine = {party for party in window.parties if rater_of(enrolment, party) == viewer.id}
        return sees_scores(
            phase=phase,
            is_trainee=enrolment.user_id == viewer.id,
            owes=bool(mine - submitted) or enrolment.id in owed,
            expected=window.parties,
            submitted=submitted,
        )

    return shows


def by_class(program: Program, window: Window, viewer: User) -> list[tuple[int | None, str, Summary]]:
    """Return each class with its figures in a window, as far as the viewer sees its trainees (one statement)."""
    figures = [column.label(f"figure_{place}") for place, column in enumerate(_figures(window))]
    classes = (
        _of_window(sa.select(Enrolment.cohort_id, *figures).select_from(Enrolment), window)
        .where(visible_in(program, viewer), is_in_training())
        .group_by(Enrolment.cohort_id)
        .subquery()
    )
    rows = db.session.execute(
        sa.select(Cohort.name, classes)
        .select_from(classes)
        .outerjoin(Cohort, Cohort.id == classes.c.cohort_id)
        .order_by(Cohort.name)
    ).all()
    return [(row[1], row[0] or "", _summary(row[2:])) for row in rows]


@dataclass(frozen=True)
class Spread:
    """What a party gave on one criterion over a class: how many marks, their mean and standard deviation."""

    n: int
    mean: float
    deviation: float | None
    lowest: int
    highest: int


def criterion_spread(
    program: Program, window: Window, viewer: User, cohort_id: int | None
) -> dict[int, dict[Party, Spread]]:
    """Return mean and spread of each criterion by party over a class (one statement).

    The standard deviation is the sample's (n − 1), unknown for a single mark.
    """
    mark: Any = RatingScore.score
    members = sa.select(Enrolment.id).where(
        visible_in(program, viewer),
        is_in_training(),
        Enrolment.cohort_id == cohort_id if cohort_id else Enrolment.cohort_id.is_(None),
    )
    rows = db.session.execute(
        sa.select(
            RatingScore.criterion_id,
            Rating.party,
            sa.func.count(mark),
            sa.func.sum(mark),
            sa.func.sum(mark * mark),
            sa.func.min(mark),
            sa.func.max(mark),
        )
        .join(Rating, Rating.id == RatingScore.rating_id)
        .where(
            Rating.window_id == window.id,
            Rating.state == RatingState.SUBMITTED,
            Rating.enrolment_id.in_(members),
            mark.is_not(None),
        )
        .group_by(RatingScore.criterion_id, Rating.party)
    ).all()
    found: dict[int, dict[Party, Spread]] = {}
    for criterion_id, party, n, total, squares, lowest, highest in rows:
        mean = total / n
        deviation = sqrt(max(squares - n * mean * mean, 0) / (n - 1)) if n > 1 else None
        found.setdefault(criterion_id, {})[party] = Spread(n, mean, deviation, lowest, highest)
    return found


@dataclass(frozen=True)
class DimensionMean:
    """What a party gave on an ability dimension over a class: mean mark from 1 to 5 and how many marks it is of."""

    mean: float
    n: int


def by_dimension(
    plan: scoring.Plan, spread: Mapping[int, Mapping[Party, Spread]]
) -> dict[Dimension, dict[Party, DimensionMean]]:
    """Return the mean of each ability dimension by party from a class's criterion_spread (no statement).

    Criteria count by their points, as they do for one trainee; peers below three marks are left out.
    """
    found: dict[Dimension, dict[Party, DimensionMean]] = {}
    for dimension in Dimension:
        items = [i for i in plan.items if i.dimension is dimension and i.level in scoring.DIMENSION_LEVELS]
        for party in plan.party_points:
            cells = [(plan.points[party].get(i.id, 0.0), spread.get(i.id, {}).get(party)) for i in items]
            told = [(points, cell) for points, cell in cells if points > 0 and cell is not None]
            n = sum(cell.n for _points, cell in told)
            if not told or (party is Party.PEER and n < LEAST_PEERS):
                continue
            whole = sum(points for points, _cell in told)
            mean = sum(points * cell.mean for points, cell in told) / whole
            found.setdefault(dimension, {})[party] = DimensionMean(mean, n)
    return found


# --- one trainee ------------------------------------------------------------------------------------


@dataclass(frozen=True)
class CompetencyGain:
    """A trainee's level in one competency before and after, against the level that the post requires."""

    competency: Competency
    entry: float | None
    level: float | None

    @property
    def required(self) -> float:
        """The level that the post requires."""
        return float(self.competency.required_level)

    @property
    def short(self) -> float | None:
        """What is still missing to the required level; 0 when it is reached."""
        return None if self.level is None else max(self.required - self.level, 0.0)


@dataclass
class WindowResult:
    """What one window says of a trainee: its result, and the submitted ratings as far as the viewer sees them.

    `ratings` are those of the three, `raters` those of parties of several (`expected`: how many of each there should
    be). What may be shown is settled when it is first asked for: once everything above it is known.
    """

    window: Window
    result: Result | None
    phase: Phase
    ratings: dict[Party, Rating] = field(default_factory=dict)
    raters: dict[Party, list[Rating]] = field(default_factory=dict)
    assigned: dict[Party, set[int]] = field(default_factory=dict)
    corrected: list[Rating] = field(default_factory=list)
    sees_all: bool = True
    own: frozenset[Party] = frozenset()
    reader_id: int = 0

    @property
    def grades(self) -> list[Grade]:
        """The grade by the scheme's marks; while the composite is provisional, both ends of what it may still be."""
        result, scheme = self.result, self.window.scheme
        if result is None or result.composite is None:
            return []
        ends = [result.composite]
        if result.is_provisional and result.low is not None and result.high is not None:
            ends = [result.low, result.high]
        return list(dict.fromkeys(scoring.grade_of(end, scheme.pass_mark, scheme.good_mark) for end in ends))

    @property
    def expected(self) -> dict[Party, int]:
        """How many raters the parties of several should have."""
        several = [party for party in self.window.parties if party not in THREE]
        return {p: max(len(self.assigned.get(p, ())), len(self.raters.get(p, ()))) for p in several}

    @property
    def peers_count(self) -> bool:
        """Whether there are enough peers, and no more can come (see scoring.peers_count)."""
        submitted = len(self.raters.get(Party.PEER, ()))
        is_over = self.phase is Phase.CLOSED
        return scoring.peers_count(submitted, self.expected.get(Party.PEER, 0), is_over=is_over)

    @cached_property
    def shown(self) -> dict[Party, Rating]:
        """The ratings of the three whose scores the viewer may see."""
        return {p: rating for p, rating in self.ratings.items() if self.sees_all or p in self.own}

    @cached_property
    def given(self) -> dict[Party, scoring.Given]:
        """The marks that the viewer may see, as scoring takes them; peers stay away until they count."""
        given: dict[Party, scoring.Given] = {p: _marks_of(rating) for p, rating in self.shown.items()}
        if self.sees_all:
            for party, raters in self.raters.items():
                if party is Party.PEER and not self.peers_count:
                    continue
                if marks := scoring.counted(party, [_marks_of(rating) for rating in raters]):
                    given[party] = marks
        return given

    @cached_property
    def marks(self) -> dict[Party, Any]:
        """The marks by criterion that the viewer may see; of a party of several their mean, perhaps no whole number."""
        return {party: scoring.party_mark(given) for party, given in self.given.items()}

    @property
    def said(self) -> list[Rating]:
        """The ratings with a comment that the viewer may see with its author's name: all but those of peers."""
        several = [r for party, each in self.raters.items() if party is not Party.PEER for r in each]
        return [r for r in (*self.shown.values(), *(several if self.sees_all else ())) if r.comment]

    def readable(self, rating: Rating) -> list[RatingScore]:
        """The marks of a rating that the viewer may read: what a trainee says of the training nobody else does."""
        if rating.party is not Party.TRAINEE or rating.rater_id == self.reader_id:
            return list(rating.scores)
        levels = {criterion.id: criterion.level for criterion in self.window.scheme.criteria}
        return [one for one in rating.scores if not is_survey(levels[one.criterion_id], Party.TRAINEE)]

    @property
    def peer_comments(self) -> list[str]:
        """What peers wrote, without names and in no order of theirs; nothing while peers do not count."""
        raters = self.raters.get(Party.PEER, [])
        told = [rating.comment for rating in raters if rating.comment]
        return sorted(told) if self.sees_all and self.peers_count else []

    @property
    def all_ratings(self) -> list[Rating]:
        """Every rating that was handed in and may be named, corrected ones too."""
        several = [r for party, each in self.raters.items() if party is not Party.PEER for r in each]
        return [*self.corrected, *self.ratings.values(), *several]

    @property
    def missing(self) -> list[Party]:
        """The parties of which somebody's rating has not come in."""
        wanted = self.expected
        return [
            party
            for party in self.window.parties
            if (
                party not in self.ratings
                if party in THREE
                else len(self.raters.get(party, ())) < max(wanted[party], 1)
            )
        ]

    @cached_property
    def dimensions(self) -> dict[Dimension, dict[Party, scoring.Score]]:
        """Each party's score on each ability dimension, as far as the viewer sees it."""
        return scoring.dimension_scores(self.window.plan, self.given, self.expected)

    @cached_property
    def dimension_composites(self) -> dict[Dimension, scoring.Composite]:
        """The composite of each ability dimension, as far as the viewer sees it."""
        return scoring.dimension_composites(self.window.plan, self.given, self.expected)


def _marks_of(rating: Rating) -> dict[int, int | None]:
    return {score.criterion_id: score.score for score in rating.scores}


@cache
def _windows() -> sa.Select[Window, Result]:
    """Return the select of a `program`'s windows with scheme, criteria and the result of an `enrolment`.

    Windows share a scheme: its criteria come with the first of them only, since each brings its words as JSON.
    """
    program: Any = sa.bindparam("program")
    other = aliased(Window)
    first = sa.select(sa.func.min(other.id)).where(
        other.scheme_id == Window.scheme_id, other.program_id == program
    )
    here = sa.and_(Criterion.scheme_id == Scheme.id, Window.id == first.correlate(Window).scalar_subquery())
    mine = sa.and_(Result.window_id == Window.id, Result.enrolment_id == sa.bindparam("enrolment"))
    return (
        sa.select(Window, Result)
        .outerjoin(Result, mine)
        .join(Window.scheme)
        .outerjoin(Criterion, here)
        .where(Window.program_id == program)
        .options(contains_eager(Window.scheme).contains_eager(Scheme.criteria))
        .order_by(Window.opens_at, Window.id, Criterion.position, Criterion.id)
    )


def windows_with_result(
    program: Program, enrolment: Enrolment, viewer: User, now: datetime
) -> list[WindowResult]:
    """Return the programme's windows that have opened, each with what it says of a trainee.

    Two statements; three where a party of several rates.
    """
    rows = db.session.execute(_windows(), {"program": program.id, "enrolment": enrolment.id}).unique()
    found = {window.id: WindowResult(window, result, window.phase(now)) for window, result in rows}
    ratings = db.session.scalars(
        sa.select(Rating)
        .where(Rating.enrolment_id == enrolment.id, Rating.state != RatingState.DRAFT)
        .options(joinedload(Rating.scores), joinedload(Rating.rater))
        .order_by(Rating.id)
    ).unique()
    for rating in ratings:
        _take(found[rating.window_id], rating)
    if any(party not in THREE for one in found.values() for party in one.window.parties):
        _take_raters(found, enrolment)
    for one in found.values():
        _limit(one, enrolment, viewer)
    return list(found.values())


def _take(one: WindowResult, rating: Rating) -> None:
    if rating.state is not RatingState.SUBMITTED:
        if rating.party is not Party.PEER:
            one.corrected.append(rating)
    elif rating.party in THREE:
        one.ratings[rating.party] = rating
    else:
        one.raters.setdefault(rating.party, []).append(rating)


def _take_raters(found: Mapping[int, WindowResult], enrolment: Enrolment) -> None:
    """Note who is to rate a trainee for the parties of several."""
    rows = db.session.execute(
        sa.select(WindowRater.window_id, WindowRater.party, WindowRater.user_id).where(
            WindowRater.enrolment_id == enrolment.id
        )
    )
    for window_id, party, user_id in rows:
        found[window_id].assigned.setdefault(party, set()).add(user_id)


def _limit(one: WindowResult, enrolment: Enrolment, viewer: User) -> None:
    """Keep from a rater or the trainee what would make judgements depend on each other."""
    mine = frozenset(party for party in one.window.parties if rater_of(enrolment, party) == viewer.id)
    one.reader_id = viewer.id
    one.own = mine | {party for party, rating in one.ratings.items() if rating.rater_id == viewer.id}
    in_already = {(p, rating.rater_id) for p, each in one.raters.items() for rating in each}
    owes_several = any(
        viewer.id in users and (party, viewer.id) not in in_already for party, users in one.assigned.items()
    )
    missing = set(one.missing)
    one.sees_all = sees_scores(
        phase=one.phase,
        is_trainee=enrolment.user_id == viewer.id,
        owes=bool(mine - one.ratings.keys()) or owes_several,
        expected=one.window.parties,
        submitted=[party for party in one.window.parties if party not in missing],
    )


def follow_ups(enrolment: Enrolment) -> list[tuple[Window, Result | None]]:
    """Return a programme's follow-up windows with what each says of a trainee, the earliest first (one statement)."""
    rows = db.session.execute(
        sa.select(Window, Result)
        .outerjoin(Result, sa.and_(Result.window_id == Window.id, Result.enrolment_id == enrolment.id))
        .where(Window.program_id == enrolment.program_id, Window.kind == WindowKind.FOLLOW_UP)
        .order_by(Window.months_after, Window.id)
    ).all()
    return [(window, result) for window, result in rows]


def gains(enrolment: Enrolment, window: Window) -> list[CompetencyGain]:
    """Return a trainee's competencies with their level before and after: priorities first (one statement)."""
    rows: Sequence[Any] = db.session.execute(
        sa.select(Competency, EntryLevel.level, Attainment.level)
        .outerjoin(
            EntryLevel,
            sa.and_(EntryLevel.competency_id == Competency.id, EntryLevel.enrolment_id == enrolment.id),
        )
        .outerjoin(
            Attainment,
            sa.and_(
                Attainment.competency_id == Competency.id,
                Attainment.enrolment_id == enrolment.id,
                Attainment.window_id == window.id,
            ),
        )
        .where(
            Competency.program_id == enrolment.program_id,
            sa.or_(Competency.is_priority, Attainment.level.is_not(None)),
        )
        .order_by(sa.case((Competency.is_priority, 0), else_=1), Competency.rank, Competency.id)
    ).all()
    return [
        CompetencyGain(competency, None if entry is None else float(entry), level)
        for competency, entry, level in rows
    ]


def my_enrolments(viewer: User) -> list[tuple[Enrolment, Program]]:
    """Return the programmes that a person is trained in, the latest first, with both mentors."""
    rows = db.session.execute(
        sa.select(Enrolment, Program)
        .join(Program, Program.id == Enrolment.program_id)
        .where(Enrolment.user_id == viewer.id)
        .options(
            defer(Program.pathway_document),
            joinedload(Enrolment.cohort),
            joinedload(Enrolment.school_teacher),
            joinedload(Enrolment.enterprise_mentor),
        )
        .order_by(Enrolment.enrolled_on.desc(), Enrolment.id.desc())
        .limit(20)
    ).all()
    return [(enrolment, program) for enrolment, program in rows]
