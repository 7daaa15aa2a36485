"""What the pages of the bank share: their blueprint, what was asked in the address, rendering."""

from __future__ import annotations

from enum import StrEnum
from typing import Any, TypeVar

from flask import Blueprint, abort, render_template, request
from flask_babel import gettext as _
from flask_login import current_user

from trainmgr.bank import instruments, labels, queries
from trainmgr.bank.content import LETTERS
from trainmgr.bank.models import Instrument
from trainmgr.bank.queries import CompetencyLine, Filters
from trainmgr.bank.rules import Difficulty, ItemKind, ItemState
from trainmgr.kernel.numbers import whole
from trainmgr.programs.labels import in_language

bp = Blueprint("bank", __name__)

INSTRUMENT = "/bank/instruments/<int:instrument_id>"

Choice = TypeVar("Choice", bound=StrEnum)


def render(template: str, status: int = 200, **context: Any) -> tuple[str, int]:
    """Render a page of the bank."""
    html = render_template(
        f"bank/{template}.html",
        labels=labels,
        letters=LETTERS,
        difficulties=list(Difficulty),
        name_of=name_of,
        **context,
    )
    return html, status


def name_of(line: CompetencyLine | None) -> str:
    """Return a competency's name in the reader's language."""
    return in_language(line.name, line.name_en) if line else _("(no longer in a standard)")


def one_of(kind: type[Choice], text: str | None) -> Choice | None:
    """Read one value of an enum; nonsense is None."""
    return kind(text) if text in set(kind) else None


def asked_filters() -> Filters:
    """Read from the address what the list is narrowed down to; nonsense narrows nothing."""
    return Filters(
        standard_id=whole(request.values.get("standard")),
        competency_id=whole(request.values.get("competency")),
        kind=one_of(ItemKind, request.values.get("kind")),
        difficulty=one_of(Difficulty, request.values.get("difficulty")),
        state=one_of(ItemState, request.values.get("state")),
    )


def load(instrument_id: int) -> Instrument:
    """Return an instrument that the reader may see, or answer 404."""
    return instruments.instrument_or_404(instrument_id, current_user)


def load_to_edit(instrument_id: int) -> Instrument:
    """Return an instrument that the reader may change; 403 for who only reads it."""
    instrument = load(instrument_id)
    return instrument if queries.may_edit(instrument.college_id, current_user) else abort(403)
