"""What the parts of a needs analysis are called."""

from __future__ import annotations

from typing import Any

from flask_babel import lazy_gettext as _l

from trainmgr.needs.rules import Direction, LaneStep, LevelSource, SeriesRule
from trainmgr.standards.labels import DIMENSIONS as DIMENSIONS

DIRECTIONS: dict[Direction, Any] = {
    Direction.HIGHER: _l("more is better"),
    Direction.LOWER: _l("less is better"),
}

LANE_STEPS: dict[LaneStep, Any] = {
    LaneStep.STANDARD: _l("Job standard built by both sides"),
    LaneStep.INSTRUMENT: _l("Instrument designed"),
    LaneStep.TEST: _l("Test taken online"),
    LaneStep.REPORT: _l("Test report made"),
    LaneStep.WEAKNESSES: _l("Common weaknesses found"),
    LaneStep.PRIORITIES: _l("Training priorities settled"),
    LaneStep.BUSINESS_NEED: _l("Business needs named"),
    LaneStep.EXPECTED: _l("Expected performance stated"),
    LaneStep.CURRENT: _l("Current performance measured"),
    LaneStep.GAP: _l("Performance gap analysed"),
    LaneStep.BENCHMARK: _l("Compared with the industry"),
    LaneStep.SHORTFALLS: _l("Key shortfalls settled"),
}

LEVEL_SOURCES: dict[LevelSource, Any] = {
    LevelSource.TYPED: _l("typed in"),
    LevelSource.RATED: _l("rated"),
    LevelSource.TESTED: _l("tested"),
    LevelSource.NONE: _l("not measured yet"),
}

SERIES_RULES: dict[SeriesRule, Any] = {
    SeriesRule.TYPED: _l("as typed"),
    SeriesRule.LATEST: _l("the last month"),
    SeriesRule.MEAN: _l("mean of the last twelve months"),
    SeriesRule.SUM: _l("sum of the last twelve months"),
}
