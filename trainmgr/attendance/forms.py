"""Shape and coercion of what is typed about attendance."""

from __future__ import annotations

from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from flask_wtf.file import FileField
from wtforms import RadioField, StringField, TextAreaField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import DataRequired, InputRequired, Length, NumberRange, Optional

from trainmgr.attendance import labels
from trainmgr.attendance.rules import LeaveKind
from trainmgr.kernel.days import DayField
from trainmgr.kernel.inputs import WholeField, tidy


class LeaveForm(FlaskForm):
    """A request to be excused; without days it is for the one session that the address names."""

    kind = RadioField(
        _l("Kind of leave"),
        choices=[SelectChoice(kind.value, labels.LEAVE_KINDS[kind]) for kind in LeaveKind],
        validators=[InputRequired()],
    )
    starts_on = DayField(_l("First day"), validators=[DataRequired()])
    ends_on = DayField(_l("Last day"), validators=[DataRequired()])
    reason = TextAreaField(_l("Reason"), filters=[tidy], validators=[DataRequired(), Length(max=500)])
    photo = FileField(_l("Photo of a certificate"), validators=[Optional()])


class DecisionForm(FlaskForm):
    """An answer to a request; a refusal needs words."""

    words = StringField(_l("Answer"), filters=[tidy], validators=[Optional(), Length(max=200)])


class SettingsForm(FlaskForm):
    """A programme's limits."""

    late_after = WholeField(_l("Late after"), validators=[InputRequired(), NumberRange(0, 120)])
    excuse_within = WholeField(
        _l("Absences can be explained within"), validators=[InputRequired(), NumberRange(0, 60)]
    )


class CodeForm(FlaskForm):
    """A code typed off the screen."""

    code = StringField(_l("Code on the screen"), validators=[DataRequired(), Length(max=20)])
