"""The migrations lead from nothing to the tables that the models describe, and back."""

from collections import Counter
from datetime import UTC, date, datetime, timedelta

import alembic.command
import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from flask_migrate import downgrade, upgrade

from trainmgr import create_app
from trainmgr.kernel.db import UTCDateTime, db


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


MENTORS_AT_0020 = (
    ("organization", {"id": 7, "kind": "enterprise", "name": "企业"}),
    ("user_account", {"id": 7, "username": "master", "name": "周师傅"}),
    ("user_account", {"id": 8, "username": "new", "name": "新师傅"}),
    ("user_account", {"id": 9, "username": "dated", "name": "有期限"}),
    *(
        (
            "mentor",
            {"id": key, "user_id": key, "organization_id": 7, "side": "enterprise", "name": "师傅", "active": True}
            | values,
        )
        for key, values in (
            (
                7,
                {
                    "fields": "钳工,装配", "site": "3 号厂房", "capacity": 4, "level": "高级双师型",
                    "qualification": "高级技师", "qualified_until": date(2027, 5, 1),
                },
            ),
            (8, {"capacity": 900}),
            (9, {"capacity": 0, "qualified_until": date(2027, 1, 1)}),
        )
    ),
)  # fmt: skip


def test_mentors_get_profiles_and_their_qualifications_become_rows(installation):
    with installation.app_context():
        upgrade(revision="0020")
        with db.engine.connect() as connection:
            _fill(connection, MENTORS_AT_0020)
        upgrade(revision="0021")
        with db.engine.connect() as connection:
            profiles = connection.execute(
                sa.text(
                    "SELECT user_id, fields, sites, capacity, dual_level, grade FROM faculty_profile ORDER BY user_id"
                )
            ).all()
            held = connection.execute(
                sa.text(
                    "SELECT name, needed, valid_until FROM faculty_qualification"
                    " WHERE checked_at IS NOT NULL ORDER BY profile_id"
                )
            ).all()
            connection.execute(
                sa.text("UPDATE organization SET kind = 'base' WHERE id = 7")
            )  # a kind that the older tables do not know
            connection.commit()
        downgrade(revision="0020")
        with db.engine.connect() as connection:
            kind = connection.execute(sa.text("SELECT kind FROM organization WHERE id = 7")).scalar_one()
        db.engine.dispose()

    assert [tuple(row) for row in profiles] == [
        (7, "钳工,装配", "3 号厂房", 4, "senior", "new"),
        (8, "", "", 500, None, "new"),
        (9, "", "", 0, None, "new"),
    ]
    assert [(row[0], bool(row[1]), str(row[2])) for row in held] == [
        ("高级技师", True, "2027-05-01"),
        ("资格", True, "2027-01-01"),
    ]
    assert kind == "outside"


TRAINEES_AT_0019 = (
    ("cohort", {"id": 1, "program_id": 1, "name": "A 班"}),
    *(
        (
            "enrolment",
            {
                "id": key, "program_id": 1, "user_id": key, "college_id": 1, "name": f"学员{key}",
                "state": state, "enrolled_on": date(2026, 9, 1), "version": 1,
            }
            | values,
        )
        for key, state, values in (
            (2, "training", {"cohort_id": 1}),
            (3, "withdrawn", {"cohort_id": 1, "left_on": date(2026, 10, 8), "left_reason": "参军"}),
            (4, "withdrawn", {}),
        )
    ),
)  # fmt: skip


def test_classes_and_leaving_of_the_past_become_the_first_records(installation):
    with installation.app_context():
        upgrade(revision="0001")
        with db.engine.connect() as connection:
            _fill(connection)
        upgrade(revision="0019")
        with db.engine.connect() as connection:
            for key in (2, 3, 4):
                _fill(
                    connection, [("user_account", {"id": key, "username": f"t{key}", "name": f"学员{key}"})]
                )
            _fill(connection, TRAINEES_AT_0019)
        upgrade(revision="0020")
        with db.engine.connect() as connection:
            moves = connection.execute(
                sa.text("SELECT enrolment_id, from_id, to_id, day FROM class_move ORDER BY enrolment_id")
            ).all()
            changes = connection.execute(
                sa.text("SELECT enrolment_id, kind, day, reason FROM standing_change ORDER BY enrolment_id")
            ).all()
            connection.execute(sa.text("UPDATE enrolment SET state = 'suspended' WHERE id = 2"))
            connection.commit()
        downgrade(revision="0019")
        with db.engine.connect() as connection:
            states = connection.execute(sa.text("SELECT state FROM enrolment ORDER BY id")).scalars().all()
        db.engine.dispose()

    assert [(row[0], row[1], row[2], str(row[3])) for row in moves] == [
        (2, None, 1, "2026-09-01"),
        (3, None, 1, "2026-09-01"),
    ]
    assert [(row[0], row[1], str(row[2]), row[3]) for row in changes] == [
        (3, "withdraw", "2026-10-08", "参军"),
        (4, "withdraw", "2026-09-01", "-"),
    ]
    assert states == ["training", "withdrawn", "withdrawn"]


LOGS_AT_0021 = tuple(
    ("practice_log", {"id": number, "program_id": 1, "enrolment_id": 1, "day": NOW.date(), "state": "signed",
                      "side": "college", "stage_number": 1, "minutes": 480, "submitted_at": NOW} | values)
    for number, values in ((1, {}), (2, {"state": "draft", "minutes": 0, "submitted_at": None}))
)  # fmt: skip
WEEK_AND_CASE = (
    ("practice_log", {"id": 3, "program_id": 1, "enrolment_id": 1, "day": NOW.date(),
                      "until": NOW.date() + timedelta(2), "minutes": 900, "day_minutes": [480, 0, 420],
                      "state": "signed", "side": "college", "task": "一周", "submitted_at": NOW}),
    ("log_decision", {"log_id": 3, "kind": "sign", "by_id": 1, "by_name": "师傅", "at": NOW}),
    ("practice_log", {"id": 4, "program_id": 1, "enrolment_id": 1, "day": NOW.date(), "minutes": 0, "kind": "case",
                      "state": "submitted", "side": "college", "task": "案例", "submitted_at": NOW}),
    ("log_case", {"log_id": 4, "facts": "停机", "analysis": "积尘", "plan": "清洁", "effect": "好了",
                  "lessons": "点检"}),
)  # fmt: skip


def test_daily_logs_stay_daily_and_weeks_and_cases_go_back_without_losing_an_hour_or_a_word(installation):
    logs = sa.text("SELECT day, minutes, state, learned, kind FROM practice_log ORDER BY id")
    with installation.app_context():
        upgrade(revision="0001")
        with db.engine.connect() as connection:
            _fill(connection)
        upgrade(revision="0021")
        with db.engine.connect() as connection:
            _fill(connection, [row for row in ENROLMENT_AT_0021 if not _known(connection, *row)])
            _fill(connection, LOGS_AT_0021)
        upgrade(revision="0022")
        with db.engine.connect() as connection:
            rows = connection.execute(logs).all()
            frequency = connection.execute(sa.text("SELECT frequency FROM practice_terms")).scalar_one()
            _fill(connection, WEEK_AND_CASE)
            if connection.dialect.name == "postgresql":  # ids were given by hand
                connection.execute(sa.text("SELECT setval('practice_log_id_seq', 10)"))
                connection.commit()
        assert [(row.minutes, row.state, row.kind) for row in rows] == [
            (480, "signed", "practice"),
            (0, "draft", "practice"),
        ]
        assert frequency == "daily"
        downgrade(revision="0021")
        with db.engine.connect() as connection:
            back = connection.execute(
                sa.text("SELECT day, minutes, state, learned FROM practice_log ORDER BY id")
            ).all()
            signed = connection.execute(sa.text("SELECT count(*) FROM log_decision")).scalar_one()
        db.engine.dispose()
    assert [(row.minutes, row.state) for row in back[2:]] == [(480, "signed"), (0, "draft"), (420, "signed")]
    assert str(back[4].day) == str(NOW.date() + timedelta(2))
    assert signed == 2
    assert all(word in back[3].learned for word in ("停机", "积尘", "清洁", "好了", "点检"))


LOOPS_AT_0024 = tuple(
    ("gate_decision", {"id": number, "program_id": 1, "enrolment_id": 1, "stage_number": stage, "attempt": 1,
                       "is_latest": True, "outcome": outcome, "remedial_task": task, "by_id": 1, "by_name": "老师",
                       "remedial_due_on": NOW.date() if task else None,
                       "remedial_done_on": NOW.date() if done else None})
    for number, stage, outcome, task, done in (
        (1, 1, "passed", "", False), (2, 2, "remedial", "再测十件", False), (3, 3, "remedial", "再画两张", True),
    )
)  # fmt: skip


def test_a_remedial_judgement_becomes_a_plan_of_its_one_task_and_goes_back(installation):
    tasks = sa.text("SELECT decision_id, what, state FROM remedial_task ORDER BY id")
    dues = sa.text("SELECT subject_id, params FROM due WHERE code = 'remedial'").columns(params=sa.JSON())
    with installation.app_context():
        upgrade(revision="0001")
        with db.engine.connect() as connection:
            _fill(connection)
        upgrade(revision="0024")
        with db.engine.connect() as connection:
            _fill(connection, [row for row in ENROLMENT_AT_0021 if not _known(connection, *row)])
            _fill(connection, LOOPS_AT_0024)
        upgrade(revision="0025")
        with db.engine.connect() as connection:
            found, due = connection.execute(tasks).all(), connection.execute(dues).all()
        downgrade(revision="0024")
        with db.engine.connect() as connection:
            kept = connection.execute(
                sa.text("SELECT remedial_task, is_latest FROM gate_decision ORDER BY id")
            ).all()
        db.engine.dispose()
    assert [tuple(row) for row in found] == [(2, "再测十件", "open"), (3, "再画两张", "accepted")]
    assert [row.params for row in due] == [{"stage": 2, "task": "再测十件"}]
    assert [row.remedial_task for row in kept] == ["", "再测十件", "再画两张"]


ENROLMENT_AT_0021 = (
    (
        "enrolment",
        {
            "id": 1,
            "program_id": 1,
            "user_id": 1,
            "college_id": 1,
            "state": "training",
            "name": "学员",
            "enrolled_on": NOW.date(),
        },
    ),
)


def _known(connection, name, values):
    table = sa.Table(name, sa.MetaData(), autoload_with=connection)
    return connection.execute(sa.select(table.c.id).where(table.c.id == values["id"])).first() is not None


def test_first_passwords_in_peoples_hands_run_from_the_upgrade_on_and_the_outbox_stays(installation):
    people = [
        ("user_account", {"id": number, "username": f"u{number}", "name": "人", "password_hash": mark})
        for number, mark in enumerate(("first:given:ab", "first:unseen:cd", "$argon2id$x", ""), start=1)
    ]
    rest = [
        ("organization", {"id": 1, "kind": "college", "name": "学院"}),
        ("sign_in_rule", {"organization_id": 1, "factor_required": True}),
        ("notice_message", {"id": 1, "key": "d", "channel": "mail", "topic": "digest", "user_id": 1, "state": "sent",
                            "sent_at": NOW}),
    ]  # fmt: skip
    before = datetime.now(UTC)
    with installation.app_context():
        upgrade(revision="0041")
        with db.engine.connect() as connection:
            _fill(connection, people + rest)
        upgrade(revision="0042")
        with db.engine.connect() as connection:
            found = dict(
                connection.execute(
                    sa.text("SELECT id, first_password_at FROM user_account ORDER BY id").columns(
                        first_password_at=UTCDateTime(timezone=True)
                    )
                ).all()
            )
            rule = connection.execute(
                sa.text("SELECT factor_required, first_password_days FROM sign_in_rule")
            ).one()
            connection.execute(
                sa.text("UPDATE notice_message SET topic = 'account' WHERE id = 1 AND topic = 'digest'")
            )
            connection.commit()
        downgrade(revision="0041")
        db.engine.dispose()
    assert found.pop(1) >= before
    assert set(found.values()) == {None}
    assert (bool(rule[0]), rule[1]) == (True, 30)


COLLEGES_AT_0039 = (
    *((name, row) for name, row in ROWS_AT_0001 if name in ("organization", "user_account", "program")),
    ("organization", {"id": 2, "kind": "college", "name": "旁边的学院"}),
    ("program", dict(ROWS_AT_0001)["program"] | {"id": 2, "code": "P2", "lead_college_id": 2}),
    *(
        row
        for key in (1, 2)
        for row in (
            ("enrolment", {"id": key, "program_id": key, "user_id": 1, "college_id": key, "name": "学员",
                           "student_number": f"S{key}", "enrolled_on": NOW.date(), "state": "training"}),
            ("practice_log", {"id": key, "program_id": key, "enrolment_id": key, "day": NOW.date(), "state": "signed",
                              "side": "college", "stage_number": 1, "minutes": 480, "submitted_at": NOW}),
            ("log_decision", {"id": key, "log_id": key, "kind": "sign", "by_id": 1, "by_name": "师傅", "at": NOW}),
            ("gate_decision", {"id": key, "program_id": key, "enrolment_id": key, "stage_number": 1, "attempt": 1,
                               "is_latest": True, "outcome": "passed", "by_id": 1, "by_name": "老师"}),
            ("audit_event", {"id": key, "at": NOW, "program_id": key, "action": "log.sign"}),
        )
    ),
    ("audit_event", {"id": 3, "at": NOW, "action": "person.create"}),
)  # fmt: skip


def test_rows_get_the_college_that_leads_their_programme_and_are_held_to_it(installation):
    tables = ("enrolment", "practice_log", "log_decision", "gate_decision", "audit_event")
    with installation.app_context():
        upgrade(revision="0039")
        with db.engine.connect() as connection:
            _fill(connection, COLLEGES_AT_0039)
        upgrade(revision="0040")
        with db.engine.connect() as connection:
            found = {
                name: connection.execute(sa.text(f"SELECT id, lead_college_id FROM {name} ORDER BY id")).all()
                for name in tables
            }
            for name in ("enrolment", "practice_log", "log_decision", "gate_decision"):
                with pytest.raises(sa.exc.IntegrityError):
                    connection.execute(sa.text(f"UPDATE {name} SET lead_college_id = 2 WHERE id = 1"))
                connection.rollback()
        downgrade(revision="0039")
        with db.engine.connect() as connection:
            left = {
                name: connection.execute(sa.text(f"SELECT count(*) FROM {name}")).scalar_one()
                for name in tables
            }
            columns = {one["name"] for one in sa.inspect(connection).get_columns("practice_log")}
        db.engine.dispose()

    assert {name: [tuple(row) for row in rows] for name, rows in found.items()} == {
        name: [(1, 1), (2, 2), (3, None)] if name == "audit_event" else [(1, 1), (2, 2)] for name in tables
    }
    assert left == dict.fromkeys(tables, 2) | {"audit_event": 3}
    assert "lead_college_id" not in columns
