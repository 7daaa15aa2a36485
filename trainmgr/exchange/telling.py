"""Sending statements to learning record stores by the worker's clock, and writing those of a period as a file.

The outbox is filled from the records themselves, so that none is missed whatever wrote it; a record is in it once.
Statements go fifty at a time. A store that refuses a batch for its content is sent the statements one by one: one that
it has already is no fault, one that it will not have is noted, the others go through.
"""

from __future__ import annotations

import base64
import json
import logging
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import groupby
from typing import IO, Any

import requests
import sqlalchemy as sa
from sqlalchemy.orm import aliased

from trainmgr.exchange import statements
from trainmgr.exchange.kinds import BACK_OFF, LOST_AFTER, Source, StatementState
from trainmgr.exchange.models import LearningStatement, LearningStore
from trainmgr.exchange.statements import KEYS, MOMENTS, VERSION, Telling
from trainmgr.kernel import outbox, outward
from trainmgr.kernel.crypto import DataKeyMissing, decrypt
from trainmgr.kernel.db import among, db
from trainmgr.kernel.jobs import JobRun, each_minute

log = logging.getLogger(__name__)
AT_ONCE, EACH, FILL, PAGE = 50, 2_000, 5_000, 1_000
FILL_EVERY = timedelta(minutes=5)
LOOK_BACK = timedelta(days=31)  # a test is marked, a transaction committed, after its record's moment
OF_CONTENT = frozenset({400, 404, 409, 413, 422})


# --- filling the outbox --------------------------------------------------------------------------------------


@each_minute
def fill_outbox(now: datetime) -> Iterator[None]:
    """Put into the outbox what happened since, store by store and kind by kind."""
    due = sa.select(LearningStore.id).where(
        LearningStore.active,
        sa.or_(LearningStore.filled_at.is_(None), LearningStore.filled_at <= now - FILL_EVERY),
    )
    for store_id in list(db.session.scalars(due.order_by(LearningStore.id).limit(1_000))):
        more = False
        for source in Source:
            store = db.session.get_one(LearningStore, store_id, populate_existing=True)
            more |= _fill(store, source, now) >= FILL
            yield
        if not more:
            db.session.execute(
                sa.update(LearningStore).where(LearningStore.id == store_id).values(filled_at=now)
            )
            yield


def _fill(store: LearningStore, source: Source, now: datetime) -> int:
    """Put a store's new records of a kind into the outbox; returns how many."""
    since = max(store.since, store.filled_at - LOOK_BACK) if store.filled_at else store.since
    there = sa.exists().where(
        LearningStatement.store_id == store.id,
        LearningStatement.source == source,
        LearningStatement.subject_id == KEYS[source],
    )
    found = (
        statements.records(source, store.college_id)
        .where(MOMENTS[source] >= since, MOMENTS[source] <= now, ~there)
        .order_by(MOMENTS[source], KEYS[source])
        .limit(FILL)
    )
    if source is Source.VOIDED:
        told = aliased(LearningStatement)
        found = found.where(
            sa.exists().where(
                told.store_id == store.id, told.source == Source.COMPLETION, told.subject_id == KEYS[source],
                told.state == StatementState.SENT,
            )
        )  # fmt: skip
    rows = [
        {
            "college_id": store.college_id, "store_id": store.id, "source": source, "subject_id": row.subject_id,
            "happened_at": row.at, "state": StatementState.WAITING, "attempts": 0, "not_before": now, "fault": "",
        }
        for row in db.session.execute(found)
    ]  # fmt: skip
    if rows:
        db.session.execute(sa.insert(LearningStatement), rows)
    return len(rows)


# --- sending -------------------------------------------------------------------------------------------------


@each_minute
def send_statements(now: datetime) -> Iterator[None]:
    """Send what is due; a store that is down is left until the next minute."""
    ready = _ready(now)
    due = outbox.in_turn(LearningStatement, LearningStatement.store_id, ready, EACH)
    batches: list[list[int]] = []
    places: list[int] = []
    for store_id, pairs in groupby(
        sorted(due, key=lambda pair: (pair[1], pair[0])), key=lambda pair: pair[1]
    ):
        ids = [key for key, _store in pairs]
        for at in range(0, len(ids), AT_ONCE):
            batches.append(ids[at : at + AT_ONCE])
            places.append(store_id)
    return outbox.send_each(
        list(enumerate(places)),
        claim=lambda place: _claim(batches[place], ready, now),
        prepare=lambda place: _packed(batches[place], now),
        deliver=_deliver,
        note=lambda place, answer: _note(batches[place], answer, now),
        is_down=lambda answer: answer.down,
    )


def _ready(now: datetime) -> sa.ColumnElement[bool]:
    one = LearningStatement
    lost = sa.and_(one.state == StatementState.SENDING, one.claimed_at < now - LOST_AFTER)
    return sa.or_(sa.and_(one.state == StatementState.WAITING, one.not_before <= now), lost)


@dataclass(frozen=True)
class Parcel:
    """A batch of statements by the ids of their rows, with all that is needed to send it, the database aside."""

    url: str
    headers: dict[str, str]
    statements: dict[int, dict[str, Any]]
    now: datetime


@dataclass
class Answer:
    """What came of a batch: why rows were not taken (and whether that is final), whether the store is down."""

    faults: dict[int, tuple[str, bool]] = field(default_factory=dict)
    down: bool = False


def _claim(batch: list[int], ready: sa.ColumnElement[bool], now: datetime) -> bool:
    """Take a batch for this worker; rows that another one has are left out of it."""
    batch[:] = [
        key for key in batch if outbox.claim(LearningStatement, key, ready, StatementState.SENDING, now)
    ]
    return bool(batch)


def _packed(batch: Sequence[int], now: datetime) -> Parcel | None:
    """Return a claimed batch ready to go; None when its store is off or cannot be signed in to, which is noted."""
    rows = db.session.scalars(
        sa.select(LearningStatement)
        .where(LearningStatement.id.in_(batch))
        .order_by(LearningStatement.id)
        .execution_options(populate_existing=True)
    ).all()
    store = db.session.get_one(LearningStore, rows[0].store_id, populate_existing=True)
    if not store.active:
        for row in rows:
            row.state = StatementState.DROPPED
        return None
    try:
        password = decrypt(store.password_sealed)
    except DataKeyMissing:
        for row in rows:
            row.state, row.fault = StatementState.FAILED, "the key that sealed the password is missing"
        return None
    made = _made(rows, Telling(store.college_id, store.root, store.tells_names))
    for row in rows:
        if row.id not in made:
            row.state, row.fault = StatementState.DROPPED, "the record is there no more"
    if not made:
        return None
    signs = base64.b64encode(f"{store.username}:{password}".encode()).decode()
    headers = {
        "Content-Type": "application/json",
        "X-Experience-API-Version": VERSION,
        "Authorization": f"Basic {signs}",
    }
    return Parcel(store.url.rstrip("/") + "/statements", headers, made, now)


def _made(rows: Sequence[LearningStatement], to: Telling) -> dict[int, dict[str, Any]]:
    """Return the statements of rows of the outbox, in the rows' order; a record that is gone has none."""
    made: dict[int, dict[str, Any]] = {}
    for source in Source:
        mine = {row.subject_id: row.id for row in rows if row.source is source}
        if not mine:
            continue
        found = db.session.execute(
            statements.records(source, to.college_id).where(among(KEYS[source], list(mine)))
        ).all()
        for row, statement in zip(found, statements.statements_of(source, found, to), strict=True):
            made[mine[row.subject_id]] = statement
    return {row.id: made[row.id] for row in rows if row.id in made}


def _deliver(parcel: Parcel) -> Answer | None:
    """Send a batch; returns None when the store has all of it now. Asks nothing of the database."""
    status, reason = _post(parcel, list(parcel.statements.values()))
    if reason is None:
        return None
    if status not in OF_CONTENT:
        return Answer(dict.fromkeys(parcel.statements, (reason, False)), down=True)
    answer = Answer()
    for key, statement in parcel.statements.items():
        status, reason = _post(parcel, [statement])
        if reason is None or status == 409:  # it has this id already
            continue
        if status not in OF_CONTENT:
            rest = list(parcel.statements)[list(parcel.statements).index(key) :]
            answer.faults |= dict.fromkeys(rest, (reason, False))
            answer.down = True
            break
        answer.faults[key] = (reason, True)
    return answer


def _post(parcel: Parcel, made: list[dict[str, Any]]) -> tuple[int, str | None]:
    """Send statements; returns the status (0 for none) and why they were not taken, or None."""
    body = json.dumps(made, ensure_ascii=False, separators=(",", ":")).encode()
    try:
        answer = outward.send("POST", parcel.url, data=body, headers=parcel.headers)
    except outward.Refused:
        return 0, "the name leads into a network that is not public"
    except (requests.RequestException, OSError, ValueError) as error:
        return 0, f"it was not reached ({type(error).__name__})"
    if 200 <= answer.status_code < 300:
        return answer.status_code, None
    return answer.status_code, f"it answered {answer.status_code}"


def _note(batch: Sequence[int], answer: Answer | None, now: datetime) -> None:
    """Write down what came of a batch: sent, to be tried again later, or given up."""
    faults = answer.faults if answer is not None else {}
    rows = db.session.scalars(
        sa.select(LearningStatement)
        .where(LearningStatement.id.in_(batch), LearningStatement.state == StatementState.SENDING)
        .execution_options(populate_existing=True)
    )
    for row in rows:
        if row.id not in faults:
            row.state, row.sent_at, row.fault = StatementState.SENT, now, ""
            continue
        reason, final = faults[row.id]
        given_up = final or row.attempts > len(BACK_OFF)
        row.state = StatementState.FAILED if given_up else StatementState.WAITING
        row.fault = reason[:200]
        if not given_up:
            row.not_before = now + BACK_OFF[row.attempts - 1]
    if faults:
        log.warning("%s of %s statements were not taken", len(faults), len(batch))


# --- a file --------------------------------------------------------------------------------------------------


def write_file(run: JobRun, to: Telling, begins_at: datetime, ends_at: datetime) -> bytes | None:
    """Return the statements of a time as one JSON array, each with the voiding of those undone; None when stopped."""
    with tempfile.TemporaryFile() as out:
        out.write(b"[")
        count = 0
        for source in Source:
            for made in _pages(source, to, begins_at, ends_at):
                if run.should_stop():
                    return None
                for statement in made:
                    _write_one(out, statement, first=count == 0)
                    count += 1
                run.progress(count, written=len(made))
        out.write(b"\n]\n")
        out.seek(0)
        return out.read()


def _write_one(out: IO[bytes], statement: dict[str, Any], *, first: bool) -> None:
    out.write(b"\n" if first else b",\n")
    out.write(json.dumps(statement, ensure_ascii=False, separators=(",", ":")).encode())


def _pages(
    source: Source, to: Telling, begins_at: datetime, ends_at: datetime
) -> Iterator[list[dict[str, Any]]]:
    key, last = KEYS[source], 0
    while True:
        rows = db.session.execute(
            statements.records(source, to.college_id)
            .where(MOMENTS[source] >= begins_at, MOMENTS[source] < ends_at, key > last)
            .order_by(key)
            .limit(PAGE)
        ).all()
        if rows:
            yield statements.statements_of(source, rows, to)
        if len(rows) < PAGE:
            return
        last = rows[-1].subject_id
