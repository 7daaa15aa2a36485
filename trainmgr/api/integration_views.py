"""HTTP of an organisation's other systems and their tokens."""

from __future__ import annotations

from flask import flash, redirect, render_template, url_for
from flask_babel import gettext as _
from flask_login import current_user

from trainmgr.api import labels, tokens, webhooks
from trainmgr.api.forms import IntegrationForm, TokenForm
from trainmgr.api.pages import bp
from trainmgr.kernel.access import Permission, requires
from trainmgr.kernel.clock import utcnow
from trainmgr.kernel.errors import RuleBroken

P = Permission
PLACE = "/integrations/<int:organization_id>"
ONE = f"{PLACE}/systems/<int:integration_id>"


def _found(organization_id, integration_id):
    organization = tokens.organization_or_404(organization_id, current_user)
    return organization, tokens.integration_or_404(organization, integration_id)


def _list_page(organization, form, status=200, broken=None):
    roles = tokens.ROLES.get(organization.kind, ())
    return render_template(
        "integrations/systems.html", organization=organization, form=form.offer(roles), broken=broken, roles=roles,
        systems=tokens.integrations_of(organization), webhooks=webhooks.webhooks_of(organization), labels=labels,
        now=utcnow(),
    ), status  # fmt: skip


@bp.get(PLACE)
@requires(P.INTEGRATION_MANAGE)
def list_systems(organization_id):
    """Show the systems that an organisation has connected, and its webhooks."""
    organization = tokens.organization_or_404(organization_id, current_user)
    return _list_page(organization, IntegrationForm(formdata=None))


@bp.post(PLACE)
@requires(P.INTEGRATION_MANAGE)
def connect_system(organization_id):
    """Connect another system."""
    organization = tokens.organization_or_404(organization_id, current_user)
    form = IntegrationForm().offer(tokens.ROLES.get(organization.kind, ()))
    if not form.validate():
        return _list_page(organization, form, 422)
    try:
        made = tokens.connect(organization, form.name.data, form.as_role, by=current_user, now=utcnow())
    except RuleBroken as broken:
        return _list_page(organization, form, broken.status, broken)
    flash(_("“%(name)s” is connected; now make its token.", name=made.name), "success")
    return redirect(url_for(".show_system", organization_id=organization.id, integration_id=made.id))


def _page(organization, integration, form, status=200, *, broken=None, shown=None):
    return render_template(
        "integrations/system.html", organization=organization, system=integration, form=form, broken=broken,
        shown=shown, labels=labels, now=utcnow(), tokens=tokens.tokens_for(integration),
        revoke_of=lambda token: url_for(
            ".revoke_system_token", organization_id=organization.id, integration_id=integration.id, token_id=token.id
        ),
    ), status  # fmt: skip


@bp.get(ONE)
@requires(P.INTEGRATION_MANAGE)
def show_system(organization_id, integration_id):
    """Show a system with its tokens, and the form of a new one."""
    organization, integration = _found(organization_id, integration_id)
    return _page(organization, integration, TokenForm(formdata=None, days="365"))


@bp.post(f"{ONE}/tokens")
@requires(P.INTEGRATION_MANAGE)
def make_system_token(organization_id, integration_id):
    """Make a token for a system and show it this once."""
    organization, integration = _found(organization_id, integration_id)
    form = TokenForm()
    if not form.validate():
        return _page(organization, integration, form, 422)
    try:
        _token, text = tokens.make_for(integration, form.facts(), by=current_user, now=utcnow())
    except RuleBroken as broken:
        return _page(organization, integration, form, broken.status, broken=broken)
    return _page(organization, integration, TokenForm(formdata=None, days="365"), shown=text)


@bp.post(f"{ONE}/tokens/<int:token_id>/revoke")
@requires(P.INTEGRATION_MANAGE)
def revoke_system_token(organization_id, integration_id, token_id):
    """Revoke a token of a system."""
    _organization, integration = _found(organization_id, integration_id)
    token = tokens.token_or_404(integration, token_id)
    tokens.revoke(token, by=current_user, now=utcnow())
    flash(_("“%(name)s” opens nothing any more.", name=token.name), "success")
    return redirect(url_for(".show_system", organization_id=organization_id, integration_id=integration.id))


@bp.post(f"{ONE}/off")
@requires(P.INTEGRATION_MANAGE)
def switch_system_off(organization_id, integration_id):
    """Switch a system off with all its tokens."""
    _organization, integration = _found(organization_id, integration_id)
    tokens.switch_off(integration, by=current_user, now=utcnow())
    flash(_("“%(name)s” is switched off.", name=integration.name), "success")
    return redirect(url_for(".list_systems", organization_id=organization_id))
