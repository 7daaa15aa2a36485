"""Files that were made to do harm, each from a good one: what a case is called, and how it is made.

Everything is made the same way each time. `SHORT` cases run in the suite, all of them with `tools/probe.py uploads`.
"""

from __future__ import annotations

import io
import json
import random
import struct
import warnings
import zipfile
import zlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cache
from typing import Any

from PIL import Image

MIB = 1024 * 1024
ZERO = b"\0"


@dataclass(frozen=True)
class Upload:
    """A file as a browser sends it."""

    content: bytes
    name: str
    media_type: str | None = None


Change = Callable[[Upload], Upload]


def bytes_of(change: Callable[[bytes], bytes]) -> Change:
    """Change the content and keep the name."""
    return lambda good: replace(good, content=change(good.content))


# --- any file ---------------------------------------------------------------------------------------


def _flipped(content: bytes, seed: int, times: int) -> bytes:
    chance, out = random.Random(seed), bytearray(content)
    for _ in range(times if out else 0):
        out[chance.randrange(len(out))] ^= 1 << chance.randrange(8)
    return bytes(out)


def _spliced(content: bytes, seed: int) -> bytes:
    """Cut pieces out, double some and put borders of numbers where there were others."""
    chance, out = random.Random(seed), bytearray(content)
    for _ in range(4):
        start = chance.randrange(max(1, len(out)))
        stop = min(len(out), start + chance.randrange(1, 200))
        piece = bytes(out[start:stop])
        out[start:stop] = chance.choice(
            [b"", piece * 3, b"\xff" * len(piece), ZERO * len(piece), b"\x7f\xff\xff\xff"]
        )
    return bytes(out)


def _named(name: str) -> Change:
    return lambda good: replace(good, name=name)


def _suffix(good: Upload) -> str:
    return "." + good.name.rpartition(".")[2]


ANY: dict[str, Change] = {
    "nothing at all": bytes_of(lambda content: b""),
    "one byte": bytes_of(lambda content: content[:1]),
    "cut in the middle": bytes_of(lambda content: content[: len(content) // 2]),
    "last bytes missing": bytes_of(lambda content: content[:-7]),
    "twice itself": bytes_of(lambda content: content * 2),
    "junk behind": bytes_of(lambda content: content + b"<script>alert(1)</script>" + bytes(range(256)) * 16),
    "a megabyte of nothing": bytes_of(lambda content: ZERO * MIB),
    "a megabyte of one letter": bytes_of(lambda content: b"a" * MIB),
    "no text of any encoding": bytes_of(lambda content: bytes(range(128, 256)) * 40),
    "a program": bytes_of(lambda content: b"\x7fELF" + bytes(range(256)) * 40),
    "a page under its name": bytes_of(lambda content: b"<html><script>alert(1)</script></html>"),
    "a way out of the folder": lambda good: replace(good, name="../../../../etc/cron.d/x" + _suffix(good)),
    "the other way out of the folder": lambda good: replace(good, name="..\\..\\boot" + _suffix(good)),
    "NUL in its name": lambda good: replace(good, name="a\0b" + _suffix(good)),
    "controls in its name": lambda good: replace(good, name="a\r\nSet-Cookie: a=b\u202egpj" + _suffix(good)),
    "half a letter in its name": lambda good: replace(good, name="a\udc80" + _suffix(good)),
    "a name without end": lambda good: replace(good, name="名" * 5000 + _suffix(good)),
    "a name of dots": _named("..."),
    "markup for a name": lambda good: replace(good, name='"><img src=x onerror=alert(1)>' + _suffix(good)),
    "another kind of content said": lambda good: replace(good, media_type="text/html; charset=utf-7"),
    "no kind of content that is one": lambda good: replace(good, media_type="\u00e4/;;;=\x7f" + "x" * 500),
    **{f"bits flipped {seed}": bytes_of(lambda content, seed=seed: _flipped(content, seed, 8)) for seed in range(12)},
    **{f"pieces moved {seed}": bytes_of(lambda content, seed=seed: _spliced(content, seed)) for seed in range(12)},
}  # fmt: skip
ANY_SHORT = ("nothing at all", "cut in the middle", "no text of any encoding", "half a letter in its name",
             "NUL in its name", "bits flipped 0", "pieces moved 0")  # fmt: skip


# --- zips ---------------------------------------------------------------------------------------------


def parts_of(content: bytes) -> dict[str, bytes]:
    """Return the parts of a good zip."""
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def zip_of(parts: Mapping[str, bytes], more: Callable[[zipfile.ZipFile], None] = lambda _: None) -> bytes:
    """Return a zip with these parts."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            archive.writestr(zipfile.ZipInfo(name, (2026, 1, 1, 0, 0, 0)), content, zipfile.ZIP_DEFLATED)
        more(archive)
    return out.getvalue()


@cache
def _zeros(megabytes: int) -> bytes:
    """Return so many zeros, deflated a thousandfold: one block again and again, since none refers to one before."""
    squeeze = zlib.compressobj(9, zlib.DEFLATED, -15)
    block = squeeze.compress(ZERO * MIB) + squeeze.flush(zlib.Z_FULL_FLUSH)
    return block * megabytes + b"\x03\0"


def raw_zip(
    name: str, packed: bytes, *, unpacked: int, method: int = 8, flags: int = 0, parts: int = 1, crc: int = 0
) -> bytes:
    """Return a zip whose directory says of its one part what we like."""
    raw = name.encode()
    local = struct.pack(
        "<4sHHHHHIIIHH", b"PK\3\4", 20, flags, method, 0, 0, crc, len(packed), unpacked, len(raw), 0
    )
    entry = struct.pack("<4sHHHHHHIIIHHHHHII", b"PK\1\2", 20, 20, flags, method, 0, 0, crc, len(packed), unpacked,
                        len(raw), 0, 0, 0, 0, 0, 0) + raw  # fmt: skip
    body = local + raw + packed
    end = struct.pack(
        "<4sHHHHIIH", b"PK\5\6", 0, 0, parts & 65535, parts & 65535, len(entry) * parts, len(body), 0
    )
    return body + entry * parts + end


def _biggest(parts: Mapping[str, bytes]) -> str:
    return max(parts, key=lambda name: len(parts[name]))


def _with_packed(content: bytes, megabytes: int, said: int | None = None) -> bytes:
    """Put a bomb beside the parts of a good zip, under a name of its own; `said` is what its directory tells."""
    good = zip_of(parts_of(content))
    packed, raw = _zeros(megabytes), b"word/media/bomb.bin"
    size = megabytes * MIB if said is None else said
    end = good.rindex(b"PK\5\6")
    count, length, start = struct.unpack("<HII", good[end + 10 : end + 20])
    body, table = good[:start], good[start : start + length]
    local = (
        struct.pack("<4sHHHHHIIIHH", b"PK\3\4", 20, 0, 8, 0, 0, 0, len(packed), size, len(raw), 0)
        + raw
        + packed
    )
    entry = struct.pack("<4sHHHHHHIIIHHHHHII", b"PK\1\2", 20, 20, 0, 8, 0, 0, 0, len(packed), size, len(raw), 0, 0, 0,
                        0, 0, len(body)) + raw  # fmt: skip
    tail = struct.pack("<4sHHHHIIH", b"PK\5\6", 0, 0, count + 1, count + 1, length + len(entry),
                       len(body) + len(local), 0)  # fmt: skip
    return body + local + table + entry + tail


def _each_part(content: bytes, change: Callable[[str, bytes], bytes]) -> bytes:
    return zip_of({name: change(name, part) for name, part in parts_of(content).items()})


def _again(content: bytes, names: int, length: int = 1) -> bytes:
    parts = parts_of(content)
    return zip_of(parts | {f"x/{number}" + "y" * length: b"" for number in range(names)})


def _doubled(content: bytes) -> bytes:
    parts = parts_of(content)

    def again(archive: zipfile.ZipFile) -> None:
        for name in list(parts):
            info = zipfile.ZipInfo(name, (2026, 1, 1, 0, 0, 0))
            with archive.open(info, "w") as stream:
                stream.write(b"<a/>")

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        return zip_of(parts, again)


ZIPS: dict[str, Change] = {
    "an empty zip": bytes_of(lambda content: zip_of({})),
    "no table of contents": bytes_of(lambda content: content[: content.rindex(b"PK\1\2")]),
    "a thousandfold bomb": bytes_of(lambda content: _with_packed(content, 300)),
    "a bomb that says it is small": bytes_of(lambda content: _with_packed(content, 300, said=10)),
    "a bomb in its biggest part": bytes_of(
        lambda content: _each_part(
            content, lambda name, part: ZERO * (48 * MIB) if name == _biggest(parts_of(content)) else part
        )
    ),
    "zips in zips": bytes_of(
        lambda content: zip_of(parts_of(content) | {"a.zip": zip_of({"b.zip": content})})
    ),
    "ways out of the folder": bytes_of(
        lambda content: zip_of(
            parts_of(content)
            | {"../../../tmp/out.txt": b"x", "/etc/passwd": b"x", "C:\\x": b"x", "a/../../b": b"x"}
        )
    ),
    "names that are none": bytes_of(
        lambda content: zip_of(
            parts_of(content) | {"\u202e\uffff": b"x", "n" * 60_000: b"x", " ": b"x", ".": b"x"}
        )
    ),
    "seventy thousand parts": bytes_of(lambda content: _again(content, 70_000)),
    "three thousand parts": bytes_of(lambda content: _again(content, 3_000)),
    "every part twice": bytes_of(_doubled),
    "every part empty": bytes_of(lambda content: _each_part(content, lambda name, part: b"")),
    "every part cut": bytes_of(
        lambda content: _each_part(content, lambda name, part: part[: len(part) // 2])
    ),
    "every part bits flipped": bytes_of(
        lambda content: _each_part(content, lambda name, part: _flipped(part, len(name), 3))
    ),
    "locked": bytes_of(lambda content: raw_zip("xl/workbook.xml", b"x" * 40, unpacked=40, flags=1)),
    "a way of packing that nobody knows": bytes_of(
        lambda content: raw_zip("xl/workbook.xml", b"x" * 40, unpacked=40, method=99)
    ),
    "parts that are said and not there": bytes_of(
        lambda content: raw_zip("[Content_Types].xml", b"", unpacked=2**32 - 1, parts=5000)
    ),
    "a directory that points outside": bytes_of(
        lambda content: content[:-6] + struct.pack("<I", 2**32 - 1) + content[-2:]
    ),
    "a directory of four gigabytes": bytes_of(
        lambda content: content[:-10] + struct.pack("<II", 2**32 - 2, 0) + content[-2:]
    ),
}
ZIPS_SHORT = ("a thousandfold bomb", "a bomb that says it is small", "a bomb in its biggest part",
              "ways out of the folder", "every part twice", "every part cut", "seventy thousand parts",
              "a directory of four gigabytes")  # fmt: skip


# --- spreadsheets ---------------------------------------------------------------------------------------

MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
DECLARED = '<?xml version="1.0" encoding="UTF-8"?>\n'
LAUGHS = (
    "<!DOCTYPE lolz [<!ENTITY lol0 'lol'>"
    + "".join(f"<!ENTITY lol{n} '{f'&lol{n - 1};' * 10}'>" for n in range(1, 10))
    + "]>"
)
OUTSIDE = (
    "<!DOCTYPE x [<!ENTITY e SYSTEM 'file:///etc/passwd'><!ENTITY % p SYSTEM 'http://127.0.0.1:1/x'> %p;]>"
)


def _sheet_name(parts: Mapping[str, bytes]) -> str:
    return min(name for name in parts if name.startswith("xl/worksheets/") and name.endswith(".xml"))


def _with_sheet(xml: str | Callable[[str], str]) -> Change:
    """Put another first worksheet into the workbook."""

    def change(content: bytes) -> bytes:
        parts = parts_of(content)
        name = _sheet_name(parts)
        text = xml(parts[name].decode()) if callable(xml) else DECLARED + xml
        return zip_of(parts | {name: text.encode("utf-8", "surrogatepass")})

    return bytes_of(change)


def _with_part(name: str, xml: str) -> Change:
    return bytes_of(lambda content: zip_of(parts_of(content) | {name: (DECLARED + xml).encode()}))


def _worksheet(inside: str, before: str = "", doctype: str = "") -> str:
    return f'{doctype}<worksheet xmlns="{MAIN}">{before}<sheetData>{inside}</sheetData></worksheet>'


def _cell(reference: str, inside: str, kind: str = "inlineStr") -> str:
    return f'<c r="{reference}" t="{kind}">{inside}</c>'


def _text(text: str) -> str:
    return f"<is><t>{text}</t></is>"


def _grid(rows: int, columns: int) -> str:
    letters = [chr(65 + n // 26 - 1) * (n >= 26) + chr(65 + n % 26) for n in range(columns)]
    return "".join(
        f'<row r="{row}">' + "".join(f'<c r="{one}{row}"><v>1</v></c>' for one in letters) + "</row>"
        for row in range(1, rows + 1)
    )


SHEETS: dict[str, Change] = {
    "the farthest cell": _with_sheet(
        _worksheet('<row r="1048576">' + _cell("XFD1048576", _text("x")) + "</row>")
    ),
    "a far cell and a near one": _with_sheet(
        _worksheet(
            f'<row r="1">{_cell("A1", _text("a"))}</row><row r="1048576">{_cell("XFD1048576", _text("x"))}</row>'
        )
    ),
    "a claim of all cells": _with_sheet(
        _worksheet(
            f'<row r="1">{_cell("A1", _text("姓名"))}</row>', before='<dimension ref="A1:XFD1048576"/>'
        )
    ),
    "a column that is none": _with_sheet(
        _worksheet(f'<row r="1">{_cell("ZZZZZZZ99999999999", _text("a"))}</row>')
    ),
    "a row that is none": _with_sheet(_worksheet(f'<row r="-1">{_cell("A0", _text("a"))}</row>')),
    "rows all with one number": _with_sheet(_worksheet(f'<row r="7">{_cell("A7", _text("a"))}</row>' * 2000)),
    "numbers that are none": _with_sheet(
        _worksheet(
            '<row r="1">'
            + "".join(
                f'<c r="{chr(65 + place)}1"><v>{value}</v></c>'
                for place, value in enumerate(
                    ["NaN", "INF", "1e999", "-1e308", "1e-320", "0x10", "1_0", "٣", "9" * 4000]
                )
            )
            + "</row>"
        )
    ),
    "strings that are not kept": _with_sheet(
        _worksheet('<row r="1"><c r="A1" t="s"><v>4294967295</v></c><c r="B1" t="s"><v>-1</v></c></row>')
    ),
    "a million merged cells": _with_sheet(
        lambda text: text.replace(
            "</worksheet>",
            "<mergeCells>" + '<mergeCell ref="A1:XFD1048576"/>' * 3000 + "</mergeCells></worksheet>",
        )
    ),
    "merged down all rows": _with_sheet(
        lambda text: text.replace(
            "</worksheet>", '<mergeCells><mergeCell ref="A2:A1048576"/></mergeCells></worksheet>'
        )
    ),
    "laughs": _with_sheet(_worksheet(f'<row r="1">{_cell("A1", _text("&lol9;"))}</row>', doctype=LAUGHS)),
    "an entity from outside": _with_sheet(
        _worksheet(f'<row r="1">{_cell("A1", _text("&e;"))}</row>', doctype=OUTSIDE)
    ),
    "laughs among the strings": _with_part(
        "xl/sharedStrings.xml", f'{LAUGHS}<sst xmlns="{MAIN}" count="1"><si><t>&lol9;</t></si></sst>'
    ),
    "laughs among the types": _with_part("[Content_Types].xml", f"{LAUGHS}<Types>&lol9;</Types>"),
    "laughs in the workbook": _with_part(
        "xl/workbook.xml", f'{LAUGHS}<workbook xmlns="{MAIN}">&lol9;</workbook>'
    ),
    "elements without end": _with_sheet("<a>" * 200_000),
    "elements in elements": _with_sheet("<a>" * 100_000 + "</a>" * 100_000),
    "a hundred thousand attributes": _with_sheet(
        "<worksheet " + " ".join(f'a{number}="1"' for number in range(100_000)) + "/>"
    ),
    "strings that claim to be billions": _with_part(
        "xl/sharedStrings.xml", f'<sst xmlns="{MAIN}" count="4294967295" uniqueCount="4294967295"/>'
    ),
    "a workbook without sheets": _with_part(
        "xl/workbook.xml", f'<workbook xmlns="{MAIN}"><sheets/></workbook>'
    ),
    "sheets from another place": _with_part(
        "xl/_rels/workbook.xml.rels",
        '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="rId1" '
        'Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/worksheet" '
        'Target="../../../../etc/passwd" TargetMode="External"/></Relationships>',
    ),
    "a form of numbers without end": _with_part(
        "xl/styles.xml",
        f'<styleSheet xmlns="{MAIN}"><numFmts count="1"><numFmt numFmtId="164" formatCode="'
        + "y" * 300_000
        + '"/></numFmts>'
        + '<cellXfs count="4294967295">'
        + '<xf numFmtId="164"/>' * 5000
        + "</cellXfs></styleSheet>",
    ),
    "NUL and half letters in cells": _with_sheet(
        _worksheet(
            '<row r="1">'
            + _cell("A1", _text("_x0000_a"))
            + _cell("B1", _text("&#0;"))
            + _cell("C1", _text("&#xD800;"))
            + _cell("D1", _text("\udc80"))
            + "</row>"
        )
    ),
    "NUL in a cell below its heading": _with_sheet(
        lambda text: text.replace(
            "</sheetData>",
            '<row r="9000">'
            + "".join(_cell(f"{letter}9000", _text("_x0000_a_xD800_")) for letter in "ABCDEFGH")
            + "</row></sheetData>",
        )
    ),
    "a cell of ten megabytes": _with_sheet(
        _worksheet(f'<row r="1">{_cell("A1", _text("文" * (3 * MIB)))}</row>')
    ),
    "a million cells": _with_sheet(_worksheet(_grid(17_000, 59))),
    "too many columns": _with_sheet(_worksheet(_grid(3, 700))),
    "formulas": _with_sheet(
        lambda text: text.replace(
            "</sheetData>",
            f'<row r="9000">{_cell("A9000", _text("=cmd|&apos;/c calc&apos;!A1"))}</row></sheetData>',
        )
    ),
    "under the name of a table of text": lambda good: replace(good, name="table.csv"),
    "under an old name": lambda good: replace(good, name="table.xls"),
    "with macros": bytes_of(lambda content: zip_of(parts_of(content) | {"xl/vbaProject.bin": b"x"})),
}
SHEETS_SHORT = ("the farthest cell", "a claim of all cells", "a column that is none", "laughs",
                "laughs among the strings", "an entity from outside", "elements in elements",
                "strings that claim to be billions", "NUL and half letters in cells", "numbers that are none",
                "NUL in a cell below its heading", "a million cells", "a million merged cells")  # fmt: skip


def _ole(*, chain: int = 0, sectors: int = 8, shift: int = 9, stream: bytes = b"") -> bytes:
    """Return an old workbook's container whose table of sectors runs as `chain` says."""
    head = bytearray(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(16))
    head += struct.pack("<HHHHH", 0x3E, 3, 0xFFFE, shift, 6) + bytes(6)
    head += struct.pack("<IIIIIIIII", 0, 1, 1, 0, 4096, 0xFFFFFFFE, 0, 0xFFFFFFFE, 0)
    head += struct.pack("<109I", 0, *([0xFFFFFFFF] * 108))
    table = struct.pack("<128I", 0xFFFFFFFD, *[chain or place + 2 for place in range(127)])
    name = "Workbook".encode("utf-16-le")
    root = "Root Entry".encode("utf-16-le")

    def entry(text: bytes, kind: int, child: int, start: int, size: int) -> bytes:
        return (
            text.ljust(64, ZERO) + struct.pack("<HBBIII", len(text) + 2, kind, 1, 0xFFFFFFFF, 0xFFFFFFFF, child)
            + bytes(36) + struct.pack("<IQ", start, size)
        )  # fmt: skip

    folder = entry(root, 5, 1, 0xFFFFFFFE, 0) + entry(name, 2, 0xFFFFFFFF, 2, 2**31 - 1) + bytes(256)
    return bytes(head) + table + folder + (stream or bytes(range(256))) * (2 * sectors)


def _records(*pairs: tuple[int, bytes]) -> bytes:
    return b"".join(struct.pack("<HH", kind, len(data)) + data for kind, data in pairs)


BIFF = _records((0x809, struct.pack("<HHHHII", 0x600, 5, 0, 0, 0, 0)), (0xFC, struct.pack("<II", 2**32 - 1, 2**32 - 1)),
                (0x85, struct.pack("<IBB", 2**31, 0, 0) + b"\xff\xff"), (0x0A, b""))  # fmt: skip

OLD_SHEETS: dict[str, Change] = {
    name: lambda good, content=content: Upload(content, "table.xls", "application/vnd.ms-excel")
    for name, content in {
        "an old workbook that runs in a circle": _ole(chain=1),
        "an old workbook that points outside": _ole(chain=0xFFFFFFF0),
        "an old workbook of claims": _ole(stream=BIFF.ljust(512, ZERO)),
        "an old workbook of huge sectors": _ole(shift=30),
        "an old workbook of no sectors": _ole(shift=0),
        "an old workbook cut short": _ole()[:700],
        "an old workbook that is noise": _flipped(_ole(stream=BIFF.ljust(512, ZERO)), 5, 60),
    }.items()
}
OLD_SHORT = (
    "an old workbook that runs in a circle",
    "an old workbook of claims",
    "an old workbook of huge sectors",
)


def _table(content: bytes, name: str = "table.csv") -> Change:
    return lambda good: Upload(content, name, "text/csv")


TABLES: dict[str, Change] = {
    "a table with NUL": _table(b"a,b\n1,\0\n"),
    "a table with half letters": _table("a,b\n1,\ud800\n".encode("utf-8", "surrogatepass")),
    "a table with half letters in UTF-16": _table(b"\xff\xfea\0,\0b\0\n\0\x00\xd8,\0\x00\xdc\n\0"),
    "a table that ends in half a unit": _table(b"\xff\xfea\0,\0b\0\n\0x"),
    "a table with three beginnings": _table(b"\xef\xbb\xbf\xef\xbb\xbf\xff\xfea,b\n1,2\n"),
    "a table of junk in GB18030": _table(b"\xd0\xd5\xc3\xfb,a\n\xff\xff\x81\x30\x81\x30\xfe\xfe,\x80\n"),
    "a table of rare letters in GB18030": _table("姓名,学号\n𠀀\U0010ffff,1\n".encode("gb18030")),
    "a quote that never ends": _table(b'a,b\n"' + b"x" * (2 * MIB)),
    "a table of quotes": _table(b'"' * (2 * MIB)),
    "a table of separators": _table(b"," * (4 * MIB)),
    "a table of ends of lines": _table(b"\r" * (4 * MIB)),
    "a table of odd ends of lines": _table("a,b\n1\u2028,2\x85\x0b\x0c,3\x1c\x1d\n".encode()),
    "a heading of a megabyte": _table(b"x" * MIB + b",b\n1,2\n"),
    "a table of one column": _table(b"a\n" * 2_000_000),
    "a table of all rows and columns": _table((b",".join([b"ab"] * 59) + b"\n") * 28_000),
    "equal headings": _table(b"a,a,a,a\n1,2,3,4\n"),
    "headings with markup and formulas": _table("<b>姓名,=1+1,@x\n=1+1,+1,-1\n".encode()),
    "digits without end": _table(("姓名,学号,年龄\n" + "9" * 30_000 + ",1e999,--5\n").encode()),
    "a workbook's name": _table(b"a,b\n1,2\n", "table.xlsx"),
}
TABLES_SHORT = ("a table with NUL", "a table with half letters", "a table with half letters in UTF-16",
                "a table of junk in GB18030", "a quote that never ends", "a table of separators",
                "a table of all rows and columns", "digits without end")  # fmt: skip


# --- pictures -------------------------------------------------------------------------------------------


def picture(
    kind: str = "JPEG", size: tuple[int, int] = (640, 480), mode: str = "RGB", **options: Any
) -> bytes:
    """Return the bytes of a plain picture."""
    out = io.BytesIO()
    Image.new(mode, size, 120 if mode in ("L", "P") else None).save(out, kind, **options)
    return out.getvalue()


def chunk(kind: bytes, data: bytes) -> bytes:
    """Return a piece of a PNG."""
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png(width: int, height: int, *, depth: int = 8, colour: int = 2, before: bytes = b"", data: bytes = b"",
        interlaced: int = 0) -> bytes:  # fmt: skip
    """Return a PNG that says what we like of itself."""
    head = struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, interlaced)
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + before + chunk(b"IDAT", data or zlib.compress(bytes(100)))
        + chunk(b"IEND", b"")
    )  # fmt: skip


def with_segment(marker: int, data: bytes, times: int = 1) -> bytes:
    """Return a JPEG with a segment of its own behind the beginning."""
    good = picture()
    return good[:2] + (struct.pack(">BBH", 255, marker, len(data) + 2) + data) * times + good[2:]


def exif(*entries: tuple[int, int, int, int], following: int = 0) -> bytes:
    """Return the camera's data of a JPEG: entries of tag, type, count and value."""
    table = b"".join(struct.pack("<HHII", *entry) for entry in entries)
    return (
        b"Exif\0\0II*\0" + struct.pack("<I", 8) + struct.pack("<H", len(entries)) + table + struct.pack("<I", following)
    )  # fmt: skip


def _resized(width: int, height: int) -> bytes:
    good = bytearray(picture())
    place = good.index(b"\xff\xc0") + 5
    good[place : place + 4] = struct.pack(">HH", height, width)
    return bytes(good)


def _many_scans() -> bytes:
    """Return a progressive JPEG that goes over its pixels two thousand times."""
    good = picture(size=(1600, 1600), progressive=True, quality=30)
    first = good.index(b"\xff\xda")
    last = good.rindex(b"\xff\xda")
    scan = good[last:-2]
    return good[:first] + good[first:-2] + scan * 2000 + good[-2:]


def _frames(kind: str, count: int) -> bytes:
    out = io.BytesIO()
    frames = [Image.new("RGB", (16, 16), (number % 256, 0, 0)) for number in range(count)]
    frames[0].save(out, kind, save_all=True, append_images=frames[1:])
    return out.getvalue()


def _webp_claim(width: int, height: int) -> bytes:
    good = picture("WEBP", lossless=True)
    place = good.index(b"VP8L") + 9
    bits = (width - 1) | (height - 1) << 14
    return good[:place] + struct.pack("<I", bits) + good[place + 4 :]


def _image(make: Callable[[], bytes], name: str) -> Change:
    return lambda good: Upload(make(), name)


PICTURES: dict[str, Change] = {
    "a JPEG that claims four gigapixels": _image(lambda: _resized(65535, 65535), "a.jpg"),
    "a JPEG of no size": _image(lambda: _resized(0, 0), "a.jpg"),
    "a PNG that claims all pixels": _image(lambda: png(2**31 - 1, 2**31 - 1), "a.png"),
    "a PNG that claims fifty megapixels": _image(lambda: png(10_000, 5_000), "a.png"),
    "a PNG of twenty-four megapixels": _image(
        lambda: png(6_000, 4_000, data=_deflated(4_000 * (6_000 * 3 + 1))), "a.png"
    ),
    "a deep PNG of twenty-four megapixels": _image(
        lambda: png(6_000, 4_000, depth=16, colour=6, data=_deflated(4_000 * (6_000 * 8 + 1))), "a.png"
    ),
    "a PNG of no size": _image(lambda: png(0, 0), "a.png"),
    "a PNG with too many pixels behind": _image(lambda: png(10, 10, data=_deflated(200 * MIB)), "a.png"),
    "a PNG of interlaced noise": _image(lambda: png(3_000, 3_000, interlaced=1, data=_deflated(9 * MIB)), "a.png"),
    "a PNG with a profile that unpacks to a gigabyte": _image(
        lambda: png(10, 10, before=chunk(b"iCCP", b"x\0\0" + _deflated(1024 * MIB))), "a.png"
    ),
    "a PNG with text that unpacks to a gigabyte": _image(
        lambda: png(10, 10, before=chunk(b"zTXt", b"x\0\0" + _deflated(1024 * MIB))), "a.png"
    ),
    "a PNG with ten thousand texts": _image(lambda: png(10, 10, before=chunk(b"tEXt", b"x\0y") * 10_000), "a.png"),
    "a PNG with a palette of nothing": _image(lambda: png(10, 10, colour=3, before=chunk(b"PLTE", b"")), "a.png"),
    "a PNG in pieces that lie of their length": _image(
        lambda: png(10, 10)[:33] + struct.pack(">I", 2**31 - 1) + b"tEXt" + bytes(100), "a.png"
    ),
    "a PNG of two hundred frames": _image(lambda: _frames("PNG", 200), "a.png"),
    "a WebP of two hundred frames": _image(lambda: _frames("WEBP", 200), "a.webp"),
    "a WebP that claims all pixels": _image(lambda: _webp_claim(16384, 16384), "a.webp"),
    "a WebP cut short": _image(lambda: picture("WEBP")[:40], "a.webp"),
    "a JPEG of two thousand scans": _image(_many_scans, "a.jpg"),
    "a JPEG of a thousand segments": _image(lambda: with_segment(0xE5, bytes(1000), 5000), "a.jpg"),
    "a JPEG with a profile of junk": _image(
        lambda: with_segment(0xE2, b"ICC_PROFILE\0\xff\xff" + bytes(range(256)) * 250, 40), "a.jpg"
    ),
    "a JPEG with a profile in parts without number": _image(
        lambda: with_segment(0xE2, b"ICC_PROFILE\0\x00\x00" + bytes(10)), "a.jpg"
    ),
    "a JPEG stood in no way": _image(lambda: with_segment(0xE1, exif((0x112, 3, 1, 99))), "a.jpg"),
    "a JPEG stood by text": _image(lambda: with_segment(0xE1, exif((0x112, 2, 2**31 - 1, 8))), "a.jpg"),
    "camera's data in a circle": _image(
        lambda: with_segment(0xE1, exif((0x8769, 4, 1, 8), (0x8825, 4, 1, 8), following=8)), "a.jpg"
    ),
    "camera's data that claims gigabytes": _image(
        lambda: with_segment(0xE1, exif((0x112, 3, 2**31 - 1, 8), (0x9286, 7, 2**32 - 1, 8))), "a.jpg"
    ),
    "camera's data cut short": _image(lambda: with_segment(0xE1, exif((0x112, 3, 1, 6))[:-9]), "a.jpg"),
    "camera's data divided by nothing": _image(
        lambda: with_segment(0xE1, exif((0x11A, 5, 1, 30), (0x112, 5, 1, 30)) + bytes(16)), "a.jpg"
    ),
    "several pictures in one": _image(
        lambda: with_segment(0xE2, b"MPF\0II*\0" + struct.pack("<IH", 8, 9) + b"\xff" * 108), "a.jpg"
    ),
    "four colours": _image(lambda: picture(mode="CMYK"), "a.jpg"),
    "grey": _image(lambda: picture(mode="L"), "a.jpg"),
    "sixteen bits of grey": _image(lambda: picture("PNG", mode="I;16"), "a.png"),
    "one bit": _image(lambda: picture("PNG", mode="1"), "a.png"),
    "one pixel by fifty thousand": _image(lambda: picture("PNG", (1, 50_000)), "a.png"),
    "fifty thousand pixels by one": _image(lambda: picture("JPEG", (50_000, 1)), "a.jpg"),
    "a drawing of commands": _image(
        lambda: b'<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"><image href="file:///etc/passwd"/></svg>',
        "a.svg",
    ),
    "a GIF under another name": _image(lambda: picture("GIF"), "a.jpg"),
    "a TIFF under another name": _image(lambda: picture("TIFF"), "a.png"),
    "PostScript under another name": _image(lambda: b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n", "a.jpg"),
    "a JPEG and a page at once": _image(lambda: picture() + b"<html><script>alert(1)</script>", "a.jpg"),
    "a JPEG and a zip at once": _image(lambda: picture() + zip_of({"a.html": b"<script>1</script>"}), "a.jpg"),
    "a GIF and a script at once": _image(lambda: b"GIF89a=1;alert(1)//" + bytes(40), "a.jpg"),
}  # fmt: skip
PICTURES_SHORT = ("a JPEG that claims four gigapixels", "a PNG that claims all pixels",
                  "a deep PNG of twenty-four megapixels", "a PNG with a profile that unpacks to a gigabyte",
                  "a PNG with text that unpacks to a gigabyte", "a JPEG of two thousand scans",
                  "camera's data in a circle", "camera's data that claims gigabytes", "a JPEG stood by text",
                  "a JPEG and a page at once", "several pictures in one", "sixteen bits of grey",
                  "a WebP that claims all pixels")  # fmt: skip


def _deflated(length: int) -> bytes:
    """Return at least so many zeros as zlib packs them, with the sum that belongs to them."""
    megabytes = -(-length // MIB)
    total = (megabytes * MIB) % 65_521
    return b"\x78\xda" + _zeros(megabytes) + struct.pack(">I", total << 16 | 1)


# --- texts: pathway files, frameworks, records ------------------------------------------------------------


def _texts(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")


WORSE: tuple[Any, ...] = (
    None,
    True,
    -1,
    10**400,
    1.5,
    "",
    "x" * 100_000,
    "\0",
    "\ud800",
    [],
    {},
    [[]],
    {"a": {}},
)


def changed_json(content: bytes, seed: int) -> bytes:
    """Put a value of another kind at one place of a document."""
    document, chance = json.loads(content), random.Random(seed)
    places = list(_places(document))
    holder, key = places[chance.randrange(len(places))]
    change = chance.randrange(4)
    if change == 0 and isinstance(holder, dict):
        del holder[key]
    elif change == 1 and isinstance(holder, list):
        holder.append(holder[key])
    else:
        holder[key] = WORSE[chance.randrange(len(WORSE))]
    return json.dumps(document).encode()


def _places(document: Any) -> Iterator[tuple[Any, Any]]:
    if isinstance(document, (dict, list)):
        for key in list(document) if isinstance(document, dict) else range(len(document)):
            yield document, key
            yield from _places(document[key])


def _all_texts(content: bytes, text: str) -> bytes:
    """Put a text where there was one, all over a document; keys that identify stay."""
    document = json.loads(content)
    for holder, key in list(_places(document)):
        value = holder[key]
        if isinstance(value, str) and len(value) != 36 and not value.startswith(("http", "is", "urn")):
            holder[key] = value + text
    return json.dumps(document).encode()


JSON: dict[str, Change] = {
    "lists in lists": bytes_of(lambda content: b"[" * 200_000),
    "lists in lists that end": bytes_of(lambda content: b"[" * 100_000 + b"]" * 100_000),
    "objects in objects": bytes_of(lambda content: b'{"a":' * 100_000),
    "a number without end": bytes_of(lambda content: b'{"CFDocument": ' + b"9" * 100_000 + b"}"),
    "numbers that are none in it": bytes_of(lambda content: b'{"CFDocument": NaN, "CFItems": [Infinity, -1e999]}'),
    "half letters in it": bytes_of(lambda content: _all_texts(content, "\ud800")),
    "NUL in it": bytes_of(lambda content: _all_texts(content, "\0")),
    "markup in it": bytes_of(lambda content: _all_texts(content, "<script>alert(1)</script>{{7*7}}")),
    "a beginning of its own": bytes_of(lambda content: b"\xef\xbb\xbf" + content),
    "in UTF-16": bytes_of(lambda content: content.decode().encode("utf-16")),
    "in UTF-32": bytes_of(lambda content: content.decode().encode("utf-32")),
    "in GB18030": bytes_of(lambda content: json.dumps(json.loads(content), ensure_ascii=False).encode("gb18030")),
    "equal keys": bytes_of(lambda content: content.rstrip()[:-1] + b', "CFItems": 5, "format": 1}'),
    "a text": bytes_of(lambda content: b'"text"'),
    "nothing that is a value": bytes_of(lambda content: b"null"),
    "a list": bytes_of(lambda content: b"[" + content + b"]"),
    **{f"another value {seed}": bytes_of(lambda content, seed=seed: changed_json(content, seed)) for seed in range(60)},
}  # fmt: skip
JSON_SHORT = ("lists in lists", "lists in lists that end", "objects in objects", "a number without end",
              "half letters in it", "NUL in it", "in UTF-16",
              *(f"another value {seed}" for seed in range(12)))  # fmt: skip


def changed_toml(content: bytes, seed: int) -> bytes:
    """Put a value of another kind on one line, or take the line away, or write it twice."""
    lines, chance = content.decode().splitlines(), random.Random(seed)
    place = chance.choice(
        [number for number, line in enumerate(lines) if "=" in line or line.startswith("[")]
    )
    line = lines[place]
    worse = chance.choice(
        ["true", "-1", "1e400", "nan", '""', "[]", "{}", "[[]]", "1979-05-27", '"' + "x" * 100_000 + '"',
         '"\\u0000"', "9" * 400, '["a", 1]', "{ a = { b = 1 } }"]
    )  # fmt: skip
    change = chance.randrange(4)
    if change == 0:
        del lines[place]
    elif change == 1:
        lines.insert(place, line)
    elif "=" in line:
        lines[place] = f"{line.partition('=')[0]}= {worse}"
    else:
        lines[place] = line.replace("[", "[x.")
    return "\n".join(lines).encode()


def _replaced(content: bytes, text: str) -> bytes:
    """Put a text behind the beginning of every quoted text."""
    return content.decode().replace('= "', f'= "{text}').encode("utf-8", "surrogatepass")


TOML: dict[str, Change] = {
    "lists in lists": bytes_of(lambda content: b"a = " + b"[" * 200_000),
    "lists in lists that end": bytes_of(lambda content: b"a = " + b"[" * 50_000 + b"]" * 50_000),
    "tables in tables": bytes_of(lambda content: b"a = " + b"{a = " * 50_000),
    "a key of a hundred thousand parts": bytes_of(lambda content: b".".join([b"a"] * 100_000) + b" = 1"),
    "a table of ten thousand parts": bytes_of(lambda content: (b"[" + b".".join([b"a"] * 2_000) + b"]\n") * 1),
    "a number without end": bytes_of(lambda content: b"a = " + b"9" * 100_000),
    "a day that is none": bytes_of(lambda content: b"a = 0000-00-00\nb = 9999-12-31T23:59:60+24:00"),
    "half letters in it": bytes_of(lambda content: _replaced(content, "\ud800")),
    "half letters written out": bytes_of(lambda content: _replaced(content, "\\ud800")),
    "NUL in it": bytes_of(lambda content: _replaced(content, "\0")),
    "NUL written out": bytes_of(lambda content: _replaced(content, "\\u0000")),
    "markup in it": bytes_of(lambda content: _replaced(content, "<script>{{7*7}}")),
    "a beginning of its own": bytes_of(lambda content: b"\xef\xbb\xbf" + content),
    "in UTF-16": bytes_of(lambda content: content.decode().encode("utf-16")),
    "in GB18030": bytes_of(lambda content: content.decode().encode("gb18030")),
    "comments only": bytes_of(lambda content: b"# x\n" * 100_000),
    "itself twice": bytes_of(lambda content: content + b"\n" + content),
    "a text without end": bytes_of(lambda content: b'a = """' + b"x" * MIB),
    **{f"another value {seed}": bytes_of(lambda content, seed=seed: changed_toml(content, seed)) for seed in range(60)},
}  # fmt: skip
TOML_SHORT = ("lists in lists", "lists in lists that end", "tables in tables", "a key of a hundred thousand parts",
              "a number without end", "a day that is none", "half letters written out", "NUL written out", "in UTF-16",
              *(f"another value {seed}" for seed in range(12)))  # fmt: skip


# --- Word -------------------------------------------------------------------------------------------------


def _with_words(text: str) -> Change:
    """Put a paragraph with this text into a document."""

    def change(content: bytes) -> bytes:
        parts = parts_of(content)
        body = parts["word/document.xml"].decode()
        place = body.index("<w:body>") + len("<w:body>")
        said = f"<w:p><w:r><w:t>{text}</w:t></w:r></w:p>"
        return zip_of(parts | {"word/document.xml": (body[:place] + said + body[place:]).encode()})

    return bytes_of(change)


def _document(xml: str) -> Change:
    return bytes_of(
        lambda content: zip_of(parts_of(content) | {"word/document.xml": (DECLARED + xml).encode()})
    )


WORD_SPACE = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'
WORDS: dict[str, Change] = {
    "laughs": _document(f"{LAUGHS}<w:document {WORD_SPACE}><w:body>&lol9;</w:body></w:document>"),
    "an entity from outside": _document(
        f"{OUTSIDE}<w:document {WORD_SPACE}><w:body>&e;</w:body></w:document>"
    ),
    "elements in elements": _document("<a>" * 100_000 + "</a>" * 100_000),
    "a loop without end": _with_words(
        "{% for a in range(10**9) %}{% for b in range(10**9) %}x{% endfor %}{% endfor %}"
    ),
    "a number without end": _with_words("{{ 9 ** 9 ** 9 }}"),
    "a text without end": _with_words("{{ 'x' * 10 ** 11 }}"),
    "a way out of the template": _with_words("{{ ''.__class__.__mro__[1].__subclasses__() }}"),
    "the way to the program": _with_words("{{ cycler.__init__.__globals__.os.popen('id').read() }}"),
    "a loop that calls itself": _with_words("{% macro m() %}{{ m() }}{{ m() }}{% endmacro %}{{ m() }}"),
    "a mark that never ends": _with_words("{% if x %}{{ y "),
    "a name that is none": _with_words("{{ nothing.at.all }}"),
    "a file that is read in": _with_words("{% include '/etc/passwd' %}"),
    "a width without end": _with_words("{{ '%1000000000d' % 1 }}{{ 'x'.ljust(10**10) }}"),
    "a picture from outside": bytes_of(
        lambda content: zip_of(
            parts_of(content)
            | {
                "word/_rels/document.xml.rels": parts_of(content)["word/_rels/document.xml.rels"].replace(
                    b"</Relationships>",
                    b'<Relationship Id="rId99" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/'
                    b'image" Target="http://127.0.0.1:1/x.png" TargetMode="External"/></Relationships>',
                )
            }
        )
    ),
    "with macros": bytes_of(lambda content: zip_of(parts_of(content) | {"word/vbaProject.bin": b"x"})),
}
WORDS_SHORT = ("laughs", "elements in elements", "a loop without end", "a number without end", "a text without end",
               "the way to the program", "a mark that never ends", "a width without end")  # fmt: skip


# --- packs that prove themselves -------------------------------------------------------------------------


def _sums(line: bytes) -> Change:
    """Put other checksums into a pack."""

    def change(content: bytes) -> bytes:
        parts = parts_of(content)
        name = next((one for one in parts if "sum" in one.lower() or one.endswith(".sha256")), "SHA256SUMS")
        return zip_of(parts | {name: line})

    return bytes_of(change)


PACKS: dict[str, Change] = {
    "checksums without end": _sums(b"0" * (8 * MIB)),
    "checksums that are ends of lines": _sums(b"\n" * (60 * MIB)),
    "a pack of four gigabytes": bytes_of(
        lambda content: _with_packed(
            zip_of({"SHA256SUMS": b"0" * 64 + b"  word/media/bomb.bin\n"}), 3_900, said=2**32 - 1
        )
    ),
    "a million checksums": _sums(b"0" * 64 + b"  a\n" * 1_000_000),
    "checksums of no text": _sums(bytes(range(256)) * 100),
    "checksums of places outside": _sums(b"0" * 64 + b"  ../../../../etc/passwd\n"),
    "checksums of half letters": _sums("\ud800".encode("utf-8", "surrogatepass") * 100),
    "lists in lists for JSON": bytes_of(
        lambda content: _each_part(
            content, lambda name, part: b"[" * 200_000 if name.endswith(".json") else part
        )
    ),
    "numbers without end for JSON": bytes_of(
        lambda content: _each_part(
            content, lambda name, part: b'{"a": ' + b"9" * 100_000 + b"}" if name.endswith(".json") else part
        )
    ),
}
PACKS_SHORT = tuple(PACKS)


PAPER = Upload(
    zip_of(
        {
            "[Content_Types].xml": b'<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"/>',
            "word/document.xml": b"<w:document xmlns:w='http://schemas.openxmlformats.org/wordprocessingml/2006/main'/>",
        }
    ),
    "paper.docx",
)


def _of_paper(change: Change) -> Change:
    """Change a Word file, whatever is taken at the entrance else."""
    return lambda _good: change(PAPER)


@dataclass(frozen=True)
class Family:
    """What a kind of entrance is tried with: every case, and those of the suite."""

    cases: Mapping[str, Change]
    short: tuple[str, ...]


def _lines(name: str, make: Change) -> Change:
    """Put another table of text into an archive of tables."""
    return bytes_of(lambda content: zip_of(parts_of(content) | {name: make(Upload(b"", "")).content}))


ROSTERS: dict[str, Change] = {
    **{f"people: {name}": _lines("users.csv", change) for name, change in TABLES.items()},
    **{f"people below their heading: {name}": bytes_of(lambda content, change=change: _below(content, change))
       for name, change in TABLES.items()},
    "a manifest of another time": _lines("manifest.csv", _table(b"propertyName,value\noneroster.version,9\n")),
    "a manifest of nothing": _lines("manifest.csv", _table(b"\0\xff")),
    "no people": bytes_of(lambda content: zip_of({"orgs.csv": b"sourcedId\n"})),
}  # fmt: skip
ROSTERS_SHORT = ("people: a table with NUL", "people: a quote that never ends",
                 "people: a table of junk in GB18030",
                 "people below their heading: a table with NUL",
                 "people below their heading: a table with half letters",
                 "people below their heading: digits without end", "a manifest of nothing")  # fmt: skip


def _below(content: bytes, change: Change) -> bytes:
    parts = parts_of(content)
    heading = parts["users.csv"].splitlines()[0]
    return zip_of(parts | {"users.csv": heading + b"\r\n" + change(Upload(b"", "")).content})


FAMILIES: dict[str, Family] = {
    "sheet": Family(ANY | ZIPS | SHEETS | OLD_SHEETS | TABLES,
                    ANY_SHORT + ZIPS_SHORT + SHEETS_SHORT + OLD_SHORT + TABLES_SHORT),
    "picture": Family(ANY | PICTURES, ANY_SHORT + PICTURES_SHORT),
    "document": Family(ANY | {name: _of_paper(change) for name, change in ZIPS.items()} | PICTURES,
                       ANY_SHORT + ZIPS_SHORT),
    "toml": Family(ANY | TOML, ANY_SHORT + TOML_SHORT),
    "framework": Family(ANY | JSON, ANY_SHORT + JSON_SHORT),
    "word": Family(ANY | ZIPS | WORDS, ANY_SHORT + ZIPS_SHORT + WORDS_SHORT),
    "pack": Family(ANY | ZIPS | PACKS, ANY_SHORT + ZIPS_SHORT + PACKS_SHORT),
    "roster": Family(ANY | ZIPS | ROSTERS, ANY_SHORT + ZIPS_SHORT + ROSTERS_SHORT),
    "record": Family(ANY | ZIPS | PACKS | JSON, ANY_SHORT + ZIPS_SHORT + PACKS_SHORT),
}  # fmt: skip
