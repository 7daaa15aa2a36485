"""Which figures of a survey are not shown: of too few, or telling of too few when taken from one another."""

from __future__ import annotations

import sqlalchemy as sa

from trainmgr.evaluation.anonymity import COLUMNS, ROWS, TOTAL, published
from trainmgr.kernel.db import db
from trainmgr.quality.measures.base import Ask, Measure
from trainmgr.quality.rules import LEAST, Period, ScopeKind


def hidden_of(one: Measure, college_id: int, period: Period) -> set[tuple[ScopeKind, int]]:
    """Return the scopes whose survey figure must not be shown, since it is of too few or would tell of too few.

    Programmes and enterprises are decided upon together (evaluation.anonymity); a department is shown only where all
    of its programmes are, so that it says nothing that they do not.
    """
    rows = one.rows(Ask(college_id, period)).subquery()
    keys = (rows.c.program_id, rows.c.enterprise_id, rows.c.department_id)
    found = db.session.execute(
        sa.select(*keys, sa.func.count(rows.c.respondent.distinct())).group_by(*keys)
    ).all()
    cells = {(program_id, enterprise_id): people for program_id, enterprise_id, _department, people in found}
    shown = published(cells, {ROWS, COLUMNS, TOTAL}, LEAST)
    hidden = {(ScopeKind.PROGRAM, program_id) for program_id, _other in cells if not shown.shows(program_id)}
    hidden |= {
        (ScopeKind.ENTERPRISE, enterprise_id)
        for _other, enterprise_id in cells
        if enterprise_id is not None and not shown.shows(None, enterprise_id)
    }
    hidden |= {
        (ScopeKind.DEPARTMENT, department_id)
        for program_id, _enterprise, department_id, _people in found
        if department_id is not None and (ScopeKind.PROGRAM, program_id) in hidden
    }
    return hidden if shown.shows() else {*hidden, (ScopeKind.COLLEGE, college_id)}
