"""A running programme with a mentor who has no account, and a coordinator who gives links."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from tests.factories import NOW, TODAY, World, keep
from trainmgr.identity.models import SignInSession, User
from trainmgr.kernel.access import Role
from trainmgr.kernel.audit import AuditEvent
from trainmgr.kernel.db import db
from trainmgr.links.models import MentorLink
from trainmgr.mentoring.models import Mentor, ProgramMentor
from trainmgr.practice.models import LogState, PracticeLog
from trainmgr.programs.rules import Side, State

WECHAT = "Mozilla/5.0 (Linux; Android 14) AppleWebKit/537.36 Chrome/110 MicroMessenger/8.0.49"
SAFARI = "Mozilla/5.0 (iPhone; CPU iPhone OS 17_0 like Mac OS X) AppleWebKit/605 Version/17 Safari/604"


@dataclass
class Doorway:
    """Who is there, and the ways to give links and come in by them."""

    world: World
    program: Any
    mentor: Any
    named: Any
    coordinator: Any
    enrolment: Any
    clock: list[Any]

    def later(self, **by: float) -> None:
        """Let time pass."""
        self.clock[0] += timedelta(**by)

    def giver(self) -> Any:
        """Return a browser of the coordinator, signed in for as long as a test may let time pass."""
        client = self.world.signed_in(self.coordinator)
        with self.world.app.app_context():
            far = self.clock[0] + timedelta(days=400)
            mine = sa.update(SignInSession).where(SignInSession.user_id == self.coordinator.id)
            db.session.execute(mine.values(expires_at=far))
            db.session.commit()
        return client

    def give(self, giver: Any = None, **values: str) -> tuple[str, str, int]:
        """Give the mentor a link; returns token, code and the link's id."""
        answer = (giver or self.giver()).post(
            f"/programs/{self.program.id}/links", data={"mentor": str(self.named.id), "days": "30"} | values
        )
        assert answer.status_code == 200, answer.get_data(as_text=True)[-3000:]
        return *self.read(answer), self.link().id

    @staticmethod
    def read(answer: Any) -> tuple[str, str]:
        """Read token and code off the page that shows them once."""
        page = answer.get_data(as_text=True)
        token = re.search(r"/link/([\w-]{20,})", page)
        code = re.search(r"data-code>(\d{3}) (\d{3})<", page)
        assert token, page[-2000:]
        assert code, page[-2000:]
        return token[1], code[1] + code[2]

    def new_code(self, link_id: int) -> str:
        page = self.giver().post(f"/programs/{self.program.id}/links/{link_id}/code").get_data(as_text=True)
        found = re.search(r"(\d{3}) (\d{3})</b>", page)
        assert found, page[-2000:]
        return found[1] + found[2]

    def phone(self, agent: str = WECHAT) -> Any:
        client = self.world.app.test_client()
        client.environ_base["HTTP_USER_AGENT"] = agent
        return client

    def come_in(self, token: str, code: str, phone: Any = None) -> Any:
        """Open a link in a browser with its code; returns the browser."""
        phone = phone or self.phone()
        assert phone.post("/link", data={"link_token": token}).location == "/link/code"
        answer = phone.post("/link/code", data={"link_code": code})
        assert (answer.status_code, answer.location) == (302, "/"), answer.get_data(as_text=True)[-2000:]
        return phone

    def mentor_with_account(self) -> Any:
        """Return the mentor, who need not set a first password any more."""
        with self.world.app.app_context():
            db.session.get_one(User, self.mentor.id).must_change_password = False
            db.session.commit()
        return self.mentor

    def inside(self) -> Any:
        """Return a browser in which the mentor is inside by a link."""
        token, code, _link = self.give()
        return self.come_in(token, code)

    def link(self) -> MentorLink:
        with self.world.inside() as session:
            found = session.scalars(sa.select(MentorLink).order_by(MentorLink.id.desc())).first()
            session.expunge_all()
            return found

    def deeds(self) -> list[str]:
        """Return the trail of links, oldest first."""
        with self.world.inside() as session:
            return list(
                session.scalars(
                    sa.select(AuditEvent.action)
                    .where(AuditEvent.action.like("link.%"))
                    .order_by(AuditEvent.id)
                )
            )

    def log(self, **values: Any) -> PracticeLog:
        facts = {
            "program_id": self.program.id, "enrolment_id": self.enrolment.id, "stage_number": 2, "day": TODAY,
            "minutes": 480, "task": "点检二号线", "state": LogState.SUBMITTED, "side": Side.ENTERPRISE,
            "signer_id": self.mentor.id, "submitted_at": NOW - timedelta(days=1), "created_at": NOW,
        }  # fmt: skip
        with self.world.app.app_context():
            return keep(PracticeLog(**(facts | values)))


def name_mentor(world: World, program: Any, person: Any, home: Any, side: Side = Side.ENTERPRISE) -> Any:
    """Name a person as a mentor of a programme; returns the naming."""
    with world.app.app_context():
        mentor = db.session.scalar(sa.select(Mentor).where(Mentor.user_id == person.id))
        if mentor is None:
            mentor = keep(
                Mentor(user_id=person.id, organization_id=home.id, side=side, name=person.name, capacity=5)
            )
        return keep(ProgramMentor(program_id=program.id, mentor_id=mentor.id, side=side))


@pytest.fixture
def doorway(world: World) -> Doorway:
    clock = [NOW]
    world.app.config["CLOCK"] = lambda: clock[0]
    program = world.program(State.RUNNING, current_stage=2, planned_minutes=6000)
    mentor = world.user(Role.ENTERPRISE_MENTOR, name="周建国", must_change_password=True)
    named = name_mentor(world, program, mentor, world.enterprise)
    coordinator = world.user(Role.ENTERPRISE_COORDINATOR)
    enrolment = world.enrolment(program, mentor=mentor, planned_minutes=6000)
    return Doorway(world, program, mentor, named, coordinator, enrolment, clock)
