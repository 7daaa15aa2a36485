"""The audit trail is chained: what is changed, removed or put in behind the application's back is found."""

from datetime import timedelta

import pytest
import sqlalchemy as sa

from trainmgr.kernel import jobs
from trainmgr.kernel.audit import AuditEvent
from trainmgr.kernel.clock import utcnow
from trainmgr.kernel.db import db
from trainmgr.operation import sealing
from trainmgr.operation.models import AuditSeal

NOW = utcnow()


def event(**values):
    facts = {
        "at": NOW,
        "actor_id": 7,
        "actor_name": "李老师",
        "action": "person.edited",
        "subject_kind": "user_account",
        "subject_id": 3,
        "subject_name": "罗梓涵",
        "reason": "",
        "details": {"fields": ["电话"], "share": 0.1},
    }
    return AuditEvent(**facts | values)


@pytest.fixture
def chain(session):
    """A chain of ten sealed events."""
    session.add_all(event(subject_id=number) for number in range(10))
    session.flush()
    assert sealing.seal(NOW) == 10
    session.commit()
    return session


def test_an_untouched_chain_is_whole(chain):
    verdict = sealing.verify(NOW)

    assert (verdict.broken, verdict.links, verdict.unsealed) == ("", 10, 0)


@pytest.mark.parametrize(
    ("change", "number", "said"),
    [
        ("UPDATE audit_event SET reason = 'because' WHERE subject_id = 4", 5, "reason or details"),
        ("UPDATE audit_event SET actor_name = '王老师' WHERE subject_id = 0", 1, "names"),
        ("UPDATE audit_event SET actor_id = 8 WHERE subject_id = 4", 5, "was changed"),
        ("UPDATE audit_event SET program_id = 1 WHERE subject_id = 9", 10, "was changed"),
        ("DELETE FROM audit_event WHERE subject_id = 6", 7, "was deleted"),
        ("DELETE FROM audit_seal WHERE number = 3", 4, "link 3 is missing"),
        ("UPDATE audit_seal SET own_hash = before_hash WHERE number = 8", 8, "was changed"),
        ("UPDATE audit_seal SET redacted_by = 1, texts_hash = own_hash WHERE number = 8", 8, "was changed"),
    ],
)
def test_the_first_broken_link_is_found(chain, change, number, said):
    chain.execute(sa.text(change))

    verdict = sealing.verify(NOW)

    assert verdict.number == number
    assert said in verdict.broken


def test_links_cut_off_at_the_end_are_found_by_whoever_noted_the_head(chain):
    head = sealing.verify(NOW).head
    chain.execute(sa.text("DELETE FROM audit_event WHERE subject_id = 9"))
    chain.execute(sa.text("DELETE FROM audit_seal WHERE number = 10"))

    assert sealing.verify(NOW).broken == ""
    assert "cut off" in sealing.verify(NOW, expected=head).broken


def test_an_event_that_was_never_sealed_is_told(chain):
    chain.add(event(at=NOW - timedelta(hours=1)))

    assert sealing.verify(NOW).unsealed == 1


def test_an_event_that_was_committed_late_is_sealed_behind_the_others(session):
    session.add_all([event(id=1), event(id=3)])
    session.flush()
    sealing.seal(NOW)
    session.add(event(id=2))
    session.flush()

    assert sealing.seal(NOW) == 1
    assert sealing.verify(NOW).broken == ""
    assert session.scalars(sa.select(AuditSeal.event_id).order_by(AuditSeal.number)).all() == [1, 3, 2]


def test_the_worker_seals_each_minute_in_batches(session, monkeypatch):
    monkeypatch.setattr(sealing.seal, "__kwdefaults__", {"size": 4, "all_of_it": False})
    session.add_all(event(subject_id=number) for number in range(10))
    session.commit()

    jobs.keep_time(NOW)

    assert session.scalar(sa.select(sa.func.count()).select_from(AuditSeal)) == 10
    assert sealing.verify(NOW).broken == ""


@pytest.mark.postgres
def test_two_that_seal_at_once_make_one_chain(app, session):
    session.add_all(event(subject_id=number) for number in range(3))
    session.commit()
    import threading

    begun = threading.Event()

    def other():
        with app.app_context():
            begun.set()
            sealing.seal(NOW)  # waits for the lock
            db.session.commit()

    sealing.seal(NOW, size=2)
    thread = threading.Thread(target=other)
    thread.start()
    begun.wait(120)
    session.commit()
    thread.join(120)

    assert sealing.verify(NOW).links == 3
    assert sealing.verify(NOW).broken == ""
