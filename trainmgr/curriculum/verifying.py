"""Signatures are bound to the content by its digest: whether a signed plan is still what both sides signed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from flask_babel import gettext as _

from trainmgr.curriculum import rules
from trainmgr.curriculum.board import Board
from trainmgr.curriculum.models import Edition
from trainmgr.curriculum.rules import Plan
from trainmgr.programs.models import Program
from trainmgr.programs.signing import digest_of


def document_of(program: Program, edition: Edition, plan: Plan) -> dict[str, Any]:
    """Return what the two sides sign, as JSON-able values; of an amendment also why it is and from which day."""
    document = _plan_only(program, edition, plan)
    if edition.based_on_id is None:
        return document
    day = edition.effective_on.isoformat() if edition.effective_on else None
    return document | {"amendment": {"reason": edition.reason, "effective_on": day}}


def _plan_only(program: Program, edition: Edition, plan: Plan) -> dict[str, Any]:
    """Return what was signed of every edition until amendments had a day of effect."""
    return {"program": program.id, "number": edition.number} | rules.to_document(plan)


@dataclass(frozen=True)
class Verification:
    """What computing the digest anew has shown; `differing` names what is not as it was signed, where that is known."""

    digest: str
    is_unchanged: bool
    differing: Sequence[str] = ()


def verify(board: Board) -> Verification | None:
    """Compute the digest of the plan as it stands now and hold it against the signatures; None without signatures."""
    if board.edition is None or not board.signatures:
        return None
    signed = {signature.digest for signature in board.signatures}
    document = document_of(board.program, board.edition, board.plan)
    digest = digest_of(document)
    for known in (digest, digest_of(_plan_only(board.program, board.edition, board.plan))):
        if signed == {known}:
            return Verification(known, True)
    return Verification(digest, False, list(_differing(board, document)))


def _differing(board: Board, document: Mapping[str, Any]) -> Iterator[str]:
    """Name what differs from the document kept at signing, as long as that itself bears the signed digest."""
    assert board.edition is not None
    signed = board.edition.signed_document
    if signed is None or any(each.digest != digest_of(signed) for each in board.signatures):
        return
    yield from differences(signed, document)


def differences(signed: Mapping[str, Any], now: Mapping[str, Any]) -> Iterator[str]:
    """Name the stages, modules and cells that are not the same in two documents, and the terms of an amendment."""
    if signed.get("amendment", now.get("amendment")) != now.get("amendment"):
        yield _("Reason and day of the amendment")
    for key, column, label in (("stages", 1, _("Stage")), ("modules", 2, _("Module"))):
        before, after = ({str(row[0]): list(row) for row in document[key]} for document in (signed, now))
        for thing in {**before, **after}:
            if before.get(thing) != after.get(thing):
                yield f"{label} {(before.get(thing) or after[thing])[column]}"
    names = {row[0]: row[2] for document in (now, signed) for row in document["modules"]}
    cells_before, cells_after = (
        {(row[0], row[1]): row[2] for row in each["hours"]} for each in (signed, now)
    )
    for lineage, competency in {**cells_before, **cells_after}:
        pair = (lineage, competency)
        if cells_before.get(pair) != cells_after.get(pair):
            yield _(
                "Hours of “%(module)s” for “%(competency)s”", module=names[lineage], competency=competency
            )
