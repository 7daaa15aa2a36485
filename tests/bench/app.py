"""The application as the bench measures it: one bare page more, and each answer says how many statements it took.

`granian --interface wsgi tests.bench.app:app`; the database comes from the environment.
"""

from __future__ import annotations

import gc
from typing import Any

import sqlalchemy as sa
from flask import Blueprint, Flask, Response, g, render_template_string
from sqlalchemy import event

from trainmgr import create_app
from trainmgr.enrolment.models import Enrolment
from trainmgr.kernel.access import Permission, requires
from trainmgr.kernel.db import db

HEADER = "X-Statements"
NOT_COUNTED = ("BEGIN", "PRAGMA", "SAVEPOINT", "RELEASE", "ROLLBACK", "COMMIT")
BARE_ROWS = 50
BARE = """<!doctype html>
<html lang="en"><head><title>Bare</title></head><body><h1>Bare</h1>
<table><thead><tr><th>Name</th><th>Student number</th><th>Field</th><th>Level</th><th>Hours</th></tr></thead><tbody>
{% for row in rows %}<tr><td>{{ row.name }}</td><td>{{ row.student_number }}</td><td>{{ row.field }}</td>
<td>{{ row.level }}</td><td>{{ row.verified_minutes }}</td></tr>
{% endfor %}</tbody></table></body></html>"""

bp = Blueprint("bench", __name__)


@bp.get("/bench/bare")
@requires(Permission.ACCOUNT_USE)
def show_bare() -> str:
    """Fifty rows in a plain table: what a signed-in page costs at the least."""
    rows = db.session.scalars(sa.select(Enrolment).order_by(Enrolment.id).limit(BARE_ROWS)).all()
    return render_template_string(BARE, rows=rows)


def count(connection: Any, cursor: Any, statement: str, *_: Any) -> None:
    """Add a statement to the present request's count."""
    if g and not statement.startswith(NOT_COUNTED):
        g.statements = g.get("statements", 0) + 1


def tell(response: Response) -> Response:
    """Say how many statements the answer took."""
    response.headers[HEADER] = str(g.get("statements", 0))
    return response


def create() -> Flask:
    """Build the application with the bench's additions."""
    made = create_app()
    made.register_blueprint(bp)
    made.after_request(tell)
    with made.app_context():
        event.listen(db.engine, "before_cursor_execute", count)
    return made


app = create()
gc.collect()  # as run.py does
gc.freeze()
