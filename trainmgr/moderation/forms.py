"""Shape and coercion of what is typed in moderation: reasons, marks, decisions, appeals, days."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import HiddenField, RadioField, SelectField, StringField, TextAreaField, ValidationError
from wtforms.fields.choices import SelectChoice
from wtforms.validators import DataRequired, InputRequired, Length, NumberRange

from trainmgr.evaluation.labels import PARTIES
from trainmgr.evaluation.rules import Party
from trainmgr.kernel.inputs import WholeField, tidy
from trainmgr.kernel.numbers import whole
from trainmgr.moderation import labels
from trainmgr.moderation.rules import MOST_DAYS, DecisionKind, Verdict

_DAYS = [
    InputRequired(_l("Type a number.")),
    NumberRange(1, MOST_DAYS, _l("A number of days from 1 to 60.")),
]


def read_marks(form: Mapping[str, Any], criteria: Iterable[int]) -> dict[int, int]:
    """Return the marks from 1 to 5 that were chosen for criteria; nonsense and blanks are left out."""
    found = {criterion: whole(form.get(f"mark-{criterion}")) for criterion in criteria}
    return {criterion: mark for criterion, mark in found.items() if mark is not None and 1 <= mark <= 5}


class DaysForm(FlaskForm):
    """How many days there are for what."""

    version = HiddenField()
    talk_days = WholeField(_l("Days in which the raters answer"), validators=_DAYS)
    appeal_days = WholeField(
        _l("Days in which a trainee may appeal after a window has closed"), validators=_DAYS
    )


class AnswerForm(FlaskForm):
    """What a rater says to being apart; the marks stand beside the fields."""

    answer = RadioField(
        _l("Your answer"),
        choices=[
            SelectChoice("keep", _l("I keep my rating")),
            SelectChoice("revise", _l("I revise it: the marks chosen above")),
        ],
        validators=[InputRequired(_l("Choose one."))],
    )
    reason = StringField(
        _l("Reason"), filters=[tidy], validators=[DataRequired(_l("Say why.")), Length(max=200)]
    )


class DecisionForm(FlaskForm):
    """Which marks count; those that are set stand beside the fields."""

    kind = RadioField(
        _l("Decision"),
        choices=[SelectChoice(kind.value, label) for kind, label in labels.KINDS.items()],
        validators=[InputRequired(_l("Choose one."))],
    )
    party = SelectField(_l("Whose marks"), validate_choice=False, choices=[])
    reason = TextAreaField(
        _l("Reason"), filters=[tidy], validators=[DataRequired(_l("Say why.")), Length(max=1000)]
    )

    def offer(self, parties: Iterable[Party]) -> None:
        """Offer the parties whose marks may be taken."""
        self.party.choices = [SelectChoice(party.value, PARTIES[party]) for party in parties]

    def validate_party(self, field: SelectField) -> None:
        """One of those who are apart, where a party's marks are taken."""
        offered = {choice.value for choice in field.choices or ()}
        if self.kind.data == DecisionKind.TAKE and field.data not in offered:
            raise ValidationError(_("Choose a party."))

    def verdict(self, marks: Mapping[int, int]) -> Verdict:
        """What was decided."""
        kind = DecisionKind(self.kind.data)
        return Verdict(kind, Party(self.party.data) if kind is DecisionKind.TAKE else None, marks)


class AppealForm(FlaskForm):
    """A trainee's grounds."""

    grounds = TextAreaField(
        _l("What is wrong with the result, and why"),
        filters=[tidy],
        validators=[DataRequired(_l("Say what is wrong with the result.")), Length(max=1000)],
    )


class AppealAnswerForm(FlaskForm):
    """The answer to an appeal; the marks that are set stand beside the fields."""

    verdict = RadioField(
        _l("Answer"),
        choices=[
            SelectChoice("uphold", _l("Uphold: the marks set above count")),
            SelectChoice("reject", _l("Reject: the result stands")),
        ],
        validators=[InputRequired(_l("Choose one."))],
    )
    answer = TextAreaField(
        _l("Reason, for the trainee"),
        filters=[tidy],
        validators=[DataRequired(_l("Give the reason; the trainee reads it.")), Length(max=1000)],
    )
