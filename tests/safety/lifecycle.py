"""People of two colleges send each other's and their own requests in any order; what must hold is read after each.

`Lifecycle` is a state machine of Hypothesis: its rules are real requests, right and wrong, once and again. What is
asked of every step stands in `holds.py`.
"""

from __future__ import annotations

import io
import re
import zipfile
from datetime import timedelta
from typing import Any

import sqlalchemy as sa
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from tests.factories import TODAY
from tests.safety.campus import ROLES
from tests.safety.holds import Holds
from trainmgr.certificates.models import Certificate
from trainmgr.curriculum.models import Edition
from trainmgr.enrolment.models import Enrolment
from trainmgr.enrolment.standing_rules import StandingKind
from trainmgr.evaluation.models import Criterion, Rating, Scheme, Window
from trainmgr.kernel.access import Role
from trainmgr.kernel.db import db
from trainmgr.mentoring.models import Proposal
from trainmgr.moderation.models import Moderation
from trainmgr.needs.models import Competency
from trainmgr.practice.models import PracticeLog
from trainmgr.programs.models import Program
from trainmgr.programs.rules import State, next_state
from trainmgr.recruitment.models import Application

NOBODY = "nobody"
COUNT = st.integers(0, 5)
REASON = "双方商定"
OF_PROGRAM = {
    Enrolment: Enrolment.program_id, PracticeLog: PracticeLog.program_id, Window: Window.program_id,
    Rating: Rating.program_id, Certificate: Certificate.program_id, Moderation: Moderation.program_id,
    Application: Application.program_id, Edition: Edition.program_id, Proposal: Proposal.program_id,
    Competency: Competency.program_id,
}  # fmt: skip
PARTIES = {"trainee": Role.TRAINEE, "enterprise": Role.ENTERPRISE_MENTOR, "teacher": Role.SCHOOL_TEACHER}
SIDES = {"college": Role.STAFF, "enterprise": Role.ENTERPRISE_COORDINATOR}
ANY_PAGE = st.integers(0, 499)
NOT_READ = ("static", "through.")


class Lifecycle(RuleBasedStateMachine):
    """Who asks what is drawn; `world` is set by the test: the bench and the two campuses."""

    world: Any = None

    def __init__(self) -> None:
        super().__init__()
        bench, self.campuses, self.put_back = self.world
        self.app = bench.app
        self.put_back()
        self.browsers = {
            (number, who): campus.signed_in(person)
            for number, campus in enumerate(self.campuses)
            for who, person in [*campus.people.items(), ("second", campus.second)]
        }
        self.browsers[0, NOBODY] = self.browsers[1, NOBODY] = self.app.test_client()
        self.pages = pages_of(self.app, {"program_id"})
        self.lists = pages_of(self.app, set())
        self.holds = Holds(self.app, self.campuses)
        self.holds.look()
        self.last: tuple[Any, ...] | None = None

    # --- how one asks --------------------------------------------------------------------------------

    def row(self, kind: Any, which: tuple[int, int], *, state: State | None = None) -> Any:
        """Return a row of a kind of a campus, or None where there is none; programmes in a state when asked."""
        number, place = which
        programs = self.campuses[number].programs
        with self.app.app_context():
            if kind is Program:
                found = sa.select(Program).where(Program.id.in_(programs))
                found = found.where(Program.state == state) if state else found
            else:
                found = sa.select(kind).where(OF_PROGRAM[kind].in_(programs))
            rows = db.session.scalars(found.order_by(kind.id)).all()
            db.session.expunge_all()
        return rows[place % len(rows)] if rows else None

    def send(self, number: int, who: Any, path: str, data: Any = None, method: str = "POST") -> Any:
        """Send a request and look at its answer; what must hold is looked at by the invariant behind it."""
        browser = self.browsers[number, who]
        answer = browser.open(path, method=method, data=data)
        body = content_of(answer)
        assert answer.status_code < 500, (
            f"{who} of {number}: {method} {path} {data} answered {answer.status_code}"
        )
        for other, campus in enumerate(self.campuses):
            if other != number or who == NOBODY:
                assert campus.mark not in body, f"{who} of {number} read of {other}: {method} {path}"
        self.last = (number, who, path, data, method)
        self.holds.note(f"{who} of {number}: {method} {path} {data}", answer.status_code)
        return answer.status_code, body

    # --- the rules -------------------------------------------------------------------------------------

    @rule(campus=COUNT, place=COUNT, who=st.sampled_from(ROLES), page=ANY_PAGE, crossing=st.booleans())
    def reads_a_page_of_a_programme(self, campus, place, who, page, crossing):
        number = campus % 2
        path = self.pages[page % len(self.pages)].replace(
            "<int:program_id>", str(self.row(Program, (number, place)).id)
        )
        self.send(1 - number if crossing else number, who, path, method="GET")

    @rule(campus=COUNT, who=st.sampled_from([*ROLES, NOBODY]), page=ANY_PAGE)
    def reads_a_list(self, campus, who, page):
        self.send(campus % 2, who, self.lists[page % len(self.lists)], method="GET")

    @rule(campus=COUNT, place=COUNT, who=st.sampled_from(ROLES), crossing=st.booleans(),
          kind=st.sampled_from([(PracticeLog, "/logs/{}"), (Rating, "/ratings/given/{}"),
                                (Certificate, "/certified/{}"), (Certificate, "/certified/{}.pdf")]))  # fmt: skip
    def reads_a_record(self, campus, place, who, crossing, kind):
        number = campus % 2
        if row := self.row(kind[0], (number, place)):
            self.send(1 - number if crossing else number, who, kind[1].format(row.id), method="GET")

    @rule(data=st.data(), place=COUNT)
    def goes_forward(self, data, place):
        self._with(data, Program, place, self._forward)

    def _forward(self, data, number, program):
        target = next_state(program.state) or State.RUNNING
        if data.draw(st.integers(0, 4)) == 0:
            target = data.draw(st.sampled_from(list(State)))
        return Role.STAFF, f"/programs/{program.id}/forward", {"to": target.value, "reason": REASON}

    @rule(data=st.data(), place=COUNT, move=st.sampled_from(["suspend", "resume", "resume", "cancel"]))
    def makes_a_move(self, data, place, move):
        self._with(
            data, Program, place, lambda d, n, p: (Role.STAFF, f"/programs/{p.id}/{move}", {"reason": REASON})
        )

    @rule(data=st.data(), side=st.sampled_from(["college", "enterprise"]), stale=st.booleans())
    def signs_the_needs(self, data, side, stale):
        number = data.draw(st.integers(0, 1))
        program = self.row(Program, (number, 0))
        path = f"/programs/{program.id}/needs/sign"
        _status, page = self.send(number, SIDES[side], path, method="GET")
        digest = re.search(r'name="digest" value="([0-9a-f]{64})"', page)
        sent = {"side": side, "digest": "0" * 64 if stale or not digest else digest[1]}
        self._sent(data, number, SIDES[side], path, sent)

    @rule(data=st.data(), side=st.sampled_from(["college", "enterprise"]))
    def takes_the_needs_signature_back(self, data, side):
        self._with(
            data,
            Program,
            0,
            lambda d, n, p: (SIDES[side], f"/programs/{p.id}/needs/withdraw", {"reason": "改"}),
        )

    @rule(data=st.data(), level=st.integers(-1, 7))
    def adds_a_competency(self, data, level):
        form = {"name": f"能力{level}", "importance": "4", "required_level": str(level), "current_level": "2",
                "dimension": "professional"}  # fmt: skip
        self._with(
            data, Program, 0, lambda d, n, p: (Role.STAFF, f"/programs/{p.id}/needs/competencies", form)
        )

    @rule(data=st.data(), place=COUNT, deed=st.sampled_from(["sign/college", "sign/enterprise", "withdraw", "offer"]),
          stale=st.integers(0, 3))  # fmt: skip
    def signs_or_offers_the_plan(self, data, place, deed, stale):
        def made(_data, _number, edition):
            who = Role.ENTERPRISE_COORDINATOR if deed.endswith("enterprise") else Role.STAFF
            path = f"/programs/{edition.program_id}/plan/{edition.number}/{deed}"
            return who, path, {"version": str(edition.version + (stale == 3)), "reason": REASON}

        self._with(data, Edition, place, made)

    @rule(data=st.data(), place=COUNT)
    def opens_the_next_plan(self, data, place):
        form = {"reason": REASON, "why": REASON, "valid_from": TODAY.isoformat()}
        self._with(data, Program, place, lambda d, n, p: (Role.STAFF, f"/programs/{p.id}/plan/next", form))

    @rule(data=st.data(), place=COUNT, days=st.integers(-120, 3))
    def lets_a_trainee_leave(self, data, place, days):
        day = (TODAY + timedelta(days=days)).isoformat()

        def made(_data, _number, one):
            return (
                Role.STAFF,
                f"/programs/{one.program_id}/roster/leave",
                {"id": [one.id], "day": day, "reason": REASON},
            )

        self._with(data, Enrolment, place, made)

    @rule(data=st.data(), place=COUNT, kind=st.sampled_from(list(StandingKind)), days=st.integers(-20, 3))
    def changes_a_standing(self, data, place, kind, days):
        form = {"day": (TODAY + timedelta(days=days)).isoformat(), "reason": REASON}

        def made(_data, _number, one):
            return Role.STAFF, f"/programs/{one.program_id}/trainees/{one.id}/standing/{kind.value}", form

        self._with(data, Enrolment, place, made)

    @rule(data=st.data(), side=st.sampled_from(["college", "enterprise"]))
    def proposes_mentors(self, data, side):
        self._with(data, Program, 2, lambda d, n, p: (Role.STAFF, f"/programs/{p.id}/proposals/{side}", {}))

    @rule(data=st.data(), place=COUNT, deed=st.sampled_from(["approve", "approve", "drop"]))
    def settles_a_proposal(self, data, place, deed):
        def made(_data, _number, one):
            return (
                Role.STAFF,
                f"/programs/{one.program_id}/proposals/{one.side.value}/{deed}",
                {"version": one.version},
            )

        self._with(data, Proposal, place, made)

    @rule(data=st.data(), place=COUNT, who=st.sampled_from([Role.STAFF, Role.ENTERPRISE_COORDINATOR]),
          verdict=st.sampled_from(["admit", "admit", "reject"]))  # fmt: skip
    def judges_an_application(self, data, place, who, verdict):
        def made(_data, _number, one):
            return who, f"/programs/{one.program_id}/applications/{one.id}/verdict", {"verdict": verdict}

        self._with(data, Application, place, made)

    @rule(data=st.data(), key=st.integers(0, 4), days=st.integers(-110, 2),
          hours=st.sampled_from(["8", "1", "24", "-1"]), who=st.sampled_from([Role.TRAINEE, "second"]),
          draft=st.integers(0, 4))  # fmt: skip
    def hands_a_log_in(self, data, key, days, hours, who, draft):
        def made(_data, number, program):
            competency = self._competency(program.id)
            form = {
                "client_key": f"key-{number}-{key}", "program": str(program.id), "hours": hours, "stage": "1",
                "day": (TODAY + timedelta(days=days)).isoformat(), "task": f"{self.campuses[number].mark}检测",
                "competencies": [str(competency)], "learned": "先看照明再动治具。",
            }  # fmt: skip
            return who, "/logs/draft" if draft == 4 else "/logs", form

        self._with(data, Program, 3, made)

    @rule(data=st.data(), place=COUNT, deed=st.sampled_from(["sign", "sign", "return", "discard"]))
    def settles_a_log(self, data, place, deed):
        def made(_data, _number, log):
            who = Role.TRAINEE if deed == "discard" else Role.ENTERPRISE_MENTOR
            return who, f"/logs/{log.id}/{deed}", {"comment": "补上间隙数值"}

        self._with(data, PracticeLog, place, made)

    @rule(data=st.data(), place=COUNT, stage=st.integers(0, 3),
          outcome=st.sampled_from(["passed", "remedial", "eliminated"]),
          who=st.sampled_from([Role.SCHOOL_TEACHER, Role.ENTERPRISE_MENTOR]), attempt=st.integers(1, 2))  # fmt: skip
    def judges_at_a_gate(self, data, place, stage, outcome, who, attempt):
        form = {"attempt": str(attempt), "outcome": outcome, "comment": "按标准", "tasks-0-what": "再测十件",
                "tasks-0-due_on": (TODAY + timedelta(days=9)).isoformat()}  # fmt: skip

        def made(_data, _number, one):
            return who, f"/programs/{one.program_id}/practice/{one.id}/gates/{stage}", form

        self._with(data, Enrolment, place, made)

    @rule(data=st.data(), stage=st.integers(0, 3))
    def starts_a_stage(self, data, stage):
        self._with(
            data,
            Program,
            3,
            lambda d, n, p: (Role.STAFF, f"/programs/{p.id}/practice/stage", {"stage": stage}),
        )

    @rule(data=st.data(), place=COUNT, deed=st.sampled_from(["open", "close", "settle"]))
    def opens_or_closes_a_window(self, data, place, deed):
        def made(_data, _number, one):
            return (
                Role.STAFF,
                f"/programs/{one.program_id}/evaluation/windows/{one.id}/{deed}",
                {"reason": REASON},
            )

        self._with(data, Window, place, made)

    @rule(data=st.data(), party=st.sampled_from(list(PARTIES)), whom=COUNT,
          mark=st.sampled_from(["1", "3", "5", "6", ""]), draft=st.integers(0, 4))  # fmt: skip
    def rates(self, data, party, whom, mark, draft):
        def made(_data, number, window):
            one = self._enrolment(window.program_id, whom)
            who = (
                "second"
                if party == "trainee" and one and one.user_id == self.campuses[number].second.id
                else PARTIES[party]
            )
            tail = "/draft" if draft == 4 else ""
            return (
                who,
                f"/ratings/{window.id}/{one.id if one else 0}/{party}{tail}",
                self._answers(window.id, mark),
            )

        self._with(data, Window, -1, made)

    @rule(data=st.data(), place=COUNT, mark=st.sampled_from(["2", "4"]), reason=st.sampled_from([REASON, ""]))
    def corrects_a_rating(self, data, place, mark, reason):
        def made(_data, _number, one):
            form = self._answers(one.window_id, mark) | {"reason": reason}
            return PARTIES.get(one.party.value, Role.STAFF), f"/ratings/given/{one.id}/correction", form

        self._with(data, Rating, place, made)

    @rule(data=st.data(), place=COUNT, who=st.sampled_from([Role.ENTERPRISE_MENTOR, Role.SCHOOL_TEACHER, Role.STAFF]),
          deed=st.sampled_from(["answer", "decision"]))  # fmt: skip
    def talks_about_a_difference(self, data, place, who, deed):
        form = {"answer": "keep", "kind": "keep", "reason": "复看记录后定"}

        def made(_data, _number, one):
            return who, f"/programs/{one.program_id}/moderations/{one.id}/{deed}", form

        self._with(data, Moderation, place, made)

    @rule(data=st.data())
    def appeals(self, data):
        form = {"grounds": "上机考核补测过"}
        self._with(
            data,
            Window,
            -1,
            lambda d, n, w: (Role.TRAINEE, f"/programs/{w.program_id}/windows/{w.id}/appeal", form),
        )

    @rule(
        data=st.data(),
        whom=COUNT,
        kind=st.sampled_from(["passed", "failed", "accept"]),
        reason=st.sampled_from([REASON, ""]),
    )
    def decides_the_result(self, data, whom, kind, reason):
        def made(_data, _number, program):
            one = self._enrolment(program.id, whom)
            if kind == "accept" or one is None:
                return Role.STAFF, f"/programs/{program.id}/result/accept", {}
            return (
                Role.STAFF,
                f"/programs/{program.id}/result/decide",
                {"id": one.id, "kind": kind, "reason": reason},
            )

        self._with(data, Program, 4, made)

    @rule(data=st.data(), whom=COUNT)
    def issues_certificates(self, data, whom):
        def made(_data, _number, program):
            one = self._enrolment(program.id, whom)
            form = {"id": [one.id]} if one else {}
            return Role.STAFF, f"/programs/{program.id}/certificates/{'issue' if one else 'issue-all'}", form

        self._with(data, Program, 4, made)

    @rule(data=st.data(), place=COUNT, deed=st.sampled_from(["revoke", "reissue"]))
    def takes_a_certificate_back(self, data, place, deed):
        self._with(
            data,
            Certificate,
            place,
            lambda d, n, c: (Role.STAFF, f"/certified/{c.id}/{deed}", {"reason": REASON}),
        )

    @rule(data=st.data(), weight=st.sampled_from(["20", "50", "-5", "x"]))
    def weighs_the_parties(self, data, weight):
        def made(_data, _number, program):
            with self.app.app_context():
                version = db.session.scalar(
                    sa.select(Scheme.version)
                    .where(Scheme.program_id == program.id)
                    .order_by(Scheme.id.desc())
                )
            form = {"trainee": weight, "enterprise": "45", "teacher": "35", "pass_mark": "3", "good_mark": "4.25",
                    "divergence": "2", "version": str(version or 1)}  # fmt: skip
            return Role.STAFF, f"/programs/{program.id}/evaluation/scheme/weights", form

        self._with(data, Program, 4, made)

    @rule(data=st.data())
    def sends_the_same_again(self, data):
        if self.last is not None:
            number, who, path, form, method = self.last
            self.send(number, who, path, form, method)

    @rule(data=st.data(), who=st.sampled_from([*ROLES, NOBODY]))
    def sends_the_same_as_somebody_else(self, data, who):
        if self.last is not None and self.last[4] == "POST":
            _number, _who, path, form, method = self.last
            self.send(data.draw(st.integers(0, 1)), who, path, form, method)

    @invariant()
    def nothing_forbidden_came_of_it(self):
        self.holds.look()

    def teardown(self):
        self.holds.look_at_the_chain()

    # --- shared ----------------------------------------------------------------------------------------

    def _with(self, data: Any, kind: Any, place: int, made: Any) -> None:
        """Draw whose row it is about, make the request for it and send it."""
        number = data.draw(st.integers(0, 1), label="of")
        row = self.row(kind, (number, place))
        if row is not None:
            who, path, form = made(data, number, row)
            self._sent(data, number, who, path, form)

    def _sent(self, data: Any, number: int, who: Any, path: str, form: Any) -> None:
        """Send as who should; one time in five as somebody else, of either college, or with an id that is none."""
        wrong = data.draw(st.integers(0, 11), label="who asks")
        if wrong == 9:
            who = data.draw(st.sampled_from([*ROLES, NOBODY]), label="somebody else")
        if wrong == 11:
            path = re.sub(r"\d+", "999999", path, count=1)
        self.send(1 - number if wrong == 10 else number, who, path, form)

    def _answers(self, window_id: int, mark: str) -> dict[str, str]:
        with self.app.app_context():
            scheme = sa.select(Window.scheme_id).where(Window.id == window_id).scalar_subquery()
            criteria = db.session.scalars(sa.select(Criterion.id).where(Criterion.scheme_id == scheme)).all()
        return {f"c{criterion}": mark for criterion in criteria}

    def _enrolment(self, program_id: int, place: int) -> Any:
        with self.app.app_context():
            of = sa.select(Enrolment).where(Enrolment.program_id == program_id).order_by(Enrolment.id)
            rows = db.session.scalars(of).all()
            db.session.expunge_all()
        return rows[place % len(rows)] if rows else None

    def _competency(self, program_id: int) -> int:
        with self.app.app_context():
            found = db.session.scalar(sa.select(Competency.id).where(Competency.program_id == program_id))
        return found or 0


def pages_of(app: Any, arguments: set[str]) -> list[str]:
    """Return the addresses of all pages that take just these arguments, in an order that is always the same."""
    rules = (
        rule for rule in app.url_map.iter_rules() if "GET" in rule.methods and rule.arguments == arguments
    )
    return sorted(rule.rule for rule in rules if not rule.endpoint.startswith(NOT_READ))


def content_of(answer: Any) -> str:
    """Return all that an answer says, what is packed into a workbook or an archive too."""
    raw = answer.get_data()
    answer.close()
    if raw[:2] != b"PK":
        return raw.decode("utf-8", "replace") + answer.headers.get("Location", "")
    with zipfile.ZipFile(io.BytesIO(raw)) as archive:
        return "".join(archive.read(name).decode("utf-8", "replace") for name in archive.namelist())
