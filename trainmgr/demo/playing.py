"""A case as it was lived: the programme itself, made and moved on by its feature's own actions, each on its day."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any

import sqlalchemy as sa

from trainmgr.demo.cast import Cast, read
from trainmgr.demo.days import Days
from trainmgr.enrolment.models import Enrolment
from trainmgr.identity.models import User
from trainmgr.kernel.db import db
from trainmgr.needs.models import Competency
from trainmgr.needs.queries import competencies_of
from trainmgr.pathways.library import load_library
from trainmgr.programs import actions as programs
from trainmgr.programs import duties, setup
from trainmgr.programs.creating import Plan, create, propose_code
from trainmgr.programs.models import Program
from trainmgr.programs.rules import PartyRole, ProgramKind, State

HUNDREDTH = Decimal("0.01")


class Unexpected(Exception):
    """The demo could not be played as it is written; the reason is for whoever changed it."""


@dataclass
class Case:
    """One programme of the demo while it is played, with what its later steps need of the earlier ones.

    `talent` holds how well each trainee does, by enrolment: 0 is average, 1 is very good.
    """

    days: Days
    cast: Cast
    name: str
    staff: User
    coordinator: User
    texts: dict[str, Any] = field(default_factory=lambda: read("texts"))
    talent: dict[int, float] = field(default_factory=dict)
    judges: dict[int, User] = field(default_factory=dict)
    program: Program = field(init=False)

    def __post_init__(self) -> None:
        self.data = read(f"cases/{self.name}")
        self.random = random.Random(f"the demo's case {self.name}")  # noqa: S311
        self.tasks: dict[int, list[dict[str, Any]]] = {}
        for task in self.data.get("task", ()):
            for stage in task["stages"]:
                self.tasks.setdefault(stage, []).append(task)

    def create(
        self,
        pathway: str,
        kind: ProgramKind,
        *,
        starts: date,
        ends: date,
        on: date,
        department: str,
        parties: Sequence[tuple[str, PartyRole]],
        size: int | None = None,
    ) -> None:
        """Make the programme and complete its set-up."""
        college = self.cast.home(department.partition("_")[0])
        facts = setup.Facts(
            name=self.data["name"].format(year=starts.year),
            name_en=self.data["name_en"].format(year=starts.year),
            code=propose_code(college.id, on.year),
            kind=kind,
            department_id=self.cast.home(department).id,
            starts_on=starts,
            ends_on=ends,
            planned_size=size or self.data["size"],
            budget_cents=self.data["budget"] * 100,
        )
        others = [(self.cast.home(key).id, role) for key, role in parties]
        now = self.days.at(on)
        self.program = create(
            Plan(facts, load_library()[pathway], college.id, others), by=self.staff, now=now
        )
        self._name_contact(now)
        self._split_revenue(on)

    def _name_contact(self, now: Any) -> None:
        for party in self.program.parties:
            if party.organization_id == self.coordinator.posts[0].organization_id:
                setup.change_contact(self.program, party, self.coordinator.name, by=self.staff, now=now)

    def _split_revenue(self, on: date) -> None:
        shares = [
            duties.Share(
                entry["label"],
                self.cast.home(entry["at"]).id if "at" in entry else None,
                entry["percent"] * 100,
            )
            for entry in self.data["revenue"]
        ]
        seen = setup.seen_of(duties.shares_content(()))
        duties.set_revenue(self.program, shares, seen=seen, by=self.staff, now=self.days.at(on, 10))

    def relate(self, *users: User, on: date) -> None:
        """Bring people of the parties into the programme."""
        for user in users:
            membership = self._membership(user)
            setup.add_person(self.program, membership, by=self.staff, now=self.days.at(on, 10, 30))

    def _membership(self, user: User) -> Any:
        found = user.memberships[0]
        sa.orm.attributes.set_committed_value(found, "user", user)
        return found

    def advance(self, to: State, on: date) -> None:
        """Move the programme forward as its staff did on a day."""
        try:
            programs.advance(
                self.program,
                to=to,
                reason=self.texts["reasons"][to.value],
                by=self.staff,
                now=self.days.at(on, 16),
            )
        except programs.StepRefused as refused:
            raise Unexpected(f"{self.name} → {to}: {[item for _step, item in refused.missing]}") from refused

    @property
    def competencies(self) -> list[Competency]:
        """The competencies of the post, the most pressing first."""
        return competencies_of(self.program.id)

    def enrolments(self) -> list[Enrolment]:
        """Return everybody who was ever in the programme, in the order of coming."""
        return list(
            db.session.scalars(
                sa.select(Enrolment).where(Enrolment.program_id == self.program.id).order_by(Enrolment.id)
            )
        )
