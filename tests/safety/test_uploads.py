"""Files that were made to do harm: refused or taken, never a fault, a hang or memory without bound.

They are sent by real requests inside a process of their own (`room.py`); a short list here, the whole one by
`python tools/probe.py uploads`.
"""

from __future__ import annotations

import ast
import importlib
import pkgutil
from collections.abc import Iterator

import pytest
from wtforms import FileField, Form, MultipleFileField
from wtforms.fields.core import UnboundField

import trainmgr
from tests.safety.entrances import ENTRANCES
from tests.safety.mutations import FAMILIES
from tests.safety.trying import Door, fault_of, short_cases
from trainmgr import ROOT

pytestmark = pytest.mark.once


@pytest.fixture(scope="session")
def door() -> Iterator[Door]:
    """The process in which files are tried, begun anew when one of them ends it."""
    with Door() as opened:
        yield opened


@pytest.mark.parametrize("entrance", ENTRANCES, ids=lambda one: one.key)
def test_a_good_file_is_taken(door, entrance):
    told = door.ask(entrance.key, "")

    assert told["status"] == entrance.taken, told


@pytest.mark.parametrize("entrance", ENTRANCES, ids=lambda one: one.key)
def test_no_file_breaks_hangs_or_swells(door, entrance):
    found = [fault_of(door.ask(entrance.key, case)) for case in short_cases(entrance)]

    assert not any(found), "\n".join(filter(None, found))


def test_every_place_where_a_file_comes_in_stands_in_the_table():
    known = {name for entrance in ENTRANCES for name in (entrance.key, *entrance.also)}

    assert set(file_fields()) | set(readers_of_files()) == known


def test_each_short_case_is_one_of_its_family():
    for family in FAMILIES.values():
        assert set(family.short) <= set(family.cases)


def file_fields() -> Iterator[str]:
    """Yield every field of a form that takes a file, as `module.Form.field` without the program's name."""
    for module in pkgutil.walk_packages(trainmgr.__path__, "trainmgr."):
        if module.name.endswith("forms") or module.name.endswith("views"):
            importlib.import_module(module.name)
    for form in _below(Form):
        for name in dir(form):
            made = getattr(form, name, None)
            if isinstance(made, UnboundField) and issubclass(
                made.field_class, (FileField, MultipleFileField)
            ):
                yield f"{form.__module__}.{form.__name__}.{name}".removeprefix("trainmgr.")


def _below(kind: type) -> Iterator[type]:
    for one in kind.__subclasses__():
        if one.__module__.startswith("trainmgr."):
            yield one
        yield from _below(one)


def readers_of_files() -> Iterator[str]:
    """Yield every function that reads the files of a request by itself."""
    for path in (ROOT / "trainmgr").rglob("*.py"):
        if ".files" not in (text := path.read_text(encoding="utf-8")):
            continue
        for function in ast.walk(ast.parse(text)):
            if isinstance(function, ast.FunctionDef) and any(map(_reads_files, ast.walk(function))):
                module = ".".join(path.relative_to(ROOT / "trainmgr").with_suffix("").parts)
                yield f"{module}.{function.name}"


def _reads_files(node: ast.AST) -> bool:
    return (
        isinstance(node, ast.Attribute)
        and node.attr in ("files", "get_data", "stream")
        and isinstance(node.value, ast.Name)
        and node.value.id == "request"
    )
