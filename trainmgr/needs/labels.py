"""What dimensions and directions of a needs analysis are called."""

from __future__ import annotations

from typing import Any

from flask_babel import lazy_gettext as _l

from trainmgr.needs.rules import Direction
from trainmgr.standards.labels import DIMENSIONS as DIMENSIONS

DIRECTIONS: dict[Direction, Any] = {
    Direction.HIGHER: _l("more is better"),
    Direction.LOWER: _l("less is better"),
}
