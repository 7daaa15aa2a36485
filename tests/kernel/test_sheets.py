import base64
import csv
import io
import os
import subprocess
import sys
import tracemalloc
import zipfile
import zlib
from datetime import date, datetime
from xml.etree import ElementTree

import pytest
import xlsxwriter
from flask import Flask
from flask_babel import Babel, force_locale

from trainmgr.kernel import sheets
from trainmgr.kernel.sheets import Column, Kind, SheetLimits, SheetRefused, child, reader

COLUMNS = [
    Column("name", "Name", ("姓名",), required=True, example="Li Na"),
    Column("number", "Student number", ("学号", "学籍号"), required=True, example="20260001"),
    Column("born", "Born", ("出生日期",), kind=Kind.DATE),
    Column("score", "Score", ("成绩",), kind=Kind.NUMBER),
    Column("sex", "Sex", ("性别",), kind=Kind.CHOICE, choices={"f": "female", "m": "male"}),
]


@pytest.fixture(autouse=True)
def language():
    """Sentences in English, so that a test can read them."""
    app = Flask("sheets")
    app.config["TIMEZONE"] = "Asia/Shanghai"
    Babel(app, default_locale="en")
    with app.test_request_context(), force_locale("en"):
        yield app


def workbook(rows, *, formats=None, sheet="Sheet1", hidden=None):
    """An .xlsx as people make it, rows of plain Python values."""
    out = io.BytesIO()
    with xlsxwriter.Workbook(out, {"in_memory": True, "strings_to_formulas": False}) as book:
        if hidden is not None:
            first = book.add_worksheet("hidden")
            first.write(0, 0, hidden)
        page = book.add_worksheet(sheet)
        if hidden is not None:
            page.activate()
            first.hide()
        kinds = {name: book.add_format({"num_format": code}) for name, code in (formats or {}).items()}
        for line, row in enumerate(rows):
            for place, cell in enumerate(row):
                if isinstance(cell, datetime):
                    page.write_datetime(line, place, cell, kinds["moment"])
                elif isinstance(cell, date):
                    page.write_datetime(line, place, cell, kinds["day"])
                elif cell is not None:
                    page.write(line, place, cell)
    return out.getvalue()


def cells_of(data):
    """What a workbook of ours holds, read back by our own reader."""
    return sheets.read_sheet(data, filename="out.xlsx")


def package(cells, extra=()):
    """A minimal .xlsx around raw rows of XML."""
    relation = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
    package_relations = "http://schemas.openxmlformats.org/package/2006/relationships"
    main = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
    parts = {
        "[Content_Types].xml": '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">'
        '<Default Extension="xml" ContentType="application/xml"/></Types>',
        "_rels/.rels": f'<Relationships xmlns="{package_relations}">'
        f'<Relationship Id="r1" Type="{relation}/officeDocument" Target="xl/workbook.xml"/></Relationships>',
        "xl/workbook.xml": f'<workbook xmlns="{main}" xmlns:r="{relation}">'
        '<sheets><sheet name="S" sheetId="1" r:id="r1"/></sheets></workbook>',
        "xl/_rels/workbook.xml.rels": f'<Relationships xmlns="{package_relations}">'
        f'<Relationship Id="r1" Type="{relation}/worksheet" Target="worksheets/sheet1.xml"/></Relationships>',
        "xl/worksheets/sheet1.xml": f'<worksheet xmlns="{main}"><sheetData>{cells}</sheetData></worksheet>',
        **dict(extra),
    }
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    return out.getvalue()


# A workbook as Excel 97 to 2003 wrote it (BIFF8): 名册 with C2:D3 … merged, and a hidden 旧名单; zlib, base 85.
OLD_EXCEL = (
    "c-rk)T}V_x6h1Te?w{@Iu4$lwEJ9XlaCa@}MK^=;sl}g-><`o2AQX)?f_gB^wwDT`o{C-"
    "sA$qZT>7U5A9s(tUAPBUO9>Ry9zX$bp&e^$})(S4vl5xMwoSE}8XJ+S|J2QL7#{!c>cT1<>7u10U^QH%!3uFR|$71||defw)"
    "RlBj6HdYioZVaT;0grtzTogl!_Y_FDqmLp5c!%Wx9D`_YPdu1IZ09+&3z|c%&@uNU+`y6#B|NV}riYoXW_p`#pD^9Vl1of$("
    "RNbogRw}oa;wVYR$0!ve53;IbDuXX2|+PDr#wD=S)^<oP@g#3-u-VX%5*Ob14gbP-"
    "V;x>cTYkQhHx0Zm_dNg*1P&FXv=de7l88bi{-8i@~ct@7y$E-phQf97dGjnk-"
    "`_d*p$QsZF5q%HSr<ti|uZig%jXIy_al2Ozic=G!UZ~zDB>bAb(^(S2KM#`!(WPV<F6b*kTwVqb6(^n~j=K2$?WCZ7~obG^@"
    "us&GaezFj%TEI+{Mn{;HZEMe}I$=gq>uXtVI~E96Dm2?g8^@QdWf<6!pIr<c1r8Y68i8Q=pVb&RZ|-"
    "wh_5p&r;dpEVj&2bN0iQN{EudtJ-zQl>>{gLOq?v1;rbWSeuWt-x_=7!#583)&m7o&4DJpe*@5vJu-"
    "O4O6FzMqWpTpd632PV7(5AXJNLas3+MVZ^G1+Hl@7E%|NpaZA6NyQ$8~0+@q5ZU&g9I9eT%=A>Gy6sIAlr8ynBJmpzr@GRJ~"
    "uIvSScBDD-"
    ">`ZgynF7`?i6hVFue{R9v*eK$dzS3kt$IuLMaTYAlu0$qX*DMC8q~=`xJTV^<Nb+TWQ<JfS8B$HB{Rl~yvP{&Rdh+Cb%#vrZ"
    "o`HR8#Zj%u(2eBx<qMw5lmga>5}GB-*x7&%-"
    "f$y{#!IdFFwcdFW?U7!8!pav&x?};1HHCvCKZ!_d>!R96bSD(82TQ$~u4Xk}Vego@ICR|G8Hv+wteKnde^~{|9&q5}W"
)


FAR_CELL = package(
    '<row r="1"><c r="A1"><v>1</v></c></row><row r="1048576"><c r="XFD1048576"><v>1</v></c></row>'
)


def why(data, filename="list.xlsx", limits=None):
    """The sentence with which an upload is refused."""
    with pytest.raises(SheetRefused) as refused:
        # A busy machine takes longer than people are made to wait.
        sheets.read_sheet(data, filename=filename, limits=limits or SheetLimits(seconds=300))
    return str(refused.value)


# --- reading --------------------------------------------------------------------------------------


def test_numbers_dates_and_blanks_come_as_people_typed_them():
    data = workbook(
        [
            ["No.", "Mark", "Day", "Moment", "Present"],
            [20260001, 86.5, date(2026, 3, 1), datetime(2026, 3, 1, 8, 30), True],
            [],
            ["  Li Na ", 0.1 + 0.2, datetime(2026, 3, 2), None, None],
        ],
        formats={"day": "yyyy-mm-dd", "moment": "yyyy-mm-dd hh:mm"},
    )

    sheet = sheets.read_sheet(data, filename="list.xlsx")

    assert sheet.columns == ["No.", "Mark", "Day", "Moment", "Present"]
    assert sheet.rows == [
        ["20260001", "86.5", "2026-03-01", "2026-03-01 08:30", "TRUE"],
        ["Li Na", "0.3", "2026-03-02", "", ""],
    ]
    assert sheet.numbers == [2, 4]
    assert sheet.first_row_number == 2


def test_an_id_number_kept_as_a_number_is_reported_because_its_last_digits_are_lost():
    data = workbook([["Name", "Student number"], ["Li Na", 500103199001018828]])

    sheet = sheets.read_sheet(data, filename="list.xlsx")

    assert sheet.rounded == {(2, 1)}
    [record] = sheets.read_records(sheet, COLUMNS)
    assert "last digits are lost" in record.faults[0]


def test_a_title_above_the_table_and_a_hidden_first_sheet_are_passed_over():
    data = workbook([["Class of 2026"], [], ["姓名", "学号"], ["李娜", "001"]], hidden="secret")

    sheet = sheets.read_sheet(data, filename="list.xlsx")

    assert (sheet.columns, sheet.rows, sheet.numbers) == (["姓名", "学号"], [["李娜", "001"]], [4])


def test_blank_columns_at_the_left_do_not_shift_headers_against_cells():
    data = workbook([[None, "Name", "Age"], [None, "Li", 20], ["x", "Wang", 21]])

    sheet = sheets.read_sheet(data, filename="list.xlsx")

    assert sheet.columns == ["", "Name", "Age"]
    assert sheet.rows == [["", "Li", "20"], ["x", "Wang", "21"]]


def test_formatting_down_to_the_last_row_costs_nothing():
    out = io.BytesIO()
    with xlsxwriter.Workbook(out, {"in_memory": True}) as book:
        page, yellow = book.add_worksheet(), book.add_format({"bg_color": "yellow"})
        page.write_row(0, 0, ["Name", "Age"])
        page.write_row(1, 0, ["Li", 20])
        for line in range(2, 1_048_576, 500):
            page.write_blank(line, 60, None, yellow)

    assert sheets.read_sheet(out.getvalue(), filename="list.xlsx").rows == [["Li", "20"]]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16"])
def test_a_csv_is_read_in_the_encodings_that_excel_and_wps_write(encoding):
    text = '姓名,学号\r\n"李娜, 小",0012\r\n王𠮷,34\r\n'

    sheet = sheets.read_sheet(text.encode(encoding), filename="名单.csv")

    assert sheet.columns == ["姓名", "学号"]
    assert sheet.rows == [["李娜, 小", "0012"], ["王𠮷", "34"]]


def test_a_csv_parted_by_tabs_or_semicolons_is_read():
    assert sheets.read_sheet(b"a;b\n1;2,5\n", filename="a.csv").rows == [["1", "2,5"]]
    assert sheets.read_sheet(b"a\tb\n1\t2\n", filename="a.CSV").rows == [["1", "2"]]


def test_a_field_of_a_csv_may_hold_several_lines():
    sheet = sheets.read_sheet(b'a,b\n1,"two\nlines"\n', filename="a.csv")

    assert sheet.rows == [["1", "two\nlines"]]


def test_a_workbook_of_old_excel_is_read_with_its_merged_cells_and_without_its_hidden_sheet():
    data = zlib.decompress(base64.b85decode(OLD_EXCEL))

    sheet = sheets.read_sheet(data, filename="名册.xls")

    assert sheet.columns == ["姓名", "证件号", "学号", "班级", "工号"]
    assert sheet.rows == [
        ["学员1", "500103200403110012", "S00001", "A 班", "20260001"],
        ["学员2", "", "S00002", "A 班", ""],
    ]
    assert sheet.about.sheets == (("名册", True), ("旧名单", False))


def merged_book():
    """A roster as offices make it: a title over all, a header of two rows, a class merged over its people."""
    out = io.BytesIO()
    with xlsxwriter.Workbook(out, {"in_memory": True}) as book:
        page = book.add_worksheet("2026 级")
        page.merge_range("A1:D1", "2026 级学员名册")
        page.merge_range("A2:A3", "姓名")
        page.merge_range("B2:C2", "联系方式")
        page.write_row("B3", ["手机号", "微信"])
        page.merge_range("D2:D3", "班级")
        page.write_row("A4", ["李娜", "13900000001", "lina"])
        page.merge_range("D4:D5", "A 班")
        page.write_row("A5", ["王强", "13900000002", "wq"])
        page.write_row("A6", ["赵敏", "13900000003"])
        book.add_worksheet("说明").write("A1", "先填第一张")
        book.add_worksheet("往年").hide()
    return out.getvalue()


def test_merged_cells_stand_in_every_row_that_they_cover_and_of_two_header_rows_the_lower_names_count():
    sheet = sheets.read_sheet(merged_book(), filename="名册.xlsx")

    assert sheet.columns == ["姓名", "手机号", "微信", "班级"]
    assert [row[3] for row in sheet.rows] == ["A 班", "A 班", ""]
    assert [row[0] for row in sheet.rows] == ["李娜", "王强", "赵敏"]
    assert sheet.numbers == [4, 5, 6]


def test_another_worksheet_is_read_by_its_name_and_one_that_is_not_there_is_told():
    book = merged_book()

    assert sheets.read_sheet(book, filename="a.xlsx", limits=SheetLimits(sheet="说明")).columns == [
        "先填第一张"
    ]
    assert "no such worksheet" in why(book, limits=SheetLimits(sheet="2025 级"))


def test_the_first_rows_can_be_had_without_the_others_which_are_counted():
    data = workbook([["Name", "No."], *[[f"Li {number}", number] for number in range(300)]])

    sheet = sheets.read_sheet(data, filename="a.xlsx", limits=SheetLimits(head=6))

    assert [row[0] for row in sheet.rows] == ["Li 0", "Li 1", "Li 2", "Li 3", "Li 4"]
    assert sheet.about.total == 300


def test_a_hundred_thousand_rows_are_refused_though_only_the_first_are_wanted():
    data = b"a,b\n" + b"1,2\n" * 100_000

    assert "more than 60000 rows" in why(data, "a.csv", SheetLimits(head=10))


def test_a_number_that_excel_shortened_in_a_csv_is_told():
    sheet = sheets.read_sheet("姓名,学号\n李娜,5.00103E+17\n".encode("gb18030"), filename="utf-8.csv")

    [record] = sheets.read_records(sheet, COLUMNS)

    assert "Excel has shortened this number to 5.00103E+17" in record.faults[0]
    assert record.values["number"] == ""  # so that nobody is told of eighteen digits besides
    assert sheet.about.encoding == "gb18030"


# --- refusing -------------------------------------------------------------------------------------


def test_a_bomb_kills_only_its_own_parser_process():
    assert len(FAR_CELL) < 5_000
    before = os.times()

    assert "far more memory" in why(FAR_CELL)

    assert os.times().children_user - before.children_user < 15
    assert sheets.read_sheet(b"a,b\n1,2\n", filename="a.csv").rows == [["1", "2"]]


def test_the_parser_really_dies_of_the_bomb_and_not_of_a_check(tmp_path):
    path = tmp_path / "bomb.xlsx"
    path.write_bytes(FAR_CELL)
    limits = '{"seconds": 20, "memory": 536870912, "output": 1000000, "max_rows": 60000, "max_columns": 60}'

    done = subprocess.run(
        [sys.executable, "-I", str(reader.CHILD), str(path), "xlsx", limits], capture_output=True, timeout=60
    )

    assert done.returncode < 0


def test_where_a_system_has_no_memory_limit_far_cells_are_found_before_parsing(tmp_path):
    far, near = tmp_path / "far.xlsx", tmp_path / "near.xlsx"
    far.write_bytes(FAR_CELL)
    near.write_bytes(workbook([["a", "b"], ["1", "2"]]))

    assert child.far_cell(str(far), 100_000, 1024)
    assert not child.far_cell(str(near), 100_000, 1024)


def test_an_archive_that_unpacks_to_hundreds_of_times_its_size_is_refused_before_parsing(monkeypatch):
    monkeypatch.setattr(reader, "_parse_in_child", None)
    bomb = package("", extra={"xl/media/image1.bin": b"\0" * 80_000_000}.items())

    assert "far more memory" in why(bomb)


def test_too_large_a_file_is_refused_before_it_is_looked_into(monkeypatch):
    monkeypatch.setattr(reader, "inspect_bytes", None)

    assert why(b"x" * 2_100_000, limits=SheetLimits(max_bytes=2 * 1024 * 1024)).startswith(
        "The file has 2 MB"
    )


@pytest.mark.parametrize(
    ("content", "filename", "said"),
    [
        (b"MZ\x90\0" + b"\0" * 500, "roster.xlsx", "not a spreadsheet"),
        (b"MZ\x90\0" + b"\0" * 500, "roster.csv", "not a spreadsheet"),
        (b"%PDF-1.7\n", "roster.xlsx", "not a spreadsheet"),
        (b"<html><table><tr><td>1</td></tr></table>", "roster.xls", "not a spreadsheet"),
        (b"name,number\n", "roster.xlsx", "content is something else"),
        (workbook([["a", "b"]]), "roster.csv", "content is something else"),
        (workbook([["a", "b"]]), "roster.exe", ".exe cannot be read"),
        (b"PK\x03\x04 and then nothing of a zip", "roster.xlsx", "damaged"),
        (workbook([["a", "b"]])[:-300], "roster.xlsx", "damaged"),
        (package("", extra={"xl/vbaProject.bin": "x"}.items()), "roster.xlsx", "macros"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + "EncryptedPackage".encode("utf-16-le"), "a.xlsx", "password"),
        (
            b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + "WordDocument".encode("utf-16-le"),
            "a.xls",
            "not a spreadsheet",
        ),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + "Workbook".encode("utf-16-le") * 90, "a.xls", "damaged"),
        (b"", "roster.xlsx", "empty"),
        (b"\n\n", "roster.csv", "empty"),
        (b"a,b\n\x81,\xff\xff\n", "roster.csv", "characters"),
    ],
)
def test_what_is_no_sheet_is_refused_with_the_reason(content, filename, said):
    assert said in why(content, filename)


def test_an_xlsx_under_an_xls_name_is_taken_as_programs_write_such_files():
    assert sheets.read_sheet(workbook([["a", "b"], ["1", "2"]]), filename="a.xls").rows == [["1", "2"]]


def test_more_rows_or_columns_than_agreed_are_refused():
    rows = b"a,b\n" + b"1,2\n" * 31

    assert "more than 30 rows" in why(rows, "a.csv", SheetLimits(max_rows=30))
    assert len(sheets.read_sheet(rows, filename="a.csv", limits=SheetLimits(max_rows=31)).rows) == 31
    assert "more than 3 columns" in why(b"a,b,c,d\n", "a.csv", SheetLimits(max_columns=3))


def test_one_long_text_used_in_every_cell_does_not_fill_our_memory():
    text = "x" * 30_000
    shared = "".join(
        f'<row r="{n}"><c r="A{n}" t="inlineStr"><is><t>{text}</t></is></c></row>' for n in range(1, 200)
    )

    assert "more text" in why(package(shared), limits=SheetLimits(output=1_000_000))


def test_a_parser_that_takes_too_long_is_stopped():
    assert "longer than 0.01 seconds" in why(b"a,b\n1,2\n", "a.csv", SheetLimits(seconds=0.01))


def test_the_parser_gets_none_of_our_secrets(monkeypatch, tmp_path):
    monkeypatch.setenv("TRAINMGR_DATA_KEYS", "secret")
    spy = tmp_path / "spy.py"
    spy.write_text(
        "import os, sys, json\nprint(json.dumps({'n': 1, 'c': [*os.environ]}))\nprint('{\"end\": true}')\n"
    )
    monkeypatch.setattr(reader, "CHILD", spy)

    sheet = sheets.read_sheet(b"a,b\n", filename="a.csv")

    assert "TRAINMGR_DATA_KEYS" not in sheet.columns


# --- columns --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "header",
    [
        ["Name", "Student number"],
        ["姓名 *", "学号＊"],
        [" 姓 名 ", "学籍号（必填）"],
        ["ＮＡＭＥ", "student  NUMBER"],
    ],
)
def test_headers_are_recognised_with_blanks_stars_brackets_and_full_width_letters(header):
    assert sheets.match_columns(header, COLUMNS) == {"name": 0, "number": 1}


def test_missing_columns_are_named():
    with pytest.raises(SheetRefused, match="missing: Name, Student number"):
        sheets.match_columns(["出生日期"], COLUMNS)


def test_a_column_that_is_there_twice_is_refused():
    with pytest.raises(SheetRefused, match="“Name” is there twice"):
        sheets.match_columns(["姓名", "学号", "Name"], COLUMNS)


def test_each_cell_is_understood_by_its_column_and_each_fault_is_named():
    text = "姓名,学号,出生日期,成绩,性别\n李娜,００１２,2004年3月1日,８６．５,Female\n,12,2004-02-30,good,x\n"

    good, bad = sheets.read_records(sheets.read_sheet(text.encode(), filename="a.csv"), COLUMNS)

    assert good.faults == []
    assert good.values == {
        "name": "李娜",
        "number": "0012",
        "born": "2004-03-01",
        "score": "86.5",
        "sex": "f",
    }
    assert bad.number == 3
    assert bad.faults == [
        "Name: is missing",
        "Born: is not a date; write 2026-11-30",
        "Score: is not a number",
        "Sex: must be one of: female, male",
    ]


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("2026-11-30", date(2026, 11, 30)),
        ("2026/1/3", date(2026, 1, 3)),
        ("2026.1.3", date(2026, 1, 3)),
        ("2026年1月3日", date(2026, 1, 3)),
        ("20260103", date(2026, 1, 3)),
        ("46025", date(2026, 1, 3)),
        ("2026-11-30 08:00", date(2026, 11, 30)),
        ("30.11.2026", None),
        ("2026-13-01", None),
        ("soon", None),
    ],
)
def test_days_are_understood_as_people_write_them(text, day):
    assert sheets.parse_day(text) == day


# --- writing --------------------------------------------------------------------------------------


def test_what_was_written_is_read_back_as_it_was():
    rows = [
        ["李娜", "0012", date(2004, 3, 1), 86.5, "female"],
        ["=1+1", "500103199001018828", None, 0, "male"],
    ]

    sheet = cells_of(sheets.write_workbook(COLUMNS, rows, title="Roster [A/B]: 2026"))

    assert sheet.columns == ["Name *", "Student number *", "Born", "Score", "Sex"]
    assert sheet.rows == [
        ["李娜", "0012", "2004-03-01", "86.5", "female"],
        ["=1+1", "500103199001018828", "", "0", "male"],
    ]


def test_text_that_begins_like_a_formula_or_an_address_stays_text():
    data = sheets.write_workbook(COLUMNS, [["=cmd|'/c calc'!A1", "http://x.example"]], title="x")

    xml = zipfile.ZipFile(io.BytesIO(data)).read("xl/worksheets/sheet1.xml")

    assert b"<f>" not in xml
    assert b"hyperlink" not in xml
    assert b"cmd|" in xml


def test_whatever_letters_a_text_has_come_back_as_they_were():
    odd = ["<&>\"'", " kept ", "two\nlines", "_x0041_", "bell\x07", "\ufffe", "𠮷", "x" * 40_000]

    data = sheets.write_workbook([sheets.Column("a", "A")], [[text] for text in odd], title="<R&D>'s \x07")

    xml = zipfile.ZipFile(io.BytesIO(data)).read("xl/worksheets/sheet1.xml").decode()
    texts = [cell.text for cell in ElementTree.fromstring(xml).iter() if cell.tag.endswith("}t")]
    assert texts[1:4] == [odd[0], odd[1], odd[2]]
    assert texts[4:7] == [
        "_x005F_x0041_",
        "bell_x0007_",
        "_xFFFE_",
    ]  # how a spreadsheet writes what XML cannot hold
    assert (texts[7], len(texts[8])) == ("𠮷", 32_767)
    assert cells_of(data).rows[0] == [odd[0]]


def test_what_is_no_number_is_an_empty_cell():
    columns = [sheets.Column("a", "A", kind=sheets.Kind.NUMBER), sheets.Column("b", "B")]

    rows = cells_of(sheets.write_workbook(columns, [[float("nan"), "x"], [True, "y"]], title="x")).rows

    assert rows == [["", "x"], ["True", "y"]]


def test_any_number_of_rows_takes_the_same_memory():
    def peak_of(count):
        rows = ([f"学员{number}", "x" * 50, number] for number in range(count))
        tracemalloc.start()
        response = sheets.send_rows([sheets.Column(key, key) for key in "abc"], rows, "x.xlsx", title="x")
        size = sum(len(block) for block in response.response)
        _now, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        assert response.content_length == size
        return peak

    peak_of(10)  # what is loaded at the first use
    assert peak_of(20_000) < 1.5 * peak_of(2_000)


def test_a_csv_for_download_defuses_formulas_and_keeps_negative_numbers():
    rows = [["=1+1", "@x", "-5", -5, None], ["+86", "\tx", "李娜", 1.5, date(2026, 1, 3)]]

    text = sheets.write_csv(COLUMNS, rows).decode("utf-8-sig")

    assert list(csv.reader(io.StringIO(text)))[1:] == [
        ["'=1+1", "'@x", "'-5", "-5", ""],
        ["'+86", "'\tx", "李娜", "1.5", "2026-01-03"],
    ]


def test_a_template_has_text_columns_drop_down_lists_and_an_explanation():
    archive = zipfile.ZipFile(
        io.BytesIO(sheets.write_workbook(COLUMNS, [], title="Roster", notes=["Read me"]))
    )

    sheet = archive.read("xl/worksheets/sheet1.xml").decode()
    strings = archive.read("xl/worksheets/sheet2.xml").decode()

    assert "female,male" in sheet
    assert 'numFmtId="49"' in archive.read("xl/styles.xml").decode()
    assert 'state="frozen"' in sheet
    assert "Read me" in strings
    assert "20260001" in strings
    assert (
        sheets.read_sheet(sheets.write_workbook(COLUMNS, [], title="x", notes=[]), filename="t.xlsx").rows
        == []
    )


def test_wrong_rows_come_back_as_they_were_with_the_reason_in_the_last_column():
    sheet = sheets.read_sheet(b"name,number\nLi,1\n=Wang,2,surplus\nZhao,3\n", filename="a.csv")

    back = cells_of(sheets.write_faults(sheet, {3: "Number: is taken", 4: "Name: is missing"}))

    assert back.columns == ["name", "number", "What is wrong"]
    assert back.rows == [["=Wang", "2", "Number: is taken"], ["Zhao", "3", "Name: is missing"]]


def test_a_corrected_file_of_wrong_rows_can_be_uploaded_again():
    sheet = sheets.read_sheet("姓名,学号\n,1\n".encode(), filename="a.csv")
    back = cells_of(sheets.write_faults(sheet, {2: "x"}))

    assert sheets.match_columns(back.columns, COLUMNS) == {"name": 0, "number": 1}


def test_a_download_carries_its_chinese_name_and_is_not_kept_by_proxies():
    response = sheets.send_workbook(b"x", '2026 级"名单".xlsx')

    disposition = response.headers["Content-Disposition"]
    assert disposition.startswith("attachment; filename=")
    assert disposition.encode("ascii")
    assert disposition.endswith("filename*=UTF-8''2026%20%E7%BA%A7%E5%90%8D%E5%8D%95.xlsx")
    assert response.headers["X-Content-Type-Options"] == "nosniff"
    assert "no-store" in response.headers["Cache-Control"]


def test_a_line_break_in_a_name_cannot_add_a_header():
    assert "\n" not in sheets.content_disposition("inline", "a\r\nSet-Cookie: x=1.pdf")
