"""The result on the screen: pass list, classes, what was closed, the end."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest
import sqlalchemy as sa

from tests.factories import NOW
from trainmgr.enrolment.models import Enrolment, EnrolmentState, EntryLevel
from trainmgr.evaluation.models import Attainment, Result, Scheme, Window, WindowKind
from trainmgr.identity.models import OrganizationKind
from trainmgr.kernel.access import Role
from trainmgr.outcomes.actions import complete_intervals, complete_trainees, recompute_closures
from trainmgr.outcomes.models import GapClosure, PassDecision
from trainmgr.outcomes.rules import PassKind
from trainmgr.outcomes.station import assess
from trainmgr.programs.hooks import Move
from trainmgr.programs.models import Program
from trainmgr.programs.rules import State


@pytest.fixture
def program(world, app):
    app.config["CLOCK"] = lambda: NOW
    return world.program(State.EVALUATING)


@pytest.fixture
def staff(world, program):
    return world.signed_in(world.user(Role.STAFF))


@pytest.fixture
def window(world, program) -> int:
    """A closed terminal window of the programme."""
    with world.inside() as session:
        scheme = Scheme(
            program_id=program.id,
            trainee_weight=20,
            enterprise_weight=45,
            teacher_weight=35,
            pass_mark=3.0,
            edited_at=NOW,
        )
        session.add(scheme)
        session.flush()
        row = Window(
            program_id=program.id,
            scheme_id=scheme.id,
            name="终结评价",
            kind=WindowKind.TERMINAL,
            opens_at=NOW - timedelta(days=20),
            closes_at=NOW - timedelta(days=1),
        )
        session.add(row)
        session.commit()
        return row.id


def rate(world, program, window, enrolment, composite, *, low=None, high=None, levels=None, entry=None):
    """Give a trainee a result, and levels before and after by competency id."""
    with world.inside() as session:
        session.add(
            Result(
                program_id=program.id,
                window_id=window,
                enrolment_id=enrolment.id,
                composite=composite,
                low=low if low is not None else composite,
                high=high if high is not None else composite,
                is_provisional=low is not None,
                computed_at=NOW,
            )
        )
        for competency_id, level in (levels or {}).items():
            session.add(
                Attainment(
                    window_id=window, enrolment_id=enrolment.id, competency_id=competency_id, level=level
                )
            )
        for competency_id, level in (entry or {}).items():
            session.add(
                EntryLevel(enrolment_id=enrolment.id, competency_id=competency_id, level=Decimal(str(level)))
            )
        session.commit()


def rows(world, statement):
    with world.inside() as session:
        return [tuple(row) for row in session.execute(statement)]


def decisions(world):
    return rows(
        world,
        sa.select(
            PassDecision.enrolment_id, PassDecision.kind, PassDecision.is_present, PassDecision.reason
        ).order_by(PassDecision.id),
    )


def closures(world, program):
    with world.inside() as session:
        recompute_closures(program.id, NOW)
        session.commit()
    return rows(
        world,
        sa.select(
            GapClosure.cohort_id,
            GapClosure.n,
            GapClosure.before,
            GapClosure.after,
            GapClosure.closed,
            GapClosure.is_paired,
        ).order_by(GapClosure.cohort_id),
    )


def test_everybody_who_cannot_fail_any_more_passes_at_once(world, staff, program, window):
    sure, open_still, below = (world.enrolment(program) for _ in range(3))
    rate(world, program, window, sure, 3.6, low=3.1, high=4.0)
    rate(world, program, window, open_still, 3.6, low=2.4, high=4.0)
    rate(world, program, window, below, 2.0)

    response = staff.post(f"/programs/{program.id}/result/accept")

    assert response.status_code == 302
    assert decisions(world) == [(sure.id, PassKind.PASSED, True, "")]


def test_accepting_twice_decides_once(world, staff, program, window):
    rate(world, program, window, world.enrolment(program), 4.0)
    for _ in range(2):
        staff.post(f"/programs/{program.id}/result/accept")

    assert len(decisions(world)) == 1


def test_a_changed_decision_needs_a_reason_and_keeps_the_first(world, staff, program, window):
    trainee = world.enrolment(program)
    rate(world, program, window, trainee, 4.0)
    path = f"/programs/{program.id}/result/decide"
    staff.post(path, data={"id": trainee.id, "kind": "passed"})

    silent = staff.post(path, data={"id": trainee.id, "kind": "failed"})
    reasoned = staff.post(path, data={"id": trainee.id, "kind": "failed", "reason": "证书造假"})

    assert (silent.status_code, reasoned.status_code) == (409, 302)
    assert decisions(world) == [
        (trainee.id, PassKind.PASSED, False, ""),
        (trainee.id, PassKind.FAILED, True, "证书造假"),
    ]


def test_failing_somebody_needs_a_reason_and_what_was_typed_is_kept(world, staff, program, window):
    trainee = world.enrolment(program)

    response = staff.post(f"/programs/{program.id}/result/decide", data={"id": trainee.id, "kind": "failed"})

    assert response.status_code == 409
    assert trainee.name in response.text
    assert decisions(world) == []


@pytest.mark.parametrize("data", [{"kind": "maybe"}, {"kind": ""}, {"kind": "passed", "reason": "x" * 201}])
def test_a_nonsense_decision_is_refused_at_the_field(world, staff, program, window, data):
    trainee = world.enrolment(program)

    response = staff.post(f"/programs/{program.id}/result/decide", data={"id": trainee.id} | data)

    assert response.status_code == 422


@pytest.mark.parametrize("state", [State.RUNNING, State.CLOSED])
def test_nothing_is_decided_before_the_evaluation_or_after_the_end(world, state):
    program = world.program(state)
    trainee = world.enrolment(program)
    client = world.signed_in(world.user(Role.STAFF))

    response = client.post(f"/programs/{program.id}/result/decide", data={"id": trainee.id, "kind": "passed"})

    assert response.status_code == 409


def test_trainees_of_another_programme_are_not_decided_on(world, staff, program, window):
    foreign = world.enrolment(world.program(State.EVALUATING))

    response = staff.post(f"/programs/{program.id}/result/decide", data={"id": foreign.id, "kind": "passed"})

    assert response.status_code == 409
    assert decisions(world) == []


def test_a_gap_is_measured_on_the_same_trainees_before_and_after(world, program, window):
    goal = world.competency(program, is_priority=True, rank=1, required_level=4, current_level=1)
    a, b = world.cohort(program, "A"), world.cohort(program, "B")
    first, second = world.enrolment(program, cohort_id=a.id), world.enrolment(program, cohort_id=b.id)
    without_entry = world.enrolment(program, cohort_id=b.id)
    rate(world, program, window, first, 4, levels={goal.id: 4.0}, entry={goal.id: 2.0})
    rate(world, program, window, second, 4, levels={goal.id: 3.0}, entry={goal.id: 2.0})
    rate(world, program, window, without_entry, 4, levels={goal.id: 1.0})

    found = {row[0]: row[1:] for row in closures(world, program)}

    assert found == {
        None: (2, 2.0, 3.5, 0.75, True),
        a.id: (1, 2.0, 4.0, 1.0, True),
        b.id: (1, 2.0, 3.0, 0.5, True),
    }


def test_what_was_closed_says_how_sure_it_is(world, staff, program, window):
    sure, unsure = (world.competency(program, is_priority=True, rank=r, required_level=4) for r in (1, 2))
    for n, (up, down) in enumerate([(3.5, 1.5), (4.0, 2.5), (3.0, 3.0)]):
        rate(
            world, program, window, world.enrolment(program), 4,
            levels={sure.id: up, unsure.id: down}, entry={sure.id: 1.5 + n / 4, unsure.id: 2.0},
        )  # fmt: skip
    closures(world, program)

    found = rows(
        world,
        sa.select(
            GapClosure.closed,
            GapClosure.closed_low,
            GapClosure.closed_high,
            GapClosure.gain_low,
            GapClosure.gain_high,
        ).order_by(GapClosure.competency_id),
    )
    page = staff.get(f"/programs/{program.id}/result").text

    for closed, low, high, gain_low, gain_high in found:
        assert low < closed < high
        assert gain_low < gain_high
    assert found[0][3] > 0 > found[1][3]
    assert page.count("可能是偶然") == 1


def test_one_trainee_gives_no_interval_and_the_page_says_so(world, staff, program, window):
    goal = world.competency(program, is_priority=True, rank=1, required_level=4)
    rate(world, program, window, world.enrolment(program), 4, levels={goal.id: 3.0}, entry={goal.id: 2.0})
    closures(world, program)

    assert rows(world, sa.select(GapClosure.closed, GapClosure.closed_low, GapClosure.gain_low)) == [
        (0.5, None, None)
    ]
    assert "只有一名学员" in staff.get(f"/programs/{program.id}/result").text


def test_closures_from_before_intervals_were_kept_get_theirs(world, program, window):
    goal = world.competency(program, is_priority=True, rank=1, required_level=4)
    for level in (3.0, 3.5):
        rate(
            world, program, window, world.enrolment(program), 4, levels={goal.id: level}, entry={goal.id: 2.0}
        )
    closures(world, program)
    with world.inside() as session:
        session.execute(sa.update(GapClosure).values(gain_low=None, gain_high=None, closed_low=None))
        assert list(complete_intervals(NOW)) == [program.id]
        session.commit()
        assert list(complete_intervals(NOW)) == []

    assert rows(world, sa.select(GapClosure.gain_low.is_not(None))) == [(True,)]


def test_without_entry_levels_the_needs_analysis_is_the_start(world, program, window):
    goal = world.competency(program, is_priority=True, rank=1, required_level=4, current_level=2)
    rate(world, program, window, world.enrolment(program), 4, levels={goal.id: 3.0})

    assert closures(world, program) == [(None, 1, 2.0, 3.0, 0.5, False)]


def test_page_station_and_next_edition_mean_the_same_by_closed(world, staff, program, window):
    """Closed is what reached the required level: not what rounds to 100%, nor what was there and got lost."""
    nearly, lost, reached = (
        world.competency(program, is_priority=True, rank=rank, required_level=4) for rank in (1, 2, 3)
    )
    levels = {nearly.id: 3.995, lost.id: 3.5, reached.id: 4.0}
    entry = {nearly.id: 2.0, lost.id: 4.5, reached.id: 2.0}
    rate(world, program, window, world.enrolment(program), 4, levels=levels, entry=entry)
    closures(world, program)

    page = staff.get(f"/programs/{program.id}/result").text
    with world.inside() as session:
        figures = assess(session.get_one(Program, program.id), NOW).figures

    assert [(figure.part, figure.whole) for figure in figures] == [(1, 3)]
    assert "<dd>1 <small>/ 3</small></dd>" in page
    assert "99.8%" in page
    assert "低于要求" in page


def test_what_is_no_priority_is_not_counted_as_closed(world, program, window):
    other = world.competency(program, is_priority=False)
    rate(world, program, window, world.enrolment(program), 4, levels={other.id: 5.0})

    assert closures(world, program) == []


def test_withdrawn_trainees_do_not_count(world, program, window):
    goal = world.competency(program, is_priority=True, rank=1, required_level=4, current_level=2)
    gone = world.enrolment(program, state=EnrolmentState.WITHDRAWN)
    rate(world, program, window, gone, 4, levels={goal.id: 5.0}, entry={goal.id: 1.0})

    assert closures(world, program) == []


def test_the_page_compares_classes_by_the_figures_behind(world, staff, program, window):
    a = world.cohort(program, "装调 A 班")
    for composite in (3.0, 4.0, 5.0):
        rate(world, program, window, world.enrolment(program, cohort_id=a.id), composite)

    html = staff.get(f"/programs/{program.id}/result").text

    assert "装调 A 班" in html
    assert "80.0" in html  # the mean of 60, 80 and 100
    assert "20.0" in html  # their sample standard deviation


def test_a_programme_without_any_rating_says_so(world, staff):
    program = world.program(State.DRAFT)

    assert "还没有终结评价" in staff.get(f"/programs/{program.id}/result").text


def test_nobody_passed_is_said_only_when_somebody_was_decided_on(world, staff, program, window):
    trainee = world.enrolment(program)
    rate(world, program, window, trainee, 2.0)

    assert "0.0%" not in staff.get(f"/programs/{program.id}/result").text

    staff.post(
        f"/programs/{program.id}/result/decide",
        data={"id": trainee.id, "kind": "failed", "reason": "补考未过"},
    )

    assert "0.0%" in staff.get(f"/programs/{program.id}/result").text


@pytest.mark.parametrize(
    "query", ["?decision=open", "?decision=x&class=abc", "?sort=gain&direction=desc", "?q=%25", "?page=99"]
)
def test_the_list_takes_any_filter(world, staff, program, window, query):
    rate(world, program, window, world.enrolment(program), 4)

    assert staff.get(f"/programs/{program.id}/result{query}").status_code == 200


def test_the_export_opens_as_a_workbook_with_the_visible_rows(world, staff, program, window):
    from trainmgr.kernel import sheets

    trainee = world.enrolment(program)
    rate(world, program, window, trainee, 4.2)

    response = staff.get(f"/programs/{program.id}/result/export")

    sheet = sheets.read_sheet(response.data, filename="r.xlsx")
    assert [row[0] for row in sheet.rows] == [trainee.name]
    assert "84" in sheet.rows[0]
    assert "达标" in sheet.rows[0]


def test_a_coordinator_sees_only_the_own_enterprises_trainees(world, program, window):
    other = world.organization(OrganizationKind.ENTERPRISE)
    own, foreign = world.enrolment(program), world.enrolment(program, enterprise=other)
    client = world.signed_in(world.user(Role.ENTERPRISE_COORDINATOR))

    html = client.get(f"/programs/{program.id}/result").text

    assert own.name in html
    assert foreign.name not in html


def test_a_mentor_sees_own_trainees_but_no_comparison(world, program, window):
    mentor = world.user(Role.ENTERPRISE_MENTOR)
    own, foreign = world.enrolment(program, mentor=mentor), world.enrolment(program)

    html = world.signed_in(mentor).get(f"/programs/{program.id}/result").text

    assert own.name in html
    assert foreign.name not in html
    assert "班级对比" not in html


@pytest.mark.parametrize("role", [Role.ENTERPRISE_COORDINATOR, Role.DEPARTMENT_STAFF, Role.SCHOOL_TEACHER])
def test_only_programme_staff_decide(world, program, window, role):
    client = world.signed_in(world.user(role))

    assert client.post(f"/programs/{program.id}/result/accept").status_code == 403


def test_a_stranger_finds_nothing(world, program, window):
    stranger = world.signed_in(world.user(Role.STAFF, world.organization()))

    for path in ("result", "result/export", "result/decide"):
        assert stranger.get(f"/programs/{program.id}/{path}").status_code == 404


def test_closing_completes_those_who_passed(world, staff, program, window):
    passed, failed = world.enrolment(program), world.enrolment(program)
    rate(world, program, window, passed, 4)
    rate(world, program, window, failed, 2)
    staff.post(f"/programs/{program.id}/result/accept")

    with world.inside() as session:
        row = session.get(Program, program.id)
        row.state = State.CLOSED
        complete_trainees(Move(row, State.EVALUATING, None, NOW))
        session.commit()

    assert dict(rows(world, sa.select(Enrolment.id, Enrolment.state))) == {
        passed.id: EnrolmentState.COMPLETED,
        failed.id: EnrolmentState.TRAINING,
    }


def test_the_number_of_statements_does_not_depend_on_the_number_of_rows(world, staff, program, window):
    from trainmgr.kernel.db import db

    def statements() -> int:
        seen = []
        with world.inside():
            engine = db.engine
        listener = lambda *args: seen.append(args[2])  # noqa: E731
        sa.event.listen(engine, "before_cursor_execute", listener)
        assert staff.get(f"/programs/{program.id}/result").status_code == 200
        sa.event.remove(engine, "before_cursor_execute", listener)
        return sum(not statement.startswith("BEGIN") for statement in seen)

    rate(world, program, window, world.enrolment(program), 4)
    few = statements()
    for _ in range(15):
        rate(world, program, window, world.enrolment(program), 4)

    assert statements() == few
    assert few <= 10


def test_a_programme_is_kept_as_a_pathway_with_the_stages_of_its_plan(world, staff, program):
    from trainmgr.curriculum.models import (
        Edition,
        EditionState,
        Layer,
        Module,
        PlanStage,
        PracticeLevel,
        Venue,
    )
    from trainmgr.pathways.library import load_library
    from trainmgr.pathways.models import CustomPathway
    from trainmgr.pathways.rules import from_document

    with world.inside() as session:
        edition = Edition(
            program_id=program.id,
            number=1,
            state=EditionState.DRAFT,
            created_by_id=program.created_by_id,
            created_at=NOW,
            changed_at=NOW,
        )
        session.add(edition)
        session.flush()
        for number, stage in enumerate(load_library()["eight-stage"].stages, 1):
            here = {"edition_id": edition.id, "venue": Venue(stage.venue.value)}
            session.add(PlanStage(number=number, name=stage.name.zh, weeks=number + 1, hours=10, **here))
            session.add(
                Module(
                    stage_number=number,
                    position=number,
                    name=f"模块{number}",
                    theory_hours=4,
                    practice_hours=6,
                    layer=Layer.CORE,
                    practice_level=PracticeLevel.BASIC,
                    taught_by_enterprise=stage.venue.value == "enterprise",
                    **here,
                )
            )
        session.commit()

    response = staff.post(f"/programs/{program.id}/pathway/keep")

    assert response.status_code == 302, response.text
    with world.inside() as session:
        kept = from_document(session.scalars(sa.select(CustomPathway)).one().document)
    assert kept.name.zh == program.name
    assert [stage.weeks for stage in kept.stages] == [2, 3, 4, 5, 6, 7, 8, 9]
    assert {(stage.hours, stage.practice_hours) for stage in kept.stages} == {(10, 6)}
    assert [stage.enterprise_hours for stage in kept.stages] == [0, 10] * 4
    assert kept.evaluation == load_library()["eight-stage"].evaluation
