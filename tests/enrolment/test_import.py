"""The roster import: right rows go in, wrong rows come back, nothing is doubled, a stopped job goes on."""

from __future__ import annotations

import io
import re

import pytest
import sqlalchemy as sa

from tests.enrolment.conftest import HEADER, id_number, person, workbook
from tests.factories import NOW
from trainmgr.enrolment.models import Enrolment, EntryLevel
from trainmgr.identity.models import OrganizationKind, User
from trainmgr.kernel.access import Role
from trainmgr.kernel.audit import AuditEvent
from trainmgr.kernel.files import StoredFile
from trainmgr.kernel.intake import RowFault
from trainmgr.kernel.jobs import Job, JobState
from trainmgr.programs.rules import PartyRole, State


@pytest.fixture
def program(world):
    return world.program(State.RECRUITING)


@pytest.fixture
def staff(world, signed_in):
    return signed_in(world.user(Role.STAFF))


def send(client, program, data, name="名册.xlsx", college=None):
    address = f"/programs/{program.id}/roster/import"
    form = {
        "file": (io.BytesIO(data), name),
        "college": str(college.id if college else program.lead_college_id),
    }
    return client.post(address, data=form, content_type="multipart/form-data")


def fields_of(page):
    """What the form of a page would send as it stands: every select's choice, every hidden field."""
    data = dict(re.findall(r'type="hidden" name="([\w-]+)" value="([^"]*)"', page))
    for name, options in re.findall(r'<select[^>]* name="([\w-]+)"[^>]*>(.*?)</select>', page, re.S):
        chosen = re.search(r'value="([^"]*)" selected', options)
        data[name] = chosen[1] if chosen else ""
    return data


def upload(client, program, data, name="名册.xlsx", college=None, **choices):
    """Send a file and read it as the page proposes, but for what is chosen by hand."""
    sent = send(client, program, data, name, college)
    if sent.status_code != 302:
        return sent
    page = client.get(sent.location).get_data(as_text=True)
    return client.post(sent.location, data=fields_of(page) | {"do": "begin"} | choices)


def enrolled(session):
    session.expire_all()
    return session.scalar(sa.select(sa.func.count()).select_from(Enrolment))


def the_job(session):
    session.expire_all()
    return session.scalars(sa.select(Job).order_by(Job.id.desc())).first()


def reasons(session):
    return dict(session.execute(sa.select(RowFault.row, RowFault.reason)).all())


def test_a_right_file_goes_in_and_its_upload_is_not_kept(world, session, program, staff):
    response = upload(staff, program, workbook([person(1), person(2)]))

    assert response.status_code == 302
    job = the_job(session)
    assert reasons(session) == {}
    assert (job.state, job.counts["written"], job.counts["wrong"]) == (JobState.DONE, 2, 0)
    assert enrolled(session) == 2
    assert session.scalar(sa.select(sa.func.count()).select_from(StoredFile)) == 0
    page = staff.get(response.location).get_data(as_text=True)
    assert "写入 2 人" in page


def test_the_upload_lies_encrypted_while_rows_are_wrong(world, session, program, staff, bench):
    upload(staff, program, workbook([person(1), person(2, id_number="500103200403110011")]))

    stored = session.scalars(sa.select(StoredFile)).one()
    content = stored.path.read_bytes()
    assert not content.startswith(b"PK")
    assert b"xl/" not in content


def test_the_same_file_twice_doubles_nothing(session, program, staff):
    data = workbook([person(1), person(2)])

    upload(staff, program, data)
    upload(staff, program, data)

    job = the_job(session)
    assert (job.counts["written"], job.counts["already"], job.counts["wrong"]) == (0, 2, 0)
    assert enrolled(session) == 2
    assert session.scalar(sa.select(sa.func.count()).select_from(User).where(User.name.like("学员%"))) == 2


@pytest.mark.parametrize(
    ("cells", "word"),
    [
        ({"id_number": id_number(7)[:-1] + ("1" if id_number(7)[-1] != "1" else "2")}, "末位"),
        ({"id_number": id_number(7, born="20991231")}, "20991231"),
        ({"id_number": id_number(7, born="20230230")}, "20230230"),
        ({"id_number": "990103200403110012"}, "省"),
        ({"id_number": "12345"}, "18"),
        ({"phone": "12345"}, "手机号"),
        ({"enterprise": "没有这家"}, "没有这家"),
        ({"name": ""}, "姓名"),
        ({"name": "名" * 81}, "80"),
        ({"id_number": "", "student_number": "", "employee_number": ""}, "至少"),
    ],
)
def test_a_wrong_row_comes_back_with_its_reason_and_the_right_ones_go_in(
    session, program, staff, cells, word
):
    upload(staff, program, workbook([person(1), person(7, **cells), person(3)]))

    assert enrolled(session) == 2
    assert list(reasons(session)) == [3]
    assert word in reasons(session)[3]


def test_the_wrong_rows_come_back_as_excel_with_the_reason_last(session, program, staff, read_workbook):
    upload(staff, program, workbook([person(1), person(2, name=""), person(3, phone="12")]))
    job = the_job(session)

    response = staff.get(f"/programs/{program.id}/roster/imports/{job.id}/wrong.xlsx")

    rows = read_workbook(response.data)
    assert rows[0][:10] == HEADER
    assert [row[3] for row in rows[1:]] == ["S00002", "S00003"]
    assert all(row[-1] for row in rows[1:])


def test_what_stands_twice_in_one_file_goes_in_once(session, program, staff):
    rows = [person(1), person(2, id_number=id_number(1)), person(3, student_number="S00001"), person(1)]

    upload(staff, program, workbook(rows))

    assert enrolled(session) == 1
    assert set(reasons(session)) == {3, 4, 5}
    assert "第 2 行" in reasons(session)[3]


def test_a_csv_in_gb18030_is_read(session, program, staff):
    text = "\r\n".join(",".join(row) for row in [HEADER, person(1, name="张䶮"), person(2)])

    upload(staff, program, text.encode("gb18030"), name="名册.csv")

    assert enrolled(session) == 2
    assert session.scalar(sa.select(Enrolment.name).where(Enrolment.student_number == "S00001")) == "张䶮"


def test_columns_are_known_by_their_other_names_in_any_order(session, program, staff):
    header = ["班级名称", "姓名*", "身份证号码", "联系电话", "学号（必填）"]
    row = person(1)

    upload(staff, program, workbook([[row[5], row[0], row[1], row[2], row[3]]], header))

    enrolment = session.scalars(sa.select(Enrolment)).one()
    assert (enrolment.name, enrolment.student_number) == ("学员1", "S00001")


def test_entry_levels_come_from_columns_named_by_the_competency(world, session, program, staff):
    competency = world.competency(program, name="识图")
    rows = [[*person(1), "2.5"], [*person(2), "7"], [*person(3), ""]]

    upload(staff, program, workbook(rows, [*HEADER, "识图"]))

    levels = session.execute(sa.select(EntryLevel.competency_id, EntryLevel.level)).all()
    assert [(key, float(level)) for key, level in levels] == [(competency.id, 2.5)]
    assert list(reasons(session)) == [3]


def test_a_file_without_the_name_column_is_not_read_and_the_column_is_named(session, program, staff):
    answer = upload(staff, program, workbook([["S1", "A"]], ["学号", "班级"]))

    assert the_job(session) is None
    page = staff.get(answer.location).get_data(as_text=True)
    assert "还缺：姓名" in page
    assert 'value="begin"' not in page


@pytest.mark.parametrize(
    ("data", "name"),
    [
        (b"", "leer.xlsx"),
        (b"MZ\x90\x00" * 100, "roster.xlsx"),
        (b"%PDF-1.7 nothing", "roster.csv"),
        (b"a,b", "roster.exe"),
    ],
)
def test_what_is_no_sheet_is_refused_before_it_is_parsed(session, program, staff, data, name):
    response = upload(staff, program, data, name)

    assert response.status_code == 422
    assert the_job(session) is None
    assert session.scalar(sa.select(sa.func.count()).select_from(StoredFile)) == 0


def test_a_file_too_large_is_refused_before_it_is_looked_at(world, session, program):
    from trainmgr.enrolment.importing import keep_upload
    from trainmgr.kernel.sheets import SheetRefused
    from trainmgr.programs.models import Program

    whole = b"x" * (5 * 1024 * 1024 + 1)
    with pytest.raises(SheetRefused, match="5"):
        keep_upload(
            session.get(Program, program.id), whole, filename="名册.csv", college_id=program.lead_college_id,
            by=world.user(), now=NOW,
        )  # fmt: skip
    assert session.scalar(sa.select(sa.func.count()).select_from(StoredFile)) == 0


def test_no_file_is_told_at_the_field(program, staff):
    response = staff.post(
        f"/programs/{program.id}/roster/import", data={"college": str(program.lead_college_id)}
    )
    assert response.status_code == 422
    assert "file-error" in response.get_data(as_text=True)


def test_rows_beyond_the_planned_size_come_back(world, session, staff):
    program = world.program(State.RECRUITING, planned_size=2)

    upload(staff, program, workbook([person(serial) for serial in range(1, 6)]))

    assert enrolled(session) == 2
    assert set(reasons(session)) == {4, 5, 6}


def test_nothing_is_imported_before_the_programme_recruits(world, session, staff):
    program = world.program(State.DESIGNING)

    response = upload(staff, program, workbook([person(1)]))

    assert response.status_code == 409
    assert enrolled(session) == 0


def test_a_killed_import_goes_on_without_doubling(world, session, program, staff, monkeypatch):
    """The second batch breaks; started again, the job takes up after the first, which stayed whole."""
    from trainmgr.enrolment import importing
    from trainmgr.kernel.jobs import restart

    monkeypatch.setattr(importing, "BATCH", 2)
    whole, calls = importing._write_batch, []

    def breaking(run, batch):
        calls.append(len(batch))
        whole(run, batch)
        if len(calls) == 2:
            raise RuntimeError("the power went")

    monkeypatch.setattr(importing, "_write_batch", breaking)
    upload(staff, program, workbook([person(1), person(2), person(3), person(4, name=""), person(5)]))
    job = the_job(session)
    assert (job.state, job.done) == (JobState.FAILED, 2)
    assert enrolled(session) == 2

    restart(job, now=NOW)
    session.commit()

    job = the_job(session)
    assert (job.state, job.done, job.counts["written"], job.counts["wrong"]) == (JobState.DONE, 5, 4, 1)
    assert enrolled(session) == 4
    assert list(reasons(session)) == [5]


def test_putting_an_import_away_deletes_the_upload_and_the_reasons(session, program, staff):
    upload(staff, program, workbook([person(1), person(2, name="")]))
    job, path = the_job(session), session.scalars(sa.select(StoredFile)).one().path
    assert path.exists()

    staff.post(f"/programs/{program.id}/roster/imports/{job.id}/away")

    assert not path.exists()
    assert reasons(session) == {}
    assert enrolled(session) == 1
    assert "名册.xlsx" not in staff.get(f"/programs/{program.id}/roster").get_data(as_text=True)


def test_what_an_import_left_is_deleted_a_week_later_with_the_next_upload(session, program, staff):
    from datetime import timedelta

    upload(staff, program, workbook([person(1, name="")]))
    path = session.scalars(sa.select(StoredFile)).one().path
    the_job(session).finished_at -= timedelta(days=8)
    session.commit()

    upload(staff, program, workbook([person(2)]))

    assert not path.exists()
    assert reasons(session) == {}


def test_an_import_is_in_the_audit_trail_with_its_figures(session, program, staff):
    upload(staff, program, workbook([person(1), person(2, name="")]))

    events = {event.action: event for event in session.scalars(sa.select(AuditEvent))}
    assert events["roster.import"].subject_name == "名册.xlsx"
    assert events["roster.imported"].details == {"written": 1, "already": 0, "wrong": 1}


def test_the_box_asks_again_and_answers_alone(session, program, staff):
    upload(staff, program, workbook([person(1)]))
    address = f"/programs/{program.id}/roster/imports/{the_job(session).id}"

    assert staff.get(address).status_code == 302
    box = staff.get(address, headers={"HX-Request": "true"}).get_data(as_text=True)
    assert box.lstrip().startswith("<section")


def test_a_college_sees_and_imports_only_its_own(world, session, signed_in):
    partner = world.organization(name="合作学院")
    program = world.program(State.RECRUITING, partner=partner)
    lead, beside = signed_in(world.user(Role.STAFF)), signed_in(world.user(Role.STAFF, partner))
    stranger = signed_in(world.user(Role.STAFF, world.organization()))

    upload(lead, program, workbook([person(1, name=""), person(2)]))
    upload(beside, program, workbook([person(3)]), college=partner)
    of_lead = session.scalars(sa.select(Job).order_by(Job.id)).first()

    assert {row.college_id for row in session.scalars(sa.select(Enrolment))} == {
        program.lead_college_id,
        partner.id,
    }
    assert beside.get(f"/programs/{program.id}/roster/imports/{of_lead.id}/wrong.xlsx").status_code == 404
    assert stranger.get(f"/programs/{program.id}/roster/import").status_code == 404
    assert upload(stranger, program, workbook([person(4)])).status_code == 404
    foreign = upload(beside, program, workbook([person(5)]))
    assert foreign.status_code == 422


def test_a_coordinator_may_not_import(world, program, signed_in):
    coordinator = signed_in(world.user(Role.ENTERPRISE_COORDINATOR))
    assert coordinator.get(f"/programs/{program.id}/roster/import").status_code == 403


def test_the_only_enterprise_is_taken_when_the_cell_is_blank(world, session, program, staff):
    upload(staff, program, workbook([person(1, enterprise="")]))
    assert session.scalars(sa.select(Enrolment)).one().enterprise_id == world.enterprise.id


def test_of_several_enterprises_the_row_names_one(world, session, program, staff):
    from trainmgr.programs.models import ProgramParty

    other = world.organization(OrganizationKind.ENTERPRISE, name="第二企业", short_name="二企")
    session.add(ProgramParty(program_id=program.id, organization_id=other.id, role=PartyRole.ENTERPRISE))
    session.commit()

    upload(staff, program, workbook([person(1, enterprise="二企"), person(2, enterprise="")]))

    found = dict(session.execute(sa.select(Enrolment.name, Enrolment.enterprise_id)).all())
    assert found == {"学员1": other.id, "学员2": None}


def test_the_template_offers_the_columns_and_the_lists_of_the_programme(world, program, staff, read_workbook):
    world.competency(program, name="识图")
    world.cohort(program, "A 班")

    response = staff.get(f"/programs/{program.id}/roster/template.xlsx")

    header = read_workbook(response.data)[0]
    assert header[0].startswith("姓名")
    assert header[0].endswith("*")
    assert "证件号" in header
    assert header[-1] == "识图"
    assert b"dataValidation" in _part(response.data, "xl/worksheets/sheet1.xml")


def _part(data, name):
    import zipfile

    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return archive.read(name)


# --- first passwords -----------------------------------------------------------------------------


def test_first_passwords_are_handed_out_once_and_open_the_account(
    world, session, program, staff, read_workbook
):
    from trainmgr.identity import first_passwords

    upload(staff, program, workbook([person(1), person(2)]))
    address = f"/programs/{program.id}/roster/first-passwords"

    rows = read_workbook(staff.post(address).data)[1:]
    again = staff.post(address)

    assert len(rows) == 2
    assert again.status_code == 409
    user = session.scalars(sa.select(User).where(User.username == rows[0][3])).one()
    assert first_passwords.fits(user, rows[0][4])
    assert user.first_password_at is not None  # its days run from now on
    assert not first_passwords.fits(user, rows[1][4])
    assert rows[0][4] not in user.password_hash
    event = session.scalars(sa.select(AuditEvent).where(AuditEvent.action == "enrolment.passwords")).one()
    assert event.details["count"] == 2


def test_new_first_passwords_void_the_old_ones(session, program, staff, read_workbook):
    from trainmgr.identity import first_passwords

    upload(staff, program, workbook([person(1)]))
    address = f"/programs/{program.id}/roster/first-passwords"
    old = read_workbook(staff.post(address).data)[1]

    new = read_workbook(staff.post(address, data={"anew": "1"}).data)[1]

    session.expire_all()
    user = session.scalars(sa.select(User).where(User.username == new[3])).one()
    assert first_passwords.fits(user, new[4])
    assert not first_passwords.fits(user, old[4])


def test_a_first_password_is_void_once_the_person_has_one_of_their_own(
    session, program, staff, read_workbook
):
    from trainmgr.identity import first_passwords

    upload(staff, program, workbook([person(1)]))
    row = read_workbook(staff.post(f"/programs/{program.id}/roster/first-passwords").data)[1]
    user = session.scalars(sa.select(User).where(User.username == row[3])).one()

    user.must_change_password = False

    assert not first_passwords.fits(user, row[4])
