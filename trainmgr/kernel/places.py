"""Where the installation keeps its own files."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from flask import Flask


def instance_folder(app: Flask) -> Path:
    """Return the folder for database, uploads and keys: INSTANCE_PATH of the configuration, else Flask's."""
    folder = Path(app.config.get("INSTANCE_PATH") or app.instance_path)
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def write_atomically(path: Path, data: bytes, mode: int = 0o640) -> None:
    """Write a file whole or not at all, readable to others only as far as `mode` says."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=".part-")
    try:
        with os.fdopen(handle, "wb") as out:
            out.write(data)
            out.flush()
            os.fsync(out.fileno())
        os.chmod(temporary, mode)
        os.replace(temporary, path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise
