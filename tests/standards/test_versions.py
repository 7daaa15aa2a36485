"""The life of a version: opened, filled in, signed by both sides, published, outdated; and who may do what."""

import pytest
import sqlalchemy as sa

from tests.factories import NOW
from tests.standards.conftest import LATER, actor, facts, fill, fresh, sign_both
from trainmgr.kernel.access import Role
from trainmgr.kernel.db import db
from trainmgr.kernel.errors import Conflict, RuleBroken
from trainmgr.programs.rules import Side
from trainmgr.standards import actions, queries, tasks, versions
from trainmgr.standards.comparing import Difference, compare
from trainmgr.standards.content import content_of, framework_of
from trainmgr.standards.models import StandardSignature, StandardVersion, VersionCompetency
from trainmgr.standards.rules import TaskKind, VersionState
from trainmgr.standards.tasks import TaskFacts


def states(standard_id):
    rows = sa.select(StandardVersion.number, StandardVersion.state).order_by(StandardVersion.number)
    return dict(db.session.execute(rows.where(StandardVersion.standard_id == standard_id)).all())


def test_both_signatures_publish_a_draft(session, ready):
    standard = fresh(ready.id, ready.staff)

    first = versions.sign(standard, side=Side.COLLEGE, by=actor(ready.staff), now=LATER)
    second = versions.sign(standard, side=Side.ENTERPRISE, by=actor(ready.coordinator), now=LATER)

    assert (first, second) == (False, True)
    assert states(ready.id) == {1: VersionState.PUBLISHED}
    digests = set(session.scalars(sa.select(StandardSignature.digest)))
    assert digests == {versions.digest_of(versions.content_to_sign(standard, standard.versions[0]))}


def test_publishing_the_next_version_makes_the_former_one_outdated(session, published):
    standard = fresh(published.id, published.staff)
    versions.open_draft(standard, reason="新能源车型", by=actor(published.staff), now=LATER)
    standard = fresh(published.id, published.staff)

    sign_both(standard, published)

    assert states(published.id) == {1: VersionState.OUTDATED, 2: VersionState.PUBLISHED}


def test_there_is_one_draft_at_a_time(session, published):
    standard = fresh(published.id, published.staff)
    versions.open_draft(standard, reason="一", by=actor(published.staff), now=LATER)

    with pytest.raises(RuleBroken):
        versions.open_draft(
            fresh(published.id, published.staff), reason="二", by=actor(published.staff), now=LATER
        )


def test_a_copy_holds_the_same_and_keeps_the_keys(session, published):
    standard = fresh(published.id, published.staff)
    draft = versions.open_draft(standard, reason="新车型", by=actor(published.staff), now=LATER)
    standard = fresh(published.id, published.staff)
    before, after = (framework_of(standard, content_of(one)) for one in standard.versions)

    assert before == after
    assert draft.number == 2
    assert compare(before, after).count(Difference.SAME) == 6


def test_comparing_tells_what_was_added_removed_and_changed(session, published):
    standard, by = fresh(published.id, published.staff), actor(published.staff)
    versions.open_draft(standard, reason="新车型", by=by, now=LATER)
    standard = fresh(published.id, published.staff)
    draft = queries.draft_of(standard)
    first, second = actions.competencies_in(draft)
    actions.change_competency(standard, first, facts("故障诊断", "5"), by=by, now=LATER)
    actions.remove_competency(standard, second, by=by, now=LATER)
    actions.create_competency(standard, facts("高压安全"), by=by, now=LATER)

    left, right = (framework_of(standard, content_of(one)) for one in standard.versions)
    changes = compare(left, right).competencies

    assert [change.kind for change in changes] == [
        Difference.CHANGED,
        Difference.ADDED,
        Difference.REMOVED,
    ]
    assert changes[0].differing == {"importance", "name_en"}


@pytest.mark.parametrize("side", [Side.ENTERPRISE, Side.COLLEGE])
def test_nobody_signs_for_the_other_side(session, ready, side):
    other = ready.coordinator if side is Side.COLLEGE else ready.staff

    with pytest.raises(RuleBroken):
        versions.sign(fresh(ready.id, other), side=side, by=actor(other), now=LATER)


def test_a_draft_that_lacks_something_is_not_signed(session, people):
    standard = fresh(people.id, people.staff)
    actions.create_competency(standard, facts(), by=actor(people.staff), now=NOW)

    with pytest.raises(RuleBroken):
        versions.sign(standard, side=Side.COLLEGE, by=actor(people.staff), now=LATER)


def test_whoever_read_an_older_draft_does_not_sign_the_newer_one(session, ready):
    with pytest.raises(Conflict):
        versions.sign(
            fresh(ready.id, ready.staff), side=Side.COLLEGE, by=actor(ready.staff), now=LATER, seen="0" * 64
        )


def test_a_change_is_refused_while_a_signature_stands_until_it_is_withdrawn(session, ready):
    standard, by = fresh(ready.id, ready.staff), actor(ready.staff)
    versions.sign(standard, side=Side.COLLEGE, by=by, now=LATER)

    with pytest.raises(RuleBroken):
        actions.create_competency(standard, facts("高压安全"), by=by, now=LATER)
    versions.withdraw(standard, reason="漏了一项", by=by, now=LATER)
    actions.create_competency(standard, facts("高压安全"), by=by, now=LATER)

    assert session.scalar(sa.select(sa.func.count()).select_from(StandardSignature)) == 0


def test_a_published_version_does_not_change_whoever_asks(session, published):
    one = session.scalars(sa.select(VersionCompetency)).first()
    one.name = "改了名字"
    with pytest.raises(RuleBroken):
        session.flush()
    session.rollback()

    with pytest.raises(RuleBroken):
        session.execute(sa.delete(VersionCompetency).where(VersionCompetency.name == "读图"))
    session.rollback()

    values = {"position": 9, "name": "多出来的", "importance": 3, "required_level": 3}
    session.add(VersionCompetency(version_id=one.version_id, competency_id=one.competency_id, **values))
    with pytest.raises(RuleBroken):
        session.flush()
    session.rollback()


def test_discarding_a_draft_leaves_the_published_version(session, published):
    standard, by = fresh(published.id, published.staff), actor(published.staff)
    versions.open_draft(standard, reason="试试", by=by, now=LATER)

    versions.discard_draft(fresh(published.id, published.staff), by=by, now=LATER)

    assert states(published.id) == {1: VersionState.PUBLISHED}
    assert session.scalar(sa.select(sa.func.count()).select_from(VersionCompetency)) == 2


def test_a_task_comes_only_from_tasks_of_the_kind_before(session, people):
    standard, by = fresh(people.id, people.staff), actor(people.staff)
    chain = fill(standard, by)

    school = tasks.create_task(
        standard, TaskKind.SCHOOL, TaskFacts("校本"), sources=[one.id for one in chain], by=by, now=NOW
    )

    assert content_of(queries.draft_of(standard)).sources[school.id] == [chain[2].id]


def test_moving_a_competency_changes_the_order(session, ready):
    standard = fresh(ready.id, ready.staff)
    first, _second = actions.competencies_in(queries.draft_of(standard))

    actions.move_competency(standard, first, places=1, by=actor(ready.staff), now=LATER)

    assert [one.name for one in actions.competencies_in(queries.draft_of(standard))] == ["读图", "故障诊断"]


@pytest.mark.parametrize(
    ("role", "sees"),
    [
        (Role.SCHOOL_TEACHER, True),
        (Role.ENTERPRISE_MENTOR, True),
        (Role.DEPARTMENT_STAFF, True),
        (Role.TRAINEE, False),
        (Role.ENTERPRISE_COUNSELLOR, False),
        (Role.OUTSIDE_ASSESSOR, False),
    ],
)
def test_a_draft_is_for_the_two_sides_that_build_it(session, ready, world, role, sees):
    viewer = world.user(role)
    found = session.scalars(sa.select(queries.JobStandard.id).where(queries.visible_to(actor(viewer)))).all()

    assert bool(found) is sees
