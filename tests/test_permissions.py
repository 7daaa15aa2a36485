"""Every address, visited by everybody: by each role of the organisations that belong together in a programme, by the
same roles of other organisations, and by nobody in particular. What they may do is what access.GRANTS says.

An address with a new kind of variable needs a line in tests/populated.py; a page that answers otherwise than the
table alone would say stands in OTHERWISE or SHARED with its reason.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

import pytest
from flask import Flask, url_for

from tests.factories import World
from tests.populated import SECRET_PROGRAM, SECRET_TRAINEE, Populated
from trainmgr import ROOT
from trainmgr.identity.models import User
from trainmgr.kernel.access import GRANTS, Permission, Role, mark_of, permissions_of, requires

FINE = frozenset({200, 204, 301, 302, 303, 304})
FORBIDDEN = frozenset({403})
UNSEEN = frozenset({403, 404})

EVERYBODY = tuple(Role)
# A refusal asks the database for the person, and at most for one row: staff do so on PostgreSQL, the others once.
STAFF_EVERYWHERE = [
    role if role is Role.STAFF else pytest.param(role, marks=pytest.mark.once) for role in EVERYBODY
]
ENTERPRISE = (Role.ENTERPRISE_COORDINATOR, Role.ENTERPRISE_MENTOR, Role.ENTERPRISE_COUNSELLOR)
MENTORS = (Role.SCHOOL_TEACHER, Role.ENTERPRISE_MENTOR)
READERS = (Role.COLLEGE_COUNSELLOR, Role.ENTERPRISE_COUNSELLOR, Role.OUTSIDE_ASSESSOR)

# Addresses with a row that everybody with the permission may see, whoever entered it.
SHARED: frozenset[str] = frozenset(
    {
        "placements.edit_rule",
        "placements.set_rule",
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
    ("people.show_person", 404, (Role.ENTERPRISE_COORDINATOR,), "the person works for the college"),
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
    ("evaluation.show_rating", 404, MENTORS, "the trainee's own rating"),
    ("evaluation.edit_correction", 404, MENTORS, "the trainee's own rating"),
    ("evaluation.show_rating_form", 403, MENTORS, "the trainee's own form"),
    ("evaluation.list_outstanding", 403, (Role.OUTSIDE_ASSESSOR,), "names of raters are for the parties"),
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
        if rule.endpoint == "static":
            continue
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


class Browsers:
    """A fresh browser for each visit, signed in under one session a person."""

    def __init__(self, app: Flask) -> None:
        self.app = app
        self.cookies: dict[int, tuple[str, str]] = {}

    def of(self, person: User) -> Any:
        if person.id not in self.cookies:
            (cookie,) = World(self.app).signed_in(person)._cookies.values()
            self.cookies[person.id] = cookie.key, cookie.value
        client = self.app.test_client()
        client.set_cookie(*self.cookies[person.id])
        return client


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


@pytest.mark.parametrize("role", list(Role))
def test_each_role_reads_what_the_table_grants_and_nothing_else(put_back, made, role):
    app, wrong = put_back(), []
    browsers = Browsers(app)
    person = made.people[role]
    for route in routes_of(app, made):
        if route.method != "GET":
            continue
        response = visit(browsers.of(person), route)
        expected = expected_of_insider(route, role)
        to_the_door = (response.location or "").startswith("/sign-in") and route.mark != "public"
        if response.status_code not in expected or to_the_door:
            wrong.append(
                f"{role} {route.address} ({route.endpoint}): {response.status_code}, not {sorted(expected)}"
            )
    complain(wrong)


@pytest.mark.parametrize("role", STAFF_EVERYWHERE)
def test_a_stranger_of_the_same_role_sees_no_row_and_reads_no_secret(put_back, made, role):
    app, wrong = put_back(), []
    browsers = Browsers(app)
    person = made.strangers[role]
    for route in routes_of(app, made):
        if route.method != "GET":
            continue
        response = visit(browsers.of(person), route)
        granted = route.mark == "public" or route.mark in permissions_of([role])
        expected = FINE if granted else FORBIDDEN
        if granted and route.has_row and route.endpoint not in SHARED:
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


@pytest.mark.parametrize("role", STAFF_EVERYWHERE)
def test_nobody_changes_anything_without_the_permission_or_from_outside(put_back, made, role):
    app, wrong = put_back(), []
    browsers = Browsers(app)
    for route in routes_of(app, made):
        if route.method == "GET" or route.mark == "public":
            continue
        granted = route.mark in permissions_of([role])
        for person, refused in (
            (made.people[role], not granted),
            (made.strangers[role], not granted or route.has_row),
        ):
            if not refused or (route.endpoint in SHARED and granted):
                continue
            status = visit(browsers.of(person), route).status_code
            expected = UNSEEN if granted else FORBIDDEN
            if status not in expected:
                wrong.append(f"{person.name} {route.method} {route.address} ({route.endpoint}): {status}")
    complain(wrong)


@pytest.mark.parametrize("role", list(Role))
def test_an_empty_form_never_breaks_anything(put_back, made, role):
    """Whoever may send a form gets an answer that was meant: it is taken or refused, never a fault."""
    app, wrong = put_back(), []
    browsers = Browsers(app)
    for route in routes_of(app, made):
        if route.method == "GET" or (route.mark != "public" and route.mark not in permissions_of([role])):
            continue
        status = visit(browsers.of(made.people[role]), route).status_code
        if status >= 500:
            wrong.append(f"{role} {route.method} {route.address} ({route.endpoint}): {status}")
        if status < 400:
            browsers = Browsers(put_back())
    complain(wrong)


@pytest.mark.parametrize("nonsense", ["²", "-1", "9" * 20])
@pytest.mark.parametrize(
    "role",
    [
        Role.STAFF,
        *(pytest.param(role, marks=pytest.mark.once) for role in (Role.ENTERPRISE_MENTOR, Role.TRAINEE)),
    ],
)
def test_nonsense_in_an_address_never_breaks_anything(put_back, made, role, nonsense):
    """What no row is called is not there; what no filter can be is left out or not there."""
    app, wrong = put_back(), []
    browser = Browsers(app).of(made.people[role])
    query = urlencode(dict.fromkeys(names_in_queries(), nonsense))
    for route in routes_of(app, made):
        if route.method != "GET" or (route.mark != "public" and route.mark not in permissions_of([role])):
            continue
        elsewhere = re.sub(r"/\d+", f"/{nonsense}", route.address)
        tries = {f"{route.address.partition('?')[0]}?{query}": FINE | {404, 409, 422}}
        if elsewhere != route.address:
            tries[elsewhere] = frozenset({404, 405})
        for address, allowed in tries.items():
            response = browser.get(address)
            response.close()
            status = response.status_code
            if status not in allowed | {OTHERWISE.get((route.endpoint, role))}:
                wrong.append(f"{role} {address} ({route.endpoint}): {status}")
    complain(wrong)


def names_in_queries() -> list[str]:
    """Return every name that a view anywhere looks for in an address."""
    views = "".join(path.read_text(encoding="utf-8") for path in (ROOT / "trainmgr").rglob("*.py"))
    of_flask = {"endpoint", "_scheme", "_external", "program_id"}
    return sorted(of_flask | set(re.findall(r"(?:args|given)\.get(?:list)?\(\s*\"([a-z_]+)\"", views)))


@pytest.mark.once
def test_nobody_in_particular_is_shown_the_door(put_back, made):
    app, wrong = put_back(), []
    for route in routes_of(app, made):
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
            return type("Row", (), {"id": 1, "number": 1})()

    return Populated(people=Anything(), strangers=Anything(), rows=Anything())
