"""Marking by people: short answers without names, practical work on a phone, corrections, two at once."""

from __future__ import annotations

import re
import threading
from datetime import timedelta
from decimal import Decimal

import pytest
import sqlalchemy as sa
from hypothesis import given
from hypothesis import strategies as st

from tests.factories import NOW
from tests.testing.conftest import RIGHT, inside
from trainmgr.enrolment.models import Enrolment
from trainmgr.identity.models import OrganizationKind
from trainmgr.kernel.access import Role
from trainmgr.kernel.audit import AuditEvent
from trainmgr.kernel.db import db
from trainmgr.programs.models import Due, Program
from trainmgr.programs.rules import State
from trainmgr.testing import closing, marking_dues
from trainmgr.testing.models import Answer, Attempt, Mark, Participant, Score, Sitting
from trainmgr.testing.rules import AttemptEnd
from trainmgr.testing.typed_points import PointsRefused, buttons, code_of, read_points

THREE = Decimal(3)


# --- what is typed --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "points"),
    [("0", "0"), ("2.5", "2.5"), (" 3 ", "3"), ("2,5", "2.5"), ("２．５", "2.5"), ("3.0", "3"), ("1e0", "1")],
)
def test_points_are_read_as_people_type_them(text, points):
    assert read_points(text, THREE) == Decimal(points)


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("", "Give points"),
        ("two", "as a number"),
        ("nan", "as a number"),
        ("1" * 13, "as a number"),
        ("-1", "less than 0"),
        ("−0.5", "less than 0"),
        ("3.5", "at most"),
        ("2.25", "halves"),
    ],
)
def test_points_that_cannot_be_are_refused_with_the_reason(text, word):
    with pytest.raises(PointsRefused, match=word):
        read_points(text, THREE)


def test_the_most_may_be_no_half():
    assert read_points("1.25", Decimal("1.25")) == Decimal("1.25")


@given(st.decimals(Decimal("0.25"), 200, places=2))
def test_buttons_give_points_that_can_be_typed_from_nothing_to_all(most):
    given_ = buttons(most)

    assert given_[0] == 0
    assert given_[-1] == most
    assert len(given_) <= 13
    assert all(read_points(str(points), most) == points for points in given_)


def test_a_code_is_always_the_same_and_tells_people_and_sittings_apart():
    assert code_of(7, 1, 2) == code_of(7, 1, 2)
    assert len({code_of(7, sitting, person) for sitting in range(20) for person in range(50)}) == 1000


# --- what the tests below arrange ---------------------------------------------------------------------


@pytest.fixture
def staff(exam, signed_in):
    return signed_in(exam.staff)


@pytest.fixture
def sat(exam):
    """Three people who have handed in: everything right, a short answer each, nobody judged."""
    exam.sitting(3)
    exam.attempts = [exam.take(place) for place in range(3)]
    return exam


def one(exam, statement):
    with inside(exam.world):
        return db.session.scalar(statement)


def rows(exam, statement):
    with inside(exam.world):
        return db.session.execute(statement).all()


def marks_of(exam, attempt_id, name="words"):
    return rows(
        exam,
        sa.select(Mark.number, Mark.points, Mark.remark, Mark.marker_id)
        .where(Mark.attempt_id == attempt_id, Mark.item_id == exam.items[name])
        .order_by(Mark.number),
    )


def where(exam, name="words"):
    return exam.url(f"/marking/{exam.items[name]}")


def sheet(points, *, key="k1", seen=None, **more):
    """Return what a page of answers sends: points by attempt."""
    data = {"answer": [str(attempt) for attempt in points], "key": key}
    for attempt, given_ in points.items():
        data |= {f"points-{attempt}": given_, f"seen-{attempt}": str((seen or {}).get(attempt, 0))}
    return data | more


def text_of(response):
    return response.get_data(as_text=True)


# --- short answers ---------------------------------------------------------------------------------------


def test_the_overview_counts_what_waits(sat, staff):
    page = text_of(staff.get(sat.url("/marking")))

    assert "题目 words" in page
    assert "题目 steps" in page
    assert "题目 first" not in page


def test_answers_are_shown_under_codes_beside_the_model_answer(sat, staff):
    page = text_of(staff.get(where(sat)))

    assert "先断电，再挂牌。" in page
    assert page.count("先断电</p>") == 3
    assert not any(trainee.name in page for trainee in sat.trainees)
    assert not any(f"T000{place}" in page for place in (1, 2, 3))


def test_the_order_is_shuffled_and_stays(exam, staff):
    exam.sitting(12)
    for place in range(12):
        exam.take(place, RIGHT | {"words": f"答案{place:02}"})

    def order():
        page = text_of(staff.get(where(exam)))
        return sorted(range(12), key=lambda place: page.index(f"答案{place:02}"))

    assert order() == order() != list(range(12))


def test_several_marks_are_given_at_once_and_become_points(sat, staff):
    first, second, third = sat.attempts

    response = staff.post(where(sat), data=sheet({first: "2.5", second: "3", third: ""}))

    assert response.status_code == 302
    assert [row.points for row in marks_of(sat, first)] == [Decimal("2.5")]
    assert (
        one(
            sat,
            sa.select(Answer.points).where(Answer.attempt_id == second, Answer.item_id == sat.items["words"]),
        )
        == 3
    )
    assert marks_of(sat, third) == []
    assert one(sat, sa.select(Attempt.waiting).where(Attempt.id == first)) == 1  # the practical work
    assert one(sat, sa.select(sa.func.count()).select_from(Mark)) == 2


def test_the_last_mark_settles_the_level_of_the_competency(sat, staff):
    staff.post(where(sat), data=sheet({sat.attempts[0]: "3"}))
    judge(sat, staff, 0, [0, 1, 2])

    score = one(
        sat,
        sa.select(Score.level).where(
            Score.attempt_id == sat.attempts[0], Score.competency_id == sat.competencies[2]
        ),
    )
    assert score == 5


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ("4", "这道题最多 3 分"),
        ("-1", "得分不低于 0"),
        ("两分", "请填数字"),
        ("2.3", "以半分为单位"),
    ],
)
def test_wrong_points_stay_typed_with_the_sentence_at_the_field(sat, staff, typed, sentence):
    first, second, _third = sat.attempts

    response = staff.post(where(sat), data=sheet({first: typed, second: "1"}))

    page = text_of(response)
    assert response.status_code == 422
    assert f'value="{typed}"' in page
    assert 'value="1"' in page
    assert f'id="points-{first}-error"' in page
    assert sentence in page
    assert one(sat, sa.select(sa.func.count()).select_from(Mark)) == 0


def test_a_page_with_nothing_typed_says_so(sat, staff):
    response = staff.post(where(sat), data=sheet(dict.fromkeys(sat.attempts, "")))

    assert response.status_code == 422
    assert "至少给一个答案打分" in text_of(response)


def test_a_remark_without_points_asks_for_them(sat, staff):
    first = sat.attempts[0]

    response = staff.post(where(sat), data=sheet({first: ""}, **{f"remark-{first}": "说得不全"}))

    assert response.status_code == 422
    assert "说得不全" in text_of(response)


def test_a_page_sent_twice_is_one(sat, staff):
    data = sheet({sat.attempts[0]: "2"})

    assert staff.post(where(sat), data=data).status_code == 302
    assert staff.post(where(sat), data=data).status_code == 302

    assert len(marks_of(sat, sat.attempts[0])) == 1


def test_the_second_of_two_markers_is_told_and_loses_nothing(sat, staff, signed_in, world):
    other = signed_in(world.user(Role.STAFF, name="李明"))
    first, second, _third = sat.attempts
    other.post(where(sat), data=sheet({first: "1"}, key="theirs"))

    response = staff.post(where(sat), data=sheet({first: "2.5", second: "3"}, key="mine"))

    page = text_of(response)
    assert response.status_code == 409
    assert "李明" in page
    assert 'value="2.5"' in page
    assert 'value="3"' in page
    assert marks_of(sat, second) == []

    again = sheet({first: "2.5", second: "3"}, key="mine", seen={first: 1})
    assert staff.post(where(sat), data=again | {f"leave-{first}": "y"}).status_code == 302
    assert [row.points for row in marks_of(sat, first)] == [1]
    assert [row.points for row in marks_of(sat, second)] == [3]


def test_two_markers_who_agree_are_one_mark(sat, staff, signed_in, world):
    signed_in(world.user(Role.STAFF)).post(where(sat), data=sheet({sat.attempts[0]: "2"}, key="theirs"))

    assert staff.post(where(sat), data=sheet({sat.attempts[0]: "2"}, key="mine")).status_code == 302
    assert len(marks_of(sat, sat.attempts[0])) == 1


def test_a_correction_needs_a_reason_and_keeps_the_first_mark(sat, staff):
    first = sat.attempts[0]
    staff.post(where(sat), data=sheet({first: "1"}))
    change = sheet({first: "2"}, key="k2", seen={first: 1})

    refused = staff.post(where(sat) + "?show=marked", data=change)
    taken = staff.post(where(sat) + "?show=marked", data=change | {f"reason-{first}": "看漏了第二句"})

    assert refused.status_code == 409
    assert f'id="reason-{first}-error"' in text_of(refused)
    assert taken.status_code == 302
    assert [(row.number, row.points) for row in marks_of(sat, first)] == [(1, 1), (2, 2)]
    event = one(sat, sa.select(AuditEvent.reason).where(AuditEvent.action == "testing.correct-mark"))
    assert event == "看漏了第二句"
    assert (
        one(
            sat,
            sa.select(Answer.points).where(Answer.attempt_id == first, Answer.item_id == sat.items["words"]),
        )
        == 2
    )


def test_lines_that_are_not_changed_write_nothing(sat, staff):
    first = sat.attempts[0]
    staff.post(where(sat), data=sheet({first: "1"}))

    response = staff.post(where(sat), data=sheet({first: "1.0"}, key="k2", seen={first: 1}))

    assert response.status_code == 302
    assert len(marks_of(sat, first)) == 1


@pytest.mark.parametrize(("state", "status"), [(State.ANALYSING, 302), (State.DESIGNING, 409)])
def test_a_correction_ends_with_the_analysis_that_took_the_levels(sat, staff, state, status):
    first = sat.attempts[0]
    staff.post(where(sat), data=sheet({first: "1"}))
    with inside(sat.world):
        db.session.execute(sa.update(Sitting).values(taken_at=NOW))
        db.session.execute(sa.update(Program).values(state=state))
        db.session.commit()

    change = sheet({first: "2"}, key="k2", seen={first: 1})
    response = staff.post(where(sat), data=change | {f"reason-{first}": "看漏了"})

    assert response.status_code == status
    assert ("需求分析" in text_of(response)) == (status == 409)
    assert len(marks_of(sat, first)) == (2 if status == 302 else 1)


def test_blank_answers_wait_for_nobody(exam, staff):
    exam.sitting(1)
    attempt = exam.take(0, RIGHT | {"words": "  "})

    page = text_of(staff.get(where(exam)))

    assert f"points-{attempt}" not in page


def test_only_what_counts_is_marked(exam, staff):
    exam.sitting(3)
    running = exam.begin(0)
    exam.answer(running, RIGHT)
    off = exam.begin(1)
    exam.answer(off, RIGHT)
    exam.finish(off, end=AttemptEnd.CALLED_OFF)
    ended = exam.take(2)

    page = text_of(staff.get(where(exam)))
    refused = [staff.post(where(exam), data=sheet({attempt: "2"})).status_code for attempt in (running, off)]

    assert f"points-{ended}" in page
    assert f"points-{running}" not in page
    assert f"points-{off}" not in page
    assert refused == [409, 409]
    assert marks_of(exam, running) == marks_of(exam, off) == []


def test_a_marker_never_marks_themself(exam, world, signed_in):
    exam.sitting([exam.staff])
    attempt = exam.take(0)
    staff = signed_in(exam.staff)

    assert f"points-{attempt}" not in text_of(staff.get(where(exam)))
    response = staff.post(where(exam), data=sheet({attempt: "3"}))
    assert response.status_code == 409
    assert "自己" in text_of(response)
    assert marks_of(exam, attempt) == []


def test_a_teacher_marks_the_own_college_and_a_mentor_the_own_enterprise(sat, world, signed_in):
    college, enterprise = world.organization(), world.organization(OrganizationKind.ENTERPRISE)
    with inside(world):
        other = db.session.get_one(Participant, sat.participants[2])
        other.college_id, other.enterprise_id = college.id, enterprise.id
        db.session.commit()
    for role in (Role.SCHOOL_TEACHER, Role.ENTERPRISE_MENTOR):
        person = world.user(role)
        world.relation(sat.program, person, role)
        client = signed_in(person)

        page = text_of(client.get(where(sat)))

        assert f"points-{sat.attempts[0]}" in page
        assert f"points-{sat.attempts[2]}" not in page
        assert client.post(where(sat), data=sheet({sat.attempts[2]: "3"})).status_code == 409


@pytest.mark.parametrize("role", [Role.ENTERPRISE_COORDINATOR, Role.ADMINISTRATOR, Role.TRAINEE])
def test_who_does_not_mark_is_refused(sat, world, signed_in, role):
    client = signed_in(world.user(role))

    assert client.get(sat.url("/marking")).status_code == 403
    assert client.post(where(sat), data=sheet({sat.attempts[0]: "3"})).status_code == 403


def test_a_stranger_sees_nothing(sat, world, signed_in):
    stranger = signed_in(world.user(Role.STAFF, world.organization()))

    for address in (sat.url("/marking"), where(sat), sat.url("/judge")):
        assert stranger.get(address).status_code == 404


def test_an_item_of_another_kind_is_not_there(sat, staff):
    assert staff.get(where(sat, "first")).status_code == 404
    assert staff.get(where(sat, "steps")).status_code == 404


def test_nothing_is_marked_in_a_closed_programme_or_a_test_called_off(sat, staff):
    with inside(sat.world):
        db.session.execute(sa.update(Program).values(state=State.CLOSED))
        db.session.commit()
    assert staff.post(where(sat), data=sheet({sat.attempts[0]: "3"})).status_code == 409
    with inside(sat.world):
        db.session.execute(sa.update(Program).values(state=State.ANALYSING))
        db.session.execute(sa.update(Sitting).values(cancelled_at=NOW))
        db.session.commit()
    assert staff.post(where(sat), data=sheet({sat.attempts[0]: "3"})).status_code == 409


def test_a_page_of_answers_costs_the_same_for_three_and_for_thirty(exam, staff, count_statements):
    def cost():
        with count_statements() as statements:
            assert staff.get(where(exam)).status_code == 200
        return len(statements)

    exam.sitting(3)
    for place in range(3):
        exam.take(place)
    few = cost()
    exam.sitting(30, name="大考")
    for place in range(30):
        exam.take(place)

    assert cost() == few <= 14


# --- practical work --------------------------------------------------------------------------------------


def judge(exam, client, place, done, *, key="j1", seen=0, **more):
    data = {"item": exam.items["steps"], "done": done, "client_key": key, "seen": seen} | more
    return client.post(exam.url(f"/judge/{exam.participants[place]}"), data=data)


def test_a_judge_finds_people_by_name_and_number(sat, staff):
    page = text_of(staff.get(sat.url("/judge?q=T0002")))

    assert sat.trainees[1].name in page
    assert sat.trainees[0].name not in page


def test_the_list_shows_who_is_to_be_judged_now(exam, staff):
    exam.sitting(3)
    exam.begin(0)
    exam.take(1)
    judge(exam, staff, 1, [0, 1, 2])
    staff.get(exam.url("/judge"))  # takes the message away that names who was judged

    now, done, everybody = (
        text_of(staff.get(exam.url(f"/judge?turn={turn}"))) for turn in ("", "done", "all")
    )

    names = [trainee.name for trainee in exam.trainees]
    assert [name in now for name in names] == [True, False, False]
    assert [name in done for name in names] == [False, True, False]
    assert all(name in everybody for name in names)


def test_steps_that_were_seen_become_points(sat, staff):
    response = judge(sat, staff, 0, [0, 1], remark="标记没复核")

    assert response.status_code == 302
    assert [(row.points, row.remark) for row in marks_of(sat, sat.attempts[0], "steps")] == [
        (Decimal("3.75"), "标记没复核")
    ]
    assert one(sat, sa.select(Attempt.waiting).where(Attempt.id == sat.attempts[0])) == 1  # the short answer


def test_without_a_critical_step_there_are_no_points(sat, staff):
    judge(sat, staff, 0, [1, 2])

    assert [row.points for row in marks_of(sat, sat.attempts[0], "steps")] == [0]


def test_work_is_judged_while_the_test_still_runs_and_counts_when_it_ends(exam, staff):
    exam.sitting(1)
    attempt = exam.begin(0)
    exam.answer(attempt, RIGHT)

    assert judge(exam, staff, 0, [0, 1, 2]).status_code == 302
    assert one(exam, sa.select(Answer.points).where(Answer.item_id == exam.items["steps"])) is None
    exam.finish(attempt)
    assert one(exam, sa.select(Answer.points).where(Answer.item_id == exam.items["steps"])) == 5


def test_who_has_not_begun_is_not_judged_yet(exam, staff):
    exam.sitting(1)

    page = staff.get(exam.url(f"/judge/{exam.participants[0]}"))
    response = judge(exam, staff, 0, [0])

    assert page.status_code == 200
    assert "还没有开始" in text_of(page)
    assert response.status_code == 409
    assert one(exam, sa.select(sa.func.count()).select_from(Mark)) == 0


def test_a_checklist_sent_twice_is_one(sat, staff):
    assert judge(sat, staff, 0, [0]).status_code == 302
    assert judge(sat, staff, 0, [0]).status_code == 302

    assert len(marks_of(sat, sat.attempts[0], "steps")) == 1


def test_the_second_of_two_judges_is_told_and_the_ticks_stay(sat, staff, signed_in, world):
    judge(sat, signed_in(world.user(Role.STAFF, name="李明")), 0, [0, 1, 2], key="theirs")

    response = judge(sat, staff, 0, [0], key="mine", remark="没选扳手")

    page = text_of(response)
    assert response.status_code == 409
    assert "李明" in page
    assert "没选扳手" in page
    assert page.count(" checked") == 1
    assert len(marks_of(sat, sat.attempts[0], "steps")) == 1


def test_other_steps_sent_from_an_old_page_are_a_correction_and_never_lost(sat, staff):
    judge(sat, staff, 0, [0])

    response = judge(sat, staff, 0, [0, 1])  # the same page, gone back to

    page = text_of(response)
    assert response.status_code == 409
    assert page.count(" checked") == 2
    key = re.search(r'name="client_key" value="(\w+)"', page)[1]
    assert key != "j1"
    assert judge(sat, staff, 0, [0, 1], key=key, seen=1, reason="扳手也对").status_code == 302
    assert [row.points for row in marks_of(sat, sat.attempts[0], "steps")] == [
        Decimal("1.25"),
        Decimal("3.75"),
    ]


def test_a_late_repetition_changes_nothing_that_was_corrected_since(sat, staff):
    judge(sat, staff, 0, [0])
    judge(sat, staff, 0, [0, 1], key="j2", seen=1, reason="扳手也对")

    assert judge(sat, staff, 0, [0]).status_code == 302
    assert [row.number for row in marks_of(sat, sat.attempts[0], "steps")] == [1, 2]


def test_a_judgement_is_corrected_with_a_reason(sat, staff):
    judge(sat, staff, 0, [0])

    refused = judge(sat, staff, 0, [0, 1], key="j2", seen=1)
    taken = judge(sat, staff, 0, [0, 1], key="j2", seen=1, reason="扳手选对了")

    assert refused.status_code == 409
    assert taken.status_code == 302
    assert [row.number for row in marks_of(sat, sat.attempts[0], "steps")] == [1, 2]


def test_nobody_judges_their_own_work(exam, signed_in):
    exam.sitting([exam.staff])
    exam.take(0)
    staff = signed_in(exam.staff)

    assert "自己" in text_of(staff.get(exam.url(f"/judge/{exam.participants[0]}")))
    assert judge(exam, staff, 0, [0]).status_code == 409
    assert exam.staff.name not in text_of(staff.get(exam.url("/judge?turn=all"))).partition("<main")[2]


def test_before_the_enrolment_a_mentor_judges_the_own_enterprise(sat, world, signed_in):
    elsewhere = world.organization(OrganizationKind.ENTERPRISE)
    with inside(world):
        db.session.get_one(Participant, sat.participants[2]).enterprise_id = elsewhere.id
        db.session.commit()
    mentor = world.user(Role.ENTERPRISE_MENTOR)
    world.relation(sat.program, mentor, Role.ENTERPRISE_MENTOR)
    client = signed_in(mentor)

    assert judge(sat, client, 0, [0]).status_code == 302
    assert judge(sat, client, 2, [0]).status_code == 404


def test_once_enrolled_only_who_guides_somebody_judges(sat, world, signed_in):
    guide, other = world.user(Role.ENTERPRISE_MENTOR), world.user(Role.ENTERPRISE_MENTOR)
    world.relation(sat.program, other, Role.ENTERPRISE_MENTOR)
    enrolment = world.enrolment(sat.program, user=sat.trainees[0], mentor=guide)
    with inside(world):
        assert db.session.get(Enrolment, enrolment.id)
        db.session.get_one(Participant, sat.participants[0]).enrolment_id = enrolment.id
        db.session.commit()

    assert judge(sat, signed_in(other), 0, [0]).status_code == 404
    assert judge(sat, signed_in(guide), 0, [0]).status_code == 302


# --- at once ---------------------------------------------------------------------------------------------


def at_once(*deeds):
    start, answers = threading.Barrier(len(deeds)), []

    def do(deed):
        start.wait()
        answers.append(deed())

    threads = [threading.Thread(target=do, args=[deed]) for deed in deeds]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return answers


def test_four_markers_at_once_leave_one_mark_and_three_are_told(sat, world, signed_in):
    first, second, _third = sat.attempts
    clients = [signed_in(world.user(Role.STAFF)) for _ in range(4)]

    def press(number, client):
        data = sheet({first: str(number / 2), second: str(number / 2)}, key=f"k{number}")
        return lambda: client.post(where(sat), data=data).status_code

    answers = at_once(*(press(number, client) for number, client in enumerate(clients)))

    assert sorted(answers) == [302, 409, 409, 409]
    assert [len(marks_of(sat, attempt)) for attempt in (first, second)] == [1, 1]


def test_one_page_pressed_four_times_at_once_is_one(sat, staff, signed_in):
    clients = [signed_in(sat.staff) for _ in range(4)]
    data = sheet({sat.attempts[0]: "2"})

    answers = at_once(
        *(lambda client=client: client.post(where(sat), data=data).status_code for client in clients)
    )

    assert answers == [302] * 4
    assert len(marks_of(sat, sat.attempts[0])) == 1


@pytest.mark.parametrize("turn", range(3))
def test_work_that_is_judged_just_as_the_test_ends_counts(exam, staff, turn):
    exam.sitting(1)
    attempt = exam.begin(0)
    exam.answer(attempt, RIGHT)

    def end():
        with exam.world.app.app_context():
            closing.end_attempts(
                db.session.get_one(Sitting, exam.sitting_id), [attempt], now=NOW, end=AttemptEnd.HANDED_IN
            )
            db.session.commit()

    at_once(end, lambda: judge(exam, staff, 0, [0, 1, 2]))

    assert one(exam, sa.select(Answer.points).where(Answer.item_id == exam.items["steps"])) == 5
    assert one(exam, sa.select(Attempt.waiting)) == 1  # the short answer


# --- dues -----------------------------------------------------------------------------------------------


def test_what_waits_is_due_from_those_who_mark_until_nothing_waits(sat, world, staff, clock):
    teacher = world.user(Role.SCHOOL_TEACHER)
    world.relation(sat.program, teacher, Role.SCHOOL_TEACHER)
    with inside(world):
        sitting = db.session.get_one(Sitting, sat.sitting_id)
        sitting.closed_at = NOW
        db.session.flush()
        assert marking_dues.put(sat.program.id, sitting, now=NOW) == 6
        db.session.commit()
    due = sa.select(Due.role, Due.user_id, Due.amount).where(Due.code == "mark-test").order_by(Due.id)
    assert [tuple(row) for row in rows(sat, due)] == [(Role.STAFF, None, 6), (None, teacher.id, 6)]

    clock(NOW + timedelta(hours=1))
    staff.post(where(sat), data=sheet(dict.fromkeys(sat.attempts, "3")))
    assert [row.amount for row in rows(sat, due)] == [3, 3]
    for place in range(3):
        judge(sat, staff, place, [0, 1, 2], key=f"j{place}")
    assert rows(sat, due) == []


def test_practical_work_of_enrolled_people_is_due_from_who_guides_them(sat, world):
    teacher, mentor = world.user(Role.SCHOOL_TEACHER), world.user(Role.ENTERPRISE_MENTOR)
    for place, trainee in enumerate(sat.trainees):
        guides = {"teacher": teacher, "mentor": mentor} if place == 0 else {}
        enrolment = world.enrolment(sat.program, user=trainee, **guides)
        with inside(world):
            db.session.get_one(Participant, sat.participants[place]).enrolment_id = enrolment.id
            db.session.commit()
    with inside(world):
        sitting = db.session.get_one(Sitting, sat.sitting_id)
        marking_dues.put(sat.program.id, sitting, now=NOW)
        db.session.commit()

    due = sa.select(Due.user_id, Due.amount).where(Due.code == "mark-test", Due.user_id.is_not(None))
    amounts = {row.user_id: row.amount for row in rows(sat, due)}
    assert amounts[teacher.id] == 4  # three short answers, and the work of the one trainee
    assert amounts[mentor.id] == 1


def test_each_person_of_the_list_gets_a_code_to_scan(sat, staff):
    response = staff.get(sat.url("/judge/codes.pdf?turn=all"))

    assert response.mimetype == "application/pdf"
    assert response.get_data().startswith(b"%PDF")
    assert staff.get(sat.url("/judge/codes.pdf?q=niemand")).status_code == 200
