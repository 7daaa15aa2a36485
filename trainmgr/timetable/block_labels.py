"""What blocks, their origin and their flaws are called."""

from __future__ import annotations

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from trainmgr.kernel.i18n import day, language, number
from trainmgr.timetable.alternating import Block, Flaw, Origin, Remark, StageDays

ORIGINS = {
    Origin.PLAN: _l("from the signed plan"),
    Origin.CLASS: _l("set for this class"),
    Origin.RECKONED: _l("reckoned by the plan's weeks"),
}


def stage_name(stage: StageDays) -> str:
    """Return a stage's name in the reader's language."""
    return stage.name_en if language() == "en" and stage.name_en else stage.name


def gate_text(stage: StageDays) -> str:
    """Return what has to be there at the end of a stage."""
    return stage.gate_en if language() == "en" and stage.gate_en else stage.gate


def length(block: Block) -> str:
    """Return how long a block is, in weeks below two months, else in months."""
    if block.days < 60:
        return _("%(weeks)s weeks", weeks=number(round(block.days / 7, 1)))
    return _("about %(months)s months", months=number(block.months))


def remark(one: Remark) -> str:
    """Return what does not fit, in a sentence."""
    values = {"number": one.block.stage.number, "name": stage_name(one.block.stage)}
    if one.before is not None:
        values |= {"before": one.before.stage.number}
    if one.flaw is Flaw.OUTSIDE:
        return _("Stage %(number)s “%(name)s” (%(first)s to %(last)s) lies outside the programme.",
                 first=day(one.block.starts_on), last=day(one.block.ends_on), **values)  # fmt: skip
    if one.flaw is Flaw.TWO_PLACES:
        return _("Stages %(before)s and %(number)s overlap: the class cannot be in two places.", **values)
    if one.flaw is Flaw.ORDER:
        return _("Stage %(number)s ends before stage %(before)s begins.", **values)
    return _("%(days)s days lie between stages %(before)s and %(number)s.", days=one.days, **values)
