"""HTTP of classes named by enterprises: how many, how many trainees, which share of all, by college and year (H3)."""

from __future__ import annotations

from datetime import MAXYEAR, MINYEAR

from flask import Blueprint, render_template, request
from flask_login import current_user

from trainmgr.classes import queries
from trainmgr.kernel.access import Permission, requires
from trainmgr.kernel.numbers import whole
from trainmgr.kernel.paging import Listing

named_bp = Blueprint("named_classes", __name__)


@named_bp.get("/named-classes")
@requires(Permission.PEOPLE_VIEW)
def list_named_classes():
    """Show the classes that enterprises named, with the share of all trainees, per college and year."""
    programs = queries.programs_seen(current_user)
    year, college = whole(request.args.get("year")), whole(request.args.get("college"))
    year = year if year and MINYEAR <= year <= MAXYEAR else None
    return render_template(
        "classes/named.html", figures=queries.named_figures(programs, year, college),
        colleges=queries.named_by_college(programs, year), years=queries.years_of(programs), year=year,
        college=college, page=queries.list_named(programs, year, college, Listing.from_request()),
    )  # fmt: skip
