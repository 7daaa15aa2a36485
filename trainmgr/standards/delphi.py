"""The two rounds in which experts say how important each item of a draft is; figures are written with the ratings."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

import sqlalchemy as sa
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy.orm import selectinload

from trainmgr.kernel import audit
from trainmgr.kernel.audit import Actor, require
from trainmgr.kernel.db import db
from trainmgr.standards.actions import discard_competencies
from trainmgr.standards.content import Content, content_of
from trainmgr.standards.evidence import DelphiItem, DelphiPanelist, DelphiRating, DelphiRound, Expert
from trainmgr.standards.experts import pool_of
from trainmgr.standards.keeping import assign, opened
from trainmgr.standards.models import JobStandard, StandardVersion
from trainmgr.standards.rules import TaskKind
from trainmgr.standards.scoring import (
    FEWEST_RATERS,
    Limits,
    Subject,
    Verdict,
    figures_of,
    kendalls_w,
    verdict_on,
)
from trainmgr.standards.tasks import discard_tasks

LAST_ROUND = 2
PANEL_SET = audit.sentence(
    "standards.set-panel", _l("%(who)s asks %(count)s experts about the standard “%(what)s”")
)
OPENED = audit.sentence(
    "standards.open-round", _l("%(who)s opened Delphi round %(number)s about the standard “%(what)s”")
)
LIMITS_SET = audit.sentence(
    "standards.set-limits", _l("%(who)s set the thresholds of Delphi round %(number)s of “%(what)s”")
)
RATED = audit.sentence(
    "standards.rate-round", _l("%(who)s entered %(count)s ratings of Delphi round %(number)s of “%(what)s”")
)
CLOSED = audit.sentence(
    "standards.close-round", _l("%(who)s closed Delphi round %(number)s of the standard “%(what)s”")
)
DISCARDED = audit.sentence(
    "standards.discard-round", _l("%(who)s discarded Delphi round %(number)s of the standard “%(what)s”")
)
APPLIED = audit.sentence(
    "standards.apply-rounds", _l("%(who)s took %(count)s items out of “%(what)s” that the experts dropped")
)


# --- reading ------------------------------------------------------------------------------------


def panel_of(version: StandardVersion) -> Sequence[Expert]:
    """Return the experts who are asked about a version."""
    return db.session.scalars(
        sa.select(Expert)
        .join(DelphiPanelist, DelphiPanelist.expert_id == Expert.id)
        .where(DelphiPanelist.version_id == version.id)
        .order_by(Expert.name, Expert.id)
    ).all()


def rounds_of(version: StandardVersion) -> Sequence[DelphiRound]:
    """Return the rounds about a version with their items: two statements."""
    return db.session.scalars(
        sa.select(DelphiRound)
        .where(DelphiRound.version_id == version.id)
        .options(selectinload(DelphiRound.items))
        .order_by(DelphiRound.number)
    ).all()


def scores_in(one: DelphiRound) -> dict[int, dict[int, int]]:
    """Return what each expert said in a round: by expert, then by item."""
    rows = db.session.execute(
        sa.select(DelphiRating.expert_id, DelphiRating.item_id, DelphiRating.score)
        .join(DelphiItem, DelphiItem.id == DelphiRating.item_id)
        .where(DelphiItem.round_id == one.id)
    )
    found: dict[int, dict[int, int]] = {}
    for expert_id, item_id, score in rows:
        found.setdefault(expert_id, {})[item_id] = score
    return found


def limits_of(one: DelphiRound) -> Limits:
    """Return the thresholds of a round."""
    return Limits(float(one.least_mean), float(one.most_variation), float(one.least_full))


# --- the rounds ---------------------------------------------------------------------------------


def _opened(standard: JobStandard, number: int) -> tuple[StandardVersion, DelphiRound]:
    """Return the draft and one of its rounds that is still open."""
    draft = opened(standard)
    found = db.session.scalar(
        sa.select(DelphiRound)
        .where(DelphiRound.version_id == draft.id, DelphiRound.number == number)
        .options(selectinload(DelphiRound.items))
        .execution_options(populate_existing=True)
    )
    require(found is not None and found.closed_at is None, _("This round is closed; its figures stand."))
    assert found is not None
    return draft, found


def set_panel(standard: JobStandard, experts: Iterable[int], *, by: Actor, now: datetime) -> None:
    """Say which experts of the pool are asked; not while a round is open."""
    draft = opened(standard)
    require(
        all(one.closed_at for one in rounds_of(draft)),
        _("A round is open. Close it before you change who is asked."),
    )
    wanted = {one.id for one in pool_of(standard)} & set(experts)
    db.session.execute(sa.delete(DelphiPanelist).where(DelphiPanelist.version_id == draft.id))
    db.session.add_all(DelphiPanelist(version_id=draft.id, expert_id=one) for one in sorted(wanted))
    audit.record(PANEL_SET, draft, by=by, now=now, name=standard.post, count=len(wanted))
    db.session.flush()


def open_round(
    standard: JobStandard, subject: Subject, limits: Mapping[str, Decimal], *, by: Actor, now: datetime
) -> DelphiRound:
    """Open the next round: the first about everything, the second about what the first did not drop."""
    draft = opened(standard)
    rounds = rounds_of(draft)
    require(len(rounds) < LAST_ROUND, _("Both rounds have been held."))
    require(all(one.closed_at for one in rounds), _("The first round is still open. Close it first."))
    require(
        len(panel_of(draft)) >= FEWEST_RATERS,
        _("At least %(few)s experts must be asked. Choose them first.", few=FEWEST_RATERS),
    )
    subject = rounds[0].subject if rounds else subject
    kept = None if not rounds else {i.subject_key for i in rounds[0].items if i.verdict is not Verdict.DROP}
    things = [one for one in _things(content_of(draft), subject) if kept is None or one[0] in kept]
    require(things, _("There is nothing to ask about yet."))
    new = DelphiRound(version_id=draft.id, number=len(rounds) + 1, subject=subject, opened_at=now, **limits)
    new.items = [
        DelphiItem(position=place, subject_key=key, name=name, name_en=name_en)
        for place, (key, name, name_en) in enumerate(things, start=1)
    ]
    db.session.add(new)
    audit.record(OPENED, new, by=by, now=now, name=standard.post, number=new.number)
    db.session.flush()
    return new


def _things(content: Content, subject: Subject) -> list[tuple[str, str, str]]:
    if subject is Subject.COMPETENCIES:
        return [(one.competency.key, one.name, one.name_en) for one in content.competencies]
    return [(one.key, one.name, one.name_en) for one in content.of_kind(TaskKind.TYPICAL)]


def set_limits(
    standard: JobStandard, number: int, limits: Mapping[str, Decimal], *, by: Actor, now: datetime
) -> None:
    """Change the thresholds of an open round; every item is judged anew."""
    _draft, one = _opened(standard, number)
    if assign(one, limits):
        audit.record(LIMITS_SET, one, by=by, now=now, name=standard.post, number=number)
    settle(one)


def rate(
    standard: JobStandard, number: int, said: Mapping[int, Mapping[int, int]], *, by: Actor, now: datetime
) -> None:
    """Take what experts say: scores by expert and item; an expert's former scores are replaced."""
    draft, one = _opened(standard, number)
    panel, items = {expert.id for expert in panel_of(draft)}, {item.id for item in one.items}
    known = {expert: scores for expert, scores in said.items() if expert in panel}
    db.session.execute(
        sa.delete(DelphiRating).where(DelphiRating.item_id.in_(items), DelphiRating.expert_id.in_(known))
    )
    rows: list[dict[str, Any]] = [
        {"item_id": item, "expert_id": expert, "score": score}
        for expert, scores in known.items()
        for item, score in scores.items()
        if item in items
    ]
    if rows:
        db.session.execute(sa.insert(DelphiRating), rows)
    audit.record(RATED, one, by=by, now=now, name=standard.post, number=number, count=len(rows))
    settle(one)


def settle(one: DelphiRound) -> None:
    """Write the figures of each item and the experts' agreement from the ratings."""
    said = scores_in(one)
    limits, last = limits_of(one), one.number == LAST_ROUND
    for item in one.items:
        figures = figures_of([scores[item.id] for scores in said.values() if item.id in scores])
        item.raters = figures.raters if figures else 0
        item.mean = figures.mean if figures else None
        item.variation = figures.variation if figures else None
        item.full = figures.full if figures else None
        item.verdict = verdict_on(figures, limits, last_round=last) if figures else None
    whole = [scores for scores in said.values() if len(scores) == len(one.items)]
    agreement = kendalls_w([[scores[item.id] for item in one.items] for scores in whole])
    one.raters = len(whole)
    one.w = agreement.w if agreement else None
    one.chi_square = agreement.chi_square if agreement else None
    one.p_value = agreement.p_value if agreement else None
    db.session.flush()


def close_round(standard: JobStandard, number: int, *, by: Actor, now: datetime) -> None:
    """Close a round; every item must have been rated by enough experts."""
    _draft, one = _opened(standard, number)
    require(
        all(item.raters >= FEWEST_RATERS for item in one.items),
        _("Some items have been rated by fewer than %(few)s experts.", few=FEWEST_RATERS),
    )
    one.closed_at = now
    audit.record(CLOSED, one, by=by, now=now, name=standard.post, number=number)
    db.session.flush()


def discard_round(standard: JobStandard, number: int, *, by: Actor, now: datetime) -> None:
    """Remove an open round with what was said in it."""
    _draft, one = _opened(standard, number)
    audit.record(DISCARDED, one, by=by, now=now, name=standard.post, number=number)
    items = [item.id for item in one.items]
    db.session.execute(sa.delete(DelphiRating).where(DelphiRating.item_id.in_(items)))
    db.session.delete(one)
    db.session.flush()


def dropped_by(rounds: Sequence[DelphiRound]) -> set[str]:
    """Return the keys of what the closed rounds dropped."""
    return {
        item.subject_key
        for one in rounds
        if one.closed_at
        for item in one.items
        if item.verdict is Verdict.DROP
    }


def apply_rounds(standard: JobStandard, *, by: Actor, now: datetime) -> int:
    """Take out of the draft what the closed rounds dropped; returns how many items that were."""
    draft = opened(standard)
    dropped, content = dropped_by(rounds_of(draft)), content_of(draft)
    competencies = [one.competency_id for one in content.competencies if one.competency.key in dropped]
    tasks = [one.id for one in content.tasks if one.key in dropped]
    if competencies:
        discard_competencies(draft, competencies)
    if tasks:
        discard_tasks(draft, tasks)
    count = len(competencies) + len(tasks)
    if count:
        audit.record(APPLIED, draft, by=by, now=now, name=standard.post, count=count)
    return count
