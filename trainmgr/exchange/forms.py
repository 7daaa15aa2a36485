"""Forms of the exchange: a learning record store, a period, a file with full numbers."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import BooleanField, HiddenField, PasswordField, SelectField, StringField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import DataRequired, InputRequired, Length, ValidationError

from trainmgr.exchange import file_out, labels
from trainmgr.exchange.kinds import FileKind
from trainmgr.exchange.statement_jobs import begin_of
from trainmgr.exchange.stores import StoreFacts
from trainmgr.kernel.days import DayField
from trainmgr.kernel.inputs import tidy
from trainmgr.kernel.outward import address_fault

LONGEST_PERIOD = timedelta(days=366)
FILE_FORMATS = (
    (file_out.XLSX, _l("Excel (.xlsx)")),
    (file_out.UTF8, _l("CSV in UTF-8")),
    (file_out.GB18030, _l("CSV in GB18030")),
)


class StoreForm(FlaskForm):
    """A learning record store and what it is told."""

    version = HiddenField()
    name = StringField(
        _l("Name of the store"), filters=[tidy],
        validators=[DataRequired(_l("Name the store.")), Length(max=80)],
    )  # fmt: skip
    url = StringField(
        _l("Address of its xAPI interface"), filters=[tidy],
        validators=[DataRequired(_l("Give its address, which begins with https://.")), Length(max=500)],
    )  # fmt: skip
    username = StringField(_l("User name (key)"), filters=[tidy], validators=[Length(max=120)])
    password = PasswordField(_l("Password (secret)"), validators=[Length(max=200)])
    since = DayField(_l("Records from this day on"), validators=[InputRequired(_l("Choose the day."))])
    tells_names = BooleanField(_l("Tell it names too"))
    active = BooleanField(_l("It is in use"))

    def validate_url(self, field: Any) -> None:
        """An address that may be called at all; where it leads to is looked at when it is called."""
        if fault := address_fault(field.data or ""):
            raise ValidationError(_(fault))

    def validate_username(self, field: Any) -> None:
        """Basic credentials part name and password by a colon."""
        if ":" in (field.data or ""):
            raise ValidationError(_("The user name holds no colon."))

    def facts(self, *, is_new: bool) -> StoreFacts:
        """Return what was typed; an empty password of a store that is there stays as it is."""
        password = self.password.data or None
        return StoreFacts(
            self.name.data or "", self.url.data or "", self.username.data or "",
            (password or "") if is_new else password, bool(self.tells_names.data), bool(self.active.data),
            begin_of(self.since.data),
        )  # fmt: skip


class PeriodForm(FlaskForm):
    """The days whose learning records are written."""

    first = DayField(_l("First day"), validators=[InputRequired(_l("Choose the day."))])
    last = DayField(_l("Last day"), validators=[InputRequired(_l("Choose the day."))])
    names = BooleanField(_l("With names"))

    def validate_last(self, field: Any) -> None:
        """A period has an end, and no more than a year."""
        if (
            self.first.data
            and field.data
            and not timedelta() <= field.data - self.first.data < LONGEST_PERIOD
        ):
            raise ValidationError(_("The last day is not before the first one and within a year of it."))


class FullFileForm(FlaskForm):
    """A file with full ID numbers: which, of when or whom, how written, and what for."""

    kind = SelectField(
        _l("File"), choices=[SelectChoice(kind.value, label) for kind, label in labels.FILES.items()]
    )
    month = StringField(_l("Month (internships)"), validators=[Length(max=7)])
    program = SelectField(_l("Programme (real-name roster)"), coerce=str, validate_choice=False)
    format = SelectField(_l("Written as"), choices=[SelectChoice(*one) for one in FILE_FORMATS])
    reason = StringField(
        _l("What is it needed for?"), filters=[tidy],
        validators=[DataRequired(_l("Say what the full numbers are needed for.")), Length(max=200)],
    )  # fmt: skip

    def offer(self, programs: Any) -> FullFileForm:
        """Offer the programmes whose people may be written."""
        self.program.choices = [
            SelectChoice("", "–"),
            *(SelectChoice(str(key), name) for key, name in programs),
        ]
        return self

    @property
    def as_kind(self) -> FileKind:
        """The file that was chosen."""
        return FileKind(self.kind.data)
