"""Figures follow from records: every measure runs, in every scope, live as stored; nothing found is no data."""

from dataclasses import replace
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
import sqlalchemy as sa

from tests.factories import NOW, TODAY, keep
from tests.quality.conftest import PERIOD, YEAR
from trainmgr.evaluation.models import Result, Scheme, Window
from trainmgr.evaluation.rules import WindowKind
from trainmgr.outcomes.rules import PassKind
from trainmgr.programs.rules import ProgramKind, State
from trainmgr.quality import measuring
from trainmgr.quality.library import load_library
from trainmgr.quality.measures.base import MEASURES, row
from trainmgr.quality.models import QualityFigure
from trainmgr.quality.rules import Period, Scope, Unit, Verdict

CHINA = ZoneInfo("Asia/Shanghai")


def test_every_measure_is_defined_and_every_definition_measured():
    assert {one.measure for one in load_library().values()} <= set(MEASURES)
    assert set(MEASURES) - {one.measure for one in load_library().values()} <= {
        "programs_order",
        "programs_upskilling",
    }


def test_live_and_stored_figures_agree_in_every_scope(house):
    house.pass_on(house.named[0])
    house.pass_on(house.plain, PassKind.FAILED)
    college_id = house.world.college.id
    scopes = [
        house.college,
        Scope.of_department(college_id, house.department.id),
        Scope.of_program(college_id, house.program.id),
        Scope.of_enterprise(college_id, house.world.enterprise.id),
        Scope.of_enterprise(college_id, house.other_enterprise.id),
    ]
    house.compute()
    with house.world.app.app_context():
        definitions = measuring.catalogue(college_id, PERIOD.last)
        for scope in scopes:
            live = measuring.measure(None, scope, PERIOD)
            kept = measuring.stored(scope, [YEAR], definitions)
            assert {code for code, _year in kept} == set(live)
            for code, figure in live.items():
                other = kept[code, YEAR]
                assert (other.numerator, other.denominator, other.value) == (
                    figure.numerator, figure.denominator, figure.value,
                ), (code, scope)  # fmt: skip


def test_the_figures_of_a_small_college_are_those_of_its_records(house):
    house.pass_on(house.named[0])
    house.pass_on(house.plain, PassKind.FAILED)

    assert house.figure("trainees").value == 4
    assert (
        house.figure("trainees", Scope.of_enterprise(house.world.college.id, house.other_enterprise.id)).value
        == 1
    )
    assert house.figure("programs").value == 1
    assert house.figure("hours").value == 100
    assert house.figure("named_classes").value == 1
    assert house.figure("apprentice_majors").value == 2
    passed = house.figure("pass_rate")
    assert (passed.numerator, passed.denominator, passed.value) == (1, 2, 0.5)
    assert passed.verdict is Verdict.MISSED
    share = house.figure("share_named")
    assert (share.numerator, share.denominator) == (3, 4)


def test_a_zero_denominator_is_no_data(house):
    passed = house.figure("pass_rate")

    assert (passed.numerator, passed.denominator, passed.value) == (0, 0, None)
    assert passed.verdict is Verdict.NO_DATA


def test_what_did_not_run_in_the_period_does_not_count(house):
    world = house.world
    for state in (State.DRAFT, State.CANCELLED):
        world.program(state)
    rural = world.program(State.CLOSED, kind=ProgramKind.RURAL_REVITALISATION, starts_on=TODAY.replace(year=YEAR - 2),
                          ends_on=TODAY.replace(year=YEAR - 1))  # fmt: skip
    world.enrolment(rural, enrolled_on=TODAY.replace(year=YEAR - 2))

    assert house.figure("programs").value == 1
    assert house.figure("programs_rural").value == 0
    with world.app.app_context():
        before = measuring.measure(
            ["programs_rural", "trainees_rural"], house.college, Period.of_year(YEAR - 1)
        )
    assert [figure.value for figure in before.values()] == [1, 1]


def test_a_year_begins_and_ends_at_the_midnight_of_its_college(house):
    begins, ends = (datetime(year, 1, 1, tzinfo=CHINA) for year in (YEAR, YEAR + 1))
    moments = (begins - timedelta(seconds=1), begins, ends - timedelta(seconds=1), ends)
    for enrolment, moment in zip((*house.named, house.plain), moments, strict=True):
        house.pass_on(enrolment, at=moment)

    decided = []
    with house.world.app.app_context():
        for year in (YEAR - 1, YEAR, YEAR + 1):
            figure = measuring.measure(["pass_rate"], house.college, Period.of_year(year))["pass_rate"]
            decided.append(figure.denominator)
    assert decided == [1, 2, 1]


def test_a_window_that_closes_at_midnight_belongs_to_the_day_before(house):
    ends = datetime(YEAR + 1, 1, 1, tzinfo=CHINA)
    with house.world.app.app_context():
        scheme = keep(Scheme(program_id=house.program.id, trainee_weight=20, enterprise_weight=45, teacher_weight=35,
                             edited_at=NOW))  # fmt: skip
        window = keep(Window(program_id=house.program.id, scheme_id=scheme.id, name="终结评价",
                             kind=WindowKind.TERMINAL, opens_at=ends - timedelta(days=7), closes_at=ends))  # fmt: skip
        keep(Result(program_id=house.program.id, window_id=window.id, enrolment_id=house.named[0].id, composite=4.0,
                    computed_at=NOW))  # fmt: skip
        years = [
            measuring.measure(["composite"], house.college, Period.of_year(year))["composite"].denominator
            for year in (YEAR, YEAR + 1)
        ]
    assert years == [1, 0]


def test_another_college_has_figures_of_its_own(house):
    world = house.world
    college = world.organization(name="另一学院")
    world.enrolment(world.program(State.RUNNING, college=college), college=college)

    assert house.figure("trainees").value == 4
    assert house.figure("trainees", Scope.of_college(college.id)).value == 1


def test_shares_never_exceed_the_whole(house):
    with house.world.app.app_context():
        figures = measuring.measure(None, house.college, PERIOD).values()

    assert all(
        0 <= figure.numerator <= figure.denominator
        for figure in figures
        if figure.unit is Unit.SHARE and figure.value is not None
    )


@pytest.mark.once
def test_no_small_group_of_a_survey_is_shown_nor_follows_by_subtraction(house, monkeypatch):
    """Of two programmes with 9 and 3 answers neither is shown beside the college's 12, nor is their department."""

    def answers(ask):
        found = [(house.program.id, house.department.id, 9), (elsewhere.id, None, 3)]
        parts = [
            sa.select(
                *row(id=sa.literal(number), name=sa.literal("x"), program_id=sa.literal(program_id),
                     department_id=None if department_id is None else sa.literal(department_id),
                     respondent=sa.literal(program_id * 100 + number))
            )
            for program_id, department_id, people in found
            for number in range(people)
        ]  # fmt: skip
        return sa.select(sa.union_all(*parts).subquery())

    elsewhere = house.world.program(State.RUNNING)
    code = "satisfaction_trainee"
    monkeypatch.setitem(MEASURES, code, replace(MEASURES[code], rows=answers))
    own = Scope.of_program(house.world.college.id, house.program.id)
    assert house.figure(code).value == 1
    assert house.figure(code, own).is_small  # nine answered, but twelve less nine are three
    house.compute()

    hidden = {
        (one.scope_kind.value, one.scope_id): one.is_hidden
        for one in house.all(QualityFigure, code=code, year=YEAR)
    }
    assert hidden == {
        ("college", house.world.college.id): False,
        ("department", house.department.id): True,
        ("program", house.program.id): True,
        ("program", elsewhere.id): True,
    }
    scope = f"kind=program&id={house.program.id}"
    for path in (f"?{scope}", f"figures/{code}?{scope}", f"figures/{code}/records?{scope}"):
        assert "答卷不足" in house.text(house.staff, f"/quality/{path}")
