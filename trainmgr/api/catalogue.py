"""All resources in the order of the thread."""

from __future__ import annotations

from trainmgr.api import giving, guiding, judging, people, planning, presence, proving
from trainmgr.api.reading import Resource

_PARTS = (planning, people, guiding, presence, judging, giving, proving)
RESOURCES: dict[str, Resource] = {one.name: one for part in _PARTS for one in part.RESOURCES}
