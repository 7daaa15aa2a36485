"""Writes of evaluation windows: planned, opened, moved, closed, settled (who owes a rating in them: see owing)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from flask import current_app
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from trainmgr.evaluation import queries, schemes
from trainmgr.evaluation.due_codes import DUE_CODES
from trainmgr.evaluation.models import Scheme, Window, WindowRater
from trainmgr.evaluation.owing import count_up, follow_people, line, sync, turn
from trainmgr.evaluation.rules import (
    FOLLOW_UP_LEVELS,
    FOLLOW_UP_PARTIES,
    Level,
    Party,
    Phase,
    WindowKind,
    months_later,
    reminder_times,
    scheme_faults,
    stage_end,
)
from trainmgr.kernel import audit
from trainmgr.kernel.audit import Actor, require
from trainmgr.kernel.clock import local_day
from trainmgr.kernel.db import db
from trainmgr.kernel.errors import Conflict, RuleBroken
from trainmgr.pathways.rules import Pathway, WindowPlan, from_document
from trainmgr.programs import dues
from trainmgr.programs.actions import require_open
from trainmgr.programs.models import Program
from trainmgr.programs.rules import State, Step, Work
from trainmgr.programs.thread import refresh

__all__ = [
    "DUE_CODES",
    "WindowFields",
    "add_window",
    "blank_window",
    "close_window",
    "count_up",
    "default_times",
    "edit_window",
    "follow_people",
    "line",
    "local_midnight",
    "open_window",
    "plan_windows",
    "remove_window",
    "require_at_work",
    "require_sound",
    "settle_window",
    "sync",
    "turn",
]

PLANNED = audit.sentence("window.plan", _l("%(who)s planned the evaluation window “%(what)s”"))
CHANGED = audit.sentence("window.edit", _l("%(who)s changed the evaluation window “%(what)s”"))
OPENED = audit.sentence("window.open", _l("%(who)s opened the evaluation window “%(what)s”"))
CLOSED = audit.sentence("window.close", _l("%(who)s closed the evaluation window “%(what)s”"))
REOPENED = audit.sentence(
    "window.reopen", _l("%(who)s opened the evaluation window “%(what)s” again: %(reason)s")
)
SETTLED = audit.sentence(
    "window.settle",
    _l("%(who)s took the provisional results of “%(what)s” as they are (%(count)s missing): %(reason)s"),
)
REMOVED = audit.sentence("window.remove", _l("%(who)s removed the evaluation window “%(what)s”"))

DEFAULT_DAYS = 14


@dataclass(frozen=True)
class WindowFields:
    """What a person may say about a window."""

    name: str
    name_en: str
    kind: WindowKind
    stages: tuple[int, ...]
    levels: tuple[Level, ...]
    weight: float
    opens_at: datetime
    closes_at: datetime
    months_after: int = 0
    asked: tuple[Party, ...] = ()
    # None: the usual ones. A reminder that is not wanted is no moment in the tuple.
    reminders: tuple[datetime | None, datetime | None] | None = None

    @property
    def is_follow_up(self) -> bool:
        """Whether it asks after the end of the training."""
        return self.kind is WindowKind.FOLLOW_UP


def require_at_work(program: Program, work: Work, kind: WindowKind) -> None:
    """Refuse a window's work in a state in which it is not open; a follow-up goes on when the programme is closed."""
    if kind is WindowKind.FOLLOW_UP and program.state is State.CLOSED:
        return
    require_open(program, work)


def local_midnight(day: date) -> datetime:
    """Return the first moment of a day where the installation stands."""
    return datetime.combine(day, time(), ZoneInfo(current_app.config["TIMEZONE"]))


def default_times(
    program: Program, stages: Sequence[int], days: int, *, now: datetime
) -> tuple[datetime, datetime]:
    """Return when a window opens and closes by the plan: the day after its last stage, for so many whole days.

    Without a start of the programme, or when that day is long past, it opens tomorrow.
    """
    pathway = from_document(program.pathway_document)
    tomorrow = local_day(now) + timedelta(days=1)
    opens = tomorrow
    if program.starts_on and stages:
        opens = max(tomorrow, stage_end(program.starts_on, _weeks(pathway, max(stages))))
    return local_midnight(opens), local_midnight(opens + timedelta(days=days))


def follow_up_times(program: Program, months: int, days: int, *, now: datetime) -> tuple[datetime, datetime]:
    """Return when a follow-up opens and closes: so many months after the training has ended, for so many whole days.

    The end is the programme's last day, or the end of its last stage; when that day is long past it opens tomorrow.
    """
    pathway = from_document(program.pathway_document)
    tomorrow = local_day(now) + timedelta(days=1)
    end = program.ends_on
    if end is None and program.starts_on:
        end = stage_end(program.starts_on, _weeks(pathway, len(pathway.stages)))
    opens = max(tomorrow, months_later(end or local_day(now), months))
    return local_midnight(opens), local_midnight(opens + timedelta(days=days))


def _weeks(pathway: Pathway, last: int) -> list[float]:
    return [stage.weeks for stage in pathway.stages[:last] if not stage.remedial]


def plan_windows(program: Program, scheme: Scheme, *, by: Actor, now: datetime) -> list[Window]:
    """Plan the pathway's windows that the programme does not have yet."""
    require_open(program, Work.SCHEME)
    require_sound(scheme)
    present = {(w.kind, w.stage_number, w.months_after) for w in queries.windows_of(program.id)}
    planned = [
        plan
        for plan in from_document(program.pathway_document).evaluation.windows
        if (WindowKind(plan.kind), max(plan.stages), plan.months) not in present
    ]
    require(planned, _("Every window of the pathway is planned already."))
    windows = [_planned(program, scheme, plan, now) for plan in planned]
    db.session.add_all(windows)
    db.session.flush()
    for window in windows:
        audit.record(PLANNED, window, by=by, now=now, program_id=program.id, name=window.name)
    sync(program.id, windows, now=now)
    refresh(program.id, Step.EVALUATION, now=now)
    return windows


def _planned(program: Program, scheme: Scheme, plan: WindowPlan, now: datetime) -> Window:
    kind = WindowKind(plan.kind)
    if kind is WindowKind.FOLLOW_UP:
        opens_at, closes_at = follow_up_times(program, plan.months, plan.days, now=now)
    else:
        opens_at, closes_at = default_times(program, plan.stages, plan.days, now=now)
    first, second = reminder_times(opens_at, closes_at)
    return Window(
        program_id=program.id,
        scheme=scheme,
        name=plan.name.zh,
        name_en=plan.name.en,
        kind=kind,
        stage_number=max(plan.stages),
        stages=list(plan.stages),
        levels=[level.value for level in plan.levels],
        asked=[party.value for party in plan.parties],
        months_after=plan.months,
        weight=plan.weight,
        opens_at=opens_at,
        closes_at=closes_at,
        first_reminder_at=first,
        second_reminder_at=second,
    )


def blank_window(program: Program, *, now: datetime) -> Window:
    """Return a window filled with clear defaults, not saved: after the present stage, from tomorrow, for 14 days.

    Once the programme is closed only a follow-up can be planned.
    """
    if program.state is State.CLOSED:
        return _blank_follow_up(program, now)
    stage = max(program.current_stage, 1)
    opens_at, closes_at = default_times(program, [stage], DEFAULT_DAYS, now=now)
    return Window(
        program_id=program.id,
        name="",
        name_en="",
        kind=WindowKind.PROCESS,
        stages=[stage],
        levels=[level.value for level in Level],
        asked=[],
        months_after=0,
        weight=0.0,
        opens_at=opens_at,
        closes_at=closes_at,
        version=0,
    )


def _blank_follow_up(program: Program, now: datetime) -> Window:
    opens_at, closes_at = follow_up_times(program, 3, DEFAULT_DAYS, now=now)
    return Window(
        program_id=program.id,
        name="",
        name_en="",
        kind=WindowKind.FOLLOW_UP,
        stages=[len(from_document(program.pathway_document).stages)],
        levels=[level.value for level in FOLLOW_UP_LEVELS],
        asked=[party.value for party in FOLLOW_UP_PARTIES],
        months_after=3,
        weight=0.0,
        opens_at=opens_at,
        closes_at=closes_at,
        version=0,
    )


def add_window(program: Program, scheme: Scheme, fields: WindowFields, *, by: Actor, now: datetime) -> Window:
    """Plan a window by hand."""
    require_at_work(program, Work.SCHEME, fields.kind)
    require_sound(scheme)
    _require_free(program, fields, now)
    window = Window(program_id=program.id, scheme=scheme)
    _fill(window, fields)
    db.session.add(window)
    db.session.flush()
    audit.record(PLANNED, window, by=by, now=now, program_id=program.id, name=window.name)
    return _brought_up(program, window, now)


def edit_window(
    program: Program,
    window: Window,
    fields: WindowFields,
    *,
    version: int,
    reason: str,
    by: Actor,
    now: datetime,
) -> Window:
    """Change a planned window, or the name and closing time of one that has opened.

    A closing time moved behind the present opens a closed window again; that takes a reason.
    """
    require_at_work(program, Work.SCHEME, window.kind)
    if window.version != version:
        raise Conflict(_("Somebody else changed this window meanwhile. Look at it, then save again."))
    phase = window.phase(now)
    if phase is Phase.PLANNED:
        _require_free(program, fields, now, besides=window)
        _fill(window, fields)
    else:
        window.name, window.name_en, window.closes_at = fields.name, fields.name_en, fields.closes_at
        _set_reminders(window, fields)
    if phase is Phase.CLOSED and window.phase(now) is Phase.OPEN:
        require(reason, _("Say why the window is opened again."))
        window.settled_at, window.settled_by, window.settled_reason = None, "", ""
        audit.record(REOPENED, window, by=by, now=now, program_id=program.id, name=window.name, reason=reason)
    else:
        audit.record(CHANGED, window, by=by, now=now, program_id=program.id, name=window.name, reason=reason)
    return _brought_up(program, window, now)


def open_window(program: Program, window: Window, *, by: Actor, now: datetime) -> Window:
    """Open a planned window now instead of later."""
    require_at_work(program, Work.EVALUATION, window.kind)
    require(window.phase(now) is Phase.PLANNED, _("This window has opened already."))
    require_sound(window.scheme)
    length = window.closes_at - window.opens_at
    window.opens_at = now
    window.closes_at = local_midnight(local_day(now + length) + timedelta(days=1))
    window.first_reminder_at, window.second_reminder_at = reminder_times(now, window.closes_at)
    audit.record(OPENED, window, by=by, now=now, program_id=program.id, name=window.name)
    return _brought_up(program, window, now)


def close_window(program: Program, window: Window, *, by: Actor, now: datetime) -> Window:
    """Close an open window now instead of later."""
    require_at_work(program, Work.EVALUATION, window.kind)
    require(window.phase(now) is Phase.OPEN, _("This window is not open."))
    window.closes_at = now
    audit.record(CLOSED, window, by=by, now=now, program_id=program.id, name=window.name)
    return _brought_up(program, window, now)


def settle_window(program: Program, window: Window, *, reason: str, by: Actor, now: datetime) -> Window:
    """Take the results of a closed window as they are although ratings are missing; they stay provisional."""
    require_at_work(program, Work.EVALUATION, window.kind)
    require(
        window.phase(now) is Phase.CLOSED, _("Results are taken as they are only when the window has closed.")
    )
    require(window.settled_at is None, _("The results of this window were taken as they are already."))
    window.settled_at, window.settled_by, window.settled_reason = now, by.name, reason
    count = sync(program.id, [window], now=now)[window.id]
    audit.record(
        SETTLED, window, by=by, now=now, program_id=program.id, name=window.name, reason=reason, count=count
    )
    refresh(program.id, Step.EVALUATION, now=now)
    return window


def remove_window(program: Program, window: Window, *, by: Actor, now: datetime) -> None:
    """Remove a window that has not opened yet."""
    require_at_work(program, Work.SCHEME, window.kind)
    require(window.phase(now) is Phase.PLANNED, _("A window that has opened is never removed."))
    audit.record(REMOVED, window, by=by, now=now, program_id=program.id, name=window.name)
    for code in DUE_CODES.values():
        dues.drop(code, program_id=program.id, subject_ids=[window.id])
    db.session.execute(sa.delete(WindowRater).where(WindowRater.window_id == window.id))
    db.session.delete(window)
    refresh(program.id, Step.EVALUATION, now=now)


def require_sound(scheme: Scheme) -> None:
    """Refuse to rate with a scheme whose weights do not add up or whose shares nobody fills."""
    rated = {(criterion.level, party) for criterion in scheme.criteria for party in criterion.parties}
    if scheme_faults(scheme.level_weights, rated):
        raise RuleBroken(_("The scheme has faults that are named on its page. Mend them first."))


def _require_free(
    program: Program, fields: WindowFields, now: datetime, besides: Window | None = None
) -> None:
    """Refuse a second window of a kind after the same stage, and one that would have closed before it was planned."""
    require(fields.closes_at > now, _("The window must close in the future."))
    last = max(fields.stages, default=0)
    taken = [w for w in queries.windows_of(program.id) if besides is None or w.id != besides.id]
    same = [w for w in taken if w.kind is fields.kind]
    if fields.is_follow_up and any(w.months_after == fields.months_after for w in same):
        raise RuleBroken(
            _("There is a follow-up %(months)s months after the end already.", months=fields.months_after)
        )
    if not fields.is_follow_up and any(w.stage_number == last for w in same):
        raise RuleBroken(_("There is a window of this kind after stage %(stage)s already.", stage=last))


def _fill(window: Window, fields: WindowFields) -> None:
    window.name, window.name_en = fields.name, fields.name_en
    window.kind, window.weight = fields.kind, fields.weight
    window.stages = list(fields.stages)
    window.stage_number = max(fields.stages, default=0)
    window.levels = [level.value for level in fields.levels]
    window.asked = [party.value for party in fields.asked]
    window.months_after = fields.months_after
    window.opens_at, window.closes_at = fields.opens_at, fields.closes_at
    _set_reminders(window, fields)


def _set_reminders(window: Window, fields: WindowFields) -> None:
    """Set when people are reminded: as entered, else the usual times of what the window lasts."""
    times = fields.reminders or reminder_times(window.opens_at, window.closes_at)
    window.first_reminder_at, window.second_reminder_at = times


def _brought_up(program: Program, window: Window, now: datetime) -> Window:
    schemes.freeze_if_open(window.scheme, now=now)
    sync(program.id, [window], now=now)
    refresh(program.id, Step.EVALUATION, now=now)
    return window
