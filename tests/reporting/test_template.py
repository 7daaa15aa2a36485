"""A college's own template: filled where it asks for fields, refused where it asks for anything else."""

import io
import zipfile

import pytest
from docx import Document

from tests.reporting.conftest import words_of
from tests.reporting.test_annual import yearbook  # noqa: F401  a fixture
from trainmgr.kernel.sheets.refusals import FileRefused
from trainmgr.reporting import template_child, templating
from trainmgr.reporting.models import AnnualReport, ReportTemplate
from trainmgr.reporting.template_child import Fields, Refused, environment

CODES = ["pass_rate", "trainees"]
SHAPE = templating.shape_of(CODES)


def template(*paragraphs, header=""):
    document = Document()
    for text in paragraphs:
        document.add_paragraph(text)
    if header:
        document.sections[0].header.paragraphs[0].text = header
    out = io.BytesIO()
    document.save(out)
    return out.getvalue()


def look(source):
    fields = Fields(SHAPE)
    fields.walk(environment().parse(source), {})
    return {path for path, known in fields.found.items() if not known}


HOSTILE = [
    "{{ ''.__class__.__mro__[1].__subclasses__() }}",
    "{{ college.__class__ }}",
    "{{ college|attr('__class__') }}",
    "{{ self._TemplateReference__context }}",
    "{{ cycler.__init__.__globals__.os.popen('id').read() }}",
    "{{ lipsum.__globals__ }}",
    "{{ college.upper() }}",
    "{{ 'a' * 1000000000 }}",
    "{{ 9 ** 9 ** 9 }}",
    "{{ college['__class__'] }}",
    "{{ table['score' ~ 'card'] }}",
    "{% for a in range(1000000000) %}{{ a }}{% endfor %}",
    "{% include 'x' %}",
    "{% import 'x' as y %}",
    "{% extends 'x' %}",
    "{% macro f() %}{% endmacro %}",
    "{% set x = 1 %}",
    "{% call f() %}{% endcall %}",
    "{% filter upper %}x{% endfilter %}",
    "{{ college|safe }}",
    "{{ college|format(1) }}",
    "{{ cases|map(attribute='__class__')|list }}",
    "{% for a, b in table %}{{ a }}{% endfor %}",
    "{% for row in table.scorecard recursive %}{{ loop(row) }}{% endfor %}",
]


@pytest.mark.parametrize("source", HOSTILE)
def test_nothing_but_fields_loops_and_conditions_may_stand_in_braces(source):
    from jinja2 import TemplateError

    with pytest.raises((Refused, TemplateError)):
        look(source)


@pytest.mark.parametrize(
    ("source", "unknown"),
    [
        ("{{ college }} {{ year }}", set()),
        ("{{ figure.pass_rate.value }}", set()),
        ("{{ figure['pass_rate'].value }}", set()),
        ("{{ figure.nonsense.value }}", {"figure.nonsense.value"}),
        ("{{ colege }}", {"colege"}),
        (
            "{% for row in table.scorecard %}{{ row.name }}{{ row.valeu }}{{ loop.index }}{% endfor %}",
            {"row.valeu"},
        ),
        ("{% for row in table.nothing %}{{ row.name }}{% endfor %}", {"table.nothing", "row.name"}),
        (
            "{% if text.talent %}{{ text.talent|upper }}{% else %}{{ text.tallent }}{% endif %}",
            {"text.tallent"},
        ),
        ("{{ chapter.talent if year == '2026' else chapter.annex }}", set()),
    ],
)
def test_fields_that_no_report_fills_are_named(source, unknown):
    assert look(source) == unknown


def test_a_template_is_looked_through_by_a_child_header_and_all():
    found = templating.look_through(
        template(
            "{{ college }}", "{% for row in table.service %}{{ row.name }}{% endfor %}", header="{{ yaer }}"
        ),
        CODES,
    )

    assert found["unknown"] == ["yaer"]
    assert {"college", "table.service", "row.name"} <= set(found["fields"])
    with pytest.raises(FileRefused) as refused:
        templating.look_through(template("ok", header="{{ college.__class__ }}"), CODES)
    assert "__class__" in refused.value.params["what"]


def altered(data, change):
    source, out = zipfile.ZipFile(io.BytesIO(data)), io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as target:
        for name in source.namelist():
            target.writestr(name, change(name, source.read(name)))
        change(None, target)
    return out.getvalue()


def entity(name, content):
    if name == "word/document.xml":
        return content.replace(b"<w:document", b'<!DOCTYPE x [<!ENTITY e "e">]><w:document', 1)
    return content


def outside(name, content):
    if name == "word/_rels/document.xml.rels":
        link = (
            b'<Relationship Id="rIdX" TargetMode="External" Target="http://10.0.0.1/x.png" Type="http://schemas'
            b'.openxmlformats.org/officeDocument/2006/relationships/image"/></Relationships>'
        )
        return content.replace(b"</Relationships>", link)
    return content


def bomb(name, content):
    if name is None:
        content.writestr("word/media/x.xml", b"\0" * (3 * 1024**2))
    return content


def macros(name, content):
    if name is None:
        content.writestr("word/vbaProject.bin", b"x")
    return content


@pytest.mark.parametrize(
    ("change", "code"),
    [(entity, "entities"), (outside, "outside"), (bomb, "large"), (macros, "programs")],
)
def test_files_that_lead_elsewhere_or_unpack_to_too_much_are_refused(change, code, tmp_path, monkeypatch):
    monkeypatch.setattr(template_child, "MOST_UNPACKED", 2 * 1024**2)
    path = tmp_path / "template.docx"
    path.write_bytes(altered(template("{{ college }}"), change))

    with pytest.raises(Refused) as refused:
        template_child.look_at_parts(str(path))
    assert refused.value.code == code
    assert code in templating.REFUSALS


def upload(book, data, name="ours.docx"):
    return book.staff.post(
        f"/colleges/{book.college_id}/report-template", data={"file": (io.BytesIO(data), name)}
    )


def test_the_college_s_own_template_replaces_ours(yearbook):  # noqa: F811
    yearbook.text("talent", "教学<b>成果</b>与{{ 7*7 }}。")
    ours = template(
        "{{ college }}·{{ year }}",
        "{{ chapter.talent }}",
        "末尾 {{ figure.trainees.value }} {{ figure.x.value }}",
    )
    assert upload(yearbook, ours).status_code == 302

    yearbook.write()
    data = yearbook.file()

    words = words_of(data)
    assert words.startswith("测试学院·2026")
    assert "教学<b>成果</b>与{{ 7*7 }}。" in words  # what people write is text, whatever stands in it
    assert "项目、学时与培训人次" in words
    assert "末尾 2" in words
    assert "高等职业教育质量年度报告" not in words
    assert any("charts/" in name for name in zipfile.ZipFile(io.BytesIO(data)).namelist())
    (report,) = yearbook.closing.rows(AnnualReport)
    assert report.template_number == 1
    page = yearbook.staff.get(f"/colleges/{yearbook.college_id}/report-template").get_data(as_text=True)
    assert "figure.x.value" in page


def test_a_hostile_template_is_refused_with_a_sentence_and_the_present_one_stays(yearbook):  # noqa: F811
    upload(yearbook, template("{{ college }}"))

    answer = upload(yearbook, template("{{ college.__class__ }}"))

    assert answer.status_code == 422
    assert "college.__class__" in answer.get_data(as_text=True)
    assert [one.is_present for one in yearbook.closing.rows(ReportTemplate)] == [True]


@pytest.mark.once
def test_one_goes_back_to_our_own_form(yearbook):  # noqa: F811
    upload(yearbook, template("{{ college }}"))
    yearbook.staff.post(f"/colleges/{yearbook.college_id}/report-template/drop")
    yearbook.write()

    assert "高等职业教育质量年度报告" in words_of(yearbook.file())


@pytest.mark.once
def test_the_template_to_begin_with_is_taken_and_leaves_nothing_unknown(yearbook):  # noqa: F811
    with yearbook.staff.get(f"/colleges/{yearbook.college_id}/report-template/start.docx") as answer:
        data = answer.data

    assert upload(yearbook, data).status_code == 302
    (kept,) = yearbook.closing.rows(ReportTemplate)
    assert kept.unknown == []


@pytest.mark.once
@pytest.mark.parametrize(
    ("data", "name"), [(b"", "a.docx"), (b"no zip", "a.docx"), (b"PK", "a.docx"), (b"x", "a.txt")]
)
def test_what_is_no_word_document_is_refused_at_the_field(yearbook, data, name):  # noqa: F811
    assert upload(yearbook, data, name).status_code == 422
