"""The sentences that the audit trail tells of indicators and maturity evaluations."""

from __future__ import annotations

from flask_babel import lazy_gettext as _l

from trainmgr.kernel.audit import sentence

COMPUTED = sentence("quality.compute", _l("%(who)s had the figures of %(year)s computed"))
DEFINED = sentence("quality.define", _l("%(who)s changed the indicator “%(what)s”: %(reason)s"))
AIMED = sentence("quality.aim", _l("%(who)s set the target of “%(what)s” for %(year)s: %(reason)s"))
TREE_MADE = sentence("quality.tree", _l("%(who)s drew up the index system “%(what)s”"))
TREE_EDITED = sentence("quality.tree_edit", _l("%(who)s edited the index system “%(what)s”"))
TREE_RELEASED = sentence("quality.tree_release", _l("%(who)s released the index system “%(what)s”"))
ASKED = sentence("quality.ask", _l("%(who)s asked %(assessor)s for the evaluation “%(what)s”"))
SCORED = sentence("quality.score", _l("%(who)s scored “%(index)s” in the evaluation “%(what)s”"))
FOUND = sentence("quality.find", _l("%(who)s noted a finding in the evaluation “%(what)s”"))
SUBMITTED = sentence("quality.submit", _l("%(who)s submitted the evaluation “%(what)s”"))
WITHDRAWN = sentence("quality.withdraw", _l("%(who)s called the evaluation “%(what)s” off: %(reason)s"))
