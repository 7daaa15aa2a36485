"""Numbers from outside: what no row can be called is nothing."""

from __future__ import annotations

import pytest

from trainmgr.kernel.numbers import LARGEST, whole


@pytest.mark.parametrize(("text", "number"), [("0", 0), ("38", 38), (str(LARGEST), LARGEST)])
def test_a_whole_number_is_read(text, number):
    assert whole(text) == number


@pytest.mark.parametrize(
    "text", [None, "", "-1", "+1", "1.5", "1e9", "²", "١", " 1", "x", str(LARGEST + 1), "9" * 5000]
)
def test_anything_else_is_nothing(text):
    assert whole(text) is None


def test_a_link_of_a_list_keeps_filters_whatever_they_are_called(app):
    from trainmgr.kernel.paging import Page

    with app.test_request_context("/programs/7/result?program_id=9&endpoint=x&_scheme=y&q=李&page=2"):
        page = Page([], 2, 50, 120)

        assert page.url(page=3) == ("/programs/7/result?program_id=9&endpoint=x&_scheme=y&q=%E6%9D%8E&page=3")
        assert (
            page.url(page=None, q=None, program_id=None, endpoint=None, _scheme=None) == "/programs/7/result"
        )
