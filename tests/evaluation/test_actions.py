"""Schemes from the pathway, windows and inboxes, ratings and the results that they write."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests.evaluation.conftest import make_stage
from tests.factories import NOW
from trainmgr.enrolment.models import Enrolment
from trainmgr.evaluation import queries, ratings, schemes, windows
from trainmgr.evaluation.models import Attainment, Criterion, Rating, Result, Scheme, Window
from trainmgr.evaluation.ratings import Answers
from trainmgr.evaluation.recompute import recompute
from trainmgr.evaluation.rules import THREE, Level, Party, RatingState, SchemeState, WindowKind
from trainmgr.identity.models import User
from trainmgr.kernel.access import Role
from trainmgr.kernel.audit import AuditEvent
from trainmgr.kernel.db import db
from trainmgr.kernel.errors import Conflict, RuleBroken
from trainmgr.kernel.jobs import keep_time, queue
from trainmgr.programs.models import Due, Program, ProgramStep
from trainmgr.programs.rules import State, Step, StepState
from trainmgr.programs.thread import refresh

T, E, K = Party.TRAINEE, Party.ENTERPRISE, Party.TEACHER


def give(stage, party, number=0, mark=4, *, by=None, marks=None, comment="", now=NOW):
    """Submit a rating through the action."""
    program = db.session.get_one(Program, stage.program.id)
    window = queries.window_or_404(program.id, stage.window_id)
    enrolment = db.session.get_one(Enrolment, stage.enrolments[number].id)
    rater = db.session.get_one(User, (by or stage.person(party, number)).id)
    answers = marks if marks is not None else dict.fromkeys(window.plan.points[party], mark)
    rating = ratings.submit(program, window, enrolment, party, Answers(answers, comment), by=rater, now=now)
    db.session.flush()
    return rating


def result_of(stage, number=0):
    return db.session.query(Result).filter_by(enrolment_id=stage.enrolments[number].id).one()


def dues_of(user):
    return {due.code: due.amount for due in db.session.query(Due).filter_by(user_id=user.id)}


# --- the scheme -------------------------------------------------------------------------------------


def test_a_scheme_takes_criteria_weights_and_marks_from_the_pathway_and_the_priorities(world, clock):
    stage = make_stage(world, opened=False)

    with world.inside():
        scheme = queries.find_scheme(stage.program.id)
        assert (scheme.trainee_weight, scheme.enterprise_weight, scheme.teacher_weight) == (22, 46, 32)
        assert (scheme.pass_mark, scheme.good_mark, scheme.divergence) == (3.0, 4.25, 2)
        assert len(scheme.criteria) == 12 + 2
        linked = [criterion for criterion in scheme.criteria if criterion.competency_id]
        assert [criterion.name for criterion in linked] == ["优先能力1", "优先能力2"]
        assert all(
            criterion.level is Level.LEARNING and criterion.parties == set(THREE) for criterion in linked
        )
        assert linked[0].anchors[2][1] == "Alone"


def test_priorities_that_are_not_signed_yet_stay_out_until_they_are(world, clock):
    program = world.program(State.DESIGNING)
    world.competency(program, is_priority=True, rank=1)
    staff = world.user(Role.STAFF)

    with world.inside():
        live = db.session.get_one(Program, program.id)
        scheme = schemes.make_scheme(live, by=staff, now=NOW)

        assert not any(criterion.competency_id for criterion in scheme.criteria)
        with pytest.raises(RuleBroken):
            schemes.add_priorities(live, scheme, by=staff, now=NOW)


def test_a_second_scheme_is_refused(stage):
    with stage.world.inside(), pytest.raises(RuleBroken):
        schemes.make_scheme(db.session.get_one(Program, stage.program.id), by=stage.staff, now=NOW)


def test_every_pathway_of_the_library_gives_a_sound_scheme_and_its_windows(world, clock):
    from trainmgr.pathways.library import load_library

    staff = world.user(Role.STAFF)
    for slug in load_library():
        program = world.program(State.DESIGNING, pathway=slug)
        with world.inside():
            live = db.session.get_one(Program, program.id)
            scheme = schemes.make_scheme(live, by=staff, now=NOW)
            windows.require_sound(scheme)
            planned = windows.plan_windows(live, scheme, by=staff, now=NOW)
            assert [window.kind for window in planned].count(WindowKind.TERMINAL) == 1
            assert scheme.trainee_weight + scheme.enterprise_weight + scheme.teacher_weight == pytest.approx(
                100
            )


def test_a_scheme_is_frozen_by_the_clock_and_edited_in_a_new_version_for_later_windows(stage):
    with stage.world.inside():
        live = db.session.get_one(Program, stage.program.id)
        scheme = queries.find_scheme(live.id)
        assert scheme.state is SchemeState.FROZEN
        with pytest.raises(RuleBroken):
            schemes.remove_criterion(live, scheme, scheme.criteria[0], by=stage.staff, now=NOW)

        copy = schemes.new_version(live, scheme, by=stage.staff, now=NOW)
        schemes.remove_criterion(live, copy, copy.criteria[0], by=stage.staff, now=NOW)
        db.session.flush()

        assert (copy.number, copy.state) == (2, SchemeState.DRAFT)
        assert len(copy.criteria) == len(scheme.criteria) - 1
        of = {window.stage_number: window.scheme_id for window in queries.windows_of(live.id)}
        assert of == {4: copy.id, 6: copy.id, 8: scheme.id}


def test_a_scheme_whose_window_opened_unnoticed_is_frozen_too(world, clock):
    stage = make_stage(world, opened=False)

    with world.inside():
        scheme = queries.find_scheme(stage.program.id)
        first = min(queries.windows_of(stage.program.id), key=lambda window: window.opens_at)
        assert not schemes.is_frozen(scheme, first.opens_at - timedelta(seconds=1))
        assert schemes.is_frozen(scheme, first.opens_at)


def test_two_people_editing_the_scheme_are_told(world, clock):
    stage = make_stage(world, opened=False)

    with world.inside():
        live = db.session.get_one(Program, stage.program.id)
        scheme = queries.find_scheme(live.id)
        seen = scheme.version
        marks = {"pass_mark": 3.0, "good_mark": 4.0, "divergence": 2.0}
        schemes.weigh(live, scheme, scheme.level_weights, marks, version=seen, by=stage.staff, now=NOW)
        db.session.flush()

        with pytest.raises(Conflict):
            schemes.weigh(live, scheme, scheme.level_weights, marks, version=seen, by=stage.staff, now=NOW)


def test_criteria_change_places_within_their_level(world, clock):
    stage = make_stage(world, opened=False)

    with world.inside():
        live = db.session.get_one(Program, stage.program.id)
        scheme = queries.find_scheme(live.id)
        row = [criterion for criterion in scheme.criteria if criterion.level is Level.BEHAVIOUR]
        before = [criterion.id for criterion in row]

        schemes.move_criterion(live, scheme, row[1], up=True, by=stage.staff, now=NOW)
        # At the top of its level it stays.
        schemes.move_criterion(live, scheme, row[1], up=True, by=stage.staff, now=NOW)
        db.session.flush()

        criteria = db.session.query(Criterion).filter_by(scheme_id=scheme.id, level=Level.BEHAVIOUR)
        after = [criterion.id for criterion in criteria.order_by(Criterion.position)]
        assert after == [before[1], before[0], *before[2:]]


# --- windows and inboxes ----------------------------------------------------------------------------


def test_planned_windows_open_after_their_stages_and_close_at_midnight(world, clock):
    program = world.program(State.DESIGNING, starts_on=NOW.date() + timedelta(days=10))
    staff = world.user(Role.STAFF)

    with world.inside():
        live = db.session.get_one(Program, program.id)
        scheme = schemes.make_scheme(live, by=staff, now=NOW)
        planned = windows.plan_windows(live, scheme, by=staff, now=NOW)

        first = planned[0]
        weeks = 16 + 2 + 18 + 8
        opens = program.starts_on + timedelta(weeks=weeks)
        assert first.opens_at == windows.local_midnight(opens)
        assert first.closes_at == windows.local_midnight(opens + timedelta(days=14))
        with pytest.raises(RuleBroken):
            windows.plan_windows(live, scheme, by=staff, now=NOW)


def test_opening_puts_what_is_due_into_each_inbox_with_its_number(stage):
    with stage.world.inside():
        assert dues_of(stage.mentor)["rate-as-mentor"] == 2
        assert dues_of(stage.teacher)["rate-as-teacher"] == 2
        assert [dues_of(trainee)["rate-self"] for trainee in stage.trainees] == [1, 1]
        due = db.session.query(Due).filter_by(user_id=stage.mentor.id, subject_id=stage.window_id).one()
        assert due.visible_from <= NOW.date() <= due.due_on


def test_what_is_due_of_a_planned_window_shows_from_its_opening_day(world, clock):
    stage = make_stage(world, opened=False)

    with world.inside():
        for due in db.session.query(Due).filter_by(user_id=stage.mentor.id):
            assert due.visible_from > NOW.date()


def test_each_rating_counts_down_its_authors_inbox_alone(stage):
    with stage.world.inside():
        before = dues_of(stage.teacher)
        give(stage, E, 0)
        assert (
            db.session.query(Due).filter_by(user_id=stage.mentor.id, subject_id=stage.window_id).one().amount
            == 1
        )
        give(stage, E, 1)
        assert (
            not db.session.query(Due).filter_by(user_id=stage.mentor.id, subject_id=stage.window_id).count()
        )
        assert dues_of(stage.teacher) == before
        tally = db.session.get_one(Window, stage.window_id).tally
        assert tally["enterprise"] == {"expected": 2, "submitted": 2, "unassigned": 0}
        assert tally["teacher"] == {"expected": 2, "submitted": 0, "unassigned": 0}


def test_a_new_mentor_takes_over_what_is_still_to_rate_and_the_old_rating_stays_its_authors(stage):
    newcomer = stage.world.user(Role.ENTERPRISE_MENTOR)
    with stage.world.inside():
        first = give(stage, E, 0).id
        for enrolment in db.session.query(Enrolment):
            enrolment.enterprise_mentor_id = newcomer.id
        refresh(stage.program.id, Step.MENTORING, now=NOW)
        db.session.commit()

        of_window = {"subject_id": stage.window_id}
        assert not db.session.query(Due).filter_by(user_id=stage.mentor.id, **of_window).count()
        assert db.session.query(Due).filter_by(user_id=newcomer.id, **of_window).one().amount == 1
        with pytest.raises(RuleBroken, match=stage.mentor.name):
            give(stage, E, 0, by=newcomer)
        db.session.rollback()
        give(stage, E, 1, by=newcomer)
        assert db.session.get_one(Rating, first).rater_id == stage.mentor.id


def test_a_trainee_who_comes_later_is_expected_too(stage):
    latecomer = stage.world.user(Role.TRAINEE)
    stage.world.enrolment(stage.program, user=latecomer, teacher=stage.teacher)
    with stage.world.inside():
        refresh(stage.program.id, Step.ENROLMENT, now=NOW)
        db.session.flush()

        window = db.session.get_one(Window, stage.window_id)
        assert window.tally["enterprise"] == {"expected": 3, "submitted": 0, "unassigned": 1}
        assert dues_of(latecomer)["rate-self"] == 1


def test_the_clock_takes_what_is_due_out_of_the_inboxes_when_the_window_has_closed(stage):
    with stage.world.inside():
        window = db.session.get_one(Window, stage.window_id)
        assert windows.turn(NOW) == 0
        assert windows.turn(window.closes_at) == 1
        db.session.flush()

        assert not db.session.query(Due).filter_by(subject_id=stage.window_id).count()
        assert windows.turn(window.closes_at) == 0


def test_the_worker_keeps_time_and_one_fault_stops_nothing_else(stage, monkeypatch, caplog):
    def broken(now):
        raise ValueError("not this minute")

    everything = {"broken": broken, **queue.BY_THE_CLOCK}
    monkeypatch.setattr(queue, "BY_THE_CLOCK", everything)
    with stage.world.inside():
        keep_time(db.session.get_one(Window, stage.window_id).closes_at)
        db.session.rollback()

        assert not db.session.query(Due).filter_by(subject_id=stage.window_id).count()
    assert "not this minute" in [str(record.exc_info[1]) for record in caplog.records if record.exc_info]


def test_a_window_that_asks_only_what_two_parties_rate_expects_only_those(world, clock):
    stage = make_stage(world, opened=False)
    with world.inside():
        live = db.session.get_one(Program, stage.program.id)
        scheme = queries.find_scheme(live.id)
        fields = windows.WindowFields(
            "体验", "", WindowKind.PROCESS, (1,), (Level.REACTION,), 0, NOW, NOW + timedelta(days=1)
        )
        window = windows.add_window(live, scheme, fields, by=stage.staff, now=NOW)

        assert window.parties == (T, K)


# --- ratings and results ----------------------------------------------------------------------------


def test_the_first_party_makes_a_provisional_result_and_the_last_one_settles_it(stage):
    with stage.world.inside():
        give(stage, T, mark=5)
        first = result_of(stage)
        assert (first.trainee_score, first.enterprise_score, first.composite) == (5, None, 5)
        assert first.is_provisional
        assert first.low == pytest.approx((22 * 5 + 78 * 1) / 100)
        assert first.high == 5

        give(stage, E, mark=3)
        give(stage, K, mark=4)
        last = result_of(stage)
        assert not last.is_provisional
        assert last.composite == pytest.approx((22 * 5 + 46 * 3 + 32 * 4) / 100)
        assert last.low == last.high == pytest.approx(last.composite)
        assert (last.divergence, last.is_divergent) == (2, True)


def test_attainment_and_gain_come_from_the_criteria_that_stand_for_competencies(stage):
    with stage.world.inside():
        give(stage, E, mark=4)
        result = result_of(stage)
        levels = db.session.query(Attainment).filter_by(enrolment_id=stage.enrolments[0].id).all()
        assert {level.competency_id: level.level for level in levels} == {c.id: 4 for c in stage.competencies}
        assert (result.entry_level, result.exit_level) == (2, 4)


def test_no_chance_to_see_is_left_out_and_never_nought(stage):
    with stage.world.inside():
        window = queries.window_or_404(stage.program.id, stage.window_id)
        points = window.plan.points[E]
        seen = next(iter(points))
        rating = give(stage, E, marks=dict.fromkeys(points, None) | {seen: 5})

        assert rating.score == 5
        assert rating.coverage == pytest.approx(points[seen] / sum(points.values()))


def test_a_submitted_rating_is_not_submitted_twice_and_not_by_somebody_else(stage):
    with stage.world.inside():
        one = give(stage, E, mark=4).id
        assert give(stage, E, mark=1).id == one
        assert db.session.query(Rating).count() == 1
        assert result_of(stage).enterprise_score == 4


def test_a_closed_window_takes_no_rating(stage):
    with stage.world.inside():
        closes = db.session.get_one(Window, stage.window_id).closes_at
        give(stage, E, 0, now=closes - timedelta(seconds=1))
        with pytest.raises(RuleBroken):
            give(stage, E, 1, now=closes)


def test_a_correction_takes_the_place_of_the_first_and_keeps_it(stage):
    with stage.world.inside():
        first = give(stage, E, mark=2)
        program = db.session.get_one(Program, stage.program.id)
        window = queries.window_or_404(program.id, stage.window_id)
        answers = Answers(dict.fromkeys(window.plan.points[E], 5))
        mentor = db.session.get_one(User, stage.mentor.id)

        second = ratings.correct(program, window, first, answers, reason="看错了人", by=mentor, now=NOW)
        db.session.flush()
        again = ratings.correct(program, window, first, answers, reason="看错了人", by=mentor, now=NOW)

        assert again.id == second.id
        assert first.state is RatingState.CORRECTED
        assert (first.score, second.score) == (2, pytest.approx(5))
        assert result_of(stage).enterprise_score == pytest.approx(5)
        assert db.session.get_one(Window, stage.window_id).tally["enterprise"]["submitted"] == 1
        assert db.session.query(AuditEvent).filter_by(action="rating.correct").one().reason == "看错了人"


def test_only_the_author_corrects_and_only_while_the_window_is_open(stage):
    other = stage.world.user(Role.ENTERPRISE_MENTOR)
    with stage.world.inside():
        first = give(stage, E)
        program = db.session.get_one(Program, stage.program.id)
        window = queries.window_or_404(program.id, stage.window_id)
        answers = Answers(dict.fromkeys(window.plan.points[E], 5))
        closes = window.closes_at
        for by, now in ((other, NOW), (stage.mentor, closes)):
            person = db.session.get_one(User, by.id)
            with pytest.raises(RuleBroken):
                ratings.correct(program, window, first, answers, reason="x", by=person, now=now)


def test_a_bulk_recompute_says_what_single_submissions_said(stage):
    with stage.world.inside():
        give(stage, T, 0, mark=5)
        give(stage, E, 0, mark=3)
        give(stage, K, 1, mark=2)
        window = queries.window_or_404(stage.program.id, stage.window_id)
        columns = [c for c in Result.__table__.c if c.name not in ("id", "computed_at")]
        before = db.session.execute(db.select(*columns).order_by(Result.enrolment_id)).all()
        db.session.query(Result).delete()
        db.session.query(Attainment).delete()
        db.session.query(Rating).update({"score": None, "coverage": 0})

        assert recompute(window, now=NOW) == 2
        assert db.session.execute(db.select(*columns).order_by(Result.enrolment_id)).all() == before
        assert db.session.query(Rating).filter(Rating.score.is_(None)).count() == 0
        assert recompute(window, now=NOW) == 2


# --- the station ------------------------------------------------------------------------------------


def step_of(stage):
    return db.session.query(ProgramStep).filter_by(program_id=stage.program.id, step=8).one()


def test_the_step_names_what_each_party_still_owes_until_all_is_in(stage):
    with stage.world.inside():
        assert [(m["params"]["count"], m["blocks"]) for m in step_of(stage).missing] == [(2, "closed")] * 3
        for number in (0, 1):
            for party in THREE:
                give(stage, party, number)
        step = step_of(stage)
        assert (step.state, step.missing) == (StepState.DONE, [])


def test_without_scheme_or_terminal_window_evaluating_is_blocked(world, clock):
    program = world.program(State.RUNNING)
    with world.inside():
        refresh(program.id, Step.EVALUATION, now=NOW)
        row = db.session.query(ProgramStep).filter_by(program_id=program.id, step=8).one()
        assert [item["blocks"] for item in row.missing] == ["evaluating"]


def test_after_closing_staff_take_provisional_results_as_they_are(stage):
    with stage.world.inside():
        give(stage, T)
        program = db.session.get_one(Program, stage.program.id)
        window = queries.window_or_404(program.id, stage.window_id)
        with pytest.raises(RuleBroken):
            windows.settle_window(program, window, reason="来不及", by=stage.staff, now=NOW)
        late = window.closes_at
        windows.turn(late)
        assert [item["params"]["count"] for item in step_of(stage).missing] == [5]

        windows.settle_window(program, window, reason="师傅离职", by=stage.staff, now=late)
        db.session.flush()

        step = step_of(stage)
        assert (step.state, step.missing) == (StepState.DONE, [])
        assert result_of(stage).is_provisional
        assert db.session.query(Scheme).count() == 1
