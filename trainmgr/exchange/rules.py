"""What OneRoster 1.2 (CSV binding) asks of a file and a line, and how names are taken apart and put together.

Headers, required columns and vocabularies are those of 1EdTech, OneRoster 1.2 CSV Binding (2022), tables 3 to 5. A file
of an exchange is "bulk": everything there is, with status and dateLastModified empty; "delta" files are read too.
"""

from __future__ import annotations

import enum
import re
from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

from trainmgr.kernel.msgids import N_

COMMON = ("sourcedId", "status", "dateLastModified")
HEADERS: dict[str, tuple[str, ...]] = {
    "academicSessions": (
        *COMMON, "title", "type", "startDate", "endDate", "parentSourcedId", "schoolYear",
    ),
    "orgs": (*COMMON, "name", "type", "identifier", "parentSourcedId"),
    "courses": (
        *COMMON, "schoolYearSourcedId", "title", "courseCode", "grades", "orgSourcedId", "subjects", "subjectCodes",
    ),
    "classes": (
        *COMMON, "title", "grades", "courseSourcedId", "classCode", "classType", "location", "schoolSourcedId",
        "termSourcedIds", "subjects", "subjectCodes", "periods",
    ),
    "users": (
        *COMMON, "enabledUser", "username", "userIds", "givenName", "familyName", "middleName", "identifier", "email",
        "sms", "phone", "agentSourcedIds", "grades", "password", "userMasterIdentifier", "preferredGivenName",
        "preferredMiddleName", "preferredFamilyName", "primaryOrgSourcedId", "pronouns",
    ),
    "roles": (
        *COMMON, "userSourcedId", "roleType", "role", "beginDate", "endDate", "orgSourcedId", "userProfileSourcedId",
    ),
    "enrollments": (
        *COMMON, "classSourcedId", "schoolSourcedId", "userSourcedId", "role", "primary", "beginDate", "endDate",
    ),
    "demographics": (
        *COMMON, "birthDate", "sex", "americanIndianOrAlaskaNative", "asian", "blackOrAfricanAmerican",
        "nativeHawaiianOrOtherPacificIslander", "white", "demographicRaceTwoOrMoreRaces",
        "hispanicOrLatinoEthnicity", "countryOfBirthCode", "stateOfBirthAbbreviation", "cityOfBirth",
        "publicSchoolResidenceStatus",
    ),
}  # fmt: skip
# Every file that a manifest must speak of, as bulk, delta or absent.
IN_MANIFEST = (
    "academicSessions", "categories", "classes", "classResources", "courses", "courseResources", "demographics",
    "enrollments", "lineItemLearningObjectiveIds", "lineItems", "lineItemScoreScales", "orgs", "resources",
    "resultLearningObjectiveIds", "results", "resultScoreScales", "roles", "scoreScales", "userProfiles",
    "userResources", "users",
)  # fmt: skip
VERSION = "1.2"

NEEDED: dict[str, tuple[str, ...]] = {
    "academicSessions": ("title", "type", "startDate", "endDate", "schoolYear"),
    "orgs": ("name", "type"),
    "courses": ("title", "orgSourcedId"),
    "classes": ("title", "courseSourcedId", "classType", "schoolSourcedId", "termSourcedIds"),
    "users": ("enabledUser", "username", "givenName", "familyName"),
    "roles": ("userSourcedId", "roleType", "role", "orgSourcedId"),
    "enrollments": ("classSourcedId", "schoolSourcedId", "userSourcedId", "role"),
}
WORDS: dict[tuple[str, str], frozenset[str]] = {
    ("academicSessions", "type"): frozenset({"gradingPeriod", "semester", "schoolYear", "term"}),
    ("orgs", "type"): frozenset({"department", "school", "district", "local", "state", "national"}),
    ("classes", "classType"): frozenset({"homeroom", "scheduled"}),
    ("users", "enabledUser"): frozenset({"true", "false"}),
    ("roles", "roleType"): frozenset({"primary", "secondary"}),
    ("roles", "role"): frozenset(
        {"aide", "counselor", "districtAdministrator", "guardian", "parent", "principal", "proctor", "relative",
         "siteAdministrator", "student", "systemAdministrator", "teacher"}
    ),
    ("enrollments", "role"): frozenset({"administrator", "proctor", "student", "teacher"}),
    ("enrollments", "primary"): frozenset({"true", "false"}),
}  # fmt: skip
EXTENSIBLE = frozenset({("academicSessions", "type"), ("orgs", "type"), ("classes", "classType"),
                        ("roles", "role"), ("enrollments", "role")})  # fmt: skip
DAYS = {
    "academicSessions": ("startDate", "endDate"),
    "roles": ("beginDate", "endDate"),
    "enrollments": ("beginDate", "endDate"),
}
# To what a column of a file points, as far as we read it.
POINTS: dict[str, dict[str, str]] = {
    "orgs": {"parentSourcedId": "orgs"},
    "courses": {"orgSourcedId": "orgs"},
    "classes": {"courseSourcedId": "courses", "schoolSourcedId": "orgs"},
    "roles": {"userSourcedId": "users", "orgSourcedId": "orgs"},
    "enrollments": {"classSourcedId": "classes", "schoolSourcedId": "orgs", "userSourcedId": "users"},
}
STATUSES = frozenset({"", "active", "tobedeleted", "inactive"})
GONE = frozenset({"tobedeleted", "inactive"})
LONGEST_ID, LONGEST_CELL = 255, 2_000
READ_IN_ORDER = ("orgs", "users", "courses", "classes", "enrollments")


class Outcome(enum.StrEnum):
    """What would become, or became, of a line."""

    NEW = "new"
    CHANGED = "changed"
    SUSPENDED = "suspended"
    SAME = "same"
    LEFT = "left"
    WRONG = "wrong"


def total_of(counts: Mapping[str, int]) -> Counter[str]:
    """Return how many lines of all files came out in each way; a job counts them as file.outcome."""
    total = Counter[str]()
    for name, count in counts.items():
        total[name.rpartition(".")[2]] += count
    return total


@dataclass(frozen=True)
class Fault:
    """Why a line cannot be taken: a msgid and what its sentence names."""

    msgid: str
    params: Mapping[str, Any] = field(default_factory=dict)


def missing_columns(file: str, header: Collection[str]) -> list[str]:
    """Return the columns that a file needs and its header lacks, in the order of the standard."""
    needed = {"sourcedId", *NEEDED.get(file, ())}
    return [name for name in HEADERS[file] if name in needed and name not in header]


def line_fault(
    file: str, row: Mapping[str, str], seen: Collection[str], known: Mapping[str, Collection[str]]
) -> Fault | None:
    """Return why a line of a file cannot be right by itself, or None.

    `seen` are the sourcedIds of the lines before it, `known` those of the other files (and of earlier exchanges) by
    file; a file that is not in `known` is not asked.
    """
    key = row.get("sourcedId", "")
    if not key or len(key) > LONGEST_ID:
        return Fault(N_("The sourcedId is missing or longer than 255 characters."))
    if key in seen:
        return Fault(N_("This sourcedId stands in the file twice."))
    if row.get("status", "") not in STATUSES:
        return Fault(N_("The status is active, tobedeleted or empty."))
    if row.get("status", "") in GONE:
        return None  # of what is gone, nothing but the sourcedId is asked
    return _empty(file, row) or _words(file, row) or _days(file, row) or _points(file, row, known)


def _empty(file: str, row: Mapping[str, str]) -> Fault | None:
    for name in NEEDED.get(file, ()):
        if not row.get(name, ""):
            return Fault(N_("%(column)s is empty."), {"column": name})
    for name, value in row.items():
        if len(value) > LONGEST_CELL:
            return Fault(N_("%(column)s is too long."), {"column": name})
    return None


def _words(file: str, row: Mapping[str, str]) -> Fault | None:
    for (of, name), words in WORDS.items():
        value = row.get(name, "")
        extends = (of, name) in EXTENSIBLE and value.startswith("ext:")
        if of == file and value and value not in words and not extends:
            return Fault(
                N_("%(column)s is “%(value)s”; the standard knows %(words)s."),
                {"column": name, "value": value[:40], "words": ", ".join(sorted(words))},
            )
    return None


def _days(file: str, row: Mapping[str, str]) -> Fault | None:
    days = []
    for name in DAYS.get(file, ()):
        if value := row.get(name, ""):
            day = day_of(value)
            if day is None:
                return Fault(N_("%(column)s is no day such as 2026-09-01."), {"column": name})
            days.append(day)
    if len(days) == 2 and days[1] < days[0]:
        return Fault(N_("The last day is before the first one."))
    return None


def _points(file: str, row: Mapping[str, str], known: Mapping[str, Collection[str]]) -> Fault | None:
    for name, other in POINTS.get(file, {}).items():
        value = row.get(name, "")
        if value and other in known and value not in known[other]:
            return Fault(
                N_("%(column)s “%(value)s” stands in no line of %(file)s.csv."),
                {"column": name, "value": value[:60], "file": other},
            )
    return None


def day_of(text: str) -> date | None:
    """Return the day that a text names (YYYY-MM-DD), or None."""
    if not re.fullmatch(r"\d{4}-\d\d-\d\d", text):
        return None
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


# --- names ---------------------------------------------------------------------------------------------------

# The family names of two characters that are still common (百家姓, 复姓).
_TWO = (
    "欧阳太史端木上官司马东方独孤南宫万俟闻人夏侯诸葛尉迟公羊赫连澹台"
    "皇甫宗政濮阳公冶太叔申屠公孙慕容仲孙钟离长孙宇文司徒鲜于司空闾丘"
    "子车亓官司寇巫马公西颛孙壤驷公良漆雕乐正宰父谷梁拓跋夹谷轩辕令狐"
    "段干百里呼延东郭南门羊舌微生梁丘左丘东门西门第五"
)
TWO = frozenset(_TWO[at : at + 2] for at in range(0, len(_TWO), 2))
HAN = re.compile(r"[\u3400-\u9fff\U00020000-\U0003134f·]+")


def split_name(name: str) -> tuple[str, str]:
    """Return (family name, given name); neither is empty, as the standard asks for both.

    欧阳小明 → 欧阳, 小明; 王芳 → 王, 芳; Anna Maria Berg → Berg, Anna Maria; a single word stands for both.
    """
    name = name.strip()
    if HAN.fullmatch(name) and "·" not in name and len(name) > 1:
        cut = 2 if len(name) > 2 and name[:2] in TWO else 1
        return name[:cut], name[cut:]
    given, _blank, family = name.rpartition(" ")
    return (family, given) if given else (name, name)


def join_name(family: str, given: str) -> str:
    """Return a name as it is written: 王芳, Anna Berg; what stands twice for want of a second part stands once."""
    family, given = family.strip(), given.strip()
    if family == given:
        return family
    if HAN.fullmatch(family) and HAN.fullmatch(given):
        return family + given
    return f"{given} {family}".strip()


# --- school years --------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Session:
    """A school year or one of its two terms; `ends_on` is the day after the last one, as the standard has it."""

    key: str
    kind: str
    year: int
    term: int
    begins_on: date
    ends_on: date


def sessions_between(first: date, last: date) -> list[Session]:
    """Return the school years that a time touches (September to August), each followed by its two terms.

    `year` is the year in which the school year ends.
    """
    found: list[Session] = []
    begin = first.year if first.month >= 9 else first.year - 1
    while date(begin, 9, 1) <= last:
        end = begin + 1
        found += [
            Session(f"{end}", "schoolYear", end, 0, date(begin, 9, 1), date(end, 9, 1)),
            Session(f"{end}-1", "term", end, 1, date(begin, 9, 1), date(end, 2, 1)),
            Session(f"{end}-2", "term", end, 2, date(end, 2, 1), date(end, 9, 1)),
        ]
        begin = end
    return found


def terms_of(sessions: Collection[Session], first: date, last: date) -> list[Session]:
    """Return the terms that a time touches."""
    return [
        one for one in sessions
        if one.kind == "term" and one.begins_on <= last and first <= one.ends_on - timedelta(days=1)
    ]  # fmt: skip
