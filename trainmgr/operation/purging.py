"""An end of keeping: what is old enough by the rules of the register goes."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from flask_babel import lazy_gettext as _l

from trainmgr.kernel.audit import record, sentence
from trainmgr.kernel.db import db
from trainmgr.operation.privacy import changed
from trainmgr.operation.register import PurgeRule, emptied, register, table

PURGED = sentence("privacy.purged", _l("%(who)s removed what was kept long enough: %(rows)s rows"))


def purge(now: datetime, *, really: bool) -> dict[str, int]:
    """Return per rule how many rows are old enough; with `really` they go, and the trail says so."""
    found = {rule.name: _purge(rule, now, really) for rule in register().purge}
    total = sum(number for number in found.values())
    if really and total:
        record(PURGED, "installation", by=None, now=now, rows=total)
    return found


def _purge(rule: PurgeRule, now: datetime, really: bool) -> int:
    of = table(rule.table)
    conditions: list[sa.ColumnElement[bool]] = [of.c[rule.at] < now - timedelta(days=rule.days)]
    conditions += [of.c[column].in_(values) for column, values in rule.where]
    if rule.clear:
        conditions.append(sa.or_(*(_filled(of.c[name]) for name in rule.clear)))
    if not really:
        return db.session.scalar(sa.select(sa.func.count()).select_from(of).where(*conditions)) or 0
    if rule.clear:
        values = {name: emptied(of.c[name]) for name in rule.clear}
        return changed(sa.update(of).where(*conditions).values(values))
    return changed(sa.delete(of).where(*conditions))


def _filled(column: sa.Column[Any]) -> sa.ColumnElement[bool]:
    return column.is_not(None) if column.nullable else column != ""
