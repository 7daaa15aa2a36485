from __future__ import annotations

import pytest
import sqlalchemy as sa

from tests.factories import NOW
from trainmgr.identity.models import OrganizationKind
from trainmgr.kernel.access import Role
from trainmgr.kernel.db import db
from trainmgr.pathways.library import load_library
from trainmgr.programs import hooks
from trainmgr.programs.models import Duty, Program, ProgramParty, ProgramPerson, ProgramStep, RevenueShare
from trainmgr.programs.rules import PartyRole, State, StepState


def form(world, **values):
    return {
        "pathway": "eight-stage",
        "name": "精密制造学徒班 2026 级",
        "code": "2026-01",
        "kind": "modern_apprenticeship",
        "college": world.college.id,
        "enterprise": [world.enterprise.id],
        "starts_on": "2026-09-01",
        "ends_on": "2029-06-30",
        "planned_size": "40",
        "budget": "864,000.50",
    } | values


def programs(world):
    with world.app.app_context():
        return db.session.scalars(sa.select(Program).order_by(Program.id)).all()


def test_a_programme_is_made_from_a_pathway_with_parties_duties_and_nine_steps(world, office, actions_of):
    response = office.post("/programs/new", data=form(world))

    (program,) = programs(world)
    assert response.location == f"/programs/{program.id}/setup"
    assert (program.state, program.budget_cents, program.planned_size) == (State.DRAFT, 86_400_050, 40)
    assert program.pathway_document["slug"] == "eight-stage"
    with world.inside() as session:
        parties = session.execute(sa.select(ProgramParty.organization_id, ProgramParty.role)).all()
        assert set(parties) == {
            (world.college.id, PartyRole.LEAD_COLLEGE),
            (world.enterprise.id, PartyRole.ENTERPRISE),
        }
        sides = set(session.scalars(sa.select(Duty.organization_id)))
        assert sides == {world.college.id, world.enterprise.id}
        states = session.scalars(sa.select(ProgramStep.state).order_by(ProgramStep.step)).all()
        assert len(states) == 9
        assert states[0] is StepState.DONE
    assert actions_of(program) == ["programs.create", "programs.duties_take"]


def test_without_a_pathway_one_is_chosen_first(office):
    page = office.get("/programs/new").text
    for pathway in load_library().values():
        assert pathway.name.zh in page


def test_the_form_proposes_number_and_size(world, office):
    world.program(code="2026-07")
    page = office.get("/programs/new?pathway=eight-stage").text
    assert 'value="2026-08"' in page
    assert 'value="40"' in page


def test_an_unknown_pathway_is_not_found(office):
    assert office.get("/programs/new?pathway=nowhere").status_code == 404


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"name": "  "}, "name"),
        ({"code": ""}, "code"),
        ({"kind": "nonsense"}, "kind"),
        ({"ends_on": "2026-08-31"}, "ends_on"),
        ({"ends_on": "someday"}, "ends_on"),
        ({"planned_size": "0"}, "planned_size"),
        ({"planned_size": "many"}, "planned_size"),
        ({"budget": "1.234"}, "budget"),
        ({"name": "字" * 121}, "name"),
    ],
)
def test_wrong_fields_come_back_with_the_reason_and_what_was_typed(world, office, values, field):
    response = office.post("/programs/new", data=form(world, name_en="Typed name") | values)

    assert response.status_code == 422
    assert f'href="#{field}"' in response.text
    assert "Typed name" in response.text
    assert world.enterprise.name in response.text
    assert programs(world) == []


def test_full_width_figures_are_understood_and_nonsense_is_told_once(world, office):
    wrong = office.post("/programs/new", data=form(world) | {"planned_size": "四十"})
    assert wrong.text.count('href="#planned_size"') == 1

    right = office.post(
        "/programs/new", data=form(world) | {"planned_size": "３０", "budget": "１２，３４５．６７"}
    )

    assert right.status_code == 302
    with world.inside() as session:
        made = session.scalars(sa.select(Program)).one()
        assert (made.planned_size, made.budget_cents) == (30, 1_234_567)


def test_a_number_is_used_once_in_a_college(world, office):
    world.program(code="2026-01", name="先来的")
    response = office.post("/programs/new", data=form(world))
    assert response.status_code == 422
    assert "先来的" in response.text


def test_a_form_sent_twice_makes_one_programme(world, office):
    first, second = (office.post("/programs/new", data=form(world)) for _twice in range(2))
    assert first.location == second.location
    assert len(programs(world)) == 1


def test_a_programme_is_made_only_for_ones_own_college(world, office):
    other = world.organization(name="别的学院")
    response = office.post("/programs/new", data=form(world, college=other.id))
    assert response.status_code == 422
    assert programs(world) == []


@pytest.mark.parametrize("role", [Role.ENTERPRISE_COORDINATOR, Role.SCHOOL_TEACHER, Role.TRAINEE])
def test_others_make_no_programmes(world, role):
    person = world.signed_in(world.user(role))
    assert person.get("/programs/new").status_code == 403
    assert person.post("/programs/new", data=form(world)).status_code == 403


def test_organisations_are_searched_without_a_script_and_keep_what_is_ticked(world, office):
    found = world.organization(OrganizationKind.ENTERPRISE, name="蓝思科技（长沙）")
    world.organization(OrganizationKind.COLLEGE, name="蓝思学院")
    response = office.post(
        "/programs/new", data=form(world, find="enterprise") | {"q-enterprise": "蓝思", "name": "未完"}
    )
    assert response.status_code == 200
    assert f'value="{found.id}"' in response.text
    assert "蓝思学院" not in response.text
    assert f'value="{world.enterprise.id}" checked' in response.text
    assert 'value="未完"' in response.text
    assert programs(world) == []


def test_thousands_of_organisations_are_answered_a_few_at_a_time(world, office, count_statements):
    with world.inside() as session:
        from trainmgr.identity.models import Organization

        session.execute(
            sa.insert(Organization),
            [
                {"kind": OrganizationKind.ENTERPRISE, "name": f"企业{n:04}", "created_at": NOW}
                for n in range(2_000)
            ],
        )
        session.commit()
    with count_statements() as statements:
        response = office.get("/programs/organizations?name=enterprise&q-enterprise=企业")
    assert response.text.count('type="checkbox"') == 20
    assert len(statements) <= 4
    assert office.get("/programs/organizations?name=nonsense").status_code == 404


def test_a_college_cannot_be_smuggled_in_as_an_enterprise(world, office):
    other = world.organization(name="别的学院")
    response = office.post("/programs/new", data=form(world, enterprise=[other.id]))
    assert response.status_code == 409
    assert programs(world) == []


# --- next edition -------------------------------------------------------------------------------


def following(**values):
    return {"name": "2027 级", "code": "2027-01", "planned_size": "45"} | values


@pytest.fixture
def ran(world, complete):
    program = complete(state=State.CLOSED)
    teacher, mentor = world.user(Role.SCHOOL_TEACHER), world.user(Role.ENTERPRISE_MENTOR)
    world.relation(program, teacher, Role.SCHOOL_TEACHER)
    world.relation(program, mentor, Role.ENTERPRISE_MENTOR)
    world.enrolment(program)
    return program


def test_the_next_edition_takes_the_structure_and_leaves_the_trainees(world, office, ran):
    response = office.post(f"/programs/{ran.id}/next", data=following())

    made = programs(world)[-1]
    assert response.location == f"/programs/{made.id}/setup"
    assert (made.predecessor_id, made.state, made.planned_size) == (ran.id, State.DRAFT, 45)
    assert made.pathway_document == ran.pathway_document
    with world.inside() as session:

        def count(model):
            return session.scalar(
                sa.select(sa.func.count()).select_from(model).where(model.program_id == made.id)
            )

        assert [count(model) for model in (ProgramParty, Duty, RevenueShare)] == [2, 2, 1]
        roles = session.scalars(
            sa.select(ProgramPerson.role).where(ProgramPerson.program_id == made.id)
        ).all()
        assert roles == [Role.SCHOOL_TEACHER]


def test_features_copy_their_part_into_the_next_edition(world, office, ran):
    heard = []
    hooks.after_next_edition(lambda edition: heard.append((edition.previous.id, edition.program.id)))
    try:
        office.post(f"/programs/{ran.id}/next", data=following())
    finally:
        hooks._after_edition.pop()
    assert heard == [(ran.id, programs(world)[-1].id)]


def test_a_next_edition_asked_for_twice_is_one(world, office, ran):
    answers = [office.post(f"/programs/{ran.id}/next", data=following()).location for _twice in range(2)]
    assert answers[0] == answers[1]
    assert len(programs(world)) == 2


def test_a_draft_has_no_next_edition(world, office):
    program = world.program()
    response = office.post(f"/programs/{program.id}/next", data=following())
    assert response.status_code == 409
    assert 'value="2027 级"' in response.text


def test_strangers_continue_nothing(ran, strangers):
    assert strangers[Role.STAFF].get(f"/programs/{ran.id}/next").status_code == 404
