"""Reads of index systems and evaluations; each starts from what the viewer may see."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from flask import abort
from sqlalchemy.orm import joinedload, selectinload

from trainmgr.identity.models import Membership, Organization, User
from trainmgr.kernel.access import Role
from trainmgr.kernel.db import db
from trainmgr.kernel.paging import Listing, Page, contains, paginate
from trainmgr.programs.models import Program
from trainmgr.quality.maturity_models import (
    MaturityEvaluation,
    MaturityFinding,
    MaturityIndex,
    MaturityProgram,
    MaturityScore,
    MaturityTree,
)
from trainmgr.quality.maturity_rules import EvaluationState, FindingKind, Scored, TreeState
from trainmgr.quality.seeing import colleges_of

MOST = 200


def visible_to(viewer: User) -> sa.ColumnElement[bool]:
    """Return the condition on MaturityEvaluation that leaves those of the viewer's college, and those asked of one."""
    return sa.or_(
        MaturityEvaluation.college_id.in_(colleges_of(viewer)), MaturityEvaluation.assessor_id == viewer.id
    )


def list_evaluations(viewer: User, listing: Listing) -> Page[MaturityEvaluation]:
    """Return a page of evaluations, the newest first."""
    statement = (
        sa.select(MaturityEvaluation)
        .where(visible_to(viewer))
        .options(joinedload(MaturityEvaluation.assessor), joinedload(MaturityEvaluation.house))
    )
    if listing.q:
        statement = statement.where(contains(MaturityEvaluation.title, listing.q))
    orders: dict[str, Sequence[Any]] = {
        "begun": [MaturityEvaluation.opens_on.desc(), MaturityEvaluation.id.desc()],
        "title": [MaturityEvaluation.title, MaturityEvaluation.id],
        "level": [MaturityEvaluation.level, MaturityEvaluation.id],
    }
    return paginate(statement, listing, orders=orders, default="begun")


def evaluation_or_404(evaluation_id: int, viewer: User) -> MaturityEvaluation:
    """Return an evaluation that the viewer may see with its index system, or answer 404."""
    found: MaturityEvaluation | None = db.session.scalars(
        sa.select(MaturityEvaluation)
        .where(MaturityEvaluation.id == evaluation_id, visible_to(viewer))
        .options(
            joinedload(MaturityEvaluation.assessor),
            joinedload(MaturityEvaluation.house),
            joinedload(MaturityEvaluation.tree).selectinload(MaturityTree.indices),
        )
    ).one_or_none()
    return found if found is not None else abort(404)


def programs_of(evaluation: MaturityEvaluation) -> Sequence[Program]:
    """Return the programmes that an evaluation looks at."""
    return db.session.scalars(
        sa.select(Program)
        .join(MaturityProgram, MaturityProgram.program_id == Program.id)
        .where(MaturityProgram.evaluation_id == evaluation.id)
        .order_by(Program.name, Program.id)
    ).all()


def scores_of(evaluation: MaturityEvaluation) -> dict[int, MaturityScore]:
    """Return the scores by index."""
    rows = db.session.scalars(
        sa.select(MaturityScore)
        .where(MaturityScore.evaluation_id == evaluation.id)
        .options(joinedload(MaturityScore.file))
    )
    return {row.index_id: row for row in rows}


def scored(evaluation: MaturityEvaluation, scores: dict[int, MaturityScore]) -> list[Scored]:
    """Return the indices with the levels they were given."""
    return [
        Scored(one.dimension, one.weight, scores[one.id].level if one.id in scores else None)
        for one in evaluation.tree.indices
    ]


def missing(evaluation: MaturityEvaluation, scores: dict[int, MaturityScore]) -> list[MaturityIndex]:
    """Return the indices that the assessor still has to score."""
    return [
        one
        for one in evaluation.tree.indices
        if not one.is_quantitative and (one.id not in scores or scores[one.id].level is None)
    ]


def findings_of(evaluation: MaturityEvaluation) -> Sequence[MaturityFinding]:
    """Return an evaluation's findings, weaknesses after strengths, in the order in which they were noted."""
    return db.session.scalars(
        sa.select(MaturityFinding)
        .where(MaturityFinding.evaluation_id == evaluation.id)
        .options(joinedload(MaturityFinding.index), joinedload(MaturityFinding.program))
        .order_by(MaturityFinding.kind, MaturityFinding.id)
        .limit(MOST)
    ).all()


@dataclass(frozen=True)
class Finding:
    """A weakness that an outside assessor found, for the improvement loop."""

    id: int
    evaluation_id: int
    title: str
    index_name: str
    text: str
    advice: str
    level: int | None
    program_id: int | None
    at: datetime


def findings(college_id: int) -> list[Finding]:
    """Return the weaknesses of a college's submitted evaluations, the newest first, for the improvement loop."""
    rows = db.session.execute(
        sa.select(MaturityFinding, MaturityEvaluation, MaturityIndex, MaturityScore.level)
        .join(MaturityEvaluation, MaturityEvaluation.id == MaturityFinding.evaluation_id)
        .outerjoin(MaturityIndex, MaturityIndex.id == MaturityFinding.index_id)
        .outerjoin(
            MaturityScore,
            sa.and_(
                MaturityScore.evaluation_id == MaturityFinding.evaluation_id,
                MaturityScore.index_id == MaturityFinding.index_id,
            ),
        )
        .where(
            MaturityEvaluation.college_id == college_id,
            MaturityEvaluation.state == EvaluationState.SUBMITTED,
            MaturityFinding.kind == FindingKind.WEAKNESS,
        )
        .order_by(MaturityFinding.id.desc())
        .limit(MOST)
    )
    return [
        Finding(row.id, evaluation.id, evaluation.title, index.label if index else "", row.text, row.advice, level,
                row.program_id, row.at)
        for row, evaluation, index, level in rows
    ]  # fmt: skip


# --- index systems -------------------------------------------------------------------------------------------


def trees_of(viewer: User) -> Sequence[MaturityTree]:
    """Return the index systems of the viewer's colleges, the newest first."""
    return db.session.scalars(
        sa.select(MaturityTree)
        .where(MaturityTree.college_id.in_(colleges_of(viewer)))
        .options(selectinload(MaturityTree.indices))
        .order_by(MaturityTree.id.desc())
        .limit(MOST)
    ).all()


def tree_or_404(tree_id: int, viewer: User) -> MaturityTree:
    """Return an index system of the viewer's college with its indices, or answer 404."""
    found: MaturityTree | None = db.session.scalars(
        sa.select(MaturityTree)
        .where(MaturityTree.id == tree_id, MaturityTree.college_id.in_(colleges_of(viewer)))
        .options(selectinload(MaturityTree.indices))
    ).one_or_none()
    return found if found is not None else abort(404)


def index_or_404(tree: MaturityTree, index_id: int) -> MaturityIndex:
    """Return an index of a system, or answer 404."""
    return next((one for one in tree.indices if one.id == index_id), None) or abort(404)


def released_trees(college_id: int) -> Sequence[MaturityTree]:
    """Return the index systems that evaluations of a college may go by."""
    return db.session.scalars(
        sa.select(MaturityTree)
        .where(MaturityTree.college_id == college_id, MaturityTree.state == TreeState.RELEASED)
        .options(selectinload(MaturityTree.indices))
        .order_by(MaturityTree.id.desc())
        .limit(MOST)
    ).all()


def assessors() -> Sequence[tuple[User, Organization]]:
    """Return the outside assessors of every house with where they come from."""
    rows = db.session.execute(
        sa.select(User, Organization)
        .join(Membership, Membership.user_id == User.id)
        .join(Organization, Organization.id == Membership.organization_id)
        .where(Membership.role == Role.OUTSIDE_ASSESSOR, Membership.ended_on.is_(None), User.active)
        .order_by(User.name, User.id)
        .limit(MOST)
    )
    return [(user, house) for user, house in rows]


def led_programs(college_id: int) -> Sequence[Program]:
    """Return the programmes that a college leads, the newest first."""
    return db.session.scalars(
        sa.select(Program)
        .where(Program.lead_college_id == college_id)
        .order_by(Program.id.desc())
        .limit(MOST)
    ).all()
