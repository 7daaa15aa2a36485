"""A sealed stream: who has the passphrase, or the private key, opens it; what was changed or cut off is noticed.

Layout: a line of magic, the header (4 bytes of length, JSON), then pieces of at most one MiB, each behind 4 bytes of
its length. A piece is AES-256-GCM under a key of this stream alone; its nonce is its number and whether it is the last
(the STREAM construction of Hoang, Reyhanitabar, Rogaway and Vizár, 2015), the header is authenticated with each.
"""

from __future__ import annotations

import io
import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import IO, Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

MAGIC = b"trainmgr backup 1\n"
PIECE = 1024 * 1024
LONGEST_HEADER = 4096
SHORTEST_PASSPHRASE = 12
SCRYPT = {"n": 2**15, "r": 8, "p": 1}  # 32 MiB, a tenth of a second
MOST_SCRYPT = 2**20  # a header that asks for more was not written by this program

Header = dict[str, Any]


class ArchiveFault(Exception):
    """The stream cannot be opened or is not whole; the text says what is wrong."""


class ByPassphrase:
    """Seals and opens with a passphrase (scrypt)."""

    def __init__(self, passphrase: str) -> None:
        if len(passphrase) < SHORTEST_PASSPHRASE:
            raise ArchiveFault(f"a passphrase needs at least {SHORTEST_PASSPHRASE} characters")
        self.passphrase = passphrase

    def begin(self) -> tuple[Header, bytes]:
        """Return the header of a new stream and its key."""
        header = {"by": "passphrase", "salt": os.urandom(16).hex(), **SCRYPT}
        return header, self.key_of(header)

    def key_of(self, header: Header) -> bytes:
        """Return the key of a stream with this header."""
        if header.get("by") != "passphrase":
            raise ArchiveFault("this backup was made for a key file; name it with --key")
        if header["n"] > MOST_SCRYPT or header["r"] > 16 or header["p"] > 4:
            raise ArchiveFault("the header of this backup is not one of ours")
        derive = Scrypt(
            salt=bytes.fromhex(header["salt"]), length=32, n=header["n"], r=header["r"], p=header["p"]
        )
        return derive.derive(self.passphrase.encode())


class ForRecipient:
    """Seals for the holder of a private key: the machine that makes backups cannot open them (X25519)."""

    def __init__(self, public: bytes) -> None:
        self.public = public

    def begin(self) -> tuple[Header, bytes]:
        """Return the header of a new stream and its key."""
        once = X25519PrivateKey.generate()
        own = once.public_key().public_bytes_raw()
        shared = once.exchange(X25519PublicKey.from_public_bytes(self.public))
        header = {"by": "key", "for": self.public.hex(), "once": own.hex()}
        return header, _agreed(shared, own, self.public)

    def key_of(self, header: Header) -> bytes:
        """A public key opens nothing."""
        raise ArchiveFault("a public key cannot open a backup; name the private key with --key")


class ByPrivateKey:
    """Opens what was sealed for its public key."""

    def __init__(self, private: bytes) -> None:
        self.private = X25519PrivateKey.from_private_bytes(private)

    def key_of(self, header: Header) -> bytes:
        """Return the key of a stream with this header."""
        own = self.private.public_key().public_bytes_raw()
        if header.get("by") != "key" or header["for"] != own.hex():
            raise ArchiveFault("this backup was not made for this key")
        once = bytes.fromhex(header["once"])
        return _agreed(self.private.exchange(X25519PublicKey.from_public_bytes(once)), once, own)


def _agreed(shared: bytes, once: bytes, public: bytes) -> bytes:
    return HKDF(algorithm=SHA256(), length=32, salt=once + public, info=MAGIC).derive(shared)


def make_key_file(path: Path) -> str:
    """Write a new private key, for its owner's eyes only, and return its public key as text."""
    private = X25519PrivateKey.generate()
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "w", encoding="ascii") as out:
        out.write(private.private_bytes_raw().hex() + "\n")
    return private.public_key().public_bytes_raw().hex()


def read_key(text: str) -> bytes:
    """Return the 32 bytes of a key written as 64 hexadecimal digits."""
    try:
        key = bytes.fromhex(text.strip())
    except ValueError:
        key = b""
    if len(key) != 32:
        raise ArchiveFault("a key has 64 hexadecimal digits")
    return key


def _nonce(number: int, last: bool) -> bytes:
    return number.to_bytes(11, "big") + bytes([last])


class Sealer:
    """A file to write into: seals and passes on to `out`. Only `finish` makes the stream whole."""

    def __init__(self, out: IO[bytes], door: ByPassphrase | ForRecipient) -> None:
        header, key = door.begin()
        self.header = MAGIC + json.dumps(header).encode()
        self.out, self.box = out, AESGCM(key)
        self.number, self.waiting = 0, bytearray()
        out.write(MAGIC + (len(self.header) - len(MAGIC)).to_bytes(4, "big") + self.header[len(MAGIC) :])

    def write(self, data: bytes) -> int:
        """Take some bytes."""
        self.waiting += data
        while len(self.waiting) > PIECE:  # a full piece waits: it may be the last
            self._seal(bytes(self.waiting[:PIECE]), last=False)
            del self.waiting[:PIECE]
        return len(data)

    def finish(self) -> None:
        """Seal what is left as the last piece."""
        self._seal(bytes(self.waiting), last=True)
        self.waiting.clear()

    def _seal(self, plain: bytes, *, last: bool) -> None:
        sealed = self.box.encrypt(_nonce(self.number, last), plain, self.header)
        self.out.write(len(sealed).to_bytes(4, "big") + sealed)
        self.number += 1


class Opener(io.RawIOBase):
    """A file to read from: opens `source` piece by piece; raises ArchiveFault where it is not as written."""

    def __init__(self, source: IO[bytes], key_of: Callable[[Header], bytes]) -> None:
        if source.read(len(MAGIC)) != MAGIC:
            raise ArchiveFault("this is not a backup of trainmgr")
        length = int.from_bytes(source.read(4), "big")
        raw = source.read(min(length, LONGEST_HEADER))
        try:
            key = key_of(json.loads(raw))
        except (ValueError, KeyError, TypeError) as fault:
            raise ArchiveFault("the header of this backup is damaged") from fault
        self.source, self.header, self.box = source, MAGIC + raw, AESGCM(key)
        self.number, self.ready, self.over = 0, memoryview(b""), False
        self.ahead = self._sealed()

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        while not self.ready and not self.over:
            self._next()
        taken = min(len(buffer), len(self.ready))
        buffer[:taken] = self.ready[:taken]
        self.ready = self.ready[taken:]
        return taken

    def _sealed(self) -> bytes:
        length = int.from_bytes(self.source.read(4), "big")
        if length > PIECE + 16:
            raise ArchiveFault("this backup is damaged")
        return self.source.read(length)

    def _next(self) -> None:
        sealed, self.ahead = self.ahead, self._sealed()
        self.over = not self.ahead
        try:
            self.ready = memoryview(self.box.decrypt(_nonce(self.number, self.over), sealed, self.header))
        except (InvalidTag, ValueError):
            raise ArchiveFault(
                "the passphrase or key does not open this backup, or it was changed"
                if self.number == 0
                else "this backup is damaged or was cut off"
            ) from None
        self.number += 1
