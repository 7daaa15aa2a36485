"""Shape of what people send to reports."""

from __future__ import annotations

import unicodedata

from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from flask_wtf.file import FileField, FileRequired
from wtforms import IntegerField, StringField, TextAreaField
from wtforms.validators import DataRequired, Length
from wtforms.widgets import HiddenInput

from trainmgr.kernel.inputs import tidy


def lines(text: str | None) -> str:
    """Take control characters out of what was typed and keep its lines."""
    kept = (
        sign
        for sign in (text or "").replace("\r\n", "\n")
        if sign == "\n" or unicodedata.category(sign)[0] != "C"
    )
    return "".join(kept).strip()


class PackForm(FlaskForm):
    """Why evidence leaves the house."""

    reason = StringField(_l("What it is needed for"), filters=[tidy],
                         validators=[DataRequired(), Length(max=200)])  # fmt: skip


class CheckForm(FlaskForm):
    """A pack that came back."""

    file = FileField(_l("Evidence pack (zip)"), validators=[FileRequired()])


class TextForm(FlaskForm):
    """What stands in a chapter of the annual report; `seen` is the version that was edited."""

    text = TextAreaField(_l("Text of the chapter"), filters=[lines], validators=[Length(max=60_000)])
    seen = IntegerField(widget=HiddenInput(), default=0)


class TemplateForm(FlaskForm):
    """A college's own template."""

    file = FileField(_l("Template (.docx)"), validators=[FileRequired()])
