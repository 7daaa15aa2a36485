"""What a browser is told when the app is installed, and who gets what."""

import json
import re

import pytest

from trainmgr.kernel.access import Role

pytestmark = pytest.mark.once


def test_the_manifest_names_icons_that_are_there(client):
    manifest = json.loads(client.get("/manifest.webmanifest").data)

    assert (manifest["display"], manifest["start_url"]) == ("standalone", "/")
    for icon in manifest["icons"]:
        with client.get(icon["src"]) as answer:
            assert (answer.status_code, answer.mimetype) == (200, icon["type"])


def test_the_worker_names_every_file_that_the_form_needs(client):
    script = client.get("/worker.js")

    assert script.mimetype == "text/javascript"
    assert script.headers["Cache-Control"] == "no-cache"
    shell = json.loads(re.match(r"const SHELL = (.*);\n", script.get_data(as_text=True)).group(1))
    for address in shell["files"]:
        with client.get(address) as answer:
            assert answer.status_code == 200
    assert shell["queue"] in shell["files"]


def test_the_list_of_what_waits_holds_nothing_of_anybody(client, world):
    trainee = world.user(Role.TRAINEE)
    page = world.signed_in(trainee).get("/waiting").get_data(as_text=True)

    assert trainee.name not in page
    assert page == client.get("/waiting").get_data(as_text=True)


def test_a_token_is_given_to_trainees_only_and_says_whose_logs_it_sends(client, world):
    trainee, mentor = world.user(Role.TRAINEE), world.user(Role.ENTERPRISE_MENTOR)

    script = {"Accept": "application/json"}
    assert world.signed_in(trainee).get("/waiting/token", headers=script).json["owner"] == str(trainee.id)
    assert world.signed_in(trainee).get("/waiting/token").location == "/waiting"
    assert world.signed_in(mentor).get("/waiting/token", headers=script).status_code == 403
    assert client.get("/waiting/token", headers=script).status_code in (302, 403)
