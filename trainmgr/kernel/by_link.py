"""What a personal link opens: named address by address, everything else is refused.

A mentor without an account comes in by a link (feature `links`). The link's session is confined: it may open only these
addresses, holds only these permissions (`access.BY_LINK`), and its every read is narrowed to the link's programme.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Any

import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.orm import Mapper, ORMExecuteState, with_loader_criteria

from trainmgr.kernel.db import Base, db

ENDPOINTS = frozenset(
    {
        "inbox.show_inbox",
        "links.end_visit",
        "mentoring.list_my_trainees",
        "practice.show_trainee",
        # signing logs
        "practice.list_logs_to_sign",
        "practice.confirm_signing",
        "practice.sign_logs",
        "practice.show_log",
        "practice.show_log_photo",
        "practice.sign_log",
        "practice.return_log",
        "practice.list_unread",
        "practice.add_comment",
        "practice.withdraw_comment",
        "practice.mark_read",
        "practice.put_hint_aside",
        "practice.list_spot_checks",
        "practice.edit_spot_check",
        "practice.settle_spot_check",
        # excusing absences
        "attendance.show_leave",
        "attendance.show_trainee",
        "attendance.list_leaves",
        "attendance.show_leave_photo",
        "attendance.grant_leave",
        "attendance.refuse_leave",
        # rating
        "evaluation.list_my_ratings",
        "evaluation.show_next_rating",
        "evaluation.show_rating_form",
        "evaluation.submit_rating",
        "evaluation.save_rating_draft",
        "evaluation.show_rating",
        "evaluation.edit_correction",
        "evaluation.correct_rating",
        "evaluation.show_grid",
        "evaluation.submit_grid",
        "evaluation.save_grid",
        # where parties are apart about a trainee whom one rated
        "moderation.list_moderations",
        "moderation.show_moderation",
        "moderation.answer_moderation",
        # confirming who works for the enterprise
        "employment.list_hired",
        "employment.edit_word",
        "employment.send_word",
    }
)
# What a graduate's link opens: the own answers and consent, and the follow-up evaluation.
GRADUATE = "trainee"
GRADUATE_ENDPOINTS = frozenset(
    {
        "inbox.show_inbox",
        "links.end_visit",
        "employment.show_own",
        "employment.edit_own_answer",
        "employment.send_own_answer",
        "employment.set_consent",
        "evaluation.list_my_ratings",
        "evaluation.show_next_rating",
        "evaluation.show_rating_form",
        "evaluation.submit_rating",
        "evaluation.save_rating_draft",
        "evaluation.show_rating",
        "evaluation.edit_correction",
        "evaluation.correct_rating",
    }
)
_CONFINED = "confined to programme"
# A file is read only through the row it belongs to, and one that two programmes hold is kept once.
_READ_THROUGH_OTHERS = {"stored_file"}


def endpoints_of(role: str) -> frozenset[str]:
    """Return the addresses that a link opens for whoever came by it as a mentor or as a graduate (a trainee)."""
    return GRADUATE_ENDPOINTS if role == GRADUATE else ENDPOINTS


Narrowing = Callable[[Any], sa.ColumnElement[bool]]
_FURTHER: dict[str, list[tuple[type[Base], Narrowing]]] = {}


def narrow_further(role: str, kind: type[Base], condition: Narrowing) -> None:
    """Narrow one kind of row more than by its programme for those who came by a link in a role."""
    _FURTHER.setdefault(role, []).append((kind, condition))


def confine_reads(program_id: int, role: str) -> None:
    """Narrow every read and every bulk change of this request's session to one programme's rows."""
    db.session.info[_CONFINED] = program_id, str(role)


def _narrow(state: ORMExecuteState) -> None:
    confined = state.session.info.get(_CONFINED)
    if (
        confined is None
        or state.is_column_load
        or not (state.is_select or state.is_update or state.is_delete)
    ):
        return
    state.statement = state.statement.options(*_criteria(*confined))


@lru_cache(maxsize=64)
def _criteria(program_id: int, role: str) -> tuple[Any, ...]:
    # Functions, not conditions: they are asked again for every alias under which a statement names the table.
    further = tuple(
        with_loader_criteria(kind, condition, include_aliases=True)
        for kind, condition in _FURTHER.get(role, ())
    )
    return further + tuple(
        with_loader_criteria(
            mapper.class_,
            (lambda cls: cls.id == program_id)
            if _is_program(mapper)
            else (lambda cls: cls.program_id == program_id),
            include_aliases=True,
        )
        for mapper in Base.registry.mappers
        if _is_program(mapper) or _belongs_to_one(mapper)
    )


def _is_program(mapper: Mapper[Any]) -> bool:
    return str(mapper.local_table.name) == "program"  # type: ignore[attr-defined]


def _belongs_to_one(mapper: Mapper[Any]) -> bool:
    """Tell whether a table says to which programme its rows belong, and is read for itself."""
    name = str(mapper.local_table.name)  # type: ignore[attr-defined]
    return "program_id" in mapper.column_attrs and name not in _READ_THROUGH_OTHERS


def init_app() -> None:
    """Look at every statement of a session."""
    if not event.contains(db.session, "do_orm_execute", _narrow):
        event.listen(db.session, "do_orm_execute", _narrow)
