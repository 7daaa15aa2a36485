"""HTTP of an organisation's webhooks: set up, change, what was sent, send again."""

from __future__ import annotations

from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import ngettext
from flask_login import current_user

from trainmgr.api import labels, tokens, webhooks
from trainmgr.api.forms import WebhookForm
from trainmgr.api.pages import bp
from trainmgr.api.rules import Event
from trainmgr.kernel.access import Permission, requires
from trainmgr.kernel.clock import utcnow
from trainmgr.kernel.errors import RuleBroken
from trainmgr.kernel.numbers import typed_version, whole
from trainmgr.kernel.paging import Listing

P = Permission
PLACE = "/integrations/<int:organization_id>/webhooks"
ONE = f"{PLACE}/<int:webhook_id>"


def _found(organization_id, webhook_id):
    organization = tokens.organization_or_404(organization_id, current_user)
    return organization, webhooks.webhook_or_404(organization, webhook_id)


def _page(organization, form, webhook=None, status=200, *, broken=None, secret=None):
    return render_template(
        "integrations/webhook.html", organization=organization, webhook=webhook, form=form, broken=broken, secret=secret
    ), status  # fmt: skip


@bp.get(f"{PLACE}/new")
@requires(P.INTEGRATION_MANAGE)
def new_webhook(organization_id):
    """Ask for an address and what it is told of."""
    organization = tokens.organization_or_404(organization_id, current_user)
    form = WebhookForm(formdata=None, active=True, events=[one.value for one in Event])
    return _page(organization, form)


@bp.post(f"{PLACE}/new")
@requires(P.INTEGRATION_MANAGE)
def add_webhook(organization_id):
    """Set a webhook up and show its secret this once."""
    organization, form = tokens.organization_or_404(organization_id, current_user), WebhookForm()
    if not form.validate():
        return _page(organization, form, None, 422)
    try:
        webhook, secret = webhooks.add(organization, form.facts(), by=current_user, now=utcnow())
    except RuleBroken as broken:
        return _page(organization, form, None, broken.status, broken=broken)
    return _page(organization, _shown(webhook), webhook, secret=secret)


def _shown(webhook):
    return WebhookForm(
        formdata=None, version=str(webhook.version), name=webhook.name, url=webhook.url, active=webhook.active,
        events=[one.value for one in webhook.events],
    )  # fmt: skip


@bp.get(ONE)
@requires(P.INTEGRATION_MANAGE)
def edit_webhook(organization_id, webhook_id):
    """Show a webhook's form; its secret is never shown again."""
    organization, webhook = _found(organization_id, webhook_id)
    return _page(organization, _shown(webhook), webhook)


@bp.post(ONE)
@requires(P.INTEGRATION_MANAGE)
def change_webhook(organization_id, webhook_id):
    """Change a webhook."""
    organization, webhook = _found(organization_id, webhook_id)
    form = WebhookForm()
    if not form.validate():
        return _page(organization, form, webhook, 422)
    try:
        webhooks.change(webhook, form.facts(), version=typed_version(), by=current_user, now=utcnow())
    except RuleBroken as broken:
        return _page(organization, form, webhook, broken.status, broken=broken)
    flash(_("Kept."), "success")
    return redirect(url_for(".list_systems", organization_id=organization.id))


@bp.post(f"{ONE}/secret")
@requires(P.INTEGRATION_MANAGE)
def renew_secret(organization_id, webhook_id):
    """Give a webhook a new secret and show it this once."""
    organization, webhook = _found(organization_id, webhook_id)
    secret = webhooks.renew_secret(webhook, by=current_user, now=utcnow())
    return _page(organization, _shown(webhook), webhook, secret=secret)


@bp.get(f"{ONE}/deliveries")
@requires(P.INTEGRATION_MANAGE)
def list_deliveries(organization_id, webhook_id):
    """Show what was sent to a webhook, the latest first, to send some of it again."""
    organization, webhook = _found(organization_id, webhook_id)
    state = request.args.get("state", "")
    return render_template(
        "integrations/deliveries.html", organization=organization, webhook=webhook, labels=labels, state=state,
        page=webhooks.list_deliveries(webhook, Listing.from_request(), state),
    )  # fmt: skip


@bp.post(f"{ONE}/deliveries")
@requires(P.INTEGRATION_MANAGE)
def replay_deliveries(organization_id, webhook_id):
    """Send the ticked events again."""
    _organization, webhook = _found(organization_id, webhook_id)
    ids = [number for text in request.form.getlist("id")[:100] if (number := whole(text))]
    count = webhooks.replay(webhook, ids, by=current_user, now=utcnow())
    flash(ngettext("%(num)s event goes out again.", "%(num)s events go out again.", count), "success")
    return redirect(url_for(".list_deliveries", organization_id=organization_id, webhook_id=webhook.id))
