"""A standard as JSON of the CASE 1.0 standard (1EdTech, 2017); `case_reading` is the way back. Pure.

Identifiers are our keys. Typical tasks are children of the document or of the representative tasks that they come
from, competencies children of the typical tasks that take them, each later task of the chain a child of its sources.
What CASE has no field for stands under `extensions.trainmgr`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import NAMESPACE_URL, UUID, uuid5

from trainmgr.standards.framework import Certificate, Competency, Framework, Task
from trainmgr.standards.rules import TaskKind

OURS = "trainmgr"
CHILD, RELATED = "isChildOf", "isRelatedTo"
TASK_TYPES = {kind: f"{kind.value.title()}Task" for kind in TaskKind}
KINDS = {name: kind for kind, name in TASK_TYPES.items()}
COMPETENCY_TYPE = "Competency"
STATUS = {"draft": "Draft", "published": "Adopted", "outdated": "Deprecated"}


@dataclass(frozen=True)
class Told:
    """What a framework says of itself besides its content."""

    creator: str
    state: str
    number: int
    changed_at: str


# --- writing ------------------------------------------------------------------------------------


def to_case(framework: Framework, told: Told) -> dict[str, Any]:
    """Return a framework as a CASE package: CFDocument, CFItems, CFAssociations."""
    document = _link(framework.key, framework.post)
    items = [*_items(framework, document, told)]
    edges = [*_edges(framework)]
    return {
        "CFDocument": {
            "identifier": document["identifier"],
            "uri": document["uri"],
            "creator": told.creator,
            "title": framework.post,
            "lastChangeDateTime": told.changed_at,
            "version": str(told.number),
            "adoptionStatus": STATUS[told.state],
            "subject": [framework.occupation] if framework.occupation else [],
            "language": "zh",
            "extensions": {
                OURS: {
                    "code": framework.code,
                    "titleEnglish": framework.post_en,
                    "certificates": [_certificate(one) for one in framework.certificates],
                }
            },
        },
        "CFItems": items,
        "CFAssociations": [
            _association(number, kind, start, end, told, document)
            for number, (kind, start, end) in enumerate(edges, start=1)
        ],
    }


def _uuid(key: str) -> str:
    return str(UUID(key))


def _link(key: str, title: str) -> dict[str, str]:
    return {"title": title, "identifier": _uuid(key), "uri": f"urn:uuid:{_uuid(key)}"}


def _items(framework: Framework, document: Mapping[str, str], told: Told) -> Iterator[dict[str, Any]]:
    for place, task in enumerate(framework.tasks, start=1):
        own: dict[str, Any] = {"position": place}
        yield _item(task, TASK_TYPES[task.kind], document, told, own) | (
            {"notes": task.description} if task.description else {}
        )
    for place, one in enumerate(framework.competencies, start=1):
        own = {
            "position": place,
            "dimension": one.dimension.value,
            "importance": f"{one.importance:.2f}",
            "requiredLevel": f"{one.required:.2f}",
            "levels": list(one.levels),
        }
        yield _item(one, COMPETENCY_TYPE, document, told, own)


def _item(
    thing: Task | Competency, kind: str, document: Mapping[str, str], told: Told, own: Mapping[str, Any]
) -> dict[str, Any]:
    link = _link(thing.key, thing.name)
    item = {
        "identifier": link["identifier"],
        "uri": link["uri"],
        "CFDocumentURI": dict(document),
        "fullStatement": thing.name,
        "CFItemType": kind,
        "language": "zh",
        "lastChangeDateTime": told.changed_at,
        "extensions": {OURS: dict(own)},
    }
    if thing.name_en:
        item["alternativeLabel"] = thing.name_en
    return item


def _edges(framework: Framework) -> Iterator[tuple[str, dict[str, str], dict[str, str]]]:
    document = _link(framework.key, framework.post)
    tasks = {task.key: _link(task.key, task.name) for task in framework.tasks}
    own = {one.key: _link(one.key, one.name) for one in framework.competencies}
    for task in framework.tasks:
        for source in task.sources:
            yield CHILD, tasks[task.key], tasks[source]
        if not task.sources:
            yield CHILD, tasks[task.key], document
        for key in task.competencies:
            yield CHILD, own[key], tasks[task.key]
    for one in framework.without_task():
        yield CHILD, own[one.key], document
    units = framework.units()
    for one in framework.competencies:
        for key in one.units:
            yield RELATED, own[one.key], _link(key, units[key][1].name)


def _association(
    number: int,
    kind: str,
    start: Mapping[str, str],
    end: Mapping[str, str],
    told: Told,
    document: Mapping[str, str],
) -> dict[str, Any]:
    identifier = str(uuid5(NAMESPACE_URL, f"{kind} {start['identifier']} {end['identifier']}"))
    return {
        "identifier": identifier,
        "uri": f"urn:uuid:{identifier}",
        "associationType": kind,
        "sequenceNumber": number,
        "CFDocumentURI": dict(document),
        "originNodeURI": dict(start),
        "destinationNodeURI": dict(end),
        "lastChangeDateTime": told.changed_at,
    }


def _certificate(one: Certificate) -> dict[str, Any]:
    return {
        **_link(one.key, one.name),
        "titleEnglish": one.name_en,
        "issuer": one.issuer,
        "level": one.level,
        "isOnePlusX": one.is_one_plus_x,
        "units": [{**_link(unit.key, unit.name), "code": unit.code} for unit in one.units],
    }
