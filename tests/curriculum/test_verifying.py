"""A signed plan tells whether it still is what both sides signed, and names what is not."""

from __future__ import annotations

import sqlalchemy as sa

from trainmgr.curriculum.frozen import lifted
from trainmgr.curriculum.models import Module, PlanStage
from trainmgr.curriculum.queries import SUBJECT
from trainmgr.kernel.db import db
from trainmgr.programs.signing import digest_of, find_signatures


def page_of(plans, signed_in):
    return signed_in(plans.staff).get(f"/programs/{plans.program.id}/plan").get_data(as_text=True)


def tamper(plans, statement):
    """Change a signed plan past everything that guards it."""
    with plans.world.inside(), lifted():
        db.session.execute(statement)
        db.session.commit()


def test_what_is_kept_at_signing_bears_the_digest_of_both_signatures(plans):
    plans.signed()
    with plans.world.inside():
        edition = plans.edition()
        digests = {signature.digest for signature in find_signatures(SUBJECT, edition.id)}
        assert digests == {digest_of(edition.signed_document)}


def test_an_untouched_plan_says_so_with_its_digest(plans, signed_in):
    plans.signed()
    page = page_of(plans, signed_in)
    with plans.world.inside():
        digest = find_signatures(SUBJECT, plans.edition().id)[0].digest
    assert "签字以后内容没有变" in page
    assert digest in page


def test_a_plan_that_was_tampered_with_names_what_differs(plans, signed_in):
    plans.signed()
    with plans.world.inside():
        plan = plans.plan()
        module, stage = plan.modules[0], plan.stages[1]
        kept = plan.modules[1].name
    tamper(
        plans, sa.update(Module).where(Module.id == module.id).values(theory_hours=module.theory_hours + 9)
    )
    tamper(plans, sa.update(PlanStage).where(PlanStage.id == stage.id).values(weeks=stage.weeks + 1))
    page = page_of(plans, signed_in)
    assert f"内容与签字时不一样</span>：阶段 {stage.name}、模块 {module.name}" in page
    assert f"模块 {kept}" not in page


def test_where_nothing_was_kept_it_says_that_it_cannot_name_it(plans, signed_in):
    from trainmgr.curriculum.models import Edition

    plans.signed()
    with plans.world.inside():
        module = plans.plan().modules[0]
    tamper(
        plans,
        sa.update(Module).where(Module.id == module.id).values(practice_hours=module.practice_hours + 1),
    )
    tamper(plans, sa.update(Edition).values(signed_document=None))
    assert "说不出哪里不同" in page_of(plans, signed_in)
