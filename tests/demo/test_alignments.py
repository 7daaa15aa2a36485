"""The five alignments of the demo's modules are worked out from what stands on record."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from trainmgr.curriculum import aligning, alignments, queries
from trainmgr.curriculum.aligning import Alignment, AlignmentVerdict, Standing
from trainmgr.curriculum.models import AlignmentCheck
from trainmgr.kernel.clock import today
from trainmgr.materials.models import Material, MaterialUse
from trainmgr.programs.models import Program

pytestmark = pytest.mark.demo


def qingling(session):
    return session.scalars(sa.select(Program).where(Program.pathway_slug == "five-dimension")).one()


def test_the_modules_of_qingling_stand_in_all_five_ways(session):
    program = qingling(session)
    plan = queries.read_structure(queries.signed_edition(program.id).id)

    rows = alignments.all_rows(program.id, plan.modules, today())

    checked = {cell.alignment for row in rows for cell in row.cells if cell.check is not None}
    assert checked == set(Alignment)
    assert set(aligning.tally(rows)) == set(Standing)


def test_a_module_is_out_of_step_where_its_material_was_overdue(session):
    late = session.scalars(
        sa.select(AlignmentCheck).where(AlignmentCheck.verdict == AlignmentVerdict.OUT_OF_STEP)
    ).all()

    assert late
    for check in late:
        assert check.alignment is Alignment.TEXTBOOK
        attached = session.scalars(
            sa.select(Material)
            .join(MaterialUse, MaterialUse.material_id == Material.id)
            .where(MaterialUse.program_id == check.program_id, MaterialUse.lineage == check.lineage)
        ).all()
        assert any(
            one.due_on and one.due_on < check.checked_on and one.title in check.evidence for one in attached
        )
