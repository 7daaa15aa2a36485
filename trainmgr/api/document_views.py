"""HTTP of the document that tells programs what can be asked, and of the page that tells people."""

from __future__ import annotations

from flask import current_app, render_template

from trainmgr.api import reference
from trainmgr.api.frame import answer, bp
from trainmgr.api.pages import bp as pages
from trainmgr.api.spec import document
from trainmgr.kernel.access import Permission, public, requires


@bp.get("/openapi.json")
@public
def show_document():
    """Hand the OpenAPI document out; it holds nothing of anybody."""
    return answer(document(current_app.config["VERSION"]))


@pages.get("/api/docs")
@requires(Permission.ACCOUNT_USE)
def show_reference():
    """Show what programs can ask, area by area, made from the same document."""
    told = document(current_app.config["VERSION"])
    return render_template("integrations/reference.html", areas=reference.areas_of(told))
