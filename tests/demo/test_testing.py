"""The demo's tests: taken before and at the end by technicians of 庆铃, open now for the class of 蓝思."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from tests.demo.test_demo import programs_of, sign_in
from trainmgr.enrolment.models import Enrolment, EntryLevel
from trainmgr.identity.models import User
from trainmgr.kernel.clock import utcnow
from trainmgr.needs.models import AnalysisState, Competency, NeedsAnalysis
from trainmgr.needs.rules import LevelSource
from trainmgr.testing.models import Attempt, Participant, Sitting
from trainmgr.testing.rules import Purpose, SittingState

pytestmark = pytest.mark.demo


def sittings_of(session, slug):
    program = programs_of(session, slug)[-1]
    found = session.scalars(
        sa.select(Sitting).where(Sitting.program_id == program.id).order_by(Sitting.opens_at)
    )
    return program, found.all()


def test_the_technicians_were_tested_before_the_analysis_was_signed_and_again_at_the_end(session):
    program, (entry, end) = sittings_of(session, "five-dimension")

    analysis = session.scalars(sa.select(NeedsAnalysis).where(NeedsAnalysis.program_id == program.id)).one()
    sources = set(
        session.scalars(sa.select(Competency.level_source).where(Competency.program_id == program.id))
    )
    assert (entry.purpose, end.purpose) == (Purpose.ENTRY, Purpose.END)
    assert entry.version_id == end.version_id
    assert analysis.state is AnalysisState.FROZEN
    assert entry.closed_at < entry.taken_at < analysis.frozen_at
    assert sources == {LevelSource.TESTED}
    assert not session.scalar(sa.select(sa.func.sum(Attempt.waiting)).where(Attempt.sitting_id == end.id))


def test_who_was_tested_starts_with_the_measured_level(session):
    _program, (entry, _end) = sittings_of(session, "five-dimension")

    levels = session.scalars(
        sa.select(EntryLevel.level)
        .join(Enrolment, Enrolment.id == EntryLevel.enrolment_id)
        .join(Participant, Participant.user_id == Enrolment.user_id)
        .join(Attempt, sa.and_(Attempt.participant_id == Participant.id, Attempt.counts))
        .where(Participant.sitting_id == entry.id)
    ).all()

    assert levels
    assert all(level == int(level) for level in levels)


def test_the_staff_reads_report_gain_and_what_was_not_closed(session, client):
    program, (entry, end) = sittings_of(session, "five-dimension")
    sign_in(client, "tanxiaofeng")

    home = f"/programs/{program.id}"
    for path in (
        f"/tests/{entry.id}/report",
        f"/tests/{end.id}/report",
        "/gain",
        "/gain/word",
        f"/tests/{end.id}/report/word",
    ):
        assert client.get(home + path).status_code == 200, path
    assert "没有补齐的差距" in client.get(f"{home}/gain").get_data(as_text=True)
    assert "测试结果说明了什么" in client.get(f"{home}/result").get_data(as_text=True)


def test_an_apprentice_can_take_a_test_now(session, client):
    _program, (open_now,) = sittings_of(session, "eight-stage")
    place = session.scalars(
        sa.select(Participant)
        .join(User, User.id == Participant.user_id)
        .where(Participant.sitting_id == open_now.id, User.username == "penghaoran")
    ).one()

    sign_in(client, "penghaoran")

    assert open_now.state_at(utcnow()) is SittingState.OPEN
    assert client.get(f"/tests/{place.id}").status_code == 200
