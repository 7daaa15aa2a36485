"""The job standards of the demo, built and signed by both sides; one rests on interviews and a two-round Delphi."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

import sqlalchemy as sa

from trainmgr.demo.cast import Cast, read
from trainmgr.demo.days import Days
from trainmgr.identity.models import User
from trainmgr.kernel.db import db
from trainmgr.needs.models import Competency
from trainmgr.programs.models import Program, ProgramParty
from trainmgr.programs.rules import Side
from trainmgr.standards import actions, delphi, experts, interviews, queries, tasks, versions
from trainmgr.standards.certificates import CertificateFacts, create_certificate
from trainmgr.standards.evidence import Expert
from trainmgr.standards.experts import ExpertFacts
from trainmgr.standards.interviews import InterviewFacts
from trainmgr.standards.models import (
    CertificateStandard,
    JobStandard,
    ProgramStandard,
    StandardVersion,
    VersionCompetency,
)
from trainmgr.standards.rules import Dimension, TaskKind, TaskVoice
from trainmgr.standards.scoring import Subject
from trainmgr.standards.tasks import TaskFacts

SIGNERS = {"cqwy": ("tan", "qingling_coordinator"), "hngy": ("li", "luo")}
LIMITS = {"least_mean": Decimal("3.5"), "most_variation": Decimal("0.25"), "least_full": Decimal("0.2")}
DAYS_AGO = 700  # before the first programme that draws on them


@dataclass
class Builder:
    """Builds one standard on its days; ids are kept by name, as the data file speaks of things."""

    days: Days
    data: Mapping[str, Any]
    standard: JobStandard
    staff: User
    coordinator: User
    first: date

    def at(self, after: int) -> datetime:
        """Return the moment so many days after the beginning."""
        return self.days.at(self.first + timedelta(days=after))

    def add_tasks(
        self, kind: TaskKind, rows: Iterable[Mapping[str, Any]], sources: Mapping[str, int]
    ) -> dict[str, int]:
        """Add tasks of one kind, each traced to those that it names; returns their ids by name."""
        return {
            row["name"]: tasks.create_task(
                self.standard,
                kind,
                TaskFacts(row["name"], row.get("name_en", "")),
                sources=[sources[name] for name in row.get("from", ())],
                by=self.staff,
                now=self.at(10),
            ).id
            for row in rows
        }

    def interview(self, panel: list[Expert]) -> dict[str, int]:
        """Record what each expert said and take the typical tasks by the thresholds; returns their ids by name."""
        told = self.add_tasks(TaskKind.REPRESENTATIVE, self.data["told"], {})
        for place, expert in enumerate(panel):
            said = {
                told[row["name"]]: TaskVoice(*(int(figure) for figure in row["said"][place]))
                for row in self.data["told"]
            }
            held = InterviewFacts(expert.id, self.first + timedelta(days=2 + place), voices=said)
            interviews.create_interview(self.standard, held, by=self.staff, now=self.at(2 + place))
        made = tasks.choose_typical(self.standard, by=self.staff, now=self.at(10))
        return {task.name: task.id for task in made}

    def ask(self, panel: list[Expert]) -> None:
        """Hold both rounds of the Delphi study about the competencies."""
        delphi.set_panel(self.standard, [one.id for one in panel], by=self.staff, now=self.at(20))
        for number, rows in enumerate(self.data["rounds"], start=1):
            now = self.at(20 + 10 * number)
            held = delphi.open_round(self.standard, Subject.COMPETENCIES, LIMITS, by=self.staff, now=now)
            said = {
                expert.id: {item.id: int(row[place]) for item, row in zip(held.items, rows, strict=True)}
                for place, expert in enumerate(panel)
            }
            delphi.rate(self.standard, number, said, by=self.staff, now=now)
            delphi.close_round(self.standard, number, by=self.staff, now=self.at(26 + 10 * number))

    def add_competencies(
        self, typical: Mapping[str, int], units: Mapping[str, int], scale: tuple[str, ...]
    ) -> None:
        """Add the competencies with their words, tasks and certificate units."""
        for row in _competencies(self.data):
            actions.create_competency(
                self.standard,
                actions.CompetencyFacts(
                    name=row["name"],
                    name_en=row["name_en"],
                    dimension=Dimension(row.get("dimension", "professional")),
                    importance=Decimal(str(row["importance"])),
                    required_level=Decimal(str(row["required"])),
                    levels=tuple(row.get("levels", scale)),
                ),
                tasks=[typical[name] for name in row["tasks"]],
                units=[units[code] for code in row.get("units", ())],
                by=self.staff,
                now=self.at(15),
            )

    def sign(self) -> None:
        """Sign for both sides."""
        versions.sign(self.standard, side=Side.COLLEGE, by=self.staff, now=self.at(50))
        versions.sign(self.standard, side=Side.ENTERPRISE, by=self.coordinator, now=self.at(52))


def _competencies(data: Mapping[str, Any]) -> Iterable[Mapping[str, Any]]:
    """Return a standard's competencies; those of a case are found under the tasks that take them."""
    if "case" not in data:
        return data["competency"]
    takers = {name: row["name"] for row in data["typical"] for name in row["takes"]}
    return [
        row | {"tasks": [takers[row["name"]]], "units": data["units"].get(row["name"], ())}
        for row in read(f"cases/{data['case']}")["competency"]
    ]


def build(days: Days, cast: Cast) -> None:
    """Build every standard of the data file."""
    data, first = read("standards"), days.ago(DAYS_AGO)
    certificates = _enter_certificates(data, cast, days.at(first))
    pool = _enter_experts(data, cast, days.at(first))
    for row in data["standard"]:
        staff, coordinator = (cast[key] for key in SIGNERS[row["college"]])
        facts = actions.PostFacts(
            row["code"], row["post"], row["post_en"], row["occupation"], cast.home(row["enterprise"]).id
        )
        college = cast.home(row["college"]).id
        standard = actions.create_standard(college, facts, by=staff, now=days.at(first))
        builder = Builder(days, row, standard, staff, coordinator, first)
        typical = (
            builder.interview(pool)
            if "told" in row
            else builder.add_tasks(TaskKind.TYPICAL, row["typical"], {})
        )
        learning = builder.add_tasks(TaskKind.LEARNING, row.get("learning", ()), typical)
        builder.add_tasks(TaskKind.SCHOOL, row.get("school", ()), learning)
        units = {unit.code: unit.id for unit in certificates[row["enterprise"]].units}
        builder.add_competencies(typical, units, tuple(data["scale"]))
        if "rounds" in row:
            builder.ask(pool)
        builder.sign()


def _enter_certificates(data: Mapping[str, Any], cast: Cast, now: datetime) -> dict[str, CertificateStandard]:
    keepers = {row["enterprise"]: row["college"] for row in data["standard"]}
    return {
        key: create_certificate(
            cast.home(keepers[key]).id,
            CertificateFacts(
                row["name"],
                row["issuer"],
                row["name_en"],
                row["level"],
                row["one_plus_x"],
                tuple((code, name) for code, name in row["units"]),
            ),
            by=cast[SIGNERS[keepers[key]][0]],
            now=now,
        )
        for key, row in data["certificate"].items()
    }


def _enter_experts(data: Mapping[str, Any], cast: Cast, now: datetime) -> list[Expert]:
    college = cast.home("cqwy").id
    return [
        experts.create_expert(college, ExpertFacts(**row), by=cast["tan"], now=now) for row in data["expert"]
    ]


def link_programs() -> None:
    """Let each programme of the demo draw on the standards of its parties whose competencies it names."""
    for program in db.session.scalars(sa.select(Program).order_by(Program.id)).all():
        link_program(program)


def link_program(program: Program) -> None:
    """Let one programme draw on the standards of its parties, those that it does not draw on yet."""
    for version in _fitting(program):
        _draw_on(program, version)


def _fitting(program: Program) -> Iterable[StandardVersion]:
    parties = set(
        db.session.scalars(
            sa.select(ProgramParty.organization_id).where(ProgramParty.program_id == program.id)
        )
    )
    used = {one.standard_id for one in queries.standing_for(program).used}
    return [
        version
        for version in queries.standing_for(program).possible
        if version.standard.enterprise_id in parties and version.standard_id not in used
    ]


def _draw_on(program: Program, version: StandardVersion) -> None:
    known = {
        one.name: one.competency_id
        for one in db.session.scalars(
            sa.select(VersionCompetency).where(VersionCompetency.version_id == version.id)
        )
    }
    named = sa.select(Competency).where(Competency.program_id == program.id, Competency.name.in_(known))
    found = db.session.scalars(named).all()
    if not found:
        return
    for competency in found:
        competency.standard_competency_id = known[competency.name]
        competency.post = version.standard.post
    db.session.add(
        ProgramStandard(
            program_id=program.id,
            standard_id=version.standard_id,
            version_id=version.id,
            chosen_by_id=version.created_by_id,
            chosen_at=program.created_at,
        )
    )
    db.session.flush()
