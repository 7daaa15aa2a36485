"""A contest from preparation to its published ranking: entries, judges, scores that never change, prizes."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest
from sqlalchemy.orm.attributes import set_committed_value

from tests.factories import NOW, TODAY
from trainmgr.contests import running
from trainmgr.contests.award_models import AwardHolder, ContestAward
from trainmgr.contests.models import (
    Contest,
    ContestCriterion,
    ContestEntry,
    ContestJudge,
    ContestMember,
    ScoreSheet,
)
from trainmgr.contests.rules import ContestState, SheetState
from trainmgr.identity.models import User
from trainmgr.kernel.access import Role
from trainmgr.kernel.db import db
from trainmgr.kernel.errors import RuleBroken
from trainmgr.programs.models import Due


def test_a_contest_runs_from_preparation_to_ranking_with_ties_and_prizes(arena):
    contest_id = arena.judged(drop_extremes="y")
    entries = arena.entries(contest_id)
    marks = [(60, 20), (30, 10), (30, 10), (15, 5)]
    for judge in (arena.teacher, arena.mentor, arena.outside):
        for entry, (quality, speed) in zip(entries, marks, strict=True):
            assert arena.score(judge, contest_id, entry, quality, speed).status_code == 302

    assert arena.move(contest_id, "published").status_code == 302

    assert [one.placed for one in arena.entries(contest_id)] == [1, 2, 2, 4]
    assert [float(one.score) for one in arena.entries(contest_id)] == [100, 50, 50, 25]
    awards = arena.all(ContestAward)
    assert [(one.grade, one.amount_cents, one.year) for one in awards] == [
        ("first", 200_000, TODAY.year),
        ("second", None, TODAY.year),
        ("second", None, TODAY.year),
    ]
    assert awards[0].giver_id == arena.world.enterprise.id
    assert len(arena.all(AwardHolder)) == 3
    page = arena.text(arena.trainees[3], f"/contests/{contest_id}")
    assert arena.trainees[0].name in page


def test_a_score_never_changes_and_its_correction_stands_beside_it(arena):
    contest_id = arena.judged(arena.teacher)
    entry = arena.entries(contest_id)[0]
    arena.score(arena.teacher, contest_id, entry, 30, 10)

    assert arena.score(arena.teacher, contest_id, entry, 60, 20).status_code == 409
    assert arena.score(arena.teacher, contest_id, entry, 60, 20, reason="看错题号").status_code == 302

    old, new = arena.all(ScoreSheet)
    assert (old.state, float(old.total)) == (SheetState.CORRECTED, 50)
    assert (new.state, float(new.total), new.corrects_id, new.reason) == (
        SheetState.SUBMITTED,
        100,
        old.id,
        "看错题号",
    )


@pytest.mark.once
@pytest.mark.parametrize(
    ("quality", "speed"), [("61", "1"), ("-1", "1"), ("x", "1"), ("1.25", "1"), ("", "1")]
)
def test_points_out_of_range_are_refused_and_kept(arena, quality, speed):
    contest_id = arena.judged(arena.teacher)

    answer = arena.score(arena.teacher, contest_id, arena.entries(contest_id)[0], quality, speed)

    assert answer.status_code == 422
    assert f'value="{quality}"' in answer.get_data(as_text=True)
    assert arena.all(ScoreSheet) == []


@pytest.mark.once
def test_the_ranking_waits_for_every_judge(arena):
    contest_id = arena.judged(arena.teacher, arena.mentor)
    for entry in arena.entries(contest_id):
        arena.score(arena.teacher, contest_id, entry, 30, 10)

    answer = arena.move(contest_id, "published")

    assert answer.status_code == 409
    assert arena.mentor.name in answer.get_data(as_text=True)
    assert arena.all(Contest)[0].state is ContestState.JUDGING


@pytest.mark.once
def test_judges_are_asked_in_their_inbox_as_long_as_scores_are_awaited(arena):
    contest_id = arena.judged(arena.teacher)
    entries = arena.entries(contest_id)
    with arena.world.inside() as session:
        assert session.query(Due).filter_by(code="score-entries").one().amount == len(entries)

    for entry in entries:
        arena.score(arena.teacher, contest_id, entry, 30, 10)

    with arena.world.inside() as session:
        assert session.query(Due).filter_by(code="score-entries").count() == 0


def test_a_trainee_enters_once_and_in_time(arena, world):
    contest_id = arena.set_up(entries_until=TODAY.isoformat())
    me = arena.trainees[0]
    assert arena.post(me, f"/contests/{contest_id}/enter").status_code == 404  # in preparation: not seen yet
    arena.move(contest_id, "open")

    assert arena.post(me, f"/contests/{contest_id}/enter").status_code == 302
    assert arena.post(me, f"/contests/{contest_id}/enter").status_code == 409
    world.app.config["CLOCK"] = lambda: NOW + timedelta(days=2)
    assert arena.post(arena.trainees[1], f"/contests/{contest_id}/enter").status_code == 409

    assert [one.name for one in arena.all(ContestEntry)] == [me.name]


def test_a_team_enters_with_its_members_and_nobody_is_in_two(arena):
    contest_id = arena.set_up(form_of="team", kind="teamwork", name="团队协作秀")
    arena.move(contest_id, "open")
    numbers = [one.student_number for one in arena.enrolments]

    mine = arena.post(arena.trainees[0], f"/contests/{contest_id}/enter", name="三号线", people=numbers[1])
    assert mine.status_code == 302
    again = arena.post(
        arena.staff, f"/contests/{contest_id}/entries", name="四号线", people=" ".join(numbers[1:])
    )
    assert again.status_code == 409
    nameless = arena.post(arena.staff, f"/contests/{contest_id}/entries", name="", people=numbers[2])
    assert nameless.status_code == 422
    unknown = arena.post(arena.staff, f"/contests/{contest_id}/entries", name="五号线", people="没有的号")
    assert unknown.status_code == 422

    assert len(arena.all(ContestMember)) == 2


@pytest.mark.once
def test_an_entry_withdrawn_meanwhile_is_not_withdrawn_again_nor_scored(arena):
    contest_id = arena.judged()
    entry = arena.entries(contest_id)[0]
    arena.post(arena.staff, f"/contests/{contest_id}/entries/{entry.id}/withdraw", reason="受伤")
    with arena.world.app.test_request_context():
        contest, read = db.session.get_one(Contest, contest_id), db.session.get_one(ContestEntry, entry.id)
        set_committed_value(read, "is_active", True)  # as it was when the page was loaded
        set_committed_value(read, "members", [])
        staff, judge = (db.session.get_one(User, one.id) for one in (arena.staff, arena.teacher))
        with pytest.raises(RuleBroken):
            running.withdraw(contest, read, reason="再来一次", by=staff, now=NOW)
        points = {one.id: Decimal(1) for one in arena.all(ContestCriterion, contest_id=contest_id)}
        set_committed_value(read, "is_active", True)
        with pytest.raises(RuleBroken):
            running.score(contest, read, points, comment="", reason="", by=judge, now=NOW)
        db.session.rollback()
    assert arena.entries(contest_id)[0].reason == "受伤"


def test_a_withdrawn_entry_leaves_the_ranking_and_may_enter_anew(arena):
    contest_id = arena.set_up()
    arena.move(contest_id, "open")
    arena.post(arena.trainees[0], f"/contests/{contest_id}/enter")
    entry = arena.entries(contest_id)[0]

    path = f"/contests/{contest_id}/entries/{entry.id}/withdraw"
    assert arena.post(arena.staff, path, reason="").status_code == 422
    assert arena.post(arena.staff, path, reason="生病").status_code == 302
    assert arena.post(arena.trainees[0], f"/contests/{contest_id}/enter").status_code == 302

    assert [one.is_active for one in arena.entries(contest_id)] == [False, True]


@pytest.mark.once
def test_only_those_who_may_judge_are_named_and_who_scored_stays(arena):
    contest_id = arena.judged(arena.teacher, arena.mentor)
    path = f"/contests/{contest_id}/judges"
    assert arena.post(arena.staff, path, person=arena.trainees[0].username).status_code == 422
    stranger = arena.world.user(Role.SCHOOL_TEACHER, arena.world.organization(name="别的学院"))
    assert arena.post(arena.staff, path, person=stranger.username).status_code == 422
    arena.score(arena.teacher, contest_id, arena.entries(contest_id)[0], 30, 10)

    first, second = arena.all(ContestJudge)
    assert arena.post(arena.staff, f"{path}/{first.id}/release").status_code == 409
    assert arena.post(arena.staff, f"{path}/{second.id}/release").status_code == 302
    assert arena.get(arena.mentor, f"/contests/{contest_id}/scores").status_code == 403


@pytest.mark.once
@pytest.mark.parametrize(
    "wrong",
    [
        {"name": ""},
        {"criteria-0-name": "", "criteria-1-name": ""},
        {"criteria-1-most": ""},
        {"entries_until": (TODAY + timedelta(days=9)).isoformat()},
        {"prizes-1-last": "1"},
        {"prizes-0-amount": "much"},
        {"program": "999999"},
    ],
)
def test_a_contest_with_faults_is_not_kept(arena, wrong):
    answer = arena.post(arena.staff, "/contests/new", **arena.fields(**wrong))

    assert answer.status_code == 422
    assert arena.all(Contest) == []


@pytest.mark.once
def test_a_contest_is_changed_until_it_is_judged(arena):
    contest_id = arena.set_up()
    version = arena.all(Contest)[0].version
    page = arena.text(arena.staff, f"/contests/{contest_id}/edit")
    assert "装配质量" in page

    saved = arena.post(
        arena.staff, f"/contests/{contest_id}/edit", **arena.fields(name="解决方案秀", version=str(version))
    )
    stale = arena.post(
        arena.staff, f"/contests/{contest_id}/edit", **arena.fields(name="又一次", version=str(version))
    )

    assert (saved.status_code, stale.status_code) == (302, 409)
    assert arena.all(Contest)[0].name == "解决方案秀"
    assert arena.move(contest_id, "published").status_code == 409


@pytest.mark.once
def test_others_see_neither_preparation_nor_other_colleges_contests(arena):
    contest_id = arena.set_up()
    stranger = arena.world.user(Role.STAFF, arena.world.organization(name="别的学院"))

    assert arena.get(arena.teacher, f"/contests/{contest_id}").status_code == 200
    for person in (arena.trainees[0], arena.coordinator, stranger):
        assert arena.get(person, f"/contests/{contest_id}").status_code == 404
    assert arena.post(arena.teacher, f"/contests/{contest_id}/move", target="open").status_code == 403
    arena.move(contest_id, "open")
    assert arena.get(arena.coordinator, f"/contests/{contest_id}").status_code == 200
    assert arena.get(stranger, f"/contests/{contest_id}").status_code == 404
    assert f'href="/contests/{contest_id}"' in arena.text(arena.trainees[0], "/contests")
    assert f'href="/contests/{contest_id}"' not in arena.text(stranger, "/contests")


@pytest.mark.once
def test_pages_take_few_statements_however_many_entries(arena, count_statements):
    contest_id = arena.judged(arena.teacher)
    for person, path in (
        (arena.staff, f"/contests/{contest_id}"),
        (arena.teacher, f"/contests/{contest_id}/scores"),
        (arena.staff, "/contests"),
        (arena.staff, "/awards"),
        (arena.coordinator, "/shortlist"),
    ):
        client = arena.world.signed_in(person)
        client.get(path)
        with count_statements() as statements:
            client.get(path)
        assert len(statements) <= 10, (path, len(statements))
