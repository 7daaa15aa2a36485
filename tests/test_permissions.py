"""Every address, visited by everybody: by each role of the organisations that belong together in a programme, by the
same roles of other organisations, and by nobody in particular. What they may do is what access.GRANTS says.

An address with a new kind of variable needs a line in tests/populated.py; a page that answers otherwise than the
table alone would say stands in OTHERWISE or SHARED with its reason.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from flask import Flask, url_for

from tests.factories import NOW, World
from tests.populated import SECRET_PROGRAM, SECRET_TRAINEE, Populated, populate
from trainmgr.kernel.access import GRANTS, Permission, Role, mark_of, permissions_of, requires

FINE = frozenset({200, 204, 301, 302, 303, 304})
FORBIDDEN = frozenset({403})
UNSEEN = frozenset({403, 404})

# Addresses with a row that everybody with the permission may see, whoever entered it.
SHARED: dict[str, str] = {}

# (endpoint, role) → statuses that insiders get instead of a page, with the reason beside each line.
OTHERWISE: dict[tuple[str, Role | None], frozenset[int]] = {
    ("imports.download_faults", None): frozenset({409}),  # the upload of this import is not kept any more
}


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
        for method in sorted((rule.methods or set()) - {"HEAD", "OPTIONS"}):
            yield Route(rule.endpoint, method, mark, address, bool(values))


@pytest.fixture(scope="module")
def made(bench: Any, database_url: str) -> Populated:
    """The populated world, built once and put back before every test."""
    bench.prepare("empty")
    bench.app.config["CLOCK"] = lambda: NOW
    found = populate(World(bench.app))
    bench.engine.dispose()
    bench.database.keep("populated")
    bench.kept.add("populated")
    return found


@pytest.fixture
def put_back(bench: Any, made: Populated) -> Any:
    """Put the world back to how it was made; returns the application."""

    def again() -> Flask:
        bench.prepare("populated")
        bench.app.config["CLOCK"] = lambda: NOW
        return bench.app

    again()
    return again


def visit(client: Any, route: Route) -> Any:
    """Send the request, with an empty body where there is one."""
    return client.open(route.address, method=route.method, data={} if route.method != "GET" else None)


def expected_of_insider(route: Route, role: Role) -> frozenset[int]:
    """Return the statuses that the table of grants leaves for somebody who belongs to the programme."""
    if route.mark != "public" and route.mark not in permissions_of([role]):
        return FORBIDDEN
    for key in ((route.endpoint, role), (route.endpoint, None)):
        if key in OTHERWISE:
            return OTHERWISE[key]
    return FINE


def complain(wrong: list[str]) -> None:
    assert not wrong, "\n" + "\n".join(wrong)


@pytest.mark.parametrize("role", list(Role))
def test_each_role_reads_what_the_table_grants_and_nothing_else(put_back, made, role):
    app, wrong = put_back(), []
    person = made.people[role]
    for route in routes_of(app, made):
        if route.method != "GET":
            continue
        response = visit(World(app).signed_in(person), route)
        expected = expected_of_insider(route, role)
        to_the_door = (response.location or "").startswith("/sign-in") and route.mark != "public"
        if response.status_code not in expected or to_the_door:
            wrong.append(
                f"{role} {route.address} ({route.endpoint}): {response.status_code}, not {sorted(expected)}"
            )
    complain(wrong)


@pytest.mark.parametrize("role", list(Role))
def test_a_stranger_of_the_same_role_sees_no_row_and_reads_no_secret(put_back, made, role):
    app, wrong = put_back(), []
    person = made.strangers[role]
    for route in routes_of(app, made):
        if route.method != "GET":
            continue
        response = visit(World(app).signed_in(person), route)
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


@pytest.mark.parametrize("role", list(Role))
def test_nobody_changes_anything_without_the_permission_or_from_outside(put_back, made, role):
    app, wrong = put_back(), []
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
            status = visit(World(app).signed_in(person), route).status_code
            expected = UNSEEN if granted else FORBIDDEN
            if status not in expected:
                wrong.append(f"{person.name} {route.method} {route.address} ({route.endpoint}): {status}")
    complain(wrong)


@pytest.mark.parametrize("role", list(Role))
def test_an_empty_form_never_breaks_anything(put_back, made, role):
    """Whoever may send a form gets an answer that was meant: it is taken or refused, never a fault."""
    app, wrong = put_back(), []
    for route in routes_of(app, made):
        if route.method == "GET" or (route.mark != "public" and route.mark not in permissions_of([role])):
            continue
        status = visit(World(app).signed_in(made.people[role]), route).status_code
        if status >= 500:
            wrong.append(f"{role} {route.method} {route.address} ({route.endpoint}): {status}")
        if status < 400:
            app = put_back()
    complain(wrong)


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
    assert {endpoint for endpoint, _ in OTHERWISE} | set(SHARED) <= set(app.view_functions)


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
