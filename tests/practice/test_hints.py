"""The hints of a whole programme, for who guides or runs it: as many statements whatever their number, no verdicts."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests.factories import NOW, TODAY, keep
from trainmgr.enrolment.models import Enrolment
from trainmgr.kernel.access import Role
from trainmgr.practice.honesty import HintKind
from trainmgr.practice.log_models import LogHint
from trainmgr.practice.models import LogState


def hint(place, log, kind=HintKind.PASTED, **values):
    params = {"share": values.pop("share", 80), "number": 1}
    with place.world.app.app_context():
        return keep(LogHint(log_id=log.id, kind=kind, params=params, at=NOW, **values))


def page(place, reader, query=""):
    answer = place.browser(reader).get(f"/programs/{place.program.id}/practice/hints{query}")
    assert answer.status_code == 200, answer.status_code
    return answer.text


def test_hints_are_listed_as_questions_with_links_to_both_logs(place):
    (other,) = place.people(1)
    one, two = place.log(), place.log(enrolment_id=other.id, task="换刀")
    hint(place, one, HintKind.SIMILAR_OTHER, other_id=two.id, share=83)

    for reader in (place.mentor, place.teacher, place.staff):
        shown = page(place, reader)
        assert "与另一位学员的日志相近，重合 83%" in shown
        assert f'href="/logs/{one.id}#hint-' in shown
        assert f'href="/logs/{two.id}"' in shown
        assert "提示不作结论，由人沟通后判断。" in shown
    practice = place.browser(place.mentor).get(f"/programs/{place.program.id}/practice").text
    assert f"/programs/{place.program.id}/practice/hints" in practice


def test_they_are_narrowed_by_kind_name_and_whether_somebody_put_them_aside(place):
    (other,) = place.people(1)
    place.log(enrolment_id=other.id)
    hint(place, place.log(task="甲"), HintKind.PASTED)
    hint(place, place.log(task="乙"), HintKind.SAME_PHOTO)
    hint(place, place.log(task="丙", state=LogState.REPLACED), HintKind.PASTED)
    done = {
        "dismissed_at": NOW,
        "dismissed_by_id": place.mentor.id,
        "dismissed_by": "周师傅",
        "note": "同一台机床",
    }
    hint(place, place.log(task="丁", enrolment_id=other.id), HintKind.PASTED, **done)
    name = place.get(Enrolment, other.id).name

    def tasks(query):
        shown = page(place, place.staff, query)
        return {task for task in "甲乙丙丁" if f">{task}</a>" in shown}

    assert tasks("") == {"甲", "乙"}
    assert tasks("?kind=pasted") == {"甲"}
    assert tasks("?kind=nonsense") == {"甲", "乙"}
    assert tasks("?aside=1") == {"丁"}
    assert tasks(f"?aside=1&q={name}") == {"丁"}
    assert tasks(f"?q={name}") == set()
    assert "同一台机床" in page(place, place.staff, "?aside=1")


def test_a_mentor_sees_the_own_trainees_and_the_other_log_only_where_it_is_theirs_too(place):
    with place.world.app.app_context():
        stranger = place.world.enrolment(place.program, teacher=place.teacher)
    mine, theirs = place.log(task="本人的"), place.log(enrolment_id=stranger.id, task="别人的")
    hint(place, mine, HintKind.SIMILAR_OTHER, other_id=theirs.id)
    hint(place, theirs, HintKind.SIMILAR_OTHER, other_id=mine.id)

    shown = page(place, place.mentor)

    assert "本人的" in shown
    assert "别人的" not in shown
    assert f"/logs/{theirs.id}" not in shown
    assert "别人的" in page(place, place.staff)


@pytest.mark.parametrize("role", [Role.TRAINEE, Role.OUTSIDE_ASSESSOR])
def test_who_neither_guides_nor_runs_it_is_refused(place, role):
    address = f"/programs/{place.program.id}/practice/hints"
    somebody = place.trainee if role is Role.TRAINEE else place.world.user(role)
    place.world.relation(place.program, somebody, role) if role is not Role.TRAINEE else None

    assert place.browser(somebody).get(address).status_code == 403
    assert (
        "practice/hints"
        not in place.browser(place.trainee).get(f"/programs/{place.program.id}/practice").text
    )


def test_a_stranger_does_not_find_it(place):
    stranger = place.world.user(Role.ENTERPRISE_MENTOR, organization=place.world.organization())

    assert place.browser(stranger).get(f"/programs/{place.program.id}/practice/hints").status_code == 404


def test_fifty_at_a_time_in_as_many_statements(place, count_statements):
    browser, counts = place.browser(place.staff), []
    for amount in (1, 60):
        for number in range(amount):
            hint(place, place.log(day=TODAY - timedelta(days=number % 30)))
        with count_statements() as statements:
            shown = browser.get(f"/programs/{place.program.id}/practice/hints").text
        counts.append(len(statements))

    assert counts[0] == counts[1] <= 10
    assert shown.count('href="/logs/') == 50
