"""What the things of a job standard are called."""

from __future__ import annotations

from typing import Any

from flask_babel import lazy_gettext as _l

from trainmgr.standards.rules import Dimension, Lack, TaskKind, VersionState
from trainmgr.standards.scoring import Subject, Verdict

DIMENSIONS: dict[Dimension, Any] = {
    Dimension.PROFESSIONAL: _l("Professional ability"),
    Dimension.SOCIAL: _l("Social ability"),
    Dimension.METHOD: _l("Method ability"),
    Dimension.VALUES: _l("Values and conduct"),
}

STATES: dict[VersionState, Any] = {
    VersionState.DRAFT: _l("draft version"),
    VersionState.PUBLISHED: _l("published"),
    VersionState.OUTDATED: _l("outdated"),
}

TASK_KINDS: dict[TaskKind, Any] = {
    TaskKind.REPRESENTATIVE: _l("Representative work tasks"),
    TaskKind.TYPICAL: _l("Typical work tasks"),
    TaskKind.LEARNING: _l("Learning tasks"),
    TaskKind.SCHOOL: _l("The school's own learning tasks"),
}

ONE_TASK: dict[TaskKind, Any] = {
    TaskKind.REPRESENTATIVE: _l("Representative work task"),
    TaskKind.TYPICAL: _l("Typical work task"),
    TaskKind.LEARNING: _l("Learning task"),
    TaskKind.SCHOOL: _l("The school's own learning task"),
}

LACKS: dict[Lack, Any] = {
    Lack.ENTERPRISE: _l("a partner enterprise that signs"),
    Lack.COMPETENCY: _l("a competency"),
    Lack.TASK: _l("a typical work task"),
    Lack.LINK: _l("a typical work task for every competency"),
    Lack.LEVELS: _l("words for all five levels of every competency"),
}

SUBJECTS: dict[Subject, Any] = {
    Subject.COMPETENCIES: _l("the competencies of the draft"),
    Subject.TASKS: _l("the typical work tasks of the draft"),
}

VERDICTS: dict[Verdict, Any] = {
    Verdict.KEEP: _l("keep"),
    Verdict.AGAIN: _l("ask again"),
    Verdict.DROP: _l("drop"),
}
