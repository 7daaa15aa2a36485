"""Shape and coercion of what is typed about rounds, answers and employers' words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from flask_wtf.file import FileField
from wtforms import (
    DateField,
    HiddenField,
    RadioField,
    SelectField,
    StringField,
    TextAreaField,
    ValidationError,
)
from wtforms.fields.choices import SelectChoice
from wtforms.validators import InputRequired, Length, NumberRange, Optional

from trainmgr.employment import labels
from trainmgr.employment.answering import Source, Word
from trainmgr.employment.converting import NewStep
from trainmgr.employment.course import PostStep
from trainmgr.employment.models import FollowUpAnswer
from trainmgr.employment.rules import (
    MOST_MONTHS,
    Answer,
    AnswerSource,
    Band,
    Destination,
    Match,
    answer_faults,
)
from trainmgr.identity.models import Organization
from trainmgr.kernel.days import DayField
from trainmgr.kernel.i18n import say
from trainmgr.kernel.inputs import FigureField, WholeField, tidy
from trainmgr.kernel.numbers import whole

CENTS = 100
YES_NO = (("yes", _l("Yes")), ("no", _l("No")))


def _text(label: Any, most: int) -> StringField:
    return StringField(label, filters=[tidy], validators=[Optional(), Length(max=most)])


def _radio(label: Any, options: Any, needed: Any = None) -> RadioField:
    return RadioField(
        label,
        choices=[SelectChoice(value, text) for value, text in options],
        validators=[InputRequired(needed)] if needed else [Optional()],
    )


def _whether(value: str | None) -> bool | None:
    return None if value not in ("yes", "no") else value == "yes"


class RoundForm(FlaskForm):
    """When a programme's graduates are asked."""

    version = HiddenField()
    months = WholeField(
        _l("Months after graduation"),
        validators=[
            InputRequired(_l("Type a number.")),
            NumberRange(0, MOST_MONTHS, _l("A number from 0 to 60.")),
        ],
    )
    opens_on = DayField(_l("First day"), validators=[InputRequired(_l("Choose a day."))])
    closes_on = DayField(_l("Last day"), validators=[InputRequired(_l("Choose a day."))])

    def validate_closes_on(self, field: DateField) -> None:
        """Not before the first day."""
        if field.data and self.opens_on.data and field.data < self.opens_on.data:
            raise ValidationError(_("The last day lies before the first."))


class AnswerForm(FlaskForm):
    """What became of a graduate; what does not apply to the destination is left out."""

    destination = _radio(
        _l("What do you do now?"),
        [(one.value, label) for one, label in labels.DESTINATIONS.items()],
        _l("Choose one."),
    )
    employer = SelectField(_l("Employer"), validate_choice=False, choices=[])
    employer_name = _text(_l("Name of the employer or school"), 120)
    post = _text(_l("Post"), 80)
    match = _radio(
        _l("Does the work fit what was trained?"),
        [(one.value, label) for one, label in labels.MATCHES.items()],
    )
    income = FigureField(_l("Income a month before tax"), decimals=0, validators=[Optional()])
    band = SelectField(
        _l("Or in which band it lies"),
        choices=[
            SelectChoice("", _l("not told")),
            *(SelectChoice(one.value, label) for one, label in labels.BANDS.items()),
        ],
        validators=[Optional()],
    )  # fmt: skip
    promoted = _radio(_l("Promoted since graduation?"), YES_NO)
    promoted_to = _text(_l("Promoted to"), 80)
    certified = _radio(_l("A vocational certificate?"), YES_NO)
    certificate = _text(_l("Which certificate"), 120)
    remark = TextAreaField(_l("Remark"), validators=[Optional(), Length(max=500)])

    def offer(self, employers: Sequence[Organization]) -> None:
        """Offer the enterprises that we know; any other is named."""
        self.employer.choices = [
            SelectChoice("", _("another one, named below")),
            *(SelectChoice(str(one.id), one.name) for one in employers),
        ]

    def answer(self) -> Answer:
        """Return what was typed."""
        known = {choice.value for choice in self.employer.choices or ()}
        employer_id = whole(self.employer.data) if self.employer.data in known else None
        income = self.income.data
        return Answer(
            destination=Destination(self.destination.data),
            employer_id=employer_id,
            employer_name="" if employer_id else self.employer_name.data or "",
            post=self.post.data or "",
            match=Match(self.match.data) if self.match.data else None,
            income_cents=None if income is None else int(income * CENTS),
            income_band=Band(self.band.data) if self.band.data else None,
            promoted=_whether(self.promoted.data),
            promoted_to=self.promoted_to.data or "",
            certified=_whether(self.certified.data),
            certificate=self.certificate.data or "",
            remark=self.remark.data or "",
        )

    def validate(self, extra_validators: Any = None) -> bool:
        """Ask the rule of answers too; its faults stand at their fields."""
        if not super().validate(extra_validators):
            return False
        for name, msgid in answer_faults(self.answer()).items():
            self[name].errors = [*self[name].errors, say(msgid)]
        return not self.errors


class EnteredForm(AnswerForm):
    """An answer that the college enters, with its source."""

    source = _radio(
        _l("Source"),
        [(one.value, labels.SOURCES[one]) for one in (AnswerSource.STAFF, AnswerSource.EMPLOYER)],
        _l("Choose one."),
    )
    source_note = StringField(
        _l("Known from whom, how, when"),
        filters=[tidy],
        validators=[InputRequired(_l("Say from whom it is known.")), Length(max=120)],
    )

    def told_by(self) -> Source:
        """Return who told it."""
        return Source(AnswerSource(self.source.data), self.source_note.data or "")


def answer_values(row: FollowUpAnswer | None, *, again: bool = True) -> Mapping[str, Any]:
    """Return what a form shows of an answer; from an earlier round only what may still hold (`again` False)."""
    if row is None:
        return {}
    values: dict[str, Any] = {
        "destination": row.destination.value,
        "employer": str(row.employer_id or ""),
        "employer_name": row.employer_name,
        "post": row.post,
        "match": row.match.value if row.match else None,
        "certified": _yes_no(row.certified),
        "certificate": row.certificate,
    }
    if again:
        values |= {
            "income": None if row.income_cents is None else row.income_cents // CENTS,
            "band": row.income_band.value if row.income_band and row.income_cents is None else "",
            "promoted": _yes_no(row.promoted),
            "promoted_to": row.promoted_to,
            "remark": row.remark,
        }
    return values


def _yes_no(value: bool | None) -> str | None:
    return None if value is None else ("yes" if value else "no")


class WordForm(FlaskForm):
    """What an employer says of a graduate."""

    confirmed = _radio(_l("Works for you as told?"), YES_NO, _l("Choose one."))
    satisfaction = RadioField(
        _l("How satisfied are you?"),
        choices=[SelectChoice(str(number), text) for number, text in labels.SATISFACTION.items()],
        validators=[Optional()],
    )
    note = StringField(_l("Remark"), filters=[tidy], validators=[Length(max=200)])

    def validate_note(self, field: StringField) -> None:
        """A no says what is not so."""
        if self.confirmed.data == "no" and not field.data:
            raise ValidationError(_("Say what is not so."))

    def word(self) -> Word:
        """Return what was said."""
        return Word(
            self.confirmed.data == "yes",
            int(self.satisfaction.data) if self.satisfaction.data else None,
            self.note.data or "",
        )


class StepForm(FlaskForm):
    """A step of somebody's employment."""

    kind = SelectField(_l("Step"), choices=[], validate_choice=False)
    on = DateField(_l("Day"), validators=[InputRequired(_l("Choose a day."))])
    organization = SelectField(_l("Enterprise"), choices=[], validate_choice=False)
    post = _text(_l("Post"), 80)
    level = _text(_l("Grade"), 40)
    pay = FigureField(_l("Pay a month"), decimals=2, validators=[Optional(), NumberRange(1, 1_000_000)])
    note = _text(_l("Remark"), 200)

    def offer(self, steps: Sequence[PostStep], enterprises: Sequence[Organization]) -> None:
        """Offer the steps that may follow, at these enterprises."""
        self.kind.choices = [SelectChoice(step.value, labels.STEPS[step]) for step in steps]
        self.organization.choices = [SelectChoice(str(one.id), one.name) for one in enterprises]

    def validate_kind(self, field: SelectField) -> None:
        """One of those offered."""
        if field.data not in {choice.value for choice in field.choices or ()}:
            raise ValidationError(_("Choose one."))

    def validate_organization(self, field: SelectField) -> None:
        """One of the reader's."""
        if field.data not in {choice.value for choice in field.choices or ()}:
            raise ValidationError(_("Choose one."))

    def step(self) -> NewStep:
        """Return what was typed."""
        pay = self.pay.data
        return NewStep(
            PostStep(self.kind.data), self.on.data or date.min, int(self.organization.data), self.post.data or "",
            self.level.data or "", None if pay is None else int(pay * CENTS), self.note.data or "",
        )  # fmt: skip


class CancelForm(FlaskForm):
    """Why something is cancelled."""

    reason = StringField(_l("Reason"), filters=[tidy], validators=[Length(max=200)])


class CheckForm(FlaskForm):
    """A file of a record, or its hash, or the code on the PDF."""

    file = FileField(_l("File of the record"), validators=[Optional()])
    text = StringField(
        _l("Or the code on the PDF, or the file's SHA-256"), filters=[tidy], validators=[Length(max=100)]
    )

    @property
    def digest(self) -> str:
        """Return the typed hash, "" when something else was typed."""
        plain = (self.text.data or "").strip().lower()
        return plain if len(plain) == 64 and all(sign in "0123456789abcdef" for sign in plain) else ""

    def validate_text(self, field: StringField) -> None:
        """Something is to be checked."""
        if not self.file.data and not field.data:
            raise ValidationError(_("Choose a file, or type the code or the hash."))
