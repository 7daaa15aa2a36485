"""Whether the installation answers, for whoever watches it."""

from __future__ import annotations

import sqlalchemy as sa
from flask import Blueprint, Response, current_app, jsonify
from sqlalchemy.exc import SQLAlchemyError

from trainmgr.kernel.access import public
from trainmgr.kernel.db import db

bp = Blueprint("health", __name__)


@bp.get("/healthz")
@public
def show_health() -> tuple[Response, int]:
    """Answer 200 while the database answers, else 503."""
    version = current_app.config["VERSION"]
    try:
        db.session.execute(sa.text("SELECT 1"))
    except SQLAlchemyError:
        db.session.rollback()
        return jsonify(status="failing", database="unreachable", version=version), 503
    return jsonify(status="ok", database=db.engine.dialect.name, version=version), 200
