"""Writes of improvement: findings taken up or set aside, items through their cycle, with a deed for each step."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from uuid import uuid4

import sqlalchemy as sa
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from werkzeug.datastructures import FileStorage

from trainmgr.identity.models import User
from trainmgr.improvement import owed, proposing
from trainmgr.improvement.finders import Finding
from trainmgr.improvement.labels import DEED_MSGIDS
from trainmgr.improvement.models import ImprovementAside, ImprovementDeed, ImprovementItem
from trainmgr.improvement.rules import Deed, Phase, Source, after, evidence_fault
from trainmgr.kernel import audit
from trainmgr.kernel.audit import require
from trainmgr.kernel.clock import local_day
from trainmgr.kernel.db import db
from trainmgr.kernel.errors import Conflict, RuleBroken
from trainmgr.kernel.files import store_document
from trainmgr.programs.models import Program
from trainmgr.programs.rules import State

TAKEN_UP = audit.sentence("improvement.take_up", _l("%(who)s took up “%(what)s”; %(doer)s answers for it"))
ASIDE = audit.sentence("improvement.aside", _l("%(who)s set “%(what)s” aside: %(reason)s"))
STEPPED = audit.sentence("improvement.step", _l("%(who)s moved “%(what)s” on: %(deed)s"))
EVIDENCE = "improvement-evidence"


@dataclass(frozen=True)
class Charge:
    """What is charged to somebody: what is to get better, the standard, who answers for it, until when."""

    title: str
    standard: str
    doer: User
    due_on: date
    text: str = ""
    measure_ref: str = ""


@dataclass(frozen=True)
class Evidence:
    """What shows that something was done: words, and a file or the address of a record of ours."""

    note: str
    upload: FileStorage | None = None
    link: str = ""


def require_alive(program: Program) -> None:
    """Improvement begins in any state and goes on after a programme is closed, but not in a cancelled one."""
    if program.state is State.CANCELLED:
        raise RuleBroken(_("The programme was cancelled. Nothing in it is changed any more."))


def take_up(
    program: Program, finding: Finding | None, charge: Charge, *, by: User, now: datetime
) -> ImprovementItem:
    """Make an item of a finding, or of what somebody wrote by hand; a finding has one item at most."""
    require_alive(program)
    require(charge.due_on >= local_day(now), _("The item needs a day that is not over yet."))
    source = finding.source if finding else Source.HAND
    key = finding.key if finding else uuid4().hex
    _lock(program)
    if _known(source, key):
        raise Conflict(_("Somebody has taken this finding up meanwhile."))
    item = ImprovementItem(
        program_id=program.id, source=source, source_key=key, title=charge.title, standard=charge.standard,
        finding=(finding.text if finding else charge.text)[:1000],
        measure_ref=finding.measure_ref if finding else charge.measure_ref,
        measure=finding.measure.to_document() if finding and finding.measure else None,
        doer_id=charge.doer.id, doer_name=charge.doer.name, due_on=charge.due_on,
        by_id=by.id, by_name=by.name, at=now,
    )  # fmt: skip
    db.session.add(item)
    db.session.flush()
    _note(item, Deed.TAKEN_UP, by, now, note=item.finding)
    audit.record(
        TAKEN_UP, item, by=by, now=now, program_id=program.id, name=item.title, doer=charge.doer.name
    )
    owed.renew_item(program, item, now)
    return item


def _lock(program: Program) -> None:
    """Of two who take up the same finding at the same moment, the second sees the first one's item."""
    db.session.execute(sa.select(Program.id).where(Program.id == program.id).with_for_update(key_share=True))


def _known(source: Source, key: str) -> bool:
    row = sa.select(ImprovementItem.id).where(
        ImprovementItem.source == source, ImprovementItem.source_key == key
    )
    return db.session.scalar(row) is not None


def set_aside(program: Program, finding: Finding, *, reason: str, by: User, now: datetime) -> None:
    """Say why a finding is not taken up; it is not proposed again, but can still be taken up from the list."""
    require_alive(program)
    require(reason.strip(), _("Say why it is set aside."))
    _lock(program)
    if _known(finding.source, finding.key) or _is_aside(finding):
        raise Conflict(_("Somebody has decided on this finding meanwhile."))
    row = ImprovementAside(
        program_id=program.id, source=finding.source, source_key=finding.key, title=finding.title,
        reason=reason, by_id=by.id, by_name=by.name, at=now,
    )  # fmt: skip
    db.session.add(row)
    audit.record(ASIDE, row, by=by, now=now, program_id=program.id, name=finding.title, reason=reason)


def _is_aside(finding: Finding) -> bool:
    row = sa.select(ImprovementAside.id).where(
        ImprovementAside.source == finding.source,
        ImprovementAside.source_key == finding.key,
    )
    return db.session.scalar(row) is not None


# --- the cycle ---------------------------------------------------------------------------------------------


def plan(
    program: Program, item: ImprovementItem, measures: str, *, version: int, by: User, now: datetime
) -> None:
    """Write down what is to be done (or write it anew while it is being done)."""
    _require_doer(item, by)
    phase = _entered(program, item, Deed.PLANNED, version)
    require(measures.strip(), _("Write down what is to be done."))
    item.plan = measures
    _step(program, item, Deed.PLANNED, phase, by, now, note=measures)


def report(
    program: Program, item: ImprovementItem, evidence: Evidence, *, version: int, by: User, now: datetime
) -> None:
    """Hand in what was done with what shows it; from then on it waits for another person's check."""
    _require_doer(item, by)
    phase = _entered(program, item, Deed.REPORTED, version)
    if fault := evidence_fault(evidence.note, evidence.upload is not None, evidence.link):
        raise RuleBroken(_(fault))
    file = None
    if evidence.upload is not None:
        file = store_document(evidence.upload, by=by, program_id=program.id, now=now, purpose=EVIDENCE)
    item.evidence_note, item.evidence_link = evidence.note, evidence.link
    item.evidence_file_id = file.id if file else None
    _step(
        program, item, Deed.REPORTED, phase, by, now, note=evidence.note, file_id=item.evidence_file_id,
        link=evidence.link,
    )  # fmt: skip


def send_back(
    program: Program, item: ImprovementItem, *, reason: str, version: int, by: User, now: datetime
) -> None:
    """Find that it is not done yet, and say what is missing; the evidence stays in the history."""
    _require_other(item, by)
    phase = _entered(program, item, Deed.SENT_BACK, version)
    require(reason.strip(), _("Say what is missing."))
    _step(program, item, Deed.SENT_BACK, phase, by, now, note=reason)


def close(
    program: Program,
    item: ImprovementItem,
    *,
    note: str,
    change: str = "",
    version: int,
    by: User,
    now: datetime,
) -> None:
    """Find that it is done; `change` is what the next edition of the plan should take over, if anything."""
    _require_other(item, by)
    phase = _entered(program, item, Deed.CLOSED, version)
    item.checker_id, item.checker_name, item.closed_on = by.id, by.name, local_day(now)
    item.change = change
    _step(program, item, Deed.CLOSED, phase, by, now, note=note)
    proposing.propose(program, item, now=now)


def reopen(
    program: Program,
    item: ImprovementItem,
    *,
    reason: str,
    due_on: date,
    version: int,
    by: User,
    now: datetime,
) -> None:
    """Begin the next round of an item that did not last; the round before stays in the history."""
    phase = _entered(program, item, Deed.REOPENED, version)
    require(reason.strip(), _("Say why it is opened again."))
    require(due_on >= local_day(now), _("The item needs a day that is not over yet."))
    item.round += 1
    item.due_on, item.closed_on = due_on, None
    item.plan = item.evidence_note = item.evidence_link = item.change = item.checker_name = ""
    item.evidence_file_id = item.checker_id = None
    _step(program, item, Deed.REOPENED, phase, by, now, note=reason)


def hand_over(
    program: Program,
    item: ImprovementItem,
    doer: User,
    *,
    due_on: date,
    reason: str,
    version: int,
    by: User,
    now: datetime,
) -> None:
    """Let somebody else answer for an item, or give it another day."""
    phase = _entered(program, item, Deed.HANDED_OVER, version)
    require(reason.strip(), _("Say why it changes."))
    require(due_on >= local_day(now), _("The item needs a day that is not over yet."))
    item.doer_id, item.doer_name, item.due_on = doer.id, doer.name, due_on
    _step(
        program, item, Deed.HANDED_OVER, phase, by, now,
        note=_("%(name)s, until %(day)s: %(reason)s", name=doer.name, day=due_on.isoformat(), reason=reason),
    )  # fmt: skip


def _require_doer(item: ImprovementItem, by: User) -> None:
    require(item.doer_id == by.id, _("%(name)s answers for this item.", name=item.doer_name))


def _require_other(item: ImprovementItem, by: User) -> None:
    require(item.doer_id != by.id, _("Somebody else than who carried it out checks it."))


def _entered(program: Program, item: ImprovementItem, deed: Deed, version: int) -> Phase:
    """Return the phase that a deed leads to; refused where it is not to be done now or somebody was quicker."""
    require_alive(program)
    phase = after(item.phase, deed)
    if item.version != version or phase is None:
        raise Conflict(_("Somebody worked on this item meanwhile. Look at it again."))
    return phase


def _note(
    item: ImprovementItem,
    deed: Deed,
    by: User,
    now: datetime,
    *,
    note: str = "",
    file_id: int | None = None,
    link: str = "",
) -> None:
    db.session.add(
        ImprovementDeed(
            item_id=item.id, round=item.round, deed=deed, note=note[:1000], file_id=file_id, link=link,
            by_id=by.id, by_name=by.name, at=now,
        )
    )  # fmt: skip


def _step(
    program: Program,
    item: ImprovementItem,
    deed: Deed,
    phase: Phase,
    by: User,
    now: datetime,
    *,
    note: str = "",
    file_id: int | None = None,
    link: str = "",
) -> None:
    item.phase = phase
    _note(item, deed, by, now, note=note, file_id=file_id, link=link)
    audit.record(
        STEPPED,
        item,
        by=by,
        now=now,
        program_id=program.id,
        name=item.title,
        deed={"msgid": DEED_MSGIDS[deed]},
    )
    owed.renew_item(program, item, now)
