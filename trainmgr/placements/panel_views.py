"""HTTP of the compliance panel and of a college's own rules."""

from __future__ import annotations

from flask import abort, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_login import current_user

from trainmgr.kernel.access import Permission, requires
from trainmgr.kernel.clock import today, utcnow
from trainmgr.kernel.errors import RuleBroken
from trainmgr.kernel.numbers import whole
from trainmgr.kernel.paging import Listing
from trainmgr.placements import compliance, conditions, hosts, labels, queries, settings
from trainmgr.placements.forms import RuleForm
from trainmgr.placements.frame import PROGRAM, bp, page_of, program_for, rule_or_404, sees_pay
from trainmgr.placements.presenting import figure_of, limit_of
from trainmgr.placements.rules import DEFAULTS, REGULATION, RuleCode, rule_on

P = Permission


@bp.get(f"{PROGRAM}/compliance")
@requires(P.PLACEMENT_OVERSEE)
def show_compliance(program_id):
    """Show every rule with its limit and article, how many do not keep it, enterprises, and each open placement."""
    program = program_for(program_id, P.PLACEMENT_OVERSEE)
    panel = compliance.overseen(program, current_user)
    counts = compliance.counts_of(program, current_user, panel)
    organizations = hosts.enterprises_in(program, current_user)
    rule = request.args.get("rule", "")
    page = queries.list_placements(
        program, current_user, Listing.from_request(), queries.Chosen(rule=rule), panel.versions,
        total=counts.total, counted=counts.narrowed_to(rule), only_open=True,
    )  # fmt: skip
    return page_of(
        "compliance", program, rules=panel.now(today()), counts=counts, page=page,
        hosts=compliance.hosts_of(organizations, panel, today()), rule=rule,
        rule_options=[(code.value, labels.SHORT_RULES[code]) for code in conditions.COUNTED],
        findings=compliance.findings_of(page.items, panel), codes=list(RuleCode),
        lifted=compliance.overrides_of([one.id for one in page.items]), with_pay=sees_pay(program),
        applies=compliance.applies_to(program), regulation=REGULATION,
    )  # fmt: skip


# --- a college's own rules --------------------------------------------------------------------------


def _college():
    own = sorted(current_user.organizations_where(P.PLACEMENT_RULES))
    wanted = whole(request.values.get("college"))
    if wanted is not None and wanted not in own:
        abort(404)
    return wanted or own[0]


@bp.get("/placement-rules")
@requires(P.PLACEMENT_RULES)
def list_rules():
    """Show the rules of the reader's college, each with its versions."""
    college_id = _college()
    versions = compliance.rules_of(college_id)
    return render_template(
        "placements/rules.html", college_id=college_id, history=hosts.rule_history(college_id),
        rules=[rule_on(today(), code, versions) for code in RuleCode],
        defaults=DEFAULTS, labels=labels, limit_of=limit_of, today=today(),
    )  # fmt: skip


def _rule_page(code, college_id, form, status=200, **context):
    present = rule_on(today(), code, compliance.rules_of(college_id))
    html = render_template(
        "placements/rule.html", code=code, college_id=college_id, form=form, present=present,
        has_limit=DEFAULTS[code].limit is not None, labels=labels, limit_of=limit_of, figure_of=figure_of,
        **context,
    )  # fmt: skip
    return html, status


@bp.get("/placement-rules/<rule>")
@requires(P.PLACEMENT_RULES)
def edit_rule(rule):
    """Show a rule to set it otherwise from a day on."""
    code, college_id = rule_or_404(rule), _college()
    present = rule_on(today(), code, compliance.rules_of(college_id))
    form = RuleForm(
        formdata=None, valid_from=today(), limit=present.limit, effect=present.effect.value,
        article=present.article, checked=present.checked,
    )  # fmt: skip
    return _rule_page(code, college_id, form)


@bp.post("/placement-rules/<rule>")
@requires(P.PLACEMENT_RULES)
def set_rule(rule):
    """Set a rule otherwise from a day on."""
    code, college_id, form = rule_or_404(rule), _college(), RuleForm()
    if not form.validate():
        return _rule_page(code, college_id, form, 422)
    try:
        settings.set_rule(
            college_id, form.rule(code), reason=form.reason.data, today=today(), by=current_user, now=utcnow()
        )
    except RuleBroken as broken:
        return _rule_page(code, college_id, form, broken.status, broken=broken)
    flash(_("The rule is set anew; the one before stays with what began under it."), "success")
    return redirect(url_for(".list_rules", college=college_id))
