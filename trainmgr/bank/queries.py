"""Reads of the item bank; every one starts from the colleges whose bank the viewer may see."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from flask import abort
from sqlalchemy.orm import joinedload

from trainmgr.bank.drawing import Place
from trainmgr.bank.models import Item
from trainmgr.bank.rules import Difficulty, ItemKind, ItemState
from trainmgr.identity.models import Organization, OrganizationKind, User
from trainmgr.kernel.access import Permission
from trainmgr.kernel.db import db
from trainmgr.kernel.paging import Listing, Page, contains, paginate
from trainmgr.standards.models import JobStandard, StandardCompetency, StandardVersion, VersionCompetency
from trainmgr.standards.rules import VersionState

MOST_CHOICES = 1_000
PUBLISHED_FIRST = 1_000_000


def visible_to(viewer: User) -> sa.ColumnElement[bool]:
    """Return the condition on Item that leaves the items of the viewer's own colleges."""
    return Item.college_id.in_(viewer.organizations_where(Permission.BANK_VIEW))


def may_edit(college_id: int, viewer: User) -> bool:
    """Tell whether the viewer writes items of a college's bank."""
    return college_id in viewer.organizations_where(Permission.BANK_EDIT)


def colleges_of(viewer: User) -> Sequence[Organization]:
    """Return the colleges whose bank the viewer writes."""
    statement = sa.select(Organization).where(
        Organization.id.in_(viewer.organizations_where(Permission.BANK_EDIT)),
        Organization.kind == OrganizationKind.COLLEGE,
    )
    return db.session.scalars(
        statement.order_by(Organization.name, Organization.id).limit(MOST_CHOICES)
    ).all()


# --- competencies -------------------------------------------------------------------------------


@dataclass(frozen=True)
class CompetencyLine:
    """A competency as items and blueprints name it: its present words, and the standard that it belongs to."""

    id: int
    standard_id: int
    college_id: int
    post: str
    code: str
    name: str
    name_en: str


def _present_words() -> Any:
    """Return a subquery of the wording that counts: that of the published version, else of the newest."""
    rank = StandardVersion.number + sa.case(
        (StandardVersion.state == VersionState.PUBLISHED, PUBLISHED_FIRST), else_=0
    )
    place = sa.func.row_number().over(partition_by=VersionCompetency.competency_id, order_by=rank.desc())
    words = sa.select(
        VersionCompetency.competency_id, VersionCompetency.name, VersionCompetency.name_en,
        VersionCompetency.position, place.label("place"),
    ).join(StandardVersion, StandardVersion.id == VersionCompetency.version_id)  # fmt: skip
    return words


def _lines(*conditions: sa.ColumnElement[bool]) -> list[CompetencyLine]:
    chosen = (
        sa.select(StandardCompetency.id)
        .join(JobStandard, JobStandard.id == StandardCompetency.standard_id)
        .where(*conditions)
    )
    words = _present_words().where(VersionCompetency.competency_id.in_(chosen)).subquery()
    statement = (
        sa.select(
            StandardCompetency.id, JobStandard.id, JobStandard.college_id, JobStandard.post, JobStandard.code,
            words.c.name, words.c.name_en,
        )
        .join(JobStandard, JobStandard.id == StandardCompetency.standard_id)
        .join(words, sa.and_(words.c.competency_id == StandardCompetency.id, words.c.place == 1))
        .order_by(JobStandard.code, JobStandard.id, words.c.position, StandardCompetency.id)
        .limit(MOST_CHOICES)
    )  # fmt: skip
    return [CompetencyLine(*row) for row in db.session.execute(statement)]


def competencies_for(college_ids: Iterable[int]) -> list[CompetencyLine]:
    """Return the competencies of the standards that colleges build, in the order of their standards."""
    return _lines(JobStandard.college_id.in_(list(college_ids)))


def competencies_named(ids: Iterable[int]) -> dict[int, CompetencyLine]:
    """Return competencies by id."""
    wanted = list(ids)
    found = _lines(StandardCompetency.id.in_(wanted)) if wanted else []
    return {line.id: line for line in found}


# --- items --------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Filters:
    """What the list of items is narrowed down to."""

    standard_id: int | None = None
    competency_id: int | None = None
    kind: ItemKind | None = None
    difficulty: Difficulty | None = None
    state: ItemState | None = None


def _difficulty_rank() -> Any:
    return sa.case({one.value: one.rank for one in Difficulty}, value=Item.difficulty)


def select_items(viewer: User, listing: Listing, filters: Filters) -> sa.Select[Any]:
    """Return the select of the items that a list or an export shows; retired ones only when asked for."""
    statement = sa.select(Item).where(visible_to(viewer))
    if filters.standard_id:
        of_standard = sa.select(StandardCompetency.id).where(
            StandardCompetency.standard_id == filters.standard_id
        )
        statement = statement.where(Item.competency_id.in_(of_standard))
    if filters.competency_id:
        statement = statement.where(Item.competency_id == filters.competency_id)
    if filters.kind:
        statement = statement.where(Item.kind == filters.kind)
    if filters.difficulty:
        statement = statement.where(Item.difficulty == filters.difficulty)
    if filters.state:
        statement = statement.where(Item.state == filters.state)
    else:
        statement = statement.where(Item.state != ItemState.RETIRED)
    if listing.q:
        statement = statement.where(_found(listing.q))
    return statement


def _found(q: str) -> sa.ColumnElement[bool]:
    number = int(q) if q.isascii() and q.isdigit() and len(q) < 10 else None
    words = contains(Item.stem, q)
    return words if number is None else sa.or_(words, Item.id == number)


def list_items(viewer: User, listing: Listing, filters: Filters) -> Page[Item]:
    """Return a page of the items of the viewer's colleges: two statements."""
    orders = {
        "number": (Item.id,),
        "stem": (Item.stem, Item.id),
        "difficulty": (_difficulty_rank(), Item.id),
        "changed": (Item.changed_at, Item.id),
        "answered": (Item.times_answered, Item.id),
        "p": (sa.func.coalesce(Item.p_value, -1), Item.id),
        "discrimination": (sa.func.coalesce(Item.discrimination, -2), Item.id),
    }
    return paginate(select_items(viewer, listing, filters), listing, orders=orders, default="number")


def item_or_404(item_id: int, viewer: User) -> Item:
    """Return an item with its picture and who wrote it, or answer 404."""
    statement = (
        sa.select(Item)
        .where(Item.id == item_id, visible_to(viewer))
        .options(
            joinedload(Item.picture),
            joinedload(Item.college),
            joinedload(Item.created_by),
            joinedload(Item.changed_by),
        )
    )
    item: Item | None = db.session.scalar(statement)
    return item if item is not None else abort(404)


def items_for(ids: Sequence[int], viewer: User) -> Sequence[Item]:
    """Return those of the items that the viewer may change."""
    own = Item.college_id.in_(viewer.organizations_where(Permission.BANK_EDIT))
    return db.session.scalars(sa.select(Item).where(Item.id.in_(ids), own).order_by(Item.id)).all()


def successor_of(item: Item) -> int | None:
    """Return the number of the item that replaces this one."""
    return db.session.scalar(sa.select(Item.id).where(Item.replaces_id == item.id))


def count_by_cell(college_ids: Iterable[int], competencies: Iterable[int]) -> dict[Place, int]:
    """Return how many items in use each cell of the matrix has: one select over an index."""
    rows = db.session.execute(
        sa.select(Item.competency_id, Item.difficulty, sa.func.count())
        .where(
            Item.college_id.in_(list(college_ids)),
            Item.state == ItemState.IN_USE,
            Item.competency_id.in_(list(competencies)),
        )
        .group_by(Item.competency_id, Item.difficulty)
    )
    return {(row[0], row[1]): row[2] for row in rows}


def pool_of(college_id: int, competencies: Iterable[int]) -> dict[Place, list[int]]:
    """Return the items in use that papers are drawn from, by cell."""
    rows = db.session.execute(
        sa.select(Item.competency_id, Item.difficulty, Item.id).where(
            Item.college_id == college_id,
            Item.state == ItemState.IN_USE,
            Item.competency_id.in_(list(competencies)),
        )
    )
    pool: dict[Place, list[int]] = {}
    for competency_id, difficulty, item_id in rows:
        pool.setdefault((competency_id, difficulty), []).append(item_id)
    return pool
