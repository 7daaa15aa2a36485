"""湛蓝计划 2022 (cases Z1–Z9): two intakes, 56 and 35, classes A and B, seven teachers, five experts, two masters."""

from __future__ import annotations

from datetime import date, timedelta

from trainmgr.curriculum.actions import copy_edition
from trainmgr.curriculum.models import Edition
from trainmgr.demo import (
    analysing,
    classes,
    designing,
    gathering,
    guiding,
    improving,
    judging,
    moderating,
    practising,
    recruiting,
)
from trainmgr.demo.cast import Cast
from trainmgr.demo.days import Days
from trainmgr.demo.playing import Case
from trainmgr.evaluation.rules import WindowKind
from trainmgr.identity.models import User
from trainmgr.mentoring.actions import assign_many
from trainmgr.outcomes.actions import accept_proposals, decide
from trainmgr.outcomes.rules import PassKind
from trainmgr.practice import bulk
from trainmgr.programs.creating import propose_code, start_next_edition
from trainmgr.programs.rules import PartyRole, ProgramKind, Side, State

WEEKS = 56
FIRST, SECOND = date(2021, 2, 22), date(2022, 5, 30)
TO_ROTATION = 26  # weeks until the masters change classes, in the middle of their stage


def play(days: Days, cast: Cast) -> list[Case]:
    """Tell both intakes to their end."""
    first = Case(days, cast, "zhanlan", staff=cast["he"], coordinator=cast["sunwoda_coordinator"])
    _found(first)
    first.advance(State.ANALYSING, FIRST - timedelta(days=110))
    analysing.analyse(first, FIRST - timedelta(days=105), respondents=36)
    _go_through(first, FIRST, first.data["size"], number="ZL1")
    improving.learn(first, _end(FIRST))
    second = Case(days, cast, "zhanlan", staff=cast["he"], coordinator=cast["sunwoda_coordinator"])
    second.random.seed("the demo's case zhanlan, second intake")
    _continue(first, second)
    _go_through(second, SECOND, first.data["size_second"], number="ZL2", previous=first)
    return [first, second]


def _found(case: Case) -> None:
    case.create(
        "zhanlan",
        ProgramKind.ORDER_CLASS,
        starts=FIRST,
        ends=_end(FIRST),
        on=FIRST - timedelta(days=120),
        department="gzqg_jd",
        parties=[("sunwoda", PartyRole.ENTERPRISE), ("ruanshu", PartyRole.ENTERPRISE)],
    )
    cast = case.cast
    people = (cast["gzqg_counsellor"], cast["sunwoda_counsellor"], cast["ruanshu_coordinator"])
    case.relate(*people, *cast.many["gzqg_teacher"], on=FIRST - timedelta(days=118))


def _continue(first: Case, second: Case) -> None:
    """Start the second intake from the first, with what that left open."""
    on, data = SECOND - timedelta(days=50), first.data
    second.program = start_next_edition(
        first.program,
        code=propose_code(first.program.lead_college_id, on.year),
        name=data["name_second"],
        name_en=data["name_en_second"],
        starts_on=SECOND,
        ends_on=_end(SECOND),
        planned_size=data["size_second"],
        by=second.staff,
        now=second.days.at(on),
    )
    second.advance(State.ANALYSING, on + timedelta(days=2))


def _end(start: date) -> date:
    return start + timedelta(weeks=WEEKS) - timedelta(days=1)


def _go_through(case: Case, start: date, size: int, *, number: str, previous: Case | None = None) -> None:
    cast = case.cast
    masters = [cast["master_a"], cast["master_b"]]
    experts = [*cast.many["sunwoda_expert"], *cast.many["ruanshu_expert"]]
    analysing.sign_needs(case, start - timedelta(days=46))
    case.advance(State.DESIGNING, start - timedelta(days=43))
    guides = _team(case, start - timedelta(days=42), masters, experts)
    designing.sign_plan(
        case, _plan(case, start - timedelta(days=40), experts, previous), start - timedelta(days=30)
    )
    case.advance(State.RECRUITING, start - timedelta(days=28))
    _gather(case, start, size, number, [guides[master.id] for master in masters])
    recruiting.order_class(case, start, late=previous is not None)
    judging.plan_evaluation(case, start - timedelta(days=3))
    if previous is not None:
        judging.add_peers(case, start - timedelta(days=2))
    classes.rotate(case, start, masters, TO_ROTATION)
    case.advance(State.RUNNING, start)
    if previous is None:
        classes.tell(case, start, masters)
    _train(case, start, [guides[master.id] for master in masters])
    if previous is None:
        guiding.look_back(case, start)
        moderating.compete(case, start + timedelta(weeks=30))
    _conclude(case, start)


def _team(case: Case, on: date, masters: list[User], experts: list[User]) -> dict[int, int]:
    """Name seven teachers, five resident experts and the two masters; returns mentor ids."""
    gathering.name_mentors(
        case, case.cast.many["gzqg_teacher"], Side.COLLEGE, on, capacity=10, level="副教授"
    )
    gathering.name_mentors(case, experts, Side.ENTERPRISE, on, capacity=0, level="常驻技术骨干")
    return gathering.name_mentors(
        case, masters, Side.ENTERPRISE, on, capacity=30, level="授业师傅", qualification="高级技师"
    )


def _plan(case: Case, on: date, experts: list[User], previous: Case | None) -> Edition:
    if previous is None:
        return designing.design(case, on, teachers=case.cast.many["gzqg_teacher"], experts=experts)
    edition = copy_edition(previous.program, case.program, by=case.staff, now=case.days.at(on))
    assert edition is not None
    designing.date_stages(case, edition, on)
    improving.take_in(case, edition, on)
    return edition


def _gather(case: Case, start: date, size: int, number: str, masters: list[int]) -> None:
    year = start.year
    gathering.enrol(
        case,
        gathering.invent(
            case,
            size,
            enterprise="sunwoda",
            born=(date(year - 20, 9, 1), date(year - 18, 8, 31)),
            classes=case.data["classes"],
            student=f"{number}{{0:03}}",
            seed=number,
        ),
        start - timedelta(days=14),
    )
    classes.divide(case, start - timedelta(days=12))
    gathering.pair(case, Side.COLLEGE, start - timedelta(days=9))
    halves = _classes(case)
    wanted = {one: (master, False) for half, master in zip(halves, masters, strict=True) for one in half}
    assign_many(
        case.program, Side.ENTERPRISE, wanted, reason="", by=case.staff,
        now=case.days.at(start - timedelta(days=8)), day=start - timedelta(days=8),
    )  # fmt: skip
    gathering.settle_mentoring(case, start - timedelta(days=8))


def _classes(case: Case) -> list[list[int]]:
    found: dict[int | None, list[int]] = {}
    for one in case.enrolments():
        found.setdefault(one.cohort_id, []).append(one.id)
    return [found[key] for key in sorted(found, key=lambda key: key or 0)]


def _train(case: Case, start: date, masters: list[int]) -> None:
    """School stages, the masters change classes in the middle, then the workshop."""
    practising.pass_gates(case, [1, 2, 3], looping=4)
    if start == FIRST:
        classes.pause_and_return(case, start)
    swap = start + timedelta(weeks=TO_ROTATION)
    crossed = zip(_classes(case), reversed(masters), strict=True)
    wanted = {one: (master, False) for half, master in crossed for one in half}
    assign_many(
        case.program, Side.ENTERPRISE, wanted, reason=case.data["rotation"], by=case.staff,
        now=case.days.at(swap), day=swap,
    )  # fmt: skip
    practising.pass_gates(case, [4], looping=1)
    _rate(case, WindowKind.PROCESS, 4)
    practising.pass_gates(case, [5])
    _rate(case, WindowKind.PROCESS, 5)
    practising.write_logs(case, until=_end(start))
    bulk.recount(case.program.id, now=case.days.at(_end(start), 18))
    practising.pass_gates(case, [6])


def _rate(case: Case, kind: WindowKind, stage: int) -> None:
    window = judging.window(case, kind, stage)
    judging.rate_all(window, judging.Jury.of(case), until=window.closes_at)


def _conclude(case: Case, start: date) -> None:
    """The terminal evaluation, who passed, the end."""
    end = _end(start)
    case.advance(State.EVALUATING, end)
    _rate(case, WindowKind.TERMINAL, 6)
    decided = case.days.at(end + timedelta(days=24), 10)
    accept_proposals(case.program, by=case.staff, now=decided)
    left = judging.undecided(case)
    if left:
        decide(case.program, left, PassKind.PASSED, reason="", by=case.staff, now=decided)
    case.advance(State.CLOSED, end + timedelta(days=30))  # the days of appeal are over
    judging.follow_up(case)
