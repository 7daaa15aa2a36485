"""What must hold after every request, read from the database: `Holds.look` raises AssertionError with the last request.

The promises are those of the house: records that were handed in never change, programmes go only along their road,
whoever rates is a party, figures are those that the records give, and what was done stands in the trail.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from flask import Flask

from tests.factories import NOW
from trainmgr.certificates.models import Certificate, CertificateRevocation
from trainmgr.curriculum.models import Edition, EditionState, Module, PlanStage
from trainmgr.enrolment.models import Enrolment, EnrolmentState
from trainmgr.evaluation import queries as evaluation
from trainmgr.evaluation.models import Party as RatingParty
from trainmgr.evaluation.models import Rating, RatingScore, Result, Scheme, Window, WindowRater
from trainmgr.evaluation.recompute import recompute
from trainmgr.evaluation.rules import RatingState
from trainmgr.kernel.audit import AuditEvent
from trainmgr.kernel.db import db
from trainmgr.mentoring.models import Assignment, Mentor
from trainmgr.moderation.models import ModerationDecision
from trainmgr.operation.sealing import seal, verify
from trainmgr.outcomes.models import PassDecision
from trainmgr.practice.models import GateDecision, LogDecision, LogState, PracticeLog
from trainmgr.programs.models import Program
from trainmgr.programs.rules import FORWARD, State

# What may change of a record that was handed in: how it stands, never what it says.
CHANGING = {
    Rating: {"state", "version"}, PracticeLog: {"state", "version", "signer_id", "side"},
    GateDecision: {"is_latest"}, PassDecision: {"is_present"},
}  # fmt: skip
KEPT: Sequence[Any] = (
    Rating, RatingScore, PracticeLog, LogDecision, GateDecision, PassDecision, Certificate, CertificateRevocation,
    ModerationDecision, AuditEvent,
)  # fmt: skip
ASIDE = {State.SUSPENDED, State.CANCELLED}
NOT_OVER = {*FORWARD}
BY_THREE = {RatingParty.TRAINEE: "user_id", RatingParty.ENTERPRISE: "enterprise_mentor_id",
            RatingParty.TEACHER: "school_teacher_id"}  # fmt: skip


class Holds:
    """What was there when one looked last, and what was asked since."""

    def __init__(self, app: Flask, campuses: Sequence[Any]) -> None:
        self.app = app
        self.colleges = {campus.college.id for campus in campuses}
        self.asked = "the beginning"
        self.status = 0
        self.before: dict[str, Any] | None = None

    def note(self, asked: str, status: int) -> None:
        """Remember what was asked, to tell it when something does not hold."""
        self.asked, self.status = asked, status

    def look(self) -> None:
        """Read everything anew and hold it against what was there before."""
        with self.app.app_context():
            now = self._read()
            if self.before is not None:
                self._compare(self.before, now)
            self._look_alone(now)
            if self.before is None or self.before["rated"] != now["rated"]:
                self._recompute(now)
            db.session.rollback()
        self.before = now

    def look_at_the_chain(self) -> None:
        """Seal the trail and verify its chain from the beginning."""
        with self.app.app_context():
            while seal(NOW, all_of_it=True):
                pass
            verdict = verify(NOW)
            assert not verdict.broken, f"{verdict.broken} (after {self.asked})"
            assert not verdict.unsealed
            db.session.rollback()

    # --- reading -----------------------------------------------------------------------------------------

    def _read(self) -> dict[str, Any]:
        found: dict[str, Any] = {kind: self._table(kind) for kind in KEPT}
        drafts = {key for (key,), row in found[Rating].items() if row["state"] is RatingState.DRAFT}
        found[RatingScore] = {
            key: row for key, row in found[RatingScore].items() if row["rating_id"] not in drafts
        }
        found[Rating] = {
            key: row for key, row in found[Rating].items() if row["state"] is not RatingState.DRAFT
        }
        found[PracticeLog] = {
            key: row for key, row in found[PracticeLog].items() if row["state"] is not LogState.DRAFT
        }
        found["programs"] = {key[0]: row["state"] for key, row in self._table(Program).items()}
        found["enrolments"] = {key[0]: row for key, row in self._table(Enrolment).items()}
        found["assignments"] = self._table(Assignment)
        found["plans"] = self._signed_plans()
        found["rated"] = (found[Rating], found[ModerationDecision], self._table(Window))
        found["deeds"] = len(found[AuditEvent])
        return found

    @staticmethod
    def _table(kind: Any) -> dict[tuple[Any, ...], dict[str, Any]]:
        table = kind.__table__
        keys = [column.name for column in table.primary_key.columns]
        rows = db.session.execute(sa.select(table)).mappings()
        return {tuple(row[key] for key in keys): dict(row) for row in rows}

    @staticmethod
    def _signed_plans() -> dict[int, Any]:
        signed = [EditionState.SIGNED, EditionState.AGREED, EditionState.SUPERSEDED]
        editions = db.session.execute(sa.select(Edition.id).where(Edition.state.in_(signed))).scalars()
        plans: dict[int, Any] = {edition: [] for edition in editions}
        for kind in (PlanStage, Module):
            of = (
                sa.select(kind.__table__)
                .where(kind.edition_id.in_(plans))
                .order_by(*kind.__table__.primary_key)
            )
            for row in db.session.execute(of).mappings():
                plans[row["edition_id"]].append(dict(row))
        return plans

    # --- what must hold ----------------------------------------------------------------------------------

    def _compare(self, before: dict[str, Any], now: dict[str, Any]) -> None:
        for kind in KEPT:
            changing = CHANGING.get(kind, set())
            for key, row in before[kind].items():
                left = now[kind].get(key)
                assert left is not None, f"{kind.__tablename__} {key} is gone after {self.asked}"
                changed = {name for name in row if name not in changing and row[name] != left[name]}
                assert not changed, f"{kind.__tablename__} {key} changed its {changed} after {self.asked}"
        for key, plan in before["plans"].items():
            assert now["plans"].get(key) == plan, f"the signed plan {key} changed after {self.asked}"
        for key, state in before["programs"].items():
            self._went_along_the_road(key, state, now["programs"][key])
        for rating in now[Rating].keys() - before[Rating].keys():
            self._is_a_party(now[Rating][rating], before["enrolments"])
        for log in now[PracticeLog].keys() - before[PracticeLog].keys():
            self._lies_in_the_training(now[PracticeLog][log], now["enrolments"])
        if self._did_something(before, now):
            assert now["deeds"] > before["deeds"], f"nothing in the trail tells of {self.asked}"
            assert self.status < 400 or self.status == 422, (
                f"refused with {self.status}, and yet done: {self.asked}"
            )

    def _did_something(self, before: dict[str, Any], now: dict[str, Any]) -> bool:
        kinds = [*(kind for kind in KEPT if kind is not AuditEvent), "programs", "assignments", "plans"]
        standing = [
            {key: (row["state"], row["left_on"]) for key, row in one["enrolments"].items()}
            for one in (before, now)
        ]
        return any(before[kind] != now[kind] for kind in kinds) or standing[0] != standing[1]

    def _went_along_the_road(self, key: int, before: State, now: State) -> None:
        allowed = {before, FORWARD.get(before)}
        if before in NOT_OVER:
            allowed |= ASIDE
        if before is State.SUSPENDED:
            allowed |= {*NOT_OVER, State.CANCELLED}
        assert now in allowed, f"programme {key} went from {before} to {now} by {self.asked}"

    def _is_a_party(self, rating: dict[str, Any], enrolments: dict[int, Any]) -> None:
        column = BY_THREE.get(rating["party"])
        if column is not None:
            asked = {enrolments[rating["enrolment_id"]][column]}
        else:
            of = sa.select(WindowRater.user_id).where(
                WindowRater.window_id == rating["window_id"], WindowRater.party == rating["party"],
                WindowRater.enrolment_id == rating["enrolment_id"],
            )  # fmt: skip
            asked = set(db.session.scalars(of))
        assert rating["rater_id"] in asked, f"{rating['party']} was rated by somebody else: {self.asked}"

    def _lies_in_the_training(self, log: dict[str, Any], enrolments: dict[int, Any]) -> None:
        one = enrolments[log["enrolment_id"]]
        last = log["until"] or log["day"]
        assert one["enrolled_on"] <= log["day"], f"a log of {log['day']}, before the training: {self.asked}"
        assert one["left_on"] is None or last <= one["left_on"], f"a log of {last}, after it: {self.asked}"
        assert last <= NOW.date(), f"a log of {last}, which is still to come: {self.asked}"

    def _look_alone(self, now: dict[str, Any]) -> None:
        """What must hold whatever was there before."""
        for (key,), scheme in self._table(Scheme).items():
            weights = [value for name, value in scheme.items() if name.endswith("_weight")]
            assert abs(sum(weights) - 100) < 0.01, f"scheme {key} weighs {weights} after {self.asked}"
            assert min(weights) >= 0, f"scheme {key} weighs {weights} after {self.asked}"
        loads = Counter(row["mentor_id"] for row in now["assignments"].values() if row["ends_on"] is None)
        for (key,), mentor in self._table(Mentor).items():
            assert loads[key] <= mentor["capacity"], (
                f"mentor {key} has {loads[key]} trainees after {self.asked}"
            )
        present = Counter(
            row["program_id"]
            for row in now["enrolments"].values()
            if row["state"] is not EnrolmentState.WITHDRAWN
        )
        for (key,), program in self._table(Program).items():
            assert present[key] <= program["planned_size"], (
                f"programme {key} has {present[key]} after {self.asked}"
            )
        living = Counter(
            row["enrolment_id"]
            for key, row in now[Certificate].items()
            if key not in now[CertificateRevocation]
        )
        assert not living or max(living.values()) == 1, f"two certificates of one trainee after {self.asked}"
        passed = {
            row["enrolment_id"]
            for row in now[PassDecision].values()
            if row["is_present"] and row["kind"] == "passed"
        }
        new = now[Certificate].keys() - (self.before[Certificate].keys() if self.before else set())
        for key in new:
            assert now[Certificate][key]["enrolment_id"] in passed, (
                f"a certificate without a pass: {self.asked}"
            )

    def _recompute(self, now: dict[str, Any]) -> None:
        """Results are what the ratings give, worked out anew."""
        stored = self._results()
        for window_id in sorted({row["window_id"] for row in now[Rating].values()}):
            window = db.session.scalars(
                evaluation.with_criteria(sa.select(Window).where(Window.id == window_id))
            ).one()
            recompute(window, now=NOW)
        db.session.flush()
        assert self._results() == stored, f"results are not what the ratings give after {self.asked}"

    @staticmethod
    def _results() -> dict[Any, Any]:
        rows = db.session.execute(sa.select(Result.__table__)).mappings()
        return {
            (row["window_id"], row["enrolment_id"]): {
                name: round(value, 9) if isinstance(value, float) else value
                for name, value in row.items()
                if name not in ("id", "computed_at")
            }
            for row in rows
        }
