"""Studying a major: evidence taken in, standards and plan looked at, a decision that rests on them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from datetime import datetime
from decimal import Decimal

import sqlalchemy as sa
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from trainmgr.identity.models import User
from trainmgr.kernel import audit
from trainmgr.kernel.audit import require
from trainmgr.kernel.db import db
from trainmgr.kernel.errors import Conflict
from trainmgr.research.labels import DECISION_MSGIDS
from trainmgr.research.models import Decision, Evidence, EvidenceKind, Study, StudyStandard
from trainmgr.research.rules import FEWEST_SOURCES, lacking_for_decision

OPENED = audit.sentence("research.open", _l("%(who)s opened a study of the major “%(what)s”"))
EVIDENCE_ADDED = audit.sentence(
    "research.add-evidence", _l("%(who)s added evidence on “%(what)s”: %(finding)s")
)
EVIDENCE_REMOVED = audit.sentence(
    "research.remove-evidence", _l("%(who)s took evidence on “%(what)s” out: %(finding)s")
)
LOOKED_AT = audit.sentence("research.look-at", _l("%(who)s chose what the study of “%(what)s” looks at"))
DECIDED = audit.sentence(
    "research.decide", _l("%(who)s decided on the major “%(what)s”: %(decision)s. %(reason)s")
)


@dataclass(frozen=True)
class EvidenceFacts:
    """One finding as it is typed."""

    kind: EvidenceKind
    finding: str
    source: str
    year: int
    figure: Decimal | None = None
    unit: str = ""


def open_study(college_id: int, major: str, question: str, *, by: User, now: datetime) -> Study:
    """Begin a study of a major."""
    study = Study(college_id=college_id, major=major, question=question, created_by_id=by.id, created_at=now)
    db.session.add(study)
    db.session.flush()
    audit.record(OPENED, study, by=by, now=now, name=major)
    return study


def _locked(study: Study) -> Study:
    # Locked by a select of its own: PostgreSQL locks no outer join, and the study was read with who decided.
    row = sa.select(Study.version).where(Study.id == study.id).with_for_update()
    if db.session.scalars(row).one() != study.version:
        db.session.refresh(study)
    require(
        study.decision is None,
        _("This study is decided and does not change any more. Open a new one for a later look."),
    )
    return study


def add_evidence(study: Study, facts: EvidenceFacts, *, by: User, now: datetime) -> Evidence:
    """Take one finding in, with its source and year."""
    _locked(study)
    evidence = Evidence(study_id=study.id, by_id=by.id, at=now, **asdict(facts))
    db.session.add(evidence)
    audit.record(EVIDENCE_ADDED, study, by=by, now=now, name=study.major, finding=facts.finding[:80])
    return evidence


def remove_evidence(study: Study, evidence_id: int, *, by: User, now: datetime) -> None:
    """Take a finding out again; it stays in the trail."""
    _locked(study)
    evidence = db.session.get(Evidence, evidence_id)
    require(evidence is not None and evidence.study_id == study.id, _("Somebody has removed this meanwhile."))
    assert evidence is not None
    audit.record(EVIDENCE_REMOVED, study, by=by, now=now, name=study.major, finding=evidence.finding[:80])
    db.session.delete(evidence)


def look_at(
    study: Study, version_ids: Iterable[int], edition_id: int | None, *, version: int, by: User, now: datetime
) -> None:
    """Choose the job standards and the plan that the study compares."""
    _locked(study)
    if study.version != version:
        raise Conflict(_("Somebody has changed the study meanwhile. Look again, then save."))
    db.session.execute(sa.delete(StudyStandard).where(StudyStandard.study_id == study.id))
    rows = [{"study_id": study.id, "version_id": key} for key in sorted(set(version_ids))]
    if rows:
        db.session.execute(sa.insert(StudyStandard), rows)
    study.edition_id = edition_id
    sa.orm.attributes.flag_modified(study, "edition_id")
    audit.record(LOOKED_AT, study, by=by, now=now, name=study.major)
    db.session.flush()


def decide(study: Study, decision: Decision, reason: str, *, by: User, now: datetime) -> None:
    """Decide on the major; it takes evidence of three kinds, so that no single source decides."""
    _locked(study)
    kinds = db.session.scalar(
        sa.select(sa.func.count(Evidence.kind.distinct())).where(Evidence.study_id == study.id)
    )
    lacking = lacking_for_decision(kinds or 0)
    require(
        not lacking,
        _(
            "A decision rests on evidence of at least %(fewest)s kinds; %(lacking)s more are needed.",
            fewest=FEWEST_SOURCES,
            lacking=lacking,
        ),
    )
    study.decision, study.reason, study.decided_by_id, study.decided_at = decision, reason, by.id, now
    audit.record(
        DECIDED,
        study,
        by=by,
        now=now,
        name=study.major,
        decision={"msgid": DECISION_MSGIDS[decision]},
        reason=reason[:300],
    )


@sa.event.listens_for(Study, "before_update")
def refuse_change_of_decided(mapper: object, connection: object, study: Study) -> None:
    """A decided study keeps what it says, whoever asks for a change."""
    before = sa.inspect(study).attrs.decision.history.deleted
    if study.decision is not None and not (before and before[0] is None):
        raise AssertionError(f"study {study.id} is decided")
