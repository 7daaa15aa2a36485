"""A programme with an enterprise, its posts and a class, for placements."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import pytest

from tests.factories import NOW, TODAY, World, keep
from trainmgr.enrolment.models import Enrolment
from trainmgr.identity.models import User
from trainmgr.kernel.access import Role
from trainmgr.kernel.db import db
from trainmgr.placements.models import (
    ChangeKind,
    Placement,
    PlacementChange,
    PlacementHost,
    PlacementPost,
    PlacementSignature,
    PlacementState,
    Signatory,
)
from trainmgr.placements.rules import length_in_days
from trainmgr.programs.models import Program
from trainmgr.programs.rules import State


@dataclass
class Scene:
    """Who and what a test of placements has."""

    world: World
    program: Program
    staff: User
    coordinator: User
    trainee: User
    enrolment: Enrolment
    post: PlacementPost

    @property
    def url(self) -> str:
        """The address of the programme's placements."""
        return f"/programs/{self.program.id}/placements"

    def make_post(self, name: str, **values: Any) -> PlacementPost:
        """Enter a post in the enterprise."""
        values = {"staff": 50, "pay_cents": 500_000, "site": "一号车间"} | values
        with self.world.app.app_context():
            return keep(
                PlacementPost(
                    college_id=self.world.college.id,
                    organization_id=values.pop("organization_id", self.world.enterprise.id),
                    name=name,
                    **values,
                )
            )

    def make_trainee(self, **values: Any) -> Enrolment:
        """Enrol one more trainee."""
        return self.world.enrolment(self.program, **values)

    def make_placement(
        self, enrolment: Enrolment | None = None, *, signed: tuple[Signatory, ...] = (), **values: Any
    ) -> Placement:
        """Place a trainee straight into the table, in order by every rule but the signatures unless said otherwise."""
        values = {
            "post_id": self.post.id,
            "starts_on": TODAY,
            "ends_on": TODAY + timedelta(days=150),
            "pay_cents": 450_000,
            "age_months": 18 * 12,
            "consent_on": TODAY - timedelta(days=5),
            "policy": "PB-1",
            "insured_until": TODAY + timedelta(days=365),
            "state": PlacementState.PLANNED,
        } | values
        starts, ends = values["starts_on"], values["ends_on"]
        with self.world.app.app_context():
            placement = Placement(
                program_id=self.program.id,
                enrolment_id=(enrolment or self.enrolment).id,
                days=length_in_days(starts, ends),
                holds_from=starts,
                signed=len(signed),
                **values,
            )
            db.session.add(placement)
            db.session.flush()
            for one in signed:
                db.session.add(
                    PlacementSignature(
                        placement_id=placement.id,
                        number=1,
                        signatory=one,
                        by_id=self.staff.id,
                        by_name=self.staff.name,
                        digest="d",
                        signed_at=NOW,
                    )
                )
            return keep(placement)

    def record(self, placement: Placement, kind: ChangeKind, day: date, **values: Any) -> PlacementChange:
        """Write a record into a placement's history."""
        with self.world.app.app_context():
            return keep(
                PlacementChange(
                    placement_id=placement.id,
                    program_id=self.program.id,
                    kind=kind,
                    effective_on=day,
                    number=1,
                    post_id=placement.post_id,
                    site=placement.site,
                    starts_on=placement.starts_on,
                    ends_on=placement.ends_on,
                    pay_cents=placement.pay_cents,
                    by_id=self.staff.id,
                    by_name=self.staff.name,
                    at=NOW,
                    **values,
                )
            )

    def of(self, model: type[Any], key: Any) -> Any:
        """Read a row as it is now, detached."""
        with self.world.app.app_context():
            row = db.session.get(model, key)
            db.session.expunge_all()
            return row


ALL_THREE = tuple(Signatory)


@pytest.fixture
def scene(world: World, app: Any) -> Scene:
    """A running programme, its staff and coordinator, one trainee, one post in an enterprise of 1,000."""
    app.config["CLOCK"] = lambda: NOW
    program = world.program(State.RUNNING)
    trainee = world.user(Role.TRAINEE, name="彭浩然")
    enrolment = world.enrolment(program, user=trainee)
    made = Scene(
        world=world,
        program=program,
        staff=world.user(Role.STAFF, name="李老师"),
        coordinator=world.user(Role.ENTERPRISE_COORDINATOR, name="罗经理"),
        trainee=trainee,
        enrolment=enrolment,
        post=PlacementPost(),
    )
    made.post = made.make_post("数控装调")
    with app.app_context():
        keep(
            PlacementHost(
                college_id=world.college.id,
                organization_id=world.enterprise.id,
                staff=1000,
                by_id=made.staff.id,
                at=NOW,
            )
        )
    return made
