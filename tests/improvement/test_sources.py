"""An indicator that missed its target is a finding, decided on once, and compared with the year after."""

from __future__ import annotations

import re

import pytest

from tests.factories import NOW
from tests.improvement.conftest import LATER
from trainmgr.improvement.models import ImprovementItem
from trainmgr.programs.rules import State
from trainmgr.quality.models import QualityFigure, QualityRun, QualityTarget
from trainmgr.quality.rules import ScopeKind

YEAR = NOW.year if NOW.month > 6 else NOW.year - 1
CODE = "pass_rate"


def stored(loop, year, hits, kind=ScopeKind.COLLEGE, place=None):
    with loop.world.inside() as session:
        college = loop.world.college.id
        if session.get(QualityRun, (college, year)) is None:
            session.add(QualityRun(college_id=college, year=year, computed_at=NOW))
        session.add(
            QualityFigure(college_id=college, year=year, code=CODE, scope_kind=kind, scope_id=place or college,
                          numerator=hits, denominator=100, people=100)
        )  # fmt: skip
        session.commit()


@pytest.fixture
def missed(loop):
    """Ninety of a hundred are the target; eighty passed in the college."""
    with loop.world.inside() as session:
        session.add(
            QualityTarget(college_id=loop.world.college.id, code=CODE, year=YEAR, value=0.9, reason="年度目标",
                          by_id=loop.staff.id, by_name="x", at=NOW)
        )  # fmt: skip
        session.commit()
    stored(loop, YEAR, 80)
    return f"indicator:{loop.world.college.id}:{YEAR}:{CODE}:college:{loop.world.college.id}"


@pytest.fixture
def other(loop):
    """Another programme; made before figures are written by hand, since it makes them stale."""
    return loop.world.program(State.RUNNING, created_by=loop.staff)


def test_a_missed_indicator_is_found_in_each_programme_and_decided_on_once(loop, other, missed):
    for program in (loop.program, other):
        page = loop.text(loop.staff, "/findings", program, source="indicator")
        assert "80" in page
        assert "未达标" in page
    form = {"source": "indicator", "key": missed, "title": "合格率", "standard": "不低于 90%"}
    doer = {"doer": str(loop.teacher.id), "due_on": LATER}
    assert loop.post(loop.staff, "/new", **form, **doer).status_code == 302
    assert (
        "列入诊改<" not in loop.text(loop.staff, "/findings", other, source="indicator").split("</main>")[0]
    )
    again = loop.post(loop.staff, "/new", other, **form, **(doer | {"doer": str(loop.staff.id)}))
    assert again.status_code == 409
    assert len(loop.all(ImprovementItem)) == 1


@pytest.mark.once
def test_its_figure_of_the_year_after_stands_beside(loop, missed):
    form = {"source": "indicator", "key": missed, "title": "合格率", "standard": "不低于 90%"}
    loop.post(loop.staff, "/new", **form, doer=str(loop.teacher.id), due_on=LATER)
    page = re.sub(r"\s+", "", loop.text(loop.staff, "/effects"))
    assert "下一届还没有测量数据" in page
    stored(loop, YEAR + 1, 93)
    page = re.sub(r"\s+", "", loop.text(loop.staff, "/effects"))
    assert "有改进" in page
    assert "93" in page
    assert "+13" in page


@pytest.mark.once
def test_its_page_takes_few_statements(loop, missed, count_statements):
    reader = loop.world.signed_in(loop.staff)
    reader.get("/")
    for source in ("gap", "alignment", "indicator", "maturity"):
        with count_statements() as statements:
            assert reader.get(loop.at("/findings"), query_string={"source": source}).status_code == 200
        assert len(statements) <= 10, (source, len(statements), statements)
