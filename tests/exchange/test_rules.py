"""What the standard asks of a line, how names are parted, which terms a time touches."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trainmgr.exchange.rules import (
    HEADERS,
    IN_MANIFEST,
    day_of,
    join_name,
    line_fault,
    missing_columns,
    sessions_between,
    split_name,
    terms_of,
)

pytestmark = pytest.mark.once

# 1EdTech, OneRoster 1.2 CSV Binding, the headers as published.
PUBLISHED = {
    "academicSessions": "sourcedId,status,dateLastModified,title,type,startDate,endDate,parentSourcedId,schoolYear",
    "orgs": "sourcedId,status,dateLastModified,name,type,identifier,parentSourcedId",
    "courses": "sourcedId,status,dateLastModified,schoolYearSourcedId,title,courseCode,grades,orgSourcedId,subjects,"
    "subjectCodes",
    "classes": "sourcedId,status,dateLastModified,title,grades,courseSourcedId,classCode,classType,location,"
    "schoolSourcedId,termSourcedIds,subjects,subjectCodes,periods",
    "users": "sourcedId,status,dateLastModified,enabledUser,username,userIds,givenName,familyName,middleName,"
    "identifier,email,sms,phone,agentSourcedIds,grades,password,userMasterIdentifier,preferredGivenName,preferredMiddleName,"
    "preferredFamilyName,primaryOrgSourcedId,pronouns",
    "roles": "sourcedId,status,dateLastModified,userSourcedId,roleType,role,beginDate,endDate,orgSourcedId,"
    "userProfileSourcedId",
    "enrollments": "sourcedId,status,dateLastModified,classSourcedId,schoolSourcedId,userSourcedId,role,primary,"
    "beginDate,endDate",
}


@pytest.mark.parametrize("file", PUBLISHED)
def test_the_columns_are_those_that_were_published(file):
    assert ",".join(HEADERS[file]) == PUBLISHED[file]


def test_a_manifest_speaks_of_every_file_of_the_standard():
    assert len(IN_MANIFEST) == 21
    assert set(HEADERS) <= set(IN_MANIFEST)


def test_columns_that_are_missing_are_named():
    assert missing_columns("orgs", ["sourcedId", "name"]) == ["type"]


@pytest.mark.parametrize(
    ("file", "row", "told"),
    [
        ("orgs", {"sourcedId": "", "name": "x", "type": "school"}, "sourcedId"),
        ("orgs", {"sourcedId": "a", "name": "x", "type": "school", "status": "gone"}, "status"),
        ("orgs", {"sourcedId": "a", "name": "", "type": "school"}, "empty"),
        ("orgs", {"sourcedId": "a", "name": "x", "type": "palace"}, "standard knows"),
        ("orgs", {"sourcedId": "a", "name": "x" * 3000, "type": "school"}, "too long"),
        ("orgs", {"sourcedId": "seen", "name": "x", "type": "school"}, "twice"),
        ("orgs", {"sourcedId": "a", "name": "x", "type": "department", "parentSourcedId": "b"}, "no line"),
    ],
)
def test_a_line_that_cannot_be_is_refused_with_the_reason(file, row, told):
    fault = line_fault(file, row, {"seen"}, {"orgs": {"a", "seen"}})

    assert told in fault.msgid


def test_a_line_of_the_standard_and_one_with_a_word_of_its_own_are_right():
    assert line_fault("orgs", {"sourcedId": "a", "name": "x", "type": "school"}, set(), {}) is None
    assert line_fault("orgs", {"sourcedId": "a", "name": "x", "type": "ext:campus"}, set(), {}) is None


def test_of_what_is_gone_only_the_id_is_asked():
    assert line_fault("users", {"sourcedId": "a", "status": "tobedeleted"}, set(), {}) is None


def test_an_enrolment_that_ends_before_it_begins_is_refused():
    row = {
        "sourcedId": "a", "classSourcedId": "c", "schoolSourcedId": "s", "userSourcedId": "u", "role": "student",
        "beginDate": "2026-09-01", "endDate": "2026-08-31",
    }  # fmt: skip

    assert line_fault("enrollments", row, set(), {}) is not None
    assert line_fault("enrollments", row | {"endDate": "2026-09-01"}, set(), {}) is None
    assert line_fault("enrollments", row | {"endDate": "2026-02-30"}, set(), {}) is not None


@pytest.mark.parametrize(
    ("name", "parts"),
    [("王芳", ("王", "芳")), ("欧阳小明", ("欧阳", "小明")), ("欧阳", ("欧", "阳")),
     ("Anna Maria Berg", ("Berg", "Anna Maria")),
     ("Madonna", ("Madonna", "Madonna")), ("买买提·艾力", ("买买提·艾力", "买买提·艾力"))],
)  # fmt: skip
def test_a_name_is_parted_and_put_together_again(name, parts):
    assert split_name(name) == parts
    assert join_name(*parts) == name


@given(st.text(min_size=1, max_size=30).map(str.strip).filter(bool))
def test_neither_part_of_any_name_is_empty(name):
    family, given_name = split_name(name)

    assert family
    assert given_name


@given(st.text(max_size=12))
def test_reading_a_day_never_fails(text):
    assert day_of(text) is None or day_of(text).isoformat() == text


def test_a_school_year_begins_in_september_and_has_two_terms():
    found = sessions_between(date(2026, 3, 1), date(2026, 10, 1))

    assert [one.key for one in found] == ["2026", "2026-1", "2026-2", "2027", "2027-1", "2027-2"]
    assert [one.key for one in terms_of(found, date(2026, 8, 31), date(2026, 9, 1))] == ["2026-2", "2027-1"]
