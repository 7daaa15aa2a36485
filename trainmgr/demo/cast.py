"""Who is in the demo: organisations and people, read from cast.toml."""

from __future__ import annotations

import math
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import selectinload

from trainmgr.demo import PASSWORD
from trainmgr.demo.days import Days
from trainmgr.demo.people import Person, people
from trainmgr.enrolment.writer import phone_values
from trainmgr.identity.first_passwords import new_mark
from trainmgr.identity.models import Membership, Organization, OrganizationKind, User
from trainmgr.identity.passwords import hash_password
from trainmgr.kernel.access import Role
from trainmgr.kernel.crypto import blind_index
from trainmgr.kernel.db import db

FOLDER = Path(__file__).resolve().parent
BORN = date(1968, 1, 1), date(1994, 12, 31)


def read(name: str) -> dict[str, Any]:
    """Return one of the demo's data files."""
    return tomllib.loads((FOLDER / f"{name}.toml").read_text(encoding="utf-8"))


@dataclass
class Cast:
    """Organisations and people by their keys; the people come with what they are in their organisations."""

    homes: dict[str, Organization] = field(default_factory=dict)
    people: dict[str, User] = field(default_factory=dict)
    many: dict[str, list[User]] = field(default_factory=dict)

    def home(self, key: str) -> Organization:
        """Return an organisation."""
        return self.homes[key]

    def __getitem__(self, key: str) -> User:
        return self.people[key]


def assemble(days: Days, trainees: int) -> Cast:
    """Enter the organisations and everybody who is there before the first trainee; `trainees` are 庆铃's."""
    data, cast = read("cast"), Cast()
    opened = days.at(date(2020, 9, 1))
    _make_homes(cast, data["organization"], opened)
    strangers = people("the demo's cast", born_from=BORN[0], born_to=BORN[1])
    named = [(entry["key"], entry) for entry in data["person"]]
    crowd = [pair for entry in data["many"] for pair in _several(entry, trainees)]
    made = [(key, entry, _account(entry, next(strangers), opened)) for key, entry in (*named, *crowd)]
    db.session.add_all(user for _key, _entry, user in made)
    db.session.flush()
    db.session.add_all(_membership(cast, entry, user, opened) for _key, entry, user in made)
    db.session.flush()
    for key, entry, user in made:
        if "index" in entry:
            cast.many.setdefault(key, []).append(user)
        else:
            cast.people[key] = user
    _load_posts(cast)
    return cast


def _make_homes(cast: Cast, entries: dict[str, dict[str, Any]], opened: Any) -> None:
    for key, entry in entries.items():
        parent, registrar = entry.get("parent"), entry.get("registered_by")
        home = Organization(
            kind=OrganizationKind(entry["kind"]),
            name=entry["name"],
            name_en=entry["name_en"],
            short_name=entry.get("short", ""),
            parent_id=cast.home(parent).id if parent else None,
            registered_by_id=cast.home(registrar).id if registrar else None,
            created_at=opened,
        )
        db.session.add(home)
        db.session.flush()
        cast.homes[key] = home


def _several(entry: dict[str, Any], trainees: int) -> Iterator[tuple[str, dict[str, Any]]]:
    count = entry.get("count") or math.ceil(trainees / entry["per"])
    for index in range(1, count + 1):
        yield entry["key"], entry | {"index": index, "number": entry["number"].format(index)}


def _account(entry: dict[str, Any], stranger: Person, opened: Any) -> User:
    known = entry.get("username")
    return User(
        username=known or f"{entry['at'].partition('_')[0]}-{entry.get('number', entry['key'])}".lower(),
        name=entry.get("name", stranger.name),
        password_hash=hash_password(PASSWORD) if known else new_mark(),
        must_change_password=not known,
        created_at=opened,
        **phone_values(stranger.phone, blind_index(stranger.phone)),
    )


def _membership(cast: Cast, entry: dict[str, Any], user: User, opened: Any) -> Membership:
    department = entry.get("department")
    return Membership(
        user_id=user.id,
        organization_id=cast.home(entry["at"]).id,
        department_id=cast.home(department).id if department else None,
        role=Role(entry["role"]),
        number=entry.get("number", ""),
        created_at=opened,
    )


def _load_posts(cast: Cast) -> None:
    """Load what everybody is, as actions ask for it."""
    everybody = [*cast.people.values(), *(user for users in cast.many.values() for user in users)]
    for start in range(0, len(everybody), 500):
        ids = [user.id for user in everybody[start : start + 500]]
        db.session.scalars(
            sa.select(User)
            .where(User.id.in_(ids))
            .options(selectinload(User.memberships))
            .execution_options(populate_existing=True)
        ).all()
    for user in everybody:
        user.posts  # noqa: B018  kept from now on
