"""What stands beside a log: the talk, hints, spot checks, cases for the library, reminders before."""

from datetime import timedelta

import pytest

from tests.factories import NOW, TODAY
from trainmgr.attendance.models import AttendanceTally, Leave, LeaveKind, LeaveState
from trainmgr.enrolment.models import Enrolment, EnrolmentState
from trainmgr.enrolment.standing_models import StandingChange
from trainmgr.enrolment.standing_rules import StandingKind, StandingState
from trainmgr.kernel.access import Role
from trainmgr.materials.models import CaseText, Material
from trainmgr.practice import asking, spots
from trainmgr.practice.away import days_away
from trainmgr.practice.honesty import HintKind, draw
from trainmgr.practice.log_models import LogComment, LogHint, LogReading, SpotCheck, SpotDraw, SpotResult
from trainmgr.practice.models import LogCase, LogState, PracticeLog
from trainmgr.practice.terms import terms_of
from trainmgr.programs.models import Due, Program
from trainmgr.timetable.models import ClosedPeriod

MONDAY = TODAY - timedelta(days=TODAY.weekday())
LONG = (
    "今天在二号线做盖板玻璃的外观检测，先看照明再动治具，发现崩边多在下料口，调整夹爪后减少，"
    "又和师傅一起记录了十片样品的间隙数值。"
)


# --- the talk --------------------------------------------------------------------------------------


def test_a_question_under_a_log_reaches_the_others_and_the_answer_comes_back(place):
    log = place.log()
    mentor, trainee = place.browser(place.mentor), place.browser(place.trainee)

    mentor.post(f"/logs/{log.id}/comments", data={"text": "间隙是多少？"})
    asked = {due.user_id for due in place.all(Due, code="log-comments")}
    trainee.post(f"/logs/{log.id}/comments", data={"text": "0.12 毫米"})
    answered = {due.user_id for due in place.all(Due, code="log-comments")}
    mentor.post(f"/logs/{log.id}/seen")

    assert asked == {place.trainee.id, place.teacher.id}
    assert answered == {place.mentor.id, place.teacher.id}
    assert {due.user_id for due in place.all(Due, code="log-comments")} == {place.teacher.id}
    page = trainee.get(f"/logs/{log.id}").text
    assert page.index("间隙是多少？") < page.index("0.12 毫米")
    assert "0.12 毫米" in place.browser(place.teacher).get(f"/logs/{log.id}").text
    assert log.task in place.browser(place.teacher).get("/logs/unread").text


def test_a_comment_is_never_changed_and_only_its_author_withdraws_it(place):
    log = place.log()
    place.browser(place.mentor).post(f"/logs/{log.id}/comments", data={"text": "写错了的话"})
    (comment,) = place.all(LogComment)
    address = f"/logs/{log.id}/comments/{comment.id}/withdraw"

    refused = place.browser(place.trainee).post(address)
    withdrawn = place.browser(place.mentor).post(address)

    assert (refused.status_code, withdrawn.status_code) == (409, 302)
    assert "写错了的话" not in place.browser(place.trainee).get(f"/logs/{log.id}").text
    with place.world.inside() as session:
        session.get(LogComment, comment.id).text = "别的"
        with pytest.raises(AssertionError, match="never changed"):
            session.flush()


def test_an_empty_comment_a_draft_and_a_stranger_are_refused(place):
    log, draft = place.log(), place.log(state=LogState.DRAFT, submitted_at=None)
    stranger = place.world.user(Role.TRAINEE)
    place.world.enrolment(place.program, user=stranger)

    assert place.browser(place.mentor).post(f"/logs/{log.id}/comments", data={"text": " "}).status_code == 422
    assert (
        place.browser(place.trainee).post(f"/logs/{draft.id}/comments", data={"text": "x"}).status_code == 409
    )
    assert place.browser(stranger).post(f"/logs/{log.id}/comments", data={"text": "x"}).status_code == 404
    assert place.all(LogComment) == []


def test_nobody_is_asked_to_read_on_about_a_trainee_who_went_to_another_mentor(place):
    from trainmgr.practice import talk

    log = place.log()
    place.browser(place.trainee).post(f"/logs/{log.id}/comments", data={"text": "请看"})
    other = place.world.user(Role.ENTERPRISE_MENTOR)
    with place.world.inside() as session:
        session.get(Enrolment, place.enrolment.id).enterprise_mentor_id = other.id
        session.flush()
        talk.forget_former(place.program.id, [place.enrolment.id], NOW)
        session.commit()

    assert {due.user_id for due in place.all(Due, code="log-comments")} == {place.teacher.id}
    assert [one.unread for one in place.all(LogReading, user_id=place.mentor.id)] == [0]

    place.browser(place.trainee).post(f"/logs/{log.id}/comments", data={"text": "请新师傅看"})

    assert {due.user_id for due in place.all(Due, code="log-comments")} == {place.teacher.id, other.id}
    assert log.task not in place.browser(place.mentor).get("/logs/unread").text


def test_staff_who_spoke_are_told_of_the_answer(place):
    log = place.log()
    place.browser(place.staff).post(f"/logs/{log.id}/comments", data={"text": "请补充"})
    place.browser(place.trainee).post(f"/logs/{log.id}/comments", data={"text": "已补充"})

    assert place.staff.id in {due.user_id for due in place.all(Due, code="log-comments")}


# --- hints -----------------------------------------------------------------------------------------


def hints(place):
    return {hint.kind: hint for hint in place.all(LogHint)}


def test_a_copied_text_is_shown_to_the_mentor_beside_the_other_and_changes_nothing(place):
    other = place.world.user(Role.TRAINEE)
    place.world.enrolment(place.program, user=other, teacher=place.teacher, mentor=place.mentor)
    place.browser(other).post("/logs", data=place.typed(learned=LONG))
    place.browser(place.trainee).post(
        "/logs", data=place.typed(learned=LONG.replace("十片", "八片"), hours="8")
    )

    found = hints(place)[HintKind.SIMILAR_OTHER]
    first, second = place.all(PracticeLog)
    assert (found.log_id, found.other_id) == (second.id, first.id)
    assert found.params["share"] >= 80
    assert second.state is LogState.SUBMITTED
    shown = place.browser(place.mentor).get(f"/logs/{second.id}").text
    assert other.name in shown
    assert "十片" in shown
    own = place.browser(place.trainee).get(f"/logs/{second.id}").text
    assert "与项目里另一篇日志相近" in own
    assert other.name not in own
    assert "十片" not in own


def test_the_log_of_a_trainee_whom_the_mentor_does_not_guide_is_not_named(place):
    other = place.world.user(Role.TRAINEE)
    place.world.enrolment(place.program, user=other, teacher=place.teacher)
    place.browser(other).post("/logs", data=place.typed(learned=LONG))
    place.browser(place.trainee).post("/logs", data=place.typed(learned=LONG))

    shown = place.browser(place.mentor).get(f"/logs/{hints(place)[HintKind.SIMILAR_OTHER].log_id}").text

    assert "与另一位学员的日志相近" in shown
    assert other.name not in shown


def test_a_returned_log_that_is_written_again_does_not_resemble_itself(place, photo):
    trainee = place.browser(place.trainee)
    typed = place.typed(learned=LONG) | {"photos": [(photo(), "a.jpg")]}
    trainee.post("/logs", data=typed, content_type="multipart/form-data")
    (log,) = place.all(PracticeLog)
    place.browser(place.mentor).post(f"/logs/{log.id}/return", data={"comment": "补上数值"})

    trainee.post("/logs", data=place.typed(learned=LONG + "间隙 0.12。", replaces=str(log.id)))

    assert place.all(PracticeLog)[1].state is LogState.SUBMITTED
    assert place.all(LogHint) == []


def test_the_same_photo_in_two_logs_a_long_day_a_holiday_and_pasted_text_are_hints(place, photo):
    browser = place.browser(place.trainee)
    with place.world.inside() as session:
        session.add(
            ClosedPeriod(organization_id=place.world.enterprise.id, starts_on=TODAY, ends_on=TODAY, reason="检修",
                         created_by_id=place.staff.id, created_at=NOW)
        )  # fmt: skip
        session.commit()
    for number, hours in ((1, "8"), (0, "13")):
        typed = place.typed(
            day=(TODAY - timedelta(days=number)).isoformat(), hours=hours, learned=f"{LONG[number * 20 :]}",
            typed_signs="5", pasted_signs="95" if not number else "0",
        )  # fmt: skip
        browser.post(
            "/logs", data=typed | {"photos": [(photo(), "a.jpg")]}, content_type="multipart/form-data"
        )

    found = hints(place)

    assert {HintKind.SAME_PHOTO, HintKind.LONG_DAY, HintKind.CLOSED_DAY, HintKind.PASTED} <= set(found)
    assert found[HintKind.LONG_DAY].params["minutes"] == 780
    assert found[HintKind.PASTED].params["share"] == 95
    assert "13 学时" in place.browser(place.mentor).get(f"/logs/{found[HintKind.PASTED].log_id}").text


def test_a_hint_is_put_aside_once_with_a_note_and_not_by_the_trainee(place):
    log = place.log()
    with place.world.inside() as session:
        session.add(LogHint(log_id=log.id, kind=HintKind.PASTED, params={"share": 90}, at=NOW))
        session.commit()
    (hint,) = place.all(LogHint)
    address = f"/logs/{log.id}/hints/{hint.id}/aside"

    assert "1 条提示" in place.browser(place.mentor).get("/logs/to-sign").text
    assert place.browser(place.trainee).post(address, data={"note": "x"}).status_code == 403
    assert place.browser(place.mentor).post(address, data={"note": ""}).status_code == 422
    assert place.browser(place.mentor).post(address, data={"note": "从自己的笔记里抄来的"}).status_code == 302
    place.browser(place.teacher).post(address, data={"note": "第二个说明"})

    assert [(one.note, one.dismissed_by_id) for one in place.all(LogHint)] == [
        ("从自己的笔记里抄来的", place.mentor.id)
    ]
    assert "1 条提示" not in place.browser(place.mentor).get("/logs/to-sign").text
    assert place.get(PracticeLog, log.id).state is LogState.SUBMITTED


def test_looking_for_signs_takes_as_many_statements_among_many_logs_as_among_few(place, count_statements):
    people = place.people(3)
    counts = []
    for turn in range(3):
        for one in people * (1 if turn == 0 else 8):
            place.log(enrolment_id=one.id, day=TODAY - timedelta(days=turn + 1))
        with count_statements() as statements:
            place.browser(place.trainee).post(
                "/logs",
                data=place.typed(day=(TODAY - timedelta(days=turn)).isoformat(), learned=f"{turn}" + LONG),
            )
        counts.append(len(statements))
    assert counts[1] == counts[2]
    assert counts[2] <= counts[0] + 2
    assert max(counts) < 60


# --- spot checks -----------------------------------------------------------------------------------


def handed_in_last_week(place, amount, **values):
    return [
        place.log(day=MONDAY - timedelta(days=3), submitted_at=NOW - timedelta(days=7), minutes=60, **values)
        for _ in range(amount)
    ]


def draw_now(place):
    with place.world.inside() as session:
        drawn = list(spots.turn(NOW))
        session.commit()
    return drawn


def test_a_week_is_drawn_once_for_each_mentor_and_the_seed_proves_it(place):
    logs = handed_in_last_week(place, 25)
    handed_in_last_week(place, 3, side="college", signer_id=place.teacher.id)
    handed_in_last_week(place, 4, state=LogState.RETURNED)

    assert (draw_now(place), draw_now(place)) == ([3], [])

    draws = {one.mentor_id: one for one in place.all(SpotDraw)}
    checks = [one.log_id for one in place.all(SpotCheck, mentor_id=place.mentor.id)]
    assert (draws[place.mentor.id].pool, draws[place.teacher.id].pool) == (25, 3)
    assert checks == draw([log.id for log in logs], 5, draws[place.mentor.id].seed)
    assert {(due.user_id, due.amount) for due in place.all(Due, code="spot-checks")} == {
        (place.mentor.id, 2),
        (place.teacher.id, 1),
    }


def test_a_mentor_notes_what_a_talk_gave_and_the_log_stays_as_it_is(place):
    (log,) = handed_in_last_week(place, 1)
    draw_now(place)
    mentor, address = place.browser(place.mentor), f"/logs/{log.id}/spot-check"

    assert log.task in mentor.get("/logs/spot-checks").text
    assert mentor.get(address).status_code == 200
    assert mentor.post(address, data={"result": "doubtful", "remark": ""}).status_code == 409
    assert mentor.post(address, data={"result": "nonsense"}).status_code == 422
    assert mentor.post(address, data={"result": "doubtful", "remark": "说不出工位"}).status_code == 302
    assert mentor.post(address, data={"result": "confirmed"}).status_code == 409

    (check,) = place.all(SpotCheck)
    assert (check.result, check.note, check.by_id) == (SpotResult.DOUBTFUL, "说不出工位", place.mentor.id)
    assert place.get(PracticeLog, log.id).state is LogState.SUBMITTED
    assert place.all(Due, code="spot-checks") == []
    assert "说不出工位" in mentor.get("/logs/spot-checks?done=1").text
    terms = place.browser(place.staff).get(f"/programs/{place.program.id}/practice/terms").text
    assert "已看 1 篇，相符 0 篇" in terms


def test_a_spot_check_is_the_mentors_own_and_none_is_drawn_by_no_share(place):
    (log,) = handed_in_last_week(place, 1)
    draw_now(place)
    assert place.browser(place.teacher).get(f"/logs/{log.id}/spot-check").status_code == 404

    place.keep_terms(spot_percent=0)
    with place.world.inside() as session:
        session.query(SpotCheck).delete()
        session.query(SpotDraw).delete()
        session.commit()
    assert draw_now(place) == []


# --- cases -----------------------------------------------------------------------------------------


def test_a_case_in_five_parts_is_signed_without_hours_and_goes_into_the_library_once(place):
    trainee, mentor = place.browser(place.trainee), place.browser(place.mentor)
    assert trainee.post("/logs", data=place.typed_case(effect="")).status_code == 422
    assert trainee.post("/logs", data=place.typed_case()).status_code == 302
    log = place.all(PracticeLog, state=LogState.SUBMITTED)[0]
    early = mentor.post(f"/logs/{log.id}/library", data={"owner": str(place.world.enterprise.id)})
    mentor.post(f"/logs/{log.id}/sign")

    page = mentor.get(f"/logs/{log.id}").text
    taken = mentor.post(
        f"/logs/{log.id}/library", data={"owner": str(place.world.enterprise.id), "occupation": "装配"}
    )
    again = mentor.post(f"/logs/{log.id}/library", data={"owner": str(place.world.enterprise.id)})

    assert (early.status_code, taken.status_code, again.status_code) == (409, 302, 409)
    assert "光电传感器表面积尘" in page
    assert place.get(Enrolment, place.enrolment.id).verified_minutes == 0
    (material,) = place.all(Material)
    assert place.trainee.name in material.source
    assert (material.title, material.occupation) == ("送料器每二十分钟停机", "装配")
    assert place.all(CaseText)[0].lessons == "传感器清洁应写进班前点检表。"
    assert place.get(LogCase, log.id).material_id == material.id


def test_a_case_that_was_handed_in_cannot_be_changed_by_any_code(place):
    place.browser(place.trainee).post("/logs", data=place.typed_case())
    (log,) = place.all(PracticeLog)
    with place.world.inside() as session:
        session.get(LogCase, log.id).facts = "别的"
        with pytest.raises(AssertionError, match="facts"):
            session.flush()


# --- reminders -------------------------------------------------------------------------------------


def asked(place, now=NOW):
    with place.world.inside() as session:
        program = session.get(Program, place.program.id)
        asking.renew(program, now, terms=terms_of(program))
        session.commit()
    return {due.user_id: due for due in place.all(Due, code="logs-to-write")}


def test_a_week_is_asked_for_before_it_ends_and_no_more_once_it_is_handed_in(weekly):
    """Today is a Friday: last week and this one are open."""
    due = asked(weekly)[weekly.trainee.id]
    assert (due.amount, due.due_on) == (2, MONDAY + timedelta(days=6))

    for monday in (MONDAY - timedelta(days=7), MONDAY):
        weekly.browser(weekly.trainee).post("/logs", data=weekly.typed_week(monday, {1: "8"}))
    assert weekly.all(Due, code="logs-to-write") == []


def test_nobody_is_asked_who_is_on_leave_suspended_or_not_there_yet(weekly):
    away, gone, new = weekly.people(3)
    with weekly.world.inside() as session:
        session.add(
            Leave(program_id=weekly.program.id, enrolment_id=away.id, starts_on=MONDAY - timedelta(days=7),
                  ends_on=MONDAY + timedelta(days=6), kind=LeaveKind.SICK, reason="x", state=LeaveState.GRANTED,
                  asked_at=NOW, asked_by_id=away.user_id, decided_at=NOW, decided_by_id=weekly.teacher.id)
        )  # fmt: skip
        session.get(Enrolment, gone.id).state = EnrolmentState.SUSPENDED
        session.get(Enrolment, new.id).enrolled_on = TODAY
        session.commit()

    found = asked(weekly)

    assert set(found) == {weekly.trainee.id, new.user_id}
    assert found[new.user_id].amount == 1


def test_a_week_within_a_suspension_is_not_asked_for_after_the_return(weekly):
    with weekly.world.inside() as session:
        suspend(session, weekly, MONDAY - timedelta(days=7), MONDAY)
        session.commit()

    assert asked(weekly)[weekly.trainee.id].amount == 1  # this week only


@pytest.mark.parametrize(
    ("day", "status"), [(-4, 302), (-3, 422), (-2, 422), (-1, 302)], ids=["before", "first", "last", "return"]
)
def test_a_log_of_a_suspended_day_is_refused_with_a_sentence(place, day, status):
    """Suspended from three days ago, back since yesterday."""
    with place.world.inside() as session:
        suspend(session, place, TODAY - timedelta(days=3), TODAY - timedelta(days=1))
        session.commit()
    typed = place.typed(day=(TODAY + timedelta(days=day)).isoformat())

    answer = place.browser(place.trainee).post("/logs", data=typed)

    assert answer.status_code == status
    assert ("这一天您在休学（中断）期间。" in answer.text) == (status == 422)
    (log,) = place.all(PracticeLog)
    assert log.state is (LogState.DRAFT if status == 422 else LogState.SUBMITTED)


def test_days_away_are_leave_and_suspension_together_in_few_statements(weekly, count_statements):
    first, last = MONDAY - timedelta(days=7), MONDAY + timedelta(days=6)
    (other,) = weekly.people(1)
    with weekly.world.inside() as session:
        suspend(session, weekly, MONDAY - timedelta(days=9), MONDAY - timedelta(days=5))
        for who in (weekly.enrolment, other):
            session.add(granted(weekly, who, MONDAY, MONDAY + timedelta(days=1)))
        session.commit()
        leave = {MONDAY, MONDAY + timedelta(days=1)}
        with count_statements() as statements:
            found = days_away(weekly.program.id, first, last)

    assert found == {weekly.enrolment.id: leave | {first, first + timedelta(days=1)}, other.id: leave}
    assert len(statements) == 2


def suspend(session, place, since, until):
    """Suspend the trainee for some days that are over."""
    for kind, day in ((StandingKind.SUSPEND, since), (StandingKind.RESUME, until)):
        session.add(
            StandingChange(program_id=place.program.id, enrolment_id=place.enrolment.id, kind=kind, day=day,
                           state=StandingState.DONE, reason="手术", by_name="李老师", at=NOW, settled_at=NOW)
        )  # fmt: skip


def granted(place, enrolment, first, last):
    """Return a granted leave."""
    return Leave(
        program_id=place.program.id, enrolment_id=enrolment.id, starts_on=first, ends_on=last, kind=LeaveKind.SICK,
        reason="x", state=LeaveState.GRANTED, asked_at=NOW, asked_by_id=enrolment.user_id, decided_at=NOW,
        decided_by_id=place.teacher.id,
    )  # fmt: skip


def test_the_trainees_page_tells_the_attendance_with_both_figures(place):
    with place.world.inside() as session:
        session.add(AttendanceTally(enrolment_id=place.enrolment.id, present=16, late=1, excused=3, absent=3))
        session.commit()
    page = f"/programs/{place.program.id}/practice/{place.enrolment.id}"

    for reader in (place.mentor, place.staff, place.trainee):
        shown = place.browser(reader).get(page).text
        assert "17 / 20" in shown
        assert "85.0%" in shown
        assert f"/attendance/trainees/{place.enrolment.id}" in shown


def test_the_clock_asks_once_an_hour(weekly):
    with weekly.world.inside() as session:
        assert list(asking.turn(NOW)) == []
        assert list(asking.turn(NOW.replace(minute=asking.MINUTE))) == [1]
        session.rollback()


def test_the_newest_words_of_a_long_talk_are_shown(place):
    log = place.log()
    with place.world.inside() as session:
        session.add_all(
            LogComment(log_id=log.id, text=f"第{n}句话", by_id=place.mentor.id, by_name="师傅", at=NOW)
            for n in range(205)
        )
        session.commit()

    page = place.browser(place.trainee).get(f"/logs/{log.id}").text

    assert page.index("第203句话") < page.index("第204句话")
    assert "第4句话" not in page
