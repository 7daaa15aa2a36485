"""What the pages of the faculty have in common: the blueprint, the tabs, the words."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, abort, render_template, request
from flask_login import current_user

from trainmgr.faculty import labels, queries
from trainmgr.identity.models import Organization
from trainmgr.kernel.numbers import whole

bp = Blueprint("faculty", __name__)


def page_of(template: str, status: int = 200, **context: Any) -> tuple[str, int]:
    """Render a page of the faculty."""
    return render_template(f"faculty/{template}.html", words=labels, **context), status


def asked_home(*, to_edit: bool = False) -> tuple[Organization, list[tuple[int, str]]]:
    """Return the organisation that the address asks for (or the reader's first), and those to choose from."""
    homes = queries.editable_homes(current_user) if to_edit else queries.seen_homes(current_user)
    if not homes:
        abort(403)
    wanted = whole(request.values.get("organization"))
    home = next((one for one in homes if one.id == wanted), homes[0])
    return home, [(one.id, one.short) for one in homes]
