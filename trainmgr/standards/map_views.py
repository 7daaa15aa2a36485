"""HTTP of the competency map: drawn, as a picture, as Excel."""

# mypy: allow-untyped-defs, allow-incomplete-defs
from __future__ import annotations

from flask import Response, render_template, request
from flask_babel import gettext as _
from flask_login import current_user

from trainmgr.kernel.access import Permission, requires
from trainmgr.kernel.sheets import content_disposition, send_workbook
from trainmgr.standards.export import map_workbook
from trainmgr.standards.map import CompetencyMap, modules_of, programs_using
from trainmgr.standards.pages import VERSION, bp, load, render
from trainmgr.standards.presenting import label_of

# The light scheme's colours (static/tokens.css), for a picture that leaves the page.
PAINT = {
    "ground": "#ffffff",
    "box": "#f4f6f8",
    "line": "#8a97a6",
    "ink": "#1c2733",
    "faint": "#4d5b6a",
    "link": "#9fb3c8",
}


def _map(standard_id, number):
    """Return the version, the programmes that use it, the chosen one, and the map with its modules."""
    view = load(standard_id, number)
    programs = programs_using(view.version, current_user)
    wanted = request.args.get("program", "")
    chosen = next((one for one in programs if str(one.id) == wanted), programs[0] if programs else None)
    ids = {one.competency_id for one in view.content.competencies}
    modules = modules_of(chosen, ids) if chosen else []
    return view, programs, chosen, CompetencyMap(view.standard, view.content, modules)


@bp.get(f"{VERSION}/map")
@requires(Permission.STANDARD_VIEW)
def show_map(standard_id, number):
    """Show the map: post, typical tasks, competencies, modules."""
    view, programs, chosen, drawn = _map(standard_id, number)
    context = {"programs": programs, "chosen": chosen, "map": drawn, "drawing": drawn.drawing()}
    return render("map", view, **context)


@bp.get(f"{VERSION}/map.svg")
@requires(Permission.STANDARD_VIEW)
def download_map(standard_id, number):
    """Hand out the map as a picture that can be enlarged."""
    view, _programs, _chosen, drawn = _map(standard_id, number)
    text = render_template("standards/map.svg", drawing=drawn.drawing(), title=view.title, paint=PAINT)
    response = Response(text, mimetype="image/svg+xml")
    name = _("%(post)s competency map", post=view.title) + ".svg"
    response.headers["Content-Disposition"] = content_disposition("attachment", name)
    return response


@bp.get(f"{VERSION}/map.xlsx")
@requires(Permission.STANDARD_VIEW)
def export_map(standard_id, number):
    """Hand out the map as a spreadsheet."""
    view, _programs, _chosen, drawn = _map(standard_id, number)
    name = _("%(post)s competency map", post=view.title)
    return send_workbook(map_workbook(drawn, view.title, label_of), f"{name}.xlsx")
