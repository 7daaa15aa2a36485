"""What is done with instruments: opened, set, frozen, continued in a next version, copied.

Testing freezes with `freeze` at the first answer; a frozen version never changes. Papers are drawn in papers.py.
"""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from decimal import Decimal

import sqlalchemy as sa
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from trainmgr.bank import instruments
from trainmgr.bank.drawing import Cell
from trainmgr.bank.models import BlueprintRow, Instrument, InstrumentVersion, PaperItem
from trainmgr.bank.rules import MOST_ITEMS_IN_A_PAPER, FormPolicy, InstrumentState
from trainmgr.kernel import audit
from trainmgr.kernel.audit import Actor, require
from trainmgr.kernel.db import db
from trainmgr.kernel.errors import Conflict

OPENED = audit.sentence("bank.open-instrument", _l("%(who)s opened the instrument “%(what)s”"))
RENAMED = audit.sentence(
    "bank.rename-instrument", _l("%(who)s changed what the instrument “%(what)s” is for")
)
SET = audit.sentence("bank.set-instrument", _l("%(who)s set version %(number)s of “%(what)s”"))
PLANNED = audit.sentence(
    "bank.plan-paper",
    _l("%(who)s planned version %(number)s of “%(what)s”: %(items)s items, %(points)s points"),
)
FROZEN = audit.sentence(
    "bank.freeze-instrument", _l("Version %(number)s of “%(what)s” was answered and is frozen")
)
CONTINUED = audit.sentence(
    "bank.next-instrument", _l("%(who)s opened version %(number)s of “%(what)s”: %(reason)s")
)


@dataclass(frozen=True)
class Settings:
    """How a version is taken and read: minutes, passing, shuffling, its second form, and where levels 2 to 5 begin."""

    minutes: int = 60
    pass_percent: int = 60
    shuffle_items: bool = True
    shuffle_options: bool = True
    form_policy: FormPolicy = FormPolicy.SAME
    level_2: int = 30
    level_3: int = 50
    level_4: int = 70
    level_5: int = 90


def open_instrument(
    college_id: int, name: str, purpose: str, *, settings: Settings | None = None, by: Actor, now: datetime
) -> Instrument:
    """Open an instrument with the draft of its first version."""
    instrument = Instrument(
        college_id=college_id, name=name, purpose=purpose, created_by_id=by.id, created_at=now, versions=[]
    )
    db.session.add(instrument)
    instrument.versions.append(_version(1, settings or Settings(), "", by, now))
    db.session.flush()
    audit.record(OPENED, instrument, by=by, now=now, name=name)
    return instrument


def _version(number: int, settings: Settings, reason: str, by: Actor, now: datetime) -> InstrumentVersion:
    return InstrumentVersion(
        number=number,
        state=InstrumentState.DRAFT,
        seed=secrets.randbelow(2**31),
        reason=reason,
        created_by_id=by.id,
        created_at=now,
        rows=[],
        **asdict(settings),
    )


def rename_instrument(
    instrument: Instrument, name: str, purpose: str, *, version: int, by: Actor, now: datetime
) -> None:
    """Change an instrument's name and what it is for; its versions stay as they are."""
    _require_read(instrument.version, version)
    instrument.name, instrument.purpose = name, purpose
    audit.record(RENAMED, instrument, by=by, now=now, name=name)


def _require_read(present: int, read: int) -> None:
    if present != read:
        raise Conflict(
            _("Somebody has changed this meanwhile. Compare with what stands there now, then save again.")
        )


def change_settings(
    instrument: Instrument, settings: Settings, *, version: int, by: Actor, now: datetime
) -> InstrumentVersion:
    """Set how the draft is taken and read."""
    draft = _draft(instrument)
    _require_read(draft.version, version)
    before = draft.form_policy
    for name, value in asdict(settings).items():
        setattr(draft, name, value)
    if draft.form_policy is not before:
        _drop_papers(draft)
    audit.record(SET, draft, by=by, now=now, name=instrument.name, number=draft.number)
    return draft


def set_blueprint(
    instrument: Instrument, cells: Sequence[Cell], *, version: int, by: Actor, now: datetime
) -> InstrumentVersion:
    """Set how many items of which competency and difficulty the draft asks; a paper drawn from it before is dropped."""
    draft = _draft(instrument)
    _require_read(draft.version, version)
    total = sum(cell.count for cell in cells)
    require(
        total <= MOST_ITEMS_IN_A_PAPER,
        _(
            "A paper has at most %(most)s items; these are %(total)s.",
            most=MOST_ITEMS_IN_A_PAPER,
            total=total,
        ),
    )
    _write_rows(draft, cells)
    _drop_papers(draft)
    audit.record(
        PLANNED, draft, by=by, now=now, name=instrument.name,
        number=draft.number, items=total, points=str(draft.points.normalize() + 0),
    )  # fmt: skip
    return draft


def _write_rows(version: InstrumentVersion, cells: Sequence[Cell]) -> None:
    standing = {(row.competency_id, row.difficulty): row for row in version.rows}
    wanted = {cell.place: cell for cell in cells}
    for place, row in standing.items():
        if place in wanted:
            row.count, row.points = wanted[place].count, wanted[place].points
        else:
            version.rows.remove(row)
    version.rows += [
        BlueprintRow(
            competency_id=cell.competency_id, difficulty=cell.difficulty, count=cell.count, points=cell.points
        )
        for place, cell in wanted.items()
        if place not in standing
    ]
    version.count = sum(cell.count for cell in cells)
    version.points = sum((cell.count * cell.points for cell in cells), Decimal(0))


def _draft(instrument: Instrument) -> InstrumentVersion:
    """Return the draft, locked: a change waits for a first answer and the other way round."""
    db.session.flush()
    newest = instruments.draft_of(instrument)
    state = newest and db.session.scalar(
        sa.select(InstrumentVersion.state).where(InstrumentVersion.id == newest.id).with_for_update()
    )
    require(
        state is InstrumentState.DRAFT,
        _("This version was answered and never changes. Open the next version, then change that."),
    )
    assert newest is not None
    return newest


def _drop_papers(version: InstrumentVersion) -> None:
    db.session.execute(sa.delete(PaperItem).where(PaperItem.version_id == version.id))


# --- versions -----------------------------------------------------------------------------------


def freeze(version: InstrumentVersion, *, now: datetime, by: Actor | None = None) -> None:
    """Freeze a version for good; testing calls it with the first answer. Calling it again changes nothing."""
    done = db.session.execute(
        sa.update(InstrumentVersion)
        .where(InstrumentVersion.id == version.id, InstrumentVersion.state == InstrumentState.DRAFT)
        .values(state=InstrumentState.FROZEN, frozen_at=now, version=InstrumentVersion.version + 1)
        .execution_options(synchronize_session=False)
    )
    db.session.refresh(version)
    if done.rowcount:  # type: ignore[attr-defined]
        name = (
            db.session.scalar(sa.select(Instrument.name).where(Instrument.id == version.instrument_id)) or ""
        )
        audit.record(FROZEN, version, by=by, now=now, name=name, number=version.number)


def open_next_version(instrument: Instrument, *, reason: str, by: Actor, now: datetime) -> InstrumentVersion:
    """Open the next version as a copy of the newest, which has been answered."""
    require(
        instruments.draft_of(instrument) is None,
        _("There is a draft already. Change that; nobody has answered it."),
    )
    newest = instrument.versions[0]
    draft = _version(newest.number + 1, settings_of(newest), reason, by, now)
    _write_rows(draft, instruments.cells_of(newest))
    instrument.versions.insert(0, draft)
    db.session.flush()
    audit.record(CONTINUED, draft, by=by, now=now, name=instrument.name, number=draft.number, reason=reason)
    return draft


def settings_of(version: InstrumentVersion) -> Settings:
    """Return how a version is taken and read."""
    return Settings(**{name: getattr(version, name) for name in Settings.__dataclass_fields__})


def copy_instrument(
    version: InstrumentVersion, name: str, purpose: str, *, college_id: int, by: Actor, now: datetime
) -> Instrument:
    """Open an instrument of its own as a copy of a version."""
    copy = open_instrument(college_id, name, purpose, settings=settings_of(version), by=by, now=now)
    _write_rows(copy.versions[0], instruments.cells_of(version))
    return copy
