"""What an uploaded document is, told from its content before anything opens it."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from pathlib import PurePosixPath
from typing import IO

from trainmgr.kernel.msgids import N_
from trainmgr.kernel.sheets.refusals import FileRefused

HEAD = 4096
PIECE = 1024 * 1024
MOST_DIRECTORY = 2 * 1024 * 1024  # bytes of a zip's table of contents; an Office file has a few thousand
TAIL = 22 + 65_535  # the end record of a zip with the longest comment

_OFFICE = "application/vnd.openxmlformats-officedocument."
_WORD, _SLIDES, _SHEET = (
    f"{_OFFICE}wordprocessingml.document",
    f"{_OFFICE}presentationml.presentation",
    f"{_OFFICE}spreadsheetml.sheet",
)
_OLE, _ZIP, _PDF = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", b"PK\x03\x04", b"%PDF-"

# By the ending of the name: what it is, and the family of contents that it must have.
TYPES: dict[str, tuple[str, str]] = {
    ".pdf": ("application/pdf", "pdf"),
    ".docx": (_WORD, "word"),
    ".pptx": (_SLIDES, "ppt"),
    ".xlsx": (_SHEET, "xl"),
    ".doc": ("application/msword", "ole"),
    ".ppt": ("application/vnd.ms-powerpoint", "ole"),
    ".xls": ("application/vnd.ms-excel", "ole"),
    ".wps": ("application/vnd.ms-works", "ole"),
    ".zip": ("application/zip", "zip"),
    ".jpg": ("image/jpeg", "jpeg"),
    ".jpeg": ("image/jpeg", "jpeg"),
    ".png": ("image/png", "png"),
    ".webp": ("image/webp", "webp"),
    ".mp3": ("audio/mpeg", "mp3"),
    ".txt": ("text/plain", "text"),
    ".md": ("text/plain", "text"),
}
ACCEPT = ",".join(TYPES)
VIDEO = {".mp4", ".mov", ".avi", ".mkv", ".wmv", ".flv", ".webm", ".m4v", ".mpg", ".mpeg", ".rmvb"}
MACRO_NAMES = {".docm", ".pptm", ".xlsm", ".dotm", ".potm", ".ppsm"}
_NOT_TAKEN = N_(
    "Files ending in %(suffix)s cannot be kept. "
    "Taken are PDF, Word, PowerPoint, Excel, WPS, pictures, MP3, text and zip."
)
_NO_ENDING = N_("The file's name has no ending such as .pdf. Give it the one of its format.")
_MACROS = "_VBA_PROJECT".encode("utf-16-le")


def type_of(content: IO[bytes], name: str) -> str:
    """Return the media type of a document whose content is what its name says; raises FileRefused.

    Reads the beginning and, of what is a zip, the table of contents; nothing is unpacked.
    """
    suffix = PurePosixPath(name.replace("\\", "/")).suffix.lower()
    if suffix in VIDEO:
        raise FileRefused(N_("Videos are not kept here. Put it on your video platform and give its address."))
    if suffix in MACRO_NAMES:
        raise FileRefused(N_("The file carries macros, which are never run here. Save it without macros."))
    if suffix not in TYPES:
        raise FileRefused(_NOT_TAKEN if suffix else _NO_ENDING, suffix=suffix)
    media_type, family = TYPES[suffix]
    content.seek(0)
    head = content.read(HEAD)
    if not head:
        raise FileRefused(N_("The file is empty. Choose it again."))
    if family not in _families(content, head):
        raise FileRefused(
            N_(
                "The name ends in %(suffix)s, but the content is something else. Save it anew in that format."
            ),
            suffix=suffix,
        )
    content.seek(0)
    return media_type


def _families(content: IO[bytes], head: bytes) -> set[str]:
    """Return what a content can pass for."""
    if head.startswith(_ZIP):
        return _of_zip(content)
    if head.startswith(_OLE):
        _refuse_old_macros(content)
        return {"ole"}
    if head.startswith(_PDF):
        return {"pdf"}
    if head.startswith(b"\xff\xd8\xff"):
        return {"jpeg"}
    if head.startswith(b"\x89PNG\r\n\x1a\n"):
        return {"png"}
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return {"webp"}
    if head.startswith(b"ID3") or head[:2] in (b"\xff\xfb", b"\xff\xf3", b"\xff\xf2"):
        return {"mp3"}
    return {"text"} if _is_text(content) else set()


def _is_text(content: IO[bytes]) -> bool:
    content.seek(0)
    rest = b""
    while piece := content.read(PIECE):
        try:
            whole = rest + piece
            decoded = whole.decode("utf-8", "strict")
        except UnicodeDecodeError as fault:
            if fault.end < len(whole) or len(whole) - fault.start > 3:
                return False
            rest, decoded = whole[fault.start :], whole[: fault.start].decode()
        else:
            rest = b""
        if "\0" in decoded:
            return False
    return not rest


def _refuse_old_macros(content: IO[bytes]) -> None:
    """Old Office files name their macros in a folder that can be anywhere in the file."""
    content.seek(0)
    rest = b""
    while piece := content.read(PIECE):
        if _MACROS in rest + piece:
            raise FileRefused(
                N_("The file carries macros, which are never run here. Save it without macros.")
            )
        rest = piece[-len(_MACROS) :]


def _of_zip(content: IO[bytes]) -> set[str]:
    names = list(_zip_names(content))
    if any(name.lower().endswith("vbaproject.bin") for name in names):
        raise FileRefused(N_("The file carries macros, which are never run here. Save it without macros."))
    if "[Content_Types].xml" not in names:
        return {"zip"}
    return {
        family for family in ("word", "ppt", "xl") if any(name.startswith(family + "/") for name in names)
    }


def _zip_names(content: IO[bytes]) -> Iterator[str]:
    """Yield the names in a zip's table of contents, read by hand: a library would first build a million objects."""
    size = content.seek(0, 2)
    content.seek(max(0, size - TAIL))
    tail = content.read()
    end = tail.rfind(b"PK\x05\x06")
    if end < 0 or len(tail) - end < 22:
        raise FileRefused(N_("The file is damaged. Open it in its program and save it anew."))
    length, start = struct.unpack("<II", tail[end + 12 : end + 20])
    if length > MOST_DIRECTORY or start + length > size:
        raise FileRefused(N_("The file holds too many parts. Split it, or save it anew in its program."))
    content.seek(start)
    table = content.read(length)
    place = 0
    while table[place : place + 4] == b"PK\x01\x02" and place + 46 <= len(table):
        name, extra, comment = struct.unpack("<HHH", table[place + 28 : place + 34])
        yield table[place + 46 : place + 46 + name].decode("utf-8", "replace").replace("\\", "/")
        place += 46 + name + extra + comment
