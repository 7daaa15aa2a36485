"""What states, endings, answers and decisions of moderation are called."""

from __future__ import annotations

from typing import Any

from flask_babel import lazy_gettext as _l

from trainmgr.moderation.rules import AppealState, DecisionKind, Ending, ModerationState, SideAnswer

STATES: dict[ModerationState, Any] = {
    ModerationState.TALK: _l("The raters talk it over"),
    ModerationState.DECIDE: _l("A moderator decides"),
    ModerationState.CLOSED: _l("Moderation ended"),
}
ENDINGS: dict[Ending, Any] = {
    Ending.AGREED: _l("The parties came together"),
    Ending.DECIDED: _l("Decided by a moderator"),
    Ending.SETTLED: _l("Taken as it was: the window's results were settled"),
}
ANSWERS: dict[SideAnswer, Any] = {
    SideAnswer.WAITING: _l("answer awaited"),
    SideAnswer.KEPT: _l("keeps the rating"),
    SideAnswer.REVISED: _l("revised the rating"),
    SideAnswer.ABSENT: _l("no longer rates this trainee; the rating stands"),
}
KINDS: dict[DecisionKind, Any] = {
    DecisionKind.KEEP: _l("All marks stand as they were given"),
    DecisionKind.TAKE: _l("One party's marks count"),
    DecisionKind.SET: _l("Set the marks that count"),
}
APPEALS: dict[AppealState, Any] = {
    AppealState.OPEN: _l("answer due"),
    AppealState.UPHELD: _l("appeal upheld"),
    AppealState.REJECTED: _l("appeal rejected"),
}
