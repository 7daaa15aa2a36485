"""Teams' composition, who leads which course, grades, qualifications, working time: tables without a database."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trainmgr.faculty.composing import (
    COMPOSITIONS,
    Composition,
    Course,
    FaultKind,
    Holder,
    Leading,
    SeatRole,
    faults_of,
)
from trainmgr.faculty.rules import (
    DEFAULT_NEEDS,
    UNITS,
    DayPart,
    DualLevel,
    Grade,
    Needs,
    Record,
    binding_until,
    compared,
    lacking,
    next_grade,
    parts_of,
    units_of,
    whole_years,
)

R, K = SeatRole, FaultKind


def team(theory=0, experts=0, **others):
    people = [Holder(f"教{number}", R.THEORY_TEACHER, "college") for number in range(theory)]
    people += [Holder(f"师{number}", R.RESIDENT_EXPERT, "enterprise") for number in range(experts)]
    return people + [Holder(name, role, side) for name, (role, side) in others.items()]


@pytest.mark.parametrize(
    ("members", "faults"),
    [
        (team(7, 5), []),
        (team(6, 5), [(K.TOO_FEW, R.THEORY_TEACHER, 6, 7)]),
        (team(8, 4), [(K.TOO_MANY, R.THEORY_TEACHER, 8, 7), (K.TOO_FEW, R.RESIDENT_EXPERT, 4, 5)]),
        (
            team(6, 5, 外来=(R.THEORY_TEACHER, "enterprise")),  # the other side fills no seat
            [(K.TOO_FEW, R.THEORY_TEACHER, 6, 7), (K.WRONG_SIDE, R.THEORY_TEACHER, 0, 0)],
        ),
        (team(7, 5, 大师=(R.MASTER, "enterprise")), [(K.NO_SEAT, R.MASTER, 0, 0)]),
    ],
)
def test_seven_and_five(members, faults):
    found = faults_of(COMPOSITIONS[Composition.SEVEN_FIVE], members)

    assert [(one.kind, one.role, one.have, one.want) for one in found] == faults


@pytest.mark.parametrize(
    ("roles", "kinds"),
    [
        ([(R.MASTER, "college"), (R.ENTERPRISE_MENTOR, "enterprise"), (R.TEACHER, "college")], []),
        ([(R.MASTER, "enterprise"), (R.ENTERPRISE_MENTOR, "enterprise")] + [(R.TEACHER, "college")] * 30, []),
        ([(R.MASTER, "college"), (R.ENTERPRISE_MENTOR, "enterprise")], [K.TOO_FEW]),
        ([(R.MASTER, "college")] * 2 + [(R.TEACHER, "college")], [K.TOO_MANY, K.TOO_FEW]),
        (
            [(R.MASTER, "college"), (R.ENTERPRISE_MENTOR, "college"), (R.TEACHER, "college")],
            [K.TOO_FEW, K.WRONG_SIDE],
        ),
    ],
)
def test_one_and_one_and_any_number(roles, kinds):
    members = [Holder(str(number), role, side) for number, (role, side) in enumerate(roles)]

    assert [one.kind for one in faults_of(COMPOSITIONS[Composition.ONE_ONE_N], members)] == kinds


def test_a_member_of_another_field_is_told_by_name_one_without_fields_is_not():
    members = [
        Holder("周", R.MASTER, "college", frozenset({"数控"})),
        Holder("吴", R.ENTERPRISE_MENTOR, "enterprise", frozenset({"数控加工", "钳工"})),
        Holder("郑", R.TEACHER, "college", frozenset({"会计"})),
        Holder("王", R.TEACHER, "college"),
    ]

    found = faults_of(COMPOSITIONS[Composition.ONE_ONE_N], members, "数控")

    assert [(one.kind, one.name) for one in found] == [(K.OTHER_FIELD, "郑")]


@pytest.mark.parametrize(
    ("theory", "practice", "led_by", "asks_for", "leading"),
    [
        (40, 8, "college", "college", Leading.RIGHT),
        (40, 8, "enterprise", "college", Leading.WRONG),
        (8, 40, "enterprise", "enterprise", Leading.RIGHT),
        (24, 24, "college", "college", Leading.RIGHT),  # no more practice than theory
        (8, 40, None, "enterprise", Leading.NOBODY),
    ],
)
def test_each_course_is_led_from_the_side_that_its_kind_asks_for(theory, practice, led_by, asks_for, leading):
    course = Course("课程", theory, practice, led_by)

    assert (course.asks_for, course.leading) == (asks_for, leading)


# --- grades ---------------------------------------------------------------------------------------

FULL = Record(12, 200, 5, 4, 3, 20, DualLevel.SENIOR)


@pytest.mark.parametrize("grade", list(DEFAULT_NEEDS))
def test_who_has_everything_lacks_nothing_for_any_grade(grade):
    assert lacking(FULL, DEFAULT_NEEDS[grade]) == []


@pytest.mark.parametrize(
    ("record", "missing"),
    [
        (Record(), {"years": 5, "practice_days": 180, "rating": 4, "courses": 2, "qualifications": 2,
                    "tutored": 5, "dual": 2}),
        (Record(5, 179, 4, 2, 2, 5, DualLevel.MIDDLE), {"practice_days": 1}),
        (Record(9, 300, 4, 2, 2, 5, DualLevel.JUNIOR), {"dual": 1}),
        (Record(5, 180, 3, 2, 2, 5, DualLevel.SENIOR), {"rating": 1}),
    ],
)  # fmt: skip
def test_what_is_missing_for_the_grade_of_backbone(record, missing):
    found = lacking(record, DEFAULT_NEEDS[Grade.BACKBONE])

    assert {one.key: one.missing for one in found} == missing


def test_what_a_grade_does_not_ask_for_is_not_told():
    assert [line.key for line in compared(Record(), Needs(courses=1))] == ["courses"]


def test_grades_follow_each_other_to_the_last():
    assert [next_grade(grade) for grade in Grade] == [Grade.QUALIFIED, Grade.BACKBONE, Grade.MASTER, None]


@pytest.mark.parametrize(
    ("since", "on", "years"),
    [
        (date(2020, 11, 20), date(2026, 11, 20), 6),
        (date(2020, 11, 21), date(2026, 11, 20), 5),
        (date(2024, 2, 29), date(2025, 2, 28), 0),
        (date(2027, 1, 1), date(2026, 11, 20), 0),
    ],
)
def test_years_of_work_are_whole(since, on, years):
    assert whole_years(since, on) == years


# --- qualifications and working time --------------------------------------------------------------


@pytest.mark.parametrize(
    ("held", "until"),
    [
        ([], None),
        ([("技师", None)], None),
        ([("技师", date(2027, 1, 1))], date(2027, 1, 1)),
        ([("技师", date(2026, 1, 1)), ("技师", date(2029, 1, 1))], date(2029, 1, 1)),  # renewed
        ([("技师", date(2026, 1, 1)), ("技师", None)], None),  # renewed without end
        ([("技师", date(2029, 1, 1)), ("电工证", date(2027, 5, 1))], date(2027, 5, 1)),  # both are needed
    ],
)
def test_the_first_needed_qualification_to_end_binds(held, until):
    assert binding_until(held) == until


@given(st.lists(st.sampled_from([f"{day}-{part}" for day in range(1, 8) for part in DayPart]), unique=True))
def test_working_time_comes_back_as_it_was_ticked(parts):
    assert sorted(parts_of(units_of(parts))) == sorted(parts)


def test_nonsense_is_no_working_time():
    assert units_of(["8-morning", "1-night", "", "1", "1-morning"]) == {"1": list(UNITS[DayPart.MORNING])}
