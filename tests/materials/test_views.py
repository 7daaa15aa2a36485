"""Resources: entered, renewed, overdue, shared, and seen by those who may."""

import io
import re
from datetime import timedelta

import pytest
import sqlalchemy as sa

from tests.factories import NOW, TODAY
from tests.materials.conftest import upload
from trainmgr.identity.models import OrganizationKind, User
from trainmgr.kernel import storage
from trainmgr.kernel.access import Role
from trainmgr.kernel.db import db
from trainmgr.materials import actions, queries
from trainmgr.materials.models import Material, MaterialUse, MaterialVersion, UpdateRule
from trainmgr.materials.rules import MaterialKind, UpdateKind


def row(session, material):
    session.expire_all()
    return session.get(Material, material.id)


def plain(html):
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", html))


def storage_entries(app):
    with app.app_context():
        return list(storage.store().entries())


def test_numbers_larger_than_any_rows_choose_nothing(signed_in, staff, plan):
    client, large = signed_in(staff), "99999999999"
    for path in (f"/materials?owner={large}", f"/materials/rules?owner={large}"):
        assert client.get(path).status_code == 200
    program, _modules = plan
    assert client.get(f"/programs/{program.id}/task-sheets.pdf?id={large}").status_code == 409
    assert client.post(f"/programs/{program.id}/materials/attach", data={"id": large}).status_code == 302


# --- entering and renewing ------------------------------------------------------------------------


def test_a_resource_is_entered_with_its_first_version_and_can_be_fetched(signed_in, staff, session):
    client = signed_in(staff)

    response = client.post("/materials", data=upload(), content_type="multipart/form-data")

    assert response.status_code == 302
    version = session.scalars(sa.select(MaterialVersion)).one()
    assert (version.number, version.share, version.published_on) == (1, 100, TODAY)
    assert session.get(Material, version.material_id).due_on == TODAY + timedelta(days=365)
    file = client.get(f"{response.location}/versions/1/file")
    assert file.get_data() == b"%PDF-1.7 text"
    assert file.headers["Content-Disposition"].startswith("attachment")
    file.close()


@pytest.mark.parametrize(
    ("content", "name", "said"),
    [
        (b"MZ\x90\x00", "plan.pdf", "内容却是别的东西"),
        (b"<html>", "page.html", "不能保存以 .html 结尾的文件"),
        (b"....ftyp", "film.mp4", "视频不在这里保存"),
        (b"", "plan.pdf", "文件是空的"),
    ],
)
def test_a_disguised_upload_is_refused_at_the_field_and_nothing_typed_is_lost(
    signed_in, staff, session, content, name, said
):
    response = signed_in(staff).post(
        "/materials", data=upload(content, name), content_type="multipart/form-data"
    )

    page = response.get_data(as_text=True)
    assert response.status_code == 422
    assert said in page
    assert 'value="数控车床课件"' in page
    assert session.scalars(sa.select(Material)).all() == []


def test_an_upload_larger_than_the_limit_is_refused_by_its_announced_length(signed_in, staff, app):
    class Endless(io.BytesIO):
        """Sends a little and then waits for somebody to want more."""

        sent = 0

        def read(self, *_size):
            self.sent += 1
            return b"x" * 65536 if self.sent < 9 else b""

    stream = Endless()
    response = signed_in(staff).post(
        "/materials",
        input_stream=stream,
        environ_overrides={"CONTENT_LENGTH": str(2 * 1024**3)},
        content_type="multipart/form-data; boundary=x",
    )

    assert response.status_code == 413
    assert "64 MB" in response.get_data(as_text=True)
    assert "链接" in response.get_data(as_text=True)
    assert list(storage_entries(app)) == []


@pytest.mark.parametrize(
    "link", ["javascript:alert(1)", "ftp://a", "https://", "file:///etc/passwd", "http://a b"]
)
def test_a_link_leads_to_the_web_or_is_refused(signed_in, staff, link):
    data = upload(link=link) | {"file": (io.BytesIO(b""), "")}

    response = signed_in(staff).post("/materials", data=data, content_type="multipart/form-data")

    assert response.status_code == 422


def test_a_version_says_what_changed_and_how_much(signed_in, staff, make_material, session):
    material = make_material(days=400)
    client = signed_in(staff)
    url = f"/materials/{material.id}/versions"

    empty = client.post(url, data={"link": "https://a.example/2"})
    wrong = client.post(url, data={"link": "https://a.example/2", "share": "120", "changes": "新标准"})
    fine = client.post(url, data={"link": "https://a.example/2", "share": "20", "changes": "新标准"})

    assert (empty.status_code, wrong.status_code, fine.status_code) == (422, 422, 302)
    found = row(session, material)
    assert (found.latest_number, found.renewed_on, found.due_on) == (2, TODAY, TODAY + timedelta(days=365))


def test_a_file_and_a_link_at_once_are_refused(signed_in, staff, make_material):
    data = {
        "share": "5",
        "changes": "x",
        "link": "https://a.example",
        "file": (io.BytesIO(b"%PDF-"), "a.pdf"),
    }

    response = signed_in(staff).post(
        f"/materials/{make_material().id}/versions", data=data, content_type="multipart/form-data"
    )

    assert response.status_code == 422
    assert "只能填一样" in response.get_data(as_text=True)


def test_two_who_change_the_particulars_are_told(signed_in, staff, make_material, session):
    material = make_material()
    client = signed_in(staff)
    data = {"title": "新名", "kind": "video", "language": "zh", "update_kind": "yearly", "version": "1"}
    stale = client.post(f"/materials/{material.id}/edit", data=data)
    current = str(row(session, material).version)
    fine = client.post(f"/materials/{material.id}/edit", data=data | {"version": current})

    assert stale.status_code == 409
    assert 'value="新名"' in stale.get_data(as_text=True)
    assert fine.status_code == 302
    assert row(session, material).title == "新名"


# --- kept up to date ------------------------------------------------------------------------------


def test_the_overdue_list_names_what_is_late_by_how_many_days_and_nothing_else(
    signed_in, staff, make_material
):
    make_material("过期课件", days=400)
    make_material("新课件", days=100)
    make_material("过期案例", days=100, kind=MaterialKind.CASE, update_kind=UpdateKind.QUARTERLY)
    make_material("某年赛题", days=900, kind=MaterialKind.CONTEST, update_kind=UpdateKind.IMMEDIATE)

    page = plain(signed_in(staff).get("/materials/overdue").get_data(as_text=True))

    assert re.search(r"过期课件 .* 迟 35 天", page)
    assert re.search(r"过期案例 .* 迟 8 天", page)
    assert "新课件" not in page
    assert "某年赛题" not in page


def test_a_contest_question_is_due_at_once_after_its_occasion(signed_in, staff, make_material, session):
    material = make_material("赛题", days=900, kind=MaterialKind.CONTEST, update_kind=UpdateKind.IMMEDIATE)
    client = signed_in(staff)
    on = TODAY - timedelta(days=10)

    client.post(f"/materials/{material.id}/occasions", data={"text": "国赛题发布", "on": on.isoformat()})

    assert row(session, material).due_on == on + timedelta(days=7)
    assert "国赛题发布" in client.get(f"/materials/{material.id}").get_data(as_text=True)
    client.post(
        f"/materials/{material.id}/versions",
        data={"link": "https://a.example/2", "share": "100", "changes": "新题"},
    )
    assert row(session, material).due_on is None


def test_a_regulation_is_looked_at_and_counts_anew(signed_in, staff, make_material, session):
    material = make_material("规程", days=90, kind=MaterialKind.REGULATION, update_kind=UpdateKind.TRACKED)
    client = signed_in(staff)
    assert row(session, material).due_on == TODAY - timedelta(days=60)

    client.post(f"/materials/{material.id}/checks")

    assert row(session, material).due_on == TODAY + timedelta(days=30)
    later = {"text": "标准改版", "on": (TODAY + timedelta(days=1)).isoformat()}
    assert client.post(f"/materials/{material.id}/occasions", data=later).status_code == 409


def test_a_rule_is_changed_in_one_place_and_what_is_due_follows(
    signed_in, staff, make_material, session, world
):
    material = make_material(days=100)
    data = {"yearly": "90", "quarterly": "92", "immediate": "7", "tracked": "30", "share": "20"}

    response = signed_in(staff).post("/materials/rules", data=data)

    assert response.status_code == 302
    assert row(session, material).due_on == TODAY - timedelta(days=10)
    assert session.get(UpdateRule, (world.college.id, UpdateKind.YEARLY)).share == 20
    bad = signed_in(staff).post("/materials/rules", data=data | {"yearly": "0"})
    assert bad.status_code == 422


def test_the_renewed_share_of_a_collection_is_computed_from_the_versions_of_twelve_months(
    signed_in, staff, make_material, session
):
    old = make_material("一", days=700, collection="数控")
    make_material("二", days=700, collection="数控")
    twice = make_material("三", days=700, collection="数控")
    make_material("四", days=10, collection="新书")
    author = session.merge(staff)
    for material, share, days in ((old, 10, 400), (old, 20, 30), (twice, 60, 200), (twice, 70, 100)):
        found = session.get(Material, material.id)
        actions.publish(
            found, actions.Content(link="https://a.example"), share=share, changes="x", by=author,
            now=NOW - timedelta(days=days),
        )  # fmt: skip
    session.commit()

    page = plain(signed_in(staff).get("/materials/collections").get_data(as_text=True))

    assert re.search(r"数控 测试学院 3 2 40.0 ?%", page), page[-900:]  # (20 + 0 + min(130, 100)) / 3
    assert re.search(r"新书 测试学院 1 1 100.0 ?%", page)
    assert page.count("已达到") == 2


def test_what_is_out_of_use_is_not_due_and_can_still_be_read_where_it_is_attached(
    signed_in, staff, make_material, plan, session
):
    program, _modules = plan
    material = make_material(days=800)
    session.add(
        MaterialUse(program_id=program.id, material_id=material.id, created_by_id=staff.id, created_at=NOW)
    )
    session.commit()
    client = signed_in(staff)

    client.post(f"/materials/{material.id}/use", data={"do": "retire"})

    assert "课件" not in plain(client.get("/materials/overdue").get_data(as_text=True)).replace(
        "所有课件", ""
    )
    assert client.get(f"/materials/{material.id}/versions/new").status_code == 200
    refused = client.post(
        f"/materials/{material.id}/versions", data={"link": "https://a.example", "share": "1", "changes": "x"}
    )
    assert refused.status_code == 409


# --- who sees what --------------------------------------------------------------------------------


def test_a_partner_sees_a_resource_only_when_it_is_ticked(signed_in, staff, make_material, plan, world):
    material = make_material()
    coordinator = signed_in(world.user(Role.ENTERPRISE_COORDINATOR))
    assert coordinator.get(f"/materials/{material.id}").status_code == 404

    signed_in(staff).post(f"/materials/{material.id}/partners", data={"partner": str(world.enterprise.id)})

    assert coordinator.get(f"/materials/{material.id}").status_code == 200
    assert coordinator.get(f"/materials/{material.id}/edit").status_code == 403
    assert "课件" in coordinator.get("/materials?kind=courseware").get_data(as_text=True)


def test_an_organisation_that_is_no_partner_cannot_be_ticked(signed_in, staff, make_material, world):
    stranger = world.organization(OrganizationKind.ENTERPRISE, name="外企业")
    material = make_material()

    signed_in(staff).post(f"/materials/{material.id}/partners", data={"partner": str(stranger.id)})

    client = signed_in(world.user(Role.ENTERPRISE_COORDINATOR, stranger))
    assert client.get(f"/materials/{material.id}").status_code == 404


def test_trainees_read_what_is_attached_to_their_programme_and_nothing_else(
    signed_in, staff, make_material, plan, world
):
    program, modules = plan
    trainee = world.user(Role.TRAINEE)
    world.enrolment(program, user=trainee)
    attached, other = make_material("附上的"), make_material("内部的")
    client = signed_in(trainee)
    signed_in(staff).post(
        f"/programs/{program.id}/materials/attach",
        data={"id": str(attached.id), "module": modules[0].lineage},
    )

    assert client.get(f"/materials/{attached.id}").status_code == 200
    assert client.get(f"/materials/{attached.id}/versions/1/file").status_code == 302
    assert client.get(f"/materials/{other.id}").status_code == 404
    listed = client.get("/materials").get_data(as_text=True)
    assert "附上的" in listed
    assert "内部的" not in listed
    shown = plain(client.get(f"/programs/{program.id}/materials").get_data(as_text=True))
    assert re.search(r"1 · 主轴装调实训 附上的", shown)


def test_attaching_does_not_pass_on_what_was_only_read(signed_in, make_material, plan, world, staff, session):
    """A resource seen through one programme cannot be attached to another by whoever may only read it."""
    program, _modules = plan
    material = make_material()
    session.add(
        MaterialUse(program_id=program.id, material_id=material.id, created_by_id=staff.id, created_at=NOW)
    )
    session.commit()
    coordinator = signed_in(world.user(Role.ENTERPRISE_COORDINATOR))
    assert coordinator.get(f"/materials/{material.id}").status_code == 200

    coordinator.post(f"/programs/{program.id}/materials/attach", data={"id": str(material.id), "module": ""})

    assert len(session.scalars(sa.select(MaterialUse)).all()) == 1


def test_the_same_attached_twice_is_there_once_and_can_be_taken_away(
    signed_in, staff, make_material, plan, session
):
    program, modules = plan
    material, client = make_material(), signed_in(staff)
    for _time in range(2):
        client.post(
            f"/programs/{program.id}/materials/attach",
            data={"id": str(material.id), "module": modules[1].lineage},
        )
    use = session.scalars(sa.select(MaterialUse)).one()

    client.post(f"/programs/{program.id}/materials/{use.id}/detach")

    session.expire_all()
    assert session.scalars(sa.select(MaterialUse)).all() == []


def test_lessons_are_offered_what_is_attached_first_and_then_what_is_usable(
    make_material, plan, staff, world, session
):
    program, _modules = plan
    stranger = world.user(Role.STAFF, world.organization(name="外校"))
    zulu, alpha = make_material("丙"), make_material("甲")
    make_material("外校的", owner=world.organization(name="外校二"), by=stranger)
    session.add(
        MaterialUse(program_id=program.id, material_id=zulu.id, created_by_id=staff.id, created_at=NOW)
    )
    session.commit()
    viewer = session.get(User, staff.id, options=[sa.orm.selectinload(User.memberships)])

    found = queries.choices_for(program, viewer)

    assert [one.id for one in found] == [zulu.id, alpha.id]
    assert [one.id for one in queries.choices_for(program, viewer, "甲")] == [alpha.id]


# --- size -----------------------------------------------------------------------------------------


def test_lists_take_the_same_few_statements_for_any_number_of_rows(
    signed_in, staff, make_material, app, plan
):
    program, _modules = plan
    client = signed_in(staff)
    counts = {}
    for more in (1, 60):
        for number in range(more):
            make_material(f"课件{more}-{number}", days=500, collection=f"集{number}")
        for url in (
            "/materials",
            "/materials/overdue",
            "/materials/collections",
            f"/programs/{program.id}/materials",
        ):
            counts.setdefault(url, []).append(_statements(app, client, url))

    for url, (few, many) in counts.items():
        assert few == many, f"{url}: {few} and {many} statements"
        assert many <= 10, f"{url}: {many} statements"
    assert "61" in plain(client.get("/materials").get_data(as_text=True))


def _statements(app, client, url):
    seen = []
    with app.app_context():
        engine = db.engine

    def count(_connection, _cursor, statement, *_rest):
        if not statement.startswith(("PRAGMA", "SAVEPOINT", "RELEASE")):
            seen.append(statement)

    sa.event.listen(engine, "before_cursor_execute", count)
    try:
        assert client.get(url).status_code == 200
    finally:
        sa.event.remove(engine, "before_cursor_execute", count)
    return len(seen)


def test_a_rule_keeps_its_limits_in_the_database_too(session, world):
    session.add(UpdateRule(owner_id=world.college.id, update_kind=UpdateKind.YEARLY, days=0))

    with pytest.raises(sa.exc.IntegrityError):
        session.flush()
