"""HTTP of moderation and appeals."""

from __future__ import annotations

from trainmgr.moderation import appeal_views, opening, talk_views
from trainmgr.moderation.frame import bp

blueprints = (bp,)

__all__ = ["appeal_views", "blueprints", "opening", "talk_views"]
