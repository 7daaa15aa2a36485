"""Sets trainmgr up on this machine: `python3 tools/setup.py` (Windows: `py tools\\setup.py`).

Runs on the system's Python with nothing but its standard library. Each step looks first whether it is needed, so a
second run takes seconds and changes nothing. `--dev` prepares the tests and checks and leaves the database alone.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import re
import shutil
import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))  # a script's own folder is on the path, its project's is not
from tools import frontend  # noqa: E402

VENV = ROOT / ".venv"
PYTHON = VENV / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
STAMPS = VENV / "trainmgr-setup.json"
CATALOGUE = ROOT / "trainmgr" / "translations"
MIGRATIONS = ROOT / "trainmgr" / "migrations" / "versions"
DATABASE = ROOT / "instance" / "trainmgr.db"

# Any of these in the environment means that the database is not the embedded one in instance/.
ELSEWHERE = ("TRAINMGR_DATABASE_URL", "DATABASE_URL", "TRAINMGR_INSTANCE_PATH")

OLDEST = (3, 11)


class SetupError(Exception):
    """Set-up cannot go on; the message says why and what to do."""


# --- what is needed ---------------------------------------------------------------------------------


def check_python(version: tuple[int, int] = sys.version_info[:2]) -> None:
    """Refuse a Python that is too old, or one that Debian has split without telling."""
    if version < OLDEST:
        raise SetupError(
            f"trainmgr needs Python {OLDEST[0]}.{OLDEST[1]} or newer, and this is {version[0]}.{version[1]}.\n"
            "If a newer one is installed, name it: make run PYTHON=python3.12"
        )
    try:
        import ensurepip  # noqa: F401
        import venv  # noqa: F401
    except ImportError:
        raise SetupError(
            "This Python cannot make virtual environments. On Debian and Ubuntu that part is a package of its own:\n"
            "    sudo apt install python3-venv\n"
            "Then run the same command again."
        ) from None


def requirement_files(path: Path) -> list[Path]:
    """A requirements file and those that it includes."""
    included = re.findall(r"^-r\s+(\S+)", path.read_text(encoding="utf-8"), flags=re.MULTILINE)
    return [path, *(path.parent / name for name in included)]


def fingerprint(paths: list[Path], extra: str = "") -> str:
    """A digest of files' names and contents; it changes when any of them does."""
    digest = hashlib.sha256(extra.encode())
    for path in paths:
        digest.update(path.name.encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()


def read_stamps() -> dict[str, str]:
    """What set-up did last, by step; nothing when it never ran or its notes are damaged."""
    try:
        stamps = json.loads(STAMPS.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return stamps if isinstance(stamps, dict) else {}


def write_stamp(step: str, value: str) -> None:
    """Note that a step was done for this state of its files."""
    stamps = {**read_stamps(), step: value}
    partial = STAMPS.with_suffix(".part")
    partial.write_text(json.dumps(stamps, indent=1), encoding="utf-8")
    os.replace(partial, STAMPS)


def newest_revisions(folder: Path) -> set[str]:
    """The migrations that no other one follows."""
    revisions: set[str] = set()
    followed: set[str] = set()
    for path in folder.glob("*.py"):
        source = path.read_text(encoding="utf-8")
        revisions.update(re.findall(r"^revision\b[^=]*= *[\"'](\w+)", source, flags=re.MULTILINE))
        for line in re.findall(r"^down_revision\b[^=]*=(.*)$", source, flags=re.MULTILINE):
            followed.update(re.findall(r"[\"'](\w+)[\"']", line))
    return revisions - followed


def database_revisions(path: Path) -> set[str] | None:
    """The migrations that an SQLite file has had; None where there is no such file or it was never migrated."""
    if not path.exists():
        return None
    try:
        with closing(sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True)) as connection:
            return {row[0] for row in connection.execute("SELECT version_num FROM alembic_version")}
    except sqlite3.Error:
        return None


# --- doing it ---------------------------------------------------------------------------------------


class Progress:
    """One line for each step: what is being done, then how long it took."""

    def __init__(self) -> None:
        self.started = 0.0
        self.open = False
        self.live = sys.stdout.isatty()

    def begin(self, what: str) -> None:
        self.started = time.monotonic()
        self.open = True
        print(f"{what:<44}", end="", flush=True)

    def note(self, text: str) -> None:
        """Show the latest sign of life behind the step, on a terminal only."""
        if self.live:
            room = max(shutil.get_terminal_size().columns - 46, 10)
            print(f"\0337{text[:room]:<{room}}\0338", end="", flush=True)

    def end(self, how: str = "") -> None:
        self.note("")
        self.open = False
        print(how or f"{time.monotonic() - self.started:.1f} s", flush=True)


progress = Progress()


def run(*command: str | Path, quiet: bool = True) -> None:
    """Run one command in the project's folder; its output is shown only when it fails."""
    arguments = [str(part) for part in command]
    environment = {**os.environ, "PIP_DISABLE_PIP_VERSION_CHECK": "1", "PYTHONUTF8": "1"}
    lines: list[str] = []
    with subprocess.Popen(
        arguments,
        cwd=ROOT,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        encoding="utf-8",
        errors="replace",
    ) as process:
        for line in process.stdout or ():
            lines.append(line.rstrip())
            if not quiet:
                progress.note(line.strip())
    if process.returncode:
        tail = "\n".join(f"    {line}" for line in lines[-25:])
        raise SetupError(f"This command failed:\n    {' '.join(arguments)}\nIts last words:\n{tail}")


def make_environment() -> None:
    """Make .venv, or make it anew where its Python no longer runs."""
    if PYTHON.exists() and subprocess.run([PYTHON, "-c", ""], check=False).returncode == 0:
        return
    progress.begin("Making .venv")
    if (VENV / "pyvenv.cfg").exists():
        shutil.rmtree(VENV)
    run(sys.executable, "-m", "venv", VENV)
    progress.end()


def install(requirements: Path) -> None:
    """Install the pinned packages, when they have changed since the last time."""
    version = f"{sys.version_info[0]}.{sys.version_info[1]}"
    state = fingerprint(requirement_files(requirements), extra=version)
    if read_stamps().get(requirements.name) == state:
        return
    progress.begin(f"Installing {requirements.name}")
    run(PYTHON, "-m", "pip", "install", "--progress-bar", "off", "-r", requirements, quiet=False)
    write_stamp(requirements.name, state)
    progress.end()


def fetch_frontend() -> None:
    """Fetch Bootstrap, its icons, htmx and ECharts into static/vendor/, unless they are there."""
    if frontend.is_current():
        return
    progress.begin("Fetching the front-end files")
    run(PYTHON, ROOT / "tools" / "frontend.py")
    progress.end()


def compile_catalogue() -> None:
    """Compile the Chinese texts, when one of them has changed."""
    sources = sorted(CATALOGUE.rglob("*.po"))
    compiled = CATALOGUE / "zh" / "LC_MESSAGES" / "messages.mo"
    state = fingerprint(sources)
    if compiled.exists() and read_stamps().get("catalogue") == state:
        return
    progress.begin("Compiling the Chinese texts")
    run(PYTHON, "-m", "trainmgr.kernel.i18n", "compile")
    write_stamp("catalogue", state)
    progress.end()


def migrate() -> None:
    """Bring the database to the newest migration; another one than the embedded one is always asked."""
    if is_migrated() and not configured_elsewhere():
        return
    progress.begin("Migrating the database")
    run(PYTHON, "-m", "flask", "--app", "run", "db", "upgrade")
    progress.end()


def load_demo() -> None:
    """Load the demo cases into an empty database."""
    progress.begin("Loading the demo cases where there are none")
    run(PYTHON, "-m", "flask", "--app", "run", "demo", "load", "--if-empty")
    progress.end()


def is_migrated() -> bool:
    """Whether the embedded database has had every migration; of another one nothing is known here."""
    return configured_elsewhere() or database_revisions(DATABASE) == newest_revisions(MIGRATIONS)


def configured_elsewhere() -> bool:
    """Whether the environment names a database or an instance folder of its own."""
    return any(os.environ.get(name) for name in ELSEWHERE)


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description="Set trainmgr up on this machine.")
    parser.add_argument("--dev", action="store_true", help="what tests and checks need, without the database")
    parser.add_argument("--server", action="store_true", help="what a server needs, without tables and demo")
    options = parser.parse_args(arguments)
    try:
        check_python()
        make_environment()
        install(ROOT / ("requirements-dev.txt" if options.dev else "requirements.txt"))
        fetch_frontend()
        compile_catalogue()
        if not (options.dev or options.server):
            migrate()
            load_demo()
    except SetupError as error:
        if progress.open:
            progress.end("failed")
        print(f"\n{error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\nInterrupted. The same command goes on from here.", file=sys.stderr)
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
