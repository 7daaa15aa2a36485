"""Findings that changed something: 湛蓝's open gap is settled and changes the second intake; 蓝思 is at work on two."""

from __future__ import annotations

from datetime import date, timedelta

import sqlalchemy as sa
from sqlalchemy.orm import joinedload

from trainmgr.curriculum.models import Edition, Module, ModuleCompetency
from trainmgr.demo.playing import Case
from trainmgr.identity.models import User
from trainmgr.improvement import actions, finders, sources
from trainmgr.improvement.finders import Finding
from trainmgr.improvement.models import ImprovementItem, ImprovementProposal
from trainmgr.improvement.proposing import take
from trainmgr.improvement.rules import ProposalState, Source
from trainmgr.kernel.db import db

assert sources  # registers what finds them


def _found(case: Case, source: Source, on: date) -> list[Finding]:
    return list(finders.findings_of(case.program, source, on))


def _take_up(case: Case, finding: Finding, doer: User, on: date, due: date) -> ImprovementItem:
    charge = actions.Charge(finding.title, finding.standard, doer, due)
    return actions.take_up(case.program, finding, charge, by=case.staff, now=case.days.at(on, 10))


def learn(case: Case, end: date) -> None:
    """Of a finished intake: one gap goes through the whole cycle with a change for the next, one is set aside."""
    teacher, days = case.cast.many["gzqg_teacher"][0], case.days
    found = _found(case, Source.GAP, end)
    if not found:
        return
    item = _take_up(case, found[0], teacher, end + timedelta(days=4), end + timedelta(days=16))
    actions.plan(
        case.program, item, "召开校企复盘会，抽看 12 份带训日志；请师傅补两次示范，录成操作要点。",
        version=item.version, by=teacher, now=days.at(end + timedelta(days=5), 16),
    )  # fmt: skip
    db.session.flush()
    shown = actions.Evidence(
        "复盘会记录和 12 份日志显示，练习次数集中在前两周；操作要点已交两位师傅使用。",
        link=f"/programs/{case.program.id}/result",
    )
    actions.report(
        case.program, item, shown, version=item.version, by=teacher, now=days.at(end + timedelta(days=13), 17)
    )
    db.session.flush()
    actions.close(
        case.program, item, note="要点可用，下一届从第一周起分散练习。",
        change="把练习从前两周集中改为每周一次，并在阶段门前加一次复测。",
        version=item.version, by=case.staff, now=days.at(end + timedelta(days=16), 9),
    )  # fmt: skip
    if len(found) > 1:
        actions.set_aside(
            case.program, found[1], reason="下一届由企业换用新设备，测量方法随之改变", by=case.staff,
            now=days.at(end + timedelta(days=4), 11),
        )  # fmt: skip


def take_in(case: Case, edition: Edition, on: date) -> None:
    """Take what the intake before proposed into the module that serves the competency most."""
    for proposal in db.session.scalars(
        sa.select(ImprovementProposal)
        .where(
            ImprovementProposal.program_id == case.program.id, ImprovementProposal.state == ProposalState.OPEN
        )
        .options(joinedload(ImprovementProposal.item))
    ).all():
        module = _module(case, edition, proposal.item.measure_ref)
        note, now = "每周一次，阶段门前复测一次", case.days.at(on, 15)
        take(
            case.program,
            proposal,
            module,
            hours=0,
            note=note,
            version=proposal.version,
            by=case.staff,
            now=now,
        )


def _module(case: Case, edition: Edition, competency: str) -> int:
    wanted = {one.id for one in case.competencies if one.name == competency}
    serving = sa.select(Module.id).where(Module.edition_id == edition.id).order_by(Module.position)
    served = serving.join(ModuleCompetency, ModuleCompetency.module_id == Module.id).where(
        ModuleCompetency.competency_id.in_(wanted)
    )
    return db.session.scalars(served.limit(1)).first() or db.session.scalars(serving.limit(1)).one()


def under_way(case: Case) -> None:
    """蓝思 this month: what was written by hand is late, a module out of step waits for its check."""
    days, song = case.days, case.cast["song"]
    charge = actions.Charge(
        "检测工位晨会占用带训时间", "每名学员每周带训不少于 3 小时（以日志为准）", song, days.ago(3),
        text="师傅反映晨会延长到 40 分钟，学员上午的检测练习被挤掉。",
    )  # fmt: skip
    item = actions.take_up(case.program, None, charge, by=case.staff, now=days.at(days.ago(24), 9))
    actions.plan(
        case.program, item, "与车间商定晨会不超过 15 分钟，两周后抽查日志。", version=item.version, by=song,
        now=days.at(days.ago(20), 15),
    )  # fmt: skip
    for finding in _found(case, Source.ALIGNMENT, days.today)[:1]:
        item = _take_up(case, finding, song, days.ago(12), days.today + timedelta(days=9))
        actions.plan(
            case.program, item, "和企业工程师一起换掉过时的两节内容。", version=item.version, by=song,
            now=days.at(days.ago(11), 10),
        )  # fmt: skip
        db.session.flush()
        shown = actions.Evidence(
            "两节已按现用设备重写，企业工程师看过。", link=f"/programs/{case.program.id}/plan"
        )
        actions.report(case.program, item, shown, version=item.version, by=song, now=days.at(days.ago(1), 16))
