"""HTTP of the evaluation scheme: made, weighed, its criteria edited, previewed as each party, a new version begun."""

from __future__ import annotations

from typing import Any

from flask import abort, flash, redirect, request, url_for
from flask_babel import gettext as _
from flask_babel import ngettext
from flask_login import current_user

from trainmgr.evaluation import assigning, parties, queries, schemes, scoring
from trainmgr.evaluation.blueprint import PARTY, bp
from trainmgr.evaluation.labels import DIMENSIONS, NOBODY, PARTIES, fault_text
from trainmgr.evaluation.models import Criterion, Scheme
from trainmgr.evaluation.ratings import Answers
from trainmgr.evaluation.rules import MANY, Level, Party, party_weights, scheme_faults
from trainmgr.evaluation.scheme_forms import CriterionForm, PartyForm, WeightsForm
from trainmgr.evaluation.window_views import PREFIX, may_shape, program_for, words
from trainmgr.kernel.access import Permission, requires
from trainmgr.kernel.clock import utcnow
from trainmgr.kernel.errors import RuleBroken
from trainmgr.kernel.numbers import whole
from trainmgr.programs.models import Program
from trainmgr.programs.pages import render_program_page
from trainmgr.programs.queries import program_or_404
from trainmgr.programs.rules import Step

SCHEME = PREFIX + "/scheme"
CRITERION = SCHEME + "/criteria/<int:criterion_id>"


@bp.get(SCHEME)
@requires(Permission.EVALUATION_VIEW)
def show_scheme(program_id: int) -> Any:
    """Show who rates what with which weight, with the arithmetic, and what may be changed."""
    program = program_or_404(program_id, current_user)
    return _render_scheme(program, queries.find_scheme(program.id, request.args.get("version", type=whole)))


def _render_scheme(
    program: Program,
    scheme: Scheme | None,
    *,
    form: WeightsForm | None = None,
    party_form: PartyForm | None = None,
    refusal: RuleBroken | None = None,
    status: int = 200,
) -> Any:
    if scheme is None and request.args.get("version"):
        abort(404)
    frozen = bool(scheme and schemes.is_frozen(scheme, utcnow()))
    may_edit = may_shape(program)
    rated = {(c.level, p) for c in scheme.criteria for p in c.parties} if scheme else set()
    return render_program_page(
        "evaluation/scheme.html",
        program,
        Step.EVALUATION,
        status=status,
        scheme=scheme,
        frozen=frozen,
        may_edit=may_edit and not frozen,
        may_version=may_edit and frozen,
        form=form or (WeightsForm.of(scheme) if scheme else None),
        **_parties(program, scheme, party_form),
        levels={level.level: level for level in scheme.level_weights} if scheme else {},
        weights=party_weights(scheme.level_weights) if scheme else {},
        points=scheme.plan.points if scheme else {},
        faults=[fault_text(fault) for fault in scheme_faults(scheme.level_weights, rated)] if scheme else [],
        refusal=refusal,
        hundred=scoring.hundred,
        Level=Level,
        DIMENSIONS=DIMENSIONS,
        **words(),
    )


def _parties(program: Program, scheme: Scheme | None, form: PartyForm | None) -> dict[str, Any]:
    """Return who rates in a scheme, whom one may add, and in which of them there is nobody."""
    present = scheme.parties if scheme else ()
    extra = [party for party in present if party in MANY]
    form = form or PartyForm(formdata=None)
    form.offer(addable := [party for party in MANY if party not in present])
    return {
        "parties": present,
        "extra": extra,
        "addable": addable,
        "party_form": form,
        "nobody": [(p, NOBODY[p]) for p in assigning.absent(program.id, extra)] if extra else [],
    }


def _scheme_for(program_id: int) -> tuple[Program, Scheme]:
    program = program_for(program_id, Permission.SCHEME_EDIT)
    return program, queries.scheme_or_404(program.id)


def _criterion_of(scheme: Scheme, criterion_id: int) -> Criterion:
    return next((criterion for criterion in scheme.criteria if criterion.id == criterion_id), None) or abort(
        404
    )


def _back(program: Program, anchor: str | None = None) -> Any:
    return redirect(url_for(".show_scheme", program_id=program.id, _anchor=anchor))


@bp.post(SCHEME + "/make")
@requires(Permission.SCHEME_EDIT)
def make_scheme(program_id: int) -> Any:
    """Make the scheme from the programme's pathway and its signed priorities."""
    program = program_for(program_id, Permission.SCHEME_EDIT)
    scheme = schemes.make_scheme(program, by=current_user, now=utcnow())
    count = len(scheme.criteria)
    flash(
        ngettext("The scheme is made: %(num)s criterion.", "The scheme is made: %(num)s criteria.", count),
        "success",
    )
    return _back(program)


@bp.post(SCHEME + "/priorities")
@requires(Permission.SCHEME_EDIT)
def add_priorities(program_id: int) -> Any:
    """Take the signed priorities into the scheme that have no criterion yet."""
    program, scheme = _scheme_for(program_id)
    count = schemes.add_priorities(program, scheme, by=current_user, now=utcnow())
    flash(ngettext("%(num)s criterion added.", "%(num)s criteria added.", count), "success")
    return _back(program)


@bp.post(SCHEME + "/weights")
@requires(Permission.SCHEME_EDIT)
def save_weights(program_id: int) -> Any:
    """Save what levels and parties weigh, and the marks; sums other than 100 come back with the reason."""
    (program, scheme), form = _scheme_for(program_id), WeightsForm()
    if not form.validate():
        return _render_scheme(program, scheme, form=form, status=422)
    try:
        schemes.weigh(
            program,
            scheme,
            form.levels,
            form.marks,
            version=whole(form.version.data) or 0,
            by=current_user,
            now=utcnow(),
        )
    except RuleBroken as refusal:
        return _render_scheme(program, scheme, form=form, refusal=refusal, status=409)
    flash(_("Weights and marks are saved."), "success")
    return _back(program)


@bp.post(SCHEME + "/parties/add")
@requires(Permission.SCHEME_EDIT)
def add_party(program_id: int) -> Any:
    """Let another party rate on some levels."""
    (program, scheme), form = _scheme_for(program_id), PartyForm()
    form.offer([party for party in MANY if party not in scheme.parties])
    if not form.validate():
        return _render_scheme(program, scheme, party_form=form, status=422)
    party, levels = Party(form.party.data), [Level(level) for level in form.levels.data or ()]
    parties.add_party(program, scheme, party, levels, float(form.share.data), by=current_user, now=utcnow())
    flash(_("Added: %(name)s. Look at the shares and at who rates what.", name=PARTIES[party]), "success")
    return _back(program)


@bp.post(SCHEME + f"/parties/<{PARTY}:party>/remove")
@requires(Permission.SCHEME_EDIT)
def remove_party(program_id: int, party: str) -> Any:
    """Let a party no longer rate."""
    (program, scheme), who = _scheme_for(program_id), Party(party)
    parties.remove_party(program, scheme, who, by=current_user, now=utcnow())
    flash(_("Taken out: %(name)s.", name=PARTIES[who]), "success")
    return _back(program)


@bp.post(SCHEME + "/version")
@requires(Permission.SCHEME_EDIT)
def start_version(program_id: int) -> Any:
    """Begin a new version of a frozen scheme, for windows that have not opened yet."""
    program, scheme = _scheme_for(program_id)
    copy = schemes.new_version(program, scheme, by=current_user, now=utcnow())
    flash(
        _("Version %(number)s is a draft now; windows still to open use it.", number=copy.number), "success"
    )
    return _back(program)


@bp.get(SCHEME + "/criteria/new")
@requires(Permission.SCHEME_EDIT)
def new_criterion(program_id: int) -> Any:
    """Show the form of a new criterion."""
    program, scheme = _scheme_for(program_id)
    return _render_criterion(program, scheme, None, _form(scheme, None))


@bp.post(SCHEME + "/criteria/new")
@requires(Permission.SCHEME_EDIT)
def add_criterion(program_id: int) -> Any:
    """Add a criterion."""
    program, scheme = _scheme_for(program_id)
    form = _form(scheme, None)
    if not form.validate():
        return _render_criterion(program, scheme, None, form, status=422)
    try:
        criterion = schemes.add_criterion(
            program, scheme, form.fields, version=whole(form.version.data) or 0, by=current_user, now=utcnow()
        )
    except RuleBroken as refusal:
        return _render_criterion(program, scheme, None, form, refusal=refusal, status=409)
    flash(_("Added: %(name)s.", name=criterion.label), "success")
    return _back(program, "criteria")


@bp.get(CRITERION)
@requires(Permission.SCHEME_EDIT)
def edit_criterion(program_id: int, criterion_id: int) -> Any:
    """Show the form of a criterion."""
    program, scheme = _scheme_for(program_id)
    criterion = _criterion_of(scheme, criterion_id)
    return _render_criterion(program, scheme, criterion, _form(scheme, criterion))


@bp.post(CRITERION)
@requires(Permission.SCHEME_EDIT)
def change_criterion(program_id: int, criterion_id: int) -> Any:
    """Change a criterion."""
    program, scheme = _scheme_for(program_id)
    criterion = _criterion_of(scheme, criterion_id)
    form = _form(scheme, criterion)
    if not form.validate():
        return _render_criterion(program, scheme, criterion, form, status=422)
    try:
        schemes.edit_criterion(
            program,
            scheme,
            criterion,
            form.fields,
            version=whole(form.version.data) or 0,
            by=current_user,
            now=utcnow(),
        )
    except RuleBroken as refusal:
        return _render_criterion(program, scheme, criterion, form, refusal=refusal, status=409)
    flash(_("Saved: %(name)s.", name=criterion.label), "success")
    return _back(program, "criteria")


@bp.post(CRITERION + "/remove")
@requires(Permission.SCHEME_EDIT)
def remove_criterion(program_id: int, criterion_id: int) -> Any:
    """Remove a criterion."""
    program, scheme = _scheme_for(program_id)
    criterion = _criterion_of(scheme, criterion_id)
    schemes.remove_criterion(program, scheme, criterion, by=current_user, now=utcnow())
    flash(_("Removed: %(name)s.", name=criterion.label), "success")
    return _back(program, "criteria")


@bp.post(CRITERION + "/move")
@requires(Permission.SCHEME_EDIT)
def move_criterion(program_id: int, criterion_id: int) -> Any:
    """Move a criterion up or down within its level."""
    program, scheme = _scheme_for(program_id)
    criterion = _criterion_of(scheme, criterion_id)
    up = request.form.get("direction") == "up"
    schemes.move_criterion(program, scheme, criterion, up=up, by=current_user, now=utcnow())
    return _back(program, f"criterion-{criterion.id}")


@bp.get(SCHEME + f"/preview/<{PARTY}:party>")
@requires(Permission.EVALUATION_VIEW)
def preview_scheme(program_id: int, party: str) -> Any:
    """Show the form as a party will see it; nothing can be sent from here."""
    program = program_or_404(program_id, current_user)
    scheme, who = queries.scheme_or_404(program.id, request.args.get("version", type=whole)), Party(party)
    asked = [criterion for criterion in scheme.criteria if who in criterion.parties]
    groups = [
        (level.level, [criterion for criterion in asked if criterion.level is level.level], level.weight)
        for level in scheme.level_weights
    ]
    return render_program_page(
        "evaluation/preview.html",
        program,
        Step.EVALUATION,
        scheme=scheme,
        party=who,
        groups=[group for group in groups if group[1]],
        questions=asked,
        answers=Answers(),
        **words(),
    )


def _form(scheme: Scheme, criterion: Criterion | None) -> CriterionForm:
    return CriterionForm.of(scheme, criterion, queries.competencies_of(scheme.program_id))


def _render_criterion(
    program: Program,
    scheme: Scheme,
    criterion: Criterion | None,
    form: CriterionForm,
    *,
    refusal: RuleBroken | None = None,
    status: int = 200,
) -> Any:
    return render_program_page(
        "evaluation/criterion.html",
        program,
        Step.EVALUATION,
        status=status,
        scheme=scheme,
        criterion=criterion,
        form=form,
        refusal=refusal,
        **words(),
    )
