"""The OpenAPI document as people read it: areas, operations, their parameters and fields."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from trainmgr.api.labels import AREAS, scope_label
from trainmgr.api.rules import Area


@dataclass(frozen=True)
class Line:
    """A parameter or a field: its name, what it may be, what it means."""

    name: str
    kind: str
    words: str
    required: bool = False


@dataclass(frozen=True)
class Operation:
    """One thing that a program can ask."""

    method: str
    path: str
    key: str
    summary: str
    scope: str
    parameters: Sequence[Line]
    takes: Sequence[Line]
    gives: Sequence[Line]

    @property
    def scope_words(self) -> str:
        """The scope in words."""
        return scope_label(self.scope)


def areas_of(document: Mapping[str, Any]) -> list[tuple[Any, list[Operation]]]:
    """Return the operations by area, in the order of the thread."""
    found: dict[Area, list[Operation]] = {area: [] for area in Area}
    for path, methods in document["paths"].items():
        for method, told in methods.items():
            found[Area(told["tags"][0])].append(_operation(document, method.upper(), path, told))
    return [(AREAS[area], operations) for area, operations in found.items() if operations]


def _operation(document: Mapping[str, Any], method: str, path: str, told: Mapping[str, Any]) -> Operation:
    parameters = [
        Line(
            one["name"],
            _kind(document, one["schema"]),
            one.get("description", ""),
            one.get("required", False),
        )
        for one in told["parameters"]
    ]
    good = next(answer for status, answer in told["responses"].items() if status.startswith("2"))
    body = told.get("requestBody")
    return Operation(
        method, path, told["operationId"], told["summary"], told["x-scope"], parameters,
        _lines(document, body["content"]["application/json"]["schema"]) if body else [],
        _lines(document, good["content"]["application/json"]["schema"]),
    )  # fmt: skip


def _found(document: Mapping[str, Any], schema: Mapping[str, Any]) -> Mapping[str, Any]:
    if "$ref" in schema:
        named: Mapping[str, Any] = document["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
        return named
    return schema


def _lines(document: Mapping[str, Any], schema: Mapping[str, Any]) -> list[Line]:
    schema = _found(document, schema)
    properties = schema.get("properties", {})
    if "data" in properties:
        return _lines(document, properties["data"]["items"])
    required = schema.get("required", ())
    return [
        Line(name, _kind(document, told), told.get("description", ""), name in required)
        for name, told in properties.items()
    ]


def _kind(document: Mapping[str, Any], schema: Mapping[str, Any]) -> str:
    if "enum" in schema:
        return " | ".join(str(one) for one in schema["enum"])
    kinds = schema.get("type", "object")
    kinds = [kinds] if isinstance(kinds, str) else list(kinds)
    plain = [one for one in kinds if one != "null"]
    told = " | ".join(schema.get("format", one) for one in plain)
    if "array" in plain:
        told = f"[{_kind(document, _found(document, schema.get('items', {})))}]"
    return f"{told}?" if "null" in kinds else told
