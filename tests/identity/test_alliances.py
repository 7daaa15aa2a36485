"""Alliances with their units, industry colleges and practice bases, and programmes that name them."""

import pytest
import sqlalchemy as sa

from tests.factories import NOW, keep
from trainmgr.identity.alliances import read_lines
from trainmgr.identity.models import Organization, OrganizationKind, OrganizationUnit, PracticeBase
from trainmgr.kernel.access import Role
from trainmgr.kernel.db import db
from trainmgr.programs.models import ProgramParty
from trainmgr.programs.rules import PartyRole, State


def text(answer):
    return answer.get_data(as_text=True)


@pytest.fixture
def staff(world):
    world.app.config["CLOCK"] = lambda: NOW
    return world.user(Role.STAFF)


def alliance(world, kind=OrganizationKind.ALLIANCE, **values):
    return world.organization(kind, **({"registered_by_id": world.college.id} | values))


def rows(world, statement):
    with world.app.app_context():
        found = list(db.session.scalars(statement))
        db.session.expunge_all()
        return found


@pytest.mark.parametrize(
    ("pasted", "units"),
    [
        ("", []),
        ("甲厂\n\n  乙校 \n", [("甲厂", ""), ("乙校", "")]),
        (
            "甲厂，理事长\n乙校\t成员\n丙院；副理事长",
            [("甲厂", "理事长"), ("乙校", "成员"), ("丙院", "副理事长")],
        ),
        ("甲厂\n甲厂，成员", [("甲厂", "")]),
        ("，成员", []),
        ("\u0000甲\u0007厂", [("甲 厂", "")]),
        ("长" * 200, [("长" * 120, "")]),
    ],
)
def test_units_are_read_as_they_are_pasted(pasted, units):
    assert read_lines(pasted) == units


def test_staff_register_an_alliance_and_paste_its_113_units(world, staff):
    browser = world.signed_in(staff)
    browser.post("/organizations/new", data={"kind": "alliance", "name": "装备制造产教联合体", "parent": 0})
    (made,) = rows(world, sa.select(Organization).where(Organization.kind == OrganizationKind.ALLIANCE))
    lines = [f"单位{number:03}，成员" for number in range(112)] + [f"{world.enterprise.name},理事长"]

    browser.post(f"/organizations/{made.id}/units", data={"units": "\n".join(lines)})
    browser.post(f"/organizations/{made.id}/units", data={"units": "单位001\n"})  # is there already

    found = rows(world, sa.select(OrganizationUnit))
    assert len(found) == 113
    assert [one.unit_id for one in found if one.unit_id] == [world.enterprise.id]
    page = text(browser.get(f"/organizations/{made.id}"))
    assert ">113<" in page
    assert "1–50" in text(browser.get(f"/organizations/{made.id}/units"))
    assert "装备制造产教联合体" in text(browser.get(f"/organizations/{world.enterprise.id}"))


def test_a_unit_that_left_stays_in_the_history_and_may_come_back(world, staff):
    browser, made = world.signed_in(staff), alliance(world)
    address = f"/organizations/{made.id}/units"
    browser.post(address, data={"units": "甲厂"})
    (unit,) = rows(world, sa.select(OrganizationUnit))

    browser.post(f"{address}/{unit.id}/end")
    again = browser.post(f"{address}/{unit.id}/end")
    browser.post(address, data={"units": "甲厂"})

    assert again.status_code == 404
    assert [
        one.until is None for one in rows(world, sa.select(OrganizationUnit).order_by(OrganizationUnit.id))
    ] == [
        False,
        True,
    ]


def test_nothing_and_too_much_are_refused_and_what_was_typed_is_kept(world, staff):
    browser, made = world.signed_in(staff), alliance(world)
    many = "\n".join(f"单位{number}" for number in range(501))

    answers = [browser.post(f"/organizations/{made.id}/units", data={"units": one}) for one in ("", many)]

    assert [answer.status_code for answer in answers] == [409, 409]
    assert "单位500" in text(answers[1])


def test_another_college_looks_on_and_changes_nothing(world, staff):
    made, base = alliance(world), alliance(world, OrganizationKind.BASE)
    stranger = world.signed_in(world.user(Role.STAFF, world.organization()))

    assert stranger.get(f"/organizations/{made.id}/units").status_code == 200
    assert stranger.post(f"/organizations/{made.id}/units", data={"units": "甲厂"}).status_code == 404
    assert stranger.get(f"/organizations/{base.id}/base").status_code == 404
    assert world.signed_in(staff).get(f"/organizations/{made.id}/base").status_code == 404  # no base


def test_a_base_says_where_it_lies_and_whose_it_is(world, staff):
    browser, made = world.signed_in(staff), alliance(world, OrganizationKind.BASE, name="智能装调基地")
    typed = {"where": "off", "host": world.enterprise.id, "capacity": "60", "address": "浏阳"}

    wrong = [
        browser.post(f"/organizations/{made.id}/base", data=typed | one)
        for one in ({"where": ""}, {"capacity": "0"}, {"host": 999999}, {"capacity": "--5"})
    ]
    browser.post(f"/organizations/{made.id}/base", data=typed)

    assert [answer.status_code for answer in wrong] == [422] * 4
    assert "要填整数" in text(wrong[-1])
    (base,) = rows(world, sa.select(PracticeBase))
    assert (base.on_campus, base.host_id, base.capacity) == (False, world.enterprise.id, 60)
    page = text(browser.get(f"/organizations/{made.id}"))
    for shown in ("校外", world.enterprise.name, "浏阳"):
        assert shown in page
    form = text(browser.get(f"/organizations/{made.id}/base"))  # whoever saves it as it is changes nothing
    assert f'<option selected value="{world.enterprise.id}">' in form
    assert all(f'value="{shown}"' in form for shown in ("60", "浏阳"))


@pytest.mark.parametrize("kind", ["alliance", "industry_college", "base"])
def test_programmes_name_them_as_parties_that_sign_for_nobody(world, staff, kind):
    made = alliance(world, OrganizationKind(kind), name="联合单位")
    program = world.program(State.DRAFT, created_by=staff)
    browser, address = world.signed_in(staff), f"/programs/{program.id}/setup/parties"

    found = text(browser.get(f"{address}?role={kind}&q=联合"))
    browser.post(address, data={"role": kind, "organization": made.id})
    wrong = browser.post(address, data={"role": "enterprise", "organization": made.id})

    assert "联合单位" in found
    (party,) = rows(world, sa.select(ProgramParty).where(ProgramParty.organization_id == made.id))
    assert party.role is PartyRole(kind)
    assert party.role.side is None
    assert wrong.status_code == 302  # it is a party already
    assert "联合单位" in text(browser.get(f"/programs/{program.id}"))


def test_a_room_lies_in_a_base_that_the_programme_names(world, staff):
    base, other = (alliance(world, OrganizationKind.BASE, name=name) for name in ("校内基地", "别处基地"))
    program = world.program(State.RUNNING, created_by=staff)
    with world.app.app_context():
        keep(ProgramParty(program_id=program.id, organization_id=base.id, role=PartyRole.BASE))
    browser, address = world.signed_in(staff), f"/programs/{program.id}/rooms"
    typed = {"house": world.college.id, "name": "一号车间"}

    form = text(browser.get(f"{address}/new"))
    refused = browser.post(address, data=typed | {"base_id": other.id})
    browser.post(address, data=typed | {"base_id": base.id})

    assert ("校内基地" in form, "别处基地" in form) == (True, False)
    assert refused.status_code == 422
    assert "校内基地" in text(browser.get(address))
