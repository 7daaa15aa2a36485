"""What is typed about the lanes: who answers for a step, business needs, figures by month, an answer to weights."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import DateField, RadioField, SelectChoice, SelectField, StringField, TextAreaField
from wtforms.validators import DataRequired, Length, Optional, ValidationError

from trainmgr.kernel.inputs import LARGEST, tidy
from trainmgr.needs import labels
from trainmgr.needs.rules import SeriesRule

NOBODY = 0
MOST_MONTHS = 60
MONTH = re.compile(r"(\d{4})\s*[-/.年]\s*(\d{1,2})\s*月?")
FULL_WIDTH = str.maketrans("０１２３４５６７８９．，－", "0123456789.,-")


class OwnersForm(FlaskForm):
    """Who answers for a step on each side, and until when."""

    college = SelectField(_l("On the college side"), coerce=int)
    enterprise = SelectField(_l("On the enterprise side"), coerce=int)
    due_on = DateField(_l("Due on"), validators=[Optional()])


class NeedForm(FlaskForm):
    """One thing that the enterprise needs."""

    text = StringField(
        _l("What the enterprise needs"),
        filters=[tidy],
        validators=[DataRequired(_l("Say what the enterprise needs.")), Length(max=300)],
    )
    source = StringField(
        _l("Where that is written"), filters=[tidy], validators=[Optional(), Length(max=120)]
    )


class AnswerForm(FlaskForm):
    """Whether the proposed weights are agreed to."""

    answer = RadioField(
        _l("Your answer"),
        choices=[SelectChoice("accept", _l("Agree")), SelectChoice("refuse", _l("Refuse"))],
        validators=[DataRequired(_l("Agree or refuse."))],
    )
    reason = StringField(_l("Reason"), filters=[tidy], validators=[Length(max=300)])

    def validate_reason(self, field: Any) -> None:
        """Who refuses says why."""
        if self.answer.data == "refuse" and not field.data:
            raise ValidationError(_("Say in a few words why, so that the other side can propose anew."))


class SeriesForm(FlaskForm):
    """Figures by month, one a line, and how the current figure comes from them."""

    rule = SelectField(
        _l("The current figure is"),
        choices=[SelectChoice(rule.value, label) for rule, label in labels.SERIES_RULES.items()],
    )
    months = TextAreaField(_l("Figures by month"), validators=[Length(max=4000)])

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.figures: dict[date, Decimal] = {}

    def validate_months(self, field: Any) -> None:
        """Each line is a month and a figure; a line that is neither is named."""
        for number, line in enumerate((field.data or "").splitlines(), start=1):
            if line.strip():
                month, value = _read_line(number, line.translate(FULL_WIDTH))
                if month in self.figures:
                    raise ValidationError(_("Line %(number)s: this month stands there twice.", number=number))
                self.figures[month] = value
        if len(self.figures) > MOST_MONTHS:
            raise ValidationError(_("At most %(most)s months are kept.", most=MOST_MONTHS))
        if self.rule.data != SeriesRule.TYPED.value and not self.figures:
            raise ValidationError(_("Without months the current figure can only be typed."))


def read_month(text: str) -> date | None:
    """Return the first day of the month that a text begins with, or None."""
    found = MONTH.match(text.strip())
    if not found or not 1 <= int(found[2]) <= 12 or not 1990 <= int(found[1]) <= 2100:
        return None
    return date(int(found[1]), int(found[2]), 1)


def _read_line(number: int, line: str) -> tuple[date, Decimal]:
    month, found = read_month(line), MONTH.match(line.strip())
    if month is None or found is None:
        raise ValidationError(
            _("Line %(number)s: begin with the month, such as 2026-03, then the figure.", number=number)
        )
    text = line.strip()[found.end() :].strip(" \t,;:：，；").replace(",", "").removesuffix("%")
    try:
        value = Decimal(text)
    except InvalidOperation:
        value = Decimal("NaN")
    if not value.is_finite() or abs(value) > LARGEST:
        raise ValidationError(
            _("Line %(number)s: “%(text)s” is not a figure.", number=number, text=text[:40])
        )
    return month, value


def lines_of(figures: Mapping[date, Decimal]) -> str:
    """Return figures by month as they are typed."""
    return "\n".join(f"{month:%Y-%m}  {value.normalize():f}" for month, value in figures.items())
