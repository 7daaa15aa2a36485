"""Subsidy claims: whom the rule lets in, nobody twice, frozen when handed in, followed up when they come back."""

from datetime import date

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import selectinload

from tests.factories import NOW, TODAY, keep
from trainmgr.benefits import claims, queries
from trainmgr.benefits.models import ClaimMove, ClaimPerson, SubsidyClaim
from trainmgr.benefits.queries import ClaimFigures
from trainmgr.benefits.rules import ClaimKind, ClaimState
from trainmgr.certificates.models import ExternalCertificate
from trainmgr.certificates.rules import ExternalState, Level
from trainmgr.enrolment.models import Enrolment
from trainmgr.identity.models import User
from trainmgr.kernel.access import Role
from trainmgr.kernel.audit import AuditEvent
from trainmgr.kernel.db import db
from trainmgr.kernel.sheets import SheetLimits, read_sheet
from trainmgr.programs.models import Program

RULE = {
    "kind": "training",
    "office": "市人社局",
    "basis": "人社发〔2026〕8号",
    "amount": "1500",
    "least_hours": "80",
}


def _open(house, **changed):
    answer = house.post(house.staff, "/claims/new", **(RULE | changed))
    assert answer.status_code == 302, answer.get_data(as_text=True)
    return house.all(SubsidyClaim)[-1]


def _states(house):
    return [claim.state.value for claim in house.all(SubsidyClaim)]


def test_only_who_meets_the_rule_is_named_and_the_page_says_why_not(house):
    claim = _open(house)
    page = house.text(house.staff, f"/claims/{claim.id}/candidates")
    assert page.count("符合条件") >= 2
    assert "学时不足" in page

    ids = [one.id for one in house.trainees]
    assert house.post(house.staff, f"/claims/{claim.id}/people", id=ids).status_code == 302

    people = house.all(ClaimPerson)
    assert [one.minutes for one in people] == [6000, 4800]
    (claim,) = house.all(SubsidyClaim)
    assert (claim.people, claim.total_cents) == (2, 300_000)


def test_a_certificate_may_be_asked_for_and_stands_in_the_roster(house):
    one = house.trainees[1]
    with house.world.app.app_context():
        keep(
            ExternalCertificate(
                program_id=house.program.id, enrolment_id=one.id, user_id=one.user_id, level=Level.SENIOR,
                name="电工", number="Z-77", number_key="Z77", issuer="中心", issuer_key="k", issued_on=TODAY,
                state=ExternalState.VERIFIED, entered_by_id=house.staff.id, entered_by_name="x", entered_at=NOW,
            )
        )  # fmt: skip
    claim = _open(house, needs_certificate="y")

    house.post(house.staff, f"/claims/{claim.id}/people", all="1")

    (person,) = house.all(ClaimPerson)
    assert (person.enrolment_id, person.certificate) == (one.id, "Z-77")


def test_nobody_is_claimed_for_twice_in_one_kind(house):
    first, second, other = _open(house), _open(house), _open(house, kind="living")
    house.post(house.staff, f"/claims/{first.id}/people", id=house.trainees[0].id)

    for claim in (second, other):
        house.post(house.staff, f"/claims/{claim.id}/people", all="1")

    by_claim = [len(house.all(ClaimPerson, claim_id=claim.id)) for claim in (first, second, other)]
    assert by_claim == [1, 1, 2]
    assert "已申领过" in house.text(house.staff, f"/claims/{second.id}/candidates")
    with house.world.app.app_context(), pytest.raises(IntegrityError):  # the database knows it too
        keep(
            ClaimPerson(claim_id=second.id, program_id=house.program.id, enrolment_id=house.trainees[0].id,
                        user_id=house.trainees[0].user_id, kind=ClaimKind.TRAINING, name="x", minutes=1,
                        amount_cents=1)
        )  # fmt: skip


def test_a_claim_that_was_handed_in_does_not_change(house):
    claim = _open(house)
    at = f"/claims/{claim.id}"
    assert house.post(house.staff, f"{at}/submit").status_code == 409  # nobody is in it
    house.post(house.staff, f"{at}/people", all="1")
    people = house.all(ClaimPerson)
    assert house.post(house.staff, f"{at}/approved", note="").status_code == 409
    assert house.post(house.staff, f"{at}/submit").status_code == 302

    assert house.post(house.staff, f"{at}/submit").status_code == 409
    assert house.post(house.staff, f"{at}/people", all="1").status_code == 409
    assert house.post(house.staff, f"{at}/drop", id=people[0].id).status_code == 409
    assert house.post(house.staff, f"{at}/approved", note="批 12 号").status_code == 302
    assert house.post(house.staff, f"{at}/paid", paid="99999").status_code == 409
    assert house.post(house.staff, f"{at}/paid", paid="2900").status_code == 302
    assert house.post(house.staff, f"{at}/returned", note="x").status_code == 409

    (claim,) = house.all(SubsidyClaim)
    assert (claim.state, claim.people, claim.paid_cents) == (ClaimState.PAID, 2, 290_000)
    assert [move.state.value for move in house.all(ClaimMove)] == ["submitted", "approved", "paid"]
    with house.world.app.app_context():
        found = queries.claims_by_year(sa.select(Program.id), date(2026, 1, 1), date(2026, 12, 31))
        people = queries.subsidised_people(sa.select(Program.id), date(2026, 1, 1), date(2026, 12, 31))
    assert found == {ClaimKind.TRAINING: ClaimFigures(1, 2, 300_000, 2, 290_000)}
    assert people == 2


def test_who_no_longer_meets_the_rule_holds_the_claim_up(house):
    claim = _open(house)
    house.post(house.staff, f"/claims/{claim.id}/people", all="1")
    with house.world.app.app_context():
        db.session.get(Enrolment, house.trainees[1].id).verified_minutes = 60
        db.session.commit()

    answer = house.post(house.staff, f"/claims/{claim.id}/submit")

    assert answer.status_code == 409
    assert "已不符合申领条件" in answer.get_data(as_text=True)
    house.post(house.staff, f"/claims/{claim.id}/drop", id=house.all(ClaimPerson)[1].id)
    assert house.post(house.staff, f"/claims/{claim.id}/submit").status_code == 302


def test_a_returned_claim_lets_its_people_go_and_is_followed_by_another(house):
    claim = _open(house)
    at = f"/claims/{claim.id}"
    house.post(house.staff, f"{at}/people", all="1")
    house.post(house.staff, f"{at}/submit")
    assert house.post(house.staff, f"{at}/follow-up").status_code == 409
    assert house.post(house.staff, f"{at}/returned", note="").status_code == 409
    assert house.post(house.staff, f"{at}/returned", note="缺考勤表").status_code == 302

    assert house.post(house.staff, f"{at}/follow-up").status_code == 302
    assert house.post(house.staff, f"{at}/follow-up").status_code == 409

    assert _states(house) == ["returned", "draft"]
    old, new = (house.all(ClaimPerson, claim_id=one.id) for one in house.all(SubsidyClaim))
    assert [one.is_live for one in old] == [False, False]
    assert [one.user_id for one in new] == [one.user_id for one in old]
    assert "缺考勤表" in house.text(house.staff, at)


def test_the_roster_has_the_offices_columns_and_its_reason_is_recorded(house):
    claim = _open(house)
    house.post(house.staff, f"/claims/{claim.id}/people", all="1")
    assert house.post(house.staff, f"/claims/{claim.id}/roster.xlsx", reason="").status_code == 422

    answer = house.post(house.staff, f"/claims/{claim.id}/roster.xlsx", reason="报送人社局")

    sheet = read_sheet(answer.data, filename="x.xlsx", limits=SheetLimits())
    assert sheet.columns[1] == "姓名"
    assert sheet.columns[-3:] == ["申领学时", "申领依据的证书", "申领金额（元）"]
    assert [row[-3] for row in sheet.rows] == ["100", "80"]
    told = [one for one in house.all(AuditEvent) if one.action == "claim.export"]
    assert [one.reason for one in told] == ["报送人社局"]
    department = house.world.user(Role.DEPARTMENT_STAFF, department=house.world.department())
    assert house.post(department, f"/claims/{claim.id}/roster.xlsx", reason="x").status_code == 403


@pytest.mark.once
def test_lists_ask_as_much_for_many_as_for_few(house, count_statements):
    claim = _open(house)
    house.post(house.staff, f"/claims/{claim.id}/people", id=house.trainees[0].id)
    house.post(house.staff, "/income", received_on="2026-11-01", kind="service", source="x", amount="3")
    staff, counts = house.world.signed_in(house.staff), []
    for _round in range(2):
        for path in ("", "/income", "/claims", f"/claims/{claim.id}", f"/claims/{claim.id}/candidates"):
            with count_statements() as statements:
                staff.get(f"{house.path}{path}")
            counts.append(len(statements))
        house.post(house.staff, f"/claims/{claim.id}/people", all="1")
        for number in range(3):
            house.post(
                house.staff,
                "/income",
                received_on="2026-11-01",
                kind="service",
                source=f"{number}",
                amount="3",
            )
            house.post(house.staff, "/claims/new", **RULE)

    assert counts[:5] == counts[5:]
    assert max(counts) <= 10


def test_a_claim_goes_its_whole_way_in_one_transaction(house):
    with house.world.app.test_request_context():
        program = db.session.get(Program, house.program.id)
        by = db.session.get(User, house.staff.id, options=[selectinload(User.memberships)])
        terms = claims.Terms(ClaimKind.TRAINING, "市人社局", "文件", 80_000, 60)
        claim = claims.open_claim(program, terms, by=by, now=NOW)
        claims.name_people(program, claim, [one.id for one in house.trainees], by=by, now=NOW)
        claims.submit(program, claim, by=by, now=NOW)
        claims.settle(program, claim, ClaimState.APPROVED, note="批复", by=by, now=NOW)
        claims.settle(program, claim, ClaimState.PAID, note="", paid_cents=claim.total_cents, by=by, now=NOW)
        second = claims.open_claim(program, terms, by=by, now=NOW)
        assert claims.name_people(program, second, None, by=by, now=NOW) == 0

        assert (claim.state, claim.people, claim.paid_cents) == (ClaimState.PAID, 3, 240_000)
