"""HTTP of giving links: whom to, for how long, codes, renewing, revoking."""

from __future__ import annotations

import io
from typing import Any

import segno
from flask import abort, flash, redirect, request, url_for
from flask_babel import gettext as _
from flask_login import current_user
from markupsafe import Markup
from wtforms.fields.choices import SelectChoice

from trainmgr.identity.models import Organization
from trainmgr.kernel import mail
from trainmgr.kernel.access import Permission, requires
from trainmgr.kernel.clock import utcnow
from trainmgr.kernel.errors import RuleBroken
from trainmgr.kernel.numbers import whole
from trainmgr.kernel.paging import Listing
from trainmgr.kernel.signing import public_address
from trainmgr.links import actions, door_views, graduate_views, labels, mailing, owed, queries, rules
from trainmgr.links.blueprint import bp
from trainmgr.links.forms import IssueForm, NewMentorForm, RenewForm
from trainmgr.links.message import message_of
from trainmgr.links.models import MentorLink
from trainmgr.programs.models import Program
from trainmgr.programs.pages import render_program_page
from trainmgr.programs.queries import program_or_404
from trainmgr.programs.rules import Step

blueprints = (bp,)
_registered = (door_views, graduate_views, owed)


def _load(program_id: int) -> tuple[Program, list[Organization]]:
    program = program_or_404(program_id, current_user)
    return program, queries.homes_for(program, current_user) or abort(403)


def _page(template: str, program: Program, status: int = 200, **context: Any) -> tuple[str, int]:
    return render_program_page(
        f"links/{template}",
        program,
        Step.MENTORING,
        status=status,
        now=utcnow(),
        labels=labels,
        rules=rules,
        mails=mail.is_configured(),
        **context,
    )


@bp.get("/programs/<int:program_id>/links")
@requires(Permission.LINK_ISSUE)
def list_links(program_id):
    """Show the personal links of one's own mentors, their state and last use."""
    program, homes = _load(program_id)
    return _page("list.html", program, page=queries.list_links(program, homes, Listing.from_request()))


# --- giving one --------------------------------------------------------------------------------------


def _issue_form(program: Program, homes: list[Organization], **values: Any) -> IssueForm:
    form = IssueForm(**values)
    chosen = whole(request.args.get("mentor")) if form.mentor.data is None else None
    found = queries.candidates(program, homes, request.args.get("q", "").strip()[:60], chosen)
    form.mentor.choices = [
        SelectChoice(named.id, f"{mentor.name} · {home.short}") for named, mentor, home in found
    ]
    return form


def _new_mentor_form(homes: list[Organization], **values: Any) -> NewMentorForm:
    form = NewMentorForm(**values)
    form.home.choices = [SelectChoice(home.id, home.name) for home in homes]
    return form


def _new_page(
    program: Program, homes: list[Organization], status: int = 200, **context: Any
) -> tuple[str, int]:
    form = context.pop("form", None) or _issue_form(program, homes, formdata=None)
    new_form = context.pop("new_form", None) or _new_mentor_form(homes, formdata=None)
    q = request.args.get("q", "")
    return _page("new.html", program, status, form=form, new_form=new_form, q=q, **context)


@bp.get("/programs/<int:program_id>/links/new")
@requires(Permission.LINK_ISSUE)
def new_link(program_id):
    """Offer the mentors who have no password of their own, and to enter one who is not there yet."""
    program, homes = _load(program_id)
    return _new_page(program, homes)


@bp.post("/programs/<int:program_id>/links")
@requires(Permission.LINK_ISSUE)
def issue_link(program_id):
    """Give a mentor a link and show it with its code, this once."""
    program, homes = _load(program_id)
    form = _issue_form(program, homes)
    named = queries.named_or_404(program, homes, form.mentor.data)[0] if form.mentor.data else None
    if named and form.mentor.data not in [choice.value for choice in form.mentor.choices]:
        form.mentor.choices.append(SelectChoice(named.id, named.mentor.name))
    if not form.validate() or named is None:
        return _new_page(program, homes, 422, form=form)
    try:
        issued = actions.issue_link(program, named, days=form.days.data, by=current_user, now=utcnow())
    except RuleBroken as broken:
        return _new_page(program, homes, broken.status, form=form, broken=str(broken))
    return _issued_page(program, issued, form.mail.data)


@bp.post("/programs/<int:program_id>/links/new-mentor")
@requires(Permission.LINK_ISSUE)
def issue_to_new_mentor(program_id):
    """Enter a mentor without an account, name them for the programme, give the link."""
    program, homes = _load(program_id)
    form = _new_mentor_form(homes)
    if not form.validate():
        return _new_page(program, homes, 422, new_form=form)
    home = next(home for home in homes if home.id == form.home.data)
    try:
        issued = actions.issue_to_new_mentor(
            program,
            home,
            name=form.name.data,
            phone=form.phone.data,
            capacity=form.capacity.data,
            days=form.new_days.data,
            by=current_user,
            now=utcnow(),
        )
    except RuleBroken as broken:
        return _new_page(program, homes, broken.status, new_form=form, broken=str(broken))
    return _issued_page(program, issued, form.new_mail.data)


def _issued_page(program: Program, issued: actions.Issued, to: str | None) -> tuple[str, int]:
    """Show token and code on the answer itself: they are nowhere to be read again."""
    address = public_address("links.show_door", token=issued.token)
    words = message_of(issued.link, program, address, current_user)
    if to and mail.is_configured():
        subject = _("Your personal link for %(program)s", program=program.label)
        mailing.plan_mail(issued.link, to, subject, words, by=current_user, now=utcnow())
    return _page(
        "issued.html",
        program,
        link=issued.link,
        code=issued.code,
        address=address,
        words=words,
        qr=_qr(address),
        mail_to=issued.link.mail_to,
    )


def _qr(address: str) -> Markup:
    drawn = io.BytesIO()
    segno.make(address, error="m", micro=False).save(
        drawn,
        kind="svg",
        xmldecl=False,
        svgns=False,
        omitsize=True,
        border=2,
        dark="#000",
        light="#fff",
        svgclass="qr",
        lineclass=None,
    )
    return Markup(drawn.getvalue().decode())  # noqa: S704  # made by segno from an address of ours


# --- one link ----------------------------------------------------------------------------------------


def _link_page(
    program: Program, link: MentorLink, form: RenewForm | None = None, status: int = 200, **context: Any
) -> tuple[str, int]:
    return _page(
        "link.html",
        program,
        status,
        link=link,
        state=link.state_at(utcnow()),
        form=form or RenewForm(formdata=None),
        events=queries.uses_of(link),
        **context,
    )


@bp.get("/programs/<int:program_id>/links/<int:link_id>")
@requires(Permission.LINK_ISSUE)
def show_link(program_id, link_id):
    """Show a link: how it stands, where it is bound, every use and refusal."""
    program, homes = _load(program_id)
    return _link_page(program, queries.link_or_404(program, homes, link_id))


@bp.post("/programs/<int:program_id>/links/<int:link_id>/code")
@requires(Permission.LINK_ISSUE)
def give_code(program_id, link_id):
    """Make a new code and show it, this once."""
    program, homes = _load(program_id)
    link = queries.link_or_404(program, homes, link_id)
    code = actions.give_code(link, by=current_user, now=utcnow())
    return _link_page(program, link, code=code)


@bp.post("/programs/<int:program_id>/links/<int:link_id>/renew")
@requires(Permission.LINK_ISSUE)
def renew_link(program_id, link_id):
    """Let the link last longer, or shorter, counted from now."""
    program, homes = _load(program_id)
    link = queries.link_or_404(program, homes, link_id)
    form = RenewForm()
    if not form.validate():
        return _link_page(program, link, form, 422)
    actions.renew_link(link, days=form.days.data, by=current_user, now=utcnow())
    flash(_("The link of %(name)s is renewed; it stays the same.", name=link.user.name), "success")
    return redirect(url_for(".show_link", program_id=program.id, link_id=link.id))


@bp.post("/programs/<int:program_id>/links/<int:link_id>/revoke")
@requires(Permission.LINK_ISSUE)
def revoke_link(program_id, link_id):
    """Take the link back at once."""
    program, homes = _load(program_id)
    link = queries.link_or_404(program, homes, link_id)
    actions.revoke_link(link, by=current_user, now=utcnow())
    flash(
        _("The link of %(name)s is revoked; nobody is inside by it any more.", name=link.user.name), "success"
    )
    return redirect(url_for(".show_link", program_id=program.id, link_id=link.id))
