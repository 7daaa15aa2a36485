"""The rules of the compliance panel, each by a table of cases around its limit."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trainmgr.placements.rules import (
    DEFAULTS,
    Crowd,
    Effect,
    Facts,
    Rule,
    RuleCode,
    Span,
    Verdict,
    judge,
    judge_all,
    months_between,
    months_of,
    most_days,
    rule_on,
    share,
    standing_in_the_way,
    versions_of,
    week_of,
)

FIRST, LAST = date(2026, 3, 2), date(2026, 8, 31)
FINE = Facts(
    FIRST,
    LAST,
    age_months=16 * 12,
    signatures=3,
    consent_on=FIRST,
    insured_until=LAST,
    pay=400_000,
    post_pay=500_000,
    staff_share=Decimal(10),
    post_share=Decimal(20),
    days=183,
)
PASS, FAIL, UNKNOWN = Verdict.PASS, Verdict.FAIL, Verdict.UNKNOWN


def facts(**values):
    return Facts(**(FINE.__dict__ | values))


CASES = [
    (RuleCode.AGE, {"age_months": 16 * 12}, PASS),
    (RuleCode.AGE, {"age_months": 16 * 12 - 1}, FAIL),
    (RuleCode.AGE, {"age_months": None}, UNKNOWN),
    (RuleCode.AGREEMENT, {"signatures": 3}, PASS),
    (RuleCode.AGREEMENT, {"signatures": 2}, FAIL),
    (RuleCode.AGREEMENT, {"signatures": 0}, FAIL),
    (RuleCode.CONSENT, {"consent_on": FIRST}, PASS),
    (RuleCode.CONSENT, {"consent_on": FIRST + timedelta(days=1)}, FAIL),
    (RuleCode.CONSENT, {"consent_on": None}, FAIL),
    (RuleCode.INSURANCE, {"insured_until": LAST}, PASS),
    (RuleCode.INSURANCE, {"insured_until": LAST - timedelta(days=1)}, FAIL),
    (RuleCode.INSURANCE, {"insured_until": None}, FAIL),
    (RuleCode.NIGHT, {"night": False}, PASS),
    (RuleCode.NIGHT, {"night": True}, FAIL),
    (RuleCode.NIGHT, {"night": True, "filed": True}, PASS),
    (RuleCode.OVERTIME, {"overtime": True}, FAIL),
    (RuleCode.OVERTIME, {"overtime": True, "filed": True}, PASS),
    (RuleCode.OVERTIME, {"night": True}, PASS),
    (RuleCode.REST_DAYS, {"rest_days": True}, FAIL),
    (RuleCode.REST_DAYS, {"rest_days": True, "filed": True}, PASS),
    (RuleCode.PAY, {"pay": 400_000}, PASS),
    (RuleCode.PAY, {"pay": 399_999}, FAIL),
    (RuleCode.PAY, {"pay": 399_999, "lowest_pay": 390_000}, PASS),  # the lowest grade of the post will do too
    (RuleCode.PAY, {"pay": 389_999, "lowest_pay": 390_000}, FAIL),
    (RuleCode.PAY, {"pay": None}, UNKNOWN),
    (RuleCode.PAY, {"post_pay": None}, UNKNOWN),
    (RuleCode.PAY, {"pay": 0}, FAIL),
    (RuleCode.STAFF_SHARE, {"staff_share": Decimal("10.0")}, PASS),
    (RuleCode.STAFF_SHARE, {"staff_share": Decimal("10.1")}, FAIL),
    (RuleCode.STAFF_SHARE, {"staff_share": None}, UNKNOWN),
    (RuleCode.POST_SHARE, {"post_share": Decimal("20.0")}, PASS),
    (RuleCode.POST_SHARE, {"post_share": Decimal("20.1")}, FAIL),
    (RuleCode.POST_SHARE, {"post_share": None}, UNKNOWN),
    (RuleCode.LENGTH, {"days": 184}, PASS),  # 1 March to 31 August
    (RuleCode.LENGTH, {"days": 186}, FAIL),
]


@pytest.mark.parametrize(("code", "values", "verdict"), CASES)
def test_each_rule_judges_by_its_limit(code, values, verdict):
    assert judge(facts(**values), DEFAULTS[code]).verdict is verdict


def test_whoever_keeps_everything_has_nothing_in_the_way():
    findings = judge_all(FINE, ())

    assert [one.code for one in findings] == list(RuleCode)
    assert all(one.verdict is PASS for one in findings)
    assert standing_in_the_way(findings, ()) == []


def test_only_blocking_rules_stand_in_the_way_and_what_is_not_known_does_too():
    findings = judge_all(facts(age_months=None, pay=1, signatures=1), ())

    assert [one.code for one in standing_in_the_way(findings, ())] == [RuleCode.AGE, RuleCode.AGREEMENT]
    assert [one.code for one in standing_in_the_way(findings, [RuleCode.AGE])] == [RuleCode.AGREEMENT]


def test_a_rule_holds_from_its_day_and_the_one_before_stays_for_what_began_before():
    later = Rule(RuleCode.PAY, Decimal(90), Effect.BLOCK, "第十八条", valid_from=date(2026, 9, 1))

    assert rule_on(date(2026, 8, 31), RuleCode.PAY, [later]) is DEFAULTS[RuleCode.PAY]
    assert rule_on(date(2026, 9, 1), RuleCode.PAY, [later]) is later
    assert rule_on(date(2026, 9, 1), RuleCode.AGE, [later]) is DEFAULTS[RuleCode.AGE]
    assert versions_of(RuleCode.PAY, [later]) == [
        (DEFAULTS[RuleCode.PAY], date(2026, 9, 1)),
        (later, None),
    ]


@pytest.mark.parametrize(
    ("born", "day", "months"),
    [
        (date(2010, 3, 2), date(2026, 3, 2), 192),
        (date(2010, 3, 3), date(2026, 3, 2), 191),
        (date(2008, 2, 29), date(2024, 2, 28), 191),
        (date(2008, 2, 29), date(2024, 2, 29), 192),
    ],
)
def test_age_is_counted_in_whole_months(born, day, months):
    assert months_between(born, day) == months


def test_a_share_is_never_rounded_in_favour():
    assert share(101, 1000) == Decimal("10.1")
    assert share(1001, 10_000) == Decimal("10.1")
    assert share(100, 1000) == Decimal(10)
    assert share(3, None) is None
    assert share(3, 0) is None


@given(st.integers(min_value=1, max_value=4_000))
def test_the_most_days_of_a_length_are_those_that_are_written_as_no_more(days):
    months = months_of(days)

    assert days <= most_days(months) or months_of(days) == months
    assert (days <= most_days(Decimal(6))) == (months_of(days) <= Decimal(6))


def test_a_crowd_counts_the_most_at_once_in_a_period():
    crowd = Crowd(
        [
            Span(date(2026, 3, 1), date(2026, 3, 31), 10),
            Span(date(2026, 3, 31), date(2026, 4, 30), 5),
            Span(date(2026, 6, 1), date(2026, 6, 30), 7),
        ]
    )

    assert crowd.most == 15
    assert crowd.most_in(date(2026, 4, 1), date(2026, 5, 31)) == 5
    assert crowd.most_in(date(2026, 5, 1), date(2026, 5, 31)) == 0
    assert crowd.most_in(date(2026, 5, 1), date(2026, 6, 1)) == 7
    assert Crowd(()).most == 0


DAYS = st.dates(date(2026, 1, 1), date(2026, 3, 31))
SPANS = st.lists(
    st.tuples(DAYS, st.integers(0, 40), st.integers(1, 9)).map(
        lambda t: Span(t[0], t[0] + timedelta(days=t[1]), t[2])
    ),
    max_size=8,
)


@given(SPANS, DAYS, st.integers(0, 60))
def test_a_crowd_agrees_with_counting_day_by_day(spans, first, length):
    last = first + timedelta(days=length)
    by_day = [
        sum(span.people for span in spans if span.starts_on <= first + timedelta(days=n) <= span.ends_on)
        for n in range(length + 1)
    ]

    assert Crowd(spans).most_in(first, last) == max(by_day)


def test_a_week_begins_on_monday():
    assert week_of(date(2026, 11, 28)) == (date(2026, 11, 23), date(2026, 11, 29))
    assert week_of(date(2026, 11, 23)) == (date(2026, 11, 23), date(2026, 11, 29))


@pytest.mark.parametrize(
    ("codes", "article"),
    [
        (("consent",), "第九条"), (("staff_share", "post_share"), "第十一条"), (("length",), "第十二条"),
        (("agreement",), "第十四条"), (("age",), "第十六条"), (("night", "overtime", "rest_days"), "第十七条"),
        (("pay",), "第十八条"), (("insurance",), "第三十五条"),
    ],
)  # fmt: skip
def test_every_rule_names_its_article_of_the_text_of_2021(codes, article):
    assert {(DEFAULTS[RuleCode(code)].article, DEFAULTS[RuleCode(code)].checked) for code in codes} == {
        (article, True)
    }


def test_no_rule_is_without_a_compared_article():
    assert set(DEFAULTS) == set(RuleCode)
    assert all(rule.checked for rule in DEFAULTS.values())
