"""Definitions are data in versions by date; targets go by year; nobody types a computation or a figure."""

from datetime import date

import pytest

from tests.factories import TODAY
from tests.quality.conftest import PERIOD, YEAR
from trainmgr.kernel.access import Role
from trainmgr.outcomes.rules import PassKind
from trainmgr.quality import measuring
from trainmgr.quality.models import QualityIndicator, QualityTarget
from trainmgr.quality.rules import Group, Table, Verdict

TYPED = {
    "name": "结业合格率",
    "name_en": "Pass rate",
    "definition": "合格 ÷ 认定",
    "source": "结果认定",
    "unit_name": "%",
    "decimals": "1",
    "group": "quality",
    "tables": ["scorecard", "satisfaction"],
    "better": "higher",
    "audience": "outside",
    "weight": "3",
    "position": "1",
    "active": "y",
    "valid_from": date(YEAR, 1, 1).isoformat(),
    "reason": "教务处统一口径",
}


def _define(house, code="pass_rate", **changes):
    values = {"version": "0"} | TYPED | changes
    return house.post(house.staff, f"/quality/indicators/{code}", **values)


def _catalogue(house, day=PERIOD.last):
    with house.world.app.app_context():
        return measuring.catalogue(house.world.college.id, day)


def test_a_version_holds_from_its_day_and_older_years_keep_the_former(house):
    assert _define(house).status_code == 302

    now, before = _catalogue(house)["pass_rate"], _catalogue(house, date(YEAR - 1, 12, 31))["pass_rate"]
    assert (now.name, now.weight, now.tables) == ("结业合格率", 3, (Table.SCORECARD, Table.SATISFACTION))
    assert (before.name, before.group, now.measure) == ("培训合格率", Group.QUALITY, "pass_rate")
    page = house.text(house.staff, "/quality/indicators/pass_rate")
    assert "教务处统一口径" in page
    assert "结业合格率" in house.text(house.staff, "/quality/indicators")


@pytest.mark.parametrize(
    ("field", "value"),
    [("name", ""), ("reason", ""), ("weight", "-1"), ("decimals", "9"), ("group", "x"), ("valid_from", "")],
)
def test_what_is_typed_wrongly_is_said_at_the_field_and_kept(house, field, value):
    answer = _define(house, **{field: value})

    assert answer.status_code == 422
    assert "合格 ÷ 认定" in answer.get_data(as_text=True)
    assert house.all(QualityIndicator) == []


def test_two_who_edit_the_same_version_are_told(house):
    assert _define(house).status_code == 302
    assert _define(house).status_code == 409
    (first,) = house.all(QualityIndicator)
    assert _define(house, version=str(first.id), active="").status_code == 302
    assert "pass_rate" not in _catalogue(house)


def test_a_target_of_a_year_decides_the_verdict(house):
    house.pass_on(house.named[0])
    house.pass_on(house.plain, PassKind.FAILED)
    aim = "/quality/indicators/pass_rate/target"
    typed = {"target_year": str(YEAR), "value": "50", "target_reason": "试点第一年"}

    assert house.figure("pass_rate").verdict is Verdict.MISSED
    assert house.post(house.staff, aim, **typed).status_code == 302
    assert house.figure("pass_rate").verdict is Verdict.MET
    assert house.post(house.staff, aim, **typed | {"value": ""}).status_code == 302
    assert house.figure("pass_rate").verdict is Verdict.OPEN
    assert house.post(house.staff, aim, **typed | {"value": "120"}).status_code == 422
    assert house.post(house.staff, aim, **typed | {"target_reason": ""}).status_code == 422
    assert len(house.all(QualityTarget)) == 2


def test_an_indicator_of_ones_own_gives_a_known_computation_another_name(house):
    new = {"measure": "trainees_named"} | TYPED | {"name": "欣旺达班人数", "unit_name": "人", "decimals": "0"}

    assert (
        house.post(house.staff, "/quality/indicators", **new | {"measure": "drop table"}).status_code == 422
    )
    assert house.post(house.staff, "/quality/indicators", **new).status_code == 302
    house.compute()

    assert _catalogue(house)["own_1"].measure == "trainees_named"
    assert "欣旺达班人数" in house.text(house.staff, "/quality/")
    assert house.figure("own_1").value == 3


def test_only_who_may_edit_defines_and_only_for_the_own_college(house):
    world = house.world
    foreign = world.user(Role.STAFF, world.organization(name="另一学院"))

    assert (
        house.post(
            world.user(Role.ENTERPRISE_COORDINATOR), "/quality/indicators/pass_rate", **TYPED
        ).status_code
        == 403
    )
    house.text(world.user(Role.ENTERPRISE_COORDINATOR), "/quality/indicators", 302)
    path = f"/quality/indicators/pass_rate?college={world.college.id}"
    assert house.post(foreign, path, version="0", **TYPED).status_code == 302  # defines for the own college
    assert _catalogue(house)["pass_rate"].name == "培训合格率"


def test_the_table_of_the_report_follows_the_definitions_of_the_year(house):
    _define(house)
    house.compute()
    house.compute(YEAR - 1)

    with house.world.app.app_context():
        satisfaction = measuring.table(house.world.college.id, YEAR, "satisfaction")
        former = measuring.table(house.world.college.id, YEAR - 1, "satisfaction")
    assert "pass_rate" in {one.code for one, _now, _before in satisfaction}
    assert "pass_rate" not in {one.code for one, _now, _before in former}
    assert all(now is not None and before is not None for _one, now, before in satisfaction)


def test_missed_targets_are_offered_to_improvement(house):
    house.pass_on(house.named[0], PassKind.FAILED)
    house.compute()

    with house.world.app.app_context():
        found = measuring.missed(house.world.college.id, TODAY.year)
    assert {one.scope.kind.value for one in found if one.figure.code == "pass_rate"} == {
        "college",
        "department",
        "program",
    }
    assert all(one.figure.denominator is not None or one.scope.kind.value == "college" for one in found)
