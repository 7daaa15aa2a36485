"""What a gate asks of a test mark and of judged practical work, on sittings really taken, marked and judged."""

from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

import pytest
import sqlalchemy as sa

from tests.factories import NOW, TODAY
from tests.testing.conftest import BY_MACHINE, RIGHT, WRONG, make_exam
from tests.testing.helpers import mark_all
from trainmgr.enrolment.models import Enrolment
from trainmgr.guidance.looking import records_of
from trainmgr.kernel.db import db
from trainmgr.practice.gating import Condition, ConditionKind, Met
from trainmgr.practice.measures import Figures, findings_of
from trainmgr.programs.models import Program
from trainmgr.programs.rules import State
from trainmgr.testing.models import Sitting
from trainmgr.testing.rules import Purpose

KINDS = (ConditionKind.TEST, ConditionKind.PRACTICAL)


@dataclass
class Gate:
    """An exam of a running programme whose gate asks for 60 % of the test and of the practical work."""

    exam: Any
    people: list[Any] = field(default_factory=list)
    enrolments: dict[int, Any] = field(default_factory=dict)

    def sit(self, *answers: Any, **sitting: Any) -> None:
        """Let one person after the other take a new sitting; None stays away."""
        self.exam.sitting(self.people[: len(answers)], enrolments=self.enrolments, **sitting)
        for place, values in enumerate(answers):
            if values is not None:
                self.exam.take(place, values)

    def stand(self, instrument_id: int | None = None) -> list[list[tuple[Met, Decimal | None]]]:
        """Return of each person how the two conditions stand; the page's SQL must say the same as the figures."""
        asked = [Condition(kind, Decimal(60), TODAY, instrument_id) for kind in KINDS]
        keys = [self.enrolments[one.id].id for one in self.people]
        with self.exam.world.app.app_context():
            found = findings_of(self.exam.program.id, 1, asked, keys)
            self._agree(asked, found)
        return [[(one.met, one.figure and round(one.figure, 2)) for one in found[key]] for key in keys]

    def _agree(self, asked, found):
        figures = Figures(self.exam.program.id, 1, asked)
        for place, condition in enumerate(asked):
            for met in Met:
                statement = figures.join(sa.select(Enrolment.id).select_from(Enrolment))
                told = set(db.session.scalars(statement.where(figures.is_(condition, met))))
                assert told == {key for key, lines in found.items() if lines[place].met is met}


@pytest.fixture
def gate(world):
    world.app.config["CLOCK"] = lambda: NOW
    made = Gate(make_exam(world, state=State.RUNNING))
    for _ in range(4):
        person = made.exam.trainee()
        made.people.append(person)
        made.enrolments[person.id] = world.enrolment(made.exam.program, user=person)
    return made


def test_marked_and_judged_work_is_met_missed_with_its_figure_or_without_data(gate):
    """21 points: 13 by machine, 3 by a marker, 5 by a judge; the second did everything wrong but what people marked."""
    gate.sit(RIGHT, {name: WRONG[name] for name in BY_MACHINE}, None, purpose=Purpose.INTERIM)
    waiting = gate.stand()
    mark_all(gate.exam)
    marked = gate.stand()

    nothing = [(Met.UNKNOWN, None)] * 2
    assert waiting == [nothing] * 4  # handed in, but a person has not marked it: neither met nor missed
    assert marked[0] == [(Met.MET, Decimal(100)), (Met.MET, Decimal(100))]
    assert marked[1][1] == (Met.MET, Decimal(100))
    assert marked[1][0] == (Met.MISSING, Decimal("38.10"))
    assert marked[2:] == [nothing, nothing]  # stayed away; was not asked to come


def test_practical_work_judged_as_not_shown_is_missed_with_nought(gate):
    gate.sit(RIGHT, purpose=Purpose.INTERIM)
    mark_all(gate.exam, good=False)

    assert gate.stand()[0] == [(Met.MET, Decimal("61.90")), (Met.MISSING, Decimal(0))]


def test_the_test_that_ended_last_counts_and_one_of_another_instrument_does_not(gate):
    gate.sit(RIGHT, purpose=Purpose.ENTRY)
    mark_all(gate.exam)
    assert gate.stand(gate.exam.instrument)[0][0] == (Met.MET, Decimal(100))
    assert gate.stand(gate.exam.instrument + 1)[0] == [(Met.UNKNOWN, None)] * 2

    gate.sit({name: WRONG[name] for name in BY_MACHINE}, purpose=Purpose.INTERIM)
    mark_all(gate.exam, good=False)

    assert gate.stand()[0] == [(Met.MISSING, Decimal(0)), (Met.MISSING, Decimal(0))]


def test_a_test_that_was_called_off_says_nothing(gate):
    gate.sit(RIGHT, purpose=Purpose.ENTRY)
    mark_all(gate.exam)
    gate.sit({name: WRONG[name] for name in BY_MACHINE}, purpose=Purpose.INTERIM)
    mark_all(gate.exam, good=False)
    with gate.exam.world.app.app_context():
        db.session.get_one(Sitting, gate.exam.sitting_id).cancelled_at = NOW
        db.session.commit()

    assert gate.stand()[0] == [(Met.MET, Decimal(100)), (Met.MET, Decimal(100))]
    with gate.exam.world.app.app_context():  # nor does it make anybody look like needing help
        (mine, *_others) = records_of(db.session.get_one(Program, gate.exam.program.id), TODAY)
    assert (mine[0], mine[1].points) == (gate.enrolments[gate.people[0].id].id, Decimal(21))
