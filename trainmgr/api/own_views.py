"""HTTP of one's own tokens."""

from __future__ import annotations

from flask import flash, redirect, render_template, url_for
from flask_babel import gettext as _
from flask_login import current_user

from trainmgr.api import labels, tokens
from trainmgr.api.forms import TokenForm
from trainmgr.api.pages import bp
from trainmgr.kernel.access import Permission, requires
from trainmgr.kernel.clock import utcnow
from trainmgr.kernel.errors import RuleBroken

P = Permission
PLACE = "/account/tokens"


def _page(form, status=200, *, broken=None, shown=None):
    return render_template(
        "integrations/own.html", form=form, broken=broken, shown=shown, labels=labels, now=utcnow(),
        revoke_of=lambda token: url_for(".revoke_own_token", token_id=token.id),
        tokens=tokens.tokens_of(current_user), organizations=tokens.organizations_of(current_user),
    ), status  # fmt: skip


@bp.get(PLACE)
@requires(P.ACCOUNT_USE)
def list_own_tokens():
    """Show one's own tokens, and the form of a new one."""
    return _page(TokenForm(formdata=None, days="90"))


@bp.post(PLACE)
@requires(P.ACCOUNT_USE)
def make_own_token():
    """Make a token with one's own rights and show it this once."""
    form = TokenForm()
    if not form.validate():
        return _page(form, 422)
    try:
        _token, text = tokens.make_own(current_user, form.facts(), now=utcnow())
    except RuleBroken as broken:
        return _page(form, broken.status, broken=broken)
    return _page(TokenForm(formdata=None, days="90"), shown=text)


@bp.post(f"{PLACE}/<int:token_id>/revoke")
@requires(P.ACCOUNT_USE)
def revoke_own_token(token_id):
    """Revoke one of one's own tokens."""
    token = tokens.own_token_or_404(token_id, current_user)
    tokens.revoke(token, by=current_user, now=utcnow())
    flash(_("“%(name)s” opens nothing any more.", name=token.name), "success")
    return redirect(url_for(".list_own_tokens"))
