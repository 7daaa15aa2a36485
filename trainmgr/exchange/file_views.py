"""HTTP of files with column maps: the columns, a look at real rows, the file with masked or with full numbers."""

from __future__ import annotations

from flask import abort, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_login import current_user

from trainmgr.exchange import file_out, file_rows, keeping, labels, maps
from trainmgr.exchange.forms import FILE_FORMATS, FullFileForm
from trainmgr.exchange.frame import COLLEGE, bp, college_for
from trainmgr.exchange.kinds import FileKind
from trainmgr.kernel.access import Permission, requires
from trainmgr.kernel.clock import today, utcnow
from trainmgr.kernel.errors import RuleBroken
from trainmgr.kernel.numbers import typed_version, whole

P = Permission
MAP = f"{COLLEGE}/maps/<kind>"


def _kind_or_404(kind):
    return FileKind(kind) if kind in set(FileKind) else abort(404)


def _wanted(college, kind, month, program, *, unmask=False):
    chosen = whole(program)
    if kind is FileKind.REAL_NAMES and chosen not in {key for key, _name in _programs(college)}:
        chosen = 0
    return file_rows.Wanted.of(
        college,
        current_user,
        kind,
        month=file_rows.month_of(month, today()),
        program_id=chosen,
        unmask=unmask,
    )


def _programs(college):
    return file_rows.programs_to_choose(college, current_user)


def _map_page(college, present, status=200, **context):
    kind, programs = present.kind, _programs(college)
    month = request.args.get("month", "")
    chosen = request.args.get("program") or (str(programs[0].id) if programs else "")
    wanted = _wanted(college, kind, month, chosen)
    return render_template(
        "exchange/map.html", organization=college, present=present, labels=labels, kind=kind, programs=programs,
        month=wanted.month.strftime("%Y-%m"), program=chosen, fixed=maps.TEXT, most=maps.MOST_COLUMNS,
        sources=maps.sources_of(kind), formats=FILE_FORMATS, day_formats=maps.FORMATS,
        rows=list(file_rows.cells(wanted, present, file_rows.PREVIEWED)), day=today(),
        versions=maps.versions_of(college.id, kind), **context,
    ), status  # fmt: skip


@bp.get(MAP)
@requires(P.INTEGRATION_MANAGE)
def edit_map(organization_id, kind):
    """Show the columns of a file, and its first rows as they would be written."""
    college, kind = college_for(organization_id), _kind_or_404(kind)
    return _map_page(college, maps.present(college.id, kind))


@bp.post(MAP)
@requires(P.INTEGRATION_MANAGE)
def save_map(organization_id, kind):
    """Keep a new version of the columns of a file, or show what it would look like."""
    college, kind = college_for(organization_id), _kind_or_404(kind)
    columns, faults = maps.read_columns(request.form, kind)
    number, day_format = typed_version(), request.form.get("day_format", "")
    day_format = day_format if day_format in maps.FORMATS else maps.FORMATS[0]
    typed = maps.Present(kind, columns, day_format, number)
    if faults:
        return _map_page(college, typed, 422, faults=faults)
    if "look" in request.form:
        return _map_page(college, typed, looking=True)
    try:
        maps.keep(
            college, kind, columns, day_format, number=number, file=str(labels.FILES[kind]), by=current_user,
            now=utcnow(),
        )  # fmt: skip
    except RuleBroken as broken:
        return _map_page(college, maps.present(college.id, kind), broken.status, broken=broken)
    flash(_("The columns are kept as version %(number)s.", number=number + 1), "success")
    return redirect(url_for(".edit_map", organization_id=college.id, kind=kind.value))


@bp.get(f"{MAP}/file")
@requires(P.INTEGRATION_MANAGE)
def download_file(organization_id, kind):
    """Download a file with masked numbers."""
    college, kind = college_for(organization_id), _kind_or_404(kind)
    wanted = _wanted(college, kind, request.args.get("month", ""), request.args.get("program"))
    return _sent(college, wanted, request.args.get("format", ""), after_commit=False)


def _sent(college, wanted, form, *, after_commit):
    present = maps.present(college.id, wanted.kind)
    name = str(labels.FILES[wanted.kind])
    if wanted.kind is FileKind.INTERNSHIP:
        name = f"{name} {wanted.month.strftime('%Y-%m')}"
    rows = file_rows.cells(wanted, present)
    kind = form if form in file_out.FORMATS else file_out.XLSX
    return file_out.send(present, rows, name, kind, after_commit=after_commit)


# --- full numbers --------------------------------------------------------------------------------------------


def _full_page(college, form, status=200, broken=None):
    return render_template(
        "exchange/full_file.html", organization=college, form=form.offer(_programs(college)), broken=broken
    ), status


@bp.get(f"{COLLEGE}/files")
@requires(P.ENROLMENT_UNMASK)
def confirm_full_file(organization_id):
    """Ask which file with full numbers is needed, and what for."""
    college = keeping.college_or_404(organization_id, current_user, P.ENROLMENT_UNMASK)
    return _full_page(college, FullFileForm(formdata=None, month=today().strftime("%Y-%m")))


@bp.post(f"{COLLEGE}/files")
@requires(P.ENROLMENT_UNMASK)
def send_full_file(organization_id):
    """Send a file with full numbers; who took it and why stands in the trail."""
    college = keeping.college_or_404(organization_id, current_user, P.ENROLMENT_UNMASK)
    form = FullFileForm().offer(_programs(college))
    if not form.validate():
        return _full_page(college, form, 422)
    wanted = _wanted(college, form.as_kind, form.month.data or "", form.program.data, unmask=True)
    try:
        file_rows.note_full(
            college,
            wanted,
            file=str(labels.FILES[wanted.kind]),
            reason=form.reason.data,
            by=current_user,
            now=utcnow(),
        )
    except RuleBroken as broken:
        return _full_page(college, form, broken.status, broken)
    return _sent(college, wanted, form.format.data, after_commit=True)
