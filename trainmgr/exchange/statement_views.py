"""HTTP of learning records: a period as a file, learning record stores, what was sent to them."""

from __future__ import annotations

from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import ngettext
from flask_login import current_user

from trainmgr.exchange import labels, statement_jobs, stores
from trainmgr.exchange.forms import PeriodForm, StoreForm
from trainmgr.exchange.frame import COLLEGE, bp, college_for, overview
from trainmgr.kernel.access import Permission, requires
from trainmgr.kernel.clock import local_day, today, utcnow
from trainmgr.kernel.errors import RuleBroken
from trainmgr.kernel.numbers import typed_version
from trainmgr.kernel.paging import Listing
from trainmgr.kernel.signing import public_root

P = Permission
ONE = f"{COLLEGE}/stores/<int:store_id>"


@bp.post(f"{COLLEGE}/statements")
@requires(P.INTEGRATION_MANAGE)
def start_statements(organization_id):
    """Have the learning records of a period written."""
    college, form = college_for(organization_id), PeriodForm()
    if not form.validate():
        return overview(college, 422, period=form)
    statement_jobs.start_file(
        college, form.first.data, form.last.data, root=public_root(), names=bool(form.names.data), by=current_user,
        now=utcnow(),
    )  # fmt: skip
    return redirect(url_for(".show_exchange", organization_id=college.id))


def _found(organization_id, store_id):
    college = college_for(organization_id)
    return college, stores.store_or_404(college, store_id)


def _page(college, form, store=None, status=200, broken=None):
    return render_template(
        "exchange/store.html", organization=college, form=form, store=store, broken=broken
    ), status


@bp.get(f"{COLLEGE}/stores/new")
@requires(P.INTEGRATION_MANAGE)
def new_store(organization_id):
    """Ask for a learning record store and what it is told."""
    return _page(college_for(organization_id), StoreForm(formdata=None, active=True, since=today()))


@bp.post(f"{COLLEGE}/stores/new")
@requires(P.INTEGRATION_MANAGE)
def add_store(organization_id):
    """Set a learning record store up."""
    college, form = college_for(organization_id), StoreForm()
    if not form.validate():
        return _page(college, form, None, 422)
    try:
        stores.add(college, form.facts(is_new=True), public_root(), by=current_user, now=utcnow())
    except RuleBroken as broken:
        return _page(college, form, None, broken.status, broken)
    flash(_("Kept. The worker sends what happens from now on."), "success")
    return redirect(url_for(".show_exchange", organization_id=college.id))


@bp.get(ONE)
@requires(P.INTEGRATION_MANAGE)
def edit_store(organization_id, store_id):
    """Show a store's form; its password is never shown."""
    college, store = _found(organization_id, store_id)
    form = StoreForm(
        formdata=None, version=str(store.version), name=store.name, url=store.url, username=store.username,
        since=local_day(store.since), tells_names=store.tells_names, active=store.active,
    )  # fmt: skip
    return _page(college, form, store)


@bp.post(ONE)
@requires(P.INTEGRATION_MANAGE)
def change_store(organization_id, store_id):
    """Change a store."""
    college, store = _found(organization_id, store_id)
    form = StoreForm()
    if not form.validate():
        return _page(college, form, store, 422)
    try:
        stores.change(store, form.facts(is_new=False), version=typed_version(), by=current_user, now=utcnow())
    except RuleBroken as broken:
        return _page(college, form, store, broken.status, broken)
    flash(_("Kept."), "success")
    return redirect(url_for(".show_exchange", organization_id=college.id))


@bp.get(f"{ONE}/statements")
@requires(P.INTEGRATION_MANAGE)
def list_statements(organization_id, store_id):
    """Show what was, or waits to be, sent to a store, the latest first."""
    college, store = _found(organization_id, store_id)
    state = request.args.get("state", "")
    return render_template(
        "exchange/statements.html", organization=college, store=store, labels=labels, state=state,
        page=stores.list_statements(store, Listing.from_request(), state), counts=stores.counts_of(store),
    )  # fmt: skip


@bp.post(f"{ONE}/statements")
@requires(P.INTEGRATION_MANAGE)
def send_statements_again(organization_id, store_id):
    """Send what was given up once more."""
    college, store = _found(organization_id, store_id)
    count = stores.send_again(store, by=current_user, now=utcnow())
    flash(ngettext("%(num)s statement goes out again.", "%(num)s statements go out again.", count), "success")
    return redirect(url_for(".list_statements", organization_id=college.id, store_id=store.id))
