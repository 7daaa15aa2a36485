"""Numbers as people type them, and as nobody means them."""

from decimal import Decimal

import pytest
from werkzeug.datastructures import MultiDict
from wtforms import Form

from trainmgr.kernel.inputs import FigureField


class Measured(Form):
    hours = FigureField("Hours", decimals=2)


@pytest.fixture(autouse=True)
def request_of_a_page(app):
    with app.test_request_context():
        yield


@pytest.mark.parametrize(
    ("typed", "value"),
    [
        ("4.5", "4.5"),
        ("１２．５", "12.5"),
        ("1,200", "1200"),
        ("-0.25", "-0.25"),
        (" 7 ", "7"),
        ("1e3", "1000"),
    ],
)
def test_a_number_is_read_as_it_is_typed(typed, value):
    form = Measured(MultiDict({"hours": typed}))
    assert form.validate()
    assert form.hours.data == Decimal(value)


@pytest.mark.parametrize(
    "typed", ["many", "NaN", "sNaN", "Infinity", "1e999999999", "1e99", "4.125", "1e-999999999", "9" * 40]
)
def test_what_is_no_number_of_ours_is_refused_with_its_field_and_kept(typed):
    form = Measured(MultiDict({"hours": typed}))
    assert not form.validate()
    assert form.hours.data is None
    assert form.hours._value() == typed
