"""The writes: where each is, what it needs, what it takes and gives; views and document are made from this table."""

from __future__ import annotations

from trainmgr.api.deeds import Write
from trainmgr.api.writes import (
    assignments,
    attendance,
    certificates,
    enrolments,
    logs,
    needs,
    people,
    programs,
    ratings,
)

_PARTS = (programs, needs, people, enrolments, assignments, logs, attendance, ratings, certificates)
WRITES: dict[str, Write] = {name: one for part in _PARTS for name, one in part.WRITES.items()}
