"""What people do on the pages of standards: the happy path, what is refused, and to whom."""

import io
import json

import pytest

from tests.factories import NOW
from tests.standards.conftest import LATER, WORDS, actor, fresh
from trainmgr.kernel.access import Role
from trainmgr.kernel.db import db
from trainmgr.kernel.sheets import read_sheet
from trainmgr.standards import experts, queries, versions
from trainmgr.standards.actions import PostFacts, create_standard
from trainmgr.standards.experts import ExpertFacts
from trainmgr.standards.models import ProgramStandard


def text(response):
    return response.get_data(as_text=True)


@pytest.fixture
def staff(people, signed_in):
    return signed_in(people.staff)


@pytest.fixture
def coordinator(people, signed_in):
    return signed_in(people.coordinator)


COMPETENCY = {
    "name": "高压安全",
    "dimension": "values",
    "importance": "4.8",
    "required_level": "4",
} | {f"level{number}": word for number, word in enumerate(WORDS, 1)}


def test_a_standard_goes_from_nothing_to_published_by_both_sides(people, staff, coordinator, world):
    made = staff.post(
        "/standards/",
        data={
            "college_id": world.college.id,
            "enterprise_id": world.enterprise.id,
            "post": "电池装配工",
            "code": "DC",
        },
    )
    base = made.location
    task = {"name": "装配电池包"}
    assert staff.post(f"{base}/draft/tasks/new/typical", data=task).status_code == 302
    page = text(staff.get(f"{base}/draft/competencies/new"))
    task_id = page.split('name="tasks" value="')[1].split('"')[0]
    staff.post(f"{base}/draft/competencies/new", data=COMPETENCY | {"tasks": task_id})

    for browser, side in ((staff, "college"), (coordinator, "enterprise")):
        shown = text(browser.get(f"{base}/draft/sign"))
        digest = shown.split('name="digest" value="')[1].split('"')[0]
        answer = browser.post(f"{base}/draft/sign", data={"side": side, "digest": digest})
        assert answer.status_code == 302

    page = text(staff.get(base))
    assert "高压安全" in page
    assert staff.get(f"{base}/draft/competencies/new").status_code == 404


def test_wrong_fields_come_back_with_what_was_typed(people, staff):
    answer = staff.post(
        f"/standards/{people.id}/draft/competencies/new", data=COMPETENCY | {"importance": "9"}
    )

    assert answer.status_code == 422
    assert 'value="高压安全"' in text(answer)


def test_two_who_edit_the_same_competency_are_told(ready, staff, coordinator):
    page = text(staff.get(f"/standards/{ready.id}"))
    address = page.split("/draft/competencies/")[1].split('"')[0]
    url = f"/standards/{ready.id}/draft/competencies/{address}"
    if address.startswith(("new", "move")):
        url = next(
            f"/standards/{ready.id}/draft/competencies/{part.split(chr(34))[0]}"
            for part in page.split("/draft/competencies/")[1:]
            if part[0].isdigit()
        )
    first = coordinator.post(url, data=COMPETENCY | {"version": "1"})
    second = staff.post(url, data=COMPETENCY | {"name": "另一个名字", "version": "1"})

    assert first.status_code == 302
    assert second.status_code == 409
    assert "另一个名字" in text(second)
    assert "高压安全" in text(second)


def test_a_change_after_a_signature_asks_to_withdraw_it(ready, staff, world):
    with world.app.app_context():
        versions.sign(
            fresh(ready.id, ready.staff), side=versions.Side.COLLEGE, by=actor(ready.staff), now=LATER
        )
        db.session.commit()

    refused = staff.post(f"/standards/{ready.id}/draft/competencies/new", data=COMPETENCY)
    staff.post(f"/standards/{ready.id}/draft/withdraw", data={"reason": "漏了"})
    taken = staff.post(f"/standards/{ready.id}/draft/competencies/new", data=COMPETENCY)

    assert (refused.status_code, taken.status_code) == (409, 302)


def test_who_read_an_older_draft_gets_the_new_one_to_read(ready, staff):
    answer = staff.post(f"/standards/{ready.id}/draft/sign", data={"side": "college", "digest": "old"})

    assert answer.status_code == 409


@pytest.mark.parametrize(
    ("role", "status"),
    [(Role.SCHOOL_TEACHER, 403), (Role.ENTERPRISE_MENTOR, 403), (Role.DEPARTMENT_STAFF, 200)],
)
def test_who_may_edit_the_draft(ready, world, signed_in, role, status):
    browser = signed_in(world.user(role))

    assert browser.get(f"/standards/{ready.id}").status_code == 200
    assert browser.get(f"/standards/{ready.id}/draft/competencies/new").status_code == status


def test_people_of_a_programme_read_the_version_it_uses_and_not_what_it_rests_on(published, world, signed_in):
    program = world.program()
    trainee = world.user(Role.TRAINEE)
    world.relation(program, trainee, Role.TRAINEE)
    browser = signed_in(trainee)
    assert browser.get(f"/standards/{published.id}").status_code == 404

    with world.app.app_context():
        standard = fresh(published.id, published.staff)
        version = queries.published_of(standard)
        db.session.add(
            ProgramStandard(
                program_id=program.id, standard_id=standard.id, version_id=version.id,
                chosen_by_id=published.staff.id, chosen_at=NOW,
            )
        )  # fmt: skip
        versions.open_draft(standard, reason="新", by=actor(published.staff), now=LATER)
        db.session.commit()

    assert browser.get(f"/standards/{published.id}").status_code == 200
    assert browser.get(f"/standards/{published.id}/versions/2").status_code == 404
    assert browser.get(f"/standards/{published.id}/versions/1/map").status_code == 200
    assert browser.get(f"/standards/{published.id}/versions/1/interviews").status_code == 403


def test_the_list_pages_and_runs_a_fixed_number_of_statements(people, staff, world, count_statements):
    def fill(count, start):
        with world.app.app_context():
            for number in range(start, start + count):
                create_standard(
                    world.college.id,
                    PostFacts(f"C{number:03}", f"岗位{number:03}"),
                    by=actor(people.staff),
                    now=NOW,
                )
            db.session.commit()

    fill(3, 0)
    with count_statements() as few:
        staff.get("/standards/")
    fill(60, 3)
    with count_statements() as many:
        page = text(staff.get("/standards/?sort=code&direction=desc"))

    assert len(few) == len(many) <= 10
    assert page.count('scope="row"') == 50
    assert "岗位062" in page
    assert "岗位001" not in page
    assert text(staff.get("/standards/?q=C001")).count('scope="row"') == 1


@pytest.mark.parametrize(
    "page", ["", "/versions/1/tasks", "/versions/1/map", "/versions/1/interviews", "/versions/1/delphi"]
)
def test_a_version_is_shown_in_a_bounded_number_of_statements(ready, staff, count_statements, page):
    with count_statements() as statements:
        assert staff.get(f"/standards/{ready.id}{page}").status_code == 200

    assert len(statements) <= 12, "\n".join(statements)


def test_a_map_of_200_competencies_is_one_page_load(people, staff, world, count_statements):
    from trainmgr.standards.models import StandardCompetency, VersionCompetency

    with world.app.app_context():
        draft = queries.draft_of(fresh(people.id, people.staff))
        for number in range(200):
            identity = StandardCompetency(standard_id=people.id)
            db.session.add(identity)
            db.session.flush()
            db.session.add(
                VersionCompetency(
                    version_id=draft.id, competency_id=identity.id, position=number, name=f"能力{number:03}",
                    importance=4, required_level=4, levels=list(WORDS),
                )
            )  # fmt: skip
        db.session.commit()

    with count_statements() as statements:
        answer = staff.get(f"/standards/{people.id}/versions/1/map")

    assert len(statements) <= 12
    assert text(answer).count('class="map-node is-2"') == 200


def test_the_map_leaves_as_a_picture_and_as_excel(ready, staff):
    picture = staff.get(f"/standards/{ready.id}/versions/1/map.svg")
    book = staff.get(f"/standards/{ready.id}/versions/1/map.xlsx")

    assert picture.mimetype == "image/svg+xml"
    assert text(picture).count("<rect") == 5  # ground, post, one typical task, two competencies
    assert "Chinese" not in text(picture)
    rows = read_sheet(book.get_data(), filename="map.xlsx").rows
    assert [row[2] for row in rows] == ["故障诊断", "读图"]


def test_what_leaves_as_excel_comes_back_unchanged(ready, staff):
    book = staff.get(f"/standards/{ready.id}/versions/1/competencies.xlsx").get_data()
    url = f"/standards/{ready.id}/draft/sheets/competencies"

    answer = staff.post(url, data={"file": (io.BytesIO(book), "能力.xlsx")}, follow_redirects=True)

    assert "2" in text(answer)
    assert staff.get(f"/standards/{ready.id}/versions/1/competencies.xlsx").status_code == 200


def test_wrong_rows_come_back_with_row_and_reason(ready, staff, names_in):
    rows = "能力,重要度,要求水平,典型工作任务\n钳工,4,3,\n焊工,9,3,\n电工,4,3,没有的任务\n钳 工,4,3,\n"
    url = f"/standards/{ready.id}/draft/sheets/competencies"

    answer = staff.post(url, data={"file": (io.BytesIO(rows.encode()), "能力.csv")})
    wrong = staff.get(f"{answer.location}/to-correct.xlsx")

    assert names_in(ready.id) == ["故障诊断", "读图", "钳工"]
    found = read_sheet(wrong.get_data(), filename="wrong.xlsx").rows
    wrong.close()
    assert [row[0] for row in found] == ["焊工", "电工", "钳 工"]
    assert all(row[-1] for row in found)
    assert "没有的任务" in found[1][-1]


def test_a_chain_of_tasks_comes_from_excel_in_any_order(people, staff):
    rows = "类别,任务,来源\n参考性学习任务,学排故,排故\n典型工作任务,排故,师傅说的排故\n代表性工作任务,师傅说的排故,\n"
    url = f"/standards/{people.id}/draft/sheets/tasks"

    staff.post(url, data={"file": (io.BytesIO(rows.encode()), "任务.csv")})

    page = text(staff.get(f"/standards/{people.id}/versions/1/tasks"))
    assert page.count('<tr id="task-') == 3
    assert page.count('<a href="#task-') == 4  # two links, each shown from both ends


def test_a_framework_leaves_as_json_and_a_broken_one_is_refused_with_the_place(ready, staff):
    data = staff.get(f"/standards/{ready.id}/versions/1/framework.json").get_data()
    package = json.loads(data)
    package["CFItems"][0]["fullStatement"] = ""
    url = f"/standards/{ready.id}/draft/framework"

    refused = staff.post(url, data={"file": (io.BytesIO(json.dumps(package).encode()), "a.json")})
    taken = staff.post(url, data={"file": (io.BytesIO(data), "a.json")})
    nonsense = staff.post(url, data={"file": (io.BytesIO(b"{"), "a.json")})

    assert refused.status_code == 422
    assert "CFItems[0].fullStatement" in text(refused)
    assert taken.status_code == 302
    assert nonsense.status_code == 422


def test_a_framework_that_is_here_already_is_not_opened_twice(ready, staff, world):
    data = staff.get(f"/standards/{ready.id}/versions/1/framework.json").get_data()

    answer = staff.post(
        "/standards/import",
        data={"college_id": world.college.id, "enterprise_id": 0, "file": (io.BytesIO(data), "a.json")},
    )

    assert answer.status_code == 409
    assert "装调技师" in text(answer)


def test_experts_are_found_by_occupation(people, staff, world):
    with world.app.app_context():
        for name, occupation in (("甲师傅", "汽车装调工"), ("乙师傅", "焊工")):
            experts.create_expert(
                world.enterprise.id,
                ExpertFacts(name, "庆铃", occupation=occupation),
                by=actor(people.coordinator),
                now=NOW,
            )
        db.session.commit()

    page = text(staff.get("/experts/?occupation=焊工"))

    assert "乙师傅" in page
    assert "甲师傅" not in page


def test_an_expert_of_another_house_is_not_there(people, world, signed_in):
    with world.app.app_context():
        expert = experts.create_expert(
            world.college.id, ExpertFacts("甲师傅", "庆铃"), by=actor(people.staff), now=NOW
        )
        db.session.commit()
        expert_id = expert.id
    stranger = signed_in(world.user(Role.STAFF, world.organization(name="别的学院")))

    assert stranger.get(f"/experts/{expert_id}").status_code == 404
    assert stranger.post(f"/experts/{expert_id}/edit", data={}).status_code == 404


def test_an_interview_with_half_a_row_comes_back(ready, staff, world):
    with world.app.app_context():
        expert = experts.create_expert(
            world.college.id, ExpertFacts("甲师傅", "庆铃"), by=actor(ready.staff), now=NOW
        )
        db.session.commit()
        told = queries.draft_of(fresh(ready.id, ready.staff))
        from trainmgr.standards.content import tasks_of_version

        task_id, expert_id = tasks_of_version(told.id)[0].id, expert.id
    url = f"/standards/{ready.id}/draft/interviews/new"
    base = {"expert_id": expert_id, "held_on": "2026-11-01"}

    half = staff.post(url, data=base | {f"difficulty-{task_id}": "4"})
    whole = staff.post(
        url, data=base | {f"{name}-{task_id}": "4" for name in ("difficulty", "importance", "frequency")}
    )

    assert half.status_code == 422
    assert whole.status_code == 302
    assert "甲师傅" in text(staff.get(f"/standards/{ready.id}/versions/1/interviews"))


def test_a_certificate_in_use_does_not_change(ready, staff, world):
    data = {
        "organization_id": world.college.id, "name": "智能网联汽车", "issuer": "评价组织", "level": "中级",
        "units": "2.1 高压安全\n2.2 诊断",
    }  # fmt: skip
    url = staff.post("/certificates/", data=data).location
    changed = staff.post(f"{url}/edit", data=data | {"units": "2.1 高压安全\n2.3 标定", "version": "1"})
    page = text(staff.get(f"/standards/{ready.id}/draft/competencies/new"))
    unit = page.split('name="units" value="')[1].split('"')[0]
    staff.post(f"/standards/{ready.id}/draft/competencies/new", data=COMPETENCY | {"units": unit})

    refused = staff.post(f"{url}/edit", data=data | {"version": "2"})

    assert changed.status_code == 302
    assert refused.status_code == 409
    assert "2.3" in text(staff.get(url))


@pytest.mark.parametrize("units", ["", "2.1", "2.1 a\n2.1 b"])
def test_units_without_code_or_name_come_back(people, staff, world, units):
    answer = staff.post(
        "/certificates/",
        data={"organization_id": world.college.id, "name": "证", "issuer": "组织", "units": units},
    )

    assert answer.status_code == 422


def test_two_versions_are_compared_with_how_much_changed(published, staff, world):
    with world.app.app_context():
        versions.open_draft(
            fresh(published.id, published.staff), reason="新车型", by=actor(published.staff), now=LATER
        )
        db.session.commit()
    staff.post(f"/standards/{published.id}/draft/competencies/new", data=COMPETENCY)

    page = text(staff.get(f"/standards/{published.id}/compare"))

    assert "新增 1 项，删去 0 项，修改 0 项，未变 6 项" in page


@pytest.mark.parametrize("address", ["/standards/new", "/standards/import"])
def test_an_enterprise_is_told_that_a_college_opens_a_standard(people, coordinator, address):
    page = coordinator.get(address)

    assert page.status_code == 200
    assert "岗位标准由院校新建" in text(page)
    assert coordinator.post("/standards/", data={"post": "私自新建", "code": "X"}).status_code == 422
