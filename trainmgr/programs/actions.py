"""What moves a programme along its life: forward, suspended, resumed, cancelled; and reminding people."""

from __future__ import annotations

from flask_babel import gettext as _

from trainmgr.kernel.errors import RuleBroken
from trainmgr.programs import labels
from trainmgr.programs.models import Program
from trainmgr.programs.rules import ORDER, State, Work, is_open, opens_in


def require_open(program: Program, work: Work) -> None:
    """Refuse a kind of work in a state in which it is not open (see the table in rules), with the reason."""
    if is_open(work, program.state):
        return
    match program.state:
        case State.CLOSED:
            raise RuleBroken(_("The programme is closed. Nothing in it is changed any more."))
        case State.CANCELLED:
            raise RuleBroken(_("The programme was cancelled. Nothing in it is changed any more."))
        case State.SUSPENDED:
            raise RuleBroken(_("The programme is suspended. Resume it first, then go on."))
    opening = opens_in(work)
    if ORDER.index(program.state) < ORDER.index(opening):
        raise RuleBroken(
            _(
                "This opens when the programme reaches “%(opening)s”. It is at “%(state)s” now.",
                opening=labels.STATES[opening],
                state=program.state_label,
            )
        )
    raise RuleBroken(
        _("This can no longer be changed: the programme is at “%(state)s”.", state=program.state_label)
    )
