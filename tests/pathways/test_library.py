"""The library says what the cases say, completely and in both languages."""

import dataclasses
import re

import pytest

from trainmgr.pathways import rules
from trainmgr.pathways.library import library_text, load_library
from trainmgr.pathways.rules import (
    THREE,
    Layer,
    Level,
    Metric,
    PracticeLevel,
    Role,
    Severity,
    Text,
    Unit,
    Venue,
)

SLUGS = [
    "zhanlan", "wujin-four-layer", "five-dimension", "work-learning-integration", "eight-stage", "funa",
    "five-level-practice",
]  # fmt: skip
FROM_STAGES = {
    Metric.TOTAL_HOURS, Metric.PRACTICE_RATIO, Metric.ENTERPRISE_TAUGHT_RATIO, Metric.ENTERPRISE_WEEKS,
    Metric.LAYER_COUNT, Metric.PRACTICE_LEVEL_COUNT,
}  # fmt: skip


def texts_in(value):
    if isinstance(value, Text):
        yield value
    elif dataclasses.is_dataclass(value):
        for field in dataclasses.fields(value):
            yield from texts_in(getattr(value, field.name))
    elif isinstance(value, tuple):
        for item in value:
            yield from texts_in(item)


@pytest.fixture(params=SLUGS)
def pathway(request):
    return load_library()[request.param]


def test_the_library_holds_the_seven_models_in_the_order_of_the_cases():
    assert list(load_library()) == SLUGS


def test_changing_the_answer_does_not_change_the_library():
    load_library().clear()

    assert list(load_library()) == SLUGS


def test_each_text_is_there_in_chinese_and_english(pathway):
    for text in texts_in(pathway):
        if text.zh or text.en:
            assert re.search("[\u4e00-\u9fff]", text.zh), text
            assert text.en, text
            assert not re.search("[\u4e00-\u9fff]", text.en), text
    assert pathway.summary.zh
    assert all(criterion.hint.zh for criterion in pathway.evaluation.criteria)


def test_each_names_its_cases_and_is_written_as_the_program_would_write_it(pathway):
    text = library_text(pathway.slug)

    assert pathway.sources
    assert text.endswith("\n\n" + rules.dump(pathway))


def test_each_meets_its_own_checks_as_far_as_stages_tell(pathway):
    metrics = rules.planned_metrics(pathway)

    results = [
        result
        for result in rules.evaluate_checks(pathway.checks, metrics)
        if result.check.metric in FROM_STAGES
    ]

    assert results
    assert all(result.passed for result in results), results


def test_each_wants_every_priority_covered_before_signing(pathway):
    priority = next(check for check in pathway.checks if check.metric is Metric.PRIORITY_COVERAGE)

    assert (priority.limits, priority.severity) == ((100.0,), Severity.BLOCK)


def test_each_has_three_parties_four_levels_and_eight_to_twelve_criteria(pathway):
    plan = pathway.evaluation

    assert [level.level for level in plan.levels] == list(Level)
    assert sum(plan.party_weights().values()) == pytest.approx(100)
    assert all(weight > 0 for weight in plan.party_weights().values())
    assert 8 <= len(plan.criteria) <= 12
    assert all(plan.criteria_for(party) for party in THREE)
    last = [window for window in plan.windows if window.kind != "follow_up"][-1]
    assert last.kind == "terminal"
    assert max(last.stages) == max(n for n, stage in enumerate(pathway.stages, 1) if not stage.remedial)
    for criterion in plan.criteria:
        assert len(plan.scale(criterion.anchors).words) == 5


def test_each_needs_a_teacher_a_mentor_and_a_coordinator(pathway):
    roles = {need.role for need in pathway.roles}

    assert {Role.STAFF, Role.SCHOOL_TEACHER, Role.ENTERPRISE_MENTOR, Role.ENTERPRISE_COORDINATOR} <= roles


def test_every_kind_of_programme_finds_a_pathway():
    offered = {kind for pathway in load_library().values() for kind in pathway.kinds}

    assert offered == set(rules.ProgramKind)


def test_the_eight_stages_alternate_and_last_92_weeks():
    stages = load_library()["eight-stage"].stages

    assert [stage.venue for stage in stages] == [Venue.SCHOOL, Venue.ENTERPRISE] * 4
    assert [stage.length for stage in stages] == [16, 2, 18, 8, 12, 24, 10, 2]
    assert load_library()["eight-stage"].hours == 1312


def test_funa_goes_three_months_out_three_months_back_and_six_months_into_the_post():
    stages = load_library()["funa"].stages

    assert all(stage.unit is Unit.MONTH for stage in stages)
    assert [stage.length for stage in stages if stage.venue is Venue.ENTERPRISE] == [3, 6]
    assert stages[2].length == 3
    assert stages[2].gate.kind == "certificate"
    assert stages[-1].gate.kind == "confirmation"


def test_zhanlan_has_seven_and_five_two_classes_and_changing_masters():
    zhanlan = load_library()["zhanlan"]
    limits = {check.metric: check.limits for check in zhanlan.checks}

    assert limits[Metric.TEACHER_COUNT_COLLEGE] == (7,)
    assert limits[Metric.TEACHER_COUNT_ENTERPRISE] == (5,)
    assert limits[Metric.JOINT_MODULE_COUNT] == (9,)
    assert zhanlan.cohort.classes == 2
    assert zhanlan.cohort.rotate_mentors
    assert {Role.COLLEGE_COUNSELLOR, Role.ENTERPRISE_COUNSELLOR} <= {need.role for need in zhanlan.roles}


def test_the_five_dimensions_end_in_the_remedial_loop():
    stages = load_library()["five-dimension"].stages

    assert [stage.remedial for stage in stages] == [False] * 4 + [True]
    assert all(stage.gate for stage in stages)


def test_four_layers_and_five_practice_levels_climb_in_order():
    assert [stage.layer for stage in load_library()["wujin-four-layer"].stages] == list(Layer)
    assert [stage.practice_level for stage in load_library()["five-level-practice"].stages] == list(
        PracticeLevel
    )


def test_a_ratio_of_mentors_rounds_up():
    mentor = next(n for n in load_library()["eight-stage"].roles if n.role is Role.ENTERPRISE_MENTOR)

    assert [mentor.needed_for(count) for count in (0, 6, 13, 38)] == [2, 2, 3, 7]
