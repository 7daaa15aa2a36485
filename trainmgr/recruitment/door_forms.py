"""What is typed at the public door: shape, checks, and two measures against robots that ask people nothing."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from flask import current_app
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from itsdangerous import BadSignature, Signer
from wtforms import BooleanField, SelectField, StringField, TextAreaField
from wtforms.fields import HiddenField
from wtforms.validators import DataRequired, Length, ValidationError

from trainmgr.kernel.crypto import IdFault, check_id_number, check_phone
from trainmgr.kernel.inputs import tidy
from trainmgr.recruitment.door import Particulars, age_fault
from trainmgr.recruitment.forms import offer_posts, stripped
from trainmgr.recruitment.models import RecruitmentPage, RecruitmentPlan

QUICKEST = 2  # seconds; nobody fills the form faster
SLOWEST = 24 * 3600


def _signer() -> Signer:
    return Signer(current_app.config["SECRET_KEY"], salt="recruitment door")


def began_at(now: datetime) -> str:
    """Return the signed moment at which a form was shown."""
    return _signer().sign(str(int(now.timestamp()))).decode()


def seconds_since(began: str, now: datetime) -> int | None:
    """Return how long ago a form was shown, or None when the mark is not ours."""
    try:
        return int(now.timestamp()) - int(_signer().unsign(began).decode())
    except (BadSignature, ValueError):
        return None


class ApplicantForm(FlaskForm):
    """What somebody without an account says of oneself; `website` is invisible, so only a robot fills it."""

    name = StringField(
        _l("Name"), filters=[tidy], validators=[DataRequired(_l("Type your name.")), Length(max=80)]
    )
    id_number = StringField(
        _l("ID number"), filters=[stripped], validators=[DataRequired(_l("Type your ID number."))]
    )
    phone = StringField(
        _l("Mobile phone"), filters=[stripped], validators=[DataRequired(_l("Type your phone number."))]
    )
    post = SelectField(_l("Post"))
    statement = TextAreaField(
        _l("Why you want to take part"),
        filters=[stripped],
        validators=[DataRequired(_l("Write a few words; both sides read them.")), Length(max=1000)],
    )
    agree = BooleanField(
        _l("College and enterprise may use this to decide on my application"),
        validators=[DataRequired(_l("Without this nobody may read your application."))],
    )
    website = StringField(_l("Leave this empty"))
    began = HiddenField()

    def __init__(
        self, page: RecruitmentPage, plan: RecruitmentPlan, *, today: date, now: datetime, **options: Any
    ) -> None:
        super().__init__(**options)
        self._page, self._today, self._now = page, today, now
        offer_posts(self.post, plan)

    def validate_id_number(self, field: StringField) -> None:
        """The number checks, its birth date can be, and the age fits."""
        try:
            field.data = check_id_number(field.data, today=self._today)
        except IdFault as fault:
            raise ValidationError(str(fault)) from None
        if too := age_fault(self._page, field.data, self._today):
            raise ValidationError(too)

    def validate_phone(self, field: StringField) -> None:
        """It is a phone number."""
        try:
            field.data = check_phone(field.data)
        except IdFault as fault:
            raise ValidationError(str(fault)) from None

    def validate_began(self, field: HiddenField) -> None:
        """A form that comes back within two seconds was not filled in by a person."""
        age = seconds_since(field.data or "", self._now)
        if age is None or not QUICKEST <= age <= SLOWEST or self.website.data:
            raise ValidationError(_("This came too quickly or too late. Look it through and send it again."))

    def shown_again(self) -> None:
        """Give the form that goes back to the applicant a fresh mark."""
        self.began.data, self.website.data = began_at(self._now), ""
        self.began.raw_data = None

    def particulars(self) -> Particulars:
        """Return what was typed, normalised."""
        return Particulars(
            self.name.data, self.id_number.data, self.phone.data, int(self.post.data), self.statement.data
        )


class ReceiptForm(FlaskForm):
    """The receipt code of an application."""

    code = StringField(
        _l("Receipt code"),
        filters=[stripped],
        validators=[DataRequired(_l("Type the code of your receipt.")), Length(max=40)],
    )
