"""The three-party agreement of a placement as a Word document: the terms, who signed them and when, and the digest."""

from __future__ import annotations

from collections.abc import Sequence

from docx.document import Document
from flask import Response
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from trainmgr.enrolment.queries import college_name
from trainmgr.kernel.i18n import day as day_in_words
from trainmgr.kernel.i18n import moment, number
from trainmgr.kernel.word import add_table, new_document, send_document
from trainmgr.placements import labels
from trainmgr.placements.beginning import content_of
from trainmgr.placements.models import Placement, PlacementSignature, Signatory
from trainmgr.programs.models import Program
from trainmgr.programs.signing import digest_of

DUTIES = (
    _l("The school arranges the placement, sends a teacher who guides it, and looks after the trainee's rights."),
    _l("The enterprise gives the post as stated, a mentor, safety training, protection and the pay."),
    _l("The trainee keeps the rules of school and enterprise, and writes down what is done."),
)  # fmt: skip


def send_agreement(program: Program, placement: Placement, *, with_pay: bool) -> Response:
    """Hand out the agreement of a placement as it stands, with the signatures under these very terms."""
    signatures = [one for one in placement.signatures if one.number == placement.number]
    document = agreement_of(program, placement, signatures, with_pay=with_pay)
    return send_document(document, _("Placement agreement %(name)s", name=placement.enrolment.name))


def agreement_of(
    program: Program, placement: Placement, signatures: Sequence[PlacementSignature], *, with_pay: bool
) -> Document:
    """Return the agreement as a document; a signature under other words than these is told as such."""
    document = new_document(_("Three-party agreement on a placement"), program.name)
    document.add_heading(_("Parties"), 1)
    add_table(document, [_("Party"), _("Name")], _parties(placement), widths=(4, 13))
    document.add_heading(_("What is agreed"), 1)
    add_table(document, [_("Point"), _("Agreed")], _terms(placement, with_pay), widths=(4, 13))
    document.add_heading(_("Duties of the three"), 1)
    for duty in DUTIES:
        document.add_paragraph(str(duty), style="List Number")
    document.add_heading(_("Signatures"), 1)
    header = [_("Party"), _("Who signed"), _("When"), _("Digest of what was signed")]
    add_table(document, header, _signatures(placement, signatures), widths=(3, 4, 4, 6))
    document.add_paragraph(
        _(
            "The digest (SHA-256) is of trainee, enterprise, post, site, days and pay. "
            "It is the same for all three only if they signed the same words."
        )
    )
    document.add_paragraph(
        _("For a signature on paper: school ____________  enterprise ____________  trainee ____________")
    )
    return document


def _parties(placement: Placement) -> list[list[str]]:
    trainee = placement.enrolment
    who = [trainee.name, trainee.student_number, trainee.id_number_masked]
    return [
        [str(labels.SIGNATORIES[Signatory.SCHOOL]), college_name(trainee.college_id)],
        [str(labels.SIGNATORIES[Signatory.ENTERPRISE]), placement.post.organization.name],
        [str(labels.SIGNATORIES[Signatory.TRAINEE]), " · ".join(part for part in who if part)],
    ]


def _terms(placement: Placement, with_pay: bool) -> list[list[str]]:
    post, days = placement.post, (placement.starts_on, placement.ends_on)
    hours = [
        word
        for held, word in (
            (post.night, _("night shifts")),
            (post.overtime, _("overtime")),
            (post.rest_days, _("rest days")),
        )
        if held
    ]
    rows = [
        [_("Post"), post.name],
        [_("Site"), placement.site or post.site or "–"],
        [_("Period"), "–".join(day_in_words(day) for day in days)],
        [_("Hours of the post"), _(", ").join(hours) or _("by day, without overtime")],
        [_("Consent"), day_in_words(placement.consent_on) if placement.consent_on else "–"],
        [_("Insurance"), _insurance(placement)],
    ]
    if with_pay:
        amount = placement.pay_cents
        paid = "–" if amount is None else _("%(amount)s yuan", amount=number(amount / 100))
        rows.insert(3, [_("Pay a month"), paid])
    return rows


def _insurance(placement: Placement) -> str:
    if placement.insured_until is None:
        return placement.policy or "–"
    until = _("until %(day)s", day=day_in_words(placement.insured_until))
    return f"{until} {placement.policy}".strip()


def _signatures(placement: Placement, signatures: Sequence[PlacementSignature]) -> list[list[str]]:
    present = {one.signatory: one for one in signatures}
    right = digest_of(content_of(placement))
    rows = []
    for signatory in Signatory:
        one = present.get(signatory)
        if one is None:
            rows.append([str(labels.SIGNATORIES[signatory]), _("not signed yet"), "", ""])
            continue
        told = one.digest if one.digest == right else _("%(digest)s (of other words)", digest=one.digest)
        rows.append([str(labels.SIGNATORIES[signatory]), one.by_name, moment(one.signed_at), told])
    return rows
