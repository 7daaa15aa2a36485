"""What every page must keep: sound nesting, a title, a language, one main heading, ids and references that hold."""

from __future__ import annotations

from collections import Counter
from html.parser import HTMLParser

VOID = frozenset(
    ["area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr"]
)
REFERENCES = ("for", "aria-labelledby", "aria-describedby", "aria-controls", "list", "form")


class PageReader(HTMLParser):
    """Reads a page once and notes what is wrong with it."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.faults: list[str] = []
        self.open: list[str] = []
        self.ids: Counter[str] = Counter()
        self.references: list[tuple[str, str]] = []
        self.headings = 0
        self.title = ""
        self.language: str | None = None
        self.whole = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._read(tag, attrs)
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._read(tag, attrs)
        if tag not in VOID and "svg" not in self.open and tag != "svg":
            self.faults.append(f"<{tag}/> closes nothing in HTML")

    def handle_endtag(self, tag: str) -> None:
        if tag in self.open:
            while self.open[-1] != tag:
                self.faults.append(f"<{self.open.pop()}> is not closed before </{tag}>")
            self.open.pop()
        else:
            self.faults.append(f"</{tag}> closes nothing")

    def handle_data(self, data: str) -> None:
        if self.open and self.open[-1] == "title" and "svg" not in self.open:
            self.title += data

    def _read(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        names = [name for name, _ in attrs]
        if len(names) != len(set(names)):
            self.faults.append(f"<{tag}> has an attribute twice")
        values = dict(attrs)
        self.ids.update([values["id"] or ""] if "id" in values else [])
        for name in REFERENCES:
            self.references += [(f"{tag} {name}", target) for target in (values.get(name) or "").split()]
        if "style" in values or any(name.startswith("on") for name in names):
            self.faults.append(
                f"<{tag}> has inline style or script, which the content security policy refuses"
            )
        if tag == "html":
            self.whole = True
            self.language = values.get("lang")
        self.headings += tag == "h1"


def faults(page: str) -> list[str]:
    """What is wrong with a page, or with the piece of one that htmx puts in its place."""
    reader = PageReader()
    reader.feed(page)
    reader.close()
    found = list(reader.faults)
    found += [f"<{tag}> is never closed" for tag in reader.open]
    found += [f"id {name!r} stands {times} times" for name, times in reader.ids.items() if times > 1]
    if reader.whole:
        missing = [(where, name) for where, name in reader.references if name not in reader.ids]
        found += [f"{where} names #{name}, which is not there" for where, name in missing]
        found += [] if reader.title.strip() else ["no title"]
        found += [] if reader.language else ["no language"]
        found += [] if reader.headings == 1 else [f"{reader.headings} main headings"]
    return found
