"""The migrations lead from nothing to the tables that the models describe, and back."""

import alembic.command
import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from flask_migrate import upgrade

from trainmgr import create_app
from trainmgr.kernel.db import db


@pytest.fixture
def migrated(make_database, database_url, tmp_path):
    """An application on a database of its own that has had every migration."""
    app = create_app(
        {
            "TESTING": True,
            "SECRET_KEY": "only for tests",
            "SQLALCHEMY_DATABASE_URI": make_database().url,
            "INSTANCE_PATH": str(tmp_path),
            "HUEY_IMMEDIATE": True,
        }
    )
    with app.app_context():
        upgrade()
        yield app
        db.engine.dispose()


def test_migrations_make_what_the_models_describe(migrated):
    with db.engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        differences = compare_metadata(context, db.metadata)

    assert differences == []


def test_migrations_keep_the_names_of_constraints(migrated):
    """A later migration finds a constraint by the name that the models give it."""
    inspector = sa.inspect(db.engine)
    for table in db.metadata.sorted_tables:
        foreign = {key["name"] for key in inspector.get_foreign_keys(table.name)}
        assert foreign == {key.name for key in table.foreign_key_constraints}, table.name
        checks = {check["name"] for check in inspector.get_check_constraints(table.name)}
        modelled = {item.name for item in table.constraints if isinstance(item, sa.CheckConstraint)}
        assert checks == modelled, table.name


def test_there_is_one_newest_migration(migrated):
    config = migrated.extensions["migrate"].migrate.get_config()
    heads = alembic.script.ScriptDirectory.from_config(config).get_heads()

    assert len(heads) == 1
