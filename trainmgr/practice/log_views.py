"""HTTP of writing logs: the forms for a phone, their drafts, handing in, by a form or from a phone's queue."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
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
from trainmgr.kernel.db import keep_writes, step_aside
from trainmgr.kernel.errors import RuleBroken
from trainmgr.kernel.files import SmallPhoto, make_small
from trainmgr.kernel.hours import ledger_hours
from trainmgr.kernel.i18n import hours
from trainmgr.kernel.numbers import whole
from trainmgr.kernel.paging import Listing
from trainmgr.practice import actions, asking, drafts, queries
from trainmgr.practice.blueprint import bp
from trainmgr.practice.forms import LogForm, chosen_ids, stored_of, typed_day, uploads, values_of
from trainmgr.practice.labels import LOG_STATES
from trainmgr.practice.log_forms import FORMS, CaseForm, WeekForm
from trainmgr.practice.models import LogState, PracticeLog
from trainmgr.practice.periods import Terms
from trainmgr.practice.presenting import kept_photos
from trainmgr.practice.rules import MOST_PHOTOS, side_of, stage_on
from trainmgr.practice.station import stage_lines
from trainmgr.practice.terms import terms_of
from trainmgr.programs.models import Program
from trainmgr.programs.rules import Side


@dataclass(frozen=True)
class Desk:
    """What a trainee writes with: the training, its plan's stages, and the log that is written again (or None).

    The plan is the one in force on a day, that of the log as far as it is known.
    """

    enrolment: Enrolment
    stages: list[PlanStage]
    terms: Terms
    kind: str = LogForm.KIND
    replaces: PracticeLog | None = None
    on: date | None = None
    weeks: tuple[queries.WeekChoice, ...] = ()

    @property
    def program(self) -> Program:
        """The programme of the training."""
        return self.enrolment.program

    @property
    def keep_name(self) -> str:
        """The name under which a browser keeps what was typed until it is handed in."""
        kind = "" if self.kind == LogForm.KIND else f"-{self.kind}"
        return f"log-{self.enrolment.id}-{self.replaces.id if self.replaces else 'new'}{kind}"

    def signer(self, stage_number: int | None) -> Any:
        """Who will sign a log of a stage."""
        venue = next((stage.venue for stage in self.stages if stage.number == stage_number), None)
        side = side_of(venue) if venue else Side.ENTERPRISE
        own = self.enrolment
        return own.school_teacher if side is Side.COLLEGE else own.enterprise_mentor


def _desk(
    program_id: int | None, on: date, kind: str = "", replaces: PracticeLog | None = None
) -> Desk | None:
    """Return what a trainee writes with; the plan is the one in force on the log's day.

    Without a kind it is that of the log written again, else a week's or a day's, as the programme keeps logs.
    """
    enrolments = queries.own_enrolments(current_user)
    enrolment = queries.pick_own(enrolments, program_id)
    return None if enrolment is None else _desk_of(enrolment, on, kind, replaces, replaces)


def _desk_of(
    enrolment: Enrolment, on: date, kind: str, replaces: PracticeLog | None, shown: PracticeLog | None
) -> Desk:
    """Return what a training's logs are written with; without a kind it is that of the log that is shown."""
    in_loop = enrolment.state is EnrolmentState.REMEDIAL
    stages = [stage for stage in stages_of(enrolment.program_id, on) if in_loop or not stage.remedial]
    terms = terms_of(enrolment.program)
    kind = kind or kind_of(shown, terms)
    weeks: tuple[queries.WeekChoice, ...] = ()
    if kind == WeekForm.KIND:
        weeks = queries.weeks_for(
            enrolment, actions.span_of(enrolment.program, enrolment), terms, today(), on
        )
    return Desk(enrolment, stages, terms, kind, replaces, on, weeks)


def kind_of(log: PracticeLog | None, terms: Terms) -> str:
    """Return which form a log is written with; a new one's as the programme keeps logs."""
    if log is not None and log.is_case:
        return CaseForm.KIND
    is_week = terms.is_weekly if log is None else terms.is_weekly or log.until is not None
    return WeekForm.KIND if is_week else LogForm.KIND


def _form(desk: Desk, **values: Any) -> LogForm:
    form = FORMS[desk.kind](**values)
    program_id = desk.enrolment.program_id
    form.offer(desk.stages, modules_of(program_id, desk.on), queries.competencies_of(program_id))
    return form


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
        kept=kept_photos(draft or desk.replaces),
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
        on_leave=asking.on_leave(enrolment, enrolment.program, today()),
        state=state,
        states=list(LOG_STATES.items()),
        is_writing=queries.is_writing(enrolment),
    )


@bp.get("/logs/new")
@requires(Permission.LOG_WRITE)
def new_log() -> Any:
    """Show the form of today's log, with the draft that was begun if there is one."""
    kind = CaseForm.KIND if request.args.get("kind") == CaseForm.KIND else ""
    desk = _desk(whole(request.args.get("program")), today(), kind)
    if desk is None or not queries.is_writing(desk.enrolment):
        return redirect(url_for(".list_my_logs"))
    given = _given()
    draft = queries.open_draft(desk.enrolment, is_case=bool(kind))
    if draft is not None and draft.task in ("", given.get("task", draft.task)):
        if draft.day != desk.on:
            desk = _desk(desk.enrolment.program_id, draft.day, kind_of(draft, desk.terms)) or desk
        form = _form(desk, formdata=None, client_key=drafts.form_key(draft), **values_of(draft) | given)
        return _write_page(desk, form, draft)
    day = queries.week_to_write(desk.weeks, today()) if desk.weeks else today()
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
    if not queries.is_writing(log.enrolment) or (draft is None and replaces is None):
        return redirect(url_for(".show_log", log_id=log.id))
    desk = _desk_of(log.enrolment, log.day, "", replaces, log)
    shown = draft or log
    key = drafts.form_key(shown) if draft else f"again-{log.id}"
    return _write_page(desk, _form(desk, formdata=None, client_key=key, **values_of(shown)), draft)


def _posted() -> tuple[Desk, LogForm]:
    replaced = whole(request.form.get("replaces"))
    replaces = queries.own_log_or_404(replaced, current_user) if replaced else None
    program_id = replaces.program_id if replaces else whole(request.form.get("program"))
    named = request.form.get("kind", LogForm.KIND)
    kind = named if named in FORMS else LogForm.KIND
    desk = _desk(program_id, typed_day(request.form.get("day"), today()), kind, replaces) or abort(404)
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
    """Hand a log in; whatever cannot be taken keeps everything as a draft, its photos too.

    A phone's queue asks for JSON and is answered with the log's state and id, and a sentence for each field at fault.
    """
    photos = _small_photos()
    desk, form = _posted()
    sent = _send(desk, form, photos)
    if request.accept_mimetypes.best_match(("text/html", "application/json")) == "application/json":
        return sent.to_json(desk, form)
    if not sent.is_in:
        return _write_page(
            desk, form, sent.log, status=sent.status, refusal=sent.refusal, photo_faults=sent.photo_faults
        )
    assert sent.log is not None
    _tell_handed_in(sent.log, desk, sent.status == 201)
    return redirect(url_for(".list_my_logs", program=desk.enrolment.program_id))


@dataclass(frozen=True)
class Sent:
    """What became of a form: 201 handed in, 200 it was before, 422 or 409 kept as a draft (or refused outright)."""

    status: int
    log: PracticeLog | None = None
    refusal: RuleBroken | None = None
    photo_faults: Sequence[str] = ()
    other_id: int | None = None

    @property
    def is_in(self) -> bool:
        """Whether the log stands there now."""
        return self.status < 300

    def to_json(self, desk: Desk, form: LogForm) -> tuple[dict[str, Any], int]:
        """Return the answer to a phone's queue (see docs/decisions/0025)."""
        errors = {name: [str(each) for each in said] for name, said in form.errors.items() if name}
        if self.photo_faults:
            errors["photos"] = [str(fault) for fault in self.photo_faults]
        if self.refusal is not None:
            errors[""] = [str(self.refusal)]
        answer: dict[str, Any] = {
            "state": self.log.state.value if self.log is not None else "refused",
            "id": self.log.id if self.log is not None else None,
            "errors": {} if self.is_in else errors,
        }
        theirs = self.log if self.is_in else None
        if self.other_id is not None:
            answer["state"], theirs = "conflict", queries.own_log_or_404(self.other_id, current_user)
        if theirs is not None:
            answer["stored"] = stored_of(theirs) | {"url": url_for(".show_log", log_id=theirs.id)}
            answer["same"] = drafts.is_same(theirs, form.content(today()))
            if self.status == 200 and not answer["same"]:
                answer["state"] = "conflict"
                return answer, 409
        return answer, self.status


def _small_photos() -> list[SmallPhoto]:
    """Make the photos small before anything is read or written: meanwhile others hand their logs in."""
    sent = uploads()
    if sent:
        step_aside()
    return [make_small(upload) for upload in sent]


def _send(desk: Desk, form: LogForm, photos: Sequence[SmallPhoto]) -> Sent:
    is_fine = form.validate()
    try:
        log, photo_faults = _keep(desk, form, photos)
    except RuleBroken as refusal:
        return Sent(refusal.status, refusal=refusal)
    if log.state is LogState.DRAFT and (not is_fine or photo_faults):
        keep_writes()
        return Sent(422, log, photo_faults=photo_faults)
    try:
        is_new = actions.hand_in(
            desk.program, desk.enrolment, log, stages=desk.stages, by=current_user, now=utcnow()
        )
    except actions.LogRefused as refusal:
        keep_writes()
        field = form.field_of(refusal.field, refusal.day)
        field.errors = [*field.errors, str(refusal)]
        return Sent(refusal.status, log, other_id=getattr(refusal, "other_id", None))
    except RuleBroken as refusal:
        keep_writes()
        return Sent(refusal.status, log, refusal)
    return Sent(201 if is_new else 200, log)


def _tell_handed_in(log: PracticeLog, desk: Desk, is_new: bool) -> None:
    own = desk.enrolment
    signer = own.school_teacher if log.side is Side.COLLEGE else own.enterprise_mentor
    if not is_new:
        flash(_("This log was handed in already; it stands there once."), "info")
    elif log.is_case:
        flash(_("Handed in: your case waits for a signature."), "success")
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
    by_itself = bool(request.headers.get("HX-Request"))
    photos = () if by_itself else _small_photos()
    desk, form = _posted()
    log, photo_faults = _keep(desk, form, photos)
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
