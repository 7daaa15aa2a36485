"""Undo and redo of a draft: whatever the edit, what was there comes back, in order, and nobody's by accident."""

from __future__ import annotations

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.curriculum.test_rules import module
from tests.factories import NOW
from trainmgr.curriculum import actions, history, places, steps
from trainmgr.curriculum.models import EditionStep, PlanStage
from trainmgr.curriculum.rules import Plan, StageLine
from trainmgr.kernel.access import Role
from trainmgr.kernel.db import db
from trainmgr.kernel.errors import RuleBroken
from trainmgr.pathways.rules import Venue


@pytest.fixture
def desk(plans):
    """A begun plan and a way to edit it: each call is one request of its own."""
    plans.begin()

    class Desk:
        def __init__(self):
            self.plans, self.by = plans, plans.staff

        def do(self, act, *args, by=None, **options):
            with plans.world.inside():
                person = plans.person(by or self.by)
                result = act(plans.of(), plans.edition(), *args, by=person, now=NOW, **options)
                db.session.commit()
                return getattr(result, "id", None)

        def seen(self):
            """The plan as people see it: order, facts and cells, by lineage."""
            with plans.world.inside():
                plan = plans.plan()
                names = {m.id: m.lineage for m in plan.modules}
                facts = [
                    (m.stage_number, m.lineage, m.name, m.theory_hours, m.practice_hours, m.layer, m.lead_id)
                    for m in plan.modules
                ]
                stages = [(s.number, s.name, s.weeks, s.starts_on, s.gate) for s in plan.stages]
                return facts, stages, {(names[m], c): hours for (m, c), hours in plan.cells.items()}

        def modules(self):
            with plans.world.inside():
                return plans.plan().modules

    return Desk()


def facts_of(line, **changes):
    names = (
        "name", "stage_number", "theory_hours", "practice_hours", "layer", "practice_level", "venue", "name_en",
        "taught_by_enterprise", "jointly_developed",
    )  # fmt: skip
    return actions.ModuleFacts(**({name: getattr(line, name) for name in names} | changes))


def edits(desk):
    """Every kind of edit, each as a call; they follow one another."""
    plans = desk.plans
    first, second, third = desk.modules()[:3]
    cell = (second.id, plans.competencies[0].id)

    def in_session(act, model, key, *args):
        def acted(program, edition, **who):
            return act(program, edition, db.session.get(model, key), *args, **who)

        return acted

    from trainmgr.curriculum.models import Module

    with plans.world.inside():
        stage = db.session.scalars(sa.select(PlanStage).where(PlanStage.number == 2)).one().id
    renamed = facts_of(first, name="改了名", theory_hours=3, stage_number=4)
    staged = actions.StageFacts("新的阶段名", Venue.ONLINE, 9, 99, starts_on=NOW.date())
    return [
        (actions.set_cells, {cell: 2}),
        (actions.place_module, third.id, 5, None),
        (actions.move_module, second.id),
        (actions.shift_module, second.id),
        (in_session(actions.change_module, Module, first.id, renamed),),
        (actions.add_module, facts_of(first, name="新模块", stage_number=1)),
        (actions.name_lead, [second.id], plans.teacher.id),
        (in_session(actions.remove_module, Module, second.id),),
        (in_session(actions.change_stage, PlanStage, stage, staged),),
    ]


def play(desk, edit):
    act, *args = edit
    options = {"up": False} if act is actions.move_module else {}
    options |= {"back": False} if act is actions.shift_module else {}
    desk.do(act, *args, **options)


def test_every_kind_of_edit_is_taken_back_and_done_again_in_order(desk):
    states = [desk.seen()]
    for edit in edits(desk):
        play(desk, edit)
        states.append(desk.seen())
        assert states[-1] != states[-2], edit
    for state in states[-2::-1]:
        desk.do(actions.undo)
        assert desk.seen() == state
    with pytest.raises(RuleBroken):
        desk.do(actions.undo)
    for state in states[1:]:
        desk.do(actions.redo)
        assert desk.seen() == state
    with pytest.raises(RuleBroken):
        desk.do(actions.redo)


def test_an_edit_after_undoing_ends_what_could_be_done_again(desk):
    first = desk.modules()[0]
    desk.do(actions.place_module, first.id, 3, None)
    desk.do(actions.undo)
    desk.do(actions.place_module, first.id, 4, None)
    with pytest.raises(RuleBroken):
        desk.do(actions.redo)
    desk.do(actions.undo)
    assert desk.modules()[0].id == first.id


def test_taking_back_somebody_elses_edit_names_them_and_asks(desk):
    colleague = desk.plans.world.user(Role.STAFF, name="周敏")
    first = desk.modules()[0]
    desk.do(actions.place_module, first.id, 3, None)
    desk.do(actions.place_module, first.id, 4, None, by=colleague)
    with pytest.raises(history.NotYours, match="周敏") as refused:
        desk.do(actions.undo)
    assert desk.modules()[0].id != first.id

    desk.do(actions.undo, sure_of=refused.value.step.number)
    with desk.plans.world.inside():
        assert desk.plans.plan().module(first.id).stage_number == 3


def test_the_word_counts_for_the_step_that_was_named_only(desk):
    colleague = desk.plans.world.user(Role.STAFF)
    first = desk.modules()[0]
    desk.do(actions.place_module, first.id, 3, None, by=colleague)
    desk.do(actions.place_module, first.id, 4, None, by=colleague)
    with pytest.raises(history.NotYours):
        desk.do(actions.undo, sure_of=1)


def test_steps_end_when_the_edition_is_offered(desk):
    plans = desk.plans
    plans.fill()
    with plans.world.inside():
        assert db.session.scalar(sa.select(sa.func.count(EditionStep.id)))
    plans.offer()
    with plans.world.inside():
        assert not db.session.scalar(sa.select(sa.func.count(EditionStep.id)))


def test_only_the_newest_steps_are_kept(desk, monkeypatch):
    monkeypatch.setattr(history, "KEPT", 3)
    first = desk.modules()[0]
    for stage in (2, 3, 4, 5, 6):
        desk.do(actions.place_module, first.id, stage, None)
    with desk.plans.world.inside():
        kept = db.session.scalars(sa.select(EditionStep.number).order_by(EditionStep.number))
        assert kept.all() == [3, 4, 5]


def test_what_was_changed_past_the_steps_is_not_taken_back(desk):
    first = desk.modules()[0]
    desk.do(actions.place_module, first.id, 3, None)
    with desk.plans.world.inside():
        from trainmgr.curriculum.models import Module

        db.session.get(Module, first.id).theory_hours += 7
        db.session.commit()
    with pytest.raises(RuleBroken):
        desk.do(actions.undo)


# --- pure -----------------------------------------------------------------------------------------

STAGES = [StageLine(1, "一", Venue.SCHOOL), StageLine(2, "二", Venue.ENTERPRISE)]


@st.composite
def two_orders(draw):
    """A plan, and the same modules in another order over two stages, some gone, some new."""
    keys = list(range(1, draw(st.integers(1, 8)) + 1))
    stages = {key: draw(st.integers(1, 2)) for key in keys}
    before = sorted((module(key, stage=stages[key]) for key in keys), key=lambda m: m.stage_number)
    kept = draw(st.permutations([key for key in [*keys, 97, 98] if draw(st.booleans())]))
    after = sorted((module(key, stage=draw(st.integers(1, 2))) for key in kept), key=lambda m: m.stage_number)
    return Plan(STAGES, before), Plan(STAGES, after)


def carried(plan, found):
    """Carry changes over to a plan the way the database does: take out, then put each behind its forerunner."""
    order = {n: [m.lineage for m in plan.modules_of(n) if m.lineage not in found.modules] for n in (1, 2)}
    for lineage, state in steps.in_order({key: after for key, (_b, after) in found.modules.items()}):
        there = order[state["stage"]]
        there.insert(there.index(state["follows"]) + 1 if state["follows"] else 0, lineage)
    return order


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(two_orders())
def test_changes_lead_from_one_order_to_the_other_and_back(pair):
    before, after = pair
    found = steps.from_json(steps.to_json(steps.changes(before, after)))
    assert carried(before, found) == {n: [m.lineage for m in after.modules_of(n)] for n in (1, 2)}
    assert carried(after, found.reversed) == {n: [m.lineage for m in before.modules_of(n)] for n in (1, 2)}


def test_moving_one_module_changes_one():
    modules = [module(key) for key in range(1, 300)]
    moved = [*modules[1:150], modules[0], *modules[150:]]
    assert list(steps.changes(Plan(STAGES, modules), Plan(STAGES, moved)).modules) == ["l1"]
    assert not steps.changes(Plan(STAGES, modules), Plan(STAGES, modules))


@pytest.mark.parametrize("about", ["l1", "l2"])
def test_two_that_change_places_are_told_as_the_move_of_the_one_that_was_moved(about):
    one, two, three = (module(key) for key in (1, 2, 3))
    found = steps.changes(Plan(STAGES, [one, two, three]), Plan(STAGES, [two, one, three]), about)
    assert list(found.modules) == [about]


@settings(deadline=None)
@given(st.none() | st.integers(-5000, 5000), st.none() | st.integers(-5000, 5000))
def test_a_position_between_two_lies_between_them_or_there_is_none(low, high):
    found = places.between(low, high)
    assert found is None or ((low or 0) < found and (high is None or found < high))
