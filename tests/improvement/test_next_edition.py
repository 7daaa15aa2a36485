"""What was settled is proposed to the next edition, taken into a module or declined; its figures are compared."""

from __future__ import annotations

import re

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import selectinload

from tests.factories import NOW
from tests.improvement.conftest import measure
from trainmgr.curriculum.actions import create_first_edition
from trainmgr.curriculum.alignments import Finding, record_check
from trainmgr.curriculum.models import (
    Alignment,
    AlignmentVerdict,
    Edition,
    EditionState,
    Module,
    ModuleCompetency,
)
from trainmgr.identity.models import User
from trainmgr.improvement.models import ImprovementProposal
from trainmgr.improvement.rules import ProposalState
from trainmgr.kernel.access import Role
from trainmgr.needs.models import Competency
from trainmgr.programs.creating import start_next_edition
from trainmgr.programs.models import Due, Program
from trainmgr.programs.queries import program_or_404
from trainmgr.programs.rules import State


def next_edition(loop, state=State.DESIGNING):
    """Start the next edition in its planning, with a draft of the plan; return it with a module and the competency."""
    with loop.world.app.test_request_context(), loop.world.inside() as session:
        staff = session.scalars(
            sa.select(User).where(User.id == loop.staff.id).options(selectinload(User.memberships))
        ).one()
        program = start_next_edition(
            program_or_404(loop.program.id, staff), code="N-2", name="电池装配 2025 级", name_en="",
            starts_on=None, ends_on=None, planned_size=None, by=staff, now=NOW,
        )  # fmt: skip
        program.state = state
        session.flush()
        edition = create_first_edition(program, by=staff, now=NOW)
        module = session.query(Module).filter_by(edition_id=edition.id).order_by(Module.position).first()
        competency = session.query(Competency).filter_by(program_id=program.id, name="间隙测量").one()
        session.commit()
        for row in (program, module, competency):
            session.refresh(row)
        session.expunge_all()
    return program, module, competency


def take(loop, program, proposal, **data):
    return loop.post(
        loop.staff, f"/proposals/{proposal.id}/take", program, version=str(proposal.version), **data
    )


def test_a_settled_change_is_proposed_in_the_next_edition_and_taken_into_a_module(loop):
    loop.settle()
    program, module, competency = next_edition(loop)

    (proposal,) = loop.all(ImprovementProposal, program_id=program.id)
    assert (proposal.state, proposal.change) == (ProposalState.OPEN, "间隙测量增加 8 学时")
    (due,) = loop.all(Due, code="improvement-proposed", program_id=program.id)
    assert (due.organization_id, due.amount) == (loop.world.college.id, 1)
    reader = loop.world.signed_in(loop.staff)
    for page in ("plan", "plan/board"):
        assert "间隙测量增加 8 学时" in reader.get(f"/programs/{program.id}/{page}").get_data(as_text=True)
    assert take(loop, program, proposal, module="").status_code == 422
    assert take(loop, program, proposal, module=str(module.id), hours="-1").status_code == 422
    assert take(loop, program, proposal, module=str(module.id)).status_code == 422  # neither hours nor words

    assert take(loop, program, proposal, module=str(module.id), hours="8", note="加练").status_code == 302

    (cell,) = loop.all(ModuleCompetency, module_id=module.id)
    assert (cell.competency_id, cell.hours) == (competency.id, 8)
    (proposal,) = loop.all(ImprovementProposal, program_id=program.id)
    assert (proposal.state, proposal.lineage, proposal.hours) == (ProposalState.TAKEN, module.lineage, 8)
    assert loop.all(Due, code="improvement-proposed", program_id=program.id) == []
    assert "间隙测量增加 8 学时" not in reader.get(f"/programs/{program.id}/plan").get_data(as_text=True)
    assert take(loop, program, proposal, module=str(module.id), hours="8").status_code == 409
    undone = reader.post(f"/programs/{program.id}/plan/1/undo")
    assert undone.status_code == 302
    assert loop.all(ModuleCompetency, module_id=module.id) == []


def test_a_full_module_becomes_longer_by_what_is_lacking(loop):
    loop.settle()
    program, module, competency = next_edition(loop)
    hours = module.theory_hours + module.practice_hours
    with loop.world.inside() as session:
        session.add(ModuleCompetency(module_id=module.id, competency_id=competency.id, hours=hours - 3))
        session.commit()
    (proposal,) = loop.all(ImprovementProposal, program_id=program.id)
    assert take(loop, program, proposal, module=str(module.id), hours="8").status_code == 302
    (after,) = loop.all(Module, id=module.id)
    (cell,) = loop.all(ModuleCompetency, module_id=module.id)
    assert (after.theory_hours, after.practice_hours) == (module.theory_hours, module.practice_hours + 5)
    assert cell.hours == hours + 5


def test_a_signed_plan_stays_what_it_is(loop):
    loop.settle()
    program, module, _competency = next_edition(loop)
    with loop.world.inside() as session:
        session.query(Edition).filter_by(program_id=program.id).one().state = EditionState.OFFERED
        session.commit()
    (proposal,) = loop.all(ImprovementProposal, program_id=program.id)
    assert "<select" not in loop.text(loop.staff, f"/proposals/{proposal.id}", program).split("</main>")[0]
    assert take(loop, program, proposal, module=str(module.id), hours="8").status_code in (409, 422)
    assert loop.all(ImprovementProposal, program_id=program.id)[0].state is ProposalState.OPEN


def test_a_change_is_declined_with_a_reason_that_stays(loop):
    loop.settle()
    program, _module, _competency = next_edition(loop)
    (proposal,) = loop.all(ImprovementProposal, program_id=program.id)
    path, version = f"/proposals/{proposal.id}/decline", str(proposal.version)
    assert loop.post(loop.staff, path, program, version=version, reason="").status_code == 422
    assert loop.post(loop.teacher, path, version=version, reason="x").status_code in (403, 404)
    assert loop.post(loop.staff, path, program, version=version, reason="设备已换").status_code == 302
    assert "设备已换" in loop.text(loop.staff, "/proposals", program)
    assert loop.post(loop.staff, path, program, version=version, reason="又").status_code == 409


def test_what_is_settled_after_the_next_edition_began_is_proposed_too_and_once(loop):
    item = loop.to_check()
    program, _module, _competency = next_edition(loop)
    assert loop.all(ImprovementProposal, program_id=program.id) == []
    check = {"version": str(item.version), "found": "settled", "change": "加一次复测"}
    assert loop.post(loop.second, f"/{item.id}/check", **check).status_code == 302
    found = loop.all(ImprovementProposal)
    assert sorted(one.program_id for one in found) == [
        loop.program.id,
        program.id,
    ]  # its own plan may change yet
    with loop.world.app.test_request_context(), loop.world.inside() as session:
        from trainmgr.improvement.proposing import carry_over
        from trainmgr.programs.hooks import NextEdition

        ends = session.get(Program, loop.program.id), session.get(Program, program.id)
        carry_over(NextEdition(*ends, session.get(User, loop.staff.id), NOW))
        session.commit()
    assert len(loop.all(ImprovementProposal)) == 2


def test_nothing_is_proposed_where_the_plan_need_not_change(loop):
    loop.settle(change="")
    program, _module, _competency = next_edition(loop)
    assert loop.all(ImprovementProposal) == []
    assert program.predecessor_id == loop.program.id


@pytest.mark.parametrize(
    ("levels", "told"),
    [
        (None, "下一届还没有"),
        ((4.2, 4.0, 4.1, 4.3, 3.9, 4.0), "有改进"),
        ((3.1, 3.0, 2.9, 3.2, 2.8, 3.1), "差别不明显"),
        ((2.0, 2.1, 1.9, 2.0, 2.2, 1.8), "变差"),
        ((4.63, 4.63, 4.63), "不足五人"),
    ],
)
def test_the_next_cohorts_figures_stand_beside_the_last_ones(loop, levels, told):
    item = loop.settle()
    program, _module, competency = next_edition(loop, State.DESIGNING)
    if levels:
        measure(loop.world, program, {competency.id: levels})
    for path in (f"/{item.id}", "/effects"):
        page = re.sub(r"\s+", "", loop.text(loop.staff, path))
        assert told in page, path
        assert "4.63" not in page


def test_of_a_next_edition_that_one_may_not_see_nothing_is_told(loop):
    item = loop.settle()
    program, _module, competency = next_edition(loop)
    measure(loop.world, program, {competency.id: (4.2, 4.0, 4.1, 4.3, 3.9, 4.0)})
    outsider = loop.world.user(Role.ENTERPRISE_MENTOR)
    loop.world.relation(loop.program, outsider, Role.ENTERPRISE_MENTOR)
    page = loop.text(outsider, f"/{item.id}")
    assert "2025 级" not in page
    assert "4.08" not in page


def test_a_module_out_of_step_is_found_and_compared_by_the_next_check(loop):
    with loop.world.app.test_request_context(), loop.world.inside() as session:
        program, staff = session.get(Program, loop.program.id), session.get(User, loop.staff.id)
        edition = create_first_edition(program, by=staff, now=NOW)
        module = session.query(Module).filter_by(edition_id=edition.id).order_by(Module.position).first()
        day = NOW.date()
        finding = Finding(AlignmentVerdict.OUT_OF_STEP, "教材仍是旧设备", day, day.replace(year=day.year + 1))
        record_check(program, module, Alignment.TEXTBOOK, finding, by=staff, now=NOW)
        edition.state = EditionState.SIGNED
        session.commit()
        name, lineage = module.name, module.lineage
    page = loop.text(loop.staff, "/findings", source="alignment")
    assert name in page
    assert "教材仍是旧设备" in page
    new = {
        "source": "alignment",
        "key": f"module:{loop.program.id}:{lineage}:textbook",
        "title": "教材换新",
        "standard": "同步",
    }
    doer = {"doer": str(loop.teacher.id), "due_on": NOW.date().isoformat()}
    assert loop.post(loop.staff, "/new", **new, **doer).status_code == 302
    assert "教材仍是旧设备" not in loop.text(loop.staff, "/findings", source="alignment")
