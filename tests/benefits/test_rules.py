"""Shares, money to the cent, and who may be claimed for."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trainmgr.benefits.rules import (
    MOVES,
    ClaimRule,
    ClaimState,
    Lacking,
    Share,
    lacking,
    may_go,
    shares_fault,
    split,
)


@st.composite
def wholes(draw):
    """Shares that add up to 10,000."""
    cuts = sorted(draw(st.lists(st.integers(0, 10_000), max_size=8)))
    edges = [0, *cuts, 10_000]
    return [after - before for before, after in itertools.pairwise(edges)]


@given(st.integers(-(10**13), 10**13), wholes())
def test_parts_add_up_exactly_and_lie_within_a_cent_of_the_share(cents, shares):
    parts = split(cents, shares)

    assert sum(parts) == cents
    assert all(
        abs(part * 10_000 - cents * points) < 10_000 for part, points in zip(parts, shares, strict=True)
    )
    assert split(-cents, shares) == [-part for part in parts]


@given(st.integers(1, 10**9), wholes())
def test_who_has_the_larger_share_never_gets_less(cents, shares):
    parts = split(cents, sorted(shares, reverse=True))

    assert parts == sorted(parts, reverse=True)


def test_the_last_cent_goes_to_the_largest_remainder():
    assert split(100, [3_333, 3_333, 3_334]) == [33, 33, 34]
    assert split(1, [5_000, 5_000]) == [1, 0]
    with pytest.raises(ValueError, match="add up"):
        split(100, [5_000, 4_999])


@pytest.mark.parametrize(
    ("shares", "fault"),
    [
        ([], "none"),
        ([("学院", 10_000)], None),
        ([("学院", 6_000), ("张工", 4_000)], None),
        ([("学院", 6_000), ("张工", 3_999)], "sum"),
        ([("学院", 10_000), ("张工", 0)], "size"),
        ([("学院", 5_000), ("学院", 5_000)], "twice"),
    ],
)
def test_owners_shares_add_up(shares, fault):
    assert shares_fault([Share(owner, False, points) for owner, points in shares]) == fault


@pytest.mark.parametrize(
    ("minutes", "certificate", "claimed", "missing"),
    [
        (480, True, False, []),
        (479, True, False, [Lacking.HOURS]),
        (480, False, False, [Lacking.CERTIFICATE]),
        (0, False, True, [Lacking.HOURS, Lacking.CERTIFICATE, Lacking.CLAIMED]),
    ],
)
def test_all_that_stands_in_the_way_is_said(minutes, certificate, claimed, missing):
    rule = ClaimRule(150_000, 480, needs_certificate=True)

    assert lacking(rule, minutes=minutes, has_certificate=certificate, is_claimed=claimed) == missing


def test_a_claim_goes_forward_or_back_and_never_again():
    assert set(MOVES) == set(ClaimState)
    assert may_go(ClaimState.SUBMITTED, ClaimState.RETURNED)
    assert not may_go(ClaimState.DRAFT, ClaimState.PAID)
    assert not any(may_go(ClaimState.PAID, to) or may_go(ClaimState.RETURNED, to) for to in ClaimState)
