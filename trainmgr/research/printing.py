"""A study as a Word document."""

from __future__ import annotations

from flask import Response
from flask_babel import gettext as _

from trainmgr.kernel.i18n import number
from trainmgr.kernel.word import add_table, new_document, send_document
from trainmgr.research import labels
from trainmgr.research.presenting import StudyView


def send_study(view: StudyView) -> Response:
    """Answer with a study: question, evidence, matrix, decision."""
    study = view.study
    document = new_document(_("Study of the major “%(major)s”", major=study.major), study.college.name)
    document.add_paragraph(study.question)
    document.add_heading(_("Evidence"), level=1)
    header = [_("Kind"), _("Finding"), _("Figure"), _("Source"), _("Year")]
    rows = [
        [
            labels.KINDS[one.kind],
            one.finding,
            "" if one.figure is None else f"{number(float(one.figure))} {one.unit}".strip(),
            one.source,
            one.year,
        ]
        for one in view.evidence
    ]
    add_table(document, header, rows, numeric=(2, 4))
    if view.coverage:
        document.add_heading(_("Competency matrix"), level=1)
        header = [_("Post"), _("Competency"), _("Required level"), _("Hours in the plan")]
        matrix = [[one.post, one.name, number(one.required_level), one.hours or "–"] for one in view.coverage]
        add_table(document, header, matrix, numeric=(2, 3))
    document.add_heading(_("Decision"), level=1)
    if study.decision is None:
        document.add_paragraph(_("Not decided yet."))
    else:
        document.add_paragraph(str(labels.DECISIONS[study.decision]))
        document.add_paragraph(study.reason)
        if study.decided_by and study.decided_at:
            document.add_paragraph(f"{study.decided_by.name}  {study.decided_at:%Y-%m-%d}")
    return send_document(document, _("Study of %(major)s", major=study.major))
