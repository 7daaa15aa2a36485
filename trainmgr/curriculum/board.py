"""A plan as it stands before a reader: the edition shown, its checks, what hinders it, what would mend it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from functools import cached_property

from trainmgr.curriculum import checks as checking
from trainmgr.curriculum import comparing, queries, rules
from trainmgr.curriculum.frozen import FROZEN
from trainmgr.curriculum.models import Edition, EditionState, PlanRule
from trainmgr.curriculum.queries import Shelf
from trainmgr.curriculum.rulebook import Rulebook, read_rulebook
from trainmgr.curriculum.rules import Plan, Wanted
from trainmgr.kernel.db import db
from trainmgr.kernel.hours import clock_hours
from trainmgr.pathways.rules import CheckResult, Metric
from trainmgr.programs.models import Program, Signature
from trainmgr.programs.queries import signatures_of
from trainmgr.programs.rules import Side


@dataclass
class Board:
    """One edition of a programme's plan with everything that follows from it."""

    program: Program
    shelf: Shelf
    edition: Edition | None = None
    plan: Plan = field(default_factory=Plan)
    previous: Edition | None = None
    before: Plan | None = None
    signatures: list[Signature] = field(default_factory=list)
    approvals: Mapping[int, Sequence[Signature]] = field(default_factory=dict)
    decisions: list[PlanRule] = field(default_factory=list)

    @cached_property
    def rulebook(self) -> Rulebook:
        """The rules of the plan: the pathway's, the standard ones, what the programme has decided otherwise."""
        return read_rulebook(self.program.pathway_document, self.decisions)

    @cached_property
    def results(self) -> tuple[CheckResult, ...]:
        """How the plan stands against the rules that are on."""
        checks = [rule.check for rule in self.rulebook.rules]
        return checking.check_plan(self.plan, checks, self.shelf.teachers)

    @cached_property
    def figures(self) -> dict[Metric, checking.Figure]:
        """The figures behind the rules, with what is counted and out of what."""
        return checking.figures(self.plan, self.shelf.teachers)

    @cached_property
    def totals(self) -> rules.Totals:
        """What the modules add up to."""
        return rules.totals(self.plan)

    @property
    def clock_hours(self) -> float:
        """How many hours on a clock the plan takes."""
        return clock_hours(self.totals.lasting(self.rulebook.unit_minutes))

    @cached_property
    def hindrances(self) -> checking.Hindrances:
        """What keeps the plan from being offered for signatures."""
        return checking.hindrances(self.plan, self.results)

    @cached_property
    def coverage(self) -> list[rules.Coverage]:
        """What the plan gives to each competency."""
        return rules.coverage(self.plan)

    @cached_property
    def loads(self) -> dict[int, rules.Load]:
        """How much of each module serves a competency, by module."""
        return {load.module.id: load for load in rules.loads(self.plan)}

    @cached_property
    def served(self) -> dict[int, list[tuple[Wanted, int]]]:
        """What each module serves with how many hours, most urgent first, by module."""
        found: dict[int, list[tuple[Wanted, int]]] = {}
        order = {wanted.id: place for place, wanted in enumerate(self.plan.wanted)}
        known = [
            (order[key], module, hours) for (module, key), hours in self.plan.cells.items() if key in order
        ]
        for place, module_id, hours in sorted(known):
            found.setdefault(module_id, []).append((self.plan.wanted[place], hours))
        return found

    @cached_property
    def proposals(self) -> list[rules.Proposal]:
        """How the priorities that lack hours could get them."""
        return rules.propose(self.plan)

    @cached_property
    def difference(self) -> comparing.PlanDifference | None:
        """What is different from the edition that this one was made from."""
        return comparing.difference(self.before, self.plan) if self.before is not None else None

    @property
    def is_draft(self) -> bool:
        """Whether the edition shown may still be changed."""
        return self.edition is not None and self.edition.state is EditionState.DRAFT

    @property
    def is_offered(self) -> bool:
        """Whether the edition shown waits for signatures."""
        return self.edition is not None and self.edition.state is EditionState.OFFERED

    @property
    def unsigned(self) -> list[Side]:
        """The sides whose signature is awaited."""
        signed = {signature.side for signature in self.signatures}
        return [side for side in Side if side not in signed] if self.is_offered else []


_newest: ContextVar[dict[int, Board] | None] = ContextVar("newest plans read once", default=None)


@contextmanager
def reading_once() -> Iterator[None]:
    """Let the newest edition of a plan be read once inside the block, in which nothing changes it."""
    token = _newest.set({})
    try:
        yield
    finally:
        _newest.reset(token)


LAST = "the plan as the last change left it"


def keep_last(board: Board) -> None:
    """Spare whoever goes on after a change reading the plan once more."""
    db.session.info[LAST] = board


def forget_last() -> None:
    """Before a change: what the one before it left is no longer how the plan stands."""
    db.session.info.pop(LAST, None)


def last_board(edition: Edition) -> Board | None:
    """Return an edition's plan as this request's change left it; None where nothing was changed."""
    board: Board | None = db.session.info.get(LAST)
    return board if board is not None and board.edition is edition else None


def newest_board(program: Program) -> Board:
    """Return the newest edition of a plan, whoever reads it."""
    known = _newest.get()
    if known is not None and program.id in known:
        return known[program.id]
    board = read_board(program)
    assert board is not None  # only an edition that is asked for by number may be missing
    if known is not None:
        known[program.id] = board
    return board


def read_board(
    program: Program,
    number: int | None = None,
    *,
    drafts: bool = True,
    compare: bool = False,
    history: bool = False,
) -> Board | None:
    """Return the plan of a programme: the edition asked for, else the newest that the reader may see.

    None when the edition asked for is not there or not to be seen. Four statements, five where there are signatures;
    `history` brings those under all editions.
    """
    shelf, decisions = queries.shelf_of(program.id), queries.decisions_of(program.id)
    if number is not None:
        edition = shelf.numbered(number)
    else:
        edition = shelf.newest if drafts else shelf.signed
    if edition is None or not (drafts or edition.state in FROZEN):
        return None if number is not None else Board(program, shelf, decisions=decisions)
    previous = _previous(shelf, edition) if compare else None
    plans = queries.read_plans(program.id, [each.id for each in (edition, previous) if each])
    board = Board(program, shelf, edition, plans[edition.id], decisions=decisions)
    if previous is not None:
        board.previous, board.before = previous, plans[previous.id]
    if history:
        board.approvals = queries.signatures_by_edition([each.id for each in shelf.editions])
        board.signatures = list(board.approvals.get(edition.id, ()))
    elif edition.state is not EditionState.DRAFT:
        board.signatures = signatures_of(queries.SUBJECT, edition.id)
    return board


def read_structure(program: Program, edition: Edition) -> Board:
    """Return an edition's stages and modules only, for pages that show neither checks nor coverage."""
    return Board(program, Shelf([edition], (0, 0)), edition, queries.read_structure(edition.id))


def _previous(shelf: Shelf, edition: Edition) -> Edition | None:
    return next((each for each in shelf.editions if each.id == edition.based_on_id), None)
