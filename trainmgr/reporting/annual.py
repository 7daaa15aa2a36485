"""A college's annual report of a year: its chapters in blocks, filled from the records, and what it still lacks."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from trainmgr.benefits import queries as benefits
from trainmgr.benefits.labels import INCOMES
from trainmgr.certificates.labels import LEVELS
from trainmgr.contests.labels import LEVELS as LEVELS_OF_AWARDS
from trainmgr.improvement.labels import PHASES
from trainmgr.kernel.hours import ledger_hours
from trainmgr.kernel.i18n import day, hours, number
from trainmgr.materials import labels as materials
from trainmgr.programs.labels import KINDS
from trainmgr.quality import labels as quality
from trainmgr.quality import measuring
from trainmgr.quality.rules import Definition, Figure, Group, Period, Scope, Unit, Verdict, in_order
from trainmgr.quality.rules import Table as QualityTable
from trainmgr.reporting import annual_queries as queries
from trainmgr.reporting.blocks import Block, Chart, Heading, Table, Text
from trainmgr.reporting.labels import ANNEX, TITLES
from trainmgr.reporting.rules import Chapter
from trainmgr.reporting.telling import stamp

TREND = 4  # years
RATES = ("pass_rate", "attendance", "judged_complete", "gaps_closed", "satisfaction_trainee",
         "satisfaction_enterprise", "practice_ratio")  # fmt: skip
KEY_FIGURES = ("programs", "trainees", "person_days", "students", "enterprises", "teachers", "pass_rate",
               "satisfaction_enterprise")  # fmt: skip

Told = Callable[[str], None]


@dataclass
class Facts:
    """Everything that a report is filled from; read once, chapter by chapter, by the job."""

    college_id: int
    college: str
    period: Period
    now: datetime
    definitions: dict[str, Definition] = field(default_factory=dict)
    figures: dict[str, Figure] = field(default_factory=dict)
    before: dict[str, Figure] = field(default_factory=dict)
    texts: Mapping[Chapter, str] = field(default_factory=dict)
    cases: Sequence[queries.Case] = ()

    @property
    def year(self) -> int:
        """The year."""
        return self.period.first.year


def gather(
    college_id: int,
    college: str,
    year: int,
    texts: Mapping[Chapter, str],
    now: datetime,
    told: Told = lambda what: None,
) -> Facts:
    """Read a year's figures, and the year's before, from the records as they are now."""
    period, scope = Period.of_year(year), Scope.of_college(college_id)
    definitions = {
        one.code: one for one in in_order(measuring.catalogue(college_id, period.last).values()) if one.active
    }
    told("definitions")
    facts = Facts(college_id, college, period, now, definitions, texts=texts)
    facts.figures = measuring.measure(list(definitions), scope, period, now=now)
    told("figures")
    facts.before = measuring.measure(list(definitions), scope, period.before, now=now)
    told("before")
    facts.cases = queries.cases_in(college_id, year)
    return facts


def chapter_blocks(facts: Facts, chapter: Chapter) -> list[Block]:
    """Return a chapter without its heading: what people wrote, what the records hold, the cases."""
    text = facts.texts.get(chapter, "")
    blocks: list[Block] = [Text(text)] if text.strip() else [
        Text(_("Nothing was written for this chapter yet."), "missing")
    ]  # fmt: skip
    blocks += FILLED.get(chapter, _nothing)(facts)
    for place, case in enumerate((one for one in facts.cases if one.chapter is chapter), start=1):
        blocks += _case(place, case)
    return blocks


def all_blocks(facts: Facts, told: Told = lambda what: None) -> list[tuple[str, list[Block]]]:
    """Return the title and the blocks of every chapter, and of the annex."""
    found = []
    for chapter in Chapter:
        found.append((str(TITLES[chapter]), chapter_blocks(facts, chapter)))
        told(chapter.value)
    found.append((str(ANNEX), list(annex(facts))))
    told("annex")
    return found


def _nothing(facts: Facts) -> Iterator[Block]:
    return iter(())


def _case(place: int, case: queries.Case) -> Iterator[Block]:
    yield Heading(_("Case %(number)s: %(title)s", number=place, title=case.title), 3)
    for part, words in case.parts.items():
        if words:
            yield Text(f"{materials.PARTS[part]}: {words}")
    yield Text(_("Source: case library of %(owner)s.", owner=case.owner), "note")


# --- tables of indicators ---------------------------------------------------------------------------


def indicator_rows(facts: Facts, codes: Iterable[str]) -> list[tuple[str, ...]]:
    """Return a line an indicator: name, unit, this year with what it is made of, last year, source."""
    rows: list[tuple[str, ...]] = []
    for code in codes:
        definition, figure = facts.definitions.get(code), facts.figures.get(code)
        if definition is None:
            continue
        rows.append(
            (quality.name_of(definition), quality.unit_of(definition), shown(definition, figure), sums(figure),
             shown(definition, facts.before.get(code)), quality.source_of(definition))
        )  # fmt: skip
    return rows


def shown(definition: Definition, figure: Figure | None) -> str:
    """Write a figure as the report has it."""
    return quality.figure_text(
        figure, definition.decimals if not (figure and figure.unit is Unit.SHARE) else None
    )


def sums(figure: Figure | None) -> str:
    """Write what a figure is made of: numerator over denominator; a count or a sum is its own numerator."""
    if figure is None or figure.value is None or figure.numerator is None or figure.denominator is None:
        return "–"
    return f"{number(figure.numerator)} / {number(figure.denominator)}"


def indicator_table(facts: Facts, caption: str, codes: Iterable[str]) -> Iterator[Block]:
    """Yield a table of indicators with last year beside this one."""
    rows = indicator_rows(facts, codes)
    if not rows:
        yield Text(_("No indicator is set for this table."), "missing")
        return
    header = [_("Indicator"), _("Unit"), str(facts.year), _("Numerator / denominator"), str(facts.year - 1),
              _("Source")]  # fmt: skip
    yield Table(header, rows, caption, numeric=(2, 3, 4), widths=(4.7, 1.4, 2.5, 3.1, 2.5, 2.8))


def _group(facts: Facts, *groups: Group) -> list[str]:
    return [code for code, one in facts.definitions.items() if one.group in groups]


def _in_table(facts: Facts, table: QualityTable) -> list[str]:
    return [code for code, one in facts.definitions.items() if table in one.tables]


def _rates(facts: Facts, caption: str, codes: Sequence[str]) -> Iterator[Block]:
    """Yield a chart of shares in per cent, this year beside the last."""
    known = [
        code for code in codes
        if (figure := facts.figures.get(code)) and figure.value is not None and figure.unit is Unit.SHARE
    ]  # fmt: skip
    if not known:
        return
    names = [quality.name_of(facts.definitions[code]) for code in known]
    now = [_percent(facts.figures[code]) for code in known]
    best = max(range(len(known)), key=lambda place: now[place] or 0)
    least = min(range(len(known)), key=lambda place: now[place] or 0)
    finding = _("%(year)s: from %(low)s (%(least)s) to %(high)s (%(best)s).", year=facts.year,
                low=f"{now[least]}%", least=names[least], high=f"{now[best]}%", best=names[best])  # fmt: skip
    series: dict[str, list[float | None]] = {str(facts.year): now}
    before = [_percent(facts.before.get(code)) for code in known]
    if any(value is not None for value in before):
        series[str(facts.year - 1)] = before
    yield Chart(caption, finding, "bar", names, series)


def _percent(figure: Figure | None) -> float | None:
    return None if figure is None or figure.value is None else round(figure.value * 100, 2)


# --- the chapters -----------------------------------------------------------------------------------


def _overview(facts: Facts) -> Iterator[Block]:
    yield from indicator_table(facts, _("Key figures of the year"), KEY_FIGURES)
    years = list(range(facts.year - TREND + 1, facts.year + 1))
    scope = Scope.of_college(facts.college_id)
    trend = [
        measuring.measure(["trainees"], scope, Period.of_year(year), now=facts.now).get("trainees")
        for year in years
    ]
    values = [figure.value if figure else None for figure in trend]
    if any(values):
        yield Chart(
            _("Trainees by year"),
            _("From %(first)s in %(start)s to %(last)s in %(end)s.", first=number(values[0] or 0), start=years[0],
              last=number(values[-1] or 0), end=years[-1]),
            "column", [str(year) for year in years], {_("Trainees"): values},
        )  # fmt: skip


def _talent(facts: Facts) -> Iterator[Block]:
    yield Heading(_("Training by kind of programme"), 2)
    kinds = queries.by_kind(facts.college_id, facts.period)
    earlier = queries.by_kind(facts.college_id, facts.period.before)
    if kinds:
        rows: list[tuple[Any, ...]] = [
            (str(KINDS[kind]), line.programs, hours(ledger_hours(line.planned)), number(line.trainees),
             hours(ledger_hours(line.verified)), number(earlier[kind].trainees) if kind in earlier else "–")
            for kind, line in kinds.items()
        ]  # fmt: skip
        lines = list(kinds.values())
        rows.append((_("Together"), sum(line.programs for line in lines),
                     hours(ledger_hours(sum(line.planned for line in lines))),
                     number(sum(line.trainees for line in lines)),
                     hours(ledger_hours(sum(line.verified for line in lines))),
                     number(sum(line.trainees for line in earlier.values()))))  # fmt: skip
        header = [_("Kind"), _("Programmes"), _("Hours of the plans"), _("Trainees"), _("Hours verified"),
                  _("Trainees in %(year)s", year=facts.year - 1)]  # fmt: skip
        yield Table(header, rows, _("Programmes, hours and trainees"), numeric=(1, 2, 3, 4, 5),
                    widths=(4.4, 1.8, 2.7, 2.2, 2.9, 3))  # fmt: skip
    else:
        yield Text(_("No programme ran in this year."), "missing")
    found, total = queries.programs_in(facts.college_id, facts.period)
    if found:
        rows = [(name, str(KINDS[kind]), f"{day(first)} – {day(last)}", number(people))
                for name, kind, first, last, people in found]  # fmt: skip
        yield Table([_("Programme"), _("Kind"), _("Period"), _("Trainees")], rows, _("Programmes of the year"),
                    numeric=(3,), widths=(6.4, 3.6, 5, 2))  # fmt: skip
        yield from _left_out(len(found), total)
    yield Heading(_("Quality of training"), 2)
    yield from indicator_table(facts, _("Quality of training"), _group(facts, Group.QUALITY))
    yield from _rates(facts, _("Shares in per cent, this year and the last"), RATES)
    yield Heading(_("Students and what became of them"), 2)
    yield from indicator_table(
        facts, _("Students and employment"), _group(facts, Group.PEOPLE, Group.EMPLOYMENT)
    )
    yield from _certificates(facts)
    if awards := queries.awards_in(facts.college_id, facts.period):
        rows = [(str(LEVELS_OF_AWARDS[level]), number(count), number(people)) for level, (count, people) in
                awards.items()]  # fmt: skip
        yield Table([_("Level"), _("Awards"), _("People")], rows, _("Contest awards of the year"), numeric=(1, 2),
                    widths=(9, 4, 4))  # fmt: skip


def _certificates(facts: Facts) -> Iterator[Block]:
    own, levels = queries.certificates_in(facts.college_id, facts.period)
    if not (own or levels):
        yield Text(_("No certificate was issued or recorded in this year."), "missing")
        return
    rows = [(_("Certificates of completion"), number(own))]
    rows += [(str(LEVELS[level]), number(count)) for level, count in levels.items()]
    yield Table(
        [_("Certificate"), _("How many")], rows, _("Certificates of the year"), numeric=(1,), widths=(12, 5)
    )


def _service(facts: Facts) -> Iterator[Block]:
    kinds = queries.by_kind(facts.college_id, facts.period)
    if any(line.trainees for line in kinds.values()):
        order = sorted(kinds.items(), key=lambda one: -one[1].trainees)
        top = order[0]
        yield Chart(
            _("Trainees by kind of programme"),
            _("Most trainees: %(kind)s, %(count)s.", kind=str(KINDS[top[0]]), count=number(top[1].trainees)),
            "bar", [str(KINDS[kind]) for kind, _line in order],
            {_("Trainees"): [line.trainees for _kind, line in order]},
        )  # fmt: skip
    yield from indicator_table(
        facts, _("Service to industry, region and countryside"), _group(facts, Group.SERVICE)
    )
    yield from _money(facts)


def _money(facts: Facts) -> Iterator[Block]:
    led, days = queries.led_by(facts.college_id), (facts.period.first, facts.period.last)
    if incomes := benefits.income_by_year(led, *days):
        rows = [(str(INCOMES[kind]), number(cents / 1_000_000, 2)) for kind, cents in incomes.items()]
        rows.append((_("Together"), number(sum(incomes.values()) / 1_000_000, 2)))
        header = [_("Income"), _("10,000 CNY")]
        yield Table(header, rows, _("Income from training and service"), numeric=(1,), widths=(12, 5))


def _cooperation(facts: Facts) -> Iterator[Block]:
    yield from indicator_table(
        facts, _("Cooperation of college and enterprises"), _group(facts, Group.COOPERATION)
    )
    found, total = queries.partners_in(facts.college_id, facts.period)
    if found:
        rows: list[tuple[Any, ...]] = [(row[0], row.programs, number(row.people)) for row in found]
        yield Table([_("Enterprise"), _("Programmes"), _("Trainees")], rows, _("Partner enterprises of the year"),
                    numeric=(1, 2), widths=(11, 3, 3))  # fmt: skip
        yield from _left_out(len(found), total)
    classes, total = queries.named_classes(facts.college_id, facts.period)
    if classes:
        rows = [(row[0], row.enterprise, number(row.people)) for row in classes]
        yield Table([_("Class"), _("Named by"), _("Trainees")], rows, _("Classes named by enterprises"), numeric=(2,),
                    widths=(6, 8, 3))  # fmt: skip
        yield from _left_out(len(classes), total)
    if bases := queries.bases_of(facts.college_id):
        rows = [
            (name, _("on campus") if inside else _("off campus"), host or "–", number(capacity))
            for name, inside, host, capacity in bases
        ]
        yield Table([_("Practice base"), _("Place"), _("Whose"), _("Trainees at once")], rows, _("Practice bases"),
                    numeric=(3,), widths=(6, 2.5, 5.5, 3))  # fmt: skip


def _left_out(count: int, total: int) -> Iterator[Block]:
    if total > count:
        yield Text(_("The largest %(count)s of %(total)s.", count=count, total=number(total)), "note")


def _assurance(facts: Facts) -> Iterator[Block]:
    yield from indicator_table(
        facts, _("Teachers, courses and resources"), _group(facts, Group.FACULTY, Group.RESOURCES)
    )


def _outlook(facts: Facts) -> Iterator[Block]:
    yield from _missed(facts)
    if items := queries.items_by_phase(facts.college_id, facts.period):
        rows = [(str(PHASES[phase]), number(count)) for phase, count in items.items()]
        yield Table(
            [_("State"), _("How many")],
            rows,
            _("Improvement items of the year"),
            numeric=(1,),
            widths=(12, 5),
        )


def _missed(facts: Facts) -> Iterator[Block]:
    missed = [code for code, figure in facts.figures.items() if figure.verdict is Verdict.MISSED]
    if not missed:
        yield Text(_("No indicator with a target misses it this year."))
        return
    rows = [
        (quality.name_of(facts.definitions[code]), shown(facts.definitions[code], facts.figures[code]),
         quality.target_text(facts.figures[code], facts.definitions[code].decimals),
         shown(facts.definitions[code], facts.before.get(code)))
        for code in missed
    ]  # fmt: skip
    header = [_("Indicator"), str(facts.year), _("Target"), str(facts.year - 1)]
    yield Table(header, rows, _("Targets that were missed"), numeric=(1, 2, 3), widths=(8, 3, 3, 3))


FILLED: dict[Chapter, Callable[[Facts], Iterator[Block]]] = {
    Chapter.OVERVIEW: _overview,
    Chapter.TALENT: _talent,
    Chapter.SERVICE: _service,
    Chapter.COOPERATION: _cooperation,
    Chapter.ASSURANCE: _assurance,
    Chapter.OUTLOOK: _outlook,
}

ANNEX_TABLES: Sequence[tuple[Any, QualityTable]] = (
    (_l("Scorecard of talent training"), QualityTable.SCORECARD),
    (_l("Satisfaction survey"), QualityTable.SATISFACTION),
    (_l("Teaching resources"), QualityTable.RESOURCES),
    (_l("Service contribution"), QualityTable.SERVICE),
)


def annex(facts: Facts) -> Iterator[Block]:
    """Yield the annual report's tables, and how and when the figures came about."""
    for title, table in ANNEX_TABLES:
        yield from indicator_table(facts, str(title), _in_table(facts, table))
    yield Text(
        _(
            "Tables of international influence and of policies carried out are not kept as records; add them by hand."
        ),
        "missing",
    )
    yield Text(
        _("Figures computed %(moment)s from the records of the programmes that the college leads and that ran in "
          "%(year)s. No data is neither 0 nor 100 %%; surveys answered by fewer than five people are not shown.",
          moment=stamp(facts.now), year=facts.year),
        "note",
    )  # fmt: skip
