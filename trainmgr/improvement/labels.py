"""What phases, deeds, sources and verdicts of improvement are called."""

from __future__ import annotations

from typing import Any

from flask_babel import lazy_gettext as _l

from trainmgr.improvement.rules import Deed, Phase, ProposalState, Source, Verdict
from trainmgr.kernel.msgids import N_

SOURCES: dict[Source, Any] = {
    Source.GAP: _l("Gap not closed"),
    Source.ALIGNMENT: _l("Module out of step"),
    Source.INDICATOR: _l("Indicator missed"),
    Source.MATURITY: _l("Assessor's note"),
    Source.HAND: _l("Written by hand"),
}
# The four quarters of the ring, with the phase in which each is under way.
QUARTERS: dict[Phase, Any] = {
    Phase.PLAN: _l("Plan (P)"),
    Phase.DO: _l("Do (D)"),
    Phase.CHECK: _l("Check (C)"),
    Phase.CLOSED: _l("Act (A)"),
}
PHASES: dict[Phase, Any] = {
    Phase.PLAN: _l("to be planned"),
    Phase.DO: _l("being carried out"),
    Phase.CHECK: _l("waits for another person's check"),
    Phase.CLOSED: _l("finding settled"),
}
TONES: dict[Phase, str | None] = {
    Phase.PLAN: None,
    Phase.DO: "info",
    Phase.CHECK: "warn",
    Phase.CLOSED: "ok",
}
DEED_MSGIDS: dict[Deed, str] = {
    Deed.TAKEN_UP: N_("finding taken up"),
    Deed.PLANNED: N_("measures planned"),
    Deed.REPORTED: N_("evidence handed in"),
    Deed.SENT_BACK: N_("sent back after the check"),
    Deed.CLOSED: N_("checked and settled"),
    Deed.REOPENED: N_("next round opened"),
    Deed.HANDED_OVER: N_("handed over"),
}
DEEDS: dict[Deed, Any] = {deed: _l(msgid) for deed, msgid in DEED_MSGIDS.items()}
PROPOSALS: dict[ProposalState, Any] = {
    ProposalState.OPEN: _l("waits for a decision"),
    ProposalState.TAKEN: _l("taken into the plan"),
    ProposalState.DECLINED: _l("not adopted"),
}
PROPOSAL_TONES: dict[ProposalState, str | None] = {
    ProposalState.OPEN: "warn",
    ProposalState.TAKEN: "ok",
    ProposalState.DECLINED: None,
}
VERDICTS: dict[Verdict, Any] = {
    Verdict.BETTER: _l("better"),
    Verdict.WORSE: _l("worse"),
    Verdict.UNCLEAR: _l("no clear difference"),
    Verdict.NOT_COMPARABLE: _l("not comparable"),
}
VERDICT_TONES: dict[Verdict, str | None] = {
    Verdict.BETTER: "ok",
    Verdict.WORSE: "bad",
    Verdict.UNCLEAR: None,
    Verdict.NOT_COMPARABLE: "warn",
}
