"""Taking needs over into the next edition of a programme."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any

import sqlalchemy as sa
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from trainmgr.kernel import audit
from trainmgr.kernel.audit import Actor, require
from trainmgr.kernel.db import db
from trainmgr.needs import queries
from trainmgr.needs.indicators import IndicatorFacts, add_indicator
from trainmgr.needs.keeping import opened, settle
from trainmgr.needs.models import Competency
from trainmgr.programs.models import Program

COPIED = audit.sentence("needs.copy", _l("%(who)s took over the needs of “%(what)s”"))

_KEPT = ("name", "name_en", "dimension", "importance", "required_level", "current_level", "required_hours")
_KEPT_OF_INDICATOR = (
    "name", "unit", "direction", "weight", "expected", "current", "benchmark", "benchmark_source", "benchmark_year",
)  # fmt: skip


def copy_from(program: Program, source: Program, *, by: Actor, now: datetime) -> dict[int, int]:
    """Copy competencies, indicators, post and weights of another programme into an empty analysis.

    Ratings and signatures are not copied. Returns the new competency's id for each old one's.
    """
    origin = queries.analysis_of(source.id)
    if origin is None:
        return {}
    analysis = opened(program)
    require(not queries.competencies_of(program.id), _("This programme has competencies already."))
    analysis.post, analysis.trainee_weight = origin.post, origin.trainee_weight
    analysis.priority_count = origin.priority_count
    old = sorted(queries.competencies_of(source.id), key=lambda c: (c.position, c.id))
    new = [
        Competency(program_id=program.id, position=place, **{name: getattr(one, name) for name in _KEPT})
        for place, one in enumerate(old, start=1)
    ]
    db.session.add_all(new)
    db.session.flush()
    ids = {before.id: after.id for before, after in zip(old, new, strict=True)}
    for indicator in queries.indicators_of(source.id):
        links = frozenset(ids[link.competency_id] for link in indicator.links)
        facts = {name: getattr(indicator, name) for name in _KEPT_OF_INDICATOR}
        add_indicator(program, IndicatorFacts(**facts, competency_ids=links))
    audit.record(COPIED, analysis, by=by, now=now, program_id=program.id, name=source.name)
    settle(program, analysis, now=now)
    return ids


def note_carried(program: Program, carried: Mapping[int, Mapping[str, Any]], *, now: datetime) -> None:
    """Note by competency id what the predecessor left open, and take the level reached there as the current one.

    Each entry has `program` (its name), `required` and `reached` (levels from 1 to 5).
    """
    analysis = opened(program)
    competencies = db.session.scalars(
        sa.select(Competency).where(Competency.program_id == program.id, Competency.id.in_(carried))
    )
    for competency in competencies:
        note = carried[competency.id]
        competency.carried_from = dict(note)
        if not competency.respondents:
            competency.current_level = Decimal(str(round(min(max(float(note["reached"]), 1.0), 5.0), 2)))
    settle(program, analysis, now=now)
