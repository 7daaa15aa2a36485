"""The record carried to the enterprise: by consent, signed, checked by anybody, not handed out when taken back."""

from __future__ import annotations

import io
import json
import zipfile

import pytest
from joserfc import jws
from joserfc.errors import BadSignatureError
from joserfc.jwk import KeySet

from tests.factories import NOW
from trainmgr.employment.models import CarriedRecord, RecordConsent
from trainmgr.enrolment.models import EnrolmentState
from trainmgr.identity.models import Membership, OrganizationKind
from trainmgr.kernel import signing
from trainmgr.kernel.access import Role
from trainmgr.kernel.audit import AuditEvent


def agree(alumni, given="1"):
    return alumni.post(alumni.graduate, "/consent", firm=str(alumni.world.enterprise.id), given=given)


def make(alumni, **values):
    return alumni.post(alumni.staff, "/records", **{"firm": str(alumni.world.enterprise.id)} | values)


@pytest.fixture
def record(alumni):
    assert agree(alumni).status_code == 302
    assert make(alumni).status_code == 302
    (made,) = alumni.all(CarriedRecord)
    return made


def fetch(alumni, person, path):
    with alumni.get(person, path) as answer:
        return answer.status_code, answer.get_data()


def unpacked(alumni, record):
    status, data = fetch(alumni, alumni.coordinator, f"/records/{record.id}.zip")
    assert status == 200
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return data, {name: archive.read(name) for name in archive.namelist()}


def check(alumni, **data):
    client = alumni.world.app.test_client()
    return client.post("/check/record", data=data, content_type="multipart/form-data")


def test_without_consent_nothing_is_made_and_the_trainee_alone_gives_it(alumni):
    assert make(alumni).status_code == 409
    firm = str(alumni.world.enterprise.id)
    assert alumni.post(alumni.staff, "/consent", firm=firm, given="1").status_code == 403
    assert alumni.post(alumni.graduate, "/consent", firm="999999", given="1").status_code == 404
    agree(alumni)
    agree(alumni)
    assert [one.given for one in alumni.all(RecordConsent)] == [True]
    assert make(alumni, id=str(alumni.two.id)).status_code == 409
    assert alumni.post(alumni.coordinator, "/records", firm=firm).status_code == 403


def test_the_file_holds_the_record_for_machines_and_for_people_each_signed(alumni, record):
    _archive, found = unpacked(alumni, record)
    assert sorted(found) == ["README.txt", "record.json", "record.json.jws", "record.pdf", "record.pdf.jws"]
    document = json.loads(found["record.json"])
    assert (document["type"], document["person"]["name"]) == ("trainmgr-training-record", alumni.one.name)
    assert document["recipient"]["name"] == alumni.world.enterprise.name
    assert set(document) >= {"hours", "logs", "attendance", "ratings", "certificates", "awards", "consent"}
    assert found["record.pdf"].startswith(b"%PDF")
    with alumni.world.app.app_context():
        for name in ("record.json", "record.pdf"):
            signing.verify_file(found[name], found[f"{name}.jws"].decode())
        with pytest.raises(signing.SignatureInvalid):
            signing.verify_file(found["record.json"] + b" ", found["record.json.jws"].decode())


def test_an_independent_library_finds_the_signature_good(alumni, record):
    """It is given the file, the detached signature and the keys from the public address, nothing of ours."""
    _archive, found = unpacked(alumni, record)
    keys = KeySet.import_key_set(alumni.world.app.test_client().get("/.well-known/jwks.json").get_json())
    for name in ("record.json", "record.pdf"):
        token = found[f"{name}.jws"].decode()
        assert jws.deserialize_compact(token, keys, payload=found[name]).payload == found[name]
        with pytest.raises(BadSignatureError):
            jws.deserialize_compact(token, keys, payload=found[name] + b" ")


def test_anybody_checks_a_file_by_its_content_its_hash_or_its_code(alumni, record):
    archive, found = unpacked(alumni, record)
    for content in (archive, found["record.json"], found["record.pdf"]):
        answer = check(alumni, file=(io.BytesIO(content), "x.bin"), text="")
        assert (answer.status_code, "文件真实" in answer.get_data(as_text=True)) == (200, True)
    changed = check(
        alumni, file=(io.BytesIO(found["record.json"].replace(b"1", b"2", 1)), "record.json"), text=""
    )
    assert changed.status_code == 404
    assert check(alumni, text=record.document_sha256.upper()).status_code == 200
    assert check(alumni, text=record.code.lower()).status_code == 200
    assert check(alumni, text="").status_code == 422
    page = alumni.world.app.test_client().get("/check/record", query_string={"code": record.code})
    text = page.get_data(as_text=True)
    assert page.status_code == 200
    assert alumni.world.enterprise.name in text
    assert alumni.one.name not in text  # masked
    assert alumni.one.student_number not in text
    unknown = alumni.world.app.test_client().get("/check/record", query_string={"code": "ABCDEFGH23456789"})
    assert unknown.status_code == 404


def test_guessing_is_slowed_down(alumni):
    client = alumni.world.app.test_client()
    answers = [client.post("/check/record", data={"text": f"ABCD{n:04}"}).status_code for n in range(21)]
    assert answers[0] == 404
    assert answers[-1] == 429


def test_consent_taken_back_ends_handing_out_but_not_what_was_handed_over(alumni, record):
    archive, _found = unpacked(alumni, record)
    assert agree(alumni, "0").status_code == 302

    assert alumni.get(alumni.coordinator, f"/records/{record.id}.zip").status_code == 409
    assert alumni.get(alumni.staff, "/records.zip", firm=str(alumni.world.enterprise.id)).status_code == 409
    assert make(alumni).status_code == 409
    assert fetch(alumni, alumni.graduate, f"/mine/{record.id}.zip")[0] == 200
    assert check(alumni, file=(io.BytesIO(archive), "x.zip"), text="").status_code == 200
    assert [one.given for one in alumni.all(RecordConsent)] == [True, False]


def test_the_way_to_ones_own_record_hands_out_nobody_elses(alumni, record, world):
    both = world.user(Role.ENTERPRISE_COORDINATOR)
    world.enrolment(alumni.program, user=both, state=EnrolmentState.COMPLETED)
    with world.inside() as session:
        session.add(
            Membership(user_id=both.id, organization_id=world.college.id, role=Role.TRAINEE, created_at=NOW)
        )
        session.commit()
    agree(alumni, given="0")

    assert fetch(alumni, both, f"/records/{record.id}.zip")[0] == 409
    assert fetch(alumni, both, f"/mine/{record.id}.zip")[0] == 404
    assert fetch(alumni, alumni.graduate, f"/mine/{record.id}.zip")[0] == 200


def test_a_record_goes_to_its_enterprise_and_to_no_other(alumni, record, world):
    other = world.user(Role.ENTERPRISE_COORDINATOR, world.organization(OrganizationKind.ENTERPRISE))
    assert alumni.get(other, f"/records/{record.id}.zip").status_code == 404
    assert alumni.get(alumni.mentor, f"/records/{record.id}.zip").status_code == 403
    stranger = world.user(Role.TRAINEE)
    world.enrolment(alumni.program, user=stranger)
    assert alumni.get(stranger, f"/mine/{record.id}.zip").status_code == 404


def test_a_whole_class_goes_in_one_archive_and_a_later_record_is_a_new_one(alumni, record):
    assert make(alumni, **{"class": str(alumni.cohorts[0].id)}).status_code == 302
    assert [one.number for one in alumni.all(CarriedRecord)] == [1, 2]
    _status, data = fetch(alumni, alumni.coordinator, "/records.zip")
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        (name,) = archive.namelist()  # the last one of each trainee
        assert alumni.one.name in name
    assert "之后又生成过" in check(alumni, text=record.code).get_data(as_text=True)
    assert len(alumni.all(AuditEvent, action="employment.record")) == 2
    page = alumni.text(alumni.staff, "/records", state="agreed")
    assert alumni.one.name in page
    assert alumni.two.name not in page
