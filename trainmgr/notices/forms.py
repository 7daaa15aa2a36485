"""Forms of notices."""

from __future__ import annotations

from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import (
    BooleanField,
    HiddenField,
    PasswordField,
    RadioField,
    SelectMultipleField,
    StringField,
    TimeField,
)
from wtforms.fields.choices import SelectChoice
from wtforms.validators import DataRequired, InputRequired, Length, Optional, Regexp, ValidationError

from trainmgr.kernel.inputs import tidy
from trainmgr.notices import labels
from trainmgr.notices.rules import RobotKind, Topic, address_fault
from trainmgr.notices.settings import Choices, RobotFacts

PLAIN_MAIL = r"^[A-Za-z0-9._%+-]+@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+$"
_LANGUAGES = [SelectChoice(value, label) for value, label in labels.LANGUAGES]


class MailForm(FlaskForm):
    """The address to which notices go."""

    address = StringField(
        _l("Mail address"), filters=[tidy],
        validators=[DataRequired(_l("Type your mail address.")), Length(max=200),
                    Regexp(PLAIN_MAIL, message=_l("This is not a mail address."))],
    )  # fmt: skip


class CodeForm(FlaskForm):
    """The code that was sent there."""

    code = StringField(
        _l("Code from the mail"), filters=[tidy],
        validators=[DataRequired(_l("Type the code from the mail.")),
                    Regexp(r"^\d{6}$", message=_l("The code has six digits."))],
    )  # fmt: skip


class ChoicesForm(FlaskForm):
    """What one wants, and when not."""

    version = HiddenField()
    digest = BooleanField(_l("A summary each day of what is due"))
    reminders = BooleanField(_l("Invitations, reminders, and what is past its day"))
    language = RadioField(_l("Language"), choices=_LANGUAGES, validators=[InputRequired(_l("Choose one."))])
    quiet_begins = TimeField(_l("Quiet from"), validators=[Optional()])
    quiet_ends = TimeField(_l("Quiet until"), validators=[])
    closed_days = BooleanField(
        _l("Nothing on weekends, holidays and days on which my organisation is closed")
    )

    def validate_quiet_ends(self, field: TimeField) -> None:
        """Both or neither."""
        if (field.data is None) != (self.quiet_begins.data is None):
            raise ValidationError(_("Give both times, or neither."))

    def choices(self) -> Choices:
        """Return what was typed."""
        begins, ends = self.quiet_begins.data, self.quiet_ends.data
        quiet = (begins, ends) if begins is not None and ends is not None else None
        return Choices(
            bool(self.digest.data),
            bool(self.reminders.data),
            self.language.data,
            quiet,
            bool(self.closed_days.data),
        )


class HoursForm(FlaskForm):
    """An organisation's quiet hours."""

    quiet_begins = TimeField(_l("Quiet from"), validators=[InputRequired(_l("Give a time such as 21:00."))])
    quiet_ends = TimeField(_l("Quiet until"), validators=[InputRequired(_l("Give a time such as 08:00."))])
    closed_days = BooleanField(_l("Nothing on weekends, holidays and closed days"))


class RobotForm(FlaskForm):
    """A group robot."""

    version = HiddenField()
    kind = RadioField(
        _l("Whose robot"), validators=[InputRequired(_l("Choose one."))],
        choices=[SelectChoice(one.value, label) for one, label in labels.ROBOTS.items()],
    )  # fmt: skip
    name = StringField(
        _l("Name of the group"),
        filters=[tidy],
        validators=[DataRequired(_l("Name the group.")), Length(max=80)],
    )
    address = PasswordField(_l("Address of the robot (webhook)"), validators=[Length(max=500)])
    secret = PasswordField(_l("Secret for signing (DingTalk)"), validators=[Optional(), Length(max=200)])
    without_secret = BooleanField(_l("Sign no longer"))
    topics = SelectMultipleField(
        _l("What the robot says"), validators=[DataRequired(_l("Choose at least one."))],
        choices=[SelectChoice(one.value, labels.TOPICS[one]) for one in labels.ASKED],
    )  # fmt: skip
    language = RadioField(_l("Language"), choices=_LANGUAGES, validators=[InputRequired(_l("Choose one."))])
    active = BooleanField(_l("It is in use"))
    is_new = False

    def validate_address(self, field: Any) -> None:
        """The address of a robot; kept when nothing is typed."""
        typed = (field.data or "").strip()
        if not typed:
            if self.is_new:
                raise ValidationError(_("Copy the robot's address from its group."))
            return
        if fault := address_fault(typed):
            raise ValidationError(_(fault))

    def facts(self) -> RobotFacts:
        """Return what was typed."""
        return RobotFacts(
            RobotKind(self.kind.data), self.name.data or "", [Topic(one) for one in self.topics.data or []],
            self.language.data, (self.address.data or "").strip(), (self.secret.data or "").strip(),
            bool(self.without_secret.data), bool(self.active.data),
        )  # fmt: skip
