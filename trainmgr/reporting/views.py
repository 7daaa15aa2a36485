"""HTTP of reports: the closing report and evidence packs of a programme, the annual report of a college."""

from __future__ import annotations

from trainmgr.reporting import (
    annual_views,  # noqa: F401  (it adds its routes)
    closing_views,  # noqa: F401  (it adds its routes)
    commands,
)
from trainmgr.reporting.frame import bp

blueprints = (bp,)
bp.cli.add_command(commands.verify)
