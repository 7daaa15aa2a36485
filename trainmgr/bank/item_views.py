"""HTTP of one item: written, shown as the trainee sees it, changed, put in use, retired."""

# mypy: allow-untyped-defs, allow-incomplete-defs
from __future__ import annotations

from decimal import Decimal

from flask import abort, flash, redirect, request, url_for
from flask_babel import gettext as _
from flask_babel import ngettext
from flask_login import current_user

from trainmgr.bank import authoring, labels, queries
from trainmgr.bank.content import letters_of
from trainmgr.bank.forms import USUAL_POINTS, ItemForm
from trainmgr.bank.pages import bp, one_of, render
from trainmgr.bank.rules import ItemKind, ItemState
from trainmgr.kernel.access import Permission, requires
from trainmgr.kernel.clock import utcnow
from trainmgr.kernel.errors import Conflict, RuleBroken, UploadRefused
from trainmgr.kernel.files import photo_response, store_photo
from trainmgr.kernel.numbers import typed_version, whole

ITEM = "/bank/items/<int:item_id>"
MOST_AT_ONCE = 500


def _home():
    """The college whose bank is written: the one that was chosen, else the first of the writer's."""
    colleges = queries.colleges_of(current_user)
    if not colleges:
        abort(403)
    wanted = whole(request.values.get("college"))
    return next((one for one in colleges if one.id == wanted), colleges[0]), colleges


def _form_page(form, status=200, **context):
    return render("item_form", status, form=form, **context)


@bp.get("/bank/items/new")
@requires(Permission.BANK_EDIT)
def new_item():
    """Ask which kind of item, then show its form."""
    college, colleges = _home()
    kind = one_of(ItemKind, request.args.get("kind"))
    if kind is None:
        return render("new_item", college=college, colleges=colleges)
    form = ItemForm(
        formdata=None,
        kind=kind,
        competencies=queries.competencies_for([college.id]),
        points=USUAL_POINTS.get(kind, Decimal(2)),
        competency_id=whole(request.args.get("competency")),
    )
    return _form_page(form, college=college)


@bp.post("/bank/items")
@requires(Permission.BANK_EDIT)
def create_item():
    """Write a new item, or show it as the trainee will see it."""
    college, _colleges = _home()
    kind = one_of(ItemKind, request.form.get("kind")) or abort(400)
    form = ItemForm(kind=kind, competencies=queries.competencies_for([college.id]))
    if not form.validate():
        return _form_page(form, 422, college=college)
    if request.form.get("then") == "preview":
        return _form_page(form, college=college, preview=form.facts())
    state = ItemState.IN_USE if request.form.get("then") == "use" else ItemState.DRAFT
    try:
        item = authoring.write_item(
            college.id, form.facts(), state=state, picture=_picture(form), by=current_user, now=utcnow()
        )
    except RuleBroken as refusal:
        return _refused(form, refusal, college=college)
    flash(_("Item %(number)s is written.", number=item.id), "success")
    return redirect(url_for(".show_item", item_id=item.id))


def _picture(form, item=None):
    """The uploaded picture; without one that which the item has, unless it is to go."""
    upload = form.picture.data
    if upload is not None and upload.filename:
        return store_photo(upload, by=current_user, program_id=None, now=utcnow(), purpose="item")
    return item.picture if item is not None and not form.remove_picture.data else None


def _refused(form, refusal, **context):
    if isinstance(refusal, UploadRefused):
        form.picture.errors = [str(refusal)]
        return _form_page(form, 422, **context)
    return _form_page(form, 409, refusal=refusal, **context)


@bp.get(ITEM)
@requires(Permission.BANK_VIEW)
def show_item(item_id):
    """Show an item as the trainee sees it, with what is right, its figures and its succession."""
    item = queries.item_or_404(item_id, current_user)
    return render(
        "item",
        item=item,
        competency=queries.competencies_named([item.competency_id]).get(item.competency_id),
        successor=queries.successor_of(item),
        may_edit=queries.may_edit(item.college_id, current_user),
        letters_of=letters_of,
    )


@bp.get(f"{ITEM}/picture")
@requires(Permission.BANK_VIEW)
def show_picture(item_id):
    """Show the picture of an item."""
    item = queries.item_or_404(item_id, current_user)
    return photo_response(item.picture) if item.picture is not None else abort(404)


def _load_to_edit(item_id):
    item = queries.item_or_404(item_id, current_user)
    return item if queries.may_edit(item.college_id, current_user) else abort(403)


@bp.get(f"{ITEM}/edit")
@requires(Permission.BANK_EDIT)
def edit_item(item_id):
    """Show the form of an item."""
    item = _load_to_edit(item_id)
    form = ItemForm.showing(item, competencies=queries.competencies_for([item.college_id]))
    return _form_page(form, item=item, form_version=item.version)


@bp.post(f"{ITEM}/edit")
@requires(Permission.BANK_EDIT)
def change_item(item_id):
    """Change an item; one that was drawn gets a successor."""
    item = _load_to_edit(item_id)
    form = ItemForm(kind=item.kind, competencies=queries.competencies_for([item.college_id]))
    context = {"item": item, "form_version": typed_version()}
    if not form.validate():
        return _form_page(form, 422, **context)
    if request.form.get("then") == "preview":
        return _form_page(form, preview=form.facts(), **context)
    try:
        kept = authoring.change_item(
            item, form.facts(), picture=_picture(form, item), version=typed_version(),
            by=current_user, now=utcnow(),
        )  # fmt: skip
    except Conflict as refusal:
        return _refused(form, refusal, item=item, form_version=item.version, theirs=item)
    except RuleBroken as refusal:
        return _refused(form, refusal, **context)
    _tell_kept(item, kept)
    return redirect(url_for(".show_item", item_id=kept.id))


def _tell_kept(item, kept):
    if kept.id == item.id:
        flash(_("Saved."), "success")
        return
    flash(
        _("Item %(old)s was drawn before and stays as it was; item %(new)s takes its place.",
          old=item.id, new=kept.id),
        "success",
    )  # fmt: skip


@bp.post("/bank/items/state")
@requires(Permission.BANK_EDIT)
def move_items():
    """Put the chosen items in use, retire them, or take them back into draft."""
    state = one_of(ItemState, request.form.get("to")) or abort(400)
    ids = [number for text in request.form.getlist("id")[:MOST_AT_ONCE] if (number := whole(text))]
    items = queries.items_for(ids, current_user)
    if not items:
        raise RuleBroken(_("Choose items first."))
    moved = authoring.move_items(items, state, by=current_user, now=utcnow())
    flash(
        _("%(moved)s, now %(state)s.", moved=ngettext("%(num)s item", "%(num)s items", moved),
          state=labels.STATES[state]),
        "success",
    )  # fmt: skip
    if request.form.get("from") == "item":
        return redirect(url_for(".show_item", item_id=items[0].id))
    return redirect(f"{url_for('.list_items')}?{request.query_string.decode('ascii', 'ignore')}")
