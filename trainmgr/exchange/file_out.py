"""Files with column maps as they leave: a workbook, CSV in UTF-8 for Excel, CSV in GB18030 for older programs."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from flask import Response

from trainmgr.exchange.maps import NUMBERS, Present
from trainmgr.kernel import sheets
from trainmgr.kernel.sheets import Column, Kind

XLSX, UTF8, GB18030 = "xlsx", "csv", "gb18030"
FORMATS = (XLSX, UTF8, GB18030)
BOM = b"\xef\xbb\xbf"


def columns_of(present: Present) -> list[Column]:
    """Return the columns of a map as sheets know them."""
    return [
        Column(
            f"c{place}",
            one.heading,
            kind=Kind.NUMBER if one.source in NUMBERS and not one.words else Kind.TEXT,
        )
        for place, one in enumerate(present.columns)
    ]


def send(
    present: Present, rows: Iterable[Sequence[Any]], name: str, kind: str, *, after_commit: bool
) -> Response:
    """Answer with a file; what begins like a formula is plain text in each of them."""
    columns = columns_of(present)
    if kind == XLSX:
        return sheets.send_rows(columns, rows, f"{name}.xlsx", title=name, after_commit=after_commit)
    data = sheets.write_csv(columns, rows)
    if kind == GB18030:
        data = data.removeprefix(BOM).decode().encode("gb18030")
    charset = "gb18030" if kind == GB18030 else "utf-8"
    return sheets.send_workbook(data, f"{name}.csv", media_type=f"text/csv; charset={charset}")
