"""HTTP of practice, by what people do: write logs, sign them, look at a programme's practice, judge at gates."""

from __future__ import annotations

import trainmgr.practice.board_views
import trainmgr.practice.gate_views
import trainmgr.practice.log_views
import trainmgr.practice.proving
import trainmgr.practice.signing_views
import trainmgr.practice.station  # noqa: F401 - registers how step 7 stands and what is due
from trainmgr.practice.blueprint import bp

blueprints = (bp,)
