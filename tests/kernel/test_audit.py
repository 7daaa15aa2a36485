"""How a deed of the trail is told."""

from __future__ import annotations

import re

from trainmgr.kernel.audit import SENTENCES, AuditEvent, tell


def test_a_sentence_names_what_was_done_by_whichever_of_its_two_names(app):
    """The name that an action records is "what" and "name" alike; no sentence of either shows a gap."""
    with app.test_request_context():
        for action, sentence in SENTENCES.items():
            if not set(re.findall(r"%\((\w+)\)s", str(sentence))) <= {"who", "what", "name", "reason"}:
                continue
            event = AuditEvent(
                action=action, actor_name="李文静", subject_name="知识精讲", reason="", details={}
            )

            assert "…" not in tell(event), action


def test_what_is_not_known_is_a_gap_and_breaks_nothing(app):
    with app.test_request_context():
        event = AuditEvent(action="people.role", actor_name="", subject_name="", reason="", details={})
        assert tell(event)
