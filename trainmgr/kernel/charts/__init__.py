"""Geometry of the charts: plain numbers in, places on a canvas out. `templates/_charts.html` draws them.

A canvas is drawn near 1 : 1; x grows to the right, y downwards. Nothing here knows colours or words.
"""

from trainmgr.kernel.charts.canvas import PARTIES
from trainmgr.kernel.charts.groups import histogram, list_bars, seats
from trainmgr.kernel.charts.lines import bar, check_bar, gain, interval_line, range_line, spark
from trainmgr.kernel.charts.parties import party_bars, radar
from trainmgr.kernel.charts.priorities import scatter

__all__ = [
    "PARTIES",
    "bar",
    "check_bar",
    "gain",
    "histogram",
    "interval_line",
    "list_bars",
    "party_bars",
    "radar",
    "range_line",
    "scatter",
    "seats",
    "spark",
]
