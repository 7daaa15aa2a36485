"""The trace: from an hour of the plan to the gap that asked for it, and to what proves that it was closed."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests.factories import NOW, TODAY
from trainmgr.kernel.access import Role
from trainmgr.kernel.db import db
from trainmgr.needs.models import Competency, Indicator, IndicatorLink
from trainmgr.outcomes.models import GapClosure
from trainmgr.practice.models import LogCompetency, LogDecision, PracticeLog
from trainmgr.practice.rules import LogDecisionKind, LogState
from trainmgr.programs.rules import Side
from trainmgr.standards import models as standards
from trainmgr.standards.rules import TaskKind, VersionState


def url(plans, **asked):
    return f"/programs/{plans.program.id}/plan/trace?" + "&".join(f"{k}={v}" for k, v in asked.items())


@pytest.fixture
def traced(plans):
    """A signed plan; its first competency comes from a job standard, was practised and measured."""
    plans.signed()
    people = [plans.world.enrolment(plans.program) for _each in range(3)]
    with plans.world.inside():
        db.session.add_all([*_indicator(plans), *_measured(plans)])
        _standard(plans)
        _practised(plans, people)
        db.session.commit()
    return plans


def _indicator(plans):
    indicator = Indicator(program_id=plans.program.id, name="一次合格率", unit="%", expected=98, current=91)
    db.session.add(indicator)
    db.session.flush()
    return [IndicatorLink(indicator_id=indicator.id, competency_id=plans.competencies[0].id)]


def _measured(plans):
    return [
        GapClosure(
            program_id=plans.program.id, competency_id=plans.competencies[0].id, n=24, before=2.1, after=3.9,
            required=4.1, closed=0.9, computed_at=NOW,
        )
    ]  # fmt: skip


def _standard(plans):
    standard = standards.JobStandard(
        college_id=plans.program.lead_college_id, code="P1", post="多轴操作工", created_by_id=plans.staff.id,
        created_at=NOW,
    )  # fmt: skip
    db.session.add(standard)
    db.session.flush()
    version = standards.StandardVersion(
        standard_id=standard.id, number=3, created_by_id=plans.staff.id, created_at=NOW,
        state=VersionState.DRAFT,
    )  # fmt: skip
    lasting = standards.StandardCompetency(standard_id=standard.id)
    db.session.add_all([version, lasting])
    db.session.flush()
    typical, told = (
        standards.StandardTask(version_id=version.id, kind=kind, position=1, name=name)
        for kind, name in ((TaskKind.TYPICAL, "首件检测"), (TaskKind.REPRESENTATIVE, "用三坐标测首件"))
    )
    db.session.add_all([typical, told])
    db.session.flush()
    db.session.add_all(
        [
            standards.TaskSource(task_id=typical.id, source_id=told.id, version_id=version.id),
            standards.TaskCompetency(task_id=typical.id, competency_id=lasting.id, version_id=version.id),
            standards.ProgramStandard(
                program_id=plans.program.id, standard_id=standard.id, version_id=version.id,
                chosen_by_id=plans.staff.id, chosen_at=NOW,
            ),
        ]
    )  # fmt: skip
    db.session.get(Competency, plans.competencies[0].id).standard_competency_id = lasting.id


def _practised(plans, people):
    """Two signed logs and one that still waits, of a trainee each; the first in the first module that serves."""
    plan, competency = plans.plan(), plans.competencies[0]
    module = next(m for m in plan.modules if (m.id, competency.id) in plan.cells)
    for number, state in enumerate((LogState.SIGNED, LogState.SIGNED, LogState.SUBMITTED)):
        log = PracticeLog(
            program_id=plans.program.id, enrolment_id=people[number].id, stage_number=1, side=Side.ENTERPRISE,
            module_id=module.id if number == 0 else None, day=TODAY - timedelta(days=number), minutes=240,
            task=f"测量任务{number}", state=LogState.DRAFT, created_at=NOW, submitted_at=NOW,
        )  # fmt: skip
        db.session.add(log)
        db.session.flush()
        db.session.add(LogCompetency(log_id=log.id, competency_id=competency.id))
        db.session.flush()
        log.state = state
        if state is LogState.SIGNED:
            db.session.add(
                LogDecision(
                    log_id=log.id, kind=LogDecisionKind.SIGN, by_id=plans.staff.id, by_name="x", at=NOW
                )
            )


def test_a_competency_is_traced_from_the_experts_to_the_evidence(traced, signed_in):
    page = (
        signed_in(traced.staff).get(url(traced, competency=traced.competencies[0].id)).get_data(as_text=True)
    )

    order = [
        page.index(text)
        for text in ("一次合格率", "用三坐标测首件", "优先，需要 24 学时", "测量任务0", "3.90")
    ]
    assert order == sorted(order)
    assert "多轴操作工，第 3 版" in page
    assert "2 篇已签日志，2 名学员，共 8 学时" in page
    assert "测量任务2" not in page
    assert "差距已缩小 90.0%" in page


def test_a_module_is_traced_with_its_own_logs_only(traced, signed_in):
    with traced.world.inside():
        plan = traced.plan()
        served = [m.id for m in plan.modules if (m.id, traced.competencies[0].id) in plan.cells]
    client = signed_in(traced.staff)
    asked = url(traced, module=served[0], competency=traced.competencies[0].id)
    page = client.get(asked).get_data(as_text=True)
    assert "1 篇已签日志" in page
    assert "测量任务1" not in page

    idle = next(m.id for m in plan.modules if not any(key[0] == m.id for key in plan.cells))
    assert "还没有服务任何能力" in client.get(url(traced, module=idle)).get_data(as_text=True)


def test_a_trainee_sees_neither_scores_nor_others_logs(traced, signed_in):
    trainee = traced.world.user(Role.TRAINEE)
    traced.world.enrolment(traced.program, user=trainee)
    page = signed_in(trainee).get(url(traced, competency=traced.competencies[0].id)).get_data(as_text=True)
    assert "精密测量" in page
    for secret in ("一次合格率", "测量任务", "差距已缩小"):
        assert secret not in page


def test_what_is_not_of_this_programme_is_not_found(traced, plans, signed_in):
    other = plans.world.competency(plans.world.program(), name="别处的", position=1)
    client = signed_in(traced.staff)
    assert client.get(url(traced, competency=other.id)).status_code == 404
    assert client.get(url(traced, module=999_999)).status_code == 404
    stranger = signed_in(plans.world.user(Role.TRAINEE))
    assert stranger.get(url(traced)).status_code == 404


def test_the_trace_takes_at_most_ten_statements(traced, signed_in, count_statements):
    client = signed_in(traced.staff)
    client.get(url(traced))
    with count_statements() as statements:
        assert client.get(url(traced, competency=traced.competencies[0].id)).status_code == 200
    assert len(statements) <= 10, [s[:90] for s in statements]


def test_plan_matrix_and_needs_lead_to_the_trace(traced, signed_in):
    client = signed_in(traced.staff)
    for page in ("plan", "plan/matrix", "needs"):
        text = client.get(f"/programs/{traced.program.id}/{page}").get_data(as_text=True)
        assert f"competency={traced.competencies[0].id}" in text, page
