"""Alliances, industry colleges and bases beside each other."""

from tests.factories import TODAY, keep
from trainmgr.identity.models import OrganizationKind, OrganizationUnit, PracticeBase
from trainmgr.kernel.access import Role
from trainmgr.programs.models import ProgramParty
from trainmgr.programs.rules import PartyRole


def text(answer):
    return answer.get_data(as_text=True)


def test_units_bases_and_programmes_are_counted_in_as_many_statements_for_sixty_as_for_one(
    scene, count_statements
):
    world, reader = scene.world, scene.world.signed_in(scene.staff)
    alliance = world.organization(OrganizationKind.ALLIANCE, name="新能源联合体")
    with world.app.app_context():
        keep(
            *(
                OrganizationUnit(organization_id=alliance.id, name=f"单位{n}", since=TODAY)
                for n in range(113)
            ),
            OrganizationUnit(organization_id=alliance.id, name="退出的", since=TODAY, until=TODAY),
            ProgramParty(program_id=scene.program.id, organization_id=alliance.id, role=PartyRole.ALLIANCE),
        )
    with count_statements() as few:
        page = text(reader.get("/faculty/partners?kind=alliance"))
    for number in range(60):
        base = world.organization(OrganizationKind.BASE, name=f"基地{number:02}")
        with world.app.app_context():
            keep(PracticeBase(organization_id=base.id, on_campus=number % 3 == 0, capacity=10))
    with count_statements() as many:
        bases = text(reader.get("/faculty/partners"))

    assert ">113</a>" in page
    assert "<dd>20</dd>" in bases  # on campus
    assert "<dd>40</dd>" in bases
    assert "<dd>600</dd>" in bases
    assert "第 1–20 条" in text(reader.get("/faculty/partners?where=on"))
    assert len(many) == len(few) <= 8, many
    assert world.signed_in(world.user(Role.TRAINEE)).get("/faculty/partners").status_code == 403
