"""What the frame around every page knows of its reader: the rail, the number of things due, where one is.

Nothing is asked of the database until a template shows it.
"""

from __future__ import annotations

from functools import cached_property
from typing import Any

from flask import g, request
from flask_login import current_user

from trainmgr.identity.models import User
from trainmgr.identity.roles import leading_role, role_kind
from trainmgr.inbox import queries
from trainmgr.kernel.access import Role
from trainmgr.kernel.clock import today
from trainmgr.kernel.shell import RAILS

# A feature's pages belong to an area of the rail; what is not named belongs to the programmes.
AREAS = {
    "identity": "account",
    "inbox": "inbox",
    "pathways": "resources",
    "people": "people",
    "organizations": "people",
    "faculty": "people",
    "quality": "quality",
    "improvement": "quality",
    "reporting": "quality",
    "notices": "account",
    "integrations": "account",
    "factor": "account",
    "through": "account",
    "sign_on": "account",
    "exchange": "account",
    "operation": "account",
    "help": "help",
    "search": "",
    "standards": "resources",
    "bank": "resources",
    "research": "resources",
    "materials": "resources",  # what a programme uses of it belongs to the programme
}
# Mentors and trainees have places of their own for some of a programme's pages.
OWN_AREAS = {
    "attendance": "attendance",
    "lessons": "classes",
    "classes": "classes",
    "my_classes": "classes",
    "placements": "logs",
    "practice": "logs",
    "evaluation": "ratings",
    "mentoring": "trainees",
    "testing": "tests",
}


class ReaderShell:
    """The shell of the signed-in reader; same attributes as kernel.shell.Shell."""

    def __init__(self, reader: User, endpoint: str) -> None:
        self._reader = reader
        self._endpoint = endpoint

    @cached_property
    def role_kind(self) -> str:
        """Which rail the reader has: staff, mentor, trainee or other; link or graduate by a personal link."""
        if (confinement := self._reader.confinement) is not None:
            return "graduate" if confinement.role is Role.TRAINEE else "link"
        return role_kind(self._reader.roles)

    @cached_property
    def due_count(self) -> int:
        """How many lines stand in the reader's inbox."""
        return queries.count_dues(self._reader, today())

    @cached_property
    def area(self) -> str:
        """The place of the rail that this page belongs to."""
        blueprint = self._endpoint.partition(".")[0]
        entries = RAILS[self.role_kind]
        for entry in entries:
            if entry.endpoint == self._endpoint:
                return entry.area
        own = OWN_AREAS.get(blueprint, "")
        if own in {entry.area for entry in entries}:
            return own
        area = AREAS.get(blueprint, "programs")
        of_program = area in ("resources", "quality") and "program_id" in (request.view_args or {})
        return "programs" if of_program else area

    @cached_property
    def where(self) -> str:
        """The reader's name with what they are: Zhou Jianguo · Lansi enterprise mentor."""
        memberships = self._reader.__dict__.get("memberships")  # gone after a rollback; then the name will do
        role = leading_role(membership.role for membership in memberships or ())
        for membership in memberships or ():
            if membership.role is role:
                return f"{self._reader.name} · {membership.organization.short} {role.label}"
        return ""


def reader_shell() -> ReaderShell | None:
    """Return this request's shell, made once; nobody signed in has none."""
    if not current_user.is_authenticated:
        return None
    if "shell" not in g:
        g.shell = ReaderShell(current_user._get_current_object(), request.endpoint or "")
    shell: ReaderShell = g.shell
    return shell


def note_due_count(count: int) -> None:
    """Spare the rail its own counting on a page that has counted already."""
    if shell := reader_shell():
        shell.due_count = count


def shell_context() -> dict[str, Any]:
    """Give templates the reader's shell."""
    return {"shell": reader_shell()}
