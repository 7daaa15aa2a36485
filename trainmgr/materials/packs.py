"""Packs by occupation: named selections of resources with experts' notes, handed out as one archive."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator, Sequence
from datetime import datetime
from pathlib import PurePosixPath
from typing import Any

import sqlalchemy as sa
from flask import abort
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy.orm import joinedload

from trainmgr.identity.models import User
from trainmgr.kernel import audit, storage, word
from trainmgr.kernel.access import Permission
from trainmgr.kernel.audit import require
from trainmgr.kernel.db import db
from trainmgr.kernel.files import StoredFile
from trainmgr.kernel.i18n import day
from trainmgr.kernel.paging import Listing, Page, contains, paginate
from trainmgr.materials import queries
from trainmgr.materials.actions import require_version
from trainmgr.materials.cases import case_document
from trainmgr.materials.models import (
    Material,
    MaterialPack,
    MaterialVersion,
    PackItem,
    PackNote,
)
from trainmgr.materials.rules import MOST_ITEMS

MADE = audit.sentence("pack.make", _l("%(who)s made the resource pack “%(what)s”"))
CHANGED = audit.sentence("pack.change", _l("%(who)s changed the resource pack “%(what)s”"))
FILLED = audit.sentence("pack.fill", _l("%(who)s put %(count)s resources into the pack “%(what)s”"))
EMPTIED = audit.sentence("pack.take_out", _l("%(who)s took %(title)s out of the pack “%(what)s”"))
NOTED = audit.sentence("pack.note", _l("%(who)s added a note of %(expert)s to the pack “%(what)s”"))


_UNFIT = '\\/:*?"<>|'  # for a file's name on some machine


# --- reading --------------------------------------------------------------------------------------


def visible_to(viewer: User) -> sa.ColumnElement[bool]:
    """Return the condition on MaterialPack that leaves those of the viewer's organisations."""
    return MaterialPack.owner_id.in_(viewer.organizations_as(*queries.WORKING))


def list_packs(viewer: User, listing: Listing) -> Page[MaterialPack]:
    """Return a page of the viewer's packs."""
    statement = sa.select(MaterialPack).where(visible_to(viewer)).options(joinedload(MaterialPack.owner))
    if listing.q:
        statement = statement.where(
            sa.or_(contains(MaterialPack.name, listing.q), contains(MaterialPack.occupation, listing.q))
        )
    orders = {
        "occupation": (MaterialPack.occupation, MaterialPack.name, MaterialPack.id),
        "name": (MaterialPack.name, MaterialPack.id),
        "changed": (MaterialPack.changed_at, MaterialPack.id),
    }
    return paginate(statement, listing, orders=orders, default="occupation")


def pack_or_404(pack_id: int, viewer: User) -> MaterialPack:
    """Return a pack that the viewer may see, or answer 404."""
    pack: MaterialPack | None = db.session.scalars(
        sa.select(MaterialPack)
        .where(MaterialPack.id == pack_id, visible_to(viewer))
        .options(joinedload(MaterialPack.owner))
    ).one_or_none()
    return pack if pack is not None else abort(404)


def own_or_404(pack_id: int, viewer: User) -> MaterialPack:
    """Return a pack that the viewer keeps; 403 where it is only to be read."""
    pack = pack_or_404(pack_id, viewer)
    return pack if keeps(pack, viewer) else abort(403)


def keeps(pack: MaterialPack, viewer: User) -> bool:
    """Tell whether the viewer keeps this pack for its owner."""
    return pack.owner_id in viewer.organizations_where(Permission.MATERIAL_EDIT)


def items_of(pack: MaterialPack, viewer: User) -> Sequence[tuple[Material, MaterialVersion]]:
    """Return a pack's resources in order with their newest versions, as far as the viewer may see them."""
    newest = sa.and_(
        MaterialVersion.material_id == Material.id, MaterialVersion.number == Material.latest_number
    )
    rows = db.session.execute(
        sa.select(Material, MaterialVersion)
        .join(PackItem, PackItem.material_id == Material.id)
        .join(MaterialVersion, newest)
        .where(PackItem.pack_id == pack.id, queries.visible_to(viewer))
        .options(
            joinedload(Material.owner),
            joinedload(MaterialVersion.file),
            joinedload(MaterialVersion.case),
        )
        .order_by(PackItem.position, Material.id)
    )
    return [(row[0], row[1]) for row in rows]


def notes_of(pack: MaterialPack) -> list[PackNote]:
    """Return what experts say to those who use a pack."""
    return list(
        db.session.scalars(sa.select(PackNote).where(PackNote.pack_id == pack.id).order_by(PackNote.id))
    )


# --- writing --------------------------------------------------------------------------------------


def make_pack(
    owner_id: int, name: str, occupation: str, purpose: str, *, by: User, now: datetime
) -> MaterialPack:
    """Make an empty pack."""
    _require_free_name(owner_id, name)
    pack = MaterialPack(
        owner_id=owner_id,
        name=name,
        occupation=occupation,
        purpose=purpose,
        items_count=0,
        created_by_id=by.id,
        created_at=now,
        changed_at=now,
    )
    db.session.add(pack)
    audit.record(MADE, pack, by=by, now=now, name=name)
    return pack


def _require_free_name(owner_id: int, name: str, but: int = 0) -> None:
    taken = sa.exists().where(
        MaterialPack.owner_id == owner_id, MaterialPack.name == name, MaterialPack.id != but
    )
    require(not db.session.scalar(sa.select(taken)), _("There is a pack of this name already."))


def change_pack(
    pack: MaterialPack, name: str, occupation: str, purpose: str, *, version: int, by: User, now: datetime
) -> None:
    """Change a pack's name and what it is for."""
    require_version(pack, version)
    _require_free_name(pack.owner_id, name, but=pack.id)
    pack.name, pack.occupation, pack.purpose, pack.changed_at = name, occupation, purpose, now
    audit.record(CHANGED, pack, by=by, now=now, name=name)


def put_in(pack: MaterialPack, materials: Sequence[Material], *, by: User, now: datetime) -> int:
    """Put resources into a pack; those that are in it already stay once. Returns how many are new."""
    inside = set(db.session.scalars(sa.select(PackItem.material_id).where(PackItem.pack_id == pack.id)).all())
    new = [material for material in materials if material.id not in inside]
    require(
        len(inside) + len(new) <= MOST_ITEMS, _("A pack holds at most %(most)s resources.", most=MOST_ITEMS)
    )
    for place, material in enumerate(new, start=len(inside) + 1):
        db.session.add(PackItem(pack_id=pack.id, material_id=material.id, position=place))
    pack.items_count, pack.changed_at = len(inside) + len(new), now
    if new:
        audit.record(FILLED, pack, by=by, now=now, name=pack.name, count=len(new))
    return len(new)


def take_out(pack: MaterialPack, material: Material, *, by: User, now: datetime) -> None:
    """Take a resource out of a pack."""
    item = db.session.get(PackItem, (pack.id, material.id))
    if item is None:
        return
    db.session.delete(item)
    pack.items_count, pack.changed_at = max(0, pack.items_count - 1), now
    audit.record(EMPTIED, pack, by=by, now=now, name=pack.name, title=material.title)


def add_note(pack: MaterialPack, expert: str, post: str, text: str, *, by: User, now: datetime) -> PackNote:
    """Add an expert's note to a pack."""
    note = PackNote(pack_id=pack.id, expert=expert, post=post, text=text, created_at=now)
    db.session.add(note)
    pack.changed_at = now
    audit.record(NOTED, pack, by=by, now=now, name=pack.name, expert=expert)
    return note


def remove_note(pack: MaterialPack, note_id: int, *, now: datetime) -> None:
    """Remove a note from a pack."""
    db.session.execute(sa.delete(PackNote).where(PackNote.pack_id == pack.id, PackNote.id == note_id))
    pack.changed_at = now


# --- the archive ----------------------------------------------------------------------------------


class _Outlet(io.RawIOBase):
    """Takes what an archive writes and gives it away piece by piece."""

    def __init__(self) -> None:
        self.pieces: list[bytes] = []

    def writable(self) -> bool:
        return True

    def write(self, data: object) -> int:
        piece = bytes(data)  # type: ignore[call-overload]
        self.pieces.append(piece)
        return len(piece)

    def take(self) -> bytes:
        """Return what was written since the last time."""
        taken, self.pieces = b"".join(self.pieces), []
        return taken


Pieces = Iterator[bytes]


def archive(
    pack: MaterialPack, items: Sequence[tuple[Material, MaterialVersion]], notes: Sequence[PackNote]
) -> Pieces:
    """Return a pack as a zip (contents, notes, resources), one piece at a time in memory.

    All that asks the application is asked here; what is handed back needs neither it nor the database.
    """
    planned = [
        (material, version, _name_of(place, material, version))
        for place, (material, version) in enumerate(items, 1)
    ]
    contents = word.to_bytes(_contents(pack, planned, notes))
    first = (zipfile.ZipInfo(_("00 Contents") + ".docx"), iter([contents]))
    entries = [(_entry(name, version), _pieces(material, version)) for material, version, name in planned]
    return _zipped([first, *entries])


def _zipped(entries: Sequence[tuple[zipfile.ZipInfo, Pieces]]) -> Pieces:
    outlet = _Outlet()
    with zipfile.ZipFile(outlet, "w", zipfile.ZIP_STORED) as out:
        for info, pieces in entries:
            info.external_attr = 0o644 << 16
            with out.open(info, "w", force_zip64=True) as entry:
                for piece in pieces:
                    entry.write(piece)
                    yield outlet.take()
    yield outlet.take()


def _entry(name: str, version: MaterialVersion) -> zipfile.ZipInfo:
    day = version.published_on
    return zipfile.ZipInfo(name, (day.year, day.month, day.day, 0, 0, 0) if day else (1980, 1, 1, 0, 0, 0))


def _pieces(material: Material, version: MaterialVersion) -> Pieces:
    if version.file is not None:
        return _stored(storage.store(), version.file, _("The file is no longer kept."))
    if version.case is not None:
        return iter([word.to_bytes(case_document(material, version))])
    return iter([f"[InternetShortcut]\r\nURL={version.link}\r\n".encode()])


def _stored(place: storage.Store, file: StoredFile, missing: str) -> Pieces:
    try:
        with place.open(file.key, file.size) as content:
            while piece := content.read(storage.PIECE):
                yield piece
    except FileNotFoundError:
        yield missing.encode()


def _name_of(place: int, material: Material, version: MaterialVersion) -> str:
    """Return a resource's file name in the archive: numbered, so that none meets another and all stand in order."""
    fit = (" " if letter in _UNFIT or not letter.isprintable() else letter for letter in material.title)
    if version.file is not None:
        ending = PurePosixPath(version.file.name).suffix.lower()
    else:
        ending = ".docx" if version.case is not None else ".url"
    return f"{place:02} {''.join(fit).strip()[:80]}{ending}"


def _contents(
    pack: MaterialPack, planned: Sequence[tuple[Material, MaterialVersion, str]], notes: Sequence[PackNote]
) -> Any:
    document = word.new_document(pack.name, f"{pack.owner.name} · {pack.occupation}")
    if pack.purpose:
        document.add_paragraph(pack.purpose)
    document.add_heading(_("Contents"), 1)
    header = [_("File"), _("Kind of resource"), _("Belongs to"), _("Version"), _("Published")]
    rows = [
        [name, material.kind_label, material.owner.name, version.number, day(version.published_on)]
        for material, version, name in planned
    ]
    word.add_table(document, header, rows, numeric=[3], widths=[7.5, 2.5, 3.5, 1.3, 2.2])
    if notes:
        document.add_heading(_("Experts' notes"), 1)
    for note in notes:
        document.add_heading(" · ".join(text for text in (note.expert, note.post) if text), 2)
        document.add_paragraph(note.text)
    return document
