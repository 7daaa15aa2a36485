"""The practice ledger: entering, confirming, adding up in lists, the rules' figures."""

import threading
from contextlib import suppress
from datetime import date, timedelta

import pytest
import sqlalchemy as sa

from tests.factories import NOW, TODAY
from trainmgr.faculty import practice_queries, practising
from trainmgr.faculty.ledger import Limits, standing
from trainmgr.faculty.models import PracticeEntry, PracticeRun, Qualification
from trainmgr.faculty.rules import Confirmed, EntryState
from trainmgr.identity.models import OrganizationKind
from trainmgr.kernel.db import db
from trainmgr.kernel.paging import Listing
from trainmgr.kernel.sheets import read_sheet
from trainmgr.programs.models import Due


def text(answer):
    return answer.get_data(as_text=True)


def stay(scene, **values):
    return {
        "enterprise": scene.world.enterprise.name, "post": "产线装调", "starts_on": "2026-07-01",
        "ends_on": "2026-08-29",
    } | values  # fmt: skip


def test_the_enterprise_confirms_what_a_teacher_enters_and_only_then_it_counts(scene):
    own, firm = scene.world.signed_in(scene.teacher), scene.world.signed_in(scene.coordinator)
    own.post(f"/faculty/{scene.profile.id}/practice/new", data=stay(scene))
    (entry,) = scene.all(sa.select(PracticeEntry))
    (due,) = scene.all(sa.select(Due).where(Due.code == "practice-to-confirm"))
    waiting = text(firm.get("/faculty/practice/waiting"))

    self_made = own.post(f"/faculty/practice/{entry.id}/confirm", data={"version": 1})
    before = scene.all(sa.select(PracticeRun))
    firm.post(f"/faculty/practice/{entry.id}/confirm", data={"version": 1})
    again = firm.post(f"/faculty/practice/{entry.id}/confirm", data={"version": 1})

    assert (entry.days, due.organization_id) == (60, scene.world.enterprise.id)
    assert scene.teacher.name in waiting
    assert (self_made.status_code, before, again.status_code) == (403, [], 409)
    assert scene.of(PracticeEntry, entry.id).confirmed is Confirmed.ENTERPRISE
    assert scene.all(sa.select(Due).where(Due.code == "practice-to-confirm")) == []
    assert "12 月 31 日前还缺 30 天" in text(own.get(f"/faculty/{scene.profile.id}"))


def test_staff_confirm_from_paper_only_with_a_proof_and_a_refusal_has_a_reason(scene):
    staff = scene.world.signed_in(scene.staff)
    for values in (
        {"proof": ""},
        {"proof": "盖章证明 2026-12", "starts_on": "2026-03-01", "ends_on": "2026-03-31"},
    ):
        staff.post(
            f"/faculty/{scene.profile.id}/practice/new", data=stay(scene, enterprise="外地工厂") | values
        )
    bare, proved = scene.all(sa.select(PracticeEntry).order_by(PracticeEntry.id))

    refused = staff.post(f"/faculty/practice/{bare.id}/confirm", data={"version": 1})
    silent = staff.post(f"/faculty/practice/{bare.id}/refuse", data={"version": 1, "reason": " "})
    staff.post(f"/faculty/practice/{bare.id}/refuse", data={"version": 1, "reason": "查无此事"})
    staff.post(f"/faculty/practice/{proved.id}/confirm", data={"version": 1})

    assert (refused.status_code, silent.status_code) == (409, 409)
    states = [scene.of(PracticeEntry, one.id) for one in (bare, proved)]
    assert [one.state for one in states] == [EntryState.REFUSED, EntryState.CONFIRMED]
    assert states[1].confirmed is Confirmed.PAPER
    (run,) = scene.all(sa.select(PracticeRun))
    assert run.last_day - run.first_day + 1 == 31


@pytest.mark.parametrize(
    ("wrong", "status"),
    [
        ({"ends_on": "2026-06-30"}, 422),
        ({"ends_on": (TODAY + timedelta(days=1)).isoformat()}, 409),
        ({"ends_on": "2030-01-01"}, 422),
        ({"post": ""}, 422),
        ({"starts_on": "2026-09-01", "ends_on": "2026-09-01", "weekdays": ["7"]}, 409),  # a Tuesday
    ],
)
@pytest.mark.once
def test_a_stay_that_cannot_be_is_not_entered(scene, wrong, status):
    own = scene.world.signed_in(scene.teacher)

    answer = own.post(f"/faculty/{scene.profile.id}/practice/new", data=stay(scene, **wrong))

    assert answer.status_code == status
    assert scene.all(sa.select(PracticeEntry)) == []


def test_the_same_stay_twice_is_refused_and_a_master_has_no_ledger(scene):
    staff, firm = scene.world.signed_in(scene.staff), scene.world.signed_in(scene.coordinator)
    staff.post(f"/faculty/{scene.profile.id}/practice/new", data=stay(scene))

    twice = staff.post(f"/faculty/{scene.profile.id}/practice/new", data=stay(scene))
    master = firm.post(f"/faculty/{scene.guest.id}/practice/new", data=stay(scene))

    assert (twice.status_code, master.status_code) == (409, 409)


def test_overlapping_stays_count_their_days_once_and_a_withdrawn_one_no_more(scene):
    staff = scene.world.signed_in(scene.staff)
    scene.practise(scene.profile, date(2026, 3, 1), 40)
    second = scene.practise(scene.profile, date(2026, 3, 31), 40)  # ten days of it are in the first
    both = scene.all(sa.select(PracticeRun))

    no_reason = staff.post(f"/faculty/practice/{second.id}/withdraw", data={"version": 1, "reason": ""})
    kept = scene.of(PracticeEntry, second.id).state
    staff.post(f"/faculty/practice/{second.id}/withdraw", data={"version": 1, "reason": "重复登记"})

    assert [run.last_day - run.first_day + 1 for run in both] == [70]
    assert (no_reason.status_code, kept) == (302, EntryState.CONFIRMED)
    assert [run.last_day - run.first_day + 1 for run in scene.all(sa.select(PracticeRun))] == [40]


def test_a_teacher_does_not_withdraw_what_is_confirmed(scene):
    entry = scene.practise(scene.profile, date(2026, 3, 1), 40)
    own = scene.world.signed_in(scene.teacher)

    answer = own.post(f"/faculty/practice/{entry.id}/withdraw", data={"version": 1, "reason": "不要了"})

    assert answer.status_code == 409
    assert scene.of(PracticeEntry, entry.id).state is EntryState.CONFIRMED


# --- the list -------------------------------------------------------------------------------------

PEOPLE = (
    # name, years of service, stays (first day, days), where the list has them
    ("甲", 8, [(date(2026, 1, 1), 180)], {"fulfilled"}),
    ("乙", 8, [(date(2022, 1, 1), 200)], {"missing", "year"}),
    ("丙", 8, [(date(2026, 1, 1), 100)], {"missing", "late"}),
    ("丁", 2, [(date(2026, 1, 1), 100)], {"missing", "window"}),
    ("戊", None, [], {"missing", "year", "late"}),
    ("己", 8, [(date(2020, 6, 1), 360), (date(2026, 5, 1), 95)], {"missing", "late"}),
)


def _people(scene):
    for name, years, stays, _where in PEOPLE:
        person = scene.world.user("school_teacher", name=name)
        since = None if years is None else TODAY - timedelta(days=round(365.25 * years))
        profile = scene.make_profile(person, since=since)
        for first, days in stays:
            scene.practise(profile, first, days)


def test_the_list_counts_in_the_database_as_the_rules_do_in_python(scene):
    _people(scene)
    limits = Limits()
    found = {}
    with scene.world.inside():
        for where in practice_queries.STANDINGS:
            page = practice_queries.list_ledger(scene.world.college.id, Listing(), where, TODAY, limits)
            found[where] = {row.profile.user.name for row in page.items} - {scene.teacher.name}
        counts = practice_queries.counts_of(scene.world.college.id, TODAY, limits)
        everybody = practice_queries.list_ledger(scene.world.college.id, Listing(), "", TODAY, limits).items
        runs = practice_queries.runs_for([row.profile.id for row in everybody])
        by_hand = [
            standing(runs.get(row.profile.id, []), limits, TODAY, row.profile.since) for row in everybody
        ]

    expected = {where: {name for name, _y, _s, groups in PEOPLE if where in groups} for where in found}
    assert found == expected
    assert counts["all"] == len(PEOPLE) + 1
    assert {where: counts[where] for where in expected} == {
        where: len(names) + (where in {"missing", "year", "late"}) for where, names in expected.items()
    }  # the scene's teacher never was at an enterprise
    assert [row.standing for row in everybody] == by_hand


def test_the_workbook_has_everybody_with_the_same_figures(scene):
    _people(scene)
    staff = scene.world.signed_in(scene.staff)

    answer = staff.get("/faculty/practice.xlsx?standing=late")

    rows = read_sheet(answer.get_data(), filename="x.xlsx").rows
    figures = {row[0]: (row[3], row[4], row[5], row[6]) for row in rows}
    assert figures["丙"] == ("100", "0", "100", "80")
    assert figures["己"] == ("95", "0", "95", "85")
    assert set(figures) == {"丙", "戊", "己", scene.teacher.name}


def test_the_ledger_takes_as_many_statements_for_sixty_as_for_one(scene, count_statements):
    staff = scene.world.signed_in(scene.staff)
    with count_statements() as few:
        staff.get("/faculty/practice")
    for number in range(60):
        scene.practise(scene.make_profile(), date(2026, 1, 1), 10 + number)
    with count_statements() as many:
        page = text(staff.get("/faculty/practice?sort=window&direction=desc"))

    assert len(many) == len(few) <= 10, many
    assert "1–50" in page


def test_a_college_sets_other_figures_from_a_day_on(scene):
    scene.practise(scene.profile, date(2026, 1, 1), 60)
    staff = scene.world.signed_in(scene.staff)
    typed = {
        "organization": scene.world.college.id, "limits-valid_from": TODAY.isoformat(), "limits-days_a_year": 30,
        "limits-days_in_window": 60, "limits-window_years": 5, "limits-reason": "省里的新办法",
    }  # fmt: skip

    wrong = staff.post("/faculty/rules/practice", data=typed | {"limits-window_years": 0})
    past = staff.post(
        "/faculty/rules/practice",
        data=typed | {"limits-valid_from": (TODAY - timedelta(days=1)).isoformat()},
    )
    firm = scene.world.signed_in(scene.coordinator).post("/faculty/rules/practice", data=typed)
    staff.post("/faculty/rules/practice", data=typed)

    assert (wrong.status_code, past.status_code) == (422, 409)
    assert firm.status_code == 302  # for its own house, not for the college that it names
    with scene.world.inside():
        assert practice_queries.limits_of(scene.world.college.id, TODAY) == Limits(30, 60, 5)
        assert practice_queries.limits_of(scene.world.college.id, TODAY - timedelta(days=1)) == Limits()
        assert len(practice_queries.versions_of(scene.world.college.id)) == 1
    assert "省里的新办法" in text(staff.get("/faculty/rules"))


def test_the_name_of_two_enterprises_asks_neither(scene):
    scene.world.organization(OrganizationKind.ENTERPRISE, name="同名厂", code="91110000100000001A")
    scene.world.organization(OrganizationKind.ENTERPRISE, name="同名厂", code="91110000100000002B")
    staff = scene.world.signed_in(scene.staff)

    staff.post(f"/faculty/{scene.profile.id}/practice/new", data=stay(scene, enterprise="同名厂"))

    (entry,) = scene.all(sa.select(PracticeEntry))
    assert entry.organization_id is None


def test_whoever_keeps_the_faculty_judges_everybody_but_himself(scene):
    """Staff who teach have a profile too: no own stay, qualification, rating or grade is theirs to decide."""
    own, staff = scene.make_profile(scene.staff), scene.world.signed_in(scene.staff)
    staff.post(f"/faculty/{own.id}/practice/new", data=stay(scene, proof="证明"))
    staff.post(f"/faculty/{own.id}/qualifications/new", data={"name": "技师", "needed": "y"})
    (entry,), (held,) = scene.all(sa.select(PracticeEntry)), scene.all(sa.select(Qualification))
    rating = {"teaching": 5, "technology": 5, "service": 5, "evidence": "自评", "rated_on": TODAY.isoformat()}
    grade = {"grade": "master", "holds_from": TODAY.isoformat(), "reason": "自评", "version": 1}

    answers = [
        staff.post(f"/faculty/practice/{entry.id}/confirm", data={"version": 1}),
        staff.post(f"/faculty/qualifications/{held.id}/check"),
        staff.post(f"/faculty/{own.id}/ratings/new", data=rating),
        staff.post(f"/faculty/{own.id}/grade", data=grade),
    ]

    assert [answer.status_code for answer in answers] == [403, 409, 409, 409]
    assert scene.all(sa.select(PracticeRun)) == []
    assert held.checked_at is None


@pytest.mark.postgres
def test_days_confirmed_twice_at_once_are_added_up_once(scene, monkeypatch):
    for first, days in ((date(2026, 7, 1), 10), (date(2026, 7, 5), 10)):
        scene.practise(scene.profile, first, days, state=EntryState.ENTERED, confirmed=None, decided_at=None)
    entries = scene.all(sa.select(PracticeEntry).order_by(PracticeEntry.id))
    barrier, runs_of = threading.Barrier(2), practising.runs_of

    def together(spells):
        with suppress(threading.BrokenBarrierError):  # one waits for the other in the database
            barrier.wait(5)
        return runs_of(spells)

    def confirm(key):
        with scene.world.app.app_context():
            entry = db.session.get_one(PracticeEntry, key)
            entry.state, entry.confirmed, entry.decided_at = EntryState.CONFIRMED, Confirmed.ENTERPRISE, NOW
            db.session.flush()
            practising.add_up(entry.profile_id)
            db.session.commit()

    monkeypatch.setattr(practising, "runs_of", together)
    threads = [threading.Thread(target=confirm, args=(entry.id,)) for entry in entries]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)

    runs = scene.all(sa.select(PracticeRun))
    assert [(run.first_day, run.last_day) for run in runs] == [
        (date(2026, 7, 1).toordinal(), date(2026, 7, 14).toordinal())
    ]
