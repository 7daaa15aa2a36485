"""Shape and coercion of what is typed into lesson plans."""

from __future__ import annotations

from typing import Any

from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import Form, FormField, HiddenField, SelectField, StringField, TextAreaField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import DataRequired, InputRequired, Length, NumberRange, Optional

from trainmgr.kernel.inputs import WholeField, tidy
from trainmgr.lessons import labels
from trainmgr.lessons.actions import PlanFacts, RingFacts
from trainmgr.lessons.models import LessonPlan
from trainmgr.lessons.rules import Ring, Who
from trainmgr.timetable.rules import UNITS


def options(rows: list[tuple[object, Any]]) -> list[SelectChoice]:
    """Return choices for a select."""
    return [SelectChoice(value, text) for value, text in rows]


def _number(text: Any) -> int:
    return int(text) if text not in (None, "") else 0


class RingForm(Form):
    """One ring: minutes, content, method, material, who leads it."""

    minutes = WholeField(_l("Minutes"), default=0, validators=[InputRequired(), NumberRange(0, 6000)])
    content = TextAreaField(_l("What is done"), validators=[Optional(), Length(max=4000)])
    method = StringField(_l("Method"), filters=[tidy], validators=[Optional(), Length(max=120)])
    material = TextAreaField(_l("Material"), validators=[Optional(), Length(max=2000)])
    who = SelectField(
        _l("Who leads"),
        choices=[SelectChoice(who.value, labels.WHO[who]) for who in Who],
        default=Who.TEACHER.value,
    )

    def facts(self) -> RingFacts:
        """Return the ring as the action takes it."""
        return RingFacts(
            self.minutes.data or 0,
            (self.content.data or "").strip(),
            self.method.data or "",
            (self.material.data or "").strip(),
            Who(self.who.data),
        )


class NewPlanForm(FlaskForm):
    """Which module a plan is for, its title and length."""

    module = SelectField(_l("Module"), coerce=_number, validators=[DataRequired()])
    title = StringField(
        _l("Title of the lesson"), filters=[tidy], validators=[DataRequired(), Length(max=120)]
    )
    units = WholeField(_l("Number of units"), default=2, validators=[InputRequired(), NumberRange(1, UNITS)])


class PlanForm(FlaskForm):
    """A whole plan with its eight rings."""

    title = StringField(
        _l("Title of the lesson"), filters=[tidy], validators=[DataRequired(), Length(max=120)]
    )
    aims = TextAreaField(_l("Aims"), validators=[Optional(), Length(max=4000)])
    units = WholeField(_l("Number of units"), validators=[InputRequired(), NumberRange(1, UNITS)])
    version = HiddenField()

    preparation = FormField(RingForm, labels.RINGS[Ring.PREPARATION])
    opening = FormField(RingForm, labels.RINGS[Ring.OPENING])
    teaching = FormField(RingForm, labels.RINGS[Ring.TEACHING])
    discussion = FormField(RingForm, labels.RINGS[Ring.DISCUSSION])
    simulation = FormField(RingForm, labels.RINGS[Ring.SIMULATION])
    problem_solving = FormField(RingForm, labels.RINGS[Ring.PROBLEM_SOLVING])
    check = FormField(RingForm, labels.RINGS[Ring.CHECK])
    on_the_job = FormField(RingForm, labels.RINGS[Ring.ON_THE_JOB])

    def facts(self) -> PlanFacts:
        """Return the plan as the action takes it."""
        rings = {ring: self[ring.value].form.facts() for ring in Ring}
        return PlanFacts(self.title.data, (self.aims.data or "").strip(), self.units.data or 0, rings)


def form_of(plan: LessonPlan) -> PlanForm:
    """Return the form filled with a plan."""
    names = ("minutes", "content", "method", "material", "who")
    rings = {row.ring.value: {name: getattr(row, name) for name in names} for row in plan.rings}
    for values in rings.values():
        values["who"] = values["who"].value
    return PlanForm(
        formdata=None, title=plan.title, aims=plan.aims, units=plan.units, version=plan.version, **rings
    )


class CopyForm(FlaskForm):
    """Where a copy goes and what it is called."""

    module = SelectField(_l("Module"), coerce=_number, validators=[DataRequired()])
    title = StringField(
        _l("Title of the lesson"), filters=[tidy], validators=[DataRequired(), Length(max=120)]
    )
