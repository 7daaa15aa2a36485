"""Packs by occupation: chosen, annotated, handed out as one archive that is made while it is sent."""

import io
import tracemalloc
import zipfile

import pytest
import sqlalchemy as sa
from docx import Document

from tests.factories import NOW
from tests.materials.conftest import upload
from trainmgr.identity.models import User
from trainmgr.kernel import files, storage
from trainmgr.kernel.access import Role
from trainmgr.materials import actions, packs
from trainmgr.materials.models import Material, MaterialPack, PackItem

NAME = {"name": "数控车工资源包", "occupation": "数控车工", "purpose": "新师傅用"}


@pytest.fixture
def pack(signed_in, staff, session):
    signed_in(staff).post("/packs", data=NAME)
    return session.scalars(sa.select(MaterialPack)).one()


def opened(response):
    data = b"".join(response.iter_encoded())
    response.close()
    return zipfile.ZipFile(io.BytesIO(data))


def test_a_pack_holds_files_links_and_cases_with_contents_and_notes(
    signed_in, staff, pack, make_material, session
):
    client = signed_in(staff)
    client.post("/materials", data=upload(title="课/件:一"), content_type="multipart/form-data")
    link = make_material("视频")
    ids = [str(one) for one in session.scalars(sa.select(Material.id).order_by(Material.id))]
    client.post(f"/packs/{pack.id}/items", data={"id": ids})
    client.post(
        f"/packs/{pack.id}/notes", data={"expert": "周师傅", "post": "总装车间高级技师", "text": "先看视频。"}
    )

    archive = opened(client.get(f"/packs/{pack.id}/pack.zip"))

    assert archive.testzip() is None
    names = archive.namelist()
    assert names[0] == "00 目录.docx"
    assert names[1:] == ["01 课 件 一.pdf", "02 视频.url"]
    assert archive.read(next(name for name in names if name.endswith(".pdf"))) == b"%PDF-1.7 text"
    assert b"URL=https://video.example/1" in archive.read(next(n for n in names if n.endswith(".url")))
    contents = Document(io.BytesIO(archive.read("00 目录.docx")))
    words = "\n".join(one.text for one in contents.paragraphs)
    assert "先看视频。" in words
    assert "周师傅 · 总装车间高级技师" in words
    assert contents.tables[0].rows[1].cells[0].text == names[1]
    assert link.id


def test_the_same_put_in_twice_is_there_once_and_can_be_taken_out(
    signed_in, staff, pack, make_material, session
):
    material, client = make_material(), signed_in(staff)
    for _time in range(2):
        client.post(f"/packs/{pack.id}/items", data={"id": str(material.id)})
    session.expire_all()
    assert session.get(MaterialPack, pack.id).items_count == 1

    client.post(f"/packs/{pack.id}/items/{material.id}/remove")

    session.expire_all()
    assert session.scalars(sa.select(PackItem)).all() == []
    assert session.get(MaterialPack, pack.id).items_count == 0


def test_two_packs_of_one_owner_have_two_names(signed_in, staff, pack):
    refused = signed_in(staff).post("/packs", data=NAME)

    assert refused.status_code == 409
    assert "已有同名的资源包" in refused.get_data(as_text=True)


def test_what_the_reader_may_not_see_is_not_handed_out(signed_in, staff, pack, make_material, session, world):
    """A resource that stopped being shared is in the pack no more for whom it was shared with."""
    owner = world.organization(name="外校")
    author = world.user(Role.STAFF, owner)
    foreign = make_material("外校课件", owner=owner, by=author)
    session.add(PackItem(pack_id=pack.id, material_id=foreign.id, position=1))
    session.commit()
    client = signed_in(staff)

    assert "外校课件" not in client.get(f"/packs/{pack.id}").get_data(as_text=True)
    assert opened(client.get(f"/packs/{pack.id}/pack.zip")).namelist() == ["00 目录.docx"]


def test_a_large_pack_is_streamed_in_little_memory(app, session, staff, pack, world):
    author = session.merge(staff)
    content = io.BytesIO(bytes(20 * 1024 * 1024))
    for number in range(3):
        content.seek(0)
        content.write(bytes([number]))
        file = files.store_stream(
            content,
            name=f"{number}.pdf",
            media_type="application/pdf",
            purpose="t",
            by=None,
            program_id=None,
            now=NOW,
        )
        facts = actions.Facts(f"大课件{number}", actions.MaterialKind.COURSEWARE, actions.UpdateKind.YEARLY)
        material = actions.enter(world.college.id, facts, by=author, now=NOW)
        actions.publish(material, actions.Content(file=file), share=100, changes="x", by=author, now=NOW)
        session.add(PackItem(pack_id=pack.id, material_id=material.id, position=number))
    session.commit()
    del content
    viewer = session.get(
        User, staff.id, options=[sa.orm.selectinload(User.memberships)], populate_existing=True
    )
    live = session.get(
        MaterialPack, pack.id, options=[sa.orm.joinedload(MaterialPack.owner)], populate_existing=True
    )

    with app.test_request_context():
        pieces = packs.archive(live, packs.items_of(live, viewer), [])
        tracemalloc.start()
        size = sum(len(piece) for piece in pieces)
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()

    assert size > 60 * 1024 * 1024
    assert peak < 8 * storage.PIECE


def test_a_pack_is_seen_by_its_owners_people_only(signed_in, pack, world):
    assert signed_in(world.user(Role.COLLEGE_COUNSELLOR)).get(f"/packs/{pack.id}").status_code == 200
    assert signed_in(world.user(Role.TRAINEE)).get(f"/packs/{pack.id}").status_code == 404
    assert signed_in(world.user(Role.ENTERPRISE_MENTOR)).get(f"/packs/{pack.id}/pack.zip").status_code == 404
