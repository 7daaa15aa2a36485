"""The trainees of a programme with all that hangs on them, as rows: numbers, mentors, ratings, results, logs, gates."""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from tests.bench import PASSWORD, PEOPLE
from tests.bench.copying import Template
from tests.bench.sink import Sink
from trainmgr.demo.days import Days
from trainmgr.demo.people import Person, people
from trainmgr.enrolment.models import Cohort, Enrolment, EnrolmentState, EntryLevel
from trainmgr.evaluation import ratings
from trainmgr.evaluation.models import Attainment, Criterion, Rating, RatingScore, Result, Scheme, Window
from trainmgr.evaluation.rules import Level, LevelWeight, Party, RatingState, WindowKind
from trainmgr.evaluation.scoring import Evaluation, Item, Plan, evaluate
from trainmgr.identity.first_passwords import new_mark
from trainmgr.identity.models import Membership, User
from trainmgr.identity.passwords import hash_password
from trainmgr.kernel import crypto
from trainmgr.kernel.access import Role
from trainmgr.kernel.audit import AuditEvent
from trainmgr.mentoring.models import Assignment, ProgramMentor
from trainmgr.needs.models import Competency
from trainmgr.outcomes.models import PassDecision
from trainmgr.outcomes.rules import PassKind
from trainmgr.practice.models import (
    GateDecision,
    LogCompetency,
    LogDecision,
    LogDecisionKind,
    LogState,
    PracticeLog,
)
from trainmgr.practice.rules import GateOutcome
from trainmgr.programs.models import ProgramPerson
from trainmgr.programs.rules import Side

A_CLASS = 50
PATTERNS = 240  # different sets of marks a scheme; which trainee has which is drawn
MINUTES = 480
UNRATED = 25  # in an open window every so-manieth enterprise rating is still missing


@dataclass(frozen=True)
class Pattern:
    """One way in which a trainee was judged: marks by party and criterion, entry levels, and what they come to."""

    marks: Mapping[Party, Mapping[int, int | None]]
    entry: Mapping[int, Decimal]
    whole: Evaluation
    unfinished: Evaluation  # without the enterprise


@dataclass
class Group:
    """The trainees of one programme while their rows are written."""

    program_id: int
    ids: Mapping[str, Mapping[int, int]]  # what of the template became what
    enrolments: range
    users: range
    names: list[str]
    teachers: list[tuple[int, str]]
    mentors: list[tuple[int, str]]
    patterns: list[Pattern]
    ended: date
    is_open: bool
    minutes: dict[int, int] = field(default_factory=dict)

    def teacher(self, place: int) -> tuple[int, str]:
        """Who guides a trainee at the college."""
        return self.teachers[place * len(self.teachers) // len(self.enrolments)]

    def mentor(self, place: int) -> tuple[int, str]:
        """Who guides a trainee at the enterprise."""
        return self.mentors[place * len(self.mentors) // len(self.enrolments)]

    def rater(self, party: Party, place: int) -> tuple[int, str]:
        """Who judges a trainee for a party."""
        if party is Party.TRAINEE:
            return self.users[place], self.names[place]
        return self.teacher(place) if party is Party.TEACHER else self.mentor(place)

    def is_unrated(self, party: Party, place: int) -> bool:
        """Whether a party still owes its rating."""
        return self.is_open and party is Party.ENTERPRISE and place % UNRATED == 3


class Year:
    """Writes one programme's people after the other."""

    def __init__(self, sink: Sink, days: Days, source: random.Random) -> None:
        self.sink, self.days, self.random = sink, days, source
        self.strangers = people("the bench", born_from=date(1975, 1, 1), born_to=date(2008, 12, 31))
        self.patterns: dict[int, list[Pattern]] = {}
        self.phones = iter(range(10**8))
        self.has_known_trainee = False

    def fill(
        self,
        template: Template,
        new: Mapping[str, Mapping[int, int]],
        *,
        program_id: int,
        college_id: int,
        enterprise_id: int,
        size: int,
        logs: int,
        ended: date,
        is_open: bool,
        staff: int,
        teachers: list[tuple[int, str]],
        mentors: list[tuple[int, str]],
        profiles: Mapping[int, int],
        prefix: str,
    ) -> None:
        """Write everybody of a programme with everything that became of them."""
        if template.program_id not in self.patterns:
            self.patterns[template.program_id] = _patterns(template, self.random)
        known = self.patterns[template.program_id]
        crowd = [next(self.strangers) for _ in range(size)]
        group = Group(
            program_id, new, self.sink.ids(Enrolment, size), self.sink.ids(User, size), [one.name for one in crowd],
            teachers, mentors, [known[self.random.randrange(len(known))] for _ in range(size)], ended, is_open,
        )  # fmt: skip
        self._accounts(group, crowd, college_id, prefix)
        minutes = self._practice(group, template, logs, staff)
        self._enrolments(group, crowd, template, college_id, enterprise_id, prefix, minutes)
        self._guides(group, college_id, enterprise_id, staff, profiles)
        for row in template.rows[Window]:
            if row["kind"] is WindowKind.TERMINAL:
                self._ratings(group, new[Window.__tablename__][row["id"]])
        if not is_open:
            self._passes(group, staff)

    # --- people ----------------------------------------------------------------------------------

    def _accounts(self, group: Group, crowd: Sequence[Person], college_id: int, prefix: str) -> None:
        opened = self.days.at(group.ended - timedelta(weeks=32))
        first = not self.has_known_trainee
        self.has_known_trainee = True

        def rows() -> Iterator[tuple[Any, ...]]:
            for place, (key, one) in enumerate(zip(group.users, crowd, strict=True)):
                known = first and place == 0
                number = f"{prefix}{place:05}"
                phone = f"170{next(self.phones):08}"
                yield (
                    key, PEOPLE["trainee"][0] if known else f"t{college_id}-{number}", one.name,
                    hash_password(PASSWORD) if known else new_mark(), not known, one.gender,
                    crypto.encrypt(one.id_number), crypto.blind_index(one.id_number + number),
                    crypto.mask_id_number(one.id_number), one.id_number[-4:],
                    crypto.encrypt(phone), crypto.blind_index(phone), crypto.mask_phone(phone),
                )  # fmt: skip

        self.sink.write(
            User,
            ["id", "username", "name", "password_hash", "must_change_password", "gender", "id_number_encrypted",
             "id_number_digest", "id_number_masked", "id_number_tail", "phone_encrypted", "phone_digest",
             "phone_masked"],
            rows(), active=True, created_at=opened,
        )  # fmt: skip
        self.sink.write(
            Membership,
            ["user_id", "number"],
            ((key, f"{prefix}{place:05}") for place, key in enumerate(group.users)),
            organization_id=college_id, role=Role.TRAINEE, created_at=opened,
        )  # fmt: skip
        self.sink.write(
            ProgramPerson, ["user_id"], ((key,) for key in group.users),
            program_id=group.program_id, organization_id=college_id, role=Role.TRAINEE, since=opened.date(),
        )  # fmt: skip

    def _enrolments(
        self, group: Group, crowd: Sequence[Person], template: Template, college_id: int, enterprise_id: int,
        prefix: str, minutes: Mapping[int, tuple[int, int]],
    ) -> None:  # fmt: skip
        count = -(-len(crowd) // A_CLASS)
        cohorts = self.sink.ids(Cohort, count)
        self.sink.write(
            Cohort, ["id", "name"], ((key, f"{place:02} 班") for place, key in enumerate(cohorts, 1)),
            program_id=group.program_id,
        )  # fmt: skip
        planned = template.planned_minutes
        self.sink.write(
            Enrolment,
            ["id", "user_id", "cohort_id", "name", "student_number", "employee_number", "id_number_masked",
             "id_number_tail", "school_teacher_id", "enterprise_mentor_id", "submitted_minutes", "verified_minutes"],
            (
                (
                    key, group.users[place], cohorts[place // A_CLASS], one.name, f"{prefix}{place:05}",
                    f"E{prefix}{place:05}", crypto.mask_id_number(one.id_number), one.id_number[-4:],
                    group.teacher(place)[0], group.mentor(place)[0], *minutes.get(key, (0, 0)),
                )
                for place, (key, one) in enumerate(zip(group.enrolments, crowd, strict=True))
            ),
            program_id=group.program_id, college_id=college_id, enterprise_id=enterprise_id,
            state=EnrolmentState.TRAINING if group.is_open else EnrolmentState.COMPLETED,
            field="汽车装调工", level="三级", enrolled_on=group.ended - timedelta(weeks=31), planned_minutes=planned,
        )  # fmt: skip
        competencies = group.ids[Competency.__tablename__]
        self.sink.write(
            EntryLevel, ["enrolment_id", "competency_id", "level"],
            (
                (key, competencies[competency], level)
                for key, pattern in zip(group.enrolments, group.patterns, strict=True)
                for competency, level in pattern.entry.items()
            ),
        )  # fmt: skip

    def _guides(
        self, group: Group, college_id: int, enterprise_id: int, staff: int, profiles: Mapping[int, int]
    ) -> None:
        day = group.ended - timedelta(weeks=30)
        sides = (
            (Side.COLLEGE, Role.SCHOOL_TEACHER, college_id, group.teachers, group.teacher),
            (Side.ENTERPRISE, Role.ENTERPRISE_MENTOR, enterprise_id, group.mentors, group.mentor),
        )
        for side, role, home, guides, guide in sides:
            loads: dict[int, int] = {}
            for place in range(len(group.enrolments)):
                loads[guide(place)[0]] = loads.get(guide(place)[0], 0) + 1
            self.sink.write(
                ProgramMentor, ["mentor_id", "load"],
                ((profiles[user_id], loads.get(user_id, 0)) for user_id, _name in guides),
                program_id=group.program_id, side=side,
            )  # fmt: skip
            self.sink.write(
                ProgramPerson, ["user_id"], ((user_id,) for user_id, _name in guides),
                program_id=group.program_id, organization_id=home, role=role, since=day,
            )  # fmt: skip
            self.sink.write(
                Assignment, ["enrolment_id", "mentor_id"],
                ((key, profiles[guide(place)[0]]) for place, key in enumerate(group.enrolments)),
                program_id=group.program_id, side=side, starts_on=day, reason="", locked=False,
                approved_by_id=staff, approved_at=self.days.at(day),
            )  # fmt: skip

    # --- practice --------------------------------------------------------------------------------

    def _practice(
        self, group: Group, template: Template, logs: int, staff: int
    ) -> dict[int, tuple[int, int]]:
        """Write logs and gates; returns each trainee's minutes, submitted and verified."""
        keys = self.sink.ids(PracticeLog, logs)
        modules = list(template.modules_of_last_stage(group.ids))
        competencies = list(group.ids[Competency.__tablename__].values())
        minutes: dict[int, tuple[int, int]] = {}
        plan = []
        for number, key in enumerate(keys):
            place = number % len(group.enrolments)
            waits = group.is_open and number >= logs - len(group.enrolments) and place % 3 == 0
            day = group.ended - timedelta(days=3 * (number // len(group.enrolments)) + place % 3)
            plan.append((key, place, day, LogState.SUBMITTED if waits else LogState.SIGNED))
            before = minutes.get(group.enrolments[place], (0, 0))
            minutes[group.enrolments[place]] = before[0] + MINUTES, before[1] + (0 if waits else MINUTES)
        self.sink.write(
            PracticeLog,
            ["id", "enrolment_id", "module_id", "day", "task", "state", "signer_id", "submitted_at", "created_at"],
            (
                (
                    key, group.enrolments[place], modules[key % len(modules)], day, f"在岗任务 {key % 40}", state,
                    group.mentor(place)[0], (moment := self.days.at(day, 17)), moment,
                )
                for key, place, day, state in plan
            ),
            program_id=group.program_id, stage_number=template.last_stage, minutes=MINUTES,
            learned="量了三次，两次不一致，先查基准再动参数。", side=Side.ENTERPRISE,
        )  # fmt: skip
        self.sink.write(
            LogCompetency, ["log_id", "competency_id"],
            ((key, competencies[key % len(competencies)]) for key, _place, _day, _state in plan),
        )  # fmt: skip
        self.sink.write(
            LogDecision, ["log_id", "by_id", "by_name", "at"],
            (
                (key, *group.mentor(place), self.days.at(day + timedelta(days=2), 17))
                for key, place, day, state in plan
                if state is LogState.SIGNED
            ),
            kind=LogDecisionKind.SIGN, comment="",
        )  # fmt: skip
        self.sink.write(
            GateDecision, ["enrolment_id", "stage_number"],
            ((key, stage) for stage in template.gates for key in group.enrolments),
            program_id=group.program_id, outcome=GateOutcome.PASSED, by_id=staff, by_name="bench",
            at=self.days.at(group.ended), is_latest=True, attempt=1,
        )  # fmt: skip
        return minutes

    # --- ratings ---------------------------------------------------------------------------------

    def _ratings(self, group: Group, window_id: int) -> None:
        given = [
            (place, party)
            for place in range(len(group.enrolments))
            for party in group.patterns[place].marks
            if not group.is_unrated(party, place)
        ]
        keys = self.sink.ids(Rating, len(given))
        moment = self.days.at(group.ended + timedelta(days=5), 15)
        criteria = group.ids[Criterion.__tablename__]
        self.sink.write(
            Rating, ["id", "enrolment_id", "party", "rater_id", "score", "coverage"],
            (
                (
                    key, group.enrolments[place], party, group.rater(party, place)[0],
                    (score := group.patterns[place].whole.scores[party]).value, score.coverage,
                )
                for key, (place, party) in zip(keys, given, strict=True)
            ),
            program_id=group.program_id, window_id=window_id, state=RatingState.SUBMITTED, comment="",
            created_at=moment, submitted_at=moment,
        )  # fmt: skip
        self.sink.write(
            RatingScore, ["rating_id", "criterion_id", "score"],
            (
                (key, criteria[criterion], mark)
                for key, (place, party) in zip(keys, given, strict=True)
                for criterion, mark in group.patterns[place].marks[party].items()
            ),
        )  # fmt: skip
        self.sink.write(
            AuditEvent, ["actor_id", "actor_name", "subject_id", "subject_name", "details"],
            (
                (*group.rater(party, place), key, group.names[place], {"party": party.value})
                for key, (place, party) in zip(keys, given, strict=True)
            ),
            at=moment, action=ratings.SUBMITTED, subject_kind=Rating.__tablename__, program_id=group.program_id,
        )  # fmt: skip
        self._results(group, window_id, moment)

    def _results(self, group: Group, window_id: int, moment: datetime) -> None:
        competencies = group.ids[Competency.__tablename__]
        found = [
            (key, pattern, pattern.unfinished if group.is_unrated(Party.ENTERPRISE, place) else pattern.whole)
            for place, (key, pattern) in enumerate(zip(group.enrolments, group.patterns, strict=True))
        ]
        self.sink.write(
            Result,
            ["enrolment_id", "trainee_score", "enterprise_score", "teacher_score", "composite", "low", "high",
             "is_provisional", "divergence", "is_divergent", "entry_level", "exit_level"],
            ((key, *_result(pattern, evaluation)) for key, pattern, evaluation in found),
            program_id=group.program_id, window_id=window_id, computed_at=moment,
        )  # fmt: skip
        self.sink.write(
            Attainment, ["enrolment_id", "competency_id", "level"],
            (
                (key, competencies[competency], level)
                for key, _pattern, evaluation in found
                for competency, level in evaluation.attainments.items()
            ),
            window_id=window_id,
        )  # fmt: skip

    def _passes(self, group: Group, staff: int) -> None:
        self.sink.write(
            PassDecision, ["enrolment_id", "kind", "composite"],
            (
                (key, PassKind.PASSED if (value := pattern.whole.composite.value or 0) >= 3 else PassKind.FAILED, value)
                for key, pattern in zip(group.enrolments, group.patterns, strict=True)
            ),
            program_id=group.program_id, by_id=staff, by_name="bench", reason="",
            at=self.days.at(group.ended + timedelta(days=22)),
        )  # fmt: skip


def _result(pattern: Pattern, found: Evaluation) -> tuple[Any, ...]:
    values = {party: score.value for party, score in found.scores.items()}
    both = found.attainments.keys() & pattern.entry.keys()
    return (
        values.get(Party.TRAINEE), values.get(Party.ENTERPRISE), values.get(Party.TEACHER), found.composite.value,
        found.composite.low, found.composite.high, found.composite.is_provisional, found.divergence,
        (found.divergence or 0) >= 2,
        sum(float(pattern.entry[key]) for key in both) / len(both) if both else None,
        sum(found.attainments[key] for key in both) / len(both) if both else None,
    )  # fmt: skip


# --- ways to be judged -----------------------------------------------------------------------------


def _patterns(template: Template, source: random.Random) -> list[Pattern]:
    """Draw different sets of marks for a scheme; ids are the template's."""
    scheme = template.rows[Scheme][0]
    levels = tuple(
        LevelWeight(
            Level(row["level"]), row["weight"], {Party(p): share for p, share in row["shares"].items()}
        )
        for row in scheme["levels"]
    )
    items = tuple(
        Item(
            row["id"], row["level"], row["weight"],
            frozenset(party for party in Party if row[f"by_{party.value}"]), row["competency_id"],
        )
        for row in template.rows[Criterion]
    )  # fmt: skip
    plan = Plan(items, levels)
    return [_pattern(plan, template, source) for _ in range(PATTERNS)]


def _pattern(plan: Plan, template: Template, source: random.Random) -> Pattern:
    talent = source.gauss(3.8, 0.5)

    def mark() -> int | None:
        return None if source.random() < 0.03 else min(5, max(1, round(source.gauss(talent, 0.7))))

    marks = {party: {criterion: mark() for criterion in plan.points[party]} for party in plan.party_points}
    entry = {
        row["id"]: Decimal(str(round(min(5, max(1, source.gauss(float(row["current_level"]), 0.4))), 1)))
        for row in template.rows[Competency]
        if row["is_priority"]
    }
    unfinished = {party: given for party, given in marks.items() if party is not Party.ENTERPRISE}
    return Pattern(marks, entry, evaluate(plan, marks), evaluate(plan, unfinished))
