import io
import os
import struct
import time
import zlib
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

import pytest
import sqlalchemy as sa
from PIL import Image
from werkzeug.datastructures import FileStorage

from trainmgr.kernel import files, photos
from trainmgr.kernel.db import db
from trainmgr.kernel.files import StoredFile
from trainmgr.kernel.sheets.refusals import FileRefused

NOW = datetime(2026, 11, 22, 8, 0, tzinfo=UTC)
GPS, ORIENTATION, CAMERA = 0x8825, 0x0112, 0x0110


def picture(size=(2400, 1200), kind="JPEG", mode="RGB", colour="red", **saving):
    """An image file as bytes, left half coloured, right half black."""
    image = Image.new(mode, size)
    image.paste(colour, (0, 0, size[0] // 2, size[1]))
    out = io.BytesIO()
    image.save(out, kind, **saving)
    return out.getvalue()


def with_exif(orientation=6):
    """A photo that tells its place and camera."""
    exif = Image.Exif()
    exif[ORIENTATION], exif[CAMERA] = orientation, "SecretCam 9000"
    exif[GPS] = {1: "N", 2: (29.0, 33.0, 0.0)}
    return picture(exif=exif, comment=b"at home")


def huge_png(width=60_000, height=60_000):
    """A PNG of a few hundred bytes that would unpack to gigabytes."""

    def chunk(name, data):
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", header)
        + chunk(b"IDAT", zlib.compress(b"\0" * 99))
        + chunk(b"IEND", b"")
    )


def store(data, name="IMG 01.jpg", **more):
    return files.store_photo(
        FileStorage(io.BytesIO(data), filename=name), by=None, program_id=3, now=NOW, **more
    )


def on_disk():
    return sorted(path.name for path in files.files_folder().rglob("*") if path.is_file())


def shown(stored):
    with files.open_file(stored) as content:
        return Image.open(io.BytesIO(content.read()))


def opened(path):
    return Image.open(io.BytesIO(path.read_bytes()))


def test_a_photo_is_made_small_and_gets_a_thumbnail(session):
    stored = store(picture())

    assert shown(stored).size == (1600, 800)
    assert opened(stored.thumbnail_path).size == (320, 160)
    assert (stored.media_type, stored.name, stored.program_id) == ("image/jpeg", "IMG 01.jpg", 3)
    assert stored.size == stored.path.stat().st_size


def test_place_and_camera_are_removed_and_the_photo_stands_upright(session):
    stored = store(with_exif(orientation=6))

    for path in (stored.path, stored.thumbnail_path):
        assert b"SecretCam" not in path.read_bytes()
        assert b"at home" not in path.read_bytes()
        assert not opened(path).getexif()
    assert shown(stored).size == (800, 1600)
    assert shown(stored).getpixel((400, 100))[0] > 200


@pytest.mark.parametrize(
    ("kind", "mode"), [("PNG", "RGBA"), ("PNG", "P"), ("PNG", "L"), ("WEBP", "RGB"), ("JPEG", "CMYK")]
)
def test_every_common_kind_of_picture_is_taken(session, kind, mode):
    stored = store(picture((40, 20), kind=kind, mode=mode, colour=1 if mode in ("P", "L") else "red"))

    assert shown(stored).format == "JPEG"
    assert shown(stored).size == (40, 20)


def test_what_is_transparent_becomes_white(session):
    out = io.BytesIO()
    Image.new("RGBA", (10, 10), (0, 0, 0, 0)).save(out, "PNG")

    assert shown(store(out.getvalue())).getpixel((5, 5)) == (255, 255, 255)


def test_a_picture_that_would_unpack_to_gigabytes_is_refused_before_it_is_decoded(session):
    data = huge_png()
    assert len(data) < 1000
    started = time.process_time()

    with pytest.raises(FileRefused, match="像素"):
        store(data)

    assert time.process_time() - started < 2


@pytest.mark.parametrize(("kind", "taken"), [("JPEG", True), ("PNG", False), ("WEBP", False)])
def test_what_unpacks_whole_may_have_fewer_pixels_than_a_photo_of_a_telephone(session, kind, taken):
    """A PNG of five kilobytes used to take half a gigabyte of memory, a WebP twice as much."""
    out = io.BytesIO()
    Image.new("L", (5_200, 5_200)).save(out, kind)

    if taken:
        assert shown(store(out.getvalue())).size == (1600, 1600)
    else:
        with pytest.raises(FileRefused, match="25"):
            store(out.getvalue())


@pytest.mark.parametrize("mode", ["1", "L", "P", "I;16", "RGBA"])
def test_a_large_picture_of_any_mode_is_made_small(session, mode):
    out = io.BytesIO()
    Image.new(mode, (2_000, 1_000)).save(out, "PNG")

    assert shown(store(out.getvalue())).size == (1600, 800)


@pytest.mark.parametrize(
    "tail", [b"<script>alert(1)</script>", b"PK\x03\x04 and a whole archive", b"%PDF-1.7"]
)
def test_a_picture_that_is_also_something_else_is_kept_as_a_picture_alone(session, tail):
    stored = store(picture() + tail)

    with files.open_file(stored) as content:
        assert tail not in content.read()
    assert stored.media_type == "image/jpeg"


def test_two_photos_are_never_unpacked_at_once(session, monkeypatch):
    at_once, most = [], []
    decode = photos._decode

    def watched(data):
        at_once.append(1)
        most.append(len(at_once))
        time.sleep(0.02)
        found = decode(data)
        at_once.pop()
        return found

    monkeypatch.setattr(photos, "_decode", watched)
    uploads = [FileStorage(io.BytesIO(picture()), "a.jpg") for _ in range(4)]
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(photos.make_small, uploads))

    assert most == [1, 1, 1, 1]


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"MZ\x90\0 a program",
        b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>",
        b"GIF89a" + b"\0" * 50,
        picture()[:2000],
        b"\xff\xd8\xff and then nothing",
        b"RIFF\0\0\0\0WEBP",
    ],
)
def test_what_is_no_whole_photo_is_refused_and_leaves_nothing(session, data):
    with pytest.raises(FileRefused):
        store(data)

    assert not on_disk()
    assert not session.scalar(sa.select(sa.func.count(StoredFile.id)))


def test_too_large_a_file_is_refused_before_it_is_decoded(app, session, monkeypatch):
    app.config["PHOTO_MAX_BYTES"] = 1000
    monkeypatch.setattr(photos, "_decode", None)

    with pytest.raises(FileRefused):
        store(picture())


def test_the_same_photo_twice_is_kept_once(session):
    first, second = store(picture()), store(picture())

    assert first.id != second.id
    assert len(on_disk()) == 2  # the photo and its thumbnail


def test_a_name_cannot_point_elsewhere(session):
    stored = files.store_bytes(
        b"x",
        name="..\\..\\etc/pass\nwd.xlsx",
        media_type="x/y",
        purpose="t",
        by=None,
        program_id=None,
        now=NOW,
    )

    assert stored.name == "passwd.xlsx"
    assert stored.path.is_relative_to(files.files_folder())


def test_a_photo_is_answered_privately_and_never_as_anything_else(app, session):
    stored = store(picture(), name="师傅.png")
    with app.test_request_context():
        response = files.photo_response(stored, thumbnail=True)

    assert response.mimetype == "image/jpeg"
    assert response.headers["X-Content-Type-Options"] == "nosniff"
    assert response.headers["Cache-Control"].startswith("private")
    assert response.headers["Content-Disposition"].startswith("inline")
    assert "sandbox" in response.headers["Content-Security-Policy"]
    tag = response.headers["ETag"]
    response.close()
    with app.test_request_context(headers={"If-None-Match": tag}):
        again = files.photo_response(stored, thumbnail=True)
    assert again.status_code == 304
    again.close()


def test_the_sweep_takes_what_a_rolled_back_request_left_and_nothing_else(session, cli):
    kept = store(picture(colour="blue"))
    session.commit()
    lost = store(picture(colour="green")).path
    session.rollback()
    fresh = store(picture(colour="yellow")).path
    session.rollback()
    old = time.time() - 2 * 3600
    for path in files.files_folder().rglob("*"):
        if path.is_file() and not path.name.startswith(fresh.name):
            os.utime(path, (old, old))

    result = cli("files", "sweep")

    assert "2 files" in result.output
    assert not lost.exists()
    assert fresh.exists()
    db.session.refresh(kept)
    assert kept.path.exists()
    assert kept.thumbnail_path.exists()


def test_a_person_keeps_no_more_than_the_installation_gives_to_each(session, world, app, monkeypatch):
    monkeypatch.setitem(app.config, "PERSON_MB", 1)
    person, other = world.user(), world.user()
    text = FileStorage(io.BytesIO(b"x" * 700_000), filename="notes.txt")
    files.store_document(text, by=person, program_id=None, now=NOW, purpose="material")

    again = FileStorage(io.BytesIO(b"y" * 700_000), filename="more.txt")
    with pytest.raises(FileRefused, match="1 MB"):
        files.store_document(again, by=person, program_id=None, now=NOW, purpose="material")
    with pytest.raises(FileRefused):
        files.store_photo(
            files.SmallPhoto("a.jpg", photo=b"z" * 700_000, thumbnail=b"z"),
            by=person,
            program_id=None,
            now=NOW,
        )
    assert files.store_document(again, by=other, program_id=None, now=NOW, purpose="material").size == 700_000
    assert session.scalar(sa.select(sa.func.count()).where(StoredFile.owner_id == person.id)) == 1
