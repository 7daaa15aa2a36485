"""Shape and coercion of what is typed about placements."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import Any

from flask import request
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import BooleanField, DateField, RadioField, SelectField, StringField, ValidationError
from wtforms.fields.choices import SelectChoice
from wtforms.validators import DataRequired, InputRequired, Length, NumberRange, Optional

from trainmgr.kernel.days import DayField
from trainmgr.kernel.inputs import FigureField, WholeField, tidy
from trainmgr.kernel.numbers import whole
from trainmgr.placements.actions import Papers, Terms
from trainmgr.placements.labels import EFFECTS
from trainmgr.placements.models import Placement, PlacementPost
from trainmgr.placements.rules import Effect, Rule, RuleCode
from trainmgr.placements.settings import PostFacts

MOST_STAFF, MOST_YUAN = 5_000_000, 1_000_000


def chosen_ids(values: Sequence[str], most: int = 5_000) -> list[int]:
    """Read which rows were ticked; nonsense is left out."""
    return sorted({number for text in values[:most] if (number := whole(text)) is not None})


def _cents(yuan: Decimal | None) -> int | None:
    return None if yuan is None else int(yuan * 100)


def _yuan(cents: int | None) -> Decimal | None:
    return None if cents is None else Decimal(cents) / 100


def _day(label: Any, message: Any = None) -> DateField:
    must = InputRequired(message) if message else Optional()
    return DayField(label, validators=[must])


def _money(label: Any) -> FigureField:
    limits = NumberRange(0, MOST_YUAN, _l("An amount in yuan a month, at most a million."))
    return FigureField(label, decimals=2, validators=[Optional(), limits])


class TermsForm(FlaskForm):
    """Post, site, days and pay."""

    post = SelectField(_l("Post"), coerce=int, validate_choice=False, choices=[])
    site = StringField(_l("Site"), filters=[tidy], validators=[Optional(), Length(max=120)])
    starts_on = _day(_l("First day"), _l("Choose the first day."))
    ends_on = _day(_l("Last day"), _l("Choose the last day."))
    pay = _money(_l("Pay a month"))

    def offer(self, posts: Iterable[PlacementPost]) -> None:
        """Offer the posts of the programme's enterprises."""
        self.post.choices = [
            SelectChoice(post.id, f"{post.organization.short} · {post.name}") for post in posts
        ]

    def validate_post(self, field: SelectField) -> None:
        """One of the posts that are offered."""
        if field.data not in {choice.value for choice in field.choices or ()}:
            raise ValidationError(_("Choose a post."))

    def validate_ends_on(self, field: DateField) -> None:
        """The last day does not come before the first."""
        if field.data and self.starts_on.data and field.data < self.starts_on.data:
            raise ValidationError(_("The last day comes before the first day."))

    def terms(self) -> Terms:
        """Return what was typed."""
        assert self.starts_on.data
        assert self.ends_on.data
        return Terms(
            self.post.data,
            self.site.data or "",
            self.starts_on.data,
            self.ends_on.data,
            _cents(self.pay.data),
        )


class PapersForm(FlaskForm):
    """Consent and insurance as they are on paper."""

    consent_on = _day(_l("Consent of trainee and guardian dated"))
    policy = StringField(
        _l("Insurance, policy number"), filters=[tidy], validators=[Optional(), Length(max=80)]
    )
    insured_until = _day(_l("Insured until"))

    def papers(self) -> Papers:
        """Return what was typed."""
        return Papers(self.consent_on.data, self.policy.data or "", self.insured_until.data)


class ArrangeForm(TermsForm, PapersForm):
    """Everything for new placements."""


class ChangeForm(TermsForm):
    """Other terms, from when, and why."""

    effective_on = _day(_l("Holds from"), _l("Choose the day from which it holds."))
    reason = StringField(
        _l("Reason"), filters=[tidy], validators=[DataRequired(_l("Say why it changes.")), Length(max=200)]
    )


def terms_values(placement: Placement) -> dict[str, Any]:
    """Return what the form of a placement shows."""
    return {
        "post": placement.post_id,
        "site": placement.site,
        "starts_on": placement.starts_on,
        "ends_on": placement.ends_on,
        "pay": _yuan(placement.pay_cents),
    }


class EndForm(FlaskForm):
    """The last day, and why."""

    day = _day(_l("Last day in the post"), _l("Choose the day."))
    reason = StringField(
        _l("Reason"), filters=[tidy], validators=[DataRequired(_l("Say why it ends.")), Length(max=200)]
    )


class OverrideForm(FlaskForm):
    """Why a rule is lifted."""

    reason = StringField(
        _l("Reason"),
        filters=[tidy],
        validators=[DataRequired(_l("Say why the rule is lifted here.")), Length(min=5, max=200)],
    )


class HostForm(FlaskForm):
    """How many people work in an enterprise."""

    staff = WholeField(
        _l("People working there"),
        validators=[
            InputRequired(_l("Enter the number of people.")),
            NumberRange(1, MOST_STAFF, _l("A number from 1 to five million.")),
        ],
    )


class PostForm(FlaskForm):
    """A post: where, how many work in it, what it pays, which hours it has."""

    organization = SelectField(_l("Enterprise"), coerce=int, validate_choice=False, choices=[])
    name = StringField(
        _l("Post"), filters=[tidy], validators=[DataRequired(_l("Name the post.")), Length(max=80)]
    )
    site = StringField(_l("Site"), filters=[tidy], validators=[Optional(), Length(max=120)])
    staff = WholeField(
        _l("People working in the post"),
        validators=[Optional(), NumberRange(1, MOST_STAFF, _l("A number from 1 to five million."))],
    )
    pay = _money(_l("Pay of the post a month"))
    lowest = _money(_l("Lowest grade of the post a month"))
    night = BooleanField(_l("Night shifts"))
    overtime = BooleanField(_l("Overtime"))
    rest_days = BooleanField(_l("Work on rest days or public holidays"))
    filed_on = _day(_l("Filed with the authority on"))
    filing = StringField(_l("Filing, number"), filters=[tidy], validators=[Optional(), Length(max=80)])

    def validate_pay(self, field: FigureField) -> None:
        """A post that pays nothing has no pay to compare with."""
        if field.data is not None and field.data <= 0:
            raise ValidationError(_("More than 0, or leave it empty."))

    def validate_organization(self, field: SelectField) -> None:
        """One of the programme's enterprises."""
        if field.data not in {choice.value for choice in field.choices or ()}:
            raise ValidationError(_("Choose an enterprise."))

    def facts(self) -> PostFacts:
        """Return what was typed."""
        return PostFacts(
            name=self.name.data or "",
            site=self.site.data or "",
            staff=self.staff.data,
            pay_cents=_cents(self.pay.data),
            lowest_cents=_cents(self.lowest.data),
            night=bool(self.night.data),
            overtime=bool(self.overtime.data),
            rest_days=bool(self.rest_days.data),
            filed_on=self.filed_on.data,
            filing=self.filing.data or "",
        )


def post_values(post: PlacementPost) -> dict[str, Any]:
    """Return what the form of a post shows."""
    names = ("name", "site", "staff", "night", "overtime", "rest_days", "filed_on", "filing")
    return {name: getattr(post, name) for name in names} | {
        "organization": post.organization_id,
        "pay": _yuan(post.pay_cents),
        "lowest": _yuan(post.lowest_cents),
    }


class RuleForm(FlaskForm):
    """A rule of the college from a day on."""

    valid_from = _day(_l("Holds from"), _l("Choose the day from which it holds."))
    limit = FigureField(_l("Limit"), decimals=2, validators=[Optional()])
    effect = RadioField(
        _l("When it is not kept"),
        choices=[SelectChoice(effect.value, label) for effect, label in EFFECTS.items()],
        validators=[InputRequired(_l("Choose one."))],
    )
    article = StringField(
        _l("Article"), filters=[tidy], validators=[DataRequired(_l("Name the article.")), Length(max=40)]
    )
    checked = BooleanField(_l("The article was compared with the text of the regulation"))
    reason = StringField(
        _l("Reason"), filters=[tidy], validators=[DataRequired(_l("Say why it changes.")), Length(max=200)]
    )

    def rule(self, code: RuleCode) -> Rule:
        """Return the version that was typed."""
        assert self.valid_from.data
        return Rule(
            code,
            self.limit.data,
            Effect(self.effect.data),
            self.article.data or "",
            bool(self.checked.data),
            self.valid_from.data,
        )


def ids_from_address() -> list[int]:
    """Return the ids that a GET form ticked."""
    return chosen_ids(request.args.getlist("id"))
