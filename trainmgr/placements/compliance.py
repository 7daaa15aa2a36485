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
    versions_of,
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
class Panel:
    """What the rules of a college look at besides one placement."""

    versions: Sequence[Rule]
    hosts: Mapping[int, Place] = field(default_factory=dict)
    posts: Mapping[int, Place] = field(default_factory=dict)

    def now(self, today: date) -> list[Rule]:
        """Return the rules as they hold on a day, in the order of the panel."""
        return [rule_on(today, code, self.versions) for code in RuleCode]


def panel_of(college_id: int) -> Panel:
    """Read a college's rules, and count its trainees in every enterprise and post: four statements.

    Counted are placements in all programmes that the college leads; other colleges' trainees are not known here.
    """
    by_post, by_host = defaultdict(list), defaultdict(list)
    for organization_id, post_id, starts_on, ends_on, people in db.session.execute(
        sa.select(
            PlacementPost.organization_id,
            Placement.post_id,
            Placement.starts_on,
            Placement.ends_on,
            sa.func.count(),
        )
        .join(PlacementPost, PlacementPost.id == Placement.post_id)
        .where(PlacementPost.college_id == college_id, IS_OPEN)
        .group_by(PlacementPost.organization_id, Placement.post_id, Placement.starts_on, Placement.ends_on)
    ):
        span = Span(starts_on, ends_on, people)
        by_post[post_id].append(span)
        by_host[organization_id].append(span)
    hosts = db.session.execute(
        sa.select(PlacementHost.organization_id, PlacementHost.staff).where(
            PlacementHost.college_id == college_id
        )
    )
    posts = db.session.execute(
        sa.select(PlacementPost.id, PlacementPost.staff).where(PlacementPost.college_id == college_id)
    )
    return Panel(rules_of(college_id), _places(hosts, by_host), _places(posts, by_post))


def _places(staff: Iterable[Any], spans: Mapping[int, Sequence[Span]]) -> dict[int, Place]:
    known = {key: people for key, people in staff}  # noqa: C416 - rows are no pairs for a dict
    return {key: Place(known.get(key), Crowd(spans.get(key, ()))) for key in {*known, *spans}}


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
    """Judge placements (with their posts) by every rule: one statement."""
    totals: dict[int, int] = {
        enrolment_id: int(days)
        for enrolment_id, days in db.session.execute(
            sa.select(Placement.enrolment_id, sa.func.sum(Placement.days))
            .where(
                Placement.enrolment_id.in_([one.enrolment_id for one in placements]),
                Placement.state != PlacementState.CALLED_OFF,
            )
            .group_by(Placement.enrolment_id)
        )
    }
    return {
        one.id: judge_all(facts_of(one, panel, totals.get(one.enrolment_id, one.days)), panel.versions)
        for one in placements
    }


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


def counts_of(program: Program, viewer: User, panel: Panel) -> Counts:
    """Count the open placements that the viewer may see by every rule: two statements."""
    inside = (visible_in(program, viewer), IS_OPEN)

    def those(code: RuleCode) -> Any:
        return sa.func.coalesce(sa.func.sum(sa.case((not_kept(code, panel.versions), 1), else_=0)), 0)

    joined = (
        sa.select(sa.func.count(), *(those(code) for code in COUNTED))
        .select_from(Placement)
        .join(Enrolment, Enrolment.id == Placement.enrolment_id)
        .join(PlacementPost, PlacementPost.id == Placement.post_id)
        .where(*inside)
    )
    total, *numbers = db.session.execute(joined).one()
    found = dict(zip(COUNTED, (int(number) for number in numbers), strict=True))
    return Counts(total, found | _crowded(inside, panel))


def _crowded(inside: Sequence[Any], panel: Panel) -> dict[RuleCode, int]:
    """Count by the two shares: placements of one post and period are judged together.

    Where even the most that are ever there keep the limit nothing is asked.
    """
    found = dict.fromkeys(SHARES, 0)
    crowded = sa.or_(
        PlacementPost.organization_id.in_(_too_many(panel.hosts, RuleCode.STAFF_SHARE, panel.versions)),
        Placement.post_id.in_(_too_many(panel.posts, RuleCode.POST_SHARE, panel.versions)),
    )
    for organization_id, post_id, starts_on, ends_on, people in db.session.execute(
        sa.select(
            PlacementPost.organization_id,
            Placement.post_id,
            Placement.starts_on,
            Placement.ends_on,
            sa.func.count(),
        )
        .select_from(Placement)
        .join(Enrolment, Enrolment.id == Placement.enrolment_id)
        .join(PlacementPost, PlacementPost.id == Placement.post_id)
        .where(*inside, crowded)
        .group_by(PlacementPost.organization_id, Placement.post_id, Placement.starts_on, Placement.ends_on)
    ):
        facts = Facts(
            starts_on,
            ends_on,
            staff_share=panel.hosts.get(organization_id, EMPTY).share_in(starts_on, ends_on),
            post_share=panel.posts.get(post_id, EMPTY).share_in(starts_on, ends_on),
        )
        for code in SHARES:
            if judge(facts, rule_on(starts_on, code, panel.versions)).verdict is not Verdict.PASS:
                found[code] += people
    return found


def _too_many(places: Mapping[int, Place], code: RuleCode, versions: Sequence[Rule]) -> list[int]:
    strictest = min(rule.limit or Decimal(0) for rule, _until in versions_of(code, versions))
    found = []
    for key, place in places.items():
        most = share(place.crowd.most, place.staff)
        if most is None or most > strictest:
            found.append(key)
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


def hosts_of(
    posts: Sequence[PlacementPost], organizations: Sequence[Organization], panel: Panel, today: date
) -> list[HostLine]:
    """Judge enterprises and posts by the rules of today; no statement."""
    lines = []
    for organization in organizations:
        place = panel.hosts.get(organization.id, EMPTY)
        own = [_post_line(post, panel, today) for post in posts if post.organization_id == organization.id]
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
