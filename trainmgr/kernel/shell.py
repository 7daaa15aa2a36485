"""The shell around every page: the nine steps' names, the rail of each role, addresses of our own files."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from flask import Flask, current_app, request, url_for
from flask_babel import lazy_gettext as _l
from werkzeug.exceptions import HTTPException
from werkzeug.routing import BuildError

from trainmgr.kernel import charts, fields
from trainmgr.kernel.numbers import LARGEST


@dataclass(frozen=True)
class StepName:
    """One of the nine steps as people read it."""

    number: int
    slug: str
    name: Any
    short_name: Any
    promise: Any


STEPS = (
    StepName(
        1, "pathway", _l("Training pathway"), _l("Pathway"), _l("Take a road that worked, make it yours")
    ),
    StepName(
        2,
        "program",
        _l("Programme set-up"),
        _l("Set-up"),
        _l("Parties, duties, money and how income is split"),
    ),
    StepName(
        3, "needs", _l("Needs analysis"), _l("Needs"), _l("What the post and the firm lack, what comes first")
    ),
    StepName(
        4,
        "curriculum",
        _l("Training plan"),
        _l("Curriculum"),
        _l("Every hour answers a gap; both sides sign"),
    ),
    StepName(
        5,
        "enrolment",
        _l("Enrolment and trainees"),
        _l("Enrolment"),
        _l("A roster from Excel, both identities"),
    ),
    StepName(6, "mentors", _l("Mentors"), _l("Mentors"), _l("Two mentors each, every pair with its reason")),
    StepName(
        7, "practice", _l("Practice"), _l("Practice"), _l("Logs by phone, signed by the mentor on the spot")
    ),
    StepName(
        8, "evaluation", _l("Three-party evaluation"), _l("Evaluation"), _l("Three parties, four levels")
    ),
    StepName(
        9, "result", _l("Result"), _l("Result"), _l("What was closed; what was not improves the next plan")
    ),
)


@dataclass(frozen=True)
class Entry:
    """One place of the rail; it is shown when its endpoint exists."""

    area: str
    endpoint: str
    label: Any
    icon: str
    counted: bool = False
    on_phone: bool = True


_INBOX = Entry("inbox", "inbox.show_inbox", _l("Inbox"), "inbox", counted=True)
_PROGRAMS = Entry("programs", "programs.list_programs", _l("Programmes"), "signpost-split")
_RATINGS = Entry("ratings", "evaluation.list_my_ratings", _l("Ratings"), "ui-checks")
_CLASSES = Entry("classes", "lessons.list_my_lessons", _l("My classes"), "calendar3")
_ACCOUNT = Entry("account", "identity.show_account", _l("Me"), "person")

RAILS: dict[str, tuple[Entry, ...]] = {
    "staff": (
        _INBOX,
        _PROGRAMS,
        Entry("people", "people.list_people", _l("People"), "people"),
        Entry("resources", "pathways.list_pathways", _l("Resources"), "collection", on_phone=False),
        Entry("quality", "quality.show_dashboard", _l("Quality"), "graph-up"),
        Entry("account", "identity.show_account", _l("Settings"), "sliders"),
    ),
    "mentor": (
        _INBOX,
        Entry("trainees", "mentoring.list_my_trainees", _l("My trainees"), "people"),
        Entry("logs", "practice.list_logs_to_sign", _l("Logs"), "journal-check"),
        replace(_CLASSES, on_phone=False),  # six tabs are enough; the phone has a link on the timetable
        _RATINGS,
        _PROGRAMS,
        _ACCOUNT,
    ),
    "trainee": (
        Entry("inbox", "inbox.show_inbox", _l("Today"), "calendar2-check", counted=True),
        _CLASSES,
        # Six tabs are enough on a phone; there, my classes and my week lead to it.
        Entry(
            "attendance",
            "attendance.show_my_attendance",
            _l("Taking attendance"),
            "qr-code-scan",
            on_phone=False,
        ),
        Entry("logs", "practice.list_my_logs", _l("Logs"), "journal-text"),
        Entry("tests", "testing.list_my_tests", _l("Tests"), "pencil-square", on_phone=False),
        _RATINGS,
        Entry("result", "evaluation.show_my_result", _l("Result"), "award"),
        _ACCOUNT,
    ),
    # Who came by a personal link: only what the link opens (kernel.by_link).
    "link": (
        _INBOX,
        Entry("trainees", "mentoring.list_my_trainees", _l("My trainees"), "people"),
        Entry("logs", "practice.list_logs_to_sign", _l("Logs"), "journal-check"),
        _RATINGS,
    ),
    "graduate": (_INBOX, _RATINGS),
    "other": (_INBOX, _PROGRAMS, _ACCOUNT),
}


@dataclass(frozen=True)
class Shell:
    """What the frame around a page needs to know of its reader."""

    role_kind: str = "other"
    due_count: int = 0
    area: str = ""
    where: str = ""


@dataclass(frozen=True)
class Place:
    """A rail entry with its address."""

    area: str
    url: str
    label: Any
    icon: str
    counted: bool
    on_phone: bool


def has_endpoint(endpoint: str) -> bool:
    """Tell whether this installation answers under that name."""
    return endpoint in current_app.view_functions


def rail(role_kind: str) -> Sequence[Place]:
    """Return the rail of a kind of reader; an entry without a page is left out."""
    known = current_app.extensions["shell"]["rails"]
    key = (role_kind, request.script_root)
    if key not in known:
        known[key] = [place for entry in RAILS.get(role_kind, RAILS["other"]) if (place := _place(entry))]
    return known[key]


def _place(entry: Entry) -> Place | None:
    try:
        url = url_for(entry.endpoint)
    except BuildError:
        return None
    return Place(entry.area, url, entry.label, entry.icon, entry.counted, entry.on_phone)


def asset(name: str) -> str:
    """Return the address of a file of ours; it changes with the file's content, so browsers may keep it for good."""
    known: dict[str, str] = current_app.extensions["shell"]["assets"]
    if name not in known or current_app.debug:
        path = Path(current_app.static_folder or "") / name
        mark = hashlib.sha256(path.read_bytes()).hexdigest()[:10] if path.is_file() else ""
        known[name] = f"{current_app.static_url_path}/{name}" + (f"?v={mark}" if mark else "")
    return request.script_root + known[name]


def here() -> str:
    """Return the address to come back to: this page, or the page that sent a form."""
    if request.method in ("GET", "HEAD"):
        return request.full_path.rstrip("?")
    return local_address(request.referrer) or "/"


def local_address(address: str | None) -> str | None:
    """Return an address within this installation (path and query), or None for any other."""
    if not address or "\\" in address:
        return None
    try:
        parts = urlsplit(address)
    except ValueError:
        return None
    if parts.netloc and parts.netloc != request.host:
        return None
    if (
        parts.scheme not in ("", "http", "https")
        or not parts.path.startswith("/")
        or parts.path.startswith("//")
    ):
        return None
    return parts.path + (f"?{parts.query}" if parts.query else "")


def addresses(endpoint: str, *names: str, **fixed: Any) -> Callable[..., str]:
    """Return a function from ids to the addresses of one endpoint: built once, for the many links of a table.

    `addresses("people.show_person", "user_id")(7)`; `names` are its whole-number arguments in the order of the address.
    """
    marks: dict[str, Any] = {name: LARGEST - place for place, name in enumerate(names)}
    pattern = url_for(endpoint, **marks, **fixed).replace("{", "{{").replace("}", "}}")
    for place, mark in enumerate(marks.values()):
        pattern = pattern.replace(str(mark), f"{{{place}}}")
    return pattern.format


def typed() -> list[tuple[str, str]]:
    """Return what the reader had typed into a form that could not be taken, secrets left out, so it is not lost."""
    if request.method in ("GET", "HEAD"):
        return []
    try:
        fields = list(request.form.items(multi=True))
    except HTTPException:  # too large to be read at all
        return []
    hidden = ("csrf_token", "version", "next", "link_token", "link_code")
    return [
        (key, value) for key, value in fields if value.strip() and key not in hidden and "password" not in key
    ]


def page_numbers(number: int, pages: int) -> list[int | None]:
    """Return the page numbers that a pager shows; None stands for a gap."""
    wanted = sorted({1, pages} | {n for n in (number - 1, number, number + 1) if 1 <= n <= pages})
    shown: list[int | None] = []
    for previous, current in zip([0, *wanted], wanted, strict=False):
        if current - previous == 2:
            shown.append(current - 1)
        elif current - previous > 2:
            shown.append(None)
        shown.append(current)
    return shown


def render_standalone(template: str, **context: Any) -> str:
    """Render a page that asks nothing of the database: no context processors, no signed-in reader."""
    return current_app.jinja_env.get_template(template).render(standalone=True, **context)


def init_app(app: Flask) -> None:
    """Put the shell's helpers within reach of templates."""
    app.extensions["shell"] = {"rails": {}, "assets": {}}
    app.jinja_env.globals.update(
        STEPS=STEPS,
        addresses=addresses,
        asset=asset,
        chart=charts,
        control_of=fields.control_of,
        faults_of=fields.faults_of,
        reasons_of=fields.reasons_of,
        number_mode=fields.number_mode,
        has_endpoint=has_endpoint,
        here=here,
        page_numbers=page_numbers,
        rail=rail,
        typed=typed,
    )
