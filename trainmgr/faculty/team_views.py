"""HTTP of teaching teams and of the expert pool by field."""

from __future__ import annotations

from flask import abort, flash, redirect, request, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_login import current_user
from flask_wtf import FlaskForm
from wtforms import SelectField, StringField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import DataRequired, Length, Optional, ValidationError

from trainmgr.faculty import experts, labels, partners, queries, teams
from trainmgr.faculty.composing import Composition, SeatRole
from trainmgr.faculty.frame import asked_home, bp, page_of
from trainmgr.identity.models import OrganizationKind
from trainmgr.identity.queries import PUBLIC_KINDS
from trainmgr.kernel.access import Permission, requires
from trainmgr.kernel.clock import today, utcnow
from trainmgr.kernel.errors import RuleBroken
from trainmgr.kernel.inputs import tidy
from trainmgr.kernel.numbers import typed_version, whole
from trainmgr.kernel.paging import Listing

VIEW, EDIT = Permission.FACULTY_VIEW, Permission.FACULTY_EDIT
TEAM = "/faculty/teams/<int:team_id>"
MOST_SEATS = 100


class TeamForm(FlaskForm):
    """A new team: its name, rule, field and programme."""

    name = StringField(
        _l("Name"), filters=[tidy], validators=[DataRequired(_l("Name the team.")), Length(max=80)]
    )
    composition = SelectField(_l("Rule of composition"), validate_choice=False)
    field = StringField(_l("Technical field"), filters=[tidy], validators=[Optional(), Length(max=80)])
    program = SelectField(_l("Programme"), coerce=int, validate_choice=False, default=0)

    def offer(self, programs):
        """Offer rules and programmes."""
        self.composition.choices = [
            SelectChoice(key.value, text) for key, text in labels.COMPOSITIONS.items()
        ]
        self._programs = {one.id: one for one in programs}
        self.program.choices = [
            SelectChoice(0, _("none")),
            *(SelectChoice(one.id, one.label) for one in programs),
        ]

    def validate_composition(self, field):
        """One of the rules."""
        if field.data not in set(Composition):
            raise ValidationError(_("Choose a rule of the list."))

    def validate_program(self, field):
        """One that was offered, or none."""
        if field.data and field.data not in self._programs:
            raise ValidationError(_("Choose a programme of the list."))

    def chosen_program(self):
        """Return the programme that was chosen, or None."""
        return self._programs.get(self.program.data or 0)


@bp.get("/faculty/teams/")
@requires(VIEW)
def list_teams():
    """Show the teaching teams with what is missing in each."""
    page = teams.list_teams(current_user, Listing.from_request(), whole(request.args.get("program")))
    members = teams.members_of([team.id for team in page.items])
    faults = {team.id: teams.faults_in(team, members[team.id]) for team in page.items}
    return page_of("teams", page=page, members=members, faults=faults)


def _team_form(**values):
    form = TeamForm(**values)
    form.offer(teams.programs_for(current_user))
    return form


@bp.get("/faculty/teams/new")
@requires(EDIT)
def new_team():
    """Show the form of a team."""
    home, homes = asked_home(to_edit=True)
    return page_of("team_form", home=home, homes=homes, form=_team_form(formdata=None))


@bp.post("/faculty/teams/new")
@requires(EDIT)
def set_up_team():
    """Set a team up."""
    home, homes = asked_home(to_edit=True)
    form = _team_form()
    if not form.validate():
        return page_of("team_form", 422, home=home, homes=homes, form=form)
    try:
        team = teams.set_up(
            home, form.name.data, Composition(form.composition.data), field=form.field.data or "",
            program=form.chosen_program(), by=current_user, now=utcnow(),
        )  # fmt: skip
    except RuleBroken as broken:
        return page_of("team_form", broken.status, home=home, homes=homes, form=form, broken=broken)
    flash(_("The team is set up. Take its members in."), "success")
    return redirect(url_for(".show_team", team_id=team.id))


@bp.get(TEAM)
@requires(VIEW)
def show_team(team_id):
    """Show a team: its members, what its rule misses, how the courses of its programme are led."""
    return _team_page(teams.team_or_404(team_id, current_user))


def _team_page(team, status=200, broken=None):
    members = teams.members_of([team.id])[team.id]
    return page_of(
        "team", status, team=team, members=members, faults=teams.faults_in(team, members), broken=broken,
        may_edit=teams.may_edit(team, current_user), plan=teams.plan_of(team.program_id) if team.program_id else None,
    )  # fmt: skip


def _kept_team(team_id):
    team = teams.team_or_404(team_id, current_user)
    return team if teams.may_edit(team, current_user) else abort(403)


@bp.get(f"{TEAM}/members/new")
@requires(EDIT)
def pick_member(team_id):
    """Show who may be taken in."""
    team = _kept_team(team_id)
    page = teams.candidates(team, current_user, Listing.from_request())
    return page_of("pick", team=team, page=page)


@bp.post(f"{TEAM}/members/new")
@requires(EDIT)
def take_in(team_id):
    """Take somebody into the team."""
    team, role = _kept_team(team_id), request.form.get("role", "")
    profile = teams.candidate_or_404(team, whole(request.form.get("profile")) or 0, current_user)
    if role not in set(SeatRole):
        abort(404)
    try:
        teams.take_in(team, profile, SeatRole(role), since=today(), by=current_user, now=utcnow())
    except RuleBroken as broken:
        return _team_page(team, broken.status, broken)
    flash(_("%(name)s is in the team now.", name=profile.user.name), "success")
    return redirect(url_for(".pick_member", team_id=team.id))


@bp.post(f"{TEAM}/members/<int:member_id>/out")
@requires(EDIT)
def take_out(team_id, member_id):
    """Take somebody out of the team."""
    team = _kept_team(team_id)
    teams.take_out(team, teams.member_or_404(team, member_id), on=today(), by=current_user, now=utcnow())
    return redirect(url_for(".show_team", team_id=team.id))


@bp.post(f"{TEAM}/members/<int:member_id>/head")
@requires(EDIT)
def make_head(team_id, member_id):
    """Make somebody the head of the team."""
    team = _kept_team(team_id)
    teams.make_head(team, teams.member_or_404(team, member_id), by=current_user, now=utcnow())
    return redirect(url_for(".show_team", team_id=team.id))


@bp.post(f"{TEAM}/seats")
@requires(EDIT)
def set_seats(team_id):
    """Change how many members of each role the team has."""
    team = _kept_team(team_id)
    figures = {}
    for seat in team.seats:
        least, most = (request.form.get(f"{seat.role}-{end}", "").strip() for end in ("least", "most"))
        low, high = whole(least), whole(most)
        if low is None or low > MOST_SEATS or (most and (high is None or high > MOST_SEATS)):
            return _team_page(
                team, 422, _("Figures are whole numbers from 0 to 100; “at most” may stay empty.")
            )
        figures[seat.role] = (low, high)
    try:
        teams.set_seats(team, figures, version=typed_version(), by=current_user, now=utcnow())
    except RuleBroken as broken:
        return _team_page(team, broken.status, broken)
    flash(_("The composition is saved."), "success")
    return redirect(url_for(".show_team", team_id=team.id))


# --- the expert pool ------------------------------------------------------------------------------


@bp.get("/faculty/experts")
@requires(Permission.EXPERT_VIEW)
def list_expert_pool():
    """Show everybody who can be asked about a field: the standards' experts and the faculty's."""
    field = request.args.get("field", "").strip()[:80]
    page = experts.list_pool(current_user, Listing.from_request(), field)
    return page_of("experts", page=page, field=field, own=queries.homes_of(current_user))


# --- alliances, industry colleges, bases ----------------------------------------------------------


@bp.get("/faculty/partners")
@requires(VIEW)
def list_partners():
    """Show alliances with their units, industry colleges and practice bases, and which programmes name them."""
    kind, where = request.args.get("kind", ""), request.args.get("where", "")
    chosen = OrganizationKind(kind) if kind in set(PUBLIC_KINDS) else None
    return page_of(
        "partners", page=partners.list_partners(current_user, Listing.from_request(), chosen, where),
        counts=partners.count_partners(current_user), kind=kind, where=where,
        kinds=[(one.value, one.label) for one in PUBLIC_KINDS],
    )  # fmt: skip
