"""A programme that recruits under a plan which both sides have signed."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import joinedload

from tests.factories import NOW, TODAY, World
from trainmgr.identity.models import Membership, User
from trainmgr.kernel.access import Role
from trainmgr.kernel.db import db
from trainmgr.programs.models import Program, ProgramParty
from trainmgr.programs.rules import Side, State
from trainmgr.recruitment import agreeing, applying, door, judging, plans
from trainmgr.recruitment.models import RecruitmentPlan, RecruitmentPost, Relation
from trainmgr.recruitment.room import plan_in_force
from trainmgr.recruitment.rules import PlanState, VerdictKind


class Recruiting:
    """Makes plans, applications and verdicts; every maker commits and leaves no session open."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.staff = world.user(Role.STAFF)
        self.coordinator = world.user(Role.ENTERPRISE_COORDINATOR)
        self.program = world.program(State.RECRUITING, planned_size=40)

    def people(self) -> tuple[Program, User, User]:
        """Return the programme and who acts, in the open session."""
        whole = joinedload(Program.parties).joinedload(ProgramParty.organization)
        program = db.session.get_one(Program, self.program.id, options=[whole])
        roles = joinedload(User.memberships).joinedload(Membership.organization)
        return (
            program,
            db.session.get_one(User, self.staff.id, options=[roles]),
            db.session.get_one(User, self.coordinator.id, options=[roles]),
        )

    def plan(
        self, *lines: tuple[str, str, int], opens: date | None = None, closes: date | None = None
    ) -> None:
        """Sign a plan of (post, major, places); a second one supersedes the first."""
        with self.world.app.app_context():
            program, staff, coordinator = self.people()
            given = {"by": staff, "now": NOW}
            plan = plans.open_edition(
                program, reason="加开名额" if plan_in_force(program.id) else "", **given
            )
            db.session.flush()
            plan.quotas.clear()
            db.session.flush()
            terms = plans.Terms(
                opens or TODAY - timedelta(days=5), closes or TODAY + timedelta(days=20),
                Relation.LABOUR_CONTRACT, TODAY + timedelta(days=60), 2400, "包食宿",
            )  # fmt: skip
            plans.set_terms(program, plan, terms, version=plan.version, **given)
            for post, major, quota in lines:
                line = plans.NewLine(self.world.enterprise.id, post, major, quota)
                plans.set_line(program, plan, line, **given)
            agreeing.offer(program, plan, today=TODAY, **given)
            digest = agreeing.signing.digest_of(agreeing.document_of(plan))
            for side, person in ((Side.COLLEGE, staff), (Side.ENTERPRISE, coordinator)):
                agreeing.sign(program, plan, side, digest=digest, by=person, now=NOW, today=TODAY)
            db.session.commit()

    def posts(self) -> dict[str, int]:
        """Return the ids of the posts by name."""
        with self.world.app.app_context():
            rows = db.session.execute(sa.select(RecruitmentPost.name, RecruitmentPost.id))
            return {row[0]: row[1] for row in rows}

    def applicant(self, post: str | None = None, at: int = 0) -> tuple[User, int]:
        """Make a trainee who applied, `at` minutes after the present; returns the person and the application's id."""
        post_id = self.posts()[post] if post else None
        user = self.world.user(Role.TRAINEE)
        with self.world.app.app_context():
            program, _staff, _coordinator = self.people()
            made = applying.apply(
                program, college_id=self.world.college.id, statement="想学", post_id=post_id,
                by=db.session.get_one(User, user.id), now=NOW + timedelta(minutes=at), today=TODAY,
            )  # fmt: skip
            db.session.commit()
            return user, made.id

    def judge(self, application_id: int, *sides: Side, verdict: VerdictKind = VerdictKind.ADMIT) -> None:
        """Give the verdict of both sides, or of those named."""
        with self.world.app.app_context():
            program, staff, coordinator = self.people()
            for side in sides or tuple(Side):
                judging.record_verdict(
                    program, application_id, side, verdict, reason="不合适", now=NOW, today=TODAY,
                    by=staff if side is Side.COLLEGE else coordinator,
                )  # fmt: skip
            db.session.commit()

    def open_page(self, **values: Any) -> str:
        """Open the public page; returns the code in its address."""
        with self.world.app.app_context():
            program, staff, _coordinator = self.people()
            given = {"is_open": True, "lowest_age": 16, "highest_age": None, "introduction": ""} | values
            page = door.set_page(program, door.find_page(program.id), given, version=1, by=staff, now=NOW)
            db.session.commit()
            return page.code


@pytest.fixture
def recruiting(world: World) -> Iterator[Recruiting]:
    world.app.config["CLOCK"] = lambda: NOW
    return Recruiting(world)


@pytest.fixture
def states(session: Any) -> Any:
    """Read the states of all applications by id."""
    from trainmgr.recruitment.models import Application

    def read() -> dict[int, str]:
        session.expire_all()
        rows = session.execute(sa.select(Application.id, Application.state).order_by(Application.id))
        return {row[0]: str(row[1]) for row in rows}

    return read


def editions(session: Any) -> list[tuple[int, PlanState]]:
    """Return number and state of each edition of the plan."""
    session.expire_all()
    rows = session.execute(
        sa.select(RecruitmentPlan.number, RecruitmentPlan.state).order_by(RecruitmentPlan.number)
    )
    return [(row[0], row[1]) for row in rows]
