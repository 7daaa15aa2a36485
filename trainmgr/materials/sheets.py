"""Task sheets: proposed from a module, changed as leaves of their own, printed with a code that opens the log."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from trainmgr.curriculum.labels import named, word
from trainmgr.curriculum.models import Module
from trainmgr.identity.models import User
from trainmgr.kernel import audit
from trainmgr.kernel.audit import require
from trainmgr.kernel.db import db
from trainmgr.kernel.i18n import day, number
from trainmgr.kernel.pdf import Paper
from trainmgr.materials.actions import require_version
from trainmgr.materials.models import TaskSheet
from trainmgr.materials.rules import MOST_SHEETS
from trainmgr.materials.using import Served
from trainmgr.pathways.rules import Venue
from trainmgr.programs.models import Program

MADE = audit.sentence("task_sheet.make", _l("%(who)s made the task sheet “%(what)s”"))
CHANGED = audit.sentence("task_sheet.change", _l("%(who)s changed the task sheet “%(what)s”"))
REMOVED = audit.sentence("task_sheet.remove", _l("%(who)s removed the task sheet “%(what)s”"))

RECORD_ROWS = 8
CODE_ROOM = 36.0  # mm beside the title


@dataclass(frozen=True)
class Content:
    """What stands on a task sheet."""

    title: str
    aim: str
    steps: list[str] = field(default_factory=list)
    tools: list[str] = field(default_factory=list)
    safety: list[str] = field(default_factory=list)
    standard: list[str] = field(default_factory=list)
    records: list[str] = field(default_factory=list)


def propose(module: Module, served: Sequence[Served]) -> Content:
    """Return the beginning of a sheet from a module: its name, the competencies that it serves, six steps to fill in.

    The steps are those of the complete action (inform, plan, decide, carry out, check, evaluate).
    """
    names = "、".join(one.name for one in served)
    at_enterprise = module.venue is Venue.ENTERPRISE
    return Content(
        title=module.name,
        aim=_("Practises: %(names)s.", names=names) if names else "",
        steps=[
            _("Inform yourself: read the order, the drawing and the work instruction"),
            _("Plan: list steps, tools and material"),
            _("Decide: have the plan confirmed by your mentor"),
            _("Carry out the work and record the measured values"),
            _("Check the result against the quality standard"),
            _("Evaluate: what went well, what would you do differently?"),
        ],
        tools=[],
        safety=[
            _("Wear the protective equipment of the workplace"),
            _("Switch off and lock the machine before reaching in")
            if at_enterprise
            else _("Switch the training stand off before changing its wiring"),
        ],
        standard=[
            _("%(name)s: level %(level)s of 5", name=one.name, level=number(one.required_level))
            for one in served
        ],
        records=[_("Date"), _("Equipment"), _("Measured value"), _("Remark")],
    )


def make_sheet(program: Program, module: Module, content: Content, *, by: User, now: datetime) -> TaskSheet:
    """Add a task sheet to a module under the programme's next number."""
    last = sa.select(sa.func.max(TaskSheet.number)).where(TaskSheet.program_id == program.id)
    sheet = TaskSheet(
        program_id=program.id,
        number=(db.session.scalar(last) or 0) + 1,
        lineage=module.lineage,
        changed_by_id=by.id,
        changed_at=now,
        **vars(content),
    )
    db.session.add(sheet)
    audit.record(MADE, sheet, by=by, now=now, program_id=program.id, name=sheet.title)
    return sheet


def change_sheet(sheet: TaskSheet, content: Content, *, version: int, by: User, now: datetime) -> None:
    """Change a task sheet: a new edition of the leaf."""
    require_version(sheet, version)
    for name, value in vars(content).items():
        setattr(sheet, name, value)
    sheet.changed_by_id, sheet.changed_at = by.id, now
    audit.record(CHANGED, sheet, by=by, now=now, program_id=sheet.program_id, name=sheet.title)


def remove_sheet(sheet: TaskSheet, *, by: User, now: datetime) -> None:
    """Remove a task sheet; printed leaves lead to the plain log form from then on."""
    audit.record(REMOVED, sheet, by=by, now=now, program_id=sheet.program_id, name=sheet.title)
    db.session.delete(sheet)


# --- print ----------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Leaf:
    """A task sheet to print: with its module, where its code leads, and whom it is for ("" leaves a line)."""

    sheet: TaskSheet
    module: Module | None
    address: str
    trainee: str = ""


def print_leaves(program: Program, leaves: Sequence[Leaf]) -> Paper:
    """Return task sheets as loose leaves in one PDF."""
    require(leaves, _("Choose at least one task sheet."))
    require(
        len(leaves) <= MOST_SHEETS,
        _("At most %(most)s leaves go into one file. Choose fewer sheets or copies.", most=MOST_SHEETS),
    )
    paper = Paper(_("%(program)s task sheets", program=program.label))
    for leaf in leaves:
        _print_leaf(paper, program, leaf)
    return paper


def _print_leaf(paper: Paper, program: Program, leaf: Leaf) -> None:
    sheet = leaf.sheet
    paper.leaf(
        _("%(program)s · task sheet %(number)s", program=program.label, number=sheet.number),
        _("Edition %(edition)s, %(day)s", edition=sheet.version, day=day(sheet.changed_at)),
    )
    top = paper.y
    room = paper.qr(leaf.address, _("Scan to write the log"))
    paper.title(sheet.title, beside=CODE_ROOM)
    paper.facts(_facts(leaf), beside=CODE_ROOM)
    paper.down_to(top, room)
    paper.heading(_("Aim"))
    paper.paragraph(sheet.aim)
    for heading, lines, boxes in _lists(sheet):
        if lines:
            paper.heading(heading)
            paper.listed(lines, boxes=boxes)
    if sheet.standard:
        paper.heading(_("Quality standard"))
        header = [_("Standard"), _("Own check"), _("Mentor's check")]
        paper.table(header, [[line, "", ""] for line in sheet.standard], [6, 1.3, 1.5])
    if sheet.records:
        paper.heading(_("Record"))
        paper.table(sheet.records, [[""] * len(sheet.records)] * RECORD_ROWS, [1] * len(sheet.records))
    paper.to_sign([_("Trainee"), _("Mentor"), _("Date")])


def _facts(leaf: Leaf) -> list[tuple[str, str]]:
    module = leaf.module
    place = [(_("Module"), named(module)), (_("Venue"), word(module.venue))] if module else []
    return [*place, (_("Name"), leaf.trainee or "＿" * 10)]


def _lists(sheet: TaskSheet) -> list[tuple[str, list[Any], bool]]:
    return [
        (_("Safety"), sheet.safety, True),
        (_("Tools and material"), sheet.tools, True),
        (_("Steps"), sheet.steps, True),
    ]
