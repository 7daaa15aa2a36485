"""Taking answers and employers' words. Nothing is written over: what is told later is a new record."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from trainmgr.employment import owed, queries
from trainmgr.employment.labels import round_said
from trainmgr.employment.models import EmployerWord, FollowUpAnswer, FollowUpRound
from trainmgr.employment.rules import Answer, AnswerSource, answer_faults, is_retained, tidy_answer
from trainmgr.enrolment.models import Enrolment
from trainmgr.identity.models import Organization, User
from trainmgr.kernel import audit
from trainmgr.kernel.audit import require
from trainmgr.kernel.clock import local_day
from trainmgr.kernel.db import db
from trainmgr.kernel.errors import Conflict
from trainmgr.kernel.i18n import say
from trainmgr.programs.models import Program

TOLD = audit.sentence("employment.answer", _l("%(what)s told what became of them: %(round)s"))
ENTERED = audit.sentence(
    "employment.enter", _l("%(who)s entered what became of %(what)s: %(round)s, source: %(source)s")
)
CONFIRMED = audit.sentence("employment.confirm", _l("%(who)s confirmed that %(what)s works there: %(round)s"))
DENIED = audit.sentence("employment.deny", _l("%(who)s said that %(what)s does not work there: %(round)s"))


@dataclass(frozen=True)
class Source:
    """Who told an answer; `note` names whom it was heard from where it is not the graduate's own."""

    kind: AnswerSource
    note: str = ""


def take_answer(
    program: Program,
    asked: FollowUpRound,
    enrolment: Enrolment,
    answer: Answer,
    source: Source,
    *,
    by: User,
    now: datetime,
) -> FollowUpAnswer:
    """Keep an answer about a graduate as the present one; graduates in the days of the round."""
    today = local_day(now)
    own = source.kind is AnswerSource.GRADUATE
    if own:
        require(enrolment.user_id == by.id, _("Only the graduate answers here."))
        require(asked.is_open_on(today), _("This round takes no answers today."))
    else:
        require(asked.opens_on <= today, _("This round has not begun yet."))
        require(source.note, _("Say from whom it is known."))
    for fault in answer_faults(answer).values():
        require(False, say(fault))
    answer = tidy_answer(answer)
    _lock(enrolment)
    before = queries.earlier_answer(asked, enrolment.id)
    retained = is_retained(_named(before.told) if before else None, _named(answer))
    _forget_other_employers(asked, enrolment, answer)
    number = _next_number(FollowUpAnswer, asked, enrolment)
    row = FollowUpAnswer(
        program_id=program.id,
        round_id=asked.id,
        enrolment_id=enrolment.id,
        number=number,
        source=source.kind,
        source_note="" if own else source.note,
        is_retained=retained,
        by_id=by.id,
        by_name=by.name,
        at=now,
        **answer.__dict__,
    )
    db.session.add(row)
    _record_answer(row, enrolment, asked, source, by, now)
    owed.answered(asked, enrolment.user_id)
    if asked.is_open_on(today):
        owed.ask_employers(asked, now=now)
    return row


def _named(answer: Answer) -> Answer:
    """Return an answer with the name of an employer that was chosen: the next one may have been typed."""
    firm = db.session.get(Organization, answer.employer_id) if answer.employer_id else None
    return replace(answer, employer_name=firm.name) if firm else answer


def _record_answer(
    row: FollowUpAnswer, enrolment: Enrolment, asked: FollowUpRound, source: Source, by: User, now: datetime
) -> None:
    action = TOLD if source.kind is AnswerSource.GRADUATE else ENTERED
    audit.record(
        action, row, by=by, now=now, program_id=asked.program_id, name=enrolment.name,
        round=round_said(asked.months), source=source.note,
    )  # fmt: skip


def _lock(enrolment: Enrolment) -> None:
    """Of two who tell of the same graduate at once, one comes after the other."""
    db.session.execute(sa.select(Enrolment.id).where(Enrolment.id == enrolment.id).with_for_update())


def _next_number(
    kind: type[FollowUpAnswer] | type[EmployerWord], asked: FollowUpRound, enrolment: Enrolment
) -> int:
    """Return the number of the next record of a kind; the present one is so no longer."""
    earlier: Any = sa.select(kind).where(kind.round_id == asked.id, kind.enrolment_id == enrolment.id)
    last: FollowUpAnswer | EmployerWord | None = db.session.scalars(
        earlier.order_by(kind.number.desc()).limit(1)
    ).one_or_none()
    if last is None:
        return 1
    last.is_present = False
    db.session.flush()
    return last.number + 1


def _forget_other_employers(asked: FollowUpRound, enrolment: Enrolment, answer: Answer) -> None:
    """The word of an enterprise that somebody does not name any more counts no longer."""
    db.session.execute(
        sa.update(EmployerWord)
        .where(
            EmployerWord.round_id == asked.id,
            EmployerWord.enrolment_id == enrolment.id,
            EmployerWord.is_present.is_(True),
            EmployerWord.organization_id != (answer.employer_id or 0),
        )
        .values(is_present=False),
        execution_options={"synchronize_session": False},
    )


# --- the employer ------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Word:
    """What an employer says: whether somebody works there, and the satisfaction from 1 to 5."""

    confirmed: bool
    satisfaction: int | None = None
    note: str = ""


def take_word(
    program: Program,
    asked: FollowUpRound,
    enrolment: Enrolment,
    answer: FollowUpAnswer,
    word: Word,
    *,
    by: User,
    now: datetime,
) -> EmployerWord:
    """Keep an employer's word on a graduate as the present one; a no takes a reason and no satisfaction."""
    require(answer.employer_id in queries.employers_of(by), _("Only the employer confirms this."))
    require(asked.opens_on <= local_day(now), _("This round has not begun yet."))
    require(word.confirmed or word.note, _("Say what is not so."))
    require(word.satisfaction is None or 1 <= word.satisfaction <= 5, _("From 1 to 5."))
    _lock(enrolment)
    db.session.refresh(answer, ["is_present"])
    if not answer.is_present:
        raise Conflict(_("Somebody else changed this meanwhile. Look at it, then save again."))
    row = EmployerWord(
        program_id=program.id,
        round_id=asked.id,
        enrolment_id=enrolment.id,
        organization_id=answer.employer_id,
        number=_next_number(EmployerWord, asked, enrolment),
        confirmed=word.confirmed,
        satisfaction=word.satisfaction if word.confirmed else None,
        note=word.note,
        by_id=by.id,
        by_name=by.name,
        at=now,
    )
    db.session.add(row)
    action = CONFIRMED if word.confirmed else DENIED
    audit.record(
        action,
        row,
        by=by,
        now=now,
        program_id=program.id,
        name=enrolment.name,
        round=round_said(asked.months),
    )
    if asked.is_open_on(local_day(now)):
        owed.ask_employers(asked, now=now)
    return row
