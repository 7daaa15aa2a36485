"""HTTP of the posts in which trainees are placed, and of the staff of their enterprises."""

from __future__ import annotations

from flask import abort, flash, redirect, url_for
from flask_babel import gettext as _
from flask_login import current_user
from wtforms.fields.choices import SelectChoice

from trainmgr.kernel.access import Permission, requires
from trainmgr.kernel.clock import today, utcnow
from trainmgr.kernel.errors import RuleBroken
from trainmgr.kernel.numbers import typed_version
from trainmgr.placements import compliance, hosts, settings
from trainmgr.placements.forms import HostForm, PostForm, post_values
from trainmgr.placements.frame import PROGRAM, bp, page_of, program_for, sees_pay
from trainmgr.programs.queries import may

P = Permission
POST = f"{PROGRAM}/posts/<int:post_id>"
HOST = f"{PROGRAM}/hosts/<int:host_id>"


@bp.get(f"{PROGRAM}/posts")
@requires(P.PLACEMENT_OVERSEE)
def list_posts(program_id):
    """Show enterprises with their posts: staff, pay, hours, trainees."""
    program = program_for(program_id, P.PLACEMENT_OVERSEE)
    organizations = hosts.enterprises_in(program, current_user)
    panel = compliance.panel_of(program.lead_college_id)
    return page_of(
        "posts", program, hosts=compliance.hosts_of(organizations, panel, today()),
        may_edit=may(program, current_user, P.PLACEMENT_EDIT), with_pay=sees_pay(program),
    )  # fmt: skip


def _form(program, **values):
    form = PostForm(data=values or None)
    form.organization.choices = [
        SelectChoice(one.id, one.name) for one in hosts.enterprises_in(program, current_user)
    ]
    return form


@bp.get(f"{PROGRAM}/posts/new")
@requires(P.PLACEMENT_EDIT)
def new_post(program_id):
    """Show the form for a new post."""
    program = program_for(program_id, P.PLACEMENT_EDIT)
    return page_of("post", program, form=_form(program), post=None)


@bp.post(f"{PROGRAM}/posts/new")
@requires(P.PLACEMENT_EDIT)
def create_post(program_id):
    """Enter a post."""
    program = program_for(program_id, P.PLACEMENT_EDIT)
    form = _form(program)
    if not form.validate():
        return page_of("post", program, 422, form=form, post=None)
    try:
        settings.create_post(
            program.lead_college_id, form.organization.data, form.facts(),
            by=current_user, now=utcnow(), program_id=program.id,
        )  # fmt: skip
    except RuleBroken as broken:
        return page_of("post", program, broken.status, form=form, post=None, broken=broken)
    flash(_("The post %(name)s is entered.", name=form.name.data), "success")
    return redirect(url_for(".list_posts", program_id=program_id))


def _load(program_id, post_id):
    program = program_for(program_id, P.PLACEMENT_EDIT)
    return program, hosts.post_or_404(program, post_id)


@bp.get(POST)
@requires(P.PLACEMENT_EDIT)
def edit_post(program_id, post_id):
    """Show a post to change it."""
    program, post = _load(program_id, post_id)
    return page_of("post", program, form=_form(program, **post_values(post)), post=post, version=post.version)


@bp.post(POST)
@requires(P.PLACEMENT_EDIT)
def save_post(program_id, post_id):
    """Change a post."""
    program, post = _load(program_id, post_id)
    form, version = _form(program), typed_version()
    form.organization.data = post.organization_id  # a post stays in its enterprise
    form.organization.choices = [SelectChoice(post.organization_id, post.organization.name)]
    if not form.validate():
        return page_of("post", program, 422, form=form, post=post, version=version)
    try:
        settings.change_post(
            post, form.facts(), version=version, by=current_user, now=utcnow(), program_id=program.id
        )
    except RuleBroken as broken:
        return page_of("post", program, broken.status, form=form, post=post, version=version, broken=broken)
    flash(_("The post %(name)s is changed.", name=post.name), "success")
    return redirect(url_for(".list_posts", program_id=program_id))


def _host(program, host_id):
    found = [one for one in hosts.enterprises_in(program, current_user) if one.id == host_id]
    return found[0] if found else abort(404)


@bp.get(HOST)
@requires(P.PLACEMENT_EDIT)
def edit_host(program_id, host_id):
    """Show how many people work in an enterprise, to change it."""
    program = program_for(program_id, P.PLACEMENT_EDIT)
    host = _host(program, host_id)
    staff = hosts.staff_of(program.lead_college_id, host.id)
    return page_of("host", program, host=host, form=HostForm(formdata=None, staff=staff))


@bp.post(HOST)
@requires(P.PLACEMENT_EDIT)
def save_host(program_id, host_id):
    """Note how many people work in an enterprise."""
    program, form = program_for(program_id, P.PLACEMENT_EDIT), HostForm()
    host = _host(program, host_id)
    if not form.validate():
        return page_of("host", program, 422, host=host, form=form)
    settings.set_host(
        program.lead_college_id,
        host,
        form.staff.data or 0,
        by=current_user,
        now=utcnow(),
        program_id=program.id,
    )
    flash(_("The staff of %(name)s is noted.", name=host.name), "success")
    return redirect(url_for(".list_posts", program_id=program_id))
