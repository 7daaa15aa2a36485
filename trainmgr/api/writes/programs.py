"""Programmes: a draft made from a pathway, and its facts changed as the set-up's form allows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, replace
from typing import Any

from flask import abort
from flask_babel import gettext as _
from marshmallow import fields, validate

from trainmgr.api.deeds import Deed, Done, Write, fault, require_among
from trainmgr.api.fields import Base, Day, Line, Ref, Whole, choice, described
from trainmgr.api.rules import Area
from trainmgr.kernel.access import Permission
from trainmgr.kernel.db import db
from trainmgr.kernel.msgids import N_
from trainmgr.pathways.queries import find_entry
from trainmgr.programs import creating, listing, setup
from trainmgr.programs.queries import may, program_or_404
from trainmgr.programs.rules import PartyRole, ProgramKind

P = Permission
PICKED = (PartyRole.PARTNER_COLLEGE, PartyRole.ENTERPRISE, PartyRole.OUTSIDE)


class ProgramFactsSchema(Base):
    """What a partial update of a programme may change; number and kind only while it is a draft."""

    name = Line(120, least=1)
    name_en = Line(160)
    code = Line(40, least=1)
    kind = choice(ProgramKind)
    department_id = Ref(allow_none=True)
    starts_on = Day(allow_none=True)
    ends_on = Day(allow_none=True)
    planned_size = Whole(1, 100_000, allow_none=True)


class PartySchema(Base):
    """A party besides the college that leads."""

    organization_id = Ref(required=True)
    role = choice(PICKED, required=True)


class NewProgramSchema(Base):
    """A draft to be made from a pathway."""

    pathway = Line(80, least=1, required=True, metadata=described("A `ref` of /pathways."))
    college_id = Ref(required=True, metadata=described("The college that leads."))
    name = Line(120, least=1, required=True)
    name_en = Line(160)
    code = Line(40, least=1, required=True, metadata=described("One's own within the college."))
    kind = choice(ProgramKind, required=True)
    department_id = Ref(allow_none=True)
    starts_on = Day(allow_none=True)
    ends_on = Day(allow_none=True)
    planned_size = Whole(1, 100_000, allow_none=True)
    parties = fields.List(fields.Nested(PartySchema), validate=validate.Length(max=50))


def create(deed: Deed) -> Done:
    """Make a draft with its parties and the duties that the pathway names."""
    data, by = deed.data, deed.by
    entry = find_entry(data["pathway"], by)
    if entry is None:
        raise fault("pathway", _("There is no such thing to choose here."))
    require_among("college_id", data["college_id"], by.organizations_where(P.PROGRAM_EDIT))
    facts = setup.Facts(
        name=data["name"], name_en=data.get("name_en", ""), code=data["code"], kind=ProgramKind(data["kind"]),
        department_id=data.get("department_id"), starts_on=data.get("starts_on"), ends_on=data.get("ends_on"),
        planned_size=data.get("planned_size"), budget_cents=None,
    )  # fmt: skip
    _check(facts, data["college_id"])
    parties = _parties(data.get("parties", ()))
    plan = creating.Plan(facts, entry.pathway, data["college_id"], parties)
    try:
        program = creating.create(plan, by=by, now=deed.now)
    except creating.CodeTaken as taken:
        raise fault("code", taken) from None
    return Done(program.id, made=True)


def _parties(named: Any) -> list[tuple[int, PartyRole]]:
    """Return the parties that were named, or refuse what is no organisation of the kind that the part needs."""
    found = {one.id: one for one in listing.organizations([each["organization_id"] for each in named])}
    for place, each in enumerate(named):
        house = found.get(each["organization_id"])
        if house is None or house.kind is not setup.ORGANIZATION_KINDS[PartyRole(each["role"])]:
            raise fault(f"parties.{place}.organization_id", _("This organisation cannot have that part."))
    return [(each["organization_id"], PartyRole(each["role"])) for each in named]


def _check(facts: setup.Facts, college_id: int) -> None:
    require_among(
        "department_id", facts.department_id, [one.id for one in listing.departments_of([college_id])]
    )
    if facts.starts_on and facts.ends_on and facts.ends_on < facts.starts_on:
        raise fault("ends_on", _("The end lies before the beginning."))


def change(deed: Deed) -> Done:
    """Change a programme's facts: those that are named, the others stay."""
    program = program_or_404(deed.row_id, deed.by)
    if not may(program, deed.by, P.PROGRAM_EDIT):
        abort(403)
    deed.require_present(program.version)
    stored = setup.facts_of(program)
    facts = replace(stored, **_typed(deed.data))
    _check(facts, program.lead_college_id)
    if found := listing.code_holder(program, facts.code):
        raise fault("code", _("The number is taken by “%(name)s”.", name=found.name))
    setup.change_facts(program, facts, seen=setup.seen_of(asdict(stored)), by=deed.by, now=deed.now)
    db.session.flush()
    return Done(program.id)


def _typed(data: Mapping[str, Any]) -> dict[str, Any]:
    return {name: ProgramKind(value) if name == "kind" else value for name, value in data.items()}


WRITES = {
    "create_program": Write(
        "POST", "/programs", Area.PROGRAMS, P.PROGRAM_EDIT, NewProgramSchema, "programs",
        N_("Make a draft of a programme from a pathway"), create, made=True,
    ),
    "change_program": Write(
        "PATCH", "/programs/<int:row_id>", Area.PROGRAMS, P.PROGRAM_EDIT, ProgramFactsSchema, "programs",
        N_("Change a programme's facts"), change, needs_etag=True,
    ),
}  # fmt: skip
