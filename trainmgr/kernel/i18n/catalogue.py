"""The Chinese catalogue: one hand-kept .po per feature, merged into one .mo, and checked against the sources."""

from __future__ import annotations

import logging
import os
import re
import sys
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from babel.messages.catalog import Catalog, Message
from babel.messages.extract import DEFAULT_KEYWORDS, extract_from_dir
from babel.messages.mofile import write_mo
from babel.messages.pofile import PoFileError, read_po

log = logging.getLogger(__name__)

ROOT = Path(__file__).resolve().parents[3]
TRANSLATIONS = ROOT / "trainmgr" / "translations"
PARTS = TRANSLATIONS / "zh"
TARGET = PARTS / "LC_MESSAGES" / "messages.mo"
KEYWORDS = DEFAULT_KEYWORDS | {
    "_l": None,
    "lazy_gettext": None,
    "lazy_ngettext": (1, 2),
    "N_": None,
    "N_n": (1, 2),
}
SOURCES = (
    (ROOT / "templates", [("**.html", "jinja2")]),
    (ROOT / "trainmgr", [("migrations/**", "ignore"), ("**.py", "python")]),
)
_PLACEHOLDER = re.compile(r"%\((\w+)\)")
_NAME_APART = re.compile(r"%\(who\)s (?=[\u4e00-\u9fff])")  # Chinese writes name and verb together
_LONE_PERCENT = re.compile(r"(?<!%)%(?:%%)*(?![(%])")


def _texts(message: Message) -> list[str]:
    strings = message.string if isinstance(message.string, tuple | list) else [message.string]
    return [text or "" for text in strings]


def read_parts(parts: Iterable[Path]) -> Iterator[tuple[Path, Message]]:
    """Yield every message of the features' catalogues with the file it stands in."""
    for part in sorted(parts):
        with part.open("rb") as file:
            for message in read_po(file, locale="zh", abort_invalid=True):
                if message.id:
                    yield part, message


def merge(parts: Iterable[Path]) -> tuple[Catalog, list[str]]:
    """Return one catalogue and what is wrong: the same text translated in two ways, with both places."""
    merged, faults = Catalog(locale="zh"), list[str]()
    origin: dict[Any, tuple[Path, Message]] = {}
    for part, message in read_parts(parts):
        if not any(_texts(message)) or message.fuzzy:
            continue
        key = message.id if isinstance(message.id, str) else tuple(message.id)
        known = origin.get(key)
        if known and _texts(known[1]) != _texts(message):
            faults.append(
                f"{key!r}: {known[0].name}:{known[1].lineno} says {_texts(known[1])}, "
                f"{part.name}:{message.lineno} says {_texts(message)}"
            )
            continue
        origin[key] = (part, message)
        merged.add(message.id, message.string)
    return merged, faults


def write(catalogue: Catalog, target: Path) -> None:
    """Write a catalogue for the program, whole or not at all."""
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile(dir=target.parent, delete=False) as file:
        write_mo(file, catalogue)
    os.chmod(file.name, 0o644)
    os.replace(file.name, target)


def compile_if_stale(folder: Path = PARTS, target: Path = TARGET) -> None:
    """Write the catalogue anew when a part is newer; faults are logged, `compile` is where they stop somebody."""
    parts = list(folder.glob("*.po"))
    newest = max((part.stat().st_mtime for part in parts), default=0.0)
    if not parts or (target.exists() and target.stat().st_mtime >= newest):
        return
    try:
        catalogue, faults = merge(parts)
        write(catalogue, target)
    except (OSError, ValueError, PoFileError) as error:
        log.warning("the Chinese catalogue could not be written: %s", error)
        return
    for fault in faults:
        log.warning("two translations of one text: %s", fault)


# --- check --------------------------------------------------------------------------------------


def extract() -> dict[Any, tuple[str, int]]:
    """Return every text of the sources that people read, with the first place where it stands."""
    found: dict[Any, tuple[str, int]] = {}
    for folder, methods in SOURCES:
        options = {"**.html": {"trimmed": "true", "newstyle_gettext": "true", "silent": "false"}}
        rows = extract_from_dir(folder, methods, options, KEYWORDS)
        for name, line, key, _comments, _context in rows:
            if key and key != "":
                found.setdefault(key, (f"{folder.name}/{name}", line))
    return found


def _percent_fault(text: str, *, formatted: bool) -> str | None:
    """Templates and texts with values go through %-formatting, where a percent sign is written twice."""
    if formatted and _LONE_PERCENT.search(text):
        return f"a bare % in {text!r} (write %%)"
    if not formatted and "%%" in text:
        return f"a doubled % in {text!r} (it has no values, write %)"
    return None


def _faults_of(key: Any, message: Message | None, *, in_template: bool) -> Iterator[str]:
    source = key if isinstance(key, str) else key[1]
    wanted = set(_PLACEHOLDER.findall(source))
    formatted = in_template or bool(wanted) or not isinstance(key, str)
    texts = _texts(message) if message else []
    yield from filter(None, (_percent_fault(text, formatted=formatted) for text in [source, *texts]))
    if message is None or not all(texts):
        yield "no Chinese"
        return
    if message.fuzzy:
        yield "marked fuzzy"
    for text in texts:
        given = set(_PLACEHOLDER.findall(text))
        if given != wanted:
            yield f"placeholders {sorted(given)} instead of {sorted(wanted)}"
        if _NAME_APART.search(text):
            yield "a space after the name"


def check() -> list[str]:
    """Return what the Chinese catalogue lacks or has wrong, a line each."""
    parts = list(PARTS.glob("*.po"))
    translated: dict[Any, Message] = {}
    for _part, message in read_parts(parts):
        translated.setdefault(message.id if isinstance(message.id, str) else message.id[0], message)
    faults = [f"two translations: {fault}" for fault in merge(parts)[1]]
    for key, (place, line) in sorted(extract().items(), key=lambda item: item[1]):
        known = translated.get(key if isinstance(key, str) else key[0])
        found = _faults_of(key, known, in_template=place.endswith(".html"))
        faults += [f"{place}:{line}: {key!r}: {fault}" for fault in found]
    return faults


def main(arguments: list[str]) -> int:
    """Run `compile` or `check` from the command line."""
    match arguments:
        case ["compile"]:
            catalogue, faults = merge(PARTS.glob("*.po"))
            write(catalogue, TARGET)
            done = f"{len(catalogue)} messages written to {TARGET.relative_to(ROOT)}"
        case ["check"]:
            faults = check()
            done = "every text has its Chinese"
        case _:
            sys.stderr.write("usage: python -m trainmgr.kernel.i18n compile|check\n")
            return 2
    sys.stdout.write("\n".join(faults or [done]) + "\n")
    return 1 if faults else 0
