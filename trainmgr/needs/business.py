"""What the enterprise needs the training for, and its indicators' figures by month."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from decimal import ROUND_HALF_UP, Decimal

import sqlalchemy as sa
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from trainmgr.kernel import audit
from trainmgr.kernel.audit import Actor, require
from trainmgr.kernel.db import db
from trainmgr.needs.keeping import assign, opened, require_version, settle
from trainmgr.needs.models import BusinessNeed, Indicator, IndicatorFigure
from trainmgr.needs.rules import SeriesRule, figure_of
from trainmgr.programs.models import Program

MOST_NEEDS = 20
TENTHOUSANDTH = Decimal("0.0001")

NEED_ADDED = audit.sentence("needs.add-need", _l("%(who)s named the business need “%(what)s”"))
NEED_CHANGED = audit.sentence("needs.change-need", _l("%(who)s changed the business need “%(what)s”"))
NEED_REMOVED = audit.sentence("needs.remove-need", _l("%(who)s removed the business need “%(what)s”"))
SERIES_SET = audit.sentence("needs.set-series", _l("%(who)s entered %(count)s months of “%(what)s”"))


def needs_of(program_id: int) -> Sequence[BusinessNeed]:
    """Return what the enterprise needs, in its order."""
    return db.session.scalars(
        sa.select(BusinessNeed)
        .where(BusinessNeed.program_id == program_id)
        .order_by(BusinessNeed.position, BusinessNeed.id)
    ).all()


def create_need(program: Program, text: str, source: str, *, by: Actor, now: datetime) -> BusinessNeed:
    """Name one thing that the enterprise needs, and where that is written."""
    analysis = opened(program)
    present = needs_of(program.id)
    require(
        len(present) < MOST_NEEDS,
        _("An analysis names at most %(most)s business needs. Keep those that matter.", most=MOST_NEEDS),
    )
    position = max((one.position for one in present), default=0) + 1
    need = BusinessNeed(program_id=program.id, position=position, text=text, source=source)
    db.session.add(need)
    db.session.flush()
    audit.record(NEED_ADDED, need, by=by, now=now, program_id=program.id, name=text)
    settle(program, analysis, now=now)
    return need


def update_need(
    program: Program, need: BusinessNeed, text: str, source: str, *, version: int, by: Actor, now: datetime
) -> None:
    """Word a business need anew."""
    analysis = opened(program)
    db.session.refresh(need)
    require_version(need, version)
    if assign(need, {"text": text, "source": source}):
        audit.record(NEED_CHANGED, need, by=by, now=now, program_id=program.id, name=text)
    settle(program, analysis, now=now)


def remove_need(program: Program, need: BusinessNeed, *, by: Actor, now: datetime) -> None:
    """Remove a business need; its indicators stay, without it."""
    analysis = opened(program)
    db.session.execute(sa.update(Indicator).where(Indicator.need_id == need.id).values(need_id=None))
    audit.record(NEED_REMOVED, need, by=by, now=now, program_id=program.id, name=need.text)
    db.session.delete(need)
    settle(program, analysis, now=now)


# --- figures by month ---------------------------------------------------------------------------


def figures_of(indicator_id: int) -> dict[date, Decimal]:
    """Return an indicator's figures by month, the earliest first."""
    rows = db.session.execute(
        sa.select(IndicatorFigure.month, IndicatorFigure.value)
        .where(IndicatorFigure.indicator_id == indicator_id)
        .order_by(IndicatorFigure.month)
    )
    return {row.month: row.value for row in rows}


def set_figures(
    program: Program,
    indicator: Indicator,
    months: Mapping[date, Decimal | None],
    rule: SeriesRule,
    *,
    by: Actor,
    now: datetime,
) -> None:
    """Enter figures by month (None takes a month away) and how the current figure comes from them."""
    analysis = opened(program)
    write_figures(indicator, months)
    indicator.series_rule = rule
    take_current(indicator)
    given = sum(1 for value in months.values() if value is not None)
    audit.record(
        SERIES_SET, indicator, by=by, now=now, program_id=program.id, name=indicator.name, count=given
    )
    settle(program, analysis, now=now)


def write_figures(indicator: Indicator, months: Mapping[date, Decimal | None]) -> int:
    """Write months of one indicator; returns how many are new or changed. The caller settles the analysis."""
    known = figures_of(indicator.id)
    changed = {month: value for month, value in months.items() if known.get(month) != value}
    if changed:
        db.session.execute(
            sa.delete(IndicatorFigure).where(
                IndicatorFigure.indicator_id == indicator.id, IndicatorFigure.month.in_(changed)
            )
        )
    rows = [
        {"indicator_id": indicator.id, "month": month, "value": value}
        for month, value in changed.items()
        if value is not None
    ]
    if rows:
        db.session.execute(sa.insert(IndicatorFigure), rows)
    return len(changed)


def take_current(indicator: Indicator) -> None:
    """Compute the current figure from the months, where the rule says so."""
    value = figure_of(indicator.series_rule, figures_of(indicator.id))
    if value is not None:
        indicator.current = value.quantize(TENTHOUSANDTH, ROUND_HALF_UP)
