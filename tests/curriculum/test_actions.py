"""Editions as they live: begun, filled, offered, signed, followed by the next."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from tests.factories import NOW
from trainmgr.curriculum import actions, comparing, queries, rules
from trainmgr.curriculum.frozen import lifted
from trainmgr.curriculum.models import Edition, EditionState, Module, ModuleCompetency, PlanStage
from trainmgr.kernel.audit import AuditEvent
from trainmgr.kernel.db import db
from trainmgr.kernel.errors import Conflict, RuleBroken
from trainmgr.programs.models import Due, Program, ProgramPerson, ProgramStep, Signature
from trainmgr.programs.rules import Side, State, StepState
from trainmgr.programs.thread import missing_of


def step_of(plans):
    return db.session.get(ProgramStep, (plans.program.id, 4))


def test_the_first_edition_holds_the_pathways_hours_exactly(plans):
    plans.begin()
    with plans.world.inside():
        totals = rules.totals(plans.plan())
        assert (totals.hours, totals.practice, totals.modules) == (1312, 758, 22)
        assert [stage.weeks for stage in plans.plan().stages] == [16, 2, 18, 8, 12, 24, 10, 2]
        assert step_of(plans).params["modules"] == 22


def test_a_second_first_edition_is_refused(plans):
    plans.begin()
    with pytest.raises(RuleBroken):
        plans.begin()


def test_a_plan_is_not_begun_before_the_programme_is_being_designed(make_plans):
    with pytest.raises(RuleBroken):
        make_plans(state=State.ANALYSING).begin()


def test_what_is_missing_is_told_by_name(plans):
    plans.begin()
    with plans.world.inside():
        texts = [(item.msgid, item.params) for _, item in missing_of([step_of(plans)])]
        names = {params["competency"]["zh"] for _, params in texts if "competency" in params}
        assert names == {"精密测量", "数据采集"}
        assert any(params.get("check", {}).get("zh") == "每个模块都定了负责教师" for _, params in texts)
        assert {item.blocks for _, item in missing_of([step_of(plans)])} == {State.RECRUITING}


def test_a_plan_with_an_uncovered_priority_is_not_offered(plans):
    plans.begin()
    with pytest.raises(actions.NotReady) as refusal:
        plans.offer()
    assert [wanted.name for wanted in refusal.value.hindrances.uncovered] == ["精密测量", "数据采集"]


def test_the_proposal_covers_what_was_uncovered_and_no_module_gives_more_than_it_has(plans):
    plans.begin()
    plans.fill()
    with plans.world.inside():
        plan = plans.plan()
        assert [line.short_by for line in rules.coverage(plan)] == [0, 0, 0]
        assert all(load.free >= 0 for load in rules.loads(plan))


def test_a_module_gives_away_no_more_hours_than_it_has(plans):
    plans.begin()
    with plans.world.inside():
        module = plans.plan().modules[0]
        with pytest.raises(actions.FieldFault):
            actions.set_cell(
                plans.of(), plans.edition(), module.id, plans.competencies[0].id, module.hours + 1,
                by=plans.staff, now=NOW,
            )  # fmt: skip


def test_a_cell_that_somebody_else_changed_is_not_overwritten(plans):
    plans.begin()
    with plans.world.inside():
        module, competency = plans.plan().modules[0].id, plans.competencies[0].id
        actions.set_cell(plans.of(), plans.edition(), module, competency, 8, was=0, by=plans.staff, now=NOW)
        with pytest.raises(Conflict):
            actions.set_cell(
                plans.of(), plans.edition(), module, competency, 4, was=0, by=plans.staff, now=NOW
            )
        assert plans.plan().cells == {(module, competency): 8}


def test_a_cell_set_to_nothing_is_empty(plans):
    plans.begin()
    with plans.world.inside():
        module, competency = plans.plan().modules[0].id, plans.competencies[0].id
        for hours in (8, 0):
            actions.set_cell(plans.of(), plans.edition(), module, competency, hours, by=plans.staff, now=NOW)
        assert plans.plan().cells == {}


def test_a_module_does_not_shrink_below_what_it_gives(plans):
    plans.begin()
    with plans.world.inside():
        line = plans.plan().modules[0]
        actions.set_cell(
            plans.of(), plans.edition(), line.id, plans.competencies[0].id, 20, by=plans.staff, now=NOW
        )
        module = db.session.get(Module, line.id)
        facts = actions.ModuleFacts(
            line.name, line.stage_number, 10, 5, line.layer, line.practice_level, line.venue
        )
        with pytest.raises(actions.FieldFault) as fault:
            actions.change_module(plans.of(), plans.edition(), module, facts, by=plans.staff, now=NOW)
        assert fault.value.field == "practice_hours"


def test_the_last_module_of_a_stage_moves_down_into_the_next_and_back(plans):
    plans.begin()
    with plans.world.inside():
        before = [module.name for module in plans.plan().modules]
        last = plans.plan().modules_of(1)[-1]
        actions.move_module(plans.of(), plans.edition(), last.id, up=False, by=plans.staff, now=NOW)
        assert plans.plan().modules_of(2)[0].name == last.name
        assert [module.name for module in plans.plan().modules] == before
        actions.move_module(plans.of(), plans.edition(), last.id, up=True, by=plans.staff, now=NOW)
        assert plans.plan().modules_of(1)[-1].name == last.name


def test_a_removed_module_takes_its_hours_along(plans):
    plans.begin()
    plans.fill()
    with plans.world.inside():
        module_id = next(iter(plans.plan().cells))[0]
        actions.remove_module(
            plans.of(), plans.edition(), db.session.get(Module, module_id), by=plans.staff, now=NOW
        )
        assert plans.plan().module(module_id) is None
        assert all(module != module_id for module, _ in plans.plan().cells)


def test_whoever_leads_a_module_belongs_to_the_programme(plans):
    plans.begin()
    plans.fill()
    with plans.world.inside():
        related = sa.select(ProgramPerson.user_id).where(ProgramPerson.program_id == plans.program.id)
        assert plans.teacher.id in set(db.session.scalars(related))


def test_nobody_from_outside_the_parties_leads_a_module(plans):
    plans.begin()
    from trainmgr.identity.models import OrganizationKind

    other = plans.world.organization(OrganizationKind.COLLEGE)
    stranger = plans.world.user("school_teacher", other)
    with plans.world.inside():
        module = plans.plan().modules[0]
        with pytest.raises(RuleBroken):
            actions.name_lead(plans.of(), plans.edition(), [module.id], stranger.id, by=plans.staff, now=NOW)


def test_both_signatures_put_an_edition_in_force_and_set_the_planned_hours(plans):
    plans.signed()
    with plans.world.inside():
        edition = queries.signed_edition(plans.program.id)
        assert edition.number == 1
        assert edition.signed_at == NOW
        assert db.session.get(Program, plans.program.id).planned_minutes == 1312 * 60
        assert step_of(plans).state is StepState.DONE
        assert missing_of([step_of(plans)]) == []
        assert len(queries.stages_of(plans.program.id)) == 8
        assert len(queries.modules_of(plans.program.id)) == 22


def test_signing_is_due_from_both_sides_until_each_has_signed(plans):
    plans.begin()
    plans.fill()
    plans.offer()
    with plans.world.inside():
        due = sa.select(Due.organization_id).where(Due.code == "plan-to-sign").order_by(Due.organization_id)
        college, enterprise = plans.world.college.id, plans.world.enterprise.id
        assert set(db.session.scalars(due)) == {college, enterprise}
        actions.sign(plans.of(), plans.edition(), Side.COLLEGE, by=plans.person(plans.staff), now=NOW)
        assert set(db.session.scalars(due)) == {enterprise}


def test_an_offered_plan_is_not_edited_and_withdrawing_it_takes_the_signature_off(plans):
    plans.begin()
    plans.fill()
    plans.offer()
    with plans.world.inside():
        program = plans.of()
        actions.sign(program, plans.edition(), Side.COLLEGE, by=plans.person(plans.staff), now=NOW)
        module = plans.plan().modules[0]
        with pytest.raises(RuleBroken):
            actions.set_cell(
                program, plans.edition(), module.id, plans.competencies[2].id, 1, by=plans.staff, now=NOW
            )
        assert actions.withdraw(program, plans.edition(), by=plans.staff, now=NOW) == 1
        assert db.session.scalar(sa.select(sa.func.count()).select_from(Signature)) == 0
        actions.set_cell(
            program, plans.edition(), module.id, plans.competencies[2].id, 1, by=plans.staff, now=NOW
        )


CHANGES = {
    "a module's hours": lambda module: setattr(module, "practice_hours", module.practice_hours + 1),
    "a stage's length": lambda module: setattr(parts(PlanStage)[0], "weeks", 99),
    "a cell": lambda module: setattr(parts(ModuleCompetency)[0], "hours", 1),
    "a stage removed": lambda module: db.session.delete(parts(PlanStage)[0]),
    "a stage added": lambda module: db.session.add(
        PlanStage(edition_id=module.edition_id, number=99, name="x", venue=module.venue)
    ),
    "many at once": lambda module: db.session.execute(sa.update(Module).values(theory_hours=99)),
    "many removed": lambda module: db.session.execute(sa.delete(ModuleCompetency)),
}


def parts(kind):
    return list(db.session.scalars(sa.select(kind)))


def change_past_the_actions(change, module):
    change(module)
    db.session.flush()


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_a_signed_plan_is_never_changed_even_past_the_actions(plans, change):
    plans.signed()
    with plans.world.inside():
        module = queries.modules_of(plans.program.id)[0]
        with pytest.raises(RuleBroken):
            change_past_the_actions(change, module)
        db.session.rollback()


def test_whole_programmes_can_be_removed_on_purpose(plans):
    plans.signed()
    with plans.world.inside(), lifted():
        db.session.execute(sa.delete(ModuleCompetency))
        assert not db.session.scalars(sa.select(ModuleCompetency)).all()


def test_the_next_edition_is_a_copy_and_supersedes_when_it_is_signed(plans):
    plans.signed()
    with plans.world.inside():
        actions.open_edition(plans.of(), "上一届现场改善只补上 41%", by=plans.person(plans.staff), now=NOW)
        assert not comparing.difference(plans.plan(1), plans.plan(2))
        assert len(plans.plan(2).cells) == len(plans.plan(1).cells) > 0
        module = db.session.get(Module, plans.plan(2).modules[0].id)
        facts = actions.ModuleFacts(
            "新名字", 1, module.theory_hours, module.practice_hours + 8, module.layer, module.practice_level,
            module.venue,
        )  # fmt: skip
        actions.change_module(plans.of(), plans.edition(2), module, facts, by=plans.staff, now=NOW)
        change = comparing.difference(plans.plan(1), plans.plan(2)).changed[0]
        assert {field.name for field in change.fields} >= {"name", "practice_hours"}
        assert step_of(plans).state is StepState.DONE
        db.session.commit()
    plans.offer(2)
    plans.sign(2)
    with plans.world.inside():
        states = db.session.scalars(sa.select(Edition.state).order_by(Edition.number)).all()
        assert states == [EditionState.SUPERSEDED, EditionState.SIGNED]
        assert db.session.get(Program, plans.program.id).planned_minutes == 1320 * 60


def test_a_second_draft_at_the_same_time_is_refused(plans):
    plans.signed()
    with plans.world.inside():
        actions.open_edition(plans.of(), "一", by=plans.person(plans.staff), now=NOW)
        with pytest.raises(RuleBroken):
            actions.open_edition(plans.of(), "二", by=plans.person(plans.staff), now=NOW)


def test_a_draft_can_be_discarded_and_the_signed_plan_stays(plans):
    plans.signed()
    with plans.world.inside():
        actions.open_edition(plans.of(), "试试", by=plans.person(plans.staff), now=NOW)
        actions.discard_edition(plans.of(), plans.edition(2), by=plans.staff, now=NOW)
        assert [edition.number for edition in queries.shelf_of(plans.program.id).editions] == [1]
        assert len(plans.plan(1).modules) == 22


def test_a_plan_is_taken_over_by_competency_name(plans):
    plans.signed()
    target = plans.world.program(State.DESIGNING)
    same = plans.world.competency(target, name="精密测量", rank=1, is_priority=True)
    plans.world.competency(target, name="别的", rank=2)
    with plans.world.inside():
        edition = actions.copy_edition(plans.of(), plans.of(target), by=plans.staff, now=NOW)
        copied = queries.read_plans(target.id, [edition.id])[edition.id]
        given = {c for _, c in copied.cells}
        assert given == {same.id}
        assert len(copied.modules) == 22
        assert copied.modules[0].lead_id == plans.teacher.id
        assert copied.modules[0].lineage == plans.plan().modules[0].lineage


def test_a_teacher_is_asked_what_the_modules_led_serve(plans):
    plans.begin()
    with plans.world.inside():
        modules = [module.id for module in plans.plan().modules[:2]]
        actions.name_lead(plans.of(), plans.edition(), modules, plans.teacher.id, by=plans.staff, now=NOW)
        due = sa.select(Due.amount).where(Due.code == "modules-to-assign", Due.user_id == plans.teacher.id)
        assert db.session.scalar(due) == 2
        actions.set_cell(
            plans.of(), plans.edition(), modules[0], plans.competencies[0].id, 8, by=plans.staff, now=NOW
        )
        assert db.session.scalar(due) == 1


def test_each_step_of_an_edition_is_in_the_audit_trail(plans):
    plans.signed()
    with plans.world.inside():
        deeds = list(db.session.scalars(sa.select(AuditEvent.action).order_by(AuditEvent.id)))
        assert [deed for deed in deeds if deed.startswith("curriculum")] == [
            "curriculum.begin", "curriculum.lead.name", "curriculum.hours.set", "curriculum.offer",
            "curriculum.sign.college", "curriculum.sign.enterprise",
        ]  # fmt: skip
