"""Teaching teams and the expert pool."""

import sqlalchemy as sa

from tests.factories import NOW, keep
from trainmgr.curriculum.models import Edition, EditionState, Layer, Module, PlanStage, PracticeLevel, Venue
from trainmgr.faculty.composing import SeatRole
from trainmgr.faculty.models import Team, TeamMember
from trainmgr.identity.models import OrganizationKind
from trainmgr.kernel.access import Role
from trainmgr.programs.rules import Side
from trainmgr.standards.evidence import Expert


def text(answer):
    return answer.get_data(as_text=True)


def make_team(scene, **values):
    staff = scene.world.signed_in(scene.staff)
    typed = {"name": "7+5 教研室", "composition": "seven_five", "program": scene.program.id} | values
    answer = staff.post("/faculty/teams/new", data=typed)
    teams = scene.all(sa.select(Team).order_by(Team.id.desc()))
    return staff, answer, teams[0] if teams else None


def test_a_team_is_filled_from_both_sides_and_says_what_is_missing(scene):
    staff, _answer, team = make_team(scene)
    join = f"/faculty/teams/{team.id}/members/new"
    listed = text(staff.get(join))
    for profile, role in ((scene.profile, "theory_teacher"), (scene.guest, "resident_expert")):
        staff.post(join, data={"profile": profile.id, "role": role})

    page = text(staff.get(f"/faculty/teams/{team.id}"))

    assert scene.master.name in listed  # a partner in a programme
    assert "理论课教师：现有 1 人，应有 7 人，缺 6 人。" in page
    assert "驻校企业专家：现有 1 人，应有 5 人，缺 4 人。" in page


def test_whose_organisation_is_no_partner_is_neither_listed_nor_taken_in(scene):
    staff, _answer, team = make_team(scene)
    elsewhere = scene.world.organization(OrganizationKind.ENTERPRISE, name="陌生企业")
    outsider = scene.make_profile(
        scene.world.user(Role.ENTERPRISE_MENTOR, elsewhere, name="陌生人"), elsewhere, side=Side.ENTERPRISE
    )

    listed = text(staff.get(f"/faculty/teams/{team.id}/members/new"))
    answer = staff.post(
        f"/faculty/teams/{team.id}/members/new", data={"profile": outsider.id, "role": "resident_expert"}
    )

    assert "陌生人" not in listed
    assert answer.status_code == 404


def test_the_figures_of_a_team_can_be_changed_and_then_it_is_complete(scene):
    staff, _answer, team = make_team(scene)
    join = f"/faculty/teams/{team.id}/members/new"
    staff.post(join, data={"profile": scene.profile.id, "role": "theory_teacher"})
    figures = {
        "theory_teacher-least": "1", "theory_teacher-most": "", "resident_expert-least": "0",
        "resident_expert-most": "5", "version": 1,
    }  # fmt: skip

    wrong = staff.post(f"/faculty/teams/{team.id}/seats", data=figures | {"theory_teacher-least": "x"})
    turned = staff.post(f"/faculty/teams/{team.id}/seats", data=figures | {"theory_teacher-most": "0"})
    staff.post(f"/faculty/teams/{team.id}/seats", data=figures)
    late = staff.post(f"/faculty/teams/{team.id}/seats", data=figures)

    assert (wrong.status_code, turned.status_code, late.status_code) == (422, 409, 409)
    assert "人员构成符合规则" in text(staff.get(f"/faculty/teams/{team.id}"))


def test_one_head_and_whoever_leaves_stays_in_the_history(scene):
    staff, _answer, team = make_team(scene)
    for profile, role in ((scene.profile, "theory_teacher"), (scene.guest, "resident_expert")):
        staff.post(f"/faculty/teams/{team.id}/members/new", data={"profile": profile.id, "role": role})
    twice = staff.post(
        f"/faculty/teams/{team.id}/members/new", data={"profile": scene.profile.id, "role": "theory_teacher"}
    )
    first, second = scene.all(sa.select(TeamMember).order_by(TeamMember.id))
    for one in (first, second):
        staff.post(f"/faculty/teams/{team.id}/members/{one.id}/head")
    heads = [one.leads for one in scene.all(sa.select(TeamMember).order_by(TeamMember.id))]
    staff.post(f"/faculty/teams/{team.id}/members/{second.id}/out")

    assert twice.status_code == 409
    assert heads == [False, True]
    assert scene.of(TeamMember, second.id).until is not None
    assert scene.master.name not in text(staff.get(f"/faculty/teams/{team.id}"))


def test_a_team_of_one_field_names_it_and_the_partner_looks_on_but_does_not_edit(scene):
    _staff, unnamed, _none = make_team(scene, name="无方向", composition="one_one_n", field="")
    staff, _answer, team = make_team(scene, name="数控组", composition="one_one_n", field="数控")
    staff.post(
        f"/faculty/teams/{team.id}/members/new", data={"profile": scene.guest.id, "role": "enterprise_mentor"}
    )
    firm = scene.world.signed_in(scene.coordinator)

    assert unnamed.status_code == 409
    assert firm.get(f"/faculty/teams/{team.id}").status_code == 200
    assert firm.get(f"/faculty/teams/{team.id}/members/new").status_code == 403
    assert {seat.role for seat in _seats(scene, team)} == {
        SeatRole.MASTER,
        SeatRole.ENTERPRISE_MENTOR,
        SeatRole.TEACHER,
    }


def _seats(scene, team):
    from trainmgr.faculty.models import TeamSeat

    return scene.all(sa.select(TeamSeat).where(TeamSeat.team_id == team.id))


def test_each_course_is_checked_for_the_side_that_leads_it(scene):
    with scene.world.app.app_context():
        edition = keep(
            Edition(
                program_id=scene.program.id, number=1, state=EditionState.DRAFT, created_by_id=scene.staff.id,
                created_at=NOW, changed_at=NOW,
            )
        )  # fmt: skip
        keep(PlanStage(edition_id=edition.id, number=1, name="一", venue=Venue.SCHOOL))
        shared = {
            "edition_id": edition.id, "stage_number": 1, "layer": Layer.CORE, "venue": Venue.SCHOOL,
            "practice_level": PracticeLevel.BASIC,
        }  # fmt: skip
        keep(
            Module(name="机械基础", position=1, theory_hours=40, lead_teacher_id=scene.teacher.id, **shared),
            Module(
                name="装调项目", position=2, practice_hours=60, lead_teacher_id=scene.teacher.id,
                jointly_developed=True, **shared,
            ),
            Module(name="检测项目", position=3, practice_hours=30, lead_teacher_id=scene.master.id, **shared),
            Module(name="安全", position=4, theory_hours=8, **shared),
        )  # fmt: skip
    staff, _answer, team = make_team(scene)

    page = text(staff.get(f"/faculty/teams/{team.id}"))

    assert "主持方符合：2" in page
    assert "主持方不符：1" in page
    assert "无人主持：1" in page
    assert "共同开发课程 1 门" in page


def test_the_expert_pool_is_one_and_is_searched_by_field(scene):
    with scene.world.app.app_context():
        keep(
            Expert(
                organization_id=scene.world.college.id, name="钱专家", employer="研究院", field="数控装备",
                occupation="数控调试工", created_at=NOW,
            )
        )  # fmt: skip
    own = scene.world.user(Role.SCHOOL_TEACHER, name="赵老师")
    scene.make_profile(own, is_expert=True, fields="数控,机器人")
    scene.make_profile(scene.world.user(Role.SCHOOL_TEACHER, name="孙老师"), fields="数控")
    reader = scene.world.signed_in(scene.staff)

    by_field = text(reader.get("/faculty/experts?field=数控"))
    other = text(reader.get("/faculty/experts?field=机器人"))

    assert ("钱专家" in by_field, "赵老师" in by_field, "孙老师" in by_field) == (True, True, False)
    assert ("钱专家" in other, "赵老师" in other) == (False, True)
    trainee = scene.world.signed_in(scene.world.user(Role.TRAINEE))
    assert trainee.get("/faculty/experts").status_code == 403
