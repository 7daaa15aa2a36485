"""The other systems through which an organisation's people sign in: set up by administrators, asked by their kind."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from flask import abort
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from trainmgr.identity import cas, oidc, queries, workplaces
from trainmgr.identity.asserted import Identity
from trainmgr.identity.models import Organization, OrganizationKind, User
from trainmgr.identity.sign_on_models import LinkRule, ProviderAccount, ProviderKind, SignInProvider
from trainmgr.kernel import outward
from trainmgr.kernel.audit import record, require, sentence
from trainmgr.kernel.crypto import encrypt
from trainmgr.kernel.db import db
from trainmgr.kernel.errors import Conflict
from trainmgr.kernel.i18n import say

ADDED = sentence("provider.added", _l("%(who)s set up sign-in through %(what)s"))
CHANGED = sentence("provider.changed", _l("%(who)s changed sign-in through %(what)s"))

WITH_PEOPLE = (
    OrganizationKind.OPERATOR,
    OrganizationKind.COLLEGE,
    OrganizationKind.ENTERPRISE,
    OrganizationKind.OUTSIDE,
)


@dataclass(frozen=True)
class ProviderFacts:
    """What an administrator says of another system; an empty secret leaves the present one."""

    name: str
    issuer: str = ""
    authorize_url: str = ""
    token_url: str = ""
    person_url: str = ""
    client_id: str = ""
    agent: str = ""
    secret: str = ""
    scopes: str = ""
    claim: str = ""
    link_rule: LinkRule = LinkRule.SELF
    creates: bool = False
    active: bool = True

    @property
    def addresses(self) -> dict[str, str]:
        """The addresses that are asked, or that browsers are sent to, by the field that holds them."""
        fields = ("issuer", "authorize_url", "token_url", "person_url")
        return {name: getattr(self, name) for name in fields if getattr(self, name)}


# --- set up --------------------------------------------------------------------------------------


def organization_or_404(organization_id: int, viewer: User) -> Organization:
    """Return an organisation with people of its own that the viewer administers, or answer 404."""
    organization = queries.organization_or_404(organization_id, viewer, to_manage=True)
    return organization if organization.kind in WITH_PEOPLE else abort(404)


def providers_of(organization: Organization) -> list[tuple[SignInProvider, int]]:
    """Return an organisation's systems, each with how many people are linked there."""
    people = (
        sa.select(sa.func.count(ProviderAccount.id))
        .where(ProviderAccount.provider_id == SignInProvider.id)
        .correlate(SignInProvider)
        .scalar_subquery()
    )
    rows = db.session.execute(
        sa.select(SignInProvider, people)
        .where(SignInProvider.organization_id == organization.id)
        .order_by(SignInProvider.id)
        .limit(50)
    )
    return [(row[0], row[1]) for row in rows]


def provider_or_404(organization: Organization, provider_id: int) -> SignInProvider:
    """Return one of an organisation's systems, or answer 404."""
    provider = db.session.scalar(
        sa.select(SignInProvider).where(
            SignInProvider.id == provider_id, SignInProvider.organization_id == organization.id
        )
    )
    return provider if provider is not None else abort(404)


def add(
    organization: Organization, kind: ProviderKind, facts: ProviderFacts, *, by: User, now: datetime
) -> SignInProvider:
    """Set another system up."""
    provider = SignInProvider(organization_id=organization.id, kind=kind, by_id=by.id, at=now)
    _fill(provider, facts)
    db.session.add(provider)
    record(ADDED, provider, by=by, now=now, name=provider.name)
    return provider


def change(provider: SignInProvider, facts: ProviderFacts, *, version: int, by: User, now: datetime) -> None:
    """Change another system's settings, unless somebody else just did."""
    if provider.version != version:
        raise Conflict(_("Somebody else changed this meanwhile. Load the page again and repeat your change."))
    _fill(provider, facts)
    record(CHANGED, provider, by=by, now=now, name=provider.name)


def _fill(provider: SignInProvider, facts: ProviderFacts) -> None:
    for url in facts.addresses.values():
        fault = outward.address_fault(url)
        require(not fault, say(fault) if fault else "")
    require(
        facts.link_rule is not LinkRule.SELF or not facts.creates,
        _("Accounts are opened by themselves only where a rule finds those that are there already."),
    )
    for name in ("name", "issuer", "authorize_url", "token_url", "person_url", "client_id", "agent", "scopes",
                 "claim", "link_rule", "creates", "active"):  # fmt: skip
        setattr(provider, name, getattr(facts, name))
    if facts.secret:
        provider.secret_sealed = encrypt(facts.secret)


# --- asked ---------------------------------------------------------------------------------------


def start(provider: SignInProvider, memory: Mapping[str, Any], back: str) -> str:
    """Return the address at which the person signs in there; raises SystemDown or NotAccepted."""
    if provider.kind is ProviderKind.OIDC:
        return oidc.start(provider, memory, back)
    if provider.kind is ProviderKind.CAS:
        return cas.start(provider, memory, back)
    return workplaces.start(provider, memory, back)


def finish(
    provider: SignInProvider, args: Mapping[str, str], memory: Mapping[str, Any], back: str, *, now: datetime
) -> Identity:
    """Return who signed in there; raises SystemDown or NotAccepted."""
    if provider.kind is ProviderKind.OIDC:
        return oidc.finish(provider, args, memory, back, now=now)
    if provider.kind is ProviderKind.CAS:
        return cas.finish(provider, args, back)
    return workplaces.finish(provider, args)


def way_out(provider: SignInProvider, back: str) -> str | None:
    """Return where one signs out there too, or None."""
    if provider.kind is ProviderKind.OIDC:
        return oidc.way_out(provider, back)
    return cas.way_out(provider, back) if provider.kind is ProviderKind.CAS else None
