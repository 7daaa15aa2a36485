"""Taking a test: beginning, answering, the deadline, handing in; what a person may see and send."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
import sqlalchemy as sa

from tests.factories import NOW
from tests.testing.conftest import RIGHT
from trainmgr.bank.models import InstrumentVersion
from trainmgr.bank.rules import InstrumentState, ItemKind
from trainmgr.enrolment.models import EnrolmentState
from trainmgr.kernel.access import Role
from trainmgr.kernel.jobs import keep_time
from trainmgr.programs.models import Due, Program
from trainmgr.programs.rules import State
from trainmgr.testing.answering import LONGEST_ANSWER, NotAnAnswer, is_answered, read_typed, read_value
from trainmgr.testing.models import Answer, Attempt, Participant, Score, Sitting
from trainmgr.testing.rules import ON_THE_WAY, AttemptEnd

MINUTES = 30


@pytest.fixture
def taker(exam, signed_in):
    """The first participant of an open sitting, signed in."""
    exam.sitting(people=2)
    return signed_in(exam.trainees[0])


def begin(exam, taker, place=0):
    response = taker.post(exam.taking(place, "/begin"))
    assert response.status_code == 302, response.text
    return response


def attempt_of(exam, session, place=0):
    session.expire_all()
    return session.scalars(
        sa.select(Attempt)
        .where(Attempt.participant_id == exam.participants[place])
        .order_by(Attempt.number.desc())
    ).first()


def send(exam, client, attempt_id, answers, place=0):
    """Send answers as the page's script does: {name: (value, sequence)}."""
    lines = [[exam.items.get(name, name), value, sequence] for name, (value, sequence) in answers.items()]
    return client.post(exam.taking(place, "/answers"), json={"attempt": attempt_id, "answers": lines})


def stored(exam, session, attempt_id):
    session.expire_all()
    names = {key: name for name, key in exam.items.items()}
    rows = session.scalars(sa.select(Answer).where(Answer.attempt_id == attempt_id))
    return {names[row.item_id]: row.value for row in rows if row.sequence}


# --- values -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "sent", "kept"),
    [
        (ItemKind.SINGLE, [1], [1]),
        (ItemKind.SINGLE, [], None),
        (ItemKind.MULTIPLE, [2, 0, 2], [0, 2]),
        (ItemKind.TRUE_FALSE, False, False),
        (ItemKind.TRUE_FALSE, None, None),
        (ItemKind.NUMBER, "42.5 N·m", "42.5 N·m"),
        (ItemKind.NUMBER, "  ", None),
        (ItemKind.SHORT_ANSWER, "先断电\r\n再挂牌\ud800\x07", "先断电\n再挂牌"),
        (ItemKind.SHORT_ANSWER, "字" * LONGEST_ANSWER, "字" * LONGEST_ANSWER),
    ],
)
def test_an_answer_is_kept_as_it_is_marked(kind, sent, kept):
    assert read_value(kind, sent, 3) == kept


@pytest.mark.parametrize(
    ("kind", "sent"),
    [
        (ItemKind.SINGLE, [0, 1]),
        (ItemKind.SINGLE, [3]),
        (ItemKind.SINGLE, [True]),
        (ItemKind.SINGLE, "0"),
        (ItemKind.MULTIPLE, [0] * 4),
        (ItemKind.MULTIPLE, [-1]),
        (ItemKind.MULTIPLE, {"0": 1}),
        (ItemKind.TRUE_FALSE, 1),
        (ItemKind.TRUE_FALSE, "true"),
        (ItemKind.NUMBER, 42),
        (ItemKind.NUMBER, "4" * 41),
        (ItemKind.SHORT_ANSWER, ["x"]),
        (ItemKind.SHORT_ANSWER, "字" * (LONGEST_ANSWER + 1)),
        (ItemKind.CHECKLIST, [0]),
        (ItemKind.CHECKLIST, None),
    ],
)
def test_what_is_no_answer_is_refused(kind, sent):
    with pytest.raises(NotAnAnswer):
        read_value(kind, sent, 3)


def test_a_plain_form_says_the_same_as_the_script():
    assert read_typed(ItemKind.SINGLE, ["1"], 3) == [1]
    assert read_typed(ItemKind.MULTIPLE, ["2", "0"], 3) == [0, 2]
    assert read_typed(ItemKind.MULTIPLE, [], 3) is None
    assert read_typed(ItemKind.TRUE_FALSE, ["true"], 0) is True
    assert read_typed(ItemKind.NUMBER, ["12"], 0) == "12"
    for kind, typed in ((ItemKind.SINGLE, ["x"]), (ItemKind.SINGLE, ["²"]), (ItemKind.TRUE_FALSE, ["yes"])):
        with pytest.raises(NotAnAnswer):
            read_typed(kind, typed, 3)


@pytest.mark.parametrize(
    ("value", "answered"), [(None, False), ([], False), ("", False), (False, True), ([0], True)]
)
def test_what_counts_as_answered(value, answered):
    assert is_answered(value) is answered


# --- beginning --------------------------------------------------------------------------------------


def test_the_test_stands_among_my_tests_with_its_rules(exam, taker):
    assert "测试 entry" in taker.get("/tests").text

    page = taker.get(exam.taking())

    assert page.status_code == 200
    assert f"{MINUTES}" in page.text
    assert "题目 first" not in page.text


def test_beginning_freezes_the_instrument_and_shows_all_items_without_what_is_right(exam, taker, session):
    begin(exam, taker)

    page = taker.get(exam.taking()).text

    assert session.get_one(InstrumentVersion, exam.version).state is InstrumentState.FROZEN
    assert all(f"题目 {name}：" in page for name in exam.items)
    assert attempt_of(exam, session).deadline_at == NOW + timedelta(minutes=MINUTES)
    for secret in ("42.5", "再挂牌", "戴手套", "right", "tolerance", "weight"):
        assert secret not in page


def test_beginning_twice_is_once(exam, taker, session):
    begin(exam, taker)
    begin(exam, taker)

    assert session.scalar(sa.select(sa.func.count()).select_from(Attempt)) == 1


def test_each_person_has_an_order_of_their_own_that_stays(exam, taker, signed_in):
    begin(exam, taker)
    other = signed_in(exam.trainees[1])
    begin(exam, other, 1)

    def order(client, place):
        text = client.get(exam.taking(place)).text
        return sorted(exam.items, key=lambda name: text.index(f"题目 {name}："))

    assert order(taker, 0) == order(taker, 0)
    assert order(taker, 0) != order(other, 1)


@pytest.mark.parametrize(
    ("opens", "closes", "said"),
    [(timedelta(hours=1), timedelta(hours=2), "10:30"), (timedelta(hours=-3), timedelta(hours=-1), "关闭")],
)
def test_outside_its_hours_a_test_cannot_be_begun(exam, signed_in, session, opens, closes, said):
    exam.sitting(people=1, opens_at=NOW + opens, closes_at=NOW + closes)
    client = signed_in(exam.trainees[0])

    response = client.post(exam.taking(0, "/begin"))

    assert response.status_code == 409
    assert said in response.text
    assert attempt_of(exam, session) is None


def test_late_comers_have_until_the_test_closes(exam, taker, session, clock, signed_in):
    clock(NOW + timedelta(hours=1, minutes=50))
    client = signed_in(exam.trainees[0])

    begin(exam, client)

    assert attempt_of(exam, session).deadline_at == NOW + timedelta(hours=2)


def test_who_left_the_training_begins_none_of_its_tests(exam, signed_in, session):
    person = exam.trainee()
    gone = exam.world.enrolment(exam.program, user=person, state=EnrolmentState.WITHDRAWN)
    exam.sitting([person], enrolments={person.id: gone})

    response = signed_in(person).post(exam.taking(0, "/begin"))

    assert response.status_code == 409
    assert "已退出这项培训" in response.text
    assert attempt_of(exam, session) is None


def test_a_suspended_programme_lets_nobody_begin(exam, taker, session):
    session.get_one(Program, exam.program.id).state = State.SUSPENDED
    session.commit()

    assert taker.post(exam.taking(0, "/begin")).status_code == 409


def test_one_attempt_unless_another_is_granted(exam, taker, session):
    exam.take(0)

    refused = taker.post(exam.taking(0, "/begin"))
    session.get_one(Participant, exam.participants[0]).attempts = 2
    session.commit()
    granted = taker.post(exam.taking(0, "/begin"))

    assert (refused.status_code, granted.status_code) == (409, 302)
    assert attempt_of(exam, session).number == 2


def test_nobody_else_comes_near_an_attempt(exam, taker, world, signed_in, session):
    begin(exam, taker)
    attempt = attempt_of(exam, session).id
    other = signed_in(exam.trainees[1])
    staff = signed_in(exam.staff)

    assert other.get(exam.taking(0)).status_code == 404
    assert send(exam, other, attempt, {"first": ([0], 5)}).status_code == 404
    assert send(exam, other, attempt, {"first": ([0], 5)}, place=1).status_code == 404
    assert other.post(exam.taking(0, "/hand-in"), data={"attempt": attempt}).status_code == 404
    assert other.get(exam.taking(0, "/hand-in")).status_code == 404
    assert staff.get(exam.taking(0)).status_code == 403
    assert taker.get(f"/programs/{exam.program.id}/tests").status_code == 403
    assert world.signed_in(world.user(Role.TRAINEE)).get("/tests").status_code == 200
    assert stored(exam, session, attempt) == {}


def test_the_inbox_leads_to_the_test(exam, taker, signed_in):
    found = taker.get(f"/programs/{exam.program.id}/tests/{exam.sitting_id}/take")

    assert found.location == exam.taking()
    stranger = signed_in(exam.trainee())
    assert stranger.get(f"/programs/{exam.program.id}/tests/{exam.sitting_id}/take").status_code == 404


# --- saving -----------------------------------------------------------------------------------------


def test_an_autosave_costs_three_statements(exam, taker, session, clock, count_statements):
    begin(exam, taker)
    attempt = attempt_of(exam, session).id
    clock(NOW + timedelta(seconds=30))
    send(exam, taker, attempt, {"first": ([1], 900)})

    with count_statements() as statements:
        response = send(exam, taker, attempt, {"first": ([0], 1000), "number": ("42.5", 1100)})

    assert response.status_code == 200
    assert response.json["state"] == "running"
    assert response.json["left"] == 29 * 60_000 + 30_000
    assert response.json["elapsed"] == 30_000
    assert len(statements) == 3, statements
    assert stored(exam, session, attempt) == {"first": [0], "number": "42.5"}


def test_the_page_costs_at_most_ten_statements(exam, taker, session, count_statements):
    begin(exam, taker)
    with count_statements() as statements:
        assert taker.get(exam.taking()).status_code == 200
    assert len(statements) <= 7, statements


def test_the_newer_answer_stands_in_whatever_order_they_come(exam, taker, session, clock):
    begin(exam, taker)
    attempt = attempt_of(exam, session).id
    clock(NOW + timedelta(minutes=1))

    send(exam, taker, attempt, {"first": ([1], 20_000)})
    send(exam, taker, attempt, {"first": ([2], 10_000), "second": ([3], 10_000)})  # an older tab comes back

    assert stored(exam, session, attempt) == {"first": [1], "second": [3]}


def test_an_answer_sent_again_is_once(exam, taker, session, clock):
    begin(exam, taker)
    attempt = attempt_of(exam, session).id
    clock(NOW + timedelta(minutes=1))
    send(exam, taker, attempt, {"first": ([1], 20_000)})
    clock(NOW + timedelta(minutes=2))
    send(exam, taker, attempt, {"first": ([1], 20_000)})

    session.expire_all()
    [kept] = session.scalars(sa.select(Answer).where(Answer.attempt_id == attempt, Answer.sequence > 0))
    assert (kept.value, kept.answered_at) == ([1], NOW + timedelta(minutes=1))


def test_no_page_sends_from_the_future(exam, taker, session, clock):
    """Else a broken clock would shut out every later answer."""
    begin(exam, taker)
    attempt = attempt_of(exam, session).id
    clock(NOW + timedelta(seconds=10))
    send(exam, taker, attempt, {"first": ([1], 2_000_000_000)})
    clock(NOW + timedelta(seconds=20))

    send(exam, taker, attempt, {"first": ([2], 19_000)})

    assert stored(exam, session, attempt) == {"first": [2]}


def test_an_answer_can_be_taken_back(exam, taker, session, clock):
    begin(exam, taker)
    attempt = attempt_of(exam, session).id
    clock(NOW + timedelta(seconds=10))
    send(exam, taker, attempt, {"several": ([0, 1], 1000)})

    send(exam, taker, attempt, {"several": ([], 2000)})

    assert stored(exam, session, attempt) == {"several": None}


def test_what_is_no_answer_is_named_and_the_rest_is_kept(exam, taker, session, clock):
    begin(exam, taker)
    attempt = attempt_of(exam, session).id
    clock(NOW + timedelta(seconds=10))

    response = send(
        exam, taker, attempt, {"first": ([9], 1), "steps": ([0], 1), "truth": (True, 1), 999_999: ("x", 1)}
    )

    assert response.status_code == 200
    assert set(response.json["refused"]) == {exam.items["first"], exam.items["steps"], 999_999}
    assert stored(exam, session, attempt) == {"truth": True}


@pytest.mark.parametrize(
    "body",
    [
        "", "[]", "{", '{"attempt": 1}', '{"attempt": "1", "answers": []}', '{"attempt": 1, "answers": [[1, 2]]}',
        '{"attempt": true, "answers": []}', '{"attempt": 1, "answers": [[1, "x", -1]]}',
        '{"attempt": 1, "answers": [[1, "x", 99999999999]]}', '{"attempt": 1, "answers": {"1": "x"}}',
        json.dumps({"attempt": 1, "answers": [[1, "x", 1]] * 201}),
    ],
)  # fmt: skip
def test_nonsense_is_answered_with_a_sentence(exam, taker, body):
    begin(exam, taker)

    response = taker.post(exam.taking(0, "/answers"), data=body, content_type="application/json")

    assert response.status_code == 422
    assert response.json["message"]


def test_too_much_is_refused(exam, taker):
    begin(exam, taker)
    body = json.dumps({"attempt": 1, "answers": [[1, "x" * 1024 * 1024, 1]]})

    response = taker.post(exam.taking(0, "/answers"), data=body, content_type="application/json")

    assert response.status_code == 413


def test_a_save_without_the_token_of_the_page_is_refused(exam, taker, session, app):
    begin(exam, taker)
    attempt = attempt_of(exam, session).id
    app.config["WTF_CSRF_ENABLED"] = True

    response = send(exam, taker, attempt, {"first": ([0], 5)})

    assert response.status_code == 400


# --- without scripts --------------------------------------------------------------------------------


def page_fields(exam, values, was=None):
    """A page's form as a browser sends it: each item's answer, and what it was when the page was shown."""
    fields = {
        f"was{key}": json.dumps((was or {}).get(name)) for name, key in exam.items.items() if name != "steps"
    }
    for name, value in values.items():
        typed = [str(one) for one in value] if isinstance(value, list) else str(value).lower() if value in (
            True, False) else value  # fmt: skip
        fields[f"q{exam.items[name]}"] = typed
    return fields


def test_without_scripts_the_form_keeps_everything(exam, taker, session, clock):
    begin(exam, taker)
    attempt = attempt_of(exam, session).id
    clock(NOW + timedelta(seconds=10))

    response = taker.post(
        exam.taking(0, "/answers"), data=page_fields(exam, RIGHT) | {"attempt": attempt, "then": "stay"}
    )

    assert response.location == exam.taking()
    assert stored(exam, session, attempt) == RIGHT
    page = taker.get(exam.taking()).text
    assert page.count(" checked") == 6
    assert "先断电</textarea>" in page


def test_an_old_page_does_not_overwrite_what_was_answered_since(exam, taker, session, clock):
    begin(exam, taker)
    attempt = attempt_of(exam, session).id
    clock(NOW + timedelta(seconds=10))
    send(exam, taker, attempt, {"first": ([2], 9000), "second": ([1], 9000)})

    old = page_fields(exam, {"second": [3]})  # shown before both; only the second was changed on it
    taker.post(exam.taking(0, "/answers"), data=old | {"attempt": attempt})

    assert stored(exam, session, attempt) == {"first": [2], "second": [3]}


def test_a_form_with_nonsense_keeps_the_rest_and_says_so(exam, taker, session, clock):
    begin(exam, taker)
    attempt = attempt_of(exam, session).id
    fields = page_fields(exam, {"first": [7], "truth": False}) | {f"was{exam.items['second']}": "{"}

    response = taker.post(
        exam.taking(0, "/answers"), data=fields | {"attempt": attempt}, follow_redirects=True
    )

    assert stored(exam, session, attempt) == {"truth": False}
    assert "没有保存" in response.text


# --- handing in -------------------------------------------------------------------------------------


def test_handing_in_names_what_is_open_and_ends_once(exam, taker, session, clock):
    begin(exam, taker)
    attempt = attempt_of(exam, session).id
    clock(NOW + timedelta(minutes=1))
    most = {name: value for name, value in RIGHT.items() if name != "truth"}
    led = taker.post(
        exam.taking(0, "/answers"), data=page_fields(exam, most) | {"attempt": attempt, "then": "hand-in"}
    )
    confirm = taker.get(led.location)
    assert "6 / 7" in confirm.text
    assert "题目 truth" in confirm.text
    assert "题目 first" not in confirm.text

    first = taker.post(exam.taking(0, "/hand-in"), data={"attempt": attempt})
    again = taker.post(exam.taking(0, "/hand-in"), data={"attempt": attempt})

    row = attempt_of(exam, session)
    assert (first.status_code, again.status_code) == (302, 302)
    assert (row.end, row.ended_at, row.counts) == (AttemptEnd.HANDED_IN, NOW + timedelta(minutes=1), True)
    assert (row.points, row.possible, row.waiting) == (11, 21, 2)
    assert session.scalar(sa.select(sa.func.count()).select_from(Score)) == 2
    page = taker.get(exam.taking())
    assert "已交卷" in page.text
    assert "题目 first" not in page.text


def test_after_handing_in_nothing_counts_any_more_and_nothing_is_lost(exam, taker, session, clock, signed_in):
    begin(exam, taker)
    attempt = attempt_of(exam, session).id
    clock(NOW + timedelta(minutes=1))
    send(exam, taker, attempt, {"first": ([1], 1000), "second": ([0], 1000)})
    taker.post(exam.taking(0, "/hand-in"), data={"attempt": attempt})

    response = send(
        exam, taker, attempt, {"first": ([0], 50_000), "second": ([0], 50_000), "truth": (True, 50_000)}
    )

    assert response.status_code == 409
    assert response.json["state"] == "over"
    assert response.json["late"] == 2
    session.expire_all()
    first = session.get_one(Answer, (attempt, exam.items["first"]))
    assert (first.value, first.late, first.points) == ([1], [0], 0)
    truth = session.get_one(Answer, (attempt, exam.items["truth"]))
    assert (truth.value, truth.late) == (None, True)
    assert attempt_of(exam, session).points == 2
    page = signed_in(exam.staff).get(exam.url(f"/people/{exam.participants[0]}"))
    assert "2 题在结束后才送达" in page.text


def test_the_confirmation_is_only_for_an_attempt_under_way(exam, taker):
    assert taker.get(exam.taking(0, "/hand-in")).status_code == 302
    exam.take(0)
    assert taker.get(exam.taking(0, "/hand-in")).status_code == 302
    assert taker.post(exam.taking(0, "/hand-in"), data={"attempt": "x"}).status_code == 404


def test_the_inbox_is_empty_once_handed_in(exam, taker, session, signed_in):
    staff = signed_in(exam.staff)
    third = exam.trainee()
    staff.post(exam.url("/people/list"), data={"people": third.username, "enterprise_id": 0})
    place = session.scalar(sa.select(Participant).where(Participant.user_id == third.id))
    exam.participants.append(place.id)
    client = signed_in(third)
    assert "测试 entry" in client.get("/inbox").text or "测试 entry" in client.get("/").text
    begin(exam, client, 2)
    attempt = attempt_of(exam, session, 2).id

    client.post(exam.taking(2, "/hand-in"), data={"attempt": attempt})

    assert session.scalar(sa.select(sa.func.count()).select_from(Due).where(Due.user_id == third.id)) == 0


# --- the deadline -----------------------------------------------------------------------------------


def test_what_was_on_its_way_at_the_deadline_counts(exam, taker, session, clock, signed_in):
    begin(exam, taker)
    attempt = attempt_of(exam, session).id
    clock(NOW + timedelta(minutes=MINUTES) + ON_THE_WAY)

    response = send(exam, taker, attempt, {"first": ([0], 1_799_000)})

    assert response.status_code == 200
    assert response.json["left"] < 0
    assert stored(exam, session, attempt) == {"first": [0]}


def test_after_the_deadline_answers_are_kept_beside_and_the_attempt_ends(
    exam, taker, session, clock, signed_in
):
    begin(exam, taker)
    attempt = attempt_of(exam, session).id
    clock(NOW + timedelta(minutes=10))
    send(exam, taker, attempt, {"first": ([0], 1000)})
    clock(NOW + timedelta(minutes=MINUTES) + ON_THE_WAY + timedelta(milliseconds=1))

    response = send(exam, taker, attempt, {"second": ([0], 1_799_000)})

    row = attempt_of(exam, session)
    assert response.status_code == 409
    assert "不计" in response.json["message"]
    assert (row.end, row.ended_at) == (AttemptEnd.TIMED_OUT, NOW + timedelta(minutes=MINUTES))
    assert row.points == 2
    second = session.get_one(Answer, (attempt, exam.items["second"]))
    assert (second.value, second.late) == (None, [0])


def test_a_page_that_stayed_open_is_never_longer(exam, taker, session, clock):
    begin(exam, taker)
    attempt = attempt_of(exam, session).id
    clock(NOW + timedelta(minutes=MINUTES, seconds=11))

    page = taker.get(exam.taking())
    handed = taker.post(exam.taking(0, "/hand-in"), data={"attempt": attempt}, follow_redirects=True)
    form = taker.post(
        exam.taking(0, "/answers"),
        data=page_fields(exam, RIGHT) | {"attempt": attempt},
        follow_redirects=True,
    )

    assert "题目 first" not in page.text
    assert "时间" in handed.text
    assert "时间" in form.text
    row = attempt_of(exam, session)
    assert (row.end, row.points) == (AttemptEnd.TIMED_OUT, 0)


def test_each_minute_overdue_attempts_end_and_over_sittings_close(exam, taker, session, clock, signed_in):
    begin(exam, taker)
    other = signed_in(exam.trainees[1])
    begin(exam, other, 1)
    first = attempt_of(exam, session).id
    clock(NOW + timedelta(minutes=5))
    send(exam, taker, first, {"first": ([0], 1000)})
    session.commit()

    keep_time(NOW + timedelta(minutes=MINUTES) + ON_THE_WAY)
    assert attempt_of(exam, session).ended_at is None
    keep_time(NOW + timedelta(minutes=MINUTES + 1))
    assert attempt_of(exam, session).end is AttemptEnd.TIMED_OUT
    assert attempt_of(exam, session, 1).points == 0
    assert session.get_one(Sitting, exam.sitting_id).closed_at is None
    session.commit()
    keep_time(NOW + timedelta(hours=2, minutes=1))
    keep_time(NOW + timedelta(hours=2, minutes=2))

    session.expire_all()
    assert session.get_one(Sitting, exam.sitting_id).closed_at == NOW + timedelta(hours=2, minutes=1)
    assert attempt_of(exam, session).points == 2


def test_a_worker_that_dies_between_batches_goes_on(exam, session, clock, monkeypatch):
    from trainmgr.testing import closing

    exam.sitting(people=5)
    attempts = [exam.begin(place) for place in range(5)]
    exam.answer(attempts[4], {"first": [0]})
    monkeypatch.setattr(closing, "BATCH", 2)
    work = closing.close_by_clock(NOW + timedelta(hours=3))
    next(work)
    session.commit()
    next(work)
    work.close()
    session.rollback()  # the second batch was not committed
    session.expire_all()
    assert sum(session.get_one(Attempt, key).ended_at is not None for key in attempts) == 2
    session.commit()

    keep_time(NOW + timedelta(hours=3))

    session.expire_all()
    assert all(session.get_one(Attempt, key).end is AttemptEnd.TIMED_OUT for key in attempts)
    assert session.get_one(Attempt, attempts[4]).points == 2
    assert session.get_one(Sitting, exam.sitting_id).closed_at is not None


def test_closing_takes_as_many_statements_for_many_as_for_few(exam, session, count_statements):
    from trainmgr.testing import closing

    def close(people):
        exam.sitting(people=people, name=f"s{people}", closes_at=NOW + timedelta(minutes=10))
        for place in range(people):
            exam.begin(place)
        session.commit()
        with count_statements() as statements:
            keep_time(NOW + timedelta(hours=1))
        session.commit()
        return len(statements)

    close(1)
    assert closing.BATCH >= 200
    assert close(2) == close(6)
