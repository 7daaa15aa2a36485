"""HTTP of the public door: applying without an account, and what became of it, by the receipt code."""

from __future__ import annotations

from flask import flash, make_response, redirect, render_template, request, session, url_for
from flask_babel import gettext as _

from trainmgr.kernel.access import public
from trainmgr.kernel.clock import today, utcnow
from trainmgr.kernel.db import keep_writes
from trainmgr.kernel.errors import RuleBroken
from trainmgr.kernel.i18n import moment
from trainmgr.kernel.numbers import whole
from trainmgr.recruitment import applying, door, door_pages, interviews, knocking
from trainmgr.recruitment.door_forms import ApplicantForm, ReceiptForm, began_at
from trainmgr.recruitment.frame import door_bp
from trainmgr.recruitment.models import Application

RECEIPT, FRESH = "recruitment_receipt", "recruitment_receipt_code"


def _page(template, status=200, **context):
    answer = make_response(render_template(f"recruitment/{template}.html", **context), status)
    answer.headers["Cache-Control"] = "no-store"
    return answer


# --- applying ------------------------------------------------------------------------------------


def _form(view):
    now = utcnow()
    form = ApplicantForm(view.page, view.plan, today=today(), now=now)
    if request.method == "GET":
        form.began.data = began_at(now)
    return form


def _door_page(view, form, status=200, broken=None):
    return _page("door", status, view=view, form=form, broken=broken)


@door_bp.get("/apply/<string(length=12):code>")
@public
def show_door(code):
    """Show a programme to anybody: who trains, which posts have places, until when, what is promised; and the form."""
    view = door_pages.door_view(door.open_page_or_404(code), today=today())
    return _door_page(view, _form(view))


@door_bp.post("/apply/<string(length=12):code>")
@public
def send_application(code):
    """Take an application from anybody; the receipt code is shown next."""
    view, now = door_pages.door_view(door.open_page_or_404(code), today=today()), utcnow()
    form = _form(view)
    until = knocking.waits_until("apply", request.remote_addr, now=now)
    knocking.note("apply", request.remote_addr, now=now)
    keep_writes()
    if until is not None:
        form.shown_again()
        return _door_page(view, form, 429, _too_many(until))
    if not form.validate():
        form.shown_again()
        return _door_page(view, form, 422)
    try:
        receipt = door.receive(view.page, form.particulars(), now=now, today=today())
    except RuleBroken as broken:
        form.shown_again()
        return _door_page(view, form, broken.status, broken)
    session[RECEIPT], session[FRESH] = door.digest_of(receipt), receipt
    return redirect(url_for(".show_state"))


def _too_many(until):
    return _("Too much came from your network just now. Try again at %(time)s.", time=moment(until))


# --- by the receipt code -------------------------------------------------------------------------


@door_bp.get("/apply/receipt")
@public
def show_receipt_form():
    """Ask for the receipt code."""
    return _page("receipt", form=ReceiptForm(formdata=None), broken=None)


@door_bp.post("/apply/receipt")
@public
def look_up():
    """Find an application by its receipt code; codes that fit nothing are counted."""
    form, now = ReceiptForm(), utcnow()
    until = knocking.waits_until("receipt", request.remote_addr, now=now)
    if until is not None:
        return _page("receipt", 429, form=form, broken=_too_many(until))
    if not form.validate():
        return _page("receipt", 422, form=form, broken=None)
    digest = door.digest_of(form.code.data)
    if door.find_receipt(digest) is None:
        knocking.note("receipt", request.remote_addr, now=now)
        keep_writes()
        form.code.errors = [_("No application has this code. Check it letter by letter.")]
        return _page("receipt", 422, form=form, broken=None)
    session[RECEIPT] = digest
    session.pop(FRESH, None)
    return redirect(url_for(".show_state"))


@door_bp.get("/apply/mine")
@public
def show_state():
    """Show where the application stands, and what its owner may do next."""
    found = door.find_receipt(session.get(RECEIPT, ""))
    if found is None:
        return redirect(url_for(".show_receipt_form"))
    if not isinstance(found, Application):
        return _page("state_repeated", repeated=found, code=session.get(FRESH))
    return _state_page(found)


def _state_page(application, status=200, broken=None):
    view = door_pages.state_view(application, application.program, now=utcnow())
    return _page("state", status, view=view, application=application, code=session.get(FRESH), broken=broken)


@door_bp.post("/apply/mine/noted")
@public
def put_receipt_away():
    """Show the receipt code no more."""
    session.pop(FRESH, None)
    return redirect(url_for(".show_state"))


@door_bp.post("/apply/mine/leave")
@public
def leave_state():
    """Forget the receipt on this device."""
    session.pop(FRESH, None)
    session.pop(RECEIPT, None)
    flash(_("This device shows your application no more. The receipt code opens it again."), "success")
    return redirect(url_for(".show_receipt_form"))


def _act(deed):
    """Do something with the application of the receipt, and show where it stands then."""
    application = door.find_receipt(session.get(RECEIPT, ""))
    if not isinstance(application, Application):
        return redirect(url_for(".show_receipt_form"))
    try:
        told = deed(application)
    except RuleBroken as broken:
        return _state_page(application, broken.status, broken)
    flash(told, "success")
    return redirect(url_for(".show_state"))


@door_bp.post("/apply/mine/interview")
@public
def book_interview():
    """Book an interview, or another one instead."""

    def deed(application):
        slot_id = whole(request.form.get("slot")) or 0
        slot = interviews.book(application, slot_id, by=application.user, now=utcnow())
        return _("Your interview is booked: %(time)s.", time=moment(slot.starts_at))

    return _act(deed)


@door_bp.post("/apply/mine/interview/cancel")
@public
def cancel_interview():
    """Give a booked interview back."""

    def deed(application):
        interviews.unbook(application, by=application.user, now=utcnow())
        return _("The interview is given back. Book another while there are times.")

    return _act(deed)


@door_bp.post("/apply/mine/confirm")
@public
def confirm_place():
    """Say that one comes."""

    def deed(application):
        applying.confirm_place(application, by=application.user, now=utcnow())
        return _("You have said that you come.")

    return _act(deed)


@door_bp.post("/apply/mine/withdraw")
@public
def draw_back():
    """Withdraw the application, or give the place up."""

    def deed(application):
        return applying.leave(
            application.program, application, by=application.user, now=utcnow(), today=today()
        )

    return _act(deed)
