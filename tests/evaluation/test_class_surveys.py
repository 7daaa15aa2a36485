"""What a class says of its training is shown only where it tells of nobody."""

from __future__ import annotations

import re

from tests.evaluation.conftest import make_stage, text_of
from tests.factories import NOW
from trainmgr.enrolment.models import Enrolment
from trainmgr.evaluation import queries, results
from trainmgr.evaluation.ratings import Answers, submit
from trainmgr.evaluation.rules import Party, is_survey
from trainmgr.identity.models import User
from trainmgr.kernel.db import db
from trainmgr.programs.models import Program

T = Party.TRAINEE


def test_survey_answers_of_a_small_class_stay_away_from_its_page(world, clock, signed_in):
    stage = make_stage(world, trainees=9, priorities=0)
    cohorts = [world.cohort(stage.program, name) for name in ("大班", "小班")]
    _in_classes(stage, cohorts, sizes=(5, 4))
    with world.inside():
        window = queries.window_or_404(stage.program.id, stage.window_id)
        program = db.session.get_one(Program, stage.program.id)
        asked = window.plan.points[T]
        for enrolment, trainee in zip(stage.enrolments, stage.trainees, strict=True):
            submit(
                program, window, db.session.get_one(Enrolment, enrolment.id), T,
                Answers(dict.fromkeys(asked, 3), ""), by=db.session.get_one(User, trainee.id), now=NOW,
            )  # fmt: skip
        survey = [c for c in queries.criteria_of(window) if c.by_trainee and is_survey(c.level, T)]
        named = [c for c in queries.criteria_of(window) if c.by_trainee and not is_survey(c.level, T)]
        closing, asked_of_survey, asked_of_named = window.closes_at, len(survey), len(named)
        db.session.commit()

    def cells(cohort):
        page = text_of(
            signed_in(stage.staff).get(
                f"/programs/{stage.program.id}/evaluation/windows/{stage.window_id}/classes/{cohort.id}"
            )
        )
        table = page[page.index('id="criteria-h"') :]
        return table.count("不公布</span>"), len(re.findall(r"<b>3\.00</b>", table))

    # While answers come in, nobody's: the next one could be told by subtraction.
    assert {cells(cohort) for cohort in cohorts} == {(asked_of_survey, asked_of_named)}
    clock(closing)
    # Four answered in the small class, and the large one beside the total would give them away.
    assert {cells(cohort) for cohort in cohorts} == {(asked_of_survey, asked_of_named)}
    with world.inside():
        db.session.query(Enrolment).update({"cohort_id": cohorts[1].id})
        db.session.commit()
    assert cells(cohorts[1]) == (0, asked_of_survey + asked_of_named)


def _in_classes(stage, cohorts, *, sizes):
    """Put the trainees into classes, so many into each."""
    places = [cohort.id for cohort, size in zip(cohorts, sizes, strict=True) for _ in range(size)]
    with stage.world.inside():
        for enrolment, cohort_id in zip(stage.enrolments, places, strict=True):
            db.session.get_one(Enrolment, enrolment.id).cohort_id = cohort_id
        db.session.commit()


def test_what_a_trainee_says_of_the_training_is_read_by_nobody_else(stage, signed_in):
    stage.rate(T, 0, 5)
    stage.rate(Party.ENTERPRISE, 0, 3)
    stage.rate(Party.TEACHER, 0, 3)
    with stage.world.inside():
        window = queries.window_or_404(stage.program.id, stage.window_id)
        survey = [c.label for c in queries.criteria_of(window) if c.by_trainee and is_survey(c.level, T)]
        by_id = {c.id: c.label for c in queries.criteria_of(window)}
        teachers = {c.label for c in queries.criteria_of(window) if c.by_teacher}
        program = db.session.get_one(Program, stage.program.id)
        enrolment = db.session.get_one(Enrolment, stage.enrolments[0].id)
        for reader, told in ((stage.trainees[0], True), (stage.staff, False), (stage.mentor, False)):
            viewer = db.session.get_one(User, reader.id)
            found = results.windows_with_result(program, enrolment, viewer, NOW)
            one = next(each for each in found if each.window.id == stage.window_id)
            mine = {by_id[score.criterion_id] for score in one.readable(one.ratings[T])}
            assert bool(mine & set(survey)) is told
            assert mine - set(survey)
    url = f"/programs/{stage.program.id}/evaluation/results/{stage.enrolments[0].id}?window={stage.window_id}"

    def marks_of_survey(page):
        rows = re.findall(r'<tr><th scope="row">([^<]+)</th>(.*?)</tr>', page, re.DOTALL)
        return [("计入，不公开" in row, "<b>5</b>" in row) for name, row in rows if name in survey]

    assert survey
    assert marks_of_survey(text_of(signed_in(stage.trainees[0]).get("/my-result"))) == [(False, True)] * len(
        survey
    )
    for viewer in (stage.staff, stage.mentor, stage.teacher):
        page = text_of(signed_in(viewer).get(url))
        assert marks_of_survey(page) == [(True, False)] * len(survey)
        # Nor is it a strength of the trainee, unless somebody else judged it too.
        strong = page[page.index('id="strong-h"') : page.index('id="steps-h"')]
        assert not [name for name in survey if name in strong and name not in teachers]
