"""What tests of the exchange stand on: a college with an administrator, a running programme, files in and out."""

from __future__ import annotations

import csv
import io
import re
import zipfile

import pytest

from tests.factories import NOW
from trainmgr.exchange.rules import HEADERS, IN_MANIFEST
from trainmgr.kernel.access import Role
from trainmgr.programs.rules import State

SCHOOL = "school-1"


@pytest.fixture
def admin(world, signed_in):
    """A browser in which an administrator of the college is signed in."""
    world.app.config["CLOCK"] = lambda: NOW
    return signed_in(world.user(Role.ADMINISTRATOR, world.college))


@pytest.fixture
def program(world):
    world.app.config["CLOCK"] = lambda: NOW
    return world.program(State.RECRUITING, name="机电一体化学徒班")


def read_zip(data):
    """Return the rows of each file of an archive as dictionaries by column, and the headers."""
    rows, headers = {}, {}
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        for name in archive.namelist():
            reader = csv.DictReader(io.StringIO(archive.read(name).decode()))
            rows[name.removesuffix(".csv")] = list(reader)
            headers[name.removesuffix(".csv")] = tuple(reader.fieldnames or ())
    return rows, headers


def make_zip(version="1.2", **files):
    """Return an archive of OneRoster files; each row is a dictionary, its missing cells are empty."""
    out = io.BytesIO()
    manifest = [("propertyName", "value"), ("manifest.version", "1.0"), ("oneroster.version", version)]
    manifest += [(f"file.{name}", "bulk" if name in files else "absent") for name in IN_MANIFEST]
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("manifest.csv", "\r\n".join(",".join(line) for line in manifest))
        for name, rows in files.items():
            text = io.StringIO(newline="")
            writer = csv.DictWriter(text, HEADERS[name], restval="")
            writer.writeheader()
            writer.writerows(rows)
            archive.writestr(f"{name}.csv", text.getvalue())
    return out.getvalue()


def org(key=SCHOOL, name="测试学院", kind="school", **more):
    return {"sourcedId": key, "name": name, "type": kind} | more


def user(key, name="李小燕", number="", **more):
    return {
        "sourcedId": key, "enabledUser": "true", "username": f"u.{key}", "familyName": name[:1], "givenName": name[1:],
        "identifier": number,
    } | more  # fmt: skip


def role(person, what="student", **more):
    return {
        "sourcedId": f"role-{person}-{what}", "userSourcedId": person, "roleType": "primary", "role": what,
        "orgSourcedId": SCHOOL,
    } | more  # fmt: skip


def enrollment(person, key="class-1", what="student", **more):
    return {
        "sourcedId": f"in-{key}-{person}", "classSourcedId": key, "schoolSourcedId": SCHOOL, "userSourcedId": person,
        "role": what,
    } | more  # fmt: skip


def course(title="机电一体化学徒班", **more):
    return {"sourcedId": "course-1", "title": title, "orgSourcedId": SCHOOL} | more


def a_class(key="class-1", title="1 班", **more):
    return {
        "sourcedId": key, "title": title, "courseSourcedId": "course-1", "classType": "scheduled",
        "schoolSourcedId": SCHOOL, "termSourcedIds": "term-1",
    } | more  # fmt: skip


@pytest.fixture
def send_in(world, admin):
    """Upload files, look at them and, unless only to look, take them in; returns the page that shows what became."""

    def send(data, *, take=True, name="roster.zip"):
        uploads = data if isinstance(data, list) else [(io.BytesIO(data), name)]
        page = admin.post(f"/exchange/{world.college.id}/imports", data={"files": uploads})
        assert page.status_code == 302, page.text
        if not take:
            return admin.get(page.location)
        page = admin.post(f"{page.location}/take")
        assert page.status_code == 302, page.text
        return admin.get(page.location)

    return send


def figures_in(page):
    """Return how many lines came out in which way, as a page's table says it: {file: {outcome: count}}."""
    table = page.text.split('id="files-h"')[1].split("</table>")[0]
    found = {}
    for row in re.findall(r"<tr>(.*?)</tr>", table, re.S)[1:]:
        name = re.search(r"(\w+)\.csv", row).group(1)
        numbers = [
            int(number.replace(",", "")) for number in re.findall(r'<td class="num">([\d,]+)</td>', row)
        ]
        outcomes = ("new", "changed", "suspended", "same", "left", "wrong")
        found[name] = {key: number for key, number in zip(outcomes, numbers, strict=True) if number}
    return found
