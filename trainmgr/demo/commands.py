"""`flask --app run demo load|drop`."""

from __future__ import annotations

from time import monotonic

import click
from flask.cli import AppGroup

from trainmgr.kernel.clock import utcnow
from trainmgr.kernel.db import db
from trainmgr.kernel.errors import RuleBroken

demo = AppGroup("demo", help="The demo cases: invented people in real structures.")


@demo.command("load")
@click.option("--if-empty", is_flag=True, help="Do nothing, and say so, when the database holds anything.")
@click.option("--small", is_flag=True, help="Seventy-two technicians in the largest case instead of 1,800.")
def load_command(if_empty: bool, small: bool) -> None:
    """Load the demo cases into an empty database."""
    from trainmgr.demo import loading  # the whole application, which other commands need not wait for

    if if_empty and not loading.is_empty():
        click.echo("The database is in use; no demo is loaded.")
        return
    begun = monotonic()
    click.echo("Loading the demo cases:")
    try:
        loading.load(
            now=utcnow(),
            say=click.echo,
            technicians=loading.FEW_TECHNICIANS if small else loading.TECHNICIANS,
        )
    except RuleBroken as broken:
        raise click.ClickException(str(broken)) from None
    db.session.commit()
    click.echo(f"Loaded in {monotonic() - begun:.0f} s.")


@demo.command("drop")
@click.option("--with-additions", is_flag=True, help="Also what was added since the demo was loaded.")
def drop_command(with_additions: bool) -> None:
    """Remove the demo cases and what was done in them; refused when the database holds anything else."""
    from trainmgr.demo import loading

    try:
        removed = loading.drop(with_additions=with_additions)
    except RuleBroken as broken:
        raise click.ClickException(str(broken)) from None
    db.session.commit()
    loading.sweep_files()
    click.echo(f"The demo is gone ({removed:,} rows).")
