"""What levels, states and kinds of certificates are called."""

from __future__ import annotations

from typing import Any

from flask_babel import lazy_gettext as _l

from trainmgr.certificates.rules import LADDER, ExternalState, Family, Level, RevocationKind

LEVELS: dict[Level, Any] = {level: _l(rung.msgid) for level, rung in LADDER.items()}
FAMILIES: dict[Family, Any] = {
    Family.SKILL: _l("Skill grades"),
    Family.ONE_X: _l("1+X certificates"),
}
STATES: dict[ExternalState, Any] = {
    ExternalState.ENTERED: _l("to be verified"),
    ExternalState.VERIFIED: _l("verified"),
    ExternalState.REFUSED: _l("not accepted"),
    ExternalState.WITHDRAWN: _l("withdrawn"),
}
TONES: dict[ExternalState, str | None] = {
    ExternalState.ENTERED: "warn",
    ExternalState.VERIFIED: "ok",
    ExternalState.REFUSED: "bad",
    ExternalState.WITHDRAWN: None,
}
REVOCATIONS: dict[RevocationKind, Any] = {
    RevocationKind.REVOKED: _l("certificate revoked"),
    RevocationKind.REPLACED: _l("replaced by a new one"),
}
