"""Under which names our records are known outside: opaque, the same for ever, different for every installation.

They are computed from a keyed fingerprint, which stays when keys are rotated and when a backup is restored elsewhere;
nobody can tell a person from one, nor guess that of another. What another system named first keeps its name.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence

import sqlalchemy as sa

from trainmgr.exchange.kinds import Thing
from trainmgr.exchange.models import SourcedPerson, SourcedThing
from trainmgr.kernel.crypto import blind_index
from trainmgr.kernel.db import among, db


def own_id(college_id: int, kind: str, key: object) -> str:
    """Return the id of one of our records as a college's files and statements name it: a UUID of version 5."""
    space = uuid.UUID(blind_index("exchange")[:32])
    return str(uuid.uuid5(space, f"{college_id}/{kind}/{key}"))


def person_ids(college_id: int, user_ids: Sequence[int]) -> dict[int, str]:
    """Return under which sourcedIds people stand in a college's files."""
    known = db.session.execute(
        sa.select(SourcedPerson.user_id, SourcedPerson.sourced_id).where(
            SourcedPerson.college_id == college_id, among(SourcedPerson.user_id, user_ids)
        )
    )
    return {key: own_id(college_id, "user", key) for key in user_ids} | {row[0]: row[1] for row in known}


def thing_ids(college_id: int, kind: Thing, ids: Sequence[int]) -> dict[int, str]:
    """Return under which sourcedIds departments, courses or classes stand in a college's files."""
    known = db.session.execute(
        sa.select(SourcedThing.subject_id, SourcedThing.sourced_id).where(
            SourcedThing.college_id == college_id,
            SourcedThing.kind == kind,
            among(SourcedThing.subject_id, ids),
        )
    )
    return {key: own_id(college_id, kind, key) for key in ids} | {row[0]: row[1] for row in known}
