"""Writing indicators and targets: each change is a version of its own, from a day on, with its reason."""

from __future__ import annotations

from dataclasses import dataclass, fields
from datetime import date, datetime

import sqlalchemy as sa
from flask_babel import gettext as _

from trainmgr.identity.models import Organization, User
from trainmgr.kernel import audit
from trainmgr.kernel.audit import require
from trainmgr.kernel.db import db
from trainmgr.kernel.errors import Conflict
from trainmgr.quality import catalogue, labels
from trainmgr.quality.measures.base import MEASURES
from trainmgr.quality.models import QualityIndicator, QualityTarget
from trainmgr.quality.rules import FIRST_YEAR, LAST_YEAR, Definition, Group, Unit
from trainmgr.quality.words import AIMED, DEFINED

OWN = "own_"
KEPT = {field.name for field in fields(Definition)} - {
    "code", "near", "target", "valid_from", "is_built_in", "golds", "tables",
}  # fmt: skip


@dataclass(frozen=True)
class Version:
    """A version as it was typed, with the day it holds from and its reason; `seen` is the version that was read."""

    definition: Definition
    valid_from: date
    reason: str
    seen: int | None = None


def define(college_id: int, version: Version, *, by: User, now: datetime) -> QualityIndicator:
    """Write an indicator's next version; whoever read an older one meanwhile is told."""
    lock(college_id)
    code, definition = version.definition.code, version.definition
    if version.seen is not None and version.seen != latest_id(college_id, code):
        raise Conflict(_("Someone else changed this indicator meanwhile; look at it again."))
    require(definition.measure in MEASURES, _("Choose how it is computed."))
    row = QualityIndicator(
        college_id=college_id,
        code=code,
        valid_from=version.valid_from,
        golds=[gold.value for gold in definition.golds],
        tables=[table.value for table in definition.tables],
        reason=version.reason,
        by_id=by.id,
        by_name=by.name,
        at=now,
        **{name: getattr(definition, name) for name in KEPT},
    )
    db.session.add(row)
    audit.record(DEFINED, row, by=by, now=now, name=definition.name, reason=version.reason)
    return row


def blank(code: str, measure: str) -> Definition:
    """Return a new indicator before anything is said of it."""
    return Definition(
        code=code, measure=measure, name="", name_en="", definition="", definition_en="", source="", source_en="",
        unit_name="", unit_name_en="", group=Group.QUALITY, is_built_in=False,
    )  # fmt: skip


def next_code(college_id: int) -> str:
    """Return the code of a college's next own indicator; who asks at the same moment waits for the next."""
    lock(college_id)
    codes = db.session.scalars(
        sa.select(QualityIndicator.code)
        .where(
            QualityIndicator.college_id == college_id, QualityIndicator.code.startswith(OWN, autoescape=True)
        )
        .distinct()
    )
    return f"{OWN}{max((int(code.removeprefix(OWN)) for code in codes), default=0) + 1}"


def latest_id(college_id: int, code: str) -> int:
    """Return the newest version's id, 0 where the program's own definition holds."""
    newest = sa.select(sa.func.max(QualityIndicator.id)).where(
        QualityIndicator.college_id == college_id, QualityIndicator.code == code
    )
    return db.session.scalar(newest) or 0


def aim(
    college_id: int,
    definition: Definition,
    year: int,
    value: float | None,
    *,
    reason: str,
    by: User,
    now: datetime,
) -> QualityTarget:
    """Set a year's target (0 to 1 for shares), or take it back with None."""
    require(FIRST_YEAR <= year <= LAST_YEAR, _("Write a year such as 2026."))
    is_share = MEASURES[definition.measure].unit is Unit.SHARE
    require(value is None or not is_share or 0 <= value <= 1, _("A share lies between 0 and 100%."))
    lock(college_id)
    row = QualityTarget(
        college_id=college_id, code=definition.code, year=year, value=value, reason=reason,
        by_id=by.id, by_name=by.name, at=now,
    )  # fmt: skip
    db.session.add(row)
    audit.record(AIMED, row, by=by, now=now, name=labels.name_of(definition), reason=reason, year=year)
    return row


def lock(college_id: int) -> None:
    """Let two who define at once do so one after the other."""
    db.session.execute(sa.select(Organization.id).where(Organization.id == college_id).with_for_update())


def shown(college_id: int, code: str, day: date) -> Definition | None:
    """Return an indicator as it holds on a day, active or not."""
    return catalogue.catalogue(college_id, day, everything=True).get(code)
