"""What takes a while to work out of a window's ratings: agreement with its intervals, leniency, sums by criterion.

The figures are plain JSON:

    {"criteria": {criterion: {party: [people, raters, marks, sum, squares]}},
     "agreement": {"all": A, "pairs": {"trainee+enterprise": A}, "criteria": {criterion: {"all" or pair: A}}},
     "leniency": [{"party", "rater", …}]}                                    # see evaluation.leniency

A party with several raters of one trainee (peers, counsellors) stands with the mean of its marks, rounded, and peers
only from three on.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict
from itertools import combinations
from typing import Any

import numpy as np
import sqlalchemy as sa

from trainmgr.enrolment.models import Enrolment
from trainmgr.enrolment.rules import AWAY
from trainmgr.evaluation.agreement import MARKS, Agreement, agreement_of
from trainmgr.evaluation.leniency import Given, leniencies
from trainmgr.evaluation.models import Rating, RatingScore
from trainmgr.evaluation.rules import Party, RatingState
from trainmgr.kernel.db import db

ALL = "all"
LEAST_PEERS = 3
# Whose marks are the same persons' over many trainees; a trainee judges only himself or herself, peers are anonymous.
JUDGES = ("enterprise", "teacher", "counsellor", "assessor")
# Exact words of the columns, so that a hundred thousand rows need no enum each.
_PARTY = sa.type_coerce(Rating.party, sa.String)

Array = np.ndarray[Any, np.dtype[Any]]


def of_scope(organization_id: int | None) -> list[sa.ColumnElement[bool]]:
    """Return the conditions on Enrolment that leave whom figures are about: all in training, or an organisation's."""
    conditions: list[sa.ColumnElement[bool]] = [Enrolment.state.not_in(AWAY)]
    if organization_id is not None:
        conditions.append(
            sa.or_(Enrolment.enterprise_id == organization_id, Enrolment.college_id == organization_id)
        )
    return conditions


def figures_of(window_id: int, organization_id: int | None = None) -> tuple[dict[str, Any], int]:
    """Return the figures of a window and how many ratings they come from (two statements)."""
    conditions = [
        Rating.window_id == window_id,
        Rating.state == RatingState.SUBMITTED,
        *of_scope(organization_id),
    ]
    scores = db.session.execute(
        sa.select(Rating.enrolment_id, _PARTY, Rating.rater_id, Rating.score)
        .join(Enrolment, Enrolment.id == Rating.enrolment_id)
        .where(*conditions)
    ).all()
    marks = db.session.execute(
        sa.select(Rating.enrolment_id, RatingScore.criterion_id, _PARTY, Rating.rater_id, RatingScore.score)
        .join(Rating, Rating.id == RatingScore.rating_id)
        .join(Enrolment, Enrolment.id == Rating.enrolment_id)
        .where(*conditions, RatingScore.score.is_not(None))
    ).all()
    table = MarkTable(marks)
    figures = {"criteria": table.sums(), "agreement": table.agreements(), "leniency": _leniency(scores)}
    return figures, len(scores)


def _leniency(scores: Iterable[Sequence[Any]]) -> list[dict[str, Any]]:
    given = [
        Given(rater, trainee, party, score)
        for trainee, party, rater, score in scores
        if party in JUDGES and score is not None
    ]
    found = leniencies(given)
    return [{"party": party, "rater": rater} | asdict(one) for (party, rater), one in found.items()]


class MarkTable:
    """The marks of a window as a block of trainee × criterion for each party, from rows of
    (trainee, criterion, party, rater, mark)."""

    def __init__(self, rows: Sequence[Sequence[Any]]) -> None:
        known = {party.value: place for place, party in enumerate(Party)}
        block = np.array([(t, c, known[p], r, m) for t, c, p, r, m in rows], np.int64).reshape(-1, 5)
        self.trainees, self.whom = np.unique(block[:, 0], return_inverse=True)
        self.criteria, self.what = np.unique(block[:, 1], return_inverse=True)
        self.party, self.rater, self.mark = block[:, 2], block[:, 3], block[:, 4]
        self.names = {place: name for name, place in known.items()}
        self.parties = [int(place) for place in np.unique(self.party)]

    def sums(self) -> dict[str, dict[str, list[float]]]:
        """Return of each criterion and party people, raters and marks, their sum and squares."""
        found: dict[str, dict[str, list[float]]] = {str(criterion): {} for criterion in self.criteria}
        for party in self.parties:
            mine = self.party == party
            for place, criterion in enumerate(self.criteria):
                here = mine & (self.what == place)
                if here.any():
                    marks = self.mark[here]
                    found[str(criterion)][self.names[party]] = [
                        len(np.unique(self.whom[here])),
                        len(np.unique(self.rater[here])),
                        len(marks),
                        int(marks.sum()),
                        int((marks * marks).sum()),
                    ]
        return found

    def agreements(self) -> dict[str, Any]:
        """Return how far the parties agree: all together, each two of them, and both for each criterion."""
        hot = {self.names[party]: self._one_hot(party) for party in self.parties}
        pairs = {f"{one}+{other}": (one, other) for one, other in combinations(hot, 2)}
        whole = {key: _shared(hot, pair) for key, pair in pairs.items()}
        return {
            ALL: asdict(agreement_of(_shared(hot, tuple(hot)))) if hot else None,
            "pairs": {key: asdict(agreement_of(counts)) for key, counts in whole.items()},
            "criteria": {
                str(criterion): self._of_criterion(hot, whole, place)
                for place, criterion in enumerate(self.criteria)
            },
        }

    def _of_criterion(self, hot: dict[str, Array], whole: dict[str, Array], place: int) -> dict[str, Any]:
        here = slice(place, place + 1)
        rated = [name for name, counts in hot.items() if counts[:, here].any()]
        found = {
            key: asdict(agreement_of(whole[key][:, here]))
            for key in whole
            if set(key.split("+")) <= set(rated)
        }
        if len(rated) > 2:
            found[ALL] = asdict(agreement_of(_shared({name: hot[name][:, here] for name in rated}, rated)))
        return found

    def _one_hot(self, party: int) -> Array:
        """Return of (trainee, criterion, mark) whether the party gave it; of several raters the rounded mean."""
        mine = self.party == party
        shape = len(self.trainees), len(self.criteria)
        flat = self.whom[mine] * shape[1] + self.what[mine]
        count = np.bincount(flat, minlength=shape[0] * shape[1]).reshape(shape)
        total = np.bincount(flat, self.mark[mine], shape[0] * shape[1]).reshape(shape)
        judged = count >= (LEAST_PEERS if self.names[party] == "peer" else 1)
        mean = np.floor(total / np.maximum(count, 1) + 0.5).astype(int)
        return (np.arange(1, MARKS + 1) == mean[:, :, None]) & judged[:, :, None]


def _shared(hot: dict[str, Array], parties: Sequence[str]) -> Array:
    """Return how many of some parties gave each mark."""
    return np.add.reduce([hot[party].astype(float) for party in parties])


def read(found: dict[str, Any] | None) -> Agreement | None:
    """Return an agreement as it was kept."""
    return Agreement(**found) if found else None
