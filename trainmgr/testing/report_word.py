"""Reports as Word documents: a group's common weaknesses, one person's strengths and gaps."""

from __future__ import annotations

from typing import Any

from docx.document import Document
from flask_babel import gettext as _
from flask_babel import ngettext

from trainmgr.kernel import word
from trainmgr.kernel.i18n import day, moment, number, percent
from trainmgr.programs.models import Program
from trainmgr.testing import report_labels
from trainmgr.testing.asked import Line
from trainmgr.testing.gain_page import Gain
from trainmgr.testing.labels import PURPOSES
from trainmgr.testing.models import Sitting
from trainmgr.testing.report_labels import STANDINGS, VERDICTS
from trainmgr.testing.report_page import By, PersonReport, Report
from trainmgr.testing.reporting import Pairs, Share

MOST_ROWS = 400  # of a comparison in one document; the workbook holds all


def _subtitle(program: Program, sitting: Sitting) -> str:
    parts = [program.label, sitting.name, PURPOSES[sitting.purpose], day(sitting.closes_at)]
    return " · ".join(str(part) for part in parts)


def group_document(report: Report) -> Document:
    """Return the report on a group: result, common weaknesses with their intervals, classes side by side."""
    document = word.new_document(
        _("Test report: %(about)s", about=report_labels.about(report)),
        _subtitle(report.program, report.sitting),
    )
    _result(document, report)
    document.add_heading(_("Common weaknesses"), 1)
    _weaknesses(document, report)
    for by, title in ((By.ENTERPRISE, _("Enterprises side by side")), (By.CLASS, _("Classes side by side"))):
        columns = report.columns(by)
        if len(columns) > 1:
            document.add_heading(title, 1)
            _side_by_side(document, report, columns)
    return document


def _result(document: Document, report: Report) -> None:
    totals = report.totals
    passed = Share(totals.passed, totals.took)
    told = _(
        "%(passed)s of %(took)s (%(share)s)",
        passed=totals.passed,
        took=totals.took,
        share=percent(passed.value, 1),
    )
    if totals.undecided:
        told += _("; ") + ngettext("%(num)d waits for marks", "%(num)d wait for marks", totals.undecided)
    else:
        told += _("; ") + _("confidence interval %(interval)s", interval=report_labels.interval(passed))
    rows = [
        (_("Took the test"), _("%(took)s of %(people)s", took=totals.took, people=totals.people)),
        (_("Passed"), told),
        (_("Mean share of points"), percent(totals.mean_share, 1)),
        (_("To pass"), f"{report.version.pass_percent}%"),
    ]
    if totals.waiting:
        rows.append((_("Answers that wait for a mark"), number(totals.waiting)))
    word.add_table(document, (_("Result"), ""), rows, widths=(5, 12))


def _weaknesses(document: Document, report: Report) -> None:
    rows = [
        (
            place,
            line.label,
            number(group.required, 1),
            number(group.mean_level, 2),
            *_below(group.below),
        )
        for place, (line, group) in enumerate(report.weaknesses, start=1)
    ]
    header = (
        "#", _("Competency"), _("Required level"), _("Mean level"), _("Below"), _("Share below"),
        _("Confidence interval"),
    )  # fmt: skip
    word.add_table(document, header, rows, numeric=(2, 3, 4, 5), widths=(0.8, 5, 1.8, 1.8, 2, 2, 3.6))
    document.add_paragraph(report_labels.how_it_is_read())


def _below(share: Share | None) -> tuple[str, str, str]:
    if share is None or not share.n:
        return "–", "–", "–"
    few = f" ({_('few')})" if share.is_small else ""
    return f"{share.count} / {share.n}{few}", percent(share.value, 1), report_labels.interval(share)


def _side_by_side(document: Document, report: Report, columns: Any) -> None:
    rows = []
    for column in columns:
        ranked = sorted(
            (line for line in report.lines if column.groups[line.id].below),
            key=lambda line: -(column.groups[line.id].below.value or 0),
        )
        weakest = [
            f"{line.label} {percent(column.groups[line.id].below.value, 1, 0)}"
            for line in ranked[:3]
            if column.groups[line.id].below.count
        ]
        heads = column.heads
        rows.append(
            (
                column.label, f"{heads.took} / {heads.people}", percent(heads.mean_share, 1),
                f"{heads.passed} / {heads.took}", _(", ").join(weakest) or "–",
            )
        )  # fmt: skip
    header = (_("Name"), _("Took the test"), _("Mean share of points"), _("Passed"), _("Most people below"))
    word.add_table(document, header, rows[:MOST_ROWS], numeric=(1, 2, 3), widths=(3.4, 2, 2.2, 2, 7.4))


# --- one person -------------------------------------------------------------------------------------


def person_document(person: PersonReport, program: Program) -> Document:
    """Return one person's report: result, strengths and gaps, every competency."""
    participant, sitting = person.participant, person.sitting
    document = word.new_document(
        _("Test report: %(about)s", about=participant.name), _subtitle(program, sitting)
    )
    _facts(document, person)
    if person.attempt is None:
        document.add_paragraph(_("%(name)s did not take this test.", name=participant.name))
        return document
    for title, rows, none in (
        (_("Gaps"), person.gaps, _("No competency is below what the post requires.")),
        (_("Strengths"), person.strengths, _("No competency is a level above what the post requires.")),
    ):
        document.add_heading(title, 1)
        if not rows:
            document.add_paragraph(none)
        for row in rows:
            document.add_paragraph(
                _(
                    "%(name)s: level %(level)s, required %(required)s",
                    name=row.line.label, level=row.score.level if row.score else "–",
                    required=number(row.line.required, 1),
                ),
                style="List Bullet",
            )  # fmt: skip
    document.add_heading(_("All competencies"), 1)
    _competencies(document, person)
    return document


def _facts(document: Document, person: PersonReport) -> None:
    participant, attempt = person.participant, person.attempt
    enterprise = participant.enterprise.name if participant.enterprise else ""
    facts = [
        (_("Number"), participant.number),
        (_("Class"), participant.cohort_name),
        (_("Post"), participant.post),
        (_("Enterprise"), enterprise),
    ]
    if attempt is not None:
        points = f"{number(float(attempt.points))} / {number(float(attempt.possible))}"
        facts += [
            (_("Handed in"), moment(attempt.ended_at)),
            (_("Points"), f"{points} ({percent(float(attempt.points), float(attempt.possible))})"),
        ]
    facts.append((_("Result"), str(VERDICTS[person.verdict])))
    if attempt is not None and attempt.waiting:
        waits = ngettext(
            "%(num)d answer waits for a mark", "%(num)d answers wait for a mark", attempt.waiting
        )
        facts.append((_("Still open"), waits))
    word.add_table(document, (participant.name, ""), [fact for fact in facts if fact[1]], widths=(4, 13))


def _competencies(document: Document, person: PersonReport) -> None:
    rows = [
        (
            row.line.label,
            row.line.post,
            f"{number(float(row.score.points))} / {number(float(row.score.possible))}" if row.score else "–",
            percent(float(row.score.points), float(row.score.possible)) if row.score else "–",
            row.score.level if row.score else "–",
            number(row.line.required, 1),
            str(STANDINGS[row.standing]),
        )
        for row in person.ordered
    ]
    header = (
        _("Competency"), _("Post"), _("Points"), _("Share of points"), _("Level reached"), _("Required level"),
        _("Standing"),
    )  # fmt: skip
    word.add_table(document, header, rows, numeric=(2, 3, 4, 5), widths=(4, 3.2, 2, 1.8, 1.4, 1.8, 2.8))


# --- gain -------------------------------------------------------------------------------------------


def gain_document(gain: Gain) -> Document:
    """Return the gain of a group: each competency before and after, and what is not closed."""
    series = gain.series
    document = word.new_document(
        _("Gain: %(about)s", about=gain.program.label),
        _("%(name)s, version %(number)s", name=series.name, number=series.number),
        landscape=True,
    )
    whole = gain.whole
    facts = [
        (_("People measured twice"), number(gain.people)),
        (
            _("Mean share of points"),
            f"{percent(whole.share_before, 1)} → {percent(whole.share_after, 1)}",
        ),
        (_("Normalised gain"), _gain_text(whole)),
    ]
    word.add_table(document, (_("All competencies together"), ""), facts, widths=(7, 18))
    document.add_heading(_("Each competency"), 1)
    header = (
        _("Competency"), _("Measured"), _("Share before"), _("Share after"), _("Normalised gain"), _("Effect (d)"),
        _("Level before"), _("Level after"), _("Required level"), _("Below before"), _("Below after"),
    )  # fmt: skip
    rows = [_gain_row(line, pairs) for line, pairs in gain.rows]
    word.add_table(
        document,
        header,
        rows,
        numeric=range(1, 11),
        widths=(4.6, 1.4, 2, 2, 2.6, 1.8, 1.8, 1.8, 1.8, 2.6, 2.6),
    )
    document.add_paragraph(report_labels.how_gain_is_read())
    document.add_heading(_("Not closed"), 1)
    for line, pairs in gain.still_open:
        document.add_paragraph(report_labels.open_text(line, pairs), style="List Bullet")
    if not gain.still_open:
        document.add_paragraph(report_labels.all_closed())
    return document


def _gain_text(pairs: Pairs) -> str:
    if pairs.gain is None or pairs.band is None:
        return _("undefined")
    return f"{number(pairs.gain, 2)} ({report_labels.BANDS[pairs.band]})"


def _gain_row(line: Line, pairs: Pairs) -> tuple[Any, ...]:
    few = f" ({_('few')})" if pairs.is_small else ""
    return (
        line.label, f"{pairs.n}{few}", percent(pairs.share_before, 1), percent(pairs.share_after, 1),
        _gain_text(pairs), number(pairs.effect, 2), number(pairs.level_before, 2), number(pairs.level_after, 2),
        number(line.required, 1), *(_count_text(share) for share in (pairs.below_before, pairs.below_after)),
    )  # fmt: skip


def _count_text(share: Share | None) -> str:
    return f"{share.count} / {share.n} ({percent(share.value, 1, 0)})" if share else "–"
