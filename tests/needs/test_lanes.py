"""The two lanes of six steps, business needs, figures by month, weights by consent, levels from standards and tests."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest
import sqlalchemy as sa
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy.orm import joinedload

from tests.factories import NOW, keep
from tests.needs.conftest import actor, facts, fresh
from trainmgr.kernel.db import db
from trainmgr.kernel.errors import RuleBroken
from trainmgr.kernel.sheets import Sheet, read_records
from trainmgr.needs import actions, adopting, business, imports, lanes, ratings, weights
from trainmgr.needs.freezing import sign
from trainmgr.needs.models import LaneProduct, LevelSource, SeriesRule
from trainmgr.needs.queries import analysis_of, competencies_of, indicators_of, progress_of
from trainmgr.needs.ratings import RatingFacts
from trainmgr.needs.reproducing import reproduce
from trainmgr.needs.rules import LaneStep, figure_of, ranked_discrepancy
from trainmgr.needs.sheets import COLUMNS, SheetKind, understand
from trainmgr.programs.rules import Side
from trainmgr.standards.models import JobStandard, StandardCompetency, StandardVersion, VersionCompetency
from trainmgr.standards.rules import VersionState


def url(program, tail=""):
    return f"/programs/{program.id}/needs{tail}"


def done_steps(program):
    return {step for step, product in lanes.products_of(program.id).items() if product.done}


# --- rules ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("below", "above", "people", "score"),
    [(0, 0, 0, None), (8, 0, 8, -100), (0, 8, 8, 100), (3, 1, 8, -25), (2, 2, 8, 0), (0, 0, 8, 0)],
)
def test_the_ranked_discrepancy_counts_who_lies_above_minus_who_lies_below(below, above, people, score):
    assert ranked_discrepancy(below, above, people) == score


def test_more_people_below_and_above_than_there_are_is_refused():
    with pytest.raises(ValueError, match="of 4"):
        ranked_discrepancy(3, 2, 4)


@given(below=st.integers(0, 500), above=st.integers(0, 500), equal=st.integers(0, 500))
def test_the_ranked_discrepancy_stays_within_its_range_and_turns_with_its_sides(below, above, equal):
    people = below + above + equal
    score = ranked_discrepancy(below, above, people)
    if people == 0:
        assert score is None
        return
    assert -100 <= score <= 100
    assert ranked_discrepancy(above, below, people) == pytest.approx(-score)


MONTHS = {date(2025, month, 1): Decimal(month) for month in range(1, 13)} | {date(2026, 1, 1): Decimal(13)}


@pytest.mark.parametrize(
    ("rule", "months", "figure"),
    [
        (SeriesRule.TYPED, MONTHS, None),
        (SeriesRule.LATEST, {}, None),
        (SeriesRule.LATEST, MONTHS, Decimal(13)),
        (SeriesRule.SUM, MONTHS, Decimal(90)),  # 2 + 3 + … + 13: the last twelve
        (SeriesRule.MEAN, MONTHS, Decimal("7.5")),
        (SeriesRule.MEAN, {date(2026, 3, 1): Decimal(4)}, Decimal(4)),
    ],
)
def test_the_current_figure_follows_from_the_months(rule, months, figure):
    assert figure_of(rule, months) == figure


# --- lanes ----------------------------------------------------------------------------------------


def test_a_step_is_done_when_its_product_is_there(ready, world):
    with world.inside():
        assert done_steps(ready.program) == {LaneStep.EXPECTED, LaneStep.CURRENT, LaneStep.GAP}
        program, by = fresh(ready.program), actor(ready.coordinator)
        business.create_need(program, "降低返修", "质量报告", by=by, now=NOW)
        assert LaneStep.BUSINESS_NEED in done_steps(program)
        business.remove_need(program, business.needs_of(program.id)[0], by=by, now=NOW)
        assert LaneStep.BUSINESS_NEED not in done_steps(program)


def test_signing_settles_priorities_and_key_shortfalls(ready, world):
    with world.inside():
        program = fresh(ready.program)
        sign(program, side=Side.COLLEGE, by=actor(ready.staff), now=NOW)
        assert LaneStep.PRIORITIES not in done_steps(program)
        sign(program, side=Side.ENTERPRISE, by=actor(ready.coordinator), now=NOW)
        assert {LaneStep.PRIORITIES, LaneStep.SHORTFALLS} <= done_steps(program)
        assert lanes.products_of(program.id)[LaneStep.PRIORITIES].done_at == NOW


def test_the_page_names_twelve_steps_and_what_each_has_made(ready, signed_in, count_statements):
    browser = signed_in(ready.staff)
    browser.get(url(ready.program))
    with count_statements() as statements:
        page = browser.get(url(ready.program))
    assert page.text.count('class="lane-step') == 12
    assert "levels typed in, not tested" in page.text or "水平为手工填写，未测评" in page.text
    assert len(statements) <= 10


def test_an_analysis_from_before_the_lanes_shows_its_products_too(ready, world, signed_in):
    with world.inside():
        program = fresh(ready.program)
        sign(program, side=Side.COLLEGE, by=actor(ready.staff), now=NOW)
        sign(program, side=Side.ENTERPRISE, by=actor(ready.coordinator), now=NOW)
        db.session.execute(sa.delete(LaneProduct))
        db.session.commit()
    page = signed_in(ready.staff).get(url(ready.program)).text
    assert page.count('lane-step is-done"') == 5  # expected, current, gap; and what both sides settled


def test_a_step_that_nobody_speaks_of_leads_nowhere(ready, world):
    with world.inside():
        assert lanes.products_of(ready.program.id)[LaneStep.INSTRUMENT].endpoint == ""


def test_who_answers_for_a_step_is_named_on_both_sides_and_late_steps_say_so(ready, signed_in):
    browser = signed_in(ready.staff)
    form = browser.get(url(ready.program, "/steps/benchmark"))
    assert ready.coordinator.name in form.text
    typed = {
        "college": ready.staff.id,
        "enterprise": ready.coordinator.id,
        "due_on": "2026-11-01",
        "version": 1,
    }
    assert browser.post(url(ready.program, "/steps/benchmark"), data=typed).status_code == 302
    page = browser.get(url(ready.program)).text
    assert ready.coordinator.name in page
    assert "已逾期" in page
    assert browser.post(url(ready.program, "/steps/benchmark"), data=typed).status_code == 409


def test_a_step_owner_is_somebody_of_the_parties(ready, signed_in, world):
    stranger = world.user(organization=world.organization())
    browser = signed_in(ready.staff)
    typed = {"college": stranger.id, "enterprise": 0, "version": 1}
    assert browser.post(url(ready.program, "/steps/gap"), data=typed).status_code == 422
    assert browser.get(url(ready.program, "/steps/nonsense")).status_code == 404


def test_a_coordinator_answers_for_the_enterprise_lane_only(ready, signed_in):
    browser = signed_in(ready.coordinator)
    assert browser.get(url(ready.program, "/steps/gap")).status_code == 200
    assert browser.get(url(ready.program, "/steps/test")).status_code == 403


# --- business needs and months --------------------------------------------------------------------


def test_the_enterprise_names_words_anew_and_removes_what_it_needs(ready, signed_in, world):
    browser = signed_in(ready.coordinator)
    assert browser.post(url(ready.program, "/business-needs"), data={"text": " "}).status_code == 422
    assert browser.post(url(ready.program, "/business-needs"), data={"text": "降低返修"}).status_code == 302
    with world.inside():
        need = business.needs_of(ready.program.id)[0]
        key = need.id
    address = url(ready.program, f"/business-needs/{key}")
    assert browser.post(address, data={"text": "少返修", "version": "1"}).status_code == 302
    assert browser.post(address, data={"text": "更少", "version": "1"}).status_code == 409
    assert "少返修" in browser.get(url(ready.program, "/edit")).text
    assert browser.post(address, data={"then": "remove"}).status_code == 302
    assert browser.get(address).status_code == 404


def test_months_are_pasted_and_the_current_figure_follows(ready, signed_in, shown):
    browser, indicator = signed_in(ready.coordinator), shown.indicators[0]
    address = url(ready.program, f"/indicators/{indicator.id}/months")
    typed = {"rule": "mean", "months": "2026-01\t40\n2026年2月 44\n２０２６-03, 48"}
    assert browser.post(address, data=typed).status_code == 302
    assert shown.indicators[0].current == 44
    assert "2026-02" in browser.get(address).text
    assert browser.post(address, data={"rule": "latest", "months": "2026-01 40"}).status_code == 302
    assert shown.indicators[0].current == 40


@pytest.mark.parametrize(
    ("months", "said"),
    [
        ("2026-13 40", "第 1 行"),
        ("2026-01 40\n2026-01 41", "第 2 行"),
        ("2026-01 many", "many"),
        ("2026-01 1e999", "1e999"),
        ("", "手工填写"),
    ],
)
def test_a_line_that_is_no_month_is_named_and_kept(ready, signed_in, shown, months, said):
    browser, indicator = signed_in(ready.coordinator), shown.indicators[0]
    address = url(ready.program, f"/indicators/{indicator.id}/months")
    answer = browser.post(address, data={"rule": "mean", "months": months})
    assert answer.status_code == 422
    assert said in answer.text
    assert months.split("\n")[0] in answer.text
    assert shown.indicators[0].current == 46


# --- weights --------------------------------------------------------------------------------------


def test_other_weights_hold_once_the_other_side_agrees(ready, signed_in, shown):
    staff, coordinator = signed_in(ready.staff), signed_in(ready.coordinator)
    typed = {
        "post": "装调工",
        "trainee_weight": "0",
        "reason": "以业务为先",
        "priority_count": "1",
        "version": str(shown.analysis.version),
    }
    assert staff.post(url(ready.program, "/settings"), data=typed).status_code == 302
    assert shown.analysis.trainee_weight == 60
    assert "以业务为先" in coordinator.get(url(ready.program, "/weights")).text
    assert coordinator.post(url(ready.program, "/weights"), data={"answer": "accept"}).status_code == 302
    assert shown.analysis.trainee_weight == 0
    assert [(c.name, c.score) for c in shown.competencies] == [("故障诊断", 100), ("读图", 0)]
    assert coordinator.post(url(ready.program, "/weights"), data={"answer": "accept"}).status_code == 409


def test_who_refuses_says_why_and_the_weights_stay(ready, signed_in, shown, world):
    with world.inside():
        program, by = fresh(ready.program), actor(ready.staff)
        weights.propose(program, 80, side=Side.COLLEGE, reason="", by=by, now=NOW)
        db.session.commit()
    coordinator = signed_in(ready.coordinator)
    assert coordinator.post(url(ready.program, "/weights"), data={"answer": "refuse"}).status_code == 422
    answer = {"answer": "refuse", "reason": "现场更急"}
    assert coordinator.post(url(ready.program, "/weights"), data=answer).status_code == 302
    assert shown.analysis.trainee_weight == 60


def test_nobody_agrees_to_the_own_sides_proposal_but_may_take_it_back(ready, signed_in, world):
    with world.inside():
        weights.propose(
            fresh(ready.program), 80, side=Side.COLLEGE, reason="", by=actor(ready.staff), now=NOW
        )
        db.session.commit()
    staff = signed_in(ready.staff)
    assert staff.post(url(ready.program, "/weights"), data={"answer": "accept"}).status_code == 409
    assert staff.post(url(ready.program, "/weights"), data={"then": "withdraw"}).status_code == 302
    with world.inside():
        assert weights.find_open(ready.program.id) is None


def test_an_open_proposal_keeps_the_analysis_from_being_signed(ready, world):
    with world.inside():
        program, by = fresh(ready.program), actor(ready.staff)
        weights.propose(program, 80, side=Side.COLLEGE, reason="", by=by, now=NOW)
        with pytest.raises(RuleBroken):
            sign(program, side=Side.COLLEGE, by=by, now=NOW)


# --- job standards and tests ----------------------------------------------------------------------


def fresh_version(version):
    return db.session.get_one(StandardVersion, version.id, options=[joinedload(StandardVersion.standard)])


@pytest.fixture
def version(ready, world):
    """A published job standard of the two parties with two competencies, one of which the analysis has already."""
    with world.app.app_context():
        standard = keep(
            JobStandard(
                college_id=world.college.id,
                enterprise_id=world.enterprise.id,
                code="QL-1",
                post="发动机装调工",
                created_by_id=ready.staff.id,
                created_at=NOW,
            )
        )
        made = keep(
            StandardVersion(standard_id=standard.id, number=1, created_by_id=ready.staff.id, created_at=NOW)
        )
        for position, name in enumerate(("故障诊断", "缸盖装配"), start=1):
            identity = keep(StandardCompetency(standard_id=standard.id))
            keep(
                VersionCompetency(
                    version_id=made.id,
                    competency_id=identity.id,
                    position=position,
                    name=name,
                    importance=Decimal(5),
                    required_level=Decimal("4.5"),
                )
            )
        db.session.get_one(StandardVersion, made.id).state = VersionState.PUBLISHED
        db.session.commit()
        return made


def test_a_published_standard_brings_its_competencies_without_inventing_levels(
    ready, signed_in, shown, version
):
    browser = signed_in(ready.staff)
    assert "发动机装调工" in browser.get(url(ready.program, "/standards")).text
    assert browser.post(url(ready.program, "/standards"), data={"version_id": version.id}).status_code == 302
    known, new = shown.named("故障诊断"), shown.named("缸盖装配")
    assert (known.required_level, known.current_level, known.level_source) == (
        Decimal("4.50"),
        2,
        LevelSource.TYPED,
    )
    assert (new.level_source, new.is_priority, new.standard_competency_id is not None) == (
        LevelSource.NONE,
        False,
        True,
    )
    with shown.app.app_context():
        assert LaneStep.STANDARD in done_steps(ready.program)
        assert progress_of(ready.program.id).unmeasured == 1
    drawn = browser.get(url(ready.program)).text.partition('class="chart"')[2].partition("</svg>")[0]
    assert "故障诊断" in drawn
    assert "缸盖装配" not in drawn
    browser.post(url(ready.program, "/standards"), data={"version_id": version.id})
    assert len(shown.competencies) == 3
    assert browser.post(url(ready.program, "/standards"), data={"version_id": "77"}).status_code == 404


def test_levels_from_a_test_outrank_what_was_said_and_count_who_lies_below(ready, world, version):
    with world.inside():
        program, by = fresh(ready.program), actor(ready.staff)
        adopting.adopt(program, fresh_version(version), by=by, now=NOW)
        first = next(c for c in competencies_of(program.id) if c.name == "故障诊断")
        said = [RatingFacts(first.id, f"R{n}", Decimal(4), Decimal(3)) for n in range(6)]
        ratings.rate(program, said, by=by, now=NOW)
        assert (first.level_source, first.current_level, first.below) == (LevelSource.RATED, 3, 6)

        level = adopting.TestedLevel(mean=2.5, people=40, below=30, above=4)
        taken = adopting.take_test(
            program, {first.standard_competency_id: level, 999: level}, test="入门测评", by=by, now=NOW
        )
        ratings.rate(program, [RatingFacts(first.id, "R9", Decimal(5), Decimal(5))], by=by, now=NOW)

        assert taken == 1
        assert (first.level_source, first.current_level, first.respondents) == (
            LevelSource.TESTED,
            Decimal("2.50"),
            40,
        )
        assert first.trainee_score == pytest.approx((4.5 - 2.5) * float(4 * 6 + 5) / 7, abs=1e-3)
        assert LaneStep.TEST in done_steps(program)
        assert progress_of(program.id).weak == 1


def test_a_typed_level_makes_a_competency_of_a_standard_measured(ready, world, version):
    with world.inside():
        program, by = fresh(ready.program), actor(ready.staff)
        adopting.adopt(program, fresh_version(version), by=by, now=NOW)
        new = next(c for c in competencies_of(program.id) if c.name == "缸盖装配")
        actions.update_competency(program, new, facts("缸盖装配", "5", "4.5", "3"), by=by, now=NOW)
        assert new.level_source is LevelSource.TYPED
        assert progress_of(program.id).unmeasured == 0


def test_a_spreadsheet_of_months_goes_in_and_twice_changes_nothing(ready, world, signed_in, shown):
    name = shown.indicators[0].name
    rows = [
        ["停机时间", "2026-01", "40"],
        ["停机时间", "2026-02-01", "42"],
        ["别的", "2026-01", "1"],
        [name, "x", "1"],
    ]
    with world.inside():
        program, by = fresh(ready.program), actor(ready.coordinator)
        sheet = Sheet(
            columns=[str(column.label) for column in COLUMNS[SheetKind.SERIES]],
            rows=rows,
            numbers=list(range(2, 2 + len(rows))),
        )
        things = imports.things_named_in(program, SheetKind.SERIES)
        read = lambda: understand(SheetKind.SERIES, read_records(sheet, COLUMNS[SheetKind.SERIES]), things)  # noqa: E731
        first = imports.write(program, SheetKind.SERIES, read(), by=by, now=NOW)
        second = imports.write(program, SheetKind.SERIES, read(), by=by, now=NOW)
        assert (first["new"], first["wrong"], second["new"], second["same"]) == (2, 2, 0, 2)
        assert indicators_of(program.id)[0].current == 41
        assert analysis_of(program.id) is not None


# --- the same list again --------------------------------------------------------------------------


def test_the_signed_list_comes_out_again_from_the_signed_document_alone(ready, world):
    with world.inside():
        program = fresh(ready.program)
        first = competencies_of(program.id)[0]
        said = [RatingFacts(first.id, f"R{n}", Decimal(4 + n % 2), Decimal(2 + n % 3)) for n in range(7)]
        ratings.rate(program, said, by=actor(ready.staff), now=NOW)
        sign(program, side=Side.COLLEGE, by=actor(ready.staff), now=NOW)
        sign(program, side=Side.ENTERPRISE, by=actor(ready.coordinator), now=NOW)
        document = analysis_of(program.id).frozen_document

        assert reproduce(document).agrees
        document["competencies"][0]["score"] = "12.0000"
        assert not reproduce(document).agrees
        document["competencies"][0]["rank"] = 2
        assert reproduce(document).moved == (document["competencies"][0]["name"],)
