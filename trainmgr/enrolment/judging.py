"""Applications: made by people themselves, judged by both sides, settled with the places that are free."""

from __future__ import annotations

from datetime import date, datetime

import sqlalchemy as sa
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy.orm import selectinload

from trainmgr.enrolment.hooks import Joining, tell_joined
from trainmgr.enrolment.models import Application, Enrolment, Verdict
from trainmgr.enrolment.places import STEPS, free_places, lock_places
from trainmgr.enrolment.rules import WAITING, ApplicationState, EnrolmentState, VerdictKind, settle
from trainmgr.identity.models import Membership, User
from trainmgr.kernel import audit
from trainmgr.kernel.access import Role
from trainmgr.kernel.db import db
from trainmgr.kernel.errors import RuleBroken
from trainmgr.programs import dues
from trainmgr.programs.actions import require_open
from trainmgr.programs.models import Program, ProgramParty, ProgramPerson
from trainmgr.programs.rules import PartyRole, Side, State, Step, Work
from trainmgr.programs.thread import refresh

APPLIED = audit.sentence("application.new", _l("%(who)s applied"))
JUDGED = audit.sentence("application.verdict", _l("%(who)s judged the application of %(what)s"))
ADMITTED = audit.sentence("application.admit", _l("%(what)s was admitted"))
DRAWN_BACK = audit.sentence("application.withdraw", _l("%(who)s withdrew the application"))

TO_JUDGE = "applications-to-judge"


def apply(
    program: Program,
    *,
    college_id: int,
    enterprise_id: int | None,
    field: str,
    statement: str,
    by: User,
    now: datetime,
    today: date,
) -> Application:
    """Apply for a place; one application a person and programme (made again after it was withdrawn unjudged)."""
    if program.state is not State.RECRUITING:
        raise RuleBroken(_("This programme takes no applications at the moment."))
    enrolled = sa.select(Enrolment.id).where(Enrolment.program_id == program.id, Enrolment.user_id == by.id)
    if db.session.scalar(enrolled) is not None:
        raise RuleBroken(_("You are in this programme already."))
    application = _found(program.id, by.id)
    if application is None:
        application = Application(program_id=program.id, user_id=by.id, college_id=college_id, name=by.name)
        db.session.add(application)
    elif application.state is not ApplicationState.WITHDRAWN or application.verdicts:
        raise RuleBroken(
            _("You have applied already; your application is: %(state)s.", state=application.state_label)
        )
    application.enterprise_id, application.field, application.statement = enterprise_id, field, statement
    application.state, application.applied_at = ApplicationState.PENDING, now
    audit.record(APPLIED, application, by=by, now=now, program_id=program.id, name=by.name)
    _refresh(program, now=now, today=today)
    return application


def _found(program_id: int, user_id: int) -> Application | None:
    found: Application | None = db.session.scalars(
        sa.select(Application)
        .where(Application.program_id == program_id, Application.user_id == user_id)
        .options(selectinload(Application.verdicts))
    ).one_or_none()
    return found


def draw_back(program: Program, application: Application, *, by: User, now: datetime, today: date) -> None:
    """Withdraw one's own application while nothing is settled."""
    if application.state not in WAITING:
        raise RuleBroken(_("The application is settled: %(state)s.", state=application.state_label))
    application.state = ApplicationState.WITHDRAWN
    audit.record(DRAWN_BACK, application, by=by, now=now, program_id=program.id, name=application.name)
    _refresh(program, now=now, today=today)


def record_verdict(
    program: Program,
    application_id: int,
    side: Side,
    verdict: VerdictKind,
    *,
    reason: str,
    by: User,
    now: datetime,
    today: date,
) -> Application:
    """Take one side's verdict on an applicant and settle the application as far as it goes.

    The programme is locked first, so that of two judges and one place left only one gives it away.
    """
    require_open(program, Work.ENROLMENT)
    lock_places(program.id)
    application: Application = db.session.scalars(
        sa.select(Application)
        .where(Application.id == application_id, Application.program_id == program.id)
        .options(selectinload(Application.verdicts))
        .execution_options(populate_existing=True)
    ).one()
    given = {each.side: each.verdict for each in application.verdicts}
    if side in given:
        raise RuleBroken(_("Your side has judged this application already; a verdict is not changed."))
    if application.state is not ApplicationState.PENDING:
        raise RuleBroken(_("The application is settled: %(state)s.", state=application.state_label))
    db.session.add(
        Verdict(application_id=application.id, side=side, verdict=verdict, reason=reason, by_id=by.id, at=now)
    )
    audit.record(
        JUDGED, application, by=by, now=now, program_id=program.id, name=application.name, reason=reason
    )
    application.state = settle(given | {side: verdict}, free_places(program))
    if application.state is ApplicationState.ADMITTED:
        _enrol(program, application, now=now, today=today)
    _refresh(program, now=now, today=today, everything=application.state is ApplicationState.ADMITTED)
    return application


def promote(program: Program, *, now: datetime, today: date) -> int:
    """Admit from the waiting list in its order as long as places are free; returns how many came in."""
    db.session.flush()
    lock_places(program.id)
    places = free_places(program)
    statement = (
        sa.select(Application)
        .where(Application.program_id == program.id, Application.state == ApplicationState.WAITLISTED)
        .order_by(Application.id)
        .limit(places)
    )
    admitted = list(db.session.scalars(statement)) if places != 0 else []
    for application in admitted:
        application.state = ApplicationState.ADMITTED
        _enrol(program, application, now=now, today=today)
    return len(admitted)


def admit_waiting(program: Program, *, by: User, now: datetime, today: date) -> int:
    """Fill places that became free otherwise (the planned size was raised) from the waiting list."""
    require_open(program, Work.ENROLMENT)
    admitted = promote(program, now=now, today=today)
    if not admitted:
        raise RuleBroken(_("No place is free, or nobody is waiting."))
    _refresh(program, now=now, today=today, everything=True)
    return admitted


def _enrol(program: Program, application: Application, *, now: datetime, today: date) -> None:
    """Make the admitted person a trainee of the programme."""
    person, number = db.session.execute(
        sa.select(User, Membership.number)
        .outerjoin(
            Membership,
            sa.and_(
                Membership.user_id == User.id,
                Membership.organization_id == application.college_id,
                Membership.role == Role.TRAINEE,
            ),
        )
        .where(User.id == application.user_id)
    ).one()
    enrolment = db.session.scalar(
        sa.select(Enrolment).where(Enrolment.program_id == program.id, Enrolment.user_id == person.id)
    )
    if enrolment is None:  # else the roster brought the person in meanwhile
        enrolment = Enrolment(
            program_id=program.id,
            user_id=person.id,
            college_id=application.college_id,
            enterprise_id=application.enterprise_id or _only_enterprise(program.id),
            state=EnrolmentState.TRAINING,
            name=person.name,
            student_number=number or "",
            id_number_masked=person.id_number_masked,
            id_number_tail=person.id_number_tail,
            field=application.field,
            enrolled_on=today,
            planned_minutes=program.planned_minutes or 0,
        )
        db.session.add(enrolment)
        _relate(program.id, person.id, application.college_id, today)
        db.session.flush()
        tell_joined(Joining(program.id, [enrolment.id], now))
    audit.record(ADMITTED, application, by=None, now=now, program_id=program.id, name=application.name)
    db.session.flush()


def _relate(program_id: int, user_id: int, college_id: int, today: date) -> None:
    relation = db.session.scalar(
        sa.select(ProgramPerson).where(
            ProgramPerson.program_id == program_id,
            ProgramPerson.user_id == user_id,
            ProgramPerson.role == Role.TRAINEE,
        )
    )
    if relation is None:
        db.session.add(
            ProgramPerson(
                program_id=program_id,
                user_id=user_id,
                organization_id=college_id,
                role=Role.TRAINEE,
                since=today,
            )
        )
    else:
        relation.until = None


def _only_enterprise(program_id: int) -> int | None:
    found = db.session.scalars(
        sa.select(ProgramParty.organization_id)
        .where(ProgramParty.program_id == program_id, ProgramParty.role == PartyRole.ENTERPRISE)
        .limit(2)
    ).all()
    return found[0] if len(found) == 1 else None


def settle_enrolled(program: Program, *, today: date) -> None:
    """Close the applications of people whom the roster brought in."""
    present = sa.select(Enrolment.user_id).where(
        Enrolment.program_id == program.id, Enrolment.state != EnrolmentState.WITHDRAWN
    )
    waiting = sa.select(Application).where(
        Application.program_id == program.id, Application.state.in_(WAITING), Application.user_id.in_(present)
    )
    settled = list(db.session.scalars(waiting))
    for application in settled:
        application.state = ApplicationState.ADMITTED
    if settled:
        put_dues(program, today=today)


# --- what is due ---------------------------------------------------------------------------------


def _refresh(program: Program, *, now: datetime, today: date, everything: bool = False) -> None:
    put_dues(program, today=today)
    refresh(program.id, *(STEPS if everything else (Step.ENROLMENT,)), now=now)


def put_dues(program: Program, *, today: date) -> None:
    """Tell each college and enterprise how many applications wait for its verdict."""
    db.session.flush()
    dues.put_many(TO_JUDGE, _lines(program), program_id=program.id, visible_from=today, replace=True)


def _lines(program: Program) -> list[dues.Line]:
    lines = []
    for role, side, column in (
        (Role.STAFF, Side.COLLEGE, Application.college_id),
        (Role.ENTERPRISE_COORDINATOR, Side.ENTERPRISE, Application.enterprise_id),
    ):
        judged = sa.exists().where(Verdict.application_id == Application.id, Verdict.side == side)
        waiting = db.session.execute(
            sa.select(column, sa.func.count())
            .where(
                Application.program_id == program.id, Application.state == ApplicationState.PENDING, ~judged
            )
            .group_by(column)
        )
        amounts = {row[0]: row[1] for row in waiting}
        lines += _spread(program.id, side, role, amounts)
    return lines


def _spread(program_id: int, side: Side, role: Role, amounts: dict[int | None, int]) -> list[dues.Line]:
    """Applications that name no enterprise wait for every enterprise of the programme."""
    anyone = amounts.pop(None, 0)
    if anyone:
        parties = db.session.scalars(
            sa.select(ProgramParty.organization_id).where(
                ProgramParty.program_id == program_id, ProgramParty.role == PartyRole.ENTERPRISE
            )
        )
        for organization_id in parties:
            amounts[organization_id] = amounts.get(organization_id, 0) + anyone
    return [
        dues.Line(organization_id=organization_id, role=role, amount=amount)
        for organization_id, amount in amounts.items()
    ]
