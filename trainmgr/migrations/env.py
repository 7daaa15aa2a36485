"""Runs migrations on the application's database."""

from __future__ import annotations

from alembic import context
from flask import current_app
from sqlalchemy import text

from trainmgr.kernel.db import db

config = context.config


def leave_out_empty(context_: object, revision: object, directives: list) -> None:
    """Write no migration when nothing has changed."""
    if getattr(config.cmd_opts, "autogenerate", False) and directives[0].upgrade_ops.is_empty():
        directives[:] = []


def run() -> None:
    """Run all of it in one transaction, with foreign keys off on SQLite.

    A table that is rebuilt would take its children along while they are on; they are checked before the end.
    """
    engine = current_app.extensions["migrate"].db.engine
    options = dict(current_app.extensions["migrate"].configure_args)
    options.setdefault("process_revision_directives", leave_out_empty)
    with engine.connect() as connection:
        sqlite = connection.dialect.name == "sqlite"
        if sqlite:
            # Outside a transaction: within one SQLite takes no notice of it.
            connection.connection.driver_connection.execute("PRAGMA foreign_keys=OFF")
        context.configure(
            connection=connection, target_metadata=db.metadata, transaction_per_migration=False, **options
        )
        with context.begin_transaction():
            context.run_migrations()
            if sqlite and (broken := connection.execute(text("PRAGMA foreign_key_check")).fetchall()):
                raise RuntimeError(f"a migration left rows without their parents: {broken[:3]}")
        if sqlite:
            connection.commit()  # what Alembic looked up afterwards has begun another one
            connection.connection.driver_connection.execute("PRAGMA foreign_keys=ON")


run()
