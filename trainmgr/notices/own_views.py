"""HTTP of one's own notices: the address and its confirmation, what is wanted, and when not."""

from __future__ import annotations

from flask import flash, redirect, render_template, url_for
from flask_babel import gettext as _
from flask_login import current_user

from trainmgr.kernel import mail
from trainmgr.kernel.access import Permission, can, requires
from trainmgr.kernel.clock import utcnow
from trainmgr.kernel.db import keep_writes
from trainmgr.kernel.errors import RuleBroken
from trainmgr.kernel.numbers import whole
from trainmgr.notices import labels, settings
from trainmgr.notices.forms import ChoicesForm, CodeForm, MailForm
from trainmgr.notices.frame import bp
from trainmgr.notices.rules import QUIET_BEGINS, QUIET_ENDS

P = Permission


def _page(status=200, *, mail_form=None, code_form=None, form=None, broken=None):
    own = settings.setting_of(current_user)
    return render_template(
        "notices/own.html",
        own=own,
        labels=labels,
        sent=settings.sent_lately(current_user),
        sends_mail=mail.is_configured(),
        waits=own is not None and own.confirmed_at is None and own.code_until is not None,
        mail_form=mail_form or MailForm(formdata=None),
        code_form=code_form or CodeForm(formdata=None),
        form=form or _choices_form(own),
        organizations=settings.organizations_of(current_user) if can(P.NOTICE_MANAGE) else [],
        defaults=(QUIET_BEGINS, QUIET_ENDS),
        broken=broken,
    ), status


def _choices_form(own):
    if own is None:
        language = current_user.language or "zh"
        return ChoicesForm(formdata=None, digest=True, reminders=True, closed_days=True, language=language)
    return ChoicesForm(formdata=None, obj=own, version=str(own.version))


@bp.get("/account/notices")
@requires(P.ACCOUNT_USE)
def show_notices():
    """Show what is sent to the reader, where and when."""
    return _page()


@bp.post("/account/notices")
@requires(P.ACCOUNT_USE)
def set_notices():
    """Keep what the reader wants."""
    form = ChoicesForm()
    if not form.validate():
        return _page(422, form=form)
    try:
        settings.choose(current_user, form.choices(), version=whole(form.version.data) or 0, now=utcnow())
    except RuleBroken as broken:
        return _page(broken.status, form=form, broken=broken)
    flash(_("Kept."), "success")
    return redirect(url_for(".show_notices"))


@bp.post("/account/notices/address")
@requires(P.ACCOUNT_USE)
def set_address():
    """Send a code to an address."""
    form = MailForm()
    if not form.validate():
        return _page(422, mail_form=form)
    try:
        settings.ask_for_code(current_user, form.address.data, now=utcnow())
    except RuleBroken as broken:
        return _page(broken.status, mail_form=form, broken=broken)
    flash(_("A code is on its way. Type it here."), "success")
    return redirect(url_for(".show_notices"))


@bp.post("/account/notices/code")
@requires(P.ACCOUNT_USE)
def confirm_address():
    """Confirm the address by the code that was sent there."""
    form = CodeForm()
    if not form.validate():
        return _page(422, code_form=form)
    try:
        if not settings.confirm(current_user, form.code.data, now=utcnow()):
            keep_writes()  # the try is counted
            form.code.errors = [*form.code.errors, _("This is not the code from the mail.")]
            return _page(422, code_form=form)
    except RuleBroken as broken:
        return _page(broken.status, code_form=form, broken=broken)
    flash(_("Confirmed; notices go there from now on."), "success")
    return redirect(url_for(".show_notices"))


@bp.post("/account/notices/forget")
@requires(P.ACCOUNT_USE)
def forget_address():
    """Send nothing any more, and forget the address."""
    settings.forget_address(current_user, now=utcnow())
    flash(_("Forgotten; nothing is sent by mail any more."), "success")
    return redirect(url_for(".show_notices"))
