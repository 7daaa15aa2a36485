"""How long a class hour (学时) lasts in a programme: wherever hours of the plan become minutes on a clock."""

from __future__ import annotations

from trainmgr.curriculum.queries import decisions_of
from trainmgr.curriculum.rulebook import read_rulebook
from trainmgr.programs.models import Program


def unit_minutes(program: Program) -> int:
    """Return the minutes of one class hour: the programme's own decision, else its pathway's, else 45."""
    return read_rulebook(program.pathway_document, decisions_of(program.id)).unit_minutes
