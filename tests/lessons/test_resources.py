"""The resources of a ring: chosen by who writes the plan, links for trainees, named in Word, taken along in a copy."""

from __future__ import annotations

import io

import pytest
import sqlalchemy as sa
from docx import Document

from tests.factories import NOW, keep
from tests.timetable.conftest import make_plan
from trainmgr.kernel.access import Role
from trainmgr.kernel.db import db
from trainmgr.lessons.models import LessonPlan, LessonRingMaterial, LessonVersion
from trainmgr.lessons.resources import MOST
from trainmgr.lessons.rules import LessonState, Ring
from trainmgr.materials import actions
from trainmgr.materials.models import Material, MaterialUse
from trainmgr.materials.rules import MaterialKind, UpdateKind
from trainmgr.programs.models import Program
from trainmgr.programs.rules import State


@pytest.fixture
def make_material(lesson):
    """Publish a resource of an organisation, attached to the lesson's programme where asked."""

    def make(title="点检标准", *, owner=None, attached=True, versions=1):
        with lesson.world.app.app_context():
            by = db.session.merge(lesson.staff)
            facts = actions.Facts(title, MaterialKind.COURSEWARE, UpdateKind.YEARLY)
            material = actions.enter((owner or lesson.world.college).id, facts, by=by, now=NOW)
            for _number in range(versions):
                content = actions.Content(link="https://video.example/1")
                actions.publish(material, content, share=100, changes="改", by=by, now=NOW)
            if attached:
                program = db.session.get(Program, lesson.program.id)
                actions.attach(program, material, "", by=by, now=NOW)
            return keep(material)

    return make


def address(lesson, plan_id, ring="preparation"):
    return f"{lesson.address}/{plan_id}/materials/{ring}"


def choose(lesson, client, plan_id, *materials, ring="preparation"):
    return client.post(address(lesson, plan_id, ring), data={"material": [each.id for each in materials]})


def finish_again(lesson, client, plan_id):
    with lesson.world.app.app_context():
        version = db.session.get(LessonPlan, plan_id).version
    saved = client.post(f"{lesson.address}/{plan_id}", data=lesson.form(version) | {"finish": "y"})
    assert saved.status_code == 302, saved.text


def rows(lesson, kind=LessonRingMaterial):
    with lesson.world.app.app_context():
        return db.session.scalars(sa.select(kind)).all()


def test_several_resources_are_chosen_and_trainees_see_them_as_links_once_finished(
    lesson,
    trainee,
    make_material,
):
    plan_id, client = lesson.finished(), lesson.world.signed_in(lesson.teacher)
    first, second = make_material(), make_material("异响录音")
    reader = lesson.world.signed_in(trainee)

    assert choose(lesson, client, plan_id, first, second).status_code == 302
    assert rows(lesson, LessonPlan)[0].state is LessonState.DRAFT
    assert "点检标准" not in reader.get("/my-lessons").text
    finish_again(lesson, client, plan_id)

    page = reader.get("/my-lessons").text
    for material in (first, second):
        assert f'href="/materials/{material.id}">{material.title}</a>' in page
        assert reader.get(f"/materials/{material.id}").status_code == 200


def test_a_resource_that_the_programme_has_not_yet_is_attached_to_the_module(lesson, make_material):
    plan_id, client = lesson.finished(), lesson.world.signed_in(lesson.teacher)
    material = make_material(attached=False)
    assert "将挂到本模块" in client.get(address(lesson, plan_id)).text

    choose(lesson, client, plan_id, material)

    assert [(use.material_id, use.lineage) for use in rows(lesson, MaterialUse)] == [
        (material.id, lesson.module.lineage)
    ]


def test_a_reader_who_may_not_see_a_resource_reads_its_name_only(lesson, trainee, make_material):
    plan_id, client = lesson.finished(), lesson.world.signed_in(lesson.teacher)
    material = make_material()
    choose(lesson, client, plan_id, material)
    finish_again(lesson, client, plan_id)
    with lesson.world.app.app_context():
        db.session.execute(sa.delete(MaterialUse))
        db.session.commit()

    page = lesson.world.signed_in(trainee).get("/my-lessons").text

    assert "点检标准" in page
    assert f"/materials/{material.id}" not in page


def test_what_is_not_ones_own_to_use_is_not_offered_and_not_taken(lesson, make_material):
    plan_id, client = lesson.finished(), lesson.world.signed_in(lesson.teacher)
    strange = make_material("别家的", owner=lesson.world.organization(), attached=False)

    assert "别家的" not in client.get(address(lesson, plan_id)).text
    choose(lesson, client, plan_id, strange)

    assert not rows(lesson)


def test_a_version_keeps_the_name_and_the_number_of_that_time(lesson, make_material):
    plan_id, client = lesson.finished(), lesson.world.signed_in(lesson.teacher)
    material = make_material(versions=2)
    choose(lesson, client, plan_id, material)
    finish_again(lesson, client, plan_id)
    with lesson.world.app.app_context():
        kept = db.session.get(LessonVersion, (plan_id, 2)).content["rings"][0]["materials"]
        by = db.session.merge(lesson.staff)
        fresh = db.session.get(Material, material.id)
        actions.publish(
            fresh, actions.Content(link="https://video.example/2"), share=20, changes="改", by=by, now=NOW
        )
        db.session.commit()

    assert kept == [{"id": material.id, "title": "点检标准", "number": 2}]
    page = client.get(f"{lesson.address}/{plan_id}").text
    assert "第 3 版" in page  # whoever writes sees how the resource stands now


def test_word_names_resources_with_their_version(lesson, make_material):
    plan_id, client = lesson.finished(), lesson.world.signed_in(lesson.teacher)
    choose(lesson, client, plan_id, make_material(versions=3))
    finish_again(lesson, client, plan_id)

    document = Document(io.BytesIO(client.get(f"{lesson.address}/{plan_id}/word").data))

    cells = [cell.text for table in document.tables for row in table.rows for cell in row.cells]
    assert any("《点检标准》第 3 版" in text for text in cells)


def test_a_copy_takes_resources_along_and_attaches_them_where_it_goes(lesson, make_material):
    plan_id, client = lesson.finished(), lesson.world.signed_in(lesson.staff)
    material = make_material()
    choose(lesson, client, plan_id, material, ring="check")
    other = lesson.world.program(State.RUNNING, created_by=lesson.staff)
    module = make_plan(lesson.world, other, lesson.teacher)

    data = {"into": other.id, "module": module.id, "title": "量具读数"}
    copied = client.post(f"{lesson.address}/{plan_id}/copy", data=data)

    assert copied.status_code == 302
    copy = next(row for row in rows(lesson) if row.plan_id != plan_id)
    assert (copy.ring, copy.material_id) == (Ring.CHECK, material.id)
    assert (other.id, module.lineage) in {(use.program_id, use.lineage) for use in rows(lesson, MaterialUse)}


def test_a_resource_is_left_out_again(lesson, make_material):
    plan_id, client = lesson.finished(), lesson.world.signed_in(lesson.teacher)
    material = make_material()
    choose(lesson, client, plan_id, material)

    client.post(address(lesson, plan_id), data={"drop": material.id})

    assert not rows(lesson)
    assert len(rows(lesson, MaterialUse)) == 1


def test_nothing_ticked_and_too_many_are_refused_and_the_ticks_stay(lesson, make_material):
    plan_id, client = lesson.finished(), lesson.world.signed_in(lesson.teacher)
    materials = [make_material(f"资源{number:02}") for number in range(MOST + 1)]

    assert choose(lesson, client, plan_id).status_code == 422
    refused = choose(lesson, client, plan_id, *materials)

    assert refused.status_code == 409
    assert refused.text.count(" checked>") == MOST + 1
    assert not rows(lesson)


def test_others_do_not_choose(lesson, trainee, make_material):
    plan_id, material = lesson.finished(), make_material()
    stranger = lesson.world.user(Role.SCHOOL_TEACHER)
    lesson.world.relation(lesson.program, stranger, Role.SCHOOL_TEACHER)
    for person in (trainee, stranger):
        assert choose(lesson, lesson.world.signed_in(person), plan_id, material).status_code == 403
    assert lesson.world.signed_in(stranger).get(address(lesson, plan_id, "nothing")).status_code in (403, 404)


@pytest.mark.parametrize("who", ["staff", "teacher", "trainee"])
def test_the_pages_of_lessons_run_at_most_ten_statements(
    lesson,
    trainee,
    make_material,
    count_statements,
    who,
):
    plan_id, writer = lesson.finished(), lesson.world.signed_in(lesson.teacher)
    choose(lesson, writer, plan_id, make_material())
    finish_again(lesson, writer, plan_id)
    client = lesson.world.signed_in(trainee if who == "trainee" else getattr(lesson, who))
    pages = [lesson.address, f"{lesson.address}/{plan_id}", f"{lesson.address}/sessions/{lesson.coming.id}"]
    pages += ["/my-lessons"]
    if who != "trainee":
        pages += [
            f"{lesson.address}/{plan_id}/{name}" for name in ("edit", "copy", "materials/check", "quiz/check")
        ]
    for page in pages:
        with count_statements() as statements:
            assert client.get(page).status_code == 200
        assert len(statements) <= 10, (page, statements)
