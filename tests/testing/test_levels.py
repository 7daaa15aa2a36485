"""Taking the levels of a test into the needs analysis, and each trainee's own level before the training."""

from __future__ import annotations

from decimal import Decimal

import pytest
import sqlalchemy as sa

from tests.factories import NOW, TODAY
from tests.testing.conftest import RIGHT, WRONG, actor, inside
from tests.testing.helpers import close, mark_all
from trainmgr.enrolment.bulk import bulk_enrol
from trainmgr.enrolment.models import EntryLevel
from trainmgr.enrolment.register import NewTrainee
from trainmgr.kernel.access import Role
from trainmgr.kernel.db import db
from trainmgr.needs.models import AnalysisState, Competency, LaneProduct, NeedsAnalysis
from trainmgr.needs.rules import LaneStep, LevelSource
from trainmgr.programs.models import Program
from trainmgr.programs.rules import Side, State
from trainmgr.recruitment import applying, judging
from trainmgr.recruitment.rules import VerdictKind
from trainmgr.testing.models import Sitting
from trainmgr.testing.rules import Purpose


@pytest.fixture
def closed(exam):
    """A closed entry test of three: two all right, one all wrong; words and steps wait for a mark."""
    exam.sitting(people=3)
    exam.take(0, RIGHT)
    exam.take(1, RIGHT)
    exam.take(2, WRONG)
    close(exam)
    return exam


def version_of(exam):
    with inside(exam.world):
        return db.session.get_one(Sitting, exam.sitting_id).version


def take(exam, client, **data):
    return client.post(exam.url("/levels"), data={"version": version_of(exam)} | data)


def test_the_mean_levels_become_the_current_levels(closed, signed_in, session):
    mark_all(closed)
    staff = signed_in(closed.staff)

    assert staff.get(closed.url("/levels")).status_code == 200
    response = take(closed, staff)

    assert response.status_code == 302
    first = session.get_one(Competency, closed.needs[0])
    assert (first.level_source, first.respondents) == (LevelSource.TESTED, 3)
    assert first.current_level == Decimal("3.67")  # 5, 5 and 1
    assert (first.below, first.above) == (1, 2)
    assert session.get_one(Sitting, closed.sitting_id).taken_at is not None
    products = {row.step: row for row in session.scalars(sa.select(LaneProduct))}
    assert products[LaneStep.TEST].done
    assert products[LaneStep.INSTRUMENT].done
    assert products[LaneStep.REPORT].done
    page = staff.get(f"/programs/{closed.program.id}/needs")
    assert page.status_code == 200


def test_levels_are_not_taken_while_marks_are_awaited_unless_that_is_confirmed(closed, signed_in, session):
    staff = signed_in(closed.staff)

    refused = take(closed, staff)
    assert refused.status_code == 409
    assert "6" in refused.get_data(as_text=True)
    assert take(closed, staff, without_marks="5").status_code == 409

    assert take(closed, staff, without_marks="6").status_code == 302
    assert session.get_one(Competency, closed.needs[2]).level_source is not LevelSource.TESTED
    assert session.get_one(Competency, closed.needs[0]).level_source is LevelSource.TESTED


def test_levels_of_an_open_test_are_refused(exam, signed_in):
    exam.sitting(people=1)
    exam.take(0, RIGHT)

    assert take(exam, signed_in(exam.staff)).status_code == 409


def test_who_joins_later_starts_with_the_measured_level(closed, signed_in, session):
    mark_all(closed)
    take(closed, signed_in(closed.staff))
    with inside(closed.world):
        program = db.session.get_one(Program, closed.program.id)
        result = bulk_enrol(
            program,
            [NewTrainee(name=closed.trainees[0].name, student_number="T0001"),
             NewTrainee(name="别人", student_number="T9999")],
            college_id=closed.world.college.id, by=actor(closed.staff), now=NOW, today=TODAY,
        )  # fmt: skip
        db.session.commit()
        mine, other = result.enrolment_ids[0], result.enrolment_ids[1]

    found = session.execute(
        sa.select(EntryLevel.enrolment_id, EntryLevel.competency_id, EntryLevel.level).order_by(
            EntryLevel.competency_id
        )
    ).all()
    assert [tuple(row) for row in found] == [(mine, one, Decimal(5)) for one in closed.needs]
    assert other


def test_a_measured_level_replaces_a_typed_one(closed, signed_in, session):
    mark_all(closed)
    take(closed, signed_in(closed.staff))
    typed = {closed.needs[0]: Decimal("2.00")}
    with inside(closed.world):
        bulk_enrol(
            db.session.get_one(Program, closed.program.id),
            [NewTrainee(name=closed.trainees[2].name, student_number="T0003", levels=typed)],
            college_id=closed.world.college.id, by=actor(closed.staff), now=NOW, today=TODAY,
        )  # fmt: skip
        db.session.commit()

    levels = dict(session.execute(sa.select(EntryLevel.competency_id, EntryLevel.level)).all())
    assert levels[closed.needs[0]] == Decimal(1)


def test_who_is_admitted_starts_with_the_measured_level(closed, signed_in, session):
    mark_all(closed)
    take(closed, signed_in(closed.staff))
    with inside(closed.world):
        program = db.session.get_one(Program, closed.program.id)
        program.state = State.RECRUITING
        staff = actor(closed.staff)
        application = applying.apply(
            program, college_id=closed.world.college.id, enterprise_id=closed.world.enterprise.id, field="",
            statement="", by=actor(closed.trainees[1]), now=NOW, today=TODAY,
        )  # fmt: skip
        db.session.flush()
        for side in Side:
            judging.record_verdict(
                program, application.id, side, VerdictKind.ADMIT, reason="", by=staff, now=NOW, today=TODAY
            )
        db.session.commit()

    assert session.scalars(sa.select(EntryLevel.level)).all() == [Decimal(5)] * 3


def test_who_is_enrolled_already_gets_the_measured_level_when_it_is_taken(closed, signed_in, session):
    mark_all(closed)
    closed.world.enrolment(closed.program, user=closed.trainees[2])

    take(closed, signed_in(closed.staff))

    assert session.scalar(sa.select(sa.func.count()).select_from(EntryLevel)) == 3


def test_levels_are_taken_again_after_later_marks(closed, signed_in, session):
    staff = signed_in(closed.staff)
    take(closed, staff, without_marks="6")
    mark_all(closed)

    assert take(closed, staff).status_code == 302
    assert session.get_one(Competency, closed.needs[2]).level_source is LevelSource.TESTED


def test_a_second_entry_test_adds_its_people(closed, signed_in, session):
    mark_all(closed)
    staff = signed_in(closed.staff)
    take(closed, staff)
    closed.sitting(people=2, name="补测")
    closed.take(0, RIGHT)
    closed.take(1, RIGHT)
    mark_all(closed)
    close(closed)

    take(closed, staff)

    first = session.get_one(Competency, closed.needs[0])
    assert (first.respondents, first.current_level) == (5, Decimal("4.20"))  # 5, 5, 1 and 5, 5


def test_a_test_at_the_end_tells_no_level_before(exam, signed_in):
    exam.sitting(people=1, purpose=Purpose.END)
    exam.take(0, RIGHT)
    mark_all(exam)
    close(exam)

    assert take(exam, signed_in(exam.staff)).status_code == 409


def test_levels_are_not_taken_over_a_change_that_one_has_not_seen(closed, signed_in):
    mark_all(closed)
    answer = signed_in(closed.staff).post(closed.url("/levels"), data={"version": version_of(closed) - 1})

    assert answer.status_code == 409


def test_levels_are_not_taken_into_a_signed_analysis(closed, signed_in, session):
    mark_all(closed)
    with inside(closed.world):
        analysis = db.session.scalars(sa.select(NeedsAnalysis)).one()
        analysis.state, analysis.frozen_at = AnalysisState.FROZEN, NOW
        db.session.commit()
    staff = signed_in(closed.staff)

    assert "双方已签核" in staff.get(closed.url("/levels")).get_data(as_text=True)
    assert take(closed, staff).status_code == 409
    assert session.get_one(Sitting, closed.sitting_id).taken_at is None


def test_an_enterprise_takes_no_levels(closed, world, signed_in):
    coordinator = signed_in(world.user(Role.ENTERPRISE_COORDINATOR))

    assert coordinator.get(closed.url("/levels")).status_code == 403
    assert take(closed, coordinator).status_code == 403
