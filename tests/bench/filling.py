"""A college's year in a database: 95 programmes, 50,786 trainees, the largest 1,800; scale N is N colleges' years.

Four templates go through the features' own actions; their needs, plans and schemes are copied into every programme.
Trainees, ratings, logs and results go in as rows, with every figure that actions would have kept.
"""

from __future__ import annotations

import itertools
import random
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from time import monotonic
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from flask import current_app

from tests.bench import PASSWORD, PEOPLE, large
from tests.bench.cases import TEMPLATES, House, templates
from tests.bench.copying import Template, remove
from tests.bench.sink import Sink
from tests.bench.trainees import Year
from trainmgr.curriculum.board import read_board
from trainmgr.curriculum.verifying import document_of
from trainmgr.demo.days import Days
from trainmgr.demo.loading import is_empty
from trainmgr.demo.people import GIVEN_OF_MEN, SURNAMES
from trainmgr.evaluation import windows
from trainmgr.evaluation.models import Scheme, Window
from trainmgr.evaluation.rules import Phase, SchemeState
from trainmgr.identity.first_passwords import new_mark
from trainmgr.identity.models import Membership, Organization, OrganizationKind, User
from trainmgr.identity.passwords import hash_password
from trainmgr.kernel.access import Role
from trainmgr.kernel.db import db
from trainmgr.mentoring.models import Mentor
from trainmgr.programs.models import Program
from trainmgr.programs.rules import PartyRole, ProgramKind, Side, State
from trainmgr.programs.signing import digest_of
from trainmgr.programs.thread import refresh
from trainmgr.quality import computing

PROGRAMS, TRAINEES, LARGEST, LOGS = 95, 50_786, 1_800, 160_000
DEPARTMENTS, ENTERPRISES = 5, 12
TEACHERS, MENTORS = 260, 720  # of a college; of its enterprises together
TRAINEES_A_TEACHER, TRAINEES_A_MENTOR = 50, 20
RUNNING_YET = 8  # of a college's programmes, besides the largest one, that many are still being evaluated

Say = Callable[[str], None]


def sizes() -> list[int]:
    """Return the sizes of a college's programmes, the largest first; they add up to all its trainees."""
    rest, count = TRAINEES - LARGEST, PROGRAMS - 1
    smallest = 40
    step = 2 * (rest / count - smallest) / (count - 1)
    found = [round(smallest + step * place) for place in range(count - 1, -1, -1)]
    found[0] += rest - sum(found)
    return [LARGEST, *found]


def fill(
    *,
    scale: int,
    now: datetime,
    say: Say,
    year_of: Sequence[int] = (),
    logs: int = LOGS,
    of_large: large.Size = large.FULL,
) -> None:
    """Fill an empty database; commits after each programme. `year_of`, `of_large`: other sizes than a college's."""
    if not is_empty():
        raise SystemExit("The database is not empty. The bench fills an empty one only.")
    begun = monotonic()
    days = Days(now, ZoneInfo(current_app.config["TIMEZONE"]))
    houses = [_house(number, days) for number in range(1, scale + 1)]
    played = templates(houses[0], days)
    read = {name: Template(case.program.id) for name, case in played.items()}
    for case in played.values():
        remove(case.program.id)
    db.session.commit()
    say(f"colleges, people and {len(read)} templates ({monotonic() - begun:.0f} s)")
    sink = Sink()
    year = Year(sink, days, random.Random("the bench"))
    for house in houses:
        _fill_house(house, read, year, year_of or sizes(), logs)
        say(f"college {house.number}: {sink.written:,} rows ({monotonic() - begun:.0f} s)")
    sink.finish()
    large.add(houses[0], days, of_large)
    db.session.commit()
    say(f"a plan of {of_large.modules} modules ({monotonic() - begun:.0f} s)")
    _settle(now, say, begun)
    for house in houses:
        for year_back in (1, 0):
            for _done in computing.compute_year(house.college, days.today.year - year_back, now=now):
                db.session.commit()
    say(f"figures of {len(houses)} colleges ({monotonic() - begun:.0f} s)")
    say(f"filled in {monotonic() - begun:.0f} s")


# --- colleges and people ---------------------------------------------------------------------------


def _house(number: int, days: Days) -> House:
    opened = days.at(days.ago(900))
    house = House(number, _organization(OrganizationKind.COLLEGE, f"第{number}职业技术学院", opened))
    for place in range(1, DEPARTMENTS + 1):
        department = _organization(
            OrganizationKind.DEPARTMENT, f"第{place}系", opened, parent_id=house.college
        )
        house.departments.append(department)
    for place in range(1, ENTERPRISES + 1):
        house.enterprises.append(
            _organization(OrganizationKind.ENTERPRISE, f"企业{number:02}-{place:02}", opened)
        )
    _people(house, opened)
    return house


def _organization(kind: OrganizationKind, name: str, opened: datetime, **values: Any) -> int:
    made = Organization(kind=kind, name=name, short_name=name[:40], created_at=opened, **values)
    db.session.add(made)
    db.session.flush()
    return made.id


def _people(house: House, opened: datetime) -> None:
    wanted: list[tuple[Role, int, str]] = [(Role.STAFF, house.college, "staff")]
    wanted += [(Role.SCHOOL_TEACHER, house.college, f"teacher{n}") for n in range(1, TEACHERS + 1)]
    homes = itertools.cycle(house.enterprises)
    wanted += [(Role.ENTERPRISE_MENTOR, next(homes), f"mentor{n}") for n in range(1, MENTORS + 1)]
    wanted += [
        (Role.ENTERPRISE_COORDINATOR, home, f"coordinator{n}") for n, home in enumerate(house.enterprises, 1)
    ]
    known = {name for name, _role in PEOPLE.values()} if house.number == 1 else set()
    users = []
    for place, (_role, _home, tail) in enumerate(wanted):
        name = f"bench{house.number}-{tail}"
        users.append(
            User(
                username=name,
                name=SURNAMES[place % len(SURNAMES)] + GIVEN_OF_MEN[place % len(GIVEN_OF_MEN)],
                password_hash=hash_password(PASSWORD) if name in known else new_mark(),
                must_change_password=name not in known,
                created_at=opened,
            )
        )
    db.session.add_all(users)
    db.session.flush()
    for user, (role, home, _tail) in zip(users, wanted, strict=True):
        db.session.add(
            Membership(
                user_id=user.id, organization_id=home, role=role, number=f"{house.number:02}{user.id:06}",
                created_at=opened,
            )
        )  # fmt: skip
        _note(house, role, home, user)
    db.session.flush()
    _profiles(house)


def _note(house: House, role: Role, home: int, user: User) -> None:
    if role is Role.STAFF:
        house.staff = user.id
    elif role is Role.SCHOOL_TEACHER:
        house.teachers.append((user.id, user.name))
    elif role is Role.ENTERPRISE_MENTOR:
        house.mentors.setdefault(home, []).append((user.id, user.name))
    else:
        house.coordinators.append(user.id)


def _profiles(house: House) -> None:
    guides = [(user_id, name, house.college, Side.COLLEGE) for user_id, name in house.teachers]
    guides += [
        (user_id, name, home, Side.ENTERPRISE)
        for home, people in house.mentors.items()
        for user_id, name in people
    ]
    rows = [
        Mentor(user_id=user_id, name=name, organization_id=home, side=side, capacity=400)
        for user_id, name, home, side in guides
    ]
    db.session.add_all(rows)
    db.session.flush()
    house.profiles = {row.user_id: row.id for row in rows}


# --- one college's year ----------------------------------------------------------------------------


def _fill_house(
    house: House, templates: dict[str, Template], year: Year, year_of: Sequence[int], logs: int
) -> None:
    year.sink.college = house.college
    kinds = itertools.cycle(ProgramKind)
    names = itertools.cycle(TEMPLATES)
    share = logs / sum(year_of)
    for place, size in enumerate(year_of):
        name = TEMPLATES[0] if place == 0 else next(names)
        is_open = place <= RUNNING_YET
        kind = ProgramKind.EMPLOYEE_UPSKILLING if place == 0 else next(kinds)
        _one(house, templates[name], year, place, size, kind, is_open, round(share * size))
        year.sink.commit()


def _one(
    house: House, template: Template, year: Year, place: int, size: int, kind: ProgramKind, is_open: bool, logs: int
) -> None:  # fmt: skip
    days = year.days
    enterprise = house.enterprises[place % len(house.enterprises)]
    original = template.rows[Program][0]
    first = template.organization_as(PartyRole.ENTERPRISE)
    ended = days.ago(12 if is_open else 40 + place)
    new = template.copy(
        year.sink,
        organizations={
            original["lead_college_id"]: house.college,
            original["department_id"]: house.departments[place % len(house.departments)],
            first: enterprise,
        },
        staff=house.staff,
        changes={
            Program: {
                "code": f"{ended.year}-{place + 1:03}",
                "name": f"{kind.value} {place + 1:02}",
                "name_en": "",
                "kind": kind,
                "state": State.EVALUATING if is_open else State.CLOSED,
                "closed_at": None if is_open else days.at(ended + timedelta(days=25)),
                "planned_size": size,
                "starts_on": ended - timedelta(weeks=30),
                "ends_on": ended,
                "current_stage": template.last_stage,
            },
            Scheme: {"state": SchemeState.FROZEN, "frozen_at": days.at(ended)},
            Window: {
                "opens_at": days.at(ended),
                "closes_at": days.at(days.today) + timedelta(days=9)
                if is_open
                else days.at(ended + timedelta(days=20)),
                "phase_seen": Phase.OPEN if is_open else Phase.CLOSED,
            },
        },
    )
    year.fill(
        template,
        new,
        program_id=new[Program.__tablename__][template.program_id],
        college_id=house.college,
        enterprise_id=enterprise,
        size=size,
        logs=logs,
        ended=ended,
        is_open=is_open,
        staff=house.staff,
        teachers=_share(house.teachers, size, TRAINEES_A_TEACHER, place),
        mentors=_share(house.mentors[enterprise], size, TRAINEES_A_MENTOR, place),
        profiles=house.profiles,
        prefix=f"{house.number:02}{place:02}",
    )


def _share(people: list[tuple[int, str]], size: int, each: int, place: int) -> list[tuple[int, str]]:
    """Return as many people as guide so many trainees, beginning elsewhere for each programme."""
    count = min(len(people), -(-size // each))
    start = place * 7 % len(people)
    return [people[(start + step) % len(people)] for step in range(count)]


def _sign_anew(program_id: int) -> None:
    """A copied plan names other rows than the one it was copied from: let its signatures be under what it says."""
    program = db.session.get_one(Program, program_id)
    board = read_board(program)
    if board is not None and board.edition is not None and board.signatures:
        digest = digest_of(document_of(program, board.edition, board.plan))
        for signature in board.signatures:
            signature.digest = digest


# --- the end ---------------------------------------------------------------------------------------


def _settle(now: datetime, say: Say, begun: float) -> None:
    """Let every feature count its records: tallies of windows, inboxes, the nine steps."""
    ids = db.session.scalars(sa.select(Program.id).order_by(Program.id)).all()
    db.session.rollback()
    for done, program_id in enumerate(ids, start=1):
        found = db.session.scalars(sa.select(Window.id).where(Window.program_id == program_id)).all()
        loaded = [windows.queries.window_or_404(program_id, key) for key in found]
        windows.sync(program_id, loaded, now=now)
        _sign_anew(program_id)
        refresh(program_id, now=now)
        db.session.commit()
        db.session.expunge_all()
        if done % 100 == 0 or done == len(ids):
            say(f"{done} of {len(ids)} programmes assessed ({monotonic() - begun:.0f} s)")
