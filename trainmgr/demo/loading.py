"""Loading the demo into an empty database, and taking it out again."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from time import monotonic
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from flask import current_app
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from trainmgr.curriculum.frozen import lifted
from trainmgr.demo import (
    aligning,
    attending,
    bank,
    certifying,
    faculty,
    guiding,
    hiring,
    improving,
    linking,
    logs,
    materials,
    measuring,
    placing,
    reporting,
    standards,
    teaching,
)
from trainmgr.demo.cast import assemble
from trainmgr.demo.days import Days
from trainmgr.demo.stories import funa, geely, lansi, qingling, zhanlan
from trainmgr.evaluation import windows
from trainmgr.identity.models import Organization, User
from trainmgr.kernel import audit, files
from trainmgr.kernel.audit import AuditEvent
from trainmgr.kernel.db import db
from trainmgr.kernel.errors import RuleBroken
from trainmgr.programs.models import Program
from trainmgr.programs.thread import refresh

# The trail says that the database was empty when the demo came, and the highest ids that it brought.
LOADED = audit.sentence("demo.load", _l("The demo cases were loaded into an empty database"))

TECHNICIANS = 1800
FEW_TECHNICIANS = 72
ROOTS = (Organization, User, Program)

Say = Callable[[str], None]


def is_empty() -> bool:
    """Tell whether the database holds no organisation, no person and no programme."""
    return not any(db.session.scalar(sa.select(sa.exists(sa.select(model.id)))) for model in ROOTS)


def load(*, now: datetime, say: Say, technicians: int = TECHNICIANS) -> None:
    """Load all cases; the caller commits. `technicians` are the trainees of the largest one."""
    if not is_empty():
        raise RuleBroken(_("The database is not empty. The demo goes into an empty one only."))
    days = Days(now, ZoneInfo(current_app.config["TIMEZONE"]))
    with _told(say, "organisations and people"):
        cast = assemble(days, technicians)
    with _told(say, "job standards of 庆铃 and 蓝思"):
        standards.build(days, cast)
    with _told(say, "item bank of 庆铃's three posts"):
        bank.build(days, cast)
    with _told(say, "湛蓝计划 2022: two intakes, 91 trainees, closed"):
        hiring.follow_up(zhanlan.play(days, cast))
    with _told(say, "蓝思 eight stages: running, in stage 6"):
        running = linking.give_link(attending.attend(logs.tell(placing.place(lansi.play(days, cast)))))
        guiding.go_on(running)
    with _told(say, "富纳 apprentices: recruiting"):
        funa.play(days, cast)
    with _told(say, "乐山 with 浙江工业 and 吉利: analysing"):
        geely.play(days, cast)
    with _told(say, f"庆铃 upskilling: {technicians:,} technicians, evaluating"):
        qingling.play(days, cast, technicians)
    with _told(say, "certificates, joint outcomes, income and claims"):
        certifying.certify(days, cast)
    with _told(say, "teaching resources, cases, task sheets and a pack"):
        materials.stock(days, cast)
        teaching.use_resources(days)
    with _told(say, "the faculty of 贵州轻工: team, practice ledger, grades, alliance and bases"):
        faculty.gather(days, cast)
    with _told(say, "inboxes and stations as of today"):
        standards.link_programs()
        aligning.check(days, cast)
        improving.under_way(running)
        _bring_up_to_date(now)
    with _told(say, "figures of the years, a target, evaluations by an outside assessor"):
        measuring.measure(days, cast)
    with _told(say, "the annual report of 湖南工业"):
        reporting.write(days, cast)
    audit.record(
        LOADED, "demo", by=None, now=now, last={model.__tablename__: _last(model) for model in ROOTS}
    )


@contextmanager
def _told(say: Say, what: str) -> Iterator[None]:
    begun = monotonic()
    yield
    db.session.flush()
    say(f"  {what} ({monotonic() - begun:.1f} s)")


def _bring_up_to_date(now: datetime) -> None:
    windows.turn(now)
    for program_id in db.session.scalars(sa.select(Program.id).order_by(Program.id)).all():
        refresh(program_id, now=now)


def _last(model: type[Organization] | type[User] | type[Program]) -> int:
    return db.session.scalar(sa.select(sa.func.max(model.id))) or 0


# --- out again -------------------------------------------------------------------------------------


def drop(*, with_additions: bool = False) -> int:
    """Remove the demo and everything people did in it; returns how many rows went. The caller commits.

    Refused in a database that the demo was not loaded into, and, unless `with_additions`, when organisations, people
    or programmes were added since: what is somebody's own is not taken along.
    """
    mark = db.session.scalars(sa.select(AuditEvent).where(AuditEvent.action == LOADED)).first()
    if mark is None:
        raise RuleBroken(_("The demo was not loaded into this database; nothing is removed."))
    added = _added_since(mark.details["last"])
    if added and not with_additions:
        raise RuleBroken(
            _("Nothing is removed, because these were added since the demo was loaded: %(names)s.",
              names=", ".join(added))
        )  # fmt: skip
    db.session.flush()
    db.session.expunge_all()
    removed = 0
    with lifted():  # signed plans go with everything else
        for table in reversed(db.metadata.sorted_tables):
            removed += int(getattr(db.session.execute(sa.delete(table)), "rowcount", 0))
    return removed


def _added_since(last: dict[str, int]) -> list[str]:
    """Return the names of what the demo did not bring, at most ten of each kind."""
    found: list[str] = []
    for model in ROOTS:
        names = sa.select(model.name).where(model.id > last[model.__tablename__]).order_by(model.id).limit(10)
        found += db.session.scalars(names)
    return found


def sweep_files() -> int:
    """Remove the photos and uploads that belonged to the demo, after it has gone; returns how many."""
    return files.sweep(older_than=0)
