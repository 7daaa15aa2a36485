"""The first administrator, made where there is nobody to sign in."""

from __future__ import annotations

import re

from trainmgr.identity.passwords import hash_password
from trainmgr.kernel.access import Role


def password_in(result):
    return re.search(r"(?:\w{4}-){2}\w{4}", result.output).group()


def test_the_first_administrator_signs_in_and_administers_everything(app, cli, world):
    result = cli("user", "create-admin", "--username", "Root.Li", "--name", "李文静")
    assert result.exit_code == 0, result.output
    client = app.test_client()

    client.post("/sign-in", data={"name": "root.li", "password": password_in(result)})
    client.post("/first-password", data={"password": "kiln-otter-47", "again": "kiln-otter-47"})

    assert client.get(f"/people/{world.user(Role.STAFF).id}/edit").status_code == 200


def test_a_second_administrator_is_made_only_on_purpose(cli, app):
    cli("user", "create-admin", "--username", "first", "--name", "甲")

    refused = cli("user", "create-admin", "--username", "second", "--name", "乙")
    assert refused.exit_code != 0
    assert "first administers this installation already" in refused.output
    assert cli("user", "create-admin", "--username", "second", "--name", "乙", "--another").exit_code == 0


def test_a_user_name_that_is_taken_or_cannot_be_typed_is_refused(cli, app):
    cli("user", "create-admin", "--username", "first", "--name", "甲")
    taken = cli("user", "create-admin", "--username", "first", "--name", "乙", "--another")
    assert taken.exit_code != 0
    assert "has this user name" in taken.output
    assert cli("user", "create-admin", "--username", "李", "--name", "李", "--another").exit_code != 0


def test_a_lost_password_is_replaced_from_the_command_line(app, cli, world):
    person = world.user(Role.ADMINISTRATOR, username="keeper", password_hash=hash_password("kiln-otter-47"))
    browser = world.signed_in(person)

    result = cli("user", "new-password", "Keeper")

    assert browser.get("/account").location.startswith("/sign-in")
    door = app.test_client().post("/sign-in", data={"name": "keeper", "password": password_in(result)})
    assert door.location == "/first-password"
    assert cli("user", "new-password", "nobody").exit_code != 0
