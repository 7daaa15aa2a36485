"""Item statistics of sittings: what goes in, what the bank gets, the pages, and how long 72,000 answers take."""

from __future__ import annotations

import io
import time
from datetime import timedelta
from decimal import Decimal

import numpy as np
import pytest
import python_calamine
import sqlalchemy as sa

from tests.factories import NOW
from tests.testing.conftest import ITEMS, RIGHT, WRONG, inside
from trainmgr.bank.models import Item, PaperItem
from trainmgr.identity.models import User
from trainmgr.kernel.access import Role
from trainmgr.kernel.db import db
from trainmgr.kernel.jobs import Job, JobState
from trainmgr.testing import analysing, settling
from trainmgr.testing.models import Answer, Attempt, Mark, Participant, Sitting
from trainmgr.testing.paper_figures import figures_of
from trainmgr.testing.rules import AttemptEnd, Purpose

PEOPLE = 6


@pytest.fixture
def staff(exam, signed_in):
    return signed_in(exam.staff)


def mark_all(exam, attempt_ids, words=Decimal(2), steps=Decimal(4)):
    """Give the same marks to the short answers and the practical work of attempts, and settle them."""
    with inside(exam.world):
        for attempt_id in attempt_ids:
            for name, points in (("words", words), ("steps", steps)):
                db.session.add(
                    Mark(
                        attempt_id=attempt_id, item_id=exam.items[name], points=points,
                        marker_id=exam.staff.id, marked_at=NOW,
                    )
                )  # fmt: skip
        db.session.flush()
        settling.settle(db.session.get_one(Sitting, exam.sitting_id), list(attempt_ids))
        db.session.commit()


@pytest.fixture
def sat(exam):
    """Six people: the first three know everything, the fourth half, the last two nothing; all marked."""
    exam.sitting(PEOPLE)
    half = WRONG | {name: RIGHT[name] for name in ("first", "second", "truth")}
    exam.attempts = [
        exam.take(place, values) for place, values in enumerate([RIGHT] * 3 + [half] + [WRONG] * 2)
    ]
    mark_all(exam, exam.attempts)
    return exam


def figures(exam):
    with inside(exam.world):
        found = figures_of(db.session.get_one(Sitting, exam.sitting_id))
        return found, {
            name: one for one in found.items for name, key in exam.items.items() if key == one.item.id
        }


def item(exam, name):
    with inside(exam.world):
        row = db.session.get_one(Item, exam.items[name])
        return row.times_answered, row.p_value, row.discrimination, row.distractors


def close(exam, **values):
    with inside(exam.world):
        db.session.execute(
            sa.update(Sitting).where(Sitting.id == exam.sitting_id).values(closed_at=NOW, **values)
        )
        db.session.commit()


def text_of(response):
    return response.get_data(as_text=True)


# --- what goes in --------------------------------------------------------------------------------------


def test_a_sitting_tells_the_difficulty_and_discrimination_of_its_items(sat):
    paper, items = figures(sat)

    assert (paper.count, paper.waiting) == (PEOPLE, 0)
    assert items["first"].p == pytest.approx(4 / 6)
    assert items["number"].p == pytest.approx(3 / 6)
    assert items["first"].discrimination > 0.5
    assert items["words"].discrimination is None  # everybody has the same mark
    assert items["words"].p == pytest.approx(2 / 3)
    assert items["first"].upper_lower == 1
    assert 0.9 < paper.alpha < 1


def test_options_are_counted_for_all_and_for_both_groups(sat):
    _paper, items = figures(sat)

    assert [(o.is_right, o.count, o.upper, o.lower) for o in items["first"].options] == [
        (True, 4, 3, 0),
        (False, 2, 0, 2),
        (False, 0, 0, 0),
    ]
    assert [o.count for o in items["several"].options] == [6, 3, 3, 0]
    assert items["number"].options == []


def test_what_waits_for_a_person_is_left_out(exam):
    exam.sitting(3)
    attempts = [exam.take(place) for place in range(3)]
    mark_all(exam, attempts[:2])

    paper, _items = figures(exam)

    assert (paper.count, paper.waiting) == (2, 1)


def test_what_does_not_count_is_left_out(exam):
    exam.sitting(2)
    off = exam.begin(0)
    exam.answer(off, WRONG)
    exam.finish(off, end=AttemptEnd.CALLED_OFF)
    mark_all(exam, [exam.take(1)])
    exam.begin(0)

    paper, items = figures(exam)

    assert paper.count == 1
    assert items["first"].p == 1
    assert paper.alpha is None


def test_a_sitting_that_nobody_took_tells_nothing(exam):
    exam.sitting(1)

    paper, items = figures(exam)

    assert paper.count == 0
    assert items["first"].p is None


# --- what the bank gets --------------------------------------------------------------------------------


def test_a_closed_and_marked_sitting_is_analysed_by_itself(sat):
    close(sat)
    with inside(sat.world):
        assert analysing.turn(NOW + timedelta(minutes=1)) == 1
        db.session.commit()

    count, p, correlation, distractors = item(sat, "first")
    assert (count, p, distractors) == (6, Decimal("0.6667"), {"0": 4, "1": 2, "2": 0})
    assert correlation > 0.5
    assert item(sat, "number")[3] is None
    with inside(sat.world):
        assert db.session.get_one(Sitting, sat.sitting_id).analysed_at is not None
        assert db.session.scalars(sa.select(Job.state)).all() == [JobState.DONE]
        assert analysing.turn(NOW + timedelta(minutes=2)) == 0


def test_the_clock_starts_nothing_while_a_sitting_runs_or_waits(exam):
    exam.sitting(1)
    exam.take(0)
    with inside(exam.world):
        assert analysing.turn(NOW) == 0
    close(exam)
    with inside(exam.world):
        assert analysing.turn(NOW) == 0


def test_analysing_twice_writes_the_same(sat):
    def once():
        with inside(sat.world):
            analysing.note(db.session.get_one(Sitting, sat.sitting_id), now=NOW)
            db.session.commit()
        return [item(sat, name) for name in ITEMS]

    assert once() == once()


def test_the_form_of_a_sitting_stays_valid_when_it_is_analysed(sat):
    with inside(sat.world):
        sitting = db.session.get_one(Sitting, sat.sitting_id)
        before = sitting.version
        analysing.note(sitting, now=NOW)
        db.session.commit()
        assert db.session.get_one(Sitting, sat.sitting_id).version == before


def test_the_bank_gets_the_figures_of_all_sittings_together(sat):
    close(sat)
    sat.sitting(2, purpose=Purpose.END)
    mark_all(sat, [sat.take(0, WRONG), sat.take(1, WRONG | {"first": [2]})])
    with inside(sat.world):
        analysing.note(db.session.get_one(Sitting, sat.sitting_id), now=NOW)
        db.session.commit()

    count, p, correlation, distractors = item(sat, "first")
    assert (count, p) == (8, Decimal("0.5"))
    assert distractors == {"0": 4, "1": 3, "2": 1}
    assert 0 < correlation < 1


def test_one_sitting_in_the_bank_is_what_its_page_says(sat):
    with inside(sat.world):
        analysing.note(db.session.get_one(Sitting, sat.sitting_id), now=NOW)
        db.session.commit()
    _paper, items = figures(sat)

    for name in ITEMS:
        _count, p, correlation, _distractors = item(sat, name)
        assert float(p) == pytest.approx(items[name].p, abs=1e-4)
        if items[name].discrimination is None:
            assert correlation is None
        else:
            assert float(correlation) == pytest.approx(items[name].discrimination, abs=1e-4)


def test_a_correction_lets_the_sitting_be_analysed_again(sat, staff):
    close(sat, analysed_at=NOW)
    words = sat.items["words"]
    first = sat.attempts[0]
    staff.post(
        sat.url(f"/marking/{words}?show=marked"),
        data={
            "answer": str(first), "key": "k", f"points-{first}": "1", f"seen-{first}": "1",
            f"reason-{first}": "看漏了",
        },
    )  # fmt: skip

    with inside(sat.world):
        assert analysing.turn(NOW) == 1
        db.session.commit()
    assert item(sat, "words")[1] == Decimal("0.6111")


def test_a_job_that_broke_off_is_not_started_again_by_the_clock(sat):
    close(sat)
    with inside(sat.world):
        analysing.start(db.session.get_one(Sitting, sat.sitting_id), by=None, now=NOW)
        db.session.execute(sa.update(Job).values(state=JobState.FAILED))
        db.session.execute(sa.update(Sitting).values(analysed_at=None))
        db.session.flush()
        assert analysing.turn(NOW) == 0


# --- pages ----------------------------------------------------------------------------------------------


def test_the_page_shows_each_item_with_what_is_striking(sat, staff):
    page = text_of(staff.get(sat.url("/statistics")))

    assert all(f"题目 {name}" in page for name in ITEMS)
    assert "没有人选的错误选项" in page
    assert "0.67" in page


def test_the_items_are_sorted_and_narrowed_down(sat, staff):
    rising = text_of(staff.get(sat.url("/statistics?sort=p")))
    falling = text_of(staff.get(sat.url("/statistics?sort=p&direction=desc")))
    striking = text_of(staff.get(sat.url("/statistics?show=striking")))

    assert rising.index("题目 number") < rising.index("题目 first")
    assert falling.index("题目 first") < falling.index("题目 number")
    assert "题目 first" in striking
    assert "题目 number" not in striking


def test_one_item_shows_who_chose_what(sat, staff):
    page = text_of(staff.get(sat.url(f"/statistics/{sat.items['first']}")))

    assert "预紧" in page
    assert "没有人选" in page
    assert staff.get(sat.url("/statistics/999")).status_code == 404


def test_the_workbook_has_a_row_for_each_item(sat, staff):
    response = staff.get(sat.url("/statistics.xlsx"))

    rows = python_calamine.CalamineWorkbook.from_filelike(io.BytesIO(response.get_data())).get_sheet_by_index(
        0
    )
    found = rows.to_python()
    assert len(found) == len(ITEMS) + 1
    assert found[1][6] == pytest.approx(0.667)


def test_the_button_hands_the_figures_to_the_bank(sat, staff):
    response = staff.post(sat.url("/statistics"))

    assert response.status_code == 302
    assert item(sat, "first")[0] == PEOPLE


def test_who_does_not_read_the_bank_reads_no_statistics(sat, world, signed_in):
    mentor = world.user(Role.ENTERPRISE_MENTOR)
    world.relation(sat.program, mentor, Role.ENTERPRISE_MENTOR)
    partner = world.user(Role.SCHOOL_TEACHER, world.organization())
    world.relation(sat.program, partner, Role.SCHOOL_TEACHER)

    for person in (mentor, partner):
        for tail in ("/statistics", "/statistics.xlsx", f"/statistics/{sat.items['first']}"):
            assert signed_in(person).get(sat.url(tail)).status_code == 403
    stranger = signed_in(world.user(Role.STAFF, world.organization()))
    assert stranger.get(sat.url("/statistics")).status_code == 404


def test_a_teacher_reads_the_statistics_but_does_not_start_them(sat, world, signed_in):
    teacher = world.user(Role.SCHOOL_TEACHER)
    world.relation(sat.program, teacher, Role.SCHOOL_TEACHER)
    client = signed_in(teacher)

    assert client.get(sat.url("/statistics")).status_code == 200
    assert client.post(sat.url("/statistics")).status_code == 403


def test_a_page_without_a_marked_attempt_says_why(exam, staff):
    exam.sitting(1)
    exam.take(0)

    assert "还没有批阅完的作答" in text_of(staff.get(exam.url("/statistics")))


# --- size -----------------------------------------------------------------------------------------------


def fill(exam, people, items):
    """Write a marked sitting of many people and items straight into the tables, by dice that always fall alike."""
    dice = np.random.default_rng(7)
    with inside(exam.world):
        sitting = db.session.get_one(Sitting, exam.sitting_id)
        paper = _longer_paper(sitting, db.session.get_one(Item, exam.items["first"]), items)
        users = _insert(User, people, lambda n: {
            "username": f"many{n}", "name": f"人{n}", "password_hash": "", "created_at": NOW,
            "must_change_password": False,
        })  # fmt: skip
        persons = _insert(Participant, people, lambda n: {
            "sitting_id": sitting.id, "user_id": users[n], "name": f"人{n}", "number": str(n), "attempts": 1,
            "extra_minutes": 0, "cohort_name": "", "post": "",
        })  # fmt: skip
        right = dice.random((people, items)) < dice.random((people, 1))
        attempts = _insert(Attempt, people, lambda n: {
            "sitting_id": sitting.id, "participant_id": persons[n], "number": 1, "started_at": NOW,
            "deadline_at": NOW, "ended_at": NOW, "end": AttemptEnd.HANDED_IN, "counts": True, "waiting": 0,
            "points": Decimal(2 * int(right[n].sum())), "possible": Decimal(2 * items),
        })  # fmt: skip
        rows = [
            {
                "attempt_id": attempt, "item_id": item_id, "value": [0] if right[n, place] else [1 + n % 2],
                "points": Decimal(2) if right[n, place] else Decimal(0), "sequence": 1,
            }
            for n, attempt in enumerate(attempts)
            for place, item_id in enumerate(paper)
        ]  # fmt: skip
        db.session.execute(sa.insert(Answer), rows)
        db.session.commit()


def _longer_paper(sitting, like, items):
    kept = [getattr(like, name) for name in COPIED]
    db.session.execute(sa.delete(PaperItem))
    ids = _insert(Item, items, lambda n: dict(zip(COPIED, kept, strict=True)) | {
        "stem": f"第 {n} 题", "digest": f"{n:064}", "version": 1, "times_answered": 0, "explanation": "",
    })  # fmt: skip
    lines = [
        {"version_id": sitting.version_id, "form": sitting.form, "item_id": one, "position": n, "points": 2}
        for n, one in enumerate(ids)
    ]
    db.session.execute(sa.insert(PaperItem), lines)
    return ids


COPIED = (
    "college_id", "competency_id", "kind", "difficulty", "points", "state", "created_at", "changed_at", "content",
)  # fmt: skip


def _insert(model, count, row):
    ids = db.session.scalars(
        sa.insert(model).returning(model.id, sort_by_parameter_order=True), [row(n) for n in range(count)]
    )
    return list(ids)


def test_seventy_two_thousand_answers_take_seconds_and_a_fixed_number_of_statements(exam, count_statements):
    exam.sitting(0)
    fill(exam, 1800, 40)

    with inside(exam.world):
        sitting = db.session.get_one(Sitting, exam.sitting_id)
        with count_statements() as read:
            begun = time.process_time()
            paper = figures_of(sitting)
            shown = time.process_time() - begun
        with count_statements() as written:
            begun = time.process_time()
            assert analysing.note(sitting, now=NOW) == 40
            noted = time.process_time() - begun

    assert paper.count == 1800
    assert all(one.discrimination > 0.2 for one in paper.items)
    assert len(read) <= 4
    assert len(written) <= 6
    assert shown < 8, f"the page took {shown:.1f} s"
    assert noted < 8, f"the bank took {noted:.1f} s"
    print(f"page {shown:.2f} s, bank {noted:.2f} s")


def test_the_page_costs_the_same_for_few_and_for_many(exam, staff, count_statements):
    def cost():
        with count_statements() as statements:
            assert staff.get(exam.url("/statistics")).status_code == 200
        return len(statements)

    exam.sitting(0, name="小")
    fill(exam, 5, 5)
    few = cost()
    exam.sitting(0, name="大")
    with inside(exam.world):
        db.session.execute(sa.update(Item).values(digest=sa.cast(Item.id, sa.String), state="retired"))
        db.session.execute(
            sa.update(User).where(User.username.like("many%")).values(username="x" + User.username)
        )
        db.session.commit()
    fill(exam, 40, 60)

    assert cost() == few <= 12
