"""Points and awards of both sides: kept apart, cancelled by counter-entries, limited by the week, shown by consent."""

from tests.factories import TODAY
from trainmgr.guidance.models import AwardWithdrawal, GuidanceAward, PointConsent, PointEntry, PointRule
from trainmgr.kernel.access import Role


def _reason(care, person, name="安全提案", points=5, side="college"):
    return care.post(person, "/points/reasons", side=side, aspect="safety", name=name, points=str(points))


def _give(care, person, rule, enrolment=None):
    return care.post(person, f"/{(enrolment or care.enrolment).id}/points", rule=str(rule.id), note="班前会")


def test_each_side_gives_its_own_points_and_both_are_added(care):
    coordinator = care.world.user(Role.ENTERPRISE_COORDINATOR)
    assert _reason(care, care.staff).status_code == 302
    assert _reason(care, care.staff).status_code == 409  # the same reason again
    assert _reason(care, care.staff, side="enterprise").status_code == 422  # not the college's
    assert _reason(care, coordinator, "产线之星", 8, "enterprise").status_code == 302
    assert _reason(care, care.mentor, "x", 1, "enterprise").status_code == 403
    safety, star = care.all(PointRule)

    assert _give(care, care.teacher, safety).status_code == 302
    assert _give(care, care.mentor, star).status_code == 302
    assert _give(care, care.mentor, safety).status_code == 422  # the college's reason

    page = care.text(care.trainee, f"/{care.enrolment.id}/points")
    assert "学院 +5，企业 +8，合计 +13" in page
    assert care.text(care.staff, "/points").count("+13") == 1
    sheet = care.browser(care.staff).get(care.at("/points.xlsx"))
    assert (sheet.status_code, sheet.data[:2]) == (200, b"PK")


def test_points_are_cancelled_once_by_a_counter_entry_with_a_reason(care):
    _reason(care, care.staff)
    (rule,) = care.all(PointRule)
    _give(care, care.teacher, rule)
    (entry,) = care.all(PointEntry)

    assert care.post(care.mentor, f"/points/{entry.id}/cancel", reason="误记").status_code == 403
    assert care.post(care.teacher, f"/points/{entry.id}/cancel", reason="").status_code == 409
    assert care.post(care.teacher, f"/points/{entry.id}/cancel", reason="误记").status_code == 302
    assert care.post(care.teacher, f"/points/{entry.id}/cancel", reason="误记").status_code == 409

    first, counter = care.all(PointEntry)
    assert (first.points, counter.points, counter.cancels_id, counter.note) == (5, -5, first.id, "误记")
    assert "合计 0" in care.text(care.trainee, f"/{care.enrolment.id}/points")


def test_a_giver_has_a_limit_a_week_and_cancelled_points_do_not_count(care):
    _reason(care, care.staff, points=6)
    (rule,) = care.all(PointRule)

    assert [_give(care, care.teacher, rule).status_code for _ in range(2)] == [302, 409]
    (entry,) = care.all(PointEntry)
    care.post(care.teacher, f"/points/{entry.id}/cancel", reason="误记")
    assert _give(care, care.teacher, rule).status_code == 302
    assert _give(care, care.staff, rule).status_code == 302  # another giver


def test_trainees_give_nothing_and_a_retired_reason_gives_nothing(care):
    _reason(care, care.staff)
    (rule,) = care.all(PointRule)

    assert _give(care, care.trainee, rule).status_code == 403
    assert care.post(care.staff, f"/points/reasons/{rule.id}/retire").status_code == 302
    assert _give(care, care.teacher, rule).status_code == 422
    assert care.all(PointEntry) == []


def test_others_are_shown_only_as_the_programme_chooses_and_they_agree(care):
    mate = care.world.user(Role.TRAINEE)
    other = care.world.enrolment(care.program, user=mate, cohort_id=care.cohorts[0].id)
    _reason(care, care.staff)
    _give(care, care.staff, care.all(PointRule)[0], other)
    own = f"/{care.enrolment.id}/points"
    care.post(mate, f"/{other.id}/consent", shown="1")
    assert mate.name not in care.text(care.trainee, own)

    choices = {"most_guided": "60", "ranking": "top", "weekly_for_one": "10", "weekly_for_all": "200"}
    care.post(care.staff, "/choices", **choices)
    assert mate.name in care.text(care.trainee, own)
    assert care.post(care.trainee, f"/{other.id}/consent", shown="0").status_code == 404
    care.post(mate, f"/{other.id}/consent", shown="0")
    assert care.all(PointConsent) == []
    assert mate.name not in care.text(care.trainee, own)


def test_an_award_is_noted_with_its_basis_and_withdrawn_with_a_reason(care):
    coordinator = care.world.user(Role.ENTERPRISE_COORDINATOR)
    given = {
        "side": "enterprise",
        "kind": "scholarship",
        "name": "欣旺达奖学金",
        "basis": "技能秀第一",
        "amount": "2000",
        "awarded_on": TODAY.isoformat(),
    }
    path = f"/{care.enrolment.id}/awards"

    assert care.post(care.staff, path, **given).status_code == 422  # the enterprise's to give
    assert care.post(coordinator, path, **given | {"basis": ""}).status_code == 422
    assert care.post(coordinator, path, **given).status_code == 302
    own = care.world.enrolment(care.program, user=coordinator)
    assert care.post(coordinator, f"/{own.id}/awards", **given).status_code == 409  # nobody to themselves
    (award,) = care.all(GuidanceAward)
    assert (award.amount_cents, award.name) == (200_000, "欣旺达奖学金")
    assert care.post(care.staff, f"/awards/{award.id}/withdraw", reason="x").status_code == 403
    assert care.post(coordinator, f"/awards/{award.id}/withdraw", reason="重复登记").status_code == 302
    assert len(care.all(AwardWithdrawal)) == 1
    assert "重复登记" in care.text(care.trainee, f"/{care.enrolment.id}/points")


def test_pages_take_as_many_statements_whatever_the_rows(care, count_statements):
    _reason(care, care.staff)
    pages = (
        "",
        f"/{care.enrolment.id}",
        f"/{care.enrolment.id}/plan",
        f"/{care.enrolment.id}/points",
        "/points",
        "/signs",
        f"/signs?code=silent&class={care.cohorts[0].id}&q=a",
        "/tutoring",
        "/counsellors",
    )
    browser, counts = care.browser(care.staff), []
    for amount in (1, 30):
        for _ in range(amount):
            made = care.world.enrolment(care.program, cohort_id=care.cohorts[0].id)
        _give(care, care.staff, care.all(PointRule)[0], made)
        care.post(care.staff, "/signs")
        for page in pages:
            browser.get(care.at(page))
        found = []
        for page in pages:
            with count_statements() as statements:
                assert browser.get(care.at(page)).status_code == 200
            found.append(len(statements))
        counts.append(found)
    assert counts[0] == counts[1]
    assert max(counts[0]) <= 10, dict(zip(pages, counts[0], strict=True))
