"""HTTP of employment, by what people do: ask, answer, confirm, follow to the post, hand the record over, check it."""

from __future__ import annotations

import trainmgr.employment.answer_views
import trainmgr.employment.post_views
import trainmgr.employment.record_views
import trainmgr.employment.round_views  # noqa: F401 - they fill the blueprint
from trainmgr.employment.frame import bp

blueprints = (bp,)
