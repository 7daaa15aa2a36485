"""HTTP of practice, by what people do: write logs, sign them, look at a programme's practice, judge at gates."""

from __future__ import annotations

import trainmgr.practice.board_views
import trainmgr.practice.everyone_views
import trainmgr.practice.gate_views
import trainmgr.practice.hint_views
import trainmgr.practice.log_terms_views
import trainmgr.practice.log_views
import trainmgr.practice.proving
import trainmgr.practice.reading_views
import trainmgr.practice.remedial_views
import trainmgr.practice.signing_views
import trainmgr.practice.spot_views
import trainmgr.practice.standing
import trainmgr.practice.station
import trainmgr.practice.volume_views  # noqa: F401 - registers pages, how step 7 stands, what is due
from trainmgr.practice.blueprint import bp

blueprints = (bp,)
