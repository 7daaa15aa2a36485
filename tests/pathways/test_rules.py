"""What a pathway file may say, what is told about a wrong one, how two compare, how checks judge."""

import dataclasses
import json
import time

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.pathways.documents import documents
from trainmgr.kernel.access import Role as SignInRole
from trainmgr.pathways import faults as say
from trainmgr.pathways import rules
from trainmgr.pathways.library import library_text, load_library
from trainmgr.pathways.lines import locate
from trainmgr.pathways.rules import (
    THREE,
    Check,
    Difference,
    Metric,
    Op,
    Party,
    PathwayFault,
    Severity,
    Stage,
    Text,
    Unit,
    Venue,
)
from trainmgr.programs.rules import ProgramKind as ProgramKindOfPrograms

SMALL = """\
schema = 1
slug = "small"
version = 1
name = "小样"
kinds = ["community"]

[[stage]]
name = "学"
venue = "school"
weeks = 2
hours = 40
practice_hours = 20
[stage.gate]
kind = "assessment"
text = "合格"

[[stage]]
name = "做"
venue = "enterprise"
months = 1
hours = 60

[[role]]
role = "school_teacher"
min = 1
duties = "讲课"

[evaluation]
pass_mark = 60
good_mark = 85

[[evaluation.level]]
level = "reaction"
weight = 25
shares = { trainee = 60, teacher = 40 }

[[evaluation.level]]
level = "behaviour"
weight = 25
shares = { enterprise = 100 }

[[evaluation.level]]
level = "learning"
weight = 30
shares = { enterprise = 50, teacher = 50 }

[[evaluation.level]]
level = "results"
weight = 20
shares = { enterprise = 100 }

[[evaluation.scale]]
key = "often"
words = ["很少", "有时", "一半", "常常", "总是"]

[[evaluation.criterion]]
key = "liked"
name = "学得进"
level = "reaction"
rated_by = ["trainee", "teacher"]
anchors = "often"

[[evaluation.criterion]]
key = "safe"
name = "守规程"
level = "behaviour"
ability = "values"
rated_by = ["enterprise"]
anchors = "often"

[[evaluation.criterion]]
key = "skill"
name = "会操作"
level = "learning"
ability = "professional"
rated_by = ["enterprise", "teacher"]
anchors = "often"

[[evaluation.criterion]]
key = "keep"
name = "愿意留用"
level = "results"
rated_by = ["enterprise"]
anchors = "often"

[[evaluation.window]]
key = "final"
name = "终结评价"
kind = "terminal"
stages = [2]
levels = ["reaction", "behaviour", "learning", "results"]
weight = 100

[[check]]
metric = "practice_ratio"
op = ">="
value = 40
severity = "block"
name = "实践占比"
"""


def change(old, new, count=1):
    assert old in SMALL
    return SMALL.replace(old, new, count)


def line_with(text, part, nth=1):
    hits = [number for number, line in enumerate(text.split("\n"), 1) if part in line]
    return hits[nth - 1]


def faults_of(text):
    with pytest.raises(PathwayFault) as caught:
        rules.parse(text)
    return caught.value.faults


UNREADABLE = "This value cannot be read. A text stands in quotation marks, a number does not."
ILLEGAL = "A character stands here that is not allowed, such as a line break inside a text."
# (what is changed, into what, a part of the line that must be named, the message)
FAULTS = [
    ('name = "小样"', 'name = ""', 'name = ""', say.EMPTY),
    ('name = "小样"', "name = 7", "name = 7", say.NOT_TEXT),
    ('name = "小样"', 'name = "' + "长" * 61 + '"', "长长", say.TEXT_TOO_LONG),
    ('name = "小样"', 'name = "小\\u0007样"', "u0007", say.BAD_CHARACTER),
    ('name = "小样"', 'name = "小\\u202e样"', "u202e", say.BAD_CHARACTER),
    ('name = "小样"', 'name = "小\\n样"', "小\\n样", say.BAD_CHARACTER),
    ('slug = "small"', 'slug = "Small Mill"', "Small Mill", say.BAD_SLUG),
    ("version = 1", "version = 0", "version = 0", say.OUT_OF_RANGE),
    ("version = 1", "version = 1.5", "version = 1.5", say.NOT_WHOLE),
    ("version = 1", "version = true", "version = true", say.NOT_WHOLE),
    ("schema = 1", "schema = 2", "schema = 2", say.SCHEMA_UNKNOWN),
    ('kinds = ["community"]', "kinds = []", "kinds = []", say.LIST_LENGTH),
    ('kinds = ["community"]', 'kinds = ["evening"]', "evening", say.NOT_CHOICE),
    ('kinds = ["community"]', 'kinds = ["community", "community"]', "kinds", say.TWICE),
    ('kinds = ["community"]', 'kinds = "community"', "kinds", say.NOT_LIST),
    ('kinds = ["community"]', 'kinds = ["community"]\nsources = ["h1"]', "sources", say.BAD_SOURCE),
    ("hours = 40", "hours = 0", "hours = 0", say.OUT_OF_RANGE),
    ("hours = 40", "hours = -3", "hours = -3", say.OUT_OF_RANGE),
    ("hours = 40", "hours = nan", "hours = nan", say.OUT_OF_RANGE),
    ("hours = 40", "hours = inf", "hours = inf", say.OUT_OF_RANGE),
    ("hours = 40", 'hours = "40"', 'hours = "40"', say.NOT_NUMBER),
    ("hours = 40", "hours = 1e300", "1e300", say.OUT_OF_RANGE),
    ("practice_hours = 20", "practice_hours = 41", "practice_hours", say.PART_ABOVE_HOURS),
    ('venue = "school"', 'venue = "moon"', "moon", say.NOT_CHOICE),
    ("weeks = 2", "weeks = 2\nmonths = 2", "months = 2", say.LENGTH_TWICE),
    ("weeks = 2\n", "", "[[stage]]", say.LENGTH_MISSING),
    ("weeks = 2", "weeks = 2\nremedial = true", "remedial", say.REMEDIAL_FIRST),
    ("weeks = 2", "weeks = 2\nremedial = 1", "remedial", say.NOT_FLAG),
    ("weeks = 2", "weeks = 2\ncolour = 1", "colour", say.UNKNOWN_KEY),
    ("practice_hours = 20", "practise_hours = 20", "practise_hours", say.UNKNOWN_KEY_CLOSE),
    ('kind = "assessment"', 'kind = "dance"', "dance", say.NOT_CHOICE),
    ('text = "合格"', "attempts = 10", "[stage.gate]", say.MISSING),
    ("min = 1\n", "", "[[role]]", say.COUNT_MISSING),
    ("min = 1", "min = 0", "min = 0", say.OUT_OF_RANGE),
    ('role = "school_teacher"', 'role = "king"', "king", say.NOT_CHOICE),
    ("good_mark = 85", "good_mark = 50", "good_mark", say.MARK_ORDER),
    ("weight = 30", "weight = 31", "[[evaluation.level]]", say.WEIGHTS_SUM),
    ("trainee = 60, teacher = 40", "trainee = 60, teacher = 41", "teacher = 41", say.SHARES_SUM),
    ("trainee = 60, teacher = 40", "trainee = 60, parent = 40", "parent", say.UNKNOWN_KEY),
    ("shares = { enterprise = 100 }", "shares = 5", "shares = 5", say.NOT_TABLE),
    ('level = "results"\nweight', 'level = "learning"\nweight', "[[evaluation.level]]", say.LEVEL_MISSING),
    ('rated_by = ["trainee", "teacher"]', 'rated_by = ["trainee"]', "teacher = 40", say.SHARE_UNUSED),
    ('rated_by = ["enterprise"]', 'rated_by = ["trainee"]', 'rated_by = ["trainee"]', say.RATER_WITHOUT_SHARE),
    ('ability = "values"\n', "", "[[evaluation.criterion]]", say.ABILITY_MISSING),
    ('anchors = "often"', 'anchors = "never"', "never", say.SCALE_UNKNOWN),
    ('"常常", "总是"]', '"常常"]', "words", say.LIST_LENGTH),
    ('"常常", "总是"]', '"常常", ""]', "words", say.EMPTY),
    ('"常常", "总是"]', '"常常", 5]', "words", say.NOT_TEXT),
    ('key = "skill"', 'key = "safe"', 'key = "safe"', say.TWICE),
    ("stages = [2]", "stages = [3]", "stages", say.STAGE_UNKNOWN),
    ("stages = [2]", "stages = [2, 2]", "stages", say.TWICE),
    ('kind = "terminal"', 'kind = "process"', "[[evaluation.window]]", say.TERMINAL_MISSING),
    ('"learning", "results"]', '"learning"]', "[[evaluation.window]]", say.LEVEL_NEVER_OPEN),
    ("weight = 100", "weight = 90", "[[evaluation.window]]", say.WEIGHTS_SUM),
    ("value = 40", "value = [40, 50]", "value =", say.ONE_LIMIT),
    ("value = 40", "value = 140", "value =", say.PERCENT_LIMIT),
    ('op = ">="', 'op = "between"', "value =", say.TWO_LIMITS),
    ('op = ">="', 'op = ">"', "op =", say.NOT_CHOICE),
    ('severity = "block"', 'severity = "shout"', "severity", say.NOT_CHOICE),
    ("[evaluation]\npass_mark = 60\ngood_mark = 85\n", "[[check]]\n", "[[check]]", say.MISSING),
    # what is not even TOML
    ("weeks = 2", "weeks = ", "weeks =", UNREADABLE),
    ("weeks = 2", "weeks = two", "weeks =", UNREADABLE),
    ("weeks = 2", "weeks = 2\nweeks = 3", "weeks = 3", "This entry stands here a second time."),
    ('name = "小样"', 'name = "小样', "小样", ILLEGAL),
    ("[evaluation]", "[evaluation", "[evaluation", "A square bracket is missing."),
    ("weeks = 2", "weeks 2", "weeks 2", "After the name of an entry an equals sign is expected."),
]  # fmt: skip


# where not the first such line is at fault, but the second
SECOND = {("", say.ABILITY_MISSING): 2, ('key = "safe"', say.TWICE): 2}


@pytest.mark.parametrize(("old", "new", "part", "message"), FAULTS, ids=[f"{row[1]}"[:30] for row in FAULTS])
def test_a_fault_names_its_line_and_reason(old, new, part, message):
    text = change(old, new)

    faults = faults_of(text)

    line = line_with(text, part, SECOND.get((new, message), 1))
    assert any(fault.message_id == message and fault.line == line for fault in faults), faults


def test_the_small_file_is_valid_and_its_english_is_optional():
    pathway = rules.parse(SMALL)

    assert pathway.name.to("en") == "小样"
    assert pathway.hours == 100
    assert pathway.stages[1].unit is Unit.MONTH
    assert pathway.stages[1].weeks == pytest.approx(4.33, abs=0.01)


def test_all_faults_are_told_at_once_in_the_order_of_the_file():
    text = (
        change('slug = "small"', 'slug = "?"')
        .replace("hours = 60", "hours = 0")
        .replace("value = 40", "value = -1")
    )

    faults = faults_of(text)

    expected = [line_with(text, 'slug = "?"'), line_with(text, "hours = 0"), line_with(text, "value = -1")]
    assert [fault.line for fault in faults] == expected
    assert [fault.path for fault in faults] == ["slug", "stage[2].hours", "check[1].value"]


def test_one_unknown_word_raises_no_false_alarms_elsewhere():
    faults = faults_of(change('level = "results"\nrated_by', 'level = "result"\nrated_by'))

    assert [fault.message_id for fault in faults] == [say.NOT_CHOICE]


def test_every_value_of_a_message_is_given():
    for old, new, *_ in FAULTS:
        for fault in faults_of(change(old, new)):
            assert fault.message_id % fault.params


@pytest.mark.parametrize(
    "text",
    [
        "",
        "\x00",
        "a" * 300_000,
        "k = " + "[" * 3_900,
        "k = " + "{a=" * 1_000,
        ".".join("a" * 1_900) + " = 1",
        "\n".join("[" + ".".join("a" * 1_000) + f".b{i}]" for i in range(49)),
        "schema = " + "9" * 3_900,
        'schema = "1"',
        "schema = 1979-05-27",
        "schema = 2024-13-45",
        "stage = 1",
        "schema = 1\nstage = [1, [2], {a = 3}]",
        "schema = 1\nevaluation = []",
        "schema = 1\n" + "[[stage]]\n" * 5_000,
        "schema = 1\n" + "".join(f"k{i} = 1\n" for i in range(10_000)),
        "\ufeff" + "schema = 1\r\n" * 2,
    ],
    ids=lambda text: text[:20],
)
def test_hostile_files_are_refused_in_time(text):
    started = time.process_time()

    faults = faults_of(text)

    assert faults
    assert all(fault.line >= 1 for fault in faults)
    assert time.process_time() - started < 5


@pytest.mark.parametrize(
    "document",
    [None, [], {}, {"schema": []}, {"schema": 1, "stage": {"a": 1}}, {1: 2}, {"schema": 1, "name": "\ud800"}],
)
def test_a_damaged_document_is_refused(document):
    with pytest.raises(PathwayFault) as caught:
        rules.from_document(document)

    assert {fault.line for fault in caught.value.faults} == {0}


def refusal(read, what):
    """The faults with which something is refused, None when it is read; any other exception passes through."""
    try:
        read(what)
    except PathwayFault as fault:
        return fault.faults
    return None


@given(st.text(max_size=400))
def test_any_text_is_read_or_refused_with_reasons(text):
    assert refusal(rules.parse, text) != ()


def test_windows_line_ends_and_a_byte_order_mark_do_no_harm():
    assert rules.parse("\ufeff" + SMALL.replace("\n", "\r\n")) == rules.parse(SMALL)


@given(st.data())
@settings(suppress_health_check=[HealthCheck.too_slow], deadline=None)
def test_a_file_with_any_lines_lost_doubled_or_spoilt_is_read_or_refused(data):
    lines = SMALL.split("\n")
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(lines) - 1))
        spoilt = data.draw(st.sampled_from(["drop", "double", "text", "cut"]))
        if spoilt == "drop":
            del lines[at]
        elif spoilt == "double":
            lines.insert(at, lines[at])
        elif spoilt == "cut":
            lines[at] = lines[at][: data.draw(st.integers(0, len(lines[at])))]
        else:
            lines[at] = lines[at].split("=")[0] + "= " + data.draw(st.text(max_size=12))
        if not lines:
            return
    faults = refusal(rules.parse, "\n".join(lines))

    assert faults != ()
    assert all(1 <= fault.line <= len(lines) + 1 for fault in faults or ())


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)


@given(st.data())
@settings(suppress_health_check=[HealthCheck.too_slow], deadline=None)
def test_a_document_with_any_value_replaced_is_read_or_refused(data):
    document = rules.to_document(rules.parse(SMALL))
    place, key = document, data.draw(st.sampled_from(sorted(document)))
    while isinstance(place[key], dict | list) and place[key] and data.draw(st.booleans()):
        place = place[key]
        keys = list(place) if isinstance(place, dict) else range(len(place))
        key = data.draw(st.sampled_from(keys))
    place[key] = data.draw(JSON)

    assert refusal(rules.from_document, document) != ()


@given(documents())
@settings(suppress_health_check=[HealthCheck.too_slow], deadline=None)
def test_a_pathway_comes_back_from_its_file_and_its_document(document):
    pathway = rules.from_document(document)

    assert rules.parse(rules.dump(pathway)) == pathway
    assert rules.from_document(json.loads(json.dumps(rules.to_document(pathway)))) == pathway


def test_a_written_file_keeps_chinese_readable():
    assert 'name = "双线交替、八阶递进"' in rules.dump(load_library()["eight-stage"])


def test_the_locator_agrees_with_the_parser_on_every_line():
    for slug in load_library():
        text = library_text(slug)
        rows = text.split("\n")
        for path, line in locate(text).items():
            key = next((part for part in reversed(path) if isinstance(part, str)), None)
            if key and key != "evaluation":
                assert key in rows[line - 1], (slug, path, line)


def test_the_locator_is_not_misled_by_brackets_and_hashes_inside_texts():
    text = (
        'a = "x # ] \\" y"\nb = """\n[no]\nc = 1\n""" # [x]\n"c d".e = [\n 1, # ]\n {f = \'}\'},\n]\n[t]\ng=1'
    )

    lines = locate(text)

    assert lines[("b",)] == 2
    assert lines[("c d", "e")] == 6
    assert lines[("c d", "e", 1, "f")] == 8
    assert lines[("t", "g")] == 11
    assert ("no",) not in lines


# --- checks ---------------------------------------------------------------------------------------


def check(op, *limits, severity=Severity.BLOCK, metric=Metric.TOTAL_HOURS):
    return Check(metric, op, limits, severity, Text("总学时"))


@pytest.mark.parametrize(
    ("op", "limits", "value", "passed", "limit", "gap"),
    [
        (Op.AT_LEAST, (40,), 40, True, 40, 0),
        (Op.AT_LEAST, (40,), 39.9999999, True, 40, 0),
        (Op.AT_LEAST, (40,), 33, False, 40, 7),
        (Op.AT_MOST, (40,), 40, True, 40, 0),
        (Op.AT_MOST, (40,), 42, False, 40, -2),
        (Op.BETWEEN, (1280, 1400), 1312, True, 1280, 0),
        (Op.BETWEEN, (1280, 1400), 1399, True, 1400, 0),
        (Op.BETWEEN, (1280, 1400), 1240, False, 1280, 40),
        (Op.BETWEEN, (1280, 1400), 1416, False, 1400, -16),
    ],
)
def test_a_check_says_how_far_a_figure_is_from_its_limit(op, limits, value, passed, limit, gap):
    result = rules.evaluate_check(check(op, *limits), {"total_hours": value})

    assert (result.passed, result.limit, result.value) == (passed, limit, value)
    assert result.gap == pytest.approx(gap)
    assert result.blocks is not passed


@pytest.mark.parametrize("metrics", [{}, {"total_hours": float("nan")}, {"total_hours": float("inf")}])
def test_an_unknown_figure_never_passes(metrics):
    result = rules.evaluate_check(check(Op.AT_LEAST, 1), metrics)

    assert (result.passed, result.value, result.gap) == (False, None, None)


def test_a_warning_does_not_block():
    results = rules.evaluate_checks(
        [check(Op.AT_LEAST, 10), check(Op.AT_LEAST, 10, severity=Severity.WARN)], {"total_hours": 5}
    )

    assert [result.severity for result in rules.obstacles(results)] == [Severity.BLOCK]


# --- comparison -----------------------------------------------------------------------------------


def test_a_pathway_does_not_differ_from_itself():
    for pathway in load_library().values():
        assert rules.differences(pathway, dataclasses.replace(pathway, version=2)).same


def test_a_new_stage_is_shown_beside_nothing_and_the_rest_stays_aligned():
    old = load_library()["eight-stage"]
    extra = Stage(Text("线上预习", "Online preparation"), Venue.ONLINE, 1, Unit.WEEK, 8)
    longer = dataclasses.replace(old.stages[3], length=10)
    new = dataclasses.replace(old, stages=(*old.stages[:2], extra, old.stages[2], longer, *old.stages[4:]))

    rows = rules.differences(old, new).stages

    assert [row.difference for row in rows] == [
        Difference.SAME, Difference.SAME, Difference.ONLY_RIGHT, Difference.SAME, Difference.CHANGED,
        *[Difference.SAME] * 4,
    ]  # fmt: skip
    assert rows[4].changed == ("length",)


def test_weights_roles_and_checks_are_compared_by_what_they_are_about():
    library = load_library()

    result = rules.differences(library["eight-stage"], library["zhanlan"])

    assert not result.same
    assert [party for party, _ in result.parties] == list(THREE)
    enterprise = dict(result.parties)[Party.ENTERPRISE]
    assert (enterprise.left, enterprise.right) == (46.0, 52.5)
    practice = next(row for row in result.checks if row.left and row.left.metric is Metric.PRACTICE_RATIO)
    assert set(practice.changed) == {"limits", "severity"}
    only_zhanlan = [row.right.metric for row in result.checks if row.difference is Difference.ONLY_RIGHT]
    assert Metric.TEACHER_COUNT_COLLEGE in only_zhanlan
    for part, count in (("stages", 8), ("roles", 5)):
        assert sum(row.left is not None for row in getattr(result, part)) == count


# --- one vocabulary -------------------------------------------------------------------------------


def test_kinds_and_roles_are_those_of_the_other_features():
    assert [kind.value for kind in rules.ProgramKind] == [kind.value for kind in ProgramKindOfPrograms]
    assert {role.value for role in rules.Role} == {role.value for role in SignInRole} - {"administrator"}


def test_every_word_of_the_schema_has_a_label():
    words = [
        rules.ProgramKind,
        rules.Venue,
        rules.Unit,
        rules.GateKind,
        rules.Layer,
        rules.PracticeLevel,
        rules.Role,
    ]
    words += [rules.Scope, rules.Party, rules.Level, rules.Ability, rules.WindowKind, rules.Metric, rules.Op]

    for enum in [*words, rules.Severity]:
        for word in enum:
            assert rules.label(word)
    assert set(rules.METRIC_UNITS) == set(rules.Metric)
