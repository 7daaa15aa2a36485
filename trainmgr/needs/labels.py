"""What dimensions and directions of a needs analysis are called."""

from __future__ import annotations

from typing import Any

from flask_babel import lazy_gettext as _l

from trainmgr.needs.rules import Direction
from trainmgr.standards.rules import Dimension

DIMENSIONS: dict[Dimension, Any] = {
    Dimension.PROFESSIONAL: _l("Professional ability"),
    Dimension.SOCIAL: _l("Social ability"),
    Dimension.METHOD: _l("Method ability"),
    Dimension.VALUES: _l("Values and conduct"),
}

DIRECTIONS: dict[Direction, Any] = {
    Direction.HIGHER: _l("more is better"),
    Direction.LOWER: _l("less is better"),
}
