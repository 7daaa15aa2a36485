"""What a report has: its chapters in order, names that a file may have, which packs a request writes itself."""

from __future__ import annotations

import enum
import re
import unicodedata

FIRST_YEAR, LAST_YEAR = 2000, 2099
AT_ONCE_PEOPLE, AT_ONCE_BYTES = 20, 24 * 1024 * 1024
MOST_ENTRIES = 200_000
LONGEST_NAME = 60
_UNFIT = re.compile(r'[\\/:*?"<>|\x00-\x1f\x7f]')
_RESERVED = re.compile(r"(?i)(con|prn|aux|nul|com\d|lpt\d)(\..*)?")


class Chapter(enum.StrEnum):
    """The chapters of the annual report of vocational education (高等职业教育质量年度报告), in their order."""

    OVERVIEW = "overview"
    TALENT = "talent"
    SERVICE = "service"
    CULTURE = "culture"
    INTERNATIONAL = "international"
    COOPERATION = "cooperation"
    ASSURANCE = "assurance"
    OUTLOOK = "outlook"


def safe_name(text: str, otherwise: str = "file") -> str:
    """Return text as a file or folder name that every system takes: no path, no control or reserved sign, not too long.

    Never empty, never "." or "..", and never one of the names that Windows keeps for devices.
    """
    plain = _UNFIT.sub(" ", unicodedata.normalize("NFC", text))
    kept = "".join(
        sign for sign in plain if sign.isprintable() and not unicodedata.category(sign).startswith("C")
    )
    name = " ".join(kept.split())[:LONGEST_NAME].strip(" .")
    if not name or _RESERVED.fullmatch(name):
        return otherwise
    return name


def is_written_at_once(people: int, size: int) -> bool:
    """Tell whether a request itself writes a pack of so many people and bytes; else a job does."""
    return people <= AT_ONCE_PEOPLE and size <= AT_ONCE_BYTES
