"""Workbooks that leave the house: the roster, templates to fill in, first passwords."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from flask import Response
from flask_babel import gettext as _

from trainmgr.enrolment import actions, queries, roster
from trainmgr.enrolment.columns import roster_columns
from trainmgr.enrolment.importing import choices_of
from trainmgr.enrolment.models import Enrolment
from trainmgr.identity.models import User
from trainmgr.kernel.access import Permission
from trainmgr.kernel.msgids import N_
from trainmgr.kernel.sheets import Column, Kind, send_rows, write_workbook
from trainmgr.programs.models import Program

ROSTER = (
    Column("name", N_("Name"), width=12),
    Column("student_number", N_("Student number"), width=18),
    Column("employee_number", N_("Employee number"), width=16),
    Column("id_number", N_("ID number"), width=24),
    Column("cohort", N_("Class"), width=16),
    Column("enterprise", N_("Enterprise"), width=24),
    Column("field", N_("Field or trade"), width=16),
    Column("level", N_("Present level"), width=12),
    Column("post", N_("Post"), width=16),
    Column("teacher", N_("School teacher"), width=12),
    Column("mentor", N_("Enterprise mentor"), width=12),
    Column("planned", N_("Planned hours"), kind=Kind.NUMBER),
    Column("verified", N_("Verified hours"), kind=Kind.NUMBER),
    Column("state", N_("State"), width=12),
    Column("enrolled_on", N_("Enrolled on"), kind=Kind.DATE, width=14),
    Column("left_on", N_("Left on"), kind=Kind.DATE, width=14),
    Column("left_reason", N_("Reason for leaving"), width=24),
)

PASSWORDS = (
    Column("name", N_("Name"), width=12),
    Column("student_number", N_("Student number"), width=18),
    Column("cohort", N_("Class"), width=16),
    Column("username", N_("User name"), width=24),
    Column("password", N_("First password"), width=20),
)


def send_roster(
    program: Program,
    viewer: User,
    *,
    q: str = "",
    chosen: roster.RosterFilter | None = None,
    ids: Sequence[int] = (),
) -> Response:
    """Answer with the visible trainees as a workbook, ID numbers masked."""
    rows = roster.export_rows(program, viewer, q=q, chosen=chosen, ids=ids, by_id_tail=True)
    return send_rows(ROSTER, rows, _("Roster %(program)s.xlsx", program=program.name), title=_("Roster"))


def send_full_roster(
    program: Program, viewer: User, *, q: str, chosen: roster.RosterFilter, reason: str, now: datetime
) -> Response:
    """Answer with the visible trainees as a workbook with full ID numbers; the audit trail is told first."""
    count = roster.count_of(program, viewer, q=q, chosen=chosen, by_id_tail=True)
    actions.note_export(program, count=count, reason=reason, by=viewer, now=now)
    rows = roster.export_rows(program, viewer, q=q, chosen=chosen, by_id_tail=True, unmask=True)
    name = _("Roster %(program)s.xlsx", program=program.name)
    return send_rows(ROSTER, rows, name, title=_("Roster"), after_commit=True)


def roster_template(program: Program) -> bytes:
    """Return an empty roster to fill in, with what a column means and what may stand in it."""
    notes = [
        _(
            "Columns with a star must be filled. Each row needs an ID number, a student number or an employee number."
        ),
        _(
            "A person who is in the roster already is not doubled: blanks are filled in, nothing is overwritten."
        ),
        _(
            "A class that does not exist yet is made. Competency columns take the level before the training, 1 to 5."
        ),
    ]
    return write_workbook(roster_columns(choices_of(program.id)), [], title=_("Roster"), notes=notes)


def levels_template(program: Program, viewer: User) -> bytes:
    """Return the trainees with their entry levels so far, to fill in the missing ones."""
    choices = choices_of(program.id)
    wanted = {"name", "student_number", "employee_number", "enterprise"} | {
        f"level-{key}" for key, _name, _english in choices.competencies
    }
    columns = [column for column in roster_columns(choices) if column.key in wanted]
    rows = queries.level_rows(program, viewer, [key for key, _name, _english in choices.competencies])
    notes = [
        _("Fill in the empty levels, 1 to 5, and import the file like a roster. Levels that are there stay.")
    ]
    return write_workbook(columns, rows, title=_("Entry levels"), notes=notes)


def passwords_workbook(program: Program, viewer: User, *, anew: bool, now: datetime) -> bytes | None:
    """Return the first passwords of the viewer's new trainees, or None when there are none to hand out."""
    own = Enrolment.college_id.in_(viewer.organizations_where(Permission.ENROLMENT_EDIT))
    people = queries.visible_in(program, viewer) & own
    rows = actions.hand_out_passwords(program, people, anew=anew, by=viewer, now=now)
    return write_workbook(PASSWORDS, rows, title=_("First passwords")) if rows else None
