"""The bench's own arithmetic, and a small year: its rows fit the tables, and its pages open in ten statements."""

from __future__ import annotations

from pathlib import Path

import pytest
import sqlalchemy as sa

from tests.bench import PASSWORD, PEOPLE, filling, judging, report
from tests.bench.large import Size
from tests.bench.pages import addresses
from tests.bench.running import Measured
from trainmgr.enrolment.models import Enrolment
from trainmgr.evaluation.models import Rating, Result, Window
from trainmgr.evaluation.recompute import recompute
from trainmgr.kernel.clock import utcnow
from trainmgr.kernel.db import db
from trainmgr.practice.models import LogDecision, LogState, PracticeLog
from trainmgr.programs.models import Program

SMALL_YEAR = (130, 24, 17, 9, 8)
SMALL_LOGS = 900
SMALL_PLAN = Size(competencies=12, modules=30)


def count(model, *conditions):
    return db.session.scalar(sa.select(sa.func.count()).select_from(model).where(*conditions))


def test_a_colleges_year_has_the_size_of_the_report():
    sizes = filling.sizes()

    assert (len(sizes), sum(sizes), max(sizes)) == (95, 50_786, 1_800)
    assert sizes == sorted(sizes, reverse=True)
    assert min(sizes) > 0


def measured(page, ratio, statements=9):
    return Measured(page, 10.0, 20.0 * ratio, 30.0, 5.0 * ratio, ratio, statements, 1000)


def test_the_table_marks_what_is_above_its_limit():
    lines = report.table(
        [measured("bare", 1.0), measured("fine", 3.99), measured("slow", 4.01, 11)]
    ).splitlines()

    assert [line.count("!") for line in lines] == [0, 0, 0, 2]


def test_growth_is_told_as_ratios_to_the_bare_pages_of_both_runs(tmp_path):
    before = [{"page": "bare", "cpu_ratio": 1.0, "p50_ms": 20.0, "statements": 9},
              {"page": "list", "cpu_ratio": 2.0, "p50_ms": 40.0, "statements": 9}]  # fmt: skip
    path = tmp_path / "before.json"
    report.write(path, before)

    told = report.growth([measured("bare", 1.0), measured("list", 3.0)], report.read(path))

    assert told.splitlines()[-1].split() == ["list", "1.50!", "1.50", "+0"]


@pytest.fixture
def small_year(app):
    """A database with the year of one very small college."""
    with app.app_context():
        filling.fill(
            scale=1, now=utcnow(), say=lambda _line: None, year_of=SMALL_YEAR, logs=SMALL_LOGS, of_large=SMALL_PLAN
        )  # fmt: skip
        db.session.remove()
    return app


def test_a_small_year_fits_the_tables_and_its_pages_open_in_ten_statements(small_year, count_statements):
    app = small_year
    with app.app_context():
        check_rows()
        check_results()
        db.session.remove()
    clients = {}
    for person, (username, _role) in PEOPLE.items():
        clients[person] = app.test_client()
        clients[person].post("/sign-in", data={"name": username, "password": PASSWORD})

    found = {}
    for name, person, address in addresses(app):
        with count_statements() as statements:
            found[name] = (clients[person].get(address).status_code, len(statements))

    assert {name: answer for name, answer in found.items() if answer[0] != 200} == {}
    assert {name: answer for name, answer in found.items() if answer[1] > report.STATEMENT_LIMIT} == {}
    assert len(found) > 30


def check_rows():
    """Numbers are those asked for, and no row names another that is not there."""
    assert count(Program) == len(SMALL_YEAR) + 1
    assert count(Enrolment) == sum(SMALL_YEAR)
    assert abs(count(PracticeLog) - SMALL_LOGS) < len(SMALL_YEAR)
    assert count(LogDecision) == count(PracticeLog, PracticeLog.state == LogState.SIGNED)
    for table in db.metadata.sorted_tables:
        for key in table.foreign_keys:
            target = key.column.table.alias()
            lost = sa.select(sa.func.count()).where(
                key.parent.is_not(None), ~sa.exists().where(target.c[key.column.name] == key.parent)
            )
            assert db.session.scalar(lost) == 0, f"{table.name}.{key.parent.name}"


def check_results():
    """The results are those that the ratings come to: computed anew they are the same."""
    from trainmgr.evaluation.queries import window_or_404

    def stored():
        return db.session.execute(
            sa.select(Result.enrolment_id, Result.composite, Result.low, Result.high, Result.is_provisional)
            .order_by(Result.enrolment_id)
        ).all()  # fmt: skip

    before = stored()
    window_id, program_id = db.session.execute(sa.select(Rating.window_id, Rating.program_id).limit(1)).one()
    recompute(window_or_404(program_id, window_id), now=utcnow())
    after = stored()

    assert len(before) == sum(SMALL_YEAR)
    for one, other in zip(before, after, strict=True):
        assert tuple(one) == pytest.approx(tuple(other))


def test_the_results_of_a_class_are_worked_out_and_its_pages_open_in_ten_statements(app, count_statements):
    made = judging.arrange(app, 45, now=utcnow())
    told = judging.work_out(app, made, utcnow())
    with app.app_context():
        window = db.session.get_one(Window, made.window)
        assert (told["people"], len(made.owed), window.outstanding) == (45, judging.OWED, judging.OWED)
        assert count(Result, Result.is_provisional) == judging.OWED
        db.session.remove()
    clients = {}
    for person, username in made.names.items():
        clients[person] = app.test_client()
        clients[person].post("/sign-in", data={"name": username, "password": PASSWORD})

    found = {}
    for name, person, address in judging.pages(made):
        with count_statements() as statements:
            found[name] = (clients[person].get(address).status_code, len(statements))

    assert {
        n: answer for n, answer in found.items() if answer[0] != 200 or answer[1] > report.STATEMENT_LIMIT
    } == {}


def test_every_answer_that_was_confirmed_is_looked_for_after_a_small_test(tmp_path, monkeypatch, capsys):
    """A dozen trainees for some seconds; how long it takes depends on what else this machine does."""
    from tests.bench import __main__ as bench

    for name in ("DATABASE_URL", "TRAINMGR_INSTANCE_PATH"):
        monkeypatch.setenv(name, "")  # put back at the end
    monkeypatch.setattr(bench, "DATABASE", tmp_path)

    file = str(tmp_path / "found.json")
    bench.main(
        ["test", "--trainees", "12", "--seconds", "3", "--every", "1", "--ramp", "1", "--json", file]
    )  # fmt: skip

    [found] = report.read(Path(file))
    assert (found["confirmed"], found["stored"], found["lost"], found["faults"]) == (72, 72, 0, {})
    assert "answers confirmed 72, stored 72, lost 0" in capsys.readouterr().out
