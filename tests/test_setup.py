"""Set-up does what is needed and nothing more; what it installs is pinned to the last package."""

import importlib.metadata
import json
import re
import sqlite3
import sys
import zipfile

import pytest
from packaging.requirements import Requirement

from tools import frontend, setup

# --- the front-end files ----------------------------------------------------------------------------


@pytest.fixture
def wheels(tmp_path):
    """Wheels that hold what is wanted and something that is not."""
    folder = tmp_path / "wheels"
    folder.mkdir()
    for wheel, members in frontend.FILES.items():
        with zipfile.ZipFile(folder / f"{wheel}-1.0-py3-none-any.whl", "w") as archive:
            for member in members:
                archive.writestr(member, f"content of {member}")
            archive.writestr(f"{wheel}/static/unwanted.js", "unwanted")
    return folder


@pytest.fixture
def pins(tmp_path):
    path = tmp_path / "requirements-frontend.txt"
    path.write_text("bootstrap-flask==2.6.0\n", encoding="utf-8")
    return path


def test_only_the_wanted_files_are_unzipped(wheels, pins, tmp_path):
    vendor = tmp_path / "vendor"

    frontend.unzip(wheels, vendor, pins)

    found = {path.relative_to(vendor).as_posix() for path in vendor.rglob("*") if path.is_file()}
    assert found == {
        "bootstrap.min.css",
        "bootstrap.min.js",
        "popper.min.js",
        "bootstrap-icons.min.css",
        "fonts/bootstrap-icons.woff2",
        "fonts/NotoSansSC-Regular.otf",
        "fonts/NotoSansSC-LICENSE.txt",
        "htmx.min.js",
        "echarts.esm.min.js",
        ".fetched.json",
    }
    assert (vendor / "htmx.min.js").read_text() == "content of django_htmx/static/django_htmx/htmx-2.min.js"


def test_front_end_files_are_current_until_a_file_or_a_pin_changes(wheels, pins, tmp_path):
    vendor = tmp_path / "vendor"
    assert not frontend.is_current(vendor, pins)
    frontend.unzip(wheels, vendor, pins)
    assert frontend.is_current(vendor, pins)

    (vendor / "htmx.min.js").write_text("cut o")
    assert not frontend.is_current(vendor, pins)

    frontend.unzip(wheels, vendor, pins)
    pins.write_text("bootstrap-flask==2.7.0\n", encoding="utf-8")
    assert not frontend.is_current(vendor, pins)


def test_a_wheel_without_a_wanted_file_changes_nothing(wheels, pins, tmp_path):
    vendor = tmp_path / "vendor"
    frontend.unzip(wheels, vendor, pins)
    with zipfile.ZipFile(wheels / "django_htmx-1.0-py3-none-any.whl", "w") as archive:
        archive.writestr("django_htmx/static/htmx-4.min.js", "another edition")

    with pytest.raises(
        frontend.FrontendError, match=r"holds no django_htmx/static/django_htmx/htmx-2\.min\.js"
    ):
        frontend.unzip(wheels, vendor, pins)

    assert frontend.is_current(vendor, pins)


def test_every_front_end_wheel_is_pinned_with_its_hash():
    lines = [
        line for line in frontend.PINS.read_text(encoding="utf-8").splitlines() if line and line[0] != "#"
    ]

    assert {line.split("==")[0].replace("-", "_") for line in lines} == set(frontend.FILES)
    assert all(re.fullmatch(r"[a-z-]+==[\d.]+ --hash=sha256:[0-9a-f]{64}", line) for line in lines)


# --- packages ---------------------------------------------------------------------------------------


@pytest.fixture
def commands(tmp_path, monkeypatch):
    """The commands that set-up would run, with its notes kept in a folder of this test."""
    ran = []
    monkeypatch.setattr(setup, "STAMPS", tmp_path / "stamps.json")
    monkeypatch.setattr(setup, "run", lambda *command, **_: ran.append(" ".join(map(str, command))))
    for name in setup.ELSEWHERE:
        monkeypatch.delenv(name, raising=False)
    return ran


def test_packages_are_installed_again_only_when_a_pin_changes(tmp_path, commands):
    base, dev = tmp_path / "requirements.txt", tmp_path / "requirements-dev.txt"
    base.write_text("flask==3.1.3\n", encoding="utf-8")
    dev.write_text("-r requirements.txt\npytest==9.2.0\n", encoding="utf-8")

    setup.install(dev)
    setup.install(dev)
    assert len(commands) == 1

    base.write_text("flask==3.1.4\n", encoding="utf-8")
    setup.install(dev)
    assert len(commands) == 2

    setup.install(base)
    assert len(commands) == 3


def test_an_installation_that_failed_is_tried_again(tmp_path, commands, monkeypatch):
    requirements = tmp_path / "requirements.txt"
    requirements.write_text("flask==3.1.3\n", encoding="utf-8")

    def fail(*command, **_):
        raise setup.SetupError("no network")

    with monkeypatch.context() as patch:
        patch.setattr(setup, "run", fail)
        with pytest.raises(setup.SetupError):
            setup.install(requirements)
    setup.install(requirements)

    assert len(commands) == 1


def test_damaged_notes_mean_that_everything_is_looked_at_again(commands):
    setup.STAMPS.write_text('{"requirements.txt": ', encoding="utf-8")

    assert setup.read_stamps() == {}

    setup.write_stamp("catalogue", "abc")
    assert json.loads(setup.STAMPS.read_text()) == {"catalogue": "abc"}


def requirements_in(name):
    """The requirements that a file and those it includes state."""
    lines = [
        line.partition(" #")[0].strip()
        for path in setup.requirement_files(setup.ROOT / name)
        for line in path.read_text(encoding="utf-8").splitlines()
    ]
    return [Requirement(line) for line in lines if line and line[0] not in "#-"]


def canonical(name):
    return re.sub(r"[-_.]+", "-", name).lower()


@pytest.mark.parametrize("name", ["requirements.txt", "requirements-dev.txt"])
def test_everything_that_would_be_installed_is_pinned(name):
    """On Linux and on Windows, for every Python that the program runs on."""
    requirements = requirements_in(name)
    pinned = {canonical(requirement.name) for requirement in requirements}
    wanted = set()
    for requirement in requirements:
        assert re.fullmatch(r"==[\w.]+", str(requirement.specifier)), f"{requirement} is not pinned"
        try:
            needs = importlib.metadata.requires(requirement.name) or []
        except importlib.metadata.PackageNotFoundError:
            assert requirement.marker, f"{requirement.name} is not installed"
            continue
        for need in map(Requirement, needs):
            for platform in ("linux", "win32"):
                for version in ("3.11", "3.14"):
                    environment = {
                        "sys_platform": platform,
                        "platform_system": "Windows" if platform == "win32" else "Linux",
                        "python_version": version,
                        "python_full_version": f"{version}.1",
                    }
                    extras = requirement.extras or {""}
                    if need.marker is None or any(
                        need.marker.evaluate({**environment, "extra": extra}) for extra in extras
                    ):
                        wanted.add(canonical(need.name))

    assert wanted - pinned == set()


# --- database and texts -----------------------------------------------------------------------------


@pytest.fixture
def migrations(tmp_path, monkeypatch):
    """Two migrations, one after the other, and a database that has had the first."""
    folder = tmp_path / "versions"
    folder.mkdir()
    (folder / "one.py").write_text('revision = "aaa1"\ndown_revision = None\n', encoding="utf-8")
    (folder / "two.py").write_text(
        'revision: str = "bbb2"\ndown_revision: str | None = "aaa1"\n', encoding="utf-8"
    )
    database = tmp_path / "trainmgr.db"
    connection = sqlite3.connect(database)
    connection.execute("CREATE TABLE alembic_version (version_num VARCHAR(32))")
    connection.execute("INSERT INTO alembic_version VALUES ('aaa1')")
    connection.commit()
    connection.close()
    monkeypatch.setattr(setup, "MIGRATIONS", folder)
    monkeypatch.setattr(setup, "DATABASE", database)
    return database


def set_revision(database, revision):
    connection = sqlite3.connect(database)
    connection.execute("UPDATE alembic_version SET version_num = ?", (revision,))
    connection.commit()
    connection.close()


def test_the_database_is_migrated_only_while_it_is_behind(migrations, commands):
    setup.migrate()
    assert [command.split(" -m ")[1] for command in commands] == ["flask --app run db upgrade"]

    set_revision(migrations, "bbb2")
    setup.migrate()
    assert len(commands) == 1


def test_a_missing_or_foreign_database_file_is_migrated(migrations, commands):
    migrations.write_bytes(b"not a database")
    setup.migrate()
    migrations.unlink()
    setup.migrate()

    assert len(commands) == 2


def test_a_database_elsewhere_is_always_asked(migrations, commands, monkeypatch):
    set_revision(migrations, "bbb2")
    monkeypatch.setenv("DATABASE_URL", "postgresql://db.example/trainmgr")

    setup.migrate()

    assert len(commands) == 1


def test_the_chinese_texts_are_compiled_when_one_changes(tmp_path, commands, monkeypatch):
    monkeypatch.setattr(setup, "CATALOGUE", tmp_path)
    (tmp_path / "zh" / "LC_MESSAGES").mkdir(parents=True)
    (tmp_path / "zh" / "needs.po").write_text('msgid "Needs"\nmsgstr "需求"\n', encoding="utf-8")

    setup.compile_catalogue()
    (tmp_path / "zh" / "LC_MESSAGES" / "messages.mo").touch()
    setup.compile_catalogue()
    assert len(commands) == 1

    (tmp_path / "zh" / "needs.po").write_text('msgid "Needs"\nmsgstr "需求分析"\n', encoding="utf-8")
    setup.compile_catalogue()
    assert len(commands) == 2


# --- what people are told ---------------------------------------------------------------------------


def test_an_old_python_is_told_by_name():
    with pytest.raises(setup.SetupError, match=r"needs Python 3\.11 or newer, and this is 3\.9"):
        setup.check_python((3, 9))


def test_a_python_without_venv_names_the_package(monkeypatch):
    monkeypatch.setitem(sys.modules, "ensurepip", None)

    with pytest.raises(setup.SetupError, match="sudo apt install python3-venv"):
        setup.check_python()


def test_a_command_that_fails_is_shown_with_its_last_words():
    script = "print('the reason'); raise SystemExit(3)"

    with pytest.raises(setup.SetupError, match="the reason"):
        setup.run(sys.executable, "-c", script)
