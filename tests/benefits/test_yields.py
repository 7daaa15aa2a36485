"""Joint outcomes: shares that add up, signed by both sides, frozen then; income split to the cent."""

import io
from datetime import date

import pytest
import sqlalchemy as sa

from trainmgr.benefits import queries
from trainmgr.benefits.models import Income, IncomePart, JointYield, YieldShare
from trainmgr.benefits.rules import IncomeKind, YieldKind, YieldState
from trainmgr.kernel.access import Role
from trainmgr.programs.models import Program, Signature

FORM = {
    "kind": "patent",
    "title": "刀具磨损在线检测装置",
    "number": "ZL202610000001.X",
    "achieved_on": "2026-06-30",
    "ownership": "双方共有",
    "benefit": "按份额分配",
}


def _shares(*rows):
    found = {}
    for place, (owner, kind, percent) in enumerate(rows):
        found |= {
            f"shares-{place}-owner": owner, f"shares-{place}-kind": kind, f"shares-{place}-percent": percent
        }  # fmt: skip
    return found


WHOLE = _shares(
    ("测试学院", "organization", "50"), ("测试企业", "organization", "40"), ("张工", "person", "10")
)


def _note(house, person=None, **changed):
    return house.post(person or house.staff, "/new", **(FORM | WHOLE | changed))


def test_both_sides_sign_and_then_nothing_changes(house):
    assert _note(house, proof=(io.BytesIO(b"%PDF-1.4"), "专利证书.pdf")).status_code == 302
    (row,) = house.all(JointYield)
    shares = house.all(YieldShare)
    assert [(one.owner, one.is_person, one.basis_points) for one in shares] == [
        ("测试学院", False, 5_000), ("测试企业", False, 4_000), ("张工", True, 1_000),
    ]  # fmt: skip
    assert shares[0].organization_id == house.world.college.id
    at = f"/{row.id}"

    assert house.post(house.staff, f"{at}/sign/college", version=1).status_code == 302
    assert house.post(house.staff, f"{at}/sign/college", version=1).status_code == 409
    assert house.post(house.staff, f"{at}/sign/enterprise", version=1).status_code == 403
    assert house.post(house.coordinator, f"{at}/sign/enterprise", version=1).status_code == 302

    assert house.all(JointYield)[0].state is YieldState.SIGNED
    (row,) = house.all(JointYield)
    changed = house.post(house.staff, f"{at}/edit", version=row.version, **(FORM | WHOLE | {"title": "x"}))
    assert changed.status_code == 409
    page = house.text(house.coordinator, at)
    assert "内容不再更改" in page
    assert "张工" in page


def test_a_changed_draft_loses_the_signature_under_what_it_said(house):
    _note(house)
    (row,) = house.all(JointYield)
    house.post(house.coordinator, f"/{row.id}/sign/enterprise", version=row.version)
    assert len(house.all(Signature)) == 1

    half = _shares(("测试学院", "organization", "50"), ("测试企业", "organization", "50"))
    version = house.all(JointYield)[0].version
    assert house.post(house.staff, f"/{row.id}/edit", version=version, **(FORM | half)).status_code == 302
    assert house.post(house.staff, f"/{row.id}/edit", version=version, **(FORM | half)).status_code == 409

    assert house.all(Signature) == []
    assert [one.basis_points for one in house.all(YieldShare)] == [5_000, 5_000]


def test_nobody_signs_what_was_changed_since_the_page_was_opened(house):
    _note(house)
    (row,) = house.all(JointYield)
    half = _shares(("测试学院", "organization", "90"), ("测试企业", "organization", "10"))
    house.post(house.staff, f"/{row.id}/edit", version=row.version, **(FORM | half))

    answer = house.post(house.coordinator, f"/{row.id}/sign/enterprise", version=row.version)

    assert answer.status_code == 409
    assert "90%" in answer.get_data(as_text=True)
    assert house.all(Signature) == []
    (row,) = house.all(JointYield)
    assert f'name="version" value="{row.version}"' in house.text(house.coordinator, f"/{row.id}")
    assert house.post(house.coordinator, f"/{row.id}/sign/enterprise", version=row.version).status_code == 302


def test_a_signed_one_is_replaced_by_a_version_that_both_sign(house):
    _note(house)
    (row,) = house.all(JointYield)
    for person, side in ((house.staff, "college"), (house.coordinator, "enterprise")):
        house.post(person, f"/{row.id}/sign/{side}", version=row.version)
    assert "刀具磨损" in house.text(house.staff, f"/new?replaces={row.id}")

    again = house.post(house.staff, f"/new?replaces={row.id}", **(FORM | WHOLE | {"title": "新版装置"}))
    assert again.status_code == 302
    assert house.post(house.staff, f"/new?replaces={row.id}", **(FORM | WHOLE)).status_code == 409
    listed = house.text(house.staff)
    assert "刀具磨损" in listed
    assert "新版装置" in listed
    _old, fresh = house.all(JointYield)
    for person, side in ((house.staff, "college"), (house.coordinator, "enterprise")):
        house.post(person, f"/{fresh.id}/sign/{side}", version=fresh.version)

    assert "刀具磨损" not in house.text(house.staff)
    with house.world.app.app_context():
        everything = sa.select(Program.id)
        counted = queries.yields_by_kind(everything, date(2026, 1, 1), date(2026, 12, 31))
    assert counted == {YieldKind.PATENT: 1}


@pytest.mark.parametrize(
    ("changed", "status", "said"),
    [
        ({"shares-0-percent": "60"}, 422, "份额合计为 110%，应为 100%"),
        ({"shares-2-percent": "0"}, 422, "每个份额都应大于 0"),
        ({"shares-1-owner": "测试学院"}, 422, "同一权利人出现了两次"),
        ({"shares-1-percent": "四十"}, 422, "例如"),
        ({"title": ""}, 422, "填写名称"),
        ({"achieved_on": "2030-01-01"}, 409, "成果取得后再登记"),
    ],
)
def test_shares_that_do_not_add_up_are_told_and_what_was_typed_stays(house, changed, status, said):
    answer = _note(house, **changed)

    assert answer.status_code == status
    assert said in answer.get_data(as_text=True)
    assert "按份额分配" in answer.get_data(as_text=True)
    assert house.all(JointYield) == []


def test_who_reads_and_who_writes(house):
    _note(house)
    (row,) = house.all(JointYield)
    teacher, trainee = house.world.user(Role.SCHOOL_TEACHER), house.world.user(Role.TRAINEE)
    house.world.relation(house.program, teacher, Role.SCHOOL_TEACHER)
    stranger = house.world.user(Role.STAFF, house.world.organization())

    assert "刀具磨损" in house.text(teacher)
    assert house.world.signed_in(teacher).get(f"{house.path}/income").status_code == 403
    assert house.post(teacher, "/new", **(FORM | WHOLE)).status_code == 403
    assert house.world.signed_in(trainee).get(house.path).status_code == 403
    assert house.world.signed_in(stranger).get(f"{house.path}/{row.id}").status_code == 404
    assert house.world.signed_in(house.coordinator).get(f"{house.path}/export.xlsx").data[:2] == b"PK"
    assert house.post(house.coordinator, "/income", **INCOME).status_code == 403


# --- income --------------------------------------------------------------------------------------

INCOME = {"received_on": "2026-11-01", "kind": "training_fee", "source": "测试企业", "amount": "1,000.01"}


def test_an_income_is_split_to_the_cent_and_cancelled_by_a_counter_entry(house):
    assert house.post(house.staff, "/income", **INCOME).status_code == 302
    (row,) = house.all(Income)
    assert row.amount_cents == 100_001
    assert [one.cents for one in house.all(IncomePart)] == [50_001, 33_330, 16_670]
    assert "1,000.01" in house.text(house.coordinator, "/income")

    assert house.post(house.staff, f"/income/{row.id}/cancel", reason="").status_code == 422
    assert house.post(house.staff, f"/income/{row.id}/cancel", reason="重复入账").status_code == 302
    assert house.post(house.staff, f"/income/{row.id}/cancel", reason="再冲").status_code == 409

    _first, counter = house.all(Income)
    assert house.post(house.staff, f"/income/{counter.id}/cancel", reason="再冲").status_code == 409
    assert (counter.amount_cents, counter.cancels_id, counter.note) == (-100_001, row.id, "重复入账")
    assert sum(one.cents for one in house.all(IncomePart)) == 0
    with house.world.app.app_context():
        found = queries.income_by_year(sa.select(Program.id), date(2026, 1, 1), date(2026, 12, 31))
    assert found == {IncomeKind.TRAINING_FEE: 0}
    assert house.world.signed_in(house.staff).get(f"{house.path}/income/export.xlsx").data[:2] == b"PK"


@pytest.mark.parametrize(
    ("changed", "status"),
    [({"amount": "0"}, 422), ({"amount": "1.005"}, 422), ({"received_on": "2027-01-01"}, 409), ({"source": ""}, 422)],
)  # fmt: skip
def test_an_income_that_cannot_be_is_refused(house, changed, status):
    assert house.post(house.staff, "/income", **(INCOME | changed)).status_code == status
    assert house.all(Income) == []
