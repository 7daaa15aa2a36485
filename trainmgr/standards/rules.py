"""What a job standard goes by: the dimensions of ability, and the states of a version. Pure."""

from __future__ import annotations

import enum

LOWEST_LEVEL, HIGHEST_LEVEL = 1, 5


class Dimension(enum.StrEnum):
    """The ability dimension of a competency (专业, 社会, 方法, 思政素养)."""

    PROFESSIONAL = "professional"
    SOCIAL = "social"
    METHOD = "method"
    VALUES = "values"


class VersionState(enum.StrEnum):
    """A version is edited as a draft, in use once published, and outdated when the next one is published."""

    DRAFT = "draft"
    PUBLISHED = "published"
    OUTDATED = "outdated"
