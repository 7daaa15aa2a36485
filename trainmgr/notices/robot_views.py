"""HTTP of an organisation's notices: its quiet hours and its group robots."""

from __future__ import annotations

from flask import flash, redirect, render_template, url_for
from flask_babel import gettext as _
from flask_login import current_user

from trainmgr.kernel.access import Permission, requires
from trainmgr.kernel.clock import utcnow
from trainmgr.kernel.errors import RuleBroken
from trainmgr.kernel.numbers import whole
from trainmgr.notices import labels, settings
from trainmgr.notices.forms import HoursForm, RobotForm
from trainmgr.notices.frame import bp
from trainmgr.notices.rules import QUIET_BEGINS, QUIET_ENDS

P = Permission
PLACE = "/notices/<int:organization_id>"


def _organization(organization_id):
    return settings.organization_or_404(organization_id, current_user)


def _list_page(organization, status=200, *, form=None):
    own = settings.hours_of(organization)
    values = {"quiet_begins": QUIET_BEGINS, "quiet_ends": QUIET_ENDS, "closed_days": True}
    return render_template(
        "notices/robots.html",
        organization=organization,
        labels=labels,
        robots=settings.robots_of(organization),
        form=form or (HoursForm(formdata=None, obj=own) if own else HoursForm(formdata=None, **values)),
    ), status


@bp.get(PLACE)
@requires(P.NOTICE_MANAGE)
def list_robots(organization_id):
    """Show an organisation's quiet hours and robots, with what became of the last message of each."""
    return _list_page(_organization(organization_id))


@bp.post(f"{PLACE}/hours")
@requires(P.NOTICE_MANAGE)
def set_hours(organization_id):
    """Set an organisation's quiet hours."""
    organization, form = _organization(organization_id), HoursForm()
    if not form.validate():
        return _list_page(organization, 422, form=form)
    settings.set_hours(
        organization, form.quiet_begins.data, form.quiet_ends.data, closed_days=bool(form.closed_days.data),
        by=current_user, now=utcnow(),
    )  # fmt: skip
    flash(_("Kept."), "success")
    return redirect(url_for(".list_robots", organization_id=organization.id))


def _robot_page(organization, form, robot=None, status=200, broken=None):
    return render_template(
        "notices/robot.html", organization=organization, robot=robot, form=form, broken=broken, labels=labels
    ), status


@bp.get(f"{PLACE}/robots/new")
@requires(P.NOTICE_MANAGE)
def new_robot(organization_id):
    """Ask for a robot's address."""
    form = RobotForm(formdata=None, active=True, language="zh", topics=[one.value for one in labels.ASKED])
    return _robot_page(_organization(organization_id), form)


@bp.post(f"{PLACE}/robots/new")
@requires(P.NOTICE_MANAGE)
def add_robot(organization_id):
    """Set a robot up."""
    organization, form = _organization(organization_id), RobotForm()
    form.is_new = True
    if not form.validate():
        return _robot_page(organization, form, None, 422)
    try:
        robot = settings.add_robot(organization, form.facts(), by=current_user, now=utcnow())
    except RuleBroken as broken:
        return _robot_page(organization, form, None, broken.status, broken)
    flash(_("“%(name)s” is set up; try it out.", name=robot.name), "success")
    return redirect(url_for(".list_robots", organization_id=organization.id))


@bp.get(f"{PLACE}/robots/<int:robot_id>")
@requires(P.NOTICE_MANAGE)
def edit_robot(organization_id, robot_id):
    """Show a robot's form; its address and secret are never shown again."""
    organization = _organization(organization_id)
    robot = settings.robot_or_404(organization, robot_id)
    form = RobotForm(
        formdata=None, version=str(robot.version), kind=robot.kind.value, name=robot.name, topics=robot.topics,
        language=robot.language, active=robot.active,
    )  # fmt: skip
    return _robot_page(organization, form, robot)


@bp.post(f"{PLACE}/robots/<int:robot_id>")
@requires(P.NOTICE_MANAGE)
def change_robot(organization_id, robot_id):
    """Change a robot."""
    organization, form = _organization(organization_id), RobotForm()
    robot = settings.robot_or_404(organization, robot_id)
    if not form.validate():
        return _robot_page(organization, form, robot, 422)
    try:
        settings.change_robot(
            robot, form.facts(), version=whole(form.version.data) or 0, by=current_user, now=utcnow()
        )
    except RuleBroken as broken:
        return _robot_page(organization, form, robot, broken.status, broken)
    flash(_("Kept."), "success")
    return redirect(url_for(".list_robots", organization_id=organization.id))


@bp.post(f"{PLACE}/robots/<int:robot_id>/try")
@requires(P.NOTICE_MANAGE)
def try_robot(organization_id, robot_id):
    """Say a word in the robot's group now."""
    organization = _organization(organization_id)
    robot = settings.robot_or_404(organization, robot_id)
    fault = settings.try_out(robot, by=current_user, now=utcnow())
    if fault:
        flash(_("The robot did not take it: %(fault)s", fault=fault), "error")
    else:
        flash(_("The group has a trial message now."), "success")
    return redirect(url_for(".list_robots", organization_id=organization.id))
