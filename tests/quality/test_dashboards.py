"""Dashboards: who sees which scope, what stands there, what leads on to records, and how it gets new."""

import re

import pytest

from tests.factories import NOW, TODAY
from tests.quality.conftest import YEAR
from trainmgr.kernel.access import Role
from trainmgr.kernel.jobs import keep_time
from trainmgr.outcomes.rules import PassKind
from trainmgr.programs import dues
from trainmgr.programs.dues import CODES
from trainmgr.programs.rules import State
from trainmgr.quality.models import QualityFigure, QualityRun


def _scope(kind, row, **more):
    return "&".join(f"{key}={value}" for key, value in ({"kind": kind, "id": row.id} | more).items())


def test_a_dashboard_shows_figures_with_numerator_denominator_and_verdict(house):
    house.pass_on(house.named[0])
    house.pass_on(house.plain, PassKind.FAILED)
    assert "还没有计算" in house.text(house.staff, "/quality/")

    assert house.post(house.staff, "/quality/compute").status_code == 302  # the job runs at once in tests

    page = house.text(house.staff, "/quality/")
    assert "50.00%" in page
    assert "1 / 2" in page
    assert "未达到" in page
    assert "截至今天" in page
    idle = "".join(re.findall(r"各年都没有数据或为零.*?</p>", page))
    assert "结业证书发放数" in idle
    assert "培训合格率" not in idle
    for path in ("golds", "wall", "figures/pass_rate", "figures/pass_rate?by=program"):
        assert "测试学院" in house.text(house.staff, f"/quality/{path}")


def test_no_denominator_reads_as_no_data(house):
    house.compute()

    page = house.text(house.staff, "/quality/figures/pass_rate")
    assert "无数据" in page
    assert "0.00%" not in page


def test_everybody_sees_the_scopes_that_are_theirs(house):
    house.compute()
    world = house.world
    coordinator, assessor = world.user(Role.ENTERPRISE_COORDINATOR), world.user(Role.OUTSIDE_ASSESSOR)
    clerk = world.user(Role.DEPARTMENT_STAFF, department=house.department)
    stranger = world.user(Role.STAFF, world.organization(name="另一学院"))
    college = f"/quality/?{_scope('college', world.college)}"
    program = f"/quality/?{_scope('program', house.program)}"
    own = f"/quality/?{_scope('enterprise', world.enterprise)}"
    foreign = f"/quality/?{_scope('enterprise', house.other_enterprise)}"

    assert house.department.name in house.text(clerk, "/quality/")
    assert "测试企业" in house.text(coordinator, "/quality/")
    assert "测试企业" in house.text(coordinator, own)
    for person, path in (
        (coordinator, college),
        (coordinator, program),
        (coordinator, foreign),
        (stranger, college),
        (stranger, program),
        (stranger, own),
        (assessor, college),
        (assessor, program),
    ):
        house.text(person, path, 404)
    house.text(world.user(Role.ADMINISTRATOR, world.enterprise), program, 404)
    house.text(world.user(Role.ADMINISTRATOR), program)
    house.text(world.user(Role.TRAINEE), "/quality/", 403)
    assert "尚无" in house.text(assessor, "/quality/")


def test_scopes_and_parts_are_named_in_the_readers_language(house):
    with house.world.inside() as session:
        session.get(type(house.world.college), house.world.college.id).name_en = "Test College"
        session.get(type(house.program), house.program.id).name_en = "Test Programme"
        session.add(QualityRun(college_id=house.world.college.id, year=YEAR, computed_at=NOW))
        session.add(
            QualityFigure(college_id=house.world.college.id, year=YEAR, code="trainees", numerator=4, denominator=0,
                          scope_kind="program", scope_id=house.program.id)
        )  # fmt: skip
        session.commit()
    reader = house.world.signed_in(house.staff)
    reader.set_cookie("language", "en")

    page = reader.get("/quality/figures/trainees?by=program").get_data(as_text=True)

    assert "Test College" in page
    assert "Test Programme" in page


def test_an_enterprise_sees_only_indicators_meant_for_it_and_its_own_people(house):
    house.compute()
    coordinator = house.world.user(Role.ENTERPRISE_COORDINATOR)
    scope = _scope("enterprise", house.world.enterprise)

    page = house.text(coordinator, f"/quality/?{scope}")
    assert "培训人次" in page
    assert "公益培训项目数" not in page
    house.text(coordinator, f"/quality/figures/programs_public?{scope}", 404)
    records = house.text(coordinator, f"/quality/figures/trainees/records?{scope}")
    assert house.named[0].name in records
    assert house.plain.name not in records


def test_records_behind_a_figure_say_how_many_are_hidden(house):
    clerk = house.world.user(Role.DEPARTMENT_STAFF, department=house.department)
    elsewhere = house.world.program(State.RUNNING)
    hidden = house.world.enrolment(elsewhere)
    path = f"/quality/figures/trainees/records?{_scope('college', house.world.college)}"

    assert hidden.name in house.text(house.staff, path)
    page = house.text(clerk, path)
    assert hidden.name not in page
    assert house.plain.name in page
    assert "另有 1 条" in page


def test_numerator_and_denominator_open_apart(house):
    house.pass_on(house.named[0])
    house.pass_on(house.plain, PassKind.FAILED)
    path = "/quality/figures/pass_rate/records"

    passed, everybody = house.text(house.staff, path), house.text(house.staff, f"{path}?all=1")
    assert house.named[0].name in passed
    assert house.plain.name not in passed
    assert house.plain.name in everybody
    assert house.plain.name not in house.text(house.staff, f"{path}?all=1&q={house.named[0].name}x")


def test_what_is_late_stands_by_programme_and_step(house):
    code = next(iter(CODES))
    with house.world.inside() as session:
        dues.put(code, program_id=house.program.id, visible_from=TODAY.replace(day=1), user_id=house.staff.id,
                 amount=7, due_on=TODAY.replace(day=10))  # fmt: skip
        session.commit()

    page = house.text(house.staff, "/quality/")
    assert 'class="late-2">7<' in page
    assert "10 天" in page


@pytest.mark.once
@pytest.mark.parametrize(
    "path",
    ["dashboard.xlsx", "late.xlsx", "figures/pass_rate/parts.xlsx", "figures/trainees/records.xlsx",
     "figures/apprentice_majors/records.xlsx"],
)  # fmt: skip
def test_each_table_can_be_fetched(house, path):
    house.compute()

    answer = house.world.signed_in(house.staff).get(f"/quality/{path}")

    assert (answer.status_code, answer.data[:2]) == (200, b"PK")


def test_a_dashboard_opens_at_the_latest_year_that_has_training(house):
    with house.world.inside() as session:
        for year, people in ((YEAR - 2, 5), (YEAR - 1, 7), (YEAR, 0)):
            session.add(QualityRun(college_id=house.world.college.id, year=year, computed_at=NOW))
            session.add(
                QualityFigure(college_id=house.world.college.id, year=year, code="trainees", numerator=people,
                              scope_kind="college", scope_id=house.world.college.id, denominator=0)
            )  # fmt: skip
        session.commit()

    page = house.text(house.staff, "/quality/")
    assert f"看板 {YEAR - 1}" in page.partition("</title>")[0]
    assert f"看板 {YEAR}" in house.text(house.staff, f"/quality/?year={YEAR}").partition("</title>")[0]


def test_the_clock_computes_at_night_and_only_once(house):
    night = NOW.replace(hour=19)  # three in the morning where the installation stands
    with house.world.app.app_context():
        keep_time(NOW)
        assert house.all(QualityRun) == []
        house.world.app.config["CLOCK"] = lambda: night
        keep_time(night)
    first = house.all(QualityRun)
    with house.world.app.app_context():
        keep_time(night.replace(minute=45))
    assert {row.year for row in first} == {YEAR, YEAR - 1}
    assert [row.computed_at for row in house.all(QualityRun)] == [row.computed_at for row in first]


def test_computing_again_doubles_nothing_and_is_the_colleges_own(house):
    for _twice in range(2):
        house.compute()
    rows = house.all(QualityFigure, code="trainees", year=YEAR)
    assert sorted(row.numerator for row in rows) == [
        1,
        3,
        4,
        4,
        4,
    ]  # enterprises, college, department, programme

    coordinator = house.world.user(Role.ENTERPRISE_COORDINATOR)
    assert house.post(coordinator, "/quality/compute").status_code == 403


def test_a_figure_without_a_scope_of_its_kind_is_not_there(house):
    house.text(house.staff, f"/quality/figures/materials?{_scope('program', house.program)}", 404)
    house.text(house.staff, "/quality/figures/nonsense", 404)
    house.text(house.staff, "/quality/?kind=nonsense&id=1&year=9999")


@pytest.mark.once
def test_pages_take_at_most_ten_statements_whatever_the_rows(house, count_statements):
    house.compute()
    browser = house.world.signed_in(house.staff)
    paths = ("", "golds", "wall", "figures/pass_rate", "figures/trainees/records")
    counts = {}
    for path in paths:
        with count_statements() as statements:
            browser.get(f"/quality/{path}")
        counts[path] = len(statements)
    assert all(count <= 10 for count in counts.values()), counts
