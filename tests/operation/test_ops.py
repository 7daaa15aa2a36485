"""What an operator copies and types is true: the samples in ops/ and the commands of docs/operating.md."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest

from tools import walk_operating
from trainmgr.kernel.config import FROM_ENVIRONMENT

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "operating.md").read_text(encoding="utf-8")
OPS = ROOT / "ops"


def test_every_variable_of_the_sample_is_told_on_the_page_or_read_by_commands():
    named = re.findall(r"^#?(TRAINMGR_\w+)=", (OPS / "trainmgr.env").read_text(), flags=re.MULTILINE)
    assert named
    unknown = [name for name in named if f"`{name}`" not in PAGE]
    assert unknown == []


def test_every_variable_that_is_read_is_told_on_the_page():
    assert [name for name in FROM_ENVIRONMENT if f"`TRAINMGR_{name}`" not in PAGE] == []


def test_every_command_on_the_page_is_there(app):
    group = app.cli.commands["trainmgr"]
    typed = set(re.findall(r"^trainmgr ([\w-]+)", PAGE, flags=re.MULTILINE))
    typed |= set(re.findall(r"`trainmgr ([\w-]+)", PAGE))
    assert typed
    assert typed - set(group.commands) == set()


def test_the_walk_types_the_page_and_every_look_follows_a_line_of_it():
    lines = [line for block in walk_operating.blocks_of(PAGE) for line in block]
    assert "trainmgr create-administrator" in lines
    assert "git pull" in lines
    for start in (*walk_operating.LOOKS, *walk_operating.ANSWERS):
        assert any(line.startswith(start) for line in lines), start
    script = walk_operating.script(walk_operating.blocks_of(PAGE))
    assert not re.search(
        r"^(?!note ).*(ADDRESS|YOUR-NAME|THE-ONE-JUST-GIVEN|PUBLIC-KEY)", script, flags=re.MULTILINE
    )


@pytest.mark.parametrize("unit", sorted(OPS.glob("*.service")), ids=lambda path: path.name)
def test_a_service_runs_as_its_own_user_from_the_settings(unit):
    text = unit.read_text()
    assert {"User=trainmgr", "EnvironmentFile=/etc/trainmgr.env", "NoNewPrivileges=yes"} <= set(
        text.splitlines()
    )
    commands = re.findall(r"^ExecStart(?:Pre)?=(.*)$", text, flags=re.MULTILINE)
    assert all(shlex.split(command)[0].startswith("/") for command in commands)


def test_the_proxy_lets_through_as_much_as_the_program_reads(app):
    (size,) = re.findall(r"client_max_body_size (\d+)m;", (OPS / "nginx.conf").read_text())
    assert int(size) * 1024 * 1024 == app.config["MAX_CONTENT_LENGTH"]


def test_the_image_takes_no_keys_and_no_data_along():
    copied = re.findall(r"^COPY (.*)$", (OPS / "Containerfile").read_text(), flags=re.MULTILINE)
    taken = {word for line in copied for word in line.split()[:-1]}
    assert "." not in taken
    assert not taken & {"instance", ".venv", "tests", ".git"}
    assert {"run.py", "requirements.txt", "trainmgr", "templates", "static", "tools"} <= taken
