"""HTTP of the item bank: the list of items with its matrix. Items, sheets and instruments are beside this file."""

from __future__ import annotations

from flask_login import current_user

from trainmgr.bank import (  # noqa: F401  they add their routes
    blueprint_views,
    frozen,
    importing,
    instrument_views,
    instruments,
    item_views,
    queries,
    sheet_views,
)
from trainmgr.bank.forms import standard_choices
from trainmgr.bank.pages import asked_filters, bp, render
from trainmgr.kernel.access import Permission, requires
from trainmgr.kernel.paging import Listing

blueprints = (bp,)


@bp.get("/bank/items")
@requires(Permission.BANK_VIEW)
def list_items():
    """Show the items of the reader's colleges; for one standard also how many each cell has and lacks."""
    filters = asked_filters()
    colleges = current_user.organizations_where(Permission.BANK_VIEW)
    lines = queries.competencies_for(colleges)
    page = queries.list_items(current_user, Listing.from_request(), filters)
    chosen = [line for line in lines if line.standard_id == filters.standard_id]
    return render(
        "items",
        page=page,
        filters=filters,
        by_id={line.id: line for line in lines},
        standards=standard_choices(lines),
        chosen=chosen,
        found=queries.count_by_cell(colleges, [line.id for line in chosen]) if chosen else {},
        wanted=instruments.wanted_by_blueprints(list(colleges), chosen[0].standard_id) if chosen else {},
        job=importing.latest_import(current_user),
    )
