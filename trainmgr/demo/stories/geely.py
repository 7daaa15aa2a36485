"""East–west cooperation (cases W1–W6): 乐山 and 浙江工业 with 吉利, in the middle of the needs analysis."""

from __future__ import annotations

from datetime import timedelta

from trainmgr.demo import analysing
from trainmgr.demo.cast import Cast
from trainmgr.demo.days import Days
from trainmgr.demo.playing import Case
from trainmgr.programs.rules import PartyRole, ProgramKind, State


def play(days: Days, cast: Cast) -> Case:
    """Tell the programme up to its half-filled needs analysis."""
    case = Case(days, cast, "geely", staff=cast["lei"], coordinator=cast["geely_coordinator"])
    starts = days.monday + timedelta(weeks=40)
    case.create(
        "wujin-four-layer",
        ProgramKind.FIELD_ENGINEER,
        starts=starts,
        ends=starts + timedelta(weeks=100),
        on=days.ago(34),
        department="lszy_qc",
        parties=[("zjgy", PartyRole.PARTNER_COLLEGE), ("geely", PartyRole.ENTERPRISE)],
    )
    case.relate(cast["shen"], *cast.many["lszy_teacher"], *cast.many["zjgy_teacher"], on=days.ago(33))
    case.advance(State.ANALYSING, days.ago(30))
    analysing.analyse(case, days.ago(21), respondents=18)
    return case
