"""HTTP of answers: a graduate's own, those the college or the employer enters, the employer's confirmation."""

from __future__ import annotations

from flask import abort, flash, redirect, request, url_for
from flask_babel import gettext as _
from flask_login import current_user

from trainmgr.employment import answering, queries, record_queries
from trainmgr.employment.answering import Source
from trainmgr.employment.forms import AnswerForm, EnteredForm, WordForm, answer_values
from trainmgr.employment.frame import PROGRAM, ROUND, TRAINEE, bp, page_of, program_for, program_to_run, runs
from trainmgr.employment.rules import AnswerSource
from trainmgr.kernel.access import Permission, requires
from trainmgr.kernel.clock import today, utcnow
from trainmgr.kernel.errors import RuleBroken
from trainmgr.kernel.paging import Listing

P = Permission


def _form(kind, program, asked, enrolment):
    """Return a form filled with the present answer, else with what may still hold of the last round's."""
    present = queries.present_answer(asked.id, enrolment.id)
    before = None if present else queries.earlier_answer(asked, enrolment.id)
    shown = request.method == "GET"  # what was not sent is not what was told before
    form = kind(data=answer_values(present or before, again=present is not None) if shown else None)
    form.offer(queries.employers_for(program))
    return form, present, before


# --- the graduate ----------------------------------------------------------------------------------------


@bp.get(f"{PROGRAM}/mine")
@requires(P.EMPLOYMENT_OWN)
def show_own(program_id):
    """Show a graduate the rounds with the own answers, and a trainee who may have the record of the training."""
    program = program_for(program_id)
    enrolment = record_queries.own_enrolment_or_404(program, current_user)
    return page_of(
        "own", program, enrolment=enrolment, today=today(), rounds=queries.own_rounds(program.id, enrolment.id),
        is_graduate=queries.is_graduate(enrolment.id), firms=queries.employers_for(program),
        consents=record_queries.own_consents(enrolment.id), records=record_queries.own_records(enrolment.id),
    )  # fmt: skip


def _own(program_id, round_id):
    program = program_for(program_id)
    return (
        program,
        queries.round_or_404(program, round_id),
        queries.own_enrolment_or_404(program, current_user),
    )


def _own_page(program, asked, enrolment, form=None, status=200, broken=None):
    filled, present, before = _form(AnswerForm, program, asked, enrolment)
    return page_of(
        "answer", program, status, asked=asked, enrolment=enrolment, form=form or filled, present=present,
        before=before, broken=broken, is_own=True, takes=asked.is_open_on(today()),
    )  # fmt: skip


@bp.get(f"{ROUND}/mine")
@requires(P.EMPLOYMENT_OWN)
def edit_own_answer(program_id, round_id):
    """Ask a graduate what became of them."""
    return _own_page(*_own(program_id, round_id))


@bp.post(f"{ROUND}/mine")
@requires(P.EMPLOYMENT_OWN)
def send_own_answer(program_id, round_id):
    """Take a graduate's own answer."""
    program, asked, enrolment = _own(program_id, round_id)
    form, _present, _before = _form(AnswerForm, program, asked, enrolment)
    if not form.validate():
        return _own_page(program, asked, enrolment, form, 422)
    try:
        answering.take_answer(
            program,
            asked,
            enrolment,
            form.answer(),
            Source(AnswerSource.GRADUATE),
            by=current_user,
            now=utcnow(),
        )
    except RuleBroken as broken:
        return _own_page(program, asked, enrolment, form, broken.status, broken)
    flash(_("Thank you: your answer is kept. You can correct it until the last day of the round."), "success")
    return redirect(url_for(".show_own", program_id=program.id))


# --- the college -------------------------------------------------------------------------------------------


@bp.get(TRAINEE)
@requires(P.EMPLOYMENT_VIEW)
def show_graduate(program_id, enrolment_id):
    """Show what is known of a graduate: every answer with its source."""
    program = program_for(program_id, P.EMPLOYMENT_VIEW)
    return _graduate_page(program, queries.graduate_or_404(program, enrolment_id, current_user))


def _graduate_page(program, enrolment, status=200, **context):
    return page_of(
        "graduate", program, status, enrolment=enrolment, answers=queries.answers_of(enrolment),
        rounds=queries.rounds_of(program.id), runs=runs(program), today=today(), **context,
    )  # fmt: skip


def _entered(program_id, round_id, enrolment_id):
    program = program_to_run(program_id)
    return (
        program,
        queries.round_or_404(program, round_id),
        queries.graduate_or_404(program, enrolment_id, current_user),
    )


def _enter_page(program, asked, enrolment, form=None, status=200, broken=None):
    filled, present, before = _form(EnteredForm, program, asked, enrolment)
    return page_of(
        "answer", program, status, asked=asked, enrolment=enrolment, form=form or filled, present=present,
        before=before, broken=broken, is_own=False, takes=asked.opens_on <= today(),
    )  # fmt: skip


@bp.get(f"{ROUND}/<int:enrolment_id>/answer")
@requires(P.EMPLOYMENT_EDIT)
def edit_answer(program_id, round_id, enrolment_id):
    """Ask what became of a graduate, and from whom it is known."""
    return _enter_page(*_entered(program_id, round_id, enrolment_id))


@bp.post(f"{ROUND}/<int:enrolment_id>/answer")
@requires(P.EMPLOYMENT_EDIT)
def enter_answer(program_id, round_id, enrolment_id):
    """Take an answer that the college found out, with its source."""
    program, asked, enrolment = _entered(program_id, round_id, enrolment_id)
    form, _present, _before = _form(EnteredForm, program, asked, enrolment)
    if not form.validate():
        return _enter_page(program, asked, enrolment, form, 422)
    try:
        answering.take_answer(
            program, asked, enrolment, form.answer(), form.told_by(), by=current_user, now=utcnow()
        )
    except RuleBroken as broken:
        return _enter_page(program, asked, enrolment, form, broken.status, broken)
    flash(_("Entered, with its source."), "success")
    return redirect(url_for(".show_graduate", program_id=program.id, enrolment_id=enrolment.id))


# --- the employer --------------------------------------------------------------------------------------------


def _as_employer(program_id, round_id):
    if not queries.employers_of(current_user):
        abort(403)
    program = program_for(program_id, P.EMPLOYMENT_CONFIRM)
    return program, queries.round_or_404(program, round_id)


@bp.get(f"{ROUND}/hired")
@requires(P.EMPLOYMENT_CONFIRM)
def list_hired(program_id, round_id):
    """Show an employer who says to work there, to be confirmed."""
    program, asked = _as_employer(program_id, round_id)
    page = queries.list_hired(program, asked, current_user, Listing.from_request())
    return page_of("hired", program, asked=asked, page=page)


def _word_page(program, asked, row, form, status=200, broken=None):
    enrolment, answer, word = row
    return page_of(
        "word",
        program,
        status,
        asked=asked,
        enrolment=enrolment,
        answer=answer,
        word=word,
        form=form,
        broken=broken,
    )


@bp.get(f"{ROUND}/hired/<int:enrolment_id>")
@requires(P.EMPLOYMENT_CONFIRM)
def edit_word(program_id, round_id, enrolment_id):
    """Ask an employer about one graduate."""
    program, asked = _as_employer(program_id, round_id)
    return _word_page(
        program,
        asked,
        queries.hired_or_404(program, asked, enrolment_id, current_user),
        WordForm(formdata=None),
    )


@bp.post(f"{ROUND}/hired/<int:enrolment_id>")
@requires(P.EMPLOYMENT_CONFIRM)
def send_word(program_id, round_id, enrolment_id):
    """Take an employer's word on a graduate."""
    program, asked = _as_employer(program_id, round_id)
    row, form = queries.hired_or_404(program, asked, enrolment_id, current_user), WordForm()
    if not form.validate():
        return _word_page(program, asked, row, form, 422)
    try:
        answering.take_word(program, asked, row[0], row[1], form.word(), by=current_user, now=utcnow())
    except RuleBroken as broken:
        return _word_page(program, asked, row, form, broken.status, broken)
    flash(_("Noted; thank you."), "success")
    return redirect(url_for(".list_hired", program_id=program.id, round_id=asked.id))
