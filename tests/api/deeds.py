"""One fitting request for each write of the API, in the populated world: where it goes and what it says."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import sqlalchemy as sa

from tests.factories import NOW, TODAY, World, keep
from tests.populated import Populated
from trainmgr.api.operations import WRITES
from trainmgr.enrolment.models import Enrolment
from trainmgr.evaluation import queries as evaluation
from trainmgr.evaluation import ratings
from trainmgr.evaluation.rules import Party
from trainmgr.identity.models import Membership, User
from trainmgr.kernel.access import Role
from trainmgr.kernel.db import db
from trainmgr.mentoring.models import Mentor, ProgramMentor, ProposedPair
from trainmgr.needs.models import BusinessNeed, Indicator
from trainmgr.programs.rules import Side, State

YESTERDAY = (TODAY - timedelta(days=1)).isoformat()
FREE_DAY = (TODAY - timedelta(days=3)).isoformat()  # nobody has a session on it
_keys = itertools.count(1)


@dataclass
class Arranged:
    """The populated world, with a programme at its beginning and a mentor to hand over to besides."""

    made: Populated
    ids: dict[str, int]
    marks: dict[str, list[dict[str, Any]]]

    def path(self, name: str, **other: int) -> str:
        """Return the address of a write; `other` puts other ids there."""
        address = WRITES[name].path
        for variable, key in ADDRESSES.get(name, {}).items():
            address = address.replace(f"<int:{variable}>", str(other.get(variable, self.ids[key])))
        return address.replace("<int:program_id>", str(other.get("program_id", self.ids["program"])))

    def body(self, name: str) -> dict[str, Any]:
        """Return what a write says."""
        return BODIES[name](self)


def arrange(world: World, made: Populated) -> Arranged:
    """Add what the writes need besides what the populated world has."""
    rows, staff = made.rows, made.people[Role.STAFF]
    early = world.program(
        State.DRAFT, name="筹备中的项目", department_id=rows["department"].id, created_by=staff,
        college=rows["college"], enterprise=rows["enterprise"],
    )  # fmt: skip
    other = world.user(Role.ENTERPRISE_MENTOR, rows["enterprise"], name="另一位师傅")
    ids = {
        name: rows[name].id
        for name in ("program", "enrolment", "standing_change", "proposal", "program_mentor", "log", "rating",
                     "external_certificate", "window", "competency", "indicator", "business_need", "held")
    }  # fmt: skip
    ids |= {"early": early.id, "early_competency": world.competency(early).id}
    with world.app.app_context():
        ids["early_gap"] = keep(Indicator(program_id=early.id, name="一次合格率", expected=98, current=94)).id
        ids["early_need"] = keep(BusinessNeed(program_id=early.id, position=1, text="降低返修")).id
        mentor = keep(
            Mentor(
                user_id=other.id, organization_id=rows["enterprise"].id, side=Side.ENTERPRISE, name=other.name
            )
        )
        named = {"program_id": ids["program"], "side": Side.ENTERPRISE}
        ids["successor"] = keep(ProgramMentor(mentor_id=mentor.id, **named)).id
        second = sa.select(Enrolment.id).where(
            Enrolment.program_id == ids["program"], Enrolment.id != ids["enrolment"]
        )
        ids["second"] = db.session.scalars(second.order_by(Enrolment.id)).first()
        ids["pair"] = db.session.scalars(
            sa.select(ProposedPair.id)
            .where(ProposedPair.proposal_id == ids["proposal"], ProposedPair.mentor_id.is_not(None))
            .order_by(ProposedPair.id)
        ).first()
        ids["pair_mentor"] = mentor.id
        teacher = made.people[Role.SCHOOL_TEACHER].id
        ids["teacher"] = teacher
        ids["post"] = db.session.scalar(sa.select(Membership.id).where(Membership.user_id == teacher))
        window = evaluation.window_or_404(ids["program"], ids["window"])
        marks = {
            party.value: [
                {"criterion_id": one.id, "score": 4} for one in ratings.questions_for(window, party)
            ]
            for party in (Party.TRAINEE, Party.ENTERPRISE)
        }
        db.session.rollback()
    return Arranged(made, ids, marks)


def token_of(app: Any, person: User, scopes: Any) -> str:
    """Give somebody a token; returns its text."""
    from trainmgr.api.models import ApiToken
    from trainmgr.api.rules import digest_of, new_token

    text = new_token()
    with app.app_context():
        keep(
            ApiToken(user_id=person.id, name="x", digest=digest_of(text), beginning="tm_", scopes=list(scopes),
                     created_at=NOW, expires_at=NOW + timedelta(days=30))
        )  # fmt: skip
    return text


def sent(caller: Any, name: str, path: str, body: dict[str, Any], **headers: str) -> Any:
    """Send a write under a key of its own, whatever the version is."""
    told = {"Idempotency-Key": f"deed-{next(_keys)}", "If-Match": "*"} | headers
    return caller.open(WRITES[name].method, path, told, json=body)


# Which row the variables of an address mean, apart from the programme.
ADDRESSES: dict[str, dict[str, str]] = {
    "change_program": {"row_id": "early"},
    "create_competency": {"program_id": "early"},
    "change_competency": {"program_id": "early", "row_id": "early_competency"},
    "create_performance_gap": {"program_id": "early"},
    "change_performance_gap": {"program_id": "early", "row_id": "early_gap"},
    "create_business_need": {"program_id": "early"},
    "change_business_need": {"program_id": "early", "row_id": "early_need"},
    "change_person": {"row_id": "teacher"},
    "change_post": {"row_id": "teacher", "post_id": "post"},
    "change_enrolment": {"row_id": "enrolment"},
    "change_standing": {"row_id": "second"},
    "call_standing_change_off": {"row_id": "standing_change"},
    "approve_proposal": {"row_id": "proposal"},
    "drop_proposal": {"row_id": "proposal"},
    "lock_pair": {"row_id": "pair"},
    "move_pair": {"row_id": "pair"},
    "hand_over": {"row_id": "program_mentor"},
    "sign_log": {"row_id": "log"},
    "return_log": {"row_id": "log"},
    "mark_session": {"row_id": "held"},
    "correct_rating": {"row_id": "rating"},
    "verify_external_certificate": {"row_id": "external_certificate"},
    "refuse_external_certificate": {"row_id": "external_certificate"},
    "withdraw_external_certificate": {"row_id": "external_certificate"},
}
_LEVELS = {"importance": 4.5, "required_level": 4, "current_level": 2}
_REASON = {"reason": "经核实"}


def _rating(arranged: Arranged) -> dict[str, Any]:
    ids = {"window_id": arranged.ids["window"], "enrolment_id": arranged.ids["enrolment"]}
    return ids | {"party": "enterprise", "marks": arranged.marks["enterprise"], "comment": "踏实"}


BODIES: dict[str, Callable[[Arranged], dict[str, Any]]] = {
    "create_program": lambda a: {
        "pathway": "eight-stage", "college_id": a.made.rows["college"].id, "name": "接口建的项目", "code": "API-1",
        "kind": "modern_apprenticeship", "starts_on": "2027-03-01", "ends_on": "2028-01-31", "planned_size": 30,
        "parties": [{"organization_id": a.made.rows["enterprise"].id, "role": "enterprise"}],
    },
    "change_program": lambda a: {"name": "改了名的项目", "planned_size": 35},
    "create_competency": lambda a: {"name": "设备点检"} | _LEVELS,
    "change_competency": lambda a: {"required_level": 4.5},
    "create_performance_gap": lambda a: {
        "name": "停机时间", "direction": "lower", "expected": 2, "current": 3.5, "unit": "h",
        "competency_ids": [a.ids["early_competency"]],
    },
    "change_performance_gap": lambda a: {"current": 95.25},
    "create_business_need": lambda a: {"text": "缩短换型时间", "source": "年度计划"},
    "change_business_need": lambda a: {"text": "降低返修率"},
    "create_person": lambda a: {
        "name": "新来的老师", "username": "xinlaoshi", "organization_id": a.made.rows["college"].id,
        "role": "school_teacher", "number": "T-900", "phone": "13800138009",
    },
    "change_person": lambda a: {"name": "改了名的老师"},
    "change_post": lambda a: {"number": "T-901", "title": "讲师"},
    "create_enrolment": lambda a: {
        "college_id": a.made.rows["college"].id, "name": "接口录的学员", "student_number": "API-001",
        "cohort": "接口班",
    },
    "change_enrolment": lambda a: {"employee_number": "API-E1"},
    "change_standing": lambda a: {"kind": "suspend", "day": TODAY.isoformat(), "expected_on": "2027-03-01"} | _REASON,
    "call_standing_change_off": lambda a: _REASON,
    "create_proposal": lambda a: {"side": "college", "way": "even_loads"},
    "approve_proposal": lambda a: {},
    "drop_proposal": lambda a: {},
    "lock_pair": lambda a: {"locked": True},
    "move_pair": lambda a: {"mentor_id": a.ids["pair_mentor"]},
    "hand_over": lambda a: {
        "successor_id": a.ids["successor"], "enrolment_ids": [a.ids["enrolment"]], "day": TODAY.isoformat(),
    } | _REASON,
    "submit_log": lambda a: {
        "day": YESTERDAY, "minutes": 60, "stage_number": 1, "task": "点检", "learned": "听声辨位",
        "competency_ids": [a.ids["competency"]],
    },
    "sign_log": lambda a: {},
    "return_log": lambda a: {"comment": "哪台设备？"},
    "mark_session": lambda a: {
        "marks": [{"enrolment_id": a.ids["enrolment"], "mark": "present", "seen": "absent"}]
    },
    "mark_day": lambda a: {"day": FREE_DAY, "marks": [{"enrolment_id": a.ids["enrolment"], "mark": "present"}]},
    "save_rating_draft": lambda a: _rating(a) | {"marks": a.marks["enterprise"][:1]},
    "submit_rating": _rating,
    "correct_rating": lambda a: {"marks": a.marks["trainee"]} | _REASON,
    "enter_external_certificate": lambda a: {
        "enrolment_id": a.ids["enrolment"], "level": "senior", "name": "钳工", "number": "Z-2026-9",
        "issuer": "鉴定中心", "issued_on": YESTERDAY,
    },
    "verify_external_certificate": lambda a: {},
    "refuse_external_certificate": lambda a: _REASON,
    "withdraw_external_certificate": lambda a: _REASON,
}  # fmt: skip
