"""Signs worth a question: what resembles, what cannot be, what was pasted, what is drawn."""

import random
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trainmgr.practice.honesty import (
    FEWEST_PASTED,
    RESEMBLES,
    HintKind,
    Known,
    bands,
    draw,
    hours_hints,
    normalised,
    pasted,
    resemblance,
    shingles,
    similar,
)

pytestmark = pytest.mark.once

SIGNS = "的一是在不了有和人这中大为上个国我以要他时来用们生到作地于出就分对成会可主发年动同工也能下过子说产种面而方后多定行学法所民得经十三之进着等部度家电力里如水化高自二理起小物现实加量都两体制机当使点从业本去把性好应开它合还因由其些然前外天政四日那社义事平形相全表间样与关各重新线内数正心反你明看原又么利比或但质气第向道命此变条只没结解问意建月公无系军很情者最立代想已通并提直题党程展五果料象员革位入常文总次品式活设及管特件长求老头基资边流路级少图山统接知较将组见计别她手角期根论运农指几九区强放决西被干做必战先回则任取据处队南给色光门即保治北造百规热领七海口东导器压志世金增争济阶油思术极交受联什认六共权收证改清己美再采转更单风切打白教速花带安场身车例真务具万每目至达走积示议声报斗完类八离华名确才科张信马节话米整空元况今集温传土许步群广石记需段研界拉林律叫且究观越织装影算低持音众书布复容儿须际商非验连断深难近矿千周委素技备半办青省列习响约支般史感劳便团往酸历市克何除消构府称太准精值号率族维划选标写存候毛亲快效斯院查江型眼王按格养易置派层片始却专状育厂京识适属圆包火住调满县局照参红细引听该铁价严"  # noqa: E501
TEXTS = st.text(alphabet=SIGNS, min_size=60, max_size=200)


def changed(text, share, seed=1):
    """Put other signs in place of a share of a text's."""
    source = random.Random(seed)
    places = source.sample(range(len(text)), int(len(text) * share))
    return "".join(source.choice("零壹贰叁肆") if n in places else sign for n, sign in enumerate(text))


@given(TEXTS, TEXTS)
def test_resemblance_is_the_same_from_both_sides_and_whole_only_with_oneself(one, other):
    a, b = shingles(one), shingles(other)
    assert resemblance(a, b) == resemblance(b, a)
    assert 0 <= resemblance(a, b) <= 1
    assert resemblance(a, a) == 1


@given(TEXTS)
def test_blanks_punctuation_width_and_case_change_nothing(text):
    dressed = "  " + "，".join(text) + "。\n"
    assert shingles(dressed + "ABC１２３") == shingles(text + "abc123")
    assert normalised("ＡＢｃ，１") == "abc1"


@given(TEXTS)
def test_a_text_shares_every_band_with_itself(text):
    assert bands(shingles(text)) == bands(shingles(text))
    assert all(0 <= value < 2**63 for value in bands(shingles(text)))


def test_near_copies_are_found_by_their_bands_and_strangers_hardly_ever():
    """Measured over 300 pairs: what resembles by the limit or more shares a band at least nine times in ten."""
    source = random.Random(7)
    found = missed = strangers = 0
    for number in range(300):
        text = "".join(source.choice(SIGNS) for _ in range(120))
        near = changed(text, 0.08, number)
        other = "".join(source.choice(SIGNS) for _ in range(120))
        if resemblance(shingles(text), shingles(near)) >= RESEMBLES:
            together = set(bands(shingles(text))) & set(bands(shingles(near)))
            found, missed = found + bool(together), missed + (not together)
        strangers += bool(set(bands(shingles(text))) & set(bands(shingles(other))))
    assert found + missed > 100
    assert found / (found + missed) > 0.9
    assert strangers <= 3


def test_too_short_a_text_is_not_compared():
    assert shingles("今天检测盖板。") == frozenset()
    assert bands(frozenset()) == []
    assert similar("今天检测盖板。", 1, [Known(1, 2, "今天检测盖板。")]) == []


def test_the_closest_of_the_own_and_of_others_logs_is_named_with_its_share_rounded_down():
    source = random.Random(3)
    text = "".join(source.choice(SIGNS) for _ in range(100))
    known = [
        Known(1, 7, text),
        Known(2, 7, changed(text, 0.05)),
        Known(3, 8, changed(text, 0.04)),
        Known(4, 8, SIGNS),
    ]

    hints = {hint.kind: hint for hint in similar(text, 7, known)}

    assert hints[HintKind.SIMILAR_OWN].other_id == 1
    assert hints[HintKind.SIMILAR_OWN].params == {"share": 100}
    assert hints[HintKind.SIMILAR_OTHER].other_id == 3
    assert 60 <= hints[HintKind.SIMILAR_OTHER].params["share"] < 100


@pytest.mark.parametrize(
    ("signs", "typed", "share"),
    [(None, None, None), (0, 300, None), (FEWEST_PASTED - 1, 0, None), (FEWEST_PASTED, 0, 100), (70, 30, 70),
     (69, 31, None), (200, None, 100)],
)  # fmt: skip
def test_pasted_text_is_a_hint_from_a_length_and_a_share_on(signs, typed, share):
    assert [hint.params["share"] for hint in pasted(signs, typed)] == ([share] if share else [])


DAY, NEXT = date(2026, 11, 16), date(2026, 11, 17)


@pytest.mark.parametrize(
    ("worked", "elsewhere", "closed", "lessons", "kinds"),
    [
        ({DAY: 720}, {}, (), None, set()),
        ({DAY: 735}, {}, (), None, {HintKind.LONG_DAY}),
        ({DAY: 480}, {DAY: 60}, (), None, {HintKind.TWO_PLACES}),
        ({DAY: 480}, {DAY: 480}, (), None, {HintKind.TWO_PLACES, HintKind.LONG_DAY}),
        ({DAY: 480, NEXT: 480}, {}, (NEXT,), None, {HintKind.CLOSED_DAY}),
        ({DAY: 480}, {}, (), {DAY: 480}, set()),
        ({DAY: 480}, {}, (), {DAY: 360}, {HintKind.OVER_SESSION}),
        ({DAY: 480}, {}, (), {NEXT: 60}, set()),  # a day without sessions says nothing
    ],
)
def test_hours_that_stand_out_are_named(worked, elsewhere, closed, lessons, kinds):
    hints = hours_hints(worked, elsewhere=elsewhere, limit=720, closed=closed, lessons=lessons)
    assert {hint.kind for hint in hints} == kinds


@given(
    st.lists(st.integers(1, 10**6), unique=True, min_size=1, max_size=300),
    st.integers(1, 100),
    st.text(max_size=9),
)
def test_a_drawing_takes_its_share_at_least_one_and_can_be_repeated(ids, percent, seed):
    drawn = draw(ids, percent, seed)

    assert set(drawn) <= set(ids)
    assert len(drawn) == len(set(drawn)) >= 1
    assert len(drawn) >= len(ids) * percent / 100
    assert len(drawn) <= max(1, len(ids) * percent / 100 + 1)
    assert draw(list(reversed(ids)), percent, seed) == drawn


def test_nothing_is_drawn_from_nothing_or_by_no_share():
    assert draw([], 5, "x") == []
    assert draw([1, 2], 0, "x") == []


def test_every_log_is_drawn_about_as_often_as_any_other():
    counts = dict.fromkeys(range(20), 0)
    for seed in range(2000):
        for one in draw(list(counts), 5, str(seed)):
            counts[one] += 1
    assert min(counts.values()) > 60
    assert max(counts.values()) < 140
