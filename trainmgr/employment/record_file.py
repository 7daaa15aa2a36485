"""The files of a record: the JSON for machines, the PDF for people, a signature of each, and how to check them."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from flask_babel import gettext as _

from trainmgr.employment import labels
from trainmgr.kernel import signing
from trainmgr.kernel.pdf import Paper

JSON_NAME, PDF_NAME = "record.json", "record.pdf"
ENDING = ".jws"
README = """培养档案 / Training record

record.json   机器可读的档案            the record for machines
record.pdf    同一内容，供阅读和打印    the same for people
*.jws         两个文件的签名            the signature of each file

核验：在 {address} 上传任一文件，或输入 PDF 上的核验码。
To check: upload any of the files at {address}, or type the code on the PDF.
签名为分离式 JWS（RFC 7515 附录 F，RS256），公钥见 {keys}。
The signatures are detached JWS (RFC 7515, appendix F, RS256); the public keys stand at {keys}.
"""


@dataclass(frozen=True)
class Made:
    """The finished files of one record."""

    document: str
    signature: str
    pdf: bytes
    archive: bytes


def make(document: dict[str, Any], *, address: str, keys: str) -> Made:
    """Write the files of a record and sign them; `address` is where they are checked, `keys` where the keys stand."""
    text = json.dumps(document, ensure_ascii=False, indent=1, sort_keys=False)
    pdf = paper_of(document, address).to_bytes()
    signature = signing.sign_file(text.encode())
    files = (
        (JSON_NAME, text.encode()),
        (JSON_NAME + ENDING, signature.encode()),
        (PDF_NAME, pdf),
        (PDF_NAME + ENDING, signing.sign_file(pdf).encode()),
        ("README.txt", README.format(address=address.partition("?")[0], keys=keys).encode()),
    )
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files:
            archive.writestr(name, data)
    return Made(text, signature, pdf, out.getvalue())


def paper_of(document: dict[str, Any], address: str) -> Paper:
    """Set the record as a PDF; its QR code leads to the check."""
    person, programme = document["person"], document["programme"]
    paper = Paper(_("Training record of %(name)s", name=person["name"]))
    paper.leaf(
        f"{document['issuer']['name']} · {programme['name']}",
        _("Check: %(code)s", code=document["code"]),
    )
    top = paper.y
    room = paper.qr(address, _("Check this record"), size=32)
    paper.title(_("Training record of %(name)s", name=person["name"]), beside=room + 32)
    paper.facts(_facts(document), beside=room + 32)
    paper.down_to(top, 40)
    _hours(paper, document)
    _ratings(paper, document["ratings"], document["decision"])
    _list(paper, _("Certificates"), [_certificate(one) for one in document["certificates"]])
    _list(paper, _("Awards"), [_award(one) for one in document["awards"]])
    paper.paragraph(
        _(
            "Handed to %(firm)s with the consent of %(name)s. The signature covers this file; the check page says"
            " whether it is unchanged.",
            firm=document["recipient"]["name"],
            name=person["name"],
        )
    )
    return paper


def _facts(document: dict[str, Any]) -> list[tuple[str, str]]:
    person, programme, training = document["person"], document["programme"], document["training"]
    pairs = [
        (_("Student number"), person["student_number"]),
        (_("Employee number"), person["employee_number"]),
        (_("Programme"), programme["name"]),
        (_("Class"), training["class"]),
        (_("Post"), training["post"]),
        (_("Period"), _between(programme["starts_on"], programme["ends_on"])),
        (_("Issued"), document["issued_at"][:10]),
        (_("Check code"), document["code"]),
    ]
    return [(name, value) for name, value in pairs if value]


def _between(first: str | None, last: str | None) -> str:
    return f"{first or ''} – {last or ''}" if first or last else ""


def _hours(paper: Paper, document: dict[str, Any]) -> None:
    hours, logs, attendance = document["hours"], document["logs"], document["attendance"]
    paper.heading(_("Hours, logs, attendance"))
    rows = [
        [_("Planned"), f"{hours['planned']:g} h"],
        [_("Verified by mentors"), f"{hours['verified']:g} h"],
        [_("Signed logs"), _log_text(logs)],
    ]
    if hours["recognised"]:
        rows.insert(1, [_("Recognised from before"), f"{hours['recognised']:g} h"])
    if attendance:
        rows.append(
            [
                _("Attendance"),
                _(
                    "present %(present)s, late %(late)s, excused %(excused)s, absent %(absent)s",
                    **attendance,
                ),
            ]
        )
    if document["stages"]:
        passed = [str(one["stage"]) for one in document["stages"] if one["outcome"] == "passed"]
        rows.append([_("Stage gates passed"), ", ".join(passed) or "–"])
    paper.table([_("What"), _("How much")], rows, [1, 2])


def _log_text(logs: dict[str, Any]) -> str:
    text = f"{logs['signed']} · {logs['hours']:g} h"
    return f"{text} · {_between(logs['first'], logs['last'])}" if logs["signed"] else text


def _ratings(paper: Paper, ratings: Sequence[dict[str, Any]], decision: dict[str, Any] | None) -> None:
    paper.heading(_("Ratings out of 100"))
    if not ratings:
        paper.paragraph(_("None."))
    else:
        header = [_("Evaluation"), _("Trainee"), _("Enterprise"), _("Teacher"), _("Composite")]
        rows = [
            [
                one["name"],
                *(_mark(one[key]) for key in ("trainee", "enterprise", "teacher")),
                _mark(one["composite"]) + (f" ({_('provisional')})" if one["provisional"] else ""),
            ]
            for one in ratings
        ]
        paper.table(header, rows, [3, 1, 1, 1, 2])
    if decision:
        paper.paragraph(_("Passed") if decision["passed"] else _("Not passed"))


def _mark(value: float | None) -> str:
    return "–" if value is None else f"{value:g}"


def _list(paper: Paper, heading: str, lines: Sequence[str]) -> None:
    paper.heading(heading)
    if lines:
        paper.listed(lines)
    else:
        paper.paragraph(_("None."))


def _certificate(one: dict[str, Any]) -> str:
    parts = [
        one["name"],
        labels.certificate_level(one["level"]),
        one["number"],
        one["issuer"],
        one["issued_on"],
    ]
    return " · ".join(part for part in parts if part)


def _award(one: dict[str, Any]) -> str:
    parts = [one["name"], labels.award_level(one["kind"], one["level"], one["grade"]), one["awarded_on"]]
    return " · ".join(part for part in parts if part)
