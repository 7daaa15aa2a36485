"""What destinations, matches, bands, sources and steps are called."""

from __future__ import annotations

from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from trainmgr.certificates.labels import LEVELS as CERTIFICATE_LEVELS
from trainmgr.certificates.rules import Level
from trainmgr.contests.labels import GRADES
from trainmgr.contests.labels import LEVELS as CONTEST_LEVELS
from trainmgr.contests.rules import Grade
from trainmgr.contests.rules import Level as ContestLevel
from trainmgr.employment.course import PostStep
from trainmgr.employment.rules import AnswerSource, Band, Destination, Match
from trainmgr.guidance.labels import SIDES
from trainmgr.kernel.msgids import N_
from trainmgr.programs.rules import Side

DESTINATIONS: dict[Destination, Any] = {
    Destination.EMPLOYED: _l("Employed by contract"),
    Destination.FLEXIBLE: _l("Flexible employment"),
    Destination.OWN_BUSINESS: _l("Own business"),
    Destination.STUDY: _l("Further study"),
    Destination.ARMY: _l("Military service"),
    Destination.SEEKING: _l("Looking for work"),
    Destination.NOT_SEEKING: _l("Not looking for work at present"),
}
MATCHES: dict[Match, Any] = {
    Match.YES: _l("fits the training"),
    Match.PARTLY: _l("fits it partly"),
    Match.NO: _l("does not fit it"),
}
BANDS: dict[Band, Any] = {
    Band.TO_3000: _l("below 3,000 yuan"),
    Band.TO_4000: _l("3,000 to 4,000 yuan"),
    Band.TO_5000: _l("4,000 to 5,000 yuan"),
    Band.TO_6000: _l("5,000 to 6,000 yuan"),
    Band.TO_8000: _l("6,000 to 8,000 yuan"),
    Band.TO_10000: _l("8,000 to 10,000 yuan"),
    Band.ABOVE: _l("10,000 yuan and more"),
}
SOURCES: dict[AnswerSource, Any] = {
    AnswerSource.GRADUATE: _l("told by the graduate"),
    AnswerSource.EMPLOYER: _l("told by the employer"),
    AnswerSource.STAFF: _l("found out by the college"),
}
STEP_MSGIDS: dict[PostStep, str] = {
    PostStep.TRIAL: N_("Trial period begun"),
    PostStep.CONFIRMED: N_("Confirmed as employee"),
    PostStep.PROMOTED: N_("Promoted"),
    PostStep.LEFT: N_("Left the enterprise"),
}
STEPS: dict[PostStep, Any] = {step: _l(msgid) for step, msgid in STEP_MSGIDS.items()}


def round_name(months: int) -> str:
    """Return what a round is called."""
    return _("At graduation") if months == 0 else _("%(months)s months after", months=months)


def round_said(months: int) -> dict[str, Any]:
    """Return a round's name as a stored message that each reader reads in their language."""
    return (
        {"msgid": N_("At graduation")}
        if months == 0
        else {"msgid": "%(months)s months after", "months": months}
    )


SATISFACTION: dict[int, Any] = {
    5: _l("5 very satisfied"),
    4: _l("4 satisfied"),
    3: _l("3 so so"),
    2: _l("2 not quite satisfied"),
    1: _l("1 not satisfied"),
}
STANDINGS: dict[str, Any] = {
    "answered": _l("answered"),
    "missing": _l("not answered"),
    "unplaced": _l("no destination yet"),
    "unconfirmed": _l("not confirmed by the employer"),
    "denied": _l("denied by the employer"),
}


def certificate_level(level: str | None) -> str:
    """Return what a certificate's level is called, "" for none."""
    return str(CERTIFICATE_LEVELS[Level(level)]) if level else ""


def award_level(kind: str, level: str, grade: str | None) -> str:
    """Return what an award is, in words: the contest's level and grade, else the side that gave it."""
    if kind != "contest":
        return str(SIDES[Side(level)])
    return f"{CONTEST_LEVELS[ContestLevel(level)]} {GRADES[Grade(grade)] if grade else ''}".strip()
