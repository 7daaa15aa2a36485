"""The plan as a Word document: parties, edition, signatures, stages and modules, matrix, checks, differences."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from docx.document import Document
from docx.enum.section import WD_SECTION
from flask_babel import gettext as _

from trainmgr.curriculum import labels, presenting
from trainmgr.curriculum.board import Board
from trainmgr.curriculum.labels import FIELDS, gate_text, named
from trainmgr.curriculum.rules import ModuleLine, StageLine
from trainmgr.kernel import word
from trainmgr.kernel.i18n import day, language, moment, number
from trainmgr.programs.labels import SIDES

COLUMNS = 10  # modules beside each other in one table of the matrix


def plan_document(board: Board) -> Document:
    """Return an edition of the plan as people print, read and file it."""
    edition, program = board.edition, board.program
    assert edition is not None
    title = _("Training plan: %(name)s", name=program.label)
    document = word.new_document(title, _("Edition %(number)s", number=edition.number))
    _facts(document, board)
    _signatures(document, board)
    for stage in board.plan.stages:
        _stage(document, board, stage)
    _checks(document, board)
    _differences(document, board)
    _matrix(document, board)
    return document


def _heading(document: Document, text: str, level: int = 1) -> None:
    document.add_heading(text, level)


def _facts(document: Document, board: Board) -> None:
    edition, totals = board.edition, board.totals
    assert edition is not None
    rows = [(party.role_label, party.organization.name) for party in board.program.parties]
    rows += [
        (_("State"), labels.STATES[edition.state]),
        (_("Begun"), f"{edition.created_by.name} {moment(edition.created_at)}"),
        (_("Reason"), edition.reason or "–"),
        (_("Period in force"), _period(board)),
        (
            _("Hours"),
            _(
                "%(hours)s in %(modules)s modules, of these %(theory)s theory and %(practice)s practice",
                hours=number(totals.hours), modules=number(totals.modules), theory=number(totals.theory),
                practice=number(totals.practice),
            ),
        ),
    ]  # fmt: skip
    word.add_table(document, (_("Plan"), ""), rows, widths=(4, 13))


def _period(board: Board) -> str:
    """From when to when the edition holds, in words; what is asked for while it is not signed."""
    edition = board.edition
    assert edition is not None
    period = board.shelf.periods.get(edition.number)
    if period is None:
        return _("asked for: from %(day)s", day=day(edition.effective_on)) if edition.effective_on else "–"
    first = day(period.first) if period.first else _("from the beginning")
    return f"{first} – {day(period.last)}" if period.last else first


def _signatures(document: Document, board: Board) -> None:
    _heading(document, _("Signatures"))
    if board.is_draft:
        document.add_paragraph(_("This edition is a draft; nobody has signed it."))
        return
    signed = {signature.side: signature for signature in board.signatures}
    rows = []
    for side, label in SIDES.items():
        signature = signed.get(side)
        if signature is None:
            rows.append((label, _("awaited"), "", "", ""))
            continue
        names = (signature.organization.name, signature.user.name, moment(signature.signed_at))
        rows.append((label, *names, signature.digest))
    header = (
        _("Side"),
        _("Organisation"),
        _("Signed by"),
        _("When"),
        _("Digest of the content (SHA-256)"),
    )
    word.add_table(document, header, rows, widths=(2, 4, 2.2, 2.8, 6))


def _stage(document: Document, board: Board, stage: StageLine) -> None:
    _heading(document, f"{stage.number} {named(stage)}")
    about = [
        labels.word(stage.venue),
        _("%(weeks)s weeks", weeks=stage.weeks),
        _("%(hours)s hours", hours=stage.hours),
    ]
    if stage.starts_on and stage.ends_on:
        about.append(f"{day(stage.starts_on)} – {day(stage.ends_on)}")
    if stage.remedial:
        about.append(_("only after a failed gate"))
    document.add_paragraph(" · ".join(str(text) for text in about))
    modules = board.plan.modules_of(stage.number)
    header = (
        _("Module"), str(FIELDS["theory_hours"]), str(FIELDS["practice_hours"]), _("Hours"), _("Kind"), _("Place"),
        _("Lead teacher"), _("Serves (hours)"),
    )  # fmt: skip
    if modules:
        rows = [_module_row(board, module) for module in modules]
        word.add_table(
            document, header, rows, numeric=(1, 2, 3), widths=(3.2, 1.2, 1.2, 1.2, 2.6, 2, 1.9, 3.7)
        )
    else:
        document.add_paragraph(_("No module in this stage yet."))
    if text := gate_text(stage):
        document.add_paragraph(_("Stage gate: %(text)s", text=text))


def _module_row(board: Board, module: ModuleLine) -> tuple[Any, ...]:
    kind = [labels.word(module.layer), labels.word(module.practice_level)]
    if module.jointly_developed:
        kind.append(_("developed jointly"))
    place = [labels.word(module.venue)] + (
        [_("taught by the enterprise")] if module.taught_by_enterprise else []
    )
    serves = [f"{named(wanted)} {hours}" for wanted, hours in presenting.served(board, module)]
    return (
        named(module), module.theory_hours, module.practice_hours, module.hours, _joined(kind), _joined(place),
        module.lead_name or "–", _joined(serves) or "–",
    )  # fmt: skip


def _joined(parts: Sequence[object]) -> str:
    return (", " if language() == "en" else "、").join(str(part) for part in parts)


def _checks(document: Document, board: Board) -> None:
    _heading(document, _("Live checks"))
    rows = [
        (view.name, view.figure, view.verdict, _("passed") if view.passed else _("not passed"))
        for view in presenting.check_views(board)
    ]
    word.add_table(
        document, (_("Check"), _("Figure"), _("Limit"), _("Result")), rows, numeric=(1,), widths=(7, 3, 4, 3)
    )


def _differences(document: Document, board: Board) -> None:
    if board.previous is None or board.before is None or board.difference is None:
        return
    _heading(document, _("Different from edition %(number)s", number=board.previous.number))
    lines = presenting.difference_lines(board.difference, board.before, board.plan)
    if not lines:
        document.add_paragraph(_("No difference yet."))
        return
    word.add_table(
        document, (_("Kind"), _("Difference")), [(line.kind, line.text) for line in lines], widths=(3, 14)
    )


def _matrix(document: Document, board: Board) -> None:
    """The matrix stands at the end, on pages of its own that lie across; wide ones go on in further tables."""
    if not (board.coverage and board.plan.modules):
        return
    section = document.add_section(WD_SECTION.NEW_PAGE)
    word.lay_across(section)
    _heading(document, _("Coverage matrix"))
    for part in _parts(board.plan.modules):
        header = (_("Rank"), _("Competency"), *(named(module) for module in part), _("Total / required"))
        rows = [_matrix_row(board, line, part) for line in board.coverage]
        numeric = (0, *range(2, len(part) + 3))
        word.add_table(
            document, header, rows, numeric=numeric, widths=(1.2, 4.5, *(1.8 for _each in part), 2)
        )
        document.add_paragraph()


def _parts(modules: Sequence[ModuleLine]) -> Iterator[Sequence[ModuleLine]]:
    for start in range(0, len(modules), COLUMNS):
        yield modules[start : start + COLUMNS]


def _matrix_row(board: Board, line: Any, part: Sequence[ModuleLine]) -> tuple[Any, ...]:
    wanted = line.wanted
    cells = [board.plan.cells.get((module.id, wanted.id)) or "" for module in part]
    total = f"{line.given} / {wanted.required_hours}" if wanted.required_hours else str(line.given)
    return (wanted.rank or "–", named(wanted), *cells, total)
