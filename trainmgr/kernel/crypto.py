"""Personal numbers: checked, encrypted at rest, found again by a keyed fingerprint, masked on screen."""

from __future__ import annotations

import base64
import binascii
import hmac
import logging
import os
import re
import secrets
import time
import unicodedata
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from flask import Flask, current_app
from flask_babel import gettext
from stdnum.cn import ric

from trainmgr.kernel.msgids import N_
from trainmgr.kernel.places import instance_folder

log = logging.getLogger(__name__)

KEY_FILE = "data.key"
SHORTEST_KEY = 32
# What is sealed begins with this; what an earlier version encrypted (Fernet) begins with "gAAAA" and is still read.
MARK = b"2."
NONCE = 12  # bytes, random for each value (NIST SP 800-38D, 8.2.2: good for 2**32 values of one key)
OLDEST_BIRTH = date(1900, 1, 1)
# GB/T 2260: the first two digits of an ID number are a province, an autonomous region or a municipality.
PROVINCES = frozenset(
    str(code)
    for codes in (range(11, 16), range(21, 24), range(31, 38), range(41, 47), range(50, 55), range(61, 66))
    for code in (*codes, 71, 81, 82, 83)
)
MOBILE = re.compile(r"1[3-9]\d{9}")
LANDLINE = re.compile(r"0\d{2,3}-?\d{7,8}(-\d{1,6})?")


class DataKeyMissing(RuntimeError):
    """No configured key opens what is stored: the key file was lost or replaced."""


class IdFault(ValueError):
    """A personal number cannot be right; the msgid says why."""

    def __init__(self, msgid: str, **params: Any) -> None:
        super().__init__(msgid)
        self.msgid = msgid
        self.params = params

    def __str__(self) -> str:
        return gettext(self.msgid, **self.params)


@dataclass(frozen=True)
class Keyring:
    """The keys derived from DATA_KEYS: the first encrypts, all decrypt, the last (oldest) makes fingerprints.

    Fingerprints stay with the oldest key so that they still match after a new key was put in front.
    """

    boxes: tuple[AESGCM, ...]
    former: MultiFernet
    index: hmac.HMAC  # keyed, and copied for each text: half the time of beginning anew

    def seal(self, data: bytes) -> bytes:
        """Return nonce and ciphertext under the first key."""
        nonce = os.urandom(NONCE)
        return nonce + self.boxes[0].encrypt(nonce, data, None)

    def open(self, sealed: bytes) -> bytes:
        """Return what was sealed under any of the keys; raises InvalidTag."""
        nonce, rest = sealed[:NONCE], sealed[NONCE:]
        for box in self.boxes:
            try:
                return box.decrypt(nonce, rest, None)
            except (InvalidTag, ValueError):  # ValueError: too short to be anything
                continue
        raise InvalidTag


def init_app(app: Flask) -> None:
    """Derive the keys of this installation; makes instance/data.key at the first start when none is configured."""
    masters = _configured(app.config.get("DATA_KEYS")) or [_kept_key(instance_folder(app) / KEY_FILE)]
    for master in masters:
        if len(master) < SHORTEST_KEY:
            raise ValueError(f"each of DATA_KEYS needs at least {SHORTEST_KEY} characters")
        if master == app.config.get("SECRET_KEY"):
            raise ValueError("DATA_KEYS must differ from SECRET_KEY")
    boxes = tuple(AESGCM(_derive(master, b"trainmgr data at rest, AES-256-GCM")) for master in masters)
    former = [
        Fernet(base64.urlsafe_b64encode(_derive(master, b"trainmgr data at rest"))) for master in masters
    ]
    index = hmac.new(_derive(masters[-1], b"trainmgr blind index"), digestmod="sha256")
    app.extensions["keyring"] = Keyring(boxes, MultiFernet(former), index)


def _configured(value: Any) -> list[str]:
    if isinstance(value, str):
        value = value.split(",")
    return [key.strip() for key in value or () if key.strip()]


def _kept_key(path: Path) -> str:
    """Return the key kept beside the database, made once, readable only to the owner."""
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return _read_key(path)
    with os.fdopen(handle, "w", encoding="ascii") as out:
        key = secrets.token_urlsafe(48)
        out.write(key + "\n")
    log.warning("a new key for personal data was written to %s; keep a copy apart from the database", path)
    return key


def _read_key(path: Path) -> str:
    # Another process may have created the file a moment ago and not yet filled it.
    for _attempt in range(50):
        key = path.read_text(encoding="ascii").strip()
        if key:
            return key
        time.sleep(0.02)
    raise DataKeyMissing(f"{path} is empty")


def _derive(master: str, purpose: bytes) -> bytes:
    return HKDF(algorithm=SHA256(), length=32, salt=None, info=purpose).derive(master.encode())


def _keyring() -> Keyring:
    keyring: Keyring = current_app.extensions["keyring"]
    return keyring


# --- at rest ------------------------------------------------------------------------------------


def encrypt(text: str) -> str:
    """Return text that only this installation can read; 66 characters for an ID number."""
    return (MARK + binascii.b2a_base64(_keyring().seal(text.encode()), newline=False)).decode("ascii")


def decrypt(token: str) -> str:
    """Return what was encrypted; raises DataKeyMissing when no key opens it."""
    try:
        data = token.encode("ascii")
        if data.startswith(MARK):
            return _keyring().open(binascii.a2b_base64(data[len(MARK) :], strict_mode=True)).decode()
        return _keyring().former.decrypt(data).decode()
    except (InvalidToken, InvalidTag, binascii.Error):
        raise DataKeyMissing("no key in DATA_KEYS opens this value") from None


def encrypt_bytes(data: bytes) -> bytes:
    """Return a file's content so that only this installation can read it (an upload that waits for its job)."""
    return MARK + _keyring().seal(data)


def decrypt_bytes(token: bytes) -> bytes:
    """Return the content that was encrypted; raises DataKeyMissing when no key opens it."""
    try:
        if token.startswith(MARK):
            return _keyring().open(token[len(MARK) :])
        return _keyring().former.decrypt(token)
    except (InvalidToken, InvalidTag):
        raise DataKeyMissing("no key in DATA_KEYS opens this file") from None


def blind_index(text: str) -> str:
    """Return 64 hex digits that are equal for equal text and tell nothing of it: for uniqueness and exact search."""
    fingerprint = _keyring().index.copy()
    fingerprint.update(text.encode())
    return fingerprint.hexdigest()


# --- on screen ----------------------------------------------------------------------------------


def mask_id_number(number: str | None) -> str:
    """Show the place and the last four: 500103********8828; anything shorter shows less than half."""
    return _masked(number or "", 6, 4)


def mask_phone(number: str | None) -> str:
    """Show the network and the last four: 138****5678."""
    return _masked(number or "", 3, 4)


def _masked(text: str, head: int, tail: int) -> str:
    if len(text) <= head + tail:
        head = tail = len(text) // 5
    return text[:head] + "*" * (len(text) - head - tail) + (text[-tail:] if tail else "")


# --- checks -------------------------------------------------------------------------------------


def check_id_number(text: str, *, today: date) -> str:
    """Return a resident's ID number normalised (18 characters, X capital), or raise IdFault.

    GB 11643-1999: province, birth date, check character. The county is not checked against a list: numbers keep
    the code of the year they were given in, and no list has all the former ones (Chongqing's 5102 until 1997).
    """
    number = re.sub(r"[\s\-]", "", unicodedata.normalize("NFKC", text)).upper()
    if not re.fullmatch(r"[0-9]{17}[0-9X]", number):
        raise IdFault(
            N_("an ID number has 18 digits, the last may be X; this has %(length)s"), length=len(number)
        )
    if number[:2] not in PROVINCES:
        raise IdFault(N_("the ID number begins with no known province"))
    born = birth_date(number)
    if born is None or not OLDEST_BIRTH <= born <= today:
        raise IdFault(N_("the birth date in the ID number (%(day)s) cannot be"), day=number[6:14])
    if ric.calc_check_digit(number) != number[-1]:
        raise IdFault(
            N_("the last character of the ID number does not fit the others; one of them is mistyped")
        )
    return number


def birth_date(number: str) -> date | None:
    """Return the birth date in an ID number, or None when there is no such day."""
    try:
        return date(int(number[6:10]), int(number[10:12]), int(number[12:14]))
    except ValueError:
        return None


def age_on(number: str, day: date) -> int | None:
    """Return the whole years that the holder of an ID number has lived on a day."""
    born = birth_date(number)
    return None if born is None else day.year - born.year - ((day.month, day.day) < (born.month, born.day))


def check_phone(text: str) -> str:
    """Return a Chinese phone number normalised (mobile: 11 digits), or raise IdFault."""
    number = re.sub(r"[\s().]", "", unicodedata.normalize("NFKC", text))
    compact = re.sub(r"^(\+86|0086|86(?=1[3-9]\d{9}$))", "", number.replace("-", ""))
    if MOBILE.fullmatch(compact):
        return compact
    if LANDLINE.fullmatch(number):
        return number
    raise IdFault(N_("this is not a phone number; a mobile number has 11 digits and begins with 1"))
