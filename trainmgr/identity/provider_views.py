"""HTTP of how an organisation's people sign in: whether staff need a second factor, through which systems."""

from __future__ import annotations

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_login import current_user

from trainmgr.identity import factors, providers
from trainmgr.identity.factor_forms import RuleForm
from trainmgr.identity.provider_forms import ProviderForm
from trainmgr.identity.sign_on_models import ProviderKind
from trainmgr.kernel.access import Permission, requires
from trainmgr.kernel.clock import utcnow
from trainmgr.kernel.errors import RuleBroken
from trainmgr.kernel.numbers import whole
from trainmgr.kernel.signing import public_address

bp = Blueprint("sign_on", __name__)
PLACE = "/organizations/<int:organization_id>/sign-on"


@bp.get(PLACE)
@requires(Permission.INTEGRATION_MANAGE)
def show_sign_on(organization_id):
    """Show how an organisation's people sign in."""
    return _overview(_organization(organization_id))


@bp.post(f"{PLACE}/rule")
@requires(Permission.INTEGRATION_MANAGE)
def set_rule(organization_id):
    """Ask staff for a second factor, or no longer; let first passwords last for so many days."""
    organization, form, now = _organization(organization_id), RuleForm(), utcnow()
    if not form.validate():
        return _overview(organization, form, 422)
    factors.set_rule(organization, required=bool(form.required.data), by=current_user, now=now)
    factors.set_first_password_days(organization, form.days.data, by=current_user, now=now)
    flash(_("Kept."), "success")
    return redirect(url_for(".show_sign_on", organization_id=organization.id))


@bp.get(f"{PLACE}/new")
@requires(Permission.INTEGRATION_MANAGE)
def new_provider(organization_id):
    """Ask for another system's addresses and names."""
    kind = _kind()
    form = ProviderForm(formdata=None).of_kind(kind, fill=True)
    return _form_page(_organization(organization_id), form)


@bp.post(f"{PLACE}/new")
@requires(Permission.INTEGRATION_MANAGE)
def add_provider(organization_id):
    """Set another system up."""
    organization, kind = _organization(organization_id), _kind()
    form = ProviderForm().of_kind(kind)
    if not form.validate():
        return _form_page(organization, form, status=422)
    provider = providers.add(organization, kind, form.facts(), by=current_user, now=utcnow())
    flash(_("“%(name)s” is set up; try it in another browser.", name=provider.name), "success")
    return redirect(url_for(".show_sign_on", organization_id=organization.id))


@bp.get(f"{PLACE}/<int:provider_id>")
@requires(Permission.INTEGRATION_MANAGE)
def edit_provider(organization_id, provider_id):
    """Show another system's settings; its secret is never shown again."""
    organization = _organization(organization_id)
    provider = providers.provider_or_404(organization, provider_id)
    form = ProviderForm(formdata=None, obj=provider, link_rule=provider.link_rule.value).of_kind(
        provider.kind
    )
    return _form_page(organization, form, provider)


@bp.post(f"{PLACE}/<int:provider_id>")
@requires(Permission.INTEGRATION_MANAGE)
def change_provider(organization_id, provider_id):
    """Change another system's settings."""
    organization = _organization(organization_id)
    provider = providers.provider_or_404(organization, provider_id)
    form = ProviderForm().of_kind(provider.kind)
    if not form.validate():
        return _form_page(organization, form, provider, 422)
    try:
        providers.change(
            provider, form.facts(), version=whole(form.version.data) or 0, by=current_user, now=utcnow()
        )
    except RuleBroken as broken:
        return _form_page(organization, form, provider, broken.status, broken)
    flash(_("Kept."), "success")
    return redirect(url_for(".show_sign_on", organization_id=organization.id))


# --- what several of them need -------------------------------------------------------------------


def _organization(organization_id: int):
    return providers.organization_or_404(organization_id, current_user)


def _kind() -> ProviderKind:
    asked = request.args.get("kind", ProviderKind.OIDC.value)
    return ProviderKind(asked) if asked in set(ProviderKind) else abort(404)


def _form_page(organization, form, provider=None, status: int = 200, broken=None):
    back = provider and public_address("through.show_return", provider_id=provider.id)
    page = render_template(
        "sign_on/provider.html",
        organization=organization,
        provider=provider,
        form=form,
        broken=broken,
        back=back,
    )
    return page, status


def _overview(organization, form=None, status: int = 200):
    without, staff = factors.staff_without(organization)
    if form is None:
        required, days = factors.choices_of(organization)
        form = RuleForm(formdata=None, required=required, days=days)
    page = render_template(
        "sign_on/overview.html",
        organization=organization,
        form=form,
        without=without,
        staff=staff,
        providers=providers.providers_of(organization),
        kinds=list(ProviderKind),
    )
    return page, status
