"""The class space: announcements with read marks, and the discussion with its rules of taking back and hiding."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from flask import abort
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import joinedload
from werkzeug.datastructures import FileStorage

from trainmgr.classes.space_models import ClassAnnouncement, ClassMessage, ClassRead
from trainmgr.enrolment.models import Cohort, Enrolment
from trainmgr.enrolment.rules import EnrolmentState
from trainmgr.identity.models import User
from trainmgr.kernel import audit, files
from trainmgr.kernel.audit import require
from trainmgr.kernel.db import db
from trainmgr.kernel.paging import Listing, Page, contains, paginate
from trainmgr.programs.models import Program
from trainmgr.programs.rules import State

ANNOUNCED = audit.sentence("classes.announce", _l("%(who)s announced to %(what)s: %(title)s"))
TAKEN_BACK = audit.sentence(
    "classes.announce.withdraw", _l("%(who)s took an announcement to %(what)s back: %(reason)s")
)
HIDDEN = audit.sentence("classes.message.hide", _l("%(who)s hid what somebody wrote in %(what)s: %(reason)s"))
ANNOUNCEMENTS, THREADS, REPLIES = 10, 20, 30
OVER = (State.CLOSED, State.CANCELLED)


def require_open(program: Program) -> None:
    """Nothing is written any more in a programme that is over."""
    require(
        program.state not in OVER,
        _("The programme is over. The class space is kept to read."),
    )


# --- announcements ---------------------------------------------------------------------------------


def list_announcements(cohort: Cohort, viewer: User, listing: Listing) -> Page[Any]:
    """Return a page of a class's announcements, pinned ones first, each with whether the viewer read it."""
    read = sa.exists().where(
        ClassRead.announcement_id == ClassAnnouncement.id, ClassRead.user_id == viewer.id
    )
    statement: Any = (
        sa.select(ClassAnnouncement, read)
        .where(ClassAnnouncement.cohort_id == cohort.id)
        .options(joinedload(ClassAnnouncement.file))
    )
    if listing.q:
        statement = statement.where(
            ClassAnnouncement.withdrawn_at.is_(None),
            sa.or_(contains(ClassAnnouncement.title, listing.q), contains(ClassAnnouncement.text, listing.q)),
        )
    pinned = sa.and_(ClassAnnouncement.pinned, ClassAnnouncement.withdrawn_at.is_(None))
    orders = {"latest": (sa.case((pinned, 0), else_=1), ClassAnnouncement.id.desc())}
    return paginate(statement, listing, orders=orders, default="latest", scalars=False, size=ANNOUNCEMENTS)


def announcement_or_404(cohort: Cohort, announcement_id: int) -> ClassAnnouncement:
    """Return an announcement of a class, or answer 404."""
    found = db.session.scalars(
        sa.select(ClassAnnouncement)
        .where(ClassAnnouncement.id == announcement_id, ClassAnnouncement.cohort_id == cohort.id)
        .options(joinedload(ClassAnnouncement.file))
    ).one_or_none()
    return found or abort(404)


def announce(
    program: Program,
    cohort: Cohort,
    title: str,
    text: str,
    *,
    pinned: bool,
    upload: FileStorage | None = None,
    by: User,
    now: datetime,
) -> ClassAnnouncement:
    """Tell a class something, with a file if there is one; raises FileRefused for a file that is not what it says."""
    require_open(program)
    stored = None
    if upload is not None and upload.filename:
        stored = files.store_document(upload, by=by, program_id=program.id, now=now, purpose="class")
        db.session.flush()
    one = ClassAnnouncement(
        program_id=program.id, cohort_id=cohort.id, title=title, text=text, pinned=pinned,
        file_id=stored.id if stored else None, by_id=by.id, by_name=by.name, at=now,
    )  # fmt: skip
    db.session.add(one)
    audit.record(ANNOUNCED, one, by=by, now=now, program_id=program.id, name=cohort.name, title=title)
    return one


def withdraw_announcement(
    program: Program, cohort: Cohort, one: ClassAnnouncement, reason: str, *, by: User, now: datetime
) -> None:
    """Take an announcement back; a mark with the reason stays in its place."""
    require(one.withdrawn_at is None, _("This was taken back already."))
    one.withdrawn_at, one.withdrawn_by, one.withdrawn_reason, one.pinned = now, by.name, reason, False
    audit.record(TAKEN_BACK, one, by=by, now=now, program_id=program.id, name=cohort.name, reason=reason)


def mark_read(announcement_ids: Sequence[int], *, by: User, now: datetime) -> None:
    """Note that somebody has read announcements; the same twice is once."""
    if not announcement_ids:
        return
    insert = (postgresql if db.engine.dialect.name == "postgresql" else sqlite).insert(ClassRead.__table__)
    rows = [{"announcement_id": key, "user_id": by.id, "at": now} for key in announcement_ids]
    db.session.execute(insert.on_conflict_do_nothing(), rows)


def unread_ids(cohort: Cohort, viewer: User) -> Sequence[int]:
    """Return the announcements of a class that the viewer has not marked as read."""
    return db.session.scalars(
        sa.select(ClassAnnouncement.id)
        .where(ClassAnnouncement.cohort_id == cohort.id, _unread(viewer))
        .limit(500)
    ).all()


def _unread(viewer: User) -> sa.ColumnElement[bool]:
    return sa.and_(
        ClassAnnouncement.withdrawn_at.is_(None),
        ClassAnnouncement.by_id != viewer.id,
        ~sa.exists().where(ClassRead.announcement_id == ClassAnnouncement.id, ClassRead.user_id == viewer.id),
    )


def readers_of(cohort: Cohort, one: ClassAnnouncement, listing: Listing) -> Page[Any]:
    """Return a page of the class's present trainees with when each read an announcement, the others first."""
    statement = (
        sa.select(Enrolment.name, Enrolment.student_number, ClassRead.at)
        .outerjoin(
            ClassRead, sa.and_(ClassRead.user_id == Enrolment.user_id, ClassRead.announcement_id == one.id)
        )
        .where(Enrolment.cohort_id == cohort.id, Enrolment.state != EnrolmentState.WITHDRAWN)
    )
    orders = {"unread": (ClassRead.at.is_not(None), Enrolment.name, Enrolment.id)}
    return paginate(statement, listing, orders=orders, default="unread", scalars=False)


def read_counts(cohort: Cohort, announcement_ids: Sequence[int]) -> tuple[dict[int, int], int]:
    """Return how many of a class's present trainees read each announcement, and how many there are."""
    inside = sa.and_(Enrolment.cohort_id == cohort.id, Enrolment.state != EnrolmentState.WITHDRAWN)
    rows = db.session.execute(
        sa.select(ClassRead.announcement_id, sa.func.count())
        .join(Enrolment, Enrolment.user_id == ClassRead.user_id)
        .where(inside, ClassRead.announcement_id.in_(announcement_ids))
        .group_by(ClassRead.announcement_id)
    )
    people = db.session.scalar(sa.select(sa.func.count()).select_from(Enrolment).where(inside))
    return {row[0]: row[1] for row in rows}, people or 0


# --- one's own classes -------------------------------------------------------------------------------


@dataclass(frozen=True)
class OwnClass:
    """A class that somebody is in or guides people of, with how many announcements are unread."""

    program_id: int
    program: str
    cohort_id: int
    cohort: str
    unread: int


def unread_in(cohort: Any, viewer: User) -> sa.ScalarSelect[int]:
    """Return how many announcements to a class (`Cohort`, or an alias of it) the viewer has not read, as a column."""
    return (
        sa.select(sa.func.count())
        .select_from(ClassAnnouncement)
        .where(ClassAnnouncement.cohort_id == cohort.id, _unread(viewer))
        .correlate(cohort)
        .scalar_subquery()
    )


def own_classes(viewer: User, limit: int = 50) -> list[OwnClass]:
    """Return the classes that somebody is in, or guides trainees of, with the unread announcements: one statement."""
    mine = sa.select(Enrolment.cohort_id).where(
        sa.or_(
            Enrolment.user_id == viewer.id,
            Enrolment.school_teacher_id == viewer.id,
            Enrolment.enterprise_mentor_id == viewer.id,
        ),
        Enrolment.state != EnrolmentState.WITHDRAWN,
        Enrolment.cohort_id.is_not(None),
    )
    unread = unread_in(Cohort, viewer)
    rows = db.session.execute(
        sa.select(Program.id, Program.name, Cohort.id, Cohort.name, unread)
        .select_from(Cohort)
        .join(Program, Program.id == Cohort.program_id)
        .where(Cohort.id.in_(mine), Program.state.in_((State.RECRUITING, State.RUNNING, State.EVALUATING)))
        .order_by(unread.desc(), Program.starts_on.desc(), Cohort.name, Cohort.id)
        .limit(limit)
    )
    return [OwnClass(*row) for row in rows]


# --- the discussion ----------------------------------------------------------------------------------


def list_threads(cohort: Cohort, listing: Listing) -> Page[Any]:
    """Return a page of a class's threads, what moved last first; searching finds words in replies too."""
    statement = sa.select(ClassMessage).where(
        ClassMessage.cohort_id == cohort.id, ClassMessage.thread_id.is_(None)
    )
    if listing.q:
        found = sa.select(sa.func.coalesce(ClassMessage.thread_id, ClassMessage.id)).where(
            ClassMessage.cohort_id == cohort.id,
            ClassMessage.withdrawn_at.is_(None),
            ClassMessage.hidden_at.is_(None),
            sa.or_(contains(ClassMessage.title, listing.q), contains(ClassMessage.text, listing.q)),
        )
        statement = statement.where(ClassMessage.id.in_(found))
    orders = {"latest": (ClassMessage.last_at.desc(), ClassMessage.id.desc())}
    return paginate(statement, listing, orders=orders, default="latest", size=THREADS)


def message_or_404(cohort: Cohort, message_id: int) -> ClassMessage:
    """Return a thread or a reply of a class, or answer 404."""
    found = db.session.scalars(
        sa.select(ClassMessage).where(ClassMessage.id == message_id, ClassMessage.cohort_id == cohort.id)
    ).one_or_none()
    return found or abort(404)


def thread_or_404(cohort: Cohort, message_id: int) -> ClassMessage:
    """Return a thread of a class, or answer 404."""
    found = message_or_404(cohort, message_id)
    return found if found.thread_id is None else abort(404)


def list_replies(thread: ClassMessage, listing: Listing) -> Page[Any]:
    """Return a page of a thread's replies in their order."""
    statement = sa.select(ClassMessage).where(ClassMessage.thread_id == thread.id)
    return paginate(statement, listing, orders={"order": (ClassMessage.id,)}, default="order", size=REPLIES)


def start_thread(
    program: Program, cohort: Cohort, title: str, text: str, *, by: User, now: datetime
) -> ClassMessage:
    """Begin a thread."""
    require_open(program)
    thread = ClassMessage(
        program_id=program.id, cohort_id=cohort.id, title=title, text=text, by_id=by.id, by_name=by.name,
        at=now, last_at=now,
    )  # fmt: skip
    db.session.add(thread)
    db.session.flush()
    return thread


def reply(program: Program, thread: ClassMessage, text: str, *, by: User, now: datetime) -> ClassMessage:
    """Answer in a thread; the thread's count is raised in SQL, so that none of two at once is lost."""
    require_open(program)
    require(thread.is_shown, _("This thread was taken away. Begin another one."))
    answer = ClassMessage(
        program_id=program.id, cohort_id=thread.cohort_id, thread_id=thread.id, text=text, by_id=by.id,
        by_name=by.name, at=now,
    )  # fmt: skip
    db.session.add(answer)
    db.session.flush()
    db.session.execute(
        sa.update(ClassMessage)
        .where(ClassMessage.id == thread.id)
        .values(answers=ClassMessage.answers + 1, last_at=now),
        execution_options={"synchronize_session": False},
    )
    db.session.expire(thread)
    return answer


def withdraw_message(message: ClassMessage, *, by: User, now: datetime) -> None:
    """Take one's own text back, as long as nobody has answered: afterwards the answers would stand in the air."""
    require(message.by_id == by.id, _("Only the writer takes this back."))
    require(message.is_shown, _("This was taken back already."))
    require(
        not _is_answered(message), _("Somebody has answered. It stays; write a reply that puts it right.")
    )
    message.withdrawn_at = now


def _is_answered(message: ClassMessage) -> bool:
    if message.thread_id is None:
        return message.answers > 0
    later = sa.select(ClassMessage.id).where(
        ClassMessage.thread_id == message.thread_id,
        ClassMessage.id > message.id,
        ClassMessage.by_id != message.by_id,
    )
    return db.session.scalar(later.limit(1)) is not None


def hide_message(
    program: Program, cohort: Cohort, message: ClassMessage, reason: str, *, by: User, now: datetime
) -> None:
    """Hide what should not stand there; the class sees that it was hidden and why."""
    require(message.hidden_at is None, _("This is hidden already."))
    message.hidden_at, message.hidden_by, message.hidden_reason = now, by.name, reason
    audit.record(HIDDEN, message, by=by, now=now, program_id=program.id, name=cohort.name, reason=reason)
