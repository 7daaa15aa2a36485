"""An end of keeping: what is old enough by the rules of the register goes."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from flask_babel import lazy_gettext as _l

from trainmgr.kernel.audit import record, sentence
from trainmgr.kernel.db import db
from trainmgr.operation.privacy import changed
from trainmgr.operation.register import (
    DataClass,
    PurgeRule,
    emptied,
    filled,
    in_programmes,
    is_unique,
    register,
    table,
)
from trainmgr.programs.models import Program

DAYS_OF_A_YEAR = 366  # rather a day late than a day early
PURGED = sentence("privacy.purged", _l("%(who)s removed what was kept long enough: %(rows)s rows"))


def purge(now: datetime, *, really: bool) -> dict[str, int]:
    """Return per rule how many rows are old enough; with `really` they go, and the trail says so."""
    found = {rule.name: _purge(rule, now, really) for rule in register().purge}
    for one in register().classes.values():
        if one.years_after_programme:
            found[f"{one.name}, {one.years_after_programme} years after the programme"] = _clear(
                one, now, really
            )
    total = sum(number for number in found.values())
    if really and total:
        record(PURGED, "installation", by=None, now=now, rows=total)
    return found


def _purge(rule: PurgeRule, now: datetime, really: bool) -> int:
    of = table(rule.table)
    conditions: list[sa.ColumnElement[bool]] = [of.c[rule.at] < now - timedelta(days=rule.days)]
    conditions += [of.c[column].in_(values) for column, values in rule.where]
    if rule.clear:
        conditions.append(sa.or_(*(filled(of.c[name]) for name in rule.clear)))
    if not really:
        return db.session.scalar(sa.select(sa.func.count()).select_from(of).where(*conditions)) or 0
    if rule.clear:
        values = {name: emptied(of.c[name]) for name in rule.clear}
        return changed(sa.update(of).where(*conditions).values(values))
    return changed(sa.delete(of).where(*conditions))


def _clear(one: DataClass, now: datetime, really: bool) -> int:
    """Clear a class's columns in rows of programmes that were closed so many years ago; returns the rows."""
    closed = sa.select(Program.id).where(
        Program.closed_at < now - timedelta(days=DAYS_OF_A_YEAR * one.years_after_programme)
    )
    done = 0
    for name in sorted({column.split(".")[0] for column in one.columns}):
        of, belongs = table(name), in_programmes(name, closed)
        columns = [of.c[column] for column in one.of(name) if _is_text(of.c[column])]
        if belongs is None or not columns:
            continue
        conditions = belongs, sa.or_(*(filled(column) for column in columns))
        if really:
            values = {column.name: emptied(column) for column in columns}
            done += changed(sa.update(of).where(*conditions).values(values))
        else:
            count = sa.select(sa.func.count()).select_from(of).where(*conditions)
            done += db.session.scalar(count) or 0
    return done


def _is_text(column: sa.Column[Any]) -> bool:
    """Tell whether a column says something in words: days alone tell nothing of anybody."""
    return isinstance(column.type, (sa.String, sa.JSON)) and not is_unique(column)
