"""What every change of a plan begins and ends with: the lock on its edition, and the step brought up to date."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa
from flask_babel import gettext as _

from trainmgr.curriculum import station
from trainmgr.curriculum.board import keep_last, newest_board, reading_once
from trainmgr.curriculum.frozen import FROZEN
from trainmgr.curriculum.models import Edition, EditionState, Module, PlanStage
from trainmgr.identity.models import User
from trainmgr.kernel.audit import require
from trainmgr.kernel.db import db
from trainmgr.kernel.errors import Conflict
from trainmgr.programs.actions import require_open
from trainmgr.programs.models import Program
from trainmgr.programs.rules import Step, Work
from trainmgr.programs.thread import refresh


class Overtaken(Conflict):
    """Somebody else changed the same thing meanwhile; `theirs` is how it stands now."""

    def __init__(self, message: object, theirs: object) -> None:
        super().__init__(message)
        self.theirs = theirs


def locked(edition: Edition) -> Edition:
    """Return an edition locked, so that changes and signatures of the same plan wait for each other."""
    db.session.flush()
    return db.session.scalars(
        sa.select(Edition)
        .where(Edition.id == edition.id)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).one()


def opened(program: Program, edition: Edition) -> Edition:
    """Return an edition locked for a change; refused unless it is a draft and the programme lets plans change."""
    require_open(program, Work.CURRICULUM)
    edition = locked(edition)
    require_unfrozen(edition)
    require(
        edition.state is EditionState.DRAFT,
        _(
            "This edition waits for signatures. Withdraw it from signing first; after the change both sides sign anew."
        ),
    )
    return edition


def require_unfrozen(edition: Edition) -> None:
    """Refuse to touch what both sides have signed."""
    require(
        edition.state not in FROZEN,
        _("Both sides have signed this edition. It never changes; open the next edition instead."),
    )


def require_version(thing: Edition | Module | PlanStage, version: int | None, changer: User | None) -> None:
    """Refuse a change that was typed over an older version of the same thing."""
    if version is None or version == thing.version:
        return
    if changer is None:
        message = _("This was changed meanwhile. Both versions are shown: compare, then save yours again.")
    else:
        message = _(
            "%(name)s has changed this meanwhile. Both versions are shown: compare, then save yours again.",
            name=changer.name,
        )
    raise Overtaken(message, thing)


def settle(program: Program, edition: Edition | None, *, by: User, now: datetime) -> None:
    """Note who changed the plan last, and bring the step and the inboxes up to date."""
    if edition is not None:
        edition.changed_at, edition.changed_by_id = now, by.id
    db.session.flush()
    with reading_once():
        station.keep_dues(program, now=now)
        refresh(program.id, Step.CURRICULUM, now=now)
        keep_last(newest_board(program))
