"""The bench's programmes before they are copied: four cases of the demo, played by the features' own actions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

import sqlalchemy as sa

from trainmgr.demo import analysing, designing, gathering, judging
from trainmgr.demo.cast import Cast
from trainmgr.demo.days import Days
from trainmgr.demo.playing import Case
from trainmgr.identity.models import User
from trainmgr.kernel.db import db
from trainmgr.programs.rules import PartyRole, ProgramKind, Side, State

TEMPLATES = ("qingling", "lansi", "zhanlan", "funa")
PATHWAYS = {"qingling": "five-dimension", "lansi": "eight-stage", "zhanlan": "zhanlan", "funa": "funa"}


@dataclass
class House:
    """A college of the bench with its departments, enterprises and people, all by their ids."""

    number: int
    college: int
    departments: list[int] = field(default_factory=list)
    enterprises: list[int] = field(default_factory=list)
    staff: int = 0
    coordinators: list[int] = field(default_factory=list)
    teachers: list[tuple[int, str]] = field(default_factory=list)
    mentors: dict[int, list[tuple[int, str]]] = field(default_factory=dict)  # by enterprise
    profiles: dict[int, int] = field(default_factory=dict)  # the mentor's id by user


def templates(house: House, days: Days) -> dict[str, Case]:
    """Play four programmes up to their schemes by the features' own actions; they are removed once they were read."""
    found = {}
    for name in TEMPLATES:
        found[name] = prepare(name, house, days)
        _play(found[name], house)
    return found


@dataclass(frozen=True)
class _Home:
    id: int


class Everything(dict[str, Any]):
    """Whatever organisation a case names: the bench's college, a department of it, or its first enterprise."""

    def __init__(self, house: House) -> None:
        super().__init__()
        self.house = house

    def __missing__(self, key: str) -> _Home:
        if key in ("gzqg", "hngy", "cqwy"):
            return _Home(self.house.college)
        if key.startswith(("gzqg_", "hngy_", "cqwy_")):
            return _Home(self.house.departments[0])
        return _Home(self.house.enterprises[0])


def loaded(user_id: int) -> User:
    user = db.session.scalars(
        sa.select(User)
        .where(User.id == user_id)
        .options(sa.orm.selectinload(User.memberships))
        .execution_options(populate_existing=True)
    ).one()
    user.posts  # noqa: B018  kept from now on
    return user


def prepare(name: str, house: House, days: Days) -> Case:
    """Return a case of the demo, ready to be played by a college's first people."""
    staff, coordinator = loaded(house.staff), loaded(house.coordinators[0])
    case = Case(days, Cast(homes=Everything(house)), name, staff=staff, coordinator=coordinator)
    case.data["name"], case.data["name_en"] = f"模板 {name}", f"Template {name}"
    case.data["revenue"] = [{"label": "学院", "percent": 60}, {"label": "企业", "percent": 40}]
    return case


def begin(
    case: Case, house: House, start: date, *, respondents: int
) -> tuple[Sequence[User], Sequence[User]]:
    """Set a case up, analyse and sign its needs; returns the teachers and the experts who will design it."""
    case.create(
        PATHWAYS[case.name],
        ProgramKind.EMPLOYEE_UPSKILLING,
        starts=start,
        ends=case.days.monday - timedelta(days=1),
        on=start - timedelta(days=150),
        department="hngy_jx",
        parties=[("enterprise", PartyRole.ENTERPRISE)],
    )
    teachers = [loaded(user_id) for user_id, _name in house.teachers[:7]]
    experts = [loaded(user_id) for user_id, _name in house.mentors[house.enterprises[0]][:5]]
    case.relate(*teachers, on=start - timedelta(days=149))
    case.program.state = State.ANALYSING
    analysing.analyse(case, start - timedelta(days=140), respondents=respondents)
    analysing.sign_needs(case, start - timedelta(days=110))
    case.program.state = State.DESIGNING
    gathering.name_mentors(case, experts, Side.ENTERPRISE, start - timedelta(days=100), capacity=400)
    return teachers, experts


def _play(case: Case, house: House) -> None:
    start = case.days.monday - timedelta(weeks=30)
    teachers, experts = begin(case, house, start, respondents=30)
    designing.sign_plan(
        case,
        designing.design(case, start - timedelta(days=95), teachers=teachers, experts=experts),
        start - timedelta(days=80),
    )
    judging.plan_evaluation(case, start - timedelta(days=60))
    case.program.state = State.EVALUATING
    db.session.flush()
