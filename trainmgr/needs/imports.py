"""Taking a filled-in spreadsheet in: at once when it is small, as a job when it is long; twice changes nothing."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from trainmgr.identity.models import User
from trainmgr.kernel import audit, intake, jobs
from trainmgr.kernel.audit import Actor
from trainmgr.kernel.clock import utcnow
from trainmgr.kernel.db import db
from trainmgr.kernel.files import StoredFile, local_copy, store_bytes
from trainmgr.kernel.jobs import Job, JobRun
from trainmgr.kernel.sheets import XLSX, Sheet, read_records, read_sheet
from trainmgr.needs import business, queries
from trainmgr.needs.actions import CompetencyFacts
from trainmgr.needs.indicators import add_indicator, change_indicator
from trainmgr.needs.keeping import opened, settle
from trainmgr.needs.models import Competency, LevelSource, NeedsAnalysis, SeriesRule
from trainmgr.needs.ratings import RatingFacts, settle_ratings, write_ratings
from trainmgr.needs.rules import MOST
from trainmgr.needs.sheets import COLUMNS, Named, SheetKind, Understood, understand
from trainmgr.programs.models import Program

AT_ONCE = 2_000  # rows that a request takes in by itself
BATCH = 2_000
KIND = "needs-import"
IMPORTED = audit.sentence(
    "needs.import",
    _l("%(who)s took in a spreadsheet (%(what)s): %(new)s new, %(changed)s changed, %(wrong)s wrong"),
)

Facts = Mapping[int, Any]
Counts = dict[str, int]


def take_in(
    program: Program, kind: SheetKind, data: bytes, filename: str, *, by: Actor, now: datetime
) -> Job:
    """Take a spreadsheet in and return the job that tells what became of it; short ones are done on return.

    Raises SheetRefused for what is no such spreadsheet.
    """
    opened(program)
    sheet = read_sheet(data, filename=filename)
    understood = _understand(program, kind, sheet)  # a wrong header is told at once
    if len(sheet.rows) > AT_ONCE:
        stored = store_bytes(
            data,
            name=filename,
            media_type=XLSX,
            purpose="needs-upload",
            by=by,
            program_id=program.id,
            now=now,
        )
        params = {"kind": kind.value, "file": stored.id, "filename": filename}
        return jobs.enqueue(KIND, title=str(kind.title), params=params, by=by, program_id=program.id, now=now)
    counts = write(program, kind, understood, by=by, now=now)
    return intake.done_at_once(
        KIND,
        title=str(kind.title),
        sheet=sheet,
        counts=counts,
        params={"kind": kind.value},
        faults=_keep_faults(program, kind, sheet, understood.faults, by=by, now=now),
        by=by,
        program_id=program.id,
        now=now,
    )


@jobs.job(KIND)
def run(run: JobRun) -> None:
    """Take a long spreadsheet in, batch by batch; started again, it goes on where it was left."""
    kind = SheetKind(run.params["kind"])
    stored = db.session.get_one(StoredFile, run.params["file"])
    program = db.session.get_one(Program, run.program_id)
    by = db.session.get_one(User, run.created_by)
    with local_copy(stored) as path:
        sheet = read_sheet(path, filename=run.params["filename"])
    understood = _understand(program, kind, sheet)
    numbers = [*sheet.numbers]
    run.progress(total=len(numbers))
    for batch in run.batches(numbers, BATCH):
        rows = set(batch)
        part = Understood(
            {number: facts for number, facts in understood.facts.items() if number in rows},
            {number: fault for number, fault in understood.faults.items() if number in rows},
        )
        run.count(**write(program, kind, part, by=by, now=utcnow()))
        understood.faults |= part.faults
    run.result_file_id = _keep_faults(program, kind, sheet, understood.faults, by=by, now=utcnow())


def _understand(program: Program, kind: SheetKind, sheet: Sheet) -> Understood:
    return understand(kind, read_records(sheet, COLUMNS[kind]), things_named_in(program, kind))


def things_named_in(program: Program, kind: SheetKind) -> Sequence[Named]:
    """Return what the rows of a spreadsheet name: indicators in one of months, competencies in the others."""
    return (
        queries.indicators_of(program.id) if kind is SheetKind.SERIES else queries.competencies_of(program.id)
    )


def _keep_faults(
    program: Program, kind: SheetKind, sheet: Sheet, faults: Mapping[int, str], *, by: Actor, now: datetime
) -> int | None:
    return intake.keep_faults(
        str(kind.title), sheet, faults, purpose="needs-faults", by=by, program_id=program.id, now=now
    )


# --- writing ------------------------------------------------------------------------------------


def write(program: Program, kind: SheetKind, understood: Understood, *, by: Actor, now: datetime) -> Counts:
    """Write the rows that are right and rank anew; returns how many were new, changed, the same, wrong.

    A row that cannot be written moves from the facts to the faults.
    """
    analysis = opened(program)
    counts = WRITERS[kind](program, analysis, understood)
    counts["wrong"] = len(understood.faults)
    details: dict[str, Any] = dict(counts)
    if counts["new"] or counts["changed"]:
        audit.record(
            IMPORTED, analysis, by=by, now=now, program_id=program.id, name=str(kind.title), **details
        )
    if kind is SheetKind.RATINGS:
        settle_ratings(program, analysis, now=now)
    else:
        settle(program, analysis, now=now)
    return counts


def _write_competencies(program: Program, analysis: NeedsAnalysis, understood: Understood) -> Counts:
    present = {competency.name: competency for competency in queries.competencies_of(program.id)}
    place = max((competency.position for competency in present.values()), default=0)
    counts = {"new": 0, "changed": 0, "same": 0}
    for number, facts in _in_order(understood):
        known = present.get(facts.name)
        if known is None and len(present) >= MOST:
            understood.faults[number] = _("a job standard holds at most %(most)s competencies", most=MOST)
        elif known is None:
            place += 1
            present[facts.name] = Competency(program_id=program.id, position=place, **asdict(facts))
            db.session.add(present[facts.name])
            counts["new"] += 1
        else:
            counts["changed" if _renew(known, facts) else "same"] += 1
    return counts


def _renew(competency: Competency, facts: CompetencyFacts) -> bool:
    values = {name: value for name, value in asdict(facts).items() if getattr(competency, name) != value}
    for name, value in values.items():
        setattr(competency, name, value)
    if competency.level_source is LevelSource.NONE:
        competency.level_source = LevelSource.TYPED
    competency.version += bool(values)
    return bool(values)


def _write_indicators(program: Program, analysis: NeedsAnalysis, understood: Understood) -> Counts:
    present = {indicator.name: indicator for indicator in queries.indicators_of(program.id)}
    counts = {"new": 0, "changed": 0, "same": 0}
    for number, facts in _in_order(understood):
        known = present.get(facts.name)
        if known is None and len(present) >= MOST:
            understood.faults[number] = _("an analysis holds at most %(most)s indicators", most=MOST)
        elif known is None:
            present[facts.name] = add_indicator(program, facts)
            counts["new"] += 1
        else:
            counts["changed" if change_indicator(program, known, facts) else "same"] += 1
    return counts


def _write_ratings(program: Program, analysis: NeedsAnalysis, understood: Understood) -> Counts:
    ratings: list[RatingFacts] = [facts for _number, facts in _in_order(understood)]
    new, changed = write_ratings(program, ratings)
    return {"new": new, "changed": changed, "same": len(ratings) - new - changed}


def _write_series(program: Program, analysis: NeedsAnalysis, understood: Understood) -> Counts:
    by_indicator: dict[int, dict[date, Decimal | None]] = {}
    for _number, facts in _in_order(understood):
        by_indicator.setdefault(facts.indicator_id, {})[facts.month] = facts.value
    counts = {"new": 0, "changed": 0, "same": 0}
    for indicator in queries.indicators_of(program.id):
        if months := by_indicator.get(indicator.id):
            before = len(business.figures_of(indicator.id))
            written = business.write_figures(indicator, months)
            new = len(business.figures_of(indicator.id)) - before
            counts["new"] += new
            counts["changed"] += written - new
            counts["same"] += len(months) - written
            if indicator.series_rule is SeriesRule.TYPED:
                indicator.series_rule = SeriesRule.MEAN
            business.take_current(indicator)
    return counts


def _in_order(understood: Understood) -> Sequence[tuple[int, Any]]:
    return sorted(understood.facts.items(), key=lambda row: row[0])


WRITERS: dict[SheetKind, Callable[[Program, NeedsAnalysis, Understood], Counts]] = {
    SheetKind.COMPETENCIES: _write_competencies,
    SheetKind.RATINGS: _write_ratings,
    SheetKind.INDICATORS: _write_indicators,
    SheetKind.SERIES: _write_series,
}
