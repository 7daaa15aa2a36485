"""What an operator does by hand: check an evidence pack of any size."""

from __future__ import annotations

import click
from flask_babel import gettext as _

from trainmgr.kernel.errors import RuleBroken
from trainmgr.reporting import packs


@click.command("verify")
@click.argument("path", type=click.Path(exists=True, dir_okay=False))
def verify(path: str) -> None:
    """Compare everything in an evidence pack with its checksums, and the pack with the register."""
    with open(path, "rb") as content:
        try:
            checked, pack = packs.recognise(content)
        except RuleBroken as refusal:
            raise click.ClickException(str(refusal)) from None
    for what, names in (
        (_("changed"), checked.changed),
        (_("missing"), checked.absent),
        (_("added"), checked.extra),
    ):
        for name in names:
            click.echo(f"{what}: {name}")
    if not checked.is_whole:
        raise click.ClickException(_("This pack is not as it was made."))
    if pack is None:
        raise click.ClickException(
            _("The files match their checksums, but this pack is not in the register.")
        )
    click.echo(_("Nothing was changed, and the pack was made here."))
