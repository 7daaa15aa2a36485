"""Find the line on which each value of a TOML text stands, so that a fault can name it."""

from __future__ import annotations

import re
import tomllib
from bisect import bisect_right

Path = tuple[str | int, ...]

_BLANK = re.compile(r"(?:[ \t\r\n]+|#[^\n]*)*")
_SPACE = re.compile(r"[ \t]*")
_KEY = re.compile(r"""[A-Za-z0-9_-]+|"(?:[^"\\\n]|\\.)*"|'[^'\n]*'""")
_STRING = re.compile(
    r'"""(?:[^"\\]|\\(?:.|\n)|"{1,2}(?!"))*"{3,5}'
    r"|'''(?:[^']|'{1,2}(?!'))*'{3,5}"
    r'|"(?:[^"\\\n]|\\.)*"'
    r"|'[^'\n]*'"
)
_BARE = re.compile(r"[^,\]}\n#]*")


class _Scanner:
    """Walks through a text that tomllib has already accepted."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0
        self.starts = [0, *(m.end() for m in re.finditer("\n", text))]
        self.lines: dict[Path, int] = {(): 1}
        self.counts: dict[Path, int] = {}

    def scan(self) -> None:
        current: Path = ()
        self.skip(_BLANK)
        while self.at < len(self.text):
            if self.text[self.at] == "[":
                current = self.header()
            else:
                self.pair(current)
            self.skip(_BLANK)

    def header(self) -> Path:
        line = self.line()
        many = self.text.startswith("[[", self.at)
        self.at += 2 if many else 1
        path = self.table(self.key(), many)
        self.at += 2 if many else 1
        for end in range(len(path), 0, -1):
            self.lines.setdefault(path[:end], line)
        return path

    def table(self, parts: list[str], many: bool) -> Path:
        path: Path = ()
        for number, part in enumerate(parts, 1):
            path += (part,)
            if many and number == len(parts):
                self.counts[path] = self.counts.get(path, 0) + 1
            if path in self.counts:
                path += (self.counts[path] - 1,)
        return path

    def pair(self, base: Path) -> None:
        line = self.line()
        path = (*base, *self.key())
        self.at += 1
        self.skip(_SPACE)
        self.value(path, line)

    def key(self) -> list[str]:
        parts = []
        while True:
            self.skip(_SPACE)
            raw = self.take(_KEY)
            parts.append(tomllib.loads(f"k = {raw}")["k"] if raw[0] in "\"'" else raw)
            self.skip(_SPACE)
            if self.text[self.at] != ".":
                return parts
            self.at += 1

    def value(self, path: Path, line: int) -> None:
        self.lines.setdefault(path, line)
        match self.text[self.at]:
            case '"' | "'":
                self.take(_STRING)
            case "[":
                self.array(path)
            case "{":
                self.inline(path)
            case _:
                self.skip(_BARE)

    def array(self, path: Path) -> None:
        index = 0
        self.at += 1
        while True:
            self.skip(_BLANK)
            if self.text[self.at] == "]":
                break
            self.value((*path, index), self.line())
            index += 1
            self.skip(_BLANK)
            self.at += self.text[self.at] == ","
        self.at += 1

    def inline(self, path: Path) -> None:
        self.at += 1
        self.skip(_BLANK)
        while self.text[self.at] != "}":
            self.pair(path)
            self.skip(_BLANK)
            self.at += self.text[self.at] == ","
            self.skip(_BLANK)
        self.at += 1

    def line(self) -> int:
        return bisect_right(self.starts, self.at)

    def skip(self, pattern: re.Pattern[str]) -> None:
        found = pattern.match(self.text, self.at)
        self.at = found.end() if found else self.at

    def take(self, pattern: re.Pattern[str]) -> str:
        found = pattern.match(self.text, self.at)
        if found is None or found.end() == self.at:
            raise LookupError(self.at)
        self.at = found.end()
        return found.group()


def locate(text: str) -> dict[Path, int]:
    """Line (from 1) of each key and array element of a valid TOML text; what cannot be found is left out."""
    scanner = _Scanner(text)
    try:
        scanner.scan()
    except (LookupError, RecursionError):
        return scanner.lines
    return scanner.lines


def line_of(lines: dict[Path, int], path: Path) -> int:
    """Line of a value, or of the nearest table around it."""
    while path and path not in lines:
        path = path[:-1]
    return lines.get(path, 1)
