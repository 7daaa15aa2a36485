"""What the bank keeps whatever asks it: drawn items never change, papers are drawn once, versions freeze."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest
import sqlalchemy as sa

from tests.bank.conftest import actor, facts
from tests.factories import NOW
from trainmgr.bank import actions, authoring, instruments, papers, queries
from trainmgr.bank.authoring import Statistics
from trainmgr.bank.drawing import Cell
from trainmgr.bank.models import BlueprintRow, InstrumentVersion, Item, PaperItem
from trainmgr.bank.rules import Difficulty, FormPolicy, ItemState
from trainmgr.kernel.db import db
from trainmgr.kernel.errors import RuleBroken

LATER = NOW + timedelta(hours=1)
EASY = Difficulty.EASY


@pytest.fixture
def by(bank, app):
    with app.app_context():
        yield actor(bank.staff)


def version_in(instrument_id):
    return db.session.scalars(
        sa.select(InstrumentVersion)
        .where(InstrumentVersion.instrument_id == instrument_id)
        .order_by(InstrumentVersion.number.desc())
    ).first()


def flush_after(change):
    change()
    db.session.flush()


def ids(paper):
    return [row.item_id for row in paper]


def test_a_drawn_item_stays_and_its_edit_is_a_successor(bank, write, plan, by):
    write(bank.first, 2)
    papers.draw_form(version_in(plan((bank.first, EASY, 1))), 1, now=NOW)
    item = db.session.scalars(sa.select(Item).where(Item.drawn_at.is_not(None))).one()
    stem = item.stem

    kept = authoring.change_item(
        item, facts(bank.first, "新的问法"), picture=None, version=item.version, by=by, now=LATER
    )

    assert (kept.replaces_id, kept.state, kept.drawn_at) == (item.id, ItemState.IN_USE, None)
    assert (item.stem, item.state) == (stem, ItemState.RETIRED)
    assert queries.successor_of(item) == kept.id
    with pytest.raises(RuleBroken):
        authoring.move_items([item], ItemState.IN_USE, by=by, now=LATER)


def test_a_drawn_item_is_no_draft_any_more(bank, write, plan, by):
    write(bank.first, 1)
    papers.draw_form(version_in(plan((bank.first, EASY, 1))), 1, now=NOW)
    item = db.session.scalars(sa.select(Item)).one()

    with pytest.raises(RuleBroken):
        authoring.move_items([item], ItemState.DRAFT, by=by, now=LATER)


def test_a_paper_is_drawn_once_and_kept_when_the_bank_grows(bank, write, plan, by):
    write(bank.first, 3)
    version = version_in(plan((bank.first, EASY, 2)))
    first = ids(papers.draw_form(version, 1, now=NOW))
    write(bank.first, 50)

    assert ids(papers.draw_form(version, 1, now=LATER)) == first


def test_entry_and_end_ask_the_same_items_unless_told_otherwise(bank, write, plan, by):
    write(bank.first, 6)
    same = version_in(plan((bank.first, EASY, 3)))
    parallel = version_in(plan((bank.first, EASY, 3), name="平行卷", form_policy=FormPolicy.PARALLEL))
    for version in (same, parallel):
        db.session.refresh(version)

    entry, end = (ids(papers.draw_form(same, form, now=NOW)) for form in (1, 2))
    left, right = (set(ids(papers.draw_form(parallel, form, now=NOW))) for form in (1, 2))

    assert entry == end
    assert not left & right
    assert len(left | right) == 6


def test_a_parallel_first_form_is_not_begun_when_the_second_could_not_follow(bank, write, plan, by):
    write(bank.first, 5)
    version = version_in(plan((bank.first, EASY, 3), form_policy=FormPolicy.PARALLEL))

    with pytest.raises(papers.Unfilled) as refused:
        papers.draw_form(version, 1, now=NOW)

    assert [one.missing for one in refused.value.shortages] == [1]
    assert db.session.scalar(sa.select(sa.func.count()).select_from(PaperItem)) == 0


def test_only_items_in_use_are_drawn(bank, write, plan, by):
    write(bank.first, 2, state=ItemState.DRAFT)

    with pytest.raises(papers.Unfilled):
        papers.draw_form(version_in(plan((bank.first, EASY, 1))), 1, now=NOW)


def test_a_frozen_version_refuses_every_change(bank, write, plan, by):
    key = plan((bank.first, EASY, 1))
    actions.freeze(version_in(key), now=NOW)
    actions.freeze(version_in(key), now=LATER)
    instrument = instruments.instrument_or_404(key, by)
    frozen = instrument.versions[0]

    assert frozen.frozen_at == NOW
    cells = [Cell(bank.first, EASY, 2, Decimal(2))]
    with pytest.raises(RuleBroken):
        actions.set_blueprint(instrument, cells, version=frozen.version, by=by, now=LATER)
    with pytest.raises(RuleBroken):
        actions.change_settings(instrument, actions.Settings(), version=frozen.version, by=by, now=LATER)


def test_a_blueprint_that_changes_drops_the_paper_that_nobody_has_answered(bank, write, plan, by):
    write(bank.first, 3)
    key = plan((bank.first, EASY, 1))
    papers.draw_form(version_in(key), 1, now=NOW)
    instrument = instruments.instrument_or_404(key, by)

    cells = [Cell(bank.first, EASY, 3, Decimal(2))]
    actions.set_blueprint(instrument, cells, version=instrument.versions[0].version, by=by, now=LATER)

    assert len(papers.draw_form(version_in(key), 1, now=LATER)) == 3


def test_a_paper_has_a_limit(bank, plan, by):
    instrument = instruments.instrument_or_404(plan((bank.first, EASY, 1)), by)
    cells = [
        Cell(competency, difficulty, 50, Decimal(1))
        for competency in (bank.first, bank.second)
        for difficulty in Difficulty
    ]

    with pytest.raises(RuleBroken):
        actions.set_blueprint(instrument, cells, version=instrument.versions[0].version, by=by, now=LATER)


def test_the_next_version_begins_as_a_copy_and_there_is_only_one_draft(bank, plan, by):
    key = plan((bank.first, EASY, 4), minutes=45, level_2=20)
    instrument = instruments.instrument_or_404(key, by)
    with pytest.raises(RuleBroken):
        actions.open_next_version(instrument, reason="再来", by=by, now=LATER)
    actions.freeze(instrument.versions[0], now=NOW)
    db.session.expire_all()
    instrument = instruments.instrument_or_404(key, by)

    draft = actions.open_next_version(instrument, reason="减题", by=by, now=LATER)

    assert (draft.number, draft.minutes, draft.level_2, draft.count) == (2, 45, 20, 4)
    assert [cell.count for cell in instruments.cells_in(draft.id)] == [4]


def test_what_tests_find_is_kept_with_the_items(bank, write, by):
    one, other = write(bank.first, 2)

    authoring.note_statistics(
        {one: Statistics(30, Decimal("0.62"), Decimal("0.41"), {"0": 19, "1": 11}), other: Statistics(30)}
    )

    item = db.session.get_one(Item, one)
    assert (item.times_answered, item.p_value, item.discrimination) == (30, Decimal("0.62"), Decimal("0.41"))
    assert item.distractors == {"0": 19, "1": 11}
    assert db.session.get_one(Item, other).p_value is None


def test_the_same_item_cannot_be_live_twice_even_past_the_actions(bank, write, by):
    (one,) = write(bank.first)
    item = db.session.get_one(Item, one)
    columns = replace(facts(bank.first), stem=item.stem).columns()
    twin = Item(college_id=bank.college, digest=item.digest, created_at=NOW, changed_at=NOW, **columns)
    db.session.add(twin)

    with pytest.raises(sa.exc.IntegrityError):
        db.session.flush()
    db.session.rollback()


@pytest.mark.parametrize("name", ["stem", "points", "explanation"])
def test_what_was_drawn_holds_even_past_the_actions(bank, write, plan, by, name):
    write(bank.first)
    papers.draw_form(version_in(plan((bank.first, EASY, 1))), 1, now=NOW)
    item = db.session.scalars(sa.select(Item)).one()
    setattr(item, name, Decimal(9) if name == "points" else "anders")

    with pytest.raises(RuleBroken):
        db.session.flush()
    db.session.rollback()


def test_a_frozen_blueprint_holds_even_past_the_actions(bank, write, plan, by):
    write(bank.first)
    key = plan((bank.first, EASY, 1))
    version = version_in(key)
    papers.draw_form(version, 1, now=NOW)
    actions.freeze(version, now=NOW)
    db.session.commit()
    row = db.session.scalars(sa.select(BlueprintRow)).one()

    for attempt in (
        lambda: setattr(row, "count", 2),
        lambda: setattr(version_in(key), "minutes", 99),
        lambda: db.session.delete(row),
        lambda: db.session.add(
            BlueprintRow(version_id=version.id, competency_id=bank.second, difficulty=EASY, count=1, points=1)
        ),
        lambda: db.session.execute(sa.delete(PaperItem).where(PaperItem.version_id == version.id)),
        lambda: db.session.execute(sa.update(BlueprintRow).values(count=3)),
    ):
        with pytest.raises(RuleBroken):
            flush_after(attempt)
        db.session.rollback()
