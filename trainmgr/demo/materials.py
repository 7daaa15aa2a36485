"""The teaching resources of the demo: in versions, some overdue; cases from the shop floor, task sheets, a pack."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import sqlalchemy as sa

from trainmgr.curriculum.models import Module
from trainmgr.curriculum.queries import modules_of
from trainmgr.demo.cast import Cast, read
from trainmgr.demo.days import Days
from trainmgr.identity.models import User
from trainmgr.kernel import word
from trainmgr.kernel.db import db
from trainmgr.kernel.files import StoredFile, store_bytes
from trainmgr.materials import actions, cases, packs, sheets, using
from trainmgr.materials.models import Material
from trainmgr.materials.rules import MaterialKind, UpdateKind
from trainmgr.programs.models import Program, ProgramParty


class Stock:
    """Puts the resources of the data file on their shelves, on their days."""

    def __init__(self, days: Days, cast: Cast) -> None:
        self.days, self.cast = days, cast
        self.data = read("materials")
        self.programs: dict[str, Program] = {}
        self.modules: dict[str, dict[str, Module]] = {}

    def person(self, key: str) -> User:
        """Return somebody by name, or the first of many."""
        return self.cast.people.get(key) or self.cast.many[key][0]

    def program(self, key: str) -> tuple[Program, dict[str, Module]]:
        """Return the newest programme of an enterprise with its modules by name."""
        if key not in self.programs:
            parties = sa.select(ProgramParty.program_id).where(
                ProgramParty.organization_id == self.cast.home(key).id
            )
            newest = sa.select(Program).where(Program.id.in_(parties)).order_by(Program.id.desc()).limit(1)
            self.programs[key] = db.session.scalars(newest).one()
            self.modules[key] = {one.name: one for one in modules_of(self.programs[key].id)}
        return self.programs[key], self.modules[key]

    def fill(self) -> None:
        """Enter everything."""
        for entry in self.data["material"]:
            self._place(self._enter(entry), entry)
        for entry in self.data["case"]:
            self._place(self._write(entry), entry)
        for entry in self.data["sheet"]:
            self._make_sheet(entry)
        for entry in self.data["pack"]:
            self._pack(entry)

    def _enter(self, entry: Mapping[str, Any]) -> Material:
        by, first = self.person(entry["by"]), entry["versions"][0][0]
        facts = actions.Facts(
            entry["title"],
            MaterialKind(entry["kind"]),
            UpdateKind(entry["update"]),
            entry["occupation"],
            entry["collection"],
            source=entry.get("source", ""),
        )
        home = self.cast.home(entry["at"])
        material = actions.enter(home.id, facts, by=by, now=self.days.at(self.days.ago(first)))
        for ago, share, changes in entry["versions"]:
            now = self.days.at(self.days.ago(ago), 10)
            content = actions.Content(link=entry.get("link", ""), file=self._file(entry, changes, now))
            actions.publish(material, content, share=share, changes=changes, by=by, now=now)
        if "occasion" in entry:
            ago, text = entry["occasion"]
            on = self.days.ago(ago)
            actions.note_occasion(material, text, on, by=by, now=self.days.at(on, 16))
        return material

    def _file(self, entry: Mapping[str, Any], changes: str, now: Any) -> StoredFile | None:
        if "text" not in entry:
            return None
        document = word.new_document(entry["title"], changes)
        for line in entry["text"]:
            document.add_paragraph(line)
        return store_bytes(
            word.to_bytes(document),
            name=f"{entry['title']}.docx",
            media_type=word.DOCX,
            purpose=actions.PURPOSE,
            by=self.person(entry["by"]),
            program_id=None,
            now=now,
        )

    def _write(self, entry: Mapping[str, Any]) -> Material:
        by, begun = self.person(entry["by"]), self.days.ago(entry["ago"])
        material, draft = cases.begin_case(
            self.cast.home(entry["at"]).id, entry["title"], entry["occupation"], entry["collection"],
            by=by, now=self.days.at(begun),
        )  # fmt: skip
        db.session.flush()
        parts = {name: entry[name] for name in ("facts", "analysis", "plan", "effect", "lessons")}
        cases.save_draft(draft, parts, share=None, changes="", version=draft.version)
        cases.publish_case(material, draft, by=by, now=self.days.at(begun + timedelta(days=1)))
        return material

    def _place(self, material: Material, entry: Mapping[str, Any]) -> None:
        by, now = self.person(entry["by"]), self.days.at(material.renewed_on or self.days.today, 11)
        if "share" in entry:
            actions.share(material, [self.cast.home(key).id for key in entry["share"]], by=by, now=now)
        for key, name in entry.get("use", ()):
            program, modules = self.program(key)
            actions.attach(program, material, modules[name].lineage, by=by, now=now)

    def _make_sheet(self, entry: Mapping[str, Any]) -> None:
        program, modules = self.program(entry["program"])
        module = modules[entry["module"]]
        proposed = vars(sheets.propose(module, using.served_by(module)))
        own = {name: entry[name] for name in ("title", "tools", "standard", "records")}
        content = sheets.Content(**proposed | own)
        now = self.days.at(self.days.ago(20))
        sheets.make_sheet(program, module, content, by=self.person(entry["by"]), now=now)

    def _pack(self, entry: Mapping[str, Any]) -> None:
        by, now = self.person(entry["by"]), self.days.at(self.days.ago(15))
        home = self.cast.home(entry["at"])
        pack = packs.make_pack(home.id, entry["name"], entry["occupation"], entry["purpose"], by=by, now=now)
        chosen = sa.select(Material).where(
            Material.occupation == entry["occupation"], Material.latest_number > 0
        )
        packs.put_in(pack, db.session.scalars(chosen.order_by(Material.id)).all(), by=by, now=now)
        packs.add_note(pack, self.person(entry["expert"]).name, entry["post"], entry["note"], by=by, now=now)


def stock(days: Days, cast: Cast) -> None:
    """Fill the shelves of the demo's organisations; the programmes must stand already."""
    Stock(days, cast).fill()
