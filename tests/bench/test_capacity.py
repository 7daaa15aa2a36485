"""The arithmetic of capacity and of the mixed load: units, proportions and what a limit does."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from tests.bench import capacity, crowd, mixed
from tests.bench.capacity import MEASURED, Action, Assumed, Measured
from tests.bench.crowd import _in_turns, split
from tests.bench.visitors import Told
from trainmgr.kernel.clock import utcnow

ONE = Measured(
    requests=dict.fromkeys(MEASURED.requests, Action(36.0, 18.0, 1000.0)),
    row_bytes=dict.fromkeys(MEASURED.row_bytes, 100.0),
    other_bytes=500.0,
    photo_bytes=1e6,
    photo_ms=0.0,
    job_seconds=dict.fromkeys(MEASURED.job_seconds, 36.0),
)


def test_an_hour_of_a_college_counts_each_page_that_a_log_and_a_rating_take():
    hour = capacity.an_hour(
        Assumed(trainees=1000, active=0.5, reads_a_day=4, lists_a_day=0.3, days=100, logs_a_year=10, ratings_a_year=5,
                drafts_a_rating=2, peak_day=2, peak_share=0.5)
    )  # fmt: skip

    assert hour["inbox"] == pytest.approx(250)
    assert hour["roster"] == pytest.approx(25)
    assert (hour["log form"], hour["log"]) == pytest.approx((100, 100))
    assert (hour["rating form"], hour["rating draft"], hour["rating"]) == pytest.approx((100, 100, 50))


def test_cores_are_milliseconds_of_all_requests_in_an_hour():
    assert capacity.cores({"inbox": 100_000}, ONE.requests, "web_ms") == pytest.approx(1.0)
    assert capacity.cores({"inbox": 100_000}, ONE.requests, "database_ms") == pytest.approx(0.5)


def test_a_trainees_year_is_its_rows_and_what_is_kept_once():
    assumed = Assumed(logs_a_year=2, ratings_a_year=1, marks_a_rating=10, attended_days=5)

    # 2 logs, decisions, competencies and 24 bands, 1 rating with 10 marks, 5 days, 4 events with their seals
    assert sum(capacity.rows_a_year(assumed).values()) == 2 * 3 + 24 + 11 + 5 + 8
    assert capacity.bytes_a_year(ONE, assumed) == pytest.approx(54 * 100 + 500)


def test_what_is_needed_grows_with_the_colleges_and_shrinks_when_machines_may_be_fuller():
    some, many = (capacity.need(colleges, MEASURED, Assumed()) for colleges in (100, 1000))
    fuller = capacity.need(1000, MEASURED, replace(Assumed(), utilisation=1.0))

    assert many.web_cores == pytest.approx(10 * some.web_cores)
    assert many.rows_gb_a_year == pytest.approx(10 * some.rows_gb_a_year)
    assert fuller.web_hosts < many.web_hosts
    assert fuller.workers < many.workers
    assert fuller.web_cores == many.web_cores


def test_two_hosts_and_two_workers_are_the_least():
    least = capacity.need(1, MEASURED, Assumed())

    assert (least.web_hosts, least.workers, least.database_cores) == (2, 2, 2)


def test_the_costs_of_another_run_take_the_place_of_those_noted():
    run = {"kinds": {kind: {"web_ms": 2 * one.web_ms, "database_ms": 0, "wal_bytes": 0}
                     for kind, one in MEASURED.requests.items()},
           "sizes": {"practice_log": [1000, 2_000_000], "elsewhere": [10, 10]}}  # fmt: skip

    found = capacity.taken_from(MEASURED, run)

    assert found.requests["log"].web_ms == 2 * MEASURED.requests["log"].web_ms
    assert (found.row_bytes["practice_log"], found.row_bytes["rating"]) == (
        2000,
        MEASURED.row_bytes["rating"],
    )


def test_the_table_has_a_column_for_each_size():
    assumed = Assumed()
    lines = capacity.table(
        [capacity.need(n, MEASURED, assumed) for n in capacity.COLLEGES], assumed
    ).splitlines()

    assert lines[0] == "| calculated | 10 colleges | 100 colleges | 1,000 colleges |"
    assert {line.count("|") for line in lines} == {5}
    assert lines[2] == "| trainees | 150,000 | 1,500,000 | 15,000,000 |"


def test_the_page_on_scale_shows_what_is_calculated():
    shown = (Path(__file__).parents[2] / "docs" / "scale.md").read_text(encoding="utf-8").splitlines()
    assumed = Assumed()
    head, _rule, *lines = capacity.table(
        [capacity.need(n, MEASURED, assumed) for n in capacity.COLLEGES], assumed
    ).splitlines()

    assert [line for line in (head, *lines) if line not in shown] == []


def test_the_mix_is_sixty_twenty_five_ten_and_five_of_a_hundred():
    cards = mixed.deck(200)

    assert {name: cards.count(name) for name in mixed.SHARES} == {
        "reading": 120,
        "log": 50,
        "rating": 20,
        "staff": 10,
    }
    assert cards[:120] != ["reading"] * 120


def test_a_small_crowd_owes_ratings_and_may_write_logs(app):
    made = crowd.arrange(app, 8, utcnow())
    place, enrolment = made.owed[0]
    rating = f"/ratings/{made.window}/{enrolment}/enterprise"

    answers = [
        app.test_client(use_cookies=False).get(path, headers={"Cookie": cookie})
        for cookie, path in ((made.trainees[0], "/logs/new"), (made.mentors[place], rating))
    ]

    assert (made.people, len(made.owed)) == (8, len(made.trainees))
    assert [answer.status_code for answer in answers] == [200, 200]
    assert b'name="client_key"' in answers[0].data
    assert answers[1].text.count('type="radio"') > 20


@pytest.mark.parametrize("people", [4, 60, 1800])
def test_everybody_is_counted_once(people):
    trainees, classes, staff = split(people)

    assert trainees + 2 * classes + staff == people
    assert 0 < trainees <= classes * 50


def test_mentors_rate_in_turns():
    assert _in_turns(list(range(1, 53)), 2)[:4] == [(0, 1), (1, 51), (0, 2), (1, 52)]


def test_an_answer_that_is_not_meant_is_a_fault():
    told = Told()

    answers = [told.note("log", 302, 0.1), told.note("log", 200, 0.1), told.note("inbox", 200, 0.1)]
    told.note("bare", 503, 0.1)

    assert answers == [True, False, True]
    assert (told.faults, told.requests) == ({"log 200": 1, "bare 503": 1}, 3)


def test_what_one_request_costs_is_the_difference_of_two_readings():
    assert mixed.difference((1.0, 2.0, 0.0), (1.5, 2.1, 5000.0), 10) == mixed.Cost(50.0, 10.0, 500)


def test_growth_is_what_the_mix_costs_in_bare_pages_of_both_runs():
    def run(bare, other, log):
        kinds = {kind: {"web_ms": other, "database_ms": 0.0} for kind in mixed.OF_A_HUNDRED}
        kinds |= {
            "bare": {"web_ms": bare / 2, "database_ms": bare / 2},
            "log": {"web_ms": other, "database_ms": log},
        }
        return {"kinds": kinds, "mixed_per_second": 20.0, "bare_per_second": 100.0}

    lines, grown = mixed.growth(run(4.0, 20.0, 0.0), run(2.0, 10.0, 0.0))
    assert grown == pytest.approx(1.0)  # a machine that is half as fast is no growth
    assert not any("!" in line for line in lines)

    lines, grown = mixed.growth(run(2.0, 10.0, 90.0), run(2.0, 10.0, 0.0))
    assert grown == pytest.approx(1 + 90 / 10 * 25 / sum(mixed.OF_A_HUNDRED.values()))
    assert [line.split()[0] for line in lines if line.endswith("!")] == ["log", "the"]


def test_a_hundred_actions_are_their_shares_with_a_form_before_each_log_and_rating():
    assert sum(mixed.OF_A_HUNDRED.values()) == pytest.approx(60 + 2 * 25 + 2 * 10 + 5)
