"""The evaluation by a third party: index systems, scoring with evidence within its days, submitted once."""

import io
from datetime import UTC, datetime, time, timedelta
from types import SimpleNamespace
from zoneinfo import ZoneInfo

import pytest

from tests.factories import NOW, TODAY
from tests.quality.conftest import YEAR
from trainmgr.kernel.access import Role
from trainmgr.outcomes.rules import PassKind
from trainmgr.programs.models import Due, ProgramPerson
from trainmgr.quality import maturity
from trainmgr.quality.maturity_models import (
    MaturityEvaluation,
    MaturityFinding,
    MaturityIndex,
    MaturityScore,
    MaturityTree,
)

CHINA = ZoneInfo("Asia/Shanghai")


@pytest.fixture
def asked(house):
    """An evaluation that an outside assessor was asked for, from today on for three days."""
    assessor = house.world.user(Role.OUTSIDE_ASSESSOR)
    house.post(house.staff, "/quality/maturity/systems", name="成熟度 2026", copy_of="")
    (tree,) = house.all(MaturityTree)
    house.post(house.staff, f"/quality/maturity/systems/{tree.id}/release")
    typed = {
        "title": "第三方评价",
        "target_year": str(YEAR),
        "tree": str(tree.id),
        "assessor": str(assessor.id),
        "programs": [str(house.program.id)],
        "opens_on": TODAY.isoformat(),
        "closes_on": (TODAY + timedelta(days=3)).isoformat(),
    }
    assert house.post(house.staff, "/quality/maturity", **typed).status_code == 302
    (evaluation,) = house.all(MaturityEvaluation)
    own = [one for one in house.all(MaturityIndex, tree_id=tree.id) if not one.is_quantitative]
    return SimpleNamespace(assessor=assessor, tree=tree, typed=typed, id=evaluation.id, own=own,
                           path=f"/quality/maturity/{evaluation.id}")  # fmt: skip


def _on(house, days):
    house.world.app.config["CLOCK"] = lambda: NOW + timedelta(days=days)


def _score_all(house, asked, level=4):
    for index in asked.own:
        answer = house.post(
            asked.assessor, f"{asked.path}/indices/{index.id}", level=str(level), note="查阅协议"
        )
        assert answer.status_code == 302


def test_an_index_system_is_released_only_with_weights_of_a_hundred_and_then_stays(house):
    house.post(house.staff, "/quality/maturity/systems", name="成熟度", copy_of="")
    (tree,) = house.all(MaturityTree)
    path = f"/quality/maturity/systems/{tree.id}"
    first = house.all(MaturityIndex, tree_id=tree.id)[0]
    assert house.post(house.staff, f"{path}/indices/{first.id}/remove").status_code == 302
    assert house.post(house.staff, f"{path}/release").status_code == 409

    typed = {"dimension": "results", "kind": "quantitative", "name": "合格率", "meaning": "合格", "weight": "10",
             "indicator": "pass_rate"} | {f"words-{n}-zh": f"第 {n + 1} 级" for n in range(5)}  # fmt: skip
    limits = {f"limits-{n}": str(value) for n, value in enumerate((0.5, 0.6, 0.8, 0.9))}
    assert (
        house.post(house.staff, f"{path}/indices", **typed, **limits | {"limits-3": "0.1"}).status_code == 409
    )
    assert (
        house.post(house.staff, f"{path}/indices", **(typed | limits | {"indicator": "x"})).status_code == 422
    )
    assert house.post(house.staff, f"{path}/indices", **typed, **limits).status_code == 302
    assert house.post(house.staff, f"{path}/release").status_code == 302

    assert house.post(house.staff, f"{path}/indices", **typed, **limits).status_code == 409
    assert house.post(house.staff, f"{path}/indices/{first.id + 1}/remove").status_code == 409
    assert "已发布" in house.text(house.staff, path)
    assert (
        house.post(house.staff, "/quality/maturity/systems", name="成熟度", copy_of=str(tree.id)).status_code
        == 409
    )


def test_an_index_may_follow_from_an_indicator_that_holds_from_today(house):
    house.world.app.config["CLOCK"] = lambda: datetime.combine(TODAY, time(7), CHINA).astimezone(UTC)
    typed = {"measure": "pass_rate", "name": "新指标", "definition": "合格 ÷ 认定", "source": "结果认定",
             "decimals": "1", "unit_name": "%", "group": "quality", "better": "higher", "audience": "college",
             "weight": "1", "position": "1", "active": "y", "reason": "新口径",
             "valid_from": TODAY.isoformat()}  # fmt: skip
    assert house.post(house.staff, "/quality/indicators", **typed).status_code == 302
    house.post(house.staff, "/quality/maturity/systems", name="成熟度", copy_of="")
    (tree,) = house.all(MaturityTree)

    index = {"dimension": "results", "kind": "quantitative", "name": "合格率", "meaning": "合格", "weight": "10",
             "indicator": "own_1"} | {f"words-{n}-zh": f"第 {n + 1} 级" for n in range(5)}  # fmt: skip
    limits = {f"limits-{n}": str(value) for n, value in enumerate((0.5, 0.6, 0.8, 0.9))}
    path = f"/quality/maturity/systems/{tree.id}/indices"
    assert house.post(house.staff, path, **index, **limits).status_code == 302


def test_the_assessor_reads_the_named_programmes_on_the_days_named(house, asked):
    program = f"/programs/{house.program.id}"
    other = house.world.program()

    for days, status in ((-1, 404), (0, 200), (3, 200), (4, 404)):
        _on(house, days)
        house.text(asked.assessor, program, status)
        house.text(asked.assessor, f"/quality/?kind=program&id={house.program.id}", status)
    _on(house, 0)
    house.text(asked.assessor, f"/programs/{other.id}", 404)
    house.text(house.world.user(Role.OUTSIDE_ASSESSOR), asked.path, 404)


def test_indices_are_scored_with_evidence_and_submitted_once(house, asked):
    house.pass_on(house.named[0])
    assert [due.due_on for due in house.all(Due, code="maturity-assess")] == [TODAY + timedelta(days=3)]
    index = asked.own[0]
    form = f"{asked.path}/indices/{index.id}"
    assert house.post(asked.assessor, form, level="6", note="看过").status_code == 422
    assert house.post(asked.assessor, form, level="3", note="").status_code == 422
    assert house.post(asked.assessor, f"{asked.path}/submit", summary="总体良好").status_code == 409
    _score_all(house, asked)
    proof = {"level": "5", "note": "附会议纪要", "file": (io.BytesIO(b"%PDF-1.4 minutes"), "minutes.pdf")}
    assert house.post(asked.assessor, form, **proof).status_code == 302
    house.post(asked.assessor, f"{asked.path}/findings", kind="weakness", index=str(index.id),
               program=str(house.program.id), text="企业导师流动大", advice="建立后备")  # fmt: skip

    assert house.post(asked.assessor, f"{asked.path}/submit", summary="总体良好").status_code == 302

    (evaluation,) = house.all(MaturityEvaluation)
    # 45% qualitative and 10% of the pass rate, enterprise hours and so on have no record
    assert (evaluation.covered, evaluation.level) == (55, pytest.approx((35 * 4 + 10 * 5 + 10 * 5) / 55))
    assert house.all(Due, code="maturity-assess") == []
    page = house.text(house.staff, asked.path)
    assert "企业导师流动大" in page
    assert "附会议纪要" in page
    with house.world.signed_in(house.staff).get(f"{form}/evidence") as answer:
        assert answer.data.startswith(b"%PDF")
    for path, data in (("/submit", {"summary": "再来"}), (f"/indices/{index.id}", {"level": "1", "note": "改"}),
                       ("/findings", {"kind": "strength", "text": "好"})):  # fmt: skip
        assert house.post(asked.assessor, asked.path + path, **data).status_code == 409


def test_what_was_submitted_cannot_be_changed_beside_the_actions_either(house, asked):
    _score_all(house, asked)
    house.post(asked.assessor, f"{asked.path}/submit", summary="总体良好")

    with house.world.inside() as session:
        session.query(MaturityScore).filter(MaturityScore.level.is_not(None)).first().level = 1
        with pytest.raises(AssertionError):
            session.flush()


def test_nobody_else_scores_and_not_on_other_days(house, asked):
    form = f"{asked.path}/indices/{asked.own[0].id}"
    assert house.post(house.staff, form, level="3", note="看过").status_code == 403
    assert (
        house.post(house.world.user(Role.OUTSIDE_ASSESSOR), form, level="3", note="看过").status_code == 404
    )
    for days in (-1, 4):
        _on(house, days)
        assert house.post(asked.assessor, form, level="3", note="看过").status_code == 409
    assert all(score.level is None for score in house.all(MaturityScore, index_id=asked.own[0].id))


def test_quantitative_levels_follow_from_figures_and_no_data_is_no_level(house, asked):
    scores = {score.index_id: score for score in house.all(MaturityScore)}
    counted = {
        one.indicator: scores[one.id]
        for one in house.all(MaturityIndex, tree_id=asked.tree.id)
        if one.indicator
    }
    assert counted["pass_rate"].level is None
    assert "暂无" in (page := house.text(house.staff, asked.path)) or "无数据" in page

    house.pass_on(house.named[0])
    house.pass_on(house.plain, PassKind.FAILED)
    _score_all(house, asked)
    house.post(asked.assessor, f"{asked.path}/submit", summary="总体良好")
    rate = next(score for score in house.all(MaturityScore) if score.denominator == 2)
    assert (rate.level, rate.value) == (1, 0.5)


def test_weaknesses_are_offered_to_improvement_only_once_submitted(house, asked):
    house.post(
        asked.assessor,
        f"{asked.path}/findings",
        kind="weakness",
        index="",
        program="",
        text="记录不全",
        advice="",
    )
    house.post(
        asked.assessor,
        f"{asked.path}/findings",
        kind="strength",
        index="",
        program="",
        text="协议完备",
        advice="",
    )

    def offered():
        with house.world.app.app_context():
            return [one.text for one in maturity.findings(house.world.college.id)]

    assert offered() == []
    _score_all(house, asked)
    house.post(asked.assessor, f"{asked.path}/submit", summary="总体良好")
    assert offered() == ["记录不全"]


def test_a_finding_is_taken_back_before_and_an_evaluation_called_off_with_a_reason(house, asked):
    house.post(
        asked.assessor,
        f"{asked.path}/findings",
        kind="weakness",
        index="",
        program="",
        text="误记",
        advice="",
    )
    (finding,) = house.all(MaturityFinding)
    assert house.post(asked.assessor, f"{asked.path}/findings/{finding.id}/remove").status_code == 302
    assert house.all(MaturityFinding) == []

    assert house.post(house.staff, f"{asked.path}/withdraw", reason="").status_code == 422
    assert house.post(asked.assessor, f"{asked.path}/withdraw", reason="x").status_code == 403
    assert house.post(house.staff, f"{asked.path}/withdraw", reason="改期").status_code == 302
    assert house.all(ProgramPerson, role=Role.OUTSIDE_ASSESSOR) == []
    house.text(asked.assessor, f"/programs/{house.program.id}", 404)
    assert house.post(house.staff, f"{asked.path}/withdraw", reason="再").status_code == 409


def test_calling_one_evaluation_off_leaves_the_programmes_open_to_the_other_of_the_same_days(house, asked):
    house.post(house.staff, "/quality/maturity", **asked.typed | {"title": "误发"})
    second = house.all(MaturityEvaluation)[-1]
    assert second.title == "误发"

    assert (
        house.post(house.staff, f"/quality/maturity/{second.id}/withdraw", reason="误发").status_code == 302
    )
    house.text(asked.assessor, f"/programs/{house.program.id}", 200)

    assert house.post(house.staff, f"{asked.path}/withdraw", reason="改期").status_code == 302
    house.text(asked.assessor, f"/programs/{house.program.id}", 404)


def test_evaluations_stand_in_the_order_asked_for_either_way(house, asked):
    later = {"title": "第二次评价", "opens_on": (TODAY + timedelta(days=1)).isoformat()}
    house.post(house.staff, "/quality/maturity", **asked.typed | later)

    def titles(query):
        page = house.text(house.staff, f"/quality/maturity{query}")
        return sorted(("第二次评价", "第三方评价"), key=page.index)

    assert titles("") == ["第二次评价", "第三方评价"]
    assert titles("?sort=begun&direction=desc") == ["第三方评价", "第二次评价"]
    for order in ("title", "level"):
        assert len(titles(f"?sort={order}&direction=desc")) == 2


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("title", ""),
        ("tree", "999"),
        ("assessor", "999"),
        ("programs", ["999"]),
        ("closes_on", "2020-01-01"),
        ("opens_on", ""),
    ],
)
def test_asking_wrongly_is_said_at_the_field(house, asked, field, value):
    assert house.post(house.staff, "/quality/maturity", **asked.typed | {field: value}).status_code == 422
    assert len(house.all(MaturityEvaluation)) == 1


@pytest.mark.once
def test_maturity_pages_keep_to_ten_statements(house, asked, count_statements):
    _score_all(house, asked)
    browser = house.world.signed_in(asked.assessor)
    counts = {}
    for path in ("/quality/maturity", asked.path, f"{asked.path}/indices/{asked.own[0].id}"):
        with count_statements() as statements:
            assert browser.get(path).status_code == 200
        counts[path] = len(statements)
    assert all(count <= 10 for count in counts.values()), counts
