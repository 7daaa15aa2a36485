"""The frame around every page: the rail by role, the number due, who one is."""

from __future__ import annotations

from datetime import timedelta

import pytest
from flask import render_template_string
from flask_login import login_user

from tests.factories import TODAY, keep
from trainmgr.inbox.shell import reader_shell
from trainmgr.kernel.access import Role
from trainmgr.programs.models import Due
from trainmgr.programs.rules import State


@pytest.fixture(autouse=True)
def _on_that_day(app):
    from tests.factories import NOW

    app.config["CLOCK"] = lambda: NOW


def shell_of(app, user, path="/"):
    """Return the shell as a page of this reader would find it, fully read."""
    from trainmgr.identity.sessions import load_user
    from trainmgr.kernel.db import db

    with app.test_request_context(path):
        person = load_user(user)
        login_user(person)
        shell = reader_shell()
        found = shell.role_kind, shell.due_count, shell.area, shell.where
        db.session.rollback()
        assert shell.where is not None
        return found


def token_of(world, user):
    client = world.signed_in(user)
    with client.session_transaction() as session:
        return session["_user_id"]


@pytest.mark.parametrize(
    ("role", "kind"),
    [
        (Role.STAFF, "staff"),
        (Role.ADMINISTRATOR, "staff"),
        (Role.DEPARTMENT_STAFF, "staff"),
        (Role.ENTERPRISE_COORDINATOR, "staff"),
        (Role.ENTERPRISE_MENTOR, "mentor"),
        (Role.SCHOOL_TEACHER, "mentor"),
        (Role.TRAINEE, "trainee"),
        (Role.COLLEGE_COUNSELLOR, "other"),
        (Role.ENTERPRISE_COUNSELLOR, "other"),
        (Role.OUTSIDE_ASSESSOR, "other"),
        (None, "other"),
    ],
)
def test_each_role_has_its_rail(app, world, role, kind):
    assert shell_of(app, token_of(world, world.user(role)))[0] == kind


def test_the_count_holds_what_is_due_by_name_and_by_role_and_nothing_else(app, world):
    staff = world.user(Role.STAFF)
    other = world.user(Role.STAFF, world.organization())
    running, cancelled = world.program(State.RUNNING), world.program(State.CANCELLED)

    def due(key, program=running, **values):
        values = {"visible_from": TODAY, "code": "c"} | values
        with app.app_context():
            keep(Due(key=key, program_id=program.id, **values))

    due("mine", user_id=staff.id)
    due("by role", organization_id=world.college.id, role=Role.STAFF)
    due("of another", user_id=other.id)
    due("of another role", organization_id=world.college.id, role=Role.ADMINISTRATOR)
    due("tomorrow", user_id=staff.id, visible_from=TODAY + timedelta(days=1))
    due("cancelled", program=cancelled, user_id=staff.id)
    due("suspended", user_id=staff.id, paused=True)

    assert shell_of(app, token_of(world, staff))[1] == 2


def test_department_staff_are_asked_only_for_programmes_of_their_department(app, world):
    own, other = world.department(), world.department()
    person = world.user(Role.DEPARTMENT_STAFF, department=own)
    for department in (own, other):
        program = world.program(State.RUNNING, department_id=department.id)
        with app.app_context():
            keep(
                Due(
                    key=f"d{department.id}",
                    program_id=program.id,
                    code="c",
                    organization_id=world.college.id,
                    role=Role.DEPARTMENT_STAFF,
                    visible_from=TODAY,
                )
            )

    assert shell_of(app, token_of(world, person))[1] == 1


def test_nothing_is_asked_of_the_database_until_a_page_shows_it(app, world, count_statements):
    token = token_of(world, world.user(Role.STAFF))
    from trainmgr.identity.sessions import load_user

    with app.test_request_context("/"):
        login_user(load_user(token))
        with count_statements() as statements:
            render_template_string("a page without a frame")
        assert statements == []
        with count_statements() as statements:
            render_template_string(
                "{{ shell.due_count }}{{ shell.due_count }}{{ shell.where }}{{ shell.role_kind }}"
            )
        assert len(statements) == 1


def test_a_reader_is_named_with_organisation_and_role(app, world):
    person = world.user(Role.ENTERPRISE_MENTOR, name="周建国")
    assert shell_of(app, token_of(world, person))[3].startswith("周建国 · 测试企业 ")
