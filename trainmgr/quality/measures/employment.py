"""What became of graduates (H12): destination, match, income, retention, promotion, employers' satisfaction."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import aliased

from trainmgr.employment.course import PROMOTED_WITHIN
from trainmgr.employment.figures import MEASURES as FOLLOWED
from trainmgr.employment.figures import asked_of
from trainmgr.employment.models import FollowUpAnswer, FollowUpRound
from trainmgr.employment.rules import MIDDLES
from trainmgr.enrolment.models import Enrolment
from trainmgr.programs.models import Program
from trainmgr.quality.measures.base import Ask, RecordKind, hit, measure, person
from trainmgr.quality.rules import Unit

YUAN = 100.0
_INCOME = sa.func.coalesce(
    FollowUpAnswer.income_cents,
    sa.case(*((FollowUpAnswer.income_band == band, middle) for band, middle in MIDDLES.items())),
)


def _asked(ask: Ask, **more: Any) -> sa.Select[Any]:
    """Select the graduates of the college who were asked in an opened round."""
    return (
        asked_of()
        .with_only_columns(*person(**more))
        .where(Program.lead_college_id == ask.college_id, FollowUpRound.opened_at.is_not(None))
    )


def _first_round(ask: Ask) -> sa.ColumnElement[bool]:
    """Leave the first round of those who graduated in the year, so that each graduate counts once."""
    other = aliased(FollowUpRound)
    first = (
        sa.select(sa.func.min(other.months))
        .where(
            other.program_id == FollowUpRound.program_id,
            other.year == FollowUpRound.year,
            other.opened_at.is_not(None),
        )
        .correlate(FollowUpRound)
        .scalar_subquery()
    )
    return sa.and_(FollowUpRound.year.between(ask.first.year, ask.last.year), FollowUpRound.months == first)


def _rate(name: str, ask: Ask) -> sa.Select[Any]:
    above, below = FOLLOWED[name]
    return _asked(ask, amount=hit(above)).where(_first_round(ask), below)


@measure("destination", Unit.SHARE, RecordKind.PERSON)
def _destination(ask: Ask) -> sa.Select[Any]:
    """Graduates with a destination, of all graduates asked; who did not answer stays in the denominator."""
    return _rate("destination", ask)


@measure("match", Unit.SHARE, RecordKind.PERSON)
def _match(ask: Ask) -> sa.Select[Any]:
    """Whose work fits what was trained wholly or partly, of those who work and told."""
    return _rate("match", ask)


@measure("retention", Unit.SHARE, RecordKind.PERSON)
def _retention(ask: Ask) -> sa.Select[Any]:
    """Still at the enterprise that trained them, of those of whom it is known."""
    return _rate("retention", ask)


@measure("satisfaction_employer", Unit.SHARE, RecordKind.PERSON, is_survey=True)
def _satisfaction_employer(ask: Ask) -> sa.Select[Any]:
    """Employers' words of 4 or 5, of all words with a mark."""
    above, below = FOLLOWED["satisfaction"]
    found = _asked(ask, amount=hit(above), respondent=Enrolment.id)
    return found.where(_first_round(ask), below, FollowUpRound.closed_at.is_not(None))


@measure("graduate_income", Unit.MEAN, RecordKind.PERSON, is_survey=True)
def _graduate_income(ask: Ask) -> sa.Select[Any]:
    """Monthly income in yuan, over graduates who told it; of a band its middle counts."""
    amount = sa.cast(_INCOME, sa.Float) / YUAN
    found = _asked(ask, amount=amount, respondent=Enrolment.id)
    return found.where(_first_round(ask), _INCOME.is_not(None), FollowUpRound.closed_at.is_not(None))


@measure("promotion", Unit.SHARE, RecordKind.PERSON)
def _promotion(ask: Ask) -> sa.Select[Any]:
    """Promoted within three years, of those of whom it is known, in rounds three years after opened in the days."""
    above, below = FOLLOWED["promotion"]
    return _asked(ask, amount=hit(above)).where(
        FollowUpRound.months == PROMOTED_WITHIN, FollowUpRound.opens_on.between(ask.first, ask.last), below
    )
