"""`python -m tests.bench.matching`: how long it takes to find pairs at the size of the cases, against the solver alone.

No database: the pure rules of mentoring on made-up people, each measured three times, the least processor time told.
"Solver alone" is the time that scipy needs for the same assignment when the matrix stands ready, each mentor as often
as he or she has places.
"""

from __future__ import annotations

import random
import sys
import time
from collections.abc import Callable
from dataclasses import replace

import numpy as np
from scipy.sparse import csr_array
from scipy.sparse.csgraph import min_weight_full_bipartite_matching

from trainmgr.mentoring.choosing import Preferences, Proposing, blocking_pairs, stable_pairs
from trainmgr.mentoring.matching import propose
from trainmgr.mentoring.rules import Guide, Terms, Trainee, cost_of, fit_of, limit_between

FIELDS = ("数控加工", "焊接", "检测", "装配", "电气", "钣金", "喷涂", "模具")
TERMS = Terms(most_km=60, distances={("一厂", "三厂"): 40, ("一厂", "二厂"): 15})


def people(trainees: int, mentors: int, enterprises: int, seed: int = 7) -> tuple[list[Trainee], list[Guide]]:
    """Make trainees and mentors of some enterprises, five to six places a mentor, half of the trainees placed."""
    draw = random.Random(seed)
    guides = [
        Guide(
            number,
            number % enterprises,
            draw.choice((5, 5, 6)),
            frozenset({FIELDS[number // enterprises % len(FIELDS)]}),
            guided_before=draw.randrange(6),
            sites=frozenset({draw.choice(("一厂", "二厂", "三厂"))}),
        )
        for number in range(1, mentors + 1)
    ]
    crowd = []
    for number in range(1, trainees + 1):
        home, trade = draw.randrange(enterprises), draw.choice(FIELDS)
        crowd.append(Trainee(number, home, trade, site=draw.choice(("一厂", "二厂", "三厂"))))
    return crowd, guides


def best_of(work: Callable[[], object], times: int = 3) -> float:
    """Return the least time of a few runs, in seconds."""
    spent = []
    for _ in range(times):
        began = time.process_time()
        work()
        spent.append(time.process_time() - began)
    return min(spent)


def solver_alone(trainees: list[Trainee], guides: list[Guide]) -> float:
    """Return the time of the solver on the same people, each place a column and one more for nobody."""
    costs: dict[tuple[object, ...], list[tuple[int, int]]] = {}
    first, seats = {}, 0
    for guide in guides:
        first[guide.id] = seats
        seats += guide.places
    rows, columns, weights = [], [], []
    for row, trainee in enumerate(trainees):
        kind = (trainee.organization_id, trainee.field, trainee.site)
        if kind not in costs:
            costs[kind] = [
                (
                    first[guide.id] + seat,
                    1 + cost_of(fit_of(trainee, guide, TERMS)) + TERMS.balance_step * seat,
                )
                for guide in guides
                if limit_between(trainee, guide, TERMS) is None
                for seat in range(guide.places)
            ]
        for column, weight in [*costs[kind], (seats + row, 100_000)]:
            rows.append(row)
            columns.append(column)
            weights.append(weight)
    shape = (len(trainees), seats + len(trainees))
    matrix = csr_array((np.array(weights, dtype=float), (rows, columns)), shape=shape)
    return best_of(lambda: min_weight_full_bipartite_matching(matrix))


def ballot(trainees: int, mentors: int, wishes: int, seed: int = 7) -> Preferences:
    """Make lists of both sides: each trainee names some mentors, who take them in an order of their own."""
    draw = random.Random(seed)
    named = {who: draw.sample(range(mentors), wishes) for who in range(trainees)}
    lists: dict[int, list[int]] = {mentor: [] for mentor in range(mentors)}
    for who, mine in named.items():
        for mentor in mine:
            lists[mentor].append(who)
    for mine in lists.values():
        draw.shuffle(mine)
    return Preferences(named, lists, dict.fromkeys(range(mentors), 5))


def main() -> int:
    """Measure and tell; 1 when a limit of the plan is missed."""
    missed = 0
    for trainees, mentors, enterprises in ((1_800, 400, 12), (20_000, 4_000, 120)):
        crowd, guides = people(trainees, mentors, enterprises)
        alone = solver_alone(crowd, guides)
        spent = best_of(lambda: propose(crowd, guides, TERMS))  # noqa: B023
        ratio = spent / alone
        print(f"{trainees:,} x {mentors:,}: {spent:.2f} s; solver alone {alone:.2f} s; ratio {ratio:.2f}")
        missed += (trainees == 1_800 and spent >= 1) or (trainees == 20_000 and ratio > 1.5)
        print(f"  again with the fewest changes after 10 mentors left: {replanned(crowd, guides):.2f} s")
    lists = ballot(20_000, 4_000, 5)
    for proposing in Proposing:
        spent = best_of(lambda: stable_pairs(lists, proposing))  # noqa: B023
        checked = best_of(lambda: blocking_pairs(lists, stable_pairs(lists, proposing)))  # noqa: B023
        print(f"100,000 preferences, {proposing} propose: {spent:.2f} s; with the check {checked:.2f} s")
    return int(missed > 0)


def replanned(crowd: list[Trainee], guides: list[Guide]) -> float:
    """Return the time of placing anew who lost a mentor, everybody else being under the one found before."""
    found = {pair.trainee_id: pair.guide_id for pair in propose(crowd, guides, TERMS).pairs}
    left = guides[10:]
    named = {guide.id for guide in left}
    waiting = [replace(one, present_id=found[one.id] if found[one.id] in named else None) for one in crowd]
    return best_of(lambda: propose(waiting, left, TERMS, fewest_changes=True), times=1)


if __name__ == "__main__":
    sys.exit(main())
