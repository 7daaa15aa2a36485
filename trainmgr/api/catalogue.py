"""All resources in the order of the thread."""

from __future__ import annotations

from trainmgr.api import judging, people, planning
from trainmgr.api.reading import Resource

RESOURCES: dict[str, Resource] = {
    one.name: one for one in (*planning.RESOURCES, *people.RESOURCES, *judging.RESOURCES)
}
