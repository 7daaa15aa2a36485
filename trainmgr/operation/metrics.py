"""Figures for Prometheus: requests and their time by endpoint, jobs by state, the pool of connections.

With several processes of one host, set PROMETHEUS_MULTIPROC_DIR to an empty folder (ops/trainmgr-web.service does):
their counts are then added up, whichever process is asked. Without it each process tells its own.
"""

from __future__ import annotations

import hmac
import ipaddress
import os
from collections.abc import Iterator
from datetime import datetime
from time import perf_counter
from typing import Any

import sqlalchemy as sa
from flask import Flask, Response, current_app, g, request
from flask.signals import request_finished
from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.multiprocess import MultiProcessCollector

from trainmgr.kernel.db import db
from trainmgr.kernel.jobs import Job, JobState
from trainmgr.operation import state

REGISTRY = CollectorRegistry()
LABELS = ("endpoint", "method")
REQUESTS = Counter("trainmgr_requests_total", "Requests answered.", (*LABELS, "status"), registry=REGISTRY)
SECONDS = Histogram(
    "trainmgr_request_seconds",
    "Time from the first line of a request to its answer.",
    LABELS,
    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10),
    registry=REGISTRY,
)
METHODS = {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"}
FORWARDED = ("Forwarded", "X-Forwarded-For", "X-Real-IP", "Via")


def count(sender: Flask, response: Response, **_: Any) -> None:
    """Count a request and its time, by the endpoint's name: few, known, and without anybody's data."""
    endpoint = request.endpoint or "none"
    method = request.method if request.method in METHODS else "other"
    REQUESTS.labels(endpoint, method, str(response.status_code)).inc()
    if begun := g.get("request_begun"):
        SECONDS.labels(endpoint, method).observe(perf_counter() - begun)


def may_read() -> bool:
    """Tell whether the asker has the token, or sits on this machine where no token is set.

    A proxy on this machine asks from the loopback too, for anybody; it gives itself away by its headers.
    """
    token = current_app.config.get("METRICS_TOKEN")
    if token:
        given = request.authorization.token if request.authorization else None
        return hmac.compare_digest((given or "").encode(), str(token).encode())
    if any(name in request.headers for name in FORWARDED):
        return False
    try:
        return ipaddress.ip_address(request.remote_addr or "").is_loopback
    except ValueError:
        return False


class Now:
    """What is asked of the database and the pool at the moment of the question."""

    def __init__(self, now: datetime) -> None:
        self.now = now

    def collect(self) -> Iterator[GaugeMetricFamily]:
        """Yield jobs by state, how long the oldest waits, the worker's last look, the pool."""
        asked = sa.select(Job.state, sa.func.count()).group_by(Job.state)
        counted = {state: number for state, number in db.session.execute(asked)}  # noqa: C416  rows, not pairs
        jobs = GaugeMetricFamily("trainmgr_jobs", "Jobs by state.", labels=["state"])
        for one in JobState:
            jobs.add_metric([one.value], counted.get(one, 0))
        yield jobs
        oldest = db.session.scalar(sa.select(sa.func.min(Job.created_at)).where(Job.state == JobState.QUEUED))
        yield _gauge("trainmgr_oldest_job_seconds", "How long the oldest job waits.", self._since(oldest))
        seen = state.marked(state.WORKER)
        yield _gauge("trainmgr_worker_seconds", "Since the worker last looked at the clock; -1: never.",
                     self._since(seen) if seen else -1)  # fmt: skip
        pool: Any = db.engine.pool
        yield _gauge("trainmgr_pool_connections_in_use", "Of the process that answers.", pool.checkedout())
        yield _gauge("trainmgr_pool_connections_idle", "Of the process that answers.", pool.checkedin())

    def _since(self, moment: datetime | None) -> float:
        return (self.now - moment).total_seconds() if moment else 0.0


def _gauge(name: str, told: str, value: float) -> GaugeMetricFamily:
    return GaugeMetricFamily(name, told, value=value)


def written(now: datetime) -> bytes:
    """Return all figures as Prometheus reads them."""
    registry = REGISTRY
    if os.environ.get("PROMETHEUS_MULTIPROC_DIR"):
        registry = CollectorRegistry()
        MultiProcessCollector(registry)
    asked = CollectorRegistry()
    asked.register(Now(now))
    return generate_latest(registry) + generate_latest(asked)


def init_app(app: Flask) -> None:
    """Count every request."""
    request_finished.connect(count, app)
