"""Parties of several: how their marks count, who rates whom, what is shown of peers, and schemes that have them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.evaluation.conftest import Stage, make_stage, text_of
from tests.factories import NOW
from trainmgr.enrolment.models import Enrolment
from trainmgr.evaluation import assigning, owing, parties, queries, ratings, results, scoring, windows
from trainmgr.evaluation.marks import window_marks
from trainmgr.evaluation.models import Rating, Result, Window, WindowRater
from trainmgr.evaluation.ratings import Answers
from trainmgr.evaluation.rules import LEAST_PEERS, THREE, Level, LevelWeight, Party, ring
from trainmgr.evaluation.scoring import Item, Plan, evaluate
from trainmgr.guidance.models import Counsel
from trainmgr.identity.models import User
from trainmgr.kernel.access import Role
from trainmgr.kernel.db import db
from trainmgr.kernel.errors import RuleBroken
from trainmgr.needs.models import Dimension
from trainmgr.programs.models import Due, Program, ProgramPerson
from trainmgr.programs.rules import Side

T, E, K, P, C, A = Party
unhurried = settings(deadline=None, max_examples=40)

LEVELS = (
    LevelWeight(Level.BEHAVIOUR, 60, {T: 20, E: 40, P: 40}),
    LevelWeight(Level.RESULTS, 40, {E: 50, C: 50}),
)
ITEMS = (
    Item(1, Level.BEHAVIOUR, 1, frozenset({T, E, P}), dimension=Dimension.VALUES),
    Item(2, Level.BEHAVIOUR, 1, frozenset({T, E, P}), dimension=Dimension.SOCIAL),
    Item(3, Level.RESULTS, 1, frozenset({E, C}), dimension=Dimension.PROFESSIONAL),
)
PLAN = Plan(ITEMS, LEVELS)
mark = st.one_of(st.none(), st.integers(1, 5))
peer = st.fixed_dictionaries({1: mark, 2: mark})


# --- the pure part ----------------------------------------------------------------------------------


def test_a_party_of_several_scores_the_mean_of_its_raters_and_bounds_each_who_is_missing():
    raters = [{1: 5, 2: 5}, {1: 3, 2: 3}, {1: 4, 2: 4}]

    complete = evaluate(PLAN, {P: raters}, {P: 3}).scores[P]
    waiting = evaluate(PLAN, {P: raters}, {P: 4}).scores[P]

    assert (complete.value, complete.low, complete.high) == (4, 4, 4)
    assert waiting.value == 4
    assert (waiting.low, waiting.high) == pytest.approx(((12 + 1) / 4, (12 + 5) / 4))


def test_a_result_stays_provisional_while_one_of_several_raters_is_missing():
    marks = {T: {1: 4, 2: 4}, E: {1: 4, 2: 4, 3: 4}, P: [{1: 4, 2: 4}] * 3, C: [{3: 4}]}

    assert evaluate(PLAN, marks, {P: 3, C: 1}).composite.missing == ()
    assert evaluate(PLAN, marks, {P: 3, C: 2}).composite.missing == (C,)
    assert evaluate(PLAN, marks | {C: []}, {P: 3}).composite.missing == (C,)


@given(st.lists(peer, max_size=LEAST_PEERS - 1))
@unhurried
def test_fewer_than_three_peers_move_nothing_so_that_nothing_tells_of_them(raters):
    others = {T: {1: 4, 2: 4}, E: {1: 5, 2: 3, 3: 4}}

    without, with_few = evaluate(PLAN, others), evaluate(PLAN, others | {P: raters}, {P: 3})

    assert with_few.composite.value == without.composite.value
    assert (with_few.composite.low, with_few.composite.high) == (
        without.composite.low,
        without.composite.high,
    )
    assert P in with_few.composite.missing
    assert with_few.attainments == without.attainments


@given(st.lists(peer, min_size=3, max_size=6), st.randoms())
@unhurried
def test_the_order_of_raters_never_matters(raters, random):
    mixed = random.sample(raters, len(raters))
    one, other = evaluate(PLAN, {P: raters}, {P: 6}), evaluate(PLAN, {P: mixed}, {P: 6})

    assert one.composite.low == pytest.approx(other.composite.low)
    assert one.scores[P].value == pytest.approx(other.scores[P].value)


@given(st.lists(peer, min_size=3, max_size=5), peer)
@unhurried
def test_another_rater_moves_the_score_within_the_bounds_that_were_told(raters, late):
    before = evaluate(PLAN, {P: raters}, {P: len(raters) + 1}).scores[P]
    after = evaluate(PLAN, {P: [*raters, late]}, {P: len(raters) + 1}).scores[P]

    assert before.low - 1e-9 <= after.low <= after.high <= before.high + 1e-9


def test_a_dimension_takes_behaviour_and_ability_gain_by_the_points_of_the_composite():
    marks = {T: {1: 2, 2: 4}, E: {1: 4, 2: 4, 3: 1}, P: [{1: 5, 2: 1}, {1: 4, 2: 1}, {1: 3, 2: 1}]}

    table = scoring.dimension_scores(PLAN, marks, {P: 3})
    joined = scoring.dimension_composites(PLAN, marks, {P: 3})

    assert set(table) == {Dimension.VALUES, Dimension.SOCIAL}  # results do not speak of an ability
    assert {party: score.value for party, score in table[Dimension.VALUES].items()} == {T: 2, E: 4, P: 4}
    assert joined[Dimension.VALUES].value == pytest.approx((20 * 2 + 40 * 4 + 40 * 4) / 100)


@given(st.integers(0, 30), st.integers(3, 10))
@unhurried
def test_in_the_ring_everybody_rates_as_many_as_rate_them_and_nobody_rates_themselves(size, raters):
    pairs = ring(list(range(size)), raters)

    wanted = min(raters, size - 1)
    assert len(set(pairs)) == len(pairs) == (size * wanted if wanted >= LEAST_PEERS else 0)
    for member in range(size) if pairs else ():
        assert sum(rater == member for rater, _rated in pairs) == wanted
        assert sum(rated == member for _rater, rated in pairs) == wanted
    assert all(rater != rated for rater, rated in pairs)


@given(
    st.dictionaries(st.sampled_from(THREE), st.integers(1, 100).map(float), min_size=1),
    st.integers(1, 90).map(float),
)
@unhurried
def test_shares_add_up_to_a_hundred_with_a_party_more_and_a_party_less(shares, share):
    whole = parties.without_share(shares | {P: 0.0}, P)
    added = parties.with_share(whole, P, share)

    assert sum(added.values()) == pytest.approx(100)
    assert added[P] == share
    assert sum(parties.without_share(added, P).values()) == pytest.approx(100)


# --- with a programme -------------------------------------------------------------------------------


@dataclass
class Crowd:
    """A programme with a class of trainees, a counsellor of each side, an assessor, and a scheme that asks them all."""

    stage: Stage
    counsellors: list[User]
    assessor: User

    def give(self, party: Party, number: int, rater: User, mark: int = 4) -> Rating:
        """Submit a rating through the action."""
        program = db.session.get_one(Program, self.stage.program.id)
        window = queries.window_or_404(program.id, self.stage.window_id)
        enrolment = db.session.get_one(Enrolment, self.stage.enrolments[number].id)
        by = db.session.get_one(User, rater.id)
        answers = Answers(dict.fromkeys(window.plan.points[party], mark), f"{mark} 分")
        return ratings.submit(program, window, enrolment, party, answers, by=by, now=NOW)

    def peers_of(self, number: int) -> list[User]:
        """Return who rates a trainee as a classmate."""
        rows = db.session.query(WindowRater).filter_by(
            window_id=self.stage.window_id, party=P, enrolment_id=self.stage.enrolments[number].id
        )
        return [db.session.get_one(User, row.user_id) for row in rows]

    def result(self, number: int = 0) -> Result:
        """Return a trainee's result."""
        return db.session.query(Result).filter_by(enrolment_id=self.stage.enrolments[number].id).one()


def make_crowd(world, *, people: int = 5, counsellors: bool = True, assessor: bool = True) -> Crowd:
    """Arrange a programme whose open window asks peers, counsellors and an assessor besides the three."""
    stage = make_stage(world, trainees=people, priorities=0, opened=False)
    cohort = world.cohort(stage.program)
    named = [world.user(Role.COLLEGE_COUNSELLOR), world.user(Role.ENTERPRISE_COUNSELLOR, world.enterprise)]
    outside = world.user(Role.OUTSIDE_ASSESSOR)
    with world.inside():
        live = db.session.get_one(Program, stage.program.id)
        for enrolment in db.session.query(Enrolment).filter_by(program_id=live.id):
            enrolment.cohort_id = cohort.id
        for user, side in zip(named, Side, strict=True) if counsellors else ():
            db.session.add(
                Counsel(
                    program_id=live.id, side=side, user_id=user.id, cohort_id=cohort.id, since=date(2026, 9, 1),
                    by_id=stage.staff.id, by_name=stage.staff.name, at=NOW,
                )
            )  # fmt: skip
        related = [(named[0], world.college, Role.COLLEGE_COUNSELLOR)] if counsellors else []
        related += [(named[1], world.enterprise, Role.ENTERPRISE_COUNSELLOR)] if counsellors else []
        related += [(outside, world.college, Role.OUTSIDE_ASSESSOR)] if assessor else []
        for user, house, role in related:
            db.session.add(
                ProgramPerson(
                    program_id=live.id,
                    user_id=user.id,
                    organization_id=house.id,
                    role=role,
                    since=date(2026, 9, 1),
                )
            )
        db.session.flush()
        scheme = queries.find_scheme(live.id)
        for party in (P, C, A):
            parties.add_party(live, scheme, party, [Level.BEHAVIOUR], 10, by=stage.staff, now=NOW)
        window = queries.window_or_404(live.id, stage.window_id)
        windows.open_window(live, window, by=stage.staff, now=NOW - timedelta(days=2))
        db.session.commit()
    return Crowd(stage, named, outside)


@pytest.fixture
def crowd(world, clock):
    """A class of five that six parties rate."""
    return make_crowd(world)


def test_a_scheme_with_added_parties_adds_up_and_asks_them(crowd):
    with crowd.stage.world.inside():
        scheme = queries.find_scheme(crowd.stage.program.id)

        assert scheme.parties == tuple(Party)
        total = sum(getattr(scheme, f"{party.value}_weight") for party in Party)
        assert total == pytest.approx(100)
        assert scheme.peer_weight > 0
        windows.require_sound(scheme)
        asked = [c for c in scheme.criteria if c.level is Level.BEHAVIOUR]
        assert all({P, C, A} <= c.parties for c in asked)


def test_who_rates_is_drawn_named_and_counted_and_each_has_it_in_the_inbox(crowd):
    with crowd.stage.world.inside():
        window = db.session.get_one(Window, crowd.stage.window_id)

        assert window.tally["peer"] == {"expected": 15, "submitted": 0, "unassigned": 0}
        assert window.tally["counsellor"] == {"expected": 10, "submitted": 0, "unassigned": 0}
        assert window.tally["assessor"] == {"expected": 5, "submitted": 0, "unassigned": 0}
        for person, code, amount in (
            (crowd.stage.trainees[0], "rate-peers", 3),
            (crowd.counsellors[0], "rate-as-counsellor", 5),
            (crowd.assessor, "rate-as-assessor", 5),
        ):
            due = db.session.query(Due).filter_by(user_id=person.id, code=code, subject_id=window.id).one()
            assert due.amount == amount


def test_peers_count_from_the_third_on_and_counsellors_as_their_mean(crowd):
    with crowd.stage.world.inside():
        first, second, third = crowd.peers_of(0)
        crowd.give(P, 0, first, 5)
        crowd.give(P, 0, second, 5)
        assert crowd.result().peer_score is None
        crowd.give(P, 0, third, 2)
        crowd.give(C, 0, crowd.counsellors[0], 5)

        result = crowd.result()
        assert result.peer_score == pytest.approx(4)
        assert result.counsellor_score == pytest.approx(5)
        assert result.is_provisional
        crowd.give(C, 0, crowd.counsellors[1], 2)
        assert crowd.result().counsellor_score == pytest.approx(3.5)
        window = queries.window_or_404(crowd.stage.program.id, crowd.stage.window_id)
        marks = window_marks(window)[crowd.stage.enrolments[0].id]
        assert {party: len(raters) for party, raters in marks.items()} == {P: 3, C: 2}
        assert marks[C][1].rater_id == crowd.counsellors[1].id


def test_peers_stay_away_until_all_are_in_or_the_window_has_closed(crowd, clock):
    with crowd.stage.world.inside():
        window = queries.window_or_404(crowd.stage.program.id, crowd.stage.window_id)
        window.scheme.peer_raters = 4
        windows.sync(window.program_id, [window], now=NOW)
        for peer, mark in zip(crowd.peers_of(0)[:3], (5, 4, 3), strict=True):
            crowd.give(P, 0, peer, mark)

        # With the three shown, the fourth could be worked out from the mean of four.
        assert crowd.result().peer_score is None
        owing.turn(window.closes_at)
        assert crowd.result().peer_score == pytest.approx(4)
        assert crowd.result().is_provisional


def test_a_trainee_reads_of_peers_only_their_mean_and_their_words_without_names(crowd, signed_in):
    with crowd.stage.world.inside():
        names = [peer.name for peer in crowd.peers_of(0)]
        for person, given_mark in zip(crowd.peers_of(0)[:2], (5, 4), strict=True):
            crowd.give(P, 0, person, given_mark)
        db.session.commit()

    def seen(viewer):
        with crowd.stage.world.inside():
            program = db.session.get_one(Program, crowd.stage.program.id)
            enrolment = db.session.get_one(Enrolment, crowd.stage.enrolments[0].id)
            late = db.session.get_one(Window, crowd.stage.window_id).closes_at
            found = results.windows_with_result(program, enrolment, db.session.get_one(User, viewer.id), late)
            one = next(each for each in found if each.window.id == crowd.stage.window_id)
            return one.marks.get(P), one.peer_comments, [rating.party for rating in one.said]

    for viewer in (crowd.stage.trainees[0], crowd.stage.staff):
        assert seen(viewer) == (None, [], [])
    with crowd.stage.world.inside():
        crowd.give(P, 0, crowd.peers_of(0)[2], 3)
        db.session.commit()
    marks, comments, said = seen(crowd.stage.trainees[0])
    assert set(marks.values()) == {4}
    assert comments == ["3 分", "4 分", "5 分"]
    assert said == []
    page = text_of(signed_in(crowd.stage.staff).get(
        f"/programs/{crowd.stage.program.id}/evaluation/results/{crowd.stage.enrolments[0].id}"
        f"?window={crowd.stage.window_id}"
    ))  # fmt: skip
    assert not any(f"<b>{name}</b>" in page for name in names)


def test_a_classmate_who_was_not_drawn_and_a_stranger_are_refused(crowd, signed_in):
    with crowd.stage.world.inside():
        drawn = {user.id for user in crowd.peers_of(0)}
        others = [user for user in crowd.stage.trainees[1:] if user.id not in drawn]
        peer = next(user for user in crowd.stage.trainees if user.id in drawn)
    url = crowd.stage.url(P, 0)
    form = crowd.stage.form(P)

    assert signed_in(others[0]).get(url).status_code == 404
    assert signed_in(others[0]).post(url, data=form).status_code == 404
    assert signed_in(crowd.stage.mentor).post(url, data=form).status_code == 403
    assert signed_in(peer).get(url).status_code == 200
    assert signed_in(peer).post(url, data=form).status_code == 302
    assert (
        signed_in(crowd.counsellors[1]).post(crowd.stage.url(C, 0), data=crowd.stage.form(C)).status_code
        == 302
    )
    with crowd.stage.world.inside(), pytest.raises(RuleBroken, match=crowd.stage.enrolments[0].name):
        crowd.give(C, 0, crowd.stage.teacher)


def test_an_assessor_sees_no_scores_before_having_judged(crowd, signed_in):
    crowd.stage.rate(E, 0, 5)
    client, address = signed_in(crowd.assessor), f"/programs/{crowd.stage.program.id}/evaluation"

    assert "100.0" not in text_of(client.get(f"{address}?window={crowd.stage.window_id}"))
    assert "100.0" not in text_of(client.get(f"{address}/results/{crowd.stage.enrolments[0].id}"))


def test_a_counsellor_who_stopped_keeps_what_is_in_and_the_new_one_is_asked(crowd):
    newcomer = crowd.stage.world.user(Role.COLLEGE_COUNSELLOR)
    with crowd.stage.world.inside():
        crowd.give(C, 0, crowd.counsellors[0], 5)
        row = db.session.query(Counsel).filter_by(user_id=crowd.counsellors[0].id).one()
        row.until = NOW.date()
        db.session.flush()
        db.session.add(
            Counsel(
                program_id=row.program_id, side=row.side, user_id=newcomer.id, cohort_id=row.cohort_id,
                since=NOW.date(), by_id=crowd.stage.staff.id, by_name="", at=NOW,
            )
        )  # fmt: skip
        db.session.commit()
        assert windows.turn(NOW) == 1
        assert windows.turn(NOW) == 0

        raters = {
            number: {
                row.user_id
                for row in db.session.query(WindowRater).filter_by(
                    window_id=crowd.stage.window_id, party=C, enrolment_id=crowd.stage.enrolments[number].id
                )
            }
            for number in (0, 1)
        }
        second = crowd.counsellors[1].id
        assert raters == {0: {crowd.counsellors[0].id, second, newcomer.id}, 1: {second, newcomer.id}}
        assert db.session.query(Rating).one().rater_id == crowd.counsellors[0].id


def test_a_party_with_nobody_in_it_is_named_with_what_to_do(world, clock, signed_in):
    crowd = make_crowd(world, people=3, counsellors=False, assessor=False)
    client, address = signed_in(crowd.stage.staff), f"/programs/{crowd.stage.program.id}/evaluation"

    for page in (f"{address}?window={crowd.stage.window_id}", f"{address}/scheme"):
        text = text_of(client.get(page))
        for wanted in ("没有一个班满 4 人", "没有为任何学员指定辅导员", "没有第三方评估人"):
            assert wanted in text, (page, wanted)
    with world.inside():
        window = db.session.get_one(Window, crowd.stage.window_id)
        assert window.tally["peer"] == {"expected": 3, "submitted": 0, "unassigned": 3}
        for party in THREE:
            crowd.give(party, 0, crowd.stage.person(party, 0))
        assert crowd.result().is_provisional
        assert assigning.absent(crowd.stage.program.id, [P, C, A]) == [P, C, A]


def test_a_party_is_added_previewed_and_taken_out_on_the_schemes_page(world, clock, signed_in):
    stage = make_stage(world, opened=False)
    client, url = signed_in(stage.staff), f"/programs/{stage.program.id}/evaluation/scheme"

    assert client.post(url + "/parties/add", data={"party": "peer", "share": "10"}).status_code == 422
    form = {"party": "peer", "share": "12.5", "levels": ["behaviour", "learning"]}
    assert client.post(url + "/parties/add", data=form).status_code == 302
    assert client.post(url + "/parties/add", data=form).status_code == 422
    page = text_of(client.get(url))
    assert "25% × 12.5% = 3.13" in page.replace("3.12", "3.13")
    assert client.get(url + "/preview/peer").status_code == 200
    assert client.post(url + "/parties/peer/remove").status_code == 302
    assert client.post(url + "/parties/peer/remove").status_code == 409
    with world.inside():
        scheme = queries.find_scheme(stage.program.id)
        assert scheme.parties == THREE
        assert all(sum(level.shares.values()) == pytest.approx(100) for level in scheme.level_weights)


def test_what_only_one_party_rates_is_not_orphaned(world, clock):
    stage = make_stage(world, opened=False)
    with world.inside():
        live = db.session.get_one(Program, stage.program.id)
        scheme = queries.find_scheme(live.id)
        parties.add_party(live, scheme, P, [Level.BEHAVIOUR], 10, by=stage.staff, now=NOW)
        alone = next(c for c in scheme.criteria if c.level is Level.BEHAVIOUR)
        alone.by_trainee = alone.by_enterprise = alone.by_teacher = False

        with pytest.raises(RuleBroken, match=alone.name):
            parties.remove_party(live, scheme, P, by=stage.staff, now=NOW)
