"""蓝思, eight stages in turns (case H1): running, in its sixth stage, with everything that a running class has open."""

from __future__ import annotations

from datetime import date, timedelta

from trainmgr.demo import analysing, designing, gathering, judging, practising, teaching, testing, wishing
from trainmgr.demo.cast import Cast
from trainmgr.demo.days import Days
from trainmgr.demo.playing import Case
from trainmgr.evaluation import windows
from trainmgr.evaluation.rules import Party, WindowKind
from trainmgr.identity.models import User
from trainmgr.practice import bulk
from trainmgr.programs.rules import PartyRole, ProgramKind, Side, State

MENTORS = [
    "zhou",
    "zhoumin",
    "hezy",
    "luobin",
    "baixue",
    "shentao",
    "gaoxiang",
    "yuyang",
    "chengnan",
    "tianyong",
]
TEACHERS = ["chen", "jiang", "sun"]
WEEKS = 92
WEEKS_GONE = 56 + 13  # five stages, and thirteen weeks of the sixth


def play(days: Days, cast: Cast) -> Case:
    """Tell the class from its first idea to this week."""
    case = Case(days, cast, "lansi", staff=cast["li"], coordinator=cast["luo"])
    start = days.monday - timedelta(weeks=WEEKS_GONE)
    teachers, mentors = [cast[key] for key in TEACHERS], [cast[key] for key in MENTORS]
    _prepare(case, start)
    edition = designing.design(case, start - timedelta(days=96), teachers=teachers, experts=mentors)
    designing.sign_plan(case, edition, start - timedelta(days=82))
    case.advance(State.RECRUITING, start - timedelta(days=80))
    _gather(case, start)
    case.judges = {teacher.id: teacher for teacher in teachers}
    judging.plan_evaluation(case, start - timedelta(days=4))
    case.advance(State.RUNNING, start)
    _train(case, start)
    _this_month(case, teachers, mentors)
    teaching.teach_lansi(case)
    testing.in_between(case)
    return case


def _prepare(case: Case, start: date) -> None:
    case.create(
        "eight-stage",
        ProgramKind.MODERN_APPRENTICESHIP,
        starts=start,
        ends=start + timedelta(weeks=WEEKS) - timedelta(days=1),
        on=start - timedelta(days=160),
        department="hngy_jx",
        parties=[("lansi", PartyRole.ENTERPRISE), ("xiangping", PartyRole.OUTSIDE)],
    )
    cast = case.cast
    case.relate(
        cast["guo"],
        cast["song"],
        cast["gu"],
        *(cast[key] for key in TEACHERS),
        on=start - timedelta(days=155),
    )
    case.advance(State.ANALYSING, start - timedelta(days=150))
    analysing.analyse(case, start - timedelta(days=140), respondents=64)
    analysing.sign_needs(case, start - timedelta(days=110))
    case.advance(State.DESIGNING, start - timedelta(days=105))


def _gather(case: Case, start: date) -> None:
    """Forty trainees, three teachers by two-way choice, ten mentors; all are student and employee from day one."""
    year, cast = start.year, case.cast
    gathering.enrol(
        case,
        gathering.invent(
            case,
            40,
            enterprise="lansi",
            born=(date(year - 19, 9, 1), date(year - 17, 8, 31)),
            classes=[case.data["class_name"]],
            student=f"{year}JX{{0:04}}",
            employee=f"LS{year % 100}{{0:04}}",
            known=dict(enumerate(case.data["known"])),
        ),
        start - timedelta(days=30),
    )
    gathering.let_sign_in(case, case.enrolments()[0], "penghaoran")
    day, fields = start - timedelta(days=12), "、".join(case.data["fields"])
    teachers = gathering.name_mentors(
        case,
        [cast[key] for key in TEACHERS],
        Side.COLLEGE,
        day,
        capacity=16,
        qualification="双师型教师",
        fields=fields,
    )
    gathering.name_mentors(
        case,
        [cast[key] for key in MENTORS],
        Side.ENTERPRISE,
        day,
        capacity=5,
        level="高级技师",
        fields=fields,
    )
    wishing.choose_teachers(case, teachers, day)
    gathering.pair(case, Side.ENTERPRISE, start - timedelta(days=7))


def _train(case: Case, start: date) -> None:
    """Five stages, a signed second edition, two who left, the first process evaluation."""
    changes = start + timedelta(weeks=18)
    second = designing.next_edition(
        case, 2, start + timedelta(weeks=16), holds_from=changes, by=case.cast["guo"]
    )
    designing.sign_plan(case, second, start + timedelta(weeks=17))
    designing.put_in_force(case, changes)
    people = case.enrolments()
    for place, (trainee, weeks) in enumerate(((people[23], 7), (people[31], 30))):
        gathering.withdraw(
            case, [trainee], start + timedelta(weeks=weeks, days=2), case.texts["leaving"]["trainee"][place]
        )
    practising.pass_gates(case, [1, 2, 3, 4], looping=8)
    window = judging.window(case, WindowKind.PROCESS, 4)
    judging.rate_all(window, judging.Jury.of(case), until=window.closes_at)
    practising.pass_gates(case, [5], looping=0, stuck=2)
    practising.start_stage(case, 6)


def _this_month(case: Case, teachers: list[User], mentors: list[User]) -> None:
    """A mentor left, logs wait, the process evaluation is half done, a third edition lacks a priority."""
    days, cast = case.days, case.cast
    peng = case.enrolments()[0]
    practising.write_logs(
        case,
        until=days.ago(1),
        unsigned_since={
            cast["zhou"].id: days.ago(16),
            cast["hezy"].id: days.ago(8),
            cast["zhoumin"].id: days.ago(9),
        },
        returned=[peng.id],
    )
    bulk.recount(case.program.id, now=days.now)
    gathering.retire_mentor(
        case, cast["zhoumin"], Side.ENTERPRISE, days.today, case.texts["leaving"]["mentor"]
    )
    window = judging.window(case, WindowKind.PROCESS, 6)
    windows.open_window(case.program, window, by=case.staff, now=days.at(days.ago(6), 8))
    shares = {Party.TRAINEE: 0.75, Party.ENTERPRISE: 0.6, Party.TEACHER: 0.4}
    left_open = {peng.id}
    judging.rate_all(
        window,
        judging.Jury.of(case),
        until=days.now,
        takes=lambda one, party: one.id not in left_open and case.random.random() < shares[party],
    )
    designing.next_edition(case, 3, days.ago(4), holds_from=days.monday + timedelta(weeks=3), by=cast["guo"])
