"""What is typed about experts, interviews, certificates and Delphi rounds: shape and coercion."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import BooleanField, DateField, SelectChoice, SelectField, TextAreaField
from wtforms.validators import DataRequired, InputRequired, NumberRange, Optional, ValidationError

from trainmgr.kernel.inputs import FigureField, WholeField, tidy
from trainmgr.standards import labels
from trainmgr.standards.certificates import CertificateFacts
from trainmgr.standards.evidence import Expert
from trainmgr.standards.experts import ExpertFacts
from trainmgr.standards.forms import chips, level, paragraph, text
from trainmgr.standards.interviews import InterviewFacts
from trainmgr.standards.rules import HIGHEST_LEVEL, LOWEST_LEVEL, TaskVoice
from trainmgr.standards.scoring import Limits, Subject

FIGURES = ("difficulty", "importance", "frequency")
MOST_LINES = 100


class _HouseForm(FlaskForm):
    """A form for a thing that one of the reader's houses keeps."""

    organization_id = SelectField(_l("Kept by"), coerce=int)

    def __init__(self, *args: Any, houses: Sequence[Any], **options: Any) -> None:
        super().__init__(*args, **options)
        self.organization_id.choices = [SelectChoice(one.id, one.name) for one in houses]


class ExpertForm(_HouseForm):
    """An expert of the pool."""

    name = text(_l("Name"), 80, _l("Name the expert."))
    employer = text(_l("Employer"), 120, _l("Say for whom the expert works."))
    title = text(_l("Title"), 80)
    field = text(_l("Field"), 80)
    occupation = text(_l("Occupation"), 80)

    def facts(self) -> ExpertFacts:
        """Return what was typed."""
        return ExpertFacts(
            self.name.data or "",
            self.employer.data or "",
            self.title.data or "",
            self.field.data or "",
            self.occupation.data or "",
        )


def lines_of(written: str | None) -> list[str]:
    """Return the lines that say something."""
    return [line for one in (written or "").splitlines() if (line := tidy(one) or "")]


class CertificateForm(_HouseForm):
    """A certificate's standard; units are written one a line, the code first."""

    name = text(_l("Certificate"), 120, _l("Name the certificate."))
    name_en = text(_l("English name"), 160)
    issuer = text(_l("Issuer"), 120, _l("Say who issues it."))
    level = text(_l("Grade"), 40)
    is_one_plus_x = BooleanField(_l("It is a 1+X certificate"))
    units = TextAreaField(_l("Units"), validators=[DataRequired(_l("Write at least one unit."))])

    def validate_units(self, field: Any) -> None:
        """Every line has a code of its own and a name."""
        pairs = [line.partition(" ") for line in lines_of(field.data)]
        wrong = [code for code, _sign, name in pairs if not name or len(code) > 20 or len(name) > 120]
        if wrong:
            raise ValidationError(_("Write the code, a blank, then the name: “%(line)s”.", line=wrong[0]))
        codes = [code for code, _sign, _name in pairs]
        doubled = [code for code in codes if codes.count(code) > 1]
        if doubled:
            raise ValidationError(_("The code “%(code)s” is there twice.", code=doubled[0]))
        if len(pairs) > MOST_LINES:
            raise ValidationError(_("At most %(most)s lines.", most=MOST_LINES))

    def facts(self) -> CertificateFacts:
        """Return what was typed."""
        pairs = [line.partition(" ") for line in lines_of(self.units.data)]
        return CertificateFacts(
            name=self.name.data or "",
            issuer=self.issuer.data or "",
            name_en=self.name_en.data or "",
            level=self.level.data or "",
            is_one_plus_x=self.is_one_plus_x.data,
            units=tuple((code, name) for code, _sign, name in pairs),
        )


class ThresholdForm(FlaskForm):
    """From when on a representative task is a typical one."""

    experts = WholeField(
        _l("Named by at least so many experts"),
        validators=[
            InputRequired(_l("Write a whole number such as 2.")),
            NumberRange(1, 50, _l("From 1 to 50.")),
        ],
    )
    difficulty = level(_l("Mean difficulty from"))
    importance = level(_l("Mean importance from"))
    frequency = level(_l("Mean frequency from"))


class InterviewForm(FlaskForm):
    """An interview; what was said of each task comes as a grid beside these fields."""

    expert_id = SelectField(_l("Expert"), coerce=int)
    held_on = DateField(_l("Held on"), validators=[InputRequired(_l("Write the day, such as 2026-11-30."))])
    notes = paragraph(_l("Notes"), 2000)
    new_tasks = TextAreaField(_l("Tasks that nobody had named"), validators=[Optional()])

    def __init__(self, *args: Any, experts: Sequence[Expert], **options: Any) -> None:
        super().__init__(*args, **options)
        self.expert_id.choices = [SelectChoice(one.id, f"{one.name} · {one.employer}") for one in experts]

    def validate_new_tasks(self, field: Any) -> None:
        """A task's name fits into its row."""
        lines = lines_of(field.data)
        if any(len(line) > 120 for line in lines) or len(lines) > MOST_LINES:
            raise ValidationError(_("One task a line, at most 120 characters each."))

    def facts(self, voices: Mapping[int, TaskVoice]) -> InterviewFacts:
        """Return what was typed, with what the grid says."""
        assert self.held_on.data is not None
        return InterviewFacts(
            self.expert_id.data,
            self.held_on.data,
            self.notes.data or "",
            voices,
            lines_of(self.new_tasks.data),
        )


@dataclass
class Grid:
    """What was typed into a grid of figures from 1 to 5: the raw texts, and the rows where something is wrong."""

    typed: Mapping[str, str]
    faults: dict[int, str] = field(default_factory=dict)

    def voices(self, ids: Sequence[int]) -> dict[int, TaskVoice]:
        """Return what was said of each task; a row is whole or empty."""
        found: dict[int, TaskVoice] = {}
        for one in ids:
            texts = [self.typed.get(f"{name}-{one}", "") for name in FIGURES]
            if not any(texts):
                continue
            figures = [_mark(value) for value in texts]
            if None in figures:
                self.faults[one] = _("Give all three figures from 1 to 5, or none.")
            else:
                found[one] = TaskVoice(*(figure or 0 for figure in figures))
        return found

    def scores(self, ids: Sequence[int]) -> dict[int, int]:
        """Return the score of each item that has one."""
        found: dict[int, int] = {}
        for one in ids:
            value = self.typed.get(f"score-{one}", "")
            mark = _mark(value)
            if mark is not None:
                found[one] = mark
            elif value:
                self.faults[one] = _("Write a whole number from 1 to 5.")
        return found


def _mark(written: str) -> int | None:
    whole = int(written) if written.isascii() and written.isdigit() and len(written) == 1 else 0
    return whole if LOWEST_LEVEL <= whole <= HIGHEST_LEVEL else None


def typed_of(voices: Mapping[int, TaskVoice]) -> Iterator[tuple[str, str]]:
    """Yield the fields of a grid that shows what was said."""
    for task_id, voice in voices.items():
        for name in FIGURES:
            yield f"{name}-{task_id}", str(getattr(voice, name))


class PanelForm(FlaskForm):
    """Who is asked in the Delphi rounds."""

    experts = chips(_l("Experts who are asked"))

    def __init__(self, *args: Any, experts: Sequence[Expert], **options: Any) -> None:
        super().__init__(*args, **options)
        self.experts.choices = [SelectChoice(one.id, f"{one.name} · {one.employer}") for one in experts]


def _share(label: Any) -> FigureField:
    return FigureField(
        label,
        decimals=3,
        validators=[
            InputRequired(_l("Write a number from 0 to 1, such as 0.25.")),
            NumberRange(0, 1, _l("From 0 to 1.")),
        ],
    )


class RoundForm(FlaskForm):
    """What a round asks about, and its thresholds."""

    subject = SelectField(
        _l("The experts rate"),
        choices=[SelectChoice(subject.value, label) for subject, label in labels.SUBJECTS.items()],
    )
    least_mean = level(_l("Mean from"))
    most_variation = _share(_l("Coefficient of variation up to"))
    least_full = _share(_l("Share of full marks from"))

    @classmethod
    def showing(cls, limits: Limits, subject: Subject) -> RoundForm:
        """Return the form filled with thresholds."""
        figures = {name: Decimal(repr(value)) for name, value in vars(limits).items()}
        return cls(data={**figures, "subject": subject.value})

    def chosen_subject(self) -> Subject:
        """Return what the round asks about."""
        return Subject(self.subject.data)

    def limits(self) -> dict[str, Decimal]:
        """Return the thresholds by their columns."""
        return {name: self[name].data for name in ("least_mean", "most_variation", "least_full")}
