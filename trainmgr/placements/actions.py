"""What is done with placements: arranged, signed, begun, changed, ended; every step is a record of its own."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime, timedelta
from typing import Any

import sqlalchemy as sa
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from trainmgr.enrolment.models import Enrolment
from trainmgr.identity.models import User
from trainmgr.kernel import audit, crypto
from trainmgr.kernel.audit import require
from trainmgr.kernel.clock import local_day
from trainmgr.kernel.db import among, db
from trainmgr.kernel.errors import Conflict, RuleBroken
from trainmgr.kernel.i18n import day as day_in_words
from trainmgr.mentoring.terms_models import TraineeSite
from trainmgr.placements import owed
from trainmgr.placements.models import (
    ChangeKind,
    Placement,
    PlacementChange,
    PlacementPost,
    PlacementState,
)
from trainmgr.placements.rules import MOST_AHEAD, OPEN, length_in_days, months_between, overlap
from trainmgr.programs.actions import require_open
from trainmgr.programs.models import Program
from trainmgr.programs.rules import Work

SITE_LENGTH = 80  # of mentoring's own record

MADE = audit.sentence("placement.make", _l("%(who)s arranged %(count)s placements: %(what)s"))
CHANGED = audit.sentence("placement.change", _l("%(who)s changed the placement of %(what)s: %(reason)s"))
ENDED = audit.sentence("placement.end", _l("%(who)s ended the placement of %(what)s: %(reason)s"))
CALLED_OFF = audit.sentence(
    "placement.call-off", _l("%(who)s called off the placement of %(what)s: %(reason)s")
)
PAPERS = audit.sentence(
    "placement.papers", _l("%(who)s entered consent and insurance of %(count)s placements: %(what)s")
)


@dataclass(frozen=True)
class Terms:
    """What is agreed for one trainee; pay in cents a month (None: not agreed yet)."""

    post_id: int
    site: str
    starts_on: date
    ends_on: date
    pay_cents: int | None


@dataclass(frozen=True)
class Papers:
    """What is proved on paper: consent of trainee and guardian, and the insurance with its last day."""

    consent_on: date | None = None
    policy: str = ""
    insured_until: date | None = None


def require_agreed_period(starts_on: date, ends_on: date) -> None:
    """Refuse a placement that ends before it begins."""
    require(starts_on <= ends_on, _("The last day comes before the first day."))


# --- arranging --------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Arranged:
    """What became of a class: how many placements were made, and who was left out with the reason."""

    made: list[Placement]
    left_out: list[tuple[str, str]]


def arrange(
    program: Program,
    enrolments: Sequence[Enrolment],
    post: PlacementPost,
    terms: Terms,
    papers: Papers,
    *,
    by: User,
    now: datetime,
) -> Arranged:
    """Place trainees in a post, one or a class at once; whoever cannot be placed is left out and named."""
    require_open(program, Work.MENTORING)
    require_agreed_period(terms.starts_on, terms.ends_on)
    wanted = [Wanted(one, post, terms, papers) for one in enrolments]
    made, faults = place_each(program, wanted, by=by, now=now)
    return Arranged(made, [(enrolments[place].name, fault) for place, fault in faults.items()])


@dataclass(frozen=True)
class Wanted:
    """One trainee to be placed: the post, the terms, and what is proved on paper."""

    enrolment: Enrolment
    post: PlacementPost
    terms: Terms
    papers: Papers


def place_each(
    program: Program, wanted: Sequence[Wanted], *, by: User, now: datetime
) -> tuple[list[Placement], dict[int, str]]:
    """Place trainees, each in a post of its own; returns the placements, and by its place why one was left out."""
    taken = _periods_of([one.enrolment for one in wanted])
    numbers = _id_numbers_of([one.enrolment for one in wanted])
    made, faults = [], {}
    for place, one in enumerate(wanted):
        periods = taken.setdefault(one.enrolment.id, [])
        if fault := _fault(one.enrolment, one.post, one.terms, periods):
            faults[place] = fault
            continue
        periods.append((one.terms.starts_on, one.terms.ends_on))
        number = numbers.get(one.enrolment.user_id)
        made.append(_new(program, one.enrolment, one.terms, one.papers, number))
    if not made:
        return made, faults
    db.session.add_all(made)
    db.session.flush()
    db.session.add_all(record_of(one, ChangeKind.MADE, one.starts_on, "", {}, by=by, now=now) for one in made)
    name = made[0].enrolment.name if len(made) == 1 else wanted[0].post.name
    audit.record(MADE, made[0], by=by, now=now, program_id=program.id, name=name, count=len(made))
    take_sites(program.id, made)
    owed.renew(program.id, now)
    return made, faults


def take_sites(program_id: int, placements: Sequence[Placement]) -> None:
    """Tell mentoring where trainees work, so that mentors near by are proposed; a blank site tells nothing."""
    sites = {one.enrolment_id: one.site[:SITE_LENGTH] for one in placements if one.site}
    if not sites:
        return
    db.session.execute(
        sa.delete(TraineeSite).where(among(TraineeSite.enrolment_id, sorted(sites))),
        execution_options={"synchronize_session": False},
    )
    rows = [{"enrolment_id": key, "program_id": program_id, "site": site} for key, site in sites.items()]
    db.session.execute(sa.insert(TraineeSite), rows)


def _periods_of(enrolments: Sequence[Enrolment]) -> dict[int, list[tuple[date, date]]]:
    """The open placements of trainees, whose rows are locked: of two who arrange at once the later sees both."""
    ids = [one.id for one in enrolments]
    for chunk in _chunks(ids):
        db.session.execute(
            sa.select(Enrolment.id).where(Enrolment.id.in_(chunk)).order_by(Enrolment.id).with_for_update()
        )
    found: dict[int, list[tuple[date, date]]] = {}
    for chunk in _chunks(ids):
        for enrolment_id, starts_on, ends_on in db.session.execute(
            sa.select(Placement.enrolment_id, Placement.starts_on, Placement.ends_on).where(
                Placement.enrolment_id.in_(chunk), Placement.state.in_(sorted(OPEN))
            )
        ):
            found.setdefault(enrolment_id, []).append((starts_on, ends_on))
    return found


def _chunks(ids: Sequence[int], size: int = 500) -> list[Sequence[int]]:
    return [ids[start : start + size] for start in range(0, len(ids), size)]


def _id_numbers_of(enrolments: Sequence[Enrolment]) -> dict[int, str]:
    """The ID numbers, read for the ages only."""
    found: dict[int, str] = {}
    for chunk in _chunks([one.user_id for one in enrolments]):
        for user_id, sealed in db.session.execute(
            sa.select(User.id, User.id_number_encrypted).where(
                User.id.in_(chunk), User.id_number_encrypted.is_not(None)
            )
        ):
            found[user_id] = crypto.decrypt(sealed or "")
    return found


def _fault(
    enrolment: Enrolment, post: PlacementPost, terms: Terms, taken: Sequence[tuple[date, date]]
) -> str:
    if enrolment.enterprise_id is None:
        return _("belongs to no enterprise yet; the roster says which")
    if enrolment.enterprise_id != post.organization_id:
        return _("belongs to another enterprise than the post")
    if any(overlap(terms.starts_on, terms.ends_on, *period) for period in taken):
        return _("has a placement in that time already")
    return ""


def _new(
    program: Program, enrolment: Enrolment, terms: Terms, papers: Papers, number: str | None
) -> Placement:
    return Placement(
        program_id=program.id,
        enrolment_id=enrolment.id,
        enrolment=enrolment,
        days=length_in_days(terms.starts_on, terms.ends_on),
        holds_from=terms.starts_on,
        age_months=_age_in_months(number, terms.starts_on),
        **asdict(terms),
        **asdict(papers),
    )


def _age_in_months(number: str | None, day: date) -> int | None:
    born = crypto.birth_date(number) if number else None
    return None if born is None else max(0, months_between(born, day))


def record_of(
    placement: Placement,
    kind: ChangeKind,
    effective_on: date,
    reason: str,
    before: dict[str, Any],
    *,
    by: User,
    now: datetime,
) -> PlacementChange:
    return PlacementChange(
        placement_id=placement.id,
        program_id=placement.program_id,
        kind=kind,
        effective_on=effective_on,
        reason=reason,
        number=placement.number,
        post_id=placement.post_id,
        site=placement.site,
        starts_on=placement.starts_on,
        ends_on=placement.ends_on,
        pay_cents=placement.pay_cents,
        before=before,
        by_id=by.id,
        by_name=by.name,
        at=now,
    )


# --- changing and ending ----------------------------------------------------------------------------


def locked(placement: Placement, version: int | None) -> None:
    """Lock a placement's row; refuse when somebody changed it since the form was shown."""
    row = sa.select(Placement.version).where(Placement.id == placement.id).with_for_update()
    present = db.session.scalars(row).one()
    if version is not None and present != version:
        raise Conflict(_("Somebody has changed this placement meanwhile. Look again, then save."))
    if present != placement.version:
        db.session.refresh(placement)


def change(
    program: Program,
    placement: Placement,
    post: PlacementPost,
    terms: Terms,
    *,
    effective_on: date,
    reason: str,
    version: int,
    by: User,
    now: datetime,
) -> None:
    """Agree other terms from a day on; all three sign the new terms again, the old ones stay in the history."""
    require_open(program, Work.MENTORING)
    locked(placement, version)
    require_agreed_period(terms.starts_on, terms.ends_on)
    _require_changeable(placement, post, terms, effective_on, local_day(now))
    if terms == _terms_of(placement):
        raise RuleBroken(_("Nothing is different from what was agreed."))
    before = _told(placement)
    if terms.starts_on != placement.starts_on:
        numbers = _id_numbers_of([placement.enrolment])
        placement.age_months = _age_in_months(numbers.get(placement.enrolment.user_id), terms.starts_on)
    for name, value in asdict(terms).items():
        setattr(placement, name, value)
    placement.post = post
    placement.days = length_in_days(terms.starts_on, terms.ends_on)
    placement.number, placement.signed, placement.holds_from = placement.number + 1, 0, effective_on
    db.session.add(record_of(placement, ChangeKind.CHANGED, effective_on, reason, before, by=by, now=now))
    name = placement.enrolment.name
    audit.record(CHANGED, placement, by=by, now=now, program_id=program.id, name=name, reason=reason)
    db.session.flush()
    take_sites(program.id, [placement])
    owed.renew(program.id, now)


def _terms_of(placement: Placement) -> Terms:
    return Terms(
        placement.post_id, placement.site, placement.starts_on, placement.ends_on, placement.pay_cents
    )


def _told(placement: Placement) -> dict[str, Any]:
    """The terms as a later reader of the history needs them."""
    return {
        "post": placement.post.name,
        "site": placement.site,
        "starts_on": placement.starts_on.isoformat(),
        "ends_on": placement.ends_on.isoformat(),
        "pay_cents": placement.pay_cents,
    }


def _require_changeable(
    placement: Placement, post: PlacementPost, terms: Terms, effective_on: date, today: date
) -> None:
    require(placement.state in OPEN, _("This placement is over and does not change any more."))
    require(
        post.organization_id == placement.post.organization_id,
        _("The post belongs to another enterprise. End this placement and arrange a new one."),
    )
    if placement.state is PlacementState.RUNNING:
        require(terms.starts_on == placement.starts_on, _("The placement has begun; its first day stays."))
        require(terms.ends_on >= today, _("The last day is over already. End the placement instead."))
    require(
        terms.starts_on <= effective_on <= terms.ends_on,
        _(
            "The change holds from a day within the placement: %(first)s to %(last)s.",
            first=day_in_words(terms.starts_on), last=day_in_words(terms.ends_on),
        ),
    )  # fmt: skip
    require(
        effective_on <= max(today, terms.starts_on) + timedelta(days=MOST_AHEAD),
        _("The change lies more than a year ahead."),
    )
    others = sa.select(Placement.starts_on, Placement.ends_on).where(
        Placement.enrolment_id == placement.enrolment_id,
        Placement.id != placement.id,
        Placement.state.in_(sorted(OPEN)),
    )
    if any(overlap(terms.starts_on, terms.ends_on, *row) for row in db.session.execute(others)):
        raise RuleBroken(_("%(name)s has another placement in that time.", name=placement.enrolment.name))


def end(
    program: Program,
    placement: Placement,
    *,
    day: date,
    reason: str,
    version: int | None,
    by: User,
    now: datetime,
) -> None:
    """End a placement with its last day; one that never began is called off instead."""
    require_open(program, Work.MENTORING)
    locked(placement, version)
    end_unasked(program, placement, day=day, reason=reason, by=by, now=now)
    owed.renew(program.id, now)


def end_unasked(
    program: Program, placement: Placement, *, day: date, reason: str, by: User, now: datetime
) -> None:
    """End a placement because of something else, such as the trainee's leaving; the caller renews what is due."""
    require(placement.state in OPEN, _("This placement is over and does not change any more."))
    before = _told(placement)
    if placement.state is PlacementState.PLANNED:
        kind, deed, placement.state = ChangeKind.CALLED_OFF, CALLED_OFF, PlacementState.CALLED_OFF
    else:
        require(day >= placement.starts_on, _("It cannot end before it began."))
        require(day <= local_day(now), _("The day lies ahead. Change the last day of the placement instead."))
        kind, deed, placement.state = ChangeKind.ENDED, ENDED, PlacementState.ENDED
        placement.ends_on = day
        placement.days = length_in_days(placement.starts_on, day)
    db.session.add(record_of(placement, kind, day, reason, before, by=by, now=now))
    name = placement.enrolment.name
    audit.record(deed, placement, by=by, now=now, program_id=program.id, name=name, reason=reason)
    db.session.flush()


def enter_papers(
    program: Program, placements: Sequence[Placement], papers: Papers, *, by: User, now: datetime
) -> int:
    """Enter consent and insurance for placements; what was left empty stays as it is. Returns for how many."""
    require_open(program, Work.MENTORING)
    given = {name: value for name, value in asdict(papers).items() if value}
    require(given, _("Enter at least one of the three."))
    changed = [one for one in placements if one.state in OPEN]
    require(changed, _("None of these placements is open any more."))
    for placement in changed:
        for name, value in given.items():
            setattr(placement, name, value)
    name = changed[0].enrolment.name if len(changed) == 1 else changed[0].post.name
    audit.record(PAPERS, changed[0], by=by, now=now, program_id=program.id, name=name, count=len(changed))
    return len(changed)
