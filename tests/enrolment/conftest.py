"""Rosters as files, and ID numbers that check."""

from __future__ import annotations

import io
from typing import Any

import pytest
import xlsxwriter
from stdnum.cn import ric

HEADER = ["姓名", "身份证号", "手机号", "学号", "工号", "班级", "企业", "工种或专业方向", "现等级", "岗位"]


def id_number(serial: int, *, born: str = "20040311") -> str:
    """Return a resident's number that checks, another one for each serial up to 999."""
    plain = f"500103{born}{serial:03}"
    return plain + ric.calc_check_digit(plain + "0")  # the last place is left out of the sum


def workbook(rows: list[list[Any]], header: list[str] | None = None) -> bytes:
    """Return an .xlsx with a header and rows, every cell as text."""
    out = io.BytesIO()
    with xlsxwriter.Workbook(out, {"in_memory": True, "strings_to_formulas": False}) as book:
        sheet = book.add_worksheet()
        for line, row in enumerate([header or HEADER, *rows]):
            for place, cell in enumerate(row):
                sheet.write_string(line, place, str(cell))
    return out.getvalue()


def person(serial: int, name: str | None = None, **cells: str) -> list[str]:
    """Return a right row of a roster; cells named in English replace its own."""
    row = {
        "name": f"学员{serial}" if name is None else name,
        "id_number": id_number(serial),
        "phone": f"139{serial:08}",
        "student_number": f"S{serial:05}",
        "employee_number": f"E{serial:05}",
        "cohort": "A 班",
        "enterprise": "测试企业",
        "field": "焊工",
        "level": "三级",
        "post": "装调",
    }
    return list((row | cells).values())


@pytest.fixture
def read_workbook():
    """Read the first sheet of a workbook as rows of text."""
    from trainmgr.kernel.sheets import read_sheet

    def read(data: bytes) -> list[list[str]]:
        sheet = read_sheet(data, filename="answer.xlsx")
        return [sheet.columns, *sheet.rows]

    return read
