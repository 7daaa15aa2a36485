"""Filling in the enterprise side: the figures that the business is measured by, and what they depend on."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

import sqlalchemy as sa
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy.orm import selectinload
from sqlalchemy.orm.attributes import flag_modified

from trainmgr.kernel import audit
from trainmgr.kernel.audit import Actor, require
from trainmgr.kernel.db import db
from trainmgr.needs.keeping import assign, forget_links, opened, require_room, require_version, settle
from trainmgr.needs.models import Competency, Indicator, IndicatorLink
from trainmgr.needs.rules import Direction, Lane
from trainmgr.programs.models import Program

INDICATOR_ADDED = audit.sentence("needs.add-indicator", _l("%(who)s added the business indicator “%(what)s”"))
INDICATOR_CHANGED = audit.sentence(
    "needs.change-indicator", _l("%(who)s changed the business indicator “%(what)s”")
)
INDICATOR_REMOVED = audit.sentence(
    "needs.remove-indicator", _l("%(who)s removed the business indicator “%(what)s”")
)


@dataclass(frozen=True)
class IndicatorFacts:
    """What is typed about an indicator; `competency_ids` are those that it depends on."""

    name: str
    expected: Decimal
    current: Decimal
    direction: Direction = Direction.HIGHER
    unit: str = ""
    weight: int = 3
    benchmark: Decimal | None = None
    benchmark_source: str = ""
    benchmark_year: int | None = None
    competency_ids: frozenset[int] = frozenset()

    @property
    def columns(self) -> dict[str, Any]:
        """What stands in the indicator's own row."""
        values = asdict(self)
        del values["competency_ids"]
        return values


def create_indicator(program: Program, facts: IndicatorFacts, *, by: Actor, now: datetime) -> Indicator:
    """Add a figure that the enterprise is measured by."""
    analysis = opened(program)
    present = db.session.scalar(
        sa.select(sa.func.count()).select_from(Indicator).where(Indicator.program_id == program.id)
    )
    require_room((present or 0) + 1, Lane.ENTERPRISE)
    indicator = add_indicator(program, facts)
    audit.record(INDICATOR_ADDED, indicator, by=by, now=now, program_id=program.id, name=indicator.name)
    settle(program, analysis, now=now)
    return indicator


def add_indicator(program: Program, facts: IndicatorFacts) -> Indicator:
    """Write an indicator with its links; the caller settles the analysis afterwards."""
    indicator = Indicator(program_id=program.id, **facts.columns)
    db.session.add(indicator)
    db.session.flush()
    set_links(program, indicator, facts.competency_ids)
    return indicator


def update_indicator(
    program: Program,
    indicator: Indicator,
    facts: IndicatorFacts,
    *,
    version: int | None = None,
    by: Actor,
    now: datetime,
) -> None:
    """Change an indicator and what it depends on."""
    analysis = opened(program)
    indicator = _fresh_indicator(indicator)
    require_version(indicator, version)
    if change_indicator(program, indicator, facts):
        audit.record(INDICATOR_CHANGED, indicator, by=by, now=now, program_id=program.id, name=indicator.name)
    settle(program, analysis, now=now)


def change_indicator(program: Program, indicator: Indicator, facts: IndicatorFacts) -> bool:
    """Write an indicator's new facts; returns whether anything changed. The caller settles the analysis."""
    relinked = facts.competency_ids != {link.competency_id for link in indicator.links}
    changed = assign(indicator, facts.columns)
    if relinked and not changed:
        flag_modified(indicator, "weight")  # the version counts new links too
    db.session.flush()
    if relinked:
        set_links(program, indicator, facts.competency_ids)
    return changed or relinked


def set_links(program: Program, indicator: Indicator, competency_ids: Iterable[int]) -> None:
    """Link an indicator to exactly these competencies of the programme."""
    own = set(
        db.session.scalars(
            sa.select(Competency.id).where(
                Competency.program_id == program.id, Competency.id.in_(competency_ids)
            )
        )
    )
    db.session.execute(sa.delete(IndicatorLink).where(IndicatorLink.indicator_id == indicator.id))
    rows = [{"indicator_id": indicator.id, "competency_id": key} for key in sorted(own)]
    if rows:
        db.session.execute(sa.insert(IndicatorLink), rows)
    forget_links(indicator)


def remove_indicator(program: Program, indicator: Indicator, *, by: Actor, now: datetime) -> None:
    """Remove an indicator with its links."""
    analysis = opened(program)
    indicator = _fresh_indicator(indicator)
    audit.record(INDICATOR_REMOVED, indicator, by=by, now=now, program_id=program.id, name=indicator.name)
    db.session.execute(sa.delete(IndicatorLink).where(IndicatorLink.indicator_id == indicator.id))
    db.session.execute(sa.delete(Indicator).where(Indicator.id == indicator.id))
    settle(program, analysis, now=now)


def _fresh_indicator(indicator: Indicator) -> Indicator:
    found: Indicator | None = db.session.scalars(
        sa.select(Indicator)
        .where(Indicator.id == indicator.id)
        .options(selectinload(Indicator.links))
        .execution_options(populate_existing=True)
    ).one_or_none()
    require(found is not None, _("Somebody has removed this indicator meanwhile."))
    assert found is not None
    return found
