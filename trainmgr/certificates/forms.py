"""Shape and coercion of what is typed about certificates."""

from __future__ import annotations

from typing import Any

from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from flask_wtf.file import FileField
from wtforms import DateField, SelectField, StringField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import DataRequired, InputRequired, Length, Optional

from trainmgr.certificates import labels
from trainmgr.certificates.external import Facts
from trainmgr.certificates.rules import Level
from trainmgr.kernel.inputs import tidy


def _text(label: Any, most: int, message: Any) -> StringField:
    return StringField(label, filters=[tidy], validators=[DataRequired(message), Length(max=most)])


class ReasonForm(FlaskForm):
    """Why a certificate no longer counts, or is not accepted."""

    reason = _text(_l("Reason"), 200, _l("Say why."))


class CodeForm(FlaskForm):
    """The code on a certificate."""

    code = _text(_l("Code on the certificate"), 40, _l("Type the code."))


class ExternalForm(FlaskForm):
    """A certificate that somebody else issued."""

    person = _text(_l("Trainee"), 80, _l("Type the student number, or a name that only one trainee has."))
    level = SelectField(
        _l("Level of the certificate"),
        choices=[SelectChoice(level.value, label) for level, label in labels.LEVELS.items()],
        validators=[InputRequired(_l("Choose a level."))],
    )
    name = _text(
        _l("Occupation or certificate"), 80, _l("Type the occupation or what the certificate is called.")
    )
    number = _text(_l("Certificate number"), 60, _l("Type the number."))
    issuer = _text(_l("Issuer"), 120, _l("Type who issued it."))
    issued_on = DateField(
        _l("Day of issue"), validators=[InputRequired(_l("Type a day such as 2026-06-30."))]
    )
    expires_on = DateField(_l("Valid until"), validators=[Optional()])
    proof = FileField(_l("Scan or photo"), validators=[Optional()])

    def facts(self) -> Facts:
        """Return what the certificate says."""
        return Facts(
            Level(self.level.data), self.name.data, self.number.data, self.issuer.data, self.issued_on.data,
            self.expires_on.data,
        )  # fmt: skip


class SheetForm(FlaskForm):
    """A sheet of certificates."""

    file = FileField()
