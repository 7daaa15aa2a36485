"""What all pages of standards share: their blueprint, the version that is shown, who may do what with it."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, abort, render_template
from flask_login import current_user

from trainmgr.programs.labels import SIDES
from trainmgr.standards import labels, queries
from trainmgr.standards.presenting import View, label_of

bp = Blueprint("standards", __name__)

STANDARD = "/standards/<int:standard_id>"
VERSION = f"{STANDARD}/versions/<int:number>"
DRAFT = f"{STANDARD}/draft"


def load(standard_id: int, number: int | None = None) -> View:
    """Return a version that the reader may see (the newest unless numbered), or answer 404."""
    standard = queries.standard_or_404(standard_id, current_user)
    versions = queries.versions_for(standard, current_user)
    if number is not None:
        versions = [version for version in versions if version.number == number]
    return View(standard, versions[0], current_user) if versions else abort(404)


def load_draft(standard_id: int) -> View:
    """Return the draft of a standard; 404 where there is none, 403 for who sees the standard but does not build it."""
    standard = queries.standard_or_404(standard_id, current_user)
    if not queries.may_edit(standard, current_user):
        abort(403)
    draft = queries.draft_of(standard)
    return View(standard, draft, current_user) if draft is not None else abort(404)


def render(template: str, view: View, *, status: int = 200, **context: Any) -> tuple[str, int]:
    """Render a page of one version."""
    html = render_template(
        f"standards/{template}.html",
        view=view,
        standard=view.standard,
        version=view.version,
        dimensions=labels.DIMENSIONS,
        states=labels.STATES,
        kinds=labels.TASK_KINDS,
        one_task=labels.ONE_TASK,
        side_names=SIDES,
        label_of=label_of,
        **context,
    )
    return html, status
