"""HTTP of people: the ledger, a person, accounts and roles."""

from __future__ import annotations

from flask import Blueprint, abort, flash, redirect, render_template, request, session, url_for
from flask_babel import gettext as _
from flask_login import current_user

from trainmgr.identity import first_passwords, managing, queries
from trainmgr.identity.models import Membership, User
from trainmgr.identity.people_forms import MembershipForm, NewPersonForm, PersonForm, PlaceForm, seen_of
from trainmgr.identity.queries import PeopleFilter
from trainmgr.kernel.access import Permission, Role, requires
from trainmgr.kernel.clock import today, utcnow
from trainmgr.kernel.errors import RuleBroken
from trainmgr.kernel.numbers import whole
from trainmgr.kernel.paging import Listing

bp = Blueprint("people", __name__)
SHOWN_ONCE = "shown_once"
STATES = ("left", "closed")


@bp.get("/people")
@requires(Permission.PEOPLE_VIEW)
def list_people():
    """Show the people of the reader's organisations and programmes, fifty at a time."""
    wanted, listing = _wanted(), Listing.from_request()
    organizations = queries.organizations_to_filter(current_user)
    return render_template(
        "people/people.html",
        page=queries.list_people(current_user, listing, wanted),
        wanted=wanted,
        organizations=[(each.id, each.name) for each in organizations],
        roles=[(role.value, role.label) for role in queries.roles_for(organizations)],
    )


@bp.get("/people/new")
@requires(Permission.PEOPLE_MANAGE)
def new_person():
    """Offer the form for a new account."""
    return _new_person_page(
        NewPersonForm(formdata=None, organization=request.args.get("organization", type=whole))
    )


@bp.post("/people/new")
@requires(Permission.PEOPLE_MANAGE)
def create_person():
    """Open an account with its first role; the first password is shown on the next page, once."""
    form = NewPersonForm()
    _offer_places(form)
    if not form.validate():
        return _new_person_page(form, status=422)
    try:
        person = managing.create_person(
            name=form.name.data,
            username=form.username.data,
            phone=form.phone.data,
            place=form.place(),
            by=current_user,
            now=utcnow(),
        )
    except RuleBroken as broken:
        return _new_person_page(form, broken=broken, status=409)
    session[SHOWN_ONCE] = person.id
    flash(_("%(name)s has an account.", name=person.name), "success")
    return redirect(url_for(".show_person", user_id=person.id))


@bp.get("/people/<int:user_id>")
@requires(Permission.PEOPLE_VIEW)
def show_person(user_id):
    """Show a person's account and roles; right after it was made, the first password."""
    person = queries.person_or_404(user_id, current_user)
    password = None
    if session.get(SHOWN_ONCE) == person.id:
        del session[SHOWN_ONCE]
        if first_passwords.is_first(person.password_hash):
            password = first_passwords.password_of(person.id, person.password_hash)
    return _person_page(person, password=password)


@bp.get("/people/<int:user_id>/edit")
@requires(Permission.PEOPLE_MANAGE)
def edit_person(user_id):
    """Offer the form for name, user name and phone."""
    person, _memberships = _managed_or_404(user_id)
    form = PersonForm(formdata=None, name=person.name, username=person.username, seen=seen_of(person))
    return render_template("people/edit_person.html", person=person, form=form)


@bp.post("/people/<int:user_id>/edit")
@requires(Permission.PEOPLE_MANAGE)
def update_person(user_id):
    """Change name, user name and phone; an empty phone leaves the old one."""
    person, _memberships = _managed_or_404(user_id)
    form = PersonForm()
    if not form.validate():
        return render_template("people/edit_person.html", person=person, form=form), 422
    if form.seen.data != seen_of(person):
        form.seen.data = seen_of(person)
        event = next(iter(queries.events_about(person, 1)), None)
        return render_template(
            "people/edit_person.html", person=person, form=form, changed=event or True
        ), 409
    try:
        managing.edit_person(
            person,
            name=form.name.data,
            username=form.username.data,
            phone=form.phone.data or ("" if request.form.get("no_phone") else None),
            by=current_user,
            now=utcnow(),
        )
    except RuleBroken as broken:
        return render_template("people/edit_person.html", person=person, form=form, broken=broken), 409
    flash(_("The account of %(name)s is changed.", name=person.name), "success")
    return redirect(url_for(".show_person", user_id=person.id))


@bp.post("/people/<int:user_id>/close")
@requires(Permission.PEOPLE_MANAGE)
def close_account(user_id):
    """Let the person in no more."""
    person, _memberships = _managed_or_404(user_id)
    managing.close_account(person, by=current_user, now=utcnow())
    flash(_("The account of %(name)s is closed.", name=person.name), "success")
    return redirect(url_for(".show_person", user_id=person.id))


@bp.post("/people/<int:user_id>/reopen")
@requires(Permission.PEOPLE_MANAGE)
def reopen_account(user_id):
    """Let the person in again."""
    person, _memberships = _managed_or_404(user_id)
    managing.reopen_account(person, by=current_user, now=utcnow())
    flash(_("The account of %(name)s is open again.", name=person.name), "success")
    return redirect(url_for(".show_person", user_id=person.id))


@bp.post("/people/<int:user_id>/password")
@requires(Permission.PEOPLE_MANAGE)
def reset_password(user_id):
    """Give the person a new first password, shown on the next page, once."""
    person, _memberships = _managed_or_404(user_id)
    managing.reset_password(person, by=current_user, now=utcnow())
    session[SHOWN_ONCE] = person.id
    return redirect(url_for(".show_person", user_id=person.id))


@bp.post("/people/<int:user_id>/number")
@requires(Permission.PEOPLE_MANAGE)
def show_number(user_id):
    """Show the phone or the ID number in clear on this one answer; who looked is in the trail."""
    person, memberships = _managed_or_404(user_id)
    kind = request.form.get("kind")
    if kind not in ("phone", "id_number"):
        abort(422)
    number = managing.show_number(person, kind, by=current_user, now=utcnow())
    return _person_page(person, memberships=memberships, shown={kind: number})


# --- roles --------------------------------------------------------------------------------------


@bp.post("/people/<int:user_id>/roles")
@requires(Permission.PEOPLE_MANAGE)
def add_membership(user_id):
    """Give the person a further role."""
    person, memberships = _managed_or_404(user_id)
    form = PlaceForm()
    _offer_places(form)
    if not form.validate():
        return _person_page(person, memberships=memberships, form=form, status=422)
    try:
        managing.add_membership(person, form.place(), by=current_user, now=utcnow())
    except RuleBroken as broken:
        return _person_page(person, memberships=memberships, form=form, broken=broken, status=409)
    flash(_("%(name)s has a further role.", name=person.name), "success")
    return redirect(url_for(".show_person", user_id=person.id))


@bp.get("/people/<int:user_id>/roles/<int:membership_id>")
@requires(Permission.PEOPLE_MANAGE)
def edit_membership(user_id, membership_id):
    """Offer the form for number, title and department of a role."""
    person, membership = _membership_or_404(user_id, membership_id)
    form = MembershipForm(
        formdata=None,
        department=membership.department_id or 0,
        number=membership.number,
        title=membership.title,
    )
    form.offer(queries.departments_of(membership.organization))
    return render_template("people/edit_membership.html", person=person, membership=membership, form=form)


@bp.post("/people/<int:user_id>/roles/<int:membership_id>")
@requires(Permission.PEOPLE_MANAGE)
def update_membership(user_id, membership_id):
    """Change number, title and department of a role."""
    person, membership = _membership_or_404(user_id, membership_id)
    form = MembershipForm()
    form.offer(queries.departments_of(membership.organization))
    context = {"person": person, "membership": membership, "form": form}
    if not form.validate():
        return render_template("people/edit_membership.html", **context), 422
    try:
        managing.edit_membership(membership, person, form.place(membership), by=current_user, now=utcnow())
    except RuleBroken as broken:
        return render_template("people/edit_membership.html", broken=broken, **context), 409
    flash(_("The role of %(name)s is changed.", name=person.name), "success")
    return redirect(url_for(".show_person", user_id=person.id))


@bp.post("/people/<int:user_id>/roles/<int:membership_id>/end")
@requires(Permission.PEOPLE_MANAGE)
def end_membership(user_id, membership_id):
    """End a role today."""
    person, membership = _membership_or_404(user_id, membership_id)
    managing.end_membership(membership, person, by=current_user, today=today(), now=utcnow())
    flash(_("The role of %(name)s has ended.", name=person.name), "success")
    return redirect(url_for(".show_person", user_id=person.id))


# --- what several of them need ------------------------------------------------------------------


def _wanted() -> PeopleFilter:
    role, state = request.args.get("role", ""), request.args.get("state", "")
    return PeopleFilter(
        role=Role(role) if role in set(Role) else None,
        organization_id=request.args.get("organization", type=whole),
        state=state if state in STATES else "",
    )


def _managed_or_404(user_id: int) -> tuple[User, list[Membership]]:
    """Load a person whom the reader administers; whoever only sees the person is refused."""
    person = queries.person_or_404(user_id, current_user)
    memberships = list(queries.memberships_of(person))
    if not queries.manages_person(current_user, memberships, person):
        abort(403)
    return person, memberships


def _membership_or_404(user_id: int, membership_id: int) -> tuple[User, Membership]:
    """Load a role in an organisation that the reader administers, whoever else the person works for."""
    person = queries.person_or_404(user_id, current_user)
    membership = next((each for each in queries.memberships_of(person) if each.id == membership_id), None)
    if membership is None:
        abort(404)
    if not queries.manages(current_user, membership.organization):
        abort(403)
    return person, membership


def _offer_places(form: PlaceForm) -> None:
    organizations = queries.organizations_to_staff(current_user)
    form.offer(organizations, queries.roles_for(organizations))


def _new_person_page(form, *, broken: RuleBroken | None = None, status: int = 200):
    _offer_places(form)
    return render_template("people/new_person.html", form=form, broken=broken), status


def _person_page(
    person, *, memberships=None, form=None, password=None, shown=None, broken=None, status: int = 200
):
    memberships = memberships if memberships is not None else queries.memberships_of(person)
    managed = Permission.PEOPLE_MANAGE in current_user.permissions and queries.manages_person(
        current_user, memberships, person
    )
    if managed and form is None:
        form = PlaceForm(formdata=None)
        _offer_places(form)
    page = render_template(
        "people/person.html",
        person=person,
        memberships=memberships,
        managed=managed,
        form=form,
        password=password,
        shown=shown or {},
        broken=broken,
        waits=first_passwords.is_first(person.password_hash),
        ends_at=first_passwords.ends_at(person),
        now=utcnow(),
        events=queries.events_about(person) if managed else (),
    )
    return page, status
