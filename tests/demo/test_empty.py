"""The demo's commands where there is no demo."""

from __future__ import annotations

from datetime import date
from itertools import islice

from trainmgr.demo.people import id_number, people


def test_dropping_is_refused_where_the_demo_was_never_loaded(cli, world):
    world.college  # noqa: B018  somebody's own

    result = cli("demo", "drop")

    assert result.exit_code == 1


def test_loading_is_refused_where_there_is_a_college(cli, world):
    world.college  # noqa: B018

    assert cli("demo", "load", "--small").exit_code == 1
    assert "no demo" in cli("demo", "load", "--if-empty").output


def test_invented_people_are_the_same_every_time_and_none_comes_twice():
    def some(seed):
        return list(islice(people(seed, born_from=date(1980, 1, 1), born_to=date(2005, 12, 31)), 500))

    assert some("one") == some("one") != some("two")
    assert len({person.id_number for person in some("one")}) == 500


def test_the_check_digit_is_that_of_the_standard():
    # The example of GB 11643-1999.
    assert id_number("110105", date(1949, 12, 31), 2) == "11010519491231002X"
