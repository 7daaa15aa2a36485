"""The database: engine, types, and the one place where a request's work is committed."""

from __future__ import annotations

import enum
import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
from flask import Flask, Response, g, has_request_context, request
from flask_migrate import Migrate
from flask_sqlalchemy import SQLAlchemy
from flask_sqlalchemy.session import Session as FlaskSession
from sqlalchemy import event
from sqlalchemy.dialects import postgresql
from sqlalchemy.engine import Connection, Engine
from sqlalchemy.orm import DeclarativeBase
from sqlalchemy.pool import ConnectionPoolEntry

SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})

NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}


class Base(DeclarativeBase):
    """Base of every table; names its constraints so that migrations can name them too."""

    metadata = sa.MetaData(naming_convention=NAMING)


# flask-sqlalchemy derives its own base, and SQLAlchemy takes this map only on the registry that both share.
Base.registry.update_type_annotation_map({dict[str, Any]: sa.JSON, list[Any]: sa.JSON})


REPLICA = "replica"
_reports: set[str] = set()  # endpoints whose pages may be read from the replica


class RoutedSession(FlaskSession):
    """Asks the database, and for a page of reports its replica where the installation has one."""

    def get_bind(self, *args: Any, **kwargs: Any) -> Any:
        """Return the engine that this request's statements go to."""
        if has_request_context() and g.get("reads_replica"):
            return self._db.engines[REPLICA]
        return super().get_bind(*args, **kwargs)


def read_from_replica(*endpoints: str) -> None:
    """Let pages that sum up be read from the replica, which lags behind by what replication takes.

    Not what somebody has just changed and looks at again.
    """
    _reports.update(endpoints)


def choose_reader() -> None:
    """Send what this request asks from here on to the replica, if it reads reports; who asks is known by now."""
    if request.endpoint in _reports and request.method in SAFE_METHODS:
        g.reads_replica = REPLICA in db.engines


db = SQLAlchemy(model_class=Base, disable_autonaming=True, session_options={"class_": RoutedSession})
migrate = Migrate(directory="trainmgr/migrations", render_as_batch=True, compare_type=True)

if TYPE_CHECKING:
    Model = Base
else:
    Model = db.Model


class UTCDateTime(sa.types.TypeDecorator[datetime]):
    """An aware moment in UTC on every database; a naive one is refused."""

    impl = sa.DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: sa.Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a moment without a time zone")
        return value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: sa.Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


def choice(kind: type[enum.StrEnum], name: str | None = None) -> sa.Enum:
    """A column that holds one value of an enum, as text, checked by the database."""
    return sa.Enum(
        kind,
        name=name or kind.__name__.lower(),
        native_enum=False,
        create_constraint=True,
        length=32,
        values_callable=lambda members: [member.value for member in members],
    )


# --- transactions -------------------------------------------------------------------------------

_reading: ContextVar[bool] = ContextVar("reading", default=False)


@contextmanager
def reading() -> Iterator[None]:
    """Read in a transaction that locks nothing although the request is a write, and ends here.

    What the request wrote must be committed before: whatever is not is dropped at the end.
    """
    token = _reading.set(True)
    try:
        yield
    finally:
        _reading.reset(token)
        db.session.rollback()


def step_aside() -> None:
    """Give the database back before long work that does not need it, so that nobody waits for it (a photo's decoding).

    What was written so far is committed, what was read stays as it was read; the next statement begins anew.
    """
    session = db.session()
    expires = session.expire_on_commit
    session.expire_on_commit = False
    try:
        session.commit()
    finally:
        session.expire_on_commit = expires


@contextmanager
def aside() -> Iterator[Connection]:
    """Write something small in a transaction of its own, kept whatever becomes of the request (a count).

    Only while the request's own session holds no transaction that writes: SQLite has one writer at a time.
    """
    with db.engine.begin() as connection:
        yield connection


def keep_writes() -> None:
    """Commit what this request wrote although it answers with a refusal (a failed sign-in is counted)."""
    g.keep_writes = True


def after_commit(work: Any) -> None:
    """Run a callable once this transaction is committed; it is dropped when the transaction rolls back."""
    db.session.info.setdefault("after_commit", []).append(work)


def finish_request(response: Response) -> Response:
    """Commit a write request that succeeded; everything else is rolled back."""
    if request.method in SAFE_METHODS:
        return response
    if response.status_code < 400 or g.get("keep_writes"):
        db.session.commit()
    else:
        db.session.rollback()
    return response


def _on_commit(session: Any) -> None:
    if not session.in_nested_transaction():  # the end of a savepoint comes here too
        session.info["committed"] = True


def _on_end(session: Any, transaction: Any) -> None:
    # Only now the connection is given back, so that the work may use the database like anybody else.
    if transaction.parent is None:
        planned = session.info.pop("after_commit", [])
        if session.info.pop("committed", False):
            for work in planned:
                work()


def look_again(*models: type[Any]) -> None:
    """Let PostgreSQL look at tables that have grown much within minutes, before it would by itself.

    Plans and checks of foreign keys that were made while a table was all but empty read it whole for each row; a look
    has them made anew.
    """
    if db.engine.dialect.name == "postgresql":
        db.session.execute(sa.text(f"ANALYZE {', '.join(model.__tablename__ for model in models)}"))


# --- engine -------------------------------------------------------------------------------------


def _on_connect(connection: Any, record: ConnectionPoolEntry) -> None:
    # The driver's own transaction handling loses updates; see _on_begin.
    connection.isolation_level = None
    cursor = connection.cursor()
    for pragma in ("journal_mode=WAL", "busy_timeout=15000", "foreign_keys=ON", "synchronous=NORMAL"):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _on_begin(connection: Connection) -> None:
    only_reads = _reading.get() or (has_request_context() and request.method in SAFE_METHODS)
    connection.exec_driver_sql("BEGIN" if only_reads else "BEGIN IMMEDIATE")


# A host that is cut off says nothing more; without these lines the other side waits for it for hours, the server with
# its locks held. Both sides notice within some twenty seconds (Unix sockets know nothing of it and ignore it).
KEPT_ALIVE = {
    "keepalives_idle": 10,
    "keepalives_interval": 3,
    "keepalives_count": 3,
    "tcp_user_timeout": 20_000,
}
SESSION = """
SET jit = off; SET tcp_keepalives_idle = 10; SET tcp_keepalives_interval = 3; SET tcp_keepalives_count = 3;
SET tcp_user_timeout = 20000
"""
CONNECT_SECONDS = 10


def _before_connect(
    dialect: Any, record: ConnectionPoolEntry, arguments: Any, options: dict[str, Any]
) -> None:
    for name, value in (KEPT_ALIVE | {"connect_timeout": CONNECT_SECONDS}).items():
        options.setdefault(name, value)


def _settle_session(connection: Any, record: ConnectionPoolEntry) -> None:
    # PostgreSQL overrates our conditions and compiles them: a second of work to save a hundredth (docs/bench.md).
    connection.autocommit = True
    connection.execute(SESSION)
    connection.autocommit = False


def prepare_engine(engine: Engine) -> None:
    """Give an SQLite engine write-ahead logging, foreign keys and honest transactions; settle PostgreSQL's planner."""
    if engine.dialect.name == "sqlite":
        event.listen(engine, "connect", _on_connect)
        event.listen(engine, "begin", _on_begin)
    elif engine.dialect.name == "postgresql":
        event.listen(engine, "do_connect", _before_connect)
        event.listen(engine, "connect", _settle_session)


def init_app(app: Flask) -> None:
    """Bind the database to the application."""
    db.init_app(app)
    migrate.init_app(app, db)
    with app.app_context():
        for engine in db.engines.values():
            prepare_engine(engine)
    event.listen(db.session, "after_commit", _on_commit)
    event.listen(db.session, "after_transaction_end", _on_end)


def among(column: Any, values: Sequence[Any]) -> sa.ColumnElement[bool]:
    """Return the condition that a column has one of many values, sent as one parameter: quick for thousands of them."""
    if db.engine.dialect.name == "postgresql":
        condition: sa.ColumnElement[bool] = column == sa.any_(
            sa.bindparam(None, list(values), postgresql.ARRAY(column.type))
        )
        return condition
    listed = sa.func.json_each(json.dumps(list(values))).table_valued("value")
    condition = column.in_(sa.select(listed.c.value))
    return condition
