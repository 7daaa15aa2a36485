"""What the pages of contests have in common: the blueprint, the frame, who runs."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, abort, render_template
from flask_login import current_user

from trainmgr.contests import labels, queries
from trainmgr.contests.models import Contest
from trainmgr.programs.amounts import say_hundredths

bp = Blueprint("contests", __name__)

CONTEST = "/contests/<int:contest_id>"


def page_of(template: str, status: int = 200, **context: Any) -> tuple[str, int]:
    """Render a page of this feature."""
    html = render_template(f"contests/{template}.html", labels=labels, yuan=say_hundredths, **context)
    return html, status


def run_contest(contest_id: int) -> Contest:
    """Return a contest that the reader runs, else answer 404 or 403."""
    contest = queries.contest_or_404(contest_id, current_user)
    if not queries.runs(contest, current_user):
        abort(403)
    return contest
