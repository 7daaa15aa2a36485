"""Shape and coercion of what is typed in ratings, and of the reasons that some deeds need."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import StringField
from wtforms.validators import DataRequired, Length

from trainmgr.evaluation.grids import Row
from trainmgr.evaluation.models import Criterion
from trainmgr.evaluation.ratings import Answers
from trainmgr.evaluation.scoring import HIGHEST, LOWEST

COMMENT_LENGTH = 200
UNSEEN = "unseen"
_MARKS: dict[str, int | None] = {str(mark): mark for mark in range(int(LOWEST), int(HIGHEST) + 1)} | {
    UNSEEN: None
}


def read_answers(form: Mapping[str, str], questions: Sequence[Criterion]) -> Answers:
    """Read a rating form: marks 1 to 5 or "no chance to see"; anything else counts as not answered."""
    marks = {
        criterion.id: _MARKS[given]
        for criterion in questions
        if (given := form.get(f"c{criterion.id}", "")) in _MARKS
    }
    return Answers(marks, form.get("comment", "").strip()[:COMMENT_LENGTH])


_CELL = re.compile(r"r(\d{1,9})c(\d{1,9})")
_CELL_MARKS = {key: mark for key, mark in _MARKS.items() if mark is not None} | {"0": None, "-": None}


def read_grid(form: Mapping[str, str], questions: Sequence[Criterion]) -> dict[int, Row]:
    """Read a grid: for each trainee marks 1 to 5, 0 for "no chance to see"; anything else is told as wrong."""
    asked = {criterion.id for criterion in questions}
    marks: dict[int, dict[int, int | None]] = {}
    wrong: dict[int, dict[int, str]] = {}
    for name, text in form.items():
        cell = _CELL.fullmatch(name)
        if cell is None or int(cell[2]) not in asked:
            continue
        enrolment_id, typed = int(cell[1]), text.strip()[:8]
        marks.setdefault(enrolment_id, {})
        if typed in _CELL_MARKS:
            marks[enrolment_id][int(cell[2])] = _CELL_MARKS[typed]
        elif typed:
            wrong.setdefault(enrolment_id, {})[int(cell[2])] = typed
    return {each: Row(given, wrong.get(each, {})) for each, given in marks.items()}


def stripped(text: str | None) -> str:
    """Take the blanks around what was typed away."""
    return (text or "").strip()


class ReasonForm(FlaskForm):
    """Why something is done that needs a reason."""

    reason = StringField(
        _l("Reason"),
        filters=[stripped],
        validators=[DataRequired(_l("Give a reason; it is kept.")), Length(max=200)],
    )


class CorrectionForm(ReasonForm):
    """Why a rating is corrected."""
