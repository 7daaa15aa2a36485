"""Shape and coercion of what is typed about links."""

from __future__ import annotations

from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import IntegerField, SelectField, StringField
from wtforms.validators import (
    DataRequired,
    InputRequired,
    Length,
    NumberRange,
    Optional,
    Regexp,
    ValidationError,
)

from trainmgr.kernel.crypto import IdFault, check_phone
from trainmgr.links.rules import FEWEST_DAYS, MOST_DAYS, USUAL_DAYS


def _days() -> Any:
    return IntegerField(
        _l("Good for days"),
        default=USUAL_DAYS,
        validators=[InputRequired(), NumberRange(FEWEST_DAYS, MOST_DAYS)],
    )


def _mail() -> Any:
    return StringField(
        _l("Send by mail to"),
        filters=[lambda text: (text or "").strip()],
        validators=[
            Optional(),
            Length(max=120),
            Regexp(r"^[^@\s,;<>\"]+@[^@\s,;<>\"]+\.[^@\s,;<>\".]+$", message=_l("This is no mail address.")),
        ],
    )


class IssueForm(FlaskForm):
    """To which mentor of the programme, for how long, by which way."""

    mentor = SelectField(_l("Mentor"), coerce=int, validators=[DataRequired()], choices=[])
    days = _days()
    mail = _mail()


class GraduatesForm(FlaskForm):
    """For how long graduates get links, and where the link goes when it is one graduate's."""

    days = _days()
    mail = _mail()


class NewMentorForm(FlaskForm):
    """A mentor who is entered on the spot."""

    home = SelectField(_l("Works for"), coerce=int, validators=[DataRequired()], choices=[])
    name = StringField(
        _l("Name"), filters=[lambda text: (text or "").strip()], validators=[DataRequired(), Length(max=80)]
    )
    phone = StringField(_l("Phone"), filters=[lambda text: (text or "").strip()], validators=[Optional()])
    capacity = IntegerField(
        _l("Most trainees at once"), default=5, validators=[InputRequired(), NumberRange(1, 500)]
    )
    new_days = _days()
    new_mail = _mail()

    def validate_phone(self, field: Any) -> None:
        """A phone number of the mainland, kept as eleven digits."""
        if not field.data:
            return
        try:
            field.data = check_phone(field.data)
        except IdFault as fault:
            raise ValidationError(
                _("This is no mobile phone number: 11 digits that begin with 1.")
            ) from fault


class RenewForm(FlaskForm):
    """How many days from now."""

    days = _days()
