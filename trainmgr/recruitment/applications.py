"""Reads of applications for those who judge them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from flask import abort
from sqlalchemy.orm import aliased, joinedload, selectinload

from trainmgr.identity.models import Organization, User
from trainmgr.kernel.access import Permission, Role
from trainmgr.kernel.db import db
from trainmgr.kernel.numbers import whole
from trainmgr.kernel.paging import Listing, Page, contains, paginate
from trainmgr.programs.models import Program
from trainmgr.programs.queries import sides_of
from trainmgr.programs.rules import PartyRole, Side
from trainmgr.recruitment import labels
from trainmgr.recruitment.door_models import RepeatedApplication
from trainmgr.recruitment.interview_models import InterviewBooking, InterviewNote, InterviewSlot
from trainmgr.recruitment.models import Application, RecruitmentPost, Verdict
from trainmgr.recruitment.rules import ApplicationState, InterviewOutcome, VerdictKind

OfCollege, OfEnterprise = aliased(Verdict), aliased(Verdict)
College, Enterprise = aliased(Organization), aliased(Organization)


@dataclass(frozen=True)
class ApplicationRow:
    """One application as the list shows it."""

    id: int
    name: str
    field: str
    state: ApplicationState
    applied_at: datetime
    college: str
    enterprise: str | None
    college_verdict: VerdictKind | None
    enterprise_verdict: VerdictKind | None
    post: str
    interview_at: datetime | None
    outcome: InterviewOutcome | None

    @property
    def outcome_label(self) -> Any:
        """Whether the applicant came to the interview, or nothing while it is not noted."""
        return labels.OUTCOMES[self.outcome] if self.outcome else ""

    @property
    def state_label(self) -> Any:
        """The state in words."""
        return labels.APPLICATION_STATES[self.state]

    @property
    def state_tone(self) -> str:
        """The tone of the state's pill."""
        return labels.APPLICATION_TONES[self.state]

    @property
    def college_label(self) -> Any:
        """The college's verdict in words, or nothing while it is awaited."""
        return labels.VERDICTS[self.college_verdict] if self.college_verdict else ""

    @property
    def enterprise_label(self) -> Any:
        """The enterprise's verdict in words, or nothing while it is awaited."""
        return labels.VERDICTS[self.enterprise_verdict] if self.enterprise_verdict else ""


ORDERS = {
    "applied": (Application.id,),
    "name": (Application.name, Application.id),
    "state": (Application.state, Application.id),
}


def judged_by(program: Program, viewer: User) -> sa.ColumnElement[bool]:
    """Return the condition on Application that leaves those that the viewer may judge or has judged.

    The lead college's staff see all, a partner college's their own, a coordinator those that name the enterprise
    or none.
    """
    inside = Application.program_id == program.id
    colleges = viewer.organizations_as(Role.STAFF)
    if program.lead_college_id in colleges:
        return inside
    seen: list[sa.ColumnElement[bool]] = [sa.false()]
    if colleges:
        seen.append(Application.college_id.in_(colleges))
    if enterprises := viewer.organizations_as(Role.ENTERPRISE_COORDINATOR):
        seen.append(sa.or_(Application.enterprise_id.in_(enterprises), Application.enterprise_id.is_(None)))
    return sa.and_(inside, sa.or_(*seen))


def sides_to_judge(program: Program, application: Application, viewer: User) -> list[Side]:
    """Return the sides for which the viewer may judge an application; it must be one of judged_by."""
    sides = []
    own = viewer.organizations_where(Permission.ENROLMENT_JUDGE)
    for party in program.parties:
        if party.organization_id not in own or party.role.side is None or party.role.side in sides:
            continue
        named = application.college_id if party.role.side is Side.COLLEGE else application.enterprise_id
        if named in (None, party.organization_id) or party.role is PartyRole.LEAD_COLLEGE:
            sides.append(party.role.side)
    return sides


def sides_in(program: Program, viewer: User) -> list[Side]:
    """Return the sides for which the viewer judges applications of a programme, the college first."""
    mine = sides_of(program, viewer, Permission.ENROLMENT_JUDGE)
    return [side for side in Side if side in mine]


def judgeable(program: Program, viewer: User, side: Side, ids: Sequence[int]) -> list[int]:
    """Return which of some applications the viewer may judge for a side."""
    own = viewer.organizations_where(Permission.ENROLMENT_JUDGE)
    if side is Side.COLLEGE:
        named = sa.or_(Application.college_id.in_(own), sa.literal(program.lead_college_id in own))
    else:
        named = sa.or_(Application.enterprise_id.in_(own), Application.enterprise_id.is_(None))
    statement = sa.select(Application.id).where(judged_by(program, viewer), Application.id.in_(ids), named)
    return list(db.session.scalars(statement))


@dataclass(frozen=True)
class Narrowed:
    """What the list of applications is narrowed to; empty texts narrow nothing."""

    state: str = ""
    post: str = ""
    field: str = ""
    interview: str = ""

    def conditions(self) -> list[sa.ColumnElement[bool]]:
        """Return the conditions on Application; nonsense narrows nothing."""
        found: list[sa.ColumnElement[bool]] = []
        if self.state in set(ApplicationState):
            found.append(Application.state == ApplicationState(self.state))
        if post_id := whole(self.post):
            found.append(Application.post_id == post_id)
        if self.field:
            found.append(Application.field == self.field)
        if self.interview in INTERVIEW_STATES:
            found.append(INTERVIEW_STATES[self.interview])
        return found


_BOOKED = (
    sa.exists()
    .where(InterviewBooking.application_id == Application.id, InterviewBooking.cancelled_at.is_(None))
    .correlate(Application)
)
_NOTED = sa.exists().where(InterviewNote.application_id == Application.id).correlate(Application)


def _noted(outcome: InterviewOutcome) -> sa.ColumnElement[bool]:
    return (
        sa.exists()
        .where(InterviewNote.application_id == Application.id, InterviewNote.outcome == outcome)
        .correlate(Application)
    )


INTERVIEW_STATES: dict[str, sa.ColumnElement[bool]] = {
    "none": ~_BOOKED,
    "booked": sa.and_(_BOOKED, ~_NOTED),
    "came": _noted(InterviewOutcome.CAME),
    "no_show": sa.and_(_noted(InterviewOutcome.NO_SHOW), ~_noted(InterviewOutcome.CAME)),
}


def applications_page(
    program: Program, viewer: User, listing: Listing, narrowed: Narrowed
) -> tuple[Page[ApplicationRow], int]:
    """Return one page of a programme's applications, and how many came again: two statements."""
    conditions = [judged_by(program, viewer), *narrowed.conditions()]
    if listing.q:
        conditions.append(contains(Application.name, listing.q))
    total, again = db.session.execute(
        sa.select(
            sa.select(sa.func.count()).select_from(Application).where(*conditions).scalar_subquery(),
            sa.select(sa.func.count()).where(_may_see_repeated(program, viewer)).scalar_subquery(),
        )
    ).one()
    statement: Any = (
        sa.select(
            Application.id,
            Application.name,
            Application.field,
            Application.state,
            Application.applied_at,
            _short(College),
            _short(Enterprise),
            OfCollege.verdict,
            OfEnterprise.verdict,
            sa.func.coalesce(RecruitmentPost.name, ""),
            InterviewSlot.starts_at,
            _last_outcome(),
        )
        .join(College, College.id == Application.college_id)
        .outerjoin(Enterprise, Enterprise.id == Application.enterprise_id)
        .outerjoin(OfCollege, _verdict_of(OfCollege, Side.COLLEGE))
        .outerjoin(OfEnterprise, _verdict_of(OfEnterprise, Side.ENTERPRISE))
        .outerjoin(RecruitmentPost, RecruitmentPost.id == Application.post_id)
        .outerjoin(
            InterviewBooking,
            sa.and_(
                InterviewBooking.application_id == Application.id, InterviewBooking.cancelled_at.is_(None)
            ),
        )
        .outerjoin(InterviewSlot, InterviewSlot.id == InterviewBooking.slot_id)
        .where(*conditions)
    )
    page = paginate(statement, listing, orders=ORDERS, default="applied", scalars=False, total=total)
    rows = [ApplicationRow(*row) for row in page.items]
    return Page(rows, page.number, page.size, page.total, page.q, page.sort, page.direction), again


def _last_outcome() -> Any:
    return (
        sa.select(InterviewNote.outcome)
        .where(InterviewNote.application_id == Application.id)
        .order_by(InterviewNote.id.desc())
        .limit(1)
        .correlate(Application)
        .scalar_subquery()
    )


def _short(organization: Any) -> sa.ColumnElement[str]:
    return sa.func.coalesce(sa.func.nullif(organization.short_name, ""), organization.name)


def _verdict_of(verdict: Any, side: Side) -> sa.ColumnElement[bool]:
    return sa.and_(verdict.application_id == Application.id, verdict.side == side)


def state_counts(program: Program, viewer: User) -> tuple[dict[ApplicationState, int], list[str]]:
    """Return how many applications are in each state, and the fields that people applied for: one statement."""
    rows = db.session.execute(
        sa.select(Application.state, Application.field, sa.func.count())
        .where(judged_by(program, viewer))
        .group_by(Application.state, Application.field)
    ).all()
    counts = dict.fromkeys(ApplicationState, 0)
    for state, _field, amount in rows:
        counts[state] += amount
    return counts, sorted({field for _state, field, _amount in rows if field})


def application_or_404(program: Program, application_id: int, viewer: User) -> Application:
    """Return an application that the viewer may judge, with its verdicts, or answer 404: two statements."""
    application: Application | None = db.session.scalars(
        sa.select(Application)
        .where(Application.id == application_id, judged_by(program, viewer))
        .options(
            joinedload(Application.user),
            joinedload(Application.post).joinedload(RecruitmentPost.enterprise),
            selectinload(Application.verdicts).joinedload(Verdict.by),
        )
    ).one_or_none()
    return application if application is not None else abort(404)


def place_in_line(application: Application) -> int:
    """Return the place of an application on the waiting list, 1 for the next to come in."""
    ahead = (
        sa.select(sa.func.count())
        .select_from(Application)
        .where(
            Application.program_id == application.program_id,
            Application.state == ApplicationState.WAITLISTED,
            Application.post_id.is_not_distinct_from(application.post_id),
            sa.tuple_(Application.applied_at, Application.id)
            <= sa.tuple_(
                sa.literal(application.applied_at, Application.applied_at.type), sa.literal(application.id)
            ),
        )
    )
    return db.session.scalar(ahead) or 0


def _may_see_repeated(program: Program, viewer: User) -> sa.ColumnElement[bool]:
    """Applications that came again are for the lead college's staff."""
    is_lead = program.lead_college_id in viewer.organizations_as(Role.STAFF)
    return sa.and_(RepeatedApplication.program_id == program.id, sa.true() if is_lead else sa.false())


def repeated(program: Program, viewer: User, listing: Listing) -> Page[RepeatedApplication]:
    """Return applications that came again under an ID number with other particulars, newest first."""
    statement = sa.select(RepeatedApplication).where(_may_see_repeated(program, viewer))
    return paginate(statement, listing, orders={"at": (RepeatedApplication.id.desc(),)}, default="at")
