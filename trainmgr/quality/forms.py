"""Forms of indicators and targets."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import (
    BooleanField,
    DateField,
    HiddenField,
    SelectChoice,
    SelectField,
    SelectMultipleField,
    StringField,
    TextAreaField,
    ValidationError,
    widgets,
)
from wtforms.validators import DataRequired, InputRequired, Length, NumberRange, Optional

from trainmgr.kernel.inputs import FigureField, WholeField, tidy
from trainmgr.quality import labels
from trainmgr.quality.rules import Audience, Better, Definition, Gold, Group, Table, Unit

BILLION = 10**9


def _text(label: Any, most: int, *validators: Any) -> StringField:
    return StringField(label, filters=[tidy], validators=[*validators, Length(max=most)])


def reason_field() -> StringField:
    """Why something is changed; needed."""
    return StringField(
        _l("Reason"), filters=[tidy], validators=[DataRequired(_l("Say why it changes.")), Length(max=200)]
    )


def _pick(label: Any, words: Any) -> SelectField:
    return SelectField(label, choices=[SelectChoice(one.value, text) for one, text in words.items()])


def _picks(label: Any, words: Any) -> SelectMultipleField:
    return SelectMultipleField(
        label,
        choices=[SelectChoice(one.value, text) for one, text in words.items()],
        widget=widgets.ListWidget(prefix_label=False),
        option_widget=widgets.CheckboxInput(),
        validators=[Optional()],
    )


class IndicatorForm(FlaskForm):
    """Everything about an indicator but how it is computed; that is chosen once, when it is new."""

    version = HiddenField()
    measure = SelectField(_l("How it is computed"), validate_choice=False, choices=[])
    name = _text(_l("Name (Chinese)"), 80, DataRequired(_l("Name the indicator.")))
    name_en = _text(_l("Name (English)"), 120, Optional())
    definition = TextAreaField(
        _l("Definition (Chinese)"), filters=[tidy],
        validators=[DataRequired(_l("Say what counts, and over what.")), Length(max=400)],
    )  # fmt: skip
    definition_en = TextAreaField(
        _l("Definition (English)"), filters=[tidy], validators=[Optional(), Length(max=400)]
    )
    source = _text(_l("Data source (Chinese)"), 120, DataRequired(_l("Say which records it comes from.")))
    source_en = _text(_l("Data source (English)"), 120, Optional())
    unit_name = _text(_l("Unit (Chinese)"), 20, DataRequired(_l("Name the unit.")))
    unit_name_en = _text(_l("Unit (English)"), 30, Optional())
    decimals = WholeField(
        _l("Decimals"),
        validators=[InputRequired(_l("Type a number.")), NumberRange(0, 4, _l("From 0 to 4."))],
    )
    group = _pick(_l("Group of indicators"), labels.GROUPS)
    golds = _picks(_l("Five golds"), labels.GOLDS)
    tables = _picks(_l("Tables of the annual report"), labels.TABLES)
    better = _pick(_l("Direction"), labels.BETTER)
    audience = _pick(_l("Who sees it"), labels.AUDIENCES)
    weight = FigureField(
        _l("Weight"), decimals=2,
        validators=[InputRequired(_l("Type a number.")), NumberRange(0, 100, _l("From 0 to 100."))],
    )  # fmt: skip
    position = WholeField(
        _l("Place in its group"),
        validators=[InputRequired(_l("Type a number.")), NumberRange(0, 9999, _l("From 0 to 9999."))],
    )
    active = BooleanField(_l("The indicator is used"))
    valid_from = DateField(_l("Holds from"), validators=[InputRequired(_l("Choose the day."))])
    reason = reason_field()

    def offer(self, measures: Any) -> None:
        """Offer what can be computed; a known indicator's computation stays (`measures` None)."""
        if measures is None:
            del self.measure
        else:
            self.measures = dict(measures)
            self.measure.choices = [SelectChoice(code, text) for code, text in measures]

    def validate_measure(self, field: SelectField) -> None:
        """One of those offered."""
        if field.data not in self.measures:
            raise ValidationError(_("Choose how it is computed."))

    def validate_valid_from(self, field: DateField) -> None:
        """A day that somebody may mean."""
        if field.data and not 2000 <= field.data.year <= 2100:
            raise ValidationError(_("Choose the day."))

    def typed(self, before: Definition) -> Definition:
        """Return the definition that was typed, over the one before."""
        texts = ("name", "definition", "source", "unit_name")
        values: dict[str, Any] = {key: self[key].data or "" for name in texts for key in (name, f"{name}_en")}
        return replace(
            before,
            **values,
            decimals=self.decimals.data or 0,
            group=Group(self.group.data),
            golds=tuple(map(Gold, self.golds.data or ())),
            tables=tuple(map(Table, self.tables.data or ())),
            better=Better(self.better.data),
            audience=Audience(self.audience.data),
            weight=float(self.weight.data or 0),
            position=self.position.data or 0,
            active=bool(self.active.data),
        )


def indicator_values(definition: Definition, day: date) -> dict[str, Any]:
    """Return what the form begins with."""
    names = (
        "name", "name_en", "definition", "definition_en", "source", "source_en", "unit_name", "unit_name_en",
        "decimals", "position", "active",
    )  # fmt: skip
    found = {name: getattr(definition, name) for name in names}
    return found | {
        "group": definition.group.value,
        "golds": [gold.value for gold in definition.golds],
        "tables": [table.value for table in definition.tables],
        "better": definition.better.value,
        "audience": definition.audience.value,
        "weight": Decimal(str(definition.weight)),
        "valid_from": day,
    }


class TargetForm(FlaskForm):
    """A target of a year; left empty it takes the year's target back."""

    target_year = WholeField(
        _l("Year"),
        validators=[InputRequired(_l("Write a year such as 2026.")),
                    NumberRange(2000, 2100, _l("Write a year such as 2026."))],
    )  # fmt: skip
    value = FigureField(_l("Target"), decimals=4, validators=[Optional(), NumberRange(-BILLION, BILLION)])
    target_reason = StringField(
        _l("Reason"), filters=[tidy], validators=[DataRequired(_l("Say why it changes.")), Length(max=200)]
    )

    def for_unit(self, unit: Unit) -> None:
        """Remember how the value is typed: shares in per cent."""
        self.unit = unit

    def validate_value(self, field: FigureField) -> None:
        """A share is at most the whole."""
        if field.data is not None and self.unit is Unit.SHARE and not 0 <= field.data <= 100:
            raise ValidationError(_("A share lies between 0 and 100%."))

    def typed(self) -> float | None:
        """Return the target on the figure's scale."""
        if self.value.data is None:
            return None
        return float(self.value.data) / (100 if self.unit is Unit.SHARE else 1)
