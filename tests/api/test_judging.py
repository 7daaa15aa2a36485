"""Ratings, results and certificates over the API: shown when the pages show them, and told to webhooks."""

from __future__ import annotations

import pytest

from tests.certificates.conftest import Ending, ending  # noqa: F401  (a fixture)
from tests.evaluation.conftest import make_stage
from tests.factories import NOW, keep
from trainmgr.api.models import Webhook, WebhookDelivery, WebhookTopic
from trainmgr.api.rules import Event
from trainmgr.evaluation.models import Rating
from trainmgr.evaluation.rules import Party
from trainmgr.kernel.crypto import encrypt


@pytest.fixture
def stage(world):
    world.app.config["CLOCK"] = lambda: NOW
    return make_stage(world, trainees=1, priorities=1)


@pytest.fixture
def heard(world):
    """Set a webhook of the college up; returns what lies in the outbox."""
    staff = world.user()
    with world.app.app_context():
        keep(
            Webhook(organization_id=world.college.id, name="x", url="https://hooks.example.com/", by_id=staff.id,
                    by_name="x", at=NOW, secret_sealed=encrypt("x"), topics=[WebhookTopic(event=one) for one in Event])
        )  # fmt: skip

    def all_of(event: Event) -> list[tuple[int, int]]:
        with world.inside() as session:
            rows = session.query(WebhookDelivery).filter_by(event=event).order_by(WebhookDelivery.id)
            return [(row.subject_id, row.enrolment_id) for row in rows]

    return all_of


def read(stage, caller):
    """Return the parties whose ratings somebody reads, and the row of the window's results."""
    place, own = f"/programs/{stage.program.id}", stage.enrolments[0].id
    ratings = caller.get(f"{place}/ratings?enrolment_id={own}").json["data"]
    (result,) = caller.get(f"{place}/results?window_id={stage.window_id}").json["data"]
    return {one["party"] for one in ratings}, result


def test_scores_show_when_the_pages_show_them(stage, calling):
    stage.rate(Party.TEACHER)
    staff, mentor, trainee = (calling(who) for who in (stage.staff, stage.mentor, stage.trainees[0]))

    # While the window is open, who still owes a rating sees none of the others', a trainee not before all are in.
    assert read(stage, mentor)[0] == read(stage, trainee)[0] == set()
    assert not read(stage, mentor)[1]["is_shown"]
    assert read(stage, mentor)[1]["composite"] is None
    parties, result = read(stage, staff)
    assert parties == {"teacher"}
    assert (result["composite"], result["is_provisional"]) == (4.0, True)

    stage.rate(Party.ENTERPRISE, mark=5)
    assert read(stage, mentor)[0] == {"teacher", "enterprise"}
    assert read(stage, trainee)[1]["is_shown"] is False

    stage.rate(Party.TRAINEE, mark=3)
    parties, result = read(stage, trainee)
    assert parties == {"teacher", "enterprise", "trainee"}
    assert result["is_shown"]
    assert result["scores"] == pytest.approx({"trainee": 3.0, "enterprise": 5.0, "teacher": 4.0})
    assert not result["is_provisional"]


def test_ratings_need_a_trainee_and_results_a_window_in_sight(world, stage, calling):
    caller, place = calling(stage.staff), f"/programs/{stage.program.id}"
    other = world.program(created_by=stage.staff)

    assert caller.get(f"{place}/ratings").json["errors"][0]["field"] == "enrolment_id"
    assert caller.get(f"{place}/results").json["errors"][0]["field"] == "window_id"
    assert caller.get(f"{place}/ratings?enrolment_id=999").status_code == 404
    assert caller.get(f"/programs/{other.id}/results?window_id={stage.window_id}").status_code == 404


def test_a_submitted_rating_is_told_and_a_draft_is_not(world, stage, heard):
    draft = world.signed_in(stage.mentor)
    draft.post(stage.url(Party.ENTERPRISE, tail="/draft"), data=stage.form(Party.ENTERPRISE))
    assert heard(Event.RATING_SUBMITTED) == []

    stage.rate(Party.TEACHER)

    with world.inside() as session:
        rating_id = session.query(Rating).filter_by(party=Party.TEACHER).one().id
    assert heard(Event.RATING_SUBMITTED) == [(rating_id, stage.enrolments[0].id)]


def test_the_results_take_few_statements_however_many_there_are(stage, calling, count_statements):
    caller = calling(stage.staff)
    path = f"/programs/{stage.program.id}/results?window_id={stage.window_id}"
    caller.get(path)
    with count_statements() as few:
        caller.get(path)
    for _ in range(4):
        stage.world.enrolment(stage.program, teacher=stage.teacher, mentor=stage.mentor)

    with count_statements() as many:
        assert len(caller.get(path).json["data"]) == 5

    assert len(few) == len(many) <= 10


def test_each_issued_certificate_is_told_and_read(ending: Ending, calling, heard):  # noqa: F811
    made = ending.issue()

    assert heard(Event.CERTIFICATE_ISSUED) == [(one.id, one.enrolment_id) for one in made]
    rows = calling(ending.staff).get(f"/certificates?program_id={ending.program.id}").json["data"]
    assert [row["id"] for row in rows] == [one.id for one in made]
    own = calling(ending.trainee).get("/certificates").json["data"]
    assert [row["enrolment_id"] for row in own] == [ending.passed[0].id]
