"""Every write of the API by every role, from inside and from outside, with and without its scope: done, or refused."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask

from tests.api.conftest import Caller
from tests.api.deeds import ADDRESSES, BODIES, Arranged, arrange, sent, token_of
from tests.factories import World
from tests.populated import Populated
from trainmgr.api.operations import WRITES
from trainmgr.api.rules import SCOPES
from trainmgr.identity.models import Membership, Organization
from trainmgr.kernel.access import Permission, Role, permissions_of
from trainmgr.kernel.audit import AuditEvent
from trainmgr.kernel.db import db
from trainmgr.programs.rules import State

ROLES = [pytest.param(role, marks=() if role is Role.STAFF else pytest.mark.once) for role in Role]
COORDINATOR, TEACHER, MENTOR = Role.ENTERPRISE_COORDINATOR, Role.SCHOOL_TEACHER, Role.ENTERPRISE_MENTOR
RATERS = tuple(role for role in Role if Permission.RATE in permissions_of([role]))

# Who, having the permission, is still refused by the row, as on the page; each line says why.
REFUSED: dict[tuple[str, Role], tuple[int, str]] = {
    ("create_competency", COORDINATOR): (403, "the college's half of the analysis"),
    ("change_competency", COORDINATOR): (403, "the college's half of the analysis"),
    ("mark_session", MENTOR): (403, "who teaches the session notes it"),
    ("sign_log", TEACHER): (409, "it waits for the mentor"),
    ("return_log", TEACHER): (409, "it waits for the mentor"),
    **{
        (name, role): (403, "speaks for no enterprise")
        for name in ("save_rating_draft", "submit_rating")
        for role in RATERS
        if role is not MENTOR
    },
    **{("correct_rating", role): (404, "the trainee's own") for role in RATERS if role is not Role.TRAINEE},
}


@pytest.fixture
def fresh(put_back: Callable[[], Flask], made: Populated) -> Callable[[], tuple[World, Arranged]]:
    """Return how to begin again with the populated world and what the writes need besides."""

    def begin() -> tuple[World, Arranged]:
        world = World(put_back())
        return world, arrange(world, made)

    return begin


def _calls(world: World, person: Any, scopes: Any = SCOPES) -> Caller:
    return Caller(world.app, token_of(world.app, person, scopes))


def _deeds(world: World) -> int:
    with world.app.app_context():
        return db.session.query(AuditEvent).count()


@pytest.mark.once
def test_each_write_has_a_request_that_fits():
    assert set(BODIES) == set(WRITES)
    assert set(ADDRESSES) <= set(WRITES)


@pytest.mark.parametrize("role", ROLES)
def test_a_role_writes_what_the_table_grants_and_is_refused_the_rest(fresh, made, role):
    world, arranged = fresh()
    caller, wrong = _calls(world, made.people[role]), []
    for name, write in WRITES.items():
        granted = write.permission in permissions_of([role])
        if granted:  # each on the world as it was made: one deed may forbid the next
            world, arranged = fresh()
            caller = _calls(world, made.people[role])
        before = _deeds(world)
        answer = sent(caller, name, arranged.path(name), arranged.body(name))
        fine = {200, 201} if not write.made else {201}
        expected = fine if granted else {403}
        if (name, role) in REFUSED:
            expected = {REFUSED[name, role][0]}
        if answer.status_code not in expected:
            wrong.append(f"{role} {name}: {answer.status_code}, not {expected}: {answer.json}")
        if answer.status_code >= 400 and _deeds(world) != before:
            wrong.append(f"{role} {name}: was refused and left a deed")
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("role", ROLES)
def test_a_stranger_of_the_same_role_writes_nothing_of_ours(fresh, made, role):
    world, arranged = fresh()
    caller, before, wrong = _calls(world, made.strangers[role]), _deeds(world), []
    for name, write in WRITES.items():
        answer = sent(caller, name, arranged.path(name), arranged.body(name))
        granted = write.permission in permissions_of([role])
        expected = 404 if granted and "<" in write.path else 422 if granted else 403
        if answer.status_code != expected:
            wrong.append(f"{role} {name}: {answer.status_code}, not {expected}: {answer.json}")
    assert not wrong, "\n".join(wrong)
    assert _deeds(world) == before


@pytest.mark.parametrize("role", [Role.STAFF, pytest.param(COORDINATOR, marks=pytest.mark.once)])
def test_nobody_reaches_anothers_row_by_the_address_of_an_own_programme(fresh, made, role):
    """Our rows under a programme of theirs: not there, or refused at the field that names them."""
    world, arranged = fresh()
    stranger = made.strangers[role]
    with world.app.app_context():
        house = db.session.get(
            Organization, db.session.query(Membership).filter_by(user_id=stranger.id).one().organization_id
        )
        db.session.expunge_all()
    sides = {"college": house} if role is Role.STAFF else {"enterprise": house}
    theirs = world.program(State.RUNNING, created_by=made.strangers[Role.STAFF], **sides)
    caller, before, wrong = _calls(world, stranger), _deeds(world), []
    for name, write in WRITES.items():
        if "<int:program_id>" not in write.path or write.permission not in permissions_of([role]):
            continue
        answer = sent(caller, name, arranged.path(name, program_id=theirs.id), arranged.body(name))
        names_ours = "row_id" in write.path
        allowed = {404, 403} if names_ours else {422, 404, 403, 409}
        if answer.status_code not in allowed:
            wrong.append(f"{name}: {answer.status_code}: {answer.json}")
    assert not wrong, "\n".join(wrong)
    assert _deeds(world) == before


def test_without_its_scope_a_token_writes_nothing(fresh, made):
    world, arranged = fresh()
    wrong = []
    for scope in sorted({write.scope for write in WRITES.values()}):
        caller = _calls(world, made.people[Role.STAFF], [one for one in SCOPES if one != scope])
        for name, write in WRITES.items():
            if write.scope != scope:
                continue
            answer = sent(caller, name, arranged.path(name), arranged.body(name))
            if answer.status_code != 403 or scope not in answer.json["detail"]:
                wrong.append(f"{name}: {answer.status_code} {answer.json}")
    assert not wrong, "\n".join(wrong)


def test_each_write_names_the_token_in_the_trail_and_is_done_once(fresh, made):
    """By somebody who may: the deed's line in the trail says by which token; sent again it is answered again."""
    doers = {
        "submit_log": Role.TRAINEE,
        "correct_rating": Role.TRAINEE,
        "sign_log": MENTOR,
        "return_log": MENTOR,
    }
    doers |= {"save_rating_draft": MENTOR, "submit_rating": MENTOR}
    wrong = []
    for name, write in WRITES.items():
        world, arranged = fresh()
        role = doers.get(
            name, Role.ADMINISTRATOR if write.permission is Permission.PEOPLE_MANAGE else Role.STAFF
        )
        caller, before = _calls(world, made.people[role]), _deeds(world)
        path, body = arranged.path(name), arranged.body(name)
        first = sent(caller, name, path, body, **{"Idempotency-Key": "same"})
        after = _deeds(world)
        again = sent(caller, name, path, body, **{"Idempotency-Key": "same"})
        with world.app.app_context():
            deeds = db.session.query(AuditEvent).order_by(AuditEvent.id).offset(before).all()
            tokens = {deed.details.get("by_token") for deed in deeds if deed.actor_id == made.people[role].id}
        if first.status_code >= 300 or again.json != first.json or "Idempotent-Replayed" not in again.headers:
            wrong.append(f"{name}: {first.status_code} {first.json}, then {again.status_code}")
        if _deeds(world) != after:
            wrong.append(f"{name}: was done twice")
        if name not in ("save_rating_draft", "lock_pair") and (
            not deeds or None in tokens or len(tokens) != 1
        ):
            wrong.append(f"{name}: {[(deed.action, deed.details) for deed in deeds]}")
    assert not wrong, "\n".join(wrong)
