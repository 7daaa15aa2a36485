"""Names and archives, for any content."""

import io
import tracemalloc
import zipfile

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trainmgr.kernel.sheets.refusals import FileRefused
from trainmgr.reporting.packing import SUMS, Packer, check
from trainmgr.reporting.rules import LONGEST_NAME, is_written_at_once, safe_name


@given(st.text(max_size=200))
def test_a_name_is_fit_for_every_system_and_never_a_path(text):
    name = safe_name(text)

    assert name
    assert len(name) <= LONGEST_NAME
    assert not set(name) & set('/\\:*?"<>|\0\n')
    assert name.strip(" .") == name


@pytest.mark.parametrize(
    ("text", "name"),
    [("../../etc/passwd", "etc passwd"), ("CON", "file"), ("nul.txt", "file"), ("..", "file"), ("张三 S1", "张三 S1"),
     ("a\u202eb", "ab"), ("  x.  ", "x")],
)  # fmt: skip
def test_names_that_lead_astray(text, name):
    assert safe_name(text) == name


@given(st.lists(st.binary(max_size=300), max_size=8))
def test_what_was_packed_is_found_whole(contents):
    out = io.BytesIO()
    packer = Packer(out)
    for place, content in enumerate(contents):
        packer.add(f"{place:03}.txt", [content[:7], content[7:]])
    digest = packer.close({"people": len(contents)})

    found = check(out)
    assert found.is_whole
    assert found.digest == digest
    assert found.facts["people"] == len(contents)
    assert found.entries == len(contents) + 1


def packed(count=3):
    out = io.BytesIO()
    packer = Packer(out)
    for place in range(count):
        packer.add(f"{place}.txt", [b"x" * 1000])
    packer.close({})
    return out


def test_one_that_unpacks_to_too_much_is_given_up():
    with pytest.raises(FileRefused):
        check(packed(), most=2_000)


def test_a_name_that_stands_twice_counts_as_added():
    out = packed()
    with pytest.warns(UserWarning, match="Duplicate"), zipfile.ZipFile(out, "a") as archive:
        archive.writestr("0.txt", b"other")

    assert not check(out).is_whole


def test_a_zip_without_checksums_is_no_pack():
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("a.txt", b"a")

    with pytest.raises(FileRefused):
        check(out)
    assert SUMS not in zipfile.ZipFile(out).namelist()


def test_memory_does_not_grow_with_the_contents(tmp_path):
    def packing(megabytes):
        with (tmp_path / f"{megabytes}.zip").open("wb") as out:
            packer = Packer(out)
            tracemalloc.start()
            packer.add("photo.jpg", (b"\0" * 1024 * 1024 for _piece in range(megabytes)))
            packer.close({})
            peak = tracemalloc.get_traced_memory()[1]
            tracemalloc.stop()
        return peak

    assert packing(40) < packing(4) + 3 * 1024 * 1024


def test_small_ones_are_written_at_once():
    assert is_written_at_once(1, 1_000)
    assert not is_written_at_once(1_800, 1_000)
    assert not is_written_at_once(1, 10**9)


def test_a_chart_has_no_point_where_there_is_no_data():
    from trainmgr.reporting.blocks import Chart
    from trainmgr.reporting.drawing import _drawn

    drawn = _drawn(Chart("c", "f", "bar", ["甲", "乙"], {"2026": [1.5, None]}))[1]

    assert drawn.count("<c:v>1.5</c:v>") == 1
    assert "<c:v>0</c:v>" not in drawn


def test_one_that_unpacks_to_more_than_its_size_can_hold_is_given_up():
    out = io.BytesIO()
    packer = Packer(out)
    packer.add("0.txt", [bytes(1024**2)] * 65)
    packer.close({})

    with pytest.raises(FileRefused):
        check(out)


def test_a_list_of_checksums_without_end_is_no_list():
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("SHA256SUMS", b"\n" * 300_000)

    with pytest.raises(FileRefused):
        check(out)


def test_what_cannot_be_unpacked_is_damaged_or_changed():
    data = bytearray(packed().getvalue())
    start = data.index(b"SHA256SUMS") + 60
    data[start : start + 20] = b"\xff" * 20

    with pytest.raises(FileRefused):
        check(io.BytesIO(bytes(data)))
