"""What administrators type about people and organisations: shape and coercion."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from stdnum.cn import uscc
from stdnum.exceptions import ValidationError as NumberFault
from wtforms import HiddenField, SelectField, StringField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import DataRequired, Length, Optional, ValidationError

from trainmgr.identity.forms import phone_or_fault, stripped
from trainmgr.identity.managing import OrganizationFacts, Place
from trainmgr.identity.models import Membership, Organization, OrganizationKind, User
from trainmgr.identity.roles import ROLES_IN
from trainmgr.identity.rules import USERNAME
from trainmgr.kernel.access import Role


def lowered(text: str | None) -> str | None:
    """User names are kept in small letters, so that they are typed either way."""
    return text.strip().lower() if text else text


def squeezed(text: str | None) -> str | None:
    """Take blanks out and make letters capital, as codes are written."""
    return re.sub(r"\s", "", text).upper() if text else text


def _named(organizations: Sequence[Organization]) -> list[SelectChoice]:
    return [SelectChoice(each.id, each.name) for each in organizations]


def _offered(field: Any) -> set[Any]:
    return {choice.value for choice in field.choices or ()}


class PersonForm(FlaskForm):
    """A person's name, user name and phone; `seen` is what they were when the page was shown."""

    name = StringField(
        _l("Name"),
        filters=[stripped],
        validators=[DataRequired(_l("Type the person's name.")), Length(max=80)],
    )
    username = StringField(
        _l("User name"),
        filters=[lowered],
        validators=[DataRequired(_l("Choose a user name.")), Length(max=60)],
    )
    phone = StringField(_l("Phone"), filters=[stripped], validators=[Optional(), Length(max=30)])
    seen = HiddenField()

    def validate_username(self, field: Any) -> None:
        """A user name is typed at the door, often on a phone: plain small letters, digits, dot, dash, underscore."""
        if not USERNAME.fullmatch(field.data):
            raise ValidationError(
                _("Small letters, digits, dots and dashes, at least 3, beginning with a letter or digit.")
            )

    def validate_phone(self, field: Any) -> None:
        """Bring the number into the one form that it is stored and found in."""
        field.data = phone_or_fault(field.data)


def seen_of(person: User) -> str:
    """Return a mark of what the form edits, to notice that somebody else changed it meanwhile."""
    text = "\n".join((person.name, person.username, person.phone_digest or ""))
    return hashlib.sha256(text.encode()).hexdigest()[:16]


class PlaceForm(FlaskForm):
    """A role in an organisation, with department, number and title."""

    organization = SelectField(_l("Organisation"), coerce=int, validate_choice=False)
    role = SelectField(_l("Role"), validate_choice=False)
    department = SelectField(_l("Department"), coerce=int, validate_choice=False)
    number = StringField(
        _l("Staff or student number"), filters=[stripped], validators=[Optional(), Length(max=40)]
    )
    title = StringField(_l("Title"), filters=[stripped], validators=[Optional(), Length(max=60)])

    def offer(self, organizations: Sequence[Organization], roles: Sequence[Role]) -> None:
        """Offer what the administrator may choose from."""
        self._by_id = {each.id: each for each in organizations}
        houses = [each for each in organizations if ROLES_IN[each.kind]]
        departments = [each for each in organizations if each.kind is OrganizationKind.DEPARTMENT]
        self.organization.choices = _named(houses)
        self.role.choices = [SelectChoice(role.value, role.label) for role in roles]
        self.department.choices = [SelectChoice(0, _("none")), *_named(departments)]

    def validate_organization(self, field: Any) -> None:
        """Only what was offered."""
        if field.data not in _offered(field):
            raise ValidationError(_("Choose an organisation of the list."))

    def validate_role(self, field: Any) -> None:
        """Only a role that goes with the organisation and the department."""
        if field.data not in set(Role):
            raise ValidationError(_("Choose a role of the list."))
        if self.organization.data in self._by_id and (fault := self.place().fault()):
            raise ValidationError(fault)

    def validate_department(self, field: Any) -> None:
        """Only what was offered, or none."""
        if field.data and field.data not in self._by_id:
            raise ValidationError(_("Choose a department of the list."))

    def place(self) -> Place:
        """Return the role that was chosen."""
        return Place(
            organization=self._by_id[self.organization.data],
            role=Role(self.role.data),
            department=self._by_id.get(self.department.data or 0),
            number=self.number.data or "",
            title=self.title.data or "",
        )


class NewPersonForm(PersonForm, PlaceForm):
    """A new account with its first role."""


class MembershipForm(FlaskForm):
    """Number, title and department of a role that a person has."""

    department = SelectField(_l("Department"), coerce=int, validate_choice=False)
    number = StringField(
        _l("Staff or student number"), filters=[stripped], validators=[Optional(), Length(max=40)]
    )
    title = StringField(_l("Title"), filters=[stripped], validators=[Optional(), Length(max=60)])

    def offer(self, departments: Sequence[Organization]) -> None:
        """Offer the departments of the organisation."""
        self._by_id = {each.id: each for each in departments}
        self.department.choices = [SelectChoice(0, _("none")), *_named(departments)]

    def place(self, membership: Membership) -> Place:
        """Return the role as it is to be."""
        return Place(
            organization=membership.organization,
            role=membership.role,
            department=self._by_id.get(self.department.data or 0),
            number=self.number.data or "",
            title=self.title.data or "",
        )


class OrganizationForm(FlaskForm):
    """Names and code of an organisation; kind and place are chosen once, when it is entered."""

    kind = SelectField(_l("Kind of organisation"), validate_choice=False)
    parent = SelectField(_l("College"), coerce=int, validate_choice=False)
    name = StringField(
        _l("Full name"),
        filters=[stripped],
        validators=[DataRequired(_l("Type the full name.")), Length(max=120)],
    )
    short_name = StringField(_l("Short name"), filters=[stripped], validators=[Optional(), Length(max=40)])
    name_en = StringField(_l("English name"), filters=[stripped], validators=[Optional(), Length(max=160)])
    code = StringField(
        _l("Unified social credit code"), filters=[squeezed], validators=[Optional(), Length(max=30)]
    )
    version = HiddenField()

    def offer(self, kinds: Sequence[OrganizationKind], colleges: Sequence[Organization]) -> None:
        """Offer the kinds that the person may enter, and the colleges that a department may belong to."""
        self.kind.choices = [SelectChoice(kind.value, kind.label) for kind in kinds]
        self.parent.choices = _named(colleges)

    def validate_kind(self, field: Any) -> None:
        """Only what was offered."""
        if field.data not in _offered(field):
            raise ValidationError(_("Choose a kind of the list."))

    def validate_parent(self, field: Any) -> None:
        """A department belongs to a college that was offered; nothing else belongs to one."""
        if self.kind.data != OrganizationKind.DEPARTMENT.value:
            field.data = None
        elif field.data not in _offered(field):
            raise ValidationError(_("Choose the college that the department belongs to."))

    def validate_code(self, field: Any) -> None:
        """An enterprise is known by its unified social credit code (GB 32100-2015); others may have one."""
        try:
            uscc.validate(field.data)
        except NumberFault:
            raise ValidationError(
                _(
                    "This is no unified social credit code: 18 digits and letters, of which the last checks the others."
                )
            ) from None

    def validate(self, extra_validators: Any = None) -> bool:
        """An enterprise without a code could be entered twice under two spellings."""
        fine = super().validate(extra_validators)
        if self.kind.data == OrganizationKind.ENTERPRISE.value and not self.code.data:
            self.code.errors = [
                _("An enterprise needs its code: with it no second entry of the same firm is made.")
            ]
            return False
        return bool(fine)

    def facts(self) -> OrganizationFacts:
        """Return what was typed."""
        return OrganizationFacts(
            name=self.name.data or "",
            name_en=self.name_en.data or "",
            short_name=self.short_name.data or "",
            code=self.code.data or None,
        )
