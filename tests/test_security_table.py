"""The table of requirements names tests and files that are there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
TABLE = (ROOT / "docs" / "security.md").read_text(encoding="utf-8")
NAMED = sorted(set(re.findall(r"`((?:tests|trainmgr|templates|tools|docs|ops)/[\w./-]+(?:::\w+)?)`", TABLE)))
LINES = [line for line in TABLE.splitlines() if re.match(r"\| \d", line)]


@pytest.mark.parametrize("named", NAMED)
def test_what_the_table_of_requirements_names_is_there(named):
    path, _, test = named.partition("::")

    assert (ROOT / path).exists()
    assert not test or f"def {test}(" in (ROOT / path).read_text(encoding="utf-8")


def test_each_line_says_how_it_stands_and_by_what():
    marks = [[cell.strip() for cell in line.strip("|").split("|")] for line in LINES]

    assert len(marks) > 200
    assert all(len(cells) == 4 and cells[2] in "✔◐○–" and cells[3] for cells in marks)
