"""Signed cases of trainees become resources of the case library (Z3), with the trainee named as their author."""

from __future__ import annotations

from datetime import datetime

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from trainmgr.identity.models import User
from trainmgr.kernel import audit
from trainmgr.kernel.audit import require
from trainmgr.kernel.db import db
from trainmgr.materials import cases
from trainmgr.materials.models import Material
from trainmgr.materials.queries import home_choices
from trainmgr.materials.rules import CasePart
from trainmgr.practice.models import LogState, PracticeLog
from trainmgr.programs.models import Program

TAKEN = audit.sentence(
    "practice.library", _l("%(who)s took a case by %(what)s into the library: “%(title)s”")
)
TITLE_LENGTH, SOURCE_LENGTH = 120, 200


def owners_for(viewer: User) -> list[tuple[int, str]]:
    """Return the organisations whose library a person writes in."""
    return [(key, name) for key, name in home_choices(viewer)]


def take_in(
    program: Program, log: PracticeLog, owner_id: int, occupation: str, *, by: User, now: datetime
) -> Material:
    """Begin a resource from a signed case, as a draft that whoever took it looks through and publishes."""
    case = log.case
    require(case is not None and log.state is LogState.SIGNED, _("Only a signed case goes into the library."))
    assert case is not None
    db.session.refresh(case, with_for_update=True)
    require(case.material_id is None, _("This case is in the library already."))
    material, draft = cases.begin_case(owner_id, log.task[:TITLE_LENGTH], occupation, "", by=by, now=now)
    material.source = _(
        "Case by trainee %(name)s, %(program)s", name=log.enrolment.name, program=program.name
    )[:SOURCE_LENGTH]
    db.session.flush()
    parts = {part.value: getattr(case, part.value) for part in CasePart}
    cases.save_draft(draft, parts, share=None, changes="", version=draft.version)
    case.material_id = material.id
    db.session.flush()
    audit.record(
        TAKEN,
        material,
        by=by,
        now=now,
        program_id=program.id,
        name=log.enrolment.name,
        title=log.task[:TITLE_LENGTH],
    )
    return material
