"""Reads of the compliance panel: the rules of a college, how many trainees are where, what each rule says.

Every rule is judged once, in `rules.judge`; for counting, the same question is asked as a condition.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any

import sqlalchemy as sa

from trainmgr.enrolment.models import Enrolment
from trainmgr.enrolment.queries import visible_in
from trainmgr.enrolment.rules import numbers_needed
from trainmgr.identity.models import Organization, User
from trainmgr.kernel.db import db
from trainmgr.placements.conditions import COUNTED, IS_OPEN, not_kept
from trainmgr.placements.models import (
    Placement,
    PlacementHost,
    PlacementOverride,
    PlacementPost,
    PlacementRule,
    PlacementState,
    RuleCode,
)
from trainmgr.placements.rules import (
    SHARES,
    Crowd,
    Facts,
    Finding,
    Rule,
    Span,
    Verdict,
    judge,
    judge_all,
    rule_on,
    share,
)
from trainmgr.programs.models import Program


def applies_to(program: Program) -> bool:
    """Tell whether a programme's trainees are students: the regulation is about students only."""
    return numbers_needed(program.kind).student


def rules_of(college_id: int) -> list[Rule]:
    """Return every version of a college's own rules."""
    rows = db.session.scalars(
        sa.select(PlacementRule)
        .where(PlacementRule.college_id == college_id)
        .order_by(PlacementRule.code, PlacementRule.valid_from)
    )
    return [Rule(row.code, row.limit, row.effect, row.article, row.checked, row.valid_from) for row in rows]


# --- how many are where -----------------------------------------------------------------------------


@dataclass(frozen=True)
class Place:
    """An enterprise, or one of its posts: its staff (None: not entered) and the trainees there."""

    staff: int | None
    crowd: Crowd

    def share_in(self, starts_on: date, ends_on: date) -> Decimal | None:
        """Return the greatest share of trainees between two days, in percent."""
        return share(self.crowd.most_in(starts_on, ends_on), self.staff)


EMPTY = Place(None, Crowd(()))


@dataclass(frozen=True)
class Seen:
    """How many of a programme's open placements a viewer sees in a post from one day to another."""

    organization_id: int
    post_id: int
    starts_on: date
    ends_on: date
    people: int


@dataclass(frozen=True)
class Panel:
    """What the rules of a college look at besides one placement; `seen` is filled for a viewer's own panel only."""

    versions: Sequence[Rule]
    hosts: Mapping[int, Place] = field(default_factory=dict)
    posts: Mapping[int, Place] = field(default_factory=dict)
    offered: Sequence[PlacementPost] = ()
    seen: Sequence[Seen] = ()

    def now(self, today: date) -> list[Rule]:
        """Return the rules as they hold on a day, in the order of the panel."""
        return [rule_on(today, code, self.versions) for code in RuleCode]


def panel_of(college_id: int, seen: sa.ColumnElement[bool] | None = None) -> Panel:
    """Read a college's rules and posts, and count its trainees in every enterprise and post: two statements.

    Counted are placements in all programmes that the college leads; other colleges' trainees are not known here.
    `seen`, a condition on Enrolment, counts those of one programme and viewer as well (see `overseen`).
    """
    spans_of_posts, spans_of_hosts = defaultdict(list), defaultdict(list)
    staff: dict[int, int | None] = {}
    offered: dict[int, PlacementPost] = {}
    lines = []
    for organization_id, people_there, post, starts_on, ends_on, people, own in db.session.execute(
        _crowds(college_id, seen)
    ):
        staff[organization_id] = people_there
        if post is None:
            continue
        offered[post.id] = post
        if people:
            span = Span(starts_on, ends_on, people)
            spans_of_posts[post.id].append(span)
            spans_of_hosts[organization_id].append(span)
        if own:
            lines.append(Seen(organization_id, post.id, starts_on, ends_on, int(own)))
    return Panel(
        rules_of(college_id),
        _places(staff.items(), spans_of_hosts),
        _places(((post.id, post.staff) for post in offered.values()), spans_of_posts),
        sorted(offered.values(), key=lambda post: (post.organization_id, post.name)),
        lines,
    )


def overseen(program: Program, viewer: User) -> Panel:
    """Return the panel of a programme's college with what the viewer sees of the programme: two statements."""
    return panel_of(program.lead_college_id, visible_in(program, viewer))


def _crowds(college_id: int, seen: sa.ColumnElement[bool] | None) -> sa.Select[Any]:
    """Select enterprises with their staff, each with its posts, each with the open placements from day to day."""
    own = sa.literal(0) if seen is None else sa.func.sum(sa.case((seen, 1), else_=0))
    here = (
        sa.and_(PlacementHost.organization_id == Organization.id, PlacementHost.college_id == college_id),
        sa.and_(PlacementPost.organization_id == Organization.id, PlacementPost.college_id == college_id),
    )
    spans = (Placement.starts_on, Placement.ends_on)
    statement = (
        sa.select(
            Organization.id, PlacementHost.staff, PlacementPost, *spans, sa.func.count(Placement.id), own
        )
        .select_from(Organization)
        .outerjoin(PlacementHost, here[0])
        .outerjoin(PlacementPost, here[1])
        .outerjoin(Placement, sa.and_(Placement.post_id == PlacementPost.id, IS_OPEN))
        .where(sa.or_(PlacementHost.organization_id.is_not(None), PlacementPost.id.is_not(None)))
        .group_by(Organization.id, PlacementHost.staff, PlacementPost.id, *spans)
    )
    return (
        statement if seen is None else statement.outerjoin(Enrolment, Enrolment.id == Placement.enrolment_id)
    )


def _places(staff: Iterable[tuple[int, int | None]], spans: Mapping[int, Sequence[Span]]) -> dict[int, Place]:
    return {key: Place(people, Crowd(spans.get(key, ()))) for key, people in staff}


# --- what the rules say -----------------------------------------------------------------------------


def facts_of(placement: Placement, panel: Panel, days: int) -> Facts:
    """Return what the rules look at of a placement (with its post); `days` are all days of the trainee's."""
    post, period = placement.post, (placement.starts_on, placement.ends_on)
    return Facts(
        *period,
        age_months=placement.age_months,
        signatures=placement.signed,
        consent_on=placement.consent_on,
        insured_until=placement.insured_until,
        night=post.night,
        overtime=post.overtime,
        rest_days=post.rest_days,
        filed=post.filed_on is not None,
        pay=placement.pay_cents,
        post_pay=post.pay_cents,
        lowest_pay=post.lowest_cents,
        staff_share=panel.hosts.get(post.organization_id, EMPTY).share_in(*period),
        post_share=panel.posts.get(post.id, EMPTY).share_in(*period),
        days=days,
    )


def findings_of(placements: Sequence[Placement], panel: Panel) -> dict[int, list[Finding]]:
    """Judge placements (with their posts) by every rule: no statement where they came with `all_days`, else one."""
    totals = _all_days([one.enrolment_id for one in placements if one.all_days is None])
    return {
        one.id: judge_all(
            facts_of(one, panel, one.all_days or totals.get(one.enrolment_id, one.days)), panel.versions
        )
        for one in placements
    }


def _all_days(enrolment_ids: Sequence[int]) -> dict[int, int]:
    if not enrolment_ids:
        return {}
    rows = db.session.execute(
        sa.select(Placement.enrolment_id, sa.func.sum(Placement.days))
        .where(Placement.enrolment_id.in_(enrolment_ids), Placement.state != PlacementState.CALLED_OFF)
        .group_by(Placement.enrolment_id)
    )
    return {enrolment_id: int(days) for enrolment_id, days in rows}


def overrides_of(ids: Sequence[int]) -> dict[int, dict[RuleCode, PlacementOverride]]:
    """Return what was lifted for placements, by placement and rule."""
    found: dict[int, dict[RuleCode, PlacementOverride]] = defaultdict(dict)
    for one in db.session.scalars(
        sa.select(PlacementOverride).where(PlacementOverride.placement_id.in_(ids))
    ):
        found[one.placement_id][one.code] = one
    return found


@dataclass(frozen=True)
class Counts:
    """How many open placements there are, and how many do not keep each rule (or are not known to)."""

    total: int
    not_kept: Mapping[RuleCode, int]

    def narrowed_to(self, rule: str) -> int:
        """Return how many the list has when it is narrowed to a rule (by none, or one that no list narrows to: all)."""
        return self.not_kept[RuleCode(rule)] if rule in set(COUNTED) else self.total


def counts_of(program: Program, viewer: User, panel: Panel) -> Counts:
    """Count the open placements that the viewer may see by every rule: one statement.

    The two shares hang on all the others; the panel has counted them for this viewer (`overseen`).
    """

    def those(code: RuleCode) -> Any:
        return sa.func.coalesce(sa.func.sum(sa.case((not_kept(code, panel.versions), 1), else_=0)), 0)

    joined = (
        sa.select(sa.func.count(), *(those(code) for code in COUNTED))
        .select_from(Placement)
        .join(Enrolment, Enrolment.id == Placement.enrolment_id)
        .join(PlacementPost, PlacementPost.id == Placement.post_id)
        .where(visible_in(program, viewer), IS_OPEN)
    )
    total, *numbers = db.session.execute(joined).one()
    found = dict(zip(COUNTED, (int(number) for number in numbers), strict=True))
    return Counts(total, found | _crowded(panel))


def _crowded(panel: Panel) -> dict[RuleCode, int]:
    """Count by the two shares: placements of one post and period are judged together; no statement."""
    found = dict.fromkeys(SHARES, 0)
    for one in panel.seen:
        period = (one.starts_on, one.ends_on)
        facts = Facts(
            *period,
            staff_share=panel.hosts.get(one.organization_id, EMPTY).share_in(*period),
            post_share=panel.posts.get(one.post_id, EMPTY).share_in(*period),
        )
        for code in SHARES:
            if judge(facts, rule_on(one.starts_on, code, panel.versions)).verdict is not Verdict.PASS:
                found[code] += one.people
    return found


# --- by enterprise ----------------------------------------------------------------------------------


@dataclass(frozen=True)
class PostLine:
    """A post with its trainees against its staff, and whether its hours were filed."""

    post: PlacementPost
    most: int
    finding: Finding
    hours: Sequence[Finding]


@dataclass(frozen=True)
class HostLine:
    """An enterprise with its trainees against its staff, and its posts."""

    organization: Organization
    staff: int | None
    most: int
    finding: Finding
    posts: Sequence[PostLine]


def hosts_of(organizations: Sequence[Organization], panel: Panel, today: date) -> list[HostLine]:
    """Judge enterprises and posts by the rules of today; no statement."""
    lines = []
    for organization in organizations:
        place = panel.hosts.get(organization.id, EMPTY)
        own = [
            _post_line(post, panel, today)
            for post in panel.offered
            if post.organization_id == organization.id
        ]
        facts = Facts(today, today, staff_share=share(place.crowd.most, place.staff))
        finding = judge(facts, rule_on(today, RuleCode.STAFF_SHARE, panel.versions))
        lines.append(HostLine(organization, place.staff, place.crowd.most, finding, own))
    return lines


def _post_line(post: PlacementPost, panel: Panel, today: date) -> PostLine:
    most = panel.posts.get(post.id, EMPTY).crowd.most
    facts = Facts(
        today,
        today,
        night=post.night,
        overtime=post.overtime,
        rest_days=post.rest_days,
        filed=post.filed_on is not None,
        post_share=share(most, post.staff),
    )
    hours = [
        judge(facts, rule_on(today, code, panel.versions))
        for code in (RuleCode.NIGHT, RuleCode.OVERTIME, RuleCode.REST_DAYS)
    ]
    return PostLine(post, most, judge(facts, rule_on(today, RuleCode.POST_SHARE, panel.versions)), hours)
