"""Making a programme from another, row by row: set-up, needs, plan and scheme, for another college if need be."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import sqlalchemy as sa

from tests.bench.sink import Sink, rows_of
from trainmgr.curriculum.frozen import lifted
from trainmgr.curriculum.models import Edition, Module, ModuleCompetency, PlanStage
from trainmgr.evaluation.models import Criterion, Scheme, Window
from trainmgr.evaluation.rules import WindowKind
from trainmgr.identity.models import Organization, User
from trainmgr.kernel.audit import AuditEvent
from trainmgr.kernel.db import db
from trainmgr.kernel.tenancy import COLLEGE
from trainmgr.mentoring.models import ProgramMentor
from trainmgr.needs.models import (
    BusinessNeed,
    Competency,
    CompetencyRating,
    Indicator,
    IndicatorFigure,
    IndicatorLink,
    LaneProduct,
    NeedsAnalysis,
    WeightProposal,
)
from trainmgr.programs.models import (
    Due,
    Duty,
    Program,
    ProgramParty,
    ProgramPerson,
    ProgramStep,
    RevenueShare,
    Signature,
)
from trainmgr.programs.rules import PartyRole

# Parents before children; each with the way from a programme to its rows.
TABLES: list[tuple[Any, Callable[[int], Any]]] = [
    (Program, lambda program: Program.id == program),
    (ProgramParty, lambda program: ProgramParty.program_id == program),
    (Duty, lambda program: Duty.program_id == program),
    (RevenueShare, lambda program: RevenueShare.program_id == program),
    (NeedsAnalysis, lambda program: NeedsAnalysis.program_id == program),
    (LaneProduct, lambda program: LaneProduct.program_id == program),
    (Competency, lambda program: Competency.program_id == program),
    (BusinessNeed, lambda program: BusinessNeed.program_id == program),
    (Indicator, lambda program: Indicator.program_id == program),
    (IndicatorFigure, lambda program: IndicatorFigure.indicator_id.in_(_ids(Indicator, program))),
    (IndicatorLink, lambda program: IndicatorLink.indicator_id.in_(_ids(Indicator, program))),
    (Edition, lambda program: Edition.program_id == program),
    (PlanStage, lambda program: PlanStage.edition_id.in_(_ids(Edition, program))),
    (Module, lambda program: Module.edition_id.in_(_ids(Edition, program))),
    (ModuleCompetency, lambda program: ModuleCompetency.module_id.in_(
        sa.select(Module.id).where(Module.edition_id.in_(_ids(Edition, program))))),
    (Scheme, lambda program: Scheme.program_id == program),
    (Criterion, lambda program: Criterion.scheme_id.in_(_ids(Scheme, program))),
    (Window, lambda program: Window.program_id == program),
    (Signature, lambda program: Signature.program_id == program),
]  # fmt: skip
SUBJECTS = {"needs_analysis": NeedsAnalysis.__tablename__, "edition": Edition.__tablename__}


def _ids(model: Any, program: int) -> Any:
    return sa.select(model.id).where(model.program_id == program)


class Template:
    """A programme read once, to be written many times."""

    def __init__(self, program_id: int) -> None:
        self.program_id = program_id
        self.rows = {model: rows_of(model, condition(program_id)) for model, condition in TABLES}
        # The terminal window alone; every trainee is judged once by all three.
        self.rows[Window] = [row for row in self.rows[Window] if row["kind"] is WindowKind.TERMINAL]

    @property
    def planned_minutes(self) -> int:
        """What the plan gives each trainee."""
        return int(self.rows[Program][0]["planned_minutes"])

    @property
    def gates(self) -> list[int]:
        """The numbers of the stages that end in a gate for everybody."""
        return [row["number"] for row in self.rows[PlanStage] if row["gate"] and not row["remedial"]]

    @property
    def last_stage(self) -> int:
        """The number of the last stage for everybody."""
        return max(row["number"] for row in self.rows[PlanStage] if not row["remedial"])

    def organization_as(self, role: PartyRole) -> int:
        """The first organisation that has a part."""
        return next(row["organization_id"] for row in self.rows[ProgramParty] if row["role"] is role)

    def modules_of_last_stage(self, new: Mapping[str, Mapping[int, int]]) -> Iterator[int]:
        """Yield the modules of the last stage, as they were copied."""
        for row in self.rows[Module]:
            if row["stage_number"] == self.last_stage:
                yield new[Module.__tablename__][row["id"]]

    def copy(
        self,
        sink: Sink,
        *,
        organizations: Mapping[int, int],
        staff: int,
        changes: Mapping[Any, Mapping[str, Any]],
    ) -> dict[str, dict[int, int]]:
        """Write the programme anew; returns by table which id became which.

        Organisations go over into others, people all into one; `changes` are values that differ, by table.
        """
        new: dict[str, dict[int, int]] = {Organization.__tablename__: dict(organizations)}
        for model, _condition in TABLES:
            rows, table = self.rows[model], model.__table__
            if not rows:
                continue
            if "id" in table.c:
                keys = sink.ids(model, len(rows))
                new[table.name] = {row["id"]: key for row, key in zip(rows, keys, strict=True)}
            columns = [name for name in rows[0] if name != COLLEGE or model is Program]
            written = [self._row(row, table, new, staff, changes.get(model, {})) for row in rows]
            sink.write(model, columns, [[row[name] for name in columns] for row in written])
        return new

    def _row(
        self,
        row: Mapping[str, Any],
        table: sa.Table,
        new: Mapping[str, Mapping[int, int]],
        staff: int,
        changes: Mapping[str, Any],
    ) -> dict[str, Any]:
        values = dict(row)
        for column in table.c:
            old = values[column.name]
            if old is None:
                continue
            if column.name == "id":
                values["id"] = new[table.name][old]
            for key in column.foreign_keys:
                target = key.column.table.name
                if target == User.__tablename__:
                    values[column.name] = staff
                elif target in new:
                    values[column.name] = new[target].get(old, old)
        if table.name == Signature.__tablename__:
            values["subject_id"] = new[SUBJECTS[values["subject_kind"]]][values["subject_id"]]
        return values | changes


def remove(program_id: int) -> None:
    """Take a template out again once it was read."""
    for model in (ProgramStep, Due, ProgramPerson, ProgramMentor, WeightProposal, AuditEvent):
        db.session.execute(sa.delete(model.__table__).where(model.__table__.c.program_id == program_id))
    of_program = CompetencyRating.competency_id.in_(_ids(Competency, program_id))
    db.session.execute(sa.delete(CompetencyRating.__table__).where(of_program))
    with lifted():
        for model, condition in reversed(TABLES):
            db.session.execute(
                sa.delete(model).where(condition(program_id)),
                execution_options={"synchronize_session": False},
            )
