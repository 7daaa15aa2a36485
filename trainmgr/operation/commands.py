"""`flask --app run trainmgr …`: what whoever runs an installation does from a shell."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from time import monotonic
from typing import IO, Any

import click
import sqlalchemy as sa
from flask_babel import force_locale

from trainmgr.identity.commands import create_admin
from trainmgr.identity.models import User
from trainmgr.kernel.clock import utcnow
from trainmgr.kernel.db import db, reading
from trainmgr.kernel.errors import RuleBroken
from trainmgr.operation import archive, backup, migrating, restoring, sealing, state
from trainmgr.operation.archive import ArchiveFault

PASSPHRASE = "TRAINMGR_BACKUP_PASSPHRASE"  # noqa: S105  the name of a variable


def add_to(group: Any) -> None:
    """Give a group of commands all of these."""
    for command in (
        check_command,
        migrate_command,
        backup_command,
        verify_command,
        restore_command,
        backup_key_command,
        verify_trail_command,
        rotate_command,
        purge_command,
        export_command,
        erase_command,
    ):
        group.add_command(command)
    group.add_command(create_admin, "create-administrator")


@contextmanager
def _told() -> Iterator[None]:
    """Say what is wrong in one line, and end with 1."""
    try:
        yield
    except (ArchiveFault, migrating.LockTaken, FileNotFoundError) as fault:
        raise click.ClickException(str(fault)) from None


@click.command("check")
@click.option("--strict", is_flag=True, help="End with 1 for warnings, too.")
def check_command(strict: bool) -> None:
    """Look at keys, configuration, database, clock, disk, worker and backup, and say what to do; 1 where it is bad."""
    with reading():
        found = list(state.findings(utcnow()))
    for one in found:
        click.echo(f"{one.level.value:8} {one.name}: {one.text}")
    bad = {state.Level.FAULT} | ({state.Level.WARNING} if strict else set())
    if any(one.level in bad for one in found):
        raise click.exceptions.Exit(1)


@click.command("migrate")
@click.option(
    "--wait", default=migrating.SECONDS, show_default=True, help="Seconds to wait for another host."
)
def migrate_command(wait: float) -> None:
    """Bring the database to the newest migration; several hosts may start this at once."""
    with _told():
        done = migrating.migrate(seconds=wait)
    click.echo(f"{'Migrated to' if done else 'Nothing to do: the database stands at'} {migrating.present()}.")


# --- backups ------------------------------------------------------------------------------------


def _passphrase() -> str:
    return os.environ.get(PASSPHRASE) or click.prompt("Passphrase", hide_input=True)


def _opening(key: Path | None) -> Any:
    return (
        archive.ByPrivateKey(archive.read_key(key.read_text()))
        if key
        else archive.ByPassphrase(_passphrase())
    )


@contextmanager
def _new_file(path: Path) -> Iterator[IO[bytes]]:
    """Give a file that appears under its name only when it is whole."""
    part = path.with_name(path.name + ".part")
    handle = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    try:
        with os.fdopen(handle, "wb") as out:
            yield out
            out.flush()
            os.fsync(out.fileno())
        part.replace(path)
    except BaseException:
        part.unlink(missing_ok=True)
        raise


KEY = click.option("--key", type=click.Path(exists=True, path_type=Path), help="The private key's file.")


@click.command("backup")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--recipient", help="A public key (see backup-key), instead of a passphrase.")
@click.option("--with-keys", is_flag=True, help="Also instance/data.key and secret.key, if they lie there.")
def backup_command(file: Path, recipient: str | None, with_keys: bool) -> None:
    """Back up database and files into FILE, sealed, while everything runs.

    The passphrase comes from TRAINMGR_BACKUP_PASSPHRASE, or is asked for.
    """
    begun = monotonic()
    with _told():
        door = (
            archive.ForRecipient(archive.read_key(recipient))
            if recipient
            else archive.ByPassphrase(_passphrase())
        )
        with _new_file(file) as out:
            made = backup.write(out, door, now=utcnow(), with_keys=with_keys)
    state.mark(state.BACKUP, utcnow())
    db.session.commit()
    click.echo(
        f"{made.rows:,} rows of {len(made.tables)} tables and {made.files:,} files ({made.bytes / 1e6:,.1f} MB) "
        f"in {file} ({file.stat().st_size / 1e6:,.1f} MB), {monotonic() - begun:.0f} s."
    )
    for sha256 in made.gone:
        click.echo(f"The content {sha256} is missing here, and so in the backup.", err=True)


@click.command("verify-backup")
@click.argument("file", type=click.Path(exists=True, path_type=Path))
@KEY
def verify_command(file: Path, key: Path | None) -> None:
    """Read FILE to its end and hold it against its counts and checksums; nothing is written."""
    with _told(), file.open("rb") as source:
        found = backup.verify(source, _opening(key))
    click.echo(f"Whole: {_told_of(found)}.")


@click.command("restore")
@click.argument("file", type=click.Path(exists=True, path_type=Path))
@KEY
def restore_command(file: Path, key: Path | None) -> None:
    """Bring FILE into an empty database of either kind and an empty place for files, then migrate forward."""
    begun = monotonic()
    with _told(), file.open("rb") as source:
        found = restoring.restore(source, _opening(key), migrate=migrating.migrate, say=click.echo)
        migrating.migrate()
    click.echo(f"Restored: {_told_of(found)}, {monotonic() - begun:.0f} s.")
    if "keys" not in found.about:
        click.echo(
            "Put data.key (or TRAINMGR_DATA_KEYS) of that installation in its place, or ID numbers stay sealed."
        )


def _told_of(found: backup.Found) -> str:
    return (
        f"{sum(found.tables.values()):,} rows of {len(found.tables)} tables and {found.files:,} files, "
        f"as of {found.about['at']}, migration {found.about['revision']}"
    )


@click.command("backup-key")
@click.argument("file", type=click.Path(path_type=Path))
def backup_key_command(file: Path) -> None:
    """Write a new private key into FILE and print its public key, for `backup --recipient`.

    Keep FILE elsewhere: it alone opens the backups, and the machine that makes them need not have it.
    """
    if file.exists():
        raise click.ClickException(f"{file} is there already")
    click.echo(archive.make_key_file(file))
    sys.stdout.flush()


# --- the trail ----------------------------------------------------------------------------------


@click.command("verify-trail")
@click.option(
    "--expect", default="", metavar="HASH", help="A head noted earlier, which has to be in the chain."
)
def verify_trail_command(expect: str) -> None:
    """Hold every event of the audit trail against its seal and the seal before; ends with 1 at a broken link."""
    with reading():
        verdict = sealing.verify(utcnow(), expected=expect)
    if verdict.broken:
        raise click.ClickException(f"broken at link {verdict.number or verdict.links}: {verdict.broken}")
    click.echo(
        f"{verdict.links:,} links are whole; {verdict.redacted:,} without names since a person was erased."
    )
    click.echo(f"Head: {verdict.head}")
    if verdict.unsealed:
        raise click.ClickException(
            f"{verdict.unsealed:,} events older than ten minutes have no seal: start the worker, it seals them"
        )


# --- keys, keeping, and what a person may ask for --------------------------------------------------


def _person(username: str) -> User:
    person = db.session.scalar(sa.select(User).where(User.username == username.strip().lower()))
    if person is None:
        raise click.ClickException(f"there is no account {username}")
    return person


@click.command("rotate-keys")
def rotate_command() -> None:
    """Seal ID numbers and whatever else is sealed anew under the first of DATA_KEYS, by the worker, in batches.

    Put the new key in front and start everything anew before. The last key stays: it makes the search index.
    """
    from trainmgr.operation import keys

    with force_locale("en"):
        planned = keys.start(now=utcnow())
    number = planned.id
    db.session.commit()
    click.echo(
        f"Job {number} does it; the page of jobs shows how far it is. Killed, it goes on where it was."
    )


@click.command("purge")
@click.option("--apply", "really", is_flag=True, help="Really remove it; without this, only count.")
def purge_command(really: bool) -> None:
    """Remove what was kept as long as the register of personal data says (register.toml)."""
    from trainmgr.operation import purging

    found = purging.purge(utcnow(), really=really)
    db.session.commit()
    for name, number in found.items():
        click.echo(f"{number:9,}  {name}")
    click.echo("Removed." if really else "Nothing was removed; --apply removes it.")


@click.command("export-person")
@click.argument("username")
@click.argument("file", type=click.Path(path_type=Path))
def export_command(username: str, file: Path) -> None:
    """Write everything about a person into FILE, a zip with data.json and the files; open, for that person alone."""
    from trainmgr.operation import privacy

    person = _person(username)
    try:
        handle = os.open(file, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        raise click.ClickException(f"{file} is there already") from None
    with os.fdopen(handle, "w+b") as out:
        found = privacy.export(person, out, now=utcnow())
    db.session.commit()
    click.echo(f"{sum(found.values()):,} rows of {len(found)} tables in {file}.")


@click.command("erase-person")
@click.argument("username")
@click.option(
    "--although-running", is_flag=True, help="Also where a programme still goes on with this person."
)
@click.confirmation_option(prompt="What is erased does not come back. Erase it?")
def erase_command(username: str, although_running: bool) -> None:
    """Erase a person's data; what has to be kept stays under a pseudonym, and is told with the reason.

    Backups made before still hold it: let them run out (docs/operating.md).
    """
    from trainmgr.operation import privacy

    try:
        done = privacy.erase(_person(username), now=utcnow(), although_running=although_running)
    except RuleBroken as broken:
        raise click.ClickException(str(broken)) from None
    db.session.commit()
    for name, number in done.changed.items():
        click.echo(f"erased  {name}: {number:,} rows")
    click.echo(
        f"removed {done.deleted:,} rows and {done.files:,} files; the name went from {done.events:,} events"
    )
    for name, (number, because) in done.kept.items():
        click.echo(f"kept    {name}: {number:,} rows. {because}")
