"""HTTP of index systems: drawing up, editing indices, releasing."""

from __future__ import annotations

from flask import abort, flash, redirect, url_for
from flask_babel import gettext as _
from flask_login import current_user

from trainmgr.kernel.access import Permission, requires
from trainmgr.kernel.clock import today, utcnow
from trainmgr.kernel.errors import RuleBroken
from trainmgr.quality import catalogue, labels, maturity, maturity_labels, trees
from trainmgr.quality.frame import bp, edited_college, page_of
from trainmgr.quality.maturity_forms import IndexForm, TreeForm, index_values
from trainmgr.quality.maturity_rules import weights_missing

P = Permission
TREE = "/maturity/systems/<int:tree_id>"


def _tree_to_edit(tree_id):
    tree = maturity.tree_or_404(tree_id, current_user)
    if tree.college_id not in current_user.organizations_where(P.QUALITY_EDIT):
        abort(403)
    return tree


def _trees_page(form, status=200, broken=None):
    return page_of("trees", status, trees=maturity.trees_of(current_user), form=form, broken=broken)


def _tree_form(**options):
    form = TreeForm(**options)
    form.offer(maturity.trees_of(current_user))
    return form


@bp.get("/maturity/systems")
@requires(P.QUALITY_EDIT)
def list_trees():
    """List the college's index systems, and offer to draw the next one up."""
    return _trees_page(_tree_form(formdata=None))


@bp.post("/maturity/systems")
@requires(P.QUALITY_EDIT)
def create_tree():
    """Draw up an index system."""
    form = _tree_form()
    if not form.validate():
        return _trees_page(form, 422)
    try:
        tree = trees.draw_up(edited_college(), form.name.data, copy_of=form.trees.get(form.copy_of.data),
                             by=current_user, now=utcnow())  # fmt: skip
    except RuleBroken as broken:
        return _trees_page(form, broken.status, broken)
    flash(_("Drawn up; edit its indices, then release it."), "success")
    return redirect(url_for(".show_tree", tree_id=tree.id))


@bp.get(TREE)
@requires(P.QUALITY_EDIT)
def show_tree(tree_id):
    """Show an index system by dimension, with its arithmetic."""
    tree = maturity.tree_or_404(tree_id, current_user)
    return page_of("tree", tree=tree, lack=weights_missing(one.weight for one in tree.indices), words=maturity_labels,
                   definitions=catalogue.catalogue(tree.college_id, today(), everything=True))  # fmt: skip


@bp.post(f"{TREE}/release")
@requires(P.QUALITY_EDIT)
def release_tree(tree_id):
    """Release an index system for good."""
    tree = _tree_to_edit(tree_id)
    trees.release(tree, by=current_user, now=utcnow())
    flash(_("Released: evaluations may go by it; it does not change any more."), "success")
    return redirect(url_for(".show_tree", tree_id=tree.id))


# --- indices -----------------------------------------------------------------------------------------------


def _index_form(tree, **options):
    form = IndexForm(**options)
    known = catalogue.catalogue(tree.college_id, today())
    form.offer([(code, labels.name_of(one)) for code, one in known.items()])
    return form


def _index_page(tree, form, index=None, status=200, broken=None):
    return page_of("index", status, tree=tree, index=index, form=form, broken=broken)


def _put(tree, form, index=None):
    if not form.validate():
        return _index_page(tree, form, index, 422)
    try:
        trees.put_index(tree, index, form.facts(), by=current_user, now=utcnow())
    except RuleBroken as broken:
        return _index_page(tree, form, index, broken.status, broken)
    flash(_("The index is saved."), "success")
    return redirect(url_for(".show_tree", tree_id=tree.id))


@bp.get(f"{TREE}/indices/new")
@requires(P.QUALITY_EDIT)
def new_index(tree_id):
    """Show the form for one more index."""
    tree = _tree_to_edit(tree_id)
    return _index_page(tree, _index_form(tree, formdata=None, kind="qualitative"))


@bp.post(f"{TREE}/indices")
@requires(P.QUALITY_EDIT)
def create_index(tree_id):
    """Add an index to a draft."""
    tree = _tree_to_edit(tree_id)
    return _put(tree, _index_form(tree))


@bp.get(f"{TREE}/indices/<int:index_id>")
@requires(P.QUALITY_EDIT)
def edit_index(tree_id, index_id):
    """Show an index to change it."""
    tree = _tree_to_edit(tree_id)
    index = maturity.index_or_404(tree, index_id)
    return _index_page(tree, _index_form(tree, formdata=None, **index_values(index)), index)


@bp.post(f"{TREE}/indices/<int:index_id>")
@requires(P.QUALITY_EDIT)
def save_index(tree_id, index_id):
    """Change an index of a draft."""
    tree = _tree_to_edit(tree_id)
    return _put(tree, _index_form(tree), maturity.index_or_404(tree, index_id))


@bp.post(f"{TREE}/indices/<int:index_id>/remove")
@requires(P.QUALITY_EDIT)
def remove_index(tree_id, index_id):
    """Take an index out of a draft."""
    tree = _tree_to_edit(tree_id)
    trees.remove_index(tree, maturity.index_or_404(tree, index_id), by=current_user, now=utcnow())
    flash(_("The index is taken out."), "success")
    return redirect(url_for(".show_tree", tree_id=tree.id))
