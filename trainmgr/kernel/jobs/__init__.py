"""Background jobs: planned in the request's transaction, done by one worker, taken up again when it dies."""

from __future__ import annotations

import click
from flask import Flask, current_app
from flask.cli import AppGroup

from trainmgr.kernel.jobs import queue
from trainmgr.kernel.jobs.models import Job, JobState
from trainmgr.kernel.jobs.queue import each_minute, enqueue, keep_time, restart, resume
from trainmgr.kernel.jobs.running import JobLost, JobRun, job, stop

__all__ = [
    "Job",
    "JobLost",
    "JobRun",
    "JobState",
    "each_minute",
    "enqueue",
    "init_app",
    "job",
    "keep_time",
    "restart",
    "resume",
    "stop",
]

cli = AppGroup("jobs", help="Background jobs.")


@cli.command("resume")
def resume_command() -> None:
    """Put every job back into the queue that waits or whose worker is gone."""
    click.echo(f"{len(resume())} jobs queued")


@cli.command("work")
def work_command() -> None:
    """Be the worker until interrupted."""
    queue.work(current_app._get_current_object())  # type: ignore[attr-defined]


def init_app(app: Flask) -> None:
    """Give the application its queue and the `jobs` commands."""
    app.extensions["jobs"] = queue.Queue(app)
    app.cli.add_command(cli)
