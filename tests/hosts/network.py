"""Hosts of a test: each a network namespace of this machine with a cable that can be pulled, or, where these cannot be
made (no root, no Linux, no `ip`), plain processes on the loopback.

All cables end in one switch, in a namespace of its own in which the test's browsers sit; nothing of the machine's own
network is touched, and several tests do not see one another.
"""

from __future__ import annotations

import ctypes
import os
import secrets
import shutil
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

NAMESPACES = Path("/run/netns")
CLONE_NEWNET = 0x40000000
NET, SWITCH, PREFIX = "10.77.0", "br0", "tmhosts"
CONNECT_SECONDS = 5.0


class Loopback:
    """Every host is this machine; no cable can be pulled."""

    can_cut = False

    def add(self, name: str) -> None:
        """Add a host."""

    def address(self, name: str) -> str:
        """Return a host's address."""
        return "127.0.0.1"

    def within(self, name: str) -> list[str]:
        """Return what goes before a command that is to run on a host."""
        return []

    def free_port(self, name: str, usual: int) -> int:
        """Return a port that nothing listens on."""
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            return int(probe.getsockname()[1])

    def connect(self, place: tuple[str, int]) -> socket.socket:
        """Connect to a host as a browser does."""
        return socket.create_connection(place, timeout=CONNECT_SECONDS)

    def end(self) -> None:
        """Take everything away."""


class Namespaces(Loopback):
    """Every host is a network namespace."""

    can_cut = True

    def __init__(self) -> None:
        _sweep()
        self.mark = f"{PREFIX}-{os.getpid()}-{secrets.token_hex(3)}"
        self.hosts: dict[str, int] = {}
        self.lan = f"{self.mark}-lan"
        try:
            _ip("netns", "add", self.lan)
            _ip("-n", self.lan, "link", "set", "lo", "up")
            _ip("-n", self.lan, "link", "add", SWITCH, "type", "bridge")
            _ip("-n", self.lan, "addr", "add", f"{NET}.1/24", "dev", SWITCH)
            _ip("-n", self.lan, "link", "set", SWITCH, "up")
        except BaseException:
            self.end()
            raise

    def add(self, name: str) -> None:
        number = self.hosts[name] = len(self.hosts) + 2
        space, cable = self._space(name), f"cable{number}"
        _ip("netns", "add", space)
        _ip("-n", self.lan, "link", "add", cable, "type", "veth", "peer", "name", "eth0", "netns", space)
        _ip("-n", self.lan, "link", "set", cable, "master", SWITCH)
        _ip("-n", self.lan, "link", "set", cable, "up")
        _ip("-n", space, "addr", "add", f"{NET}.{number}/24", "dev", "eth0")
        _ip("-n", space, "link", "set", "eth0", "up")
        _ip("-n", space, "link", "set", "lo", "up")

    def _space(self, name: str) -> str:
        return f"{self.mark}-{name}"

    def address(self, name: str) -> str:
        return f"{NET}.{self.hosts[name]}"

    def within(self, name: str) -> list[str]:
        # nsenter becomes the command itself, so that who ends the process ends the command.
        return ["nsenter", f"--net={NAMESPACES / self._space(name)}"]

    def free_port(self, name: str, usual: int) -> int:
        return usual

    def connect(self, place: tuple[str, int]) -> socket.socket:
        with entered(self.lan):  # a socket stays in the namespace in which it was made
            made = socket.socket()
        made.settimeout(CONNECT_SECONDS)
        try:
            made.connect(place)
        except BaseException:
            made.close()
            raise
        return made

    def cut(self, name: str) -> None:
        """Pull a host's cable: what is sent to it or by it goes nowhere, and nobody is told."""
        _ip("-n", self.lan, "link", "set", f"cable{self.hosts[name]}", "down")

    def mend(self, name: str) -> None:
        """Put the cable in again."""
        _ip("-n", self.lan, "link", "set", f"cable{self.hosts[name]}", "up")

    def end(self) -> None:
        for space in (*(self._space(name) for name in self.hosts), self.lan):
            with suppress(subprocess.CalledProcessError):
                _ip("netns", "del", space)
        self.hosts = {}


def network() -> Loopback:
    """Return namespaces, or the loopback where none can be made or nothing passes between them."""
    if not sys.platform.startswith("linux") or not all(map(shutil.which, ("ip", "nsenter"))) or os.geteuid():
        return Loopback()
    made = None
    try:
        made = Namespaces()
        made.add("probe")
        _reach(made)
        return made
    except (OSError, subprocess.CalledProcessError):
        if made is not None:
            made.end()
        return Loopback()


def _reach(made: Namespaces) -> None:
    """Raise OSError unless a connection between switch and host comes about."""
    with entered(made._space("probe")):
        listening = socket.create_server((made.address("probe"), 0))
    with listening, made.connect(listening.getsockname()):
        pass


@contextmanager
def entered(space: str) -> Iterator[None]:
    """Let this thread alone be in a namespace for a moment."""
    libc = ctypes.CDLL(None, use_errno=True)
    home = os.open(f"/proc/self/task/{threading.get_native_id()}/ns/net", os.O_RDONLY)
    try:
        there = os.open(NAMESPACES / space, os.O_RDONLY)
        try:
            _set(libc, there)
        finally:
            os.close(there)
        try:
            yield
        finally:
            _set(libc, home)
    finally:
        os.close(home)


def _set(libc: ctypes.CDLL, space: int) -> None:
    if libc.setns(space, CLONE_NEWNET):
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))


def _ip(*words: str) -> None:
    subprocess.run(["ip", *words], check=True, stdin=subprocess.DEVNULL, capture_output=True)


def _sweep() -> None:
    """Take away what a test left that was killed: its namespaces bear the number of its process."""
    for path in NAMESPACES.glob(f"{PREFIX}-*-*"):
        number = path.name.split("-")[1]
        if not Path(f"/proc/{number}").exists():
            with suppress(subprocess.CalledProcessError):
                _ip("netns", "del", path.name)
