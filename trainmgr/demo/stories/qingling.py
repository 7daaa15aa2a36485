"""庆铃 upskilling (case S8): 1,800 technicians in 36 classes, trained, and being evaluated."""

from __future__ import annotations

from datetime import date, timedelta

from trainmgr.demo import (
    analysing,
    designing,
    gathering,
    judging,
    moderating,
    practising,
    standards,
    teaching,
    testing,
)
from trainmgr.demo.cast import Cast
from trainmgr.demo.days import Days
from trainmgr.demo.playing import Case
from trainmgr.enrolment.register import NewTrainee
from trainmgr.evaluation import windows
from trainmgr.evaluation.rules import Party, WindowKind
from trainmgr.mentoring.actions import assign_many
from trainmgr.practice import bulk
from trainmgr.programs.rules import PartyRole, ProgramKind, Side, State

A_CLASS = 50
WEEKS = 9
SINCE_THE_END = 12  # days since the training ended


def play(days: Days, cast: Cast, size: int = 1800) -> Case:
    """Tell the training to its terminal evaluation, most of it in."""
    case = Case(days, cast, "qingling", staff=cast["tan"], coordinator=cast["qingling_coordinator"])
    start = days.monday - timedelta(weeks=WEEKS + SINCE_THE_END // 7)
    end = start + timedelta(weeks=WEEKS) - timedelta(days=1)
    takers = testing.Takers.of(case)
    trainees = _prepare(case, start, end, size, takers)
    _gather(case, trainees, start)
    judging.plan_evaluation(case, start - timedelta(days=4))
    case.advance(State.RUNNING, start)
    _train(case, size, end)
    _evaluate(case, end)
    testing.after_training(case, takers, end + timedelta(days=3))
    teaching.teach_qingling(case, start)
    return case


def _prepare(case: Case, start: date, end: date, size: int, takers: testing.Takers) -> list[NewTrainee]:
    """Tell the programme up to its recruiting; returns who will be trained, some of them tested already."""
    cast = case.cast
    case.create(
        "five-dimension",
        ProgramKind.EMPLOYEE_UPSKILLING,
        starts=start,
        ends=end,
        on=start - timedelta(days=92),
        department="cqwy_px",
        parties=[("qingling", PartyRole.ENTERPRISE)],
        size=size,
    )
    teachers = cast.many["cqwy_teacher"]
    people = (cast["cqwy_department"], *cast.many["cqwy_counsellor"])
    case.relate(*people, on=start - timedelta(days=90))
    case.advance(State.ANALYSING, start - timedelta(days=88))
    analysing.analyse(case, start - timedelta(days=84), respondents=66)
    trainees = _invent(case, start, size)
    _test(case, takers, trainees, start - timedelta(days=71))
    analysing.sign_needs(case, start - timedelta(days=60))
    case.advance(State.DESIGNING, start - timedelta(days=57))
    plan = designing.design(
        case, start - timedelta(days=55), teachers=teachers[:6], experts=cast.many["qingling_mentor"][:6]
    )
    designing.sign_plan(case, plan, start - timedelta(days=45))
    case.advance(State.RECRUITING, start - timedelta(days=40))
    return trainees


def _invent(case: Case, start: date, size: int) -> list[NewTrainee]:
    year, count = start.year, -(-size // A_CLASS)
    return gathering.invent(
        case,
        size,
        enterprise="qingling",
        born=(date(year - 52, 1, 1), date(year - 22, 12, 31)),
        classes=[case.data["class_name"].format(number) for number in range(1, count + 1)],
        student=f"{year}JN{{0:05}}",
        employee="QL3{0:05}",
        women=0.18,
    )


def _test(case: Case, takers: testing.Takers, trainees: list[NewTrainee], on: date) -> None:
    """Thirty of each of the first two classes show by a test where the need is."""
    standards.link_program(case.program)
    tested = trainees[: testing.OF_EACH_CLASS] + trainees[A_CLASS : A_CLASS + testing.OF_EACH_CLASS]
    gathering.register(case, tested, on - timedelta(days=9))
    testing.before_training(case, takers, tested, on)


def _gather(case: Case, trainees: list[NewTrainee], start: date) -> None:
    gathering.enrol(case, trainees, start - timedelta(days=20))
    day, cast = start - timedelta(days=15), case.cast
    teachers = gathering.name_mentors(case, cast.many["cqwy_teacher"], Side.COLLEGE, day, capacity=A_CLASS)
    mentors = gathering.name_mentors(
        case, cast.many["qingling_mentor"], Side.ENTERPRISE, day, capacity=20, level="高级技师"
    )
    for side, guides, share in ((Side.COLLEGE, teachers, A_CLASS), (Side.ENTERPRISE, mentors, 20)):
        ids = list(guides.values())
        wanted = {one.id: (ids[place // share], False) for place, one in enumerate(case.enrolments())}
        assign_many(
            case.program, side, wanted, reason="", by=case.staff, now=case.days.at(start - timedelta(days=9)),
            day=start - timedelta(days=9),
        )  # fmt: skip
    gathering.settle_mentoring(case, start - timedelta(days=9))


def _train(case: Case, size: int, end: date) -> None:
    practising.pass_gates(case, [1, 2, 3], looping=max(3, size * 6 // 100))
    window = judging.window(case, WindowKind.PROCESS, 3)
    judging.rate_all(window, judging.Jury.of(case), until=window.closes_at)
    moderating.settle(case, window)
    practising.write_logs(case, until=end)
    bulk.recount(case.program.id, now=case.days.at(end, 18))
    practising.pass_gates(case, [4], looping=max(1, size // 100))


def _evaluate(case: Case, end: date) -> None:
    """The terminal window stands open; most ratings are in, a few mentors and trainees are late."""
    case.advance(State.EVALUATING, end)
    window = judging.window(case, WindowKind.TERMINAL, 4)
    if window.opens_at > case.days.at(end, 18):
        windows.open_window(case.program, window, by=case.staff, now=case.days.at(end, 18))
    shares = {Party.TRAINEE: 0.97, Party.ENTERPRISE: 0.93, Party.TEACHER: 0.96}
    judging.rate_all(
        window,
        judging.Jury.of(case),
        until=case.days.now,
        takes=lambda one, party: case.random.random() < shares[party],
    )
    moderating.talk_over(case)
