"""Placements of the 蓝思 class in its sixth stage: three posts, one paid too little, one lifted rule, a busy week."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any

import sqlalchemy as sa

from trainmgr.demo.playing import Case
from trainmgr.enrolment.models import Enrolment, EnrolmentState
from trainmgr.identity.models import User
from trainmgr.kernel.db import db
from trainmgr.placements import actions, beginning, compliance, owed, settings
from trainmgr.placements.models import Placement, PlacementPost, RuleCode, Signatory
from trainmgr.placements.rules import PlacementState

WEEKS_GONE, WEEKS = 13, 26
STAFF_OF_LANSI = 9_600
# Name, site, people in it, pay of the post, pay of the trainees (yuan a month), night shifts, filed.
POSTS: tuple[tuple[str, str, int, int, int, bool], ...] = (
    ("盖板玻璃检测", "浏阳南园 3 号厂房", 420, 5_600, 4_800, False),
    ("精雕机操作", "浏阳南园 5 号厂房", 310, 6_000, 4_500, False),  # 75 %: told, not refused
    ("自动化设备点检", "榔梨园区 2 号厂房", 68, 6_400, 5_300, True),  # night shifts, filed
)


def place(case: Case) -> Case:
    """Tell the class's placements up to this week, with two changes, one end, and signatures that are awaited."""
    days, cast = case.days, case.cast
    first = days.monday - timedelta(weeks=WEEKS_GONE)
    last = first + timedelta(weeks=WEEKS) - timedelta(days=1)
    posts = _enter_posts(case, first - timedelta(days=40))
    people = [one for one in case.enrolments() if one.state is not EnrolmentState.WITHDRAWN]
    groups = [people[:15], people[15:29], people[29:]]
    made = [
        placement
        for post, group in zip(posts, groups, strict=True)
        for placement in _arrange(case, group, post, first, last)
    ]
    _sign(case, made, first - timedelta(days=12))
    _begin(case, made, first)
    _this_week(case, made, posts, cast["li"])
    owed.renew(case.program.id, days.now)
    return case


def _enter_posts(case: Case, on: date) -> list[PlacementPost]:
    college, home = case.program.lead_college_id, case.cast.home("lansi")
    shared: dict[str, Any] = {"by": case.staff, "now": case.days.at(on, 10), "program_id": case.program.id}
    settings.set_host(college, home, STAFF_OF_LANSI, **shared)
    posts = []
    for name, site, staff, pay, _trainees, night in POSTS:
        facts = settings.PostFacts(
            name,
            site,
            staff,
            pay * 100,
            night=night,
            filed_on=on if night else None,
            filing="备 2026-07" if night else "",
        )
        posts.append(settings.create_post(college, home.id, facts, **shared))
    db.session.flush()
    return posts


def _arrange(
    case: Case, people: Sequence[Enrolment], post: PlacementPost, first: date, last: date
) -> list[Placement]:
    pay = next(one[4] for one in POSTS if one[0] == post.name)
    terms = actions.Terms(post.id, post.site, first, last, pay * 100)
    papers = actions.Papers(first - timedelta(days=14), "PSXZ-3302-0617", last + timedelta(days=30))
    done = actions.arrange(
        case.program,
        people,
        post,
        terms,
        papers,
        by=case.staff,
        now=case.days.at(first - timedelta(days=20), 14),
    )
    for placement in done.made:
        placement.post = post
    return done.made


def _users(people: Sequence[Placement]) -> dict[int, User]:
    ids = [one.enrolment.user_id for one in people]
    return {user.id: user for user in db.session.scalars(sa.select(User).where(User.id.in_(ids)))}


def _sign(case: Case, placements: Sequence[Placement], on: date) -> None:
    """Trainees one by one on their phones; school and enterprise all at once."""
    users = _users(placements)
    for place, one in enumerate(placements):
        moment = case.days.at(on, 18 + place % 4, place)
        beginning.put_signatures(one, [Signatory.TRAINEE], by=users[one.enrolment.user_id], now=moment)
    for signatory, person, hour in (
        (Signatory.ENTERPRISE, case.coordinator, 10),
        (Signatory.SCHOOL, case.staff, 16),
    ):
        beginning.sign_many(
            case.program, placements, signatory, by=person, now=case.days.at(on + timedelta(days=2), hour)
        )


def _begin(case: Case, placements: Sequence[Placement], first: date) -> None:
    """One insurance was late: the rule was lifted for its trainee, with the reason, and stays to be seen."""
    late = placements[7]
    late.insured_until, late.policy = None, ""
    db.session.flush()
    panel = compliance.panel_of(case.program.lead_college_id)
    beginning.lift(
        case.program,
        late,
        RuleCode.INSURANCE,
        panel,
        reason="保单已于上周投保，电子凭证三个工作日内到；其间只参加安全培训，不上机",
        by=case.staff,
        now=case.days.at(first, 8),
    )
    beginning.start(case.program, placements, panel, by=case.staff, now=case.days.at(first, 9))


def _this_week(
    case: Case, placements: Sequence[Placement], posts: Sequence[PlacementPost], staff: User
) -> None:
    """Two change their post or site, one ends; the new terms of one wait for signatures."""
    days = case.days
    running = [one for one in placements if one.state is PlacementState.RUNNING]
    moved: tuple[tuple[Placement, PlacementPost, dict[str, Any], str, int], ...] = (
        (running[16], posts[0], {"pay_cents": 480_000}, "精雕线检修停线，转检测岗", 2),
        (running[4], posts[0], {"site": "浏阳南园 6 号厂房"}, "检测线整体搬到 6 号厂房", 0),
    )
    users = _users([one for one, *_ in moved])
    for place, (one, post, other, reason, ago) in enumerate(moved):
        values: dict[str, Any] = {"site": post.site, "pay_cents": one.pay_cents} | other
        terms = actions.Terms(post.id, values["site"], one.starts_on, one.ends_on, values["pay_cents"])
        day = max(days.monday, days.ago(ago))
        actions.change(
            case.program, one, post, terms, effective_on=day, reason=reason, version=one.version,
            by=staff, now=days.at(day, 9, place),
        )  # fmt: skip
        if place == 0:
            beginning.put_signatures(
                one, [Signatory.TRAINEE], by=users[one.enrolment.user_id], now=days.at(day, 19)
            )
    actions.end(
        case.program, running[30], day=days.monday, reason="身体原因，回校休养",
        version=running[30].version, by=staff, now=days.at(days.monday, 11),
    )  # fmt: skip
