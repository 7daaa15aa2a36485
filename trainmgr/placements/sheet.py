"""Placements from a sheet: post, site, days, pay, consent and insurance of many trainees, read by a job."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import sqlalchemy as sa
from flask_babel import force_locale
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy.orm import joinedload, selectinload

from trainmgr.enrolment.models import Enrolment
from trainmgr.enrolment.queries import visible_in
from trainmgr.enrolment.roll import OnRoll, Roll, trainees_on_roll
from trainmgr.identity.models import User
from trainmgr.kernel import audit, drafts, intake, jobs, sheets
from trainmgr.kernel.clock import utcnow
from trainmgr.kernel.days import EARLIEST, LATEST
from trainmgr.kernel.db import among, db
from trainmgr.kernel.msgids import N_
from trainmgr.kernel.paging import Listing
from trainmgr.kernel.sheets import Column, Kind, Record
from trainmgr.kernel.sheets.columns import LANGUAGES, heading_key
from trainmgr.placements import actions, hosts, queries
from trainmgr.placements.actions import Papers, Terms, Wanted
from trainmgr.placements.models import Placement, PlacementPost
from trainmgr.placements.rules import OPEN
from trainmgr.programs.actions import require_open
from trainmgr.programs.models import Program
from trainmgr.programs.queries import enterprises_of
from trainmgr.programs.rules import Work

KIND, PURPOSE, BATCH = "placements-import", "placements", 200
MOST_YUAN = 1_000_000

NO_PAPERS = Papers()

# Other names that people give the columns; as msgids, so that each language has its own.
OTHER_NAMES: dict[str, tuple[str, ...]] = {
    "post": (N_("Placement post"),),
    "site": (N_("Place of the placement"),),
    "starts_on": (N_("Start date"), N_("Start date of the placement")),
    "ends_on": (N_("End date"), N_("End date of the placement")),
    "pay": (N_("Monthly pay"),),
    "consent_on": (N_("Date of consent"),),
    "policy": (N_("Policy number"),),
}

STARTED = audit.sentence("placements.import", _l("%(who)s uploaded the placements “%(what)s”"))
FINISHED = audit.sentence(
    "placements.imported",
    _l(
        "The placements “%(what)s” were read: %(written)s arranged, %(already)s there already, %(wrong)s wrong"
    ),
)


def sheet_columns(posts: Sequence[PlacementPost]) -> list[Column]:
    """Return the columns of a sheet of placements; the posts are those of the programme's enterprises."""
    names = {str(place): name for place, name in enumerate(dict.fromkeys(post.name for post in posts))}
    return [
        _column("name", N_("Name"), required=True, width=12),
        _column("student_number", N_("Student number"), width=18),
        _column("employee_number", N_("Employee number"), width=16),
        _column("post", N_("Post"), required=True, choices=names, width=18),
        _column("site", N_("Site"), width=20),
        _column("starts_on", N_("First day"), required=True, kind=Kind.DATE, example="2026-12-01", width=14),
        _column("ends_on", N_("Last day"), required=True, kind=Kind.DATE, example="2027-05-31", width=14),
        _column("pay", N_("Pay a month"), kind=Kind.NUMBER, example="3200", width=12),
        _column("consent_on", N_("Consent"), kind=Kind.DATE, width=14),
        _column("policy", N_("Insurance policy"), width=18),
        _column("insured_until", N_("Insured until"), kind=Kind.DATE, width=14),
    ]


def _column(key: str, label: str, **options: Any) -> Column:
    aliases = []
    for language in LANGUAGES:
        with force_locale(language):
            aliases += [_(other) for other in OTHER_NAMES.get(key, ())]
    return Column(key, label, aliases=aliases, **options)


def posts_of(program: Program) -> list[PlacementPost]:
    """Return the posts that a programme's trainees can be placed in."""
    ids = [party.organization_id for party in enterprises_of(program)]
    return hosts.posts_of(program.lead_college_id, ids)


def template(program: Program, viewer: User) -> bytes:
    """Return a sheet with the trainees who have no placement yet, to fill in."""
    unplaced = queries.list_unplaced(program, viewer, Listing(), None, whole=True)
    rows = [[one.name, one.student_number, one.employee_number] for one in unplaced.items]
    notes = [
        _("Trainees are known by the student number, else by the employee number, else by a name that only one has."),
        _("A post has to be entered with the college's posts first; it is the one of the trainee's enterprise."),
        _("The same sheet twice doubles nothing; consent and insurance that were missing are filled in."),
    ]  # fmt: skip
    return sheets.write_workbook(sheet_columns(posts_of(program)), rows, title=_("Placements"), notes=notes)


def keep_upload(
    program: Program, data: bytes, *, filename: str, by: User, now: datetime
) -> drafts.SheetDraft:
    """Keep an uploaded sheet until somebody has said how to read it; raises FileRefused."""
    require_open(program, Work.MENTORING)
    intake.put_old_away(jobs.Job.program_id == program.id, jobs.Job.kind == KIND, now=now)
    return drafts.keep_draft(
        data, kind=KIND, filename=filename, purpose=PURPOSE, params={"college": program.lead_college_id},
        organization_id=program.lead_college_id, program_id=program.id, by=by, now=now,
    )  # fmt: skip


def start_import(program: Program, draft: drafts.SheetDraft, *, by: User, now: datetime) -> jobs.Job:
    """Plan the job that reads a sheet as it was agreed."""
    require_open(program, Work.MENTORING)
    audit.record(STARTED, program, by=by, now=now, program_id=program.id, name=draft.name)
    title, params = _("Import of “%(name)s”", name=draft.name), drafts.draft_params(draft)
    job = jobs.enqueue(KIND, title=title, params=params, by=by, program_id=program.id, now=now)
    db.session.delete(draft)
    return job


# --- understanding ------------------------------------------------------------------------------


@dataclass(frozen=True)
class Understood:
    """One row: whom it places, where and how; or what is wrong with it."""

    number: int
    enrolment_id: int = 0
    terms: Terms | None = None
    papers: Papers = NO_PAPERS
    reason: str = ""


class Reader:
    """Understands the rows of a sheet by the programme's present trainees and posts."""

    def __init__(self, roll: Roll, posts: Sequence[PlacementPost]) -> None:
        self.roll = roll
        self.posts = {(post.organization_id, heading_key(post.name)): post.id for post in posts}

    def understand(self, record: Record) -> Understood:
        """Return what a row means, or all that is wrong with it in one sentence."""
        values, faults = record.values, list(record.faults)
        trainee = self.roll.find(values, faults)
        post_id = self._post(values["post"], trainee, faults)
        days = {key: _day(key, values[key], faults) for key in DAYS}
        first, last = days["starts_on"], days["ends_on"]
        if first and last and first > last:
            faults.append(_("The last day comes before the first day."))
        pay = _cents(values["pay"], faults)
        if faults or trainee is None or first is None or last is None:
            return Understood(record.number, reason=_("; ").join(faults))
        terms = Terms(post_id, values["site"][:120], first, last, pay)
        papers = Papers(days["consent_on"], values["policy"][:80], days["insured_until"])
        return Understood(record.number, trainee.id, terms, papers)

    def _post(self, text: str, trainee: OnRoll | None, faults: list[str]) -> int:
        if not text or trainee is None:
            return 0
        if trainee.enterprise_id is None:
            faults.append(_("belongs to no enterprise yet; the roster says which"))
            return 0
        found = self.posts.get((trainee.enterprise_id, heading_key(text)))
        if found is None:
            faults.append(_("the trainee's enterprise has no post “%(name)s”; enter it first", name=text))
        return found or 0


DAYS = {
    "starts_on": N_("First day"),
    "ends_on": N_("Last day"),
    "consent_on": N_("Consent"),
    "insured_until": N_("Insured until"),
}


def _day(key: str, text: str, faults: list[str]) -> date | None:
    """Return a day of this century; what is no date at all has been told already."""
    try:
        day = date.fromisoformat(text)
    except ValueError:
        return None
    if not EARLIEST <= day <= LATEST:
        faults.append(f"{_(DAYS[key])}: {_('a day between 2000 and 2100')}")
        return None
    return day


def _cents(text: str, faults: list[str]) -> int | None:
    if not text:
        return None
    try:
        yuan = Decimal(text)
    except ArithmeticError:
        return None  # told already: it is not a number
    if not 0 <= yuan <= MOST_YUAN:
        faults.append(_("Pay a month: an amount in yuan, at most a million"))
        return None
    return int(yuan * 100)


# --- the job ------------------------------------------------------------------------------------


def reader_of(program: Program, viewer: User) -> Reader:
    """Return who understands a sheet of a programme."""
    stranger = _("nobody like this is in training in this programme")
    present = trainees_on_roll(program, viewer, queries.PRESENT)
    return Reader(Roll(present, stranger), posts_of(program))


@jobs.job(KIND)
def import_placements(run: jobs.JobRun) -> None:
    """Read a sheet and arrange its placements; wrong rows are noted with their reasons."""
    program, by = _owner(run)
    columns = sheet_columns(posts_of(program))
    reader = reader_of(program, by)
    run.progress()  # nothing is locked while the file is read
    sheet = intake.read_sheet_of(run.params)
    places = drafts.places_of(run.params, sheet, columns)
    if places is not None and run.done == 0:
        drafts.remember(sheet, places, kind=KIND, organization_id=run.params["college"], now=utcnow())
    rows = (reader.understand(record) for record in sheets.read_records(sheet, columns, places))
    run.progress(run.done, len(sheet.rows))
    for batch in run.batches(rows, BATCH):
        _write_batch(run, batch)
    program, by = _owner(run)
    figures: dict[str, Any] = {name: run.counts.get(name, 0) for name in ("written", "already", "wrong")}
    name = run.params["name"]
    audit.record(FINISHED, program, by=by, now=utcnow(), program_id=program.id, name=name, **figures)
    intake.finish(run)


def _owner(run: jobs.JobRun) -> tuple[Program, User]:
    program = db.session.get_one(Program, run.program_id, options=[selectinload(Program.parties)])
    return program, db.session.get_one(User, run.created_by, options=[selectinload(User.memberships)])


def _write_batch(run: jobs.JobRun, batch: Sequence[Understood]) -> None:
    program, by = _owner(run)
    require_open(program, Work.MENTORING)
    reasons = {row.number: row.reason for row in batch if row.terms is None}
    good = [row for row in batch if row.terms is not None]
    present = _present_of([row.enrolment_id for row in good])
    news: list[Understood] = []
    already = filled = 0
    for row in good:
        known = present.get(_key(row))
        if known is None:
            news.append(row)
            continue
        already += 1
        filled += _fill(program, known, row.papers, by=by, now=utcnow())
    made, faults = actions.place_each(program, list(_wanted(program, news, by)), by=by, now=utcnow())
    reasons |= {news[place].number: reason for place, reason in faults.items()}
    intake.note_faults(run.id, reasons)
    run.count(written=len(made), already=already, filled=filled, wrong=len(reasons))


def _key(row: Understood) -> tuple[int, int, date, date]:
    assert row.terms is not None
    return row.enrolment_id, row.terms.post_id, row.terms.starts_on, row.terms.ends_on


def _present_of(enrolment_ids: Sequence[int]) -> dict[tuple[int, int, date, date], Placement]:
    """Return the open placements of trainees by trainee, post and days."""
    rows = db.session.scalars(
        sa.select(Placement)
        .where(among(Placement.enrolment_id, enrolment_ids), Placement.state.in_(sorted(OPEN)))
        .options(joinedload(Placement.enrolment), joinedload(Placement.post))
    )
    return {(one.enrolment_id, one.post_id, one.starts_on, one.ends_on): one for one in rows}


def _fill(program: Program, known: Placement, papers: Papers, *, by: User, now: datetime) -> bool:
    """Enter consent and insurance that a placement lacks; what is there stays."""
    lacking = {name: value for name, value in asdict(papers).items() if value and not getattr(known, name)}
    if lacking:
        actions.enter_papers(program, [known], Papers(**lacking), by=by, now=now)
    return bool(lacking)


def _wanted(program: Program, rows: Sequence[Understood], by: User) -> Iterator[Wanted]:
    ids = [row.enrolment_id for row in rows]
    found = {
        one.id: one
        for one in db.session.scalars(
            sa.select(Enrolment).where(visible_in(program, by), queries.PRESENT, among(Enrolment.id, ids))
        )
    }
    posts = {post.id: post for post in posts_of(program)}
    for row in rows:
        assert row.terms is not None
        yield Wanted(found[row.enrolment_id], posts[row.terms.post_id], row.terms, row.papers)
