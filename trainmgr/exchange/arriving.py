"""An upload of OneRoster files on its way in: kept encrypted, looked at, taken in; each a job that goes on.

The worker looks first and writes nothing; what it found is shown, and only then somebody has it taken in.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from trainmgr.exchange import keeping
from trainmgr.exchange.kinds import Thing
from trainmgr.exchange.models import SourcedPerson, SourcedThing
from trainmgr.exchange.packages import Package, Uploads, opened, pack
from trainmgr.exchange.rules import GONE, Fault, line_fault
from trainmgr.identity.models import Organization, User
from trainmgr.kernel import audit, crypto
from trainmgr.kernel.audit import require
from trainmgr.kernel.db import db
from trainmgr.kernel.files import store_bytes
from trainmgr.kernel.jobs import Job, JobState, enqueue
from trainmgr.kernel.msgids import N_

UPLOADED = audit.sentence(
    "exchange.upload", _l("%(who)s uploaded the OneRoster files “%(name)s” for %(what)s")
)
STARTED = audit.sentence(
    "exchange.take", _l("%(who)s had the OneRoster files “%(name)s” taken in for %(what)s")
)
FINISHED = audit.sentence(
    "exchange.taken",
    _l(
        "OneRoster of %(what)s taken in: %(new)s new, %(changed)s changed, %(suspended)s suspended, %(wrong)s wrong"
    ),
)
# In this order, so that what a line points to is known when it comes.
ORDER = ("academicSessions", "orgs", "roles", "users", "courses", "classes", "enrollments")
THINGS = {"orgs": Thing.ORG, "courses": Thing.COURSE, "classes": Thing.CLASS}


def keep_upload(college: Organization, uploads: Uploads, *, by: User, now: datetime) -> Job:
    """Keep an upload encrypted and have it looked at; raises FileRefused for what is no OneRoster."""
    data, name = pack(uploads)
    with opened(data):
        pass
    stored = store_bytes(
        crypto.encrypt_bytes(data), name=name, media_type="application/octet-stream", purpose=keeping.PURPOSE, by=by,
        program_id=None, now=now,
    )  # fmt: skip
    audit.record(UPLOADED, college, by=by, now=now, name=name)
    params = {"college": college.id, "file": stored.id, "name": name}
    return enqueue(
        keeping.ROSTER_LOOK,
        title=_("Looking at OneRoster files"),
        params=params,
        by=by,
        program_id=None,
        now=now,
    )


def take_in(college: Organization, looked: Job, *, by: User, now: datetime) -> Job:
    """Have an upload taken in that was looked at."""
    require(looked.state is JobState.DONE, _("The files are still being looked at."))
    require(not looked.params.get("away"), _("These files are being taken in already."))
    job = enqueue(
        keeping.ROSTER_IN, title=_("Taking in OneRoster files"), params=dict(looked.params), by=by, program_id=None,
        now=now,
    )  # fmt: skip
    looked.params = looked.params | {"away": True}
    audit.record(STARTED, college, by=by, now=now, name=str(looked.params["name"]))
    return job


@dataclass(frozen=True)
class Line:
    """A line of a file: its number there, its cells by column, and why it cannot be right by itself (or None)."""

    file: str
    number: int
    row: Mapping[str, str]
    fault: Fault | None

    @property
    def key(self) -> str:
        """The sourcedId."""
        return self.row.get("sourcedId", "")

    @property
    def is_gone(self) -> bool:
        """Whether the other system has it no more."""
        return self.row.get("status", "") in GONE


class Upload:
    """The lines of an upload, and what its files say of each other."""

    def __init__(self, package: Package, college: Organization) -> None:
        self.package, self.college = package, college
        self.files = [name for name in ORDER if name in package.files]
        self.total = 0
        self.known: dict[str, set[str]] = {}
        self.roles: dict[str, list[str]] = {}
        self.course_of: dict[str, str] = {}
        self.schools: dict[str, str] = {}
        self.departments: set[str] = set()
        self._look_through()
        self.school = self._own_school()

    def _look_through(self) -> None:
        for name in self.files:
            ids = set[str]()
            for _number, row in self.package.rows(name):
                self.total += 1
                if name == "roles":
                    if row.get("status", "") not in GONE:
                        self.roles.setdefault(row.get("userSourcedId", ""), []).append(row.get("role", ""))
                    continue
                ids.add(row.get("sourcedId", ""))
                if name == "orgs" and row.get("type") == "school":
                    self.schools[row.get("sourcedId", "")] = (
                        row.get("identifier", "") + "\n" + row.get("name", "")
                    )
                elif name == "classes":
                    self.course_of[row.get("sourcedId", "")] = row.get("courseSourcedId", "")
            self.known[name] = ids
        for name, kind in THINGS.items():
            if name in self.known:
                self.known[name] |= set(db.session.scalars(_things(self.college.id, kind)))
        if "users" in self.known:
            people = sa.select(SourcedPerson.sourced_id).where(SourcedPerson.college_id == self.college.id)
            self.known["users"] |= set(db.session.scalars(people))

    def _own_school(self) -> str:
        """Return the sourcedId that means the college itself; "" where the files do not tell."""
        known = db.session.scalar(
            sa.select(SourcedThing.sourced_id).where(
                SourcedThing.college_id == self.college.id, SourcedThing.kind == Thing.ORG,
                SourcedThing.subject_id == self.college.id,
            )
        )  # fmt: skip
        if known is not None:
            return known
        for key, words in self.schools.items():
            identifier, _line, name = words.partition("\n")
            if name == self.college.name or (identifier and identifier == self.college.code):
                return key
        return next(iter(self.schools)) if len(self.schools) == 1 else ""

    def lines(self) -> Iterator[Line]:
        """Yield every line in the order in which they are taken in."""
        for name in self.files:
            seen = set[str]()
            for number, row in self.package.rows(name):
                fault = line_fault(name, row, seen, self.known) or self._of_another_school(name, row)
                seen.add(row.get("sourcedId", ""))
                yield Line(name, number, row, fault)

    def _of_another_school(self, name: str, row: Mapping[str, str]) -> Fault | None:
        school = row.get("schoolSourcedId", "")
        if not self.school and not self.schools:
            return None
        if not self.school:
            return Fault(N_("The files name several schools, and none of them is this college."))
        if name == "orgs" and row.get("type") == "school" and row.get("sourcedId") != self.school:
            return Fault(N_("This is another school."))
        if school and school != self.school:
            return Fault(N_("It belongs to another school."))
        return None


def _things(college_id: int, kind: Thing) -> sa.Select[Any]:
    return sa.select(SourcedThing.sourced_id).where(
        SourcedThing.college_id == college_id, SourcedThing.kind == kind
    )
