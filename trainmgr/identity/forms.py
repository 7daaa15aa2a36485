"""What is typed at the door and on the account page: shape and coercion."""

from __future__ import annotations

from typing import Any

from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import BooleanField, HiddenField, PasswordField, StringField
from wtforms.validators import DataRequired, EqualTo, Length, Optional, ValidationError

from trainmgr.kernel.crypto import IdFault, check_phone


def stripped(text: str | None) -> str | None:
    """Take the blanks around what was typed away."""
    return text.strip() if text else text


class SignInForm(FlaskForm):
    """Who, with which password, and whether this browser stays signed in."""

    name = StringField(
        _l("User name, student or staff number, or phone"),
        filters=[stripped],
        validators=[DataRequired(_l("Type your user name, your number or your phone.")), Length(max=60)],
    )
    password = PasswordField(
        _l("Password"), validators=[DataRequired(_l("Type your password.")), Length(max=256)]
    )
    stay = BooleanField(_l("Stay signed in on this device for 30 days"))
    next = HiddenField()


class FirstPasswordForm(FlaskForm):
    """The first password of one's own, twice."""

    password = PasswordField(
        _l("New password"), validators=[DataRequired(_l("Type a new password.")), Length(max=256)]
    )
    again = PasswordField(
        _l("The new password again"),
        validators=[EqualTo("password", _l("The two passwords differ. Type the same one twice."))],
    )
    next = HiddenField()


class PasswordForm(FlaskForm):
    """A new password, confirmed with the present one."""

    current = PasswordField(
        _l("Present password"), validators=[DataRequired(_l("Type your present password."))]
    )
    password = PasswordField(
        _l("New password"), validators=[DataRequired(_l("Type a new password.")), Length(max=256)]
    )
    again = PasswordField(
        _l("The new password again"),
        validators=[EqualTo("password", _l("The two passwords differ. Type the same one twice."))],
    )


class PhoneForm(FlaskForm):
    """A phone number (empty removes it), confirmed with the present password."""

    phone = StringField(_l("Phone"), filters=[stripped], validators=[Optional(), Length(max=30)])
    phone_password = PasswordField(
        _l("Present password"), validators=[DataRequired(_l("Type your present password."))]
    )

    def validate_phone(self, field: Any) -> None:
        """Bring the number into the one form that it is stored and found in."""
        field.data = phone_or_fault(field.data)


def phone_or_fault(text: str | None) -> str:
    """Return a phone number as it is stored; "" for none."""
    if not text:
        return ""
    try:
        return check_phone(text)
    except IdFault as fault:
        raise ValidationError(sentence_of(fault)) from None


def sentence_of(fault: IdFault) -> str:
    """Return what is wrong with a number, beginning with a capital."""
    text = str(fault)
    return text[:1].upper() + text[1:]
