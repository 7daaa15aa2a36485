"""HTTP of dashboards: a scope's figures, the five golds, the wall screen, one figure with what is behind it."""

from __future__ import annotations

from flask import abort, flash, redirect, request, url_for
from flask_babel import gettext as _
from flask_login import current_user

from trainmgr.kernel.access import Permission, requires
from trainmgr.kernel.clock import today, utcnow
from trainmgr.kernel.paging import Listing
from trainmgr.quality import boards, compute_job, exporting, labels, measuring, seeing
from trainmgr.quality.frame import KINDS, asked, asked_or_back, bp, page_of
from trainmgr.quality.late import late_map, shade
from trainmgr.quality.measures.base import MEASURES
from trainmgr.quality.rules import ScopeKind

P = Permission


def _nothing():
    return page_of("nothing")


@bp.get("/")
@requires(P.QUALITY_VIEW)
def show_dashboard():
    """Show a scope's indicators with target, verdict, course and change, and what is late."""
    ask = asked()
    if ask is None:
        return _nothing()
    lines = boards.board(ask.scope, ask.year, ask.definitions)
    return page_of(
        "dashboard",
        ask=ask,
        groups=boards.grouped(lines),
        computed_at=boards.when_computed(lines),
        reached=boards.reached(lines),
        late=late_map(ask.scope, today()),
        shade=shade,
        choices=seeing.choices(current_user, ask.scope.college_id),
        job=compute_job.shown_job(ask.scope.college_id, utcnow()) if ask.is_own_college else None,
    )


@bp.get("/dashboard.xlsx")
@requires(P.QUALITY_VIEW)
def export_dashboard():
    """Hand a scope's figures of five years out as a workbook."""
    ask = asked_or_back()
    lines = boards.board(ask.scope, ask.year, ask.definitions)
    return exporting.send_lines(lines, f"{ask.seen.name} {ask.year}.xlsx")


@bp.get("/late.xlsx")
@requires(P.QUALITY_VIEW)
def export_late():
    """Hand what is late out as a workbook, a row a programme."""
    ask = asked_or_back()
    found = late_map(ask.scope, today(), most=10_000)
    return exporting.send_late(found, f"{ask.seen.name} {today().isoformat()}.xlsx")


@bp.get("/golds")
@requires(P.QUALITY_VIEW)
def show_golds():
    """Show a scope's indicators under the five golds."""
    ask = asked()
    if ask is None:
        return _nothing()
    lines = boards.board(ask.scope, ask.year, ask.definitions)
    golds = [(gold, found, boards.reached(found)) for gold, found in boards.by_gold(lines)]
    return page_of(
        "golds",
        ask=ask,
        golds=golds,
        computed_at=boards.when_computed(lines),
        choices=seeing.choices(current_user, ask.scope.college_id),
    )


@bp.get("/wall")
@requires(P.QUALITY_VIEW)
def show_wall():
    """Show a scope's figures on a wall screen: large, refreshed by itself, without a name of anybody."""
    ask = asked()
    if ask is None:
        return _nothing()
    lines = boards.board(ask.scope, ask.year, ask.definitions)
    late = late_map(ask.scope, today(), most=0)
    return page_of("wall", ask=ask, lines=boards.for_wall(lines), computed_at=boards.when_computed(lines), late=late,
                   now=utcnow(), reached=boards.reached(lines))  # fmt: skip


# --- one figure ------------------------------------------------------------------------------------------


def _kind_of_parts(ask, definition):
    possible = boards.kinds_of_parts(ask.scope, definition)
    wanted = request.args.get("by", "")
    chosen = ScopeKind(wanted) if wanted in KINDS else None
    return possible, chosen if chosen in possible else next(iter(possible), None)


def _line(ask, definition):
    return boards.board(ask.scope, ask.year, {definition.code: definition})[0]


@bp.get("/figures/<code>")
@requires(P.QUALITY_VIEW)
def show_figure(code):
    """Show a figure: what it means, its course over the years, the parts of its scope side by side."""
    ask = asked_or_back()
    definition = ask.definition_or_404(code)
    line = _line(ask, definition)
    possible, kind = _kind_of_parts(ask, definition)
    target, as_of = (line.figure.target, line.figure.as_of) if line.figure else (None, None)
    page = None
    if kind is not None:
        page = boards.parts(ask.scope, kind, definition, ask.year, Listing.from_request(), target, as_of)
    return page_of("figure", ask=ask, definition=definition, line=line, kinds=possible, kind=kind, page=page,
                   bars=boards.bars_of(page.items, definition) if page else [])  # fmt: skip


@bp.get("/figures/<code>/parts.xlsx")
@requires(P.QUALITY_VIEW)
def export_parts(code):
    """Hand the parts of a scope out as a workbook."""
    ask = asked_or_back()
    definition = ask.definition_or_404(code)
    line, (_possible, kind) = _line(ask, definition), _kind_of_parts(ask, definition)
    if kind is None:  # the scope has no parts
        return redirect(url_for(".show_figure", code=code, **ask.args))
    target, as_of = (line.figure.target, line.figure.as_of) if line.figure else (None, None)
    found = boards.export_parts(ask.scope, kind, definition, ask.year, target, as_of)
    return exporting.send_parts(found, f"{line.name} {ask.year}.xlsx")


@bp.get("/figures/<code>/records")
@requires(P.QUALITY_VIEW)
def list_records(code):
    """List the people or records behind a figure as they are now, as far as the reader may see them."""
    ask = asked_or_back()
    definition = ask.definition_or_404(code)
    only_hits = request.args.get("all") != "1"
    page, n_hidden = measuring.records(
        definition, ask.scope, ask.period, current_user, Listing.from_request(), only_hits=only_hits
    )
    one = MEASURES[definition.measure]
    figure = measuring.figure_behind(definition, ask.scope, ask.period)
    return page_of("records", ask=ask, definition=definition, page=page, n_hidden=n_hidden, figure=figure,
                   only_hits=only_hits, measure=one)  # fmt: skip


@bp.get("/figures/<code>/records.xlsx")
@requires(P.QUALITY_VIEW)
def export_records(code):
    """Hand the records behind a figure out as a workbook, as far as the reader may see them."""
    ask = asked_or_back()
    definition = ask.definition_or_404(code)
    one = MEASURES[definition.measure]
    rows = measuring.export_records(
        definition, ask.scope, ask.period, current_user, only_hits=request.args.get("all") != "1"
    )
    name = f"{labels.name_of(definition)} {ask.year}.xlsx"
    return exporting.send_records(rows, name, distinct=bool(one.distinct))


# --- computing -----------------------------------------------------------------------------------------------


@bp.post("/compute")
@requires(P.QUALITY_VIEW)
def compute_figures():
    """Have the figures of a year computed now."""
    ask = asked_or_back()
    if not ask.is_own_college:
        abort(403)
    compute_job.request_figures(ask.scope.college_id, ask.year, by=current_user, now=utcnow())
    flash(_("The figures are being computed."), "success")
    return redirect(url_for(".show_dashboard", **ask.args))


@bp.get("/compute")
@requires(P.QUALITY_VIEW)
def show_computing():
    """Show how far the computation is: the box alone for the page that asks, else the way back."""
    ask = asked_or_back()
    job = compute_job.find_job(ask.scope.college_id) if ask.is_own_college else None
    if not request.headers.get("HX-Request") or job is None:
        return redirect(url_for(".show_dashboard", **ask.args))
    return page_of("_job", ask=ask, job=job)
