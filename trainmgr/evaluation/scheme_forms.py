"""Shape and coercion of what is typed about schemes and windows."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from flask import current_app
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import (
    DateTimeLocalField,
    DecimalField,
    HiddenField,
    IntegerField,
    RadioField,
    SelectField,
    SelectMultipleField,
    StringField,
    TextAreaField,
)
from wtforms.fields.choices import SelectChoice
from wtforms.validators import (
    DataRequired,
    InputRequired,
    Length,
    NumberRange,
    Optional,
    ValidationError,
)

from trainmgr.evaluation.forms import stripped
from trainmgr.evaluation.labels import DIMENSIONS, KINDS, LEVELS, PARTIES, in_language
from trainmgr.evaluation.models import Criterion, Scheme, Window
from trainmgr.evaluation.rules import (
    LEAST_PEERS,
    MOST_MONTHS,
    MOST_PEERS,
    Level,
    LevelWeight,
    Party,
    Phase,
    WindowKind,
    reminder_times,
)
from trainmgr.evaluation.schemes import CriterionFields
from trainmgr.evaluation.scoring import HUNDRED
from trainmgr.evaluation.windows import WindowFields
from trainmgr.kernel.days import in_our_time
from trainmgr.needs.models import Dimension
from trainmgr.pathways.rules import Pathway


def _short(value: float) -> Decimal:
    """Write a number with no more decimals than it has: 60, 6.75."""
    return Decimal(f"{value:g}")


def _percent(label: Any) -> DecimalField:
    return DecimalField(
        label,
        places=None,
        validators=[Optional(), NumberRange(min=0, max=100, message=_l("A share lies from 0 to 100."))],
    )


class WeightsForm(FlaskForm):
    """What the levels weigh, how the parties share each, and the marks; all out of 100 but the divergence."""

    version = HiddenField()
    pass_mark = DecimalField(
        _l("Pass mark"), places=None, validators=[InputRequired(), NumberRange(min=20, max=100)]
    )
    good_mark = DecimalField(
        _l("Mark for good"), places=None, validators=[InputRequired(), NumberRange(min=20, max=100)]
    )
    divergence = DecimalField(
        _l("Divergence to be flagged"), places=None, validators=[InputRequired(), NumberRange(min=0.5, max=4)]
    )
    peer_raters = IntegerField(
        _l("Classmates who rate each trainee"),
        validators=[Optional(), NumberRange(min=LEAST_PEERS, max=MOST_PEERS)],
    )

    @classmethod
    def of(cls, scheme: Scheme) -> WeightsForm:
        """Return the form filled with what a scheme holds."""
        values: dict[str, Any] = {
            "version": scheme.version,
            "pass_mark": _short(scheme.pass_mark * HUNDRED),
            "good_mark": _short(scheme.good_mark * HUNDRED),
            "divergence": _short(scheme.divergence),
            "peer_raters": scheme.peer_raters,
        }
        for level in scheme.level_weights:
            values[f"weight_{level.level.value}"] = _short(level.weight)
            values |= {
                f"share_{level.level.value}_{party.value}": _short(share)
                for party, share in level.shares.items()
            }
        return cls(formdata=None, data=values)

    def weight(self, level: Level) -> Any:
        """Return the field of what a level weighs."""
        return self[f"weight_{level.value}"]

    def share(self, level: Level, party: Party) -> Any:
        """Return the field of a party's share in a level."""
        return self[f"share_{level.value}_{party.value}"]

    @property
    def levels(self) -> tuple[LevelWeight, ...]:
        """What was entered."""
        return tuple(
            LevelWeight(
                level,
                float(self.weight(level).data or 0),
                {p: float(self.share(level, p).data) for p in Party if self.share(level, p).data},
            )
            for level in Level
        )

    @property
    def marks(self) -> dict[str, float]:
        """Marks and divergence in points of the scale, and how many classmates rate, where that was asked."""
        peers = {"peer_raters": self.peer_raters.data} if self.peer_raters.data else {}
        return {
            "pass_mark": float(self.pass_mark.data) / HUNDRED,
            "good_mark": float(self.good_mark.data) / HUNDRED,
            "divergence": float(self.divergence.data),
            **peers,
        }

    def validate(self, extra_validators: Any = None) -> bool:
        """Check each field, then that each level's shares and the four weights add up to 100."""
        sound = bool(super().validate(extra_validators))
        if not sound:
            return False
        for level in self.levels:
            total = sum(level.shares.values())
            if level.weight and abs(total - 100) > 0.005:
                self._fault(
                    f"share_{level.level.value}_trainee",
                    _("The shares add up to %(total)s, not 100.", total=f"{total:g}"),
                )
                sound = False
        total = sum(level.weight for level in self.levels)
        if abs(total - 100) > 0.005:
            self._fault("weight_reaction", _("The weights add up to %(total)s, not 100.", total=f"{total:g}"))
            sound = False
        if self.good_mark.data <= self.pass_mark.data:
            self._fault("good_mark", _("The mark for good lies above the pass mark."))
            sound = False
        return sound

    def _fault(self, name: str, message: str) -> None:
        self[name].errors = [*self[name].errors, message]


for _level in Level:
    setattr(WeightsForm, f"weight_{_level.value}", _percent(LEVELS[_level]))
    for _party in Party:
        setattr(WeightsForm, f"share_{_level.value}_{_party.value}", _percent(PARTIES[_party]))


class PartyForm(FlaskForm):
    """Who is added to a scheme, on which levels, with which share of each."""

    party = SelectField(_l("Party"))
    levels = SelectMultipleField(
        _l("On which levels"),
        choices=lambda: [SelectChoice(lv.value, LEVELS[lv]) for lv in Level],
        validators=[DataRequired(_l("Choose at least one level."))],
    )
    share = DecimalField(
        _l("Share of each level"),
        default=10,
        places=None,
        validators=[InputRequired(), NumberRange(min=1, max=90)],
    )

    def offer(self, parties: Sequence[Party]) -> None:
        """Offer the parties that the scheme does not have yet."""
        self.party.choices = [SelectChoice(party.value, PARTIES[party]) for party in parties]


class CriterionForm(FlaskForm):
    """One criterion: what is asked, of whom, on which level, in which words."""

    version = HiddenField()
    name = StringField(
        _l("What is asked"),
        filters=[stripped],
        validators=[DataRequired(_l("Say in a few words what is asked.")), Length(max=80)],
    )
    name_en = StringField(_l("In English"), filters=[stripped], validators=[Optional(), Length(max=120)])
    hint = StringField(_l("What to look at"), filters=[stripped], validators=[Optional(), Length(max=200)])
    hint_en = StringField(
        _l("What to look at, in English"), filters=[stripped], validators=[Optional(), Length(max=200)]
    )
    level = SelectField(_l("Level"), choices=lambda: [SelectChoice(lv.value, LEVELS[lv]) for lv in Level])
    dimension = SelectField(
        _l("Dimension"), choices=lambda: [SelectChoice(d.value, DIMENSIONS[d]) for d in Dimension]
    )
    parties = SelectMultipleField(
        _l("Who rates it"),
        choices=lambda: [SelectChoice(p.value, PARTIES[p]) for p in Party],
        validators=[DataRequired(_l("Choose at least one party."))],
    )
    weight = DecimalField(
        _l("Weight among the criteria of its level"),
        default=1,
        places=None,
        validators=[InputRequired(), NumberRange(min=0.01, max=100)],
    )
    words = TextAreaField(
        _l("The words of the marks 1 to 5"),
        validators=[DataRequired(_l("Write five lines, one for each mark."))],
    )
    competency = SelectField(
        _l("Stands for the competency"),
        validators=[Optional()],
        coerce=lambda value: int(value) if value else None,
    )

    @classmethod
    def of(cls, scheme: Scheme, criterion: Criterion | None, competencies: Sequence[Any]) -> CriterionForm:
        """Return the form for a criterion, or for a new one with the words of the scheme's first."""
        like = criterion or scheme.criteria[0]
        values: dict[str, Any] = {"version": scheme.version, "words": as_lines(like.anchors)}
        if criterion is not None:
            values |= {
                "name": criterion.name,
                "name_en": criterion.name_en,
                "hint": criterion.hint,
                "hint_en": criterion.hint_en,
                "level": criterion.level.value,
                "dimension": criterion.dimension.value,
                "parties": [party.value for party in Party if party in criterion.parties],
                "weight": _short(criterion.weight),
                "competency": criterion.competency_id,
            }
        form = cls(data=values)
        form.offer(competencies)
        return form

    def offer(self, competencies: Sequence[Any]) -> None:
        """Offer the programme's competencies to choose from."""
        none = SelectChoice("", _l("no competency"))
        self.competency.choices = [none] + [
            SelectChoice(str(c.id), in_language(c.name, c.name_en)) for c in competencies
        ]

    def validate_words(self, field: Any) -> None:
        """Take exactly five lines, each a word and perhaps its English behind a stroke."""
        if len(_lines(field.data)) != 5:
            raise ValidationError(_("There are %(n)s lines; five are needed.", n=len(_lines(field.data))))
        if any(len(word) > 40 for pair in self.anchors for word in pair):
            raise ValidationError(_("A word may have at most 40 characters."))

    @property
    def anchors(self) -> list[list[str]]:
        """The five words as pairs of Chinese and English."""
        return [[part.strip() for part in [*line.split("/", 1), ""][:2]] for line in _lines(self.words.data)]

    @property
    def fields(self) -> CriterionFields:
        """What was entered."""
        return CriterionFields(
            level=Level(self.level.data),
            dimension=Dimension(self.dimension.data),
            name=self.name.data,
            name_en=self.name_en.data,
            hint=self.hint.data,
            hint_en=self.hint_en.data,
            weight=float(self.weight.data),
            parties=frozenset(Party(party) for party in self.parties.data),
            anchors=self.anchors,
            competency_id=self.competency.data,
        )


def _lines(text: str | None) -> list[str]:
    return [line.strip() for line in (text or "").splitlines() if line.strip()]


def as_lines(anchors: Sequence[Any]) -> str:
    """Write anchor words as lines to edit."""
    return "\n".join(f"{zh} / {en}" if en else zh for zh, en in anchors)


# --- windows ----------------------------------------------------------------------------------------


class WindowForm(FlaskForm):
    """A window: what it is called, what it asks about, when it opens and closes (local time)."""

    version = HiddenField()
    name = StringField(
        _l("Name of the window"),
        filters=[stripped],
        validators=[DataRequired(_l("Give the window a name.")), Length(max=80)],
    )
    name_en = StringField(_l("In English"), filters=[stripped], validators=[Optional(), Length(max=120)])
    kind = RadioField(
        _l("Kind of window"), choices=lambda: [SelectChoice(k.value, KINDS[k]) for k in WindowKind]
    )
    stages = SelectMultipleField(_l("After which stages"), coerce=int)
    months_after = IntegerField(
        _l("Months after the end"), validators=[Optional(), NumberRange(min=1, max=MOST_MONTHS)]
    )
    levels = SelectMultipleField(
        _l("Asks about"),
        choices=lambda: [SelectChoice(lv.value, LEVELS[lv]) for lv in Level],
        validators=[DataRequired(_l("Choose at least one level."))],
    )
    asked = SelectMultipleField(
        _l("Parties asked"),
        choices=lambda: [SelectChoice(p.value, PARTIES[p]) for p in Party],
        validators=[Optional()],
    )
    weight = DecimalField(
        _l("Weight among the windows"),
        default=0,
        places=None,
        validators=[InputRequired(), NumberRange(min=0, max=100)],
    )
    opens_at = DateTimeLocalField(
        _l("Opens"),
        format="%Y-%m-%dT%H:%M",
        validators=[InputRequired(_l("Give day and time.")), in_our_time],
    )
    closes_at = DateTimeLocalField(
        _l("Closes"),
        format="%Y-%m-%dT%H:%M",
        validators=[InputRequired(_l("Give day and time.")), in_our_time],
    )
    first_reminder_at = DateTimeLocalField(
        _l("First reminder"), format="%Y-%m-%dT%H:%M", validators=[Optional()]
    )
    second_reminder_at = DateTimeLocalField(
        _l("Second reminder"), format="%Y-%m-%dT%H:%M", validators=[Optional()]
    )
    reason = StringField(_l("Reason"), filters=[stripped], validators=[Optional(), Length(max=200)])

    @classmethod
    def of(cls, window: Window, pathway: Pathway) -> WindowForm:
        """Return the form filled with a window's values, one that is not saved yet with the usual reminders."""
        first, second = (
            (window.first_reminder_at, window.second_reminder_at)
            if window.id
            else reminder_times(window.opens_at, window.closes_at)
        )
        form = cls(
            data={
                "version": window.version,
                "name": window.name,
                "name_en": window.name_en,
                "kind": window.kind.value,
                "stages": window.stages,
                "levels": window.levels,
                "asked": window.asked,
                "months_after": window.months_after or None,
                "weight": _short(window.weight),
                "opens_at": _local(window.opens_at),
                "closes_at": _local(window.closes_at),
                "first_reminder_at": _local(first) if first else None,
                "second_reminder_at": _local(second) if second else None,
            }
        )
        form.offer(pathway)
        return form

    def offer(self, pathway: Pathway) -> None:
        """Offer the pathway's stages to choose from."""
        self.stages.choices = [
            SelectChoice(number, f"{number} {in_language(stage.name.zh, stage.name.en)}")
            for number, stage in enumerate(pathway.stages, start=1)
        ]

    def freeze(self, window: Window, phase: Phase) -> None:
        """Hold on to what can no longer change once the window has opened."""
        if phase is Phase.PLANNED:
            return
        self.kind.data, self.stages.data = window.kind.value, window.stages
        self.levels.data, self.weight.data = window.levels, window.weight
        self.asked.data, self.months_after.data = window.asked, window.months_after or None
        self.opens_at.data = _local(window.opens_at)

    def validate_closes_at(self, field: Any) -> None:
        """A window closes after it has opened."""
        if self.opens_at.data and field.data and field.data <= self.opens_at.data:
            raise ValidationError(_("The window must close after it opens."))

    @property
    def is_follow_up(self) -> bool:
        """Whether a follow-up is described."""
        return bool(self.kind.data == WindowKind.FOLLOW_UP.value)

    def validate_stages(self, field: Any) -> None:
        """A window belongs to a stage; a follow-up comes after all of them."""
        if not field.data and not self.is_follow_up:
            raise ValidationError(_("Choose a stage."))

    def validate_weight(self, field: Any) -> None:
        """A follow-up counts for nothing in the score of the training."""
        if field.data and self.is_follow_up:
            raise ValidationError(_("A follow-up has no weight: the terminal result stays as it is."))

    def validate(self, extra_validators: Any = None) -> bool:
        """Check each field, then that a follow-up, and nothing else, says how many months after the end it opens."""
        sound = bool(super().validate(extra_validators))
        if self.is_follow_up == bool(self.months_after.data):
            return sound
        self.months_after.errors = [
            _("Say how many months after the end the follow-up opens.")
            if self.is_follow_up
            else _("Only a follow-up opens months after the end.")
        ]
        return False

    def validate_first_reminder_at(self, field: Any) -> None:
        """People are reminded while the window is open."""
        self._inside(field)

    def validate_second_reminder_at(self, field: Any) -> None:
        """The second reminder comes after the first, while the window is open."""
        self._inside(field)
        first = self.first_reminder_at.data
        if field.data and (first is None or field.data <= first):
            raise ValidationError(_("The second reminder comes after the first."))

    def _inside(self, field: Any) -> None:
        opens, closes = self.opens_at.data, self.closes_at.data
        if field.data and opens and closes and not opens < field.data < closes:
            raise ValidationError(_("A reminder lies between the opening and the end of the window."))

    @property
    def fields(self) -> WindowFields:
        """What was entered."""
        assert self.opens_at.data
        assert self.closes_at.data
        first, second = self.first_reminder_at.data, self.second_reminder_at.data
        return WindowFields(
            name=self.name.data,
            name_en=self.name_en.data,
            kind=WindowKind(self.kind.data),
            stages=tuple(sorted(self.stages.data or ())) or (len(self.stages.choices),),
            levels=tuple(Level(level) for level in self.levels.data or ()),
            weight=float(self.weight.data or 0),
            opens_at=_utc(self.opens_at.data),
            closes_at=_utc(self.closes_at.data),
            months_after=self.months_after.data or 0,
            asked=tuple(party for party in Party if party.value in (self.asked.data or ())),
            reminders=(_utc(first) if first else None, _utc(second) if second else None),
        )


def _zone() -> ZoneInfo:
    return ZoneInfo(current_app.config["TIMEZONE"])


def _local(moment: datetime) -> datetime:
    return moment.astimezone(_zone()).replace(tzinfo=None)


def _utc(moment: datetime) -> datetime:
    return moment.replace(tzinfo=_zone())
