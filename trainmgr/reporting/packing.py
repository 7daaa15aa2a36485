"""The file of an evidence pack: a zip written piece by piece, with the checksum of everything in it; and its check.

The archive holds `SHA256SUMS`, which `sha256sum -c` and this program read alike, and `manifest.json`, which says whose
evidence it is. Names and order follow from the records alone.
"""

from __future__ import annotations

import hashlib
import json
import re
import tempfile
import zipfile
import zlib
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import IO, Any

from trainmgr.kernel.msgids import N_
from trainmgr.kernel.sheets.refusals import FileRefused
from trainmgr.kernel.storage import PIECE
from trainmgr.reporting.rules import MOST_ENTRIES

SUMS, MANIFEST = "SHA256SUMS", "manifest.json"
FORMAT = 1
MOST_BYTES = 8 * 1024**3  # unpacked, of a pack that somebody hands in to be checked
MOST_TIMES, ALWAYS = 30, 64 * 1024**2  # so many times its own size a pack may unpack to; so much any may
MOST_SUMS = 64 * 1024**2
LONGEST_LINE = 4096
NO_DAY = (1980, 1, 1, 0, 0, 0)
_LINE = re.compile(r"([0-9a-f]{64})  (.+)")
_PACKED_ALREADY = (".jpg", ".jpeg", ".png", ".webp", ".docx", ".xlsx", ".pptx", ".pdf", ".zip", ".mp3")


class Packer:
    """Writes a pack: entries as they come, then the manifest and the checksums. Memory does not grow with contents."""

    def __init__(self, out: IO[bytes]) -> None:
        self.archive = zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED, compresslevel=6)
        self.sums = tempfile.SpooledTemporaryFile(max_size=PIECE)  # noqa: SIM115  closed at the end
        self.entries = 0

    def add(self, name: str, pieces: Iterable[bytes]) -> None:
        """Write one entry."""
        if self.entries >= MOST_ENTRIES:
            raise FileRefused(
                N_("The pack would hold too many files. Make packs of single classes or trainees.")
            )
        digest = self._write(name, pieces)
        self.sums.write(f"{digest}  {name}\n".encode())
        self.entries += 1

    def _write(self, name: str, pieces: Iterable[bytes]) -> str:
        info, digest = zipfile.ZipInfo(name, NO_DAY), hashlib.sha256()
        info.external_attr = 0o644 << 16
        kept = name.lower().endswith(_PACKED_ALREADY)
        info.compress_type = zipfile.ZIP_STORED if kept else zipfile.ZIP_DEFLATED
        with self.archive.open(info, "w", force_zip64=True) as entry:
            for piece in pieces:
                digest.update(piece)
                entry.write(piece)
        return digest.hexdigest()

    def close(self, facts: dict[str, Any]) -> str:
        """Write the manifest and the checksums, end the archive; returns the digest of the checksums."""
        told = {"format": FORMAT, **facts, "entries": self.entries + 1}
        self.add(MANIFEST, [json.dumps(told, ensure_ascii=False, indent=1).encode()])
        self.sums.seek(0)
        digest = self._write(SUMS, iter(lambda: self.sums.read(PIECE), b""))
        self.sums.close()
        self.archive.close()
        return digest


@dataclass
class Checked:
    """What the check of a pack found; `digest` is that of its list of checksums."""

    digest: str
    facts: dict[str, Any]
    entries: int = 0
    changed: list[str] = field(default_factory=list)
    absent: list[str] = field(default_factory=list)
    extra: list[str] = field(default_factory=list)

    @property
    def is_whole(self) -> bool:
        """Whether every file is as it was when the pack was made, and none is gone or added."""
        return not (self.changed or self.absent or self.extra)


NO_PACK = N_("This is no evidence pack: it holds no list of checksums.")
DAMAGED = N_("The file is damaged or no zip. Fetch it again from where you have it.")
TOO_LARGE = N_("The file unpacks to more than a pack may hold; it was not read further.")


def check(content: IO[bytes], *, most: int = MOST_BYTES) -> Checked:
    """Compare everything in a pack with its checksums; raises FileRefused with a sentence when it is none.

    Nothing is written to disk; what unpacks to more than `most` bytes, or than a pack of its size would, is given up.
    """
    try:
        size = content.seek(0, 2)
        with zipfile.ZipFile(content) as archive:
            return _check(archive, min(most, max(ALWAYS, size * MOST_TIMES)))
    except (zipfile.BadZipFile, zlib.error, OSError, EOFError, NotImplementedError, ValueError, RuntimeError):
        raise FileRefused(DAMAGED) from None


def _check(archive: zipfile.ZipFile, most: int) -> Checked:
    infos: dict[str, zipfile.ZipInfo] = {}
    twice = []
    for info in archive.infolist():
        (twice.append(info.filename) if info.filename in infos else infos.__setitem__(info.filename, info))
    if SUMS not in infos or infos[SUMS].file_size > MOST_SUMS or len(infos) > MOST_ENTRIES + 2:
        raise FileRefused(NO_PACK)
    told, expected = _sums(archive)
    checked = Checked(told, _facts(archive, infos), len(expected))
    checked.extra = sorted({*(infos.keys() - expected.keys() - {SUMS}), *twice})
    left = most
    for name, digest in expected.items():
        if name not in infos:
            checked.absent.append(name)
            continue
        found, size = _digest(archive, infos[name], left)
        left -= size
        if found != digest:
            checked.changed.append(name)
    return checked


def _sums(archive: zipfile.ZipFile) -> tuple[str, dict[str, str]]:
    """Return the digest of the list of checksums, and what it says, read line by line."""
    digest, expected, number = hashlib.sha256(), {}, 0
    with archive.open(SUMS) as lines:
        while line := lines.readline(LONGEST_LINE):
            number += 1
            if number > MOST_ENTRIES + 2:
                raise FileRefused(NO_PACK)
            digest.update(line)
            if match := _LINE.fullmatch(line.decode("utf-8", "replace").rstrip("\r\n")):
                expected[match[2]] = match[1]
    return digest.hexdigest(), expected


def _facts(archive: zipfile.ZipFile, infos: dict[str, zipfile.ZipInfo]) -> dict[str, Any]:
    if MANIFEST not in infos or infos[MANIFEST].file_size > PIECE:
        return {}
    try:
        facts = json.loads(archive.read(MANIFEST))
    except (ValueError, zipfile.BadZipFile, zlib.error, RecursionError):
        return {}
    return facts if isinstance(facts, dict) else {}


def _digest(archive: zipfile.ZipFile, info: zipfile.ZipInfo, most: int) -> tuple[str, int]:
    """Return the digest of an entry; one whose own checksum does not hold counts as changed."""
    digest, size = hashlib.sha256(), 0
    try:
        with archive.open(info) as entry:
            while piece := entry.read(PIECE):
                size += len(piece)
                if size > most:
                    raise FileRefused(TOO_LARGE)
                digest.update(piece)
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError):
        return "", size
    return digest.hexdigest(), size
