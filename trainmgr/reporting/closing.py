"""The closing report of a programme: the thread from the need to the result, in blocks, from records only."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import date, datetime
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from trainmgr.benefits import labels as benefit_labels
from trainmgr.benefits import queries as benefits
from trainmgr.curriculum.labels import named, word
from trainmgr.evaluation import labels as evaluation
from trainmgr.evaluation.scoring import hundred
from trainmgr.identity.models import User
from trainmgr.improvement import labels as improvement
from trainmgr.kernel.audit import tell
from trainmgr.kernel.hours import ledger_hours
from trainmgr.kernel.i18n import day, hours, number, percent
from trainmgr.outcomes.queries import closures_of
from trainmgr.outcomes.rules import PassKind
from trainmgr.practice import labels as practice
from trainmgr.programs.labels import SIDES, in_language
from trainmgr.programs.models import Program
from trainmgr.programs.rules import State
from trainmgr.reporting import closing_queries as queries
from trainmgr.reporting.blocks import Block, Chart, Heading, Table, Text
from trainmgr.reporting.telling import stamp

Section = Callable[[Program, User], Iterator[Block]]


def closing_blocks(program: Program, viewer: User, now: datetime) -> list[Block]:
    """Return the whole report; trainees count as far as the viewer may see them, and the report says so."""
    blocks: list[Block] = [*_opening(program, viewer, now)]
    for part in range(N_PARTS):
        blocks += part_blocks(part, program, viewer)
    return blocks


def part_blocks(part: int, program: Program, viewer: User) -> list[Block]:
    """Return the blocks of a part of the sections (0 to `N_PARTS` less one); each is a few statements."""
    blocks: list[Block] = []
    for title, section in SECTIONS[part * PART : (part + 1) * PART]:
        blocks += [
            Heading(str(title)),
            *(list(section(program, viewer)) or [Text(_("No record of this."), "missing")]),
        ]
    return blocks


def sections_of(blocks: Sequence[Block]) -> list[tuple[str, int, int, list[str]]]:
    """Return each section with how many tables and charts it has and what it says to be missing."""
    found: list[tuple[str, int, int, list[str]]] = []
    for block in blocks:
        if isinstance(block, Heading) and block.level == 1:
            found.append((block.text, 0, 0, []))
        elif found:
            title, tables, charts, missing = found[-1]
            lacks = isinstance(block, Text) and block.tone == "missing"
            found[-1] = (
                title, tables + isinstance(block, Table), charts + isinstance(block, Chart),
                [*missing, block.text] if lacks and isinstance(block, Text) else missing,
            )  # fmt: skip
    return found


def _opening(program: Program, viewer: User, now: datetime) -> Iterator[Block]:
    yield Text(
        _("Written on %(day)s from the records of the programme; nothing in it was typed for this report.",
          day=day(now)),
        "note",
    )  # fmt: skip
    if program.state is not State.CLOSED:
        yield Text(
            _("The programme is not closed yet (%(state)s): the figures can still change.",
              state=program.state_label),
            "missing",
        )  # fmt: skip
    if not queries.sees_all(program, viewer):
        yield Text(
            _("The figures are about the trainees that %(name)s may see, not about all.", name=viewer.name),
            "note",
        )


# --- who and what for -------------------------------------------------------------------------------


def _parties(program: Program, viewer: User) -> Iterator[Block]:
    facts = [
        (_("Number"), program.code),
        (_("Kind"), program.kind_label),
        (_("State"), program.state_label),
        (_("Period"), f"{day(program.starts_on)} – {day(program.ends_on)}"),
        (_("Planned trainees"), number(program.planned_size)),
        *((party.role_label, party.label) for party in program.parties),
    ]
    yield Table([_("Programme"), program.label], [(str(name), value) for name, value in facts],
                _("Facts and parties"), widths=(4.5, 12.5))  # fmt: skip
    names = {party.organization_id: party.label for party in program.parties}
    if duties := queries.duties_of(program):
        rows: list[tuple[Any, ...]] = [
            (names.get(duty.organization_id, "–"), duty.text, duty.person or "–") for duty in duties
        ]
        yield Table([_("Party"), _("Duty"), _("Person")], rows, _("Who answers for what"), widths=(5, 9, 3))


def _needs(program: Program, viewer: User) -> Iterator[Block]:
    wanted = queries.wanted_in(program)
    if wanted.analysis is None:
        return
    for need in wanted.needs:
        yield Text(f"{need.position}. {need.text}")
    if wanted.indicators:
        rows: list[tuple[Any, ...]] = [
            (each.name, number(float(each.current)), number(float(each.expected)),
             number(float(each.benchmark)) if each.benchmark is not None else "–", each.unit or "–")
            for each in wanted.indicators
        ]  # fmt: skip
        yield Table([_("Indicator of the enterprise"), _("Before"), _("Expected"), _("Industry"), _("Unit")],
                    rows, _("What the enterprise is measured by"), numeric=(1, 2, 3))  # fmt: skip
    top = [each for each in wanted.competencies if each.is_priority] or list(wanted.competencies)
    planned = queries.hours_by_competency(queries.edition_of(program))
    if top:
        rows = [
            (each.rank or "–", in_language(each.name, each.name_en), number(float(each.current_level), 2),
             number(float(each.required_level), 2), number(each.required_hours), number(planned.get(each.id, 0)))
            for each in top
        ]  # fmt: skip
        header = [_("Rank"), _("Priority"), _("Level found"), _("Required"), _("Hours asked for"),
                  _("Hours in the plan")]  # fmt: skip
        yield Table(header, rows, _("Priorities and the hours that answer them"), numeric=(0, 2, 3, 4, 5),
                    widths=(1.5, 6.5, 2.2, 2.2, 2.3, 2.3))  # fmt: skip
    if wanted.analysis.frozen_at is None:
        yield Text(_("The needs analysis has not been signed by both sides."), "missing")


def _plan(program: Program, viewer: User) -> Iterator[Block]:
    edition = queries.edition_of(program)
    if edition is None:
        return
    yield Text(
        _("Edition %(number)s of the training plan, signed %(day)s.", number=edition.number,
          day=day(edition.signed_at)) if edition.signed_at else
        _("Edition %(number)s of the training plan, not signed.", number=edition.number)
    )  # fmt: skip
    rows, sums = [], [0, 0, 0, 0]
    for stage, modules, theory, practised, theirs in queries.stages_of(edition):
        rows.append((f"{stage.number} {named(stage)}", word(stage.venue), stage.weeks, modules, number(theory),
                     number(practised), number(theirs)))  # fmt: skip
        sums = [old + new for old, new in zip(sums, (modules, theory, practised, theirs), strict=True)]
    rows.append((_("Together"), "", "", sums[0], *(number(each) for each in sums[1:])))
    header = [_("Stage"), _("Place"), _("Weeks"), _("Modules"), _("Theory hours"), _("Practice hours"),
              _("Taught by the enterprise")]  # fmt: skip
    yield Table(header, rows, _("The plan in hours"), numeric=(2, 3, 4, 5, 6),
                widths=(4.3, 2.7, 1.6, 2, 2, 2.1, 2.3))  # fmt: skip
    yield Text(_("Practice is %(share)s of all hours.", share=percent(sums[2], sums[1] + sums[2])))


# --- people and their work --------------------------------------------------------------------------


def _people(program: Program, viewer: User) -> Iterator[Block]:
    rows: list[tuple[Any, ...]] = [
        (row.name or _("no class"), row.people, row.completed, row.remedial, row.suspended, row.withdrawn)
        for row in queries.people_by_class(program, viewer)
    ]
    if not rows:
        return
    rows.append((_("Together"), *(sum(row[place] for row in rows) for place in range(1, 6))))
    header = [_("Class"), _("Enrolled"), _("Completed"), _("In a remedial loop"), _("Suspended"), _("Left")]
    yield Table(header, rows, _("Trainees by class"), numeric=(1, 2, 3, 4, 5))


def _mentors(program: Program, viewer: User) -> Iterator[Block]:
    rows = [(str(SIDES[side]), *figures) for side, *figures in queries.mentors_of(program, viewer)]
    if rows:
        header = [_("Side"), _("Mentors named"), _("Of them guiding"), _("Most trainees at once"),
                  _("Trainees guided"), _("Handovers")]  # fmt: skip
        yield Table(header, rows, _("Mentors of both sides"), numeric=(1, 2, 3, 4, 5))


def _hours(program: Program, viewer: User) -> Iterator[Block]:
    classes = queries.people_by_class(program, viewer)
    rows: list[tuple[Any, ...]] = [
        (row.name or _("no class"), hours(ledger_hours(row.planned)), hours(ledger_hours(row.verified)),
         percent(row.verified, row.planned))
        for row in classes
    ]  # fmt: skip
    if any(row.planned or row.verified for row in classes):
        yield Table([_("Class"), _("Hours planned"), _("Hours verified"), _("Share done")], rows,
                    _("Hours of all trainees together"), numeric=(1, 2, 3))  # fmt: skip
    if logs := queries.logs_of(program, viewer):
        rows = [
            (str(practice.LOG_STATES[state]), number(count), hours(ledger_hours(minutes)))
            for state, (count, minutes) in sorted(logs.items())
        ]
        yield Table([_("Logs"), _("How many"), _("Hours")], rows, _("Practice logs"), numeric=(1, 2))
    counted = queries.attendance_of(program, viewer)
    if sum(counted):
        present, late, excused, absent = counted
        asked = present + late + absent
        yield Text(
            _("Attendance: %(share)s of %(all)s times (present %(present)s, late %(late)s, absent %(absent)s; "
              "excused %(excused)s, not counted).",
              share=percent(present + late, asked), all=number(asked), present=number(present),
              late=number(late), absent=number(absent), excused=number(excused))
        )  # fmt: skip


def _gates(program: Program, viewer: User) -> Iterator[Block]:
    edition = queries.edition_of(program)
    names = {row[0].number: named(row[0]) for row in queries.stages_of(edition)} if edition else {}
    rows: list[tuple[Any, ...]] = [
        (f"{row.stage_number} {names.get(row.stage_number, '')}".strip(), row.people, row.at_once, row.later,
         row.remedial, percent(row.at_once + row.later, row.people))
        for row in queries.gates_of(program, viewer)
    ]  # fmt: skip
    if rows:
        header = [_("Gate after stage"), _("Judged"), _("Passed at once"), _("Passed after a loop"),
                  _("Still in a loop"), _("Passed")]  # fmt: skip
        yield Table(header, rows, _("Stage gates"), numeric=(1, 2, 3, 4, 5))


# --- what it came to --------------------------------------------------------------------------------


def _ratings(program: Program, viewer: User) -> Iterator[Block]:
    rows = []
    for row in queries.windows_of(program, viewer):
        window = row[0]
        expected = sum(window.count(party, "expected") for party in window.parties)
        rows.append(
            (window.label, str(evaluation.KINDS[window.kind]), number(expected),
             number(expected - window.outstanding), number(row.results), number(row.provisional),
             number(hundred(row.mean), 1))
        )  # fmt: skip
    header = [_("Window"), _("Kind"), _("Ratings expected"), _("Submitted"), _("Results"), _("Provisional"),
              _("Mean of 100")]  # fmt: skip
    if rows:
        yield Table(header, rows, _("Evaluations by the parties"), numeric=(2, 3, 4, 5, 6),
                    widths=(3.5, 2.6, 2.3, 2.4, 1.8, 2.5, 1.9))  # fmt: skip
    decided = queries.passes_of(program, viewer)
    if total := sum(decided.values()):
        passed = decided.get(PassKind.PASSED, 0)
        yield Text(_("Passed: %(share)s (%(passed)s of %(total)s decided).", share=percent(passed, total),
                     passed=number(passed), total=number(total)))  # fmt: skip


def _closed(program: Program, viewer: User) -> Iterator[Block]:
    if not queries.sees_all(program, viewer):
        yield Text(_("What the whole programme closed is for the lead college."), "note")
        return
    closures = closures_of(program)
    if not closures:
        return
    names = [in_language(row.competency.name, row.competency.name_en) for row in closures]
    rows: list[tuple[Any, ...]] = [
        (name, number(row.before, 2), number(row.after, 2), number(row.required, 2),
         percent(row.closed, 1) if row.closed is not None else _("no gap"), number(row.n))
        for name, row in zip(names, closures, strict=True)
    ]  # fmt: skip
    header = [_("Priority"), _("Before"), _("After"), _("Required"), _("Share closed"), _("People")]
    yield Table(header, rows, _("What the training closed"), numeric=(1, 2, 3, 4, 5))
    done = sum(row.is_closed for row in closures)
    yield Chart(
        _("Levels before and after"),
        _("%(done)s of %(all)s priorities reached the level that the post requires.", done=done,
          all=len(closures)),
        "bar", names,
        {_("Before"): [round(row.before, 2) for row in closures],
         _("After"): [round(row.after, 2) for row in closures],
         _("Required"): [round(row.required, 2) for row in closures]},
    )  # fmt: skip


def _left(program: Program, viewer: User) -> Iterator[Block]:
    if not queries.sees_all(program, viewer):
        return
    closures = closures_of(program)
    open_ones = [row for row in closures if not row.is_closed]
    if closures and not open_ones:
        yield Text(_("Every priority reached the level that the post requires."))
    if open_ones:
        rows: list[tuple[Any, ...]] = [
            (in_language(row.competency.name, row.competency.name_en),
             number(max(0.0, row.required - row.after), 2), number(row.n))
            for row in open_ones
        ]  # fmt: skip
        yield Table([_("Priority"), _("Still missing to the level"), _("People")], rows,
                    _("What is carried into the next edition"), numeric=(1, 2))  # fmt: skip


def _improvement(program: Program, viewer: User) -> Iterator[Block]:
    if not queries.sees_all(program, viewer):
        return
    rows: list[tuple[Any, ...]] = [
        (item.title, item.standard, item.doer_name, day(item.due_on), str(improvement.PHASES[item.phase]))
        for item in queries.items_of(program)
    ]  # fmt: skip
    if rows:
        header = [_("What is to get better"), _("Standard"), _("Person"), _("By when"), _("State")]
        yield Table(header, rows, _("Improvement items"), widths=(5, 5, 2, 2.5, 2.5))


def _income(program: Program) -> Iterator[Block]:
    """Yield what came in, how it was split, and what was claimed."""
    everywhen, own = (date.min, date.max), queries.only(program)
    if incomes := benefits.income_by_year(own, *everywhen):
        rows: list[tuple[Any, ...]] = [
            (str(benefit_labels.INCOMES[kind]), number(cents / 100, 2)) for kind, cents in incomes.items()
        ]
        rows.append((_("Together"), number(sum(incomes.values()) / 100, 2)))
        yield Table([_("Income"), _("CNY")], rows, _("Income of the programme"), numeric=(1,), widths=(12, 5))
        rows = [(label, number(cents / 100, 2)) for label, cents in benefits.totals_of(program)]
        yield Table([_("Whose"), _("CNY")], rows, _("Income as it was split"), numeric=(1,), widths=(12, 5))
    if claims := benefits.claims_by_year(own, *everywhen):
        rows = [
            (str(benefit_labels.CLAIMS[kind]), number(one.claims), number(one.people), number(one.cents / 100, 2),
             number(one.paid_cents / 100, 2))
            for kind, one in claims.items()
        ]  # fmt: skip
        header = [_("Subsidy"), _("Claims"), _("Trainees"), _("Claimed (CNY)"), _("Paid (CNY)")]
        yield Table(header, rows, _("Subsidies claimed"), numeric=(1, 2, 3, 4))


def _money(program: Program, viewer: User) -> Iterator[Block]:
    names = {party.organization_id: party.label for party in program.parties}
    if program.budget_cents is not None:
        yield Text(_("Budget: %(amount)s CNY.", amount=number(program.budget_cents / 100, 2)))
    if shares := queries.shares_of(program):
        rows: list[tuple[Any, ...]] = [
            (share.label, names.get(share.organization_id or 0, "–"), percent(share.basis_points, 10_000, 2))
            for share in shares
        ]
        yield Table([_("Share"), _("Whose"), _("Per cent")], rows, _("How income is split"), numeric=(2,))
    yield from _income(program)


def _trail(program: Program, viewer: User) -> Iterator[Block]:
    if moves := queries.moves_of(program):
        yield Table([_("When"), _("What happened")], [(stamp(event.at), tell(event)) for event in moves],
                    _("Steps of the programme"), widths=(3.6, 13.4))  # fmt: skip
    if signed := queries.signatures_in(program):
        rows: list[tuple[Any, ...]] = [
            (str(SUBJECTS.get(one.subject_kind, one.subject_kind)), str(SIDES[one.side]), one.organization.name,
             one.user.name, stamp(one.signed_at), one.digest[:16])
            for one in signed
        ]  # fmt: skip
        header = [_("What was signed"), _("Side"), _("Organisation"), _("Signed by"), _("When"),
                  _("Digest (first 16)")]  # fmt: skip
        yield Table(header, rows, _("Signatures"), widths=(2.7, 2.4, 3.1, 1.8, 3.2, 3.8))


SUBJECTS = {
    "needs_analysis": _l("Needs analysis"),
    "edition": _l("Training plan"),
    "recruitment_plan": _l("Recruitment plan"),
}
SECTIONS: Sequence[tuple[Any, Section]] = (
    (_l("1 The programme and its parties"), _parties),
    (_l("2 Needs"), _needs),
    (_l("3 The plan in hours"), _plan),
    (_l("4 Trainees"), _people),
    (_l("5 Mentors"), _mentors),
    (_l("6 Hours and logs"), _hours),
    (_l("7 Stage gates"), _gates),
    (_l("8 Evaluation"), _ratings),
    (_l("9 Gaps closed"), _closed),
    (_l("10 What was left"), _left),
    (_l("11 Improvement"), _improvement),
    (_l("12 Money"), _money),
    (_l("13 Steps and signatures"), _trail),
)
PART = 2  # sections that the page reads at once
N_PARTS = -(-len(SECTIONS) // PART)
