"""The figures of a college's year, computed for the college, its departments, programmes and enterprises, and kept."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from trainmgr.identity.models import Organization, OrganizationKind
from trainmgr.kernel.db import db
from trainmgr.programs.models import Program, ProgramParty
from trainmgr.programs.rules import PartyRole
from trainmgr.quality.apart import hidden_of
from trainmgr.quality.catalogue import catalogue
from trainmgr.quality.measures.base import MEASURES, ByEnterprise, Measure
from trainmgr.quality.measuring import rows_of, sums_of
from trainmgr.quality.models import QualityFigure, QualityRun
from trainmgr.quality.rules import LEAST, Period, ScopeKind, Sums

Parties = Mapping[int, frozenset[int]]
Codes = Mapping[str, Sequence[str]]
Found = dict[tuple[ScopeKind, int], Sums]


def compute_year(college_id: int, year: int, *, now: datetime) -> Iterator[tuple[int, int]]:
    """Compute all figures of a college's year anew, indicator by indicator; yields (done, of how many) after each.

    Done again from the start it doubles nothing. Whoever reads meanwhile finds the former figures of what is not
    computed yet; the moment of computation moves at the end.
    """
    codes, parties = codes_of(college_id, year), parties_of(college_id)
    for done, name in enumerate(sorted(codes), start=1):
        keep(college_id, year, look(college_id, year, name, codes, parties))
        if done == len(codes):
            note(college_id, [year], now)
        yield done, len(codes)


@dataclass(frozen=True)
class Looked:
    """What a measure came to in a year: the codes of its indicators, the sums of each scope, which must be hidden."""

    codes: Sequence[str]
    found: Found
    hidden: Container[tuple[ScopeKind, int]]
    is_survey: bool


def codes_of(college_id: int, year: int) -> Codes:
    """Return the codes of a year's indicators by the measure that they name."""
    codes: dict[str, list[str]] = defaultdict(list)
    for definition in catalogue(college_id, Period.of_year(year).last, everything=True).values():
        codes[definition.measure].append(definition.code)
    return codes


def look(college_id: int, year: int, name: str, codes: Codes, parties: Parties) -> Looked:
    """Add a measure up for a year as its records are now; writes nothing."""
    one, period = MEASURES[name], Period.of_year(year)
    found = all_sums(one, college_id, period, parties)
    hidden = hidden_of(one, college_id, period) if one.is_survey else set()
    return Looked(codes.get(name, ()), found, hidden, one.is_survey)


def keep(college_id: int, year: int, looked: Looked) -> None:
    """Keep what was looked up as the figures of a year, in place of the former ones."""
    for code in looked.codes:
        _keep(college_id, year, code, looked)


def computed_years(college_id: int, first: int) -> list[int]:
    """Return the years from one on whose figures were computed before."""
    return list(
        db.session.scalars(
            sa.select(QualityRun.year).where(QualityRun.college_id == college_id, QualityRun.year >= first)
        )
    )


def parties_of(college_id: int) -> Parties:
    """Return the enterprises of each programme that a college leads."""
    rows = db.session.execute(
        sa.select(ProgramParty.program_id, ProgramParty.organization_id)
        .join(Program, Program.id == ProgramParty.program_id)
        .where(Program.lead_college_id == college_id, ProgramParty.role == PartyRole.ENTERPRISE)
    )
    found: dict[int, set[int]] = defaultdict(set)
    for program_id, organization_id in rows:
        found[program_id].add(organization_id)
    return {program_id: frozenset(members) for program_id, members in found.items()}


def all_sums(one: Measure, college_id: int, period: Period, parties: Parties) -> Found:
    """Return what a measure comes to in every scope of a college: one statement where sums of parts add up.

    What counts people or names once does not add up: it is asked for each kind of scope.
    """
    rows = rows_of(one, college_id, period)
    if one.distinct or one.is_survey:
        found = _asked_each(one, rows, college_id)
    else:
        found = _rolled_up(one, rows, college_id, parties)
    return {
        (kind, scope_id): sums
        for (kind, scope_id), sums in found.items()
        if kind in one.scopes or kind is ScopeKind.COLLEGE
    }


def _rolled_up(one: Measure, rows: Any, college_id: int, parties: Parties) -> Found:
    keys = (rows.c.program_id, rows.c.department_id, rows.c.enterprise_id)
    found: dict[tuple[ScopeKind, int], Sums] = {(ScopeKind.COLLEGE, college_id): Sums()}
    for program_id, department_id, enterprise_id, *sums in db.session.execute(
        sa.select(*keys, *sums_of(one, rows)).group_by(*keys)
    ):
        places = [(ScopeKind.COLLEGE, college_id)]
        places += [(ScopeKind.PROGRAM, program_id)] if program_id else []
        places += [(ScopeKind.DEPARTMENT, department_id)] if department_id else []
        own = (
            parties.get(program_id, frozenset())
            if one.by_enterprise is ByEnterprise.PARTY
            else {enterprise_id}
        )
        places += [(ScopeKind.ENTERPRISE, member) for member in own if member]
        for place in places:
            before = found.get(place, Sums())
            found[place] = Sums(before.numerator + float(sums[0]), before.denominator + float(sums[1]))
    return found


def _asked_each(one: Measure, rows: Any, college_id: int) -> Found:
    whole = db.session.execute(sa.select(*sums_of(one, rows))).one()
    found = {(ScopeKind.COLLEGE, college_id): Sums(float(whole[0]), float(whole[1]), int(whole[2]))}
    dimensions = (
        (ScopeKind.DEPARTMENT, rows.c.department_id),
        (ScopeKind.PROGRAM, rows.c.program_id),
        (ScopeKind.ENTERPRISE, rows.c.enterprise_id),
    )
    for kind, column in dimensions:
        if kind not in one.scopes:
            continue
        parts = db.session.execute(
            sa.select(column, *sums_of(one, rows)).where(column.is_not(None)).group_by(column)
        )
        for scope_id, *sums in parts:
            found[kind, scope_id] = Sums(float(sums[0]), float(sums[1]), int(sums[2]))
    return found


def _keep(college_id: int, year: int, code: str, looked: Looked) -> None:
    own = (QualityFigure.college_id == college_id, QualityFigure.year == year, QualityFigure.code == code)
    found = looked.found
    if looked.is_survey:
        before = db.session.scalars(sa.select(QualityFigure).where(*own)).all()
        found = _unmoved(found, before)
        for row in before:
            db.session.expunge(row)
    db.session.execute(sa.delete(QualityFigure).where(*own), execution_options={"synchronize_session": False})
    rows = [
        {
            "college_id": college_id,
            "year": year,
            "code": code,
            "scope_kind": kind,
            "scope_id": scope_id,
            "numerator": sums.numerator,
            "denominator": sums.denominator,
            "people": sums.people,
            "is_hidden": (kind, scope_id) in looked.hidden,
        }
        for (kind, scope_id), sums in found.items()
    ]
    if rows:
        db.session.execute(sa.insert(QualityFigure), rows)


def _unmoved(found: Found, before: Iterable[QualityFigure]) -> Found:
    """Leave a survey's published figures as they stand until at least five more or fewer have answered.

    Whoever looks before and after one answer would else read that answer off the difference.
    """
    kept = dict(found)
    for row in before:
        place = (row.scope_kind, row.scope_id)
        now = found.get(place, Sums())
        was_shown = row.people >= LEAST and not row.is_hidden
        if was_shown and abs(now.people - row.people) < LEAST:
            kept[place] = Sums(row.numerator, row.denominator, row.people)
    return kept


def note(college_id: int, years: Iterable[int], now: datetime) -> None:
    """Note when the figures of years were computed."""
    for year in years:
        run = db.session.get(QualityRun, (college_id, year))
        if run is None:
            db.session.add(QualityRun(college_id=college_id, year=year, computed_at=now))
        else:
            run.computed_at = now
    db.session.flush()


def colleges_to_compute(besides: Collection[int]) -> list[int]:
    """Return the colleges that lead programmes, besides some, at most ten."""
    return list(
        db.session.scalars(
            sa.select(Organization.id)
            .where(
                Organization.kind == OrganizationKind.COLLEGE,
                Organization.id.in_(sa.select(Program.lead_college_id)),
                Organization.id.not_in(besides),
            )
            .order_by(Organization.id)
            .limit(10)
        )
    )
