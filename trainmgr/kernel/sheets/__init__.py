"""Spreadsheets in and out. Uploads are checked, then parsed in a child process that may die without harm."""

from trainmgr.kernel.sheets.columns import (
    Column,
    Kind,
    Matched,
    Record,
    find_columns,
    match_columns,
    missing_in,
    normalise,
    parse_day,
    read_records,
)
from trainmgr.kernel.sheets.reader import About, Sheet, SheetLimits, inspect_bytes, read_sheet
from trainmgr.kernel.sheets.refusals import SheetRefused
from trainmgr.kernel.sheets.writer import (
    XLSX,
    content_disposition,
    send_rows,
    send_workbook,
    write_csv,
    write_faults,
    write_workbook,
)

__all__ = [
    "XLSX", "About", "Column", "Kind", "Matched", "Record", "Sheet", "SheetLimits", "SheetRefused",
    "content_disposition", "find_columns", "inspect_bytes", "match_columns", "missing_in", "normalise", "parse_day",
    "read_records", "read_sheet", "send_rows", "send_workbook", "write_csv", "write_faults", "write_workbook",
]  # fmt: skip
