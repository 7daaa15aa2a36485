"""Reading a framework from JSON of the CASE 1.0 standard: all that is wrong, each with its place. Pure.

A framework of somebody else's, without our extensions, is read by its hierarchy: what has children is a typical task,
what has none a competency.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from typing import Any
from uuid import UUID

from trainmgr.kernel.msgids import N_
from trainmgr.standards.case import CHILD, COMPETENCY_TYPE, KINDS, OURS, RELATED
from trainmgr.standards.framework import Certificate, Competency, Framework, Task, Unit, ring_in
from trainmgr.standards.rules import HIGHEST_LEVEL, MOST_COMPETENCIES, MOST_TASKS, Dimension, TaskKind

COMPETENCY_ROOM, TASK_ROOM = 80, 120
NO_LETTER = re.compile("[\0\ud800-\udfff]")


@dataclass(frozen=True)
class Fault:
    """What is wrong with a framework, and where."""

    place: str
    msgid: str
    params: Mapping[str, Any] = field(default_factory=dict)


class FrameworkRefused(Exception):
    """A framework cannot be read; `faults` say what is wrong with it and where."""

    def __init__(self, faults: list[Fault]) -> None:
        super().__init__(f"{len(faults)} faults")
        self.faults = faults


def from_case(package: Any) -> Framework:
    """Read a CASE package; raises FrameworkRefused with everything that is wrong, a cycle by the names on it."""
    reader = _Reader()
    framework = reader.read(_plain(package))
    if reader.faults or framework is None:
        raise FrameworkRefused(reader.faults)
    return framework


def _plain(value: Any) -> Any:
    """Return a value of JSON whose texts hold nothing that no database takes: NUL and halves of letters."""
    if isinstance(value, str):
        return NO_LETTER.sub("", value)
    if isinstance(value, list):
        return [_plain(one) for one in value]
    if isinstance(value, dict):
        return {_plain(name): _plain(one) for name, one in value.items()}
    return value


class _Reader:
    def __init__(self) -> None:
        self.faults: list[Fault] = []

    def fault(self, place: str, msgid: str, **params: Any) -> None:
        if len(self.faults) < 50:
            self.faults.append(Fault(place, msgid, params))

    def read(self, package: Any) -> Framework | None:
        parts = {"CFDocument": dict, "CFItems": list, "CFAssociations": list}
        for name, kind in parts.items():
            if not isinstance(package, dict) or not isinstance(package.get(name), kind):
                self.fault(name, N_("This part of a CASE framework is missing."))
        if self.faults:
            return None
        document = package["CFDocument"]
        own, key = _own(document), self.key(document.get("identifier"), "CFDocument.identifier")
        title = self.text(document, "title", "CFDocument", 80)
        items = self.items(package["CFItems"])
        parents, related = self.associations(package["CFAssociations"], {key, *items})
        names = {one: item["fullStatement"] for one, item in items.items()}
        ring = ring_in((start, end) for start, ends in parents.items() for end in ends)
        if ring:
            told = " → ".join(names.get(one, title) for one in ring)
            self.fault("CFAssociations", N_("The hierarchy runs in a circle: %(ring)s."), ring=told)
        if self.faults or not title:
            return None
        subject = document.get("subject") or [""]
        certificates = tuple(self.certificates(own))
        return Framework(
            key=key,
            code=str(own.get("code") or "")[:40],
            post=title,
            post_en=str(own.get("titleEnglish") or "")[:120],
            occupation=str(subject[0] if isinstance(subject, list) else subject)[:80],
            **self.content(items, parents, related, certificates),
            certificates=certificates,
        )

    def key(self, identifier: Any, place: str) -> str:
        try:
            return UUID(str(identifier)).hex
        except ValueError:
            self.fault(place, N_("“%(found)s” is not an identifier (a UUID)."), found=str(identifier)[:60])
            return ""

    def text(self, thing: Mapping[str, Any], name: str, place: str, most: int) -> str:
        value = " ".join(str(thing.get(name) or "").split())
        if not value:
            self.fault(f"{place}.{name}", N_("The text is missing."))
        elif len(value) > most:
            told = {"most": most, "found": len(value)}
            self.fault(f"{place}.{name}", N_("At most %(most)s characters; there are %(found)s."), **told)
        return value

    def items(self, rows: list[Any]) -> dict[str, dict[str, Any]]:
        found: dict[str, dict[str, Any]] = {}
        if len(rows) > MOST_COMPETENCIES + MOST_TASKS:
            self.fault("CFItems", N_("At most %(most)s items."), most=MOST_COMPETENCIES + MOST_TASKS)
            return found
        for place, item in enumerate(rows):
            where = f"CFItems[{place}]"
            if not isinstance(item, dict):
                self.fault(where, N_("The text is missing."))
                continue
            key = self.key(item.get("identifier"), f"{where}.identifier")
            if key in found:
                self.fault(f"{where}.identifier", N_("This identifier is there twice."))
            name = self.text(item, "fullStatement", where, TASK_ROOM)
            found[key] = {**item, "fullStatement": name, "where": where}
        return found

    def associations(
        self, rows: list[Any], known: set[str]
    ) -> tuple[dict[str, list[str]], dict[str, list[str]]]:
        parents: dict[str, list[str]] = {}
        related: dict[str, list[str]] = {}
        for place, row in enumerate(rows):
            where = f"CFAssociations[{place}]"
            kind = row.get("associationType") if isinstance(row, dict) else None
            if kind not in (CHILD, RELATED):
                continue
            ends = [row.get(name) or {} for name in ("originNodeURI", "destinationNodeURI")]
            start, end = (
                self.key(one.get("identifier") if isinstance(one, dict) else None, where) for one in ends
            )
            if start not in known or (kind == CHILD and end not in known):
                self.fault(where, N_("It leads to something that is not in the framework."))
            (parents if kind == CHILD else related).setdefault(start, []).append(end)
        return parents, related

    def certificates(self, own: Mapping[str, Any]) -> Iterator[Certificate]:
        rows = own.get("certificates") or []
        for place, row in enumerate(rows if isinstance(rows, list) else []):
            where = f"CFDocument.extensions.{OURS}.certificates[{place}]"
            if not isinstance(row, dict):
                self.fault(where, N_("The text is missing."))
                continue
            units = [one for one in row.get("units") or [] if isinstance(one, dict)]
            yield Certificate(
                self.key(row.get("identifier"), where),
                self.text(row, "title", where, 120),
                self.text(row, "issuer", where, 120),
                str(row.get("titleEnglish") or "")[:160],
                str(row.get("level") or "")[:40],
                bool(row.get("isOnePlusX")),
                tuple(
                    Unit(
                        self.key(one.get("identifier"), where),
                        self.text(one, "code", where, 20),
                        self.text(one, "title", where, 120),
                    )
                    for one in units
                ),
            )

    def content(
        self,
        items: Mapping[str, dict[str, Any]],
        parents: Mapping[str, list[str]],
        related: Mapping[str, list[str]],
        certificates: tuple[Certificate, ...],
    ) -> dict[str, Any]:
        kinds = {key: self.kind(key, item, parents) for key, item in items.items()}
        units = {unit.key for certificate in certificates for unit in certificate.units}
        children: dict[str, list[str]] = {}
        for start, ends in parents.items():
            for end in ends:
                children.setdefault(end, []).append(start)
        order = sorted(items, key=lambda key: _position(items[key]))
        tasks = [
            self.task(key, items[key], kind, kinds, parents, children)
            for key in order
            if (kind := kinds[key]) is not None
        ]
        competencies = [
            self.competency(key, items[key], sorted(set(related.get(key, ())) & units))
            for key in order
            if kinds[key] is None
        ]
        tasks.sort(key=lambda task: list(TaskKind).index(task.kind))
        self.once(items, [*tasks, *competencies])
        return {"tasks": tuple(tasks), "competencies": tuple(competencies)}

    def kind(self, key: str, item: Mapping[str, Any], parents: Mapping[str, list[str]]) -> TaskKind | None:
        """Return the kind of task that an item is, or None for a competency."""
        named = str(item.get("CFItemType") or "")
        if named in KINDS:
            return KINDS[named]
        has_children = any(key in ends for ends in parents.values())
        return TaskKind.TYPICAL if named != COMPETENCY_TYPE and has_children else None

    def task(
        self,
        key: str,
        item: Mapping[str, Any],
        kind: TaskKind,
        kinds: Mapping[str, TaskKind | None],
        parents: Mapping[str, list[str]],
        children: Mapping[str, list[str]],
    ) -> Task:
        sources = [one for one in parents.get(key, ()) if kinds.get(one) is kind.source and kind.source]
        taken = [one for one in children.get(key, ()) if one in kinds and kinds[one] is None]
        return Task(
            key,
            kind,
            str(item["fullStatement"]),
            str(item.get("alternativeLabel") or "")[:160],
            str(item.get("notes") or ""),
            tuple(sorted(set(sources))),
            tuple(sorted(set(taken))) if kind is TaskKind.TYPICAL else (),
        )

    def competency(self, key: str, item: Mapping[str, Any], units: list[str]) -> Competency:
        own, where = _own(item), str(item["where"])
        self.text(item, "fullStatement", where, COMPETENCY_ROOM)
        levels = own.get("levels") or []
        words = [str(word) for word in (levels if isinstance(levels, list) else [])][:HIGHEST_LEVEL]
        dimension = str(own.get("dimension") or Dimension.PROFESSIONAL.value)
        if dimension not in set(Dimension):
            self.fault(f"{where}.dimension", N_("There is no dimension “%(found)s”."), found=dimension[:40])
            dimension = Dimension.PROFESSIONAL.value
        return Competency(
            key,
            str(item["fullStatement"]),
            self.figure(own, "importance", where, "3"),
            self.figure(own, "requiredLevel", where, "3"),
            str(item.get("alternativeLabel") or "")[:120],
            Dimension(dimension),
            tuple([*words, *[""] * HIGHEST_LEVEL][:HIGHEST_LEVEL]),
            tuple(units),
        )

    def figure(self, own: Mapping[str, Any], name: str, where: str, otherwise: str) -> Decimal:
        try:
            value = Decimal(str(own.get(name) or otherwise))
        except InvalidOperation:
            value = Decimal("NaN")
        if not value.is_finite() or not 1 <= value <= HIGHEST_LEVEL:
            self.fault(f"{where}.{name}", N_("Levels and importance run from 1 to 5."))
            return Decimal(otherwise)
        return round(value, 2)

    def once(self, items: Mapping[str, Mapping[str, Any]], things: list[Any]) -> None:
        seen: set[tuple[Any, str]] = set()
        for one in things:
            mark = (getattr(one, "kind", None), one.name)
            if mark in seen:
                self.fault(str(items[one.key]["where"]), N_("“%(name)s” is there twice."), name=one.name)
            seen.add(mark)


def _own(thing: Mapping[str, Any]) -> Mapping[str, Any]:
    extensions = thing.get("extensions")
    own = extensions.get(OURS) if isinstance(extensions, dict) else None
    return own if isinstance(own, dict) else {}


def _position(item: Mapping[str, Any]) -> int:
    position = _own(item).get("position")
    return position if isinstance(position, int) else 0
