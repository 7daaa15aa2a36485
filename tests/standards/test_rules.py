"""Which tasks are typical, what a draft lacks, and how a cycle is found."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trainmgr.standards.framework import ring_in
from trainmgr.standards.rules import Lack, TaskKind, TaskVoice, Thresholds, lacks_of, standing_of

LIMITS = Thresholds(experts=2, difficulty=3, importance=3.5, frequency=2)
WORDS = [["a", "b", "c", "d", "e"]]
GAP = [["a", "", "c", "d", "e"]]


@pytest.mark.parametrize(
    ("voices", "typical"),
    [
        ([], False),
        ([TaskVoice(5, 5, 5)], False),  # one expert is not two
        ([TaskVoice(3, 4, 2), TaskVoice(3, 3, 2)], True),  # each mean exactly on its threshold
        ([TaskVoice(3, 4, 2), TaskVoice(2, 3, 2)], False),  # too easy
        ([TaskVoice(3, 3, 2), TaskVoice(3, 3, 2)], False),  # not important enough
        ([TaskVoice(3, 4, 1), TaskVoice(3, 4, 2)], False),  # too rare
    ],
)
def test_a_task_is_typical_when_every_figure_reaches_its_threshold(voices, typical):
    assert standing_of(voices, LIMITS).is_typical is typical


@given(st.lists(st.builds(TaskVoice, *[st.integers(1, 5)] * 3), min_size=1, max_size=12))
def test_means_stay_between_the_lowest_and_the_highest_voice(voices):
    standing = standing_of(voices, LIMITS)

    assert min(v.importance for v in voices) <= standing.importance <= max(v.importance for v in voices)
    assert standing.experts == len(voices)


@given(st.lists(st.builds(TaskVoice, *[st.integers(1, 5)] * 3), min_size=1, max_size=12))
def test_lower_thresholds_never_make_a_task_less_typical(voices):
    easier = Thresholds(experts=1, difficulty=1, importance=1, frequency=1)

    assert standing_of(voices, easier).is_typical


@pytest.mark.parametrize(
    ("state", "lacks"),
    [
        ({"has_enterprise": True, "typical_tasks": 1, "levels": WORDS, "unlinked": 0}, []),
        ({"has_enterprise": False, "typical_tasks": 1, "levels": WORDS, "unlinked": 0}, [Lack.ENTERPRISE]),
        ({"has_enterprise": True, "typical_tasks": 0, "levels": [], "unlinked": 0}, [Lack.COMPETENCY, Lack.TASK]),
        ({"has_enterprise": True, "typical_tasks": 1, "levels": WORDS, "unlinked": 1}, [Lack.LINK]),
        ({"has_enterprise": True, "typical_tasks": 1, "levels": GAP, "unlinked": 0}, [Lack.LEVELS]),
    ],
)  # fmt: skip
def test_a_draft_lacks_what_is_not_there(state, lacks):
    assert lacks_of(**state) == lacks


def test_the_chain_has_four_kinds_and_each_comes_from_the_one_before():
    assert [kind.source for kind in TaskKind] == [
        None,
        TaskKind.REPRESENTATIVE,
        TaskKind.TYPICAL,
        TaskKind.LEARNING,
    ]


@pytest.mark.parametrize(
    ("edges", "ring"),
    [
        ([], []),
        ([("a", "b"), ("b", "c"), ("a", "c")], []),  # two ways to one place are no cycle
        ([("a", "a")], ["a", "a"]),
        ([("a", "b"), ("b", "c"), ("c", "b")], ["b", "c", "b"]),
    ],
)
def test_a_cycle_is_found_and_named(edges, ring):
    assert ring_in(edges) == ring


@given(st.lists(st.tuples(st.integers(0, 8), st.integers(0, 8)), max_size=25))
def test_a_cycle_that_is_told_is_really_there(edges):
    named = [(str(start), str(end)) for start, end in edges]
    ring = ring_in(named)

    if ring:
        assert ring[0] == ring[-1]
        assert set(pairwise(ring)) <= set(named)
    else:  # without a cycle the nodes can be put in an order that every edge follows
        order, left = [], set(sum(named, ()))
        while left:
            free = [node for node in left if not any(end == node and start in left for start, end in named)]
            assert free
            order += free
            left -= set(free)
