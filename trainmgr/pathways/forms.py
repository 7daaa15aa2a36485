"""Shape and coercion of what is typed about a pathway; what it means is checked by its schema."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from typing import Any

from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from flask_wtf.file import FileField, FileRequired
from wtforms import (
    BooleanField,
    FieldList,
    Form,
    FormField,
    HiddenField,
    SelectField,
    SelectMultipleField,
    StringField,
    TextAreaField,
)
from wtforms.fields.choices import SelectChoice
from wtforms.validators import DataRequired, Length, Optional

from trainmgr.pathways.rules import (
    THREE,
    GateKind,
    Level,
    Metric,
    Op,
    ProgramKind,
    Severity,
    Unit,
    Venue,
    label,
)
from trainmgr.pathways.tables import NAME


def _options(members: Any, empty: Any = None) -> list[SelectChoice]:
    first = [SelectChoice("", empty)] if empty is not None else []
    return first + [SelectChoice(member.value, _l(label(member))) for member in members]


class CopyForm(FlaskForm):
    """The name of a copy."""

    name = StringField(_l("Name of the copy"), validators=[DataRequired(), Length(max=NAME)])


class FileForm(FlaskForm):
    """A pathway file to import."""

    file = FileField(_l("Pathway file (.toml)"), validators=[FileRequired()])


class TextForm(FlaskForm):
    """A whole pathway as text."""

    text = TextAreaField(_l("The pathway as a file"), validators=[DataRequired()])
    version = HiddenField()


class StageForm(Form):
    """One stage as a row; `origin` is the number that it had, so that what the form does not show is kept."""

    origin = HiddenField()
    name = StringField(_l("Stage"), validators=[Length(max=80)])
    name_en = StringField(_l("Name in English"), validators=[Optional(), Length(max=120)])
    venue = SelectField(_l("Venue"), choices=lambda: _options(Venue))
    length = StringField(_l("Length"))
    unit = SelectField(_l("Weeks or months"), choices=lambda: _options(Unit))
    hours = StringField(_l("Class hours"))
    practice_hours = StringField(_l("of which practice"))
    enterprise_hours = StringField(_l("of which taught by the enterprise"))
    gate_kind = SelectField(_l("Stage gate"), choices=lambda: _options(GateKind, _l("no gate")))
    gate_text = StringField(_l("What the gate asks"), validators=[Optional(), Length(max=200)])
    gate_text_en = StringField(_l("What the gate asks, in English"), validators=[Optional(), Length(max=200)])


class CheckForm(Form):
    """One numeric check as a row."""

    name = StringField(_l("Check"), validators=[Length(max=80)])
    name_en = StringField(_l("Name in English"), validators=[Optional(), Length(max=120)])
    metric = SelectField(_l("Figure"), choices=lambda: _options(Metric))
    op = SelectField(_l("Comparison"), choices=lambda: _options(Op))
    low = StringField(_l("Limit"))
    high = StringField(_l("Upper limit of “between”"))
    severity = SelectField(_l("If it is missed"), choices=lambda: _options(Severity))
    off = BooleanField(_l("Not used"))


class LevelForm(Form):
    """What a level weighs, and the parties' shares in it."""

    weight = StringField(_l("Weight %"))
    trainee = StringField(_l("Trainee's share %"))
    enterprise = StringField(_l("Enterprise's share %"))
    teacher = StringField(_l("Teacher's share %"))


class PathwayForm(FlaskForm):
    """A pathway's names, stages, checks and weights. Roles and criteria stay as they are (edit those as a file)."""

    version = HiddenField()
    name = StringField(_l("Name of the pathway"), validators=[DataRequired(), Length(max=NAME)])
    name_en = StringField(_l("Name in English"), validators=[Optional(), Length(max=120)])
    summary = TextAreaField(_l("Summary"), validators=[DataRequired(), Length(max=600)])
    summary_en = TextAreaField(_l("Summary in English"), validators=[Optional(), Length(max=900)])
    kinds = SelectMultipleField(_l("Suits these kinds of programme"), choices=lambda: _options(ProgramKind))
    stages = FieldList(FormField(StageForm), max_entries=40)
    checks = FieldList(FormField(CheckForm), max_entries=40)
    levels = FieldList(FormField(LevelForm), min_entries=4, max_entries=4)
    is_sure = BooleanField()


def _number(text: str | None) -> Any:
    """Return what was typed as a number where it is one; otherwise as typed, for the schema to refuse."""
    text = (text or "").strip()
    for kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            continue
    return text


def values_of(document: Mapping[str, Any]) -> dict[str, Any]:
    """Return a document's values as PathwayForm takes them."""
    levels = {plan["level"]: plan for plan in document["evaluation"]["level"]}
    return {
        **{key: document.get(key, "") for key in ("name", "name_en", "summary", "summary_en")},
        "kinds": list(document.get("kinds", [])),
        "stages": [_stage_values(number, stage) for number, stage in enumerate(document["stage"], 1)],
        "checks": [_check_values(check) for check in document.get("check", [])],
        "levels": [
            {"weight": levels[level.value]["weight"], **_standing_shares(levels[level.value])}
            for level in Level
        ],
    }


def _standing_shares(level: Mapping[str, Any]) -> dict[str, Any]:
    """Return the shares that the form shows: those of the three parties."""
    return {party: share for party, share in level.get("shares", {}).items() if party in set(THREE)}


def _stage_values(number: int, stage: Mapping[str, Any]) -> dict[str, Any]:
    gate = stage.get("gate", {})
    return {
        **{key: stage.get(key, "") for key in ("name", "name_en", "venue", "hours")},
        "practice_hours": stage.get("practice_hours", 0),
        "enterprise_hours": stage.get("enterprise_hours", 0),
        "origin": number,
        "length": stage.get("weeks", stage.get("months", "")),
        "unit": Unit.WEEK.value if "weeks" in stage else Unit.MONTH.value,
        "gate_kind": gate.get("kind", ""),
        "gate_text": gate.get("text", ""),
        "gate_text_en": gate.get("text_en", ""),
    }


def _check_values(check: Mapping[str, Any]) -> dict[str, Any]:
    limit = check["value"]
    low, high = limit if isinstance(limit, list) else (limit, "")
    return {
        **{key: check.get(key, "") for key in ("name", "name_en", "metric", "op", "severity")},
        "low": low,
        "high": high,
        "off": check.get("off", False),
    }


def document_of(form: PathwayForm, before: Mapping[str, Any]) -> dict[str, Any]:
    """Return the document that the form describes; what the form does not show is taken from `before`."""
    document = copy.deepcopy(dict(before))
    for key in ("name", "name_en", "summary", "summary_en"):
        _put(document, key, (form[key].data or "").strip())
    document["kinds"] = list(form.kinds.data or [])
    places: dict[int, int] = {}
    document["stage"] = []
    for row in form.stages:
        origin = _number(row.origin.data)
        document["stage"].append(_stage_document(row, before, origin))
        if isinstance(origin, int):
            places[origin] = len(document["stage"])
    for window in document["evaluation"].get("window", []):
        window["stages"] = [places[number] for number in window["stages"] if number in places]
    document["check"] = [_check_document(row) for row in form.checks]
    for plan in document["evaluation"]["level"]:
        row = form.levels[list(Level).index(Level(plan["level"]))]
        plan["weight"] = _number(row.weight.data)
        kept = {party: share for party, share in plan.get("shares", {}).items() if party not in set(THREE)}
        shares = {party.value: _number(row[party.value].data) for party in THREE if row[party.value].data}
        plan["shares"] = {party: share for party, share in shares.items() if share != 0} | kept
    return document


def _put(table: dict[str, Any], key: str, value: Any) -> None:
    if value == "":
        table.pop(key, None)
    else:
        table[key] = value


def _stage_document(row: Any, before: Mapping[str, Any], origin: Any) -> dict[str, Any]:
    known = isinstance(origin, int) and 1 <= origin <= len(before["stage"])
    stage = copy.deepcopy(before["stage"][origin - 1]) if known else {}
    for key in ("name", "name_en", "venue"):
        _put(stage, key, (row[key].data or "").strip())
    stage.pop("weeks", None)
    stage.pop("months", None)
    stage["weeks" if row.unit.data == Unit.WEEK.value else "months"] = _number(row.length.data)
    for key in ("hours", "practice_hours", "enterprise_hours"):
        stage[key] = _number(row[key].data or "0")
    if not row.gate_kind.data:
        stage.pop("gate", None)
        return stage
    gate = stage.setdefault("gate", {})
    gate["kind"] = row.gate_kind.data
    _put(gate, "text", (row.gate_text.data or "").strip())
    _put(gate, "text_en", (row.gate_text_en.data or "").strip())
    return stage


def _check_document(row: Any) -> dict[str, Any]:
    check: dict[str, Any] = {}
    for key in ("name", "name_en", "metric", "op", "severity"):
        _put(check, key, (row[key].data or "").strip())
    low = _number(row.low.data)
    check["value"] = [low, _number(row.high.data)] if row.op.data == Op.BETWEEN.value else low
    if row.off.data:
        check["off"] = True
    return check
