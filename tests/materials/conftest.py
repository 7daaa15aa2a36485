"""A college and an enterprise with resources."""

from __future__ import annotations

import io
from datetime import timedelta
from typing import Any

import pytest

from tests.factories import NOW, TODAY, World, keep
from trainmgr.curriculum.frozen import lifted
from trainmgr.curriculum.models import Edition, EditionState, Module, ModuleCompetency, PlanStage
from trainmgr.kernel.access import Role
from trainmgr.materials import actions
from trainmgr.materials.models import Material
from trainmgr.materials.rules import MaterialKind, UpdateKind
from trainmgr.pathways.rules import Layer, PracticeLevel, Venue
from trainmgr.programs.rules import State


@pytest.fixture(autouse=True)
def clock(app):
    """A day on which nothing changes by itself."""
    app.config["CLOCK"] = lambda: NOW
    return app


@pytest.fixture
def staff(world):
    return world.user(Role.STAFF)


@pytest.fixture
def mentor(world):
    return world.user(Role.ENTERPRISE_MENTOR)


@pytest.fixture
def make_material(world: World, staff: Any) -> Any:
    """Make a resource with a first version of some days ago (a link unless a file is given)."""

    def make(title: str = "课件", days: int = 0, by: Any = None, owner: Any = None, **facts: Any) -> Material:
        facts = {"kind": MaterialKind.COURSEWARE, "update_kind": UpdateKind.YEARLY} | facts
        with world.app.app_context():
            from trainmgr.kernel.db import db

            author = db.session.merge(by or staff)
            then = NOW - timedelta(days=days)
            material = actions.enter(
                (owner or world.college).id, actions.Facts(title, **facts), by=author, now=then
            )
            content = actions.Content(link="https://video.example/1")
            actions.publish(material, content, share=100, changes="首版", by=author, now=then)
            return keep(material)

    return make


@pytest.fixture
def plan(world: World, staff: Any) -> Any:
    """A running programme with a signed plan of two modules, and a competency that the first serves."""
    program = world.program(State.RUNNING, created_by=staff)
    competency = world.competency(program, name="主轴装调", required_level=4)
    with world.app.app_context(), lifted():
        edition = keep(
            Edition(
                program_id=program.id, number=1, state=EditionState.SIGNED, signed_at=NOW,
                created_by_id=staff.id, created_at=NOW, changed_at=NOW,
            )
        )  # fmt: skip
        keep(
            PlanStage(
                edition_id=edition.id, number=1, name="第一阶段", venue=Venue.ENTERPRISE, hours=80, weeks=4
            )
        )
        modules = [
            keep(
                Module(
                    edition_id=edition.id, stage_number=1, position=place, name=name, theory_hours=10,
                    practice_hours=30, layer=Layer.CORE, practice_level=PracticeLevel.BASIC, venue=Venue.ENTERPRISE,
                )
            )
            for place, name in enumerate(("主轴装调实训", "现场改善"), start=1)
        ]  # fmt: skip
        keep(ModuleCompetency(module_id=modules[0].id, competency_id=competency.id, hours=20))
    return program, modules


def upload(content: bytes = b"%PDF-1.7 text", name: str = "plan.pdf", **values: Any) -> dict[str, Any]:
    """Return what the form of a new resource sends."""
    return {
        "title": "数控车床课件",
        "kind": "courseware",
        "language": "zh",
        "update_kind": "yearly",
        "file": (io.BytesIO(content), name),
    } | values


LATE = TODAY - timedelta(days=1)
