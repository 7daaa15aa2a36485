"""Reading over the API: pages by cursor, filters, what is masked, how many statements it takes."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests.factories import NOW, TODAY, keep
from trainmgr.api.catalogue import RESOURCES
from trainmgr.enrolment.roster import RosterFilter, roster_page
from trainmgr.identity.models import User
from trainmgr.kernel.access import Role
from trainmgr.kernel.paging import Listing
from trainmgr.practice.models import LogState, PracticeLog
from trainmgr.programs.queries import program_or_404
from trainmgr.programs.rules import State


@pytest.fixture
def staff(world):
    return world.user()


@pytest.fixture
def program(world, staff):
    return world.program(State.RUNNING, created_by=staff)


def log_of(world, enrolment, days=1, **values):
    state = values.pop("state", LogState.SUBMITTED)
    with world.app.app_context():
        return keep(
            PracticeLog(
                program_id=enrolment.program_id, enrolment_id=enrolment.id, stage_number=1, minutes=480,
                day=TODAY - timedelta(days=days), task="装配电池", learned="学到了", state=state, created_at=NOW,
                submitted_at=None if state is LogState.DRAFT else NOW, **values,
            )
        )  # fmt: skip


def test_a_list_is_walked_to_its_end_by_its_next_links(world, calling, staff, program):
    made = [world.enrolment(program).id for _ in range(5)]
    caller, path, seen = calling(staff), f"/programs/{program.id}/enrolments?limit=2", []

    while path:
        answer = caller.get(path)
        assert answer.status_code == 200, answer.json
        seen.append([row["id"] for row in answer.json["data"]])
        path = (answer.json["next"] or "").removeprefix("/api/v1")

    assert seen == [made[:2], made[2:4], made[4:]]


def test_logs_go_by_day_and_a_page_begins_behind_the_last_one(world, calling, staff, program):
    enrolment = world.enrolment(program)
    made = {days: log_of(world, enrolment, days).id for days in (1, 3, 2)}
    twin = log_of(world, enrolment, 2).id
    caller = calling(staff)

    first = caller.get(f"/programs/{program.id}/logs?limit=2").json
    second = caller.get(first["next"].removeprefix("/api/v1")).json

    assert [row["id"] for row in first["data"] + second["data"]] == [made[3], made[2], twin, made[1]]
    assert second["next"] is None


def test_filters_narrow_a_list_and_stay_in_the_next_link(world, calling, staff, program):
    one, other = world.enrolment(program), world.enrolment(program)
    for days in (1, 2, 3):
        log_of(world, one, days)
    log_of(world, other, 1)
    caller = calling(staff)
    since = (TODAY - timedelta(days=2)).isoformat()

    page = caller.get(f"/programs/{program.id}/logs?enrolment_id={one.id}&since={since}&limit=1").json

    assert "enrolment_id" in page["next"]
    assert "since" in page["next"]
    rest = caller.get(page["next"].removeprefix("/api/v1")).json
    assert {row["enrolment_id"] for row in page["data"] + rest["data"]} == {one.id}
    assert rest["next"] is None


@pytest.mark.parametrize(
    "query",
    [
        "limit=0",
        "limit=101",
        "limit=x",
        "state=asleep",
        "cohort_id=99999999999",
        "q=1",
    ],
)
def test_a_question_that_says_nothing_is_refused_with_its_field(calling, staff, program, query):
    answer = calling(staff).get(f"/programs/{program.id}/enrolments?{query}")

    assert answer.status_code == 422
    assert answer.mimetype == "application/problem+json"
    assert [one["field"] for one in answer.json["errors"]] == [query.partition("=")[0]]


@pytest.mark.parametrize("cursor", ["", "x", "WyJhIl0", "WzFd", "WyIxIiwiMiJd", "é", "0" * 300])
def test_a_cursor_of_no_list_leads_nowhere(calling, staff, program, cursor):
    assert calling(staff).get(f"/programs/{program.id}/enrolments?cursor={cursor}").status_code == 404


def test_numbers_are_masked_as_on_the_roster(world, calling, staff, program):
    mentor = world.user(Role.ENTERPRISE_MENTOR)
    trainee = world.user(Role.TRAINEE)
    world.enrolment(
        program, user=trainee, mentor=mentor, id_number_masked="500109********2318", employee_number="E1"
    )
    path = f"/programs/{program.id}/enrolments"

    def numbers(person: User) -> list[str | None]:
        (row,) = calling(person).get(path).json["data"]
        return [row["id_number_masked"], row["employee_number"]]

    assert numbers(staff) == ["500109********2318", "E1"]
    assert numbers(mentor) == [None, None]
    assert numbers(trainee) == ["500109********2318", "E1"]


def test_the_same_trainees_as_on_the_roster_whoever_asks(world, calling, program):
    mentor, coordinator = world.user(Role.ENTERPRISE_MENTOR), world.user(Role.ENTERPRISE_COORDINATOR)
    world.enrolment(program, mentor=mentor)
    world.enrolment(program)
    other = world.organization(name="别的企业", kind=world.enterprise.kind)
    world.enrolment(program, enterprise=other)

    for person, count in ((mentor, 1), (coordinator, 2)):
        told = {row["id"] for row in calling(person).get(f"/programs/{program.id}/enrolments").json["data"]}
        with world.app.test_request_context():
            from trainmgr.api.door import _person

            viewer = _person(person.id)
            place = program_or_404(program.id, viewer)
            page = roster_page(place, viewer, Listing(), RosterFilter(), by_id_tail=False, total=None)
            assert told == {row.id for row in page.items}
        assert len(told) == count


def test_a_draft_is_its_writers_alone(world, calling, staff, program):
    trainee = world.user(Role.TRAINEE)
    draft = log_of(world, world.enrolment(program, user=trainee), state=LogState.DRAFT)
    path = f"/programs/{program.id}/logs"

    assert calling(staff).get(path).json["data"] == []
    assert calling(staff).get(f"{path}/{draft.id}").status_code == 404
    assert [row["id"] for row in calling(trainee).get(path).json["data"]] == [draft.id]


def test_one_is_read_with_its_version_as_etag(world, calling, staff, program):
    trainee = world.enrolment(program)

    answer = calling(staff).get(f"/programs/{program.id}/enrolments/{trainee.id}")

    assert answer.headers["ETag"] == f'"{trainee.version}"'
    assert answer.json["name"] == trainee.name
    assert answer.headers["Cache-Control"] == "no-store"


BOUNDED = {"ratings": "enrolment_id={enrolment}", "results": "window_id=1"}
# A window is needed, or to be a trainee or a rater: their tests are below and in test_giving.
ELSEWHERE = {"results", "log-competencies", "own-ratings", "rating-questions", "to-rate"}


@pytest.mark.parametrize("name", sorted(set(RESOURCES) - ELSEWHERE))
def test_a_list_takes_few_statements_however_long(world, calling, staff, program, count_statements, name):
    resource, first = RESOURCES[name], world.enrolment(program)
    world.competency(program)
    log_of(world, first)
    path = resource.path.replace("<int:program_id>", str(program.id))
    path += "?" + BOUNDED.get(name, "").format(enrolment=first.id)
    caller = calling(staff)
    caller.get(path)  # the first one of a minute counts besides

    with count_statements() as few:
        assert caller.get(path).status_code == 200
    for _ in range(4):
        log_of(world, world.enrolment(program))
        world.competency(program)
    with count_statements() as many:
        assert caller.get(path).status_code == 200

    assert len(few) <= 10, few
    assert len(many) == len(few), many


# --- what goes wrong -----------------------------------------------------------------------------------------


@pytest.mark.once
@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/nothing", 404),
        ("DELETE", "/programs", 405),
        ("GET", "/programs/²", 404),
        ("GET", "/programs/7", 404),
    ],
)
def test_errors_are_problems_in_the_callers_language(calling, staff, method, path, status):
    caller = calling(staff)

    chinese = caller.open(method, path, {"Accept-Language": "zh-CN"})
    english = caller.open(method, path, {"Accept-Language": "en-GB,zh;q=0.5"})

    assert {chinese.status_code, english.status_code, english.json["status"]} == {status}
    assert english.mimetype == "application/problem+json"
    assert english.json["title"].isascii()
    assert not chinese.json["title"].isascii()
    if status == 405:
        assert "GET" in english.headers["Allow"]


@pytest.mark.once
def test_a_fault_is_a_problem_too_and_tells_nothing(calling, staff, monkeypatch, app):
    def broken(*_args, **_options):
        raise ZeroDivisionError("secret")

    caller = calling(staff)
    monkeypatch.setattr("trainmgr.api.reading.page", broken)
    answer = caller.get("/programs")

    assert answer.status_code == 500
    assert answer.mimetype == "application/problem+json"
    assert "secret" not in answer.get_data(as_text=True)


@pytest.mark.once
def test_the_own_language_of_a_person_does_not_matter(world, calling):
    reader = calling(world.user(language="zh"))

    assert reader.get("/programs?limit=0").json["title"].isascii()


@pytest.mark.once
def test_the_document_names_every_address_and_what_each_may_answer(app):
    document = app.test_client().get("/api/v1/openapi.json").json
    told = {
        (path.replace("{", "<int:").replace("}", ">"), method.upper())
        for path, methods in document["paths"].items()
        for method in methods
    }
    there = {
        (rule.rule, method)
        for rule in app.url_map.iter_rules()
        if rule.endpoint.startswith("api.") and rule.endpoint != "api.show_document"
        for method in rule.methods - {"HEAD", "OPTIONS"}
    }

    assert document["openapi"] == "3.1.0"
    assert told == there
    for methods in document["paths"].values():
        for method, operation in methods.items():
            assert {"401", "403", "404", "429"} <= set(operation["responses"])
            named = {one["name"] for one in operation["parameters"]}
            assert ("Idempotency-Key" in named) == (method != "get")


@pytest.mark.once
@pytest.mark.parametrize("language", ["zh", "en"])
def test_people_read_the_document_as_a_page(world, staff, language):
    browser = world.signed_in(world.user(language=language))

    page = browser.get("/api/docs").get_data(as_text=True)

    assert "/<wbr>programs" in page
    assert ("项目的学员" if language == "zh" else "Trainees of a programme") in page
    assert page.count("<details") > 25
