"""Every place where a file comes in from outside: who may send one there, and what goes with it.

A form's field is named as `module.Form.field`, what reads a request's files by itself as `module.function`. A new field
takes a line here; `test_uploads.py` fails until it has one.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from tests.factories import TODAY
from tests.safety.mutations import Upload, picture, zip_of
from trainmgr.exchange.rules import HEADERS
from trainmgr.kernel.access import Role

DAY = TODAY.isoformat()
PDF = Upload(b"%PDF-1.7\n1 0 obj<</Type/Catalog>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF", "paper.pdf")
PHOTO = Upload(picture(), "photo.jpg")
SHEET = "table.xlsx"


@dataclass(frozen=True)
class Entrance:
    """Where a file is sent (an endpoint, its variables from the populated world), by whom, beside which fields.

    `good` is a file that is taken there: a value, or the endpoint that hands one out. `name` is what its field is
    called. `short` entrances read as another one of their family does: the suite sends them only what any kind of file
    is tried with. `taken` is the answer to the good file; `also` are fields that the same request reads.
    """

    key: str
    endpoint: str
    role: Role
    family: str
    good: Upload | str
    fields: Mapping[str, str] = field(default_factory=dict)
    name: str = "file"
    arguments: Mapping[str, Any] = field(default_factory=dict)
    short: bool = False
    also: tuple[str, ...] = ()
    taken: int = 302


ROSTER = Upload(
    zip_of(
        {
            "manifest.csv": b"propertyName,value\r\nmanifest.version,1.0\r\noneroster.version,1.2\r\n",
            "orgs.csv": ",".join(HEADERS["orgs"]).encode() + b"\r\n",
            "users.csv": ",".join(HEADERS["users"]).encode() + b"\r\n",
        }
    ),
    "roster.zip",
)

_YIELD = {
    "kind": "patent", "title": "夹具", "achieved_on": DAY, "ownership": "共有", "benefit": "各半",
    "shares-0-owner": "college", "shares-0-percent": "100",
}  # fmt: skip

ENTRANCES: tuple[Entrance, ...] = (
    Entrance(
        "enrolment.forms.UploadForm.file", "imports.upload_roster", Role.STAFF, "sheet", "imports.download_template",
        {"college": "{college}"},
    ),
    Entrance(
        "needs.forms.SheetForm.file", "needs.import_sheet", Role.STAFF, "sheet", "needs.download_template",
        arguments={"program_id": "{draft_program}"},
    ),
    Entrance(
        "standards.forms.SheetForm.file", "standards.import_sheet", Role.STAFF, "sheet", "standards.download_template",
        short=True,
    ),
    Entrance("bank.forms.ImportForm.file", "bank.start_import", Role.STAFF, "sheet", "bank.download_template",
             {"college_id": "{college}", "state": "draft"}, short=True),
    Entrance("faculty.sheet_views.SheetForm.file", "faculty.start_import", Role.STAFF, "sheet",
             "faculty.download_template", short=True),
    Entrance("placements.sheet_views.SheetForm.file", "placements.upload_sheet", Role.STAFF, "sheet",
             "placements.download_sheet_template", short=True),
    Entrance("certificates.forms.SheetForm.file", "certificates.upload_sheet", Role.STAFF, "sheet",
             "certificates.download_sheet_template", short=True),
    Entrance("attendance.sheet_views.take_sheet", "attendance.take_sheet", Role.SCHOOL_TEACHER, "sheet",
             "attendance.download_template", short=True),
    Entrance("practice.forms.uploads", "practice.submit_log", Role.TRAINEE, "picture", PHOTO,
             {"day": (TODAY - timedelta(days=1)).isoformat(), "hours": "1", "stage": "1", "task": "清点工具",
              "learned": "摆放有序", "client_key": "a" * 32,
              "competencies": "{competency}"}, name="photos"),
    Entrance("bank.forms.ItemForm.picture", "bank.create_item", Role.STAFF, "picture", PHOTO,
             {"kind": "true_false", "competency_id": "{standard_competency}", "difficulty": "medium", "points": "2",
              "stem": "断电后才能开柜。", "truth": "true"}, name="picture", short=True),
    Entrance("attendance.forms.LeaveForm.photo", "attendance.ask_for_leave", Role.TRAINEE, "picture", PHOTO,
             {"kind": "sick", "starts_on": DAY, "ends_on": DAY, "reason": "发烧"}, name="photo", short=True),
    Entrance("materials.forms.NewForm.file", "materials.enter_material", Role.STAFF, "document", PDF,
             {"title": "课件", "kind": "courseware", "language": "zh", "update_kind": "yearly"}),
    Entrance("materials.forms.VersionForm.file", "materials.publish_version", Role.STAFF, "document", PDF,
             {"share": "40", "changes": "换了图"}, short=True),
    Entrance("classes.forms.AnnouncementForm.file", "classes.announce", Role.STAFF, "document", PDF,
             {"title": "通知"}, short=True),
    Entrance("certificates.forms.ExternalForm.proof", "certificates.enter_external", Role.STAFF, "document", PDF,
             {"person": "{student_number}", "level": "senior", "name": "电工", "number": "ZJ 1", "issuer": "鉴定中心",
              "issued_on": "2026-06-30"}, name="proof", short=True),
    Entrance("contests.forms.AwardForm.proof", "contests.enter_award", Role.STAFF, "document", PDF,
             {"contest_name": "数控大赛", "level": "province", "grade": "first", "kind": "prize",
              "people": "{student_number}", "awarded_on": DAY}, name="proof", short=True),
    Entrance("benefits.forms.YieldForm.proof", "benefits.note_yield", Role.STAFF, "document", PDF, _YIELD,
             name="proof", short=True),
    Entrance("faculty.forms.QualificationForm.file", "faculty.add_qualification", Role.STAFF, "document", PDF,
             {"name": "技师证"}, short=True),
    Entrance("faculty.forms.StayForm.file", "faculty.enter_stay", Role.STAFF, "document", PDF,
             {"enterprise": "测试企业", "post": "装调", "starts_on": (TODAY - timedelta(days=9)).isoformat(),
              "ends_on": DAY}, short=True),
    Entrance("improvement.forms.ReportForm.file", "improvement.report_item", Role.SCHOOL_TEACHER, "document", PDF,
             {"note": "改了", "version": "{item_version}"}, short=True),
    Entrance("practice.gate_forms.ReportForm.file", "practice.report_remedial_task", Role.TRAINEE, "document", PDF,
             {"text": "补做了", "version": "{task_version}"}, short=True),
    Entrance("quality.maturity_views.save_score", "quality.save_score", Role.OUTSIDE_ASSESSOR, "document", PDF,
             {"level": "3", "note": "看过"}, also=("quality.maturity_forms.ScoreForm.file",), short=True),
    Entrance("pathways.forms.FileForm.file", "pathways.import_pathway", Role.STAFF, "toml",
             "pathways.download_pathway"),
    Entrance("standards.forms.FrameworkForm.file", "standards.import_framework", Role.STAFF, "framework",
             "standards.export_framework", {"college_id": "{college}", "enterprise_id": "0"}),
    Entrance("reporting.forms.TemplateForm.file", "reporting.set_template", Role.STAFF, "word",
             "reporting.download_starter"),
    Entrance("exchange.roster_views.upload_roster", "exchange.upload_roster", Role.ADMINISTRATOR, "roster", ROSTER,
             name="files"),
    Entrance("reporting.forms.CheckForm.file", "reporting.check_pack", Role.STAFF, "pack",
             Upload(zip_of({"a.txt": b"a", "manifest.json": b'{"format": 1}', "SHA256SUMS": b""}), "pack.zip"),
             taken=200),
    Entrance("employment.forms.CheckForm.file", "employment.check_record", Role.ENTERPRISE_COORDINATOR, "record",
             Upload(zip_of({"record.json": b'{"format": 1}'}), "record.zip"), taken=404),
)  # fmt: skip
BY_KEY = {entrance.key: entrance for entrance in ENTRANCES}
