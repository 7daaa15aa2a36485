"""What the pages of the exchange have in common: the blueprint and the overview."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, render_template
from flask_login import current_user

from trainmgr.exchange import keeping, labels, maps, stores
from trainmgr.exchange.forms import PeriodForm
from trainmgr.identity.models import Organization

bp = Blueprint("exchange", __name__)
COLLEGE = "/exchange/<int:organization_id>"


def college_for(organization_id: int) -> Organization:
    """Return the college that a page is about, as far as the reader looks after its exchange; else 404."""
    return keeping.college_or_404(organization_id, current_user)


def overview(college: Organization, status: int = 200, **context: Any) -> Any:
    """Answer with the overview of what a college exchanges."""
    context.setdefault("period", PeriodForm(formdata=None))
    return render_template(
        "exchange/overview.html", organization=college, labels=labels, jobs=keeping.latest_jobs(college, current_user),
        stores=stores.stores_of(college), maps=maps.present_maps(college.id), **context,
    ), status  # fmt: skip
