"""HTTP for machines that watch: readiness and figures."""

from __future__ import annotations

from flask import Response, abort, jsonify
from prometheus_client import CONTENT_TYPE_LATEST

from trainmgr.kernel.access import public
from trainmgr.kernel.clock import utcnow
from trainmgr.operation import metrics, state
from trainmgr.operation.frame import bp


@bp.get("/readyz")
@public
def show_readiness():
    """Answer 200 while this host can serve: database, migrations, files; the worker is told besides."""
    ready, parts = state.readiness(utcnow())
    return jsonify(status="ok" if ready else "failing", **parts), 200 if ready else 503


@bp.get("/metrics")
@public
def show_metrics():
    """Show the figures to Prometheus; to anybody else the page is not there."""
    if not metrics.may_read():
        abort(404)
    return Response(metrics.written(utcnow()), content_type=CONTENT_TYPE_LATEST)
