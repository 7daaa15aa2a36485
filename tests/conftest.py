"""What tests stand on: a fresh database for each, a client alone with its requests, a browser where there is one."""

from __future__ import annotations

import gc
import os
import secrets
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from flask import Flask, has_app_context
from hypothesis import HealthCheck, settings
from jinja2 import FileSystemBytecodeCache
from sqlalchemy import event
from sqlalchemy.orm import Session, SessionTransaction

from tests import browsers
from tests.clients import Client, CliRunner, QuickClient
from tests.databases import (
    Database,
    PostgresDatabase,
    SqliteDatabase,
    postgres_is_possible,
    postgres_server,
)
from trainmgr import create_app
from trainmgr.kernel import errors
from trainmgr.kernel.db import db

pytest_plugins = ["tests.factories", "tests.populated"]

SERVER = pytest.StashKey[Any]()
PAGES = pytest.StashKey[list[tuple[Any, list[Any]]]]()  # each page with what it asked and has no answer to
NO_SKIP = os.environ.get("TRAINMGR_NO_SKIP") == "1"

# A property holds or not, however busy the machine is: how long one example takes, or to think of it, is no fault.
settings.register_profile("house", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("house")


# --- which database, and what the run says at its end ------------------------------------------------


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--database",
        choices=["sqlite", "postgresql"],
        default=os.environ.get("TRAINMGR_TEST_DATABASE", "sqlite"),
        help="the database under test; with postgresql, only tests that use one are run",
    )


def pytest_configure(config: pytest.Config) -> None:
    """Start the throwaway cluster once for all workers."""
    if config.getoption("--database") != "postgresql" or hasattr(config, "workerinput"):
        return
    if not postgres_is_possible():
        raise pytest.UsageError("PostgreSQL was not found (Debian package: postgresql)")
    server = postgres_server()
    config.stash[SERVER] = (server, server.__enter__())


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:
    """Tell a worker where the cluster is."""
    if SERVER in node.config.stash:
        node.workerinput["postgres"] = node.config.stash[SERVER][1]


def pytest_unconfigure(config: pytest.Config) -> None:
    if SERVER in config.stash:
        config.stash[SERVER][0].__exit__(None, None, None)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out what cannot differ, or cannot run, on the database under test.

    How many statements a page sends is the same on both: SQLite is asked.
    """
    postgres = config.getoption("--database") == "postgresql"

    def takes_part(item: pytest.Item) -> bool:
        if not postgres:
            return item.get_closest_marker("postgres") is None
        if item.get_closest_marker("postgres"):
            return True
        elsewhere = item.get_closest_marker("sqlite") or item.get_closest_marker("once")
        uses = getattr(item, "fixturenames", ())
        if elsewhere or "database_url" not in uses or "count_statements" in uses:
            return False
        return item.get_closest_marker("browser") is None or "browser" in config.getoption("-m")

    for item in items:
        if item.get_closest_marker("browser"):
            item.add_marker(pytest.mark.flaky(reruns=1))  # and told below: docs/decisions/0053
    left_out = [item for item in items if not takes_part(item)]
    if left_out:
        config.hook.pytest_deselected(items=left_out)
        items[:] = [item for item in items if takes_part(item)]


def pytest_collection_finish(session: pytest.Session) -> None:
    """Spare the collector what stays until the end: half a million objects of the program and of the tests' code."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(10_000, 20, 20)


@pytest.hookimpl(hookwrapper=True, tryfirst=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> Iterator[None]:
    """Where everything is said to be installed, a skip is a failure. A failure says what the browser shows."""
    outcome: Any = yield
    report = outcome.get_result()
    if report.failed and call.when == "call" and PAGES in item.stash:
        report.sections += [("a page of the browser", browsers.describe(*page)) for page in item.stash[PAGES]]
    if NO_SKIP and report.skipped and not hasattr(report, "wasxfail"):
        report.outcome = "failed"
        report.longrepr = f"Skipped, where TRAINMGR_NO_SKIP forbids it: {report.longrepr[2]}"


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """Tell in full what passed the second time only; list what did not run, with the package that would enable it."""
    for report in terminalreporter.stats.get("rerun", []):
        terminalreporter.section(f"failed the first time: {report.nodeid}")
        terminalreporter.line(report.longreprtext)
        for title, content in report.sections:
            terminalreporter.line(f"--- {title}\n{content}")
    skipped = terminalreporter.stats.get("skipped", [])
    reasons = Counter(
        report.longrepr[2].removeprefix("Skipped: ")
        for report in skipped
        if isinstance(report.longrepr, tuple)
    )
    if reasons:
        terminalreporter.section("not run on this machine")
        for reason, times in reasons.most_common():
            terminalreporter.line(f"{times} × {reason}")


# --- the database -----------------------------------------------------------------------------------


@pytest.fixture(scope="session")
def make_database(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, worker_name: str
) -> Iterator[Callable[[], Database]]:
    """Make databases of the kind under test, still without tables."""
    made: list[Database] = []

    def make_one() -> Database:
        new: Database
        if request.config.getoption("--database") == "postgresql":
            workerinput = getattr(request.config, "workerinput", None)
            server = workerinput["postgres"] if workerinput else request.config.stash[SERVER][1]
            new = PostgresDatabase(server, f"trainmgr_test_{secrets.token_hex(4)}_{worker_name}")
        else:
            new = SqliteDatabase(tmp_path_factory.mktemp("database"))
        new.create()
        made.append(new)
        return new

    yield make_one
    for old in made:
        old.remove()


@pytest.fixture(scope="session")
def database(make_database: Callable[[], Database]) -> Database:
    """This worker's database under test."""
    return make_database()


@pytest.fixture(scope="session")
def worker_name() -> str:
    """The name of this process among those that share the work."""
    return os.environ.get("PYTEST_XDIST_WORKER", "main")


@pytest.fixture(scope="session")
def database_url(database: Database) -> str:
    """The address of the database under test."""
    return database.url


# --- the application --------------------------------------------------------------------------------


class Bench:
    """The application of this worker, put back to how it was between tests."""

    def __init__(self, database: Database, instance: Path) -> None:
        self.database = database
        self.instance = instance
        self.app = create_app(
            {
                "TESTING": True,
                "SECRET_KEY": "only for tests",
                "SQLALCHEMY_DATABASE_URI": database.url,
                "INSTANCE_PATH": str(instance),
                "WTF_CSRF_ENABLED": False,
                "HUEY_IMMEDIATE": True,
                # A sweep sends more different statements than a server's cache keeps: each would be compiled anew.
                "SQLALCHEMY_ENGINE_OPTIONS": {"pool_pre_ping": True, "query_cache_size": 20_000},
            }
        )
        # What a page looks like does not depend on the database: the run on SQLite looks at each.
        self.app.test_client_class = Client if database.url.startswith("sqlite") else QuickClient
        self.app.test_cli_runner_class = CliRunner
        if compiled := os.environ.get("TRAINMGR_TEST_TEMPLATES"):
            self.app.jinja_env.bytecode_cache = FileSystemBytecodeCache(compiled)
        self.config = dict(self.app.config)
        self.kept: set[str] = set()
        self.broken: dict[str, str] = {}  # what could not be built is not tried again for each test
        self.present = ""
        self.touched = False
        with self.app.app_context():
            self.engine = db.engine
        self.own_session: Session | None = None  # the one of the running test
        self.own_begun = False
        event.listen(self.engine, "engine_connect", self._before_use)

    def prepare(self, content: str) -> None:
        """Show a test the database as it is remembered under a name, and an application nobody has used."""
        if content in self.broken:
            pytest.fail(self.broken[content])
        if content not in self.kept:
            self._build(content)
        elif self.touched or self.present != content:
            self._bring_back(content)
        self.present, self.touched = content, False
        self.app.config.clear()
        self.app.config.update(self.config)
        self._clear_instance()

    def _bring_back(self, content: str) -> None:
        # Connections that nobody gave back would use the pool up; the others are warm and serve the next test.
        if self.engine.pool.checkedout() or not self.database.clear(content):  # type: ignore[attr-defined]
            self.engine.dispose()
            self.database.reset(content)

    def _build(self, content: str) -> None:
        self.engine.dispose()
        if content == "empty":
            with self.app.app_context():
                db.create_all()
            self._files = set(self.instance.rglob("*"))
        else:
            self.prepare("empty")
            result = self.app.test_cli_runner().invoke(args=[content, "load", "--small"])
            if result.exit_code:
                self.broken[content] = result.output
                self.present = ""
                pytest.fail(result.output)
        self.engine.dispose()
        self.database.keep(content)
        self.kept.add(content)

    def _clear_instance(self) -> None:
        for path in sorted(self.instance.rglob("*"), reverse=True):
            if path in self._files:
                continue
            if path.is_dir():
                path.rmdir()
            else:
                path.unlink()

    def _before_use(self, connection: object) -> None:
        """Commit what the test has arranged before somebody else begins: they see it and do not wait for it."""
        self.touched = True
        own = self.own_session
        if own is None or threading.current_thread() is not threading.main_thread():
            return
        if self.own_begun and has_app_context() and db.session() is not own:
            own.commit()

    def use_session(self, session: Session) -> None:
        """Know the running test's session, and whether it holds a connection."""
        self.own_session, self.own_begun = session, False

        @event.listens_for(session, "after_begin")
        def begun(*_: Any) -> None:
            self.own_begun = True

        @event.listens_for(session, "after_transaction_end")
        def ended(_: Session, transaction: SessionTransaction) -> None:
            if transaction.parent is None:  # a flush is a transaction inside
                self.own_begun = False


@pytest.fixture(scope="session")
def bench(database: Database, tmp_path_factory: pytest.TempPathFactory) -> Bench:
    """The one application of this worker; tests take `app`."""
    return Bench(database, tmp_path_factory.mktemp("instance"))


@pytest.fixture
def app(request: pytest.FixtureRequest, bench: Bench, database_url: str) -> Flask:
    """The application with a fresh database: empty, or with the demo cases for a test marked `demo`."""
    bench.prepare("demo" if request.node.get_closest_marker("demo") else "empty")
    return bench.app


@pytest.fixture
def session(bench: Bench, app: Flask) -> Iterator[Any]:
    """`db.session` for what a test arranges, does and checks by itself; it may call actions and queries directly.

    Requests, commands and makers have sessions of their own. What is pending here is committed before theirs begin,
    and objects of this session then show what those wrote.
    """
    with app.app_context():
        bench.use_session(db.session())
        yield db.session
        bench.own_session = None


@pytest.fixture
def client(app: Flask) -> Any:
    """A browser without a sign-in."""
    return app.test_client()


@pytest.fixture
def bare(monkeypatch: pytest.MonkeyPatch) -> None:
    """Refusals say their status only: a thousand times the same page need not be laid out."""
    monkeypatch.setattr(errors, "render_template", lambda _page, *, status, **_: f"<title>{status}</title>")


@pytest.fixture
def cli(app: Flask) -> Callable[..., Any]:
    """Run a `flask` command: `cli("demo", "load")`."""
    runner = app.test_cli_runner()
    return lambda *args: runner.invoke(args=[str(arg) for arg in args])


@pytest.fixture
def count_statements(bench: Bench) -> Callable[[], Any]:
    """Collect the SQL that is sent: `with count_statements() as statements: …; assert len(statements) <= 10`."""

    @contextmanager
    def collect() -> Iterator[list[str]]:
        statements: list[str] = []

        def note(connection: Any, cursor: Any, statement: str, *_: Any) -> None:
            if not statement.startswith(("BEGIN", "PRAGMA", "SAVEPOINT", "RELEASE")):
                statements.append(statement)

        event.listen(bench.engine, "before_cursor_execute", note)
        try:
            yield statements
        finally:
            event.remove(bench.engine, "before_cursor_execute", note)

    return collect


# --- the browser ------------------------------------------------------------------------------------


@pytest.fixture(scope="session")
def browser() -> Iterator[Any]:
    """Chromium, started once for this worker."""
    executable = browsers.find_chromium()
    if executable is None:
        pytest.skip(browsers.CHROMIUM_HINT)
    with browsers.launched(executable) as running:
        yield running


@pytest.fixture(scope="session")
def chinese_fonts() -> None:
    """Skips where Chinese would come out as boxes."""
    if not browsers.has_chinese_fonts():
        pytest.skip(browsers.FONTS_HINT)


@pytest.fixture(scope="session")
def _server(bench: Bench) -> Iterator[browsers.LiveServer]:
    server = browsers.LiveServer(bench.app)
    yield server
    server.stop()


@pytest.fixture
def live_server(app: Flask, _server: browsers.LiveServer) -> browsers.LiveServer:
    """The application on a port of this machine, with this test's database."""
    return _server


@pytest.fixture
def open_page(
    request: pytest.FixtureRequest, browser: Any, live_server: browsers.LiveServer, bench: Bench
) -> Iterator[Callable[..., Any]]:
    """Make pages, each with cookies of its own: `open_page()`, `open_page(phone=True, language="en")`.

    A script that breaks or a violation of the content security policy fails the test.
    """
    problems: list[str] = []
    contexts = []
    pages = request.node.stash[PAGES] = []

    def open_one(*, phone: bool = False, language: str = "zh-CN", **options: Any) -> Any:
        size = browsers.PHONE if phone else browsers.DESK
        context = browser.new_context(
            base_url=live_server.url,
            locale=language,
            viewport=size,
            has_touch=phone,
            is_mobile=phone,
            **options,
        )
        context.set_default_timeout(browsers.PATIENCE)
        contexts.append(context)
        page = context.new_page()
        # The server's requests wait for locks that the test's own transaction holds.
        context.on("request", lambda _: bench.own_session and bench.own_session.commit())
        browsers.watch(page, problems)
        pages.append((page, browsers.note_down(page)))
        return page

    yield open_one
    for context in contexts:
        context.close()
    live_server.wait_until_idle()
    assert not problems, problems


@pytest.fixture
def page(open_page: Callable[..., Any]) -> Any:
    """One page at 1280 px, in Chinese."""
    return open_page()


@pytest.fixture
def screenshot(chinese_fonts: None) -> Callable[[Any, str], Path]:
    """Keep a picture of a whole page in tests/screenshots/: `screenshot(page, "needs-390")`."""

    def take(page: Any, name: str) -> Path:
        browsers.SCREENSHOTS.mkdir(exist_ok=True)
        path = browsers.SCREENSHOTS / f"{name}.png"
        page.screenshot(path=path, full_page=True)
        return path

    return take
