"""Two-way choice on the screen: lists of both sides within the dates, stable pairs, a second round for the rest."""

from __future__ import annotations

from datetime import timedelta

import pytest
import sqlalchemy as sa

from tests.factories import NOW, TODAY
from tests.mentoring.test_views import name, row, rows
from trainmgr.identity.models import User
from trainmgr.kernel.access import Role
from trainmgr.kernel.audit import AuditEvent
from trainmgr.kernel.jobs import Job, JobState, queue, running
from trainmgr.mentoring import proposing
from trainmgr.mentoring.choice_models import ChoiceAnswer, ChoiceRound, ChoiceWish
from trainmgr.mentoring.models import Assignment, Mentor, Proposal, ProposalState, ProposedPair
from trainmgr.programs.models import Due
from trainmgr.programs.rules import State

ENGLISH = {"Accept-Language": "en"}
DATES = {
    "opens_on": TODAY.isoformat(),
    "trainees_until": (TODAY + timedelta(days=2)).isoformat(),
    "mentors_until": (TODAY + timedelta(days=5)).isoformat(),
}
ROUND = DATES | {"proposing": "trainees", "most_wishes": "3"}


@pytest.fixture
def program(world, app):
    app.config["CLOCK"] = lambda: NOW
    return world.program(State.RECRUITING)


@pytest.fixture
def staff(world, program):
    return world.signed_in(world.user(Role.STAFF))


@pytest.fixture
def later(app):
    """Move the clock to so many days after today."""

    def move(days):
        app.config["CLOCK"] = lambda: NOW + timedelta(days=days)

    return move


class Choosing:
    """Three trainees and two mentors of one place each, with a round that is open."""

    def __init__(self, world, staff, program, capacity="1", trainees=3, **values):
        self.world, self.staff, self.program = world, staff, program
        self.people = [world.user(Role.TRAINEE) for _ in range(trainees)]
        self.enrolments = [world.enrolment(program, user=person) for person in self.people]
        self.named = [name(world, staff, program, capacity=capacity) for _ in range(2)]
        self.mentors = [named.mentor_id for named in self.named]
        self.opened = staff.post(f"/programs/{program.id}/choices/enterprise", data=ROUND | values)
        found = row(world, sa.select(ChoiceRound))
        self.round_id = found.id if found else 0

    def path(self, what):
        return f"/programs/{self.program.id}/choice/{self.round_id}/{what}"

    def wish(self, who, *mentors):
        client = self.world.signed_in(self.people[who])
        return client.post(self.path("wishes"), data={"wish": [str(key) for key in mentors]})

    def mentor(self, which):
        user_id = row(self.world, sa.select(Mentor).where(Mentor.id == self.mentors[which])).user_id
        return self.world.signed_in(row(self.world, sa.select(User).where(User.id == user_id)))

    def answer(self, which, **said):
        data = {f"answer-{self.enrolments[int(who[1:])].id}": text for who, text in said.items()}
        return self.mentor(which).post(self.path("answers"), data=data)

    def pairs(self):
        found = dict(
            rows(
                self.world,
                sa.select(ProposedPair.enrolment_id, ProposedPair.mentor_id)
                .join(Proposal, Proposal.id == ProposedPair.proposal_id)
                .where(Proposal.state == ProposalState.OPEN),
            )
        )
        return [found.get(enrolment.id) for enrolment in self.enrolments]

    def match(self):
        return self.staff.post(self.path("match"))


@pytest.fixture
def choosing(world, staff, program):
    return Choosing(world, staff, program)


def test_both_sides_choose_and_the_pairs_are_stable(choosing, world, staff, program, later):
    one, two = choosing.mentors
    assert choosing.wish(0, one, two).status_code == 302
    assert choosing.wish(1, one).status_code == 302
    assert choosing.wish(2, one, two).status_code == 302
    later(3)
    assert choosing.answer(0, t0="2", t1="1", t2="").status_code == 302
    assert choosing.answer(1, t2="no").status_code == 302
    later(6)

    found = choosing.match()

    proposal = row(world, sa.select(Proposal))
    page = staff.get(found.location, headers=ENGLISH).text
    assert choosing.pairs() == [two, one, None]
    assert (proposal.summary["blocking"], proposal.summary["first_wishes"], proposal.summary["placed"]) == (
        0,
        1,
        2,
    )
    assert "Stable: of all 5 wishes none" in page
    assert rows(world, sa.select(sa.func.count(Assignment.id))) == [(0,)]  # nothing before it is approved


def test_what_is_published_decides_who_comes_first(world, staff, program, later):
    """Each trainee prefers another mentor than the mentor prefers them: the proposing side has its way."""
    found = {}
    for first in ("trainees", "mentors"):
        this = world.program(State.RECRUITING)
        choosing = Choosing(world, staff, this, trainees=2, proposing=first)
        choosing.round_id = row(world, sa.select(ChoiceRound).where(ChoiceRound.program_id == this.id)).id
        one, two = choosing.mentors
        later(0)
        choosing.wish(0, one, two)
        choosing.wish(1, two, one)
        later(3)
        choosing.answer(0, t0="2", t1="1")
        choosing.answer(1, t0="1", t1="2")
        later(6)
        choosing.match()
        found[first] = [choosing.mentors.index(mentor) for mentor in choosing.pairs()]
        later(0)

    assert found == {"trainees": [0, 1], "mentors": [1, 0]}


def test_who_is_left_without_takes_part_in_a_second_round(choosing, world, staff, program, later):
    one, two = choosing.mentors
    choosing.wish(0, one)
    choosing.wish(1, one)
    later(6)
    choosing.match()
    again = {key: (NOW + timedelta(days=days)).date().isoformat() for key, days in
             (("opens_on", 6), ("trainees_until", 7), ("mentors_until", 8))}  # fmt: skip
    early = staff.post(f"/programs/{program.id}/choices/enterprise", data=ROUND | again)
    proposal = row(world, sa.select(Proposal))
    staff.post(
        f"/programs/{program.id}/proposals/enterprise/approve",
        data={"way": "two_way", "version": proposal.version},
    )
    opened = staff.post(f"/programs/{program.id}/choices/enterprise", data=ROUND | again)

    second = row(world, sa.select(ChoiceRound).where(ChoiceRound.number == 2))
    asked = rows(
        world, sa.select(Due.user_id).where(Due.code == "choose-mentors", Due.subject_id == second.id)
    )
    assert early.status_code == 409
    assert opened.status_code == 302
    assert sorted(key for (key,) in asked) == sorted([choosing.people[1].id, choosing.people[2].id])
    choosing.round_id = second.id
    page = world.signed_in(choosing.people[1]).get(choosing.path("wishes")).text
    assert f'<option value="{two}"' in page
    assert f'<option value="{one}"' not in page  # the one place is taken
    assert world.signed_in(choosing.people[0]).get(choosing.path("wishes")).status_code == 404


def test_the_inbox_asks_trainees_first_and_then_the_mentors_who_are_named(choosing, world, later):
    one, _two = choosing.mentors
    trainee = world.signed_in(choosing.people[0])
    asked = trainee.get("/", headers=ENGLISH).text
    choosing.wish(0, one)
    done = trainee.get("/", headers=ENGLISH).text
    early = choosing.mentor(0).get("/", headers=ENGLISH).text
    later(3)

    named, unnamed = (choosing.mentor(which).get("/", headers=ENGLISH).text for which in (0, 1))

    assert "Name the mentors whom you would like" in asked
    assert "Name the mentors whom you would like" not in done
    assert "Answer one trainee who named you" not in early
    assert "Answer one trainee who named you" in named
    assert "trainees who named you" not in unnamed


def test_a_list_is_put_in_place_of_the_one_before(choosing, world):
    one, two = choosing.mentors
    choosing.wish(0, one, two)
    choosing.wish(0, two)

    assert rows(world, sa.select(ChoiceWish.mentor_id, ChoiceWish.rank)) == [(two, 1)]
    assert choosing.wish(0).status_code == 302
    assert rows(world, sa.select(ChoiceWish.id)) == []


def test_strangers_doubles_and_too_many_are_refused_and_what_was_typed_stays(choosing, world, staff, program):
    one, two = choosing.mentors
    foreign = world.program(State.RECRUITING)
    stranger = name(world, staff, foreign).mentor_id

    answers = [
        choosing.wish(0, *named)
        for named in ((one, stranger), (one, one), (one, two, one, two), ("nobody", one), (one, "9" * 30))
    ]

    assert [answer.status_code for answer in answers] == [409] * 5
    assert f'<option value="{one}" selected' in answers[0].text
    assert rows(world, sa.select(ChoiceWish.id)) == []


def test_wishes_are_taken_within_the_trainees_days_only(choosing, world, later):
    one, _two = choosing.mentors
    later(3)
    late = choosing.wish(0, one)
    later(-1)
    early = choosing.wish(0, one)

    assert (late.status_code, early.status_code) == (409, 409)
    assert rows(world, sa.select(ChoiceWish.id)) == []


def test_answers_are_taken_within_the_mentors_days_only_and_nothing_is_told_before(choosing, world, later):
    one, _two = choosing.mentors
    choosing.wish(0, one)
    early_page = choosing.mentor(0).get(choosing.path("answers")).text
    early = choosing.answer(0, t0="1")
    later(6)
    late = choosing.answer(0, t0="1")

    assert (early.status_code, late.status_code) == (409, 409)
    assert choosing.enrolments[0].name not in early_page
    assert rows(world, sa.select(ChoiceAnswer.id)) == []


@pytest.mark.parametrize(
    "said", [{"t2": "1"}, {"t0": "1", "t1": "1"}, {"t0": "9"}, {"t0": "²"}, {"t0": "-1"}, {"t2": "no"}]
)
def test_answers_to_strangers_or_with_a_place_given_twice_are_refused(choosing, world, later, said):
    one, _two = choosing.mentors
    choosing.wish(0, one)
    choosing.wish(1, one)
    later(3)

    assert choosing.answer(0, **said).status_code == 409
    assert rows(world, sa.select(ChoiceAnswer.id)) == []


def test_pairs_are_found_when_the_round_is_over_and_not_before(choosing, world, later):
    choosing.wish(0, choosing.mentors[0])
    early = choosing.match()
    later(6)

    assert early.status_code == 409
    assert choosing.match().status_code == 302
    assert choosing.match().status_code == 302  # nothing was decided yet: found anew, not doubled
    assert rows(world, sa.select(sa.func.count(Proposal.id))) == [(1,)]


def test_who_found_a_mentor_meanwhile_and_who_left_the_list_count_no_longer(
    choosing, world, staff, program, later
):
    one, two = choosing.mentors
    choosing.wish(0, one, two)
    choosing.wish(1, two)
    staff.post(f"/programs/{program.id}/mentors/{choosing.named[0].id}/remove")
    later(6)

    choosing.match()

    assert choosing.pairs().count(two) == 1
    assert one not in choosing.pairs()


def test_a_pair_moved_by_hand_may_break_stability_and_that_is_said(choosing, world, staff, program, later):
    one, two = choosing.mentors
    choosing.wish(0, one, two)
    later(6)
    choosing.match()
    pair = row(world, sa.select(ProposedPair).where(ProposedPair.enrolment_id == choosing.enrolments[0].id))

    moved = staff.post(
        f"/programs/{program.id}/proposals/enterprise/pairs/{pair.id}", data={"mentor": two},
        follow_redirects=True, headers=ENGLISH,
    )  # fmt: skip

    assert row(world, sa.select(Proposal)).summary["blocking"] == 1
    assert "1 pair would rather have each other" in moved.text


def test_a_round_called_off_leaves_the_inboxes(choosing, world, staff, program):
    called_off = staff.post(choosing.path("call-off"))

    assert called_off.status_code == 302
    assert rows(world, sa.select(Due.id).where(Due.code == "choose-mentors")) == []
    assert choosing.wish(0, choosing.mentors[0]).status_code == 409
    assert staff.post(choosing.path("call-off")).status_code == 409
    assert staff.post(f"/programs/{program.id}/choices/enterprise", data=ROUND).status_code == 302


@pytest.mark.parametrize(
    "values",
    [
        {"opens_on": ""},
        {"mentors_until": "9999-12-31"},
        {"trainees_until": (TODAY - timedelta(days=1)).isoformat()},
        {"mentors_until": DATES["trainees_until"]},
        {"most_wishes": "0"},
        {"most_wishes": "viele"},
        {"proposing": "chance"},
    ],
)
def test_a_round_that_cannot_be_is_refused_at_the_field(world, staff, program, values):
    assert Choosing(world, staff, program, **values).opened.status_code == 422
    assert row(world, sa.select(ChoiceRound)) is None


def test_a_round_in_the_past_or_beside_another_is_refused(choosing, world, staff, program):
    path = f"/programs/{program.id}/choices/enterprise"
    past = {"opens_on": (TODAY - timedelta(days=1)).isoformat()}

    assert staff.post(path, data=ROUND | past).status_code == 409
    assert staff.post(path, data=ROUND).status_code == 409
    assert rows(world, sa.select(sa.func.count(ChoiceRound.id))) == [(1,)]


def test_a_round_for_nobody_is_refused(world, staff, program):
    assert staff.post(f"/programs/{program.id}/choices/enterprise", data=ROUND).status_code == 409


def moved(days, reason="师傅们本周在外地"):
    first, trainees, mentors = ((TODAY + timedelta(days=day)).isoformat() for day in days)
    return {"opens_on": first, "trainees_until": trainees, "mentors_until": mentors, "reason": reason}


def test_the_days_of_a_round_are_moved_with_a_reason_and_the_inboxes_follow(choosing, world, staff, later):
    one = choosing.mentors[0]
    choosing.wish(0, one)
    later(1)

    assert staff.post(choosing.path("days"), data=moved((0, 4, 9))).status_code == 302

    later(4)
    assert choosing.wish(1, one).status_code == 302  # a day that was over before
    later(9)
    assert choosing.answer(0, t0="1", t1="2").status_code == 302
    due = dict(rows(world, sa.select(Due.code, Due.due_on).where(Due.subject_id == choosing.round_id)))
    assert due == {"choose-mentors": TODAY + timedelta(days=4)}
    told = row(world, sa.select(AuditEvent).where(AuditEvent.action == "mentoring.round_days"))
    assert (told.reason, told.details["number"]) == ("师傅们本周在外地", 1)


def test_days_that_cannot_be_moved_so_are_refused_and_what_was_typed_stays(choosing, world, staff, later):
    later(3)  # the mentors answer
    for data, status in (
        (moved((0, 4, 9)), 409),  # they have seen who named them
        (moved((1, 2, 9)), 409),
        (moved((0, 2, 2)), 409),
        (moved((0, 2, 9), reason=""), 422),
        (moved((0, 2, 9)) | {"mentors_until": ""}, 422),
    ):
        answer = staff.post(choosing.path("days"), data=data)
        assert answer.status_code == status, data
        assert data["trainees_until"] in answer.text

    assert row(world, sa.select(ChoiceRound)).mentors_until == TODAY + timedelta(days=5)
    later(6)
    choosing.match()
    assert staff.post(choosing.path("days"), data=moved((0, 2, 9))).status_code == 409


def test_a_round_of_many_is_matched_beside_the_request_and_only_once(
    choosing, world, staff, later, monkeypatch
):
    monkeypatch.setattr(proposing, "AT_ONCE", 1)
    one, two = choosing.mentors
    choosing.wish(0, one, two)
    choosing.wish(1, two)
    later(6)

    found = choosing.match()

    assert "/mentors" in found.location
    job = row(world, sa.select(Job).where(Job.kind == "choice-matching"))
    assert (job.state, job.done, job.counts) == (JobState.DONE, 3, {"placed": 2})
    assert sorted(key for key in choosing.pairs() if key) == sorted((one, two))
    with world.app.app_context():
        running.execute(job.id)  # handed out once more by a queue: nothing is written twice
    assert rows(world, sa.select(sa.func.count(Proposal.id))) == [(1,)]
    assert (
        "two_way" in staff.get(f"/programs/{choosing.program.id}/proposals/enterprise", headers=ENGLISH).text
    )


def test_a_round_called_off_while_its_pairs_are_found_stays_without(
    choosing, world, staff, later, monkeypatch
):
    monkeypatch.setattr(proposing, "AT_ONCE", 1)
    monkeypatch.setattr(queue, "send", lambda job_id: None)
    choosing.wish(0, choosing.mentors[0])
    later(6)
    choosing.match()
    job = row(world, sa.select(Job).where(Job.kind == "choice-matching"))
    choosing.match()  # asked twice: the same job
    assert rows(world, sa.select(sa.func.count(Job.id)).where(Job.kind == "choice-matching")) == [(1,)]
    staff.post(choosing.path("call-off"))

    with world.app.app_context():
        running.execute(job.id)

    assert row(world, sa.select(Job).where(Job.id == job.id)).state is JobState.FAILED
    assert rows(world, sa.select(Proposal.id)) == []


@pytest.mark.parametrize("role", [Role.ENTERPRISE_COORDINATOR, Role.SCHOOL_TEACHER, Role.TRAINEE])
def test_only_who_assigns_opens_and_matches(choosing, world, program, later, role):
    later(6)
    client = world.signed_in(world.user(role))

    for path in (
        f"/programs/{program.id}/choices/enterprise",
        choosing.path("match"),
        choosing.path("call-off"),
        choosing.path("days"),
    ):
        assert client.post(path, data=ROUND).status_code in (403, 404)
    assert rows(world, sa.select(Proposal.id)) == []


def test_strangers_and_others_see_neither_lists_nor_answers(choosing, world, staff, program):
    stranger = world.signed_in(world.user(Role.TRAINEE, organization=world.organization()))
    unnamed = world.signed_in(world.user(Role.ENTERPRISE_MENTOR))

    assert stranger.get(choosing.path("wishes")).status_code == 404
    assert staff.get(choosing.path("wishes")).status_code == 404
    assert unnamed.get(choosing.path("answers")).status_code == 404
    assert choosing.mentor(0).get(choosing.path("wishes")).status_code == 404


def test_the_staff_see_how_many_chose(choosing, staff, program):
    choosing.wish(0, choosing.mentors[0])

    page = staff.get(f"/programs/{program.id}/choices/enterprise", headers=ENGLISH).text

    assert "The trainees&#39; wishes come first" in page
    assert "<dd>1 <small>/ 3</small></dd>" in page


def test_a_round_of_another_programme_is_not_there(choosing, world, staff):
    other = world.program(State.RECRUITING)

    assert staff.post(f"/programs/{other.id}/choice/{choosing.round_id}/match").status_code == 404
