"""What people read about outcomes."""

from __future__ import annotations

from flask_babel import lazy_gettext as _l

from trainmgr.outcomes.rules import PassKind

KINDS = {PassKind.PASSED: _l("Passed"), PassKind.FAILED: _l("Not passed")}
