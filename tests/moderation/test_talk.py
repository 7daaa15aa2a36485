"""Where parties are apart: a moderation begins, both see both, one revises or a moderator decides."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests.factories import NOW
from trainmgr.evaluation.models import Rating
from trainmgr.evaluation.rules import Party, RatingState
from trainmgr.kernel.access import Role
from trainmgr.kernel.audit import AuditEvent
from trainmgr.kernel.db import db
from trainmgr.moderation import opening
from trainmgr.moderation.models import Moderation, ModerationDecision
from trainmgr.moderation.rules import Ending, ModerationState, SideAnswer
from trainmgr.programs.models import Due


def dues_of(talk, code):
    with talk.world.inside() as session:
        return {(due.user_id, due.role): due.amount for due in session.query(Due).filter_by(code=code)}


def test_parties_too_far_apart_begin_a_moderation_and_find_it_in_their_inbox(talk):
    one = talk.apart()

    assert one.state is ModerationState.TALK
    assert one.gap == 3
    assert set(talk.sides()) == {Party.ENTERPRISE, Party.TEACHER}
    assert dues_of(talk, "moderate") == {(talk.stage.mentor.id, None): 1, (talk.stage.teacher.id, None): 1}


def test_what_a_trainee_says_of_the_training_is_shown_to_no_side(talk):
    talk.rate(trainee=1, enterprise=2, teacher=5)
    one = talk.one(Moderation)
    survey = len([c for c in talk.stage.questions(Party.TRAINEE) if c not in talk.shared()])

    for person in (talk.stage.teacher, talk.stage.staff):
        page = talk.get(person, f"/moderations/{one.id}").get_data(as_text=True)
        assert page.count("计入，不公开") == survey > 0
    assert "计入，不公开" not in talk.get(talk.stage.trainees[0], f"/moderations/{one.id}").get_data(
        as_text=True
    )


def test_a_moderator_is_offered_only_the_parties_that_are_apart(talk):
    talk.rate(trainee=3, enterprise=2, teacher=5)
    one = talk.one(Moderation)
    page = talk.get(talk.stage.staff, f"/moderations/{one.id}").get_data(as_text=True)

    assert set(talk.sides()) == {Party.ENTERPRISE, Party.TEACHER}
    assert [p.value for p in Party if f'<option value="{p.value}"' in page] == ["enterprise", "teacher"]


@pytest.mark.once
def test_parties_that_are_near_begin_none(talk):
    talk.rate(enterprise=4, teacher=5)

    assert talk.all(Moderation) == []


@pytest.mark.once
def test_the_trainee_is_asked_only_when_everybody_has_rated(talk):
    talk.rate(trainee=5, teacher=2)
    assert talk.all(Moderation) == []

    talk.rate(enterprise=3)

    assert {Party.TRAINEE, Party.TEACHER} <= set(talk.sides())


def test_both_raters_see_both_ratings(talk):
    one = talk.apart()

    for person in (talk.stage.mentor, talk.stage.teacher):
        page = talk.get(person, f"/moderations/{one.id}").get_data(as_text=True)
        assert talk.stage.mentor.name in page
        assert talk.stage.teacher.name in page
        assert 'name="mark-' in page


def test_a_revision_is_a_new_rating_and_brings_the_parties_together(talk):
    talk.apart()
    before = talk.result.composite

    answer = talk.answer(
        talk.stage.mentor, "revise", **{f"mark-{criterion}": "4" for criterion in talk.shared()}
    )

    assert answer.status_code == 302
    assert talk.one(Moderation).ending is Ending.AGREED
    assert talk.result.composite > before
    assert not talk.result.is_divergent
    old, new = [r for r in talk.all(Rating) if r.party is Party.ENTERPRISE]
    assert (old.state, new.state, new.corrects_id) == (RatingState.CORRECTED, RatingState.SUBMITTED, old.id)
    assert new.correction_reason == "看过成品"
    assert dues_of(talk, "moderate") == {}


def test_a_revision_counts_after_the_window_has_closed_too(talk, clock):
    talk.rate(trainee=3)
    talk.apart()
    with talk.world.inside() as session:
        from trainmgr.evaluation.models import Window

        window = session.get(Window, talk.stage.window_id)
        window.closes_at = NOW + timedelta(hours=1)
        session.commit()
    clock(NOW + timedelta(hours=2))

    answer = talk.answer(talk.stage.teacher, "revise", **{f"mark-{c}": "3" for c in talk.shared()})

    assert answer.status_code == 302
    assert talk.one(Moderation).ending is Ending.AGREED


@pytest.mark.once
@pytest.mark.parametrize(
    ("data", "status"),
    [
        ({"answer": "revise"}, 409),  # nothing changed
        ({"answer": "keep", "reason": " "}, 422),
        ({"answer": "perhaps"}, 422),
    ],
)
def test_an_answer_without_reason_or_change_is_refused(talk, data, status):
    talk.apart()

    assert talk.answer(talk.stage.mentor, **data).status_code == status
    assert talk.sides()[Party.ENTERPRISE].answer is SideAnswer.WAITING


def test_when_both_keep_theirs_a_moderator_is_asked(talk):
    talk.apart()

    talk.answer(talk.stage.mentor)
    talk.answer(talk.stage.teacher)

    assert talk.one(Moderation).state is ModerationState.DECIDE
    assert dues_of(talk, "decide-moderation") == {(None, Role.STAFF): 1}
    assert talk.answer(talk.stage.teacher).status_code == 409


def test_when_the_days_are_over_a_moderator_is_asked(talk, clock):
    talk.apart()
    with talk.world.app.app_context():
        assert opening.turn(NOW + timedelta(days=1)) == 0
        opening.turn(NOW + timedelta(days=7))
        db.session.commit()

    assert talk.one(Moderation).state is ModerationState.DECIDE
    clock(NOW + timedelta(days=7))
    assert talk.answer(talk.stage.mentor).status_code == 409


def test_a_moderator_takes_one_partys_marks_and_ratings_stay(talk):
    talk.apart()
    before, ratings = talk.result.composite, [(r.id, r.score, r.state) for r in talk.all(Rating)]

    answer = talk.decide("take", party="teacher")

    assert answer.status_code == 302
    decision = talk.one(ModerationDecision)
    assert set(decision.decided.values()) == {5}
    assert (decision.before, decision.after) == (before, talk.result.composite)
    assert decision.after > before
    assert [(r.id, r.score, r.state) for r in talk.all(Rating)] == ratings
    assert talk.one(Moderation).ending is Ending.DECIDED
    assert dues_of(talk, "moderate") == {}


def test_a_moderator_sets_marks_and_the_result_says_so(talk):
    talk.apart()
    criterion = talk.shared()[0]

    assert talk.decide("set", **{f"mark-{criterion}": "3"}).status_code == 302

    assert talk.one(ModerationDecision).decided == {criterion: 3}
    page = talk.get(talk.stage.staff, f"/evaluation/results/{talk.stage.enrolments[0].id}").get_data(
        as_text=True
    )
    assert "复看记录后定" in page


@pytest.mark.once
def test_a_moderator_lets_all_marks_stand(talk):
    talk.apart()
    before = talk.result.composite

    talk.decide("keep")

    assert talk.one(ModerationDecision).decided == {}
    assert talk.result.composite == before
    assert talk.result.is_divergent  # as the parties said it
    assert talk.decide("keep").status_code == 409


@pytest.mark.once
@pytest.mark.parametrize(
    ("data", "status"),
    [
        ({"kind": "set"}, 409),
        ({"kind": "take", "party": "nobody"}, 422),
        ({"kind": "keep", "reason": ""}, 422),
    ],
)
def test_a_decision_that_says_nothing_is_refused(talk, data, status):
    talk.apart()

    assert talk.decide(**data).status_code == status
    assert talk.all(ModerationDecision) == []


@pytest.mark.once
def test_raters_do_not_decide_and_others_do_not_see(talk):
    one = talk.apart()
    stranger = talk.world.user(Role.STAFF, talk.world.organization(name="别的学院"))

    assert talk.decide(person=talk.stage.mentor).status_code == 403
    assert talk.get(stranger, f"/moderations/{one.id}").status_code == 404
    assert talk.get(talk.stage.trainees[0], f"/moderations/{one.id}").status_code == 404
    assert talk.get(talk.coordinator, f"/moderations/{one.id}").status_code == 200
    assert talk.answer(talk.stage.staff).status_code == 409


@pytest.mark.once
def test_a_rater_who_no_longer_guides_the_trainee_is_not_asked(talk):
    talk.rate(enterprise=2)
    with talk.world.inside() as session:
        from trainmgr.enrolment.models import Enrolment

        session.get(Enrolment, talk.stage.enrolments[0].id).enterprise_mentor_id = talk.world.user(
            Role.ENTERPRISE_MENTOR
        ).id
        session.commit()
    talk.rate(teacher=5)

    assert talk.sides()[Party.ENTERPRISE].answer is SideAnswer.ABSENT
    assert dues_of(talk, "moderate") == {(talk.stage.teacher.id, None): 1}


@pytest.mark.once
def test_what_was_settled_is_moderated_no_more(talk):
    talk.apart()
    with talk.world.inside() as session:
        from trainmgr.evaluation.models import Window

        session.get(Window, talk.stage.window_id).settled_at = NOW
        session.flush()
        opening.turn(NOW)
        session.commit()

    assert talk.one(Moderation).ending is Ending.SETTLED


@pytest.mark.once
def test_every_deed_is_in_the_trail_and_the_list_shows_the_state(talk):
    talk.apart()
    talk.answer(talk.stage.mentor)
    talk.decide("take", party="teacher")

    actions = [event.action for event in talk.all(AuditEvent)]
    assert {"moderation.open", "moderation.keep", "moderation.decide"} <= set(actions)
    page = talk.get(talk.stage.staff, "/moderations?state=closed&q=人").get_data(as_text=True)
    assert talk.stage.trainees[0].name in page
    assert talk.stage.trainees[0].name not in talk.get(talk.stage.staff, "/moderations?state=talk").get_data(
        as_text=True
    )


@pytest.mark.once
def test_the_days_are_set_by_those_who_decide(talk):
    page = talk.get(talk.stage.staff, "/moderations/days")
    assert page.status_code == 200
    bad = talk.post(talk.stage.staff, "/moderations/days", version="0", talk_days="0", appeal_days="90")
    assert bad.status_code == 422

    good = talk.post(talk.stage.staff, "/moderations/days", version="0", talk_days="2", appeal_days="10")
    assert good.status_code == 302
    again = talk.post(talk.stage.staff, "/moderations/days", version="0", talk_days="3", appeal_days="10")
    assert again.status_code == 409
    assert talk.get(talk.stage.mentor, "/moderations/days").status_code == 403
