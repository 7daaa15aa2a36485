"""What is typed into a study: shape and coercion."""

from __future__ import annotations

from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import RadioField, SelectChoice, SelectField, SelectMultipleField, StringField, TextAreaField
from wtforms.validators import DataRequired, InputRequired, Length, NumberRange, Optional

from trainmgr.kernel.inputs import LARGEST, FigureField, WholeField, tidy
from trainmgr.research import labels
from trainmgr.research.actions import EvidenceFacts
from trainmgr.research.rules import Decision, EvidenceKind

NONE = 0


class StudyForm(FlaskForm):
    """Which major of which college, and what is to be found out."""

    college_id = SelectField(_l("College"), coerce=int)
    major = StringField(
        _l("Major"), filters=[tidy], validators=[DataRequired(_l("Name the major.")), Length(max=80)]
    )
    question = StringField(
        _l("What is to be found out"),
        filters=[tidy],
        validators=[DataRequired(_l("Say what is to be found out.")), Length(max=300)],
    )


class EvidenceForm(FlaskForm):
    """One finding with its source."""

    kind = SelectField(
        _l("Kind"), choices=[SelectChoice(kind.value, label) for kind, label in labels.KINDS.items()]
    )
    finding = StringField(
        _l("Finding"), filters=[tidy], validators=[DataRequired(_l("Write the finding.")), Length(max=300)]
    )
    figure = FigureField(
        _l("Figure"),
        decimals=2,
        validators=[
            Optional(),
            NumberRange(-LARGEST, LARGEST, _l("The number is too large. Use a larger unit.")),
        ],
    )
    unit = StringField(_l("Unit"), filters=[tidy], validators=[Optional(), Length(max=20)])
    source = StringField(
        _l("Source"),
        filters=[tidy],
        validators=[DataRequired(_l("Say where it comes from.")), Length(max=160)],
    )
    year = WholeField(
        _l("Year"),
        validators=[
            InputRequired(_l("A year such as 2025.")),
            NumberRange(1990, 2100, _l("A year such as 2025.")),
        ],
    )

    def facts(self) -> EvidenceFacts:
        """Return what was typed."""
        return EvidenceFacts(
            kind=EvidenceKind(self.kind.data),
            finding=self.finding.data or "",
            source=self.source.data or "",
            year=self.year.data or 0,
            figure=self.figure.data,
            unit=self.unit.data or "",
        )


class ScopeForm(FlaskForm):
    """The job standards and the plan that a study compares."""

    versions = SelectMultipleField(_l("Job standards"), coerce=int, validators=[Optional()])
    edition_id = SelectField(_l("Plan"), coerce=int)


class DecisionForm(FlaskForm):
    """What is decided, and why."""

    decision = RadioField(
        _l("Decision"),
        choices=[SelectChoice(one.value, label) for one, label in labels.DECISIONS.items()],
        validators=[DataRequired(_l("Choose one."))],
    )
    reason = TextAreaField(
        _l("Reason"),
        filters=[tidy],
        validators=[DataRequired(_l("Say what the decision rests on.")), Length(max=2000)],
    )

    @property
    def chosen(self) -> Decision:
        """The decision that was chosen."""
        return Decision(self.decision.data)
