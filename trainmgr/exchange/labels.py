"""The words of the exchange."""

from __future__ import annotations

from typing import Any

from flask_babel import lazy_gettext as _l

from trainmgr.exchange.kinds import FileKind, Source, StatementState
from trainmgr.exchange.rules import HEADERS, Outcome, total_of
from trainmgr.kernel.jobs import Job

OUTCOMES: dict[Outcome, Any] = {
    Outcome.NEW: _l("new"),
    Outcome.CHANGED: _l("changed"),
    Outcome.SUSPENDED: _l("suspended"),
    Outcome.SAME: _l("as it is"),
    Outcome.LEFT: _l("left alone"),
    Outcome.WRONG: _l("wrong"),
}
TONES = {Outcome.NEW: "ok", Outcome.CHANGED: "info", Outcome.SUSPENDED: "warn", Outcome.WRONG: "bad"}
SOURCES: dict[Source, Any] = {
    Source.LOG_HANDED_IN: _l("Log handed in"),
    Source.LOG_SIGNED: _l("Log signed"),
    Source.TEST: _l("Test completed"),
    Source.GATE: _l("Stage gate judged"),
    Source.COMPLETION: _l("Certificate issued"),
    Source.VOIDED: _l("Certificate revoked: statement voided"),
}
STATES: dict[StatementState, Any] = {
    StatementState.WAITING: _l("waiting"),
    StatementState.SENDING: _l("being sent"),
    StatementState.SENT: _l("sent"),
    StatementState.FAILED: _l("given up"),
    StatementState.DROPPED: _l("dropped"),
}
STATE_TONES = {StatementState.SENT: "ok", StatementState.FAILED: "bad", StatementState.DROPPED: "warn"}
FILES: dict[FileKind, Any] = {
    FileKind.INTERNSHIP: _l("Monthly internship file"),
    FileKind.REAL_NAMES: _l("Real-name roster of subsidised training"),
}
ABOUT: dict[FileKind, Any] = {
    FileKind.INTERNSHIP: _l("Every trainee placed in an enterprise in a month, one row a placement."),
    FileKind.REAL_NAMES: _l("Every trainee of a programme, for the office that pays."),
}


def state_options() -> list[tuple[str, Any]]:
    """Return the states of statements to choose from."""
    return [(state.value, label) for state, label in STATES.items()]


def outcome_options() -> list[tuple[str, Any]]:
    """Return the outcomes of lines to choose from; of what stays as it is nothing is kept."""
    return [(one.value, label) for one, label in OUTCOMES.items() if one is not Outcome.SAME]


def figures_of(job: Job) -> list[tuple[Outcome, int]]:
    """Return how many lines of an upload came out in each way, those that occur."""
    figures = total_of(job.counts)
    return [(one, figures[one.value]) for one in Outcome if figures[one.value]]


def wrong_in(job: Job) -> int:
    """Return how many lines of an upload are wrong."""
    return total_of(job.counts)[Outcome.WRONG.value]


def by_file(job: Job) -> list[tuple[str, dict[str, int]]]:
    """Return the same by file, in the order of the standard."""
    found: dict[str, dict[str, int]] = {}
    for name, count in job.counts.items():
        file, _dot, outcome = name.partition(".")
        found.setdefault(file, {})[outcome] = count
    return [(file, found[file]) for file in HEADERS if file in found]
