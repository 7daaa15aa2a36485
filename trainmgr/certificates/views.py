"""HTTP of certificates."""

from __future__ import annotations

from trainmgr.certificates import (  # noqa: F401
    certificate_views,
    check_views,
    external_views,
    program_views,
    sheet_views,
)
from trainmgr.certificates.frame import bp

blueprints = (bp,)
