"""HTTP of the door and of one's own account."""

from __future__ import annotations

from datetime import datetime

from flask import (
    Blueprint,
    Response,
    abort,
    flash,
    redirect,
    render_template,
    request,
    session,
    url_for,
)
from flask_babel import gettext as _
from flask_babel import ngettext
from flask_login import current_user

from trainmgr.identity import (
    actions,
    alliance_views,
    commands,
    factor_views,
    linking,
    organization_views,
    people_views,
    provider_views,
    queries,
    sessions,
    signing_in,
    through_views,
)
from trainmgr.identity.asking import HOME, begin_anew, confirm_password, let_in, refused
from trainmgr.identity.forms import FirstPasswordForm, PasswordForm, PhoneForm, SignInForm
from trainmgr.identity.half import Half
from trainmgr.identity.signing_in import Refusal, Why
from trainmgr.kernel.access import Permission, public, requires
from trainmgr.kernel.clock import utcnow
from trainmgr.kernel.db import keep_writes
from trainmgr.kernel.errors import RuleBroken
from trainmgr.kernel.i18n import LANGUAGES, say
from trainmgr.kernel.numbers import whole
from trainmgr.kernel.shell import local_address

bp = Blueprint("identity", __name__, cli_group="user")
bp.cli.add_command(commands.create_admin)
bp.cli.add_command(commands.new_password)
bp.cli.add_command(commands.reset_factor)
blueprints = (
    bp,
    people_views.bp,
    organization_views.bp,
    factor_views.bp,
    through_views.bp,
    provider_views.bp,
)
assert alliance_views  # it adds its routes to those of organisations


# --- the door -----------------------------------------------------------------------------------


@bp.get("/sign-in")
@public
def show_sign_in():
    """Show the door; who is in already goes home."""
    if current_user.is_authenticated:
        return redirect(local_address(request.args.get("next")) or url_for(HOME))
    return _door(SignInForm(formdata=None, next=request.args.get("next")))


@bp.post("/sign-in")
@public
def sign_in():
    """Let a person in under a new session, or count the failure and say what to do."""
    form, now = SignInForm(), utcnow()
    if not form.validate():
        return _door(form), 422
    outcome = signing_in.sign_in(form.name.data, form.password.data, address=request.remote_addr, now=now)
    if isinstance(outcome, Refusal):
        keep_writes()
        return _refused("identity/sign_in.html", outcome, now, form=form, ways=linking.ways_at_the_door())

    return let_in(outcome, Half(stay=form.stay.data, onward=local_address(form.next.data)), now=now)


@bp.post("/sign-out")
@public
def sign_out():
    """Sign this browser out."""
    through = None
    if current_user.is_authenticated:
        visit = linking.visit_of(sessions.digest_of(current_user.session_token))
        through = visit and visit[0]
        sessions.end_session(current_user.session_token)
        flash(_("You are signed out."), "success")
    return redirect(url_for(".show_sign_in", left=through))


@bp.get("/first-password")
@requires(Permission.ACCOUNT_USE)
def show_first_password():
    """Ask for the person's own password at the first sign-in."""
    if not current_user.must_change_password:
        return redirect(url_for(".show_account"))
    form = FirstPasswordForm(formdata=None, next=request.args.get("next"))
    return render_template("identity/first_password.html", form=form)


@bp.post("/first-password")
@requires(Permission.ACCOUNT_USE)
def set_first_password():
    """Take the person's own password; every other browser is signed out."""
    if not current_user.must_change_password:
        return redirect(url_for(".show_account"))
    form = FirstPasswordForm()
    if not (form.validate() and _password_will_do(form.password)):
        return render_template("identity/first_password.html", form=form), 422

    _replace_password(form.password.data)

    flash(_("Your password is set. Welcome."), "success")
    return redirect(local_address(form.next.data) or url_for(HOME))


@bp.post("/language")
@public
def set_language():
    """Change the language, for good when somebody is signed in, and go back to where it was asked."""
    language = request.form.get("language")
    if language not in LANGUAGES:
        abort(400)
    session["language"] = language
    if current_user.is_authenticated:
        actions.choose_language(current_user, language)
    return redirect(local_address(request.form.get("next")) or local_address(request.referrer) or "/")


# --- one's own account --------------------------------------------------------------------------


@bp.get("/account")
@requires(Permission.ACCOUNT_USE)
def show_account():
    """Show what is known of the reader, and what the reader may change."""
    return _account_page()


@bp.post("/account/password")
@requires(Permission.ACCOUNT_USE)
def set_password():
    """Change the password; every other browser is signed out, this one goes on under a new session."""
    form, now = PasswordForm(), utcnow()
    if not (form.validate() and _password_will_do(form.password)):
        return _account_page(password_form=form, status=422)
    if refusal := confirm_password(current_user, form.current, now):
        return _account_page(password_form=form, status=refusal)

    _replace_password(form.password.data)

    flash(_("Your password is changed. Other browsers are signed out."), "success")
    return redirect(url_for(".show_account"))


@bp.post("/account/phone")
@requires(Permission.ACCOUNT_USE)
def set_phone():
    """Change or remove the phone number that one signs in with."""
    form, now = PhoneForm(), utcnow()
    if not form.validate():
        return _account_page(phone_form=form, status=422)
    if refusal := confirm_password(current_user, form.phone_password, now):
        return _account_page(phone_form=form, status=refusal)
    try:
        actions.change_phone(current_user, form.phone.data or "", by=current_user, now=now)
    except RuleBroken as broken:
        form.phone.errors = [str(broken)]
        return _account_page(phone_form=form, status=409)
    flash(
        _("Your phone number is changed.") if form.phone.data else _("Your phone number is removed."),
        "success",
    )
    return redirect(url_for(".show_account"))


@bp.post("/account/browsers/<int:session_id>/end")
@requires(Permission.ACCOUNT_USE)
def end_browser(session_id):
    """Sign one of the person's browsers out."""
    if not actions.end_one_session(current_user, session_id):
        abort(404)
    flash(_("That browser is signed out."), "success")
    return redirect(url_for(".show_account"))


@bp.post("/account/browsers/end")
@requires(Permission.ACCOUNT_USE)
def end_all_browsers():
    """Sign the person out everywhere, here too."""
    count = sessions.end_all_sessions(current_user)
    actions.record_sign_out_everywhere(current_user, count, now=utcnow())
    sessions.forget_this_browser()
    flash(ngettext("Signed out of one browser.", "Signed out of %(num)s browsers.", count), "success")
    return redirect(url_for(".show_sign_in"))


# --- what several of them need ------------------------------------------------------------------


def _door(form) -> str:
    ways, left = linking.ways_at_the_door(), request.args.get("left", type=whole)
    return render_template(
        "identity/sign_in.html", form=form, ways=ways, left=linking.find_way(left) if left else None
    )


def _account_page(*, password_form=None, phone_form=None, status: int = 200):
    now = utcnow()
    page = render_template(
        "identity/account.html",
        person=current_user,
        browsers=actions.browsers_of(current_user, now=now),
        this_browser=sessions.digest_of(current_user.session_token),
        password_form=password_form or PasswordForm(formdata=None),
        phone_form=phone_form or PhoneForm(formdata=None),
        events=actions.deeds_of_sign_in(current_user),
        now=now,
    )
    return page, status


def _password_will_do(field) -> bool:
    fault = actions.fault_of_password(current_user, field.data)
    if fault:
        field.errors = [*field.errors, say(fault)]
    return not fault


def _replace_password(password: str) -> None:
    now = utcnow()
    actions.change_password(current_user, password, now=now)
    begin_anew(current_user, now=now)


def _refused(template: str, refusal: Refusal, now: datetime, **context) -> Response:
    words = {
        Why.WRONG: _("The name and the password do not fit together."),
        Why.SEVERAL: _("Several people have this number. Sign in with your user name or your phone."),
        Why.CLOSED: _("This account is closed. Ask the administrator of your organisation."),
        Why.ENDED: _("This first password has ended: they are good for some days only."),
    }
    helpers = queries.administrators_of(refusal.person) if refusal.person else None
    return refused(template, refusal, words.get(refusal.why, ""), now, helpers=helpers, **context)
