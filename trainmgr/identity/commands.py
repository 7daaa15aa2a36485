"""`flask --app run user …`: the first administrator, and the way back in when every administrator lost the password."""

from __future__ import annotations

from datetime import datetime

import click
import sqlalchemy as sa
from flask_babel import force_locale

from trainmgr.identity import factors, first_passwords, managing, sessions
from trainmgr.identity.managing import OrganizationFacts, Place
from trainmgr.identity.models import Membership, Organization, OrganizationKind, User
from trainmgr.identity.rules import USERNAME
from trainmgr.kernel.access import Role
from trainmgr.kernel.audit import record
from trainmgr.kernel.clock import utcnow
from trainmgr.kernel.db import db
from trainmgr.kernel.errors import RuleBroken


@click.command("create-admin")
@click.option("--username", prompt="User name (small letters and digits)", help="What is typed at the door.")
@click.option("--name", prompt="Name", help="The person's name as others read it.")
@click.option("--operator", default="trainmgr", show_default=True, help="Who runs this installation, if new.")
@click.option("--another", is_flag=True, help="Open a further account although there is an administrator.")
def create_admin(username: str, name: str, operator: str, another: bool) -> None:
    """Open the account of the operator's first administrator and print its first password."""
    username = username.strip().lower()
    if not USERNAME.fullmatch(username):
        raise click.ClickException("user names have small letters, digits, dots and dashes, at least 3")
    house = db.session.scalar(
        sa.select(Organization).where(Organization.kind == OrganizationKind.OPERATOR).limit(1)
    )
    if house is not None and not another and (holder := _administrator_of(house)):
        raise click.ClickException(
            f"{holder} administers this installation already; --another opens a further account"
        )
    with force_locale("en"):
        person = _open_account(username, name.strip(), house, operator, utcnow())
    password = first_passwords.password_of(person.id, person.password_hash)
    db.session.commit()
    click.echo(f"{username} may sign in with the first password {password} and then sets an own one.")


def _open_account(username: str, name: str, house: Organization | None, operator: str, now: datetime) -> User:
    try:
        house = house or managing.register_organization(
            OrganizationKind.OPERATOR,
            OrganizationFacts(name=operator),
            parent=None,
            registered_by=None,
            by=None,
            now=now,
        )
        place = Place(house, Role.ADMINISTRATOR)
        return managing.create_person(name=name, username=username, phone="", place=place, by=None, now=now)
    except RuleBroken as broken:
        raise click.ClickException(str(broken)) from None


def _administrator_of(house: Organization) -> str | None:
    return db.session.scalar(
        sa.select(User.username)
        .join(Membership, Membership.user_id == User.id)
        .where(
            Membership.organization_id == house.id,
            Membership.role == Role.ADMINISTRATOR,
            Membership.ended_on.is_(None),
            User.active,
        )
        .limit(1)
    )


@click.command("new-password")
@click.argument("username")
def new_password(username: str) -> None:
    """Give an account a new first password, print it, and sign the person out everywhere."""
    person = _account_of(username)
    first_passwords.give_new(person, now=utcnow())
    sessions.end_all_sessions(person)
    record(managing.RESET, person, by=None, now=utcnow(), name=person.name)
    password = first_passwords.password_of(person.id, person.password_hash)
    db.session.commit()
    click.echo(f"The first password of {person.username} is {password}.")


@click.command("reset-factor")
@click.argument("username")
def reset_factor(username: str) -> None:
    """Take an account's second factor away (phone and recovery codes lost), and sign the person out everywhere."""
    person = _account_of(username)
    try:
        with force_locale("en"):
            factors.reset(person, reason="reset-factor", by=None, now=utcnow())
    except RuleBroken as broken:
        raise click.ClickException(str(broken)) from None
    db.session.commit()
    click.echo(f"{person.username} signs in with the password alone until a new factor is set up.")


def _account_of(username: str) -> User:
    person = db.session.scalar(sa.select(User).where(User.username == username.strip().lower()))
    if person is None:
        raise click.ClickException(f"there is no account {username}")
    return person
