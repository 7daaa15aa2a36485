"""How the panel writes figures and limits."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from flask_babel import gettext as _

from trainmgr.kernel.i18n import day, number
from trainmgr.placements.rules import HOURS, SHARES, Finding, Rule, RuleCode, Signatory

WITHOUT = "–"


def figure_of(finding: Finding) -> str:
    """Return a finding's figure with its unit."""
    figure, code = finding.figure, finding.code
    if figure is None:
        return WITHOUT
    if isinstance(figure, bool):
        if code in HOURS:
            return _("yes") if figure else _("no")
        return _("none yet")
    if isinstance(figure, date):
        return day(figure)
    if code is RuleCode.AGREEMENT:
        return _("%(signed)s of %(all)s", signed=number(float(figure)), all=len(Signatory))
    return _with_unit(figure, code)


def limit_of(rule: Rule) -> str:
    """Return a rule's limit in words."""
    if rule.code is RuleCode.AGREEMENT:
        return _("all three, before the start")
    if rule.code is RuleCode.CONSENT:
        return _("before the first day")
    if rule.code is RuleCode.INSURANCE:
        return _("to the last day")
    if rule.code in HOURS:
        return _("no, unless filed")
    figure = _with_unit(rule.limit or Decimal(0), rule.code)
    if rule.code in (RuleCode.AGE, RuleCode.PAY):
        return _("at least %(figure)s", figure=figure)
    return _("at most %(figure)s", figure=figure)


def _with_unit(figure: Decimal, code: RuleCode) -> str:
    text = number(float(figure))
    if code is RuleCode.AGE:
        return _("%(years)s years", years=text)
    if code is RuleCode.LENGTH:
        return _("%(months)s months", months=text)
    return f"{text}%" if code in (*SHARES, RuleCode.PAY) else text
