"""HTTP of giving graduates links: who has one, giving up to fifty at once, what is shown once."""

from __future__ import annotations

from typing import Any

from flask import abort, request
from flask_babel import gettext as _
from flask_login import current_user

from trainmgr.identity.models import Organization
from trainmgr.kernel import mail
from trainmgr.kernel.access import Permission, requires
from trainmgr.kernel.clock import utcnow
from trainmgr.kernel.errors import RuleBroken
from trainmgr.kernel.numbers import whole
from trainmgr.kernel.paging import Listing
from trainmgr.kernel.signing import public_address
from trainmgr.links import actions, labels, mailing, queries
from trainmgr.links.blueprint import bp
from trainmgr.links.forms import GraduatesForm
from trainmgr.links.message import graduate_message
from trainmgr.links.rules import MOST_AT_ONCE
from trainmgr.programs.models import Program
from trainmgr.programs.pages import render_program_page
from trainmgr.programs.queries import program_or_404
from trainmgr.programs.rules import Step

PATH = "/programs/<int:program_id>/links/graduates"


def _load(program_id: int) -> tuple[Program, list[Organization]]:
    program = program_or_404(program_id, current_user)
    return program, queries.colleges_for(program, current_user) or abort(403)


def _page(template: str, program: Program, status: int = 200, **context: Any) -> tuple[str, int]:
    return render_program_page(
        f"links/{template}", program, Step.RESULT, status=status, now=utcnow(), labels=labels, most=MOST_AT_ONCE,
        mails=mail.is_configured(), **context,
    )  # fmt: skip


def _graduates_page(
    program: Program, colleges: list[Organization], form: Any = None, status: int = 200, broken: Any = None
) -> tuple[str, int]:
    round_id, without = whole(request.args.get("round")), request.args.get("without") == "1"
    page = queries.list_graduates(
        program, colleges, Listing.from_request(), round_id=round_id, without=without
    )
    return _page(
        "graduates.html", program, status, page=page, form=form or GraduatesForm(formdata=None), broken=broken,
        chosen=_ids(request.args), without=without,
    )  # fmt: skip


def _ids(source: Any) -> list[int]:
    return [number for text in source.getlist("id")[: MOST_AT_ONCE + 1] if (number := whole(text))]


@bp.get(PATH)
@requires(Permission.LINK_ISSUE)
def new_graduate_links(program_id):
    """Show the graduates with their links, and offer to give them."""
    return _graduates_page(*_load(program_id))


@bp.post(PATH)
@requires(Permission.LINK_ISSUE)
def issue_to_graduates(program_id):
    """Give the chosen graduates links and show them with their codes, this once."""
    program, colleges = _load(program_id)
    form, ids = GraduatesForm(), _ids(request.form)
    if not form.validate():
        return _graduates_page(program, colleges, form, 422)
    if len(ids) > MOST_AT_ONCE:
        return _graduates_page(
            program, colleges, form, 409, _("At most %(most)s at once.", most=MOST_AT_ONCE)
        )
    try:
        people = queries.chosen_graduates(program, colleges, ids)
        issued = actions.issue_to_graduates(
            program, people, days=form.days.data, by=current_user, now=utcnow()
        )
    except RuleBroken as broken:
        return _graduates_page(program, colleges, form, broken.status, str(broken))
    return _issued_page(program, issued, form.mail.data if len(issued) == 1 else None)


def _issued_page(program: Program, issued: list[actions.Issued], to: str | None) -> tuple[str, int]:
    """Show tokens and codes on the answer itself: they are nowhere to be read again."""
    lines = [(one, public_address("links.show_door", token=one.token)) for one in issued]
    if to and mail.is_configured():
        link, address = lines[0][0].link, lines[0][1]
        subject = _("Your personal link for %(program)s", program=program.label)
        words = graduate_message(link, program, address, current_user)
        mailing.plan_mail(link, to, subject, words, by=current_user, now=utcnow())
    first = graduate_message(lines[0][0].link, program, lines[0][1], current_user)
    return _page("graduates_issued.html", program, lines=lines, first=first, mail_to=lines[0][0].link.mail_to)
