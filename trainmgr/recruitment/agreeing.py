"""Agreeing on the joint recruitment plan: offered, taken back, signed by both sides, in force."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from trainmgr.enrolment.places import STEPS, lock_places
from trainmgr.identity.models import User
from trainmgr.kernel import audit
from trainmgr.kernel.audit import require
from trainmgr.kernel.db import db
from trainmgr.kernel.errors import Conflict
from trainmgr.kernel.i18n import say
from trainmgr.programs import dues, signing
from trainmgr.programs.actions import require_open
from trainmgr.programs.models import Program
from trainmgr.programs.rules import Side, Step, Work
from trainmgr.programs.thread import refresh
from trainmgr.recruitment import admitting, owed
from trainmgr.recruitment.models import PlanState, RecruitmentPlan
from trainmgr.recruitment.plans import require_draft, terms_of
from trainmgr.recruitment.room import taken_by_post
from trainmgr.recruitment.rules import Fault, Line, plan_faults

KIND = "recruitment_plan"
OFFERED = audit.sentence(
    "recruitment.offer", _l("%(who)s offered the joint recruitment plan for signing, edition %(number)s")
)
TAKEN_BACK = audit.sentence(
    "recruitment.take_back", _l("%(who)s took the joint recruitment plan back to edit it: %(reason)s")
)
SIGNED = audit.sentence(
    "recruitment.sign", _l("%(who)s signed the joint recruitment plan, edition %(number)s")
)
IN_FORCE = audit.sentence(
    "recruitment.in_force", _l("Edition %(number)s of the joint recruitment plan is in force")
)


def faults_of(program: Program, plan: RecruitmentPlan, taken: Mapping[int, int]) -> list[Fault]:
    """Return what keeps a plan from being signed, as msgids with values."""
    lines = [Line(line.post.label, line.quota, taken.get(line.post_id, 0)) for line in plan.quotas]
    return plan_faults(lines, program.planned_size, plan.opens_on, plan.closes_on)


def _require_whole(program: Program, plan: RecruitmentPlan) -> None:
    faults = faults_of(program, plan, taken_by_post(program.id))
    require(not faults, " ".join(say(msgid, params) for msgid, params in faults))


def offer(program: Program, plan: RecruitmentPlan, *, by: User, now: datetime, today: date) -> None:
    """Offer a draft to both sides for signing; from now on it is not edited."""
    require_open(program, Work.SETUP)
    require_draft(plan)
    _require_whole(program, plan)
    plan.state = PlanState.OFFERED
    owed.ask_to_sign(program, plan, list(Side), today=today)
    audit.record(
        OFFERED, plan, by=by, now=now, program_id=program.id, name=program.name, number=plan.number
    )  # fmt: skip
    refresh(program.id, Step.ENROLMENT, now=now)


def take_back(program: Program, plan: RecruitmentPlan, *, reason: str, by: User, now: datetime) -> None:
    """Take an offered plan back to edit it; signatures under it go, and both sides sign again."""
    require_open(program, Work.SETUP)
    require(plan.state is PlanState.OFFERED, _("This edition is not offered for signing."))
    signing.withdraw_all(KIND, plan.id)
    plan.state = PlanState.DRAFT
    dues.drop(owed.TO_SIGN, program_id=program.id)
    audit.record(TAKEN_BACK, plan, by=by, now=now, program_id=program.id, name=program.name, reason=reason)
    refresh(program.id, Step.ENROLMENT, now=now)


def document_of(plan: RecruitmentPlan) -> dict[str, Any]:
    """Return what both sides sign, as JSON-able values."""
    terms = terms_of(plan)
    return {
        "number": plan.number,
        "opens_on": str(terms.opens_on),
        "closes_on": str(terms.closes_on),
        "relation": terms.relation.value,
        "relation_from": str(terms.relation_from or ""),
        "pay": terms.pay,
        "promise": terms.promise,
        "lines": [
            [line.post.enterprise.name, line.post.name, line.post.major, line.quota] for line in plan.quotas
        ],
    }


def sign(
    program: Program, plan: RecruitmentPlan, side: Side, *, digest: str, by: User, now: datetime, today: date
) -> int | None:
    """Sign an offered plan for one side; with both it is in force, and free places go to those who wait.

    `digest` is that of the content which the signer read. Returns how many came in, or None while the other side's
    signature is awaited.
    """
    require_open(program, Work.SETUP)
    require(plan.state is PlanState.OFFERED, _("This edition is not offered for signing."))
    document = document_of(plan)
    if digest != signing.digest_of(document):
        raise Conflict(_("The plan is not any more what you read. Read it again, then sign."))
    lock_places(program.id)
    _require_whole(program, plan)
    complete = signing.sign(program, KIND, plan.id, document, side=side, by=by, now=now)
    audit.record(
        SIGNED, plan, by=by, now=now, program_id=program.id, name=program.name, number=plan.number
    )  # fmt: skip
    if not complete:
        other = Side.ENTERPRISE if side is Side.COLLEGE else Side.COLLEGE
        owed.ask_to_sign(program, plan, [other], today=today)
        return None
    return _put_in_force(program, plan, document, now=now, today=today)


def _put_in_force(
    program: Program, plan: RecruitmentPlan, document: dict[str, Any], *, now: datetime, today: date
) -> int:
    dues.drop(owed.TO_SIGN, program_id=program.id)
    db.session.execute(
        sa.update(RecruitmentPlan)
        .where(RecruitmentPlan.program_id == program.id, RecruitmentPlan.state == PlanState.SIGNED)
        .values(state=PlanState.SUPERSEDED)
    )
    plan.state, plan.signed_at, plan.signed_document = PlanState.SIGNED, now, document
    audit.record(
        IN_FORCE, plan, by=None, now=now, program_id=program.id, name=program.name, number=plan.number
    )  # fmt: skip
    db.session.flush()
    admitted = admitting.promote(program, now=now, today=today)
    refresh(program.id, *STEPS, now=now)
    return admitted
