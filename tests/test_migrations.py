"""The migrations lead from nothing to the tables that the models describe, and back."""

from collections import Counter
from datetime import UTC, datetime

import alembic.command
import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from flask_migrate import downgrade, upgrade

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


# --- with rows in them ----------------------------------------------------------------------------

NOW = datetime(2026, 11, 22, 8, 0, tzinfo=UTC)
ROWS_AT_0001 = (
    ("organization", {"id": 1, "kind": "college", "name": "学院"}),
    ("user_account", {"id": 1, "username": "staff", "name": "李老师"}),
    (
        "program",
        {
            "id": 1,
            "code": "P1",
            "name": "项目",
            "kind": "order_class",
            "state": "analysing",
            "lead_college_id": 1,
            "pathway_slug": "funa",
            "pathway_version": 1,
            "pathway_document": "{}",
            "created_by_id": 1,
        },
    ),
    ("needs_analysis", {"id": 1, "program_id": 1, "post": "装调工", "state": "open", "priority_count": 3}),
    *(
        (
            "competency",
            {
                "id": key,
                "program_id": 1,
                "position": key,
                "name": name,
                "dimension": "professional",
                "importance": 4,
                "required_level": 4,
                "current_level": 3,
                "respondents": people,
            },
        )
        for key, name, people in ((1, "故障诊断", 3), (2, "读图", 0))
    ),
    *(
        (
            "competency_rating",
            {"id": number, "competency_id": 1, "respondent": f"R{number}", "importance": 4, "attainment": said},
        )
        for number, said in enumerate((2, 3, 5), start=1)
    ),
    (
        "enterprise_indicator",
        {
            "id": 1,
            "program_id": 1,
            "name": "返修率",
            "direction": "lower",
            "weight": 3,
            "expected": 1,
            "current": 3,
        },
    ),
    ("indicator_competency", {"indicator_id": 1, "competency_id": 1}),
)  # fmt: skip


@pytest.fixture
def installation(make_database, database_url, tmp_path):
    """An application on an empty database of its own."""
    return create_app(
        {
            "TESTING": True,
            "SECRET_KEY": "only for tests",
            "SQLALCHEMY_DATABASE_URI": make_database().url,
            "INSTANCE_PATH": str(tmp_path),
            "HUEY_IMMEDIATE": True,
        }
    )


def _fill(connection, rows=ROWS_AT_0001):
    """Insert rows as an installation holds them; columns not named get an empty value."""
    tables = sa.MetaData()
    tables.reflect(connection)
    for name, values in rows:
        table = tables.tables[name]
        empty = {
            column.name: _empty(column)
            for column in table.columns
            if not column.nullable and column.name not in values and column.server_default is None
        }
        connection.execute(sa.insert(table), empty | values)
    connection.commit()


def _empty(column):
    kind = column.type
    if isinstance(kind, sa.DateTime):
        return NOW
    if isinstance(kind, sa.Boolean):
        return False
    if isinstance(kind, sa.JSON):
        return {}
    return "" if isinstance(kind, sa.String) else 1 if column.name == "version" else 0


def test_rows_of_the_first_tables_come_through_every_later_migration(installation):
    with installation.app_context():
        upgrade(revision="0001")
        with db.engine.connect() as connection:
            _fill(connection)
        upgrade()
        with db.engine.connect() as connection:
            counts = {
                name: connection.execute(sa.text(f"SELECT count(*) FROM {name}")).scalar_one()
                for name, _values in ROWS_AT_0001
            }
            levels = connection.execute(
                sa.text("SELECT name, level_source, below, above, current_level FROM competency ORDER BY id")
            ).all()
        expected = Counter(name for name, _values in ROWS_AT_0001)
        assert counts == dict(expected)
        assert [(row[0], row[1], row[2], row[3], float(row[4])) for row in levels] == [
            ("故障诊断", "rated", 2, 1, 3.0),
            ("读图", "typed", 0, 0, 3.0),
        ]
        downgrade(revision="0001")
        with db.engine.connect() as connection:
            left = connection.execute(sa.text("SELECT count(*) FROM competency_rating")).scalar_one()
        db.engine.dispose()
        assert left == 3


EDITIONS_AT_0013 = tuple(
    ("edition", {"id": number, "program_id": 1, "number": number, "created_by_id": 1} | values)
    for number, values in (
        (1, {"state": "superseded", "signed_at": NOW}),
        (2, {"state": "signed", "based_on_id": 1, "reason": "新线体", "signed_at": NOW.replace(hour=20)}),
        (3, {"state": "draft", "based_on_id": 2, "reason": "再改"}),
    )
)  # fmt: skip


def test_editions_come_to_hold_from_a_day_and_go_back(installation):
    held = sa.text("SELECT number, state, in_force_from FROM edition ORDER BY number")
    with installation.app_context():
        upgrade(revision="0001")
        with db.engine.connect() as connection:
            _fill(connection)
        upgrade(revision="0013")
        with db.engine.connect() as connection:
            _fill(connection, EDITIONS_AT_0013)
        upgrade()
        with db.engine.connect() as connection:
            rows = [(row[0], row[1], str(row[2])) for row in connection.execute(held)]
            # Twenty hours in UTC are four of the next morning here.
            assert rows == [
                (1, "superseded", "None"),
                (2, "signed", "2026-11-23"),
                (3, "draft", "None"),
            ]
            connection.execute(sa.text("UPDATE edition SET state = 'agreed' WHERE number = 3"))
            connection.commit()
        downgrade(revision="0013")
        with db.engine.connect() as connection:
            states = connection.execute(sa.text("SELECT state FROM edition ORDER BY number")).scalars().all()
            assert states == ["superseded", "superseded", "signed"]
        db.engine.dispose()


FAULTS_AT_0014 = (
    ("job", {"id": 1, "kind": "roster-import", "state": "done"}),
    ("job", {"id": 2, "kind": "bank-import", "state": "done"}),
    ("roster_fault", {"job_id": 1, "row": 3, "reason": "证件号码不对"}),
    ("item_fault", {"job_id": 2, "row": 3, "reason": "题型不对"}),
    ("item_fault", {"job_id": 2, "row": 7, "reason": "没有答案"}),
)


def test_wrong_rows_of_all_imports_come_into_one_table_and_go_back(installation):
    with installation.app_context():
        upgrade(revision="0014")
        with db.engine.connect() as connection:
            _fill(connection, FAULTS_AT_0014)
        upgrade()
        with db.engine.connect() as connection:
            rows = connection.execute(
                sa.text('SELECT job_id, "row", reason FROM row_fault ORDER BY 1, 2')
            ).all()
            assert [tuple(row) for row in rows] == [
                (1, 3, "证件号码不对"),
                (2, 3, "题型不对"),
                (2, 7, "没有答案"),
            ]
        downgrade(revision="0014")
        with db.engine.connect() as connection:
            counts = [
                connection.execute(sa.text(f"SELECT count(*) FROM {name}")).scalar_one()
                for name in ("roster_fault", "item_fault")
            ]
        db.engine.dispose()
    assert counts == [1, 2]
