"""The job that works out a programme's figures: at once after a rating, beside the request."""

from __future__ import annotations

from trainmgr.insights import keeping
from trainmgr.kernel import jobs
from trainmgr.kernel.clock import utcnow


@jobs.job(keeping.COMPUTING)
def compute_in_background(run: jobs.JobRun) -> None:
    """Work out what is stale, row by row, until nothing is; started again, it goes on with the rest."""
    assert run.program_id is not None
    keeping.tidy(run.program_id, run.id)
    run.progress(0)
    while rows := keeping.stale(run.program_id):
        for insight_id in rows:
            keeping.compute(insight_id, now=utcnow())
            run.progress(run.done + 1)
