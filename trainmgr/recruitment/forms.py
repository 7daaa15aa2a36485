"""Shape and coercion of what is typed about applications."""

from __future__ import annotations

from collections.abc import Sequence

from flask import request
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import RadioField, SelectField, StringField, TextAreaField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import DataRequired, InputRequired, Length, Optional, ValidationError

from trainmgr.kernel.numbers import whole
from trainmgr.recruitment import labels
from trainmgr.recruitment.models import RecruitmentPlan
from trainmgr.recruitment.rules import VerdictKind


def stripped(text: str | None) -> str:
    """Return what was typed without blanks around it; nothing typed is an empty text."""
    return (text or "").strip()


class ApplyForm(FlaskForm):
    """What an applicant says."""

    enterprise = SelectField(_l("Enterprise"), validators=[Optional()])
    post = SelectField(_l("Post"), validators=[Optional()])
    field = StringField(_l("Field or trade"), filters=[stripped], validators=[Optional(), Length(max=60)])
    statement = TextAreaField(
        _l("Why you want to take part"),
        filters=[stripped],
        validators=[DataRequired(_l("Write a few words; both sides read them.")), Length(max=1000)],
    )

    def offer(self, enterprises: Sequence[tuple[int, str]]) -> None:
        """Offer the programme's enterprises; no choice is left when there is only one."""
        self.enterprise.choices = [
            SelectChoice("", _("Any of them")),
            *(SelectChoice(str(key), name) for key, name in enterprises),
        ]

    def offer_posts(self, plan: RecruitmentPlan | None) -> None:
        """Offer the posts of the plan in force, of which one must be chosen; without a plan there is none to choose."""
        offer_posts(self.post, plan)


def offer_posts(field: SelectField, plan: RecruitmentPlan | None) -> None:
    """Let one post of a signed plan be chosen in a field, and insist on it."""
    lines = plan.quotas if plan else []
    field.choices = [
        SelectChoice("", _("Choose a post")),
        *(SelectChoice(str(line.post_id), line.post.label) for line in lines),
    ]
    if lines:
        field.validators = [DataRequired(_l("Choose the post that you apply for."))]
        field.flags.optional = False


def chosen_ids(most: int = 500) -> list[int]:
    """Read which rows were ticked; nonsense is left out."""
    return [row for text in request.form.getlist("id")[:most] if (row := whole(text))]


class VerdictForm(FlaskForm):
    """One side's verdict; a refusal needs its reason."""

    verdict = RadioField(
        _l("Verdict"),
        choices=[SelectChoice(kind.value, label) for kind, label in labels.VERDICTS.items()],
        validators=[InputRequired(_l("Choose one."))],
    )
    reason = StringField(_l("Reason"), filters=[stripped], validators=[Optional(), Length(max=200)])

    def validate_verdict(self, field: RadioField) -> None:
        """The applicant is told why not."""
        if field.data == VerdictKind.REJECT and not self.reason.data:
            raise ValidationError(_("Say in the reason why not; the applicant reads it."))


class BulkVerdictForm(VerdictForm):
    """The same verdict of one side on many applicants."""
