"""A study as its page and its document show it."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import Any

from flask import url_for

from trainmgr.curriculum.models import Edition
from trainmgr.programs.models import Program
from trainmgr.research import queries
from trainmgr.research.models import Evidence, Study
from trainmgr.research.rules import Coverage, DiagnosisStep, lacking_for_decision, steps_done
from trainmgr.standards.models import StandardVersion


class StudyView:
    """What a study rests on, read once: four statements."""

    def __init__(self, study: Study, may_edit: bool) -> None:
        self.study = study
        self.may_edit = may_edit

    @cached_property
    def evidence(self) -> Sequence[Evidence]:
        """The findings."""
        return queries.evidence_of(self.study)

    @cached_property
    def standards(self) -> Sequence[StandardVersion]:
        """The job standards it looks at."""
        return queries.standards_of(self.study)

    @cached_property
    def coverage(self) -> Sequence[Coverage]:
        """Every competency of those standards with the hours of the plan."""
        return queries.coverage_of(self.study)

    @cached_property
    def plan(self) -> tuple[Edition, Program] | None:
        """The plan it looks at, with its programme."""
        return queries.edition_of(self.study)

    @property
    def uncovered(self) -> list[Coverage]:
        """The competencies that the plan gives no hour to."""
        return [one for one in self.coverage if not one.hours]

    @property
    def kinds(self) -> int:
        """How many kinds of evidence there are."""
        return len({one.kind for one in self.evidence})

    @property
    def lacking(self) -> int:
        """How many more kinds a decision takes."""
        return lacking_for_decision(self.kinds)

    @property
    def steps(self) -> list[tuple[DiagnosisStep, bool]]:
        """The four steps and whether their product is there."""
        covered = len(self.coverage) - len(self.uncovered)
        done = steps_done(
            kinds=self.kinds,
            competencies=len(self.coverage),
            covered=covered,
            has_plan=self.plan is not None,
            has_former=self.plan is not None and self.plan[0].based_on_id is not None,
        )
        return list(done.items())

    @property
    def compare_url(self) -> str:
        """Where the plan stands beside the one it was made from; nothing for a first edition."""
        if self.plan is None or self.plan[0].based_on_id is None:
            return ""
        edition, program = self.plan
        values: dict[str, Any] = {"edition": edition.number, "with": edition.number - 1}
        return url_for("curriculum.compare_editions", program_id=program.id, **values)
