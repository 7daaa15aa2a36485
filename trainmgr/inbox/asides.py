"""What the inbox shows beside the things that are due: a mentor's trainees, a trainee's way, programmes that ask."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from trainmgr.classes.space import OwnClass, own_classes
from trainmgr.identity.models import User
from trainmgr.identity.roles import role_kind
from trainmgr.inbox import queries
from trainmgr.inbox.queries import OwnTrainee, OwnTraining
from trainmgr.kernel.access import may_open
from trainmgr.kernel.i18n import say
from trainmgr.kernel.shell import STEPS
from trainmgr.lessons.meetings import Meeting, next_meeting
from trainmgr.programs.models import Program, ProgramStep
from trainmgr.programs.pages import ENDPOINTS
from trainmgr.programs.rules import Step


@dataclass(frozen=True)
class AskingStep:
    """A programme's step that waits for somebody."""

    program: Program
    number: int
    name: object
    note: str
    endpoint: str


@dataclass(frozen=True)
class Aside:
    """What stands beside one reader's inbox; `kind` picks its part of the page and the words of an empty inbox."""

    kind: str
    trainees: Sequence[OwnTrainee] = ()
    steps: Sequence[AskingStep] = ()
    total: int = 0
    training: OwnTraining | None = None
    meeting: Meeting | None = None
    spaces: Sequence[OwnClass] = ()


def aside_of(reader: User, today: date) -> Aside:
    """Return what stands beside the reader's inbox: at most four statements."""
    kind = role_kind(reader.roles)
    if kind == "mentor":
        trainees, total = queries.own_trainees(reader)
        return Aside(kind, trainees=trainees, total=total, spaces=own_classes(reader, limit=5))
    if kind == "trainee":
        meeting = next_meeting(reader, today)
        training = queries.own_training(reader)
        spaces = [training.space] if training and training.space else []
        return Aside(kind, training=training, meeting=meeting, spaces=spaces)
    rows, total = queries.asking_steps(reader)
    return Aside(kind, steps=[_asking(step, program) for step, program in rows], total=total)


def _asking(row: ProgramStep, program: Program) -> AskingStep:
    page = ENDPOINTS[Step(row.step)]
    return AskingStep(
        program=program,
        number=row.step,
        name=STEPS[row.step - 1].short_name,
        note=say(row.note, row.params),
        endpoint=page if may_open(page) else "programs.show_program",
    )
