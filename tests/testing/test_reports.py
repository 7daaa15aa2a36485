"""Reports of a sitting: what is commonly weak, classes side by side, one person's strengths and gaps, one's own."""

from __future__ import annotations

import io

import pytest
import sqlalchemy as sa
from docx import Document
from python_calamine import CalamineWorkbook

from tests.testing.conftest import RIGHT, WRONG, inside
from tests.testing.helpers import close, fill, mark_all, put_into
from trainmgr.identity.models import OrganizationKind
from trainmgr.kernel.access import Role
from trainmgr.kernel.db import db
from trainmgr.programs.models import ProgramParty
from trainmgr.programs.rules import PartyRole
from trainmgr.testing.models import Score

ENGLISH = {"Accept-Language": "en"}


def read(response):
    return response.get_data(as_text=True)


def cells_of_word(response):
    return [
        [cell.text for cell in row.cells]
        for table in Document(io.BytesIO(response.data)).tables
        for row in table.rows
    ]


def rows_of_sheet(response):
    return CalamineWorkbook.from_filelike(io.BytesIO(response.data)).get_sheet_by_index(0).to_python()


@pytest.fixture
def taken(exam):
    """A sitting of four: two do all right, one all wrong, one does not come; two answers each wait for a mark."""
    exam.sitting(people=4)
    exam.take(0, RIGHT)
    exam.take(1, RIGHT)
    exam.take(2, WRONG)
    return exam


# --- the whole ------------------------------------------------------------------------------------------


def test_the_report_tells_how_many_are_below_with_the_interval(taken, signed_in):
    text = read(signed_in(taken.staff).get(taken.url("/report"), headers=ENGLISH))

    assert "1 / 3" in text
    assert "6.1% to 79.2%" in text  # Wilson for 1 of 3
    assert "few" in text  # fewer than five


def test_what_waits_for_a_mark_leaves_its_competency_out_until_then(taken, signed_in, session):
    assert session.scalar(sa.select(sa.func.count()).where(Score.competency_id == taken.competencies[2])) == 0

    mark_all(taken)

    assert session.scalar(sa.select(sa.func.count()).where(Score.competency_id == taken.competencies[2])) == 3
    assert "0 / 3" in read(signed_in(taken.staff).get(taken.url("/report")))


def test_classes_stand_side_by_side_and_the_address_narrows_the_report_down(taken, signed_in):
    put_into(taken, 2, cohort_name="B 班")
    staff = signed_in(taken.staff)

    whole, one = read(staff.get(taken.url("/report"))), read(staff.get(taken.url("/report?class=B+班")))

    assert "班级对比" in whole
    assert "1 / 1" in one
    assert "学员T0003" in one
    assert "学员T0001" not in one


def test_people_are_sorted_by_their_share_and_found_by_name(taken, signed_in):
    staff = signed_in(taken.staff)

    falling = read(staff.get(taken.url("/report?sort=share&direction=desc")))
    below = read(staff.get(taken.url("/report?sort=below&direction=desc")))
    found = read(staff.get(taken.url("/report?q=T0002")))

    assert falling.index("学员T0001") < falling.index("学员T0003")
    assert below.index("学员T0003") < below.index("学员T0002")
    assert "学员T0002" in found
    assert "学员T0001" not in found


def test_somebody_has_passed_once_nothing_can_change_it_and_waits_for_marks_before(taken, signed_in):
    text = read(signed_in(taken.staff).get(taken.url("/report"), headers=ENGLISH))

    assert "Passed" in text  # 13 of 21 points are enough whatever the marks will be
    assert "Waits for marks" in text  # all wrong so far, and 60 % can still be reached or not
    assert "Not taken" in text


def test_a_report_takes_as_many_statements_for_many_as_for_few(taken, signed_in, count_statements):
    staff = signed_in(taken.staff)
    staff.get(taken.url("/report"))

    with count_statements() as few:
        staff.get(taken.url("/report"))
    fill(taken, 60)
    with count_statements() as many:
        staff.get(taken.url("/report"))

    assert len(many) == len(few) <= 10


# --- documents ------------------------------------------------------------------------------------------


def test_the_report_is_handed_out_as_word_for_all_and_for_a_class(taken, signed_in):
    put_into(taken, 2, cohort_name="B 班")
    staff = signed_in(taken.staff)

    whole = cells_of_word(staff.get(taken.url("/report/word")))
    one = cells_of_word(staff.get(taken.url("/report/word?class=B+班")))

    assert ["2", "扭矩工艺", "3.0", "3.67", "1 / 3 (人数少)", "33.3%", "6.1% 至 79.2%"] in whole
    assert any(row[0] == "B 班" for row in whole)
    assert ["2", "扭矩工艺", "3.0", "1.00", "1 / 1 (人数少)", "100.0%", "20.7% 至 100.0%"] in one


def test_classes_and_people_are_handed_out_as_excel(taken, signed_in):
    put_into(taken, 2, cohort_name="B 班")
    staff = signed_in(taken.staff)

    classes = rows_of_sheet(staff.get(taken.url("/report/classes")))
    people = rows_of_sheet(staff.get(taken.url("/report/people")))

    torque = {row[0]: row for row in classes if row[3] == "扭矩工艺"}
    assert set(torque) == {"全体", "A 班", "B 班"}
    assert torque["全体"][4:10] == [3, 66.7, 3.67, 3, 1, 33.3]
    assert len(people) == 5
    assert people[1][:5] == ["学员T0001", "T0001", "A 班", taken.world.enterprise.name, 13]


# --- one person -----------------------------------------------------------------------------------------


def test_a_person_s_report_names_gaps_and_strengths(taken, signed_in):
    staff = signed_in(taken.staff)

    strong = read(staff.get(taken.url(f"/report/{taken.participants[0]}"), headers=ENGLISH))
    weak = read(staff.get(taken.url(f"/report/{taken.participants[2]}"), headers=ENGLISH))
    absent = read(staff.get(taken.url(f"/report/{taken.participants[3]}"), headers=ENGLISH))

    assert "level 5, required 3" in strong
    assert "No competency is below what the post requires." in strong
    assert "level 1, required 3" in weak
    assert "2 answers" in weak or "Waits for a mark" in weak
    assert "did not take this test" in absent


def test_a_person_s_report_is_handed_out_as_word(taken, signed_in):
    answer = signed_in(taken.staff).get(taken.url(f"/report/{taken.participants[2]}/word"))

    assert ["扭矩工艺", "装调技师", "0 / 7", "0.0%", "1", "3.0", "未达标"] in cells_of_word(answer)


def test_one_s_own_report_opens_when_the_test_is_closed(taken, signed_in):
    own = f"/tests/{taken.participants[0]}/report"
    trainee = signed_in(taken.trainees[0])

    before = trainee.get(own, headers=ENGLISH)
    assert before.status_code == 409
    assert "opens when the test is closed" in read(before)

    close(taken)
    assert "level 5, required 3" in read(trainee.get(own, headers=ENGLISH))
    assert trainee.get(f"{own}/word").status_code == 200


def test_nobody_reads_somebody_else_s_own_report(taken, signed_in):
    close(taken)
    own = f"/tests/{taken.participants[0]}/report"

    assert signed_in(taken.trainees[1]).get(own).status_code == 404
    assert signed_in(taken.trainees[1]).get(f"{own}/word").status_code == 404
    assert signed_in(taken.staff).get(own).status_code == 403  # staff take no tests


def test_a_trainee_does_not_read_the_staff_s_reports(taken, signed_in):
    close(taken)
    trainee = signed_in(taken.trainees[0])

    for tail in ("/report", "/report/word", "/report/people", f"/report/{taken.participants[0]}"):
        assert trainee.get(taken.url(tail)).status_code == 403


# --- who sees whom --------------------------------------------------------------------------------------


@pytest.fixture
def other_enterprise(taken, world):
    """A second enterprise of the programme, whose the third person is."""
    other = world.organization(OrganizationKind.ENTERPRISE, name="另一家企业")
    with inside(world):
        db.session.add(
            ProgramParty(program_id=taken.program.id, organization_id=other.id, role=PartyRole.ENTERPRISE)
        )
        db.session.commit()
    put_into(taken, 2, enterprise_id=other.id)
    return other


def test_an_enterprise_sees_only_its_own_people(taken, other_enterprise, world, signed_in):
    coordinator = signed_in(world.user(Role.ENTERPRISE_COORDINATOR, other_enterprise))

    text = read(coordinator.get(taken.url("/report")))

    assert "学员T0003" in text
    assert "学员T0001" not in text
    assert "1 / 1" in text  # the share below is of its own people, too
    assert coordinator.get(taken.url(f"/report/{taken.participants[0]}")).status_code == 404
    assert coordinator.get(taken.url(f"/report/{taken.participants[2]}")).status_code == 200
    assert [row[0] for row in rows_of_sheet(coordinator.get(taken.url("/report/people")))[1:]] == [
        "学员T0003"
    ]


def test_enterprises_stand_side_by_side_for_the_college(taken, other_enterprise, signed_in):
    staff = signed_in(taken.staff)

    text = read(staff.get(taken.url("/report?by=enterprise")))
    narrow = read(staff.get(taken.url(f"/report?enterprise={other_enterprise.id}")))

    assert "各企业对比" in text
    assert "1 / 1" in narrow
    assert "学员T0001" not in narrow


def test_a_college_that_is_no_party_finds_no_report(taken, world, signed_in):
    stranger = signed_in(world.user(Role.STAFF, world.organization(name="别的学院")))

    assert stranger.get(taken.url("/report")).status_code == 404
    assert stranger.get(f"/programs/{taken.program.id}/gain").status_code == 404


def test_nonsense_in_the_address_gives_the_whole_report(taken, signed_in):
    answer = signed_in(taken.staff).get(taken.url("/report?enterprise=x&by=z&sort=y&page=-1&class=Z"))

    assert answer.status_code == 200
