"""The ledger of awards by level and year, awards won elsewhere with their paper, and the enterprise's shortlist."""

from __future__ import annotations

import io
from datetime import date, timedelta

import pytest

from tests.factories import TODAY
from trainmgr.contests.award_models import AwardHolder, ContestAward, Shortlisted
from trainmgr.contests.award_queries import awards_by_level_and_year, awards_held
from trainmgr.contests.rules import Level
from trainmgr.identity.models import OrganizationKind
from trainmgr.kernel.access import Role
from trainmgr.kernel.audit import AuditEvent

PAPER = b"%PDF-1.4\n1 0 obj\n<<>>\nendobj\ntrailer\n<<>>\n%%EOF\n"


def enter(arena, **more):
    fields = {
        "contest_name": "全国职业院校技能大赛",
        "level": "nation",
        "grade": "second",
        "kind": "prize",
        "people": " ".join(one.student_number for one in arena.enrolments[:2]),
        "awarded_on": TODAY.isoformat(),
        "proof": (io.BytesIO(PAPER), "证书.pdf"),
    } | more
    return arena.world.signed_in(arena.staff).post("/awards/new", data=fields)


def counted(arena):
    with arena.world.inside():
        return awards_by_level_and_year(
            arena.world.college.id, date(TODAY.year, 1, 1), date(TODAY.year, 12, 31)
        )


def test_an_award_won_elsewhere_counts_once_with_its_holders(arena):
    assert enter(arena).status_code == 302

    assert counted(arena) == {(TODAY.year, Level.NATION): (1, 2)}
    with arena.world.inside():
        held = awards_held([arena.enrolments[0].id])
        assert [award.contest_name for _enrolment, award in held] == ["全国职业院校技能大赛"]
    page = arena.text(arena.trainees[0], "/awards")
    assert "全国职业院校技能大赛" in page
    assert "全国职业院校技能大赛" not in arena.text(arena.trainees[3], "/awards")


def test_a_withdrawn_award_stays_and_counts_no_more(arena):
    enter(arena)
    award = arena.all(ContestAward)[0]

    assert arena.post(arena.staff, f"/awards/{award.id}/withdraw", reason="").status_code == 422
    assert arena.post(arena.staff, f"/awards/{award.id}/withdraw", reason="届次有误").status_code == 302
    assert arena.post(arena.staff, f"/awards/{award.id}/withdraw", reason="再一次").status_code == 409

    assert counted(arena) == {}
    assert "届次有误" in arena.text(arena.staff, f"/awards/{award.id}")


@pytest.mark.once
@pytest.mark.parametrize(
    ("wrong", "status"),
    [
        ({"people": "没有的号"}, 422),
        ({"contest_name": ""}, 422),
        ({"proof": (io.BytesIO(b""), "")}, 422),
        ({"awarded_on": (TODAY + timedelta(days=3)).isoformat()}, 409),
        ({"amount": "-3"}, 422),
    ],
)
def test_an_award_with_faults_is_not_entered(arena, wrong, status):
    assert enter(arena, **wrong).status_code == status
    assert arena.all(AwardHolder) == []


@pytest.mark.once
def test_the_ledger_and_its_papers_go_out_to_those_who_may_see_them(arena):
    enter(arena)
    award = arena.all(ContestAward)[0]
    stranger = arena.world.user(Role.STAFF, arena.world.organization(name="别的学院"))

    with arena.get(arena.staff, "/awards.xlsx") as book:
        assert book.data[:2] == b"PK"
    with arena.get(arena.staff, f"/awards/{award.id}/proof") as paper:
        assert paper.data == PAPER
    assert arena.get(stranger, f"/awards/{award.id}/proof").status_code == 404
    assert arena.get(arena.trainees[3], f"/awards/{award.id}").status_code == 404
    assert arena.post(arena.teacher, f"/awards/{award.id}/withdraw", reason="不要").status_code == 403


def published(arena):
    contest_id = arena.judged(arena.teacher)
    for points, entry in zip((60, 40, 30, 10), arena.entries(contest_id), strict=True):
        arena.score(arena.teacher, contest_id, entry, points, 10)
    arena.move(contest_id, "published")
    return contest_id


def test_the_enterprise_lists_whom_the_ranking_proposes_and_nobody_else_sees_it(arena):
    contest_id = published(arena)
    first = arena.enrolments[0]
    page = arena.text(arena.coordinator, "/shortlist")
    assert first.name in page
    assert arena.enrolments[3].name not in page

    assert arena.post(arena.coordinator, f"/shortlist/{first.id}/add", note="想留下").status_code == 302

    row = arena.all(Shortlisted)[0]
    assert (row.enrolment_id, row.contest_id, row.enterprise_id) == (
        first.id,
        contest_id,
        arena.world.enterprise.id,
    )
    for person in (arena.trainees[0], arena.staff, arena.teacher, arena.mentor):
        assert arena.get(person, "/shortlist").status_code == 403
    assert all(
        event.program_id is None for event in arena.all(AuditEvent) if event.action.startswith("shortlist")
    )


@pytest.mark.once
def test_another_enterprise_neither_sees_nor_lists_them(arena):
    published(arena)
    other = arena.world.user(
        Role.ENTERPRISE_COORDINATOR, arena.world.organization(OrganizationKind.ENTERPRISE, name="另一家企业")
    )
    first = arena.enrolments[0]
    arena.post(arena.coordinator, f"/shortlist/{first.id}/add")
    row = arena.all(Shortlisted)[0]

    assert first.name not in arena.text(other, "/shortlist")
    assert arena.post(other, f"/shortlist/{first.id}/add").status_code == 404
    assert arena.post(other, f"/shortlist/lines/{row.id}/remove", reason="不要").status_code == 404
    assert arena.post(arena.coordinator, f"/shortlist/lines/{row.id}/remove", reason=" ").status_code == 422
    assert (
        arena.post(arena.coordinator, f"/shortlist/lines/{row.id}/remove", reason="去读书").status_code == 302
    )
    assert arena.all(Shortlisted)[0].removed_reason == "去读书"
