"""Every column that could hold personal data is declared, with purpose, visibility, retention and what erasing does."""

from collections import Counter

import pytest
import sqlalchemy as sa

from trainmgr.kernel.db import db
from trainmgr.operation.register import emptied, register, rows_about, table

pytestmark = [pytest.mark.once, pytest.mark.usefixtures("app")]
NUMBERS = (sa.Integer, sa.Boolean, sa.Enum, sa.Float, sa.Numeric)


def worth_declaring():
    """Every column with text, JSON, a date or a time; numbers, choices and keys to other rows tell nothing alone."""
    return [
        f"{of.name}.{column.name}"
        for of in db.metadata.tables.values()
        for column in of.columns
        if not column.foreign_keys and not isinstance(column.type, NUMBERS)
        if of.info.get("bind_key") is None and not of.name.startswith("specimen")
    ]


def undeclared(columns):
    return sorted(set(columns) - set(register().declared()))


def test_every_column_of_text_or_date_is_declared():
    assert undeclared(worth_declaring()) == []


def test_a_new_column_is_found_missing():
    assert undeclared([*worth_declaring(), "enrolment.religion"]) == ["enrolment.religion"]


def test_nothing_is_declared_twice_or_without_a_column():
    declared = register().declared()

    assert [column for column, times in Counter(declared).items() if times > 1] == []
    assert sorted(set(declared) - set(worth_declaring())) == []


def test_every_class_says_what_for_for_whom_how_long_and_what_an_erasure_does():
    for one in register().classes.values():
        assert all((one.purpose, one.visible, one.retention)), one.name
        assert one.on_erasure in {"clear", "pseudonym", "keep"}, one.name
        assert bool(one.because) == (one.on_erasure == "keep"), one.name


def test_every_table_that_names_a_person_leads_to_it():
    """A table with rows about people is under [about], so that export and erasure find its rows."""
    names = {"user_id", "enrolment_id", "participant_id"}
    with_person = {
        of.name for of in db.metadata.tables.values() if names & {key.parent.name for key in of.foreign_keys}
    }
    reviewed = {
        "webhook_delivery",
        "api_integration",
        "contest_judge",
    }  # an institution's; who judges, as a post

    assert with_person - set(register().about) - reviewed == set()
    for name in register().about:
        assert rows_about(name, 1) is not None


def test_what_is_to_be_cleared_can_be():
    for one in register().classes.values():
        if one.on_erasure == "clear":
            for name in one.columns:
                column = table(name.split(".")[0]).c[name.split(".")[1]]
                moment = (
                    not column.nullable and isinstance(column.type, (sa.Date, sa.DateTime))
                ) or "DateTime" in type(column.type).__name__
                assert moment or emptied(column) is not None
    for rule in register().purge:
        assert {rule.at, *rule.clear} <= set(table(rule.table).c.keys())
