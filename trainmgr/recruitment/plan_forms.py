"""Shape and coercion of what is typed about the joint recruitment plan and the public page."""

from __future__ import annotations

from datetime import date
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import BooleanField, DateField, RadioField, SelectField, StringField, TextAreaField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import DataRequired, InputRequired, Length, NumberRange, Optional, ValidationError

from trainmgr.kernel.inputs import WholeField, tidy
from trainmgr.programs.models import Program
from trainmgr.programs.queries import enterprises_of
from trainmgr.recruitment import labels
from trainmgr.recruitment.forms import stripped
from trainmgr.recruitment.models import RecruitmentPlan, Relation
from trainmgr.recruitment.plans import NewLine, Terms

MOST = 100_000


class ReasonForm(FlaskForm):
    """Why a signed or offered plan is to change."""

    reason = StringField(
        _l("Reason"),
        filters=[stripped],
        validators=[DataRequired(_l("Say why; it stays in the record.")), Length(max=200)],
    )


class TermsForm(FlaskForm):
    """The period of applying and what the enterprise promises."""

    opens_on = DateField(_l("Applications from"), validators=[Optional()])
    closes_on = DateField(_l("Applications until"), validators=[Optional()])
    relation = RadioField(
        _l("What joins trainee and enterprise"),
        choices=[SelectChoice(kind.value, label) for kind, label in labels.RELATIONS.items()],
        validators=[InputRequired(_l("Choose one."))],
    )
    relation_from = DateField(_l("It holds from"), validators=[Optional()])
    pay = WholeField(_l("Paid in training at least"), validators=[Optional(), NumberRange(min=0, max=MOST)])
    promise = TextAreaField(
        _l("What the enterprise promises besides"),
        filters=[stripped],
        validators=[Optional(), Length(max=1000)],
    )

    def validate_closes_on(self, field: DateField) -> None:
        """The last day is not before the first."""
        if field.data and self.opens_on.data and field.data < self.opens_on.data:
            raise ValidationError(_("The last day lies before the first."))

    def validate_opens_on(self, field: DateField) -> None:
        """A day of another century is a slip of the pen."""
        if field.data and not date(2000, 1, 1) <= field.data <= date(2100, 1, 1):
            raise ValidationError(_("Check the year."))

    def terms(self) -> Terms:
        """Return what was typed."""
        return Terms(
            self.opens_on.data,
            self.closes_on.data,
            Relation(self.relation.data),
            self.relation_from.data,
            self.pay.data,
            self.promise.data,
        )


def terms_values(plan: RecruitmentPlan) -> dict[str, Any]:
    """Return a plan's terms as the form shows them."""
    names = ("opens_on", "closes_on", "relation_from", "pay", "promise")
    return {name: getattr(plan, name) for name in names} | {"relation": plan.relation.value}


class LineForm(FlaskForm):
    """One line: enterprise, post, major, places."""

    enterprise = SelectField(_l("Enterprise"), coerce=int, validators=[InputRequired(_l("Choose one."))])
    post = StringField(
        _l("Post"), filters=[tidy], validators=[DataRequired(_l("Name the post.")), Length(max=80)]
    )
    major = StringField(
        _l("Major"), filters=[tidy], validators=[DataRequired(_l("Name the major.")), Length(max=60)]
    )
    quota = WholeField(
        _l("Places"),
        validators=[InputRequired(_l("How many places?")), NumberRange(min=1, max=MOST)],
    )

    def offer(self, program: Program) -> None:
        """Offer the enterprises that are a party to the programme."""
        self.enterprise.choices = [
            SelectChoice(party.organization_id, party.organization.name) for party in enterprises_of(program)
        ]

    def line(self) -> NewLine:
        """Return what was typed."""
        return NewLine(self.enterprise.data, self.post.data, self.major.data, self.quota.data or 0)


class QuotaForm(FlaskForm):
    """A line's places; 0 takes the line out."""

    quota = WholeField(
        _l("Places"),
        validators=[InputRequired(_l("How many places?")), NumberRange(min=0, max=MOST)],
    )


class PageForm(FlaskForm):
    """The page on which anybody may apply."""

    is_open = BooleanField(_l("Anybody may apply under this address"))
    lowest_age = WholeField(_l("Youngest age"), validators=[InputRequired(), NumberRange(min=14, max=70)])
    highest_age = WholeField(_l("Oldest age"), validators=[Optional(), NumberRange(min=14, max=70)])
    introduction = TextAreaField(
        _l("What applicants read first"), filters=[stripped], validators=[Optional(), Length(max=1000)]
    )

    def validate_highest_age(self, field: WholeField) -> None:
        """The oldest is not younger than the youngest."""
        if field.data and self.lowest_age.data and field.data < self.lowest_age.data:
            raise ValidationError(_("This is below the youngest age."))
