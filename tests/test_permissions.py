"""Every address, visited by everybody: by each role of the organisations that belong together in a programme, by the
same roles of other organisations, and by nobody in particular. What they may do is what access.GRANTS says.

What is asked of each role at each address and what in turn, is in docs/decisions/0042-what-the-tests-cost.md.

An address with a new kind of variable needs a line in tests/populated.py; a page that answers otherwise than the
table alone would say stands in OTHERWISE or SHARED with its reason.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from contextlib import nullcontext
from dataclasses import dataclass
from functools import cache
from typing import Any
from urllib.parse import urlencode

import pytest
from flask import Flask, g, url_for
from sqlalchemy.orm import selectinload
from werkzeug.datastructures import ImmutableMultiDict
from werkzeug.exceptions import Forbidden
from werkzeug.test import create_environ

from tests.clients import QuickClient
from tests.factories import World
from tests.populated import SECRET_PROGRAM, SECRET_TRAINEE, Populated
from tests.tenancy import hearing, reaching_across
from trainmgr import ROOT
from trainmgr.identity.models import User
from trainmgr.kernel.access import GRANTS, Permission, Role, guard, mark_of, permissions_of, requires
from trainmgr.kernel.db import db

FINE = frozenset({200, 204, 301, 302, 303, 304})
FORBIDDEN = frozenset({403})
UNSEEN = frozenset({403, 404})

EVERYBODY = tuple(Role)
# What a role may see is a condition of its own in SQL for these four; the others' conditions are parts of theirs.
OWN_CONDITION = (Role.STAFF, Role.ENTERPRISE_COORDINATOR, Role.ENTERPRISE_MENTOR, Role.TRAINEE)

# The register of enterprises and bases is one for all colleges; beside each stand the programmes that the reader sees.
SHARED_REGISTER = "FROM organization LEFT OUTER JOIN practice_base"


def roles(*everywhere: Role) -> list[Any]:
    """Return every role as a parameter; PostgreSQL is asked for the named ones, SQLite for all."""
    return [role if role in everywhere else pytest.param(role, marks=pytest.mark.once) for role in EVERYBODY]


ENTERPRISE = (Role.ENTERPRISE_COORDINATOR, Role.ENTERPRISE_MENTOR, Role.ENTERPRISE_COUNSELLOR)
MENTORS = (Role.SCHOOL_TEACHER, Role.ENTERPRISE_MENTOR)
READERS = (Role.COLLEGE_COUNSELLOR, Role.ENTERPRISE_COUNSELLOR, Role.OUTSIDE_ASSESSOR)

# Addresses with a row that everybody with the permission may see, whoever entered it.
SHARED: frozenset[str] = frozenset(
    {
        "door.show_door",  # the page is for everybody
        # whoever stands at the door chooses the system to sign in through
        "through.find_door",
        "through.show_return",
        "through.find_way_out",
        "organizations.list_units",  # an alliance is entered by one college and seen by all
        "certificates.show_check",  # anybody with the code
        "certificates.show_badge_issuer",  # which colleges issue badges, verifiers of badges ask
        "certificates.list_revoked_badges",
        "links.show_door",  # the same page for every token, also for one that no link has
        "placements.edit_rule",
        "placements.set_rule",
        # an indicator is named; whose figures and definitions it leads to follows from the reader
        "quality.show_figure",
        "quality.list_records",
        "quality.export_records",
        "quality.export_parts",
        "quality.edit_indicator",
        "quality.define_indicator",
        "quality.set_target",
    }  # the rule is named; whose version it is, is the reader's college
)

# Addresses that answer only with query arguments.
QUERIES: dict[str, str] = {
    "materials.print_task_sheets": "id=1",
    "programs.find_organizations": "name=enterprise",
}

_NOT_SIGNING = tuple(role for role in Role if Permission.PROGRAM_SIGN not in GRANTS[role])
_NEEDS = (
    "needs.download_template",
    "needs.new_import",
    "needs.edit_settings",
    "needs.confirm_discard",
    "needs.download_wrong_rows",
    "needs.show_import_box",
    "needs.show_import",
    "needs.edit_hours",
    "needs.new_competency",
    "needs.confirm_competency_removal",
    "needs.edit_competency",
    "needs.list_standards_to_adopt",
)

# Who, having the permission, is still refused by the row or the state; each line says why.
REFUSED: tuple[tuple[str, int, tuple[Role, ...], str], ...] = (
    ("pathways.show_pathway", 404, (*ENTERPRISE, Role.OUTSIDE_ASSESSOR), "an own pathway is its college's"),
    (
        "pathways.download_pathway",
        404,
        (*ENTERPRISE, Role.OUTSIDE_ASSESSOR),
        "an own pathway is its college's",
    ),
    ("moderation.show_moderation", 404, (Role.TRAINEE,), "the trainee is no side of it"),
    ("contests.show_award", 404, (Role.OUTSIDE_ASSESSOR,), "the ledger is the college's and its holders'"),
    ("contests.download_award_proof", 404, (Role.OUTSIDE_ASSESSOR,), "the ledger is the college's"),
    ("people.show_person", 404, (Role.ENTERPRISE_COORDINATOR,), "the person works for the college"),
    (
        "through.find_link",
        404,
        (*ENTERPRISE, Role.OUTSIDE_ASSESSOR),
        "the college's people sign in through it",
    ),
    ("notices.list_robots", 404, (Role.ENTERPRISE_COORDINATOR,), "the robots are the college's"),
    ("notices.new_robot", 404, (Role.ENTERPRISE_COORDINATOR,), "the robots are the college's"),
    ("notices.edit_robot", 404, (Role.ENTERPRISE_COORDINATOR,), "the robots are the college's"),
    ("organizations.show_organization", 404, (Role.ENTERPRISE_COORDINATOR,), "it is the college"),
    (
        "programs.show_trail",
        403,
        (*MENTORS, *READERS, Role.TRAINEE),
        "the trail is for those who run the programme",
    ),
    ("curriculum.compare_editions", 404, EVERYBODY, "there is only one edition"),
    ("curriculum.edit_amendment", 404, EVERYBODY, "the one edition is a first one; it amends nothing"),
    ("curriculum.confirm_withdrawal", 403, _NOT_SIGNING, "only who signs takes a signature back"),
    ("curriculum.confirm_signature", 403, (Role.ENTERPRISE_COORDINATOR,), "signs for the enterprise's side"),
    *(
        (endpoint, 403, (Role.ENTERPRISE_COORDINATOR,), "the college's half of the analysis")
        for endpoint in _NEEDS
    ),
    ("needs.download_wrong_rows", 404, (Role.STAFF, Role.DEPARTMENT_STAFF), "this import had no wrong row"),
    (
        "employment.edit_answer",
        403,
        (Role.ENTERPRISE_COORDINATOR,),
        "the college follows graduates up, an employer confirms",
    ),
    (
        "links.new_graduate_links",
        403,
        (Role.ENTERPRISE_COORDINATOR,),
        "graduates get theirs from the college",
    ),
    ("evaluation.show_rating", 404, MENTORS, "the trainee's own rating"),
    ("evaluation.edit_correction", 404, MENTORS, "the trainee's own rating"),
    ("evaluation.show_rating_form", 403, MENTORS, "the trainee's own form"),
    ("evaluation.list_outstanding", 403, (Role.OUTSIDE_ASSESSOR,), "names of raters are for the parties"),
    ("evaluation.list_unanswered", 403, (Role.OUTSIDE_ASSESSOR,), "names of raters are for the parties"),
    ("evaluation.export_unanswered", 403, (Role.OUTSIDE_ASSESSOR,), "names of raters are for the parties"),
    (
        "evaluation.show_grid",
        403,
        (Role.SCHOOL_TEACHER, Role.TRAINEE, *READERS),
        "the enterprise mentor's grid",
    ),
    (
        "evaluation.show_class_result",
        403,
        (Role.OUTSIDE_ASSESSOR,),
        "named persons' results are for the parties",
    ),
    *(
        (
            f"materials.{endpoint}",
            403,
            (Role.ENTERPRISE_COORDINATOR, Role.ENTERPRISE_MENTOR),
            "the college's resource",
        )
        for endpoint in ("edit_material", "edit_partners", "new_version", "edit_case")
    ),
    *(
        (
            f"materials.{endpoint}",
            404,
            (*ENTERPRISE, Role.TRAINEE, Role.OUTSIDE_ASSESSOR),
            "a pack is its owner's",
        )
        for endpoint in ("show_pack", "download_pack", "edit_pack", "edit_pack_items")
    ),
    *(
        (f"attendance.{endpoint}", 403, (Role.ENTERPRISE_MENTOR,), "who teaches the session notes it")
        for endpoint in ("show_register", "show_code", "show_code_now", "new_sheet", "download_template")
    ),
    *(
        (
            f"attendance.{endpoint}",
            404,
            tuple(role for role in Role if role is not Role.STAFF),
            "who sent the sheet",
        )
        for endpoint in ("show_sheet", "download_wrong_rows")
    ),
    ("attendance.show_leave_photo", 404, EVERYBODY, "this request came without a photo"),
    ("attendance.show_leave_photo", 403, (Role.ADMINISTRATOR,), "who decides sees the photo"),
    ("timetable.download_calendar", 404, EVERYBODY, "this address is nobody's"),
    ("timetable.edit_bells", 404, (Role.ENTERPRISE_COORDINATOR,), "the house is the college's"),
    ("timetable.edit_room", 403, (Role.ENTERPRISE_COORDINATOR,), "the room is the college's"),
    *(
        (
            f"standards.{endpoint}",
            403,
            (Role.ENTERPRISE_COORDINATOR,),
            "the college opens standards and keeps its pools",
        )
        for endpoint in ("edit_expert", "edit_certificate")
    ),
    ("lessons.pick_resources", 403, MENTORS, "only who leads the module writes its lessons"),
    ("lessons.edit_quiz", 403, MENTORS, "only who leads the module writes its lessons"),
    ("lessons.show_quiz", 404, (Role.TRAINEE,), "this lesson asks nothing"),
    ("lessons.edit_lesson", 403, MENTORS, "only who leads the module writes its lessons"),
    *(
        (
            f"exports.{endpoint}",
            404,
            tuple(role for role in EVERYBODY if role is not Role.STAFF),
            "an export is shown to whom it was written for",
        )
        for endpoint in ("show_export", "download_export")
    ),
    *(
        (
            f"placements.{endpoint}",
            404,
            tuple(role for role in EVERYBODY if role is not Role.STAFF),
            "an upload is shown to whom it is from",
        )
        for endpoint in ("show_sheet", "show_sheet_import", "download_sheet_faults")
    ),
    *(
        (f"placements.{endpoint}", 409, (Role.STAFF,), "the upload is not kept any more")
        for endpoint in ("show_sheet", "download_sheet_faults")
    ),
    ("exports.download_export", 409, (Role.STAFF,), "the file is not kept any more"),
    ("signing.show_key", 404, EVERYBODY, "no key has this thumbprint"),
    ("certificates.download_proof", 404, EVERYBODY, "no scan was handed in"),
    *(
        (
            f"certificates.{endpoint}",
            404,
            tuple(role for role in EVERYBODY if role is not Role.STAFF),
            "a job and an upload are shown to whom they are from",
        )
        for endpoint in (
            "show_batch",
            "download_archive",
            "show_sheet",
            "show_sheet_import",
            "download_sheet_faults",
        )
    ),
    *(
        (f"certificates.{endpoint}", 409, (Role.STAFF,), "the file is not kept any more")
        for endpoint in ("download_archive", "show_sheet", "download_sheet_faults")
    ),
    ("benefits.download_proof", 404, EVERYBODY, "no proof was handed in"),
    ("exports.edit_layout", 403, (Role.DEPARTMENT_STAFF,), "the columns are the college's"),
    ("imports.show_draft", 404, (Role.DEPARTMENT_STAFF,), "an upload is shown to whom it is from"),
    ("imports.show_draft", 409, (Role.STAFF,), "the upload is not kept any more"),
    (
        "practice.edit_spot_check",
        404,
        (Role.SCHOOL_TEACHER,),
        "the log was drawn for the enterprise's mentor",
    ),
    ("imports.download_faults", 409, EVERYBODY, "the upload of this import is not kept any more"),
    *(
        (f"testing.{endpoint}", 404, EVERYBODY, "no instrument was taken before and at the end")
        for endpoint in ("download_gain", "export_gain")
    ),
    *(
        (f"testing.{endpoint}", 409, (Role.TRAINEE,), "one's own report opens when the test is closed")
        for endpoint in ("show_own_report", "download_own_report")
    ),
    ("testing.show_test_picture", 404, (Role.TRAINEE,), "pictures are shown while an attempt is under way"),
    ("bank.download_faults", 409, EVERYBODY, "the upload of this import is not kept any more"),
    *(
        (
            f"faculty.{endpoint}",
            404,
            (
                Role.COLLEGE_COUNSELLOR,
                Role.ENTERPRISE_COORDINATOR,
                Role.ENTERPRISE_MENTOR,
                Role.ENTERPRISE_COUNSELLOR,
            ),
            "the profile is the college's and the teacher's own",
        )
        for endpoint in (
            "show_profile",
            "find_profile",
            "edit_profile",
            "new_qualification",
            "download_evidence",
            "new_stay",
            "new_rating",
            "new_grade",
        )
    ),
    *(
        (
            "faculty.download_proof",
            404,
            (role,),
            "the stay is the teacher's, the college's and the enterprise's",
        )
        for role in (Role.COLLEGE_COUNSELLOR, Role.ENTERPRISE_MENTOR, Role.ENTERPRISE_COUNSELLOR)
    ),
    ("faculty.show_import", 404, (Role.ENTERPRISE_COORDINATOR,), "the import is the college's"),
    (
        "faculty.download_faults",
        409,
        (Role.ADMINISTRATOR, Role.STAFF, Role.DEPARTMENT_STAFF),
        "the upload of this import is not kept any more",
    ),
    ("faculty.download_faults", 404, (Role.ENTERPRISE_COORDINATOR,), "the import is the college's"),
    ("faculty.show_team", 404, (Role.ENTERPRISE_COORDINATOR,), "nobody of the enterprise is in the team"),
    ("faculty.pick_member", 404, (Role.ENTERPRISE_COORDINATOR,), "nobody of the enterprise is in the team"),
    (
        "links.show_link",
        404,
        (Role.STAFF, Role.DEPARTMENT_STAFF),
        "the enterprise's coordinator gives its own mentors their links",
    ),
    *(
        (f"reporting.{endpoint}", 404, (Role.ADMINISTRATOR, Role.DEPARTMENT_STAFF), "for who had it made")
        for endpoint in ("download_pack", "show_pack_job")
    ),
    *(
        (f"reporting.{endpoint}", 404, (Role.ENTERPRISE_COORDINATOR,), "the college's own report")
        for endpoint in ("show_annual", "download_annual")
    ),
    *(
        (f"quality.{endpoint}", 404, (Role.OUTSIDE_ASSESSOR,), "the indicator is for the parties")
        for endpoint in ("show_figure", "list_records", "export_records", "export_parts")
    ),
    ("quality.show_evaluation", 404, (Role.ENTERPRISE_COORDINATOR,), "for the college and its assessor"),
    ("quality.download_evidence", 404, EVERYBODY, "nothing was scored yet"),
    *(
        (endpoint, status, READERS, "counsellors and assessors rate whom a scheme's own parties give them")
        for endpoint, status in (
            ("evaluation.show_rating_form", 403),
            ("evaluation.show_rating", 404),
            ("evaluation.edit_correction", 404),
        )
    ),
    ("mentoring.edit_wishes", 404, EVERYBODY, "the round is for trainees who have no mentor yet"),
    (
        "mentoring.edit_answers",
        404,
        tuple(role for role in Role if role is not Role.ENTERPRISE_MENTOR),
        "only the side's mentors answer",
    ),
)
OTHERWISE = {(endpoint, role): status for endpoint, status, roles, _why in REFUSED for role in roles}


@dataclass(frozen=True)
class Route:
    """One address of the application under one method."""

    endpoint: str
    method: str
    mark: Permission | str
    address: str
    has_row: bool


def routes_of(app: Flask, made: Populated) -> Iterator[Route]:
    """Yield every address with its variables filled in from the populated world."""
    for rule in app.url_map.iter_rules():
        if rule.endpoint == "static" or rule.endpoint.startswith("api."):
            continue  # the API's requests come by token: tests/api/test_permissions.py visits them
        mark = mark_of(app.view_functions[rule.endpoint])
        assert mark is not None, f"{rule.endpoint} has no access mark"
        values = {
            name: made.argument(rule.endpoint, name)
            for name in rule.arguments
            if name not in (rule.defaults or {})
        }
        with app.test_request_context():
            address = url_for(rule.endpoint, **values)
        if rule.endpoint in QUERIES:
            address += f"?{QUERIES[rule.endpoint]}"
        for method in sorted((rule.methods or set()) - {"HEAD", "OPTIONS"}):
            yield Route(rule.endpoint, method, mark, address, bool(values))


def by_mark(routes: Iterable[Route]) -> list[list[Route]]:
    """Return the routes of each mark."""
    found: dict[object, list[Route]] = defaultdict(list)
    for route in routes:
        found[route.mark].append(route)
    return list(found.values())


def in_turn(routes: Iterable[Route], takers: Callable[[Route], list[Role]]) -> set[tuple[Route, Role]]:
    """Share routes out among the roles that each is for: every route comes once, and every role once for every mark."""
    shares = set()
    for marked in by_mark(routes):
        roles = takers(marked[0])  # a role is for a route, or not, by its mark
        for turn in range(max(len(marked), len(roles)) if roles else 0):
            shares.add((marked[turn % len(marked)], roles[turn % len(roles)]))
    return shares


def first_takers(routes: Iterable[Route]) -> set[tuple[Route, Role]]:
    """Give each route to one role: to the first with a condition of its own that may have it; staff may have most."""
    shares = set()
    for route in routes:
        takers = [role for role in OWN_CONDITION if granted(route, role)]
        shares |= {(route, role) for role in takers[:1]}
    return shares


def granted(route: Route, role: Role) -> bool:
    return route.mark == "public" or route.mark in permissions_of([role])


def granted_roles(route: Route) -> list[Role]:
    return [role for role in EVERYBODY if granted(route, role)]


def refused_roles(route: Route) -> list[Role]:
    return [role for role in EVERYBODY if not granted(route, role)]


class Browsers:
    """A fresh browser for each visit, signed in under one session a person.

    A careful one looks at every page that it is shown; the pages of one visitor are enough for that.
    """

    def __init__(self, app: Flask, *, careful: bool = False) -> None:
        self.app = app
        self.client = app.test_client_class if careful else QuickClient
        self.cookies: dict[int, tuple[str, str]] = {}

    def of(self, person: User) -> Any:
        if person.id not in self.cookies:
            (cookie,) = World(self.app).signed_in(person)._cookies.values()
            self.cookies[person.id] = cookie.key, cookie.value
        client = self.client(self.app, self.app.response_class, use_cookies=True)
        client.set_cookie(*self.cookies[person.id])
        return client


@pytest.fixture(scope="session")
def routes(bench, made) -> list[Route]:
    """Every address of the application, found once."""
    return list(routes_of(bench.app, made))


def visit(client: Any, route: Route) -> Any:
    """Send the request, with an empty body where there is one."""
    response = client.open(route.address, method=route.method, data={} if route.method != "GET" else None)
    response.get_data()
    response.close()
    return response


def expected_of_insider(route: Route, role: Role) -> frozenset[int]:
    """Return the statuses that the table of grants leaves for somebody who belongs to the programme."""
    if route.mark != "public" and route.mark not in permissions_of([role]):
        return FORBIDDEN
    otherwise = OTHERWISE.get((route.endpoint, role))
    return FINE if otherwise is None else frozenset({otherwise})


def complain(wrong: list[str]) -> None:
    assert not wrong, "\n" + "\n".join(wrong)


@pytest.mark.once
def test_the_guard_lets_in_at_each_address_whom_the_table_grants_it_and_nobody_else(put_back, made, routes):
    app, wrong = put_back(), []
    asked = [(route, create_environ(route.address, method=route.method)) for route in routes]
    with app.app_context():
        people = {
            role: db.session.get(User, made.people[role].id, options=[selectinload(User.memberships)])
            for role in EVERYBODY
        }
        for role, person in people.items():
            for route, environ in asked:
                with app.request_context(environ):
                    g._login_user = person
                    if guards_answer() != (FORBIDDEN if not granted(route, role) else None):
                        wrong.append(f"{role} {route.method} {route.address} ({route.endpoint})")
    complain(wrong)


def guards_answer() -> Any:
    """What the guard says to the request under way: None where it lets it through."""
    try:
        return guard()
    except Forbidden as error:
        return frozenset({error.code})


@pytest.mark.parametrize("role", roles(*OWN_CONDITION))
def test_each_role_reads_what_the_table_grants_and_nothing_else(request, put_back, made, routes, bare, role):
    """On SQLite every page of every role; on PostgreSQL every page of one role, and one page of every mark for each.

    No page reads a row of another college: what it asked of the database is asked again where a second college has a
    twin of every row (tests/tenancy.py).
    """
    app, wrong = put_back(), []
    browsers = Browsers(app, careful=True)
    person = made.people[role]
    pages = [route for route in routes if route.method == "GET"]
    asked = in_turn(pages, refused_roles)
    on_sqlite = request.config.getoption("--database") == "sqlite"
    if on_sqlite:
        asked |= {(route, role) for route in pages if granted(route, role)}
    else:
        asked |= first_takers(pages)
        asked |= {(marked[0], role) for marked in by_mark(pages) if granted(marked[0], role)}
    with hearing(app) if on_sqlite else nullcontext() as heard:
        for route in pages:
            if (route, role) not in asked:
                continue
            response = visit(browsers.of(person), route)
            expected = expected_of_insider(route, role)
            to_the_door = (response.location or "").startswith("/sign-in") and route.mark != "public"
            if response.status_code not in expected or to_the_door:
                wrong.append(
                    f"{role} {route.address} ({route.endpoint}): {response.status_code}, not {sorted(expected)}"
                )
    complain(wrong)
    if on_sqlite:
        complain([one for one in reaching_across(heard, database_of(app)) if SHARED_REGISTER not in one])


def database_of(app: Flask) -> str:
    with app.app_context():
        return str(db.engine.url.database)


@pytest.mark.parametrize("role", EVERYBODY)
@pytest.mark.once
def test_a_refusal_is_a_sound_page_for_each_role(put_back, made, routes, role):
    app = put_back()
    person = made.people[role]
    refused = next(route for route in routes if route.method == "GET" and not granted(route, role))
    assert visit(Browsers(app, careful=True).of(person), refused).status_code == 403
    assert Browsers(app, careful=True).of(person).get("/programs/999999").status_code in UNSEEN


@pytest.mark.parametrize("role", roles(Role.STAFF))
def test_a_stranger_of_the_same_role_sees_no_row_and_reads_no_secret(put_back, made, routes, bare, role):
    app, wrong = put_back(), []
    browsers = Browsers(app)
    person = made.strangers[role]
    pages = [route for route in routes if route.method == "GET"]
    refused = in_turn(pages, refused_roles)
    for route in pages:
        if not granted(route, role) and (route, role) not in refused:
            continue
        response = visit(browsers.of(person), route)
        expected = FINE if granted(route, role) else FORBIDDEN
        if granted(route, role) and route.has_row and route.endpoint not in SHARED:
            expected = frozenset({404})
        if response.status_code not in expected:
            wrong.append(
                f"{role} {route.address} ({route.endpoint}): {response.status_code}, not {sorted(expected)}"
            )
        page = response.get_data(as_text=True) if response.mimetype == "text/html" else ""
        wrong += [
            f"{role} reads {text} at {route.address}"
            for text in (SECRET_PROGRAM, SECRET_TRAINEE)
            if text in page
        ]
    complain(wrong)


@pytest.mark.parametrize("role", roles(Role.STAFF))
def test_nobody_changes_anything_without_the_permission_or_from_outside(put_back, made, routes, bare, role):
    app, wrong = put_back(), []
    browsers = Browsers(app)
    writes = [route for route in routes if route.method != "GET" and route.mark != "public"]
    without = in_turn(writes, refused_roles)
    outside = {
        (route, role)
        for route in writes
        if granted(route, role) and route.has_row and route.endpoint not in SHARED
    }
    for person, asked, expected in (
        (made.people[role], without, FORBIDDEN),
        (made.strangers[role], outside, UNSEEN),
    ):
        for route in writes:
            if (route, role) in asked and (
                status := visit(browsers.of(person), route).status_code
            ) not in expected:
                wrong.append(f"{person.name} {route.method} {route.address} ({route.endpoint}): {status}")
    complain(wrong)


# What takes a row away, so that the forms after it would find nothing.
TAKES_AWAY = re.compile(
    r"\.(delete|remove|discard|withdraw|end|close|cancel|sign_out|retire|drop|revoke|undo|take)"
)


@pytest.mark.parametrize("role", roles(*OWN_CONDITION))
def test_an_empty_form_never_breaks_anything(request, put_back, made, routes, bare, role):
    """Whoever may send a form gets an answer that was meant: it is taken or refused, never a fault.

    Staff, who may most, send all of theirs; each form is sent by one of the others in turn as well, on PostgreSQL
    where staff may not.
    """
    app, wrong, taken = put_back(), [], 0
    browsers = Browsers(app)
    # Making a database again from a template costs PostgreSQL much more than a file costs SQLite: there, what takes
    # rows away comes last, and the world is put back now and then.
    at_once = request.config.getoption("--database") == "sqlite"
    forms = [route for route in routes if route.method != "GET"]
    if not at_once:
        forms.sort(key=lambda route: bool(TAKES_AWAY.search(route.endpoint)))
    asked = first_takers(forms)
    if at_once:
        asked |= in_turn(forms, lambda route: [one for one in granted_roles(route) if one is not Role.STAFF])
    for route in forms:
        if (route, role) not in asked:
            continue
        status = visit(browsers.of(made.people[role]), route).status_code
        if status >= 500:
            wrong.append(f"{role} {route.method} {route.address} ({route.endpoint}): {status}")
        if status < 400:
            taken += 1
            if at_once or taken % (4 if TAKES_AWAY.search(route.endpoint) else 25) == 0:
                browsers = Browsers(put_back())
    complain(wrong)


def _noting(name: str) -> Any:
    """A method of the arguments that looks for all of them."""

    def look(self, *args, **kwargs):
        self.looked_for.add("*")
        return getattr(ImmutableMultiDict, name)(self, *args, **kwargs)

    return look


class NotedArguments(ImmutableMultiDict):
    """Query arguments (or fields) that note whether anybody looks for one."""

    looked_for: set[str] = set()  # by whatever a request asks of its arguments

    def __getitem__(self, name):
        self.looked_for.add(name)
        return super().__getitem__(name)

    def getlist(self, name, *args, **kwargs):
        self.looked_for.add(name)
        return super().getlist(name, *args, **kwargs)

    def __contains__(self, name):
        self.looked_for.add(name)
        return super().__contains__(name)

    items, lists, to_dict = _noting("items"), _noting("lists"), _noting("to_dict")
    keys, __iter__, __len__ = _noting("keys"), _noting("__iter__"), _noting("__len__")


NONSENSE = ("²", "-1", "9" * 20)
# Whose pages are asked for by nonsense: a page that the first may open is not asked for by the next.
NONSENSE_READERS = (Role.STAFF, Role.ENTERPRISE_MENTOR, Role.TRAINEE)


@pytest.mark.parametrize(
    "role",
    [role if role is Role.STAFF else pytest.param(role, marks=pytest.mark.once) for role in NONSENSE_READERS],
)
def test_nonsense_in_an_address_never_breaks_anything(monkeypatch, put_back, made, routes, bare, role):
    """What no row is called is not there; what no filter can be is left out or not there."""
    app, wrong = put_back(), []
    noting = type("NotingRequest", (app.request_class,), {"parameter_storage_class": NotedArguments})
    monkeypatch.setattr(app, "request_class", noting)
    browser = Browsers(app).of(made.people[role])
    for route in routes:
        first = next((one for one in NONSENSE_READERS if granted(route, one)), None)
        if route.method != "GET" or role is not first:
            continue
        for address, allowed in nonsensical(route):
            response = browser.get(address)
            response.close()
            status = response.status_code
            if status not in allowed | {OTHERWISE.get((route.endpoint, role))}:
                wrong.append(f"{role} {address} ({route.endpoint}): {status}")
    complain(wrong)


def nonsensical(route: Route) -> Iterator[tuple[str, frozenset[int]]]:
    """Yield addresses with each kind of nonsense in them, and what may be answered.

    A page that looks for no argument is the same for every kind: it is asked for once.
    """
    NotedArguments.looked_for.clear()
    for nonsense in NONSENSE:
        query = urlencode(dict.fromkeys(names_in_queries(), nonsense))
        if nonsense == NONSENSE[0] or NotedArguments.looked_for:
            yield f"{route.address.partition('?')[0]}?{query}", FINE | {404, 409, 422}
        elsewhere = re.sub(r"/\d+", f"/{nonsense}", route.address)
        if elsewhere != route.address:
            yield elsewhere, frozenset({404, 405})


@cache
def names_in_queries() -> list[str]:
    """Return every name that a view anywhere looks for in an address."""
    views = "".join(path.read_text(encoding="utf-8") for path in (ROOT / "trainmgr").rglob("*.py"))
    of_flask = {"endpoint", "_scheme", "_external", "program_id"}
    return sorted(of_flask | set(re.findall(r"(?:args|given)\.get(?:list)?\(\s*\"([a-z_]+)\"", views)))


@pytest.mark.once
def test_nobody_in_particular_is_shown_the_door(put_back, routes, bare):
    app, wrong = put_back(), []
    for route in routes:
        response = visit(app.test_client(), route)
        if route.mark == "public":
            if response.status_code >= 500 or response.status_code == 403:
                wrong.append(f"{route.method} {route.address}: {response.status_code}")
        elif route.method == "GET":
            if response.status_code != 302 or not response.location.startswith("/sign-in?"):
                wrong.append(f"GET {route.address}: {response.status_code} {response.location}")
        elif response.status_code != 403:
            wrong.append(f"{route.method} {route.address}: {response.status_code}")
    complain(wrong)


def test_every_permission_belongs_to_somebody_and_every_role_has_some():
    granted = frozenset().union(*GRANTS.values())
    assert set(Permission) == granted
    assert set(GRANTS) == set(Role)


def test_exceptions_name_pages_that_exist(app):
    named = {endpoint for endpoint, *_ in REFUSED} | SHARED | set(QUERIES)
    assert named <= set(app.view_functions)


# --- the guard itself, broken on purpose --------------------------------------------------------


@pytest.fixture
def scratch(make_database, tmp_path):
    """An application of its own, to be spoiled."""
    from trainmgr import create_app

    return create_app(
        {
            "TESTING": True,
            "SECRET_KEY": "only for tests",
            "SQLALCHEMY_DATABASE_URI": make_database().url,
            "INSTANCE_PATH": str(tmp_path),
            "WTF_CSRF_ENABLED": False,
            "HUEY_IMMEDIATE": True,
        }
    )


def test_a_view_without_a_mark_is_found_and_refused(scratch, caplog):
    scratch.add_url_rule("/forgotten", "forgotten", lambda: "secret")

    with pytest.raises(AssertionError, match="forgotten has no access mark"):
        list(routes_of(scratch, _nothing()))
    response = scratch.test_client().get("/forgotten")

    assert response.status_code == 500
    assert "secret" not in response.get_data(as_text=True)


def test_a_variable_that_nobody_fills_is_found(scratch):
    scratch.add_url_rule(
        "/new/<int:brand_new_id>", "brand_new", requires(Permission.ACCOUNT_USE)(lambda brand_new_id: "")
    )

    with pytest.raises(LookupError, match="brand_new_id"):
        list(routes_of(scratch, _nothing()))


def _nothing() -> Populated:
    class Anything(dict):
        def __missing__(self, key: Any) -> Any:
            return type("Row", (), {"id": 1, "number": 1, "code": "code"})()

    return Populated(people=Anything(), strangers=Anything(), rows=Anything())
