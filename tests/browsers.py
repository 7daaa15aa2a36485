"""A real browser for tests, where the machine has one, and a server for it on this machine.

A busy machine is no fault, so a test waits for what it looks at: after a press that leads on, `expect_navigation` or
`expect(…)`, never `count()`, `evaluate`, `inner_text` or `is_visible` at once. Where it is about time, clocks stand and
are set forward (`app.config["CLOCK"]`, `page.clock.pause_at`); axe waits by the page's clock, which must run for it.
"""

from __future__ import annotations

import glob
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from flask import Flask
from werkzeug.serving import BaseWSGIServer, WSGIRequestHandler, make_server

CHROMIUM_HINT = "needs Chromium (Debian package: chromium)"
FONTS_HINT = "needs Chinese fonts (Debian package: fonts-noto-cjk)"
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
SCREENSHOTS = Path(__file__).parent / "screenshots"
DESK = {"width": 1280, "height": 900}
PHONE = {"width": 390, "height": 844}
PATIENCE = 60_000  # ms; how long a busy machine may take until what is waited for is there


def find_chromium() -> str | None:
    """The browser's program, under any of the names it goes by; the one without windows starts faster."""
    names = (
        "chromium-headless-shell",
        "chromium",
        "chromium-browser",
        "google-chrome",
        "google-chrome-stable",
        "chrome",
        "msedge",
    )
    return next((path for name in names if (path := shutil.which(name))), None)


def has_chinese_fonts() -> bool:
    """Whether Chinese text comes out as characters rather than boxes."""
    if sys.platform in ("win32", "darwin"):
        return True
    if shutil.which("fc-list"):
        answer = subprocess.run(
            ["fc-list", ":lang=zh", "family"], capture_output=True, text=True, check=False
        )
        return bool(answer.stdout.strip())
    return bool(glob.glob("/usr/share/fonts/**/NotoSansCJK*", recursive=True))


class QuietHandler(WSGIRequestHandler):
    """Keeps the requests of a browser test out of pytest's output."""

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        pass


class LiveServer:
    """The application under test, answering on a free port of this machine."""

    def __init__(self, app: Flask) -> None:
        self._app = app
        self._answering = 0
        self._changed = threading.Condition()
        self._server: BaseWSGIServer = make_server(
            "127.0.0.1", 0, self._answer, threaded=True, request_handler=QuietHandler
        )
        self._server.daemon_threads = True  # type: ignore[attr-defined]  # a browser may hold its connection open
        self._thread = threading.Thread(target=self._server.serve_forever, name="live-server", daemon=True)
        self._thread.start()
        self.url = f"http://127.0.0.1:{self._server.port}"

    def _answer(self, environ: Any, start_response: Any) -> Iterator[bytes]:
        with self._changed:
            self._answering += 1
        try:
            answer = self._app(environ, start_response)
            try:
                yield from answer
            finally:
                getattr(answer, "close", lambda: None)()
        finally:
            with self._changed:
                self._answering -= 1
                self._changed.notify_all()

    def wait_until_idle(self) -> None:
        """Wait for requests under way: what they still write belongs to the test that is ending."""
        with self._changed:
            assert self._changed.wait_for(lambda: not self._answering, PATIENCE / 1000)

    def stop(self) -> None:
        """Stop answering."""
        self._server.shutdown()
        self._thread.join(timeout=10)
        self._server.server_close()


@contextmanager
def launched(executable: str) -> Iterator[Any]:
    """A headless browser with a profile of its own."""
    from playwright.sync_api import expect, sync_playwright

    expect.set_options(timeout=PATIENCE)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=executable, args=FLAGS)
        yield browser
        browser.close()


# Which elements end right of a width, in short: the outermost of each branch, and none that a frame of its own clips.
STICKING_OUT = """width => {
    if (document.readyState !== "complete" || !document.documentElement) return null;
    if (document.documentElement.scrollWidth <= width) return {found: []};
    const found = [];
    const look = (element) => {
        if (element.getBoundingClientRect().right + scrollX > width + 0.5) {
            const named = element.id ? `#${element.id}` : [...element.classList].map((one) => `.${one}`).join("");
            found.push(element.localName + named);
        } else if (getComputedStyle(element).overflowX === "visible") [...element.children].forEach(look);
    };
    [...document.body.children].forEach(look);
    return {found: [`${document.documentElement.scrollWidth} wide`, ...found]};
}"""


def sticking_out(page: Any, width: int) -> list[str]:
    """Wait until the page has come; returns its width and what makes it so, where it is wider than the window."""
    return list(page.wait_for_function(STICKING_OUT, arg=width).json_value()["found"])


def fits(page: Any, width: int | None = None) -> None:
    """Wait until the page has come; fail where something on it is wider than the window, and say what.

    The window is the one that the page was opened with: a page that lies wide makes a phone's `innerWidth` wider, too.
    What was pressed before must have led here: `with page.expect_navigation(): …`.
    """
    width = width or page.viewport_size["width"]
    found = sticking_out(page, width)
    assert not found, f"{page.url} does not fit into {width}: {', '.join(found)}"


# Notes the last presses and sendings on a page, and whether somebody kept them from doing what they do.
NOTE_PRESSES = """
window.pressed = [];
for (const kind of ["mousedown", "mouseup", "click", "submit"]) {
    addEventListener(kind, (event) => setTimeout(() => {
        window.pressed.push(`${kind} ${event.target.nodeName} ${event.defaultPrevented ? "prevented" : ""}`);
        window.pressed.splice(0, window.pressed.length - 12);
    }), true);
}"""


def note_down(page: Any) -> list[Any]:
    """Note what is pressed on a page; returns its requests that have no answer, kept up to date."""
    unanswered: list[Any] = []

    def asked(request: Any) -> None:
        unanswered.append(request)

    def answered(request: Any) -> None:
        if request in unanswered:
            unanswered.remove(request)

    page.add_init_script(NOTE_PRESSES)
    page.on("request", asked)
    page.on("requestfinished", answered)
    page.on("requestfailed", answered)
    return unanswered


def describe(page: Any, unanswered: list[Any]) -> str:
    """Where a page stands, what is on its way, what was pressed last and what can be read, where a test failed."""
    from playwright.sync_api import Error

    told = [page.url, *(f"on its way: {request.method} {request.url}" for request in unanswered)]
    try:
        told += [*page.evaluate("window.pressed || []"), page.locator("body").inner_text(timeout=5_000)]
    except Error as closed:
        told.append(closed.message)
    return "\n".join(told)


def watch(page: Any, problems: list[str]) -> None:
    """Note scripts that break and whatever the content security policy refuses."""

    def note_refusal(message: Any) -> None:
        if message.type == "error" and "Content Security Policy" in message.text:
            problems.append(f"{page.url}: {message.text}")

    page.on("pageerror", lambda error: problems.append(f"{page.url}: {error}"))
    page.on("console", note_refusal)
