"""Forms of tokens, integrations and webhooks."""

from __future__ import annotations

from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import BooleanField, HiddenField, RadioField, SelectMultipleField, StringField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import DataRequired, InputRequired, Length, ValidationError

from trainmgr.api import labels
from trainmgr.api.rules import SCOPES, Event
from trainmgr.api.tokens import TokenFacts
from trainmgr.api.webhooks import WebhookFacts
from trainmgr.kernel.access import Role
from trainmgr.kernel.dialing import address_fault
from trainmgr.kernel.inputs import tidy

DAYS = (30, 90, 180, 365)


class TokenForm(FlaskForm):
    """A token: what for, what it may do, for how long."""

    name = StringField(
        _l("What it is for"),
        filters=[tidy],
        validators=[DataRequired(_l("Say what the token is for.")), Length(max=80)],
    )
    scopes = SelectMultipleField(_l("What it may do"), validators=[DataRequired(_l("Choose at least one."))])
    days = RadioField(
        _l("Good for"), validators=[InputRequired(_l("Choose one."))],
        choices=[SelectChoice(str(days), _l("%(days)s days", days=days)) for days in DAYS],
    )  # fmt: skip

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.scopes.choices = [SelectChoice(name, labels.scope_label(name)) for name in SCOPES]

    def facts(self) -> TokenFacts:
        """Return what was typed."""
        return TokenFacts(self.name.data or "", self.scopes.data or [], int(self.days.data))


class IntegrationForm(FlaskForm):
    """Another system, and what it acts as."""

    name = StringField(
        _l("Name of the system"),
        filters=[tidy],
        validators=[DataRequired(_l("Name the system.")), Length(max=80)],
    )
    role = RadioField(_l("It acts as"), validators=[InputRequired(_l("Choose one."))])

    def offer(self, roles: Any) -> IntegrationForm:
        """Offer the roles that a system of the organisation may have."""
        self.role.choices = [SelectChoice(role.value, role.label) for role in roles]
        return self

    @property
    def as_role(self) -> Role:
        """The role that was chosen."""
        return Role(self.role.data)


class WebhookForm(FlaskForm):
    """An address that is told of events."""

    version = HiddenField()
    name = StringField(
        _l("Name of the receiver"),
        filters=[tidy],
        validators=[DataRequired(_l("Name the receiver.")), Length(max=80)],
    )
    url = StringField(
        _l("Address"), validators=[DataRequired(_l("Give its address, which begins with https://.")), Length(max=500)]
    )  # fmt: skip
    events = SelectMultipleField(
        _l("It is told when"), validators=[DataRequired(_l("Choose at least one."))],
        choices=[SelectChoice(one.value, label) for one, label in labels.EVENTS.items()],
    )  # fmt: skip
    active = BooleanField(_l("It is in use"))

    def validate_url(self, field: Any) -> None:
        """An address that may be called at all; where it leads to is looked at when it is called."""
        if fault := address_fault((field.data or "").strip()):
            raise ValidationError(_(fault))

    def facts(self) -> WebhookFacts:
        """Return what was typed."""
        return WebhookFacts(
            self.name.data or "", (self.url.data or "").strip(), [Event(one) for one in self.events.data or []],
            bool(self.active.data),
        )  # fmt: skip
