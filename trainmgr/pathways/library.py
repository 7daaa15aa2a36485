"""The pathways that come with the program: the cases themselves, as data files."""

from __future__ import annotations

from functools import cache
from importlib import resources

from trainmgr.pathways.rules import Pathway, parse


def load_library() -> dict[str, Pathway]:
    """Return the library's pathways by slug, in the order of the cases; the files are read once."""
    return dict(_read())


@cache
def library_text(slug: str) -> str:
    """Return the file of a library pathway; raise KeyError when there is none."""
    if slug not in _read():
        raise KeyError(slug)
    return (resources.files("trainmgr.pathways") / "library" / f"{slug}.toml").read_text(encoding="utf-8")


@cache
def _read() -> dict[str, Pathway]:
    folder = resources.files("trainmgr.pathways") / "library"
    files = [entry for entry in folder.iterdir() if entry.name.endswith(".toml")]
    pathways = [parse(entry.read_text(encoding="utf-8")) for entry in files]
    return {pathway.slug: pathway for pathway in sorted(pathways, key=lambda p: (_case(p), p.slug))}


def _case(pathway: Pathway) -> tuple[int, str]:
    """Order of the cases: Z, W, S, T, H; pathways without a source come last."""
    first = pathway.sources[0] if pathway.sources else "?"
    return ("ZWSTH".find(first[0]) % 6, first)
