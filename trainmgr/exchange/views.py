"""HTTP of the exchange with other systems: the overview; the views by subject register themselves."""

from __future__ import annotations

from flask import redirect, render_template, url_for
from flask_login import current_user

from trainmgr.exchange import file_views, keeping, roster_views, statement_views
from trainmgr.exchange.frame import COLLEGE, bp, college_for, overview
from trainmgr.kernel.access import Permission, requires

blueprints = (bp,)
assert all((file_views, roster_views, statement_views))


@bp.get("/exchange/")
@requires(Permission.INTEGRATION_MANAGE)
def list_colleges():
    """Lead to the exchange of the reader's college; whoever looks after several chooses one."""
    colleges = keeping.colleges_of(current_user)
    if len(colleges) == 1:
        return redirect(url_for(".show_exchange", organization_id=colleges[0].id))
    return render_template("exchange/colleges.html", colleges=colleges)


@bp.get(COLLEGE)
@requires(Permission.INTEGRATION_MANAGE)
def show_exchange(organization_id):
    """Show what a college exchanges with other systems, and how."""
    return overview(college_for(organization_id))
