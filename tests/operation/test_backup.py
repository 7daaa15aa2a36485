"""A backup holds everything as of one moment, opens for its owner only, and comes back whole into an empty place."""

import io

import pytest
import sqlalchemy as sa

from trainmgr import create_app
from trainmgr.identity.models import Organization, OrganizationKind
from trainmgr.kernel import crypto, files, storage
from trainmgr.kernel.clock import utcnow
from trainmgr.kernel.db import db
from trainmgr.operation import archive, backup, migrating, restoring

PHRASE = "correct horse battery staple"
DOOR = archive.ByPassphrase(PHRASE)


def stamp(connection, revision="0039"):
    connection.execute(
        sa.text("CREATE TABLE IF NOT EXISTS alembic_version (version_num VARCHAR(32) NOT NULL)")
    )
    connection.execute(sa.text("DELETE FROM alembic_version"))
    connection.execute(sa.text("INSERT INTO alembic_version VALUES (:revision)"), {"revision": revision})


@pytest.fixture
def stamped(session):
    """A database whose tables count as migrated."""
    stamp(session.connection())
    session.commit()
    yield
    session.rollback()
    session.execute(sa.text("DROP TABLE alembic_version"))
    session.commit()


@pytest.fixture(scope="module")
def elsewhere(make_database, tmp_path_factory):
    """Another installation, whose database holds the tables and no row."""
    other = create_app(
        {
            "TESTING": True,
            "SECRET_KEY": "only for tests",
            "SQLALCHEMY_DATABASE_URI": make_database().url,
            "INSTANCE_PATH": str(tmp_path_factory.mktemp("elsewhere")),
            "HUEY_IMMEDIATE": True,
        }
    )
    with other.app_context():
        db.create_all()
        with db.engine.begin() as connection:
            stamp(connection)
    yield other
    with other.app_context():
        db.engine.dispose()


@pytest.fixture
def target(elsewhere):
    """The other installation, emptied again afterwards."""
    yield elsewhere
    with elsewhere.app_context():
        for table in reversed(db.metadata.sorted_tables):
            db.session.execute(sa.delete(table))
        db.session.commit()
        place = storage.store()
        place.delete([key for key, _ in place.entries()])


def no_migration(revision):
    raise AssertionError("the tables are there")


def backed_up(door=DOOR, **options):
    out = io.BytesIO()
    made = backup.write(out, door, now=utcnow(), **options)
    return made, out.getvalue()


def keep_a_file(data=b"a plan, signed"):
    return files.store_bytes(
        data, name="plan.txt", media_type="text/plain", purpose="test", by=None, program_id=None, now=utcnow()
    )


def test_a_backup_comes_back_with_every_row_and_every_file(session, stamped, target, world):
    person = world.user(role="trainee", name="罗梓涵", phone_encrypted=crypto.encrypt("13800001111"))
    key, number = keep_a_file().key, person.id
    session.commit()
    made, data = backed_up()

    with target.app_context():
        found = restoring.restore(io.BytesIO(data), DOOR, migrate=no_migration)
        row = db.session.execute(
            sa.text("SELECT name, phone_encrypted FROM user_account WHERE id = :id"), {"id": number}
        ).one()
        with storage.store().open(key) as kept:
            content = kept.read()
        db.session.rollback()

    assert row.name == "罗梓涵"
    assert crypto.decrypt(row.phone_encrypted) == "13800001111"
    assert content == b"a plan, signed"
    assert found.tables == made.tables
    assert found.tables["user_account"] == 1
    assert found.files == made.files == 1


def test_rows_that_are_added_after_restoring_get_numbers_of_their_own(session, stamped, target, world):
    world.user(name="甲")
    _, data = backed_up()

    with target.app_context():
        restoring.restore(io.BytesIO(data), DOOR, migrate=no_migration)
        newest = db.session.scalar(sa.select(sa.func.max(Organization.id)))
        added = Organization(kind=OrganizationKind.COLLEGE, name="另一所", created_at=utcnow())
        db.session.add(added)
        db.session.flush()
        assert added.id > newest
        db.session.rollback()


def test_a_backup_does_not_open_with_another_passphrase(session, stamped):
    _, data = backed_up()

    with pytest.raises(archive.ArchiveFault, match="does not open"):
        backup.verify(io.BytesIO(data), archive.ByPassphrase("a different passphrase"))


@pytest.mark.once
def test_nothing_of_what_is_backed_up_can_be_read_in_the_file(session, stamped, world):
    world.user(name="Recognisable Name", username="recognisable")
    session.commit()
    _, data = backed_up()

    assert b"Recognisable" not in data
    assert b"user_account" not in data


@pytest.mark.once
def test_a_backup_for_a_key_opens_with_that_key_alone(session, stamped, tmp_path):
    public = archive.make_key_file(tmp_path / "own.key")
    archive.make_key_file(tmp_path / "other.key")
    _, data = backed_up(archive.ForRecipient(archive.read_key(public)))

    own, other = (
        archive.ByPrivateKey(archive.read_key((tmp_path / name).read_text()))
        for name in ("own.key", "other.key")
    )
    assert backup.verify(io.BytesIO(data), own).tables["user_account"] == 0
    with pytest.raises(archive.ArchiveFault, match="not made for this key"):
        backup.verify(io.BytesIO(data), other)


@pytest.mark.once
def test_a_backup_that_was_cut_off_or_changed_is_noticed(session, stamped):
    keep_a_file(bytes(3 * archive.PIECE))
    session.commit()
    _, data = backed_up()
    middle = len(data) // 2
    changed = data[:middle] + bytes([data[middle] ^ 1]) + data[middle + 1 :]
    ends_after_a_piece = data[: len(data) - (len(data) % 7) - 1]

    for damaged in (changed, data[:middle], ends_after_a_piece):
        with pytest.raises(archive.ArchiveFault):
            backup.verify(io.BytesIO(damaged), DOOR)


@pytest.mark.once
def test_a_stream_that_ends_with_a_whole_piece_before_its_last_is_noticed():
    out = io.BytesIO()
    sealer = archive.Sealer(out, DOOR)
    sealer.write(bytes(3 * archive.PIECE))
    two_pieces = out.getvalue()
    sealer.finish()

    with pytest.raises(archive.ArchiveFault, match="cut off"):
        archive.Opener(io.BytesIO(two_pieces), DOOR.key_of).readall()
    assert archive.Opener(io.BytesIO(out.getvalue()), DOOR.key_of).readall() == bytes(3 * archive.PIECE)


def test_restoring_into_a_database_in_use_is_refused(session, stamped, world):
    world.user()
    session.commit()
    _, data = backed_up()

    with pytest.raises(archive.ArchiveFault, match="in use"):
        restoring.restore(io.BytesIO(data), DOOR, migrate=no_migration)


def test_a_damaged_backup_leaves_the_place_as_empty_as_it_was(session, stamped, target, world):
    world.user()
    keep_a_file(bytes(2 * archive.PIECE))
    session.commit()
    _, data = backed_up()

    with target.app_context():
        with pytest.raises(archive.ArchiveFault):
            restoring.restore(io.BytesIO(data[:-40]), DOOR, migrate=no_migration)
        assert db.session.scalar(sa.text("SELECT count(*) FROM user_account")) == 0
        assert list(storage.store().entries()) == []
        db.session.rollback()


def test_a_damaged_file_stops_the_backup(session, stamped):
    stored = keep_a_file()
    session.commit()
    stored.path.write_bytes(b"something else")

    with pytest.raises(archive.ArchiveFault, match="damaged"):
        backed_up()


def test_a_backup_is_of_one_moment_whatever_is_written_meanwhile(session, stamped, world, app):
    world.user(name="甲")
    session.commit()

    with backup.snapshot() as connection:
        counted = sa.text("SELECT count(*) FROM user_account")
        before = connection.scalar(counted)
        with app.app_context():
            db.session.execute(sa.text("UPDATE user_account SET name = '乙'"))
            db.session.commit()
        assert connection.scalar(sa.text("SELECT name FROM user_account")) == "甲"
        assert connection.scalar(counted) == before


def test_the_commands_back_up_and_verify(session, stamped, cli, tmp_path, monkeypatch):
    monkeypatch.setenv("TRAINMGR_BACKUP_PASSPHRASE", PHRASE)
    keep_a_file()
    session.commit()

    made = cli("trainmgr", "backup", tmp_path / "night.backup")
    verified = cli("trainmgr", "verify-backup", tmp_path / "night.backup")
    again = cli("trainmgr", "restore", tmp_path / "night.backup")

    assert made.exit_code == 0, made.output
    assert verified.output.startswith("Whole: ")
    assert again.exit_code == 1
    assert "empty place" in again.output
    assert list(tmp_path.iterdir()) == [tmp_path / "night.backup"]


# --- migrating ----------------------------------------------------------------------------------


def test_who_comes_second_waits_for_the_migration_and_gives_up_in_time(session, stamped):
    with migrating.lock(1), pytest.raises(migrating.LockTaken), migrating.lock(0.2):
        pass


def test_a_migrated_database_is_left_alone(session, stamped, cli, monkeypatch):
    monkeypatch.setattr(migrating, "upgrade", lambda **_: pytest.fail("there is nothing to migrate"))
    monkeypatch.setattr(migrating, "heads", lambda: {"0039"})

    result = cli("trainmgr", "migrate")

    assert result.output == "Nothing to do: the database stands at 0039.\n"
