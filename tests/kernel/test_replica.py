"""Pages that sum up are read from a replica where the installation has one; all else asks the database itself."""

from __future__ import annotations

import sqlite3
from contextlib import closing

import pytest

from tests.databases import SqliteDatabase
from tests.factories import World
from trainmgr import create_app
from trainmgr.kernel.access import Role
from trainmgr.kernel.db import _reports, db


@pytest.fixture
def lagging(tmp_path):
    """An installation whose replica knows a programme, and a person, by other names."""
    database, replica = SqliteDatabase(tmp_path), tmp_path / "replica.db"
    app = create_app(
        {
            "TESTING": True,
            "SECRET_KEY": "only for tests",
            "SQLALCHEMY_DATABASE_URI": database.url,
            "SQLALCHEMY_BINDS": {"replica": f"sqlite:///{replica}"},
            "INSTANCE_PATH": str(tmp_path / "instance"),
            "WTF_CSRF_ENABLED": False,
            "HUEY_IMMEDIATE": True,
        }
    )
    with app.app_context():
        db.Model.metadata.create_all(db.engine)
    world = World(app)
    staff = world.user(Role.STAFF, name="库里的人")
    program = world.program(created_by=staff, name="库里的名字")
    browser = world.signed_in(staff)
    with closing(sqlite3.connect(database.path)) as source, closing(sqlite3.connect(replica)) as target:
        source.backup(target)
        target.execute("UPDATE program SET name = '副本里的名字'")
        target.execute("UPDATE user_account SET name = '副本里的人'")
        target.execute("DELETE FROM sign_in_session")
        target.commit()
    yield browser, program
    with app.app_context():
        for engine in db.engines.values():
            engine.dispose()
    db.metadatas.pop("replica")  # the extension is shared by all applications of this process


@pytest.mark.sqlite
def test_reports_are_read_from_the_replica_and_who_asks_from_the_database(lagging):
    browser, program = lagging

    page = browser.get(f"/quality/?kind=program&id={program.id}").get_data(as_text=True)

    assert "副本里的名字" in page
    assert "库里的人" in page


@pytest.mark.sqlite
def test_everything_else_is_read_from_the_database(lagging):
    browser, program = lagging

    page = browser.get(f"/programs/{program.id}").get_data(as_text=True)

    assert "库里的名字" in page
    assert "副本" not in page


def test_every_page_that_may_be_read_from_the_replica_is_there_and_only_reads(app):
    rules = [rule for rule in app.url_map.iter_rules() if rule.endpoint in _reports]
    assert {rule.endpoint for rule in rules} == _reports
    assert not any("POST" in rule.methods for rule in rules)
