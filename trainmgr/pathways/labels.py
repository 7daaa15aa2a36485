"""What the words of the schema are called on a screen: messages for the view to translate."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

from trainmgr.kernel.msgids import N_
from trainmgr.pathways.schema import (
    Ability,
    GateKind,
    Layer,
    Level,
    LogFrequency,
    Metric,
    Op,
    Party,
    PracticeLevel,
    ProgramKind,
    Role,
    Scope,
    Severity,
    Unit,
    Venue,
    WindowKind,
)

_TABLES: tuple[Mapping[StrEnum, str], ...] = (
    {
        ProgramKind.ORDER_CLASS: N_("Order class"),
        ProgramKind.MODERN_APPRENTICESHIP: N_("Modern apprenticeship"),
        ProgramKind.NEW_APPRENTICESHIP: N_("New-type enterprise apprenticeship"),
        ProgramKind.FIELD_ENGINEER: N_("Field engineer"),
        ProgramKind.EMPLOYEE_UPSKILLING: N_("Employee upskilling"),
        ProgramKind.SUBSIDISED: N_("Subsidised training"),
        ProgramKind.PUBLIC_BENEFIT: N_("Public-benefit training"),
        ProgramKind.RURAL_REVITALISATION: N_("Rural revitalisation"),
        ProgramKind.TEACHER_TRAINING: N_("Teacher training"),
        ProgramKind.COMMUNITY: N_("Community training"),
    },
    {Venue.SCHOOL: N_("At school"), Venue.ENTERPRISE: N_("At the enterprise"), Venue.ONLINE: N_("Online")},
    {LogFrequency.DAILY: N_("Daily"), LogFrequency.WEEKLY: N_("Weekly")},
    {Unit.WEEK: N_("weeks"), Unit.MONTH: N_("months")},
    {
        GateKind.ATTENDANCE: N_("Attendance"),
        GateKind.ASSESSMENT: N_("Assessment"),
        GateKind.CERTIFICATE: N_("Certificate"),
        GateKind.DEFENCE: N_("Defence"),
        GateKind.REVIEW: N_("Joint review"),
        GateKind.CONFIRMATION: N_("Confirmation in post"),
    },
    {
        Layer.FOUNDATION: N_("Foundation layer"),
        Layer.CORE: N_("Core layer"),
        Layer.EXTENSION: N_("Extension layer"),
        Layer.INNOVATION: N_("Innovation layer"),
    },
    {
        PracticeLevel.EXPERIENCE: N_("Public experience"),
        PracticeLevel.BASIC: N_("Professional basics"),
        PracticeLevel.DIRECTION: N_("Professional direction"),
        PracticeLevel.EXTENDED: N_("Professional extension"),
        PracticeLevel.COMPREHENSIVE: N_("Comprehensive practice"),
    },
    {
        Role.STAFF: N_("Programme staff"),
        Role.DEPARTMENT_STAFF: N_("Department staff"),
        Role.SCHOOL_TEACHER: N_("School teacher"),
        Role.COLLEGE_COUNSELLOR: N_("College counsellor"),
        Role.ENTERPRISE_COORDINATOR: N_("Enterprise coordinator"),
        Role.ENTERPRISE_MENTOR: N_("Enterprise mentor"),
        Role.ENTERPRISE_COUNSELLOR: N_("Enterprise counsellor"),
        Role.OUTSIDE_ASSESSOR: N_("Outside assessor"),
        Role.TRAINEE: N_("Trainee"),
    },
    {Scope.PROGRAM: N_("per programme"), Scope.CLASS: N_("per class"), Scope.TEAM: N_("per team")},
    {
        Party.TRAINEE: N_("Trainee"),
        Party.ENTERPRISE: N_("Enterprise"),
        Party.TEACHER: N_("Teacher"),
        Party.PEER: N_("Peers"),
        Party.COUNSELLOR: N_("Counsellors"),
        Party.ASSESSOR: N_("Outside assessor"),
    },
    {
        Level.REACTION: N_("Learning experience"),
        Level.BEHAVIOUR: N_("Learning behaviour"),
        Level.LEARNING: N_("Ability gain"),
        Level.RESULTS: N_("Enterprise satisfaction"),
    },
    {
        Ability.PROFESSIONAL: N_("Professional ability"),
        Ability.SOCIAL: N_("Social ability"),
        Ability.METHOD: N_("Method ability"),
        Ability.VALUES: N_("Values and conduct"),
    },
    {
        WindowKind.PROCESS: N_("Process evaluation"),
        WindowKind.TERMINAL: N_("Terminal evaluation"),
        WindowKind.FOLLOW_UP: N_("Follow-up evaluation"),
    },
    {
        Metric.PRACTICE_RATIO: N_("Share of practice hours"),
        Metric.TOTAL_HOURS: N_("Total hours"),
        Metric.ENTERPRISE_TAUGHT_RATIO: N_("Share taught by the enterprise"),
        Metric.ENTERPRISE_WEEKS: N_("Weeks at the enterprise"),
        Metric.MODULE_COUNT: N_("Number of modules"),
        Metric.JOINT_MODULE_COUNT: N_("Jointly developed modules"),
        Metric.LAYER_COUNT: N_("Curriculum layers in use"),
        Metric.PRACTICE_LEVEL_COUNT: N_("Practice levels in use"),
        Metric.TEACHER_COUNT_COLLEGE: N_("Teachers of the college"),
        Metric.TEACHER_COUNT_ENTERPRISE: N_("Teachers of the enterprise"),
        Metric.PRIORITY_COVERAGE: N_("Priorities with hours"),
        Metric.LEAD_RATIO: N_("Modules with a lead teacher"),
        Metric.PROFESSIONAL_PRACTICE_RATIO: N_("Practice share of professional hours"),
        Metric.PRACTISED_PRIORITIES: N_("Priorities covered with practice"),
        Metric.TEACHING_SIDES: N_("Sides that teach"),
        Metric.QUALIFIED_LEADS: N_("Qualified lead teachers"),
        Metric.WEEKLY_HOURS: N_("Hours per week"),
    },
    {Op.AT_LEAST: N_("at least"), Op.AT_MOST: N_("at most"), Op.BETWEEN: N_("between")},
    {Severity.BLOCK: N_("blocks signing"), Severity.WARN: N_("warns only")},
)
LABELS: Mapping[tuple[type[StrEnum], str], str] = {
    (type(word), word.value): msgid for table in _TABLES for word, msgid in table.items()
}


def label(word: StrEnum) -> str:
    """The message that names a word of the schema; the view translates it."""
    return LABELS[type(word), word.value]
