"""Classes: made, named, merged and closed; people moved with a record each; proposals seen before they are done."""

from __future__ import annotations

from datetime import timedelta

import pytest
import sqlalchemy as sa

from tests.factories import NOW, TODAY
from trainmgr.classes import actions, queries, splitting
from trainmgr.classes.models import ClassMove, ClassSeat, ClassSplit, SplitState
from trainmgr.classes.named_views import queries as named
from trainmgr.enrolment.models import Cohort, Enrolment, EntryLevel
from trainmgr.identity.models import User
from trainmgr.kernel.access import Role
from trainmgr.kernel.errors import RuleBroken
from trainmgr.kernel.paging import Listing
from trainmgr.programs.models import Program
from trainmgr.programs.rules import State


def at(program, *parts):
    return "/".join([f"/programs/{program.id}/classes", *(str(part) for part in parts)])


# --- the class itself ------------------------------------------------------------------------------


def test_classes_are_made_changed_and_removed_while_nobody_was_in_them(
    world, session, program, staff, people
):
    full = world.cohort(program)
    people(1, cohort_id=full.id)

    assert staff.post(at(program), data={"name": "B 班"}).status_code == 302
    assert staff.post(at(program), data={"name": "B 班"}).status_code == 409
    assert staff.post(at(program), data={"name": "  "}).status_code == 422
    empty = session.scalars(sa.select(Cohort).where(Cohort.name == "B 班")).one()
    assert staff.post(at(program, empty.id, "edit"), data={"name": full.name}).status_code == 409
    named_by = {"name": "欣旺达班", "enterprise": str(world.enterprise.id), "sponsor": "奖学金"}
    assert staff.post(at(program, empty.id, "edit"), data=named_by).status_code == 302
    assert staff.post(at(program, full.id, "remove")).status_code == 409
    assert "欣旺达班" in staff.get(at(program)).get_data(as_text=True)
    assert staff.post(at(program, empty.id, "remove")).status_code == 302

    session.expire_all()
    assert session.scalars(sa.select(Cohort.name)).all() == [full.name]


def test_an_enterprise_that_is_no_party_names_no_class(world, session, program):
    stranger = world.organization(name="别家")
    with pytest.raises(RuleBroken):
        actions.create_class(
            session.get(Program, program.id), "别家班", enterprise_id=stranger.id, by=world.user(), now=NOW
        )


def test_a_class_that_people_were_in_is_closed_not_deleted(world, session, program, people):
    cohort, other = world.cohort(program), world.cohort(program, "B 班")
    one = session.get(Enrolment, people(1, cohort_id=cohort.id)[0].id)
    program, by = session.get(Program, program.id), world.user()
    actions.move_to_class(program, [one], session.get(Cohort, other.id), reason="换班", by=by, now=NOW)

    gone = actions.remove_class(program, session.get(Cohort, cohort.id), by=by, now=NOW)

    assert not gone
    assert session.get(Cohort, cohort.id).closed_on == TODAY
    with pytest.raises(RuleBroken):
        actions.move_to_class(program, [one], session.get(Cohort, cohort.id), by=by, now=NOW)


def test_a_class_of_another_programme_is_not_there(world, program, staff):
    other = world.cohort(world.program(State.RUNNING), "别的班")
    for address in (at(program, other.id), at(program, other.id, "space"), at(program, other.id, "talk")):
        assert staff.get(address).status_code == 404
    assert staff.post(at(program, other.id, "edit"), data={"name": "x"}).status_code == 404


# --- moving and merging, with history --------------------------------------------------------------


def test_people_are_moved_after_a_page_that_names_them_and_the_history_tells(
    world, session, program, staff, people
):
    old, new = world.cohort(program), world.cohort(program, "新班")
    found = people(3, cohort_id=old.id)
    ids = [str(one.id) for one in found[:2]]

    asked = staff.post(at(program, "move"), data={"id": ids})
    assert "学员000" in asked.get_data(as_text=True)
    data = {"cohort": str(new.id), "id": ids, "day": "2026-11-18", "reason": "按方向分班"}
    assert staff.post(at(program, "move/people"), data=data | {"reason": ""}).status_code == 422
    assert staff.post(at(program, "move/people"), data=data | {"day": "2026-12-24"}).status_code == 409
    assert staff.post(at(program, "move/people"), data=data).status_code == 302
    assert (
        staff.post(
            at(program, "move/people"), data=data | {"cohort": str(old.id), "day": "2026-11-01"}
        ).status_code
        == 409
    )

    history = staff.get(at(program, new.id, "history")).get_data(as_text=True)
    assert "按方向分班" in history
    own = staff.get(at(program, "trainees", found[0].id)).get_data(as_text=True)
    assert "新班" in own
    before = staff.get(at(program, old.id), query_string={"day": "2026-11-17"}).get_data(as_text=True)
    after = staff.get(at(program, old.id), query_string={"day": "2026-11-18"}).get_data(as_text=True)
    assert [f"学员00{n}" in before for n in range(3)] == [True, True, True]
    assert [f"学员00{n}" in after for n in range(3)] == [False, False, True]
    rows = session.execute(sa.select(ClassMove.from_id, ClassMove.to_id).order_by(ClassMove.id)).all()
    assert [tuple(row) for row in rows] == [(None, old.id)] * 2 + [(old.id, new.id)] * 2


def test_a_record_of_a_move_never_changes(world, session, program, people):
    cohort = world.cohort(program)
    one = session.get(Enrolment, people(1)[0].id)
    actions.move_to_class(
        session.get(Program, program.id),
        [one],
        session.get(Cohort, cohort.id),
        reason="x",
        by=world.user(),
        now=NOW,
    )
    session.scalars(sa.select(ClassMove)).one().reason = "y"
    with pytest.raises(AssertionError):
        session.flush()
    session.rollback()


def test_merging_moves_everybody_closes_the_class_and_says_where_they_went(
    world, session, program, staff, people
):
    small, large = world.cohort(program, "小班"), world.cohort(program, "大班")
    people(2, cohort_id=small.id)
    people(3, cohort_id=large.id)

    page = staff.get(at(program, small.id, "merge")).get_data(as_text=True)
    assert "2 人" in page
    data = {"cohort": str(large.id), "day": TODAY.isoformat(), "reason": "人数太少"}
    assert (
        staff.post(at(program, small.id, "merge"), data=data | {"cohort": str(small.id)}).status_code == 422
    )
    assert staff.post(at(program, small.id, "merge"), data=data).status_code == 302

    session.expire_all()
    assert session.scalar(sa.select(sa.func.count()).where(Enrolment.cohort_id == large.id)) == 5
    closed = session.get(Cohort, small.id)
    assert (closed.closed_on, closed.merged_into_id) == (TODAY, large.id)
    assert staff.post(at(program, small.id, "merge"), data=data).status_code == 409
    assert "大班" in staff.get(at(program)).get_data(as_text=True)


# --- dividing evenly --------------------------------------------------------------------------------


@pytest.fixture
def levels(world, session, program):
    """Give trainees entry levels from 1 to 5 in turn."""

    def give(found):
        competency = world.competency(program)
        for place, one in enumerate(found):
            session.add(EntryLevel(enrolment_id=one.id, competency_id=competency.id, level=1 + place % 5))
        session.commit()

    return give


def test_a_division_is_looked_at_changed_by_hand_and_then_carried_out(
    world, session, program, staff, people, levels
):
    found = people(12)
    levels(found)

    assert staff.post(at(program, "split"), data={"count": "1", "source": "none"}).status_code == 422
    assert staff.post(at(program, "split"), data={"count": "13", "source": "none"}).status_code == 409
    asked = {"count": "2", "source": "none", "names": "A 班，B 班"}
    assert staff.post(at(program, "split"), data=asked).status_code == 302
    page = staff.get(at(program, "split")).get_data(as_text=True)
    assert "A 班" in page
    assert "12 人" in page
    proposal = session.scalars(sa.select(ClassSplit)).one()
    assert proposal.imbalance < proposal.by_chance
    assert (
        session.scalar(
            sa.select(sa.func.count()).select_from(Enrolment).where(Enrolment.cohort_id.is_not(None))
        )
        == 0
    )

    seat = session.scalars(sa.select(ClassSeat).where(ClassSeat.part == 0)).first()
    seen = staff.get(at(program, "split/seats", seat.enrolment_id)).get_data(as_text=True)
    assert f"{proposal.imbalance:.4f}" in seen
    data = {"part": "1", "version": proposal.version}
    assert staff.post(at(program, "split/seats", seat.enrolment_id), data=data).status_code == 302
    assert (
        staff.post(at(program, "split/seats", seat.enrolment_id), data=data).status_code == 409
    )  # an old version
    session.expire_all()
    assert (seat.part, seat.fixed, proposal.moved) == (1, True, 1)
    staff.post(at(program, "split/anew"))
    session.expire_all()
    assert session.get(ClassSeat, (proposal.id, seat.enrolment_id)).part == 1

    done = {"reason": "均衡分班", "version": proposal.version}
    assert staff.post(at(program, "split/carry"), data=done | {"reason": ""}).status_code == 422
    assert staff.post(at(program, "split/carry"), data=done).status_code == 302
    session.expire_all()
    sizes = session.execute(
        sa.select(Cohort.name, sa.func.count(Enrolment.id)).join(Enrolment).group_by(Cohort.name)
    )
    assert sorted(tuple(row) for row in sizes) == [("A 班", 6), ("B 班", 6)]
    assert session.scalars(sa.select(ClassMove.reason).distinct()).all() == ["均衡分班"]
    assert proposal.state is SplitState.CARRIED


def test_who_left_meanwhile_is_left_out_when_a_division_is_carried_out(world, session, program, people):
    found = people(6)
    by, program = world.user(), session.get(Program, program.id)
    proposal = splitting.propose(
        program, splitting.people_to_split(program, _loaded(session, by), "none"), ["A", "B"], by=by, now=NOW
    )
    session.execute(sa.update(Enrolment).where(Enrolment.id == found[0].id).values(state="withdrawn"))

    moved, gone = splitting.carry_out(
        program, proposal, version=proposal.version, reason="分班", by=by, now=NOW
    )

    assert (moved, gone) == (5, 1)


def _loaded(session, user):
    return session.scalars(
        sa.select(User).where(User.id == user.id).options(sa.orm.selectinload(User.memberships))
    ).one()


def test_a_class_with_other_people_is_not_divided_over(world, session, program, people):
    cohort = world.cohort(program, "A")
    people(2, cohort_id=cohort.id)
    people(4)
    by, program = world.user(), session.get(Program, program.id)
    chosen = splitting.people_to_split(program, _loaded(session, by), "none")

    assert len(chosen) == 4
    with pytest.raises(RuleBroken):
        splitting.propose(program, chosen, ["A", "B"], by=by, now=NOW)


# --- classes named by enterprises (H3) ---------------------------------------------------------------


def test_named_classes_and_their_share_are_counted_once_a_person(world, session, program, signed_in, people):
    other = world.program(State.RUNNING, name="另一个项目")
    ours, plain = world.cohort(program, "蓝思班"), world.cohort(program, "普通班")
    with world.app.app_context():
        from trainmgr.kernel.db import db

        db.session.get(Cohort, ours.id).enterprise_id = world.enterprise.id
        db.session.commit()
    inside = people(3, cohort_id=ours.id)
    people(4, cohort_id=plain.id)
    people(1, cohort_id=ours.id, state="withdrawn")
    again = world.user(Role.TRAINEE)
    world.enrolment(other, user=again)
    world.enrolment(program, user=again, enrolled_on=TODAY - timedelta(days=800))

    programs = sa.select(Program.id)
    figures = named.named_figures(programs, None, None)
    assert (figures.classes, figures.people, figures.everybody) == (1, 3, 8)
    assert named.named_figures(programs, TODAY.year, None).everybody == 8
    assert named.named_figures(programs, TODAY.year - 2, None).classes == 0
    page = signed_in(world.user(Role.STAFF)).get("/named-classes").get_data(as_text=True)
    assert "37.5" in page
    assert "蓝思班" in page
    assert len(inside) == 3


def test_the_list_and_the_proposal_run_a_fixed_number_of_statements(
    world, session, program, staff, people, count_statements
):
    def counted(address):
        with count_statements() as statements:
            assert staff.get(address).status_code == 200
        return len(statements)

    cohort = world.cohort(program)
    people(3, cohort_id=cohort.id)
    addresses = [at(program), at(program, cohort.id), at(program, cohort.id, "history"), at(program, "exchanges"),
                 at(program, "compare"), at(program, cohort.id, "space"), "/named-classes"]  # fmt: skip
    few = [counted(address) for address in addresses]
    more = world.cohort(program, "B 班")
    people(20, cohort_id=more.id)
    assert [counted(address) for address in addresses[:4]] == few[:4]
    assert max(few) <= 10, dict(zip(addresses, few, strict=True))


def test_members_as_of_a_day_come_from_the_last_move_before_it(world, session, program, people):
    first, second = world.cohort(program, "甲"), world.cohort(program, "乙")
    one = session.get(Enrolment, people(1)[0].id)
    row, by = session.get(Program, program.id), _loaded(session, world.user())
    for days, cohort in ((30, first), (20, second), (10, first)):
        actions.move_to_class(
            row,
            [one],
            session.get(Cohort, cohort.id),
            day=TODAY - timedelta(days=days),
            reason="x",
            by=by,
            now=NOW,
        )

    def inside(cohort, days):
        page = queries.members_on(
            row, session.get(Cohort, cohort.id), by, Listing(), TODAY - timedelta(days=days), TODAY
        )
        return page.total

    assert [inside(first, days) for days in (31, 30, 25, 20, 15, 10, 5, 0)] == [0, 1, 1, 0, 0, 1, 1, 1]
    assert [inside(second, days) for days in (25, 20, 11, 10, 0)] == [0, 1, 1, 0, 0]


@pytest.mark.parametrize("year", ["0", "10000", "99999"])
def test_a_year_that_no_calendar_has_has_no_classes(staff, people, year):
    people(1)
    assert staff.get(f"/named-classes?year={year}").status_code == 200
