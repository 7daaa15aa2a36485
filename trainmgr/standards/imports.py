"""Taking a filled-in spreadsheet into a draft: right rows go in, wrong ones come back with the reason."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from flask import abort
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from trainmgr.kernel import audit, intake
from trainmgr.kernel.audit import Actor, require
from trainmgr.kernel.db import db
from trainmgr.kernel.files import StoredFile
from trainmgr.kernel.jobs import Job
from trainmgr.kernel.sheets import SheetLimits, read_records, read_sheet
from trainmgr.standards import delphi
from trainmgr.standards.actions import add_competency, link_competency
from trainmgr.standards.certificates import units_for
from trainmgr.standards.content import Content, content_of
from trainmgr.standards.keeping import assign, opened
from trainmgr.standards.models import JobStandard, StandardTask, StandardVersion
from trainmgr.standards.rules import MOST_COMPETENCIES, MOST_TASKS, TaskKind
from trainmgr.standards.sheets import COLUMNS, CompetencyRow, SheetKind, Understood, name_key, understand
from trainmgr.standards.tasks import add_task, link_task

KIND = "standards-import"
LIMITS = SheetLimits(max_rows=10_000)
IMPORTED = audit.sentence(
    "standards.import",
    _l("%(who)s took a spreadsheet into “%(what)s”: %(new)s new, %(changed)s changed, %(wrong)s wrong"),
)

Counts = dict[str, int]


def take_in(
    standard: JobStandard, kind: SheetKind, data: bytes, filename: str, *, by: Actor, now: datetime
) -> Job:
    """Take a spreadsheet in and return the job that tells what became of it.

    Raises SheetRefused for what is no such spreadsheet. A row that cannot be written moves to the faults.
    """
    draft = opened(standard)
    sheet = read_sheet(data, filename=filename, limits=LIMITS)
    understood = understand(kind, read_records(sheet, COLUMNS[kind]))
    counts = WRITERS[kind](standard, draft, understood, by, now)
    counts["wrong"] = len(understood.faults)
    details: dict[str, Any] = dict(counts)
    audit.record(IMPORTED, draft, by=by, now=now, name=standard.post, **details)
    return intake.done_at_once(
        KIND,
        title=str(kind.title),
        sheet=sheet,
        counts=counts,
        params={"kind": kind.value, "standard": standard.id},
        faults=intake.keep_faults(
            str(kind.title), sheet, understood.faults, purpose=KIND, by=by, program_id=None, now=now
        ),
        by=by,
        program_id=None,
        now=now,
    )


def import_or_404(standard: JobStandard, job_id: int) -> Job:
    """Return what became of a spreadsheet that was taken into a standard, or answer 404."""
    job = db.session.scalar(sa.select(Job).where(Job.id == job_id, Job.kind == KIND))
    return job if job is not None and job.params.get("standard") == standard.id else abort(404)


def faults_of(job: Job) -> StoredFile:
    """Return the rows to correct, or answer 404."""
    return (job.result_file_id and db.session.get(StoredFile, job.result_file_id)) or abort(404)


# --- writing ------------------------------------------------------------------------------------


def _resolved(
    names: Iterable[str] | None, known: Mapping[str, int], msgid: Callable[[str], str], faults: list[str]
) -> list[int] | None:
    """Return the ids of what is named; an unknown name is a fault."""
    if names is None:
        return None
    wanted = list(names)
    faults += [msgid(name) for name in wanted if name_key(name) not in known]
    return [known[name_key(name)] for name in wanted if name_key(name) in known]


def _by_name(things: Iterable[Any], key: str = "id") -> dict[str, int]:
    found: dict[str, int] = {}
    for one in things:
        found[name_key(one.name)] = getattr(one, key)
        if getattr(one, "name_en", ""):
            found.setdefault(name_key(one.name_en), getattr(one, key))
    return found


def _no_task(name: str) -> str:
    return _("there is no such task “%(name)s” in the draft", name=name)


def _no_unit(name: str) -> str:
    return _("neither side keeps a certificate unit “%(name)s”", name=name)


def _write_competencies(
    standard: JobStandard, draft: StandardVersion, understood: Understood, by: Actor, now: datetime
) -> Counts:
    content, counts = content_of(draft), {"new": 0, "changed": 0, "same": 0}
    present = {name_key(one.name): one for one in content.competencies}
    tasks = _by_name(content.of_kind(TaskKind.TYPICAL))
    units = {name_key(unit.code): unit.id for unit in units_for(standard)}
    for number, row in sorted(understood.rows.items()):
        faults: list[str] = []
        linked = {
            "tasks": _resolved(row.tasks, tasks, _no_task, faults),
            "units": _resolved(row.units, units, _no_unit, faults),
        }
        known = present.get(name_key(row.facts.name))
        if known is None and len(present) >= MOST_COMPETENCIES:
            faults.append(_("a standard holds at most %(most)s competencies", most=MOST_COMPETENCIES))
        if faults:
            understood.faults[number] = "; ".join(faults)
        elif known is None:
            known = present[name_key(row.facts.name)] = add_competency(standard, draft, row.facts)
            link_competency(draft, known.competency_id, **linked)
            counts["new"] += 1
        else:
            counts["changed" if _renew(draft, known, row, linked) else "same"] += 1
    return counts


def _renew(draft: StandardVersion, known: Any, row: CompetencyRow, linked: Mapping[str, Any]) -> bool:
    values = row.facts.values()
    if not any(row.facts.levels):  # empty cells take nothing away
        del values["levels"]
    if not row.facts.name_en:
        del values["name_en"]
    changed = assign(known, values)
    changed = link_competency(draft, known.competency_id, **linked) or changed
    known.version += changed
    return changed


def _write_tasks(
    standard: JobStandard, draft: StandardVersion, understood: Understood, by: Actor, now: datetime
) -> Counts:
    content, counts = content_of(draft), {"new": 0, "changed": 0, "same": 0}
    present = {(one.kind, name_key(one.name)): one for one in content.tasks}
    order = list(TaskKind)
    # Sources come before what they lead to, wherever their rows stand.
    for number, row in sorted(understood.rows.items(), key=lambda one: (order.index(one[1].kind), one[0])):
        faults: list[str] = []
        earlier = _by_name(one for (kind, _name), one in present.items() if kind is row.kind.source)
        sources = _resolved(row.sources, earlier, _no_task, faults)
        known = present.get(row.mark)
        if known is None and len(present) >= MOST_TASKS:
            faults.append(_("a standard holds at most %(most)s tasks", most=MOST_TASKS))
        if faults:
            understood.faults[number] = "; ".join(faults)
        elif known is None:
            present[row.mark] = known = add_task(draft, row.kind, row.facts)
            link_task(draft, known, sources=sources)
            counts["new"] += 1
        else:
            counts["changed" if _renew_task(draft, known, row, sources) else "same"] += 1
    return counts


def _renew_task(draft: StandardVersion, known: StandardTask, row: Any, sources: list[int] | None) -> bool:
    values = {"name_en": row.facts.name_en, "description": row.facts.description}
    changed = assign(known, {name: value for name, value in values.items() if value})
    changed = link_task(draft, known, sources=sources) or changed
    known.version += changed
    return changed


def _write_ratings(
    standard: JobStandard, draft: StandardVersion, understood: Understood, by: Actor, now: datetime
) -> Counts:
    rounds = delphi.rounds_of(draft)
    require(rounds and not rounds[-1].closed_at, _("No round is open."))
    one, counts = rounds[-1], {"new": 0, "changed": 0, "same": 0}
    experts, items = _by_name(delphi.panel_of(draft)), _by_name(one.items)
    before = delphi.scores_in(one)
    said: dict[int, dict[int, int]] = {}
    for number, row in sorted(understood.rows.items()):
        expert, item = experts.get(name_key(row.expert)), items.get(name_key(row.item))
        if expert is None or item is None:
            missing = row.expert if expert is None else row.item
            understood.faults[number] = _("“%(name)s” is not part of this round", name=missing)
            continue
        former = before.get(expert, {}).get(item)
        counts["new" if former is None else "same" if former == row.score else "changed"] += 1
        said.setdefault(expert, dict(before.get(expert, {})))[item] = row.score
    if said:
        delphi.rate(standard, one.number, said, by=by, now=now)
    return counts


Writer = Callable[[JobStandard, StandardVersion, Understood, Actor, datetime], Counts]
WRITERS: dict[SheetKind, Writer] = {
    SheetKind.COMPETENCIES: _write_competencies,
    SheetKind.TASKS: _write_tasks,
    SheetKind.RATINGS: _write_ratings,
}


def rating_rows(content: Content, version: StandardVersion) -> list[list[Any]]:
    """Return the rows of the template for the open round: every expert with every item, and what is there."""
    rounds = delphi.rounds_of(version)
    if not rounds or rounds[-1].closed_at:
        return []
    before = delphi.scores_in(rounds[-1])
    return [
        [expert.name, item.name, before.get(expert.id, {}).get(item.id, "")]
        for expert in delphi.panel_of(version)
        for item in rounds[-1].items
    ]
