"""HTTP of a ring's resources: choosing from what the programme has attached and what one may use."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from flask import abort, flash, redirect, request, url_for
from flask_babel import gettext as _
from flask_babel import ngettext
from flask_login import current_user

from trainmgr.kernel.access import Permission, requires
from trainmgr.kernel.clock import utcnow
from trainmgr.kernel.errors import RuleBroken
from trainmgr.kernel.numbers import whole
from trainmgr.lessons import resources
from trainmgr.lessons.frame import bp, page_of, plan_to_write
from trainmgr.lessons.models import LessonPlan
from trainmgr.lessons.rules import Ring
from trainmgr.programs.blueprint import program_for
from trainmgr.programs.models import Program

EDIT = Permission.LESSON_EDIT


def _page(
    program: Program,
    plan: LessonPlan,
    ring: Ring,
    status: int = 200,
    ticked: Collection[int] = (),
    broken: str | None = None,
) -> Any:
    """Show what a ring works with, and what it could."""
    q = request.values.get("q", "").strip()[:80]
    return page_of(
        "resources", program, status, plan=plan, ring=ring, q=q, ticked=ticked, broken=broken,
        chosen=resources.resources_of(plan.id).get(ring, []), offered=resources.offered(program, current_user, q),
    )  # fmt: skip


def _ring(text: str) -> Ring:
    return Ring(text) if text in set(Ring) else abort(404)


@bp.get("/programs/<int:program_id>/lessons/<int:plan_id>/materials/<ring>")
@requires(EDIT)
def pick_resources(program_id: int, plan_id: int, ring: str) -> Any:
    """Show the resources that a ring works with, and those that it could work with."""
    program = program_for(program_id, EDIT)
    return _page(program, plan_to_write(program, plan_id), _ring(ring))


@bp.post("/programs/<int:program_id>/lessons/<int:plan_id>/materials/<ring>")
@requires(EDIT)
def choose_resources(program_id: int, plan_id: int, ring: str) -> Any:
    """Let a ring work with the ticked resources, or with one less."""
    program = program_for(program_id, EDIT)
    plan, place = plan_to_write(program, plan_id), _ring(ring)
    wanted = [number for text in request.form.getlist("material") if (number := whole(text))]
    try:
        if dropped := whole(request.form.get("drop")):
            resources.drop_resource(program, plan, place, dropped, by=current_user, now=utcnow())
            flash(_("Left out; trainees see it once the plan is finished again."), "success")
        elif not wanted:
            return _page(program, plan, place, 422, broken=_("Choose at least one resource."))
        else:
            count = resources.add_resources(program, plan, place, wanted, by=current_user, now=utcnow())
            flash(ngettext("%(num)s resource is added; trainees see it once the plan is finished.",
                           "%(num)s resources are added; trainees see them once the plan is finished.", count),
                  "success")  # fmt: skip
    except RuleBroken as broken:
        return _page(program, plan, place, broken.status, wanted, str(broken))
    q = request.form.get("q") or None
    return redirect(url_for(".pick_resources", program_id=program_id, plan_id=plan_id, ring=place.value, q=q))
