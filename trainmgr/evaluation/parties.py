"""Adding a party to a scheme and taking one out: shares move in proportion, so that they still add up to 100."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace
from datetime import datetime

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from trainmgr.evaluation import schemes
from trainmgr.evaluation.labels import PARTIES
from trainmgr.evaluation.models import Scheme
from trainmgr.evaluation.rules import MANY, Level, Party
from trainmgr.kernel import audit
from trainmgr.kernel.audit import Actor, require
from trainmgr.programs.models import Program
from trainmgr.programs.rules import Step
from trainmgr.programs.thread import refresh

ADDED = audit.sentence("scheme.party.add", _l("%(who)s let another party rate: %(what)s"))
REMOVED = audit.sentence(
    "scheme.party.remove", _l("%(who)s took a party out of the evaluation scheme: %(what)s")
)


def add_party(
    program: Program,
    scheme: Scheme,
    party: Party,
    levels: Collection[Level],
    share: float,
    *,
    by: Actor,
    now: datetime,
) -> None:
    """Let a party rate every criterion of some levels with a share of each; who rates what is then edited singly."""
    schemes.require_draft(program, scheme, now)
    require(party in MANY and party not in scheme.parties, _("This party rates in the scheme already."))
    scheme.weigh(
        tuple(
            replace(level, shares=with_share(level.shares, party, share)) if level.level in levels else level
            for level in scheme.level_weights
        )
    )
    for criterion in scheme.criteria:
        if criterion.level in levels:
            setattr(criterion, f"by_{party.value}", True)
    _done(ADDED, program, scheme, party, by, now)


def remove_party(program: Program, scheme: Scheme, party: Party, *, by: Actor, now: datetime) -> None:
    """Let a party no longer rate; what only it rates is to be given to somebody else or removed first."""
    schemes.require_draft(program, scheme, now)
    require(party in MANY and party in scheme.parties, _("This party does not rate in the scheme."))
    alone = [c.name for c in scheme.criteria if c.parties == {party}]
    require(
        not alone,
        _(
            "Only this party rates: %(names)s. Let somebody else rate it, or remove it, first.",
            names=", ".join(alone),
        ),
    )
    scheme.weigh(
        tuple(replace(level, shares=without_share(level.shares, party)) for level in scheme.level_weights)
    )
    for criterion in scheme.criteria:
        setattr(criterion, f"by_{party.value}", False)
    _done(REMOVED, program, scheme, party, by, now)


def with_share(shares: Mapping[Party, float], party: Party, share: float) -> dict[Party, float]:
    """Return shares with another party's, those of the others shrunk in proportion to what is left of 100."""
    return {**_scaled(shares, 100 - share), party: share} if shares else {party: 100.0}


def without_share(shares: Mapping[Party, float], party: Party) -> dict[Party, float]:
    """Return shares without a party's, those of the others grown in proportion to 100."""
    rest = {each: share for each, share in shares.items() if each is not party}
    return rest if len(rest) == len(shares) else _scaled(rest, 100)


def _scaled(shares: Mapping[Party, float], total: float) -> dict[Party, float]:
    """Return shares in proportion, in hundredths, that add up to a total; the largest takes what rounding left."""
    whole = sum(shares.values())
    if whole <= 0:
        return dict(shares)
    scaled = {party: round(share / whole * total, 2) for party, share in shares.items()}
    largest = max(scaled, key=lambda party: scaled[party])
    scaled[largest] = round(scaled[largest] + total - sum(scaled.values()), 2)
    return scaled


def _done(action: str, program: Program, scheme: Scheme, party: Party, by: Actor, now: datetime) -> None:
    schemes.touch(scheme, by, now)
    audit.record(
        action, scheme, by=by, now=now, program_id=program.id, name=str(PARTIES[party]), party=party.value
    )
    refresh(program.id, Step.EVALUATION, now=now)
