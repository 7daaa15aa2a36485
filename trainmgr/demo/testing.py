"""Tests of the demo: 庆铃's before the training and at its end, and one that a class of 蓝思 can take right now.

What people answer follows the Rasch model: the chance of a right answer grows with their ability and falls with the
item's difficulty, so that levels, gains and the items' statistics look as they would.
"""

from __future__ import annotations

import math
import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from itertools import product
from typing import Any

import sqlalchemy as sa

from trainmgr.bank import actions, authoring, instruments
from trainmgr.bank.drawing import Cell
from trainmgr.bank.models import Instrument, InstrumentVersion, Item, PaperItem
from trainmgr.bank.rules import Difficulty, ItemKind, ItemState, level_of
from trainmgr.demo.bank import POINTS, SEED, competencies_of, facts_of
from trainmgr.demo.bulk import insert, reserve_ids
from trainmgr.demo.cast import read
from trainmgr.demo.playing import Case
from trainmgr.enrolment.models import Cohort
from trainmgr.enrolment.register import NewTrainee
from trainmgr.identity.models import User
from trainmgr.kernel.db import db
from trainmgr.testing import closing, levels, owing, participants, settling, sittings
from trainmgr.testing.models import Answer, Attempt, Participant, Sitting
from trainmgr.testing.rules import AttemptEnd, Purpose
from trainmgr.testing.sittings import SittingFields

OF_EACH_CLASS = 30  # who take 庆铃's test before the plan is made
CAME_BEFORE, CAME_AFTER = 0.95, 0.97
HARDNESS = {Difficulty.EASY: -0.8, Difficulty.MEDIUM: 0.4, Difficulty.HARD: 1.2}
BY_DAY = 540  # nobody begins later than nine hours after the opening
APART = 0.7  # how far people's abilities lie apart
HIGHEST, SHORT_OF = 4.85, 0.4  # a gap that is closed (1) leaves the mean so far above what is required
ORDINARY = {"before": 2.6, "after": 4.2}  # levels of competencies that the case does not name


@dataclass
class Takers:
    """The people of a case who take tests: how able each of them is, by user."""

    case: Case
    random: random.Random
    abilities: dict[int, float] = field(default_factory=dict)

    @classmethod
    def of(cls, case: Case) -> Takers:
        """Begin with nobody; the same case always gives the same people."""
        return cls(case, random.Random(f"the demo's tests of {case.name}"))  # noqa: S311

    def ability(self, user_id: int) -> float:
        """Return how able somebody is, 0 for the ordinary."""
        if user_id not in self.abilities:
            self.abilities[user_id] = self.random.gauss(0.0, APART)
        return self.abilities[user_id]


# --- sittings ---------------------------------------------------------------------------------------


def plan(
    case: Case,
    version: InstrumentVersion,
    purpose: Purpose,
    name: str,
    window: tuple[datetime, datetime],
    *,
    now: datetime,
) -> Sitting:
    """Plan a sitting as the staff did."""
    fields = SittingFields(version.id, purpose, name, *window)
    return sittings.plan_sitting(case.program, version, fields, by=case.staff, now=now)


def _instrument(case: Case, name: str) -> InstrumentVersion:
    return db.session.scalars(
        sa.select(InstrumentVersion)
        .join(Instrument, Instrument.id == InstrumentVersion.instrument_id)
        .where(Instrument.name == name, Instrument.college_id == case.program.lead_college_id)
    ).one()


def before_training(case: Case, takers: Takers, trainees: Sequence[NewTrainee], on: date) -> None:
    """Let some of each of the first two classes take the test that shows the need, and take its levels in."""
    version = _instrument(case, read("bank")["instrument"]["name"])
    opens, closes = case.days.at(on, 13, 30), case.days.at(on, 17, 30)
    planned = case.days.at(on - timedelta(days=4))
    sitting = plan(case, version, Purpose.ENTRY, "入学测评", (opens, closes), now=planned)
    for cohort in dict.fromkeys(row.cohort for row in trainees):
        numbers = [row.student_number for row in trainees if row.cohort == cohort]
        participants.add_pasted(
            case.program, sitting, "\n".join(numbers), cohort_name=cohort, post=case.data["post"],
            enterprise_id=case.coordinator.posts[0].organization_id, by=case.staff, now=planned,
        )  # fmt: skip
    current = {entry["name"]: entry["current"] for entry in case.data["competency"]}
    _take(takers, sitting, current, ORDINARY["before"], came=CAME_BEFORE)
    closing.close(sitting.id, now=closes + timedelta(minutes=1))
    taken = case.days.at(on + timedelta(days=3), 10)
    db.session.refresh(sitting)
    levels.take_levels(
        case.program, sitting, version=sitting.version, without_marks=None, by=case.staff, now=taken
    )


def after_training(case: Case, takers: Takers, on: date, classes: int = 2) -> None:
    """Let the first classes take the same instrument once more at the end."""
    version = _instrument(case, read("bank")["instrument"]["name"])
    opens, closes = case.days.at(on, 9), case.days.at(on, 11, 30)
    planned = case.days.at(on - timedelta(days=6))
    sitting = plan(case, version, Purpose.END, "结业测评", (opens, closes), now=planned)
    chosen = (
        sa.select(Cohort.id).where(Cohort.program_id == case.program.id).order_by(Cohort.name).limit(classes)
    )
    for cohort_id in db.session.scalars(chosen).all():
        participants.add_from_roster(case.program, sitting, cohort_id=cohort_id, by=case.staff, now=planned)
    reached = {
        entry["name"]: min(HIGHEST, entry["required"] + entry.get("closed", 0.9) - SHORT_OF)
        for entry in case.data["competency"]
    }
    _take(takers, sitting, reached, ORDINARY["after"], came=CAME_AFTER)
    closing.close(sitting.id, now=closes + timedelta(minutes=1))


def in_between(case: Case) -> None:
    """Let a class have a test open that some have handed in, and that everybody else can take now."""
    data = read("testing")[case.name]
    version = _write_instrument(case, data)
    days = case.days
    opens = days.at(days.ago(1), 8)
    closes = datetime.combine(days.today + timedelta(days=6), time(20), days.zone)
    planned = days.at(days.ago(3), 10)
    sitting = plan(case, version, Purpose.INTERIM, data["test"], (opens, closes), now=planned)
    participants.add_from_roster(case.program, sitting, by=case.staff, now=planned)
    takers = Takers.of(case)
    _take(takers, sitting, {}, ORDINARY["after"], came=0.4, words=data["words"], besides="penghaoran")


def _write_instrument(case: Case, data: Mapping[str, Any]) -> InstrumentVersion:
    college, by = case.program.lead_college_id, case.staff
    now = case.days.at(case.days.ago(20), 15)
    known = competencies_of(college)
    cells: dict[tuple[int, Difficulty], int] = {}
    for row in data["item"]:
        facts = facts_of(row, known[row["on"]])
        authoring.write_item(college, facts, state=ItemState.IN_USE, by=by, now=now)
        key = facts.competency_id, facts.difficulty
        cells[key] = cells.get(key, 0) + 1
    settings = actions.Settings(minutes=data["minutes"])
    made = actions.open_instrument(
        college, data["instrument"], data["purpose"], settings=settings, by=by, now=now
    )
    instrument = instruments.instrument_or_404(made.id, by)
    instrument.versions[0].seed = SEED
    db.session.flush()
    wanted = [
        Cell(competency, difficulty, count, POINTS[difficulty])
        for (competency, difficulty), count in sorted(
            cells.items(), key=lambda pair: (pair[0][0], pair[0][1].rank)
        )
    ]
    return actions.set_blueprint(instrument, wanted, version=instrument.versions[0].version, by=by, now=now)


# --- answering --------------------------------------------------------------------------------------


def _take(
    takers: Takers,
    sitting: Sitting,
    wanted: Mapping[str, float],
    otherwise: float,
    *,
    came: float,
    words: Sequence[str] = (),
    besides: str = "",
) -> None:
    """Let people take a sitting; `wanted` are the mean levels to come out, by the competencies' names."""
    version = db.session.get_one(InstrumentVersion, sitting.version_id)
    paper = instruments.paper_of(version.id, sitting.form)
    known = competencies_of(takers.case.program.lead_college_id)
    chance = _Chances.of(paper, version.thresholds, wanted, otherwise, known)
    actions.freeze(version, now=sitting.opens_at)
    rows = [row for row in _people(sitting, besides) if takers.random.random() < came]
    ids = list(reserve_ids(Attempt, len(rows)))
    attempts, answers = [], []
    latest = min(sitting.closes_at, takers.case.days.now)
    for attempt_id, (participant_id, user_id) in zip(ids, rows, strict=True):
        whole = int((latest - sitting.opens_at).total_seconds() // 60)
        room = max(1, min(BY_DAY, whole) - version.minutes)
        started = sitting.opens_at + timedelta(minutes=takers.random.randrange(room))
        ended = min(started + timedelta(minutes=version.minutes * takers.random.uniform(0.5, 0.95)), latest)
        attempts.append(
            {
                "id": attempt_id, "sitting_id": sitting.id, "participant_id": participant_id, "number": 1,
                "started_at": started, "deadline_at": started + timedelta(minutes=version.minutes),
                "ended_at": ended, "end": AttemptEnd.HANDED_IN, "counts": False, "points": Decimal(0),
                "possible": Decimal(0), "waiting": 0,
            }
        )  # fmt: skip
        answers += _answers(takers, attempt_id, takers.ability(user_id), paper, chance, started, ended, words)
    insert(Attempt, attempts)
    insert(Answer, answers)
    settling.let_count(ids)
    settling.settle(sitting, ids)
    owing.drop(sitting, [user_id for _participant, user_id in rows])


def _people(sitting: Sitting, besides: str) -> Sequence[tuple[int, int]]:
    rows = db.session.execute(
        sa.select(Participant.id, Participant.user_id)
        .join(User, User.id == Participant.user_id)
        .where(Participant.sitting_id == sitting.id, User.username != besides)
        .order_by(Participant.id)
    )
    return [(row[0], row[1]) for row in rows]


def _answers(
    takers: Takers,
    attempt_id: int,
    ability: float,
    paper: Sequence[PaperItem],
    chance: _Chances,
    started: datetime,
    ended: datetime,
    words: Sequence[str],
) -> list[dict[str, Any]]:
    step = (ended - started) / (len(paper) + 1)
    return [
        {
            "attempt_id": attempt_id,
            "item_id": line.item_id,
            "value": _value(takers.random, line.item, takers.random.random() < chance(line, ability), words),
            "sequence": place * int(step.total_seconds() * 1000),
            "answered_at": started + step * place,
        }
        for place, line in enumerate(paper, start=1)
    ]


@dataclass(frozen=True)
class _Chances:
    """How likely a right answer is: by the competency's mean level that is to come out, the item, the person."""

    abilities: Mapping[int, float]

    @classmethod
    def of(
        cls,
        paper: Sequence[PaperItem],
        thresholds: Sequence[int],
        wanted: Mapping[str, float],
        otherwise: float,
        known: Mapping[str, int],
    ) -> _Chances:
        levels_wanted = {known[name]: level for name, level in wanted.items() if name in known}
        by_competency: dict[int, list[PaperItem]] = {}
        for line in paper:
            by_competency.setdefault(line.item.competency_id, []).append(line)
        return cls(
            {
                key: _ability_for(levels_wanted.get(key, otherwise), lines, thresholds)
                for key, lines in by_competency.items()
            }
        )

    def __call__(self, line: PaperItem, ability: float) -> float:
        return _rasch(self.abilities[line.item.competency_id] + ability, line.item.difficulty)


def _rasch(ability: float, difficulty: Difficulty) -> float:
    return 1 / (1 + math.exp(HARDNESS[difficulty] - ability))


def _ability_for(level: float, lines: Sequence[PaperItem], thresholds: Sequence[int]) -> float:
    """Return the ability at which these items give a mean level, found by halving."""
    low, high = -5.0, 5.0
    for _step in range(30):
        middle = (low + high) / 2
        if _expected_level(middle, lines, thresholds) < level:
            low = middle
        else:
            high = middle
    return low


def _expected_level(ability: float, lines: Sequence[PaperItem], thresholds: Sequence[int]) -> float:
    possible = sum((line.points for line in lines), Decimal(0))
    chances = [_rasch(ability, line.item.difficulty) for line in lines]
    mean = 0.0
    for right in product((False, True), repeat=len(lines)):
        share = (
            sum((line.points for line, good in zip(lines, right, strict=True) if good), Decimal(0)) / possible
        )
        odds = math.prod(chance if good else 1 - chance for chance, good in zip(chances, right, strict=True))
        mean += odds * level_of(share, thresholds)
    return mean


def _value(luck: random.Random, item: Item, right: bool, words: Sequence[str]) -> Any:
    content = item.content
    if item.kind is ItemKind.TRUE_FALSE:
        return content["right"] is right
    if item.kind is ItemKind.NUMBER:
        return content["value"] if right else str(round(float(content["value"]) * luck.uniform(1.1, 1.6), 2))
    if item.kind is ItemKind.SHORT_ANSWER:
        return luck.choice(words) if words else None
    if item.kind is ItemKind.CHECKLIST:
        return None
    if right:
        return content["right"]
    wrong = [place for place in range(len(content["options"])) if place not in content["right"]]
    if item.kind is ItemKind.SINGLE:
        return [luck.choice(wrong)]
    missed = luck.choice(content["right"])
    chosen = [place for place in content["right"] if place != missed]
    return sorted([*chosen, luck.choice(wrong)]) if wrong and luck.random() < 0.7 else chosen
