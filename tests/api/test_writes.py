"""What each write does, and what is said when it cannot be: the status, and the field where one is at fault."""

from __future__ import annotations

import tomllib
from collections.abc import Callable
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask

from tests.api.conftest import Caller
from tests.api.deeds import FREE_DAY, Arranged, arrange, sent, token_of
from tests.factories import World, keep
from tests.populated import Populated
from trainmgr import ROOT
from trainmgr.api.models import Webhook, WebhookDelivery, WebhookTopic
from trainmgr.api.operations import WRITES
from trainmgr.api.rules import SCOPES, Event
from trainmgr.api.spec import document
from trainmgr.attendance.models import AttendanceStanding
from trainmgr.enrolment.models import Cohort, Enrolment
from trainmgr.evaluation.models import Rating
from trainmgr.identity import first_passwords
from trainmgr.identity.models import User
from trainmgr.kernel.access import Role
from trainmgr.kernel.db import db
from trainmgr.mentoring import proposing
from trainmgr.mentoring.models import Assignment
from trainmgr.programs.models import Program, ProgramParty
from trainmgr.programs.rules import State
from trainmgr.timetable.models import TeachingSession

DOERS = {
    "submit_log": Role.TRAINEE, "sign_log": Role.ENTERPRISE_MENTOR, "return_log": Role.ENTERPRISE_MENTOR,
    "save_rating_draft": Role.ENTERPRISE_MENTOR, "submit_rating": Role.ENTERPRISE_MENTOR,
    "correct_rating": Role.TRAINEE,
    "create_person": Role.ADMINISTRATOR, "change_person": Role.ADMINISTRATOR, "change_post": Role.ADMINISTRATOR,
}  # fmt: skip


class Desk:
    """The populated world, and how somebody who may sends a write to it."""

    def __init__(self, app: Flask, made: Populated) -> None:
        self.world, self.made = World(app), made
        self.arranged: Arranged = arrange(self.world, made)
        self.ids = self.arranged.ids
        self._callers: dict[Role, Caller] = {}

    def caller(self, role: Role) -> Caller:
        if role not in self._callers:
            self._callers[role] = Caller(
                self.world.app, token_of(self.world.app, self.made.people[role], SCOPES)
            )
        return self._callers[role]

    def send(
        self, name: str, change: dict[str, Any] | None = None, *, without: str = "", **options: Any
    ) -> Any:
        """Send the fitting request of a write, with other fields where they are named."""
        headers = {key: options.pop(key) for key in list(options) if key in ("If-Match", "Idempotency-Key")}
        body = {key: value for key, value in self.arranged.body(name).items() if key != without}
        body |= change or {}
        caller = self.caller(options.pop("role", DOERS.get(name, Role.STAFF)))
        return sent(caller, name, self.arranged.path(name, **options), body, **headers)

    def one(self, kind: Any, **filters: Any) -> Any:
        with self.world.app.app_context():
            found = db.session.query(kind).filter_by(**filters).one_or_none()
            db.session.expunge_all()
            return found

    def count(self, kind: Any, **filters: Any) -> int:
        with self.world.app.app_context():
            return db.session.query(kind).filter_by(**filters).count()

    def change(self, kind: Any, row_id: int, **values: Any) -> None:
        with self.world.app.app_context():
            db.session.execute(sa.update(kind).where(kind.id == row_id).values(**values))
            db.session.commit()


@pytest.fixture
def desk(put_back: Callable[[], Flask], made: Populated) -> Desk:
    return Desk(put_back(), made)


def _fields(answer: Any) -> list[str]:
    return [one["field"] for one in answer.json.get("errors", [])]


# --- all of them ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", WRITES)
def test_a_field_that_the_schema_does_not_name_is_refused(desk, name):
    answer = desk.send(name, {"is_admin": True})

    assert answer.status_code == 422
    assert answer.mimetype == "application/problem+json"
    assert _fields(answer) == ["is_admin"]


@pytest.mark.once
@pytest.mark.parametrize("name", [name for name, write in WRITES.items() if write.needs_etag])
def test_a_change_needs_the_version_that_was_read(desk, name):
    without = desk.send(name, **{"If-Match": ""})
    late = desk.send(name, **{"If-Match": '"old"'})
    good = desk.send(name, **{"If-Match": late.headers["ETag"]})

    assert (without.status_code, late.status_code) == (428, 412)
    assert good.status_code == 200, good.json
    assert good.headers["ETag"] != late.headers["ETag"]


# Another request than the fitting one, and how it is refused: by the field, or (without one) by a rule.
WRONG: list[tuple[str, dict[str, Any], int, str | None]] = [
    ("create_program", {"pathway": "none-such"}, 422, "pathway"),
    ("create_program", {"college_id": 999_999}, 422, "college_id"),
    ("create_program", {"department_id": 999_999}, 422, "department_id"),
    ("create_program", {"ends_on": "2026-01-01"}, 422, "ends_on"),
    ("create_program", {"planned_size": 0}, 422, "planned_size"),
    ("create_program", {"planned_size": "30"}, 422, "planned_size"),
    ("create_program", {"planned_size": True}, 422, "planned_size"),
    ("create_program", {"name": " \n "}, 422, "name"),
    ("create_program", {"parties": [{"organization_id": 999_999, "role": "outside"}]}, 422,
     "parties.0.organization_id"),
    ("create_program", {"parties": [{"organization_id": 1, "role": "lead_college"}]}, 422, "parties.0.role"),
    ("change_program", {"ends_on": "2001-01-01"}, 422, "ends_on"),
    ("change_program", {"state": "closed"}, 422, "state"),
    ("create_competency", {"importance": 5.5}, 422, "importance"),
    ("create_competency", {"importance": 4.123}, 422, "importance"),
    ("create_competency", {"importance": "4"}, 422, "importance"),
    ("change_competency", {"name": ""}, 422, "name"),
    ("create_performance_gap", {"competency_ids": [999_999]}, 422, "competency_ids"),
    ("create_performance_gap", {"name": "一次合格率"}, 422, "name"),
    ("create_performance_gap", {"weight": 6}, 422, "weight"),
    ("create_person", {"username": "Xin"}, 422, "username"),
    ("create_person", {"username": "xin-lai\n"}, 422, "username"),
    ("create_person", {"phone": "12"}, 422, "phone"),
    ("create_person", {"organization_id": 999_999}, 422, "organization_id"),
    ("create_person", {"role": "enterprise_mentor"}, 422, "role"),
    ("create_person", {"role": "department_staff"}, 422, "role"),
    ("create_person", {"number": "IN-school_teacher"}, 409, None),
    ("change_post", {"department_id": 999_999}, 422, "department_id"),
    ("create_enrolment", {"college_id": 999_999}, 422, "college_id"),
    ("create_enrolment", {"enterprise_id": 999_999}, 422, "enterprise_id"),
    ("create_enrolment", {"id_number": "110105194912310021"}, 422, "id_number"),
    ("create_enrolment", {"phone": "123"}, 422, "phone"),
    ("create_enrolment", {"gender": "X"}, 422, "gender"),
    ("create_enrolment", {"student_number": ""}, 422, None),
    ("change_standing", {"day": "2020-01-01"}, 409, None),
    ("change_standing", {"expected_on": "2020-01-01"}, 422, "expected_on"),
    ("change_standing", {"enterprise_id": 1}, 422, "enterprise_id"),
    ("change_standing", {"kind": "resume", "expected_on": "2027-03-01"}, 422, "expected_on"),
    ("call_standing_change_off", {"reason": ""}, 422, "reason"),
    ("create_proposal", {"way": "two_way"}, 422, "way"),
    ("lock_pair", {"locked": "yes"}, 422, "locked"),
    ("move_pair", {"mentor_id": 999_999}, 409, None),
    ("hand_over", {"enrolment_ids": [999_999]}, 422, "enrolment_ids.0"),
    ("hand_over", {"successor_id": 999_999}, 422, "successor_id"),
    ("hand_over", {"day": "2030-01-01"}, 409, None),
    ("mark_session", {"marks": []}, 422, "marks"),
    ("mark_session", {"marks": [{"enrolment_id": 999_999, "mark": "present"}]}, 422, "marks.0.enrolment_id"),
    ("mark_day", {"day": "2030-01-01"}, 409, None),
    ("mark_day", {"marks": [{"enrolment_id": 999_999, "mark": "present"}]}, 422, "marks.0.enrolment_id"),
    ("submit_rating", {"marks": []}, 422, "marks"),
    ("submit_rating", {"marks": [{"criterion_id": 999_999, "score": 3}]}, 422, "marks.0.criterion_id"),
    ("submit_rating", {"marks": [{"criterion_id": 1, "score": 6}]}, 422, "marks.0.score"),
    ("submit_rating", {"party": "teacher"}, 403, None),
    ("correct_rating", {"marks": []}, 422, "marks"),
    ("correct_rating", {"reason": " "}, 422, "reason"),
    ("enter_external_certificate", {"enrolment_id": 999_999}, 422, "enrolment_id"),
    ("enter_external_certificate", {"issued_on": "2030-01-01"}, 409, None),
    ("enter_external_certificate", {"expires_on": "2001-01-01"}, 409, None),
    ("refuse_external_certificate", {"reason": ""}, 422, "reason"),
]  # fmt: skip


@pytest.mark.once
def test_what_cannot_be_is_refused_at_its_field_and_nothing_is_written(desk):
    def rows() -> list[int]:
        with desk.world.app.app_context():
            return [
                db.session.scalar(sa.select(sa.func.count()).select_from(table))
                for table in db.metadata.sorted_tables
                if table.name not in ("api_use", "api_token")
            ]

    before, wrong = rows(), []
    for name, change, status, field in WRONG:
        answer = desk.send(name, change)
        if answer.status_code != status or _fields(answer) != ([field] if field else []):
            wrong.append(f"{name} {change}: {answer.status_code} {answer.json}")
    assert not wrong, "\n".join(wrong)
    assert rows() == before


@pytest.mark.once
def test_an_id_that_no_row_can_have_is_not_there_whatever_is_asked(desk):
    caller, beyond = desk.caller(Role.STAFF), 2**31

    for method, path in (
        ("GET", f"/programs/{beyond}/enrolments"),
        ("GET", f"/programs/1/enrolments/{beyond}"),
        ("PATCH", f"/programs/1/enrolments/{beyond}"),
        ("POST", f"/programs/1/logs/{beyond}/sign"),
        ("GET", f"/programs/{'9' * 40}"),
    ):
        answer = caller.open(method, path, {"Idempotency-Key": "x"}, json={} if method != "GET" else None)
        assert answer.status_code == 404, (method, path, answer.status_code)
        assert answer.mimetype == "application/problem+json"
    assert caller.open("DELETE", "/programs/1/enrolments").status_code == 405
    assert caller.open("DELETE", f"/programs/1/enrolments/{beyond - 1}").status_code == 405


# --- programmes and needs ------------------------------------------------------------------------------------


def test_a_programme_is_made_from_a_pathway_with_its_parties(desk):
    answer = desk.send("create_program")

    assert answer.status_code == 201, answer.json
    assert (answer.json["state"], answer.json["code"]) == ("draft", "API-1")
    shown = desk.caller(Role.STAFF).get(answer.headers["Location"].removeprefix("/api/v1"))
    assert shown.json == answer.json
    with desk.world.app.app_context():
        found = db.session.query(ProgramParty).filter_by(program_id=answer.json["id"])
        parties = {(party.organization_id, party.role.value) for party in found}
    college, enterprise = desk.made.rows["college"].id, desk.made.rows["enterprise"].id
    assert parties == {(college, "lead_college"), (enterprise, "enterprise")}
    again = desk.send("create_program")
    assert (again.status_code, _fields(again)) == (422, ["code"])


def test_facts_change_one_by_one_and_number_and_kind_are_settled_with_the_draft(desk):
    changed = desk.send("change_program", {"ends_on": None})
    assert (changed.json["name"], changed.json["ends_on"]) == ("改了名的项目", None)
    assert changed.json["starts_on"] is not None

    running = {"row_id": desk.ids["program"]}
    assert desk.send("change_program", {"code": "NEU"}, **running).status_code == 409
    assert desk.send("change_program", **running).status_code == 200


def test_what_respondents_say_is_not_typed_and_a_signed_analysis_stays(desk):
    from trainmgr.needs.models import Competency

    desk.change(Competency, desk.ids["early_competency"], respondents=9)
    answer = desk.send("change_competency", {"importance": 2})
    assert (answer.status_code, _fields(answer)) == (422, ["importance"])
    assert desk.send("change_competency").json["required_level"] == 4.5

    desk.change(Program, desk.ids["early"], state=State.RUNNING)
    assert desk.send("change_competency", {"required_level": 5}).status_code == 409
    assert desk.send("create_business_need").status_code == 409


def test_a_new_competency_is_ranked_with_the_others(desk):
    made = desk.send("create_competency")

    assert made.status_code == 201
    assert made.json["rank"] >= 1
    assert made.json["gap"] == 2
    twice = desk.send("create_competency")
    assert (twice.status_code, _fields(twice)) == (422, ["name"])


# --- people and enrolments -----------------------------------------------------------------------------------


def test_a_person_gets_an_account_whose_first_password_no_program_sees(desk):
    answer = desk.send("create_person")

    assert answer.status_code == 201, answer.json
    assert answer.json["phone_masked"] == "138****8009"
    assert answer.json["posts"][0]["number"] == "T-900"
    person = desk.one(User, id=answer.json["id"])
    assert first_passwords.is_first(person.password_hash)
    with desk.world.app.app_context():
        password = first_passwords.password_of(person.id, person.password_hash)
    assert password not in answer.get_data(as_text=True)


def test_a_post_is_corrected_and_the_persons_version_moves_on(desk):
    caller, path = desk.caller(Role.ADMINISTRATOR), f"/people/{desk.ids['teacher']}"
    before = caller.get(path)

    changed = desk.send("change_post", **{"If-Match": before.headers["ETag"]})
    late = desk.send("change_person", **{"If-Match": before.headers["ETag"]})

    assert changed.status_code == 200, changed.json
    assert [(post["number"], post["title"]) for post in changed.json["posts"]] == [("T-901", "讲师")]
    assert late.status_code == 412
    assert desk.send("change_person", {"phone": "13800138010"}).json["phone_masked"] == "138****8010"
    assert desk.send("change_person", {"phone": ""}).json["phone_masked"] == ""


def test_a_person_who_works_elsewhere_too_is_not_changed_by_one_college_alone(desk):
    from trainmgr.identity.models import Membership

    stranger = desk.made.strangers[Role.STAFF]
    with desk.world.app.app_context():
        elsewhere = db.session.query(Membership).filter_by(user_id=stranger.id).one().organization_id
        keep(
            Membership(user_id=desk.ids["teacher"], organization_id=elsewhere, role=Role.SCHOOL_TEACHER,
                       created_at=desk.made.rows["program"].created_at)
        )  # fmt: skip

    assert desk.send("change_person").status_code == 403
    assert desk.send("change_post").status_code == 200  # the post is the college's own


def test_somebody_is_enrolled_once_and_other_systems_hear_of_it(desk):
    with desk.world.app.app_context():
        hook = keep(
            Webhook(organization_id=desk.made.rows["college"].id, name="x", url="https://x.example", secret_sealed="x",
                    by_id=1, by_name="x", at=desk.made.rows["program"].created_at,
                    topics=[WebhookTopic(event=Event.ENROLMENT_ADMITTED)])
        )  # fmt: skip
        hook_id = hook.id
    made = desk.send("create_enrolment", {"id_number": "11010519491231002X", "phone": "13800138011"})
    again = desk.send("create_enrolment", {"id_number": "11010519491231002X", "post": "装配"})

    assert made.status_code == 201, made.json
    assert (made.json["cohort"], made.json["state"]) == ("接口班", "training")
    assert made.json["id_number_masked"].endswith("002X")
    assert "11010519491231002X" not in made.get_data(as_text=True)
    assert (again.status_code, again.json["id"], again.json["post"]) == (200, made.json["id"], "装配")
    assert desk.count(Cohort, name="接口班") == 1
    assert desk.count(WebhookDelivery, webhook_id=hook_id, enrolment_id=made.json["id"]) == 1
    other = desk.send("create_enrolment", {"name": "另一个名字"})
    assert other.status_code == 409
    assert "接口录的学员" in other.json["detail"]


def test_nobody_is_enrolled_beyond_the_places_or_before_recruiting(desk):
    desk.change(Program, desk.ids["program"], planned_size=1)
    assert desk.send("create_enrolment").status_code == 409

    early = desk.send("create_enrolment", program_id=desk.ids["early"])
    assert early.status_code == 409


def test_a_trainee_pauses_comes_back_leaves_and_is_taken_in_again(desk):
    def move(kind: str) -> Any:
        answer = desk.send(
            "change_standing", {"kind": kind}, without="" if kind == "suspend" else "expected_on"
        )
        return answer.status_code, desk.one(Enrolment, id=desk.ids["second"]).state.value

    assert move("suspend") == (201, "suspended")
    assert move("suspend")[0] == 409
    assert move("resume") == (201, "training")
    assert move("withdraw") == (201, "withdrawn")
    assert move("readmit") == (201, "training")


def test_a_change_on_a_day_to_come_is_planned_and_can_be_called_off(desk):
    planned = desk.send("change_standing", {"day": "2027-01-10"})

    assert planned.status_code == 201, planned.json
    assert planned.json["state"] == "planned"
    assert desk.one(Enrolment, id=desk.ids["second"]).state.value == "training"
    off = desk.send("call_standing_change_off", row_id=planned.json["id"])
    assert (off.json["state"], off.json["remark"]) == ("called_off", "经核实")
    assert desk.send("call_standing_change_off", row_id=planned.json["id"]).status_code == 409


@pytest.mark.parametrize(("kind", "field"), [("enterprise", "enterprise_id"), ("program", "to_program_id")])
def test_a_transfer_says_where_to_and_only_to_what_the_page_offers(desk, kind, field):
    lacking = desk.send("change_standing", {"kind": kind}, without="expected_on")
    elsewhere = desk.send("change_standing", {"kind": kind, field: 999_999}, without="expected_on")

    assert (lacking.status_code, _fields(lacking)) == (422, [field])
    assert (elsewhere.status_code, _fields(elsewhere)) == (422, [field])


# --- who guides whom -----------------------------------------------------------------------------------------


def test_pairs_are_proposed_locked_and_approved(desk):
    made = desk.send("create_proposal", {"side": "enterprise", "way": "best_fit"})
    assert made.status_code == 201, made.json
    pairs = desk.caller(Role.STAFF).get(
        f"/programs/{desk.ids['program']}/proposed-pairs?proposal_id={made.json['id']}"
    )
    assert pairs.json["data"]

    pair = pairs.json["data"][0]
    assert desk.send("lock_pair", row_id=pair["id"]).json["locked"] is True
    late = desk.send("approve_proposal", row_id=made.json["id"], **{"If-Match": made.headers["ETag"]})
    assert late.status_code == 412  # locking changed it
    good = desk.send("approve_proposal", row_id=made.json["id"], **{"If-Match": late.headers["ETag"]})
    assert good.json["state"] == "approved"
    assert desk.send("drop_proposal", row_id=made.json["id"]).status_code == 409
    present = desk.one(Assignment, enrolment_id=pair["enrolment_id"], side="enterprise", ends_on=None)
    assert present.mentor_id == pair["mentor_id"]


def test_a_large_class_is_paired_in_the_background(desk, monkeypatch):
    monkeypatch.setattr(proposing, "AT_ONCE", 0)

    answer = desk.send("create_proposal")

    assert answer.status_code == 202
    assert answer.json["job_id"] > 0


def test_a_handover_answers_with_the_new_assignments(desk):
    answer = desk.send("hand_over")

    assert answer.status_code == 200, answer.json
    (one,) = answer.json["data"]
    assert (one["enrolment_id"], one["mentor_id"]) == (desk.ids["enrolment"], desk.ids["pair_mentor"])
    assert one["reason"] == "经核实"
    again = desk.send("hand_over")
    assert (again.status_code, _fields(again)) == (422, ["enrolment_ids.0"])


# --- attendance ----------------------------------------------------------------------------------------------


def _mark(desk: Desk, mark: str, seen: str | None = None) -> Any:
    one = {"enrolment_id": desk.ids["enrolment"], "mark": mark} | ({"seen": seen} if seen else {})
    return desk.send("mark_session", {"marks": [one]})


def test_a_mark_of_somebody_else_is_corrected_only_by_who_has_seen_it(desk):
    blind = _mark(desk, "present")
    assert (blind.status_code, _fields(blind)) == (409, ["marks.0.seen"])

    seeing = _mark(desk, "late", "absent")
    assert seeing.status_code == 200, seeing.json
    assert [one["mark"] for one in seeing.json["data"]] == ["late"]
    assert _mark(desk, "present", "absent").status_code == 409
    standing = desk.one(AttendanceStanding, session_id=desk.ids["held"], enrolment_id=desk.ids["enrolment"])
    assert standing.mark.value == "late"


def test_one_wrong_line_and_no_mark_of_the_day_is_written(desk):
    marks = [
        {"enrolment_id": desk.ids["enrolment"], "mark": "present"},
        {"enrolment_id": 999_999, "mark": "present"},
    ]
    wrong = desk.send("mark_day", {"marks": marks})
    twice = desk.send("mark_day", {"marks": [marks[0], marks[0]]})

    assert _fields(wrong) == ["marks.1.enrolment_id"]
    assert _fields(twice) == ["marks"]
    assert desk.count(AttendanceStanding, session_id=None) == 0
    good = desk.send("mark_day", {"marks": marks[:1]})
    assert [(one["day"], one["session_id"]) for one in good.json["data"]] == [(FREE_DAY, None)]


def test_whoever_has_a_session_on_a_day_is_marked_there(desk):
    held = desk.one(TeachingSession, id=desk.ids["held"])

    answer = desk.send("mark_day", {"day": held.day.isoformat()})

    assert (answer.status_code, _fields(answer)) == (422, ["marks.0.enrolment_id"])


# --- ratings -------------------------------------------------------------------------------------------------


def test_a_rating_is_kept_as_a_draft_and_handed_in_once(desk):
    draft = desk.send("save_rating_draft")
    own = f"/programs/{desk.ids['program']}/own-ratings/{draft.json['id']}"
    assert (draft.status_code, draft.json["state"]) == (200, "draft")
    assert desk.caller(Role.ENTERPRISE_MENTOR).get(own).json == draft.json
    assert desk.caller(Role.SCHOOL_TEACHER).get(own).status_code == 404

    given = desk.send("submit_rating")
    again = desk.send("submit_rating")
    assert (given.status_code, given.json["state"]) == (201, "submitted"), given.json
    assert given.json["id"] == draft.json["id"]
    assert len(given.json["marks"]) == len(desk.arranged.marks["enterprise"])
    assert again.status_code == 409
    assert desk.send("save_rating_draft").status_code == 409
    assert desk.count(Rating, party="enterprise", state="submitted") == 1


def test_no_chance_to_see_is_an_answer_and_a_gap_is_none(desk):
    marks = [dict(one) for one in desk.arranged.marks["enterprise"]]
    marks[0]["score"] = None

    gap = desk.send("submit_rating", {"marks": marks[1:]})
    twice = desk.send("submit_rating", {"marks": [*marks, marks[0]]})
    good = desk.send("submit_rating", {"marks": marks})

    assert (gap.status_code, _fields(gap)) == (422, ["marks"])
    assert (twice.status_code, _fields(twice)) == (422, ["marks"])
    assert good.status_code == 201, good.json
    assert None in [one["score"] for one in good.json["marks"]]


def test_a_correction_stands_beside_the_first_rating(desk):
    answer = desk.send("correct_rating")

    assert answer.status_code == 201, answer.json
    assert answer.json["corrects_id"] == desk.ids["rating"]
    assert desk.one(Rating, id=desk.ids["rating"]).state.value == "corrected"


def test_a_rater_finds_whom_to_rate_and_what_is_asked(desk):
    caller = desk.caller(Role.ENTERPRISE_MENTOR)
    told = f"/programs/{desk.ids['program']}/{{}}?window_id={desk.ids['window']}&party={{}}"

    people = caller.get(told.format("to-rate", "enterprise")).json["data"]
    asked = caller.get(told.format("rating-questions", "enterprise")).json["data"]

    assert [one["enrolment_id"] for one in people] == [desk.ids["enrolment"]]
    assert [one["criterion_id"] for one in asked] == [
        one["criterion_id"] for one in desk.arranged.marks["enterprise"]
    ]
    assert caller.get(told.format("rating-questions", "teacher")).json["data"] == []
    assert caller.get(told.format("to-rate", "teacher")).json["data"] == []


# --- certificates of others ----------------------------------------------------------------------------------


def test_a_certificate_of_others_is_entered_once_and_verified_once(desk):
    made = desk.send("enter_external_certificate")
    again = desk.send("enter_external_certificate")

    assert (made.status_code, made.json["state"]) == (201, "entered"), made.json
    assert again.status_code == 409
    verified = desk.send("verify_external_certificate", row_id=made.json["id"])
    assert verified.json["state"] == "verified"
    assert desk.send("refuse_external_certificate", row_id=made.json["id"]).status_code == 409
    withdrawn = desk.send("withdraw_external_certificate", row_id=made.json["id"])
    assert (withdrawn.json["state"], withdrawn.json["reason"]) == ("withdrawn", "经核实")


# --- the document --------------------------------------------------------------------------------------------


@pytest.mark.once
def test_the_document_tells_of_each_write_what_it_needs_and_gives(app):
    told = document("1")["paths"]
    found = {
        one["operationId"]: (method, path, one) for path, ways in told.items() for method, one in ways.items()
    }

    assert set(WRITES) <= set(found)
    for name, write in WRITES.items():
        method, path, one = found[name]
        headers = {each["name"] for each in one["parameters"] if each["in"] == "header"}
        assert method == write.method.lower()
        assert path == "/api/v1" + write.path.replace("<int:", "{").replace(">", "}")
        assert one["x-scope"] == write.scope
        assert headers == {"Idempotency-Key"} | ({"If-Match"} if write.needs_etag else set())
        good = {status for status in one["responses"] if status.startswith("2")}
        assert good == {"200"} | ({"201"} if write.made else set()) | ({"202"} if write.later else set())
        assert ("412" in one["responses"]) is write.needs_etag
        assert {"400", "401", "403", "404", "409", "415", "422", "428", "429"} <= set(one["responses"])


@pytest.mark.once
def test_schemathesis_takes_422_for_right_of_writes_only():
    config = tomllib.loads((ROOT / "tests/api/schemathesis.toml").read_text(encoding="utf-8"))
    (lenient,) = config["operations"]

    assert 422 not in config["checks"]["positive_data_acceptance"]["expected-statuses"]
    assert set(lenient["include-method"]) == {write.method for write in WRITES.values()}


@pytest.mark.parametrize(
    "body", ["[" * 100_000, '{"a": ' * 50_000, r'{"\ud800": 1}', r'{"name": "a\ud800b"}']
)
def test_a_body_that_is_no_text_or_endlessly_nested_is_no_json(desk, body):
    headers = {"Idempotency-Key": "a", "Content-Type": "application/json"}
    answer = desk.caller(Role.STAFF).open("POST", desk.arranged.path("create_competency"), headers, data=body)
    assert (answer.status_code, answer.json["detail"]) == (400, "The body is no JSON.")


@pytest.mark.parametrize(
    ("name", "field", "value"),
    [
        ("create_competency", "importance", 1e300),
        ("create_performance_gap", "expected", -1e300),
        ("submit_log", "day", "0001-01-01"),
        ("submit_log", "day", "9999-12-31"),
        ("create_program", "starts_on", "0001-01-01"),
    ],
)
def test_what_lies_far_beyond_all_figures_and_days_is_refused_at_its_field(desk, name, field, value):
    answer = desk.send(name, {field: value})
    assert answer.status_code == 422
    assert [one["field"] for one in answer.json["errors"]] == [field]
