"""Logs under a plan that is amended: a log goes by the edition in force on its day."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests.factories import NOW, TODAY, keep
from trainmgr.curriculum.frozen import lifted
from trainmgr.curriculum.models import Edition, EditionState, Layer, Module, PlanStage, PracticeLevel, Venue
from trainmgr.practice.models import LogState, PracticeLog

YESTERDAY = TODAY - timedelta(days=1)


@pytest.fixture
def modules(place):
    """The plan was amended today: the module of before under a new name, and one that is new."""
    with place.world.app.app_context(), lifted():

        def module(edition_id, name, **facts):
            return keep(
                Module(
                    edition_id=edition_id,
                    stage_number=2,
                    position=1,
                    name=name,
                    practice_hours=8,
                    layer=Layer.CORE,
                    practice_level=PracticeLevel.BASIC,
                    venue=Venue.ENTERPRISE,
                    **facts,
                )
            )

        first = place.world.app.extensions["sqlalchemy"].session.get(Edition, 1)
        first.state = EditionState.SUPERSEDED
        keep(first)
        edition = keep(
            Edition(
                program_id=place.program.id,
                number=2,
                state=EditionState.SIGNED,
                based_on_id=1,
                reason="新线体",
                signed_at=NOW,
                in_force_from=TODAY,
                created_by_id=place.staff.id,
                created_at=NOW,
                changed_at=NOW,
            )
        )
        keep(
            PlanStage(
                edition_id=edition.id, number=2, name="企业跟岗", venue=Venue.ENTERPRISE, hours=50, weeks=4
            )
        )
        old = module(first.id, "旧线点检")
        return {
            "old": old,
            "same": module(edition.id, "新线点检", lineage=old.lineage),
            "new": module(edition.id, "机器人示教"),
        }


@pytest.mark.parametrize(
    ("day", "chosen", "kept"),
    [(TODAY, "same", "same"), (YESTERDAY, "old", "old"), (YESTERDAY, "same", "old"), (TODAY, "old", "same")],
)
def test_a_log_is_of_the_module_that_the_plan_of_its_day_has(place, modules, day, chosen, kept):
    browser = place.browser(place.trainee)

    response = browser.post("/logs", data=place.typed(day=day.isoformat(), module=str(modules[chosen].id)))

    assert response.status_code == 302, response.text
    assert place.all(PracticeLog, state=LogState.SUBMITTED)[0].module_id == modules[kept].id


def test_a_module_that_came_later_is_refused_and_nothing_typed_is_lost(place, modules):
    data = place.typed(day=YESTERDAY.isoformat(), module=str(modules["new"].id), task="示教三个点")

    response = place.browser(place.trainee).post("/logs", data=data)

    assert response.status_code == 422
    assert "没有模块“机器人示教”" in response.text
    assert "示教三个点" in response.text
    assert place.all(PracticeLog)[0].state is LogState.DRAFT


def test_the_form_of_a_draft_offers_the_modules_of_its_day(place, modules):
    browser = place.browser(place.trainee)
    assert "新线点检" in browser.get("/logs/new").text
    browser.post("/logs/draft", data=place.typed(day=YESTERDAY.isoformat()))

    page = browser.get("/logs/new").text
    assert "旧线点检" in page
    assert "新线点检" not in page
