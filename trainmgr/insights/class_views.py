"""HTTP of classes: all side by side with their surveys, two compared, and what each gained against the standard."""

from __future__ import annotations

from typing import Any

from flask import abort, request
from flask_babel import gettext as _
from flask_login import current_user

from trainmgr.evaluation.rules import Phase
from trainmgr.insights import class_queries, exporting, gaining, queries
from trainmgr.insights.comparing import comparisons
from trainmgr.insights.frame import PROGRAM, bp, page_of, program_for, windows_and_choice
from trainmgr.insights.queries import ClassFigures
from trainmgr.kernel.access import Permission, can, requires
from trainmgr.kernel.clock import utcnow
from trainmgr.kernel.numbers import whole

CLASSES = f"{PROGRAM}/classes"


@bp.get(CLASSES)
@requires(Permission.INSIGHT_VIEW)
def list_classes(program_id: int) -> Any:
    """Show all classes side by side, and what their trainees say of the training as far as that may be told."""
    program = program_for(program_id)
    windows, window = windows_and_choice(program)
    is_over = window is not None and window.phase(utcnow()) is Phase.CLOSED
    return page_of(
        "classes",
        program,
        windows=windows,
        window=window,
        classes=queries.by_class(program, window, current_user) if window else [],
        is_over=is_over,
        surveys=class_queries.surveys(program, window, current_user) if window and is_over else [],
    )


@bp.get(f"{CLASSES}/compare")
@requires(Permission.INSIGHT_VIEW)
def compare_classes(program_id: int) -> Any:
    """Show two classes measured alike, and in plain words whether the difference says anything."""
    program = program_for(program_id)
    windows, window = windows_and_choice(program)
    classes = [one for one in queries.by_class(program, window, current_user) if one.id] if window else []
    wanted = [request.args.get(name, type=whole) for name in ("a", "b")]
    found = [next((one for one in classes if one.id == id_), None) for id_ in wanted]
    if any(id_ and one is None for id_, one in zip(wanted, found, strict=True)):
        abort(404)
    one, other = _two(classes, found)
    if window is None or one is None or other is None:
        return page_of("compare", program, windows=windows, window=window, classes=classes, rows=[])
    sees_tests = can(Permission.TEST_VIEW)
    tests = class_queries.tested(program, current_user, [one.name, other.name]) if sees_tests else None
    return page_of(
        "compare",
        program,
        windows=windows,
        window=window,
        classes=classes,
        one=one,
        other=other,
        rows=comparisons(window, one, other, tests),
        tests=tests,
        overlap=class_queries.overlap(window, [one.id or 0, other.id or 0]),
    )


def _two(classes: list[ClassFigures], found: list[ClassFigures | None]) -> list[ClassFigures | None]:
    """Return the two classes asked for; what was not said is the first other one, so that two links lead here."""
    chosen = list(found)
    if chosen[0] is not None and chosen[0] == chosen[1]:
        chosen[1] = None
    rest = [one for one in classes if one not in chosen]
    return [one or (rest.pop(0) if rest else None) for one in chosen]


@bp.get(f"{PROGRAM}/value-added")
@requires(Permission.INSIGHT_VIEW)
def show_value_added(program_id: int) -> Any:
    """Show who reached the standard and what was gained over the entry level, by class and by competency."""
    program = program_for(program_id)
    windows, window = windows_and_choice(program)
    classes = queries.by_class(program, window, current_user) if window else []
    return page_of(
        "value_added",
        program,
        windows=windows,
        window=window,
        classes=classes,
        whole=queries.together(classes),
        competencies=gaining.by_competency(program, window, current_user) if window else [],
    )


@bp.get(f"{PROGRAM}/value-added/export")
@requires(Permission.INSIGHT_VIEW)
def export_value_added(program_id: int) -> Any:
    """Hand out standard and gain by class as Excel."""
    program = program_for(program_id, steps=False)
    _windows, window = windows_and_choice(program)
    classes = queries.by_class(program, window, current_user) if window else []
    return exporting.send_value_added(classes, _("Value added %(program)s.xlsx", program=program.name))
