"""HTTP of the installed app: its manifest, its worker, the page of what waits, the token that sends it."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

from flask import Blueprint, Response, current_app, jsonify, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_login import current_user
from flask_wtf.csrf import generate_csrf

from trainmgr.kernel.access import Permission, public, requires
from trainmgr.kernel.shell import asset

bp = Blueprint("offline", __name__)
blueprints = (bp,)

FILES = (
    "vendor/bootstrap.min.css",
    "vendor/bootstrap-icons.min.css",
    "tokens.css",
    "app.css",
    "app.js",
    "queue.js",
    "offline.js",
    "vendor/popper.min.js",
    "vendor/bootstrap.min.js",
    "vendor/htmx.min.js",
    "icon.svg",
)
SIZES = (192, 512)


@bp.get("/manifest.webmanifest")
@public
def show_manifest() -> Response:
    """Tell a browser how the app is installed: its name, its icons, where it begins."""
    icons = [
        {"src": asset(f"icon-{size}.png"), "sizes": f"{size}x{size}", "type": "image/png", "purpose": "any"}
        for size in SIZES
    ]
    manifest = {
        "id": url_for("inbox.show_inbox"),
        "name": _("trainmgr · training projects"),
        "short_name": "trainmgr",
        "start_url": url_for("inbox.show_inbox"),
        "scope": url_for("inbox.show_inbox"),
        "display": "standalone",
        "background_color": "#ffffff",
        "theme_color": "#17568f",
        "icons": icons,
        "shortcuts": [{"name": _("Write a log"), "url": url_for("practice.new_log")}],
    }
    return Response(
        json.dumps(manifest, ensure_ascii=False),
        mimetype="application/manifest+json",
        headers={"Cache-Control": "no-cache"},
    )


def _addresses() -> dict[str, Any]:
    files = [asset(name) for name in FILES]
    return {
        "version": hashlib.sha256("\n".join(files).encode()).hexdigest()[:10],
        "files": files,
        "queue": asset("queue.js"),
        "folder": url_for("static", filename=""),
        "offline": url_for(".show_waiting"),
        "token": url_for(".show_token"),
        "write": url_for("practice.new_log"),
        "submit": url_for("practice.submit_log"),
        "signOut": url_for("identity.sign_out"),
    }


@bp.get("/worker.js")
@public
def show_worker() -> Response:
    """Give the worker with the addresses of this installation; it stands at the root, so that it serves every page."""
    text = (Path(current_app.static_folder or "") / "worker.js").read_text(encoding="utf-8")
    script = f"const SHELL = {json.dumps(_addresses())};\n{text}"
    return Response(script, mimetype="text/javascript", headers={"Cache-Control": "no-cache"})


@bp.get("/waiting")
@public
def show_waiting() -> str:
    """Show the logs that wait on this device; it holds nothing of anybody, the device fills it in."""
    return render_template("offline/waiting.html", kept=request.args.get("kept") == "1")


@bp.get("/waiting/token")
@requires(Permission.LOG_WRITE)
def show_token() -> Any:
    """Give what sends a waiting log: a fresh token, and whose logs may be sent with it; people get the list."""
    if request.accept_mimetypes.best != "application/json":
        return redirect(url_for(".show_waiting"))
    return jsonify(token=generate_csrf(), owner=str(current_user.id))
