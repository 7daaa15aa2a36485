"""What is typed into a job standard: shape and coercion."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from flask_wtf.file import FileField, FileRequired
from wtforms import SelectChoice, SelectField, SelectMultipleField, StringField, TextAreaField
from wtforms.validators import DataRequired, InputRequired, Length, NumberRange, Optional, ValidationError

from trainmgr.kernel.inputs import FigureField, tidy
from trainmgr.programs.labels import in_language
from trainmgr.standards import labels
from trainmgr.standards.actions import CompetencyFacts, PostFacts
from trainmgr.standards.models import CertificateUnit, JobStandard, StandardTask, VersionCompetency
from trainmgr.standards.rules import HIGHEST_LEVEL, Dimension
from trainmgr.standards.tasks import TaskFacts

LONGEST_LEVEL = 200


def text(label: Any, most: int, missing: Any = None) -> StringField:
    """A line of text; without a sentence about its missing it may be left out."""
    first = DataRequired(missing) if missing else Optional()
    return StringField(label, filters=[tidy], validators=[first, Length(max=most)])


def paragraph(label: Any, most: int, missing: Any = None) -> TextAreaField:
    """A few lines of text."""
    first = DataRequired(missing) if missing else Optional()
    return TextAreaField(label, filters=[tidy], validators=[first, Length(max=most)])


def level(label: Any) -> FigureField:
    """A figure from 1 to 5."""
    return FigureField(
        label,
        decimals=2,
        validators=[
            InputRequired(_l("Write a number from 1 to 5.")),
            NumberRange(1, HIGHEST_LEVEL, _l("Levels and importance run from 1 to 5.")),
        ],
    )


def chips(label: Any) -> SelectMultipleField:
    """Several of what is there already."""
    return SelectMultipleField(label, coerce=int, validators=[Optional()])


class NamedForm(FlaskForm):
    """A form for a thing whose name is its own among its like; `taken` are the names of the others."""

    def __init__(self, *args: Any, taken: frozenset[str] = frozenset(), **options: Any) -> None:
        super().__init__(*args, **options)
        self.taken = taken

    def validate_name(self, field: Any) -> None:
        """Two things of one name could not be told apart in a spreadsheet."""
        if field.data in self.taken:
            raise ValidationError(
                _("There is one of this name already. Choose another name, or change that one.")
            )


class PostForm(FlaskForm):
    """What a standard is about."""

    college_id = SelectField(_l("College"), coerce=int)
    post = text(_l("Post"), 80, _l("Name the post."))
    post_en = text(_l("Post in English"), 120)
    code = text(_l("Code"), 40, _l("Give it a code, for example QL-01."))
    occupation = text(_l("Occupation"), 80)
    enterprise_id = SelectField(_l("Partner enterprise"), coerce=int)

    def __init__(
        self, *args: Any, colleges: Sequence[Any], enterprises: Sequence[Any], **options: Any
    ) -> None:
        super().__init__(*args, **options)
        self.college_id.choices = [SelectChoice(one.id, one.name) for one in colleges]
        none = SelectChoice(0, _("not named yet"))
        self.enterprise_id.choices = [none, *(SelectChoice(one.id, one.name) for one in enterprises)]

    def facts(self) -> PostFacts:
        """Return what was typed."""
        return PostFacts(
            code=self.code.data or "",
            post=self.post.data or "",
            post_en=self.post_en.data or "",
            occupation=self.occupation.data or "",
            enterprise_id=self.enterprise_id.data or None,
        )

    @classmethod
    def showing(cls, standard: JobStandard, **options: Any) -> PostForm:
        """Return the form filled with what is there."""
        return cls(obj=standard, data={"enterprise_id": standard.enterprise_id or 0}, **options)


class CompetencyForm(NamedForm):
    """One competency with the words of its levels, the tasks that take it, the certificate units that it covers."""

    name = text(_l("Competency"), 80, _l("Name the competency."))
    name_en = text(_l("English name"), 120)
    dimension = SelectField(
        _l("Ability dimension"),
        choices=[SelectChoice(dimension.value, label) for dimension, label in labels.DIMENSIONS.items()],
    )
    importance = level(_l("Importance for the post"))
    required_level = level(_l("Required level"))
    level1 = paragraph(_l("Level %(number)s", number=1), LONGEST_LEVEL)
    level2 = paragraph(_l("Level %(number)s", number=2), LONGEST_LEVEL)
    level3 = paragraph(_l("Level %(number)s", number=3), LONGEST_LEVEL)
    level4 = paragraph(_l("Level %(number)s", number=4), LONGEST_LEVEL)
    level5 = paragraph(_l("Level %(number)s", number=5), LONGEST_LEVEL)
    tasks = chips(_l("Taken by these typical work tasks"))
    units = chips(_l("Covers these certificate units"))

    def __init__(
        self, *args: Any, tasks: Sequence[StandardTask], units: Sequence[CertificateUnit], **options: Any
    ) -> None:
        super().__init__(*args, **options)
        self.tasks.choices = [SelectChoice(one.id, in_language(one.name, one.name_en)) for one in tasks]
        self.units.choices = [
            SelectChoice(one.id, f"{one.certificate.name} {one.certificate.level} · {one.code} {one.name}")
            for one in units
        ]

    @property
    def words(self) -> tuple[str, ...]:
        """What the five levels say."""
        return tuple(self[f"level{number}"].data or "" for number in range(1, HIGHEST_LEVEL + 1))

    def facts(self) -> CompetencyFacts:
        """Return what was typed."""
        return CompetencyFacts(
            name=self.name.data or "",
            importance=self.importance.data or Decimal(0),
            required_level=self.required_level.data or Decimal(0),
            name_en=self.name_en.data or "",
            dimension=Dimension(self.dimension.data),
            levels=self.words,
        )


def shown(competency: VersionCompetency, tasks: Sequence[int], units: Sequence[int]) -> dict[str, Any]:
    """Return what the form of a competency shows besides its own columns."""
    words = {f"level{number}": word for number, word in enumerate(competency.levels, start=1)}
    return words | {"tasks": list(tasks), "units": list(units)}


class TaskForm(NamedForm):
    """One task with the tasks that it comes from and, for a typical one, the competencies that it takes."""

    name = text(_l("Task"), 120, _l("Name the task."))
    name_en = text(_l("English name"), 160)
    description = paragraph(_l("What is done, with what, to which standard"), 1000)
    sources = chips(_l("Comes from"))
    competencies = chips(_l("Takes these competencies"))

    def __init__(
        self,
        *args: Any,
        sources: Sequence[StandardTask],
        competencies: Sequence[VersionCompetency],
        **options: Any,
    ) -> None:
        super().__init__(*args, **options)
        self.sources.choices = [SelectChoice(one.id, in_language(one.name, one.name_en)) for one in sources]
        self.competencies.choices = [
            SelectChoice(one.competency_id, in_language(one.name, one.name_en)) for one in competencies
        ]

    def facts(self) -> TaskFacts:
        """Return what was typed."""
        return TaskFacts(self.name.data or "", self.name_en.data or "", self.description.data or "")


class ReasonForm(FlaskForm):
    """Why a signature is withdrawn, or a draft opened."""

    reason = paragraph(_l("Reason"), 300, _l("Say in a few words what has to change."))


class SheetForm(FlaskForm):
    """A file that is handed in."""

    file = FileField(_l("File"), validators=[FileRequired(_l("Choose the file first."))])


class FrameworkForm(SheetForm):
    """A framework and, when it becomes a standard of its own, who builds it."""

    college_id = SelectField(_l("College"), coerce=int)
    enterprise_id = SelectField(_l("Partner enterprise"), coerce=int)

    def __init__(
        self, *args: Any, colleges: Sequence[Any], enterprises: Sequence[Any], **options: Any
    ) -> None:
        super().__init__(*args, **options)
        if not colleges:
            del self.college_id, self.enterprise_id
            return
        self.college_id.choices = [SelectChoice(one.id, one.name) for one in colleges]
        none = SelectChoice(0, _("not named yet"))
        self.enterprise_id.choices = [none, *(SelectChoice(one.id, one.name) for one in enterprises)]
