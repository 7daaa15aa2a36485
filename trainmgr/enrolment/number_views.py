"""HTTP of the two numbers of many trainees."""

from __future__ import annotations

from flask import flash, redirect, request, url_for
from flask_babel import ngettext
from flask_login import current_user

from trainmgr.enrolment import actions, queries, roster
from trainmgr.enrolment.forms import chosen_ids
from trainmgr.enrolment.frame import bp, may_set_numbers, page_of, program_for
from trainmgr.kernel.access import Permission, requires
from trainmgr.kernel.clock import utcnow
from trainmgr.kernel.errors import RuleBroken
from trainmgr.kernel.paging import Listing


@bp.get("/numbers")
@requires(Permission.ENROLMENT_NUMBER)
def edit_numbers(program_id):
    """Show who lacks a number, with the fields to fill in."""
    program = program_for(program_id, Permission.ENROLMENT_NUMBER)
    return _numbers_page(program)


def _numbers_page(program, status=200, broken=(), typed=None):
    page = roster.numberless_page(program, current_user, Listing.from_request())
    return page_of(
        "numbers",
        program,
        status,
        page=page,
        may_set=may_set_numbers(program),
        broken=broken,
        typed=typed or {},
    )


@bp.post("/numbers")
@requires(Permission.ENROLMENT_NUMBER)
def save_numbers(program_id):
    """Save the numbers that were filled in; what cannot be taken is told beside the others."""
    program = program_for(program_id, Permission.ENROLMENT_NUMBER)
    may_student, may_employee = may_set_numbers(program)
    rows = [
        actions.NewNumbers(
            person,
            _typed_number("student", person) if may_student else None,
            _typed_number("employee", person) if may_employee else None,
            request.form.get(f"version-{person.id}", 0, int),
        )
        for person in queries.chosen(program, current_user, chosen_ids())
    ]
    try:
        saved = actions.set_numbers(program, rows, by=current_user, now=utcnow())
    except actions.NumbersRefused as refused:
        return _numbers_page(program, refused.status, refused.faults, request.form)
    except RuleBroken as broken:
        return _numbers_page(program, broken.status, [(0, str(broken))], request.form)
    flash(
        ngettext(
            "The numbers of %(num)s person are saved.", "The numbers of %(num)s people are saved.", saved
        ),
        "success",
    )
    return redirect(url_for(".edit_numbers", program_id=program_id))


def _typed_number(kind, person):
    text = request.form.get(f"{kind}-{person.id}")
    return None if text is None else text.strip()[:40]
