"""HTTP of the whole trail: search it, take it along."""

from __future__ import annotations

from flask import render_template, request
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_login import current_user

from trainmgr.kernel.access import Permission, requires
from trainmgr.kernel.audit import tell
from trainmgr.kernel.paging import Listing
from trainmgr.kernel.sheets import Column, send_rows, send_workbook, write_csv
from trainmgr.operation import looking
from trainmgr.operation.frame import bp

COLUMNS = [
    Column("at", _l("When")),
    Column("who", _l("Who")),
    Column("told", _l("What was done"), width=60),
    Column("reason", _l("Why"), width=40),
    Column("program", _l("Programme")),
    Column("action", _l("Action")),
    Column("subject", _l("Row in the database")),
    Column("seal", _l("Seal")),
]


@bp.get("/operation/trail")
@requires(Permission.AUDIT_VIEW)
def list_events():
    """Search the trail: who, what, when, why, in which programme."""
    asked = looking.Asked.from_request()
    page = looking.page_of_events(current_user, asked, Listing.from_request())
    rows = [(event, tell(event), number, code) for event, number, code in page.items]
    return render_template("operation/trail.html", page=page, rows=rows, asked=asked)


@bp.get("/operation/trail.xlsx")
@requires(Permission.AUDIT_VIEW)
def export_events():
    """Give what was found as a workbook, or as CSV."""
    lines, name = looking.lines_of_events(current_user, looking.Asked.from_request()), _("Trail")
    if request.args.get("form") == "csv":
        return send_workbook(write_csv(COLUMNS, lines), f"{name}.csv", media_type="text/csv")
    return send_rows(COLUMNS, lines, f"{name}.xlsx", title=name)
