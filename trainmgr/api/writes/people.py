"""People: an account opened with its first role, its names changed, what somebody is in an organisation corrected."""

from __future__ import annotations

from typing import Any

from flask import abort
from marshmallow import fields, validate

from trainmgr.api.deeds import Deed, Done, Write, fault, require_among
from trainmgr.api.fields import Base, Line, Ref, choice, described
from trainmgr.api.people import person_version
from trainmgr.api.rules import Area
from trainmgr.identity import managing, queries
from trainmgr.identity.models import Membership, User
from trainmgr.identity.roles import ROLES_IN
from trainmgr.identity.rules import USERNAME
from trainmgr.kernel.access import Permission, Role
from trainmgr.kernel.crypto import IdFault, check_phone
from trainmgr.kernel.db import db
from trainmgr.kernel.msgids import N_

P = Permission


def _username(**options: Any) -> fields.String:
    plain = N_("Small letters, digits, dots and dashes, at least 3, beginning with a letter or digit.")
    one = validate.Regexp(f"^{USERNAME.pattern}$", error=plain)  # whose end lets a line's end pass
    return fields.String(validate=[one, validate.ContainsNoneOf("\n", error=plain)], **options)


class PersonFactsSchema(Base):
    """What a partial update of a person may change; an empty phone takes it away."""

    name = Line(80, least=1)
    username = _username()
    phone = Line(30, metadata=described("A mobile number; shown masked."))


class NewPersonSchema(Base):
    """An account with its first role. Its first password is given out on the person's page, never here."""

    name = Line(80, least=1, required=True)
    username = _username(required=True)
    phone = Line(30)
    organization_id = Ref(required=True)
    role = choice(Role, required=True)
    department_id = Ref(allow_none=True)
    number = Line(40, metadata=described("Staff or student number."))
    title = Line(60)


class PostFactsSchema(Base):
    """What a partial update of a post may change: number, title and department; the role and its place stay."""

    department_id = Ref(allow_none=True)
    number = Line(40)
    title = Line(60)


def create(deed: Deed) -> Done:
    """Open an account with one role."""
    data = deed.data
    person = managing.create_person(
        name=data["name"], username=data["username"], phone=_phone(data.get("phone", "")), place=_place(deed),
        by=deed.by, now=deed.now,
    )  # fmt: skip
    return Done(person.id, made=True)


def _phone(text: str) -> str:
    try:
        return check_phone(text) if text else ""
    except IdFault as error:
        raise fault("phone", error) from None


def _place(deed: Deed) -> managing.Place:
    """Return the role that a new person is to have, of what the administrator's form would offer."""
    data = deed.data
    offered = {one.id: one for one in queries.organizations_to_staff(deed.by)}
    require_among(
        "organization_id",
        data["organization_id"],
        [key for key, one in offered.items() if ROLES_IN[one.kind]],
    )
    require_among("department_id", data.get("department_id"), offered)
    place = managing.Place(
        offered[data["organization_id"]], Role(data["role"]), offered.get(data.get("department_id") or 0),
        data.get("number", ""), data.get("title", ""),
    )  # fmt: skip
    if wrong := place.fault():
        raise fault("role", wrong)
    return place


def _managed(deed: Deed) -> tuple[User, list[Membership]]:
    """Load a person whom the asker administers; whoever only sees the person is refused."""
    person = queries.person_or_404(deed.ids["row_id"], deed.by)
    memberships = list(queries.memberships_of(person))
    if not queries.manages_person(deed.by, memberships):
        abort(403)
    return person, memberships


def change(deed: Deed) -> Done:
    """Change a person's name, user name or phone."""
    person, _memberships = _managed(deed)
    deed.require_present(person_version(person.id))
    managing.edit_person(
        person, name=deed.data.get("name", person.name), username=deed.data.get("username", person.username),
        phone=_phone(deed.data["phone"]) if "phone" in deed.data else None, by=deed.by, now=deed.now,
    )  # fmt: skip
    db.session.flush()
    return Done(person.id)


def change_post(deed: Deed) -> Done:
    """Change number, title or department of what somebody is in an organisation that the asker administers."""
    person = queries.person_or_404(deed.row_id, deed.by)
    post = next((one for one in queries.memberships_of(person) if one.id == deed.ids["post_id"]), None)
    if post is None or post.ended_on is not None:
        return abort(404)
    if not queries.manages(deed.by, post.organization):
        abort(403)
    deed.require_present(person_version(person.id))
    departments = {one.id: one for one in queries.departments_of(post.organization)}
    wanted = deed.data.get("department_id", post.department_id)
    require_among("department_id", wanted, departments)
    place = managing.Place(
        post.organization, post.role, departments.get(wanted or 0), deed.data.get("number", post.number),
        deed.data.get("title", post.title),
    )  # fmt: skip
    managing.edit_membership(post, person, place, by=deed.by, now=deed.now)
    db.session.flush()
    return Done(person.id)


WRITES = {
    "create_person": Write(
        "POST", "/people", Area.PEOPLE, P.PEOPLE_MANAGE, NewPersonSchema, "people",
        N_("Open an account with its first role"), create, made=True,
    ),
    "change_person": Write(
        "PATCH", "/people/<int:row_id>", Area.PEOPLE, P.PEOPLE_MANAGE, PersonFactsSchema, "people",
        N_("Change a person's name, user name or phone"), change, needs_etag=True,
    ),
    "change_post": Write(
        "PATCH", "/people/<int:row_id>/posts/<int:post_id>", Area.PEOPLE, P.PEOPLE_MANAGE, PostFactsSchema, "people",
        N_("Change number, title or department of a person's post"), change_post, needs_etag=True,
    ),
}  # fmt: skip
