"""The first edition of a plan, made from the stages of a pathway; pure."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta

from trainmgr.curriculum.rules import ModuleLine, Plan, StageLine
from trainmgr.pathways.rules import Layer, Pathway, PracticeLevel, Stage, Text


def first_plan(pathway: Pathway, starts_on: date | None = None) -> Plan:
    """Return a plan to begin with: the pathway's stages, one module for each step of a stage.

    The hours of a stage's modules add up to those of the stage exactly, theory and practice too. Stages follow one
    another from the first day on.
    """
    stages: list[StageLine] = []
    modules: list[ModuleLine] = []
    names: set[str] = set()
    day = starts_on
    for number, stage in enumerate(pathway.stages, start=1):
        line, day = _stage_line(stage, number, day)
        stages.append(line)
        for module in _modules(stage, number, pathway, len(modules), names):
            names.add(module.name)
            modules.append(module)
    return Plan(stages, modules)


def split_evenly(hours: int, parts: int) -> list[int]:
    """Split whole hours into so many parts, as even as can be, that add up exactly; parts of 0 are left out."""
    if parts <= 0 or hours <= 0:
        return []
    least, more = divmod(hours, parts)
    return [size for size in (least + (place < more) for place in range(parts)) if size]


def share_out(amount: int, sizes: Sequence[int]) -> list[int]:
    """Share an amount in proportion to sizes: adds up exactly, and no share is above its size (amount ≤ their sum)."""
    whole, before, done, shares = sum(sizes), 0, 0, []
    for size in sizes:
        before += size
        upto = amount * before // whole
        shares.append(upto - done)
        done = upto
    return shares


def last_for(hours: float, sizes: Sequence[int]) -> int:
    """Return how many of the last sizes add up nearest to some hours."""
    sums = [sum(sizes[len(sizes) - count :]) for count in range(len(sizes) + 1)]
    return min(range(len(sums)), key=lambda count: abs(sums[count] - hours))


def _stage_line(stage: Stage, number: int, day: date | None) -> tuple[StageLine, date | None]:
    weeks = round(stage.weeks)
    begins = None if stage.remedial else day
    after = begins + timedelta(weeks=weeks) if begins else day
    line = StageLine(
        number=number,
        name=stage.name.zh[:80],
        name_en=stage.name.en[:120],
        venue=stage.venue,
        weeks=weeks,
        hours=round(stage.hours),
        gate=stage.gate.text.zh[:200] if stage.gate else "",
        gate_en=stage.gate.text.en[:200] if stage.gate else "",
        starts_on=begins if weeks else None,
        ends_on=after - timedelta(days=1) if begins and after and weeks else None,
        remedial=stage.remedial,
    )
    return line, after


def _modules(stage: Stage, number: int, pathway: Pathway, position: int, taken: set[str]) -> list[ModuleLine]:
    steps = stage.steps or (stage.name,)
    sizes = split_evenly(round(stage.hours), len(steps))
    if not sizes:
        return []
    practice = share_out(min(round(stage.practice_hours), sum(sizes)), sizes)
    first_enterprise = len(sizes) - last_for(stage.enterprise_hours, sizes)
    layer, level = _layer(pathway, number), _level(pathway, number)
    names = _names(steps, stage.name, taken)
    return [
        ModuleLine(
            id=-(position + place + 1),
            stage_number=number,
            position=position + place + 1,
            name=names[place].zh,
            name_en=names[place].en,
            theory_hours=size - practice[place],
            practice_hours=practice[place],
            layer=stage.layer or layer,
            practice_level=stage.practice_level or level,
            venue=stage.venue,
            taught_by_enterprise=place >= first_enterprise,
        )
        for place, size in enumerate(sizes)
    ]


def _names(steps: Sequence[Text], stage: Text, taken: set[str]) -> list[Text]:
    names: list[Text] = []
    for step in steps:
        name, count = Text(step.zh[:80], step.en[:120]), 2
        while name.zh in taken or name.zh in {each.zh for each in names}:
            tail = f" · {stage.zh}"[:30] if count == 2 else f" · {stage.zh}"[:30] + f" {count - 1}"
            tail_en = f" · {stage.en}"[:40] if step.en and stage.en else ""
            name, count = (
                Text(step.zh[: 80 - len(tail)] + tail, (step.en[:70] + tail_en) if step.en else ""),
                count + 1,
            )
        names.append(name)
    return names


def _layer(pathway: Pathway, number: int) -> Layer:
    """The layer that a stage has by its place among the stages, where the pathway names none."""
    return list(Layer)[_place(pathway, number, len(Layer))]


def _level(pathway: Pathway, number: int) -> PracticeLevel:
    return list(PracticeLevel)[_place(pathway, number, len(PracticeLevel))]


def _place(pathway: Pathway, number: int, of: int) -> int:
    regular = max(1, sum(not stage.remedial for stage in pathway.stages))
    return min(of - 1, (number - 1) * of // regular)
