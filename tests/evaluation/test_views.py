"""The pages of evaluation: forms for one thumb, drafts, refusals, who sees what, and how many statements they take."""

from __future__ import annotations

import re
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from sqlalchemy import event

from tests.evaluation.conftest import make_stage
from tests.factories import NOW
from trainmgr.evaluation.models import Criterion, Rating, RatingScore, Result, Scheme, Window
from trainmgr.evaluation.rules import THREE, Party, Phase, RatingState, SchemeState, WindowKind
from trainmgr.kernel.access import Role
from trainmgr.kernel.db import db
from trainmgr.programs.models import Due, Program
from trainmgr.programs.rules import State

T, E, K = Party.TRAINEE, Party.ENTERPRISE, Party.TEACHER


def text_of(response):
    return response.get_data(as_text=True)


def ratings(stage, **values):
    with stage.world.inside():
        found = db.session.query(Rating).filter_by(**values).order_by(Rating.id).all()
        db.session.expunge_all()
        return found


# --- the form ---------------------------------------------------------------------------------------


def test_the_inbox_leads_straight_to_the_first_form_that_is_open(stage, signed_in):
    response = signed_in(stage.mentor).get(f"/programs/{stage.program.id}/windows/{stage.window_id}/rate")

    assert response.status_code == 302
    assert response.location.endswith(stage.url(E, 0))


def test_the_form_offers_five_words_and_no_chance_to_see_for_each_question(stage, signed_in):
    page = text_of(signed_in(stage.mentor).get(stage.url(E)))

    for criterion in stage.questions(E):
        values = re.findall(rf'name="c{criterion}" value="(\w+)"', page)
        assert values == ["1", "2", "3", "4", "5", "unseen"]


def test_a_party_is_asked_only_what_it_rates(stage, signed_in):
    page = text_of(signed_in(stage.trainees[0]).get(stage.url(T)))

    asked = {int(number) for number in re.findall(r'<fieldset class="criterion" id="c(\d+)"', page)}
    assert asked == set(stage.questions(T))
    assert asked != set(stage.questions(E))


def test_handing_in_makes_the_result_and_leads_to_the_next_trainee(stage, signed_in):
    response = stage.rate(E, 0, then="next", comment="肯学")

    assert response.status_code == 302
    assert response.location.endswith(stage.url(E, 1))
    [rating] = ratings(stage)
    assert (rating.state, rating.party, rating.comment) == (RatingState.SUBMITTED, E, "肯学")
    with stage.world.inside():
        assert db.session.query(Result).one().enterprise_score == pytest.approx(4)


def test_what_is_not_answered_is_named_and_the_rest_is_kept(stage, signed_in):
    form = stage.form(E, 3, comment="还没写完")
    left_out = f"c{stage.questions(E)[0]}"
    del form[left_out]
    client = signed_in(stage.mentor)

    response = client.post(stage.url(E), data=form)

    assert response.status_code == 422
    assert f'href="#{left_out}"' in text_of(response)
    assert "还没写完" in text_of(response)
    [draft] = ratings(stage)
    assert draft.state is RatingState.DRAFT
    again = text_of(client.get(stage.url(E)))
    assert again.count("checked") == len(form) - 1
    with stage.world.inside():
        assert db.session.query(Result).count() == 0


@pytest.mark.parametrize("nonsense", ["0", "6", "-1", "3.5", "many", ""])
def test_nonsense_is_no_answer(stage, signed_in, nonsense):
    response = signed_in(stage.mentor).post(stage.url(E), data=stage.form(E, nonsense))

    assert response.status_code == 422
    with stage.world.inside():
        assert db.session.query(RatingScore).count() == 0


def test_a_draft_is_kept_on_change_and_resumed_elsewhere(stage, signed_in):
    phone, desk = signed_in(stage.mentor), signed_in(stage.mentor)
    first, second = stage.questions(E)[:2]
    kept = phone.post(
        stage.url(E, tail="/draft"),
        data={f"c{first}": "4", "comment": "手机上写的"},
        headers={"HX-Request": "true"},
    )
    assert kept.status_code == 204
    phone.post(stage.url(E, tail="/draft"), data={f"c{second}": "unseen", "comment": "改了"})

    page = text_of(desk.get(stage.url(E)))

    assert "改了" in page
    assert f'name="c{second}" value="unseen" checked' in page
    assert f'name="c{first}" value="4" checked' not in page
    assert len(ratings(stage)) == 1


def test_a_draft_counts_nowhere_and_only_its_author_sees_it(stage, signed_in):
    signed_in(stage.mentor).post(stage.url(E, tail="/draft"), data=stage.form(E, 1, comment="只给自己看"))

    page = text_of(
        signed_in(stage.staff).get(
            f"/programs/{stage.program.id}/evaluation/results/{stage.enrolments[0].id}"
        )
    )

    assert "只给自己看" not in page
    with stage.world.inside():
        assert db.session.query(Result).count() == 0
        assert db.session.get_one(Window, stage.window_id).tally["enterprise"]["submitted"] == 0


def test_a_second_press_does_nothing_and_answers_the_same(stage):
    first, second = stage.rate(E, 0, 4), stage.rate(E, 0, 1)

    assert (first.status_code, second.status_code) == (302, 302)
    assert first.location == second.location
    [rating] = ratings(stage)
    assert rating.score == pytest.approx(4)


def test_a_rating_that_is_in_is_shown_and_no_longer_a_form(stage, signed_in):
    stage.rate(E, 0, 4)

    response = signed_in(stage.mentor).get(stage.url(E), follow_redirects=True)

    assert response.status_code == 200
    assert 'type="radio"' not in text_of(response)


def test_after_the_clock_has_closed_the_window_nothing_goes_in_but_what_was_entered_is_kept(
    stage, signed_in, clock
):
    with stage.world.inside():
        closes = db.session.get_one(Window, stage.window_id).closes_at
    clock(closes)

    response = stage.rate(E, 0, 5, comment="晚了一步")

    assert response.status_code == 409
    assert "晚了一步" in text_of(response)
    [draft] = ratings(stage)
    assert (draft.state, draft.comment) == (RatingState.DRAFT, "晚了一步")
    assert "晚了一步" in text_of(signed_in(stage.mentor).get(stage.url(E)))


def test_before_the_window_opens_there_is_no_form(world, clock, signed_in):
    stage = make_stage(world, opened=False)

    assert signed_in(stage.mentor).get(stage.url(E)).status_code == 409
    assert stage.rate(E).status_code == 409
    assert ratings(stage) == []


def test_in_a_suspended_programme_nothing_goes_in(stage):
    with stage.world.inside():
        db.session.get_one(Program, stage.program.id).state = State.SUSPENDED
        db.session.commit()

    response = stage.rate(E)

    assert response.status_code == 409
    assert ratings(stage, state=RatingState.SUBMITTED) == []


def test_a_correction_needs_a_reason_and_shows_both(stage, signed_in):
    stage.rate(E, 0, 2)
    [first] = ratings(stage)
    client, url = signed_in(stage.mentor), f"/ratings/given/{first.id}/correction"
    assert text_of(client.get(url)).count('value="2" checked') == len(stage.questions(E))

    refused = client.post(url, data=stage.form(E, 5))
    done = client.post(url, data=stage.form(E, 5, reason="评错了人"))

    assert (refused.status_code, done.status_code) == (422, 302)
    old, new = ratings(stage)
    assert (old.state, new.state, new.corrects_id) == (RatingState.CORRECTED, RatingState.SUBMITTED, old.id)
    page = text_of(
        signed_in(stage.staff).get(
            f"/programs/{stage.program.id}/evaluation/results/{stage.enrolments[0].id}"
        )
    )
    assert "评错了人" in page


def test_a_correction_comes_too_late_after_closing(stage, signed_in, clock):
    stage.rate(E, 0, 2)
    [first] = ratings(stage)
    with stage.world.inside():
        clock(db.session.get_one(Window, stage.window_id).closes_at)
    client = signed_in(stage.mentor)

    assert client.get(f"/ratings/given/{first.id}/correction").status_code == 409
    late = client.post(f"/ratings/given/{first.id}/correction", data=stage.form(E, 5, reason="x"))
    assert late.status_code == 409
    assert len(ratings(stage)) == 1


def test_three_parties_at_the_same_moment_all_count(stage, signed_in):
    ready = threading.Barrier(3)
    clients = {party: signed_in(stage.person(party)) for party in THREE}
    forms = {party: stage.form(party, mark) for party, mark in ((T, 5), (E, 3), (K, 4))}

    def hand_in(party):
        ready.wait()
        return clients[party].post(stage.url(party), data=forms[party]).status_code

    with ThreadPoolExecutor(3) as pool:
        assert list(pool.map(hand_in, THREE)) == [302, 302, 302]

    with stage.world.inside():
        result = db.session.query(Result).one()
        assert not result.is_provisional
        assert result.composite == pytest.approx((22 * 5 + 46 * 3 + 32 * 4) / 100)
        tally = db.session.get_one(Window, stage.window_id).tally
        assert [tally[party.value]["submitted"] for party in THREE] == [1, 1, 1]


def test_one_mentor_pressing_twice_at_the_same_moment_hands_in_once(stage, signed_in):
    ready = threading.Barrier(4)
    clients = [signed_in(stage.mentor) for _ in range(4)]
    form = stage.form(E, 4)

    def press(client):
        ready.wait()
        return client.post(stage.url(E), data=form).status_code

    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(press, clients)) == [302] * 4

    assert len(ratings(stage)) == 1
    with stage.world.inside():
        due = db.session.query(Due).filter_by(user_id=stage.mentor.id, subject_id=stage.window_id).one()
        assert due.amount == 1


# --- who --------------------------------------------------------------------------------------------


def test_nobody_rates_for_a_party_that_is_not_theirs(stage, signed_in):
    # The teacher sees the trainee, but does not speak for the enterprise; nor does a trainee for the teacher.
    assert signed_in(stage.teacher).get(stage.url(E)).status_code == 403
    assert signed_in(stage.teacher).post(stage.url(E), data=stage.form(E)).status_code == 403
    assert signed_in(stage.trainees[0]).post(stage.url(K), data=stage.form(K)).status_code == 403
    assert ratings(stage) == []


@pytest.mark.parametrize("role", [Role.ENTERPRISE_MENTOR, Role.SCHOOL_TEACHER, Role.TRAINEE])
def test_a_stranger_of_the_same_role_finds_nothing(stage, signed_in, role):
    kind = "enterprise" if role is Role.ENTERPRISE_MENTOR else "college"
    from trainmgr.identity.models import OrganizationKind

    stranger = stage.world.user(role, stage.world.organization(OrganizationKind(kind)))
    party = {Role.ENTERPRISE_MENTOR: E, Role.SCHOOL_TEACHER: K, Role.TRAINEE: T}[role]
    client = signed_in(stranger)

    assert client.get(stage.url(party)).status_code == 404
    assert client.post(stage.url(party), data=stage.form(party)).status_code == 404
    assert client.post(stage.url(party, tail="/draft"), data=stage.form(party)).status_code == 404
    assert client.get(f"/programs/{stage.program.id}/evaluation").status_code == 404
    assert client.get(f"/programs/{stage.program.id}/evaluation/scheme").status_code == 404
    result = client.get(f"/programs/{stage.program.id}/evaluation/results/{stage.enrolments[0].id}")
    assert result.status_code == 404


def test_a_mentor_does_not_see_the_trainees_of_another_mentor(stage, signed_in):
    other = stage.world.user(Role.ENTERPRISE_MENTOR)
    stage.world.relation(stage.program, other, Role.ENTERPRISE_MENTOR)

    client = signed_in(other)

    assert client.get(stage.url(E)).status_code == 404
    assert (
        client.get(f"/programs/{stage.program.id}/evaluation/results/{stage.enrolments[0].id}").status_code
        == 404
    )


def test_somebody_elses_rating_is_not_found(stage, signed_in):
    stage.rate(E)
    [rating] = ratings(stage)

    assert signed_in(stage.teacher).get(f"/ratings/given/{rating.id}").status_code == 404
    assert signed_in(stage.mentor).get(f"/ratings/given/{rating.id}").status_code == 200


@pytest.mark.parametrize(
    ("path", "role"),
    [
        ("scheme/make", Role.SCHOOL_TEACHER),
        ("scheme/weights", Role.ENTERPRISE_COORDINATOR),
        ("windows/plan", Role.ENTERPRISE_MENTOR),
        ("windows/{window}/open", Role.TRAINEE),
        ("windows/{window}/settle", Role.DEPARTMENT_STAFF),
        ("windows/{window}/outstanding/teacher/remind", Role.ENTERPRISE_COORDINATOR),
    ],
)
def test_only_programme_staff_shape_the_evaluation(stage, signed_in, path, role):
    url = f"/programs/{stage.program.id}/evaluation/" + path.format(window=stage.window_id)

    assert signed_in(stage.world.user(role)).post(url).status_code == 403


def test_staff_of_another_college_find_nothing(stage, signed_in):
    stranger = stage.world.user(Role.STAFF, stage.world.organization())

    assert signed_in(stranger).get(f"/programs/{stage.program.id}/evaluation").status_code == 404
    url = f"/programs/{stage.program.id}/evaluation/windows/{stage.window_id}/close"
    assert signed_in(stranger).post(url).status_code == 404


# --- independence of judgements ---------------------------------------------------------------------


def result_page(stage, signed_in, user, number=0):
    url = f"/programs/{stage.program.id}/evaluation/results/{stage.enrolments[number].id}"
    return text_of(signed_in(user).get(url))


def test_a_mentor_sees_the_others_only_after_rating(stage, signed_in):
    stage.rate(K, 0, 2, comment="教师的话")

    assert "教师的话" not in result_page(stage, signed_in, stage.mentor)
    table = text_of(signed_in(stage.mentor).get(f"/programs/{stage.program.id}/evaluation"))
    assert "40.0" not in table
    stage.rate(E, 0, 4)
    assert "教师的话" in result_page(stage, signed_in, stage.mentor)


def test_a_trainee_sees_the_others_when_all_have_rated_or_the_window_has_closed(stage, signed_in, clock):
    stage.rate(E, 0, 4, comment="师傅的话")
    trainee = stage.trainees[0]
    stage.rate(T, 0, 5, comment="我自己的话")
    assert "师傅的话" not in text_of(signed_in(trainee).get("/my-result"))
    assert "我自己的话" in text_of(signed_in(trainee).get("/my-result"))

    stage.rate(K, 0, 3)
    assert "师傅的话" in text_of(signed_in(trainee).get("/my-result"))

    stage.rate(E, 1, 4, comment="给第二个人")
    assert "给第二个人" not in text_of(signed_in(stage.trainees[1]).get("/my-result"))
    with stage.world.inside():
        clock(db.session.get_one(Window, stage.window_id).closes_at)
    assert "给第二个人" in text_of(signed_in(stage.trainees[1]).get("/my-result"))


# --- results ----------------------------------------------------------------------------------------


def test_a_provisional_result_says_who_is_missing_and_its_range(stage, signed_in):
    stage.rate(T, 0, 5)
    stage.rate(E, 0, 3)

    page = result_page(stage, signed_in, stage.staff)

    low, high = (22 * 5 + 46 * 3 + 32 * 1) / 100 * 20, (22 * 5 + 46 * 3 + 32 * 5) / 100 * 20
    assert f"{low:.1f}" in page
    assert f"{high:.1f}" in page
    assert stage.teacher.name in page
    assert "is-provisional" in page
    assert "未达标 至 达标" in page


def test_a_complete_result_names_where_the_parties_are_apart(stage, signed_in):
    for party, mark in ((T, 5), (E, 3), (K, 4)):
        stage.rate(party, 0, mark)

    page = result_page(stage, signed_in, stage.staff)

    assert f"{(22 * 5 + 46 * 3 + 32 * 4) / 100 * 20:.1f}" in page
    assert ">达标<" in page
    assert page.count("bi-arrows-expand") == len(set(stage.questions(T)) & set(stage.questions(E)))


def test_staff_filter_sort_and_search_the_table(stage, signed_in):
    stage.rate(E, 0, 5)
    stage.rate(E, 1, 2)
    client, url = signed_in(stage.staff), f"/programs/{stage.program.id}/evaluation"
    one, two = (enrolment.name for enrolment in stage.enrolments)

    def rows(query):
        return re.findall(r'results/\d+\?window=\d+">([^<]+)</a>', text_of(client.get(url + query)))

    assert rows("?sort=composite") == [two, one]
    assert rows("?sort=composite&direction=desc") == [one, two]
    assert rows(f"?q={stage.enrolments[1].student_number}") == [two]
    assert rows("?show=below") == [two]
    assert sorted(rows("?show=provisional")) == sorted([one, two])
    assert rows("?show=none") == []
    with stage.world.inside() as session:
        low = session.query(Result).filter_by(enrolment_id=stage.enrolments[1].id).one()
        low.composite = 3 - 1e-15  # marks of 3 throughout, weighed: at the pass mark, not below it
        session.commit()
    assert rows("?show=below") == []


def test_a_class_page_tells_each_criterion_by_party(stage, signed_in):
    cohort = stage.world.cohort(stage.program, "A 班")
    from trainmgr.enrolment.models import Enrolment

    with stage.world.inside():
        db.session.query(Enrolment).update({"cohort_id": cohort.id})
        db.session.commit()
    stage.rate(E, 0, 5)
    stage.rate(E, 1, 2)

    url = f"/programs/{stage.program.id}/evaluation/windows/{stage.window_id}/classes/{cohort.id}"
    page = text_of(signed_in(stage.staff).get(url))

    # Two marks, 5 and 2: mean 3.5, sample standard deviation 2.12.
    assert page.count("<b>3.50</b> ± 2.12") == len(stage.questions(E))
    assert signed_in(stage.staff).get(url[: -len(str(cohort.id))] + "999").status_code == 404


# --- staff shape it ---------------------------------------------------------------------------------


@pytest.fixture
def drafted(world, clock):
    """A programme whose scheme is still a draft, its windows planned."""
    return make_stage(world, opened=False)


def weights(**changes):
    form = {
        "pass_mark": "60", "good_mark": "85", "divergence": "2", "version": "1",
        "weight_reaction": "15", "share_reaction_trainee": "60", "share_reaction_teacher": "40",
        "weight_behaviour": "25", "share_behaviour_trainee": "20", "share_behaviour_enterprise": "40",
        "share_behaviour_teacher": "40",
        "weight_learning": "40", "share_learning_trainee": "20", "share_learning_enterprise": "40",
        "share_learning_teacher": "40",
        "weight_results": "20", "share_results_enterprise": "100",
    }  # fmt: skip
    return form | changes


def version_of(stage):
    with stage.world.inside():
        return str(db.session.get_one(Scheme, stage.scheme_id).version)


def test_the_scheme_is_made_with_one_press_and_only_once(world, clock, signed_in):
    staff = world.user(Role.STAFF)
    program = world.program(State.DESIGNING, created_by=staff)
    client, url = signed_in(staff), f"/programs/{program.id}/evaluation/scheme"
    assert client.get(url).status_code == 200

    assert client.post(url + "/make").status_code == 302
    assert client.post(url + "/make").status_code == 409
    assert client.get(url).status_code == 200


def test_weights_that_add_up_are_saved_and_others_come_back(drafted, signed_in):
    client, url = signed_in(drafted.staff), f"/programs/{drafted.program.id}/evaluation/scheme/weights"
    version = version_of(drafted)

    wrong = client.post(url, data=weights(weight_results="25", version=version))
    wrong_share = client.post(url, data=weights(share_learning_teacher="41", version=version))
    assert (wrong.status_code, wrong_share.status_code) == (422, 422)
    assert 'value="25"' in text_of(wrong)

    done = client.post(url, data=weights(weight_reaction="10", weight_results="25", version=version))
    assert done.status_code == 302
    with drafted.world.inside():
        scheme = db.session.get_one(Scheme, drafted.scheme_id)
        assert scheme.trainee_weight == pytest.approx(6 + 5 + 8)
    stale = client.post(url, data=weights(weight_reaction="11", weight_results="24", version=version))
    assert stale.status_code == 409
    assert 'value="11"' in text_of(stale)


def test_criteria_are_added_edited_moved_and_removed(drafted, signed_in):
    client, base = signed_in(drafted.staff), f"/programs/{drafted.program.id}/evaluation/scheme"
    form = {
        "name": "交接清楚", "name_en": "Hands over clearly", "hint": "", "hint_en": "", "level": "behaviour",
        "dimension": "social", "parties": ["enterprise"], "weight": "2",
        "words": "很少\n有时\n一半\n常常\n总是 / Always", "competency": "",
    }  # fmt: skip
    few = client.post(
        f"{base}/criteria/new", data=form | {"words": "很少\n有时", "version": version_of(drafted)}
    )
    assert few.status_code == 422
    assert (
        client.post(f"{base}/criteria/new", data=form | {"version": version_of(drafted)}).status_code == 302
    )
    with drafted.world.inside():
        criterion = db.session.query(Criterion).filter_by(name="交接清楚").one()
        assert criterion.parties == {E}
        assert criterion.anchors[4] == ["总是", "Always"]
        number = criterion.id
    assert client.get(f"{base}/criteria/{number}").status_code == 200
    changed = client.post(
        f"{base}/criteria/{number}", data=form | {"weight": "1", "version": version_of(drafted)}
    )
    assert changed.status_code == 302
    assert client.post(f"{base}/criteria/{number}/move", data={"direction": "up"}).status_code == 302
    assert client.post(f"{base}/criteria/{number}/remove").status_code == 302
    assert client.post(f"{base}/criteria/{number}/remove").status_code == 404


def test_a_frozen_scheme_is_changed_in_a_new_version_only(stage, signed_in):
    client, base = signed_in(stage.staff), f"/programs/{stage.program.id}/evaluation/scheme"
    number = stage.questions(E)[0]

    assert client.post(f"{base}/criteria/{number}/remove").status_code == 409
    assert client.post(f"{base}/weights", data=weights(version=version_of(stage))).status_code == 409
    assert client.post(f"{base}/version").status_code == 302
    with stage.world.inside():
        states = [scheme.state for scheme in db.session.query(Scheme).order_by(Scheme.number)]
        assert states == [SchemeState.FROZEN, SchemeState.DRAFT]
    assert client.get(base).status_code == 200
    assert client.get(base + "?version=1").status_code == 200
    assert client.get(base + "?version=9").status_code == 404


@pytest.mark.parametrize("party", list(THREE))
def test_the_preview_shows_the_form_and_sends_nothing(drafted, signed_in, party):
    url = f"/programs/{drafted.program.id}/evaluation/scheme/preview/{party.value}"
    page = text_of(signed_in(drafted.staff).get(url))

    assert page.count('<fieldset class="criterion"') == len(drafted.questions(party))
    assert 'type="submit"' not in page.split('id="main"')[1]


def test_a_window_is_planned_moved_opened_closed_and_opened_again(drafted, signed_in, clock):
    client, base = signed_in(drafted.staff), f"/programs/{drafted.program.id}/evaluation/windows"
    form = {
        "name": "加评", "name_en": "", "kind": "process", "stages": ["5"], "levels": ["behaviour", "learning"],
        "weight": "0", "opens_at": "2026-11-25T08:00", "closes_at": "2026-11-24T08:00", "version": "0",
    }  # fmt: skip
    assert client.get(base + "/new").status_code == 200
    assert client.post(base + "/new", data=form).status_code == 422
    form["closes_at"] = "2026-11-30T18:00"
    assert client.post(base + "/new", data=form).status_code == 302
    assert client.post(base + "/new", data=form).status_code == 409
    with drafted.world.inside():
        window = db.session.query(Window).filter_by(name="加评").one()
        assert (window.kind, window.opens_at.hour) == (WindowKind.PROCESS, 0)
        url = f"{base}/{window.id}"
    assert client.post(url + "/open").status_code == 302
    assert client.post(url + "/open").status_code == 409
    assert client.post(url + "/remove").status_code == 409
    clock(NOW + timedelta(hours=1))
    assert client.post(url + "/close").status_code == 302

    def edited(**values):
        with drafted.world.inside():
            version = db.session.query(Window).filter_by(name="加评").one().version
        return client.post(url + "/edit", data=form | {"version": str(version)} | values)

    assert client.get(url + "/edit").status_code == 200
    assert edited(closes_at="2026-12-05T18:00").status_code == 409
    assert edited(closes_at="2026-12-05T18:00", reason="师傅出差").status_code == 302
    with drafted.world.inside():
        window = db.session.query(Window).filter_by(name="加评").one()
        assert window.phase(NOW + timedelta(hours=2)) is Phase.OPEN
        assert window.levels == ["behaviour", "learning"]
        dues = db.session.query(Due).filter_by(subject_id=window.id, user_id=drafted.mentor.id)
        assert dues.one().amount == 2


@pytest.mark.parametrize("state", [State.CLOSED, State.SUSPENDED, State.CANCELLED])
def test_nothing_is_offered_that_the_programmes_state_refuses(stage, signed_in, state):
    with stage.world.inside() as session:
        session.get_one(Program, stage.program.id).state = state
        session.commit()
    base = f"/programs/{stage.program.id}/evaluation"
    staff = signed_in(stage.staff)

    pages = [staff.get(address).text for address in (base, f"{base}/scheme")]

    assert not [page for page in pages if "<form" in page and f'action="{base}/' in page]
    # What is asked months after the end is planned after it, too.
    assert (f"{base}/windows/new" in pages[0]) is (state is State.CLOSED)
    assert ("安排跟踪评价" in pages[0]) is (state is State.CLOSED)


def test_staff_settle_a_closed_window_with_a_reason(stage, signed_in, clock):
    stage.rate(E)
    url = f"/programs/{stage.program.id}/evaluation/windows/{stage.window_id}/settle"
    assert signed_in(stage.staff).post(url, data={"reason": "早了"}).status_code == 409
    with stage.world.inside():
        clock(db.session.get_one(Window, stage.window_id).closes_at + timedelta(hours=1))
    client = signed_in(stage.staff)

    assert client.get(f"/programs/{stage.program.id}/evaluation?window={stage.window_id}").status_code == 200
    assert client.post(url, data={"reason": " "}).status_code == 422
    assert client.post(url, data={"reason": "来不及补"}).status_code == 302
    assert client.post(url, data={"reason": "又一次"}).status_code == 409
    assert "来不及补" in text_of(client.get(f"/programs/{stage.program.id}/evaluation"))


@pytest.mark.parametrize("party", list(THREE))
def test_who_has_not_answered_is_listed_and_reminded(stage, signed_in, party):
    client = signed_in(stage.staff)
    url = f"/programs/{stage.program.id}/evaluation/windows/{stage.window_id}/outstanding/{party.value}"
    stage.rate(party, 0)

    page = text_of(client.get(url))
    assert stage.enrolments[1].student_number in page
    assert stage.enrolments[0].student_number not in page
    if party is not T:
        assert re.search(r"1 / 2", text_of(client.get(url + "?by=rater")))
        assert re.search(r"1 / 2", text_of(client.get(url + "?by=rater&sort=open&direction=desc")))
    assert client.post(url + "/remind").status_code == 302
    assert client.post(url + "/remind").status_code == 409
    with stage.world.inside():
        person = stage.person(party, 1)
        due = db.session.query(Due).filter_by(user_id=person.id, subject_id=stage.window_id).one()
        assert due.reminded_at is not None


# --- every page, its reader and its statements ------------------------------------------------------

PAGES = {
    "evaluation": ("staff", "/programs/{p}/evaluation?window={w}"),
    "table": (
        "staff",
        "/programs/{p}/evaluation?window={w}&show=provisional&sort=composite&direction=desc&q=人",
    ),
    "mentor's evaluation": ("mentor", "/programs/{p}/evaluation"),
    "trainee's evaluation": ("trainee", "/programs/{p}/evaluation"),
    "scheme": ("staff", "/programs/{p}/evaluation/scheme"),
    "preview": ("staff", "/programs/{p}/evaluation/scheme/preview/teacher"),
    "window": ("staff", "/programs/{p}/evaluation/windows/{w}/edit"),
    "outstanding": ("staff", "/programs/{p}/evaluation/windows/{w}/outstanding/teacher"),
    "unanswered": ("staff", "/programs/{p}/evaluation/windows/{w}/unanswered"),
    "grid": ("mentor", "/ratings/{w}/grid/enterprise"),
    "raters": ("staff", "/programs/{p}/evaluation/windows/{w}/outstanding/teacher?by=rater"),
    "result": ("staff", "/programs/{p}/evaluation/results/{e}?window={w}"),
    "class": ("staff", "/programs/{p}/evaluation/windows/{w}/classes/0"),
    "my result": ("trainee", "/my-result"),
    "my ratings": ("mentor", "/ratings"),
    "form": ("mentor", "/ratings/{w}/{last}/enterprise"),
    "self-rating": ("trainee", "/ratings/{w}/{e}/trainee"),
}


class Statements:
    """Counts the statements that the application sends."""

    def __init__(self, engine):
        self.engine, self.seen = engine, []

    def __enter__(self):
        event.listen(self.engine, "before_cursor_execute", self._note)
        return self.seen

    def __exit__(self, *problem):
        event.remove(self.engine, "before_cursor_execute", self._note)

    def _note(self, connection, cursor, statement, *rest):
        if not statement.startswith("BEGIN"):
            self.seen.append(statement)


def count_pages(stage, signed_in):
    people = {"staff": stage.staff, "mentor": stage.mentor, "trainee": stage.trainees[0]}
    ids = {
        "p": stage.program.id, "w": stage.window_id, "e": stage.enrolments[0].id, "last": stage.enrolments[-1].id
    }  # fmt: skip
    with stage.world.app.app_context():
        engine = db.engine
    counts = {}
    for name, (who, path) in PAGES.items():
        client = signed_in(people[who])
        client.get("/ratings")  # the sign-in is warm
        with Statements(engine) as seen:
            response = client.get(path.format(**ids))
        assert response.status_code == 200, (name, response.status_code)
        counts[name] = len(seen)
    return counts


def test_every_page_takes_at_most_ten_statements_however_many_rows_there_are(world, clock, signed_in):
    small, large = make_stage(world, trainees=2), make_stage(world, trainees=30)
    for one in (small, large):
        one.rate(E, 0, 4)
        one.rate(K, 0, 2)
    large.rate(E, 1, 3)

    counts = count_pages(small, signed_in)

    assert count_pages(large, signed_in) == counts
    assert {name: count for name, count in counts.items() if count > 10} == {}
