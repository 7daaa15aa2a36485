"""The measurements as tables and as JSON."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

CPU_LIMIT, STATEMENT_LIMIT, GROWTH_LIMIT = 4.0, 10, 1.2
AUTOSAVE_LIMIT = 20.0  # the 99th of a hundred autosaves, in bare pages


def table(rows: Sequence[Any]) -> str:
    """Return the measurements as lines; `!` marks what is above its limit."""
    lines = [
        f"{'page':<24}{'req/s':>8}{'p50 ms':>9}{'p99 ms':>9}{'CPU ms':>9}{'× bare':>8}{'SQL':>6}{'bytes':>9}"
    ]
    for row in rows:
        ratio = f"{row.cpu_ratio:.2f}{'!' if row.cpu_ratio > CPU_LIMIT else ' '}"
        statements = f"{row.statements}{'!' if row.statements > STATEMENT_LIMIT else ' '}"
        lines.append(
            f"{row.page:<24}{row.rps:>8.1f}{row.p50_ms:>9.2f}{row.p99_ms:>9.2f}{row.cpu_ms:>9.2f}"
            f"{ratio:>8}{statements:>6}{row.bytes:>9,}"
        )
    return "\n".join(lines)


def growth(rows: Sequence[Any], before: Sequence[Mapping[str, Any]]) -> str:
    """Return how each page grew from the measurements before; times are taken as ratios to the bare page."""
    known = {row["page"]: row for row in before}
    bare_now = next(row for row in rows if row.page == "bare")
    bare_then = known["bare"]
    lines = ["", f"{'growth':<24}{'CPU':>8}{'p50':>8}{'SQL':>6}"]
    for row in rows:
        then = known.get(row.page)
        if then is None or row.page == "bare":
            continue
        cpu = row.cpu_ratio / then["cpu_ratio"]
        p50 = (row.p50_ms / bare_now.p50_ms) / (then["p50_ms"] / bare_then["p50_ms"])
        mark = "!" if cpu > GROWTH_LIMIT else " "
        lines.append(f"{row.page:<24}{cpu:>7.2f}{mark}{p50:>8.2f}{row.statements - then['statements']:>+6}")
    return "\n".join(lines)


def write(path: Path, rows: Sequence[Mapping[str, Any]]) -> None:
    """Write the measurements as a list of objects."""
    path.write_text(json.dumps(rows, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def read(path: Path) -> list[dict[str, Any]]:
    """Read what `write` wrote."""
    found: list[dict[str, Any]] = json.loads(path.read_text(encoding="utf-8"))
    return found
