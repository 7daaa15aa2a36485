"""HTTP of keeping resources up to date: what is overdue, how much of a collection was renewed, the rules."""

from __future__ import annotations

from typing import Any

from flask import abort, flash, redirect, request, url_for
from flask_babel import gettext as _
from flask_login import current_user

from trainmgr.kernel.access import Permission, requires
from trainmgr.kernel.clock import today, utcnow
from trainmgr.kernel.numbers import whole
from trainmgr.kernel.paging import Listing
from trainmgr.materials import actions, queries, renewing
from trainmgr.materials.forms import rule_form
from trainmgr.materials.pages import bp, render
from trainmgr.materials.rules import Rule, UpdateKind, is_enough


@bp.get("/materials/overdue")
@requires(Permission.MATERIAL_VIEW)
def list_overdue() -> Any:
    """Show whose next version is late, by how many days."""
    return render("overdue", page=renewing.list_overdue(current_user, Listing.from_request(), today()))


@bp.get("/materials/collections")
@requires(Permission.MATERIAL_VIEW)
def list_collections() -> Any:
    """Show how much of each collection was renewed in the last twelve months."""
    page = renewing.list_collections(current_user, Listing.from_request(), today())
    asked = renewing.shares_asked({row[1] for row in page.items})
    return render("collections", page=page, asked=asked, is_enough=is_enough)


def _home() -> tuple[list[tuple[int, str]], int, str]:
    homes = queries.home_choices(current_user)
    wanted = whole(request.values.get("owner")) or (homes[0][0] if homes else 0)
    name = dict(homes).get(wanted)
    return (homes, wanted, name) if name is not None else abort(404)


@bp.get("/materials/rules")
@requires(Permission.MATERIAL_EDIT)
def edit_rules() -> Any:
    """Show within how many days each kind is renewed."""
    homes, owner_id, _name = _home()
    known = renewing.rules_of(owner_id)
    days = {kind.value: rule.days for kind, rule in known.items()}
    form = rule_form(list(UpdateKind))(formdata=None, share=known[UpdateKind.YEARLY].share, data=days)
    return render("rules", form=form, homes=homes, owner_id=owner_id, kinds=list(UpdateKind))


@bp.post("/materials/rules")
@requires(Permission.MATERIAL_EDIT)
def change_rules() -> Any:
    """Save the rules; what is due follows at once."""
    homes, owner_id, name = _home()
    form = rule_form(list(UpdateKind))()
    if not form.validate():
        return render("rules", 422, form=form, homes=homes, owner_id=owner_id, kinds=list(UpdateKind))
    for kind in UpdateKind:
        share = form.share.data if kind is UpdateKind.YEARLY else 0
        rule = Rule(form[kind.value].data, share)
        actions.set_rule(owner_id, name, kind, rule, by=current_user, now=utcnow())
    flash(_("Saved. What is due was worked out anew."), "success")
    return redirect(url_for(".edit_rules", owner=owner_id))
