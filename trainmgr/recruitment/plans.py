"""Writing the joint recruitment plan: its editions, terms and lines."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

import sqlalchemy as sa
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from trainmgr.identity.models import Organization, User
from trainmgr.kernel import audit
from trainmgr.kernel.audit import require
from trainmgr.kernel.db import db
from trainmgr.kernel.errors import Conflict, RuleBroken
from trainmgr.programs.actions import require_open
from trainmgr.programs.models import Program
from trainmgr.programs.queries import enterprises_of
from trainmgr.programs.rules import Work
from trainmgr.recruitment.models import (
    PlanState,
    RecruitmentPlan,
    RecruitmentPost,
    RecruitmentQuota,
    Relation,
)
from trainmgr.recruitment.room import find_plan, plan_in_force

OPENED = audit.sentence(
    "recruitment.open", _l("%(who)s began edition %(number)s of the joint recruitment plan")
)
EDITED = audit.sentence("recruitment.edit", _l("%(who)s edited the terms of the joint recruitment plan"))
LINE_SET = audit.sentence("recruitment.line", _l("%(who)s gave %(quota)s places to %(what)s"))
LINE_DROPPED = audit.sentence(
    "recruitment.line.drop", _l("%(who)s took %(what)s out of the recruitment plan")
)
DISCARDED = audit.sentence("recruitment.discard", _l("%(who)s discarded the draft of the recruitment plan"))


@dataclass(frozen=True)
class Terms:
    """What a plan says besides its lines; `pay` in whole yuan a month."""

    opens_on: date | None
    closes_on: date | None
    relation: Relation
    relation_from: date | None
    pay: int | None
    promise: str


def open_edition(program: Program, *, reason: str, by: User, now: datetime) -> RecruitmentPlan:
    """Begin the first or the next edition; the next one starts from what is in force, which holds until both sign."""
    require_open(program, Work.SETUP)
    require(
        find_plan(program.id, PlanState.DRAFT, PlanState.OFFERED) is None,
        _("An edition is being written already."),
    )
    before = plan_in_force(program.id)
    require(before is None or reason, _("Say why the signed plan is to change."))
    last = db.session.scalar(
        sa.select(sa.func.max(RecruitmentPlan.number)).where(RecruitmentPlan.program_id == program.id)
    )
    plan = RecruitmentPlan(
        program_id=program.id,
        number=(last or 0) + 1,
        reason=reason,
        created_by_id=by.id,
        created_at=now,
        quotas=[],
    )
    if before is not None:
        _assign(plan, terms_of(before))
        plan.quotas = [RecruitmentQuota(post_id=line.post_id, quota=line.quota) for line in before.quotas]
    db.session.add(plan)
    audit.record(
        OPENED,
        plan,
        by=by,
        now=now,
        program_id=program.id,
        name=program.name,
        number=plan.number,
        reason=reason,
    )
    return plan


def terms_of(plan: RecruitmentPlan) -> Terms:
    """Return what a plan says besides its lines."""
    return Terms(
        plan.opens_on, plan.closes_on, plan.relation, plan.relation_from, plan.pay, plan.promise
    )  # fmt: skip


def _assign(plan: RecruitmentPlan, terms: Terms) -> None:
    for name in Terms.__dataclass_fields__:
        setattr(plan, name, getattr(terms, name))


def require_draft(plan: RecruitmentPlan) -> None:
    require(
        plan.state is PlanState.DRAFT,
        _("This edition is offered for signing. Take it back first; the signatures under it then go."),
    )


def set_terms(
    program: Program, plan: RecruitmentPlan, terms: Terms, *, version: int, by: User, now: datetime
) -> None:
    """Change the terms of a draft; refused on top of somebody else's change."""
    require_open(program, Work.SETUP)
    require_draft(plan)
    if plan.version != version:
        raise Conflict(_("Somebody else changed the draft meanwhile. What you typed is still here."))
    _assign(plan, terms)
    audit.record(EDITED, plan, by=by, now=now, program_id=program.id, name=program.name)


@dataclass(frozen=True)
class NewLine:
    """A line as it was typed."""

    enterprise_id: int
    post: str
    major: str
    quota: int


def set_line(
    program: Program, plan: RecruitmentPlan, line: NewLine, *, by: User, now: datetime
) -> RecruitmentQuota:
    """Give an enterprise's post for a major its quota in a draft; the same three again change the quota."""
    require_open(program, Work.SETUP)
    require_draft(plan)
    names = {party.organization_id: party.organization for party in enterprises_of(program)}
    require(line.enterprise_id in names, _("This enterprise is no party to the programme."))
    post = _post(program.id, names[line.enterprise_id], line)
    found = next((each for each in plan.quotas if each.post_id == post.id), None)
    if found is None:
        found = RecruitmentQuota(post=post, quota=line.quota)
        plan.quotas.append(found)
    found.quota = line.quota
    audit.record(
        LINE_SET, plan, by=by, now=now, program_id=program.id, name=post.label, quota=line.quota
    )  # fmt: skip
    db.session.flush()
    return found


def _post(program_id: int, enterprise: Organization, line: NewLine) -> RecruitmentPost:
    """Return the post, the same row in every edition; a new one is made when there is none of these words."""
    post = db.session.scalars(
        sa.select(RecruitmentPost).where(
            RecruitmentPost.program_id == program_id,
            RecruitmentPost.enterprise_id == enterprise.id,
            RecruitmentPost.name == line.post,
            RecruitmentPost.major == line.major,
        )
    ).one_or_none()
    if post is None:
        post = RecruitmentPost(
            program_id=program_id, enterprise_id=enterprise.id, name=line.post, major=line.major
        )
        db.session.add(post)
        db.session.flush()
    post.enterprise = enterprise
    return post


def set_quota(
    program: Program, plan: RecruitmentPlan, line: RecruitmentQuota, quota: int, *, by: User, now: datetime
) -> None:
    """Change a line's quota in a draft; 0 takes the line out."""
    require_open(program, Work.SETUP)
    require_draft(plan)
    name, action = line.post.label, LINE_SET if quota else LINE_DROPPED
    if quota:
        line.quota = quota
    else:
        plan.quotas.remove(line)
    audit.record(action, plan, by=by, now=now, program_id=program.id, name=name, quota=quota)


def discard(program: Program, plan: RecruitmentPlan, *, by: User, now: datetime) -> None:
    """Throw a draft away; what is in force stays."""
    require_open(program, Work.SETUP)
    require_draft(plan)
    audit.record(DISCARDED, plan, by=by, now=now, program_id=program.id, name=program.name)
    db.session.delete(plan)


def line_or_none(plan: RecruitmentPlan, line_id: int) -> RecruitmentQuota | None:
    """Return a line of a plan by its id."""
    return next((line for line in plan.quotas if line.id == line_id), None)


def require_draft_there(plan: RecruitmentPlan | None) -> RecruitmentPlan:
    """Return the edition that is being written, or refuse when there is none."""
    if plan is None:
        raise RuleBroken(_("No edition is being written at the moment."))
    return plan
