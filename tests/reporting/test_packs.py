"""Evidence packs: what they hold, for whom, their checksums, and what happens when one comes back."""

import csv
import hashlib
import io
import json
import subprocess
import zipfile

import pytest

from tests.factories import NOW
from tests.reporting.conftest import JPEG, words_of
from trainmgr.kernel.audit import AuditEvent
from trainmgr.kernel.jobs import Job, JobState
from trainmgr.reporting import pack_job
from trainmgr.reporting.models import EvidencePack
from trainmgr.reporting.packing import SUMS

WHY = "教育厅验收"


def opened(data):
    return zipfile.ZipFile(io.BytesIO(data))


def sums_of(archive):
    return dict(reversed(line.split("  ", 1)) for line in archive.read(SUMS).decode().splitlines())


def fetched(closing, key):
    with closing.get(closing.staff, f"/packs/{key}/pack.zip") as answer:
        return answer.data


def trainee_pack(closing, reason=WHY):
    return closing.post(closing.staff, f"/trainees/{closing.trainee.id}/pack", reason=reason)


def test_a_trainee_s_pack_holds_all_that_was_recorded(closing):
    archive = opened(trainee_pack(closing).data)
    names = archive.namelist()

    assert [name.split(" ")[0] for name in names[:8]] == ["01", "02", "03", "03", "04", "05", "06", "08"]
    assert names[-2:] == ["manifest.json", SUMS]
    photo = next(name for name in names if name.endswith(".jpg"))
    assert archive.read(photo) == JPEG
    logs = words_of(archive.read(names[2]))
    assert "更换轴承" in logs
    assert "先断电" in logs
    assert "做得好" in logs
    rows = list(csv.reader(io.StringIO(archive.read(names[4]).decode("utf-8-sig"))))
    assert rows[1][3] == "迟到"
    assert rows[1][5] == "'=堵车"  # no spreadsheet takes it for a formula


def test_every_file_stands_with_its_checksum_in_the_order_of_the_archive(closing):
    archive = opened(trainee_pack(closing).data)
    sums = sums_of(archive)

    assert [*sums, SUMS] == archive.namelist()
    assert all(hashlib.sha256(archive.read(name)).hexdigest() == digest for name, digest in sums.items())


@pytest.mark.once
def test_ordinary_tools_verify_a_pack(closing, tmp_path):
    opened(trainee_pack(closing).data).extractall(tmp_path)

    done = subprocess.run(["sha256sum", "--check", "--strict", SUMS], cwd=tmp_path, check=False)

    assert done.returncode == 0


def test_the_same_records_make_the_same_pack(closing):
    trainee_pack(closing)  # the first one is a deed of its own, which the programme's trail then holds
    first, second = (opened(trainee_pack(closing).data) for _time in range(2))

    assert sums_of(first) == sums_of(second)


def test_making_one_is_recorded_with_its_reason(closing):
    trainee_pack(closing)

    (pack,) = closing.rows(EvidencePack)
    event = closing.rows(AuditEvent)[-1]
    assert (pack.people, pack.reason, pack.enrolment_id) == (1, WHY, closing.trainee.id)
    assert (event.action, event.reason, event.details["people"]) == ("reporting.pack", WHY, 1)


def test_a_pack_without_a_reason_is_not_made(closing):
    answer = trainee_pack(closing, reason=" ")

    assert answer.status_code == 422
    assert closing.rows(EvidencePack) == []


def test_a_programme_s_pack_holds_a_folder_a_trainee_and_the_programme_itself(closing):
    archive = opened(closing.post(closing.staff, "/pack", reason=WHY).data)
    folders = {name.rpartition("/")[0] for name in archive.namelist()}

    assert len({folder.split("/")[1] for folder in folders if folder.startswith("10 ")}) == 2
    assert "00 项目" in folders
    facts = json.loads(archive.read("manifest.json"))
    assert facts["people"] == 2
    assert facts["complete"] is True
    assert facts["program"]["name"] == "装调班"


def test_a_large_pack_is_written_in_the_background_and_fetched_by_who_asked_for_it(closing, monkeypatch):
    monkeypatch.setattr("trainmgr.reporting.closing_views.is_written_at_once", lambda people, size: False)
    answer = closing.post(closing.staff, "/pack", reason=WHY)

    (job,) = closing.rows(Job)
    (pack,) = closing.rows(EvidencePack)
    assert answer.status_code == 302
    assert job.state is JobState.DONE, job.fault
    other = closing.world.user("staff")
    assert closing.get(other, f"/packs/{pack.id}/pack.zip").status_code == 404
    assert hashlib.sha256(opened(fetched(closing, pack.id)).read(SUMS)).hexdigest() == pack.digest


def test_a_job_and_a_request_write_the_same_files(closing, monkeypatch):
    at_once = sums_of(opened(closing.post(closing.staff, "/pack", reason=WHY).data))
    monkeypatch.setattr("trainmgr.reporting.closing_views.is_written_at_once", lambda people, size: False)
    closing.post(closing.staff, "/pack", reason=WHY)
    key = closing.rows(EvidencePack)[-1].id
    by_job = sums_of(opened(fetched(closing, key)))

    differing = {name for name in at_once if at_once[name] != by_job.get(name)}
    assert at_once.keys() == by_job.keys()
    assert all(name.startswith("00 ") for name in differing), differing  # the trail holds the first pack


def test_a_stopped_or_cut_off_job_leaves_no_pack_and_can_go_on(closing, monkeypatch):
    monkeypatch.setattr("trainmgr.reporting.closing_views.is_written_at_once", lambda people, size: False)
    real = pack_job.packs.write

    def cut_off(*args, **more):
        real(*args, **more)
        raise RuntimeError("the machine was switched off")

    monkeypatch.setattr(pack_job.packs, "write", cut_off)
    closing.post(closing.staff, "/pack", reason=WHY)
    assert closing.rows(Job)[0].state is JobState.FAILED
    assert closing.rows(EvidencePack) == []

    monkeypatch.setattr(pack_job.packs, "write", real)
    from trainmgr.kernel import jobs
    from trainmgr.kernel.db import db

    with closing.world.app.app_context():
        jobs.restart(db.session.get(Job, closing.rows(Job)[0].id), now=NOW)
        db.session.commit()
    assert closing.rows(Job)[0].state is JobState.DONE
    assert len(closing.rows(EvidencePack)) == 1


def test_files_of_packs_go_away_after_a_day_and_the_register_stays(closing, monkeypatch):
    from datetime import timedelta

    from trainmgr.kernel.db import db

    monkeypatch.setattr("trainmgr.reporting.closing_views.is_written_at_once", lambda people, size: False)
    closing.post(closing.staff, "/pack", reason=WHY)
    with closing.world.app.app_context():
        pack_job.put_old_away(NOW + timedelta(hours=25))
        db.session.commit()

    (pack,) = closing.rows(EvidencePack)
    assert pack.file_id is None
    assert closing.get(closing.staff, f"/packs/{pack.id}/pack.zip").status_code == 404


@pytest.mark.once
def test_who_runs_nothing_makes_no_packs(closing):
    path = f"/trainees/{closing.trainee.id}/pack"

    assert closing.get(closing.coordinator, path).status_code == 403
    assert closing.post(closing.teacher, path, reason=WHY).status_code == 403
    assert closing.get(closing.staff, "/trainees/999999/pack").status_code == 404


# --- coming back -----------------------------------------------------------------------------------


def checked(closing, data, name="pack.zip"):
    client = closing.world.signed_in(closing.staff)
    return client.post("/reports/check", data={"file": (io.BytesIO(data), name)})


def rewritten(data, change):
    """A pack of which one file says something else, or that has one more or less."""
    source, out = opened(data), io.BytesIO()
    with zipfile.ZipFile(out, "w") as target:
        for name in source.namelist():
            content = change(name, source.read(name))
            if content is not None:
                target.writestr(name, content)
    return out.getvalue()


def test_a_pack_that_comes_back_as_it_was_is_recognised(closing):
    answer = checked(closing, trainee_pack(closing).data)

    assert answer.status_code == 200
    assert "没有改动" in answer.get_data(as_text=True)


@pytest.mark.once
@pytest.mark.parametrize(
    "change",
    [
        lambda name, content: content + b" " if name.endswith("csv") else content,
        lambda name, content: None if name.endswith(".jpg") else content,
    ],
)
def test_a_pack_that_was_altered_says_which_file(closing, change):
    page = checked(closing, rewritten(trainee_pack(closing).data, change)).get_data(as_text=True)

    assert "已被改动" in page
    assert ".csv" in page or ".jpg" in page


@pytest.mark.once
def test_a_pack_whose_checksums_were_written_anew_is_not_in_the_register(closing):
    data = trainee_pack(closing).data
    archive = opened(data)
    contents = {name: archive.read(name) for name in archive.namelist()}
    forged = next(name for name in contents if name.endswith(".csv"))
    contents[forged] += b"forged"
    lines = [f"{hashlib.sha256(contents[name]).hexdigest()}  {name}" for name in sums_of(archive)]
    contents[SUMS] = ("\n".join(lines) + "\n").encode()

    page = checked(closing, rewritten(data, lambda name, _content: contents[name])).get_data(as_text=True)

    assert "未登记过" in page


@pytest.mark.once
@pytest.mark.parametrize("data", [b"", b"no zip at all", b"PK\x03\x04" + b"\0" * 60])
def test_what_is_no_pack_is_refused_at_the_field(closing, data):
    assert checked(closing, data).status_code == 422


@pytest.mark.once
def test_the_command_says_what_was_altered_and_fails(closing, tmp_path):
    data = trainee_pack(closing).data
    good, bad = tmp_path / "good.zip", tmp_path / "bad.zip"
    good.write_bytes(data)
    bad.write_bytes(
        rewritten(data, lambda name, content: content + b" " if name.endswith("csv") else content)
    )
    run = closing.world.app.test_cli_runner().invoke

    assert run(args=["reporting", "verify", str(good)]).exit_code == 0
    told = run(args=["reporting", "verify", str(bad)])
    assert told.exit_code == 1
    assert ".csv" in told.output
