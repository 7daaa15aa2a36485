"""Where the installation keeps its own files."""

from __future__ import annotations

from pathlib import Path

from flask import Flask


def instance_folder(app: Flask) -> Path:
    """Return the folder for database, uploads and keys: INSTANCE_PATH of the configuration, else Flask's."""
    folder = Path(app.config.get("INSTANCE_PATH") or app.instance_path)
    folder.mkdir(parents=True, exist_ok=True)
    return folder
