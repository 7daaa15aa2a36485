"""A look that somebody asks for runs beside the request: one at a time, taken up when it broke off, told of after."""

import pytest

from trainmgr.guidance import looking
from trainmgr.guidance.models import RiskSign, SignState
from trainmgr.kernel.audit import AuditEvent
from trainmgr.kernel.db import db
from trainmgr.kernel.jobs import Job, JobState, queue, running
from trainmgr.programs.models import Program
from trainmgr.programs.rules import State

PROGRESS = "/signs/progress"


class Killed(BaseException):
    """What the worker's process meets on `kill -9`: nothing catches it, nothing is written any more."""


@pytest.fixture
def waiting(monkeypatch):
    """Let jobs wait in the queue; returns the ids of those that were sent."""
    sent: list[int] = []
    monkeypatch.setattr(queue, "send", sent.append)
    return sent


def _run(care, job_id):
    with care.world.app.app_context():
        running.execute(job_id)


def _looks(care):
    return [one for one in care.all(Job) if one.kind == "risk-look"]


def test_the_list_shows_how_far_a_look_is_and_then_what_it_found(care, waiting):
    htmx = {"HX-Request": "true"}
    browser = care.browser(care.college)
    asked = browser.post(care.at("/signs"), follow_redirects=True).text
    box = browser.get(care.at(PROGRESS), headers=htmx)
    assert care.all(RiskSign) == []  # nothing is looked at within the request

    _run(care, waiting[0])
    done = browser.get(care.at(PROGRESS), headers=htmx)
    page = care.text(care.college, "/signs")

    assert "<progress" in asked
    assert ">立即排查<" not in asked.replace("</i>", ">")  # it is under way: nothing to press
    assert "<progress" in box.text
    assert "HX-Redirect" not in box.headers
    assert done.headers["HX-Redirect"] == care.at("/signs")
    assert f"已排查：新增 {len(care.all(RiskSign))} 条，解除 0 条。" in page
    assert "<progress" not in page
    assert ">立即排查<" in page.replace("</i>", ">")


def test_asking_twice_starts_one_look_and_again_after_it_another(care, waiting):
    for _ in range(2):
        assert care.post(care.staff, "/signs").status_code == 302
    assert len(_looks(care)) == len(waiting) == 1

    _run(care, waiting[0])
    care.post(care.staff, "/signs")
    assert len(_looks(care)) == 2


@pytest.mark.parametrize(
    ("place", "name"), [(looking, "refresh_signs"), (looking, "_note"), (running, "_finish")]
)
def test_a_killed_look_is_taken_up_and_doubles_nothing(care, waiting, monkeypatch, place, name):
    """It may die before anything is written, with everybody's signs written, or when only the end is not told yet."""
    monkeypatch.setattr(looking, "PEOPLE", 1)
    care.post(care.staff, "/signs")

    def die(*args, **kwargs):
        raise Killed

    with monkeypatch.context() as patch, care.world.app.app_context():
        patch.setattr(place, name, die)
        with pytest.raises(Killed):
            running.execute(waiting[0])
        db.session.rollback()
    care.world.app.config["JOBS_STALE_SECONDS"] = -1  # the clock of these tests stands still
    _run(care, waiting[0])

    (job,) = _looks(care)
    signs = care.all(RiskSign)
    assert (job.state, job.attempts, job.done, job.total) == (JobState.DONE, 2, 2, 2)
    assert len(signs) == len({(one.enrolment_id, one.code) for one in signs}) > 2
    (told,) = care.all(AuditEvent, action="guidance.look")
    assert told.details["found"] == job.counts["new"] == len(signs)
    assert told.actor_id == care.staff.id


def test_a_sign_dismissed_while_a_look_runs_stays_dismissed(care, waiting, monkeypatch):
    care.post(care.staff, "/signs")
    _run(care, waiting[0])
    sign = care.all(RiskSign, enrolment_id=care.enrolment.id)[0]

    def dismissed_meanwhile():  # when what there is was read, and nothing is written yet
        data = {"reason": "本周在外比赛"}
        browser.post(care.at(f"/signs/{sign.id}/dismiss"), data=data)

    browser = care.browser(care.college)
    monkeypatch.setattr(running, "_give_way", dismissed_meanwhile)
    monkeypatch.setattr(looking, "rules_of", lambda program_id: {})
    care.post(care.staff, "/signs")
    _run(care, waiting[1])

    (kept,) = care.all(RiskSign, id=sign.id)
    assert (kept.state, kept.reason) == (SignState.DISMISSED, "本周在外比赛")
    assert {one.state for one in care.all(RiskSign) if one.id != sign.id} == {SignState.GONE}


def test_nobody_looks_in_a_closed_programme_and_trainees_see_no_progress(care, waiting):
    assert care.browser(care.trainee).get(care.at(PROGRESS)).status_code == 403
    assert care.browser(care.trainee).post(care.at("/signs")).status_code == 403
    with care.world.inside() as session:
        session.get(Program, care.program.id).state = State.CLOSED
        session.commit()

    assert care.post(care.staff, "/signs").status_code == 409
    assert waiting == []
