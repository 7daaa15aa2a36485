"""HTTP of second factors: the code at the door, one's own set-up, and what administrators do for others."""

from __future__ import annotations

import io

import segno
from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_login import current_user
from markupsafe import Markup

from trainmgr.identity import asking, factors, half, queries, totp
from trainmgr.identity.factor_forms import CodeForm, ConfirmForm, ResetForm
from trainmgr.identity.signing_in import Refusal, Why
from trainmgr.kernel.access import Permission, public, requires
from trainmgr.kernel.clock import utcnow
from trainmgr.kernel.db import keep_writes

bp = Blueprint("factor", __name__)


# --- the door ------------------------------------------------------------------------------------


@bp.get("/sign-in/code")
@public
def show_code():
    """Ask for the code that is owed after the right password."""
    if half.find(now=utcnow()) is None:
        return redirect(url_for("identity.show_sign_in"))
    return render_template("identity/code.html", form=CodeForm(formdata=None))


@bp.post("/sign-in/code")
@public
def enter_code():
    """Take the code and let the person in; a wrong one is counted."""
    now, form = utcnow(), CodeForm()
    found = half.find(now=now)
    if found is None:
        flash(_("That took too long. Sign in again."), "error")
        return redirect(url_for("identity.show_sign_in"))
    if not form.validate():
        return render_template("identity/code.html", form=form), 422
    user, entry = found
    refusal = factors.check(user, form.code.data, address=request.remote_addr, now=now)
    if refusal is not None:
        keep_writes()
        wrong = _("This is not the code of now, or it was used already.")
        message = wrong if refusal.why is Why.WRONG else ""
        return asking.refused("identity/code.html", refusal, message, now, form=form)
    return asking.enter(user, entry, now=now)


# --- one's own -----------------------------------------------------------------------------------


@bp.get("/account/second-factor")
@requires(Permission.ACCOUNT_USE)
def show_factor():
    """Show how far the second factor is: none, waiting for its first code, in use."""
    return _factor_page()


@bp.post("/account/second-factor/begin")
@requires(Permission.ACCOUNT_USE)
def begin_factor():
    """Make a secret for the generator; the password is asked so that nobody else does it."""
    form, now = ConfirmForm(), utcnow()
    if status := _not_confirmed(form, now):
        return _factor_page(form, status=status)
    factors.begin(current_user, now=now)
    return redirect(url_for(".show_factor"))


@bp.post("/account/second-factor")
@requires(Permission.ACCOUNT_USE)
def set_up_factor():
    """Take the first code; the recovery codes are shown on this page, once."""
    form, now = CodeForm(), utcnow()
    if not form.validate():
        return _factor_page(code_form=form, status=422)
    outcome = factors.set_up(current_user, form.code.data, address=request.remote_addr, now=now)
    if isinstance(outcome, Refusal):
        keep_writes()
        wait = asking.say_wait(outcome, now)
        wrong = _("This is not the code of now. Is the phone's clock right?")
        form.code.errors = [wait if outcome.why is Why.WAIT else f"{wrong} {wait}".strip()]
        return _factor_page(code_form=form, status=429 if outcome.why is Why.WAIT else 422)
    asking.begin_anew(current_user, now=now)
    return render_template("identity/recovery_codes.html", codes=outcome, first=True)


@bp.post("/account/second-factor/codes")
@requires(Permission.ACCOUNT_USE)
def renew_codes():
    """Make new recovery codes, shown on this page, once; the old ones open nothing any more."""
    form, now = ConfirmForm(), utcnow()
    if status := _not_confirmed(form, now):
        return _factor_page(form, status=status)
    return render_template(
        "identity/recovery_codes.html", codes=factors.renew_codes(current_user, now=now), first=False
    )


@bp.post("/account/second-factor/end")
@requires(Permission.ACCOUNT_USE)
def give_factor_up():
    """Take one's own factor away."""
    form, now = ConfirmForm(), utcnow()
    if status := _not_confirmed(form, now):
        return _factor_page(form, status=status)
    factors.give_up(current_user, now=now)
    flash(_("Your second factor is gone. Your password alone opens the account again."), "success")
    return redirect(url_for(".show_factor"))


# --- administrators ------------------------------------------------------------------------------


@bp.get("/people/<int:user_id>/second-factor")
@requires(Permission.PEOPLE_MANAGE)
def show_reset(user_id):
    """Show whether a person has a second factor, and the form that takes it away."""
    return _reset_page(_managed_or_404(user_id), ResetForm(formdata=None))


@bp.post("/people/<int:user_id>/second-factor")
@requires(Permission.PEOPLE_MANAGE)
def reset_factor(user_id):
    """Take a person's factor away: with a reason, and one's own password."""
    person, form, now = _managed_or_404(user_id), ResetForm(), utcnow()
    if not form.validate():
        return _reset_page(person, form, 422)
    if status := asking.confirm_password(current_user, form.current, now):
        return _reset_page(person, form, status)
    factors.reset(person, reason=form.reason.data, by=current_user, now=now)
    flash(_("The second factor of %(name)s is taken away.", name=person.name), "success")
    return redirect(url_for("people.show_person", user_id=person.id))


# --- what several of them need -------------------------------------------------------------------


def _not_confirmed(form, now) -> int | None:
    """Check the present password; an account that never had one (it came by another system) is not asked."""
    if not current_user.password_hash:
        return None
    return asking.confirm_password(current_user, form.current, now) if form.validate() else 422


def _managed_or_404(user_id: int):
    person = queries.person_or_404(user_id, current_user)
    if not queries.manages_person(current_user, queries.memberships_of(person)):
        abort(403)
    return person


def _reset_page(person, form, status: int = 200):
    page = render_template("people/factor.html", person=person, has=factors.has_factor(person.id), form=form)
    return page, status


def _factor_page(form=None, *, code_form=None, status: int = 200):
    now = utcnow()
    has = factors.has_factor(current_user.id)
    secret = None if has else factors.waiting_secret(current_user, now=now)
    page = render_template(
        "identity/factor.html",
        has=has,
        left=factors.codes_left(current_user.id) if has else 0,
        secret=secret,
        qr=_qr(secret) if secret else None,
        must=current_user.must_set_up_factor,
        form=form or ConfirmForm(formdata=None),
        code_form=code_form or CodeForm(formdata=None),
    )
    return page, status


def _qr(secret: str) -> Markup:
    address = totp.address_of(secret, account=current_user.username, house=factors.HOUSE)
    drawn = io.BytesIO()
    segno.make(address, error="m", micro=False).save(
        drawn, kind="svg", xmldecl=False, svgns=False, omitsize=True, border=4, dark="#000", light="#fff",
        svgclass="qr", lineclass=None,
    )  # fmt: skip
    return Markup(drawn.getvalue().decode())  # noqa: S704  # made by segno from a secret of ours
