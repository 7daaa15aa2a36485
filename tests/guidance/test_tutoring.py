"""Who may need help: found each night by the rules, helped or put aside with a reason, told kindly."""

from datetime import timedelta

from tests.factories import NOW, TODAY
from trainmgr.guidance import looking
from trainmgr.guidance.models import (
    GuidanceSetting,
    RiskRuleRow,
    RiskSign,
    SignState,
    TutoringState,
    TutoringTask,
)
from trainmgr.guidance.risk import RiskCode
from trainmgr.kernel.jobs import keep_time
from trainmgr.programs.models import Due

LATER = (TODAY + timedelta(days=7)).isoformat()


def _look(care, **rules):
    for code in RiskCode:  # only what a test is about
        value = rules.get(code.value)
        data = {"limit": str(value or 1), "reason": "试点", **({"enabled": "y"} if value else {})}
        assert care.post(care.staff, f"/rules/{code.value}", **data).status_code == 302
    return care.post(care.college, "/signs")


def test_a_sign_says_why_and_becomes_a_tutoring_task_with_a_result(care):
    _look(care, silent=14)
    mine, other = care.all(RiskSign)
    assert {mine.enrolment_id, other.enrolment_id} == {care.enrolment.id, care.other.id}
    (due, *_more) = care.all(Due, code="risk-signs", user_id=care.college.id)
    assert due.amount == 1
    page = care.text(care.college, "/signs")
    assert "已 90 天没有日志，界限 14 天" in page
    assert "在训 1 人中，1 人至少有一条提示" in page  # of the own class
    own = care.text(care.trainee, f"/{care.enrolment.id}")
    assert "写几行就能重新开始。" in own
    assert "界限" not in own

    task = {"what": "一起补写上周日志", "tutor": str(care.teacher.id), "due_on": LATER}
    assert care.post(care.college, f"/{care.enrolment.id}/help", **task).status_code == 302
    (made,) = care.all(TutoringTask)
    assert [(one.state, one.task_id) for one in care.all(RiskSign, enrolment_id=care.enrolment.id)] == [
        (SignState.ACCEPTED, made.id)
    ]
    assert care.all(Due, code="tutoring")[0].user_id == care.teacher.id
    care.post(care.college, "/signs")
    assert len(care.all(RiskSign, enrolment_id=care.enrolment.id)) == 1  # somebody helps: it does not nag

    result = {"version": str(made.version), "end": "done", "result": "补齐七篇"}
    assert care.post(care.teacher, f"/tutoring/{made.id}", **result).status_code == 302
    assert care.post(care.teacher, f"/tutoring/{made.id}", **result).status_code == 409
    assert care.all(TutoringTask)[0].state is TutoringState.DONE
    assert care.all(Due, code="tutoring") == []


def test_a_dismissed_sign_needs_a_reason_and_keeps_quiet_for_thirty_days(care):
    _look(care, silent=14)
    (sign,) = care.all(RiskSign, enrolment_id=care.enrolment.id)

    assert care.post(care.college, f"/signs/{sign.id}/dismiss", reason="").status_code == 422
    assert care.post(care.college, f"/signs/{sign.id}/dismiss", reason="本周在外比赛").status_code == 302
    assert care.post(care.college, f"/signs/{sign.id}/dismiss", reason="再一次").status_code == 409
    care.post(care.college, "/signs")
    assert len(care.all(RiskSign, enrolment_id=care.enrolment.id)) == 1

    with care.world.app.app_context():
        keep_time(NOW + timedelta(days=31))
    assert len(care.all(RiskSign, enrolment_id=care.enrolment.id)) == 2


def test_what_is_no_longer_so_goes_and_figures_are_kept_fresh(care):
    _look(care, silent=14, behind=20)
    with care.world.inside() as session:
        from trainmgr.enrolment.models import Enrolment

        session.get(Enrolment, care.enrolment.id).submitted_minutes = 6000
        session.commit()
    with care.world.app.app_context():
        keep_time(NOW + timedelta(days=1))

    signs = {one.code: one for one in care.all(RiskSign, enrolment_id=care.enrolment.id)}
    assert signs[RiskCode.BEHIND].state is SignState.GONE
    assert (signs[RiskCode.SILENT].state, signs[RiskCode.SILENT].params["figure"]) == (SignState.OPEN, 91)


def test_each_night_looks_once_at_every_running_programme(care):
    with care.world.app.app_context():
        keep_time(NOW)
        keep_time(NOW + timedelta(hours=1))

    (setting,) = care.all(GuidanceSetting)
    assert setting.looked_on == TODAY
    assert len(care.all(RiskSign, enrolment_id=care.enrolment.id)) == len(
        {one.code for one in care.all(RiskSign, enrolment_id=care.enrolment.id)}
    )


def test_rules_are_versioned_and_their_limits_checked(care):
    assert care.post(care.staff, "/rules/silent", limit="0", enabled="y", reason="x").status_code == 409
    assert care.post(care.staff, "/rules/silent", limit="", reason="x").status_code == 422
    assert care.post(care.college, "/rules/silent", limit="3", reason="x").status_code == 403
    for limit in ("7", "10"):
        care.post(care.staff, "/rules/silent", limit=limit, enabled="y", reason="试点")
    assert [float(one.limit) for one in care.all(RiskRuleRow)] == [7.0, 10.0]
    with care.world.inside():
        assert float(looking.rules_of(care.program.id)[RiskCode.SILENT].limit) == 10.0


def test_looking_takes_as_many_statements_for_many_as_for_one(care, count_statements):
    counts = []
    for amount in (1, 40):
        for _ in range(amount):
            care.world.enrolment(care.program, cohort_id=care.cohorts[0].id)
        care.post(care.staff, "/signs")
        browser = care.browser(care.staff)
        with count_statements() as statements:
            browser.post(care.at("/signs"))
        counts.append(len(statements))
    assert counts[0] == counts[1]


def test_a_counsellor_of_another_class_helps_nobody_here(care):
    from trainmgr.kernel.access import Role
    from trainmgr.programs.rules import Side

    _look(care, silent=14)
    of_b = care.world.user(Role.COLLEGE_COUNSELLOR)
    care.world.relation(care.program, of_b, Role.COLLEGE_COUNSELLOR)
    care.name(of_b, Side.COLLEGE, care.cohorts[1])
    (sign,) = care.all(RiskSign, enrolment_id=care.enrolment.id)

    assert care.post(of_b, f"/signs/{sign.id}/dismiss", reason="x").status_code == 404
    assert care.browser(of_b).get(care.at(f"/{care.enrolment.id}/help")).status_code == 404
    assert care.browser(care.trainee).get(care.at("/signs")).status_code == 403
