"""The five alignments of modules: checks that hold for a time, never change, and go from edition to edition."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
import sqlalchemy as sa

from tests.curriculum.test_rules import module
from tests.factories import NOW, TODAY
from trainmgr.curriculum import aligning, alignments
from trainmgr.curriculum.aligning import Alignment, AlignmentVerdict, Standing
from trainmgr.curriculum.alignments import Finding
from trainmgr.curriculum.models import AlignmentCheck, Module
from trainmgr.kernel.access import Role
from trainmgr.kernel.db import db
from trainmgr.kernel.errors import RuleBroken
from trainmgr.programs.rules import State

IN_STEP, OUT = AlignmentVerdict.IN_STEP, AlignmentVerdict.OUT_OF_STEP


def finding(verdict=IN_STEP, on=TODAY, until=None):
    return Finding(verdict, "对照 GB/T 1184", on, until or aligning.a_year_later(on))


def record(plans, verdict=IN_STEP, on=TODAY, until=None, way=Alignment.GOALS, number=1):
    with plans.world.inside():
        row = db.session.get(Module, plans.plan(number).modules[0].id)
        by = plans.person(plans.staff)
        alignments.record_check(plans.of(), row, way, finding(verdict, on, until), by=by, now=NOW)
        db.session.commit()


def rows(plans, today=TODAY, number=1):
    with plans.world.inside():
        plan = plans.plan(number)
        found = alignments.all_rows(plans.program.id, plan.modules, today)
        return {row.module.name: {cell.alignment: cell.standing for cell in row.cells} for row in found}


def url(plans, module_id=None, tail=""):
    base = f"/programs/{plans.program.id}/plan"
    return f"{base}/modules/{module_id}/alignments/goals" if module_id else f"{base}/alignments{tail}"


@pytest.mark.parametrize(
    ("verdict", "until", "expected"),
    [
        (IN_STEP, TODAY, Standing.IN_STEP),
        (IN_STEP, TODAY - timedelta(days=1), Standing.EXPIRED),
        (OUT, TODAY - timedelta(days=1), Standing.OUT_OF_STEP),
    ],
)
def test_a_check_holds_until_its_last_day_and_out_of_step_does_not_heal(verdict, until, expected):
    assert aligning.standing(AlignmentCheck(verdict=verdict, valid_until=until), TODAY) is expected


def test_a_year_later_is_the_same_day_even_from_a_leap_day():
    assert aligning.a_year_later(date(2026, 11, 25)) == date(2027, 11, 25)
    assert aligning.a_year_later(date(2028, 2, 29)) == date(2029, 2, 28)


def test_modules_out_of_step_come_before_those_not_checked_and_expired():
    checks = {
        (line.lineage, way): AlignmentCheck(verdict=verdict, valid_until=until)
        for line, verdict, until in (
            (module(1), IN_STEP, TODAY),
            (module(2), IN_STEP, TODAY - timedelta(days=1)),
            (module(4), OUT, TODAY),
        )
        for way in Alignment
    }
    found = aligning.rows_of([module(1), module(2), module(3), module(4)], checks, TODAY)
    assert [row.module.id for row in found] == [4, 3, 2, 1]
    assert aligning.tally(found) == dict.fromkeys(Standing, 5)


def test_the_newest_check_counts_and_the_earlier_ones_stay(plans):
    plans.begin()
    record(plans, OUT)
    record(plans, IN_STEP)
    first = next(iter(rows(plans).values()))
    assert Standing.OUT_OF_STEP not in {s for ways in rows(plans).values() for s in ways.values()}
    with plans.world.inside():
        lineage = plans.plan().modules[0].lineage
        history = alignments.history_of(plans.program.id, lineage, Alignment.GOALS)
        assert [check.verdict for check in history] == [IN_STEP, OUT]
    assert first


def test_a_check_never_changes(plans):
    plans.begin()
    record(plans)
    with plans.world.inside():
        check = db.session.scalars(sa.select(AlignmentCheck)).one()
        check.verdict = OUT
        with pytest.raises(RuleBroken):
            db.session.flush()
        db.session.rollback()
        db.session.delete(db.session.scalars(sa.select(AlignmentCheck)).one())
        with pytest.raises(RuleBroken):
            db.session.flush()


def test_checks_go_with_the_module_into_the_next_edition(plans, signed_in):
    plans.signed()
    record(plans)
    with plans.world.inside():
        name = plans.plan().modules[0].name
    opened = signed_in(plans.staff).post(
        f"/programs/{plans.program.id}/plan/next", data={"reason": "工艺更新"}
    )
    assert opened.status_code == 302
    assert rows(plans, number=2)[name][Alignment.GOALS] is Standing.IN_STEP


def test_a_check_is_recorded_on_the_page_for_a_year_unless_said_otherwise(plans, signed_in):
    plans.begin()
    staff = signed_in(plans.staff)
    with plans.world.inside():
        first = plans.plan().modules[0].id
    data = {
        "verdict": "out_of_step",
        "evidence": "教材还是旧机型",
        "checked_on": "2026-01-05",
        "link": "https://a.cn/x",
    }
    assert staff.post(url(plans, first), data=data).status_code == 302
    page = staff.get(url(plans, first)).get_data(as_text=True)
    assert "教材还是旧机型" in page
    assert 'href="https://a.cn/x"' in page
    assert "2027" in page

    listed = staff.get(url(plans, tail="?standing=out_of_step")).get_data(as_text=True)
    assert "1 个模块" in listed
    assert "0 个模块" in staff.get(url(plans, tail="?standing=in_step")).get_data(as_text=True)


@pytest.mark.parametrize(
    "wrong",
    [
        {"evidence": " "},
        {"checked_on": "2999-01-01"},
        {"valid_until": "2026-01-05"},
        {"link": "javascript:alert(1)"},
        {"verdict": "maybe"},
    ],
)
def test_a_wrong_check_is_refused_at_its_field_and_kept_as_typed(plans, signed_in, wrong):
    plans.begin()
    with plans.world.inside():
        first = plans.plan().modules[0].id
    data = {"verdict": "in_step", "evidence": "看过现场", "checked_on": "2026-01-05"} | wrong
    response = signed_in(plans.staff).post(url(plans, first), data=data)
    assert response.status_code == 422
    with plans.world.inside():
        assert not db.session.scalar(sa.select(sa.func.count(AlignmentCheck.id)))


def test_readers_see_the_checks_but_record_none(plans, signed_in):
    plans.signed()
    record(plans)
    trainee = plans.world.user(Role.TRAINEE)
    plans.world.enrolment(plans.program, user=trainee)
    client = signed_in(trainee)
    with plans.world.inside():
        first = plans.plan().modules[0].id
    page = client.get(url(plans, first)).get_data(as_text=True)
    assert "GB/T 1184" in page
    assert '<form class="form"' not in page
    data = {"verdict": "in_step", "evidence": "x", "checked_on": "2026-01-05"}
    assert client.post(url(plans, first), data=data).status_code == 403


def test_a_closed_programme_takes_no_more_checks(plans):
    plans.signed()
    with plans.world.inside():
        plans.of().state = State.CLOSED
        db.session.commit()
    with pytest.raises(RuleBroken):
        record(plans)


def test_the_list_takes_at_most_ten_statements(plans, signed_in, count_statements):
    plans.signed()
    record(plans)
    client = signed_in(plans.staff)
    client.get(url(plans))
    with count_statements() as statements:
        assert client.get(url(plans)).status_code == 200
    assert len(statements) <= 10, [text[:80] for text in statements]
