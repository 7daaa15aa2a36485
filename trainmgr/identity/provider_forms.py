"""What is typed to set up sign-in through another system."""

from __future__ import annotations

from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import BooleanField, HiddenField, PasswordField, RadioField, StringField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import DataRequired, InputRequired, Length, Optional, Regexp, ValidationError

from trainmgr.identity.forms import stripped
from trainmgr.identity.providers import ProviderFacts
from trainmgr.identity.sign_on_models import LinkRule, ProviderKind
from trainmgr.identity.workplaces import PRESETS
from trainmgr.kernel import outward
from trainmgr.kernel.i18n import say
from trainmgr.kernel.inputs import tidy

PLAIN = r"^[A-Za-z0-9_.:/-]*$"
# Which fields a kind has besides name, claim, rule and the switches.
FIELDS = {
    ProviderKind.OIDC: ("issuer", "client_id", "secret", "scopes"),
    ProviderKind.CAS: ("issuer",),
    ProviderKind.WECOM: ("client_id", "agent", "secret", "authorize_url", "token_url", "person_url"),
    ProviderKind.DINGTALK: ("client_id", "secret", "authorize_url", "token_url", "person_url"),
}
MAY_BE_EMPTY = {"secret", "scopes"}


def _address(label: Any) -> StringField:
    return StringField(label, filters=[stripped], validators=[Optional(), Length(max=255)])


class ProviderForm(FlaskForm):
    """Another system through which people sign in; which fields there are depends on its kind."""

    version = HiddenField()
    name = StringField(
        _l("What people call it"),
        filters=[tidy],
        validators=[DataRequired(_l("Give it a name.")), Length(max=80)],
    )
    issuer = _address(_l("Address of the system"))
    client_id = StringField(_l("Client ID"), filters=[stripped], validators=[Optional(), Length(max=200)])
    agent = StringField(
        _l("Agent ID of the application"), filters=[stripped], validators=[Optional(), Length(max=40)]
    )
    secret = PasswordField(_l("Client secret"), validators=[Optional(), Length(max=300)])
    scopes = StringField(
        _l("Scopes"), filters=[tidy],
        validators=[Optional(), Length(max=200),
                    Regexp(r"^[\w.:/ -]*$", message=_l("Write names with blanks between."))],
    )  # fmt: skip
    authorize_url = _address(_l("Address where people sign in"))
    token_url = _address(_l("Address that gives tokens"))
    person_url = _address(_l("Address that says who it is"))
    claim = StringField(
        _l("Claim that is compared"), filters=[stripped],
        validators=[Optional(), Length(max=80), Regexp(PLAIN, message=_l("Write the name as the system has it."))],
    )  # fmt: skip
    link_rule = RadioField(
        _l("How accounts are linked"), validators=[InputRequired(_l("Choose one."))],
        choices=[SelectChoice(one.value, one.label) for one in LinkRule],
    )  # fmt: skip
    creates = BooleanField(_l("Whoever is not here yet gets an account, without any role"))
    active = BooleanField(_l("People can sign in through it"))
    kind = ProviderKind.OIDC

    def of_kind(self, kind: ProviderKind, *, fill: bool = False) -> ProviderForm:
        """Keep the fields of a kind only; `fill` writes what is known of it."""
        self.kind = kind
        for name in {each for fields in FIELDS.values() for each in fields} - set(FIELDS[kind]):
            delattr(self, name)
        if fill:
            for name, value in PRESETS.get(kind, {}).items():
                self[name].data = value
            if kind is ProviderKind.OIDC:
                self.scopes.data = "openid profile"
            self.link_rule.data, self.active.data = LinkRule.NUMBER.value, True
        return self

    def validate(self, extra_validators: Any = None) -> bool:
        """Besides each field: nothing that the kind needs is empty, no address leads inward."""
        good = bool(super().validate(extra_validators))
        for name in FIELDS[self.kind]:
            field = self[name]
            if not field.data and name not in MAY_BE_EMPTY:
                field.errors = [*field.errors, _("This is needed.")]
                good = False
            elif name in ("issuer", "authorize_url", "token_url", "person_url"):
                fault = outward.address_fault(field.data)
                if fault:
                    field.errors = [*field.errors, say(fault)]
                    good = False
        return good

    def validate_creates(self, field: Any) -> None:
        """Without a rule that finds people, everybody would be new."""
        if field.data and self.link_rule.data == LinkRule.SELF:
            raise ValidationError(
                _("Accounts are opened by themselves only where a rule finds those that are there already.")
            )

    def facts(self) -> ProviderFacts:
        """Return what was typed."""
        plain = {name: self[name].data or "" for name in FIELDS[self.kind]}
        return ProviderFacts(
            name=self.name.data, claim=self.claim.data or "", link_rule=LinkRule(self.link_rule.data),
            creates=bool(self.creates.data), active=bool(self.active.data), **plain,
        )  # fmt: skip
