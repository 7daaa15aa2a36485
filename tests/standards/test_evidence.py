"""Experts, interviews, and the two rounds of a Delphi study as they change a draft."""

from datetime import date
from decimal import Decimal

import pytest

from tests.factories import NOW
from tests.standards.conftest import LATER, actor, facts, fresh
from trainmgr.kernel.errors import RuleBroken
from trainmgr.standards import actions, delphi, experts, interviews, queries, tasks
from trainmgr.standards.content import content_of
from trainmgr.standards.experts import ExpertFacts
from trainmgr.standards.interviews import InterviewFacts
from trainmgr.standards.rules import TaskKind, TaskVoice
from trainmgr.standards.scoring import Subject, Verdict
from trainmgr.standards.tasks import TaskFacts

LIMITS = {"least_mean": Decimal("3.5"), "most_variation": Decimal("0.25"), "least_full": Decimal("0.2")}


@pytest.fixture
def panel(session, people):
    """Three experts of the pool who are asked about the draft, which has three competencies."""
    by = actor(people.staff)
    made = [
        experts.create_expert(
            people.world.college.id, ExpertFacts(name, "庆铃", occupation="汽车装调工"), by=by, now=NOW
        )
        for name in ("甲", "乙", "丙")
    ]
    standard = fresh(people.id, people.staff)
    for name in ("故障诊断", "读图", "泡茶"):
        actions.create_competency(standard, facts(name), by=by, now=NOW)
    delphi.set_panel(standard, [one.id for one in made], by=by, now=NOW)
    session.commit()
    return made


def rate_all(standard, number, table, people, panel):
    one = next(r for r in delphi.rounds_of(queries.draft_of(standard)) if r.number == number)
    said = {
        expert.id: {item.id: score for item, score in zip(one.items, scores, strict=True)}
        for expert, scores in zip(panel, table, strict=True)
    }
    delphi.rate(standard, number, said, by=actor(people.staff), now=LATER)


def test_two_rounds_keep_ask_again_and_drop(session, people, panel):
    standard, by = fresh(people.id, people.staff), actor(people.staff)
    delphi.open_round(standard, Subject.COMPETENCIES, LIMITS, by=by, now=LATER)
    rate_all(standard, 1, [[5, 4, 1], [5, 3, 1], [4, 4, 3]], people, panel)

    first = delphi.rounds_of(queries.draft_of(standard))[0]
    assert [item.verdict for item in first.items] == [Verdict.KEEP, Verdict.AGAIN, Verdict.DROP]
    assert first.raters == 3
    assert first.w > 0.7

    delphi.close_round(standard, 1, by=by, now=LATER)
    second = delphi.open_round(standard, Subject.COMPETENCIES, LIMITS, by=by, now=LATER)
    assert [item.name for item in second.items] == ["故障诊断", "读图"]

    rate_all(standard, 2, [[5, 5], [5, 4], [5, 4]], people, panel)
    delphi.close_round(standard, 2, by=by, now=LATER)
    assert delphi.apply_rounds(standard, by=by, now=LATER) == 1
    names = [one.name for one in actions.competencies_in(queries.draft_of(standard))]
    assert names == ["故障诊断", "读图"]


def test_an_expert_who_left_something_out_does_not_count_for_agreement(session, people, panel):
    standard, by = fresh(people.id, people.staff), actor(people.staff)
    one = delphi.open_round(standard, Subject.COMPETENCIES, LIMITS, by=by, now=LATER)
    rate_all(standard, 1, [[5, 4, 1], [5, 3, 1], [4, 4, 3]], people, panel)
    delphi.rate(standard, 1, {panel[0].id: {one.items[0].id: 5}}, by=by, now=LATER)

    session.refresh(one)
    assert one.raters == 2
    assert one.items[1].raters == 2


def test_a_round_is_not_closed_before_enough_experts_rated_everything(session, people, panel):
    standard, by = fresh(people.id, people.staff), actor(people.staff)
    delphi.open_round(standard, Subject.COMPETENCIES, LIMITS, by=by, now=LATER)

    with pytest.raises(RuleBroken):
        delphi.close_round(standard, 1, by=by, now=LATER)


def test_a_closed_round_takes_no_more_ratings(session, people, panel):
    standard, by = fresh(people.id, people.staff), actor(people.staff)
    delphi.open_round(standard, Subject.COMPETENCIES, LIMITS, by=by, now=LATER)
    rate_all(standard, 1, [[5, 4, 1], [5, 3, 1], [4, 4, 3]], people, panel)
    delphi.close_round(standard, 1, by=by, now=LATER)

    with pytest.raises(RuleBroken):
        rate_all(standard, 1, [[1, 1, 1]] * 3, people, panel)


def test_a_round_needs_three_experts(session, people, panel):
    standard, by = fresh(people.id, people.staff), actor(people.staff)
    delphi.set_panel(standard, [panel[0].id], by=by, now=LATER)

    with pytest.raises(RuleBroken):
        delphi.open_round(standard, Subject.COMPETENCIES, LIMITS, by=by, now=LATER)


def test_other_thresholds_judge_every_item_anew(session, people, panel):
    standard, by = fresh(people.id, people.staff), actor(people.staff)
    one = delphi.open_round(standard, Subject.COMPETENCIES, LIMITS, by=by, now=LATER)
    rate_all(standard, 1, [[5, 4, 1], [5, 3, 1], [4, 4, 3]], people, panel)
    easy = {"least_mean": Decimal(1), "most_variation": Decimal(1), "least_full": Decimal(0)}

    delphi.set_limits(standard, 1, easy, by=by, now=LATER)

    session.refresh(one)
    assert {item.verdict for item in one.items} == {Verdict.KEEP}


def test_interviews_choose_the_typical_tasks_by_the_thresholds(session, people, panel):
    standard, by = fresh(people.id, people.staff), actor(people.staff)
    hard = tasks.create_task(standard, TaskKind.REPRESENTATIVE, TaskFacts("排故"), by=by, now=NOW)
    easy = tasks.create_task(standard, TaskKind.REPRESENTATIVE, TaskFacts("扫地"), by=by, now=NOW)
    for expert in panel[:2]:
        said = {hard.id: TaskVoice(4, 5, 3), easy.id: TaskVoice(1, 2, 5)}
        interviews.create_interview(
            standard, InterviewFacts(expert.id, date(2026, 11, 1), voices=said), by=by, now=NOW
        )

    made = tasks.choose_typical(standard, by=by, now=LATER)
    again = tasks.choose_typical(standard, by=by, now=LATER)

    assert [one.name for one in made] == ["排故"]
    assert again == []
    assert content_of(queries.draft_of(standard)).sources == {made[0].id: [hard.id]}


def test_one_expert_gives_one_interview_a_day(session, people, panel):
    standard, by = fresh(people.id, people.staff), actor(people.staff)
    wanted = InterviewFacts(panel[0].id, date(2026, 11, 1), new_tasks=["换胎", "换胎"])
    interviews.create_interview(standard, wanted, by=by, now=NOW)

    with pytest.raises(RuleBroken):
        interviews.create_interview(standard, wanted, by=by, now=NOW)
    told = content_of(queries.draft_of(standard)).of_kind(TaskKind.REPRESENTATIVE)
    assert [one.name for one in told] == ["换胎"]
