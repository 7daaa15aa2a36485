"""Why an uploaded file cannot be taken, in a sentence that says what to do."""

from __future__ import annotations

from typing import Any

from flask_babel import gettext

from trainmgr.kernel.errors import UploadRefused
from trainmgr.kernel.msgids import N_


class FileRefused(UploadRefused):
    """A file cannot be taken; keeps the msgid so that a job can tell it later in the reader's language."""

    def __init__(self, msgid: str, **params: Any) -> None:
        super().__init__(msgid)
        self.msgid = msgid
        self.params = params

    def __str__(self) -> str:
        return gettext(self.msgid, **self.params)


class SheetRefused(FileRefused):
    """A spreadsheet cannot be taken."""


REASONS = {
    "size": N_("The file has %(found)s MB; at most %(most)s MB can be taken. Split it into several files."),
    "empty": N_("The file is empty. Fill in the template and upload it again."),
    "kind": N_("Files ending in %(suffix)s cannot be read. Save it as .xlsx, .xls or .csv."),
    "disguised": N_(
        "The name ends in %(suffix)s, but the content is something else. "
        "Open it in Excel or WPS and save it as .xlsx."
    ),
    "not-a-sheet": N_("This is not a spreadsheet. Open it in Excel or WPS and save it as .xlsx."),
    "password": N_("The file is protected by a password. Save it without one and upload it again."),
    "macros": N_("The file carries macros, which are never run here. Save it as .xlsx without macros."),
    "damaged": N_("The file is damaged and cannot be read. Open it in Excel or WPS and save it as .xlsx."),
    "no-sheet": N_("The file has no such worksheet, or it is empty. Choose another one."),
    "encoding": N_("The characters of the file cannot be read. Save it as .xlsx, or as CSV in UTF-8."),
    "rows": N_("The sheet has more than %(most)s rows. Split it into several files."),
    "columns": N_("The sheet has more than %(most)s columns. Keep only those of the template."),
    "text": N_("The sheet holds more text than can be taken. Keep only the columns of the template."),
    "slow": N_(
        "Reading took longer than %(seconds)s seconds and was stopped. "
        "Copy the rows into a fresh template and upload it again."
    ),
    "limits": N_(
        "The file wants far more memory than a table of its size needs, so reading was stopped. "
        "Copy the rows into a fresh template and upload it again."
    ),
}  # fmt: skip


def refusal(reason: str, **params: Any) -> SheetRefused:
    """Return the refusal for a reason, with the figures of its sentence."""
    return SheetRefused(REASONS[reason], **params)
