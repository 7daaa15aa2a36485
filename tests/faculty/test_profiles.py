"""Profiles with their qualifications, ratings and grades: what people and staff do, who sees what."""

from datetime import timedelta
from io import BytesIO

import pytest
import sqlalchemy as sa

from tests.factories import TODAY
from trainmgr.faculty import queries
from trainmgr.faculty.models import GradeStep, Profile, Qualification, TeacherRating
from trainmgr.faculty.rules import DualLevel, Grade
from trainmgr.identity.models import User
from trainmgr.kernel.access import Role
from trainmgr.programs.models import Due

PDF = b"%PDF-1.4\n%\xe2\xe3\xcf\xd3\n1 0 obj<<>>endobj\ntrailer<<>>\n%%EOF"


def text(answer):
    return answer.get_data(as_text=True)


def typed(**values):
    return {
        "post": "装调专业教师", "title": "讲师", "fields": "机电", "working_time": ["1-morning", "2-afternoon"],
        "since": "2018-09-01", "dual_level": "middle", "dual_on": "2025-06-01", "capacity": "12", "version": 1,
    } | values  # fmt: skip


def test_staff_fill_a_profile_in_and_everything_stands_on_its_page(scene):
    staff = scene.world.signed_in(scene.staff)

    answer = staff.post(f"/faculty/{scene.profile.id}/edit", data=typed(is_expert="y"), follow_redirects=True)

    kept = scene.of(Profile, scene.profile.id)
    assert (kept.dual_level, kept.capacity, kept.is_expert) == (DualLevel.MIDDLE, 12, True)
    assert kept.working_time == {"1": [1, 2, 3, 4], "2": [5, 6, 7, 8]}
    for shown in ("装调专业教师", "中级双师型", "周一上午", "周二下午"):
        assert shown in text(answer)


@pytest.mark.parametrize(
    "wrong",
    [
        {"capacity": "501"},
        {"capacity": "-1"},
        {"capacity": "很多"},
        {"dual_level": "highest"},
        {"dual_level": "", "dual_on": "2025-06-01"},
        {"since": "1900-01-01"},
        {"title": "长" * 61},
    ],
)
@pytest.mark.once
def test_what_cannot_be_comes_back_with_the_reason_at_the_field(scene, wrong):
    staff = scene.world.signed_in(scene.staff)

    answer = staff.post(f"/faculty/{scene.profile.id}/edit", data=typed(**wrong))

    assert answer.status_code == 422
    assert "field-error" in text(answer)
    assert "装调专业教师" in text(answer)  # what was typed is kept
    assert scene.of(Profile, scene.profile.id).version == 1


def test_two_who_edit_the_same_profile_are_told(scene):
    staff = scene.world.signed_in(scene.staff)
    staff.post(f"/faculty/{scene.profile.id}/edit", data=typed())

    late = staff.post(f"/faculty/{scene.profile.id}/edit", data=typed(title="教授"))

    assert late.status_code == 409
    assert scene.of(Profile, scene.profile.id).title == "讲师"


def test_a_person_changes_own_facts_but_neither_level_nor_capacity(scene):
    own = scene.world.signed_in(scene.teacher)

    page = text(own.get(f"/faculty/{scene.profile.id}/edit"))
    own.post(f"/faculty/{scene.profile.id}/edit", data=typed())

    kept = scene.of(Profile, scene.profile.id)
    assert 'name="dual_level"' not in page
    assert (kept.title, kept.dual_level, kept.capacity) == ("讲师", None, None)


def test_people_begin_their_own_profile_and_staff_those_of_others(scene):
    own = scene.world.user(Role.COLLEGE_COUNSELLOR)
    other, stranger = scene.world.user(Role.SCHOOL_TEACHER), scene.world.user(Role.ENTERPRISE_MENTOR)
    home = scene.world.college.id

    scene.world.signed_in(own).post("/faculty/mine", data={"organization": home})
    staff = scene.world.signed_in(scene.staff)
    listed = text(staff.get("/faculty/new"))
    staff.post("/faculty/new", data={"organization": home, "person": other.id})
    refused = staff.post("/faculty/new", data={"organization": home, "person": stranger.id})
    twice = staff.post("/faculty/new", data={"organization": home, "person": other.id})

    assert other.name in listed
    assert own.name not in listed
    assert (refused.status_code, twice.status_code) == (404, 409)
    held = scene.all(sa.select(Profile.user_id).where(Profile.user_id.in_([own.id, other.id, stranger.id])))
    assert set(held) == {own.id, other.id}


# --- who sees what --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("role", "status"),
    [
        (Role.STAFF, 200),
        (Role.DEPARTMENT_STAFF, 200),
        (Role.SCHOOL_TEACHER, 404),  # a colleague
        (Role.COLLEGE_COUNSELLOR, 404),
        (Role.ENTERPRISE_COORDINATOR, 404),  # the partner
        (Role.ENTERPRISE_MENTOR, 404),
        (Role.TRAINEE, 403),
        (Role.OUTSIDE_ASSESSOR, 403),
    ],
)
def test_ratings_and_ledger_are_for_staff_and_the_person(scene, role, status):
    department = scene.world.department() if role is Role.DEPARTMENT_STAFF else None
    reader = scene.world.signed_in(scene.world.user(role, department=department))

    assert reader.get(f"/faculty/{scene.profile.id}").status_code == status
    assert scene.world.signed_in(scene.teacher).get(f"/faculty/{scene.profile.id}").status_code == 200


# --- qualifications -------------------------------------------------------------------------------


def _held(**values):
    return {
        "name": "维修电工高级技师",
        "issuer": "人社厅",
        "valid_until": "2027-01-31",
        "needed": "y",
    } | values


def test_staff_enter_a_qualification_with_its_scan_and_it_counts_at_once(scene):
    staff = scene.world.signed_in(scene.staff)
    scan = {"file": (BytesIO(PDF), "证书.pdf")}

    staff.post(f"/faculty/{scene.profile.id}/qualifications/new", data=_held() | scan)

    (held,) = scene.all(sa.select(Qualification))
    assert held.checked_at is not None
    evidence = f"/faculty/qualifications/{held.id}/evidence"
    for reader in (scene.staff, scene.teacher):
        with scene.world.signed_in(reader).get(evidence) as answer:
            assert answer.get_data() == PDF
    assert scene.world.signed_in(scene.coordinator).get(evidence).status_code == 404
    facts = _facts(scene)
    assert facts.qualified_until.isoformat() == "2027-01-31"


def test_what_a_person_enters_counts_when_staff_have_checked_it(scene):
    own, staff = scene.world.signed_in(scene.teacher), scene.world.signed_in(scene.staff)

    own.post(f"/faculty/{scene.profile.id}/qualifications/new", data=_held())
    (held,) = scene.all(sa.select(Qualification))
    before, refused = _facts(scene).qualified_until, own.post(f"/faculty/qualifications/{held.id}/check")
    staff.post(f"/faculty/qualifications/{held.id}/check")

    assert before is None
    assert refused.status_code == 403
    assert _facts(scene).qualified_until is not None


def test_a_file_that_is_no_document_is_refused_and_nothing_is_kept(scene):
    staff = scene.world.signed_in(scene.staff)

    answer = staff.post(
        f"/faculty/{scene.profile.id}/qualifications/new",
        data=_held() | {"file": (BytesIO(b"<script>alert(1)</script>"), "scan.pdf")},
    )

    assert answer.status_code == 422
    assert scene.all(sa.select(Qualification)) == []


def test_a_qualification_that_ends_stands_in_two_inboxes_ninety_days_before(scene):
    staff, own = scene.world.signed_in(scene.staff), scene.world.signed_in(scene.teacher)
    address, until = f"/faculty/{scene.profile.id}/qualifications/new", TODAY + timedelta(days=91)
    staff.post(address, data=_held(valid_until=until.isoformat()))
    dues = scene.all(sa.select(Due).where(Due.code == "qualification-ends"))
    early = text(own.get("/"))
    staff.post(address, data=_held(name="电工证", valid_until=(until - timedelta(days=1)).isoformat()))
    late = text(own.get("/"))

    assert {(due.user_id, due.organization_id) for due in dues} == {
        (scene.teacher.id, None),
        (None, scene.world.college.id),
    }
    assert all((due.due_on, due.visible_from) == (until, until - timedelta(days=90)) for due in dues)
    assert "将到期" not in early
    assert f"{scene.teacher.name}的电工证将到期" in late


def test_a_renewal_takes_the_place_of_what_ends_and_a_wrong_one_is_withdrawn_with_a_reason(scene):
    staff, address = scene.world.signed_in(scene.staff), f"/faculty/{scene.profile.id}/qualifications/new"
    staff.post(address, data=_held(valid_until="2026-12-01"))
    ending = text(staff.get("/faculty/?ending=1"))
    staff.post(address, data=_held(valid_until="2030-12-01"))
    renewed = text(staff.get("/faculty/?ending=1"))
    newest = max(scene.all(sa.select(Qualification)), key=lambda one: one.id)

    nothing = staff.post(f"/faculty/qualifications/{newest.id}/withdraw", data={"reason": ""})
    staff.post(f"/faculty/qualifications/{newest.id}/withdraw", data={"reason": "登记错了"})

    assert scene.teacher.name in ending
    assert scene.teacher.name not in renewed
    assert nothing.status_code == 422
    assert _facts(scene).qualified_until.isoformat() == "2026-12-01"
    assert "登记错了" in text(staff.get(f"/faculty/{scene.profile.id}"))


def _facts(scene):
    with scene.world.inside():
        found = queries.facts_for_many(sa.select(User.id).where(User.id == scene.teacher.id))
    return found[scene.teacher.id, scene.world.college.id]


def test_facts_of_many_people_take_two_statements(scene, count_statements):
    many = [scene.make_profile(capacity=number) for number in range(30)]
    for one in many[:10]:
        scene.hold(one, needed=True, valid_until=TODAY)
    with scene.world.inside(), count_statements() as statements:
        found = queries.facts_for_many(sa.select(Profile.user_id))

    assert len(statements) == 2
    assert len(found) == 32
    guest = found[scene.master.id, scene.world.enterprise.id]
    assert (guest.fields, guest.capacity, guest.qualified_until, guest.times) == (
        {"数控"},
        3,
        None,
        frozenset(),
    )
    assert sum(facts.qualified_until == TODAY for facts in found.values()) == 10


# --- ratings and grades ---------------------------------------------------------------------------


def _rating(**values):
    shown = {"rated_on": TODAY.isoformat(), "evidence": "听课三次，带队完成技改"}
    return {"teaching": 4, "technology": 3, "service": 2} | shown | values


def test_the_three_dimensions_are_rated_drawn_and_kept_as_rows(scene):
    staff, address = scene.world.signed_in(scene.staff), f"/faculty/{scene.profile.id}/ratings/new"
    staff.post(address, data=_rating())
    page = text(staff.post(address, data=_rating(technology=5), follow_redirects=True))

    rows = scene.all(sa.select(TeacherRating).order_by(TeacherRating.id))
    assert [(row.teaching, row.technology, row.service) for row in rows] == [(4, 3, 2), (4, 5, 2)]
    assert "技术应用力: 教师 5" in page.replace("：", ": ")
    assert "听课三次" in page


@pytest.mark.parametrize(
    ("wrong", "status"),
    [
        ({"teaching": 6}, 422),
        ({"service": ""}, 422),
        ({"evidence": ""}, 422),
        ({"rated_on": (TODAY + timedelta(days=1)).isoformat()}, 409),
    ],
)
@pytest.mark.once
def test_a_rating_takes_the_whole_scale_and_evidence_and_is_not_dated_ahead(scene, wrong, status):
    staff = scene.world.signed_in(scene.staff)

    answer = staff.post(f"/faculty/{scene.profile.id}/ratings/new", data=_rating(**wrong))

    assert answer.status_code == status
    assert scene.all(sa.select(TeacherRating)) == []


def test_ratings_are_never_changed(scene, session):
    scene.world.signed_in(scene.staff).post(f"/faculty/{scene.profile.id}/ratings/new", data=_rating())
    session.scalars(sa.select(TeacherRating)).one().teaching = 5

    with pytest.raises(AssertionError, match="never changed"):
        session.flush()
    session.rollback()


def test_the_next_grade_says_what_is_missing_and_staff_decide_with_a_reason(scene):
    staff, address = scene.world.signed_in(scene.staff), f"/faculty/{scene.profile.id}/grade"
    scene.hold(scene.profile)
    staff.post(f"/faculty/{scene.profile.id}/ratings/new", data=_rating(service=3))
    page = text(staff.get(address))
    given = {"grade": "qualified", "holds_from": TODAY.isoformat(), "reason": "教研室一致同意", "version": 1}

    silent = staff.post(address, data=given | {"reason": ""})
    stale = staff.post(address, data=given | {"version": 7})
    staff.post(address, data=given)

    assert "缺 2 项要求" in page  # 30 days of practice and one course led; the other three are reached
    assert (silent.status_code, stale.status_code) == (422, 409)
    assert scene.of(Profile, scene.profile.id).grade is Grade.QUALIFIED
    (step,) = scene.all(sa.select(GradeStep))
    assert (step.reason, step.missing) == ("教研室一致同意", {"practice_days": [0, 30], "courses": [0, 1]})


def test_a_college_asks_for_something_else_from_a_day_on(scene):
    staff = scene.world.signed_in(scene.staff)
    asked = {
        "needs-grade": "qualified", "needs-valid_from": TODAY.isoformat(), "needs-years": 2, "needs-practice_days": 0,
        "needs-rating": 0, "needs-courses": 0, "needs-qualifications": 0, "needs-tutored": 0, "needs-dual": "",
        "needs-reason": "本校办法", "organization": scene.world.college.id,
    }  # fmt: skip
    before = text(staff.get("/faculty/"))

    past = staff.post(
        "/faculty/rules/grades", data=asked | {"needs-valid_from": (TODAY - timedelta(days=1)).isoformat()}
    )
    staff.post("/faculty/rules/grades", data=asked)
    twice = staff.post("/faculty/rules/grades", data=asked)

    assert (past.status_code, twice.status_code) == (409, 409)
    assert "已具备，可评为合格教师" not in before
    assert "已具备，可评为合格教师" in text(staff.get("/faculty/"))


def test_the_list_takes_as_many_statements_for_fifty_as_for_one(scene, count_statements):
    staff = scene.world.signed_in(scene.staff)
    staff.get("/faculty/")
    with count_statements() as few:
        staff.get("/faculty/")
    for _number in range(60):
        scene.hold(scene.make_profile())
    with count_statements() as many:
        page = text(staff.get("/faculty/?sort=grade"))

    assert len(many) == len(few) <= 10, many
    assert "1–50" in page


def test_a_profile_takes_ten_statements(scene, count_statements):
    staff, address = scene.world.signed_in(scene.staff), f"/faculty/{scene.profile.id}"
    staff.get(address)
    with count_statements() as statements:
        assert staff.get(address).status_code == 200

    assert len(statements) <= 10, statements
