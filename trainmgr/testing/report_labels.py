"""What verdicts, standings and gains are called in reports, and the names of the files."""

from __future__ import annotations

from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from trainmgr.kernel.i18n import number, percent
from trainmgr.testing.asked import Line
from trainmgr.testing.report_page import Report, Standing, Verdict
from trainmgr.testing.reporting import STILL_OPEN, GainBand, Pairs, Share

VERDICTS = {
    Verdict.PASSED: _l("Passed"),
    Verdict.FAILED: _l("Not passed"),
    Verdict.OPEN: _l("Waits for marks"),
    Verdict.ABSENT: _l("Not taken"),
}
VERDICT_TONES = {Verdict.FAILED: "bad", Verdict.OPEN: "warn"}
STANDINGS = {
    Standing.BELOW: _l("Below what is required"),
    Standing.REACHED: _l("Reached"),
    Standing.ABOVE: _l("Strength"),
    Standing.NOT_REQUIRED: _l("No level required"),
    Standing.WAITING: _l("Waits for marks"),
}
STANDING_TONES = {Standing.BELOW: "bad", Standing.ABOVE: "ok", Standing.WAITING: "warn"}
BANDS = {
    GainBand.HIGH: _l("high"),
    GainBand.MEDIUM: _l("medium"),
    GainBand.LOW: _l("low"),
    GainBand.FALL: _l("fell"),
}


def interval(share: Share | None, places: int = 1) -> str:
    """Return the interval of a share in words."""
    if share is None or share.low is None or share.high is None:
        return "–"
    return _("%(low)s to %(high)s", low=percent(share.low, 1, places), high=percent(share.high, 1, places))


def about(report: Report) -> str:
    """Say whom a report is about."""
    parts: list[Any] = []
    if report.chosen.enterprise_id:
        named = dict(report.enterprises)
        parts.append(named.get(report.chosen.enterprise_id, "?"))
    if report.chosen.cohort is not None:
        parts.append(report.chosen.cohort or _("no class"))
    return " · ".join(parts) or _("everybody")


def file_name(report: Report) -> str:
    """Return the name of a report's file without its ending."""
    return _("Report %(name)s, %(about)s", name=report.sitting.name, about=about(report))


def how_it_is_read() -> str:
    """Say how the shares are computed."""
    return _(
        "Below: people whose level is lower than the post requires. The interval is that of Wilson (1927): it holds "
        "the share of all such people in 95 of 100 cases. Groups of fewer than 5 are marked “few”."
    )


def how_gain_is_read() -> str:
    """Say how the gain is computed."""
    return _(
        "Only people who took both tests. Normalised gain (Hake 1998): what was gained of what could be gained, "
        "(after − before) ÷ (100 % − before); from 0.7 it is high, from 0.3 medium, and undefined where all was right "
        "before. d: the gain in standard deviations. Groups of fewer than 5 are marked “few”."
    )


def open_text(line: Line, pairs: Pairs) -> str:
    """Say of a competency that is not closed how many are still below."""
    after = pairs.below_after
    assert after is not None
    return _(
        "%(name)s: %(count)s of %(people)s are still below level %(required)s (%(share)s)",
        name=line.label, count=after.count, people=after.n, required=number(line.required),
        share=percent(after.value, 1),
    )  # fmt: skip


def all_closed() -> str:
    """Say that nothing stays open, and from when on it would."""
    return _(
        "In every competency fewer than %(share)s are below the required level.",
        share=percent(STILL_OPEN, 1, 0),
    )
