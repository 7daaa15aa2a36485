"""Figures follow their records: what is written makes those stale that read it, and a job computes them at once."""

from datetime import timedelta

import pytest
import sqlalchemy as sa

from tests.factories import NOW
from tests.quality.conftest import YEAR
from trainmgr.enrolment.models import Enrolment
from trainmgr.kernel.jobs import Job, keep_time
from trainmgr.outcomes.rules import PassKind
from trainmgr.programs.rules import State
from trainmgr.quality import computing, fresh_job, watching
from trainmgr.quality.models import QualityFigure, QualityRun
from trainmgr.quality.rules import ScopeKind, Sums


@pytest.fixture(autouse=True)
def nothing_rests():
    watching.reads.cache_clear()
    watching.readers_of.cache_clear()
    fresh_job._resting.clear()
    yield
    fresh_job._resting.clear()


def _jobs(house):
    return [job for job in house.all(Job) if job.kind == fresh_job.FRESHENING]


def _stands(house):
    """Let the year count as computed; what is written from now on is computed again."""
    college = house.world.college.id
    with house.world.inside() as session:
        computing.note(college, [YEAR], NOW)
        codes, parties = computing.codes_of(college, YEAR), computing.parties_of(college)
        computing.keep(college, YEAR, computing.look(college, YEAR, "pass_rate", codes, parties))
        session.commit()


def _rate(house):
    (row,) = house.all(QualityFigure, code="pass_rate", scope_kind=ScopeKind.COLLEGE, year=YEAR)
    return row.numerator, row.denominator


def test_one_decision_moves_the_college_department_and_programme_at_once(house):
    house.pass_on(house.named[0])
    _stands(house)
    assert _rate(house) == (1, 1)

    house.world.app.config["CLOCK"] = lambda: NOW + timedelta(hours=2)
    house.pass_on(house.plain, PassKind.FAILED)

    assert _rate(house) == (1, 2)
    page = house.text(house.staff, f"/quality/?kind=program&id={house.program.id}")
    assert "50.00%" in page
    assert "1 / 2" in page
    (run,) = house.all(QualityRun)
    assert run.computed_at == NOW + timedelta(hours=2)
    (job,) = _jobs(house)
    assert "pass_rate" in job.params["measures"]
    assert "bank_items" not in job.params["measures"]


def test_what_reads_a_column_is_taken_from_the_measures_themselves(house):
    with house.world.app.app_context():
        assert {"composite", "judged_complete", "level_gain"} == watching.readers_of("result")
        assert watching.readers("result", ["composite"]) == {"composite"}
        assert watching.readers("rating_score", ["score"]) == {
            "satisfaction_enterprise",
            "satisfaction_trainee",
        }
        assert watching.readers_of("audit_event") == set()


def test_nothing_is_computed_before_somebody_asked_for_figures(house):
    house.pass_on(house.named[0])

    assert _jobs(house) == []
    assert house.all(QualityFigure) == []


def test_a_column_that_no_figure_reads_computes_nothing_and_a_bulk_statement_does(house):
    _stands(house)
    with house.world.inside() as session:
        session.get(Enrolment, house.plain.id).post = "装调"
        session.commit()
    assert _jobs(house) == []

    with house.world.inside() as session:
        session.execute(
            sa.update(Enrolment).where(Enrolment.id == house.plain.id).values(verified_minutes=900)
        )
        session.commit()

    (job,) = _jobs(house)
    assert job.params["measures"] == ["trainee_hours"]
    (row,) = house.all(QualityFigure, code="trainee_hours", scope_kind=ScopeKind.COLLEGE, year=YEAR)
    assert row.numerator > 0


def test_what_was_rolled_back_computes_nothing(house):
    _stands(house)
    with house.world.inside() as session:
        session.get(Enrolment, house.plain.id).verified_minutes = 77
        session.flush()
        session.rollback()
        session.get(Enrolment, house.plain.id).post = "检测"
        session.commit()

    assert _jobs(house) == []


def test_another_colleges_programme_leaves_these_figures_alone(house):
    _stands(house)
    world = house.world
    foreign = world.enrolment(world.program(State.RUNNING, college=world.organization(name="另一学院")))
    with world.inside() as session:
        session.execute(sa.delete(Job))
        session.commit()

    house.pass_on(foreign)

    assert foreign.program_id != house.program.id
    assert _jobs(house) == []


def test_a_slow_measure_rests_and_is_caught_up_with_by_the_clock(house, monkeypatch):
    monkeypatch.setattr(fresh_job, "QUICK", -1.0)
    monkeypatch.setattr(fresh_job, "REST", 1e6)
    _stands(house)
    house.pass_on(house.named[0])
    assert _rate(house) == (1, 1)
    house.pass_on(house.plain, PassKind.FAILED)
    assert _rate(house) == (1, 1)  # it rests

    with house.world.app.app_context():
        keep_time(NOW)
    assert _rate(house) == (1, 1)
    fresh_job._resting.clear()
    with house.world.app.app_context():
        keep_time(NOW)
    assert _rate(house) == (1, 2)


def test_a_published_survey_moves_only_with_five_more_answers():
    def row(people, value, hidden=False):
        return QualityFigure(scope_kind=ScopeKind.PROGRAM, scope_id=1, numerator=value, denominator=people,
                             people=people, is_hidden=hidden)  # fmt: skip

    place = (ScopeKind.PROGRAM, 1)
    six, eleven = {place: Sums(5, 6, 6)}, {place: Sums(9, 11, 11)}
    assert computing._unmoved(six, [row(6, 4)]) == {place: Sums(4, 6, 6)}  # one answer was changed
    assert computing._unmoved({place: Sums(9, 10, 10)}, [row(6, 5)]) == {place: Sums(5, 6, 6)}
    assert computing._unmoved(eleven, [row(6, 5)]) == eleven
    assert computing._unmoved(six, [row(6, 4, hidden=True)]) == six  # what was not shown tells nothing
    assert computing._unmoved(six, [row(4, 4)]) == six
    assert computing._unmoved({}, [row(6, 4)]) == {}
