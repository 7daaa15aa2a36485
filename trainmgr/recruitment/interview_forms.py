"""Shape and coercion of what is typed about interviews."""

from __future__ import annotations

from datetime import date
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import (
    RadioField,
    SelectField,
    SelectMultipleField,
    StringField,
    TextAreaField,
    TimeField,
)
from wtforms.fields.choices import SelectChoice
from wtforms.validators import InputRequired, Length, NumberRange, Optional, ValidationError
from wtforms.widgets import CheckboxInput, ListWidget

from trainmgr.kernel.days import DayField
from trainmgr.kernel.inputs import WholeField, tidy
from trainmgr.programs.models import Program
from trainmgr.recruitment import labels
from trainmgr.recruitment.forms import stripped
from trainmgr.recruitment.interview_pages import interviewers
from trainmgr.recruitment.interviews import MOST_SLOTS, SlotFacts
from trainmgr.recruitment.models import RecruitmentPlan
from trainmgr.recruitment.rules import InterviewOutcome


class SlotForm(FlaskForm):
    """Interview times on one day, one after the other."""

    day = DayField(_l("Day"), validators=[InputRequired(_l("Choose the day."))])
    begins = TimeField(
        _l("The first begins at"), validators=[InputRequired(_l("Type a time such as 09:00."))]
    )
    minutes = WholeField(_l("Length of one"), validators=[InputRequired(), NumberRange(min=5, max=480)])
    amount = WholeField(
        _l("How many after each other"), validators=[InputRequired(), NumberRange(min=1, max=MOST_SLOTS)]
    )
    seats = WholeField(_l("Applicants at once"), validators=[InputRequired(), NumberRange(min=1, max=500)])
    place = StringField(_l("Place"), filters=[tidy], validators=[Length(max=120)])
    link = StringField(
        _l("Link of the video meeting"), filters=[stripped], validators=[Optional(), Length(max=300)]
    )
    post = SelectField(_l("For applicants of"), validators=[Optional()])
    panel = SelectMultipleField(
        _l("Interviewers"),
        coerce=int,
        widget=ListWidget(prefix_label=False),
        option_widget=CheckboxInput(),
        validators=[Optional()],
    )

    def offer(self, program: Program, plan: RecruitmentPlan | None) -> None:
        """Offer the posts of the plan in force, and who may interview."""
        self.post.choices = [
            SelectChoice("", _("every post")),
            *(SelectChoice(str(line.post_id), line.post.label) for line in (plan.quotas if plan else ())),
        ]
        self.panel.choices = [
            SelectChoice(user_id, f"{name} · {home}") for user_id, name, home in interviewers(program)
        ]

    def validate_place(self, field: StringField) -> None:
        """Applicants must know where to go."""
        if not field.data and not self.link.data:
            raise ValidationError(_("Say where it is: a place, or a link."))

    def validate_link(self, field: StringField) -> None:
        """Only addresses of the web are shown as a link."""
        if field.data and not field.data.startswith(("https://", "http://")):
            raise ValidationError(_("A link begins with https://."))

    def facts(self) -> SlotFacts:
        """Return what was typed."""
        return SlotFacts(
            day=self.day.data,
            begins=self.begins.data,
            minutes=self.minutes.data or 0,
            amount=self.amount.data or 0,
            seats=self.seats.data or 0,
            place=self.place.data or "",
            link=self.link.data or "",
            post_id=int(self.post.data) if self.post.data else None,
            panel=self.panel.data,
        )


def usual_slot(day: date) -> dict[str, Any]:
    """Return what usually is typed for a day of interviews."""
    return {"day": day, "minutes": 20, "amount": 6, "seats": 3}


class NoteForm(FlaskForm):
    """Whether an applicant came, and what was seen."""

    outcome = RadioField(
        _l("The applicant"),
        choices=[SelectChoice(kind.value, label) for kind, label in labels.OUTCOMES.items()],
        validators=[InputRequired(_l("Choose one."))],
    )
    text = TextAreaField(_l("What you saw"), filters=[stripped], validators=[Length(max=500)])

    def validate_text(self, field: TextAreaField) -> None:
        """Who judges wants to read something of an interview that took place."""
        if self.outcome.data == InterviewOutcome.CAME and not field.data:
            raise ValidationError(_("Write what you saw; whoever judges reads it."))
