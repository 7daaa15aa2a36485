"""Writes of evaluation windows: planned, opened, moved, closed, settled; and who still owes a rating in them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from flask import current_app
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy.orm.attributes import set_committed_value

from trainmgr.enrolment.models import Enrolment
from trainmgr.evaluation import queries, schemes
from trainmgr.evaluation.models import Rating, Scheme, Window
from trainmgr.evaluation.queries import RATER_COLUMNS, is_in_training, is_rated
from trainmgr.evaluation.rules import (
    Level,
    Party,
    Phase,
    RatingState,
    WindowKind,
    scheme_faults,
    stage_end,
)
from trainmgr.kernel import audit
from trainmgr.kernel.audit import Actor, require
from trainmgr.kernel.clock import local_day
from trainmgr.kernel.db import db
from trainmgr.kernel.errors import Conflict, RuleBroken
from trainmgr.kernel.jobs import each_minute
from trainmgr.kernel.msgids import N_
from trainmgr.pathways.rules import Pathway, WindowPlan, from_document
from trainmgr.programs import dues
from trainmgr.programs.actions import require_open
from trainmgr.programs.models import Due, Program
from trainmgr.programs.rules import Step, Work
from trainmgr.programs.thread import follows, refresh

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

_MINE = "evaluation.show_next_rating"
DUE_CODES = {
    Party.TRAINEE: dues.code(
        "rate-self",
        dues.DueCode(
            Step.EVALUATION,
            N_("Rate your training: %(window)s"),
            N_("Rate now"),
            _MINE,
            subject_arg="window_id",
        ),
    ),
    Party.ENTERPRISE: dues.code(
        "rate-as-mentor",
        dues.DueCode(
            Step.EVALUATION,
            N_("Rate %(amount)s trainees: %(window)s"),
            N_("Rate now"),
            _MINE,
            N_("for the enterprise, about five minutes each"),
            subject_arg="window_id",
        ),
    ),
    Party.TEACHER: dues.code(
        "rate-as-teacher",
        dues.DueCode(
            Step.EVALUATION,
            N_("Rate %(amount)s trainees: %(window)s"),
            N_("Rate now"),
            _MINE,
            N_("for the school, about five minutes each"),
            subject_arg="window_id",
        ),
    ),
}
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


def _weeks(pathway: Pathway, last: int) -> list[float]:
    return [stage.weeks for stage in pathway.stages[:last] if not stage.remedial]


def plan_windows(program: Program, scheme: Scheme, *, by: Actor, now: datetime) -> list[Window]:
    """Plan the pathway's windows that the programme does not have yet."""
    require_open(program, Work.SCHEME)
    require_sound(scheme)
    present = {(window.kind, window.stage_number) for window in queries.windows_of(program.id)}
    planned = [
        plan
        for plan in from_document(program.pathway_document).evaluation.windows
        if (WindowKind(plan.kind), max(plan.stages)) not in present
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
    opens_at, closes_at = default_times(program, plan.stages, plan.days, now=now)
    return Window(
        program_id=program.id,
        scheme=scheme,
        name=plan.name.zh,
        name_en=plan.name.en,
        kind=WindowKind(plan.kind),
        stage_number=max(plan.stages),
        stages=list(plan.stages),
        levels=[level.value for level in plan.levels],
        weight=plan.weight,
        opens_at=opens_at,
        closes_at=closes_at,
    )


def blank_window(program: Program, *, now: datetime) -> Window:
    """Return a window filled with clear defaults, not saved: after the present stage, from tomorrow, for 14 days."""
    stage = max(program.current_stage, 1)
    opens_at, closes_at = default_times(program, [stage], DEFAULT_DAYS, now=now)
    return Window(
        program_id=program.id,
        name="",
        name_en="",
        kind=WindowKind.PROCESS,
        stages=[stage],
        levels=[level.value for level in Level],
        weight=0.0,
        opens_at=opens_at,
        closes_at=closes_at,
        version=0,
    )


def add_window(program: Program, scheme: Scheme, fields: WindowFields, *, by: Actor, now: datetime) -> Window:
    """Plan a window by hand."""
    require_open(program, Work.SCHEME)
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
    require_open(program, Work.SCHEME)
    if window.version != version:
        raise Conflict(_("Somebody else changed this window meanwhile. Look at it, then save again."))
    phase = window.phase(now)
    if phase is Phase.PLANNED:
        _require_free(program, fields, now, besides=window)
        _fill(window, fields)
    else:
        window.name, window.name_en, window.closes_at = fields.name, fields.name_en, fields.closes_at
    if phase is Phase.CLOSED and window.phase(now) is Phase.OPEN:
        require(reason, _("Say why the window is opened again."))
        window.settled_at, window.settled_by, window.settled_reason = None, "", ""
        audit.record(REOPENED, window, by=by, now=now, program_id=program.id, name=window.name, reason=reason)
    else:
        audit.record(CHANGED, window, by=by, now=now, program_id=program.id, name=window.name, reason=reason)
    return _brought_up(program, window, now)


def open_window(program: Program, window: Window, *, by: Actor, now: datetime) -> Window:
    """Open a planned window now instead of later."""
    require_open(program, Work.EVALUATION)
    require(window.phase(now) is Phase.PLANNED, _("This window has opened already."))
    require_sound(window.scheme)
    length = window.closes_at - window.opens_at
    window.opens_at = now
    window.closes_at = local_midnight(local_day(now + length) + timedelta(days=1))
    audit.record(OPENED, window, by=by, now=now, program_id=program.id, name=window.name)
    return _brought_up(program, window, now)


def close_window(program: Program, window: Window, *, by: Actor, now: datetime) -> Window:
    """Close an open window now instead of later."""
    require_open(program, Work.EVALUATION)
    require(window.phase(now) is Phase.OPEN, _("This window is not open."))
    window.closes_at = now
    audit.record(CLOSED, window, by=by, now=now, program_id=program.id, name=window.name)
    return _brought_up(program, window, now)


def settle_window(program: Program, window: Window, *, reason: str, by: Actor, now: datetime) -> Window:
    """Take the results of a closed window as they are although ratings are missing; they stay provisional."""
    require_open(program, Work.EVALUATION)
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
    require_open(program, Work.SCHEME)
    require(window.phase(now) is Phase.PLANNED, _("A window that has opened is never removed."))
    audit.record(REMOVED, window, by=by, now=now, program_id=program.id, name=window.name)
    for code in DUE_CODES.values():
        dues.drop(code, program_id=program.id, subject_ids=[window.id])
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
    taken = (w for w in queries.windows_of(program.id) if besides is None or w.id != besides.id)
    if any(w.kind is fields.kind and w.stage_number == last for w in taken):
        raise RuleBroken(_("There is a window of this kind after stage %(stage)s already.", stage=last))


def _fill(window: Window, fields: WindowFields) -> None:
    window.name, window.name_en = fields.name, fields.name_en
    window.kind, window.weight = fields.kind, fields.weight
    window.stages = list(fields.stages)
    window.stage_number = max(fields.stages, default=0)
    window.levels = [level.value for level in fields.levels]
    window.opens_at, window.closes_at = fields.opens_at, fields.closes_at


def _brought_up(program: Program, window: Window, now: datetime) -> Window:
    schemes.freeze_if_open(window.scheme, now=now)
    sync(program.id, [window], now=now)
    refresh(program.id, Step.EVALUATION, now=now)
    return window


# --- who owes what --------------------------------------------------------------------------------


@follows(Step.ENROLMENT, Step.MENTORING, own=Step.EVALUATION)
def follow_people(program_id: int, now: datetime) -> bool:
    """Bring inboxes and tallies up to date when the trainees or their mentors have changed."""
    windows = _running(Window.program_id == program_id, Window.closes_at > now)
    sync(program_id, windows, now=now)
    return bool(windows)


@each_minute
def turn(now: datetime) -> int:
    """Note every window that the clock has opened or closed since the last time; returns how many there were."""
    opened = sa.and_(Window.phase_seen == Phase.PLANNED, Window.opens_at <= now)
    closed = sa.and_(Window.phase_seen != Phase.CLOSED, Window.closes_at <= now)
    windows = _running(sa.or_(opened, closed))
    for program_id in sorted({window.program_id for window in windows}):
        own = [window for window in windows if window.program_id == program_id]
        for window in own:
            schemes.freeze_if_open(window.scheme, now=now)
        sync(program_id, own, now=now)
        refresh(program_id, Step.EVALUATION, now=now)
    return len(windows)


def _running(*conditions: sa.ColumnElement[bool]) -> list[Window]:
    """Return windows with their criteria, locked in order."""
    return list(
        db.session.scalars(
            queries.with_criteria(sa.select(Window))
            .where(*conditions)
            .order_by(Window.program_id, Window.id)
            .with_for_update(of=Window)
            .execution_options(populate_existing=True)
        )
    )


def sync(program_id: int, windows: Sequence[Window], *, now: datetime) -> dict[int, int]:
    """Count anew what is expected and submitted in some windows and put it into the inboxes of those who owe it.

    In a closed window nobody owes anything any more. Returns the number of ratings still missing per window.
    """
    db.session.flush()
    missing = {}
    for window in windows:
        tally = count_up(window)
        phase = window.phase(now)
        for party in Party:
            owed = _lines(window, party) if phase is not Phase.CLOSED and party.value in tally else ()
            _put_owed(window, party, owed)
        if window.phase_seen is not phase:
            _write(window, phase_seen=phase)
        missing[window.id] = sum(each["expected"] - each["submitted"] for each in tally.values())
    return missing


def _put_owed(window: Window, party: Party, owed: Iterable[dues.Line]) -> None:
    """Bring a party's inbox lines of a window up to date; only what has changed is written."""
    visible_from = local_day(window.opens_at)
    known = {
        due.user_id: (due.amount, due.due_on, due.visible_from, due.params)
        for due in db.session.execute(
            sa.select(Due.user_id, Due.amount, Due.due_on, Due.visible_from, Due.params).where(
                Due.program_id == window.program_id,
                Due.code == DUE_CODES[party],
                Due.subject_id == window.id,
            )
        )
    }
    changed = [
        one
        for one in owed
        if known.pop(one.user_id, None) != (one.amount, one.due_on, visible_from, one.params)
    ]
    changed += [line(window, user_id, 0) for user_id in known if user_id is not None]
    if changed:
        dues.put_many(DUE_CODES[party], changed, program_id=window.program_id, visible_from=visible_from)


def count_up(window: Window) -> dict[str, dict[str, int]]:
    """Count expected, submitted and unassigned ratings per party and write them to the window (three statements)."""
    inside = sa.and_(Enrolment.program_id == window.program_id, is_in_training())
    people = db.session.execute(
        sa.select(
            sa.func.count().label("expected"), *(_without_rater(window, party) for party in Party)
        ).where(inside)
    ).one()
    submitted: dict[Party, int] = dict(
        db.session.execute(
            sa.select(Rating.party, sa.func.count())
            .join(Enrolment, Enrolment.id == Rating.enrolment_id)
            .where(Rating.window_id == window.id, Rating.state == RatingState.SUBMITTED, inside)
            .group_by(Rating.party)
        ).all()
    )
    tally = {
        party.value: {
            "expected": people.expected,
            "submitted": submitted.get(party, 0),
            "unassigned": getattr(people, party.value),
        }
        for party in window.plan.party_points
    }
    if tally != window.tally:
        _write(window, tally=tally)
    return tally


def _without_rater(window: Window, party: Party) -> Any:
    """Count trainees whom nobody of a party rates: not rated yet, and no mentor assigned."""
    return sa.func.count(
        sa.case((sa.and_(RATER_COLUMNS[party].is_(None), ~is_rated(window.id, party)), 1))
    ).label(party.value)


def _write(window: Window, **values: Any) -> None:
    """Write what actions keep on a window without moving the version that people edit against."""
    db.session.execute(
        sa.update(Window).where(Window.id == window.id).values(**values),
        execution_options={"synchronize_session": False},
    )
    for key, value in values.items():
        set_committed_value(window, key, value)


def _lines(window: Window, party: Party) -> Iterator[dues.Line]:
    rater = RATER_COLUMNS[party]
    owing = db.session.execute(
        sa.select(rater, sa.func.count())
        .where(
            Enrolment.program_id == window.program_id,
            is_in_training(),
            rater.is_not(None),
            ~is_rated(window.id, party),
        )
        .group_by(rater)
    ).all()
    for user_id, amount in owing:
        yield line(window, user_id, amount)


def line(window: Window, user_id: int, amount: int) -> dues.Line:
    """Return the inbox line of somebody who owes so many ratings in a window."""
    last = local_day(window.closes_at - timedelta(microseconds=1))
    name = {"zh": window.name, "en": window.name_en or window.name}
    return dues.Line(
        user_id=user_id, subject_id=window.id, amount=amount, due_on=last, params={"window": name}
    )
