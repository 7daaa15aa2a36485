"""The house's rules as checks. Each was broken once by hand while it was written, to see it fail."""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest
from flask import Flask

from trainmgr import ROOT
from trainmgr.kernel.access import Permission, mark_of

PACKAGE = ROOT / "trainmgr"
# What views share: it renders their pages, and knows who reads and when like them.
HELPS_VIEWS = {"blueprint.py", "frame.py", "pages.py", "shell.py"}
# Where no view is before: jobs begin by themselves, and the session says who is signed in.
ENTRANCES = {
    "certificates/batches.py",
    "certificates/sheet.py",
    "bank/importing.py",
    "enrolment/importing.py",
    "faculty/importing.py",
    "employment/carry_job.py",
    "guidance/look_job.py",
    "insights/compute_job.py",
    "enrolment/sending.py",
    "enrolment/undoing.py",
    "exchange/roster_jobs.py",
    "exchange/statement_jobs.py",
    "links/mailing.py",
    "mentoring/choice_job.py",
    "mentoring/proposing.py",
    "needs/imports.py",
    "placements/sheet.py",
    "quality/compute_job.py",
    "quality/fresh_job.py",
    "identity/sessions.py",
    "testing/analysing.py",
    "reporting/annual_job.py",
    "reporting/pack_job.py",
    "api/door.py",
}
INLINE = re.compile(r"\sstyle=|<style|\son[a-z]+=[\"']|<script(?![^>]*\ssrc=)[^>]*>|javascript:")
PURE = {
    "rules.py",
    "periods.py",
    "honesty.py",
    "scoring.py",
    "matching.py",
    "choosing.py",
    "course.py",
    "flow.py",
    "hours.py",
    "ledger.py",
    "composing.py",
    "codes.py",
    "gating.py",
    "cycle.py",
    "risk.py",
    "standing_rules.py",
    "balancing.py",
    "maturity_rules.py",
    "anonymity.py",
    "leniency.py",
    # Other features have modules of these names that are not pure.
    "evaluation/agreement.py",
    "evaluation/closing.py",
}
PURE_MAY_IMPORT = {"numpy", "scipy", "stdnum", "statistics"}


@cache
def modules(*names: str) -> tuple[Path, ...]:
    """Return the package's modules, or only those with one of the names."""
    if names:
        return tuple(
            path for path in modules() if {path.name, f"{path.parent.name}/{path.name}"}.intersection(names)
        )
    return tuple(sorted(path for path in PACKAGE.rglob("*.py") if "migrations" not in path.parts))


@dataclass(frozen=True)
class Source:
    """What the checks ask of a module's code."""

    imports: tuple[str, ...]  # dotted names, wherever in the module they are imported
    commits: tuple[int, ...]  # the lines that commit more than a savepoint
    names: frozenset[str]


@cache
def source(path: Path) -> Source:
    """Return what a module's code says, parsed once for all checks."""
    imports: list[str] = []
    commits: list[int] = []
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            imports += (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            imports.append(node.module or "")
        elif isinstance(node, ast.Name):
            names.add(node.id)
        elif (
            isinstance(node, ast.Call)
            and isinstance(node.func, ast.Attribute)
            and node.func.attr == "commit"
            and getattr(node.func.value, "id", "") != "savepoint"
        ):
            commits.append(node.lineno)
    return Source(tuple(imports), tuple(commits), frozenset(names))


@cache
def views() -> frozenset[Path]:
    """Return the modules that hold views: views.py, views_x.py, x_views.py."""
    return frozenset(path for path in modules() if "views" in path.stem.split("_"))


def label(path: Path) -> str:
    return str(path.relative_to(PACKAGE))


@pytest.mark.parametrize("path", modules(*PURE), ids=label)
def test_rules_are_pure(path):
    import sys

    for name in source(path).imports:
        top = name.split(".")[0]
        if top == "trainmgr":
            assert (
                name == "trainmgr.kernel.msgids"
                or {f"{name.split('.')[-1]}.py", f"{'/'.join(name.split('.')[1:])}.py"} & PURE
                or (name.startswith("trainmgr.pathways.") and "models" not in name)
            ), f"{label(path)} imports {name}"
        else:
            assert top in sys.stdlib_module_names | PURE_MAY_IMPORT, f"{label(path)} imports {name}"


@pytest.mark.parametrize("path", sorted(views()), ids=label)
def test_views_neither_query_nor_commit(path):
    text = path.read_text(encoding="utf-8")
    for name in source(path).imports:
        assert not name.startswith("sqlalchemy"), f"{label(path)} imports {name}"
    assert "db.session" not in text, f"{label(path)} touches the session"


@pytest.mark.parametrize("path", modules(), ids=label)
def test_only_the_kernel_commits(path):
    """Commands and jobs commit at their end, through the kernel's helpers or in a file named for it."""
    if "kernel" in path.parts or path.name in {"commands.py"} or "demo" in path.parts:
        return
    lines = source(path).commits
    assert not lines, f"{label(path)} commits in line {lines[0]}"


@pytest.mark.parametrize("path", modules(), ids=label)
def test_views_and_forms_stay_inside_their_feature(path):
    own = path.relative_to(PACKAGE).parts[0]
    for name in source(path).imports:
        parts = name.split(".")
        if parts[0] == "trainmgr" and {"views", "forms"} & set(parts[-1].split("_")) and len(parts) == 3:
            assert parts[1] == own, f"{label(path)} imports {name}"


BELOW_VIEWS = [
    path
    for path in modules()
    if not {"kernel", "demo"} & set(path.parts)
    and path not in views()
    and path.name not in {"commands.py", *HELPS_VIEWS}
    and path.relative_to(PACKAGE).as_posix() not in ENTRANCES
]


@pytest.mark.parametrize("path", BELOW_VIEWS, ids=label)
def test_nothing_below_the_views_reads_the_clock_or_the_signed_in_person(path):
    read = source(path).names & {"current_user", "utcnow"}
    assert not read, f"{label(path)} reads {read}"


def test_every_view_is_marked(app: Flask):
    unmarked = [
        endpoint
        for endpoint, view in app.view_functions.items()
        if endpoint != "static" and not (mark_of(view) == "public" or isinstance(mark_of(view), Permission))
    ]
    assert unmarked == []


def test_a_full_address_is_the_one_by_which_the_world_knows_the_installation():
    """`public_address` makes it; the request's own may be known on the campus alone."""
    pages = [*modules(), *sorted((ROOT / "templates").rglob("*.html"))]
    assert [str(path) for path in pages if "_external=True" in path.read_text(encoding="utf-8")] == []


def test_no_template_holds_a_chinese_sentence_a_style_or_a_script():
    for path in sorted((ROOT / "templates").rglob("*.html")):
        text = path.read_text(encoding="utf-8")
        assert not INLINE.findall(text), f"{path}: {INLINE.findall(text)}"
        assert not any(
            "一" <= sign <= "鿿" for sign in text.replace("中文", "").replace('"中"', "").replace(">中<", "")
        ), f"{path} holds Chinese"


def test_no_state_changes_on_get(app: Flask):
    """A view that answers GET belongs to no action: its name says show, list, download or the like."""
    reading = (
        "show_",
        "find_",
        "add_up_",
        "list_",
        "new_",
        "edit_",
        "download_",
        "export_",
        "compare_",
        "preview_",
        "confirm_",
        "pick_",
        "print_",
    )
    for rule in app.url_map.iter_rules():
        if rule.endpoint == "static" or rule.methods is None or "GET" not in rule.methods:
            continue
        name = rule.endpoint.rpartition(".")[2]
        assert name.startswith(reading), (
            f"{rule.endpoint} answers GET but is not named as a view that only reads"
        )
