"""A case as it was lived: each step of the thread by its feature's own actions, on its day."""

from __future__ import annotations

import random
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from itertools import islice
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import joinedload

from trainmgr.curriculum import actions as plan_actions
from trainmgr.curriculum.models import Edition, Module, PlanStage
from trainmgr.demo import PASSWORD
from trainmgr.demo.cast import Cast, read
from trainmgr.demo.days import Days
from trainmgr.demo.people import people
from trainmgr.enrolment import actions as enrolments
from trainmgr.enrolment.bulk import bulk_enrol
from trainmgr.enrolment.models import Enrolment, EnrolmentState
from trainmgr.enrolment.register import NewTrainee
from trainmgr.enrolment.writer import id_values, phone_values
from trainmgr.evaluation import schemes, windows
from trainmgr.evaluation.models import Window
from trainmgr.evaluation.queries import window_or_404
from trainmgr.evaluation.rules import WindowKind
from trainmgr.identity.first_passwords import new_mark
from trainmgr.identity.models import Membership, User
from trainmgr.identity.passwords import hash_password
from trainmgr.kernel.access import Role
from trainmgr.kernel.crypto import blind_index
from trainmgr.kernel.db import db
from trainmgr.mentoring import actions as mentoring
from trainmgr.mentoring.models import Mentor, ProgramMentor
from trainmgr.needs import actions as needs
from trainmgr.needs import freezing, indicators, ratings
from trainmgr.needs.models import Competency
from trainmgr.needs.queries import competencies_of
from trainmgr.needs.rules import Dimension, Direction
from trainmgr.outcomes.models import PassDecision
from trainmgr.pathways.library import load_library
from trainmgr.programs import actions as programs
from trainmgr.programs import duties, setup
from trainmgr.programs.creating import Plan, create, propose_code
from trainmgr.programs.models import Program
from trainmgr.programs.rules import PartyRole, ProgramKind, Side, State, Step
from trainmgr.programs.thread import refresh

HUNDREDTH = Decimal("0.01")


class Unexpected(Exception):
    """The demo could not be played as it is written; the reason is for whoever changed it."""


@dataclass
class Case:
    """One programme of the demo while it is played, with what its later steps need of the earlier ones.

    `talent` holds how well each trainee does, by enrolment: 0 is average, 1 is very good.
    """

    days: Days
    cast: Cast
    name: str
    staff: User
    coordinator: User
    texts: dict[str, Any] = field(default_factory=lambda: read("texts"))
    talent: dict[int, float] = field(default_factory=dict)
    judges: dict[int, User] = field(default_factory=dict)
    program: Program = field(init=False)

    def __post_init__(self) -> None:
        self.data = read(f"cases/{self.name}")
        self.random = random.Random(f"the demo's case {self.name}")  # noqa: S311
        self.tasks: dict[int, list[dict[str, Any]]] = {}
        for task in self.data.get("task", ()):
            for stage in task["stages"]:
                self.tasks.setdefault(stage, []).append(task)

    # --- the programme -----------------------------------------------------------------------------

    def create(
        self,
        pathway: str,
        kind: ProgramKind,
        *,
        starts: date,
        ends: date,
        on: date,
        department: str,
        parties: Sequence[tuple[str, PartyRole]],
        size: int | None = None,
    ) -> None:
        """Make the programme and complete its set-up."""
        college = self.cast.home(department.partition("_")[0])
        facts = setup.Facts(
            name=self.data["name"].format(year=starts.year),
            name_en=self.data["name_en"].format(year=starts.year),
            code=propose_code(college.id, on.year),
            kind=kind,
            department_id=self.cast.home(department).id,
            starts_on=starts,
            ends_on=ends,
            planned_size=size or self.data["size"],
            budget_cents=self.data["budget"] * 100,
        )
        others = [(self.cast.home(key).id, role) for key, role in parties]
        now = self.days.at(on)
        self.program = create(
            Plan(facts, load_library()[pathway], college.id, others), by=self.staff, now=now
        )
        self._name_contact(now)
        self._split_revenue(on)

    def _name_contact(self, now: Any) -> None:
        for party in self.program.parties:
            if party.organization_id == self.coordinator.posts[0].organization_id:
                setup.change_contact(self.program, party, self.coordinator.name, by=self.staff, now=now)

    def _split_revenue(self, on: date) -> None:
        shares = [
            duties.Share(
                entry["label"],
                self.cast.home(entry["at"]).id if "at" in entry else None,
                entry["percent"] * 100,
            )
            for entry in self.data["revenue"]
        ]
        seen = setup.seen_of(duties.shares_content(()))
        duties.set_revenue(self.program, shares, seen=seen, by=self.staff, now=self.days.at(on, 10))

    def relate(self, *users: User, on: date) -> None:
        """Bring people of the parties into the programme."""
        for user in users:
            membership = self._membership(user)
            setup.add_person(self.program, membership, by=self.staff, now=self.days.at(on, 10, 30))

    def _membership(self, user: User) -> Any:
        found = user.memberships[0]
        sa.orm.attributes.set_committed_value(found, "user", user)
        return found

    def advance(self, to: State, on: date) -> None:
        """Move the programme forward as its staff did on a day."""
        try:
            programs.advance(
                self.program,
                to=to,
                reason=self.texts["reasons"][to.value],
                by=self.staff,
                now=self.days.at(on, 16),
            )
        except programs.StepRefused as refused:
            raise Unexpected(f"{self.name} → {to}: {[item for _step, item in refused.missing]}") from refused

    # --- needs -------------------------------------------------------------------------------------

    def analyse(self, on: date, *, respondents: int = 0) -> None:
        """Fill in the needs analysis: competencies, what people said of them, indicators."""
        now = self.days.at(on)
        standard = [self._competency(entry) for entry in self.data["competency"]]
        needs.create_competencies(self.program, standard, by=self.staff, now=now)
        needs.update_settings(
            self.program,
            post=self.data["post"],
            trainee_weight=self.data["weight"],
            priority_count=self.data["priorities"],
            by=self.staff,
            now=now,
        )
        if respondents:
            said = list(self._respondents(respondents))
            ratings.rate(self.program, said, by=self.staff, now=self.days.at(on + timedelta(days=10)))
        for entry in self.data.get("indicator", ()):
            facts = self._indicator(entry)
            later = self.days.at(on + timedelta(days=12), 14)
            indicators.create_indicator(self.program, facts, by=self.coordinator, now=later)

    def _competency(self, entry: Mapping[str, Any]) -> needs.CompetencyFacts:
        return needs.CompetencyFacts(
            name=entry["name"],
            name_en=entry["name_en"],
            dimension=Dimension(entry.get("dimension", "professional")),
            importance=Decimal(str(entry["importance"])),
            required_level=Decimal(str(entry["required"])),
            current_level=Decimal(str(entry["current"])),
            required_hours=entry.get("hours", 0),
        )

    def _respondents(self, count: int) -> Iterable[ratings.RatingFacts]:
        """Yield what so many people say; their means lie near the case's figures."""
        known = {competency.name: competency for competency in self.competencies}
        for number in range(1, count + 1):
            for entry in self.data["competency"]:
                yield ratings.RatingFacts(
                    known[entry["name"]].id,
                    f"{self.data.get('respondent', 'R')}{number:02}",
                    self._said(entry["importance"]),
                    self._said(entry["current"]),
                )

    def _said(self, mean: float) -> Decimal:
        whole = int(mean) + (self.random.random() < mean % 1)
        return Decimal(min(5, max(1, whole)))

    def _indicator(self, entry: Mapping[str, Any]) -> indicators.IndicatorFacts:
        known = {competency.name: competency.id for competency in self.competencies}
        benchmark = entry.get("benchmark")
        return indicators.IndicatorFacts(
            name=entry["name"],
            unit=entry["unit"],
            direction=Direction(entry.get("direction", "higher")),
            weight=entry["weight"],
            expected=Decimal(str(entry["expected"])),
            current=Decimal(str(entry["current"])),
            benchmark=None if benchmark is None else Decimal(str(benchmark)),
            benchmark_source=entry.get("source", ""),
            benchmark_year=None if benchmark is None else self.program.created_at.year - 1,
            competency_ids=frozenset(known[name] for name in entry["links"]),
        )

    @property
    def competencies(self) -> list[Competency]:
        """The competencies of the post, the most pressing first."""
        return competencies_of(self.program.id)

    def sign_needs(self, on: date) -> None:
        """Sign the needs analysis for both sides."""
        freezing.sign(self.program, side=Side.COLLEGE, by=self.staff, now=self.days.at(on, 10))
        later = self.days.at(on + timedelta(days=2), 15)
        freezing.sign(self.program, side=Side.ENTERPRISE, by=self.coordinator, now=later)

    # --- the plan ----------------------------------------------------------------------------------

    def design(self, on: date, *, teachers: Sequence[User], experts: Sequence[User]) -> Edition:
        """Begin the plan from the pathway: hours for every need, a lead for every module."""
        now = self.days.at(on)
        edition = plan_actions.create_first_edition(self.program, by=self.staff, now=now)
        self.mark_joint(edition, on)
        self.cover(edition, on)
        self._name_leads(edition, on, teachers=teachers, experts=experts)
        return edition

    def modules(self, edition: Edition) -> dict[str, Module]:
        """Return an edition's modules by name."""
        found = db.session.scalars(
            sa.select(Module).where(Module.edition_id == edition.id).order_by(Module.position)
        )
        return {module.name: module for module in found}

    def mark_joint(self, edition: Edition, on: date) -> None:
        """Note which courses both sides developed."""
        modules = self.modules(edition)
        names = plan_actions.ModuleFacts.__dataclass_fields__
        for name in self.data.get("joint", ()):
            facts = {key: getattr(modules[name], key) for key in names} | {"jointly_developed": True}
            plan_actions.change_module(
                self.program, edition, modules[name], plan_actions.ModuleFacts(**facts), by=self.staff,
                now=self.days.at(on, 11),
            )  # fmt: skip

    def cover(self, edition: Edition, on: date) -> None:
        """Give the hours of modules to the competencies that they serve."""
        modules = self.modules(edition)
        known = {competency.name: competency.id for competency in self.competencies}
        cells = {
            (modules[module].id, known[entry["name"]]): hours
            for entry in self.data["competency"]
            for module, hours in entry["cells"].items()
        }
        plan_actions.set_cells(self.program, edition, cells, by=self.staff, now=self.days.at(on, 14))

    def _name_leads(
        self, edition: Edition, on: date, *, teachers: Sequence[User], experts: Sequence[User]
    ) -> None:
        shares: dict[int, list[int]] = {}
        for place, module in enumerate(self.modules(edition).values()):
            side = experts if module.taught_by_enterprise else teachers
            shares.setdefault(side[place % len(side)].id, []).append(module.id)
        for user_id, module_ids in shares.items():
            plan_actions.name_lead(
                self.program, edition, module_ids, user_id, by=self.staff, now=self.days.at(on, 15)
            )

    def date_stages(self, edition: Edition, on: date) -> None:
        """Date the stages of a plan that was taken over from an earlier intake, one after the other."""
        day = self.program.starts_on
        names = plan_actions.StageFacts.__dataclass_fields__
        for stage in db.session.scalars(
            sa.select(PlanStage).where(PlanStage.edition_id == edition.id).order_by(PlanStage.number)
        ):
            assert day is not None
            after = day + timedelta(weeks=stage.weeks)
            facts = {name: getattr(stage, name) for name in names}
            facts |= {"starts_on": day, "ends_on": after - timedelta(days=1)}
            plan_actions.change_stage(
                self.program, edition, stage, plan_actions.StageFacts(**facts), by=self.staff,
                now=self.days.at(on, 12),
            )  # fmt: skip
            day = after

    def sign_plan(self, edition: Edition, on: date) -> None:
        """Offer an edition and sign it for both sides."""
        plan_actions.offer(self.program, edition, by=self.staff, now=self.days.at(on, 9))
        plan_actions.sign(self.program, edition, Side.COLLEGE, by=self.staff, now=self.days.at(on, 10))
        later = self.days.at(on + timedelta(days=1), 15)
        plan_actions.sign(self.program, edition, Side.ENTERPRISE, by=self.coordinator, now=later)

    def next_edition(self, number: int, on: date, *, by: User) -> Edition:
        """Open the edition that the case's data describe, with its changes of the matrix."""
        entry = self.data["editions"][str(number)]
        edition = plan_actions.open_edition(self.program, entry["reason"], by=by, now=self.days.at(on, 10))
        modules = self.modules(edition)
        known = {competency.name: competency.id for competency in self.competencies}
        cells = {
            (modules[module].id, known[name]): hours
            for module, row in entry["cells"].items()
            for name, hours in row.items()
        }
        plan_actions.set_cells(self.program, edition, cells, by=by, now=self.days.at(on, 11))
        return edition

    # --- the trainees ------------------------------------------------------------------------------

    def invent(
        self,
        count: int,
        *,
        enterprise: str,
        born: tuple[date, date],
        classes: Sequence[str],
        student: str = "",
        employee: str = "",
        known: Mapping[int, str] | None = None,
        women: float = 0.25,
        seed: str = "",
    ) -> list[NewTrainee]:
        """Invent so many trainees; `student` and `employee` are patterns of their numbers, `known` fixed names."""
        strangers = people(f"trainees of {self.name} {seed}", born_from=born[0], born_to=born[1], women=women)
        fields, levels = self.data["fields"], self.data["levels"]
        share = -(-count // len(classes))
        return [
            NewTrainee(
                name=(known or {}).get(place, person.name),
                id_number=person.id_number,
                phone=person.phone,
                student_number=student.format(place + 1),
                employee_number=employee.format(place + 1),
                cohort=classes[place // share],
                enterprise_id=self.cast.home(enterprise).id,
                field=self.random.choice(fields),
                level=self.random.choice(levels),
                post=self.data["post"],
                levels=self._entry_levels(),
            )
            for place, person in enumerate(islice(strangers, count))
        ]

    def _entry_levels(self) -> dict[int, Decimal]:
        return {
            competency.id: Decimal(str(round(self._near(float(competency.current_level)), 1))).quantize(
                HUNDREDTH
            )
            for competency in self._cached_competencies()
        }

    def _near(self, mean: float) -> float:
        return min(5.0, max(1.0, self.random.gauss(mean, 0.45)))

    def _cached_competencies(self) -> list[Competency]:
        if "_standard" not in self.__dict__:
            self._standard = self.competencies
        return self._standard

    def enrol(self, trainees: Iterable[NewTrainee], on: date, *, college: str = "") -> None:
        """Bring trainees in, as from the roster."""
        home = self.cast.home(college).id if college else self.program.lead_college_id
        result = bulk_enrol(
            self.program, trainees, college_id=home, by=self.staff, now=self.days.at(on, 9), today=on
        )
        if result.faults:
            raise Unexpected(f"{self.name}: {sorted(set(result.faults.values()))}")
        for enrolment_id in result.enrolment_ids.values():
            self.talent[enrolment_id] = self.random.gauss(0.25, 0.5)

    def let_sign_in(self, enrolment: Enrolment, username: str) -> None:
        """Give a trainee the demo's password under a name that one can type."""
        user = db.session.get_one(User, enrolment.user_id)
        user.username, user.password_hash, user.must_change_password = (
            username,
            hash_password(PASSWORD),
            False,
        )

    def enrolments(self) -> list[Enrolment]:
        """Return everybody who was ever in the programme, in the order of coming."""
        return list(
            db.session.scalars(
                sa.select(Enrolment).where(Enrolment.program_id == self.program.id).order_by(Enrolment.id)
            )
        )

    def withdraw(self, leaving: Sequence[Enrolment], on: date, reason: str) -> None:
        """Record that trainees left."""
        enrolments.withdraw(
            self.program, leaving, day=on, reason=reason, by=self.staff, now=self.days.at(on, 11)
        )

    def students(self, count: int, *, born: tuple[date, date]) -> list[User]:
        """Make students of the college who are in no programme yet."""
        made: list[User] = []
        for person in islice(people(f"students for {self.name}", born_from=born[0], born_to=born[1]), count):
            number = f"{self.days.today.year}DQ{len(made) + 1:04}"
            user = User(
                username=f"t{self.program.lead_college_id}-{number.lower()}",
                name=person.name,
                password_hash=new_mark(),
                created_at=self.days.at(self.days.ago(80)),
                **id_values(person.id_number, blind_index(person.id_number)),
                **phone_values(person.phone, blind_index(person.phone)),
            )
            db.session.add(user)
            db.session.flush()
            db.session.add(
                Membership(
                    user_id=user.id,
                    organization_id=self.program.lead_college_id,
                    role=Role.TRAINEE,
                    number=number,
                    created_at=user.created_at,
                )
            )
            made.append(user)
        db.session.flush()
        return made

    # --- the mentors -------------------------------------------------------------------------------

    def name_mentors(
        self, users: Iterable[User], side: Side, on: date, *, capacity: int, **values: Any
    ) -> dict[int, int]:
        """Name people as mentors; returns each one's mentor id by user id."""
        found = {}
        for user in users:
            named = mentoring.name_mentor(
                self.program,
                user,
                organization_id=user.posts[0].organization_id,
                side=side,
                values={"capacity": capacity} | values,
                by=self.staff,
                now=self.days.at(on, 9),
            )
            found[user.id] = named.mentor_id
        return found

    def pair(self, side: Side, on: date) -> None:
        """Have pairs proposed for a side and approve them."""
        now = self.days.at(on, 10)
        proposal = mentoring.compute_proposal(self.program, side, by=self.staff, now=now)
        if proposal.summary["placed"] != proposal.summary["people"]:
            raise Unexpected(f"{self.name}: {proposal.summary}")
        mentoring.approve_proposal(
            self.program, proposal, version=proposal.version, by=self.staff, now=self.days.at(on, 11)
        )

    def settle_mentoring(self, on: date) -> None:
        """Bring the step up to date after pairs were made class by class."""
        refresh(self.program.id, Step.MENTORING, now=self.days.at(on, 12))

    def retire_mentor(self, user: User, side: Side, on: date, reason: str) -> None:
        """Record that a mentor has left; the trainees wait for another one."""
        named = db.session.scalars(
            sa.select(ProgramMentor)
            .join(Mentor, Mentor.id == ProgramMentor.mentor_id)
            .where(ProgramMentor.program_id == self.program.id, Mentor.user_id == user.id)
            .options(joinedload(ProgramMentor.mentor))
        ).one()
        mentoring.retire_mentor(
            self.program, named, day=on, reason=reason, by=self.coordinator, now=self.days.at(on, 8, 52)
        )

    # --- the evaluation ----------------------------------------------------------------------------

    def plan_evaluation(self, on: date) -> None:
        """Make the scheme from the pathway and the priorities, and plan its windows."""
        scheme = schemes.make_scheme(self.program, by=self.staff, now=self.days.at(on, 9))
        windows.plan_windows(self.program, scheme, by=self.staff, now=self.days.at(on, 10))

    def window(self, kind: WindowKind, stage: int) -> Window:
        """Return one of the windows, with its criteria."""
        found = db.session.scalars(
            sa.select(Window.id).where(
                Window.program_id == self.program.id, Window.kind == kind, Window.stage_number == stage
            )
        ).one()
        return window_or_404(self.program.id, found)

    def undecided(self) -> list[int]:
        """Return the present trainees on whom nobody has decided."""
        decided = sa.select(PassDecision.enrolment_id).where(
            PassDecision.program_id == self.program.id, PassDecision.is_present
        )
        return list(
            db.session.scalars(
                sa.select(Enrolment.id).where(
                    Enrolment.program_id == self.program.id,
                    Enrolment.state != EnrolmentState.WITHDRAWN,
                    Enrolment.id.not_in(decided),
                )
            )
        )
