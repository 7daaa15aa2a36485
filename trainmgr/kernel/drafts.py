"""An uploaded sheet before it is read: the worksheet, which column is which, and its first rows as they will be read.

Columns are told by their names; what a name does not tell is chosen by hand, and the choice is remembered for the next
sheet of the same organisation with the same header. The sheet is parsed while a page is shown, never while something
is written, so that nobody waits for a hostile file.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from flask import abort
from flask_babel import force_locale, gettext
from sqlalchemy.orm import Mapped, joinedload, mapped_column, relationship

from trainmgr.kernel import crypto, intake, sheets
from trainmgr.kernel.audit import Actor
from trainmgr.kernel.db import Model, UTCDateTime, db
from trainmgr.kernel.files import StoredFile
from trainmgr.kernel.msgids import N_
from trainmgr.kernel.sheets import Column, Record, Sheet, SheetLimits, find_columns, missing_in, read_records
from trainmgr.kernel.sheets.columns import LANGUAGES, heading_key
from trainmgr.kernel.sheets.refusals import FileRefused

FIRST_ROWS = 10
HEAD = FIRST_ROWS + 25  # some room for titles above the header
SAMPLES = 3
NUMBERS = re.compile(r"\d{11,}[xX]?")
FAULT_HEADING = N_("What is wrong")


class SheetDraft(Model):
    """An upload that waits for somebody to say how it is to be read; gone when the reading begins.

    `places` say by key where the columns stand (None: by their names, or as remembered); `params` are the job's.
    """

    __tablename__ = "sheet_draft"

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(sa.String(40))
    file_id: Mapped[int]
    name: Mapped[str] = mapped_column(sa.String(200))
    sheet: Mapped[str] = mapped_column(sa.String(80), default="")
    places: Mapped[dict[str, Any] | None] = mapped_column(sa.JSON(none_as_null=True))
    params: Mapped[dict[str, Any]] = mapped_column(sa.JSON, default=dict)
    organization_id: Mapped[int]
    program_id: Mapped[int | None] = mapped_column(index=True)
    by_id: Mapped[int] = mapped_column(index=True)
    created_at: Mapped[datetime] = mapped_column(UTCDateTime)

    stored: Mapped[StoredFile | None] = relationship(
        primaryjoin=lambda: sa.orm.foreign(SheetDraft.file_id) == StoredFile.id,
        lazy="raise_on_sql",
        viewonly=True,
    )


class SheetMatching(Model):
    """Which column is which in sheets of one kind with one header, as somebody of an organisation said last."""

    __tablename__ = "sheet_matching"

    organization_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    kind: Mapped[str] = mapped_column(sa.String(40), primary_key=True)
    header: Mapped[str] = mapped_column(sa.String(64), primary_key=True)
    places: Mapped[dict[str, Any]] = mapped_column(sa.JSON)
    at: Mapped[datetime] = mapped_column(UTCDateTime)


@dataclass(frozen=True)
class HeaderLine:
    """One column of a file: its place and name, some of its values (long numbers masked), and what it is taken for."""

    place: int
    heading: str
    samples: list[str]
    key: str


@dataclass(frozen=True)
class Look:
    """A file as it would be read: its columns, what is missing, and its first rows."""

    sheet: Sheet
    places: dict[str, int]
    lines: list[HeaderLine]
    missing: list[Column]
    doubled: list[Column]
    records: list[Record]
    by_hand: bool
    remembered: bool

    @property
    def shown(self) -> list[str]:
        """The worksheets that can be chosen."""
        return [name for name, shown in self.sheet.about.sheets if shown]

    @property
    def hidden(self) -> list[str]:
        """The worksheets that are hidden, and therefore never read by themselves."""
        return [name for name, shown in self.sheet.about.sheets if not shown]

    @property
    def unknown(self) -> list[HeaderLine]:
        """The columns that are taken for nothing."""
        return [line for line in self.lines if not line.key and not is_fault_column(line.heading)]


def keep_draft(
    data: bytes,
    *,
    kind: str,
    filename: str,
    purpose: str,
    params: Mapping[str, Any],
    organization_id: int,
    program_id: int | None,
    by: Actor,
    now: datetime,
) -> SheetDraft:
    """Keep an uploaded sheet until somebody has said how to read it; raises FileRefused."""
    put_old_away(now)
    stored = intake.keep_upload(
        data, filename=filename, purpose=purpose, by=by, program_id=program_id, now=now
    )
    draft = SheetDraft(
        kind=kind, file_id=stored.id, name=stored.name, params=dict(params), organization_id=organization_id,
        program_id=program_id, by_id=by.id, created_at=now,
    )  # fmt: skip
    db.session.add(draft)
    db.session.flush()
    return draft


def draft_or_404(draft_id: int, *, kind: str, by: Actor, program_id: int | None = None) -> SheetDraft:
    """Return somebody's own draft of a kind, or answer 404."""
    found: SheetDraft | None = db.session.scalars(
        sa.select(SheetDraft)
        .where(
            SheetDraft.id == draft_id,
            SheetDraft.kind == kind,
            SheetDraft.by_id == by.id,
            SheetDraft.program_id == program_id if program_id is not None else sa.true(),
        )
        .options(joinedload(SheetDraft.stored))  # in the session then, for whoever reads the file
    ).one_or_none()
    return found if found is not None else abort(404)


def put_away(draft: SheetDraft) -> None:
    """Delete a draft with its upload."""
    intake.drop_upload({"file": draft.file_id})
    db.session.delete(draft)


def put_old_away(now: datetime) -> None:
    """Put drafts away that nobody went on with for a week, a hundred at once."""
    old = sa.select(SheetDraft).where(SheetDraft.created_at < now - intake.KEPT).limit(100)
    for draft in db.session.scalars(old).all():
        put_away(draft)


# --- looking ------------------------------------------------------------------------------------


def look_into(draft: SheetDraft, wanted: Sequence[Column]) -> Look:
    """Read the first rows of a draft as they would be taken; raises FileRefused when the file cannot be read."""
    params = {"file": draft.file_id, "name": draft.name}
    sheet = sheets.read_sheet(
        intake.read_upload(params), filename=draft.name, limits=SheetLimits(head=HEAD, sheet=draft.sheet)
    )
    if not sheet.rows:
        raise FileRefused(
            N_("The file has a header, but no rows below it. Fill in the template and upload it again.")
        )
    told = find_columns(sheet.columns, wanted)
    remembered = None if draft.places is not None else _remembered(draft, sheet.columns, wanted)
    chosen = draft.places if draft.places is not None else remembered
    places = told.places if chosen is None else _possible(chosen, sheet.columns, wanted)
    keys = {place: key for key, place in places.items()}
    missing = missing_in(places, wanted)
    return Look(
        sheet=sheet,
        places=places,
        lines=[
            HeaderLine(place, heading, _samples(sheet, place), keys.get(place, ""))
            for place, heading in enumerate(sheet.columns)
        ],
        missing=missing,
        doubled=told.doubled if chosen is None else [],
        records=[] if missing else _first_records(sheet, wanted, places),
        by_hand=draft.places is not None,
        remembered=remembered is not None,
    )


def _first_records(sheet: Sheet, wanted: Sequence[Column], places: Mapping[str, int]) -> list[Record]:
    return [record for record, _ in zip(read_records(sheet, wanted, places), range(FIRST_ROWS), strict=False)]


def _samples(sheet: Sheet, place: int) -> list[str]:
    """Return some different values of a column, long numbers masked."""
    values = dict.fromkeys(row[place] for row in sheet.rows if place < len(row) and row[place])
    return [masked(value) for value in list(values)[:SAMPLES]]


def masked(text: str) -> str:
    """Return text in which numbers as long as a phone's or an identity card's are masked, at most 40 characters."""
    return NUMBERS.sub(_mask, text)[:40]


def _mask(found: re.Match[str]) -> str:
    number = found.group()
    return crypto.mask_phone(number) if len(number) == 11 else crypto.mask_id_number(number)


def _possible(places: Mapping[str, Any], header: Sequence[str], wanted: Sequence[Column]) -> dict[str, int]:
    keys = {column.key for column in wanted}
    return {
        key: place
        for key, place in places.items()
        if key in keys and isinstance(place, int) and 0 <= place < len(header)
    }


# --- choosing -----------------------------------------------------------------------------------


def read_choices(form: Mapping[str, str], wanted: Sequence[Column]) -> tuple[dict[str, int], list[str]]:
    """Read which column is which from fields named `column-0`, `column-1` …; also returns what is chosen twice."""
    keys = {column.key: column.heading for column in wanted}
    places: dict[str, int] = {}
    twice: list[str] = []
    for place in range(SheetLimits().max_columns):
        key = form.get(f"column-{place}", "")
        if key in places:
            twice.append(keys[key])
        elif key in keys:
            places[key] = place
    return places, twice


def read_worksheet(form: Mapping[str, str]) -> str:
    """Read which worksheet is chosen."""
    return form.get("sheet", "")[:80]


def settle(draft: SheetDraft, form: Mapping[str, str], wanted: Sequence[Column]) -> bool:
    """Keep what a page's form says of a draft; tells whether the reading is to begin.

    Another worksheet than the one that was seen is only looked at first, and so is a column chosen for two.
    """
    sheet = read_worksheet(form)
    if sheet != form.get("seen", ""):
        draft.sheet, draft.places = sheet, None
        return False
    places, twice = read_choices(form, wanted)
    draft.places = dict(places)
    return form.get("do") == "begin" and not twice


def draft_params(draft: SheetDraft) -> dict[str, Any]:
    """Return what a job needs to read the sheet as it was agreed."""
    params: dict[str, Any] = {"file": draft.file_id, "name": draft.name} | draft.params
    if draft.sheet:
        params["sheet"] = draft.sheet
    if draft.places is not None:
        params["places"] = draft.places
    return params


def places_of(params: Mapping[str, Any], sheet: Sheet, wanted: Sequence[Column]) -> dict[str, int] | None:
    """Return where the columns of a job's sheet stand as it was agreed; None: by their names."""
    chosen = params.get("places")
    return None if chosen is None else _possible(chosen, sheet.columns, wanted)


# --- remembering --------------------------------------------------------------------------------


def remember(
    sheet: Sheet, places: Mapping[str, int], *, kind: str, organization_id: int, now: datetime
) -> None:
    """Remember which column is which for the organisation's next sheet with the same header."""
    key = (organization_id, kind, header_digest(sheet.columns))
    kept = db.session.get(SheetMatching, key)
    if kept is None:
        kept = SheetMatching(organization_id=key[0], kind=kind, header=key[2], places={}, at=now)
        db.session.add(kept)
    named = {column: sheet.columns[place] for column, place in places.items()}
    kept.places, kept.at = named, now


def _remembered(draft: SheetDraft, header: Sequence[str], wanted: Sequence[Column]) -> dict[str, int] | None:
    kept = db.session.get(SheetMatching, (draft.organization_id, draft.kind, header_digest(header)))
    if kept is None:
        return None
    keys = {column.key for column in wanted}
    at = {heading: place for place, heading in reversed(list(enumerate(header)))}
    return {key: at[heading] for key, heading in kept.places.items() if key in keys and heading in at}


def header_digest(header: Sequence[str]) -> str:
    """Return what equal headers have in common; the column with the reasons of an earlier reading does not count."""
    names = [heading_key(text) for text in header if not is_fault_column(text)]
    while names and not names[-1]:
        names.pop()
    return hashlib.sha256("\x1f".join(names).encode()).hexdigest()


def is_fault_column(heading: str) -> bool:
    """Tell whether a heading is that of the reasons which an earlier reading gave back."""
    said = []
    for language in LANGUAGES:
        with force_locale(language):
            said.append(heading_key(gettext(FAULT_HEADING)))
    return heading_key(heading) in said
