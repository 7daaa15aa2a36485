"""Who may do what: the roles, the permissions, the one table of grants, and the guard before each request.

This file answers *what kind of thing* a person may do. *Which rows* is answered by each feature's
`visible_to`, *whether now* by its rules.
"""

from __future__ import annotations

import enum
from collections.abc import Callable, Iterable
from typing import Any

from flask import Flask, abort, current_app, redirect, request, url_for
from flask_babel import lazy_gettext as _l
from flask_login import current_user

from trainmgr.kernel import by_link


class Role(enum.StrEnum):
    """What a person is in an organisation (a membership) or in a programme (a relation)."""

    ADMINISTRATOR = "administrator"
    STAFF = "staff"
    DEPARTMENT_STAFF = "department_staff"
    SCHOOL_TEACHER = "school_teacher"
    COLLEGE_COUNSELLOR = "college_counsellor"
    ENTERPRISE_COORDINATOR = "enterprise_coordinator"
    ENTERPRISE_MENTOR = "enterprise_mentor"
    ENTERPRISE_COUNSELLOR = "enterprise_counsellor"
    TRAINEE = "trainee"
    OUTSIDE_ASSESSOR = "outside_assessor"

    @property
    def label(self) -> Any:
        """The role's name for people."""
        return ROLE_LABELS[self]


ROLE_LABELS = {
    Role.ADMINISTRATOR: _l("Administrator"),
    Role.STAFF: _l("Programme staff"),
    Role.DEPARTMENT_STAFF: _l("Department staff"),
    Role.SCHOOL_TEACHER: _l("School teacher"),
    Role.COLLEGE_COUNSELLOR: _l("College counsellor"),
    Role.ENTERPRISE_COORDINATOR: _l("Enterprise coordinator"),
    Role.ENTERPRISE_MENTOR: _l("Enterprise mentor"),
    Role.ENTERPRISE_COUNSELLOR: _l("Enterprise counsellor"),
    Role.TRAINEE: _l("Trainee"),
    Role.OUTSIDE_ASSESSOR: _l("Outside assessor"),
}


class Permission(enum.Enum):
    """One kind of deed or view."""

    ACCOUNT_USE = enum.auto()  # one's own account, inbox, help

    ORGANISATION_MANAGE = enum.auto()
    ORGANISATION_REGISTER = enum.auto()  # enter an enterprise or an outside house that all colleges share
    PEOPLE_VIEW = enum.auto()
    PEOPLE_MANAGE = enum.auto()
    AUDIT_VIEW = enum.auto()
    INTEGRATION_MANAGE = enum.auto()  # other systems' tokens and webhooks, sign-in through a provider
    INSTALLATION_RUN = enum.auto()  # jobs, the whole trail, state of the installation

    PATHWAY_VIEW = enum.auto()
    PATHWAY_EDIT = enum.auto()

    PROGRAM_VIEW = enum.auto()  # a programme's home and the state of its thread
    PROGRAM_VIEW_MONEY = enum.auto()  # budget, revenue, what is missing and who does it
    PROGRAM_EDIT = enum.auto()
    PROGRAM_ADVANCE = enum.auto()
    PROGRAM_SIGN = enum.auto()  # sign for one's side: needs, plan

    STANDARD_VIEW = enum.auto()
    STANDARD_EDIT = enum.auto()
    EXPERT_VIEW = enum.auto()  # the expert pool, interviews and Delphi rounds behind a standard

    BANK_VIEW = (
        enum.auto()
    )  # items with their answers: the college's people who teach or run, never an enterprise
    BANK_EDIT = enum.auto()

    TEST_VIEW = enum.auto()  # sittings and their reports, as far as the people in them are visible
    TEST_RUN = enum.auto()  # plan a sitting, name its people, grant attempts, take its levels into the needs
    TEST_MARK = enum.auto()  # short answers, and the checklist of a judge
    TEST_TAKE = enum.auto()  # one's own tests

    NEEDS_VIEW = enum.auto()
    NEEDS_EDIT = enum.auto()

    RESEARCH_VIEW = enum.auto()
    RESEARCH_EDIT = enum.auto()

    CURRICULUM_VIEW = enum.auto()
    CURRICULUM_EDIT = enum.auto()

    MATERIAL_VIEW = enum.auto()
    MATERIAL_EDIT = enum.auto()

    TIMETABLE_VIEW = enum.auto()
    TIMETABLE_EDIT = enum.auto()
    CALENDAR_EDIT = enum.auto()  # closed days and rooms of one's own organisation

    LESSON_VIEW = enum.auto()
    LESSON_EDIT = enum.auto()  # teachers and mentors: those of the modules that they lead
    LESSON_LEARN = enum.auto()  # tick one's tasks before and after class, check oneself

    ENROLMENT_VIEW = enum.auto()  # the roster, as far as its rows are visible
    ENROLMENT_EDIT = enum.auto()
    ENROLMENT_NUMBER = enum.auto()  # a trainee's numbers on one's own side: student number, employee number
    ENROLMENT_JUDGE = enum.auto()  # one side's verdict on an applicant
    ENROLMENT_UNMASK = enum.auto()
    ENROLMENT_APPLY = enum.auto()

    RECRUITMENT_VIEW = enum.auto()  # the joint recruitment plan, applications and interviews
    RECRUITMENT_EDIT = enum.auto()

    CLASS_EDIT = enum.auto()  # split, merge, name classes; move people; who leaves, pauses, returns
    CLASS_SPACE = enum.auto()  # read one's classes' announcements and discussion, and write in the discussion
    CLASS_ANNOUNCE = enum.auto()  # announce something to a class one teaches, guides or runs

    FACULTY_VIEW = enum.auto()  # profiles of teachers and masters, teams, the ledger of enterprise practice
    FACULTY_EDIT = enum.auto()  # of one's own organisation
    FACULTY_OWN = enum.auto()  # one profile's pages: the own one, and those of FACULTY_VIEW

    MENTOR_VIEW = enum.auto()
    MENTOR_EDIT = enum.auto()
    MENTOR_ASSIGN = enum.auto()

    PLACEMENT_VIEW = enum.auto()  # placements and their compliance, as far as the trainees are visible
    PLACEMENT_OVERSEE = enum.auto()  # the compliance panel, the posts, the weekly report
    PLACEMENT_EDIT = enum.auto()  # posts, placements, changes, starts
    PLACEMENT_SIGN = enum.auto()  # the agreement: for the school, for the enterprise, for oneself
    PLACEMENT_OVERRIDE = enum.auto()  # lift a blocking rule for one placement, with a reason
    PLACEMENT_RULES = enum.auto()  # the college's own limits of the compliance panel

    ATTENDANCE_VIEW = enum.auto()  # who was there, as far as the trainees are visible
    ATTENDANCE_TAKE = enum.auto()  # show the code, note by hand, send a sheet
    ATTENDANCE_EXCUSE = enum.auto()  # excuse an absence of a trainee one guides or runs
    ATTENDANCE_SIGN_IN = enum.auto()  # one's own: scan the code, ask to be excused

    PRACTICE_VIEW = enum.auto()
    LOG_WRITE = enum.auto()
    LOG_SIGN = enum.auto()
    GATE_DECIDE = enum.auto()

    GUIDANCE_VIEW = enum.auto()  # individual plans, tutoring and points, as far as the trainees are visible
    GUIDANCE_GIVE = (
        enum.auto()
    )  # lead plans, set tutoring tasks, give points to the trainees one guides or runs
    GUIDANCE_RUN = enum.auto()  # name counsellors, set the rules of risk and of points
    GUIDANCE_OWN = enum.auto()  # one's own plan, tasks and points

    LINK_ISSUE = enum.auto()  # give a mentor of one's own side a personal link, take it back

    SCHEME_EDIT = enum.auto()
    EVALUATION_VIEW = enum.auto()  # windows, who has answered
    RATE = enum.auto()

    RESULT_VIEW = enum.auto()  # results, as far as the rows are visible
    RESULT_VIEW_ALL = enum.auto()  # the pass list, class comparison, what was closed
    RESULT_DECIDE = enum.auto()

    MODERATION_VIEW = enum.auto()  # divergences that one is a party to, or runs
    MODERATION_DECIDE = enum.auto()  # decide a divergence or an appeal
    APPEAL_MAKE = enum.auto()  # against one's own result

    INSIGHT_VIEW = enum.auto()  # agreement, leniency, mentors and enterprises side by side

    CERTIFICATE_VIEW = enum.auto()  # as far as the people are visible; trainees: one's own
    CERTIFICATE_ISSUE = enum.auto()  # issue, revoke
    CERTIFICATE_RECORD = enum.auto()  # certificates of others: enter, verify

    CONTEST_VIEW = enum.auto()
    CONTEST_RUN = enum.auto()
    CONTEST_JUDGE = enum.auto()
    CONTEST_ENTER = enum.auto()  # one's own entry
    CONTEST_SHORTLIST = enum.auto()  # the enterprise's own list of future employees

    BENEFIT_VIEW = enum.auto()  # research and products, income, claims
    BENEFIT_EDIT = enum.auto()

    EMPLOYMENT_VIEW = enum.auto()  # follow-up of graduates, as far as they are visible
    EMPLOYMENT_EDIT = enum.auto()
    EMPLOYMENT_CONFIRM = enum.auto()  # who works for one's own enterprise, and how satisfied it is
    EMPLOYMENT_OWN = enum.auto()  # one's own answers

    QUALITY_VIEW = enum.auto()  # indicators and dashboards, over what the viewer may see
    QUALITY_EDIT = enum.auto()  # definitions, targets, years; maturity evaluations
    MATURITY_ASSESS = enum.auto()  # score the indices that one was asked to assess

    IMPROVEMENT_VIEW = enum.auto()
    IMPROVEMENT_EDIT = enum.auto()
    IMPROVEMENT_DO = enum.auto()  # report on items that one answers for

    REPORT_VIEW = enum.auto()
    REPORT_MAKE = enum.auto()

    NOTICE_MANAGE = enum.auto()  # the group robots of one's organisation


P = Permission
_EVERYONE = {P.ACCOUNT_USE}
_READER = _EVERYONE | {
    P.PROGRAM_VIEW,
    P.PATHWAY_VIEW,
    P.CURRICULUM_VIEW,
    P.STANDARD_VIEW,
    P.MATERIAL_VIEW,
    P.TIMETABLE_VIEW,
    P.LESSON_VIEW,
}
_GUIDES = {P.CLASS_SPACE, P.CLASS_ANNOUNCE, P.ATTENDANCE_VIEW, P.GUIDANCE_VIEW}
_COLLEGE = _READER | {
    P.EXPERT_VIEW,
    P.PEOPLE_VIEW,
    P.PROGRAM_VIEW_MONEY,
    P.NEEDS_VIEW,
    P.TEST_VIEW,
    P.ENROLMENT_VIEW,
    P.RECRUITMENT_VIEW,
    P.FACULTY_VIEW,
    P.FACULTY_OWN,
    P.MENTOR_VIEW,
    P.PLACEMENT_VIEW,
    P.PLACEMENT_OVERSEE,
    P.ATTENDANCE_VIEW,
    P.PRACTICE_VIEW,
    P.GUIDANCE_VIEW,
    P.EVALUATION_VIEW,
    P.RESULT_VIEW,
    P.RESULT_VIEW_ALL,
    P.MODERATION_VIEW,
    P.INSIGHT_VIEW,
    P.CERTIFICATE_VIEW,
    P.CONTEST_VIEW,
    P.BENEFIT_VIEW,
    P.EMPLOYMENT_VIEW,
    P.QUALITY_VIEW,
    P.IMPROVEMENT_VIEW,
    P.IMPROVEMENT_DO,
    P.REPORT_VIEW,
}
_RUN = {
    P.ORGANISATION_REGISTER,
    P.PATHWAY_EDIT,
    P.PROGRAM_EDIT,
    P.PROGRAM_ADVANCE,
    P.PROGRAM_SIGN,
    P.STANDARD_EDIT,
    P.BANK_VIEW,
    P.BANK_EDIT,
    P.TEST_RUN,
    P.TEST_MARK,
    P.NEEDS_EDIT,
    P.RESEARCH_VIEW,
    P.RESEARCH_EDIT,
    P.CURRICULUM_EDIT,
    P.MATERIAL_EDIT,
    P.TIMETABLE_EDIT,
    P.CALENDAR_EDIT,
    P.LESSON_EDIT,
    P.ENROLMENT_EDIT,
    P.ENROLMENT_NUMBER,
    P.ENROLMENT_JUDGE,
    P.ENROLMENT_UNMASK,
    P.RECRUITMENT_EDIT,
    P.CLASS_EDIT,
    P.CLASS_SPACE,
    P.CLASS_ANNOUNCE,
    P.FACULTY_EDIT,
    P.ATTENDANCE_TAKE,
    P.ATTENDANCE_EXCUSE,
    P.GUIDANCE_GIVE,
    P.GUIDANCE_RUN,
    P.LINK_ISSUE,
    P.MENTOR_EDIT,
    P.MENTOR_ASSIGN,
    P.PLACEMENT_EDIT,
    P.PLACEMENT_SIGN,
    P.PLACEMENT_OVERRIDE,
    P.PLACEMENT_RULES,
    P.GATE_DECIDE,
    P.SCHEME_EDIT,
    P.RESULT_DECIDE,
    P.MODERATION_DECIDE,
    P.CERTIFICATE_ISSUE,
    P.CERTIFICATE_RECORD,
    P.CONTEST_RUN,
    P.CONTEST_JUDGE,
    P.BENEFIT_EDIT,
    P.EMPLOYMENT_EDIT,
    P.QUALITY_EDIT,
    P.IMPROVEMENT_EDIT,
    P.REPORT_MAKE,
    P.NOTICE_MANAGE,
    P.AUDIT_VIEW,
}

GRANTS: dict[Role, frozenset[Permission]] = {
    Role.ADMINISTRATOR: frozenset(
        _COLLEGE
        | {
            P.BANK_VIEW,
            P.RESEARCH_VIEW,
            P.ORGANISATION_MANAGE,
            P.ORGANISATION_REGISTER,
            P.PEOPLE_MANAGE,
            P.AUDIT_VIEW,
            P.INTEGRATION_MANAGE,
            P.INSTALLATION_RUN,
            P.PATHWAY_EDIT,
            P.PLACEMENT_RULES,
            P.FACULTY_EDIT,
            P.QUALITY_EDIT,
            P.REPORT_MAKE,
            P.NOTICE_MANAGE,
        }
    ),
    Role.STAFF: frozenset(_COLLEGE | _RUN),
    Role.DEPARTMENT_STAFF: frozenset(
        _COLLEGE
        | {
            P.STANDARD_EDIT,
            P.BANK_VIEW,
            P.BANK_EDIT,
            P.TEST_RUN,
            P.TEST_MARK,
            P.NEEDS_EDIT,
            P.RESEARCH_VIEW,
            P.RESEARCH_EDIT,
            P.CURRICULUM_EDIT,
            P.MATERIAL_EDIT,
            P.TIMETABLE_EDIT,
            P.CALENDAR_EDIT,
            P.LESSON_EDIT,
            P.ENROLMENT_EDIT,
            P.ENROLMENT_NUMBER,
            P.RECRUITMENT_EDIT,
            P.CLASS_EDIT,
            P.CLASS_SPACE,
            P.CLASS_ANNOUNCE,
            P.FACULTY_EDIT,
            P.ATTENDANCE_TAKE,
            P.ATTENDANCE_EXCUSE,
            P.GUIDANCE_GIVE,
            P.GUIDANCE_RUN,
            P.LINK_ISSUE,
            P.MENTOR_EDIT,
            P.PLACEMENT_EDIT,
            P.GATE_DECIDE,
            P.CERTIFICATE_RECORD,
            P.CONTEST_RUN,
            P.CONTEST_JUDGE,
            P.BENEFIT_EDIT,
            P.EMPLOYMENT_EDIT,
            P.IMPROVEMENT_EDIT,
            P.REPORT_MAKE,
            P.AUDIT_VIEW,
        }
    ),
    Role.SCHOOL_TEACHER: frozenset(
        _READER
        | {
            *_GUIDES,
            P.FACULTY_OWN,
            P.ATTENDANCE_TAKE,
            P.ATTENDANCE_EXCUSE,
            P.GUIDANCE_GIVE,
            P.EXPERT_VIEW,
            P.BANK_VIEW,
            P.BANK_EDIT,
            P.TEST_VIEW,
            P.TEST_MARK,
            P.NEEDS_VIEW,
            P.CURRICULUM_EDIT,
            P.MATERIAL_EDIT,
            P.LESSON_EDIT,
            P.ENROLMENT_VIEW,
            P.PLACEMENT_VIEW,
            P.PLACEMENT_OVERSEE,
            P.PRACTICE_VIEW,
            P.LOG_SIGN,
            P.GATE_DECIDE,
            P.EVALUATION_VIEW,
            P.RATE,
            P.RESULT_VIEW,
            P.MODERATION_VIEW,
            P.CERTIFICATE_VIEW,
            P.CONTEST_VIEW,
            P.CONTEST_JUDGE,
            P.BENEFIT_VIEW,
            P.IMPROVEMENT_VIEW,
            P.IMPROVEMENT_DO,
        }
    ),
    Role.COLLEGE_COUNSELLOR: frozenset(
        _READER
        | _GUIDES
        | {
            P.FACULTY_OWN,
            P.ENROLMENT_VIEW,
            P.PLACEMENT_VIEW,
            P.PLACEMENT_OVERSEE,
            P.ATTENDANCE_EXCUSE,
            P.PRACTICE_VIEW,
            P.GUIDANCE_GIVE,
            P.RESULT_VIEW,
            P.CERTIFICATE_VIEW,
            P.CONTEST_VIEW,
            P.EMPLOYMENT_VIEW,
            P.EMPLOYMENT_EDIT,
            P.RATE,
            P.IMPROVEMENT_VIEW,
            P.IMPROVEMENT_DO,
        }
    ),
    Role.ENTERPRISE_COORDINATOR: frozenset(
        _COLLEGE
        | {
            P.CLASS_SPACE,
            P.CLASS_ANNOUNCE,
            P.FACULTY_EDIT,
            P.ATTENDANCE_EXCUSE,
            P.GUIDANCE_GIVE,
            P.LINK_ISSUE,
            P.PROGRAM_SIGN,
            P.STANDARD_EDIT,
            P.MATERIAL_EDIT,  # the enterprise's own resources
            P.NEEDS_EDIT,
            P.CALENDAR_EDIT,
            P.ENROLMENT_JUDGE,
            P.ENROLMENT_NUMBER,
            P.MENTOR_EDIT,
            P.PLACEMENT_SIGN,
            P.GATE_DECIDE,
            P.CONTEST_JUDGE,
            P.CONTEST_SHORTLIST,
            P.EMPLOYMENT_EDIT,
            P.EMPLOYMENT_CONFIRM,
            P.NOTICE_MANAGE,
        }
    ),
    Role.ENTERPRISE_MENTOR: frozenset(
        _READER
        | {
            *_GUIDES,
            P.FACULTY_OWN,
            P.ATTENDANCE_TAKE,
            P.ATTENDANCE_EXCUSE,
            P.GUIDANCE_GIVE,
            P.MATERIAL_EDIT,  # writes cases of the workplace
            P.LESSON_EDIT,
            P.TEST_VIEW,
            P.TEST_MARK,
            P.ENROLMENT_VIEW,
            P.PLACEMENT_VIEW,
            P.PRACTICE_VIEW,
            P.LOG_SIGN,
            P.GATE_DECIDE,
            P.EVALUATION_VIEW,
            P.RATE,
            P.RESULT_VIEW,
            P.MODERATION_VIEW,
            P.CERTIFICATE_VIEW,
            P.CONTEST_VIEW,
            P.CONTEST_JUDGE,
            P.EMPLOYMENT_CONFIRM,
            P.IMPROVEMENT_VIEW,
            P.IMPROVEMENT_DO,
        }
    ),
    Role.ENTERPRISE_COUNSELLOR: frozenset(
        _READER
        | _GUIDES
        | {
            P.FACULTY_OWN,
            P.ENROLMENT_VIEW,
            P.PLACEMENT_VIEW,
            P.ATTENDANCE_EXCUSE,
            P.PRACTICE_VIEW,
            P.GUIDANCE_GIVE,
            P.RESULT_VIEW,
            P.CERTIFICATE_VIEW,
            P.CONTEST_VIEW,
            P.EMPLOYMENT_VIEW,
            P.RATE,
        }
    ),
    Role.TRAINEE: frozenset(
        _READER
        | {
            P.CLASS_SPACE,
            P.ATTENDANCE_VIEW,
            P.ATTENDANCE_SIGN_IN,
            P.GUIDANCE_VIEW,
            P.GUIDANCE_OWN,
            P.LESSON_LEARN,
            P.TEST_TAKE,
            P.ENROLMENT_APPLY,
            P.PLACEMENT_VIEW,
            P.PLACEMENT_SIGN,
            P.PRACTICE_VIEW,
            P.LOG_WRITE,
            P.EVALUATION_VIEW,
            P.RATE,
            P.RESULT_VIEW,
            P.MODERATION_VIEW,
            P.APPEAL_MAKE,
            P.CERTIFICATE_VIEW,
            P.CONTEST_VIEW,
            P.CONTEST_ENTER,
            P.EMPLOYMENT_OWN,
        }
    ),
    Role.OUTSIDE_ASSESSOR: frozenset(
        _READER
        | {
            P.EVALUATION_VIEW,
            P.RATE,
            P.RESULT_VIEW,
            P.RESULT_VIEW_ALL,
            P.CONTEST_VIEW,
            P.CONTEST_JUDGE,
            P.QUALITY_VIEW,
            P.MATURITY_ASSESS,
        }
    ),
}


# All that a mentor who came by a personal link may do, whatever else the roles grant.
BY_LINK = frozenset(
    {
        P.ACCOUNT_USE,
        P.PRACTICE_VIEW,
        P.LOG_SIGN,
        P.RATE,
        P.MODERATION_VIEW,
        P.ATTENDANCE_VIEW,
        P.ATTENDANCE_EXCUSE,
        P.EMPLOYMENT_CONFIRM,
    }
)
# All that a graduate who came by a personal link may do.
GRADUATE_BY_LINK = frozenset({P.ACCOUNT_USE, P.EMPLOYMENT_OWN, P.RATE})


def by_link_as(role: Role) -> frozenset[Permission]:
    """Return all that whoever came by a personal link in a role may do."""
    return GRADUATE_BY_LINK if role is Role.TRAINEE else BY_LINK


def permissions_of(roles: Iterable[Role]) -> frozenset[Permission]:
    """Return everything that a person with these roles may do somewhere."""
    granted: set[Permission] = set(_EVERYONE)
    for role in roles:
        granted |= GRANTS[role]
    return frozenset(granted)


def can(permission: Permission | str) -> bool:
    """Tell whether the signed-in person may do this kind of thing somewhere; for templates too."""
    wanted = Permission[permission] if isinstance(permission, str) else permission
    return bool(current_user.is_authenticated and wanted in current_user.permissions)


# --- marks and the guard ------------------------------------------------------------------------

View = Callable[..., Any]


def public(view: View) -> View:
    """Mark a view that anybody may open."""
    view.access = "public"  # type: ignore[attr-defined]
    return view


def requires(permission: Permission) -> Callable[[View], View]:
    """Mark a view with the permission that it takes."""

    def mark(view: View) -> View:
        view.access = permission  # type: ignore[attr-defined]
        return view

    return mark


def mark_of(view: View) -> Permission | str | None:
    """Return a view's mark: "public", a permission, or None when it was forgotten."""
    return getattr(view, "access", None)


def may_open(endpoint: str) -> bool:
    """Tell whether a view's mark lets the signed-in person in, so that no page leads to a refusal."""
    view = current_app.view_functions.get(endpoint)
    mark = mark_of(view) if view else None
    if mark == "public":
        return True
    return isinstance(mark, Permission) and can(mark) and not _is_shut(endpoint)


def _is_shut(endpoint: str) -> bool:
    """Tell whether the reader came by a personal link that does not open this address."""
    confinement = current_user.confinement
    return confinement is not None and endpoint not in by_link.endpoints_of(confinement.role)


# Blueprints whose requests sign in by themselves, by a token and never by the session's cookie.
_doors: dict[str, Callable[[View], None]] = {}


def own_door(blueprint: str, opener: Callable[[View], None]) -> None:
    """Let a blueprint's requests sign in another way: `opener` takes the view and puts a person in, or refuses."""
    _doors[blueprint] = opener


ALWAYS_OPEN = {"static"}
FIRST_PASSWORD = {
    "identity.show_first_password",
    "identity.set_first_password",
    "identity.sign_out",
    "identity.set_language",
}
# What staff may open before they have the second factor that their organisation asks for.
SECOND_FACTOR = FIRST_PASSWORD | {
    "factor.show_factor",
    "factor.begin_factor",
    "factor.set_up_factor",
}


def guard() -> Any:
    """Enforce the mark of the view that is about to answer; a view without one is refused."""
    if request.endpoint is None or request.endpoint in ALWAYS_OPEN:
        return None
    mark = mark_of(current_app.view_functions[request.endpoint])
    if mark is None:
        raise RuntimeError(f"view {request.endpoint} has no access mark")
    if mark == "public":
        return None
    if (opener := _doors.get(request.blueprint or "")) is not None:
        opener(current_app.view_functions[request.endpoint])
        return None if can(mark) else abort(403)
    if not current_user.is_authenticated:
        if request.method == "GET" and not request.headers.get("HX-Request"):
            return redirect(url_for("identity.show_sign_in", next=request.full_path.rstrip("?")))
        abort(403)
    if current_user.confinement is not None:
        if _is_shut(request.endpoint):
            abort(403)
    elif current_user.must_change_password and request.endpoint not in FIRST_PASSWORD:
        return redirect(url_for("identity.show_first_password"))
    elif current_user.must_set_up_factor and request.endpoint not in SECOND_FACTOR:
        return redirect(url_for("factor.show_factor"))
    if not can(mark):
        abort(403)
    return None


def init_app(app: Flask) -> None:
    """Put the guard before every request and the table within reach of templates."""
    app.before_request(guard)
    app.jinja_env.globals.update(can=can, may_open=may_open, Permission=Permission)
