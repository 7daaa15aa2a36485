"""Makes valid pathway documents of every shape the schema allows."""

from hypothesis import strategies as st

from trainmgr.pathways.rules import (
    Ability,
    GateKind,
    Layer,
    Level,
    Metric,
    Op,
    Party,
    PracticeLevel,
    ProgramKind,
    Role,
    Scope,
    Severity,
    Venue,
    WindowKind,
)

_shown = st.characters(codec="utf-8", exclude_categories=["Cc", "Cs", "Zl", "Zp", "Cf", "Cn", "Mn"])
words = st.text(_shown | st.sampled_from("\"'\\#=[]学"), min_size=1, max_size=12).filter(str.strip)
hours = st.integers(1, 400) | st.floats(0.5, 400).map(lambda number: round(number, 2))


def one(enum):
    return st.sampled_from([word.value for word in enum])


def some(enum):
    return st.lists(one(enum), min_size=1, unique=True)


@st.composite
def texts(draw, key):
    return {key: draw(words)} | ({f"{key}_en": draw(words)} if draw(st.booleans()) else {})


@st.composite
def parts(draw, keys):
    """Split 100 among the keys."""
    cuts = sorted(
        draw(st.lists(st.integers(1, 99), min_size=len(keys) - 1, max_size=len(keys) - 1, unique=True))
    )
    return {key: high - low for key, low, high in zip(keys, [0, *cuts], [*cuts, 100], strict=True)}


@st.composite
def stages(draw, first):
    stage = draw(texts("name")) | {"venue": draw(one(Venue)), "hours": draw(hours)}
    stage |= draw(st.sampled_from([{"weeks": 3}, {"months": 2}]))
    stage |= draw(st.sampled_from([{}, {"practice_hours": 0.5, "enterprise_hours": 0.25}]))
    stage |= draw(
        st.fixed_dictionaries({}, optional={"layer": one(Layer), "practice_level": one(PracticeLevel)})
    )
    if first or draw(st.booleans()):
        stage["gate"] = draw(texts("text")) | {"kind": draw(one(GateKind))}
        stage["gate"] |= draw(st.sampled_from([{}, {"pass_mark": 60}, {"pass_mark": 0, "attempts": 9}]))
    if not first:
        stage["remedial"] = draw(st.booleans())
    stage["step"] = draw(st.lists(texts("name"), max_size=2))
    return stage


DURING = [kind.value for kind in WindowKind if kind is not WindowKind.FOLLOW_UP]


@st.composite
def evaluations(draw, stage_count):
    weights = draw(parts(list(Level)))
    levels, criteria = [], []
    for level in Level:
        raters = draw(some(Party))
        levels.append({"level": level.value, "weight": weights[level], "shares": draw(parts(raters))})
        criterion = draw(texts("name")) | draw(st.sampled_from([{}, {"hint": "见到什么"}, {"weight": 2.5}]))
        criterion |= {"key": f"c-{level.value}", "level": level.value, "rated_by": raters, "anchors": "scale"}
        criteria.append(criterion | {"ability": draw(one(Ability))})
    scale = {"key": "scale", "words": draw(st.lists(words, min_size=5, max_size=5))}
    for extra in draw(
        st.sampled_from([(), ("words_en",), ("words_en", "meanings", "meanings_en"), ("meanings",)])
    ):
        scale[extra] = draw(st.lists(words, min_size=5, max_size=5))
    keys = ["final", *(f"w{n}" for n in range(draw(st.integers(0, 2))))]
    shares = draw(parts(keys))
    windows = [
        draw(texts("name")) | {"key": key, "kind": draw(st.sampled_from(DURING)), "weight": shares[key],
                               "levels": draw(some(Level)),
                               "stages": draw(st.lists(st.integers(1, stage_count), min_size=1, unique=True))}
        for key in keys
    ]  # fmt: skip
    windows[0] |= {"kind": "terminal", "levels": [level.value for level in Level]}
    for months in draw(st.lists(st.integers(1, 60), max_size=2, unique=True)):
        windows.append(draw(texts("name")) | {"key": f"later-{months}", "kind": "follow_up", "weight": 0,
                                              "levels": draw(some(Level)), "stages": [stage_count],
                                              "months": months, "parties": draw(some(Party))})  # fmt: skip
    return {"level": levels, "scale": [scale], "criterion": criteria, "window": windows}


@st.composite
def documents(draw):
    """A pathway as `to_document` could have written it, with every optional part sometimes left out."""
    stage_list = [draw(stages(first=number == 0)) for number in range(draw(st.integers(1, 3)))]
    roles = {
        (role["role"], role.get("title")): role
        for role in draw(st.lists(st.fixed_dictionaries(
            {"role": one(Role), "duties": words, "min": st.integers(1, 9)},
            optional={"per_trainees": st.integers(1, 99), "scope": one(Scope)},
        ), min_size=1, max_size=4))
    }  # fmt: skip
    checks = {}
    for metric in draw(st.lists(one(Metric), max_size=4, unique=True)):
        op = draw(one(Op))
        value = [1, 99.5] if op == "between" else draw(st.floats(0, 100))
        checks[metric] = {
            "metric": metric,
            "op": op,
            "value": value,
            "severity": draw(one(Severity)),
            "name": draw(words),
        }
    document = {
        "schema": 1, "slug": "made-up", "version": draw(st.integers(1, 9999)), "kinds": draw(some(ProgramKind)),
        "stage": stage_list, "role": list(roles.values()), "evaluation": draw(evaluations(len(stage_list))),
        "check": list(checks.values()),
    }  # fmt: skip
    document |= draw(texts("name")) | draw(
        st.sampled_from([{}, {"summary": "两行\n的话", "sources": ["H1", "Z12"]}])
    )
    if draw(st.booleans()):
        document["cohort"] = {
            "size_min": 1,
            "size_max": 9,
            "classes": 2,
            "rotate_mentors": draw(st.booleans()),
        }
    return document
