"""Reads of rounds, answers and graduates; every row starts from the trainees whom the viewer may see."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Any

import sqlalchemy as sa
from flask import abort
from sqlalchemy.orm import aliased, joinedload

from trainmgr.employment.models import EmployerWord, FollowUpAnswer, FollowUpReminder, FollowUpRound
from trainmgr.employment.rules import SECURED
from trainmgr.enrolment.models import Cohort, Enrolment, EnrolmentState
from trainmgr.enrolment.queries import visible_in
from trainmgr.enrolment.rules import AWAY
from trainmgr.identity.models import Organization, OrganizationKind, User
from trainmgr.kernel.access import Role
from trainmgr.kernel.db import db
from trainmgr.kernel.numbers import whole
from trainmgr.kernel.paging import Listing, Page, contains, paginate
from trainmgr.outcomes.models import PassDecision
from trainmgr.outcomes.rules import PassKind
from trainmgr.programs.models import Program, ProgramParty

_PASSED = sa.exists().where(
    PassDecision.enrolment_id == Enrolment.id, PassDecision.is_present, PassDecision.kind == PassKind.PASSED
)
# Whoever passed, also before the programme is closed.
GRADUATED = sa.and_(
    Enrolment.state.not_in(AWAY), sa.or_(Enrolment.state == EnrolmentState.COMPLETED, _PASSED)
)
PRESENT = FollowUpAnswer.is_present.is_(True)


def graduates_in(program: Program, viewer: User) -> sa.ColumnElement[bool]:
    """Return the condition on Enrolment that leaves a programme's graduates whom the viewer may see."""
    return sa.and_(visible_in(program, viewer), GRADUATED)


def answer_of(round_id: Any) -> sa.ColumnElement[bool]:
    """Return the condition that joins an Enrolment with its present answer in a round."""
    return sa.and_(FollowUpAnswer.enrolment_id == Enrolment.id, FollowUpAnswer.round_id == round_id, PRESENT)


def word_of(round_id: Any) -> sa.ColumnElement[bool]:
    """Return the condition that joins an Enrolment with its employer's present word in a round."""
    return sa.and_(
        EmployerWord.enrolment_id == Enrolment.id,
        EmployerWord.round_id == round_id,
        EmployerWord.is_present.is_(True),
    )


# --- rounds --------------------------------------------------------------------------------------------


def rounds_of(program_id: int) -> list[FollowUpRound]:
    """Return a programme's rounds in their order."""
    return list(
        db.session.scalars(
            sa.select(FollowUpRound)
            .where(FollowUpRound.program_id == program_id)
            .order_by(FollowUpRound.months)
        )
    )


def round_or_404(program: Program, round_id: int) -> FollowUpRound:
    """Return a round of a programme, or answer 404."""
    found: FollowUpRound | None = db.session.scalars(
        sa.select(FollowUpRound).where(FollowUpRound.id == round_id, FollowUpRound.program_id == program.id)
    ).one_or_none()
    return found if found is not None else abort(404)


# --- graduates -----------------------------------------------------------------------------------------


def graduate_or_404(program: Program, enrolment_id: int, viewer: User) -> Enrolment:
    """Return a graduate whom the viewer may see, or answer 404: one statement."""
    found: Enrolment | None = db.session.scalars(
        sa.select(Enrolment)
        .where(Enrolment.id == enrolment_id, graduates_in(program, viewer))
        .options(joinedload(Enrolment.cohort), joinedload(Enrolment.enterprise), joinedload(Enrolment.user))
    ).one_or_none()
    return found if found is not None else abort(404)


def is_graduate(enrolment_id: int) -> bool:
    """Tell whether a trainee has graduated."""
    found = sa.select(sa.exists().where(Enrolment.id == enrolment_id, GRADUATED))
    return bool(db.session.scalar(found))


def own_enrolment_or_404(program: Program, viewer: User) -> Enrolment:
    """Return the viewer's own graduation from a programme, or answer 404."""
    found: Enrolment | None = db.session.scalars(
        sa.select(Enrolment)
        .where(Enrolment.program_id == program.id, Enrolment.user_id == viewer.id, GRADUATED)
        .options(joinedload(Enrolment.cohort), joinedload(Enrolment.enterprise))
    ).one_or_none()
    return found if found is not None else abort(404)


def _followed(program: Program, asked: FollowUpRound, viewer: User) -> sa.Select[Any]:
    reminded = (
        sa.select(FollowUpReminder.enrolment_id, sa.func.max(FollowUpReminder.on_day).label("day"))
        .where(FollowUpReminder.round_id == asked.id)
        .group_by(FollowUpReminder.enrolment_id)
        .subquery()
    )
    return (
        sa.select(
            Enrolment, Cohort.name.label("cohort"), FollowUpAnswer, EmployerWord, reminded.c.day.label("reminded")
        )
        .outerjoin(Cohort, Cohort.id == Enrolment.cohort_id)
        .outerjoin(FollowUpAnswer, answer_of(asked.id))
        .outerjoin(EmployerWord, word_of(asked.id))
        .outerjoin(reminded, reminded.c.enrolment_id == Enrolment.id)
        .options(joinedload(FollowUpAnswer.employer))
        .where(graduates_in(program, viewer))
    )  # fmt: skip


STANDINGS = {
    "answered": FollowUpAnswer.id.is_not(None),
    "missing": FollowUpAnswer.id.is_(None),
    "unplaced": FollowUpAnswer.destination.not_in(SECURED),
    "unconfirmed": sa.and_(FollowUpAnswer.employer_id.is_not(None), EmployerWord.id.is_(None)),
    "denied": EmployerWord.confirmed.is_(False),
}


def _narrowed(statement: sa.Select[Any], q: str, chosen: Mapping[str, str]) -> sa.Select[Any]:
    if q:
        statement = statement.where(
            sa.or_(contains(Enrolment.name, q), contains(Enrolment.student_number, q))
        )
    if (cohort_id := whole(chosen.get("class"))) is not None:
        statement = statement.where(Enrolment.cohort_id == cohort_id)
    if chosen.get("standing") in STANDINGS:
        statement = statement.where(STANDINGS[chosen["standing"]])
    if chosen.get("destination"):
        statement = statement.where(FollowUpAnswer.destination == chosen["destination"])
    return statement


def list_followed(
    program: Program, asked: FollowUpRound, viewer: User, listing: Listing, chosen: Mapping[str, str]
) -> Page[Any]:
    """Return a page of a round: (Enrolment, class, present answer, employer's word, last reminder)."""
    statement = _narrowed(_followed(program, asked, viewer), listing.q, chosen)
    orders: dict[str, Sequence[Any]] = {
        "name": [Enrolment.name, Enrolment.id],
        "class": [Cohort.name, Enrolment.name, Enrolment.id],
        "destination": [FollowUpAnswer.destination, Enrolment.name, Enrolment.id],
        "match": [FollowUpAnswer.match, Enrolment.name, Enrolment.id],
        "told": [FollowUpAnswer.at, Enrolment.id],
    }
    return paginate(statement, listing, orders=orders, default="name", scalars=False, filters=dict(chosen))


def rows_to_export(
    program: Program, asked: FollowUpRound, viewer: User, q: str, chosen: Mapping[str, str]
) -> Iterable[Any]:
    """Return a round as it is narrowed, by class and name, read a thousand rows at a time."""
    return db.session.execute(
        _narrowed(_followed(program, asked, viewer), q, chosen)
        .order_by(Cohort.name, Enrolment.name, Enrolment.id)
        .execution_options(yield_per=1_000)
    )


def unanswered(
    program: Program, asked: FollowUpRound, viewer: User, ids: Sequence[int] | None = None
) -> list[Enrolment]:
    """Return the graduates without an answer in a round whom the viewer may see, some of them or all."""
    statement = (
        sa.select(Enrolment)
        .outerjoin(FollowUpAnswer, answer_of(asked.id))
        .where(graduates_in(program, viewer), FollowUpAnswer.id.is_(None))
        .order_by(Enrolment.id)
    )
    if ids is not None:
        statement = statement.where(Enrolment.id.in_(ids))
    return list(db.session.scalars(statement))


# --- answers -------------------------------------------------------------------------------------------


def present_answer(round_id: int, enrolment_id: int) -> FollowUpAnswer | None:
    """Return the present answer of a graduate in a round."""
    found: FollowUpAnswer | None = db.session.scalars(
        sa.select(FollowUpAnswer)
        .where(FollowUpAnswer.round_id == round_id, FollowUpAnswer.enrolment_id == enrolment_id, PRESENT)
        .options(joinedload(FollowUpAnswer.employer))
    ).one_or_none()
    return found


def earlier_answer(asked: FollowUpRound, enrolment_id: int) -> FollowUpAnswer | None:
    """Return a graduate's present answer in the last round before this one that has one."""
    found: FollowUpAnswer | None = db.session.scalars(
        sa.select(FollowUpAnswer)
        .join(FollowUpAnswer.round)
        .where(FollowUpAnswer.enrolment_id == enrolment_id, PRESENT, FollowUpRound.months < asked.months)
        .options(joinedload(FollowUpAnswer.employer))
        .order_by(FollowUpRound.months.desc())
        .limit(1)
    ).one_or_none()
    return found


def answers_of(enrolment: Enrolment) -> list[FollowUpAnswer]:
    """Return every answer about a graduate, the latest round and word first."""
    return list(
        db.session.scalars(
            sa.select(FollowUpAnswer)
            .join(FollowUpAnswer.round)
            .where(FollowUpAnswer.enrolment_id == enrolment.id)
            .options(joinedload(FollowUpAnswer.round), joinedload(FollowUpAnswer.employer))
            .order_by(FollowUpRound.months.desc(), FollowUpAnswer.number.desc())
        )
    )


def own_rounds(program_id: int, enrolment_id: int) -> Sequence[Any]:
    """Return a programme's rounds with a graduate's present answers: (FollowUpRound, FollowUpAnswer or None)."""
    mine = sa.and_(
        FollowUpAnswer.round_id == FollowUpRound.id, FollowUpAnswer.enrolment_id == enrolment_id, PRESENT
    )
    return db.session.execute(
        sa.select(FollowUpRound, FollowUpAnswer)
        .outerjoin(FollowUpAnswer, mine)
        .where(FollowUpRound.program_id == program_id)
        .options(joinedload(FollowUpAnswer.employer))
        .order_by(FollowUpRound.months)
    ).all()


# --- employers -----------------------------------------------------------------------------------------


def employers_for(program: Program) -> list[Organization]:
    """Return the enterprises that a graduate may have gone to, by what we know: those of the programme."""
    return list(
        db.session.scalars(
            sa.select(Organization)
            .join(ProgramParty, ProgramParty.organization_id == Organization.id)
            .where(ProgramParty.program_id == program.id, Organization.kind == OrganizationKind.ENTERPRISE)
            .order_by(Organization.name)
        )
    )


def employers_of(viewer: User) -> frozenset[int]:
    """Return the enterprises for which somebody may speak as the employer."""
    return viewer.organizations_as(Role.ENTERPRISE_COORDINATOR, Role.ENTERPRISE_MENTOR)


def _hired(program: Program, asked: FollowUpRound, viewer: User) -> Any:
    answer = aliased(FollowUpAnswer)
    return (
        sa.select(Enrolment, answer, EmployerWord)
        .join(
            answer,
            sa.and_(
                answer.enrolment_id == Enrolment.id, answer.round_id == asked.id, answer.is_present.is_(True)
            ),
        )
        .outerjoin(EmployerWord, word_of(asked.id))
        .where(graduates_in(program, viewer), answer.employer_id.in_(employers_of(viewer)))
    )


def list_hired(program: Program, asked: FollowUpRound, viewer: User, listing: Listing) -> Page[Any]:
    """Return a page of those who say they work for the viewer's enterprise: (Enrolment, answer, word)."""
    statement = _hired(program, asked, viewer)
    if listing.q:
        statement = statement.where(contains(Enrolment.name, listing.q))
    orders: dict[str, Sequence[Any]] = {
        "open": [sa.case((EmployerWord.id.is_(None), 0), else_=1), Enrolment.name, Enrolment.id],
        "name": [Enrolment.name, Enrolment.id],
    }
    return paginate(statement, listing, orders=orders, default="open", scalars=False)


def hired_or_404(program: Program, asked: FollowUpRound, enrolment_id: int, viewer: User) -> Any:
    """Return somebody who says to work for the viewer's enterprise, (Enrolment, answer, word), or answer 404."""
    row = db.session.execute(_hired(program, asked, viewer).where(Enrolment.id == enrolment_id)).one_or_none()
    return row if row is not None else abort(404)


def graduation_day(program: Program) -> date | None:
    """Return the day on which a programme's trainees graduate: its last one."""
    return program.ends_on
