"""A version of a standard as plain values: what is signed, compared, drawn, and handed to other systems. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from decimal import Decimal
from typing import Any

from trainmgr.standards.rules import Dimension, TaskKind


@dataclass(frozen=True)
class Competency:
    """A competency; `levels` are five texts, `units` the keys of the certificate units that it covers."""

    key: str
    name: str
    importance: Decimal
    required: Decimal
    name_en: str = ""
    dimension: Dimension = Dimension.PROFESSIONAL
    levels: tuple[str, ...] = ("",) * 5
    units: tuple[str, ...] = ()


@dataclass(frozen=True)
class Task:
    """A task; `sources` and `competencies` are keys."""

    key: str
    kind: TaskKind
    name: str
    name_en: str = ""
    description: str = ""
    sources: tuple[str, ...] = ()
    competencies: tuple[str, ...] = ()


@dataclass(frozen=True)
class Unit:
    """One unit of a certificate's standard."""

    key: str
    code: str
    name: str


@dataclass(frozen=True)
class Certificate:
    """A certificate's standard."""

    key: str
    name: str
    issuer: str
    name_en: str = ""
    level: str = ""
    is_one_plus_x: bool = False
    units: tuple[Unit, ...] = ()


@dataclass(frozen=True)
class Framework:
    """One version of a job standard."""

    key: str
    code: str
    post: str
    post_en: str = ""
    occupation: str = ""
    competencies: tuple[Competency, ...] = ()
    tasks: tuple[Task, ...] = ()
    certificates: tuple[Certificate, ...] = ()

    def of_kind(self, kind: TaskKind) -> list[Task]:
        """Return the tasks of one kind in their order."""
        return [task for task in self.tasks if task.kind is kind]

    def without_task(self) -> list[Competency]:
        """Return the competencies that no typical task takes."""
        linked = {key for task in self.of_kind(TaskKind.TYPICAL) for key in task.competencies}
        return [competency for competency in self.competencies if competency.key not in linked]

    def units(self) -> dict[str, tuple[Certificate, Unit]]:
        """Return every unit with its certificate, by key."""
        return {
            unit.key: (certificate, unit) for certificate in self.certificates for unit in certificate.units
        }


def document_of(framework: Framework) -> dict[str, Any]:
    """Return the content that both sides sign, as it can be written in JSON."""
    document = asdict(framework)
    for competency in document["competencies"]:
        competency["importance"] = f"{competency['importance']:.2f}"
        competency["required"] = f"{competency['required']:.2f}"
    return document


def ring_in(edges: Iterable[tuple[str, str]]) -> list[str]:
    """Return one cycle of a directed graph, its first node again at the end; [] where there is none."""
    after: dict[str, list[str]] = {}
    for start, end in edges:
        after.setdefault(start, []).append(end)
    finished: set[str] = set()
    for root in list(after):
        path: list[str] = []
        on_path: set[str] = set()
        stack = [(root, False)]
        while stack:
            node, is_left = stack.pop()
            if is_left:
                path.pop()
                on_path.discard(node)
                finished.add(node)
            elif node in on_path:
                return [*path[path.index(node) :], node]
            elif node not in finished:
                path.append(node)
                on_path.add(node)
                stack.append((node, True))
                stack += [(following, False) for following in after.get(node, ())]
    return []
