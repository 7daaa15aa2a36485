"""Rounds: planned, opened and closed by the clock, answered by graduates and staff, confirmed by employers."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy.orm import selectinload
from sqlalchemy.orm.attributes import set_committed_value

from tests.factories import NOW, TODAY, keep
from trainmgr.employment import answering, owed, rounds
from trainmgr.employment.models import EmployerWord, FollowUpAnswer, FollowUpReminder, FollowUpRound
from trainmgr.enrolment.models import Enrolment
from trainmgr.identity.models import OrganizationKind, User
from trainmgr.kernel.access import Role
from trainmgr.kernel.db import db
from trainmgr.kernel.errors import Conflict
from trainmgr.outcomes.models import PassDecision
from trainmgr.outcomes.rules import PassKind
from trainmgr.programs.models import Due, Program


def _days(first: int, last: int) -> dict[str, str]:
    return {
        "opens_on": (TODAY + timedelta(days=first)).isoformat(),
        "closes_on": (TODAY + timedelta(days=last)).isoformat(),
    }


def _asked(alumni, code=owed.ANSWER) -> set[int]:
    return {due.user_id or due.organization_id for due in alumni.all(Due, code=code)}


def test_the_usual_rounds_are_counted_from_the_last_day_and_planned_once(alumni):
    assert alumni.post(alumni.staff, "/rounds/usual").status_code == 302
    assert alumni.post(alumni.staff, "/rounds/usual").status_code == 302

    planned = alumni.all(FollowUpRound)
    assert [one.months for one in planned] == [0, 6, 12, 36]
    assert planned[0].opens_on == alumni.program.ends_on
    assert {one.year for one in planned} == {alumni.program.ends_on.year}
    assert (planned[0].opened_at is None, planned[1].opened_at is None) == (False, True)
    assert _asked(alumni) == {alumni.one.user_id, alumni.two.user_id}


def test_a_round_is_planned_with_days_that_hold(alumni):
    assert alumni.post(alumni.staff, "/rounds", months="6", **_days(5, 1)).status_code == 422
    assert alumni.post(alumni.staff, "/rounds", months="61", **_days(1, 5)).status_code == 422
    assert alumni.post(alumni.staff, "/rounds", months="6", **_days(-9, -5)).status_code == 409
    assert alumni.post(alumni.coordinator, "/rounds", months="6", **_days(1, 5)).status_code == 403
    assert alumni.post(alumni.staff, "/rounds", months="6", **_days(1, 5)).status_code == 302
    assert alumni.post(alumni.staff, "/rounds", months="6", **_days(1, 5)).status_code == 409
    assert len(alumni.all(FollowUpRound)) == 1


def test_a_first_day_before_all_counting_is_refused_at_its_field(alumni):
    with alumni.world.inside() as session:
        session.get(type(alumni.program), alumni.program.id).ends_on = None
        session.commit()
    days = {"opens_on": "0001-01-01", "closes_on": (TODAY + timedelta(days=9)).isoformat()}

    assert alumni.post(alumni.staff, "/rounds", months="60", **days).status_code == 422
    days["closes_on"], days["opens_on"] = "9999-12-31", TODAY.isoformat()
    assert alumni.post(alumni.staff, "/rounds", months="60", **days).status_code == 422


def test_the_clock_opens_a_round_and_asks_then_closes_it_and_asks_no_more(alumni):
    alumni.post(alumni.staff, "/rounds", months="0", **_days(2, 4))
    assert _asked(alumni) == set()

    for days, asked in ((2, {alumni.one.user_id, alumni.two.user_id}), (5, set())):
        with alumni.world.app.app_context():
            rounds.keep_rounds(NOW + timedelta(days=days))
            db.session.commit()
        assert _asked(alumni) == asked
    assert alumni.all(FollowUpRound)[0].closed_at is not None


def test_moving_a_round_that_is_over_opens_it_again(alumni):
    asked = alumni.round(
        opens_on=TODAY - timedelta(days=9), closes_on=TODAY - timedelta(days=2), closed_at=NOW
    )
    path = f"/rounds/{asked.id}"

    assert alumni.post(alumni.staff, path, version="9", **_days(-9, 3)).status_code == 409
    assert alumni.post(alumni.staff, path, version="1", **_days(3, 1)).status_code == 422
    assert alumni.post(alumni.staff, path, version="1", **_days(-9, 3)).status_code == 302
    assert _asked(alumni) == {alumni.one.user_id, alumni.two.user_id}


def test_a_graduate_answers_on_the_own_page_and_a_correction_keeps_the_first_answer(alumni, employed):
    asked = alumni.round()
    path = f"/rounds/{asked.id}/mine"
    assert "您现在的去向" in alumni.text(alumni.graduate, path)

    assert alumni.post(alumni.graduate, path, **employed | {"employer_name": ""}).status_code == 422
    wrong = alumni.post(alumni.graduate, path, **employed | {"match": "", "income": "五千"})
    assert wrong.status_code == 422
    assert "五千" in wrong.get_data(as_text=True)
    assert alumni.post(alumni.graduate, path, **employed).status_code == 302
    assert alumni.post(alumni.graduate, path, destination="army").status_code == 302

    first, second = alumni.all(FollowUpAnswer)
    assert (first.is_present, first.income_cents, first.income_band, first.number) == (
        False,
        520_000,
        "to_6000",
        1,
    )
    assert (second.is_present, second.destination, second.match, second.income_band) == (
        True,
        "army",
        None,
        None,
    )
    assert (second.source, second.source_note) == ("graduate", "")


def test_nobody_answers_before_or_after_the_days_or_for_another_or_without_having_passed(
    alumni, employed, world
):
    over = alumni.round(closes_on=TODAY - timedelta(days=1), opens_on=TODAY - timedelta(days=3))
    ahead = alumni.round(6, opens_on=TODAY + timedelta(days=1))
    still = world.user(Role.TRAINEE)
    world.enrolment(alumni.program, user=still)

    assert alumni.post(alumni.graduate, f"/rounds/{over.id}/mine", **employed).status_code == 409
    assert alumni.post(alumni.graduate, f"/rounds/{ahead.id}/mine", **employed).status_code == 409
    assert alumni.post(still, f"/rounds/{over.id}/mine", **employed).status_code == 404
    assert (
        alumni.post(alumni.graduate, f"/rounds/{over.id}/{alumni.two.id}/answer", **employed).status_code
        == 403
    )
    assert alumni.get(alumni.graduate, f"/{alumni.two.id}").status_code == 403
    assert alumni.all(FollowUpAnswer) == []


def test_who_passed_is_asked_before_the_programme_is_closed(alumni, employed, world):
    person = world.user(Role.TRAINEE)
    enrolment = world.enrolment(alumni.program, user=person)
    with world.app.app_context():
        keep(
            PassDecision(program_id=alumni.program.id, enrolment_id=enrolment.id, kind=PassKind.PASSED,
                         by_id=alumni.staff.id, by_name="x", at=NOW)
        )  # fmt: skip
    assert alumni.post(person, f"/rounds/{alumni.round().id}/mine", **employed).status_code == 302


def test_the_college_enters_an_answer_with_its_source_also_after_the_round(alumni, employed):
    asked = alumni.round(opens_on=TODAY - timedelta(days=30), closes_on=TODAY - timedelta(days=3))
    path = f"/rounds/{asked.id}/{alumni.one.id}/answer"
    told = employed | {"source": "staff"}

    assert alumni.post(alumni.staff, path, **told).status_code == 422
    assert alumni.post(alumni.staff, path, **told, source_note="11 月 3 日电话，本人").status_code == 302
    (answer,) = alumni.all(FollowUpAnswer)
    assert (answer.source, answer.by_name) == ("staff", alumni.staff.name)
    page = alumni.text(alumni.staff, f"/{alumni.one.id}")
    assert "11 月 3 日电话，本人" in page
    assert "5,000–6,000" in page
    assert "5,000–6,000" not in alumni.text(alumni.coordinator, f"/{alumni.one.id}")  # nobody's single income


def test_retention_is_told_by_the_answer_of_the_round_before(alumni, employed):
    first, second = alumni.round(0), alumni.round(6)
    for asked in (first, second):
        alumni.post(alumni.graduate, f"/rounds/{asked.id}/mine", **employed)
    assert [one.is_retained for one in alumni.all(FollowUpAnswer)] == [None, True]


def test_an_employer_typed_by_name_is_the_one_that_was_chosen_before(alumni, employed):
    first, second = alumni.round(0), alumni.round(6)
    chosen = employed | {"employer": str(alumni.world.enterprise.id), "employer_name": ""}
    typed = employed | {"employer": "", "employer_name": alumni.world.enterprise.name}
    for asked, told in ((first, chosen), (second, typed)):
        assert alumni.post(alumni.graduate, f"/rounds/{asked.id}/mine", **told).status_code == 302
    assert [one.is_retained for one in alumni.all(FollowUpAnswer)] == [None, True]


# --- reminders -----------------------------------------------------------------------------------------------


def test_those_who_have_not_answered_are_reminded_once_a_day(alumni):
    asked = alumni.round()
    with alumni.world.app.app_context():
        owed.renew(db.session.get_one(FollowUpRound, asked.id), now=NOW)
        db.session.commit()
    alumni.answer(asked, alumni.one)
    path = f"/rounds/{asked.id}/remind"

    assert alumni.post(alumni.staff, path).status_code == 302
    assert alumni.post(alumni.staff, path, id=str(alumni.two.id)).status_code == 409
    alumni.later(days=1)
    assert alumni.post(alumni.staff, path, id=str(alumni.two.id)).status_code == 302

    assert {one.enrolment_id for one in alumni.all(FollowUpReminder)} == {alumni.two.id}
    assert len(alumni.all(FollowUpReminder)) == 2
    reminded = {due.user_id: due.reminded_by for due in alumni.all(Due, code=owed.ANSWER)}
    assert reminded[alumni.two.user_id] == alumni.staff.name


# --- the employer ----------------------------------------------------------------------------------------------


def test_the_employer_confirms_or_denies_and_says_how_satisfied_it_is(alumni, employed):
    asked = alumni.round()
    told = employed | {"employer": str(alumni.world.enterprise.id), "employer_name": ""}
    alumni.post(alumni.graduate, f"/rounds/{asked.id}/mine", **told)
    assert _asked(alumni, owed.CONFIRM) == {alumni.world.enterprise.id}
    path = f"/rounds/{asked.id}/hired/{alumni.one.id}"

    assert alumni.one.name in alumni.text(alumni.coordinator, f"/rounds/{asked.id}/hired")
    assert alumni.one.name in alumni.text(alumni.mentor, f"/rounds/{asked.id}/hired")
    assert alumni.post(alumni.coordinator, path, confirmed="no").status_code == 422
    assert alumni.post(alumni.mentor, path, confirmed="yes", satisfaction="5").status_code == 302
    assert _asked(alumni, owed.CONFIRM) == set()
    assert alumni.post(alumni.coordinator, path, confirmed="yes", satisfaction="4").status_code == 302
    assert alumni.post(alumni.staff, path, confirmed="yes").status_code == 403
    assert [(one.satisfaction, one.is_present) for one in alumni.all(EmployerWord)] == [(5, False), (4, True)]
    assert "100.0% <small>1 / 1</small>" in alumni.text(alumni.staff, f"/rounds/{asked.id}")

    # The graduate names another employer: the word does not count any more.
    alumni.post(alumni.graduate, f"/rounds/{asked.id}/mine", **employed)
    assert [one.is_present for one in alumni.all(EmployerWord)] == [False, False]
    assert alumni.post(alumni.coordinator, path, confirmed="yes").status_code == 404


def test_no_word_is_taken_on_an_answer_that_was_corrected_meanwhile(alumni):
    asked = alumni.round()
    old = alumni.answer(asked, alumni.one, is_present=False)
    alumni.answer(asked, alumni.one, number=2, employer_id=None, employer_name="别处")
    with alumni.world.app.test_request_context():
        program, round_, one, read = (
            db.session.get_one(kind, row.id)
            for kind, row in (
                (Program, alumni.program),
                (FollowUpRound, asked),
                (Enrolment, alumni.one),
                (FollowUpAnswer, old),
            )
        )
        set_committed_value(read, "is_present", True)  # as it was when the page was loaded
        by = db.session.get_one(User, alumni.coordinator.id, options=[selectinload(User.memberships)])
        with pytest.raises(Conflict):
            answering.take_word(program, round_, one, read, answering.Word(True, 5), by=by, now=NOW)
        db.session.rollback()
    assert alumni.all(EmployerWord) == []


def test_an_employer_confirms_only_those_whom_it_may_see(alumni, world):
    asked = alumni.round()
    alumni.answer(asked, alumni.two)  # not guided by this mentor
    assert alumni.get(alumni.mentor, f"/rounds/{asked.id}/hired/{alumni.two.id}").status_code == 404
    elsewhere = world.user(Role.ENTERPRISE_COORDINATOR, world.organization(OrganizationKind.ENTERPRISE))
    assert alumni.get(elsewhere, f"/rounds/{asked.id}/hired").status_code == 404


# --- figures -----------------------------------------------------------------------------------------------------


def test_figures_name_their_parts_and_hide_incomes_of_few(alumni):
    asked = alumni.round()
    assert alumni.text(alumni.staff, f"/rounds/{asked.id}").count("尚无数据") >= 4
    for number in range(7):
        who = alumni.another(number % 2)
        alumni.answer(
            asked, who, income_cents=500_000 + number * 10_000, match="no" if number == 6 else "partly"
        )
    alumni.answer(asked, alumni.one, destination="seeking", employer_id=None, match=None)

    page = alumni.text(alumni.staff, f"/rounds/{asked.id}")
    assert "77.8% <small>7 / 9</small>" in page  # destination: of all graduates
    assert "85.7% <small>6 / 7</small>" in page  # match: of those who work
    assert "5,300 <small>元, n = 7</small>" in page
    assert page.count("人数太少") == 2  # four and three: neither, nor one by the other
    sheet = alumni.get(alumni.staff, f"/rounds/{asked.id}.xlsx", standing="answered")
    assert (sheet.status_code, sheet.data[:2]) == (200, b"PK")


def test_the_panel_of_a_year_shows_only_what_one_may_see(alumni, world):
    asked = alumni.round()
    alumni.answer(asked, alumni.one)
    foreign = world.user(Role.STAFF, world.organization())
    client = world.signed_in(alumni.staff)

    page = client.get("/employment", query_string={"year": "2026"}).get_data(as_text=True)
    assert alumni.program.name in page
    assert "50.0% <small>1 / 2</small>" in page
    assert alumni.program.name not in world.signed_in(foreign).get("/employment").get_data(as_text=True)
    assert client.post("/employment/rounds", data={"year": "2026"}).status_code == 302
    assert [one.months for one in alumni.all(FollowUpRound)] == [0, 6, 12, 36]


@pytest.mark.once
def test_pages_take_as_many_statements_whatever_the_rows(alumni, count_statements):
    asked = alumni.round()
    paths = ["", f"/rounds/{asked.id}", f"/{alumni.one.id}", f"/rounds/{asked.id}/{alumni.one.id}/answer"]
    found = []
    for amount in (1, 30):
        for _ in range(amount):
            alumni.answer(asked, alumni.another())
        client = alumni.world.signed_in(alumni.staff)
        addresses = [alumni.at(path) for path in paths] + ["/employment"]
        for address in addresses:
            client.get(address)
        counted = []
        for address in addresses:
            with count_statements() as statements:
                assert client.get(address).status_code == 200
            counted.append(len(statements))
        found.append(counted)
    assert found[0] == found[1]
    assert max(found[0]) <= 10, found[0]
