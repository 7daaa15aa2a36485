"""Counsellors of both sides: named for a class or one trainee, with history and load; whom they see then."""

from tests.factories import TODAY
from trainmgr.guidance.models import Counsel, GuidanceSetting
from trainmgr.identity.models import OrganizationKind
from trainmgr.kernel.access import Role
from trainmgr.programs.models import ProgramPerson
from trainmgr.programs.rules import Side


def _name(care, who, cohort=None, person=None, side="college"):
    path = "/counsellors" if cohort else f"/{care.enrolment.id}/counsellor"
    return care.post(care.staff, path, person=f"{side}-{who.id}", cohort=str(cohort.id) if cohort else "")


def test_naming_ends_the_one_before_and_lets_the_new_one_in(care):
    new = care.world.user(Role.COLLEGE_COUNSELLOR)

    assert _name(care, new, care.cohorts[0]).status_code == 302

    before, _enterprise, after = care.all(Counsel)
    assert (before.user_id, before.until) == (care.college.id, TODAY)
    assert (after.user_id, after.since, after.until) == (new.id, TODAY, None)
    assert new.id in {one.user_id for one in care.all(ProgramPerson, role=Role.COLLEGE_COUNSELLOR)}
    assert care.enrolment.name in care.text(new)
    assert care.enrolment.name not in care.text(care.college)


def test_somebody_of_another_house_cannot_be_named(care):
    stranger = care.world.user(Role.COLLEGE_COUNSELLOR, care.world.organization())

    assert _name(care, stranger, care.cohorts[0]).status_code == 422
    assert _name(care, care.college, care.cohorts[0]).status_code == 409  # is named already


def test_a_counsellor_sees_only_the_own_class_and_single_trainees(care):
    of_b = care.world.user(Role.COLLEGE_COUNSELLOR)
    care.world.relation(care.program, of_b, Role.COLLEGE_COUNSELLOR)
    care.name(of_b, Side.COLLEGE, care.cohorts[1])

    assert care.enrolment.name in care.text(care.college)
    assert care.browser(of_b).get(care.at(f"/{care.enrolment.id}")).status_code == 404
    assert care.browser(of_b).get(care.at(f"/{care.other.id}")).status_code == 200

    assert _name(care, of_b).status_code == 302  # for this one trainee, before the class
    assert care.browser(of_b).get(care.at(f"/{care.enrolment.id}")).status_code == 200
    assert care.browser(care.college).get(care.at(f"/{care.enrolment.id}")).status_code == 404


def test_namings_for_single_trainees_are_told_only_to_those_who_see_the_trainee(care):
    elsewhere = care.world.organization(OrganizationKind.ENTERPRISE)
    alone = care.world.enrolment(care.program, enterprise=elsewhere)
    care.name(care.college, Side.COLLEGE, enrolment=alone)
    care.name(care.college, Side.COLLEGE, enrolment=care.enrolment)

    assert alone.name in care.text(care.staff, "/counsellors")
    for query in ({}, {"q": alone.name}):
        page = care.text(care.mentor, "/counsellors", **query)
        assert f"<td>{alone.name}</td>" not in page
    assert f"<td>{care.enrolment.name}</td>" in care.text(care.mentor, "/counsellors")
    assert "A 班" in care.text(care.mentor, "/counsellors")


def test_load_and_gaps_are_told_and_the_end_is_kept_with_its_day(care):
    care.post(
        care.staff, "/choices", most_guided="1", ranking="own", weekly_for_one="10", weekly_for_all="200"
    )
    care.world.enrolment(care.program, cohort_id=care.cohorts[0].id)
    page = care.text(care.staff, "/counsellors")
    (first, *_rest) = care.all(Counsel)

    assert care.all(GuidanceSetting)[0].most_guided == 1
    assert "1 名学员没有学院一方的辅导员" in page
    assert "超过通常的 1 人" in page
    assert care.post(care.staff, f"/counsellors/{first.id}/end", reason="调岗").status_code == 302
    assert care.all(Counsel)[0].until == TODAY
    assert care.post(care.college, "/counsellors", person="x").status_code == 403


def test_outsiders_find_nothing(care):
    other = care.world.user(Role.STAFF, care.world.organization())

    for path in ("", f"/{care.enrolment.id}", f"/{care.enrolment.id}/plan", "/signs", "/points"):
        assert care.browser(other).get(care.at(path)).status_code == 404
