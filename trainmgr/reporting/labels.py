"""What the chapters of the annual report are called."""

from __future__ import annotations

from typing import Any

from flask_babel import lazy_gettext as _l

from trainmgr.kernel.msgids import N_
from trainmgr.reporting.rules import Chapter

TITLE_MSGIDS: dict[Chapter, str] = {
    Chapter.OVERVIEW: N_("Overview of the college"),
    Chapter.TALENT: N_("1 Talent training"),
    Chapter.SERVICE: N_("2 Service contribution"),
    Chapter.CULTURE: N_("3 Cultural heritage"),
    Chapter.INTERNATIONAL: N_("4 International cooperation"),
    Chapter.COOPERATION: N_("5 Integration of industry and education"),
    Chapter.ASSURANCE: N_("6 Assurance of development"),
    Chapter.OUTLOOK: N_("7 Problems and outlook"),
}
TITLES: dict[Chapter, Any] = {chapter: _l(msgid) for chapter, msgid in TITLE_MSGIDS.items()}
ANNEX = _l("Annex: tables")
