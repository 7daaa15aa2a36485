"""HTTP of a trainee's logs: the form for a phone, its draft, handing it in, writing a returned one again, reading."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import date
from typing import Any

from flask import abort, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_login import current_user

from trainmgr.curriculum.models import PlanStage
from trainmgr.curriculum.queries import modules_of, stages_of
from trainmgr.enrolment.models import Enrolment, EnrolmentState
from trainmgr.kernel.access import Permission, requires
from trainmgr.kernel.clock import today, utcnow
from trainmgr.kernel.db import keep_writes
from trainmgr.kernel.errors import RuleBroken
from trainmgr.kernel.files import photo_response
from trainmgr.kernel.hours import ledger_hours
from trainmgr.kernel.i18n import hours
from trainmgr.kernel.numbers import whole
from trainmgr.kernel.paging import Listing
from trainmgr.practice import actions, drafts, queries
from trainmgr.practice.blueprint import bp
from trainmgr.practice.forms import LogForm, ReturnForm, chosen_ids, typed_day, uploads, values_of
from trainmgr.practice.labels import LOG_STATES
from trainmgr.practice.models import LogPhoto, LogState, PracticeLog
from trainmgr.practice.rules import MOST_PHOTOS, side_of, stage_on
from trainmgr.practice.station import stage_lines
from trainmgr.programs.models import Program
from trainmgr.programs.queries import may
from trainmgr.programs.rules import Side


@dataclass(frozen=True)
class Desk:
    """What a trainee writes with: the training, its plan's stages, and the log that is written again (or None).

    The plan is the one in force on a day, that of the log as far as it is known.
    """

    enrolment: Enrolment
    stages: list[PlanStage]
    replaces: PracticeLog | None = None
    on: date | None = None

    @property
    def program(self) -> Program:
        """The programme of the training."""
        return self.enrolment.program

    @property
    def keep_name(self) -> str:
        """The name under which a browser keeps what was typed until it is handed in."""
        return f"log-{self.enrolment.id}-{self.replaces.id if self.replaces else 'new'}"

    def signer(self, stage_number: int | None) -> Any:
        """Who will sign a log of a stage."""
        venue = next((stage.venue for stage in self.stages if stage.number == stage_number), None)
        side = side_of(venue) if venue else Side.ENTERPRISE
        own = self.enrolment
        return own.school_teacher if side is Side.COLLEGE else own.enterprise_mentor


def _desk(program_id: int | None, on: date, replaces: PracticeLog | None = None) -> Desk | None:
    """Return what a trainee writes with; the plan is the one in force on the log's day."""
    enrolments = queries.own_enrolments(current_user)
    enrolment = queries.pick_own(enrolments, program_id)
    if enrolment is None:
        return None
    in_loop = enrolment.state is EnrolmentState.REMEDIAL
    stages = [stage for stage in stages_of(enrolment.program_id, on) if in_loop or not stage.remedial]
    return Desk(enrolment, stages, replaces, on)


def _form(desk: Desk, **values: Any) -> LogForm:
    form = LogForm(**values)
    program_id = desk.enrolment.program_id
    form.offer(desk.stages, modules_of(program_id, desk.on), queries.competencies_of(program_id))
    return form


def _kept(log: PracticeLog | None) -> list[dict[str, Any]]:
    photos: list[LogPhoto] = log.photos if log else []
    return [
        {
            "id": photo.position,
            "url": url_for(".show_log_photo", log_id=photo.log_id, position=photo.position, size="small"),
            "alt": _("Photo %(number)s", number=photo.position),
        }
        for photo in photos
    ]


def _write_page(
    desk: Desk,
    form: LogForm,
    draft: PracticeLog | None,
    *,
    status: int = 200,
    refusal: RuleBroken | None = None,
    photo_faults: Any = (),
) -> tuple[str, int]:
    html = render_template(
        "practice/write.html",
        desk=desk,
        enrolment=desk.enrolment,
        program=desk.program,
        form=form,
        draft=draft,
        kept=_kept(draft or desk.replaces),
        most_photos=MOST_PHOTOS,
        recent=queries.recent_logs(desk.enrolment),
        signer=desk.signer(form.stage.data),
        first_day=actions.span_of(desk.program, desk.enrolment).first,
        last_day=actions.span_of(desk.program, desk.enrolment).last(today()),
        refusal=refusal,
        photo_faults=photo_faults,
        photo_lines=[("photos", fault) for fault in photo_faults],
        answered=status >= 400,
    )
    return html, status


# --- writing ---------------------------------------------------------------------------------------


@bp.get("/logs")
@requires(Permission.LOG_WRITE)
def list_my_logs() -> Any:
    """Show a trainee's own logs with the hours planned, handed in and verified."""
    enrolments = queries.own_enrolments(current_user)
    enrolment = queries.pick_own(enrolments, whole(request.args.get("program"))) or queries.pick_own(
        enrolments, None
    )
    if enrolment is None:
        return render_template("practice/my_logs.html", enrolment=None, enrolments=[], page=None)
    state = request.args.get("state", "")
    page = queries.list_logs(
        enrolment,
        Listing.from_request(),
        LogState(state) if state in set(LogState) else None,
        with_drafts=True,
    )
    return render_template(
        "practice/my_logs.html",
        enrolment=enrolment,
        enrolments=enrolments,
        page=page,
        state=state,
        states=list(LOG_STATES.items()),
        is_writing=queries.is_writing(enrolment),
    )


@bp.get("/logs/new")
@requires(Permission.LOG_WRITE)
def new_log() -> Any:
    """Show the form of today's log, with the draft that was begun if there is one."""
    desk = _desk(whole(request.args.get("program")), today())
    if desk is None or not queries.is_writing(desk.enrolment):
        return redirect(url_for(".list_my_logs"))
    given = _given()
    draft = queries.open_draft(desk.enrolment)
    if draft is not None and draft.task in ("", given.get("task", draft.task)):
        if draft.day != desk.on:
            desk = _desk(desk.enrolment.program_id, draft.day) or desk
        form = _form(desk, formdata=None, client_key=drafts.form_key(draft), **values_of(draft) | given)
        return _write_page(desk, form, draft)
    day = today()
    stage = stage_on(day, stage_lines(desk.stages), desk.program.current_stage)
    start = {"client_key": secrets.token_urlsafe(16), "day": day, "stage": stage, "hours": "8"}
    return _write_page(desk, _form(desk, formdata=None, **start | given), None)


def _given() -> dict[str, Any]:
    """Return what the address knows of the log: a task sheet's code names its task, module and stage.

    A draft of another task stays among the trainee's logs; the form begins a new one.
    """
    task = request.args.get("task", "").strip()[:200]
    places = {name: whole(request.args.get(name)) for name in ("module", "stage")}
    known: dict[str, Any] = {name: place for name, place in places.items() if place is not None}
    return known | ({"task": task} if task else {})


@bp.get("/logs/<int:log_id>/edit")
@requires(Permission.LOG_WRITE)
def edit_log(log_id: int) -> Any:
    """Show the form of a draft, or of a returned log that is written again."""
    log = queries.own_log_or_404(log_id, current_user)
    draft = log if log.state is LogState.DRAFT else None
    replaces = log if log.state is LogState.RETURNED else None
    if replaces is not None:
        draft = queries.rewriting_of(log)
    elif draft is not None and draft.replaces_id:
        replaces = queries.own_log_or_404(draft.replaces_id, current_user)
    desk = _desk(log.program_id, log.day, replaces)
    if desk is None or not queries.is_writing(desk.enrolment) or (draft is None and replaces is None):
        return redirect(url_for(".show_log", log_id=log.id))
    shown = draft or log
    key = drafts.form_key(shown) if draft else f"again-{log.id}"
    return _write_page(desk, _form(desk, formdata=None, client_key=key, **values_of(shown)), draft)


def _posted() -> tuple[Desk, LogForm]:
    replaced = whole(request.form.get("replaces"))
    replaces = queries.own_log_or_404(replaced, current_user) if replaced else None
    program_id = replaces.program_id if replaces else whole(request.form.get("program"))
    desk = _desk(program_id, typed_day(request.form.get("day"), today()), replaces) or abort(404)
    form = _form(desk)
    return desk, form


def _keep(desk: Desk, form: LogForm, photos: Any = ()) -> tuple[PracticeLog, list[str]]:
    return drafts.keep(
        desk.program,
        desk.enrolment,
        form.content(today()),
        key=form.key or secrets.token_urlsafe(16),
        replaces=desk.replaces,
        uploads=photos,
        removed=chosen_ids(request.form.getlist("remove_photo")),
        stages=desk.stages,
        by=current_user,
        now=utcnow(),
    )


@bp.post("/logs")
@requires(Permission.LOG_WRITE)
def submit_log() -> Any:
    """Hand a log in; whatever cannot be taken keeps everything as a draft, its photos too."""
    desk, form = _posted()
    is_fine = form.validate()
    try:
        log, photo_faults = _keep(desk, form, uploads())
    except RuleBroken as refusal:
        return _write_page(desk, form, None, status=refusal.status, refusal=refusal)
    if log.state is LogState.DRAFT and (not is_fine or photo_faults):
        keep_writes()
        return _write_page(desk, form, log, status=422, photo_faults=photo_faults)
    try:
        is_new = actions.hand_in(
            desk.program, desk.enrolment, log, stages=desk.stages, by=current_user, now=utcnow()
        )
    except actions.LogRefused as refusal:
        keep_writes()
        form[refusal.field].errors = [*form[refusal.field].errors, str(refusal)]
        return _write_page(desk, form, log, status=refusal.status)
    except RuleBroken as refusal:
        keep_writes()
        return _write_page(desk, form, log, status=refusal.status, refusal=refusal)
    _tell_handed_in(log, desk, is_new)
    return redirect(url_for(".list_my_logs", program=desk.enrolment.program_id))


def _tell_handed_in(log: PracticeLog, desk: Desk, is_new: bool) -> None:
    own = desk.enrolment
    signer = own.school_teacher if log.side is Side.COLLEGE else own.enterprise_mentor
    if not is_new:
        flash(_("This log was handed in already; it stands there once."), "info")
    elif log.signer_id and signer is not None:
        flash(
            _(
                "Handed in to %(name)s: %(hours)s hours.",
                name=signer.name,
                hours=hours(ledger_hours(log.minutes)),
            ),
            "success",
        )
    else:
        text = _(
            "Handed in: %(hours)s hours. It waits until you have a mentor.",
            hours=hours(ledger_hours(log.minutes)),
        )
        flash(text, "success")


@bp.post("/logs/draft")
@requires(Permission.LOG_WRITE)
def save_log_draft() -> Any:
    """Keep what was typed so far: by itself after each change, or by its button where scripts do not run."""
    desk, form = _posted()
    by_itself = bool(request.headers.get("HX-Request"))
    log, photo_faults = _keep(desk, form, () if by_itself else uploads())
    if by_itself:
        return "", 204
    for fault in photo_faults:
        flash(fault, "warning")
    flash(_("Draft kept. You can go on with it on any device."), "success")
    return redirect(url_for(".edit_log", log_id=log.id))


@bp.post("/logs/<int:log_id>/discard")
@requires(Permission.LOG_WRITE)
def discard_log(log_id: int) -> Any:
    """Throw a draft away."""
    log = queries.own_log_or_404(log_id, current_user)
    program_id = log.program_id
    drafts.discard(log, by=current_user)
    flash(_("The draft is gone."), "success")
    return redirect(url_for(".list_my_logs", program=program_id))


# --- reading ---------------------------------------------------------------------------------------


@bp.get("/logs/<int:log_id>")
@requires(Permission.PRACTICE_VIEW)
def show_log(log_id: int) -> Any:
    """Show one log with its photos; whoever is to sign it decides here."""
    return log_page(log_id, ReturnForm(formdata=None))


def log_page(
    log_id: int, form: ReturnForm, *, status: int = 200, refusal: RuleBroken | None = None
) -> tuple[str, int]:
    """Render a log's page with the form that sends it back."""
    log, program = queries.log_or_404(log_id, current_user)
    html = render_template(
        "practice/log.html",
        log=log,
        program=program,
        words=queries.words_of(log),
        photos=_kept(log),
        form=form,
        refusal=refusal,
        is_own=log.enrolment.user_id == current_user.id,
        may_sign=log.state is LogState.SUBMITTED
        and log.signer_id == current_user.id
        and may(program, current_user, Permission.LOG_SIGN),
    )
    return html, status


@bp.get("/logs/<int:log_id>/photos/<int:position>")
@requires(Permission.PRACTICE_VIEW)
def show_log_photo(log_id: int, position: int) -> Any:
    """Show a photo to those who see the log."""
    photo = queries.photo_or_404(log_id, position, current_user)
    return photo_response(photo.file, thumbnail=request.args.get("size") == "small")
