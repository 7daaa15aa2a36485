"""HTTP of contests and awards."""

from __future__ import annotations

from trainmgr.contests import award_views, contest_views, entry_views
from trainmgr.contests.frame import bp

blueprints = (bp,)

__all__ = ["award_views", "blueprints", "contest_views", "entry_views"]
