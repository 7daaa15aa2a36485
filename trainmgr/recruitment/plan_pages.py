"""What the pages of the plan show: lines with what is taken, signatures, faults, earlier editions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from flask import abort
from flask_babel import gettext as _
from sqlalchemy.orm import joinedload, selectinload

from trainmgr.identity.models import User
from trainmgr.kernel.access import Permission
from trainmgr.kernel.db import db
from trainmgr.kernel.i18n import say
from trainmgr.programs import signing
from trainmgr.programs.models import Program, Signature
from trainmgr.programs.queries import may, sides_of
from trainmgr.programs.rules import Side
from trainmgr.recruitment import agreeing
from trainmgr.recruitment.models import (
    Application,
    ApplicationState,
    PlanState,
    RecruitmentPlan,
    RecruitmentPost,
    RecruitmentQuota,
)
from trainmgr.recruitment.room import taken_by_post

SHOWN_EDITIONS = 20


@dataclass(frozen=True)
class LineView:
    """A line of a plan as the page shows it; `before` is its quota in the plan in force (None: not in it)."""

    id: int
    enterprise: str
    post: str
    major: str
    quota: int
    taken: int
    waiting: int
    before: int | None = None

    @property
    def left(self) -> int:
        """How many places are free."""
        return max(0, self.quota - self.taken)


@dataclass(frozen=True)
class SignLine:
    """One side's signature, or that it is awaited."""

    side: Any
    name: str
    signed_at: datetime | None
    due: None = None


@dataclass(frozen=True)
class Shown:
    """One edition with its lines, signatures and what stands in its way."""

    plan: RecruitmentPlan
    lines: Sequence[LineView]
    signatures: Sequence[SignLine]
    faults: Sequence[str] = ()
    digest: str = ""
    sides: Sequence[Side] = ()

    @property
    def total(self) -> int:
        """How many places it shares out."""
        return sum(line.quota for line in self.lines)


@dataclass(frozen=True)
class PlanView:
    """The page of a programme's plan."""

    signed: Shown | None
    draft: Shown | None
    older: Sequence[RecruitmentPlan]
    may_edit: bool


def plan_view(program: Program, viewer: User) -> PlanView:
    """Return what the page of the plan shows: seven statements at most."""
    plans = _plans(program.id)
    present = {plan.state: plan for plan in plans}
    signed = present.get(PlanState.SIGNED)
    draft = present.get(PlanState.DRAFT) or present.get(PlanState.OFFERED)
    taken = taken_by_post(program.id) if plans else {}
    waiting = _waiting_by_post(program.id) if signed else {}
    given = _signatures([plan.id for plan in (signed, draft) if plan is not None])
    quotas = {line.post_id: line.quota for line in signed.quotas} if signed else {}
    return PlanView(
        signed=_shown(signed, taken, waiting, given) if signed else None,
        draft=_draft(program, draft, viewer, taken, quotas, given) if draft else None,
        older=[plan for plan in plans if plan.state is PlanState.SUPERSEDED][:SHOWN_EDITIONS],
        may_edit=may(program, viewer, Permission.RECRUITMENT_EDIT),
    )


def _plans(program_id: int) -> list[RecruitmentPlan]:
    return list(
        db.session.scalars(
            sa.select(RecruitmentPlan)
            .where(RecruitmentPlan.program_id == program_id)
            .order_by(RecruitmentPlan.number.desc())
            .limit(SHOWN_EDITIONS + 2)
            .options(
                selectinload(RecruitmentPlan.quotas).options(
                    joinedload(RecruitmentQuota.post).joinedload(RecruitmentPost.enterprise)
                )
            )
        )
    )


def _waiting_by_post(program_id: int) -> dict[int | None, int]:
    rows = db.session.execute(
        sa.select(Application.post_id, sa.func.count())
        .where(Application.program_id == program_id, Application.state == ApplicationState.WAITLISTED)
        .group_by(Application.post_id)
    )
    return {row[0]: row[1] for row in rows}


def _signatures(plan_ids: Sequence[int]) -> dict[int, list[Signature]]:
    found: dict[int, list[Signature]] = {}
    rows = db.session.scalars(
        sa.select(Signature)
        .where(Signature.subject_kind == agreeing.KIND, Signature.subject_id.in_(plan_ids))
        .options(joinedload(Signature.user), joinedload(Signature.organization))
    )
    for row in rows:
        found.setdefault(row.subject_id, []).append(row)
    return found


def _lines(
    plan: RecruitmentPlan, taken: dict[int, int], waiting: dict[int | None, int], before: dict[int, int]
) -> list[LineView]:
    return [
        LineView(
            line.id,
            line.post.enterprise.short,
            line.post.name,
            line.post.major,
            line.quota,
            taken.get(line.post_id, 0),
            waiting.get(line.post_id, 0),
            before.get(line.post_id),
        )
        for line in plan.quotas
    ]


def _sign_lines(signatures: Sequence[Signature]) -> list[SignLine]:
    given = {one.side: one for one in signatures}
    names = {Side.COLLEGE: _("College side"), Side.ENTERPRISE: _("Enterprise side")}
    return [
        SignLine(
            names[side], f"{given[side].user.name} · {given[side].organization.short}", given[side].signed_at
        )
        if side in given
        else SignLine(names[side], "", None)
        for side in Side
    ]


def _shown(
    plan: RecruitmentPlan,
    taken: dict[int, int],
    waiting: dict[int | None, int],
    given: dict[int, list[Signature]],
) -> Shown:
    return Shown(plan, _lines(plan, taken, waiting, {}), _sign_lines(given.get(plan.id, [])))


def _draft(
    program: Program,
    plan: RecruitmentPlan,
    viewer: User,
    taken: dict[int, int],
    quotas: dict[int, int],
    given: dict[int, list[Signature]],
) -> Shown:
    signatures = given.get(plan.id, [])
    signed = {one.side for one in signatures}
    mine = sides_of(program, viewer, Permission.PROGRAM_SIGN) - signed
    return Shown(
        plan,
        _lines(plan, taken, {}, quotas),
        _sign_lines(signatures),
        faults=[say(msgid, params) for msgid, params in agreeing.faults_of(program, plan, taken)],
        digest=signing.digest_of(agreeing.document_of(plan)),
        sides=[side for side in Side if side in mine] if plan.state is PlanState.OFFERED else [],
    )


def edition_or_404(program: Program, number: int) -> Shown:
    """Return one edition of a programme's plan that was signed once, or answer 404: four statements."""
    plan = db.session.scalars(
        sa.select(RecruitmentPlan)
        .where(
            RecruitmentPlan.program_id == program.id,
            RecruitmentPlan.number == number,
            RecruitmentPlan.signed_at.is_not(None),
        )
        .options(
            selectinload(RecruitmentPlan.quotas).options(
                joinedload(RecruitmentQuota.post).joinedload(RecruitmentPost.enterprise)
            )
        )
    ).one_or_none()
    if plan is None:
        return abort(404)
    return _shown(plan, {}, {}, _signatures([plan.id]))
