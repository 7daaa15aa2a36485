"""How agreement, leniency and comparisons are told."""

from __future__ import annotations

from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from trainmgr.evaluation.agreement import Agreement, Reading
from trainmgr.evaluation.agreement import Why as NoAlpha
from trainmgr.evaluation.labels import PARTIES
from trainmgr.evaluation.leniency import Leniency
from trainmgr.evaluation.leniency import Why as NoCorrection
from trainmgr.evaluation.rules import Party
from trainmgr.insights.rules import Comparison, Verdict
from trainmgr.kernel.i18n import number

READINGS: dict[Reading, Any] = {
    Reading.RELIABLE: _l("reliable"),
    Reading.TENTATIVE: _l("tentative"),
    Reading.LOW: _l("low agreement"),
}

NO_ALPHA: dict[NoAlpha, Any] = {
    NoAlpha.NOBODY_TWICE: _l("nobody was judged by two"),
    NoAlpha.NOTHING_VARIES: _l("undefined: all marks are equal"),
    NoAlpha.FEW: _l("too few for an interval"),
}

NOT_CORRECTED: dict[NoCorrection, Any] = {
    NoCorrection.ONLY_RATER: _l("the only one who rates for this party"),
    NoCorrection.NO_OVERLAP: _l("nobody else judged trainees of this rater and of another"),
    NoCorrection.NO_SPARE: _l("just enough marks to compare, none left to tell chance"),
}


def pair_name(key: str) -> str:
    """Return what two parties are called together: "trainee+enterprise"."""
    one, other = (str(PARTIES[Party(part)]) for part in key.split("+"))
    return _("%(one)s and %(other)s", one=one, other=other)


def alpha_text(found: Agreement | None) -> str:
    """Return α as a figure, or why there is none."""
    if found is None:
        return "–"
    if found.alpha is None:
        return str(NO_ALPHA[found.why]) if found.why else "–"
    return number(found.alpha, 2)


def verdict_text(found: Comparison, one: str, other: str) -> str:
    """Return in a sentence what two classes beside each other say."""
    difference = found.difference
    if found.verdict is Verdict.NOBODY or difference is None:
        return _("One of the two has nobody measured: there is nothing to compare.")
    if difference.interval is None or found.verdict is Verdict.FEW:
        return _("Fewer than five in a class: the difference says nothing about the classes.")
    if found.verdict is Verdict.CHANCE:
        return _("The interval holds zero: chance alone may have made this difference.")
    winner = one if found.verdict is Verdict.FIRST else other
    return _("The interval leaves zero out: %(name)s lies higher by more than chance.", name=winner)


def leniency_text(found: Leniency, name: str) -> str:
    """Return in a sentence what a rater's leniency says."""
    if found.why is NoCorrection.ONLY_RATER:
        return _(
            "%(name)s is the only one who rates for this party: there is nobody to compare with.", name=name
        )
    if found.corrected is None:
        return _(
            "Nobody else judged trainees of %(name)s and of others: whether the marks are mild or the trainees strong "
            "cannot be told apart.",
            name=name,
        )
    if found.low is None:
        return _("There are just enough marks to compare, and none left to tell chance from mildness.")
    if not found.is_clear:
        return _(
            "The interval holds zero: %(name)s judges neither milder nor stricter than chance explains.",
            name=name,
        )
    if found.corrected > 0:
        return _("%(name)s judges the same trainees more mildly than the others do.", name=name)
    return _("%(name)s judges the same trainees more strictly than the others do.", name=name)


def how_alpha_is_read() -> str:
    """Return how Krippendorff's α is read."""
    return _(
        "1 is full agreement, 0 is what chance gives; from 0.8 it can be relied on, from 0.667 tentatively. "
        "Parties see different things: a low figure is a question to both, not a mistake of one."
    )
