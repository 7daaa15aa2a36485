"""Every address of the API, visited by everybody: what they read is what the pages' queries leave, and nothing else."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from flask import Flask
from werkzeug.exceptions import NotFound

from tests.api.conftest import Caller
from tests.factories import NOW, TODAY, World
from tests.populated import SECRET_PROGRAM, SECRET_TRAINEE, Populated
from trainmgr.api import door
from trainmgr.api.catalogue import RESOURCES
from trainmgr.api.rules import SCOPES
from trainmgr.attendance import rate_queries
from trainmgr.certificates import external_queries
from trainmgr.certificates.queries import list_certificates
from trainmgr.curriculum import queries as curriculum
from trainmgr.curriculum.frozen import FROZEN
from trainmgr.curriculum.models import Module
from trainmgr.enrolment import roster, standing_queries
from trainmgr.enrolment.queries import enrolment_or_404
from trainmgr.evaluation import queries as evaluation
from trainmgr.evaluation.models import Rating
from trainmgr.identity import queries as identity
from trainmgr.identity.models import User
from trainmgr.kernel.access import Role, permissions_of
from trainmgr.kernel.db import db
from trainmgr.kernel.paging import Listing
from trainmgr.mentoring import proposal_queries as proposals
from trainmgr.mentoring import queries as mentoring
from trainmgr.needs import business
from trainmgr.needs import queries as needs
from trainmgr.practice import queries as practice
from trainmgr.programs.queries import program_or_404, select_visible
from trainmgr.programs.rules import Side
from trainmgr.timetable.models import TeachingSession
from trainmgr.timetable.queries import session_or_404

OWN = [pytest.param(role, marks=() if role is Role.STAFF else pytest.mark.once) for role in Role]
QUERIES = {
    "ratings": "enrolment_id={enrolment}",
    "results": "window_id={window}",
    "rating-questions": "window_id={window}&party=trainee",
    "to-rate": "window_id={window}&party=trainee",
}


@pytest.fixture
def everybody(put_back: Callable[[], Flask], made: Populated) -> Any:
    """Return how to call as somebody of the populated world."""
    app = put_back()

    def call(person: User) -> Caller:
        from trainmgr.api.models import ApiToken
        from trainmgr.api.rules import digest_of, new_token

        text = new_token()
        with app.app_context():
            db.session.add(
                ApiToken(user_id=person.id, name="x", digest=digest_of(text), beginning="tm_", scopes=list(SCOPES),
                         created_at=NOW, expires_at=NOW.replace(year=2027))
            )  # fmt: skip
            db.session.commit()
        return Caller(app, text)

    return call


def _lists(made: Populated) -> Iterator[tuple[Any, str]]:
    rows = {"enrolment": made.rows["enrolment"].id, "window": made.rows["window"].id}
    for resource in RESOURCES.values():
        path = resource.path.replace("<int:program_id>", str(made.rows["program"].id))
        query = QUERIES.get(resource.name, "").format(**rows)
        yield resource, f"{path}?limit=100&{query}" if resource.whole is None else f"{path}?{query}"


def _trainees(program: Any, viewer: User) -> list[Any]:
    """Return the trainees that the roster's page shows."""
    page = roster.roster_page(program, viewer, Listing(), roster.RosterFilter(), by_id_tail=False, total=None)
    return [enrolment_or_404(program, row.id, viewer) for row in page.items]


def _editions(program: Any, viewer: User) -> list[Any]:
    drafts = curriculum.sees_drafts(program, viewer)
    return [one for one in curriculum.shelf_of(program.id).editions if drafts or one.state in FROZEN]


def _modules(program: Any, viewer: User) -> Iterator[Any]:
    for edition in _editions(program, viewer):
        yield from db.session.query(Module).filter_by(edition_id=edition.id)


def _logs(program: Any, viewer: User) -> Iterator[Any]:
    for one in _trainees(program, viewer):
        own = one.user_id == viewer.id
        yield from practice.list_logs(one, Listing(), None, with_drafts=own).items


def _marks(program: Any, viewer: User) -> Iterator[Any]:
    for one in _trainees(program, viewer):
        yield from (line.standing for line in rate_queries.history_of(one, Listing()).items)


def _assignments(program: Any, viewer: User) -> Iterator[Any]:
    for one in _trainees(program, viewer):
        yield from mentoring.history_of(one.id)


def _changes(program: Any, viewer: User) -> Iterator[Any]:
    for one in _trainees(program, viewer):
        yield from standing_queries.changes_of(one)


def _sessions(program: Any, viewer: User) -> Iterator[Any]:
    for session in db.session.query(TeachingSession):
        try:
            yield session_or_404(program, session.id, viewer)
        except NotFound:
            continue


def _pairs(program: Any, viewer: User) -> Iterator[Any]:
    for side in Side:
        for proposal in proposals.open_proposals(program, side):
            yield from (row[0] for row in proposals.list_pairs(program, proposal, viewer, Listing()).items)


def _own_ratings(_program: Any, viewer: User) -> Iterator[Any]:
    for rating in db.session.query(Rating):
        try:
            yield evaluation.rating_or_404(rating.id, viewer)
        except NotFound:
            continue


def _of_sides(read: Callable[..., Any]) -> Callable[[Any, User], Any]:
    return lambda program, _viewer: [one for side in Side for one in read(program, side)]


# What the pages' own queries show, by resource; all of the populated world fits on one page.
ON_PAGES: dict[str, Callable[[Any, User], Any]] = {
    "programs": lambda _program, viewer: db.session.scalars(select_visible(viewer)),
    "competencies": lambda program, _viewer: needs.competencies_of(program.id),
    "performance-gaps": lambda program, _viewer: needs.indicators_of(program.id),
    "business-needs": lambda program, _viewer: business.needs_of(program.id),
    "editions": _editions,
    "modules": _modules,
    "people": lambda _program, viewer: identity.list_people(viewer, Listing(), identity.PeopleFilter()).items,
    "enrolments": _trainees,
    "assignments": _assignments,
    "logs": _logs,
    "attendance": _marks,
    "standing-changes": _changes,
    "sessions": _sessions,
    "mentors": _of_sides(mentoring.named_mentors),
    "proposals": _of_sides(proposals.open_proposals),
    "proposed-pairs": _pairs,
    "own-ratings": _own_ratings,
    "external-certificates": lambda _program, viewer: (
        external_queries.list_external(viewer, Listing(), external_queries.ExternalFilter(), TODAY, {}).items
    ),
    "windows": lambda program, _viewer: evaluation.windows_of(program.id),
    "certificates": lambda _program, viewer: list_certificates(viewer, Listing(), {}).items,
}


def _seen_on_pages(app: Flask, resource: Any, person: User, made: Populated) -> set[int]:
    """Return the ids of the rows that the page of a resource shows to a person."""
    with app.test_request_context():
        viewer = door._person(person.id)
        program = None
        if resource.in_program:
            program = program_or_404(made.rows["program"].id, viewer, steps=False)
        return {row.id for row in ON_PAGES[resource.name](program, viewer)}


@pytest.mark.parametrize("role", OWN)
def test_a_role_reads_over_the_api_what_the_table_grants_and_its_pages_show(everybody, made, role):
    person, wrong = made.people[role], []
    caller = everybody(person)
    for resource, path in _lists(made):
        response = caller.get(path)
        granted = resource.permission in permissions_of([role])
        if response.status_code not in ({200} if granted else {403}):
            wrong.append(f"{role} {path}: {response.status_code}")
        elif granted and resource.rows is not None and resource.has_one:
            told = {row["id"] for row in response.json["data"]}
            expected = _seen_on_pages(caller.client.application, resource, person, made)
            if told != expected:
                wrong.append(f"{role} {path}: {told} instead of {expected}")
            for row_id in list(told)[:1]:
                one = caller.get(f"{path.partition('?')[0]}/{row_id}")
                if one.status_code != 200 or one.json not in response.json["data"]:
                    wrong.append(f"{role} {path}/{row_id}: {one.status_code}")
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("role", OWN)
def test_a_stranger_of_the_same_role_reads_no_row_and_no_secret(everybody, made, role):
    caller, wrong = everybody(made.strangers[role]), []
    for resource, path in _lists(made):
        response = caller.get(path)
        granted = resource.permission in permissions_of([role])
        expected = 403 if not granted else 404 if resource.in_program else 200
        if response.status_code != expected:
            wrong.append(f"{role} {path}: {response.status_code}, not {expected}")
        text = response.get_data(as_text=True)
        wrong += [
            f"{role} reads {word} at {path}" for word in (SECRET_PROGRAM, SECRET_TRAINEE) if word in text
        ]
    assert not wrong, "\n".join(wrong)


@pytest.mark.once
def test_every_view_of_the_api_has_a_scope_that_tokens_know(app):
    views = {name: view for name, view in app.view_functions.items() if name.startswith("api.")}
    lacking = [name for name, view in views.items() if getattr(view, "scope", None) not in SCOPES]

    assert lacking == ["api.show_document"]  # public: it holds nothing of anybody
    assert len(views) > 25


@pytest.mark.once
def test_every_resource_of_rows_is_compared_with_its_page():
    with_rows = {one.name for one in RESOURCES.values() if one.rows is not None and one.has_one}

    assert with_rows == set(ON_PAGES)


@pytest.mark.once
def test_without_its_scope_a_token_reads_nothing(world: World, calling):
    staff = world.user()
    caller = calling(staff, "programs:read")

    assert caller.get("/programs").status_code == 200
    answer = caller.get("/people")
    assert answer.status_code == 403
    assert "people:read" in answer.json["detail"]


def test_the_answer_holds_the_fields_of_its_schema_and_no_other(everybody, made):
    caller, wrong, empty = everybody(made.people[Role.STAFF]), [], []
    for resource, path in _lists(made):
        if resource.permission not in permissions_of([Role.STAFF]):
            continue
        rows = caller.get(path).json["data"]
        if not rows:
            empty.append(resource.name)
        for row in rows[:3]:
            if set(row) != set(resource.schema().fields):
                wrong.append(f"{resource.name}: {set(row) ^ set(resource.schema().fields)}")
            load = {name: value for name, value in row.items() if value is not None}
            if errors := resource.schema(partial=True).validate(load):
                wrong.append(f"{resource.name}: {errors}")
    assert not wrong, "\n".join(wrong)
    assert set(empty) <= {"editions"}, empty
