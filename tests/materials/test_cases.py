"""Case write-ups in five parts: drafted by both sides, published for good."""

import io

import pytest
import sqlalchemy as sa
from docx import Document

from trainmgr.kernel.access import Role
from trainmgr.materials.models import Material, MaterialVersion
from trainmgr.materials.rules import MaterialState

PARTS = {
    "facts": "12 号工位停机。",
    "analysis": "接近开关松动。",
    "plan": "更换并紧固。",
    "effect": "停机降为 0。",
    "lessons": "每周点检。",
}


@pytest.fixture
def case(signed_in, mentor, session):
    """A case that an enterprise mentor has begun."""
    response = signed_in(mentor).post(
        "/materials/cases", data={"title": "机器人停机", "occupation": "焊装工"}
    )
    assert response.status_code == 302
    return session.scalars(sa.select(Material)).one()


def save(client, case, session, **data):
    session.expire_all()
    draft = session.scalars(
        sa.select(MaterialVersion).where(MaterialVersion.state == MaterialState.DRAFT)
    ).first()
    given = {"version": str(draft.version)} if draft else {}
    return client.post(f"/materials/{case.id}/case", data=given | data)


def test_a_mentor_writes_a_case_for_the_enterprise_and_the_college_sees_it_when_shared(
    signed_in, mentor, case, session, world, plan, staff
):
    client = signed_in(mentor)
    assert case.owner_id == world.enterprise.id
    assert save(client, case, session, **PARTS, do="publish").status_code == 302
    college = signed_in(staff)
    assert college.get(f"/materials/{case.id}").status_code == 404

    client.post(f"/materials/{case.id}/partners", data={"partner": str(world.college.id)})

    page = college.get(f"/materials/{case.id}/versions/1/case").get_data(as_text=True)
    assert all(text in page for text in PARTS.values())


def test_a_half_written_case_is_kept_and_cannot_be_published(signed_in, mentor, case, session):
    client = signed_in(mentor)

    kept = save(client, case, session, facts="只有事实")
    refused = save(client, case, session, facts="只有事实", analysis="和分析", do="publish")

    assert (kept.status_code, refused.status_code) == (302, 409)
    page = refused.get_data(as_text=True)
    assert "方案实施、效果评价、经验教训" in page
    assert "和分析" in page
    assert session.get(Material, case.id).latest_number == 0


def test_nobody_outside_sees_a_draft(signed_in, case, world, session):
    colleague = signed_in(world.user(Role.ENTERPRISE_COORDINATOR))
    stranger = signed_in(world.user(Role.STAFF))

    assert colleague.get(f"/materials/{case.id}/case").status_code == 200
    assert stranger.get(f"/materials/{case.id}").status_code == 404
    assert colleague.get(f"/materials/{case.id}/versions/1/case").status_code == 404


def test_a_published_case_never_changes_and_the_next_version_says_what_changed(
    signed_in, mentor, case, session
):
    client = signed_in(mentor)
    save(client, case, session, **PARTS, do="publish")

    unsaid = save(client, case, session, **PARTS | {"effect": "一年内为 0。"}, do="publish")
    said = save(
        client,
        case,
        session,
        **PARTS | {"effect": "一年内为 0。"},
        share="20",
        changes="补充数据",
        do="publish",
    )

    assert (unsaid.status_code, said.status_code) == (409, 302)
    first = client.get(f"/materials/{case.id}/versions/1/case").get_data(as_text=True)
    second = client.get(f"/materials/{case.id}/versions/2/case").get_data(as_text=True)
    assert "停机降为 0。" in first
    assert "一年内为 0。" in second


def test_a_case_out_of_use_gets_no_version_like_any_other_resource(signed_in, mentor, case, session):
    client = signed_in(mentor)
    client.post(f"/materials/{case.id}/use", data={"do": "retire"})

    refused = save(client, case, session, **PARTS, do="publish")

    assert refused.status_code == 409
    assert PARTS["lessons"] in refused.get_data(as_text=True)
    client.post(f"/materials/{case.id}/use", data={"do": "restore"})
    assert save(client, case, session, **PARTS, do="publish").status_code == 302


def test_two_who_write_the_same_draft_are_told_and_lose_nothing(signed_in, mentor, case, session):
    client = signed_in(mentor)
    assert save(client, case, session, facts="第一人").status_code == 302

    stale = client.post(f"/materials/{case.id}/case", data={"facts": "第二人", "version": "1"})

    assert stale.status_code == 409
    assert "第二人" in stale.get_data(as_text=True)
    assert "第一人" in client.get(f"/materials/{case.id}/case").get_data(as_text=True)


def test_a_draft_thrown_away_takes_an_unpublished_case_along(signed_in, mentor, case, session):
    client = signed_in(mentor)

    response = client.post(f"/materials/{case.id}/case/discard")

    assert response.location.endswith("/materials")
    session.expire_all()
    assert session.scalars(sa.select(Material)).all() == []


def test_a_draft_thrown_away_leaves_what_was_published(signed_in, mentor, case, session):
    client = signed_in(mentor)
    save(client, case, session, **PARTS, do="publish")
    save(client, case, session, **PARTS | {"facts": "新草稿"})

    client.post(f"/materials/{case.id}/case/discard")

    session.expire_all()
    assert [one.number for one in session.scalars(sa.select(MaterialVersion))] == [1]
    assert "新草稿" not in client.get(f"/materials/{case.id}/case").get_data(as_text=True)


def test_a_case_as_word_has_its_five_parts_as_headings(signed_in, mentor, case, session):
    client = signed_in(mentor)
    save(client, case, session, **PARTS, do="publish")

    document = Document(io.BytesIO(client.get(f"/materials/{case.id}/versions/1/case.docx").get_data()))

    headings = [one.text for one in document.paragraphs if one.style.name == "Heading 1"]
    assert headings == ["1  案例事实", "2  问题分析", "3  方案实施", "4  效果评价", "5  经验教训"]
    assert "每周点检。" in [one.text for one in document.paragraphs]


def test_markup_in_a_case_is_text(signed_in, mentor, case, session):
    client = signed_in(mentor)
    save(client, case, session, **PARTS | {"facts": "<script>alert(1)</script>"}, do="publish")

    page = client.get(f"/materials/{case.id}/versions/1/case").get_data(as_text=True)

    assert "<script>alert" not in page
    assert "&lt;script&gt;" in page
