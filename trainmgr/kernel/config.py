"""The configuration: defaults, then the environment, then what the caller says."""

from __future__ import annotations

import os
import secrets
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

from flask import Flask

# Taken from the environment as TRAINMGR_<NAME>; DATABASE_URL also as it is.
FROM_ENVIRONMENT = (
    "SECRET_KEY",
    "INSTANCE_PATH",
    "TIMEZONE",
    "JOBS_URL",
    "REDIS_URL",
    "DATA_KEYS",
    "TRUSTED_PROXIES",
    "FILES_URL",
    "PUBLIC_URL",
    "SMTP_URL",
    "MAIL_FROM",
    "METRICS_TOKEN",
    "LOG_FORMAT",
    "ALLOW_INWARD",
    "DRAIN_FILE",
    "JOBS_STALE_SECONDS",
    "PERSON_MB",
)


def apply(app: Flask, root: Path, overrides: Mapping[str, Any] | None) -> None:
    """Fill app.config; the secret key is made at the first start and kept in the instance folder."""
    app.config.update(
        INSTANCE_PATH=str(root / "instance"),
        TIMEZONE="Asia/Shanghai",
        MAX_CONTENT_LENGTH=64 * 1024 * 1024,
        MAX_FORM_MEMORY_SIZE=2 * 1024 * 1024,
        PERSON_MB=4096,
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        SESSION_COOKIE_NAME="trainmgr",
        SEND_FILE_MAX_AGE_DEFAULT=timedelta(days=30),
        WTF_CSRF_TIME_LIMIT=None,
        SQLALCHEMY_ENGINE_OPTIONS={"pool_pre_ping": True},
    )
    for name in FROM_ENVIRONMENT:
        if value := os.environ.get(f"TRAINMGR_{name}"):
            app.config[name] = value.split(",") if name == "DATA_KEYS" else value
    if megabytes := os.environ.get("TRAINMGR_UPLOAD_MB"):
        app.config["MAX_CONTENT_LENGTH"] = int(megabytes) * 1024 * 1024
    if url := os.environ.get("TRAINMGR_DATABASE_URL") or os.environ.get("DATABASE_URL"):
        app.config["SQLALCHEMY_DATABASE_URI"] = url
    if url := os.environ.get("TRAINMGR_REPLICA_URL"):
        app.config["SQLALCHEMY_BINDS"] = {"replica": {"url": url, **app.config["SQLALCHEMY_ENGINE_OPTIONS"]}}
    app.config.update(overrides or {})
    instance = Path(app.config["INSTANCE_PATH"])
    instance.mkdir(parents=True, exist_ok=True)
    app.instance_path = str(instance)
    app.config.setdefault("SQLALCHEMY_DATABASE_URI", f"sqlite:///{instance / 'trainmgr.db'}")
    if not app.config.get("SECRET_KEY"):
        app.config["SECRET_KEY"] = kept_secret(instance / "secret.key")


def kept_secret(path: Path) -> str:
    """Return the secret in a file, made once with the owner's eyes only."""
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return path.read_text().strip()
    secret = secrets.token_urlsafe(48)
    with os.fdopen(descriptor, "w") as file:
        file.write(secret)
    return secret
