"""Fetches the browser's third-party files into static/vendor/, which git leaves out.

`python tools/frontend.py` downloads the wheels pinned in requirements-frontend.txt, checks their hashes and unzips
only the files that pages load. Nothing happens when they are already there in the pinned versions.
"""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PINS = ROOT / "requirements-frontend.txt"
VENDOR = ROOT / "static" / "vendor"
STAMP = ".fetched.json"

# wheel -> file inside it -> name under static/vendor/
FILES = {
    "bootstrap_flask": {
        "flask_bootstrap/static/bootstrap5/css/bootstrap.min.css": "bootstrap.min.css",
        "flask_bootstrap/static/bootstrap5/js/bootstrap.min.js": "bootstrap.min.js",
        "flask_bootstrap/static/bootstrap5/umd/popper.min.js": "popper.min.js",
        "flask_bootstrap/static/bootstrap5/css/font/bootstrap-icons.min.css": "bootstrap-icons.min.css",
        "flask_bootstrap/static/bootstrap5/css/font/fonts/bootstrap-icons.woff2": "fonts/bootstrap-icons.woff2",
    },
    "django_htmx": {"django_htmx/static/django_htmx/htmx-2.min.js": "htmx.min.js"},
    "instaui_echarts": {"instaui_echarts/static/echarts.esm.min.js": "echarts.esm.min.js"},
    # Not for browsers: PDFs embed the letters that they use.
    "pylopdf_fonts_zh_cn": {
        "pylopdf_fonts_zh_cn/NotoSansSC-Regular.otf": "fonts/NotoSansSC-Regular.otf",
        "pylopdf_fonts_zh_cn-0.1.1.dist-info/licenses/LICENSE": "fonts/NotoSansSC-LICENSE.txt",
    },
}


class FrontendError(Exception):
    """A front-end file could not be had; the message says which and why."""


def digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def wanted(pins: Path = PINS) -> str:
    """A fingerprint of the pins and of the list of files; it changes when either does."""
    return digest(pins.read_bytes() + json.dumps(FILES, sort_keys=True).encode())


def is_current(vendor: Path = VENDOR, pins: Path = PINS) -> bool:
    """Whether every file is there, whole and in the pinned version."""
    try:
        stamp = json.loads((vendor / STAMP).read_text(encoding="utf-8"))
        return bool(stamp["pins"] == wanted(pins)) and all(
            digest((vendor / name).read_bytes()) == file_digest
            for name, file_digest in stamp["files"].items()
        )
    except (OSError, ValueError, KeyError):
        return False


def download(into: Path, pins: Path = PINS) -> None:
    """Download the pinned wheels; pip refuses one whose hash is not the pinned one."""
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-deps"]
    command += ["--only-binary", ":all:", "--require-hashes", "--dest", str(into), "--requirement", str(pins)]
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    if result.returncode:
        raise FrontendError("The front-end files could not be downloaded.\n" + result.stderr.strip())


def unzip(wheels: Path, vendor: Path = VENDOR, pins: Path = PINS) -> list[str]:
    """Take the files out of the wheels; the stamp comes last, so an interrupted run is made good by the next."""
    contents: dict[str, bytes] = {}
    for wheel, members in FILES.items():
        found = sorted(wheels.glob(f"{wheel}-*.whl"))
        if len(found) != 1:
            raise FrontendError(f"There should be one wheel of {wheel}, there are {len(found)}.")
        with zipfile.ZipFile(found[0]) as archive:
            for member, name in members.items():
                try:
                    contents[name] = archive.read(member)
                except KeyError:
                    raise FrontendError(f"{found[0].name} holds no {member}.") from None

    (vendor / STAMP).unlink(missing_ok=True)
    for name, content in contents.items():
        write(vendor / name, content)
    stamp = {"pins": wanted(pins), "files": {name: digest(content) for name, content in contents.items()}}
    write(vendor / STAMP, json.dumps(stamp, indent=1).encode())
    return sorted(contents)


def write(path: Path, content: bytes) -> None:
    """Put a file in its place whole: a browser that asks meanwhile gets the old one or the new one."""
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(path.name + ".part")
    partial.write_bytes(content)
    os.replace(partial, path)


def main() -> int:
    if is_current():
        return 0
    try:
        with tempfile.TemporaryDirectory() as folder:
            download(Path(folder))
            unzip(Path(folder))
    except FrontendError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
