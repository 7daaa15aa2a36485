"""The frame around every page of a programme: its name, parties and thread."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from flask import render_template, url_for

from trainmgr.kernel.access import may_open
from trainmgr.kernel.i18n import say
from trainmgr.kernel.shell import STEPS
from trainmgr.programs.models import Program, ProgramStep
from trainmgr.programs.rules import Step, StepState

ENDPOINTS: dict[Step, str] = {
    Step.PATHWAY: "programs.show_pathway",
    Step.PROGRAM: "programs.show_setup",
    Step.NEEDS: "needs.show_needs",
    Step.CURRICULUM: "curriculum.show_plan",
    Step.ENROLMENT: "enrolment.show_roster",
    Step.MENTORING: "mentoring.show_mentors",
    Step.PRACTICE: "practice.show_practice",
    Step.EVALUATION: "evaluation.show_evaluation",
    Step.RESULT: "outcomes.show_result",
}

TONE_ICONS = {
    "": "dash",
    "ok": "check2",
    "lock": "lock",
    "info": "arrow-right-short",
    "warn": "exclamation-triangle-fill",
    "bad": "exclamation-circle-fill",
}


@dataclass(frozen=True)
class ThreadStep:
    """One of the nine steps as the thread shows it."""

    step: Step
    name: Any
    short_name: Any
    slug: str
    state: StepState
    url: str
    is_here: bool
    row: ProgramStep | None

    @property
    def number(self) -> int:
        """The step's number on the thread, 1 to 9."""
        return int(self.step)

    @property
    def count_text(self) -> str:
        """What there is of it, in words."""
        return say(self.row.count, self.row.params) if self.row else ""

    @property
    def state_text(self) -> str:
        """What is to be said of its state."""
        return say(self.row.note, self.row.params) if self.row else ""

    @property
    def state_tone(self) -> str:
        """How that is said: "ok", "warn" and so on."""
        return self.row.note_tone if self.row else ""

    @property
    def state_icon(self) -> str:
        """The sign before it."""
        return TONE_ICONS[self.state_tone]


def thread_of(program: Program, here: Step | None = None) -> list[ThreadStep]:
    """Return the nine steps of a programme in words, from the stored assessments."""
    stored = {row.step: row for row in program.steps}
    return [_thread_step(step, stored.get(int(step)), program, here) for step in Step]


def _thread_step(step: Step, row: ProgramStep | None, program: Program, here: Step | None) -> ThreadStep:
    names = STEPS[int(step) - 1]
    return ThreadStep(
        step=step,
        name=names.name,
        short_name=names.short_name,
        slug=names.slug,
        state=row.state if row else StepState.NEXT,
        url=_address(step, program),
        is_here=step is here,
        row=row,
    )


def _address(step: Step, program: Program) -> str:
    """Return where a step is, or nothing for a reader to whom its page is closed: the step stays, the link does not."""
    return url_for(ENDPOINTS[step], program_id=program.id) if may_open(ENDPOINTS[step]) else ""


def render_program_page(
    template: str, program: Program, here: Step | None, *, status: int = 200, **context: Any
) -> tuple[str, int]:
    """Render a page of a programme inside its frame (the template extends _program.html)."""
    html = render_template(template, program=program, thread=thread_of(program, here), **context)
    return html, status
