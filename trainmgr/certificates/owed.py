"""What certificates of others ask of those who run a programme: to be held against their proof."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa

from trainmgr.certificates.models import ExternalCertificate
from trainmgr.certificates.rules import ExternalState
from trainmgr.kernel.access import Role
from trainmgr.kernel.clock import local_day
from trainmgr.kernel.db import db
from trainmgr.kernel.msgids import N_, N_n
from trainmgr.programs import dues
from trainmgr.programs.dues import DueCode, Line, code
from trainmgr.programs.models import Program
from trainmgr.programs.rules import Step

VERIFY = code(
    "verify-certificates",
    DueCode(
        step=Step.RESULT,
        title=N_n(
            "One certificate of others to be verified", "%(amount)s certificates of others to be verified"
        ),
        hint=N_("they count once they were held against their proof"),
        verb=N_("Look at them"),
        endpoint="certificates.show_waiting",
        outlives=True,
    ),
)


def renew(program_id: int, now: datetime) -> None:
    """Bring the inbox of the leading college's staff up to date (two statements)."""
    db.session.flush()
    waiting = sa.select(sa.func.count()).where(
        ExternalCertificate.program_id == program_id, ExternalCertificate.state == ExternalState.ENTERED
    )
    count, college_id = db.session.execute(
        sa.select(waiting.scalar_subquery(), Program.lead_college_id).where(Program.id == program_id)
    ).one()
    line = Line(organization_id=college_id, role=Role.STAFF, amount=count)
    dues.put_many(VERIFY, [line], program_id=program_id, visible_from=local_day(now))
