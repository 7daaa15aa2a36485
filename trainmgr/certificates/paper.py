"""A certificate of completion as a PDF in Chinese and English, with the QR code of the public check."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from flask_babel import force_locale
from flask_babel import gettext as _
from fpdf.enums import WrapMode

from trainmgr.certificates.models import Certificate
from trainmgr.kernel.hours import ledger_hours
from trainmgr.kernel.i18n import day, hours, language
from trainmgr.kernel.pdf import Font, Paper, font_for

WIDTH, HEIGHT, EDGE = 297.0, 210.0, 9.0  # A4 lying, mm
SIDE = 34.0
LONG_NAME = 14  # letters from which on the name is set smaller


def paper_of(certificate: Certificate, font: Font | None = None) -> bytes:
    """Return a certificate as a PDF of one page."""
    paper = Paper(f"{certificate.serial} {certificate.holder_name}", font)
    _draw(paper, certificate)
    out = io.BytesIO()
    paper.pdf.output(out)
    return out.getvalue()


@contextmanager
def printer(certificates: Sequence[Certificate]) -> Iterator[Callable[[Certificate], bytes]]:
    """Give a function that makes many certificates quickly: they share a font with only their letters."""
    with font_for("".join(map(_letters, certificates))) as font:
        yield lambda certificate: paper_of(certificate, font)


def _letters(certificate: Certificate) -> str:
    parts = [certificate.full_code, certificate.serial, certificate.check_address, "0123456789/·"]
    for tongue in ("zh", "en"):
        with force_locale(tongue):
            parts += [_title(), _sentence(certificate), certificate.holder_name, *_foot(certificate)]
    return "".join(parts)


def _draw(paper: Paper, certificate: Certificate) -> None:
    pdf = paper.pdf
    pdf.set_auto_page_break(False)
    pdf.set_margins(SIDE, 20, SIDE)
    pdf.add_page(orientation="landscape")
    for inset, width in ((EDGE, 0.8), (EDGE + 2, 0.2)):
        pdf.set_line_width(width)
        pdf.rect(inset, inset, WIDTH - 2 * inset, HEIGHT - 2 * inset)
    pdf.set_line_width(0.2)
    with force_locale("zh"):
        _line(paper, _title(), 30, 26, bold=True)
    with force_locale("en"):
        _line(paper, _title(), 12, 43)
    name = certificate.holder_name
    _line(paper, name, 24 if len(name) <= LONG_NAME else 14, 57, bold=True)
    pdf.set_xy(SIDE, 80)
    for tongue, size, height in (("zh", 13.5, 8.4), ("en", 9.5, 5.4)):
        with force_locale(tongue):
            _paragraph(paper, _sentence(certificate), size, height)
            pdf.set_y(pdf.get_y() + 3)
    _close(paper, certificate)


def _close(paper: Paper, certificate: Certificate) -> None:
    """Set who issued it and when at the left, the code of the check at the right."""
    pdf = paper.pdf
    for place, tongue in enumerate(("zh", "en")):
        with force_locale(tongue):
            for row, text in enumerate(_foot(certificate)):
                with paper.ink(10 if tongue == "zh" else 8, grey=tongue == "en"):
                    pdf.set_xy(SIDE, 152 + row * 11 + place * 5)
                    pdf.cell(150, 5, text)
    pdf.set_xy(SIDE, 146)
    paper.qr(certificate.check_address, certificate.full_code, size=34)


def _line(paper: Paper, text: str, size: float, top: float, *, bold: bool = False) -> None:
    pdf = paper.pdf
    with paper.ink(size, bold=bold):
        pdf.set_xy(SIDE, top)
        pdf.multi_cell(
            pdf.epw, size * 0.5, text, align="C", wrapmode=WrapMode.CHAR, new_x="LMARGIN", new_y="NEXT"
        )


def _paragraph(paper: Paper, text: str, size: float, height: float) -> None:
    pdf = paper.pdf
    english = language() == "en"  # Chinese may break anywhere
    with paper.ink(size):
        pdf.set_x(SIDE)
        how = WrapMode.WORD if english else WrapMode.CHAR
        pdf.multi_cell(pdf.epw, height, text, align="L", wrapmode=how, new_x="LMARGIN", new_y="NEXT")


def _title() -> str:
    return _("Certificate of Completion")


def _sentence(one: Certificate) -> str:
    english = language() == "en"
    return (" " if english else "").join(_parts(one, english))


def _parts(one: Certificate, english: bool) -> list[str]:
    """Return the sentence piece by piece, as far as the records hold it."""
    first, last = day(one.starts_on), day(one.ends_on)
    program = _in(english, one.program_name, one.program_name_en)
    college = _in(english, one.college_name, one.college_name_en)
    house = _in(english, one.enterprise_name, one.enterprise_name_en)
    parts = [_("%(name)s took part", name=one.holder_name)]
    if one.starts_on and one.ends_on:
        parts.append(_("from %(first)s to %(last)s", first=first, last=last))
    if house:
        parts.append(
            _("in “%(program)s”, a training programme of %(college)s with %(enterprise)s,",
              program=program, college=college, enterprise=house)
        )  # fmt: skip
    else:
        parts.append(
            _("in “%(program)s”, a training programme of %(college)s,", program=program, college=college)
        )
    if one.minutes:
        parts.append(_("completed %(hours)s hours of practice", hours=hours(ledger_hours(one.minutes))))
    return [*parts, _("and passed its evaluation.")]


def _in(english: bool, name: str, name_en: str) -> str:
    return (name_en or name) if english else name


def _foot(one: Certificate) -> list[str]:
    college = _in(language() == "en", one.college_name, one.college_name_en)
    return [
        _("Certificate number: %(serial)s", serial=one.serial),
        _("Issued by: %(college)s", college=college),
        _("Issued on: %(day)s", day=day(one.issued_on)),
    ]
