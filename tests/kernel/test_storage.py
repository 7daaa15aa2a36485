"""The same files, on disk and in a bucket."""

import io
import struct
import time
import zipfile
from datetime import UTC, datetime

import pytest
from PIL import Image
from werkzeug.datastructures import FileStorage

from tests.kernel.buckets import KEY, Bucket, serving
from trainmgr.kernel import files, storage, uploads
from trainmgr.kernel.db import db
from trainmgr.kernel.sheets.refusals import FileRefused

NOW = datetime(2026, 11, 22, 8, 0, tzinfo=UTC)
LARGE = bytes(range(256)) * 4096 * 20  # 20 MB: several parts


@pytest.fixture
def bucket(app, monkeypatch):
    """An installation that keeps its files in a bucket."""
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", KEY)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    found = Bucket("materials")
    with serving(found) as address:
        app.config["FILES_URL"] = f"s3://materials/college?endpoint={address}"
        yield found
    app.extensions["storage"].clear()


@pytest.fixture(params=["disk", "bucket"])
def place(request, app, session):
    """The store of the installation, of either kind."""
    if request.param == "bucket":
        request.getfixturevalue("bucket")
    return storage.store()


def keep(content=b"PDF", **more):
    return files.store_stream(
        io.BytesIO(content),
        **{"name": "a.pdf", "media_type": "application/pdf", "purpose": "t", "by": None}
        | {"program_id": None, "now": NOW}
        | more,
    )


def read(stored):
    with files.open_file(stored) as content:
        return content.read()


def body(response):
    content = b"".join(response.iter_encoded())
    response.close()
    return content


def test_a_content_is_kept_and_read_again(place):
    stored = keep(LARGE)

    assert stored.size == len(LARGE)
    assert read(stored) == LARGE
    assert files.is_kept(stored)
    with files.local_copy(stored) as path:
        assert path.read_bytes() == LARGE


def test_a_part_of_a_content_can_be_read(place):
    with files.open_file(keep(LARGE)) as content:
        content.seek(5_000_003)
        assert content.read(300) == LARGE[5_000_003:5_000_303]
        assert content.tell() == 5_000_303


def test_the_same_content_twice_is_kept_once(place):
    first, second = keep(b"same"), keep(b"same", name="other.pdf")

    assert first.key == second.key
    assert [key for key, _at in place.entries()] == [first.key]


def test_a_content_that_is_gone_is_said_to_be_gone(app, place):
    stored = keep()
    place.delete([stored.key])

    assert not files.is_kept(stored)
    with pytest.raises(FileNotFoundError):
        read(stored)
    with app.test_request_context(), pytest.raises(Exception, match="404"):
        files.file_response(stored)


def test_a_download_tells_its_length_and_takes_up_again_where_it_broke_off(app, place):
    stored = keep(LARGE, name="课件.pdf")

    with app.test_request_context():
        whole = files.file_response(stored)
        assert (whole.content_length, body(whole)) == (len(LARGE), LARGE)
    with app.test_request_context(headers={"Range": "bytes=1000-1999"}):
        part = files.file_response(stored)
        assert (part.status_code, body(part)) == (206, LARGE[1000:2000])
    with app.test_request_context(headers={"If-None-Match": whole.headers["ETag"]}):
        again = files.file_response(stored)
        assert again.status_code == 304
        again.close()
    assert whole.headers["Content-Disposition"].startswith("attachment")
    assert "sandbox" in whole.headers["Content-Security-Policy"]


def test_a_photo_and_its_small_picture_are_kept(app, place):
    out = io.BytesIO()
    Image.new("RGB", (900, 500), "red").save(out, "JPEG")
    out.seek(0)
    stored = files.store_photo(FileStorage(out, filename="a.jpg"), by=None, program_id=None, now=NOW)

    with app.test_request_context():
        small = files.photo_response(stored, thumbnail=True)
        assert Image.open(io.BytesIO(body(small))).size == (320, 178)


def test_the_sweep_takes_from_a_bucket_what_no_row_speaks_of(bucket, session, cli):
    kept, lost = keep(b"kept"), keep(b"lost")
    fresh = keep(b"fresh")
    kept_key, lost_key, fresh_key = (f"college/{one.key}" for one in (kept, lost, fresh))
    session.expunge(lost)
    session.expunge(fresh)
    session.execute(files.StoredFile.__table__.delete().where(files.StoredFile.size != 4))
    session.execute(files.StoredFile.__table__.delete().where(files.StoredFile.sha256 == lost.sha256))
    session.commit()
    for key in (kept_key, lost_key):
        bucket.age(key, 7200)

    result = cli("files", "sweep")

    assert "1 files" in result.output
    assert set(bucket.objects) == {kept_key, fresh_key}


def test_removing_waits_for_the_commit_and_spares_what_others_have(place, session):
    first, second, twin = keep(b"one"), keep(b"two"), keep(b"two", name="twin.pdf")
    session.commit()
    files.remove(first)
    session.rollback()
    assert files.is_kept(first)

    files.remove(first)
    files.remove(second)
    session.commit()

    assert [key for key, _at in place.entries()] == [twin.key]


def test_a_wrong_address_of_a_bucket_is_said_in_words(app, session):
    app.config["FILES_URL"] = "gs://elsewhere"

    with pytest.raises(RuntimeError, match="s3://BUCKET"):
        storage.store()


# --- what a document is -----------------------------------------------------------------------------


def zipped(*names, compression=zipfile.ZIP_DEFLATED):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", compression) as archive:
        for name in names:
            archive.writestr(name, "content")
    return out.getvalue()


OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600
GOOD = {
    "plan.pdf": b"%PDF-1.7\n%%EOF",
    "plan.PDF": b"%PDF-1.4",
    "plan.docx": zipped("[Content_Types].xml", "word/document.xml"),
    "slides.pptx": zipped("[Content_Types].xml", "ppt/presentation.xml"),
    "table.xlsx": zipped("[Content_Types].xml", "xl/workbook.xml"),
    "old.ppt": OLE,
    "old.wps": OLE,
    "course.zip": zipped("index.html", "a/b.js"),
    "photo.png": b"\x89PNG\r\n\x1a\n....",
    "listen.mp3": b"ID3\x04",
    "words.txt": "数控车床".encode(),
    "words.md": b"\xef\xbb\xbf# Title",
}


@pytest.mark.parametrize("name", GOOD)
def test_a_document_is_known_by_its_content(name):
    content = io.BytesIO(GOOD[name])

    assert "/" in uploads.type_of(content, name)
    assert content.tell() == 0


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("film.mp4", b"\0\0\0\x18ftypmp42", "Videos are not kept"),
        ("run.exe", b"MZ", "cannot be kept"),
        ("page.html", b"<script>", "cannot be kept"),
        ("drawing.svg", b"<svg/>", "cannot be kept"),
        ("noending", b"%PDF-", "no ending"),
        ("empty.pdf", b"", "empty"),
        ("run.pdf", b"MZ\x90\0", "something else"),
        ("page.txt", b"\xff\xfe\0\0binary", "something else"),
        ("page.txt", b"text\0text", "something else"),
        ("plan.docx", zipped("[Content_Types].xml", "xl/workbook.xml"), "something else"),
        ("plan.docx", b"%PDF-1.7", "something else"),
        ("course.zip", zipped("[Content_Types].xml", "word/document.xml"), "something else"),
        ("plan.docx", zipped("[Content_Types].xml", "word/document.xml", "word/vbaProject.bin"), "macros"),
        ("plan.docm", zipped("[Content_Types].xml", "word/document.xml"), "macros"),
        ("old.doc", OLE + "_VBA_PROJECT".encode("utf-16-le"), "macros"),
        ("cut.docx", zipped("[Content_Types].xml", "word/document.xml")[:40], "damaged"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",  # an archive has the time in it
)
def test_what_a_document_is_not_is_refused_in_words(name, content, said):
    with pytest.raises(FileRefused) as refused:
        uploads.type_of(io.BytesIO(content), name)

    assert said in refused.value.msgid


def test_a_zip_with_a_million_names_is_refused_before_they_are_read():
    entry = b"PK\x01\x02" + b"\0" * 24 + struct.pack("<HHH", 1, 0, 0) + b"\0" * 12 + b"a"
    table = entry * 700_000
    end = b"PK\x05\x06" + b"\0" * 8 + struct.pack("<II", len(table), 4) + b"\0\0"
    began = time.process_time()

    with pytest.raises(FileRefused, match=r"many parts|部分"):
        uploads.type_of(io.BytesIO(b"PK\x03\x04" + table + end), "bomb.docx")

    assert time.process_time() - began < 0.5


def test_text_is_read_piece_by_piece_across_a_character(monkeypatch):
    monkeypatch.setattr(uploads, "PIECE", 7)

    assert uploads.type_of(io.BytesIO("数控车床操作".encode()), "a.txt") == "text/plain"
    with pytest.raises(FileRefused):
        uploads.type_of(io.BytesIO("数控车床操作".encode()[:-1]), "a.txt")


def test_nothing_is_kept_of_a_refused_document(app, session):
    with pytest.raises(FileRefused):
        files.store_document(
            FileStorage(io.BytesIO(b"MZ"), filename="a.pdf"), by=None, program_id=None, now=NOW, purpose="t"
        )

    assert list(storage.store().entries()) == []
    assert db.session.query(files.StoredFile).count() == 0
