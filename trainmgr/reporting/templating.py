"""A college's own template of the annual report: kept in versions, looked through and filled in a child process."""

from __future__ import annotations

import json
import secrets
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy.orm import joinedload
from werkzeug.datastructures import FileStorage

from trainmgr.identity.models import Organization, User
from trainmgr.kernel import audit
from trainmgr.kernel.db import db
from trainmgr.kernel.files import open_file, store_document
from trainmgr.kernel.i18n import day
from trainmgr.kernel.msgids import N_
from trainmgr.kernel.sheets.refusals import FileRefused
from trainmgr.quality import labels as quality
from trainmgr.quality.rules import Table as QualityTable
from trainmgr.reporting import annual, writing
from trainmgr.reporting.annual import Facts
from trainmgr.reporting.blocks import Block, Heading, Table, Text, to_document
from trainmgr.reporting.models import ReportTemplate
from trainmgr.reporting.rules import Chapter

PURPOSE, MOST_BYTES, SECONDS = "report-template", 10 * 1024**2, 90
CHILD = Path(__file__).with_name("template_main.py")
ROW = ("name", "unit", "value", "sums", "before", "source")
SET = audit.sentence(
    "reporting.template", _l("%(who)s set the college's own template of the annual report, no. %(number)s")
)
DROPPED = audit.sentence(
    "reporting.template_drop", _l("%(who)s went back to the program's own annual report")
)

REFUSALS = {
    "hostile": N_(
        "The template asks for something that is never done here: “%(what)s”. "
        "Only fields, loops over tables and conditions may stand in braces."
    ),
    "syntax": N_("A brace or a loop in the template is not closed or not understood: %(what)s."),
    "large": N_("The template is too large or unpacks to too much. Take pictures out of it."),
    "no-word": N_("This is not a Word document (.docx). Save it as .docx in Word or WPS."),
    "damaged": N_("The template is damaged or cannot be read. Save it anew as .docx in Word or WPS."),
    "programs": N_("The template carries a program or an embedded object (%(what)s), which is never opened here."),
    "entities": N_("The template defines entities (%(what)s), as no word processor does. Save it anew as .docx."),
    "outside": N_("The template fetches something from elsewhere (%(what)s). Put it into the document itself."),
    "time": N_("Reading the template took too long; it was given up."),
}  # fmt: skip


# --- what a template may ask for --------------------------------------------------------------------


def shape_of(codes: Sequence[str]) -> dict[str, Any]:
    """Return the names that a template may use, as a nested example: what a report will put there."""
    line = dict.fromkeys(ROW, "")
    return {
        "college": "", "year": "", "year_before": "", "made_on": "",
        "text": {chapter.value: "" for chapter in Chapter},
        "title": {chapter.value: "" for chapter in Chapter} | {"annex": ""},
        "chapter": {chapter.value: "" for chapter in Chapter} | {"annex": ""},
        "figure": dict.fromkeys(codes, line),
        "table": {table.value: [line] for table in QualityTable},
        "cases": [{"title": "", "owner": "", "facts": "", "analysis": "", "plan": "", "effect": "", "lessons": ""}],
    }  # fmt: skip


def context_of(facts: Facts, chapters: Sequence[tuple[str, list[Block]]]) -> dict[str, Any]:
    """Return what fills a template: values, and blocks by the mark that stands for them while the fields are filled."""
    nonce = secrets.token_hex(8)
    keys = [*(chapter.value for chapter in Chapter), "annex"]
    lines = {code: dict(zip(ROW, row, strict=True)) for code in facts.definitions
             for row in annual.indicator_rows(facts, [code])}  # fmt: skip
    values = {
        "college": facts.college,
        "year": str(facts.year),
        "year_before": str(facts.year - 1),
        "made_on": day(facts.now),
        "text": {chapter.value: facts.texts.get(chapter, "") for chapter in Chapter},
        "title": {key: title for key, (title, _blocks) in zip(keys, chapters, strict=True)},
        "chapter": {key: f"[{nonce}:{key}]" for key in keys},
        "figure": lines,
        "table": {
            table.value: [lines[code] for code, one in facts.definitions.items() if table in one.tables]
            for table in QualityTable
        },
        "cases": [
            {"title": case.title, "owner": case.owner}
            | {part.value: text for part, text in case.parts.items()}
            for case in facts.cases
        ],
    }
    blocks = {
        f"[{nonce}:{key}]": to_document(written)
        for key, (_title, written) in zip(keys, chapters, strict=True)
    }
    return {"values": values, "blocks": blocks, "words": words()}


def words() -> dict[str, str]:
    """Return how captions begin."""
    return {"table": _("Table %(number)s"), "chart": _("Chart %(number)s")}


def starter(codes: Mapping[str, Any]) -> bytes:
    """Return a template to begin with: every chapter in its place, and all names listed behind them."""
    document = writing.start(
        "{{ college }} {{ year }}", _("Template of the annual report; change what you like.")
    )
    blocks: list[Block] = []
    for key in (*(chapter.value for chapter in Chapter), "annex"):
        blocks += [Heading(f"{{{{ title.{key} }}}}"), Text(f"{{{{ chapter.{key} }}}}")]
    writer = writing.Writer(document, words())
    writer.write(blocks)
    writer.write([Heading(_("Names that a template may use (delete this page)"))])
    rows = [
        (
            "college, year, year_before, made_on",
            _("The college, the year, the year before, the day of writing"),
        ),
        ("chapter.talent", _("A whole chapter: text, tables, charts, cases; alone in its paragraph")),
        ("text.talent", _("Only what was written for the chapter")),
        ("figure.pass_rate.value", _("One figure; also name, unit, sums, before, source")),
        ("table.scorecard", _("Rows to loop over: scorecard, satisfaction, resources, service")),
        ("cases", _("Cases to loop over: title, owner, facts, analysis, plan, effect, lessons")),
    ]
    rows += [(f"figure.{code}", quality.name_of(definition)) for code, definition in codes.items()]
    writer.write([Table([_("Name"), _("What it stands for")], rows, widths=(6, 11))])
    return writing.to_bytes(document)


# --- keeping ----------------------------------------------------------------------------------------


def present_of(college_id: int) -> ReportTemplate | None:
    """Return the template that a college uses instead of ours."""
    return db.session.scalars(
        sa.select(ReportTemplate)
        .where(ReportTemplate.college_id == college_id, ReportTemplate.is_present.is_(True))
        .options(joinedload(ReportTemplate.file))
    ).one_or_none()


def set_template(
    college: Organization, upload: FileStorage, codes: Sequence[str], *, by: User, now: datetime
) -> ReportTemplate:
    """Keep a template and use it from now on; raises FileRefused with a sentence when it cannot be taken."""
    content = upload.stream
    if content.seek(0, 2) > MOST_BYTES:
        raise FileRefused(REFUSALS["large"])
    content.seek(0)
    if not (upload.filename or "").lower().endswith(".docx"):
        raise FileRefused(REFUSALS["no-word"])
    found = look_through(content.read(), codes)
    content.seek(0)
    stored = store_document(upload, by=by, program_id=None, now=now, purpose=PURPOSE)
    db.session.execute(
        sa.select(Organization.id).where(Organization.id == college.id).with_for_update(key_share=True)
    )
    number = (
        db.session.scalar(
            sa.select(sa.func.max(ReportTemplate.number)).where(ReportTemplate.college_id == college.id)
        )
        or 0
    ) + 1
    _put_aside(college.id)
    template = ReportTemplate(
        college_id=college.id, number=number, file_id=stored.id, fields=found["fields"], unknown=found["unknown"],
        by_id=by.id, by_name=by.name, at=now,
    )  # fmt: skip
    db.session.add(template)
    audit.record(SET, template, by=by, now=now, name=college.name, number=number)
    return template


def drop_template(college: Organization, *, by: User, now: datetime) -> None:
    """Use our own report again; the templates that were used stay kept."""
    present = present_of(college.id)
    if present is not None:
        _put_aside(college.id)
        audit.record(DROPPED, present, by=by, now=now, name=college.name)


def _put_aside(college_id: int) -> None:
    db.session.execute(
        sa.update(ReportTemplate)
        .where(ReportTemplate.college_id == college_id, ReportTemplate.is_present.is_(True))
        .values(is_present=False)
        .execution_options(synchronize_session="fetch")
    )
    db.session.flush()


# --- the child --------------------------------------------------------------------------------------


def look_through(data: bytes, codes: Sequence[str]) -> dict[str, Any]:
    """Return the fields of a template and those that no report fills; raises FileRefused."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "template.docx"
        path.write_bytes(data)
        return _child("check", path, shape_of(codes))


def fill(template: ReportTemplate, context: Mapping[str, Any]) -> bytes:
    """Return the filled template; raises FileRefused when it is not possible."""
    with tempfile.TemporaryDirectory() as folder:
        path, out = Path(folder) / "template.docx", Path(folder) / "out.docx"
        with open_file(template.file) as content:
            path.write_bytes(content.read())
        _child("fill", path, context, out)
        return out.read_bytes()


def _child(what: str, path: Path, values: Mapping[str, Any], out: Path | None = None) -> dict[str, Any]:
    given = path.with_suffix(".json")
    given.write_text(json.dumps(values, ensure_ascii=False), encoding="utf-8")
    command = [sys.executable, "-I", str(CHILD), what, str(path), str(given)]
    try:
        done = subprocess.run(  # noqa: S603  our own program, with paths that we made
            [*command, *([str(out)] if out else [])],
            cwd=path.parent,
            capture_output=True,
            timeout=SECONDS,
            check=False,
            env={"PATH": "", "LANG": "C.UTF-8"},
        )
    except subprocess.TimeoutExpired:
        raise FileRefused(REFUSALS["time"]) from None
    try:
        answer: dict[str, Any] = json.loads(done.stdout.decode() or "{}")
    except ValueError:
        answer = {}
    if done.returncode != 0 or not answer:
        raise FileRefused(REFUSALS["damaged"])
    if code := answer.get("refused"):
        raise FileRefused(REFUSALS.get(code, REFUSALS["damaged"]), what=answer.get("what", ""))
    return answer
