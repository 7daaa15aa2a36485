"""Writes of evaluation schemes: made from the pathway and the priorities, edited, frozen, copied into a new version."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from trainmgr.evaluation import queries
from trainmgr.evaluation.models import Criterion, Scheme, Window
from trainmgr.evaluation.rules import THREE, Level, LevelWeight, Party, SchemeState
from trainmgr.evaluation.scoring import HUNDRED
from trainmgr.kernel import audit
from trainmgr.kernel.audit import Actor, require
from trainmgr.kernel.db import db
from trainmgr.kernel.errors import Conflict, RuleBroken
from trainmgr.needs.models import AnalysisState, Competency, Dimension, NeedsAnalysis
from trainmgr.pathways.rules import EvaluationPlan, Text, from_document
from trainmgr.programs.actions import require_open
from trainmgr.programs.models import Program
from trainmgr.programs.rules import Step, Work
from trainmgr.programs.thread import refresh

MADE = audit.sentence(
    "scheme.make", _l("%(who)s made the evaluation scheme from the pathway: %(count)s criteria")
)
PRIORITIES = audit.sentence(
    "scheme.priorities", _l("%(who)s took %(count)s priorities into the evaluation scheme")
)
WEIGHED = audit.sentence("scheme.weigh", _l("%(who)s changed the weights or marks of the evaluation scheme"))
ADDED = audit.sentence("criterion.add", _l("%(who)s added the criterion “%(what)s”"))
CHANGED = audit.sentence("criterion.edit", _l("%(who)s changed the criterion “%(what)s”"))
REMOVED = audit.sentence("criterion.remove", _l("%(who)s removed the criterion “%(what)s”"))
MOVED = audit.sentence("criterion.move", _l("%(who)s moved the criterion “%(what)s”"))
VERSIONED = audit.sentence("scheme.version", _l("%(who)s opened version %(number)s of the evaluation scheme"))


@dataclass(frozen=True)
class CriterionFields:
    """What a person may say about a criterion."""

    level: Level
    dimension: Dimension
    name: str
    name_en: str
    hint: str
    hint_en: str
    weight: float
    parties: frozenset[Party]
    anchors: list[list[str]]
    competency_id: int | None = None


def make_scheme(program: Program, *, by: Actor, now: datetime) -> Scheme:
    """Make the first scheme of a programme from its pathway and, when the needs are frozen, its priorities."""
    require_open(program, Work.SCHEME)
    require(queries.find_scheme(program.id) is None, _("This programme has an evaluation scheme already."))
    plan = from_document(program.pathway_document).evaluation
    scheme = Scheme(
        program_id=program.id,
        pass_mark=plan.pass_mark / HUNDRED,
        good_mark=plan.good_mark / HUNDRED,
        divergence=plan.divergence,
        edited_at=now,
        edited_by=by.name,
    )
    scheme.weigh(tuple(LevelWeight(Level(lv.level), lv.weight, _shares(lv.shares)) for lv in plan.levels))
    scheme.criteria = [_from_plan(plan, number) for number in range(len(plan.criteria))]
    db.session.add(scheme)
    db.session.flush()
    _take_priorities(scheme, plan)
    audit.record(MADE, scheme, by=by, now=now, program_id=program.id, count=len(scheme.criteria))
    refresh(program.id, Step.EVALUATION, now=now)
    return scheme


def _shares(shares: Iterable[tuple[Any, float]]) -> dict[Party, float]:
    return {Party(party): share for party, share in shares}


def _from_plan(plan: EvaluationPlan, number: int) -> Criterion:
    planned = plan.criteria[number]
    parties = {Party(party) for party in planned.rated_by}
    return Criterion(
        position=number + 1,
        key=planned.key,
        level=Level(planned.level),
        dimension=Dimension(planned.ability.value) if planned.ability else Dimension.PROFESSIONAL,
        name=planned.name.zh,
        name_en=planned.name.en,
        hint=planned.hint.zh,
        hint_en=planned.hint.en,
        weight=planned.weight,
        **_scale(plan, planned.anchors),
        **_flags(parties),
    )


def _scale(plan: EvaluationPlan, key: str) -> dict[str, Any]:
    scale = plan.scale(key)
    return {"anchors": _pairs(scale.words), "meanings": _pairs(scale.meanings)}


def _pairs(texts: Iterable[Text]) -> list[list[str]]:
    return [[text.zh, text.en] for text in texts]


def _flags(parties: Collection[Party]) -> dict[str, bool]:
    return {f"by_{party.value}": party in parties for party in Party}


def _take_priorities(scheme: Scheme, plan: EvaluationPlan) -> int:
    """Add an ability-gain criterion for each priority of the frozen needs that has none yet."""
    frozen = sa.exists().where(
        NeedsAnalysis.program_id == scheme.program_id, NeedsAnalysis.state == AnalysisState.FROZEN
    )
    priorities = db.session.scalars(
        sa.select(Competency)
        .where(Competency.program_id == scheme.program_id, Competency.is_priority, frozen)
        .order_by(Competency.rank, Competency.id)
    ).all()
    present = {criterion.competency_id for criterion in scheme.criteria}
    added = [competency for competency in priorities if competency.id not in present]
    planned = next((c for c in plan.criteria if c.level == Level.LEARNING.value), plan.criteria[0])
    raters = {p for lw in scheme.level_weights if lw.level is Level.LEARNING for p in Party if lw.points(p)}
    position = max((criterion.position for criterion in scheme.criteria), default=0)
    for place, competency in enumerate(added, start=position + 1):
        scheme.criteria.append(
            Criterion(
                position=place,
                key=f"competency-{competency.id}",
                level=Level.LEARNING,
                dimension=competency.dimension,
                name=competency.name,
                name_en=competency.name_en,
                competency_id=competency.id,
                **_scale(plan, planned.anchors),
                **_flags(raters or set(THREE)),
            )
        )
    return len(added)


def add_priorities(program: Program, scheme: Scheme, *, by: Actor, now: datetime) -> int:
    """Add a criterion for each priority of the frozen needs that has none yet; returns how many there were."""
    require_draft(program, scheme, now)
    count = _take_priorities(scheme, from_document(program.pathway_document).evaluation)
    require(count, _("Every priority of the signed needs analysis has its criterion already."))
    touch(scheme, by, now)
    audit.record(PRIORITIES, scheme, by=by, now=now, program_id=program.id, count=count)
    refresh(program.id, Step.EVALUATION, now=now)
    return count


def weigh(
    program: Program,
    scheme: Scheme,
    levels: tuple[LevelWeight, ...],
    marks: Mapping[str, float],
    *,
    version: int,
    by: Actor,
    now: datetime,
) -> None:
    """Set what the levels and parties weigh and where pass mark, good mark and divergence threshold lie."""
    require_draft(program, scheme, now)
    _require_version(scheme, version)
    scheme.weigh(levels)
    scheme.pass_mark, scheme.good_mark = marks["pass_mark"], marks["good_mark"]
    scheme.divergence = marks["divergence"]
    scheme.peer_raters = int(marks.get("peer_raters", scheme.peer_raters))
    touch(scheme, by, now)
    audit.record(WEIGHED, scheme, by=by, now=now, program_id=program.id)
    refresh(program.id, Step.EVALUATION, now=now)


def add_criterion(
    program: Program, scheme: Scheme, fields: CriterionFields, *, version: int, by: Actor, now: datetime
) -> Criterion:
    """Add a criterion after the last one of its level."""
    require_draft(program, scheme, now)
    _require_version(scheme, version)
    criterion = Criterion(scheme_id=scheme.id, position=_next_position(scheme))
    _fill(criterion, fields)
    scheme.criteria.append(criterion)
    return _done(ADDED, program, scheme, criterion, by=by, now=now)


def edit_criterion(
    program: Program,
    scheme: Scheme,
    criterion: Criterion,
    fields: CriterionFields,
    *,
    version: int,
    by: Actor,
    now: datetime,
) -> Criterion:
    """Change a criterion of a draft scheme."""
    require_draft(program, scheme, now)
    _require_version(scheme, version)
    _fill(criterion, fields)
    return _done(CHANGED, program, scheme, criterion, by=by, now=now)


def remove_criterion(
    program: Program, scheme: Scheme, criterion: Criterion, *, by: Actor, now: datetime
) -> None:
    """Remove a criterion of a draft scheme; the last one stays."""
    require_draft(program, scheme, now)
    require(len(scheme.criteria) > 1, _("A scheme needs at least one criterion."))
    scheme.criteria.remove(criterion)
    _done(REMOVED, program, scheme, criterion, by=by, now=now)


def move_criterion(
    program: Program, scheme: Scheme, criterion: Criterion, *, up: bool, by: Actor, now: datetime
) -> None:
    """Let a criterion change places with its neighbour of the same level; at the end nothing happens."""
    require_draft(program, scheme, now)
    row = sorted(
        (each for each in scheme.criteria if each.level is criterion.level), key=lambda each: each.position
    )
    other = row.index(criterion) + (-1 if up else 1)
    if not 0 <= other < len(row):
        return
    neighbour = row[other]
    here, there = criterion.position, neighbour.position
    # The unique position forbids both at one place, even for a moment.
    criterion.position = -here
    db.session.flush()
    neighbour.position = here
    db.session.flush()
    criterion.position = there
    _done(MOVED, program, scheme, criterion, by=by, now=now)


def new_version(program: Program, scheme: Scheme, *, by: Actor, now: datetime) -> Scheme:
    """Copy a frozen scheme into a draft; windows that have not opened yet go over to it."""
    require_open(program, Work.SCHEME)
    freeze_if_open(scheme, now=now)
    require(scheme.state is SchemeState.FROZEN, _("This version is still a draft: change it as it is."))
    latest = db.session.scalar(sa.select(sa.func.max(Scheme.number)).where(Scheme.program_id == program.id))
    require(latest == scheme.number, _("There is a newer version already."))
    copy = Scheme(program_id=program.id, number=scheme.number + 1, edited_at=now, edited_by=by.name)
    copy.weigh(scheme.level_weights)
    copy.divergence, copy.pass_mark, copy.good_mark = scheme.divergence, scheme.pass_mark, scheme.good_mark
    copy.peer_raters = scheme.peer_raters
    copy.criteria = [_copied(criterion) for criterion in scheme.criteria]
    db.session.add(copy)
    db.session.flush()
    db.session.execute(
        sa.update(Window)
        .where(Window.scheme_id == scheme.id, Window.opens_at > now)
        .values(scheme_id=copy.id)
    )
    audit.record(VERSIONED, copy, by=by, now=now, program_id=program.id, number=copy.number)
    refresh(program.id, Step.EVALUATION, now=now)
    return copy


def _copied(criterion: Criterion) -> Criterion:
    skipped = {"id", "scheme_id"}
    columns = [column.key for column in sa.inspect(Criterion).column_attrs if column.key not in skipped]
    return Criterion(**{key: getattr(criterion, key) for key in columns})


def is_frozen(scheme: Scheme, now: datetime) -> bool:
    """Tell whether a scheme may no longer change: its first window has opened, whether or not that was noted yet."""
    if scheme.state is SchemeState.FROZEN:
        return True
    opened = sa.exists().where(Window.scheme_id == scheme.id, Window.opens_at <= now)
    return bool(db.session.scalar(sa.select(opened)))


def freeze_if_open(scheme: Scheme, *, now: datetime) -> None:
    """Note that a scheme is frozen once its first window has opened."""
    if scheme.state is SchemeState.DRAFT and is_frozen(scheme, now):
        scheme.state, scheme.frozen_at = SchemeState.FROZEN, now


def require_draft(program: Program, scheme: Scheme, now: datetime) -> None:
    """Refuse to change a scheme that is frozen, or one of a programme in which schemes no longer change."""
    require_open(program, Work.SCHEME)
    if is_frozen(scheme, now):
        raise RuleBroken(
            _(
                "Version %(n)s has been rated with and is frozen. Open a new version for later windows.",
                n=scheme.number,
            )
        )


def _require_version(scheme: Scheme, version: int) -> None:
    if scheme.version != version:
        raise Conflict(
            _(
                "%(who)s changed the scheme meanwhile. Yours is not saved yet: compare, then save again.",
                who=scheme.edited_by,
            )
        )


def touch(scheme: Scheme, by: Actor, now: datetime) -> None:
    """Note who changed a scheme last."""
    scheme.edited_at, scheme.edited_by = now, by.name


def _next_position(scheme: Scheme) -> int:
    return max((criterion.position for criterion in scheme.criteria), default=0) + 1


def _fill(criterion: Criterion, fields: CriterionFields) -> None:
    criterion.level, criterion.dimension = fields.level, fields.dimension
    criterion.name, criterion.name_en = fields.name, fields.name_en
    criterion.hint, criterion.hint_en = fields.hint, fields.hint_en
    criterion.weight, criterion.competency_id = fields.weight, fields.competency_id
    for key, rates in _flags(fields.parties).items():
        setattr(criterion, key, rates)
    if fields.anchors != criterion.anchors:
        criterion.anchors, criterion.meanings = fields.anchors, []


def _done(
    action: str, program: Program, scheme: Scheme, criterion: Criterion, *, by: Actor, now: datetime
) -> Criterion:
    touch(scheme, by, now)
    db.session.flush()
    audit.record(
        action, scheme, by=by, now=now, program_id=program.id, name=criterion.name, criterion=criterion.id
    )
    refresh(program.id, Step.EVALUATION, now=now)
    return criterion
