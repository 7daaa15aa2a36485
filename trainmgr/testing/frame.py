"""What the pages of tests have in common: the blueprint and the frame."""

from __future__ import annotations

from typing import Any

from flask import Blueprint

from trainmgr.programs.models import Program
from trainmgr.programs.pages import render_program_page
from trainmgr.programs.rules import Step
from trainmgr.testing import labels
from trainmgr.testing.models import Sitting
from trainmgr.testing.rules import Purpose

bp = Blueprint("testing", __name__)


def step_of(sitting: Sitting | None) -> Step:
    """Return the step of the thread that a sitting belongs to: the need before, the result at the end."""
    return Step.RESULT if sitting is not None and sitting.purpose is Purpose.END else Step.NEEDS


def page_of(
    template: str, program: Program, status: int = 200, *, sitting: Sitting | None = None, **context: Any
) -> tuple[str, int]:
    """Render a page of tests inside the programme's frame."""
    return render_program_page(
        f"testing/{template}.html", program, step_of(sitting), status=status, labels=labels, sitting=sitting,
        **context,
    )  # fmt: skip
