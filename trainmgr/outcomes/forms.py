"""Shape of what is typed about outcomes."""

from __future__ import annotations

from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import SelectField, StringField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import DataRequired, Length, Optional

from trainmgr.outcomes.labels import KINDS


class DecisionForm(FlaskForm):
    """Passed or not, and why."""

    kind = SelectField(
        _l("Decision"),
        choices=lambda: [SelectChoice(kind.value, text) for kind, text in KINDS.items()],
        validators=[DataRequired()],
    )
    reason = StringField(_l("Reason"), validators=[Optional(), Length(max=200)])
