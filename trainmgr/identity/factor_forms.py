"""What is typed for second factors."""

from __future__ import annotations

from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import BooleanField, HiddenField, IntegerField, PasswordField, StringField, TextAreaField
from wtforms.validators import DataRequired, InputRequired, Length, NumberRange

from trainmgr.identity.forms import stripped
from trainmgr.identity.rules import MOST_FIRST_PASSWORD_DAYS


class CodeForm(FlaskForm):
    """The code that is owed at the door."""

    code = StringField(
        _l("One-time code"),
        filters=[stripped],
        validators=[DataRequired(_l("Type the one-time code.")), Length(max=40)],
    )


class ConfirmForm(FlaskForm):
    """One's own password, before something grave."""

    current = PasswordField(
        _l("Present password"), validators=[DataRequired(_l("Type your present password.")), Length(max=256)]
    )


class ResetForm(ConfirmForm):
    """Why somebody's factor is taken away, with the administrator's own password."""

    reason = TextAreaField(
        _l("Reason"), filters=[stripped],
        validators=[DataRequired(_l("Say why; it stands in the trail.")), Length(max=300)],
    )  # fmt: skip


class RuleForm(FlaskForm):
    """Whether an organisation asks its staff for a second factor, and how long its first passwords last."""

    required = BooleanField(_l("Staff need a second factor"))
    days = IntegerField(
        _l("Days that a first password lasts"),
        validators=[
            InputRequired(_l("Give the days as a whole number.")),
            NumberRange(1, MOST_FIRST_PASSWORD_DAYS, _l("Between 1 and 365 days.")),
        ],
    )
    seen = HiddenField()
