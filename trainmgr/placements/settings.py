"""What a college keeps for its placements: staff of enterprises, posts with pay and hours, its own rules."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import date, datetime
from decimal import Decimal

import sqlalchemy as sa
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from trainmgr.identity.models import Organization, User
from trainmgr.kernel import audit
from trainmgr.kernel.audit import require
from trainmgr.kernel.db import db
from trainmgr.kernel.errors import Conflict, RuleBroken
from trainmgr.placements.labels import RULE_MSGIDS
from trainmgr.placements.models import PlacementHost, PlacementPost, PlacementRule
from trainmgr.placements.rules import DEFAULTS, HIGHEST, Effect, Rule, RuleCode

HOST = audit.sentence("placement.host", _l("%(who)s entered %(count)s people as the staff of %(what)s"))
POST_MADE = audit.sentence("placement.post.new", _l("%(who)s entered the post %(what)s"))
POST_CHANGED = audit.sentence("placement.post.edit", _l("%(who)s changed the post %(what)s"))
RULE_SET = audit.sentence(
    "placement.rule", _l("%(who)s set the placement rule “%(rule)s” anew from %(day)s: %(reason)s")
)


@dataclass(frozen=True)
class PostFacts:
    """A post as it is typed; money in cents a month."""

    name: str
    site: str = ""
    staff: int | None = None
    pay_cents: int | None = None
    lowest_cents: int | None = None
    night: bool = False
    overtime: bool = False
    rest_days: bool = False
    filed_on: date | None = None
    filing: str = ""


def set_host(
    college_id: int, organization: Organization, staff: int, *, by: User, now: datetime, program_id: int
) -> None:
    """Note how many people work in an enterprise."""
    host = db.session.get(PlacementHost, (college_id, organization.id))
    if host is None:
        host = PlacementHost(college_id=college_id, organization_id=organization.id)
        db.session.add(host)
    host.staff, host.by_id, host.at = staff, by.id, now
    audit.record(
        HOST, organization, by=by, now=now, program_id=program_id, name=organization.name, count=staff
    )


def _require_new_name(college_id: int, organization_id: int, name: str, post_id: int = 0) -> None:
    same = sa.select(PlacementPost.id).where(
        PlacementPost.college_id == college_id,
        PlacementPost.organization_id == organization_id,
        PlacementPost.name == name,
        PlacementPost.id != post_id,
    )
    if db.session.scalar(same) is not None:
        raise RuleBroken(_("The enterprise has a post %(name)s already.", name=name))


def create_post(
    college_id: int, organization_id: int, facts: PostFacts, *, by: User, now: datetime, program_id: int
) -> PlacementPost:
    """Enter a post of an enterprise."""
    _require_new_name(college_id, organization_id, facts.name)
    post = PlacementPost(college_id=college_id, organization_id=organization_id, **asdict(facts))
    db.session.add(post)
    audit.record(POST_MADE, post, by=by, now=now, program_id=program_id, name=facts.name)
    return post


def change_post(
    post: PlacementPost, facts: PostFacts, *, version: int, by: User, now: datetime, program_id: int
) -> None:
    """Change what a post is; placements in it are judged by it from now on."""
    if post.version != version:
        raise Conflict(_("Somebody has changed this post meanwhile. Look again, then save."))
    _require_new_name(post.college_id, post.organization_id, facts.name, post.id)
    for name, value in asdict(facts).items():
        setattr(post, name, value)
    audit.record(POST_CHANGED, post, by=by, now=now, program_id=program_id, name=facts.name)


def set_rule(college_id: int, rule: Rule, *, reason: str, today: date, by: User, now: datetime) -> None:
    """Let a rule hold otherwise from a day on; what held before stays with the placements that began before."""
    require(rule.valid_from >= today, _("A rule changes from today or a later day, never backwards."))
    if DEFAULTS[rule.code].limit is None:
        require(rule.limit is None, _("This rule has no figure to set."))
    else:
        require(rule.limit is not None, _("This rule needs a figure."))
        assert rule.limit is not None
        most = HIGHEST[rule.code]
        require(Decimal(0) < rule.limit <= most, _("The figure lies between 0 and %(most)s.", most=most))
    present = db.session.scalar(
        sa.select(PlacementRule.id).where(
            PlacementRule.college_id == college_id,
            PlacementRule.code == rule.code,
            PlacementRule.valid_from == rule.valid_from,
        )
    )
    require(present is None, _("This rule is set anew from that day already. Choose a later one."))
    row = PlacementRule(
        college_id=college_id,
        code=rule.code,
        valid_from=rule.valid_from,
        limit=rule.limit,
        effect=Effect(rule.effect),
        article=rule.article,
        checked=rule.checked,
        reason=reason,
        by_id=by.id,
        by_name=by.name,
        at=now,
    )
    db.session.add(row)
    audit.record(
        RULE_SET,
        row,
        by=by,
        now=now,
        name=rule.code.value,
        reason=reason,
        rule={"msgid": RULE_MSGIDS[RuleCode(rule.code)]},
        day={"day": rule.valid_from.isoformat()},
    )
