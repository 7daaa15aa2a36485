"""Frameworks as JSON of the CASE standard: nothing is lost, and what is wrong is named with its place."""

import copy
import json
import uuid
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.standards.conftest import LATER, actor, fresh
from trainmgr.standards import actions, adopting, certificates, queries
from trainmgr.standards.actions import PostFacts, create_standard
from trainmgr.standards.case import Told, to_case
from trainmgr.standards.case_reading import FrameworkRefused, from_case
from trainmgr.standards.certificates import CertificateFacts
from trainmgr.standards.content import content_of, framework_of
from trainmgr.standards.framework import Certificate, Competency, Framework, Task, Unit
from trainmgr.standards.rules import Dimension, TaskKind

TOLD = Told("测试学院", "published", 2, "2026-11-20T01:30:00+00:00")

words = (
    st.text("能力任务说明图纸abcXYZ ()—", min_size=1, max_size=30)
    .map(lambda t: " ".join(t.split()))
    .filter(bool)
)
optional = words | st.just("")
figures = st.integers(100, 500).map(lambda n: Decimal(n) / 100)
keys = st.uuids(version=4).map(lambda u: u.hex)


@st.composite
def frameworks(draw):
    """Any framework that the application can hold."""
    units = tuple(Unit(draw(keys), f"{number}.1", draw(words)) for number in range(draw(st.integers(0, 3))))
    certificates = (Certificate(draw(keys), draw(words), draw(words), units=units),) if units else ()
    names = draw(st.lists(words, max_size=5, unique=True))
    competencies = tuple(
        Competency(
            draw(keys), name, draw(figures), draw(figures), draw(optional), draw(st.sampled_from(Dimension)),
            tuple(draw(optional) for _ in range(5)),
            tuple(sorted(draw(st.sets(st.sampled_from([unit.key for unit in units]))) if units else ())),
        )
        for name in names
    )  # fmt: skip
    tasks: list[Task] = []
    for kind in TaskKind:
        before = [task.key for task in tasks if task.kind is kind.source]
        for name in draw(st.lists(words, max_size=3, unique=True)):
            sources = draw(st.sets(st.sampled_from(before))) if before else ()
            taken = [one.key for one in competencies] if kind is TaskKind.TYPICAL else []
            own = draw(st.sets(st.sampled_from(taken))) if taken else ()
            tasks.append(
                Task(
                    draw(keys),
                    kind,
                    name,
                    draw(optional),
                    draw(optional),
                    tuple(sorted(sources)),
                    tuple(sorted(own)),
                )
            )
    return Framework(
        draw(keys),
        draw(words),
        draw(words),
        draw(optional),
        draw(optional),
        competencies,
        tuple(tasks),
        certificates,
    )


@settings(max_examples=60, deadline=None)
@given(frameworks())
def test_a_round_trip_loses_nothing(framework):
    assert from_case(json.loads(json.dumps(to_case(framework, TOLD)))) == framework


def sample():
    task = Task(uuid.UUID(int=2).hex, TaskKind.TYPICAL, "排故", competencies=(uuid.UUID(int=3).hex,))
    one = Competency(uuid.UUID(int=3).hex, "故障诊断", Decimal("4.5"), Decimal(4))
    return to_case(Framework(uuid.UUID(int=1).hex, "QL", "技师", competencies=(one,), tasks=(task,)), TOLD)


def test_a_package_has_the_three_parts_and_identifiers_that_are_our_keys():
    package = sample()

    assert set(package) == {"CFDocument", "CFItems", "CFAssociations"}
    assert package["CFDocument"]["identifier"] == str(uuid.UUID(int=1))
    assert {item["identifier"] for item in package["CFItems"]} == {str(uuid.UUID(int=n)) for n in (2, 3)}
    assert {row["associationType"] for row in package["CFAssociations"]} == {"isChildOf"}
    assert package["CFDocument"]["adoptionStatus"] == "Adopted"


def refused(package):
    with pytest.raises(FrameworkRefused) as caught:
        from_case(package)
    return caught.value.faults


def test_a_cycle_is_refused_with_the_names_on_it():
    package = sample()
    back = copy.deepcopy(package["CFAssociations"][0])
    child = next(row for row in package["CFAssociations"] if row["originNodeURI"]["title"] == "故障诊断")
    back["originNodeURI"], back["destinationNodeURI"] = child["destinationNodeURI"], child["originNodeURI"]
    package["CFAssociations"].append(back)

    faults = refused(package)

    assert [fault.place for fault in faults] == ["CFAssociations"]
    ring = faults[0].params["ring"].split(" → ")
    assert set(ring) == {"排故", "故障诊断"}
    assert ring[0] == ring[-1]


@pytest.mark.parametrize(
    ("spoil", "place"),
    [
        (lambda p: p.pop("CFItems"), "CFItems"),
        (lambda p: p["CFItems"][1].update(fullStatement=""), "CFItems[1].fullStatement"),
        (lambda p: p["CFItems"][1].update(fullStatement="长" * 81), "CFItems[1].fullStatement"),
        (lambda p: p["CFItems"][0].update(identifier="QL-7"), "CFItems[0].identifier"),
        (lambda p: p["CFItems"].append(p["CFItems"][0]), "CFItems[2].identifier"),
        (lambda p: p["CFItems"][1]["extensions"]["trainmgr"].update(importance="9"), "CFItems[1].importance"),
        (
            lambda p: p["CFItems"][1]["extensions"]["trainmgr"].update(dimension="luck"),
            "CFItems[1].dimension",
        ),
        (
            lambda p: p["CFAssociations"][0]["destinationNodeURI"].update(identifier=str(uuid.UUID(int=99))),
            "CFAssociations[0]",
        ),
        (lambda p: p["CFDocument"].update(title=None), "CFDocument.title"),
    ],
)
def test_what_is_wrong_is_named_with_its_place(spoil, place):
    package = sample()
    spoil(package)

    assert place in [fault.place for fault in refused(package)]


@pytest.mark.parametrize("package", [None, [], "x", {"CFDocument": [], "CFItems": {}, "CFAssociations": 0}])
def test_what_is_no_framework_is_refused(package):
    assert refused(package)


def test_a_foreign_framework_is_read_by_its_hierarchy():
    package = sample()
    for item in package["CFItems"]:
        del item["extensions"], item["CFItemType"]
    del package["CFDocument"]["extensions"]

    framework = from_case(package)

    assert [one.name for one in framework.competencies] == ["故障诊断"]
    assert [(one.name, one.kind) for one in framework.tasks] == [("排故", TaskKind.TYPICAL)]


def test_a_standard_that_leaves_and_comes_back_is_the_same(session, ready):
    standard, by = fresh(ready.id, ready.staff), actor(ready.staff)
    certificate = certificates.create_certificate(
        standard.college_id,
        CertificateFacts("智能网联汽车", "评价组织", units=(("2.1", "高压安全"), ("2.2", "诊断"))),
        by=by,
        now=LATER,
    )
    draft = queries.draft_of(standard)
    one = content_of(draft).competencies[0]
    actions.link_competency(draft, one.competency_id, units=[certificate.units[0].id])
    before = framework_of(standard, content_of(draft))
    package = json.loads(json.dumps(to_case(before, TOLD)))

    adopting.take_framework(standard, from_case(package), by=by, now=LATER)

    assert framework_of(standard, content_of(draft)) == before


def test_a_framework_becomes_a_standard_of_its_own_elsewhere(session, ready, world):
    standard = fresh(ready.id, ready.staff)
    framework = framework_of(standard, content_of(queries.draft_of(standard)))
    other = world.organization(name="另一所学院")
    stranger = actor(world.user("staff", other))

    made = adopting.found_standard(framework, other.id, by=stranger, now=LATER)

    copied = framework_of(made, content_of(made.versions[0]))
    assert [one.name for one in copied.competencies] == [one.name for one in framework.competencies]
    assert copied.competencies[0].key != framework.competencies[0].key  # its identifiers are taken here


def test_the_same_framework_is_not_opened_twice(session, ready):
    standard, by = fresh(ready.id, ready.staff), actor(ready.staff)
    framework = framework_of(standard, content_of(queries.draft_of(standard)))

    with pytest.raises(
        adopting.RuleBroken if hasattr(adopting, "RuleBroken") else Exception, match="装调技师"
    ):
        adopting.found_standard(framework, standard.college_id, by=by, now=LATER)


def test_a_free_identifier_is_kept(session, ready):
    by = actor(ready.staff)
    framework = from_case(sample())

    made = adopting.found_standard(framework, ready.world.college.id, by=by, now=LATER)

    assert made.key == framework.key
    assert framework_of(made, content_of(made.versions[0])) == framework
    assert create_standard(ready.world.college.id, PostFacts("N", "别的"), by=by, now=LATER).key != made.key
