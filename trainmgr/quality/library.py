"""The indicators that come with the program, as data."""

from __future__ import annotations

import tomllib
from functools import cache
from importlib import resources
from typing import Any

from trainmgr.quality.rules import NEAR, Audience, Better, Definition, Gold, Group, Table


def load_library() -> dict[str, Definition]:
    """Return the program's indicators by code; the file is read once."""
    return dict(_read())


@cache
def _read() -> dict[str, Definition]:
    text = (resources.files("trainmgr.quality") / "library.toml").read_text(encoding="utf-8")
    found = [_definition(entry, place) for place, entry in enumerate(tomllib.loads(text)["indicator"])]
    return {one.code: one for one in found}


def _definition(entry: dict[str, Any], place: int) -> Definition:
    texts = {key: entry[key] for key in ("name", "definition", "source")} | {"unit_name": entry["unit"]}
    both = {name: pair[0] for name, pair in texts.items()} | {
        f"{name}_en": pair[1] for name, pair in texts.items()
    }
    return Definition(
        code=entry["code"],
        measure=entry.get("measure", entry["code"]),
        **both,
        group=Group(entry["group"]),
        golds=tuple(map(Gold, entry.get("golds", ()))),
        tables=tuple(map(Table, entry.get("tables", ()))),
        better=Better(entry.get("better", "higher")),
        audience=Audience(entry.get("audience", "college")),
        near=entry.get("near", NEAR),
        decimals=entry.get("decimals", 0),
        position=place * 10,
        target=entry.get("target"),
    )
