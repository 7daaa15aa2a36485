"""The two forms of "whom may this viewer see" leave the same people, and a long list's count may be a minute old."""

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import joinedload, selectinload

from tests.factories import NOW
from trainmgr.identity import queries
from trainmgr.identity.models import Membership, OrganizationKind, User
from trainmgr.identity.queries import PeopleFilter
from trainmgr.kernel import shared
from trainmgr.kernel.access import Role
from trainmgr.kernel.paging import Listing
from trainmgr.programs.rules import State

VIEWERS = ("staff", "partner", "administrator", "department staff", "coordinator", "trainee", "operator")


@pytest.fixture
def viewers(app, world, session, monkeypatch):
    """Somebody of each kind around one programme of two colleges, with people whom each may or may not see."""
    app.config["CLOCK"] = lambda: NOW
    monkeypatch.setitem(app.extensions, "shelf", shared.Shelf())
    other = world.organization(name="合作学院")
    department = world.organization(OrganizationKind.DEPARTMENT, parent_id=world.college.id)
    made = {
        "staff": world.user(Role.STAFF),
        "partner": world.user(Role.STAFF, other),
        "administrator": world.user(Role.ADMINISTRATOR),
        "department staff": world.user(Role.DEPARTMENT_STAFF, department=department),
        "coordinator": world.user(Role.ENTERPRISE_COORDINATOR),
        "trainee": world.user(Role.TRAINEE),
        "operator": world.user(Role.ADMINISTRATOR, world.organization(OrganizationKind.OPERATOR)),
    }
    program = world.program(State.RUNNING, created_by=made["staff"], partner=other)
    world.enrolment(program, user=made["trainee"], mentor=world.user(Role.ENTERPRISE_MENTOR))
    world.user(Role.STAFF, world.organization(name="别的学院"))
    asked = selectinload(User.memberships).options(
        joinedload(Membership.organization), joinedload(Membership.department)
    )
    return {
        name: session.scalars(sa.select(User).where(User.id == user.id).options(asked)).one()
        for name, user in made.items()
    }


def ids(session, condition):
    return sorted(session.scalars(sa.select(User.id).where(condition)))


@pytest.mark.parametrize("name", VIEWERS)
def test_person_by_person_and_by_their_ids_the_same_people_are_seen(session, viewers, name):
    viewer = viewers[name]
    if name == "operator":
        assert ids(session, queries.visible_to(viewer)) == ids(session, sa.true())
        return

    assert ids(session, queries.visible_to(viewer)) == ids(session, queries._listed_to(viewer))


@pytest.mark.parametrize("name", VIEWERS)
def test_a_long_list_shows_the_same_people_as_a_short_one(session, viewers, name, monkeypatch):
    def listed():
        page = queries.list_people(viewers[name], Listing(), PeopleFilter())
        return page.total, [person.id for person in page.items]

    short = listed()
    monkeypatch.setattr(queries, "FEW_PEOPLE", -1)

    assert listed() == short
    assert len(short[1]) == short[0]


def test_the_count_of_a_long_list_is_kept_for_its_viewer_and_words_alone(
    session, world, viewers, monkeypatch
):
    def total(name, words=""):
        return queries.list_people(viewers[name], Listing(q=words), PeopleFilter()).total

    monkeypatch.setattr(queries, "FEW_PEOPLE", 0)
    staff, operator = total("staff"), total("operator")
    world.user(Role.STAFF, name="新来的同事")

    assert total("staff") == staff
    assert total("staff", "新来的同事") == 1
    assert total("operator") == operator
    monkeypatch.setattr(queries, "FEW_PEOPLE", 5_000)
    assert total("administrator") == staff + 1


def test_the_count_of_a_short_list_is_never_old(session, world, viewers):
    before = queries.list_people(viewers["staff"], Listing(), PeopleFilter()).total
    world.user(Role.STAFF)

    assert queries.list_people(viewers["staff"], Listing(), PeopleFilter()).total == before + 1
