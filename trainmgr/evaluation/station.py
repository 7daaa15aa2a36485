"""How the evaluation of a programme stands, and what it still takes to start evaluating and to close."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta

import sqlalchemy as sa

from trainmgr.evaluation import windows as _windows  # registers the dues and who follows whom
from trainmgr.evaluation.models import Result, Scheme, Window
from trainmgr.evaluation.rules import Party, Phase, WindowKind
from trainmgr.kernel.clock import local_day
from trainmgr.kernel.db import db
from trainmgr.kernel.msgids import N_, N_n
from trainmgr.programs.models import Program
from trainmgr.programs.rules import Assessment, Figure, Missing, State, Step, StepState
from trainmgr.programs.thread import assesses

PAGE = "evaluation.show_evaluation"
STAFF = N_("Programme staff")
RATERS = {
    Party.TRAINEE: N_("The trainees"),
    Party.ENTERPRISE: N_("The enterprise mentors"),
    Party.TEACHER: N_("The school teachers"),
    Party.PEER: N_("The classmates"),
    Party.COUNSELLOR: N_("The counsellors"),
    Party.ASSESSOR: N_("The outside assessors"),
}
OWED = {
    Party.TRAINEE: N_n(
        "One self-rating is missing: %(window)s", "%(count)s self-ratings are missing: %(window)s"
    ),
    Party.ENTERPRISE: N_n(
        "One rating by the enterprise is missing: %(window)s",
        "%(count)s ratings by the enterprise are missing: %(window)s",
    ),
    Party.TEACHER: N_n(
        "One rating by the school is missing: %(window)s",
        "%(count)s ratings by the school are missing: %(window)s",
    ),
    Party.PEER: N_n(
        "One rating by a classmate is missing: %(window)s",
        "%(count)s ratings by classmates are missing: %(window)s",
    ),
    Party.COUNSELLOR: N_n(
        "One rating by a counsellor is missing: %(window)s",
        "%(count)s ratings by counsellors are missing: %(window)s",
    ),
    Party.ASSESSOR: N_n(
        "One rating from outside is missing: %(window)s",
        "%(count)s ratings from outside are missing: %(window)s",
    ),
}


@assesses(Step.EVALUATION)
def assess(program: Program, now: datetime) -> Assessment:
    """Done when the terminal window's ratings are all in, or taken as they are after it has closed."""
    has_scheme = db.session.scalar(sa.select(sa.exists().where(Scheme.program_id == program.id)))
    found = list(
        db.session.scalars(
            sa.select(Window).where(Window.program_id == program.id).order_by(Window.opens_at, Window.id)
        )
    )
    missing = _missing(program, bool(has_scheme), found, now)
    if not found:
        return Assessment(
            StepState.NEXT,
            note=N_("scheme ready, no window planned") if has_scheme else N_("no scheme yet"),
            missing=missing,
        )
    final = _final(found)
    if final is not None and _is_settled(final, now):
        return _done(program, final, missing)
    current = _current(found, now)
    expected = sum(current.count(party, "expected") for party in current.parties)
    params = {
        "window": {"zh": current.name, "en": current.name_en or current.name},
        "submitted": expected - current.outstanding,
        "expected": expected,
        "day": {"day": _last_day(current).isoformat()},
    }
    phase = current.phase(now)
    is_open = phase is Phase.OPEN
    return Assessment(
        StepState.ASKING
        if is_open and current.outstanding
        else StepState.NEXT
        if phase is Phase.PLANNED
        else StepState.NOW,
        count=N_("%(submitted)s / %(expected)s ratings"),
        note=N_("%(window)s, until %(day)s") if is_open else N_("%(window)s"),
        note_tone="warn" if is_open and current.outstanding else "info",
        params=params,
        missing=missing,
        figures=[_figure(current)] if phase is not Phase.PLANNED else [],
    )


def _final(found: Sequence[Window]) -> Window | None:
    """Return the last terminal window: its results are those of the training."""
    return max(
        (window for window in found if window.kind is WindowKind.TERMINAL),
        key=lambda window: (window.closes_at, window.id),
        default=None,
    )


def _current(found: Sequence[Window], now: datetime) -> Window:
    """Return the window that the step is about: the open one that closes first, else the last closed, the first."""
    running = [window for window in found if window.phase(now) is Phase.OPEN]
    if running:
        return min(running, key=lambda window: window.closes_at)
    closed = [window for window in found if window.phase(now) is Phase.CLOSED]
    return closed[-1] if closed else found[0]


def _is_settled(window: Window, now: datetime) -> bool:
    if window.phase(now) is Phase.PLANNED:
        return False
    return window.settled_at is not None or (bool(window.parties) and window.outstanding <= 0)


def _last_day(window: Window) -> date:
    return local_day(window.closes_at - timedelta(microseconds=1))


def _done(program: Program, final: Window, missing: list[Missing]) -> Assessment:
    provisional = db.session.scalar(
        sa.select(sa.func.count()).where(Result.window_id == final.id, Result.is_provisional)
    )
    expected = sum(final.count(party, "expected") for party in final.parties)
    return Assessment(
        StepState.DONE,
        count=N_("%(submitted)s / %(expected)s ratings"),
        note=N_("%(provisional)s results provisional") if provisional else N_("all parties have rated"),
        note_tone="info" if provisional else "ok",
        params={
            "submitted": expected - final.outstanding,
            "expected": expected,
            "provisional": provisional,
        },
        missing=missing,
        figures=[_figure(final)],
    )


def _figure(window: Window) -> Figure:
    expected = sum(window.count(party, "expected") for party in window.parties)
    return Figure(
        N_("Ratings in"),
        expected - window.outstanding,
        expected,
        share=True,
        hint=N_("%(window)s"),
        params={"window": {"zh": window.name, "en": window.name_en or window.name}},
    )


def _missing(program: Program, has_scheme: bool, found: Sequence[Window], now: datetime) -> list[Missing]:
    if not has_scheme:
        return [
            Missing(
                N_("There is no evaluation scheme yet"),
                State.EVALUATING,
                who_msgid=STAFF,
                endpoint="evaluation.show_scheme",
                args={"program_id": program.id},
            )
        ]
    final = _final(found)
    if final is None:
        return [
            Missing(
                N_("No window is planned for the terminal evaluation"),
                State.EVALUATING,
                who_msgid=STAFF,
                endpoint=PAGE,
                args={"program_id": program.id},
            )
        ]
    return [] if _is_settled(final, now) else _missing_ratings(program, final, now)


def _missing_ratings(program: Program, final: Window, now: datetime) -> list[Missing]:
    """Name what blocks closing: the window to come, each party's missing ratings, or the word of the staff after it."""
    name = {"zh": final.name, "en": final.name_en or final.name}
    args = {"program_id": program.id, "window": final.id}
    phase = final.phase(now)
    if phase is Phase.PLANNED:
        opens = local_day(final.opens_at)
        return [
            Missing(
                N_("The terminal evaluation has not opened yet: %(window)s"),
                State.CLOSED,
                {"window": name},
                who_msgid=STAFF,
                due_on=opens,
                endpoint=PAGE,
                args=args,
            )
        ]
    if phase is Phase.CLOSED:
        return [
            Missing(
                N_n(
                    "One rating never came in: open %(window)s again, or take its results as they are",
                    "%(count)s ratings never came in: open %(window)s again, or take its results as they are",
                ),
                State.CLOSED,
                {"count": final.outstanding, "window": name},
                who_msgid=STAFF,
                endpoint=PAGE,
                args=args,
            )
        ]
    return [
        Missing(
            OWED[party],
            State.CLOSED,
            {"count": final.count(party, "expected") - final.count(party, "submitted"), "window": name},
            who_msgid=RATERS[party],
            due_on=_last_day(final),
            endpoint="evaluation.list_outstanding",
            args={"program_id": program.id, "window_id": final.id, "party": party.value},
            due_code=_windows.DUE_CODES[party],
        )
        for party in final.parties
        if final.count(party, "expected") > final.count(party, "submitted")
    ]
