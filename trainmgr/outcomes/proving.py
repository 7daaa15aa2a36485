"""What the result shows for a competency: attainment before and after, and how much of its gap was closed."""

from __future__ import annotations

import sqlalchemy as sa
from flask import url_for
from flask_babel import gettext as _

from trainmgr.curriculum.tracing import Asked, Proof, proves
from trainmgr.kernel.access import Permission
from trainmgr.kernel.db import db
from trainmgr.kernel.i18n import number, percent
from trainmgr.outcomes.models import GapClosure
from trainmgr.programs.queries import may


@proves
def closed(asked: Asked) -> Proof | None:
    """Show the level before and after and the share of the gap that the training closed, over the programme."""
    if not may(asked.program, asked.viewer, Permission.RESULT_VIEW_ALL):
        return None
    found = db.session.scalars(
        sa.select(GapClosure).where(
            GapClosure.program_id == asked.program.id,
            GapClosure.competency_id == asked.competency.id,
            GapClosure.cohort_id.is_(None),
        )
    ).one_or_none()
    title = _("Evaluation")
    if found is None:
        return Proof(title, _("No terminal evaluation has measured it yet."), is_there=False)
    return Proof(
        title, _text(found), before=found.before, after=found.after,
        url=url_for("outcomes.show_result", program_id=asked.program.id),
    )  # fmt: skip


def _text(found: GapClosure) -> str:
    values = {
        "before": number(found.before, 2),
        "after": number(found.after, 2),
        "required": number(found.required, 2),
        "people": number(found.n),
    }
    text = _(
        "Level %(before)s before, %(after)s after, required %(required)s (%(people)s trainees measured).",
        **values,
    )
    if found.closed is None:
        return text
    return text + " " + _("%(share)s of the gap is closed.", share=percent(found.closed, 1))
