"""HTTP of judging practical work on a phone: whom, the checklist of one person, the steps seen."""

# mypy: allow-untyped-defs, allow-incomplete-defs
from __future__ import annotations

import secrets
from dataclasses import dataclass, field

from flask import abort, flash, redirect, request, url_for
from flask_babel import gettext as _
from flask_login import current_user

from trainmgr.bank import marking
from trainmgr.bank.rules import ItemKind
from trainmgr.kernel.access import Permission, requires
from trainmgr.kernel.clock import utcnow
from trainmgr.kernel.errors import RuleBroken
from trainmgr.kernel.inputs import tidy
from trainmgr.kernel.numbers import whole
from trainmgr.kernel.paging import Listing
from trainmgr.kernel.pdf import send_paper
from trainmgr.kernel.signing import public_address
from trainmgr.testing import judge_codes, judging, markbook, marks
from trainmgr.testing.frame import bp, page_of
from trainmgr.testing.judging import Turn
from trainmgr.testing.mark_forms import LONGEST_REMARK, plain
from trainmgr.testing.mark_views import load_to_mark

JUDGE = "/programs/<int:program_id>/tests/<int:sitting_id>/judge"
ONE = f"{JUDGE}/<int:participant_id>"


@dataclass
class Sent:
    """What stands in the fields of a checklist."""

    done: list[int] = field(default_factory=list)
    remark: str = ""
    reason: str = ""
    key: str = ""
    faults: dict[str, str] = field(default_factory=dict)


def _load(program_id, sitting_id):
    program, sitting = load_to_mark(program_id, sitting_id)
    return program, sitting, markbook.lines_for_people(sitting, ItemKind.CHECKLIST)


def _page(program, sitting, tasks):
    text = request.args.get("turn", "")
    turn = Turn(text) if text in set(Turn) else Turn.OPEN
    listing = Listing.from_request()
    return turn, judging.list_candidates(
        program, sitting, tasks, turn, listing, current_user
    ) if tasks else None


@bp.get(JUDGE)
@requires(Permission.TEST_MARK)
def list_judging(program_id, sitting_id):
    """Show whose practical work I may judge: at first those who have begun and are not judged yet."""
    program, sitting, tasks = _load(program_id, sitting_id)
    turn, page = _page(program, sitting, tasks)
    return page_of("judging", program, sitting=sitting, tasks=tasks, turn=turn, page=page, now=utcnow())


@bp.get(f"{JUDGE}/codes.pdf")
@requires(Permission.TEST_MARK)
def print_judge_codes(program_id, sitting_id):
    """Hand out the codes of the listed people as PDF: scanned with a phone, each opens that person's checklist."""
    program, sitting, tasks = _load(program_id, sitting_id)
    _turn, page = _page(program, sitting, tasks)
    people = [one.participant for one in page.items] if page else []
    paper = judge_codes.draw(program.label, sitting.name, people, _code_address(program, sitting))
    return send_paper(paper, _("Codes %(test)s", test=sitting.name))


def _code_address(program, sitting):
    def address(participant):
        values = {"program_id": program.id, "sitting_id": sitting.id, "participant_id": participant.id}
        return public_address(".show_checklist", **values)

    return address


@bp.get(ONE)
@requires(Permission.TEST_MARK)
def show_checklist(program_id, sitting_id, participant_id):
    """Show the checklist of one person, with what was seen before if it was judged already."""
    program, sitting, tasks = _load(program_id, sitting_id)
    participant = judging.candidate_or_404(program, sitting, participant_id, current_user)
    if not tasks:
        return redirect(url_for(".list_judging", program_id=program.id, sitting_id=sitting.id))
    return _render(program, sitting, tasks, participant, whole(request.args.get("item")))


@bp.post(ONE)
@requires(Permission.TEST_MARK)
def save_checklist(program_id, sitting_id, participant_id):
    """Note the steps that were seen done; sent twice it is one."""
    program, sitting, tasks = _load(program_id, sitting_id)
    participant = judging.candidate_or_404(program, sitting, participant_id, current_user)
    task = next((one for one in tasks if one.item_id == whole(request.form.get("item"))), None) or abort(404)
    sent = _sent()
    if sent.faults:
        return _render(program, sitting, tasks, participant, task.item_id, sent, 422)
    try:
        mark = marks.judge(
            program, sitting, task, participant, sent.done,
            seen=whole(request.form.get("seen")) or 0, remark=sent.remark, reason=sent.reason, key=sent.key,
            by=current_user, now=utcnow(),
        )  # fmt: skip
    except marks.MarksRefused as refusal:
        sent.faults, sent.key = dict(refusal.faults.values()), ""  # what is sent next is another thing
        return _render(program, sitting, tasks, participant, task.item_id, sent, 409, refusal)
    except RuleBroken as refusal:
        return _render(program, sitting, tasks, participant, task.item_id, sent, 409, refusal)
    points = (
        marking.mark_checklist(task.item.content, sent.done, task.points) if mark is None else mark.points
    )
    flash(
        _(
            "%(name)s: %(points)s of %(most)s points are noted.",
            name=participant.name,
            points=plain(points),
            most=plain(task.points),
        ),
        "success",
    )
    return redirect(_after(program, sitting, tasks, participant))


def _sent():
    places = (whole(text) for text in request.form.getlist("done"))
    sent = Sent(
        sorted({place for place in places if place is not None}),
        tidy(request.form.get("remark", "")) or "",
        (tidy(request.form.get("reason", "")) or "")[:LONGEST_REMARK],
        request.form.get("client_key", "")[:32],
    )
    if len(sent.remark) > LONGEST_REMARK:
        sent.faults["remark"] = _("At most %(number)s characters.", number=LONGEST_REMARK)
    return sent


def _after(program, sitting, tasks, participant):
    """Return where a judge goes on: the person's next task, else the list."""
    if len(judging.given_to(marks.open_attempt(participant), tasks)) < len(tasks):
        return url_for(
            ".show_checklist", program_id=program.id, sitting_id=sitting.id, participant_id=participant.id
        )
    return url_for(".list_judging", program_id=program.id, sitting_id=sitting.id)


def _render(program, sitting, tasks, participant, wanted, sent=None, status=200, refusal=None):
    attempt_id = marks.open_attempt(participant)
    known = judging.given_to(attempt_id, tasks)
    task = judging.next_task(tasks, known, wanted)
    given = known.get(task.item_id, [])
    if sent is None:
        last = given[0] if given else None
        sent = Sent(last.done or [], last.remark) if last else Sent()
    sent.key = sent.key or secrets.token_hex(8)
    return page_of(
        "judge",
        program,
        status,
        sitting=sitting,
        tasks=tasks,
        task=task,
        judged=known,
        participant=participant,
        attempt_id=attempt_id,
        is_oneself=participant.user_id == current_user.id,
        given=given,
        sent=sent,
        points=marking.mark_checklist(task.item.content, sent.done, task.points),
        refusal=refusal,
        is_again=status != 200,
        now=utcnow(),
    )
