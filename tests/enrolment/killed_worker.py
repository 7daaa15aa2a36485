"""A process that does one job of an installation: `python -m tests.enrolment.killed_worker FOLDER JOB`."""

import sys

from trainmgr import create_app
from trainmgr.kernel.jobs import running


def make_app(folder):
    """The whole program on SQLite in a folder; a heartbeat that is silent for a second is a dead worker's."""
    return create_app(
        {
            "SECRET_KEY": "only for tests",
            "SQLALCHEMY_DATABASE_URI": f"sqlite:///{folder}/killed.db",
            "INSTANCE_PATH": str(folder),
            "JOBS_STALE_SECONDS": 1,
        }
    )


if __name__ == "__main__":
    with make_app(sys.argv[1]).app_context():
        running.execute(int(sys.argv[2]))
