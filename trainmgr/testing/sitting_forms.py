"""What is typed about sittings and the people in them; times are local."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from flask import current_app
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import DateTimeLocalField, RadioField, SelectField, StringField, TextAreaField, ValidationError
from wtforms.fields.choices import SelectChoice
from wtforms.validators import DataRequired, InputRequired, Length, NumberRange, Optional

from trainmgr.bank.models import InstrumentVersion
from trainmgr.kernel.days import in_our_time
from trainmgr.kernel.inputs import WholeField, tidy
from trainmgr.testing import labels
from trainmgr.testing.models import Sitting
from trainmgr.testing.rules import MOST_EXTRA_MINUTES, Purpose
from trainmgr.testing.sittings import SittingFields

LOCAL = "%Y-%m-%dT%H:%M"
LONGEST_LIST = 1_500_000


def _zone() -> ZoneInfo:
    return ZoneInfo(current_app.config["TIMEZONE"])


def to_local(moment: datetime) -> datetime:
    """Return a moment as the clock on the wall shows it."""
    return moment.astimezone(_zone()).replace(tzinfo=None)


def from_local(typed: datetime) -> datetime:
    """Return the moment that a local time means."""
    return typed.replace(tzinfo=_zone())


class ReasonForm(FlaskForm):
    """Why something is done that needs a reason."""

    reason = StringField(
        _l("Reason"),
        filters=[tidy],
        validators=[DataRequired(_l("Give a reason; it is kept.")), Length(max=200)],
    )


class EndForm(ReasonForm):
    """When a sitting ends instead, and why."""

    closes_at = DateTimeLocalField(
        _l("Closes"), format=LOCAL, validators=[InputRequired(_l("Give day and time.")), in_our_time]
    )

    def let_close_now(self) -> None:
        """Ask for no time: the test closes at once."""
        self.closes_at.validators = [Optional()]


class ExtraForm(FlaskForm):
    """How many minutes more one person has."""

    extra_minutes = WholeField(
        _l("Extra minutes"),
        validators=[
            InputRequired(_l("Write a whole number from 0 to 300.")),
            NumberRange(0, MOST_EXTRA_MINUTES, _l("Write a whole number from 0 to 300.")),
        ],
    )


class SittingForm(FlaskForm):
    """A sitting: which version of an instrument, what for, called what, open from when to when."""

    version_id = SelectField(_l("Instrument"), coerce=int)
    purpose = RadioField(
        _l("Taken"), choices=lambda: [SelectChoice(one.value, labels.PURPOSES[one]) for one in Purpose]
    )
    name = StringField(
        _l("Name"), filters=[tidy], validators=[DataRequired(_l("Give it a name.")), Length(max=80)]
    )
    opens_at = DateTimeLocalField(
        _l("Opens"), format=LOCAL, validators=[InputRequired(_l("Give day and time.")), in_our_time]
    )
    closes_at = DateTimeLocalField(
        _l("Closes"), format=LOCAL, validators=[InputRequired(_l("Give day and time.")), in_our_time]
    )

    def offer(self, versions: Sequence[InstrumentVersion]) -> None:
        """Offer the versions of instruments to choose from."""
        self.version_id.choices = [
            SelectChoice(
                str(one.id),
                _(
                    "%(name)s, version %(number)s (%(items)s items, %(minutes)s minutes)",
                    name=one.instrument.name, number=one.number, items=one.count, minutes=one.minutes,
                ),
            )
            for one in versions
        ]  # fmt: skip

    @classmethod
    def of(cls, sitting: Sitting) -> SittingForm:
        """Return the form filled with a sitting's values."""
        return cls(
            data={
                "version_id": sitting.version_id,
                "purpose": sitting.purpose.value,
                "name": sitting.name,
                "opens_at": to_local(sitting.opens_at),
                "closes_at": to_local(sitting.closes_at),
            }
        )

    def validate_closes_at(self, field: Any) -> None:
        """A test closes after it has opened."""
        if self.opens_at.data and field.data and field.data <= self.opens_at.data:
            raise ValidationError(_("The test must close after it opens."))

    @property
    def fields(self) -> SittingFields:
        """What was entered, once it is valid."""
        assert self.opens_at.data
        assert self.closes_at.data
        return SittingFields(
            version_id=self.version_id.data,
            purpose=Purpose(self.purpose.data),
            name=self.name.data or "",
            opens_at=from_local(self.opens_at.data),
            closes_at=from_local(self.closes_at.data),
        )


def _not_endless(form: Any, field: Any) -> None:
    """Refuse a list that nobody pastes; no counter stands under the field for it."""
    if len(field.data or "") > LONGEST_LIST:
        raise ValidationError(_("This list is too long. Paste it in parts."))


class PeopleForm(FlaskForm):
    """A pasted list of people, with what holds for all of them until they are enrolled."""

    people = TextAreaField(
        _l("Numbers or user names, one a line"),
        validators=[DataRequired(_l("Paste at least one line.")), _not_endless],
    )
    cohort_name = StringField(_l("Class"), filters=[tidy], validators=[Optional(), Length(max=60)])
    post = StringField(_l("Post"), filters=[tidy], validators=[Optional(), Length(max=80)])
    enterprise_id = SelectField(_l("Enterprise"), coerce=int)


class RosterForm(FlaskForm):
    """Whom of the roster to add: everybody, one class, one enterprise."""

    cohort_id = SelectField(_l("Class"), coerce=int)
    of_enterprise_id = SelectField(_l("Enterprise"), coerce=int)
