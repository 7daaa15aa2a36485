"""Studies of a major: evidence, the four steps, the decision that rests on them; who sees and changes what."""

from __future__ import annotations

import io
from decimal import Decimal

import pytest
from docx import Document

from tests.factories import NOW, keep
from trainmgr.curriculum.models import Edition, Layer, Module, ModuleCompetency, PracticeLevel, Venue
from trainmgr.identity.models import OrganizationKind
from trainmgr.kernel.access import Role
from trainmgr.kernel.db import db
from trainmgr.research import actions
from trainmgr.research.models import EvidenceKind, Study
from trainmgr.research.rules import Decision, lacking_for_decision, steps_done
from trainmgr.standards.models import JobStandard, StandardCompetency, StandardVersion, VersionCompetency
from trainmgr.standards.rules import VersionState

FINDING = {
    "kind": "market",
    "finding": "招聘数上升",
    "figure": "1,200",
    "unit": "人",
    "source": "人社局",
    "year": "2025",
}


# --- rules ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(("kinds", "lacking"), [(0, 3), (2, 1), (3, 0), (6, 0)])
def test_a_decision_takes_evidence_of_three_kinds(kinds, lacking):
    assert lacking_for_decision(kinds) == lacking


@pytest.mark.parametrize(
    ("facts", "done"),
    [
        ({}, []),
        ({"kinds": 3}, [1]),
        ({"kinds": 2, "competencies": 5}, [2]),
        ({"competencies": 5, "has_plan": True}, [2]),
        ({"competencies": 5, "covered": 1, "has_plan": True}, [2, 3]),
        ({"kinds": 4, "competencies": 5, "covered": 5, "has_plan": True, "has_former": True}, [1, 2, 3, 4]),
    ],
)
def test_a_step_is_done_when_its_product_is_there(facts, done):
    empty = {"kinds": 0, "competencies": 0, "covered": 0, "has_plan": False, "has_former": False}
    assert [step.value for step, is_done in steps_done(**(empty | facts)).items() if is_done] == done


# --- pages ----------------------------------------------------------------------------------------


@pytest.fixture
def staff(world):
    return world.user(Role.STAFF)


@pytest.fixture
def study(world, staff):
    with world.app.app_context():
        return keep(
            Study(
                college_id=world.college.id,
                major="汽车制造与试验技术",
                question="要不要开电池技术班",
                created_by_id=staff.id,
                created_at=NOW,
            )
        )


def add(world, study, staff, *kinds):
    with world.app.app_context():
        one = db.session.get_one(Study, study.id)
        for kind in kinds:
            facts = actions.EvidenceFacts(kind=kind, finding=f"发现 {kind}", source="来源", year=2025)
            actions.add_evidence(one, facts, by=staff, now=NOW)
        db.session.commit()


def test_staff_open_a_study_and_find_it_again(world, staff, signed_in):
    browser = signed_in(staff)
    typed = {"college_id": world.college.id, "major": "数控技术", "question": "是否升级"}
    assert browser.post("/studies/new", data=typed | {"major": " "}).status_code == 422
    assert browser.post("/studies/new", data=typed).status_code == 302
    assert "数控技术" in browser.get("/studies/?q=数控").text
    assert "数控技术" not in browser.get("/studies/?q=焊接").text


def test_a_finding_is_kept_with_its_source_and_taken_out_again(study, staff, signed_in):
    browser = signed_in(staff)
    address = f"/studies/{study.id}/evidence"
    wrong = browser.post(address, data=FINDING | {"year": "20x5"})
    assert wrong.status_code == 422
    assert "招聘数上升" in wrong.text
    assert browser.post(address, data=FINDING).status_code == 302
    page = browser.get(f"/studies/{study.id}").text
    assert "1,200" in page
    assert "人社局" in page
    assert browser.post(f"{address}/1/remove").status_code == 302
    assert browser.post(f"{address}/1/remove").status_code == 409


def test_a_decision_without_three_kinds_is_refused_and_says_how_many_are_missing(
    world, study, staff, signed_in
):
    add(world, study, staff, EvidenceKind.MARKET, EvidenceKind.MARKET, EvidenceKind.POLICY)
    browser = signed_in(staff)
    answer = browser.post(f"/studies/{study.id}/decision", data={"decision": "upgrade", "reason": "需求上升"})
    assert answer.status_code == 409
    assert "还差 1 类" in answer.text
    assert "需求上升" in answer.text


def test_a_decided_study_never_changes(world, study, staff, signed_in):
    add(world, study, staff, EvidenceKind.MARKET, EvidenceKind.POLICY, EvidenceKind.PEER)
    browser = signed_in(staff)
    decision = {"decision": "upgrade", "reason": "需求上升"}
    assert browser.post(f"/studies/{study.id}/decision", data={"decision": "upgrade"}).status_code == 422
    assert browser.post(f"/studies/{study.id}/decision", data=decision).status_code == 302
    assert browser.post(f"/studies/{study.id}/decision", data=decision).status_code == 409
    assert browser.post(f"/studies/{study.id}/evidence", data=FINDING).status_code == 409
    with world.app.app_context():
        one = db.session.get_one(Study, study.id)
        assert one.decision is Decision.UPGRADE
        one.reason = "改了"
        with pytest.raises(AssertionError, match="decided"):
            db.session.flush()
        db.session.rollback()


def test_the_matrix_shows_which_competency_the_plan_gives_no_hour_to(
    world, study, staff, signed_in, count_statements
):
    program = world.program()
    with world.app.app_context():
        standard = keep(
            JobStandard(
                college_id=world.college.id, code="A", post="装调工", created_by_id=staff.id, created_at=NOW
            )
        )
        version = keep(
            StandardVersion(standard_id=standard.id, number=1, created_by_id=staff.id, created_at=NOW)
        )
        identities = [keep(StandardCompetency(standard_id=standard.id)) for _ in range(2)]
        for position, (identity, name) in enumerate(zip(identities, ("诊断", "读图"), strict=True), start=1):
            keep(
                VersionCompetency(
                    version_id=version.id,
                    competency_id=identity.id,
                    position=position,
                    name=name,
                    importance=Decimal(4),
                    required_level=Decimal(4),
                )
            )
        db.session.get_one(StandardVersion, version.id).state = VersionState.PUBLISHED
        db.session.commit()
        edition = keep(
            Edition(program_id=program.id, number=1, created_by_id=staff.id, created_at=NOW, changed_at=NOW)
        )
        db.session.rollback()
        competency = world.competency(program, standard_competency_id=identities[0].id)
        module = keep(
            Module(
                edition_id=edition.id,
                stage_number=1,
                position=1,
                name="诊断项目",
                practice_hours=40,
                layer=Layer.CORE,
                practice_level=PracticeLevel.BASIC,
                venue=Venue.ENTERPRISE,
            )
        )
        keep(ModuleCompetency(module_id=module.id, competency_id=competency.id, hours=24))
    browser = signed_in(staff)
    scope = {"versions": [version.id], "edition_id": edition.id, "version": study.version}
    assert browser.post(f"/studies/{study.id}/scope", data=scope).status_code == 302
    assert browser.post(f"/studies/{study.id}/scope", data=scope).status_code == 409
    assert browser.post(f"/studies/{study.id}/scope", data=scope | {"versions": [99]}).status_code == 422
    browser.get(f"/studies/{study.id}")
    with count_statements() as statements:
        page = browser.get(f"/studies/{study.id}").text
    assert "2 项中 1 项没有学时" in page
    assert ">24<" in page
    assert len(statements) <= 10


def test_a_study_is_handed_out_as_word(world, study, staff, signed_in):
    add(world, study, staff, EvidenceKind.MARKET)
    answer = signed_in(staff).get(f"/studies/{study.id}/study.docx")
    document = Document(io.BytesIO(answer.data))
    assert study.major in document.paragraphs[0].text
    assert document.tables[0].rows[1].cells[1].text == "发现 market"


def test_another_college_and_an_enterprise_see_no_study(world, study, signed_in):
    other = world.organization(OrganizationKind.COLLEGE)
    stranger = signed_in(world.user(Role.STAFF, other))
    assert stranger.get(f"/studies/{study.id}").status_code == 404
    assert study.major not in stranger.get("/studies/").text
    assert signed_in(world.user(Role.ENTERPRISE_COORDINATOR)).get("/studies/").status_code == 403


def test_an_administrator_reads_but_does_not_work_on_a_study(world, study, signed_in):
    browser = signed_in(world.user(Role.ADMINISTRATOR))
    assert browser.get(f"/studies/{study.id}").status_code == 200
    assert browser.post(f"/studies/{study.id}/evidence", data=FINDING).status_code == 403
