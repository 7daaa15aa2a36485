"""What the result shows for a competency: attainment before and after, and how much of its gap was closed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from flask import url_for
from flask_babel import gettext as _

from trainmgr.curriculum.tracing import Asked, Proof, proves_by
from trainmgr.kernel.access import Permission
from trainmgr.kernel.i18n import number, percent
from trainmgr.outcomes.models import GapClosure
from trainmgr.programs.queries import may


def _closure(asked: Asked) -> sa.Select[*tuple[Any, ...]] | None:
    """Read how far the gap was closed over the whole programme."""
    if not may(asked.program, asked.viewer, Permission.RESULT_VIEW_ALL):
        return None
    columns = (GapClosure.n, GapClosure.before, GapClosure.after, GapClosure.required, GapClosure.closed)
    return sa.select(*columns).where(
        GapClosure.program_id == asked.program.id,
        GapClosure.competency_id == asked.competency.id,
        GapClosure.cohort_id.is_(None),
    )


@proves_by(_closure)
def closed(asked: Asked, row: Sequence[Any] | None) -> Proof:
    """Show the level before and after and the share of the gap that the training closed, over the programme."""
    title = _("Evaluation")
    if row is None:
        return Proof(title, _("No terminal evaluation has measured it yet."), is_there=False)
    people, before, after, required, share = row
    return Proof(
        title, _text(people, before, after, required, share), before=before, after=after,
        url=url_for("outcomes.show_result", program_id=asked.program.id),
    )  # fmt: skip


def _text(people: int, before: float, after: float, required: float, share: float | None) -> str:
    values = {
        "before": number(before, 2),
        "after": number(after, 2),
        "required": number(required, 2),
        "people": number(people),
    }
    text = _(
        "Level %(before)s before, %(after)s after, required %(required)s (%(people)s trainees measured).",
        **values,
    )
    if share is None:
        return text
    return text + " " + _("%(share)s of the gap is closed.", share=percent(share, 1))
