"""Shape and coercion of what is typed about classes."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from flask import request
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from flask_wtf.file import FileField
from wtforms import BooleanField, IntegerField, SelectField, StringField, TextAreaField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import DataRequired, InputRequired, Length, NumberRange, Optional, ValidationError

from trainmgr.enrolment.models import Cohort
from trainmgr.kernel.days import DayField

MOST_CLASSES = 60


def stripped(text: str | None) -> str:
    """Return what was typed without blanks around it; nothing typed is an empty text."""
    return (text or "").strip()


def chosen_ids(name: str = "id", most: int = 500) -> list[int]:
    """Read which rows were ticked; nonsense is left out, and what was ticked twice counts once."""
    texts = request.form.getlist(name)[:most]
    found = [int(text) for text in texts if text.isascii() and text.isdigit() and len(text) < 10]
    return list(dict.fromkeys(found))


def day_of(text: str | None) -> date | None:
    """Read a day from the address, or None when there is none or nonsense."""
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        return None


def _offer(field: SelectField, classes: Sequence[Cohort]) -> None:
    field.choices = [SelectChoice(one.id, one.name) for one in classes]


class ClassForm(FlaskForm):
    """A class's name, and who named it."""

    name = StringField(
        _l("Name of the class"),
        filters=[stripped],
        validators=[DataRequired(_l("Type a name.")), Length(max=60)],
    )
    enterprise = SelectField(_l("Named by the enterprise"), validators=[Optional()])
    sponsor = StringField(
        _l("What the enterprise promises"), filters=[stripped], validators=[Optional(), Length(max=200)]
    )

    def offer(self, enterprises: Sequence[tuple[int, str]]) -> None:
        """Offer the programme's enterprises."""
        self.enterprise.choices = [
            SelectChoice("", _("not named by an enterprise")),
            *(SelectChoice(str(key), name) for key, name in enterprises),
        ]

    @property
    def enterprise_id(self) -> int | None:
        """The enterprise that was chosen."""
        return int(self.enterprise.data) if self.enterprise.data else None


class MoveForm(FlaskForm):
    """The class to move trainees to, from when on and why."""

    cohort = SelectField(_l("Class"), coerce=int, validators=[InputRequired(_l("Choose a class."))])
    day = DayField(_l("From the day"), validators=[InputRequired(_l("Choose the day."))])
    reason = StringField(
        _l("Reason"),
        filters=[stripped],
        validators=[DataRequired(_l("Say why; it stays in the record.")), Length(max=200)],
    )

    def offer(self, classes: Sequence[Cohort]) -> None:
        """Offer classes to move to."""
        _offer(self.cohort, classes)


class SplitForm(FlaskForm):
    """Into how many classes whom to divide, and how the classes are called."""

    count = IntegerField(
        _l("How many classes"),
        validators=[
            InputRequired(_l("Type a number.")),
            NumberRange(2, MOST_CLASSES, _l("From 2 to 60 classes.")),
        ],
    )
    names = StringField(
        _l("Names of the classes"),
        filters=[stripped],
        validators=[Optional(), Length(max=1_000)],
    )
    source = SelectField(_l("Whom"))

    def offer(self, classes: Sequence[Cohort]) -> None:
        """Offer whom to divide: those without a class, everybody, or the people of one class."""
        self.source.choices = [
            SelectChoice("none", _("those without a class")),
            SelectChoice("all", _("everybody in the programme")),
            *(SelectChoice(str(one.id), _("the people of %(name)s", name=one.name)) for one in classes),
        ]

    def wanted_names(self) -> list[str]:
        """Return the classes' names: those that were typed, separated by commas or blanks, else A, B, C …"""
        for sign in "，、;；":
            self.names.data = (self.names.data or "").replace(sign, ",")
        typed = [name.strip()[:60] for name in (self.names.data or "").split(",") if name.strip()]
        if typed:
            return typed
        letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
        count = self.count.data or 0
        return [_("Class %(letter)s", letter=letters[n] if n < 26 else str(n + 1)) for n in range(count)]

    def validate_names(self, field: StringField) -> None:
        """There must be as many names as classes, each another one."""
        names = self.wanted_names()
        if field.data and len(names) != self.count.data:
            raise ValidationError(
                _("%(names)s names for %(count)s classes.", names=len(names), count=self.count.data)
            )
        if len(set(names)) != len(names):
            raise ValidationError(_("Two classes have the same name."))


class AnnouncementForm(FlaskForm):
    """Something to tell a class."""

    title = StringField(
        _l("Title of the announcement"),
        filters=[stripped],
        validators=[DataRequired(_l("Give it a title.")), Length(max=120)],
    )
    text = TextAreaField(_l("Text"), filters=[stripped], validators=[Optional(), Length(max=4_000)])
    pinned = BooleanField(_l("Keep it on top"))
    file = FileField(_l("File"), validators=[Optional()])


class ThreadForm(FlaskForm):
    """A new thread of the discussion."""

    title = StringField(
        _l("What it is about"),
        filters=[stripped],
        validators=[DataRequired(_l("Give it a title.")), Length(max=120)],
    )
    text = TextAreaField(
        _l("Text"), filters=[stripped], validators=[DataRequired(_l("Write a few words.")), Length(max=2_000)]
    )


class ReplyForm(FlaskForm):
    """A reply in a thread."""

    text = TextAreaField(
        _l("Your reply"),
        filters=[stripped],
        validators=[DataRequired(_l("Write a few words.")), Length(max=2_000)],
    )


class ReasonForm(FlaskForm):
    """Why something is taken away."""

    reason = StringField(
        _l("Reason"),
        filters=[stripped],
        validators=[DataRequired(_l("Say why; it stays in the record.")), Length(max=200)],
    )


class RotationForm(FlaskForm):
    """From when, how long and how often two or more teachers alternate over as many classes."""

    starts_on = DayField(_l("First day"), validators=[InputRequired(_l("Choose the day."))])
    weeks = IntegerField(
        _l("Weeks of each period"),
        validators=[InputRequired(_l("Type a number.")), NumberRange(1, 52, _l("From 1 to 52 weeks."))],
    )
    periods = IntegerField(
        _l("How many periods"),
        validators=[InputRequired(_l("Type a number.")), NumberRange(1, 40, _l("From 1 to 40 periods."))],
    )


class ExchangeForm(FlaskForm):
    """A session in which two classes exchange what they found."""

    first = SelectField(_l("First class"), coerce=int, validators=[InputRequired(_l("Choose a class."))])
    second = SelectField(_l("Second class"), coerce=int, validators=[InputRequired(_l("Choose a class."))])
    day = DayField(_l("Day"), validators=[InputRequired(_l("Choose the day."))])
    topic = StringField(
        _l("What is compared"),
        filters=[stripped],
        validators=[DataRequired(_l("Say what the classes compare.")), Length(max=120)],
    )

    def offer(self, classes: Sequence[Cohort]) -> None:
        """Offer the programme's classes."""
        _offer(self.first, classes)
        _offer(self.second, classes)

    def validate_second(self, field: SelectField) -> None:
        """A class compares itself with another one."""
        if field.data == self.first.data:
            raise ValidationError(_("Choose another class."))


class NoteForm(FlaskForm):
    """What one class took down in an exchange."""

    cohort = SelectField(_l("Class"), coerce=int, validators=[InputRequired(_l("Choose a class."))])
    text = TextAreaField(
        _l("What was found"),
        filters=[stripped],
        validators=[DataRequired(_l("Write a few words.")), Length(max=2_000)],
    )
