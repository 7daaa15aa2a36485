"""A person gets a copy of everything, and is erased without breaking what has to stay; keys are put into use anew."""

import json
import zipfile
from datetime import timedelta

import pytest
import sqlalchemy as sa

from trainmgr.employment.models import FollowUpAnswer
from trainmgr.enrolment.models import Enrolment
from trainmgr.identity.models import SignInAttempt, User
from trainmgr.kernel import crypto, files, jobs, storage
from trainmgr.kernel.audit import AuditEvent
from trainmgr.kernel.clock import utcnow
from trainmgr.kernel.errors import RuleBroken
from trainmgr.kernel.places import instance_folder
from trainmgr.operation import keys, privacy, purging, sealing
from trainmgr.operation.register import EMPTIED
from trainmgr.practice.models import PracticeLog
from trainmgr.programs.models import Program, Signature
from trainmgr.programs.rules import State

NOW = utcnow()
OF_WRITTEN = (
    sa.select(PracticeLog.program_id).where(PracticeLog.learned != "").order_by(PracticeLog.id).limit(1)
)


def somebody(session):
    """A trainee of the closed demo programme who wrote logs."""
    practised = sa.text("SELECT enrolment_id FROM practice_log WHERE learned <> '' LIMIT 1")
    enrolment = session.get(Enrolment, session.scalar(practised))
    return session.get(User, enrolment.user_id)


@pytest.mark.demo
def test_a_copy_holds_what_is_known_in_the_open_and_nothing_of_others(session, cli, tmp_path):
    person = somebody(session)
    other = session.scalars(sa.select(User).where(User.id != person.id, User.name != person.name)).first()
    phone = crypto.decrypt(person.phone_encrypted) if person.phone_encrypted else None

    result = cli("trainmgr", "export-person", person.username, tmp_path / "copy.zip")

    assert result.exit_code == 0, result.output
    with zipfile.ZipFile(tmp_path / "copy.zip") as copy:
        content = json.loads(copy.read("data.json"))
    account = content["data"]["user_account"]
    assert [row["name"] for row in account] == [person.name]
    assert account[0]["phone_encrypted"] == phone
    assert "password_hash" not in account[0]
    assert content["data"]["practice_log"]
    assert f'"{other.username}"' not in json.dumps(content["data"], ensure_ascii=False)
    assert "purpose" in content["what_for"]["contact"]


@pytest.mark.demo
def test_an_erased_person_is_nowhere_by_name_and_the_trail_stays_whole(session, cli):
    person = somebody(session)
    number, name, username = person.id, person.name, person.username
    codes = privacy.running_of(person)
    session.execute(sa.update(User).where(User.id != number, User.name == name).values(name="另一人"))
    while sealing.seal(NOW):
        pass
    links = sealing.verify(NOW).links
    session.commit()

    result = cli("trainmgr", "erase-person", username, "--yes", *(["--although-running"] if codes else []))

    assert result.exit_code == 0, result.output
    assert "kept    words" in result.output
    session.expire_all()
    erased = session.get(User, number)
    assert (erased.name, erased.username, erased.active) == (f"#{number}", f"erased-{number}", False)
    assert (erased.phone_encrypted, erased.id_number_encrypted, erased.id_number_digest) == (None, None, None)
    assert not session.scalars(
        sa.select(Enrolment).where(Enrolment.user_id == number, Enrolment.name == name)
    ).all()
    assert not session.scalars(
        sa.select(AuditEvent.id).where(AuditEvent.actor_id == number, AuditEvent.actor_name == name)
    ).all()
    learned = sa.text("SELECT max(length(learned)) FROM practice_log WHERE enrolment_id IN "
                      "(SELECT id FROM enrolment WHERE user_id = :id)")  # fmt: skip
    assert session.scalar(learned, {"id": number}) == 0
    while sealing.seal(NOW):
        pass
    verdict = sealing.verify(NOW)
    assert (verdict.broken, verdict.links > links) == ("", True)


def test_who_takes_part_in_a_programme_that_goes_on_is_not_erased_unless_told(session, world):
    program = world.program(State.RUNNING)
    enrolled = world.enrolment(program)
    person = session.get(User, enrolled.user_id)

    with pytest.raises(RuleBroken, match=program.code):
        privacy.erase(person, now=NOW)
    privacy.erase(person, now=NOW, although_running=True)

    assert person.name == f"#{person.id}"
    assert session.get(Enrolment, enrolled.id).name == f"#{person.id}"


def test_a_rewritten_event_is_found_although_a_person_was_erased(session, world):
    person = session.get(User, world.user(role="trainee", name="罗梓涵").id)
    session.add_all(
        AuditEvent(at=NOW, actor_id=person.id, actor_name="罗梓涵", action="person.edited", subject_kind="user_account",
                   subject_id=person.id, subject_name="罗梓涵", details={"was": ["罗梓涵"]})
        for _ in range(3)
    )  # fmt: skip
    session.flush()
    sealing.seal(NOW)
    done = privacy.erase(person, now=NOW)
    session.flush()
    sealing.seal(NOW)

    assert done.events == 3
    assert sealing.verify(NOW).broken == ""
    assert sealing.verify(NOW).redacted == 3
    assert session.scalars(
        sa.select(AuditEvent.details).where(AuditEvent.action == "person.edited")
    ).first() == {"was": [f"#{person.id}"]}
    session.execute(sa.text("UPDATE audit_event SET actor_id = 99 WHERE id = 2"))
    session.expire_all()
    assert sealing.verify(NOW).number == 2


@pytest.mark.demo
def test_a_signature_proves_the_same_after_its_signer_was_erased(session):
    signature = session.scalars(
        sa.select(Signature).where(Signature.digest != "").order_by(Signature.id)
    ).first()
    number, digest = signature.id, signature.digest

    privacy.erase(session.get(User, signature.user_id), now=NOW, although_running=True)

    session.expire_all()
    assert session.get(Signature, number).digest == digest


# --- keeping ------------------------------------------------------------------------------------


def test_purging_counts_first_and_removes_what_is_old_when_told(session, cli):
    def attempt(days):
        return SignInAttempt(account_key="a" * 64, address_key="b" * 64, at=utcnow() - timedelta(days=days))

    session.add_all([attempt(31), attempt(40), attempt(29)])
    session.commit()

    counted = cli("trainmgr", "purge")
    left = session.scalar(sa.select(sa.func.count()).select_from(SignInAttempt))
    applied = cli("trainmgr", "purge", "--apply")

    assert "2  attempts to sign in" in counted.output
    assert left == 3
    assert applied.exit_code == 0, applied.output
    assert session.scalar(sa.select(sa.func.count()).select_from(SignInAttempt)) == 1
    assert session.scalar(sa.select(AuditEvent.details).where(AuditEvent.action == "privacy.purged")) == {
        "rows": 2
    }


@pytest.mark.demo
def test_every_rule_of_purging_can_be_applied_to_a_database_full_of_rows(session):
    purging.purge(utcnow() + timedelta(days=4000), really=True)

    again = purging.purge(utcnow() + timedelta(days=4000), really=False)
    assert set(again.values()) == {0}


@pytest.mark.demo
def test_words_of_a_programme_go_three_years_after_it_was_closed_and_not_before(session):
    """Of everything the demo holds: what a programme's people wrote, in every table that leads to one."""
    session.execute(sa.update(Program).values(closed_at=None))
    number = session.scalar(OF_WRITTEN)
    session.execute(sa.update(Program).where(Program.id == number).values(closed_at=NOW))
    written = sa.select(sa.func.count()).select_from(PracticeLog).where(PracticeLog.learned != "")
    before = session.scalar(written)
    rule = "own_words, 3 years after the programme"

    assert purging.purge(NOW + timedelta(days=3 * 365), really=False)[rule] == 0
    counted = purging.purge(NOW + timedelta(days=3 * 366 + 1), really=False)[rule]
    cleared = purging.purge(NOW + timedelta(days=3 * 366 + 1), really=True)[rule]

    assert counted == cleared > 0
    assert session.scalar(written.where(PracticeLog.program_id == number)) == 0
    assert 0 < session.scalar(written) < before


@pytest.mark.demo
def test_words_that_the_database_asks_for_become_a_dash(session):
    session.execute(sa.update(Program).values(closed_at=NOW))
    answers = (
        sa.select(sa.func.count()).select_from(FollowUpAnswer).where(FollowUpAnswer.source != "graduate")
    )
    assert session.scalar(answers) > 0

    purging.purge(NOW + timedelta(days=4000), really=True)

    assert session.scalar(answers.where(FollowUpAnswer.source_note != EMPTIED)) == 0


# --- keys ---------------------------------------------------------------------------------------


@pytest.fixture
def with_new_key(app):
    """Put a new key in front of the installation's own; afterwards all is as before."""
    before, configured = app.extensions["keyring"], app.config.get("DATA_KEYS")

    def put_in_front(key="a new key, of more than thirty-two characters"):
        app.config["DATA_KEYS"] = [key, (instance_folder(app) / crypto.KEY_FILE).read_text().strip()]
        crypto.init_app(app)

    yield put_in_front
    app.extensions["keyring"] = before
    app.config["DATA_KEYS"] = configured


def test_rotating_seals_values_and_contents_under_the_new_key(session, world, cli, with_new_key, app):
    people = [world.user(phone_encrypted=crypto.encrypt(f"1380000{number:04}")).id for number in range(5)]
    stored = files.store_bytes(
        crypto.encrypt_bytes(b"a certificate of illness"), name="leave.jpg", media_type="application/octet-stream",
        purpose="leave", by=None, program_id=None, now=NOW,
    )  # fmt: skip
    session.commit()
    former = stored.key
    with_new_key()
    sealed = session.scalars(sa.select(User.phone_encrypted).where(User.id.in_(people))).all()
    assert all(keys.anew(token) for token in sealed)

    result = cli("trainmgr", "rotate-keys")

    assert result.exit_code == 0, result.output
    session.expire_all()
    found = session.scalars(
        sa.select(User.phone_encrypted).where(User.id.in_(people)).order_by(User.id)
    ).all()
    assert [keys.anew(token) for token in found] == [None] * 5
    assert [crypto.decrypt(token) for token in found] == [f"1380000{number:04}" for number in range(5)]
    with files.open_file(stored) as content:
        renewed = content.read()
    assert keys.is_current(renewed)
    assert crypto.decrypt_bytes(renewed) == b"a certificate of illness"
    assert not storage.store().exists(former)
    job = session.scalars(sa.select(jobs.Job)).one()
    assert (job.state, job.counts) == (jobs.JobState.DONE, {"renewed": 6})


def test_rotating_goes_on_where_it_was_killed(session, world, with_new_key, monkeypatch):
    monkeypatch.setattr(keys, "BATCH", 2)
    for number in range(5):
        world.user(phone_encrypted=crypto.encrypt(f"1380000{number:04}"))
    with_new_key()
    calls = []
    honest = keys.anew

    def breaks(token):
        calls.append(token)
        if len(calls) == 4:
            raise RuntimeError("killed")
        return honest(token)

    monkeypatch.setattr(keys, "anew", breaks)
    planned = keys.start(now=NOW)
    number = planned.id
    session.commit()
    session.expire_all()
    job = session.get(jobs.Job, number)
    assert (job.state, job.counts["renewed"]) == (jobs.JobState.FAILED, 2)

    jobs.restart(job, now=NOW)
    session.commit()
    session.expire_all()

    job = session.get(jobs.Job, number)
    assert (job.state, job.counts["renewed"]) == (jobs.JobState.DONE, 5)
    assert all(honest(token) is None for token in session.scalars(sa.select(User.phone_encrypted)) if token)


def test_a_worker_that_does_not_know_the_new_key_refuses(session, world, with_new_key, app, monkeypatch):
    world.user(phone_encrypted=crypto.encrypt("13800001111"))
    before = app.extensions["keyring"]
    with_new_key()
    planned = keys.start(now=NOW)
    number = planned.id
    app.extensions["keyring"] = before
    session.commit()
    session.expire_all()

    job = session.get(jobs.Job, number)
    assert job.state is jobs.JobState.FAILED
    assert "keys" in job.fault or "密钥" in job.fault


@pytest.mark.once
def test_every_sealed_column_is_known_to_the_rotation(app):
    from trainmgr.kernel.db import db
    from trainmgr.operation.register import register

    named = {
        f"{of.name}.{column.name}"
        for of in db.metadata.tables.values()
        for column in of.columns
        if column.name.endswith(("_encrypted", "_sealed"))
    }
    assert named - set(register().sealed) == set()
