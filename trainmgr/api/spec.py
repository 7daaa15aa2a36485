"""The OpenAPI 3.1 document, made from the tables of resources and of writes."""

from __future__ import annotations

import re
from functools import cache
from typing import Any

from apispec import APISpec
from apispec.ext.marshmallow import MarshmallowPlugin
from marshmallow import Schema

from trainmgr.api.catalogue import RESOURCES
from trainmgr.api.deeds import Write
from trainmgr.api.operations import WRITES
from trainmgr.api.problems import PROBLEM
from trainmgr.api.reading import Resource

ABOUT = """Read and write training programmes from other systems: the same rows, rules and permissions as the pages.

Sign in with `Authorization: Bearer <token>`. Lists come in pages: follow `next`. A write needs an `Idempotency-Key`;
sent again under the same key it is answered again and done once. Partial updates need the `ETag` as `If-Match`.
Errors are `application/problem+json` in the language of `Accept-Language` (zh, en)."""
_NAMES = re.compile(r"<int:(\w+)>")
_ERRORS = {
    "401": "No token, or one that is expired or revoked",
    "403": "The token lacks the scope, or its person the permission",
    "404": "There is no such thing, or it is out of sight",
    "405": "This address does not take that method",
    "409": "A rule forbids it now, or the same request is still at work",
    "412": "It was changed after the ETag was read",
    "415": "The body is no application/json",
    "400": "The body is no JSON",
    "422": "Some fields are not as they should be, or the key was used for another request",
    "428": "Idempotency-Key or If-Match is missing",
    "429": "The token asks too often; see Retry-After",
}
_READING = ("401", "403", "404", "405", "429")


def _name_of(schema: type[Schema]) -> str:
    return schema.__name__.removesuffix("Schema")


@cache
def document(version: str) -> dict[str, Any]:
    """Return the document of this version of the program."""
    plugin = MarshmallowPlugin(schema_name_resolver=lambda schema: _name_of(_class_of(schema)))
    spec = APISpec(
        title="trainmgr", version=version, openapi_version="3.1.0", plugins=[plugin],
        info={"description": ABOUT}, security=[{"token": []}],
    )  # fmt: skip
    spec.components.security_scheme("token", {"type": "http", "scheme": "bearer"})
    spec.components.schema("Problem", _problem())
    for status, words in _ERRORS.items():
        spec.components.response(f"Problem{status}", _refusal(words))
    for resource in RESOURCES.values():
        _add_reads(spec, resource)
    for name, write in WRITES.items():
        spec.path(_path(write.path), operations={write.method.lower(): _write(name, write)})
    found = spec.to_dict()
    # What marshmallow's validators of the whole schema ask, as JSON Schema says it.
    entry = found["components"]["schemas"]["LogEntry"]
    entry["oneOf"] = [{"required": ["minutes"]}, {"required": ["day_minutes"]}]
    entry["properties"]["minutes"]["multipleOf"] = 15
    entry["properties"]["day_minutes"] |= {"contains": {"minimum": 15}}
    entry["properties"]["day_minutes"]["items"]["multipleOf"] = 15
    return found


def _class_of(schema: Any) -> type[Schema]:
    return schema if isinstance(schema, type) else type(schema)


def _problem() -> dict[str, Any]:
    text = {"type": "string"}
    errors = {"type": "object", "properties": {"field": text, "messages": {"type": "array", "items": text}}}
    return {
        "type": "object",
        "required": ["type", "title", "status"],
        "properties": {
            "type": text,
            "title": text,
            "status": {"type": "integer"},
            "detail": text,
            "errors": {"type": "array", "items": errors},
        },
    }


def _refusal(words: str) -> dict[str, Any]:
    return {"description": words, "content": {PROBLEM: {"schema": {"$ref": "#/components/schemas/Problem"}}}}


def _path(path: str) -> str:
    return "/api/v1" + _NAMES.sub(r"{\1}", path)


def _places(path: str) -> list[dict[str, Any]]:
    number = {"type": "integer", "minimum": 1, "maximum": 2**31 - 1}
    return [{"in": "path", "name": name, "required": True, "schema": number} for name in _NAMES.findall(path)]


def _answers(good: dict[str, Any], *refusals: str) -> dict[str, Any]:
    # The plugin looks references up by their names in the components.
    return good | {status: {"$ref": f"#/components/responses/Problem{status}"} for status in refusals}


def _json(schema: Any, words: str, headers: dict[str, Any] | None = None) -> dict[str, Any]:
    told: dict[str, Any] = {"description": words, "content": {"application/json": {"schema": schema}}}
    return told | ({"headers": headers} if headers else {})


_ETAG = {"ETag": {"schema": {"type": "string"}, "description": "The version; send it back as If-Match."}}


def _add_reads(spec: APISpec, resource: Resource) -> None:
    many = _many(resource)
    query = Schema.from_dict(resource.query_fields(), name=f"{resource.one.title()}Query")
    about = {"tags": [resource.area.value], "summary": resource.summary, "x-scope": resource.scope}
    spec.path(
        _path(resource.path),
        operations={
            "get": about | {
                "operationId": f"list_{resource.name.replace('-', '_')}",
                "parameters": [*_places(resource.path), *_query(spec, query)],
                "responses": _answers({"200": _json(many, "A page of the list")}, *_READING, "422"),
            }
        },
    )  # fmt: skip
    if resource.has_one:
        path = f"{resource.path}/<int:row_id>"
        one = _json(resource.schema, "The one", _ETAG if resource.has_version else None)
        spec.path(
            _path(path),
            operations={
                "get": about | {
                    "operationId": f"show_{resource.one}",
                    "parameters": _places(path),
                    "responses": _answers({"200": one}, *_READING),
                }
            },
        )  # fmt: skip


def _many(resource: Resource) -> dict[str, Any]:
    return {
        "type": "object",
        "required": ["data", "next"],
        "properties": {
            "data": {"type": "array", "items": resource.schema},
            "next": {"type": ["string", "null"], "description": "The address of the next page."},
        },
    }


def _query(spec: APISpec, schema: type[Schema]) -> list[dict[str, Any]]:
    converter = spec.plugins[0].converter  # type: ignore[attr-defined]
    found: list[dict[str, Any]] = converter.schema2parameters(schema(), location="query")
    for one in found:
        if "description" not in one and "description" in one.get("schema", {}):
            one["description"] = one["schema"].pop("description")
    return found


def _write(name: str, write: Write) -> dict[str, Any]:
    text = {"type": "string"}
    headers: list[dict[str, Any]] = [
        {
            "in": "header", "name": "Idempotency-Key", "required": True,
            "schema": text | {"minLength": 1, "maxLength": 80, "pattern": "^[!-~]([ -~]*[!-~])?$"},
            "description": "New for each deed, the same when it is sent again.",
        }
    ]  # fmt: skip
    refusals = ["400", "401", "403", "404", "405", "409", "415", "422", "428", "429"]
    if write.needs_etag:
        headers.append(
            {
                "in": "header",
                "name": "If-Match",
                "required": True,
                "schema": text,
                "description": "The ETag that was read.",
            }
        )
        refusals.insert(6, "412")
    resource = RESOURCES[write.gives]
    shown = _many(resource) if write.many else resource.schema
    stands = _json(shown, "How it stands now", _ETAG if resource.has_version and not write.many else None)
    good = {"200": stands} | ({"201": stands} if write.made else {})
    if write.later:
        job = {"type": "object", "required": ["job_id"], "properties": {"job_id": {"type": "integer"}}}
        good["202"] = _json(job, "It is done in the background: read the list a little later")
    return {
        "tags": [write.area.value],
        "summary": write.summary,
        "x-scope": write.scope,
        "operationId": name,
        "parameters": [*_places(write.path), *headers],
        "requestBody": {"required": True, "content": {"application/json": {"schema": write.schema}}},
        "responses": _answers(good, *refusals),
    }
