"""HTTP of one enterprise over all programmes that it takes part in."""

from __future__ import annotations

from typing import Any

from flask import abort, render_template
from flask_login import current_user

from trainmgr.evaluation.labels import PARTIES
from trainmgr.evaluation.scoring import hundred
from trainmgr.insights import enterprise_queries
from trainmgr.insights.frame import bp
from trainmgr.kernel.access import Permission, Role, requires
from trainmgr.kernel.paging import Listing


@bp.get("/enterprises/<int:organization_id>/insights")
@requires(Permission.INSIGHT_VIEW)
def show_enterprise(organization_id: int) -> Any:
    """Show how an enterprise's trainees do in all its programmes, and how satisfied it is."""
    enterprise = enterprise_queries.enterprise_or_404(organization_id)
    whole = enterprise_queries.whole_of(organization_id, current_user)
    own = current_user.organizations_as(Role.ENTERPRISE_COORDINATOR)
    if not whole.programs and organization_id not in own:
        abort(404)
    page = enterprise_queries.list_courses(organization_id, current_user, Listing.from_request())
    ids = [one.program.id for one in page.items]
    return render_template(
        "insights/enterprise.html",
        enterprise=enterprise,
        whole=whole,
        page=page,
        satisfaction=enterprise_queries.satisfaction_of(organization_id, current_user, ids),
        gaps=enterprise_queries.closed_gaps(ids),
        hundred=hundred,
        PARTIES=PARTIES,
    )
