"""Uploaded photos: looked at before they are decoded, stood upright, made small, freed of everything but pixels."""

from __future__ import annotations

import io
import threading
import warnings

from PIL import Image, ImageOps
from werkzeug.datastructures import FileStorage

from trainmgr.kernel.msgids import N_
from trainmgr.kernel.sheets.refusals import FileRefused

MOST_BYTES = 10 * 1024 * 1024
MOST_PIXELS = {"JPEG": 50_000_000, "PNG": 25_000_000, "WEBP": 25_000_000}  # a JPEG is never unpacked whole
EDGE, THUMBNAIL_EDGE, QUALITY = 1600, 320, 82
FORMATS = tuple(MOST_PIXELS)
# A few kilobytes may unpack to hundreds of megabytes: one picture at a time, however many people send theirs.
_ONE_AT_A_TIME = threading.Lock()


def make_small(upload: FileStorage, most: int = MOST_BYTES) -> tuple[bytes, bytes]:
    """Return an uploaded photo and its small picture as JPEG, without place, camera or other hidden data.

    At most `most` bytes are taken; raises FileRefused.
    """
    data = _read_limited(upload, most)
    with _ONE_AT_A_TIME:
        picture = _decode(data)
    return _as_jpeg(picture), _as_jpeg(_thumbnail(picture))


def _read_limited(upload: FileStorage, most: int) -> bytes:
    data = upload.stream.read(most + 1)
    if not data:
        raise FileRefused(N_("The photo is empty. Choose it again."))
    if len(data) > most:
        raise FileRefused(
            N_("The photo has more than %(most)s MB. Choose a smaller one."), most=most // 1024**2
        )
    return data


def _decode(data: bytes) -> Image.Image:
    if not _looks_like_photo(data):
        raise FileRefused(N_("This is not a photo that can be shown. Choose a JPEG, PNG or WebP picture."))
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)  # our own limits are narrower
            picture: Image.Image = Image.open(io.BytesIO(data), formats=FORMATS)
        most = MOST_PIXELS[picture.format or "PNG"]
        if picture.width * picture.height > most:
            raise _too_many_pixels(most)
        picture.draft("RGB", _within(picture.size, EDGE))  # lets the JPEG decoder skip what is not needed
        return _upright(picture)
    except Image.DecompressionBombError:
        raise _too_many_pixels(MOST_PIXELS["JPEG"]) from None
    except (OSError, ValueError, SyntaxError, EOFError, MemoryError):
        raise FileRefused(N_("The photo is damaged and cannot be shown. Choose another one.")) from None


def _too_many_pixels(most: int) -> FileRefused:
    return FileRefused(
        N_("The picture has more than %(most)s million pixels. Choose a smaller one."), most=most // 10**6
    )


def _looks_like_photo(data: bytes) -> bool:
    webp = data[:4] == b"RIFF" and data[8:12] == b"WEBP"
    return webp or data.startswith((b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n"))


def _upright(picture: Image.Image) -> Image.Image:
    """Turn the picture as the camera was held and put it on white, so that nothing of the file but pixels stays."""
    picture.load()
    if picture.mode in ("LA", "P", "PA"):
        picture = picture.convert("RGBA")
    picture.thumbnail((EDGE, EDGE), Image.Resampling.BICUBIC)  # small first: each copy below costs little
    turned = ImageOps.exif_transpose(picture)
    if turned.mode == "RGBA":
        ground = Image.new("RGB", turned.size, "white")
        ground.paste(turned, mask=turned.getchannel("A"))
        return ground
    return turned.convert("RGB")


def _within(size: tuple[int, int], edge: int) -> tuple[int, int]:
    """Return the size that a picture has when its longer edge is as given; asked for more, the decoder skips less."""
    longer = max(size)
    return max(1, size[0] * edge // longer), max(1, size[1] * edge // longer)


def _thumbnail(picture: Image.Image) -> Image.Image:
    """Make the small picture of the one that is small already; halved by whole pixels first, which costs half."""
    small = picture.copy()
    small.thumbnail((THUMBNAIL_EDGE, THUMBNAIL_EDGE), Image.Resampling.BICUBIC, reducing_gap=1.5)
    return small


def _as_jpeg(picture: Image.Image) -> bytes:
    """Write the pixels alone; in the plain order, since the progressive one saves an eighth and costs six times."""
    picture.info.clear()
    out = io.BytesIO()
    picture.save(out, "JPEG", quality=QUALITY)
    return out.getvalue()
