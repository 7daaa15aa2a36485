"""What a pathway (培养模式) is made of, as immutable values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from trainmgr.kernel.hours import UNIT

SCHEMA = 1
WEEKS_PER_MONTH = 52 / 12
UNIT_MINUTES = UNIT


class ProgramKind(StrEnum):
    """What sort of training project a programme is."""

    ORDER_CLASS = "order_class"
    MODERN_APPRENTICESHIP = "modern_apprenticeship"
    NEW_APPRENTICESHIP = "new_apprenticeship"
    FIELD_ENGINEER = "field_engineer"
    EMPLOYEE_UPSKILLING = "employee_upskilling"
    SUBSIDISED = "subsidised"
    PUBLIC_BENEFIT = "public_benefit"
    RURAL_REVITALISATION = "rural_revitalisation"
    TEACHER_TRAINING = "teacher_training"
    COMMUNITY = "community"


class Venue(StrEnum):
    """Where a stage takes place."""

    SCHOOL = "school"
    ENTERPRISE = "enterprise"
    ONLINE = "online"


class Unit(StrEnum):
    """In what the length of a stage is counted."""

    WEEK = "week"
    MONTH = "month"


class LogFrequency(StrEnum):
    """How often a trainee writes a practice log."""

    DAILY = "daily"
    WEEKLY = "weekly"


class GateKind(StrEnum):
    """How a trainee shows that a stage is passed."""

    ATTENDANCE = "attendance"
    ASSESSMENT = "assessment"
    CERTIFICATE = "certificate"
    DEFENCE = "defence"
    REVIEW = "review"
    CONFIRMATION = "confirmation"


class Layer(StrEnum):
    """The layer of a module in the four-layer curriculum (W5)."""

    FOUNDATION = "foundation"
    CORE = "core"
    EXTENSION = "extension"
    INNOVATION = "innovation"


class PracticeLevel(StrEnum):
    """The level of a practice module, from first contact to whole tasks (H4)."""

    EXPERIENCE = "experience"
    BASIC = "basic"
    DIRECTION = "direction"
    EXTENDED = "extended"
    COMPREHENSIVE = "comprehensive"


class Role(StrEnum):
    """Who takes part in a programme."""

    STAFF = "staff"
    DEPARTMENT_STAFF = "department_staff"
    SCHOOL_TEACHER = "school_teacher"
    COLLEGE_COUNSELLOR = "college_counsellor"
    ENTERPRISE_COORDINATOR = "enterprise_coordinator"
    ENTERPRISE_MENTOR = "enterprise_mentor"
    ENTERPRISE_COUNSELLOR = "enterprise_counsellor"
    OUTSIDE_ASSESSOR = "outside_assessor"
    TRAINEE = "trainee"


class Scope(StrEnum):
    """For what a number of people is meant: the whole programme, each class or each teaching team."""

    PROGRAM = "program"
    CLASS = "class"
    TEAM = "team"


class Party(StrEnum):
    """The parties that judge a trainee, in their fixed order: the three, and whoever a scheme adds to them."""

    TRAINEE = "trainee"
    ENTERPRISE = "enterprise"
    TEACHER = "teacher"
    PEER = "peer"
    COUNSELLOR = "counsellor"
    ASSESSOR = "assessor"


THREE = (Party.TRAINEE, Party.ENTERPRISE, Party.TEACHER)


class Level(StrEnum):
    """The four levels of a result: 学习体验, 学习行为, 能力提升, 企业满意度 (after Kirkpatrick, 1959)."""

    REACTION = "reaction"
    BEHAVIOUR = "behaviour"
    LEARNING = "learning"
    RESULTS = "results"


class Ability(StrEnum):
    """The ability dimension that a criterion speaks of (T7)."""

    PROFESSIONAL = "professional"
    SOCIAL = "social"
    METHOD = "method"
    VALUES = "values"


class WindowKind(StrEnum):
    """Whether a window rates on the way, at the end, or some months after it."""

    PROCESS = "process"
    TERMINAL = "terminal"
    FOLLOW_UP = "follow_up"


class Metric(StrEnum):
    """A figure of a plan that a check can be set on; ratios are percentages from 0 to 100."""

    PRACTICE_RATIO = "practice_ratio"
    TOTAL_HOURS = "total_hours"
    ENTERPRISE_TAUGHT_RATIO = "enterprise_taught_ratio"
    ENTERPRISE_WEEKS = "enterprise_weeks"
    MODULE_COUNT = "module_count"
    JOINT_MODULE_COUNT = "joint_module_count"
    LAYER_COUNT = "layer_count"
    PRACTICE_LEVEL_COUNT = "practice_level_count"
    TEACHER_COUNT_COLLEGE = "teacher_count_college"
    TEACHER_COUNT_ENTERPRISE = "teacher_count_enterprise"
    PRIORITY_COVERAGE = "priority_coverage"
    LEAD_RATIO = "lead_ratio"
    PROFESSIONAL_PRACTICE_RATIO = "professional_practice_ratio"
    PRACTISED_PRIORITIES = "practised_priorities"
    TEACHING_SIDES = "teaching_sides"
    QUALIFIED_LEADS = "qualified_leads"
    WEEKLY_HOURS = "weekly_hours"


class MetricUnit(StrEnum):
    """How a metric is written on a screen."""

    PERCENT = "percent"
    HOURS = "hours"
    WEEKS = "weeks"
    COUNT = "count"


METRIC_UNITS: Mapping[Metric, MetricUnit] = {
    Metric.PRACTICE_RATIO: MetricUnit.PERCENT,
    Metric.TOTAL_HOURS: MetricUnit.HOURS,
    Metric.ENTERPRISE_TAUGHT_RATIO: MetricUnit.PERCENT,
    Metric.ENTERPRISE_WEEKS: MetricUnit.WEEKS,
    Metric.MODULE_COUNT: MetricUnit.COUNT,
    Metric.JOINT_MODULE_COUNT: MetricUnit.COUNT,
    Metric.LAYER_COUNT: MetricUnit.COUNT,
    Metric.PRACTICE_LEVEL_COUNT: MetricUnit.COUNT,
    Metric.TEACHER_COUNT_COLLEGE: MetricUnit.COUNT,
    Metric.TEACHER_COUNT_ENTERPRISE: MetricUnit.COUNT,
    Metric.PRIORITY_COVERAGE: MetricUnit.PERCENT,
    Metric.LEAD_RATIO: MetricUnit.PERCENT,
    Metric.PROFESSIONAL_PRACTICE_RATIO: MetricUnit.PERCENT,
    Metric.PRACTISED_PRIORITIES: MetricUnit.PERCENT,
    Metric.TEACHING_SIDES: MetricUnit.COUNT,
    Metric.QUALIFIED_LEADS: MetricUnit.PERCENT,
    Metric.WEEKLY_HOURS: MetricUnit.HOURS,
}


class Op(StrEnum):
    """How a figure is compared with its limit."""

    AT_LEAST = ">="
    AT_MOST = "<="
    BETWEEN = "between"


class Severity(StrEnum):
    """Whether a failed check stops the signing of a plan or only warns."""

    BLOCK = "block"
    WARN = "warn"


@dataclass(frozen=True, slots=True)
class Text:
    """A text in Chinese and, where there is one, in English."""

    zh: str
    en: str = ""

    def to(self, locale: str) -> str:
        """Say it in the language of `locale`, in Chinese when there is no English."""
        return self.en if self.en and locale.startswith("en") else self.zh


@dataclass(frozen=True, slots=True)
class Gate:
    """What must be passed before a trainee leaves a stage; who fails goes into a remedial loop and tries again."""

    kind: GateKind
    text: Text
    pass_mark: float | None = None
    attempts: int = 2


@dataclass(frozen=True, slots=True)
class Stage:
    """One stretch of the training at one place. Hours are teaching hours (学时) of one trainee."""

    name: Text
    venue: Venue
    length: int
    unit: Unit
    hours: float
    practice_hours: float = 0.0
    enterprise_hours: float = 0.0
    layer: Layer | None = None
    practice_level: PracticeLevel | None = None
    remedial: bool = False
    gate: Gate | None = None
    steps: tuple[Text, ...] = ()

    @property
    def weeks(self) -> float:
        """Length in weeks; a month counts 52/12 weeks."""
        return self.length * WEEKS_PER_MONTH if self.unit is Unit.MONTH else float(self.length)


@dataclass(frozen=True, slots=True)
class Cohort:
    """How many trainees the model is meant for and how they are split into classes."""

    size_min: int
    size_max: int
    classes: int = 1
    rotate_mentors: bool = False


@dataclass(frozen=True, slots=True)
class RoleNeed:
    """How many people of a role are needed: a least number, one for so many trainees, or both."""

    role: Role
    title: Text
    duties: Text
    minimum: int | None = None
    per_trainees: int | None = None
    scope: Scope = Scope.PROGRAM

    def needed_for(self, trainees: int) -> int:
        """Number of people for so many trainees (within one scope)."""
        by_ratio = -(-max(trainees, 0) // self.per_trainees) if self.per_trainees else 0
        return max(self.minimum or 0, by_ratio)


@dataclass(frozen=True, slots=True)
class AnchorScale:
    """The words of the steps 1 to 5 that fit a kind of question (often, able, willing)."""

    key: str
    words: tuple[Text, ...]
    meanings: tuple[Text, ...] = ()


@dataclass(frozen=True, slots=True)
class LevelPlan:
    """What a level weighs in the whole, and each party's share in it; shares add to 100."""

    level: Level
    weight: float
    shares: tuple[tuple[Party, float], ...]

    def share(self, party: Party) -> float:
        """Share of a party in this level in percent, 0 when it does not rate it."""
        return dict(self.shares).get(party, 0.0)


@dataclass(frozen=True, slots=True)
class Criterion:
    """One question that some of the parties answer on one trainee."""

    key: str
    name: Text
    level: Level
    rated_by: tuple[Party, ...]
    anchors: str
    hint: Text = field(default_factory=lambda: Text(""))
    ability: Ability | None = None
    weight: float = 1.0


@dataclass(frozen=True, slots=True)
class WindowPlan:
    """A period of rating: after which stages, on which levels, with what weight among the windows.

    A follow-up opens so many `months` after the end, asks some `parties` (none named: all) and weighs nothing.
    """

    key: str
    name: Text
    kind: WindowKind
    stages: tuple[int, ...]
    levels: tuple[Level, ...]
    weight: float
    days: int = 14
    months: int = 0
    parties: tuple[Party, ...] = ()


@dataclass(frozen=True, slots=True)
class EvaluationPlan:
    """Three parties × four levels: what is asked, of whom, when, and how it is weighed. Marks are out of 100."""

    pass_mark: float
    good_mark: float
    divergence: float
    levels: tuple[LevelPlan, ...]
    scales: tuple[AnchorScale, ...]
    criteria: tuple[Criterion, ...]
    windows: tuple[WindowPlan, ...]

    def scale(self, key: str) -> AnchorScale:
        """The anchor scale with this key, which a valid plan always has."""
        return next(scale for scale in self.scales if scale.key == key)

    def party_weights(self) -> dict[Party, float]:
        """What each party weighs in the whole in percent; follows from the levels and adds to 100."""
        weights = {party: sum(lv.weight * lv.share(party) / 100 for lv in self.levels) for party in Party}
        return {party: weight for party, weight in weights.items() if weight or party in THREE}

    def criteria_for(self, party: Party, window: WindowPlan | None = None) -> tuple[Criterion, ...]:
        """The questions a party answers, in a window or at all."""
        return tuple(
            c for c in self.criteria if party in c.rated_by and (window is None or c.level in window.levels)
        )


@dataclass(frozen=True, slots=True)
class Check:
    """A limit on a figure of the plan. `limits` holds one number, or two for `between`.

    One that is `off` is known and not held against the plan.
    """

    metric: Metric
    op: Op
    limits: tuple[float, ...]
    severity: Severity
    name: Text
    off: bool = False

    @property
    def key(self) -> str:
        """What the rule is known by: a pathway sets a metric and a comparison once."""
        return f"{self.metric}-{self.op.name.lower()}"


@dataclass(frozen=True, slots=True)
class Pathway:
    """A whole training model that programmes are made from; `unit_minutes` is how long one class hour (学时) lasts.

    `log_frequency` says how often trainees write logs; a programme may decide otherwise.
    """

    slug: str
    version: int
    name: Text
    summary: Text
    kinds: tuple[ProgramKind, ...]
    stages: tuple[Stage, ...]
    roles: tuple[RoleNeed, ...]
    evaluation: EvaluationPlan
    checks: tuple[Check, ...] = ()
    sources: tuple[str, ...] = ()
    cohort: Cohort | None = None
    unit_minutes: int = UNIT_MINUTES
    log_frequency: LogFrequency = LogFrequency.WEEKLY

    @property
    def hours(self) -> float:
        """Planned hours of a trainee who needs no remedial stage."""
        return sum(stage.hours for stage in self.stages if not stage.remedial)

    @property
    def weeks(self) -> float:
        """Planned length in weeks, without remedial stages."""
        return sum(stage.weeks for stage in self.stages if not stage.remedial)
