"""The alternating calendar in the database: a class's blocks, its own days, what stands against them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

import sqlalchemy as sa
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from trainmgr.curriculum.models import PlanStage
from trainmgr.curriculum.queries import edition_in_force, stages_of
from trainmgr.enrolment.models import Cohort
from trainmgr.identity.models import User
from trainmgr.kernel import audit
from trainmgr.kernel.db import db
from trainmgr.kernel.errors import Conflict, RuleBroken
from trainmgr.pathways.rules import Venue
from trainmgr.programs.models import Program
from trainmgr.programs.rules import Side
from trainmgr.timetable.actions import require_open
from trainmgr.timetable.alternating import Block, Remark, Span, StageDays, blocks_of, remarks_on
from trainmgr.timetable.calendar_models import ClassBlock
from trainmgr.timetable.holidays import country_day
from trainmgr.timetable.models import SessionState, TeachingSession
from trainmgr.timetable.rules import DayKind

SET = audit.sentence("blocks.set", _l("%(who)s set the days of %(count)s stages of the class %(what)s"))


@dataclass(frozen=True)
class Stay:
    """How many of a class are placed somewhere, and from when to when: as the placements have it."""

    name: str
    people: int
    starts_on: date
    ends_on: date


StayProvider = Callable[[int], Iterable[Stay]]
_stays: list[StayProvider] = []


def knows_stays(provider: StayProvider) -> StayProvider:
    """Register a function that returns where a class's people are placed, in one statement."""
    _stays.append(provider)
    return provider


@dataclass(frozen=True)
class Calendar:
    """The alternating calendar of one class."""

    cohort: Cohort
    stages: Sequence[StageDays]
    blocks: Sequence[Block]
    remarks: Sequence[Remark]
    strays: Mapping[int, int]  # sessions at the other side's place, by the block's stage number
    stays: Sequence[Stay]
    own: Mapping[int, ClassBlock]

    @property
    def without(self) -> list[StageDays]:
        """The stages that have no days yet."""
        shown = {block.stage.number for block in self.blocks}
        return [stage for stage in self.stages if stage.number not in shown]


def stage_days(program_id: int) -> list[StageDays]:
    """Return what the plan in force says of the stages that everybody goes through: one statement."""
    return [_days_of(one) for one in stages_of(program_id) if not one.remedial]


def _days_of(one: PlanStage) -> StageDays:
    return StageDays(
        one.number, one.name, one.name_en, one.venue, one.weeks, one.gate, one.gate_en, one.starts_on, one.ends_on
    )  # fmt: skip


def days_and_blocks(program_id: int, cohort_id: int) -> tuple[list[StageDays], dict[int, ClassBlock]]:
    """Return the stages that everybody goes through beside the days that a class has set for them: one statement."""
    rows = db.session.execute(
        sa.select(PlanStage, ClassBlock)
        .outerjoin(
            ClassBlock,
            sa.and_(ClassBlock.cohort_id == cohort_id, ClassBlock.stage_number == PlanStage.number),
        )
        .where(PlanStage.edition_id == edition_in_force(program_id), PlanStage.remedial.is_(False))
        .order_by(PlanStage.number)
    ).all()
    return [_days_of(row[0]) for row in rows], {stage.number: own for stage, own in rows if own}


def own_blocks(cohort_ids: Sequence[int]) -> dict[int, dict[int, ClassBlock]]:
    """Return the days that classes have set, by class and stage: one statement."""
    rows = db.session.scalars(sa.select(ClassBlock).where(ClassBlock.cohort_id.in_(cohort_ids)))
    found: dict[int, dict[int, ClassBlock]] = {}
    for row in rows:
        found.setdefault(row.cohort_id, {})[row.stage_number] = row
    return found


def spans_in(own: Mapping[int, ClassBlock]) -> dict[int, Span]:
    """Return the days of a class's own blocks."""
    return {number: (row.starts_on, row.ends_on) for number, row in own.items()}


def calendar_of(program: Program, cohort: Cohort) -> Calendar:
    """Return the alternating calendar of a class: the same statements however long it is."""
    stages, own = days_and_blocks(program.id, cohort.id)
    blocks = blocks_of(stages, spans_in(own), program.starts_on)
    return Calendar(
        cohort,
        stages,
        blocks,
        remarks_on(blocks, program.starts_on, program.ends_on),
        _strays(program, cohort.id, blocks),
        [stay for provider in _stays for stay in provider(cohort.id)],
        own,
    )


def _strays(program: Program, cohort_id: int, blocks: Sequence[Block]) -> dict[int, int]:
    """Count the sessions that stand at the other side's place: at school during a block at the enterprise, and back."""
    rows = db.session.execute(
        sa.select(TeachingSession.day, TeachingSession.host_id, sa.func.count())
        .where(TeachingSession.cohort_id == cohort_id, TeachingSession.state == SessionState.PLANNED)
        .group_by(TeachingSession.day, TeachingSession.host_id)
    ).all()
    sides = {party.organization_id: party.role.side for party in program.parties}
    wanted = {Venue.SCHOOL: Side.COLLEGE, Venue.ENTERPRISE: Side.ENTERPRISE}
    found: dict[int, int] = {}
    for block in blocks:
        side = wanted.get(block.stage.venue)
        count = sum(
            number
            for day, host_id, number in rows
            if side and block.starts_on <= day <= block.ends_on and sides.get(host_id) not in (side, None)
        )
        if count:
            found[block.stage.number] = count
    return found


def set_blocks(
    program: Program,
    cohort: Cohort,
    spans: Mapping[int, Span | None],
    *,
    versions: Mapping[int, int],
    by: User,
    now: datetime,
) -> int:
    """Set a class's own days by stage, or take them away (None), where the plan leaves them open; returns how many."""
    require_open(program)
    stages = {stage.number: stage for stage in stage_days(program.id)}
    own = own_blocks([cohort.id]).get(cohort.id, {})
    changed = 0
    for number, span in spans.items():
        if number not in stages or stages[number].span is not None:
            raise RuleBroken(
                _("The signed plan sets the days of stage %(number)s; a class does not.", number=number)
            )
        changed += _set(cohort.id, number, span, own.get(number), versions.get(number, 0), by, now)
    if changed:
        audit.record(
            SET, "class_block", by=by, now=now, program_id=program.id, name=cohort.name, count=changed,
            cohort=cohort.id,
        )  # fmt: skip
    return changed


def _set(
    cohort_id: int,
    number: int,
    span: Span | None,
    row: ClassBlock | None,
    version: int,
    by: User,
    now: datetime,
) -> bool:
    present = (row.starts_on, row.ends_on) if row else None
    if span == present:
        return False
    if (row.version if row else 0) != version:
        raise Conflict(_("Somebody else changed this meanwhile. What you see now is how it stands."))
    if span is None:
        db.session.delete(row)
        return True
    if row is None:
        row = ClassBlock(cohort_id=cohort_id, stage_number=number)
        db.session.add(row)
    (row.starts_on, row.ends_on), row.by_id, row.at = span, by.id, now
    return True


@dataclass(frozen=True)
class Holiday:
    """Days on which the whole country is off."""

    name: str
    name_en: str
    starts_on: date
    ends_on: date


def holidays_between(first: date, last: date) -> list[Holiday]:
    """Return the country's holidays between two days, each as one stretch."""
    found: list[Holiday] = []
    for number in range((last - first).days + 1):
        day = first + timedelta(days=number)
        known = country_day(day)
        if known.kind is not DayKind.HOLIDAY:
            continue
        if found and found[-1].name == known.name and (day - found[-1].ends_on).days == 1:
            found[-1] = Holiday(known.name, known.name_en, found[-1].starts_on, day)
        else:
            found.append(Holiday(known.name, known.name_en, day, day))
    return found
