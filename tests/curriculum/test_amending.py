"""Amendments: the day from which an edition holds, who approved it and why, and what holds on which day."""

from __future__ import annotations

import io
from datetime import date, timedelta

import docx
import pytest
import sqlalchemy as sa

from tests.factories import NOW, TODAY
from trainmgr.curriculum import actions, amending, queries
from trainmgr.curriculum.effect import DayFault, Period, day_fault, first_day, periods
from trainmgr.curriculum.models import Edition, EditionState
from trainmgr.curriculum.verifying import verify
from trainmgr.kernel.access import Role
from trainmgr.kernel.audit import AuditEvent
from trainmgr.kernel.db import db
from trainmgr.kernel.errors import RuleBroken
from trainmgr.programs.models import Program, Signature
from trainmgr.programs.rules import Side

WEEK = timedelta(weeks=1)
LATER = TODAY + WEEK


def a_day(number):
    return date(2026, 12, number)


@pytest.mark.parametrize(
    ("day", "options", "fault"),
    [
        (None, {}, None),
        (a_day(1), {}, None),
        (a_day(2), {}, None),
        (date(2026, 11, 30), {}, DayFault.PAST),
        (a_day(31), {"ends_on": a_day(31)}, None),
        (a_day(31), {"ends_on": a_day(30)}, DayFault.AFTER_THE_END),
        (a_day(5), {"base_from": a_day(6)}, DayFault.BEFORE_ITS_BASE),
        (a_day(6), {"base_from": a_day(6)}, None),
    ],
)
def test_a_day_is_neither_past_nor_after_the_end_nor_before_what_is_amended(day, options, fault):
    assert day_fault(day, today=a_day(1), **options) is fault


@pytest.mark.parametrize(
    ("asked", "base_from", "first"),
    [
        (None, None, a_day(3)),
        (a_day(10), None, a_day(10)),
        (a_day(1), None, a_day(3)),
        (None, a_day(9), a_day(9)),
        (a_day(10), a_day(9), a_day(10)),
    ],
)
def test_an_amendment_holds_from_its_day_but_never_before_both_have_signed(asked, base_from, first):
    assert first_day(asked, signed_on=a_day(3), base_from=base_from) == first


def test_an_edition_holds_until_the_day_before_the_next():
    found = periods([(1, None), (2, a_day(5)), (3, a_day(5)), (4, a_day(9))])

    assert found == {
        1: Period(None, a_day(4)),
        2: Period(a_day(5), a_day(4)),
        3: Period(a_day(5), a_day(8)),
        4: Period(a_day(9), None),
    }
    assert [number for number, period in found.items() if period.is_empty] == [2]


# --- deeds ------------------------------------------------------------------------------------------


def amended(plans, day=LATER, reason="企业换了新线体", hours=8):
    """Sign a plan, then an amendment of it from a day on: one module has more hours."""
    plans.signed()
    with plans.world.inside():
        by = plans.person(plans.staff)
        actions.open_edition(plans.of(), reason, effective_on=day, by=by, now=NOW)
        module = db.session.get(queries.Module, plans.plan(2).modules[0].id)
        names = actions.ModuleFacts.__dataclass_fields__
        facts = {name: getattr(module, name) for name in names}
        facts["practice_hours"] += hours
        actions.change_module(
            plans.of(), plans.edition(2), module, actions.ModuleFacts(**facts), by=by, now=NOW
        )
        db.session.commit()
    plans.offer(2)
    plans.sign(2)
    return plans


def states(plans):
    return dict(db.session.execute(sa.select(Edition.number, Edition.state)).all())


def in_force(plans, on=None):
    statement = sa.select(Edition.number).where(Edition.id == queries.edition_in_force(plans.program.id, on))
    return db.session.scalar(statement)


def test_until_its_day_the_edition_before_holds(plans):
    amended(plans)
    with plans.world.inside():
        assert states(plans) == {1: EditionState.SIGNED, 2: EditionState.AGREED}
        assert queries.signed_edition(plans.program.id).number == 1
        assert [in_force(plans, on) for on in (None, TODAY, LATER - timedelta(1), LATER)] == [1, 1, 1, 2]
        hours = [queries.modules_of(plans.program.id, on)[0].practice_hours for on in (TODAY, LATER)]
        assert hours[1] - hours[0] == 8
        planned = db.session.get(Program, plans.program.id).planned_minutes
        assert planned == 1312 * 60


def test_on_its_day_the_clock_puts_it_in_force(plans):
    amended(plans)
    with plans.world.inside():
        assert amending.turn(NOW) == 0
        assert amending.turn(NOW + WEEK) == 1
        assert amending.turn(NOW + WEEK) == 0
        db.session.commit()
    with plans.world.inside():
        assert states(plans) == {1: EditionState.SUPERSEDED, 2: EditionState.SIGNED}
        assert db.session.get(Program, plans.program.id).planned_minutes == 1320 * 60
        assert [in_force(plans, on) for on in (None, TODAY, LATER)] == [2, 1, 2]
        assert db.session.scalar(sa.select(AuditEvent).where(AuditEvent.action == "curriculum.in_force"))


def test_without_a_day_it_holds_as_soon_as_both_have_signed(plans):
    amended(plans, day=None)
    with plans.world.inside():
        assert states(plans) == {1: EditionState.SUPERSEDED, 2: EditionState.SIGNED}
        assert plans.edition(2).in_force_from == TODAY
        assert in_force(plans, TODAY - timedelta(1)) == 1


@pytest.mark.parametrize(
    ("day", "words"),
    [(TODAY - timedelta(1), "已过"), (TODAY + timedelta(days=5000), "结束")],
    ids=["past", "after the end"],
)
def test_a_day_that_cannot_be_is_refused_with_a_sentence(plans, day, words):
    plans.signed()
    with plans.world.inside():
        plans.of().ends_on = TODAY + timedelta(days=400)
        with pytest.raises(amending.DayRefused, match=words):
            actions.open_edition(plans.of(), "原因", effective_on=day, by=plans.person(plans.staff), now=NOW)
        assert len(queries.shelf_of(plans.program.id).editions) == 1


def test_an_edition_whose_day_came_before_both_signed_is_not_signed_any_more(plans):
    plans.signed()
    with plans.world.inside():
        by = plans.person(plans.staff)
        actions.open_edition(plans.of(), "原因", effective_on=LATER, by=by, now=NOW)
        actions.offer(plans.of(), plans.edition(2), by=by, now=NOW)
        late = NOW + WEEK + timedelta(days=1)
        with pytest.raises(RuleBroken, match="撤回"):
            actions.sign(plans.of(), plans.edition(2), Side.COLLEGE, by=by, now=late)
        actions.withdraw(plans.of(), plans.edition(2), by=by, now=late)
        actions.revise(plans.of(), plans.edition(2), "原因", LATER + WEEK, by=by, now=late)
        actions.offer(plans.of(), plans.edition(2), by=by, now=late)
        actions.sign(plans.of(), plans.edition(2), Side.COLLEGE, by=by, now=late)


def test_the_next_amendment_of_an_agreed_one_holds_no_earlier(plans):
    amended(plans)
    with plans.world.inside():
        by = plans.person(plans.staff)
        with pytest.raises(amending.DayRefused, match="第 2 版"):
            actions.open_edition(plans.of(), "再改", effective_on=TODAY, by=by, now=NOW)
        actions.open_edition(plans.of(), "再改", by=by, now=NOW)
        db.session.commit()
    plans.offer(3)
    plans.sign(3)
    with plans.world.inside():
        assert plans.edition(3).in_force_from == LATER
        amending.turn(NOW + WEEK)
        assert states(plans) == {
            1: EditionState.SUPERSEDED,
            2: EditionState.SUPERSEDED,
            3: EditionState.SIGNED,
        }


def test_both_sides_sign_the_reason_and_the_day_too(plans):
    amended(plans)
    with plans.world.inside():
        board = actions._board(plans.of(), plans.edition(2))
        assert verify(board).is_unchanged
        plans.edition(2).reason = "别的原因"
        found = verify(actions._board(plans.of(), plans.edition(2)))
        assert not found.is_unchanged
        assert list(found.differing) == ["变更的原因和生效日"]


def test_an_amendment_signed_before_it_had_a_day_still_proves_unchanged(plans):
    from trainmgr.curriculum.verifying import _plan_only
    from trainmgr.programs.signing import digest_of

    amended(plans, day=None)
    with plans.world.inside():
        document = _plan_only(plans.of(), plans.edition(2), plans.plan(2))
        db.session.execute(
            sa.update(Signature)
            .where(Signature.subject_id == plans.edition(2).id)
            .values(digest=digest_of(document))
        )
        assert verify(actions._board(plans.of(), plans.edition(2))).is_unchanged


# --- pages ------------------------------------------------------------------------------------------


@pytest.fixture
def now(app):
    """Let the pages stand on the day of the tests."""
    app.config["CLOCK"] = lambda: NOW
    yield
    app.config.pop("CLOCK")


def version_of(plans, number):
    with plans.world.inside():
        return str(plans.edition(number).version)


def url(plans, tail=""):
    return f"/programs/{plans.program.id}/plan{tail}"


def test_the_history_tells_reason_period_and_who_approved(plans, signed_in, count_statements, now):
    amended(plans)
    staff = signed_in(plans.staff)

    with count_statements() as statements:
        page = staff.get(url(plans)).get_data(as_text=True)

    assert len(statements) <= 10, statements
    assert "企业换了新线体" in page
    assert f"{LATER:%Y-%m-%d} 起" in page
    assert f"开始至 {LATER - timedelta(1):%Y-%m-%d}" in page
    assert page.count(plans.coordinator.name) >= 2
    assert "已签，待生效" in page


def test_a_typed_day_that_cannot_be_keeps_what_was_typed(plans, signed_in, now):
    plans.signed()
    staff = signed_in(plans.staff)

    for typed, words in (("2020-01-01", "已过"), ("soon", None)):
        response = staff.post(url(plans, "/next"), data={"reason": "新线体", "effective_on": typed})
        page = response.get_data(as_text=True)
        assert response.status_code == 422
        assert "新线体" in page
        assert words is None or words in page
        assert f'value="{typed}"' in page

    data = {"effective_on": LATER.isoformat()}
    assert staff.post(url(plans, "/next"), data=data).status_code == 422
    assert staff.post(url(plans, "/next"), data=data | {"reason": "新线体"}).status_code == 302


def test_the_reason_and_the_day_of_a_draft_are_changed_and_of_a_signed_one_not(plans, signed_in, now):
    plans.signed()
    staff = signed_in(plans.staff)
    staff.post(url(plans, "/next"), data={"reason": "新线体"})
    assert "新线体" in staff.get(url(plans, "/2/amendment")).get_data(as_text=True)

    data = {"reason": "新线体和新工艺", "effective_on": LATER.isoformat()}
    assert staff.post(url(plans, "/2/amendment"), data=data | {"version": "99"}).status_code == 409
    data["version"] = version_of(plans, 2)
    past = data | {"effective_on": "1999-01-01"}
    assert staff.post(url(plans, "/2/amendment"), data=past).status_code == 422
    assert staff.post(url(plans, "/2/amendment"), data=data).status_code == 302
    with plans.world.inside():
        assert (plans.edition(2).reason, plans.edition(2).effective_on) == ("新线体和新工艺", LATER)
    plans.offer(2)
    plans.sign(2)
    assert staff.post(url(plans, "/2/amendment"), data=data).status_code == 409
    assert staff.get(url(plans, "/1/amendment")).status_code == 404
    teacher = signed_in(plans.world.user(Role.ENTERPRISE_MENTOR))
    assert teacher.get(url(plans, "/2/amendment")).status_code in (403, 404)


def test_whoever_signs_reads_the_reason_and_the_day_first(plans, signed_in):
    plans.signed()
    with plans.world.inside():
        by = plans.person(plans.staff)
        actions.open_edition(plans.of(), "企业换了新线体", effective_on=LATER, by=by, now=NOW)
        db.session.commit()
    plans.offer(2)
    page = signed_in(plans.coordinator).get(url(plans, "/2/sign/enterprise")).get_data(as_text=True)

    assert "企业换了新线体" in page
    assert f"{LATER:%Y-%m-%d}" in page


def test_the_trace_goes_by_the_plan_of_the_day_asked_for(plans, signed_in, now):
    amended(plans)
    staff = signed_in(plans.staff)

    for day, words in ((TODAY, "第 1 版"), (LATER, "第 2 版"), ("soon", "第 1 版")):
        page = staff.get(f"{url(plans, '/trace')}?on={day}").get_data(as_text=True)
        assert words in page, day
        assert ("第 2 版" in page) is (words == "第 2 版")


def test_the_word_print_tells_the_period(plans, signed_in, now):
    amended(plans)
    document = docx.Document(io.BytesIO(signed_in(plans.staff).get(url(plans, "/plan.docx?edition=2")).data))

    facts = {row.cells[0].text: row.cells[1].text for row in document.tables[0].rows}

    assert facts["有效期"] == f"{LATER:%Y-%m-%d}"
    assert facts["原因"] == "企业换了新线体"
