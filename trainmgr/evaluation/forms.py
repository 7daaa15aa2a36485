"""Shape and coercion of what is typed in ratings, and of the reasons that some deeds need."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import StringField
from wtforms.validators import DataRequired, Length

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
