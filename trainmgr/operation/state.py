"""How the installation stands: what is looked at by /readyz, by `trainmgr check` and by the page of jobs."""

from __future__ import annotations

import enum
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import urlsplit

import sqlalchemy as sa
from flask import current_app
from sqlalchemy.exc import SQLAlchemyError

from trainmgr.identity.models import User
from trainmgr.kernel import crypto, storage
from trainmgr.kernel.db import db
from trainmgr.kernel.jobs import each_minute
from trainmgr.kernel.places import instance_folder
from trainmgr.kernel.shared import Away, shared
from trainmgr.operation import migrating
from trainmgr.operation.models import InstallationMark

WORKER, BACKUP = "worker", "backup"
WORKER_LATE = timedelta(minutes=3)
BACKUP_LATE = timedelta(days=2)
CLOCK_APART = timedelta(seconds=2)  # one-time codes and test deadlines compare moments of hosts
LEAST_FREE, LITTLE_FREE = 512 * 1024**2, 5 * 1024**3  # bytes
SHORTEST_SECRET = 32
WELL_KNOWN = {"dev", "secret", "change-me", "changeme", "only for tests", "x" * 32}


class Level(enum.StrEnum):
    """How bad it is."""

    OK = "ok"
    WARNING = "warning"
    FAULT = "fault"


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at, and what to do where it is not well."""

    name: str
    level: Level
    text: str


def mark(key: str, now: datetime) -> None:
    """Note that something happened to the installation now."""
    row = db.session.get(InstallationMark, key)
    if row is None:
        db.session.add(InstallationMark(key=key, at=now))
    else:
        row.at = now


def marked(key: str) -> datetime | None:
    """Return when that last happened."""
    return db.session.scalar(sa.select(InstallationMark.at).where(InstallationMark.key == key))


@each_minute
def note_that_the_worker_lives(now: datetime) -> None:
    """Leave the worker's mark, for whoever asks whether it runs."""
    mark(WORKER, now)


def worker_is_late(now: datetime) -> bool:
    """Tell whether no worker has looked at the clock for three minutes."""
    seen = marked(WORKER)
    return seen is None or now - seen > WORKER_LATE


# --- ready to take requests ---------------------------------------------------------------------


def readiness(now: datetime) -> tuple[bool, dict[str, str]]:
    """Tell whether this host can serve, with a word for each part.

    A missing worker is told and does not make the host unready: pages work without it, and a balancer that took every
    host away because the worker is away would make a small fault a large one.
    """
    parts = {"database": "ok", "migrations": "ok", "worker": "ok", "files": "ok"}
    try:
        present = migrating.present()
        if present is None:
            parts["migrations"] = (
                "none"  # tables made without migrations; where there are none, the next line breaks
            )
        elif {present} != migrating.heads():
            # While hosts are restarted one after the other, a new one has migrated and the old ones go on.
            parts["migrations"] = "behind" if migrating.knows(present) else "ahead"
        if parts["migrations"] != "behind" and worker_is_late(now):
            parts["worker"] = "late"
    except SQLAlchemyError:
        db.session.rollback()
        parts |= {"database": "unreachable", "migrations": "unknown", "worker": "unknown"}
    if not files_writable():
        parts["files"] = "not writable"
    ready = parts["database"] == parts["files"] == "ok" and parts["migrations"] in ("ok", "none", "ahead")
    if is_drained():
        ready, parts["traffic"] = False, "draining"
    return ready, parts


def is_drained() -> bool:
    """Tell whether this host is being taken out of traffic: it still answers, and balancers send it nothing more."""
    path = current_app.config.get("DRAIN_FILE")
    return path is not None and Path(path).exists()


def files_writable() -> bool:
    """Tell whether a content could be kept on disk; a bucket is believed, since asking it costs a request."""
    place = storage.store()
    if not isinstance(place, storage.DiskStore):
        return True
    try:
        place.folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=place.folder):
            return True
    except OSError:
        return False


# --- everything that is worth a look --------------------------------------------------------------


def findings(now: datetime) -> Iterator[Finding]:
    """Look at the configuration and at what the installation stands on, one after the other."""
    for look in LOOKS:
        name = look.__name__.lstrip("_").replace("_", " ")
        try:
            level, text = look(now)
        except SQLAlchemyError as error:
            db.session.rollback()
            level, text = (
                Level.FAULT,
                f"the database does not answer ({type(error).__name__}); see DATABASE_URL",
            )
        yield Finding(name, level, text)


def _secret_key(now: datetime) -> tuple[Level, str]:
    key = str(current_app.config["SECRET_KEY"])
    if len(key) < SHORTEST_SECRET or key in WELL_KNOWN or len(set(key)) < 10:
        return Level.FAULT, (
            "weak: whoever guesses it signs in as anybody. Unset TRAINMGR_SECRET_KEY (one is made), or set the output "
            "of: python -c 'import secrets; print(secrets.token_urlsafe(48))'"
        )
    return _private("secret.key")


def _private(name: str) -> tuple[Level, str]:
    path: Path = instance_folder(current_app) / name
    if os.name == "posix" and path.exists() and path.stat().st_mode & 0o077:
        return (
            Level.FAULT,
            f"others on this machine can read it: chmod 600 {path.name} in the instance folder",
        )
    return Level.OK, "long enough, and for its owner's eyes only"


def _data_key(now: datetime) -> tuple[Level, str]:
    sealed = sa.select(User.id_number_encrypted, User.phone_encrypted)
    some = sealed.where(User.id_number_encrypted.is_not(None) | User.phone_encrypted.is_not(None)).limit(3)
    try:
        for pair in db.session.execute(some):
            for token in filter(None, pair):
                crypto.decrypt(token)
    except crypto.DataKeyMissing:
        return (
            Level.FAULT,
            "does not open what is stored: bring back the former data.key, or put it last in DATA_KEYS",
        )
    return _private(crypto.KEY_FILE)


def _debug(now: datetime) -> tuple[Level, str]:
    if current_app.debug:
        return Level.FAULT, "on: an error shows code and lets strangers run it. Unset FLASK_DEBUG"
    return Level.OK, "off"


def _public_address(now: datetime) -> tuple[Level, str]:
    address = urlsplit(str(current_app.config.get("PUBLIC_URL") or ""))
    if not address.netloc:
        return (
            Level.WARNING,
            "TRAINMGR_PUBLIC_URL is not set: mails come without links, QR codes point to the request",
        )
    if address.scheme != "https":
        return (
            Level.WARNING,
            "not https: put a proxy with TLS in front (ops/nginx.conf) and name it with https",
        )
    return Level.OK, address.geturl()


def _mail(now: datetime) -> tuple[Level, str]:
    if not (current_app.config.get("SMTP_URL") and current_app.config.get("MAIL_FROM")):
        return Level.WARNING, "no mail is sent: set TRAINMGR_SMTP_URL and TRAINMGR_MAIL_FROM"
    return Level.OK, "set"


def _database(now: datetime) -> tuple[Level, str]:
    present, newest = migrating.present(), migrating.heads()
    if {present} != newest:
        return Level.FAULT, f"at migration {present}, the program at {', '.join(newest)}: trainmgr migrate"
    return Level.OK, f"{db.engine.dialect.name}, at migration {present}"


def _clock(now: datetime) -> tuple[Level, str]:
    if db.engine.dialect.name != "postgresql":
        return Level.OK, "the database has this machine's"
    theirs = db.session.scalar(sa.select(sa.func.clock_timestamp()))
    apart = abs(theirs - datetime.now(UTC)) if theirs else timedelta.max
    if apart > CLOCK_APART:
        return (
            Level.FAULT,
            f"{apart.total_seconds():.1f} s away from the database's: run a time service on both",
        )
    return Level.OK, f"{apart.total_seconds():.2f} s away from the database's"


def _disk(now: datetime) -> tuple[Level, str]:
    free = shutil.disk_usage(instance_folder(current_app)).free
    text = f"{free / 1024**3:.1f} GiB free in the instance folder"
    if free < LITTLE_FREE:
        return (
            Level.FAULT if free < LEAST_FREE else Level.WARNING
        ), f"{text}: make room, or move it to a larger disk"
    return Level.OK, text


def _files(now: datetime) -> tuple[Level, str]:
    if not files_writable():
        return Level.FAULT, "the folder of files cannot be written: give it to the user that runs trainmgr"
    return Level.OK, "writable"


def _worker(now: datetime) -> tuple[Level, str]:
    if worker_is_late(now):
        seen = marked(WORKER)
        since = f"since {seen.isoformat(timespec='minutes')}" if seen else "yet"
        return (
            Level.FAULT,
            f"no sign of life {since}: start python -m trainmgr.kernel.jobs (ops/trainmgr-worker.service)",
        )
    return Level.OK, "looked at the clock within three minutes"


def _redis(now: datetime) -> tuple[Level, str]:
    if not shared().url:
        return Level.OK, "none: limits are counted in the database"
    try:
        told = shared().ask(lambda redis: redis.info("memory"))
    except Away as why:
        return Level.FAULT, f"does not answer ({why}); the database counts meanwhile. See TRAINMGR_REDIS_URL"
    if int(told.get("maxmemory", 0)) and told.get("maxmemory_policy") != "noeviction":
        return Level.WARNING, (
            "throws counts away when it is full, and limits begin anew: give it maxmemory-policy noeviction"
        )
    return Level.OK, "counts limits for all hosts"


def _backup(now: datetime) -> tuple[Level, str]:
    last = marked(BACKUP)
    if last is None or now - last > BACKUP_LATE:
        when = f"the last is of {last.date().isoformat()}" if last else "none was ever made"
        return Level.WARNING, f"{when}: trainmgr backup FILE, each night"
    return Level.OK, f"the last is of {last.isoformat(timespec='minutes')}"


LOOKS: tuple[Callable[[datetime], tuple[Level, str]], ...] = (
    _secret_key,
    _data_key,
    _debug,
    _public_address,
    _mail,
    _database,
    _clock,
    _disk,
    _files,
    _worker,
    _redis,
    _backup,
)
