"""What the pages of indicators have in common: the blueprint, the scope and year that the address asks for."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

from flask import Blueprint, abort, redirect, render_template, request, url_for
from flask_login import current_user

from trainmgr.kernel.access import Permission
from trainmgr.kernel.clock import today
from trainmgr.kernel.numbers import whole
from trainmgr.quality import labels, measuring, seeing
from trainmgr.quality.measures.base import MEASURES
from trainmgr.quality.rules import FIRST_YEAR, LAST_YEAR, Definition, Period, Scope, ScopeKind

bp = Blueprint("quality", __name__, url_prefix="/quality")


KINDS = {kind.value for kind in ScopeKind}


@dataclass(frozen=True)
class Asked:
    """The scope and year of a page, as far as its reader may see them."""

    seen: seeing.Seen
    year: int

    @property
    def scope(self) -> Scope:
        """What the page is about."""
        return self.seen.scope

    @property
    def period(self) -> Period:
        """The year."""
        return Period.of_year(self.year)

    @property
    def args(self) -> dict[str, Any]:
        """The address's arguments that lead back to the same scope and year."""
        found: dict[str, Any] = {"kind": self.scope.kind.value, "id": self.scope.id, "year": self.year}
        if self.scope.kind is ScopeKind.ENTERPRISE:
            found["college"] = self.scope.college_id
        return found

    @cached_property
    def definitions(self) -> dict[str, Definition]:
        """The indicators of the year that are meant for the reader."""
        found = measuring.catalogue(self.scope.college_id, self.period.last)
        return measuring.for_reader(found, current_user, self.scope)

    def definition_or_404(self, code: str) -> Definition:
        """Return an indicator that is meant for the reader and says something of the scope, or answer 404."""
        found = self.definitions.get(code)
        if found is None or self.scope.kind not in MEASURES[found.measure].scopes:
            return abort(404)
        return found

    @property
    def is_own_college(self) -> bool:
        """Whether the reader is one of the college's people."""
        return self.scope.college_id in seeing.colleges_of(current_user)

    @property
    def may_edit(self) -> bool:
        """Whether the reader edits the college's indicators."""
        return self.scope.college_id in current_user.organizations_where(Permission.QUALITY_EDIT)


def asked_year() -> int:
    """Return the year that the address asks for, else the present one."""
    return _named_year() or today().year


def _named_year() -> int | None:
    year = whole(request.values.get("year"))
    return year if year is not None and FIRST_YEAR <= year <= LAST_YEAR else None


def _asked_of(seen: seeing.Seen) -> Asked:
    """Ask for the year in the address, else for the latest that has training in the scope, else for the present one."""
    year = _named_year() or measuring.find_latest_year(seen.scope, today().year)
    return Asked(seen, year or today().year)


def asked() -> Asked | None:
    """Return the scope and year that the address asks for; None where there is nothing for the reader to see."""
    kind, _dash, number = request.values.get("scope", "").partition("-")
    kind, scope_id = kind or request.values.get("kind", ""), whole(number or request.values.get("id"))
    college_id = whole(request.values.get("college"))
    if kind in KINDS and scope_id is not None:
        return _asked_of(seeing.scope_or_404(ScopeKind(kind), scope_id, current_user, college_id))
    seen = seeing.default_scope(current_user, college_id)
    return _asked_of(seen) if seen else None


def asked_or_back() -> Asked:
    """Return the scope and year that the address asks for; where there is nothing to see, the dashboard says so."""
    found = asked()
    return found if found is not None else abort(redirect(url_for("quality.show_dashboard")))


def edited_college() -> int:
    """Return the college whose indicators the reader edits: the one that the address names, else the first."""
    own = sorted(current_user.organizations_where(Permission.QUALITY_EDIT))
    if not own:
        abort(403)
    wanted = whole(request.values.get("college"))
    return wanted if wanted is not None and wanted in own else own[0]


def page_of(template: str, status: int = 200, **context: Any) -> tuple[str, int]:
    """Render a page of this feature."""
    return render_template(f"quality/{template}.html", labels=labels, **context), status
