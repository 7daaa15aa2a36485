"""Which language a reader gets, how dates and numbers are written, and a complete Chinese catalogue."""

from __future__ import annotations

from datetime import UTC, date, datetime
from types import SimpleNamespace

import pytest
from flask import render_template_string, session, url_for
from flask_babel import force_locale, gettext
from markupsafe import Markup

from tests.kernel.specimen import make_app
from trainmgr.kernel import i18n, shell
from trainmgr.kernel.i18n import catalogue
from trainmgr.kernel.i18n.texts import texts_of_forms
from trainmgr.kernel.msgids import N_n

NOW = datetime(2026, 11, 22, 1, 30, tzinfo=UTC)  # Sunday 09:30 in Shanghai


@pytest.fixture
def specimen():
    return make_app(SimpleNamespace(name="李文静", is_authenticated=True))


@pytest.fixture
def write_in(specimen):
    """Write with a filter in a language: write_in("en", i18n.day, date(…))."""

    def write(language, filter_, *args):
        with specimen.test_request_context(), force_locale(language):
            return str(filter_(*args))

    return write


# --- which language -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("accepts", "language"),
    [
        ("", "zh"),
        ("en-GB,en;q=0.9", "en"),
        ("zh-CN,zh;q=0.9,en;q=0.8", "zh"),
        ("fr,de;q=0.5", "zh"),
        ("fr,en;q=0.3", "en"),
    ],
)
def test_a_stranger_gets_the_language_the_browser_accepts_else_chinese(specimen, accepts, language):
    with specimen.test_request_context(headers={"Accept-Language": accepts}):
        assert i18n.choose_language() == language


def test_what_was_chosen_in_this_browser_goes_before_what_it_accepts(specimen):
    with specimen.test_request_context(headers={"Accept-Language": "zh"}):
        session["language"] = "en"
        assert i18n.choose_language() == "en"
    with specimen.test_request_context(headers={"Accept-Language": "zh", "Cookie": "language=en"}):
        assert i18n.choose_language() == "en"
    with specimen.test_request_context(headers={"Cookie": "language=xx"}):
        assert i18n.choose_language() == "zh"


def test_a_persons_own_setting_goes_before_everything(specimen, monkeypatch):
    monkeypatch.setattr(i18n, "current_user", SimpleNamespace(language="zh"))
    with specimen.test_request_context(headers={"Accept-Language": "en"}):
        session["language"] = "en"
        assert i18n.choose_language() == "zh"


# --- dates and numbers --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("language", "filter_", "value", "written"),
    [
        ("zh", i18n.day, date(2026, 11, 30), "2026-11-30"),
        ("en", i18n.day, date(2026, 11, 30), "30 Nov 2026"),
        ("zh", i18n.short_day, date(2026, 11, 30), "11-30 周一"),
        ("en", i18n.short_day, date(2026, 11, 30), "Mon 30 Nov"),
        ("zh", i18n.day, datetime(2026, 11, 30, 20, tzinfo=UTC), "2026-12-01"),
        ("zh", i18n.day, None, "–"),
    ],
)
def test_a_date_is_written_as_its_readers_write_it(write_in, language, filter_, value, written):
    assert write_in(language, filter_, value) == written


@pytest.mark.parametrize(
    ("language", "value", "written"),
    [
        ("zh", datetime(2026, 11, 22, 0, 52, tzinfo=UTC), "今天 08:52"),
        ("en", datetime(2026, 11, 22, 0, 52, tzinfo=UTC), "today 08:52"),
        ("zh", datetime(2026, 11, 21, 9, 40, tzinfo=UTC), "昨天 17:40"),
        ("zh", datetime(2026, 11, 20, 16, 30, tzinfo=UTC), "昨天 00:30"),
        ("zh", datetime(2026, 11, 18, 2, 5, tzinfo=UTC), "11-18 10:05"),
        ("en", datetime(2026, 11, 18, 2, 5, tzinfo=UTC), "18 Nov 10:05"),
        ("zh", datetime(2025, 6, 12, 2, 5, tzinfo=UTC), "2025-06-12"),
        ("zh", None, "–"),
    ],
)
def test_a_moment_is_told_as_people_in_shanghai_say_it(write_in, language, value, written):
    assert write_in(language, i18n.moment, value, NOW) == written


@pytest.mark.parametrize(
    ("filter_", "args", "written"),
    [
        (i18n.number, (50786,), "50,786"),
        (i18n.number, (4.0,), "4"),
        (i18n.number, (100,), "100"),
        (i18n.number, (4.15,), "4.15"),
        (i18n.number, (4, 1), "4.0"),
        (i18n.number, (-1.68,), "−1.68"),
        (i18n.number, (-0.04, 1), "0.0"),
        (i18n.number, (None,), "–"),
        (i18n.hours, (7.5,), "7.5"),
        (i18n.hours, (26686,), "26,686"),
        (i18n.percent, (26686, 31920), "83.6%"),
        (i18n.percent, (0, 5), "0.0%"),
        (i18n.percent, (3, 0), "–"),
        (i18n.percent, (None, 3), "–"),
        (i18n.masked, ("500109199403072318",), "500109********2318"),
        (i18n.masked, ("13812345678",), "138****5678"),
        (i18n.masked, ("QL1",), "Q*1"),
        (i18n.masked, ("",), "–"),
    ],
)
def test_a_number_is_written_in_one_way_everywhere(write_in, filter_, args, written):
    assert write_in("zh", filter_, *args) == written


def test_a_moment_carries_its_exact_time_for_machines(write_in):
    tag = write_in("zh", i18n.time_tag, datetime(2026, 11, 22, 0, 52, tzinfo=UTC), NOW)

    assert tag == '<time datetime="2026-11-22T08:52+08:00">今天 08:52</time>'


def test_a_stored_text_is_said_with_its_values_and_nothing_with_none(specimen):
    with specimen.test_request_context(), force_locale("zh"):
        assert i18n.say("today %(clock)s", {"clock": "08:52"}) == "今天 08:52"
        assert i18n.say("", {"a": 1}) == ""
        assert i18n.say("The shares add up to 100%", {"unused": 1}) == "The shares add up to 100%"


@pytest.mark.parametrize(
    ("language", "amount", "said"),
    [
        ("en", 1, "Sign one log"),
        ("en", 2, "Sign 2 logs"),
        ("en", "…", "Sign … logs"),
        ("zh", 1, "签核 1 篇日志"),
    ],
)
def test_a_stored_text_about_one_is_said_with_its_own_words(specimen, language, amount, said):
    many = N_n("Sign one log", "Sign %(amount)s logs")
    with specimen.test_request_context(), force_locale(language):
        assert i18n.say(many, {"amount": amount}) == said


@pytest.mark.parametrize(("language", "said"), [("en", "30 Nov 2026 09:05"), ("zh", "2026-11-30 09:05")])
def test_a_stored_moment_is_said_with_its_day_and_time(specimen, language, said):
    with specimen.test_request_context(), force_locale(language):
        assert i18n.said({"at": "2026-11-30T01:05:00+00:00"}) == said


# --- where one may be sent back to ---------------------------------------------------------------


@pytest.mark.parametrize(
    ("address", "kept"),
    [
        ("/programs?page=2", "/programs?page=2"),
        ("http://localhost/inbox", "/inbox"),
        ("https://evil.example/inbox", None),
        ("//evil.example/inbox", None),
        ("/\\evil.example", None),
        ("http://localhost//evil.example", None),
        ("javascript:alert(1)", None),
        ("inbox", None),
        ("//[", None),
        ("http://[::1", None),
        ("", None),
    ],
)
def test_only_an_address_of_this_installation_is_gone_back_to(specimen, address, kept):
    with specimen.test_request_context():
        assert shell.local_address(address) == kept


@pytest.mark.parametrize(
    ("number", "pages", "shown"),
    [
        (1, 1, [1]),
        (1, 36, [1, 2, None, 36]),
        (3, 36, [1, 2, 3, 4, None, 36]),
        (18, 36, [1, None, 17, 18, 19, None, 36]),
        (36, 36, [1, None, 35, 36]),
    ],
)
def test_a_pager_shows_the_ends_and_the_neighbours(number, pages, shown):
    assert shell.page_numbers(number, pages) == shown


# --- the catalogue ------------------------------------------------------------------------------


def part(folder, name, *pairs):
    entries = "".join(f'\nmsgid "{english}"\nmsgstr "{chinese}"\n' for english, chinese in pairs)
    path = folder / f"{name}.po"
    path.write_text(
        f'msgid ""\nmsgstr "Content-Type: text/plain; charset=UTF-8\\n"\n{entries}', encoding="utf-8"
    )
    return path


def test_parts_are_merged_and_the_same_translation_twice_is_no_fault(tmp_path):
    parts = [part(tmp_path, "a", ("Save", "保存"), ("Back", "返回")), part(tmp_path, "b", ("Save", "保存"))]

    merged, faults = catalogue.merge(parts)

    assert faults == []
    assert {message.id: message.string for message in merged if message.id} == {
        "Save": "保存",
        "Back": "返回",
    }


def test_two_translations_of_one_text_are_a_fault_that_names_both_places(tmp_path):
    parts = [part(tmp_path, "a", ("Save", "保存")), part(tmp_path, "b", ("Save", "存储"))]

    _, faults = catalogue.merge(parts)

    assert len(faults) == 1
    assert "a.po:4" in faults[0]
    assert "b.po:4" in faults[0]


def test_a_newer_part_is_compiled_at_the_start_and_an_old_one_is_not(tmp_path):
    part(tmp_path, "a", ("Save", "保存"))
    target = tmp_path / "LC_MESSAGES" / "messages.mo"

    catalogue.compile_if_stale(tmp_path, target)
    first = target.stat().st_mtime_ns
    catalogue.compile_if_stale(tmp_path, target)

    assert "保存".encode() in target.read_bytes()
    assert target.stat().st_mtime_ns == first


def test_a_part_that_is_half_written_does_not_stop_the_program(tmp_path, caplog):
    (tmp_path / "a.po").write_text('msgid "Save"\nmsg', encoding="utf-8")

    catalogue.compile_if_stale(tmp_path, tmp_path / "LC_MESSAGES" / "messages.mo")

    assert "could not be written" in caplog.text


@pytest.mark.parametrize(
    ("english", "chinese", "in_template", "fault"),
    [
        ("%(n)s rows", "%(n)s 行", False, None),
        ("%(n)s rows", "若干行", False, "placeholders [] instead of ['n']"),
        ("%(n)s rows", "%(m)s 行", False, "placeholders ['m'] instead of ['n']"),
        ("Save", "", False, "no Chinese"),
        ("100% done", "完成 100%", False, None),
        ("100% done", "完成 100%%", False, "a doubled %"),
        ("100% done", "完成 100%%", True, "a bare %"),
        ("100%% done", "完成 100%%", True, None),
        ("%(n)s is 100%", "%(n)s 为 100%%", False, "a bare %"),
        ("%(who)s signed", "%(who)s签了字", False, None),
        ("%(who)s signed", "%(who)s 签了字", False, "a space after the name"),
    ],
)
def test_what_is_wrong_with_a_translation_is_found(tmp_path, english, chinese, in_template, fault):
    message = next(iter(catalogue.read_parts([part(tmp_path, "a", (english, chinese))])))[1]

    found = list(catalogue._faults_of(english, message, in_template=in_template))

    assert found == [] if fault is None else any(fault in one for one in found)


def test_a_text_marked_in_code_or_template_is_found(tmp_path, monkeypatch):
    (tmp_path / "a.py").write_text('from x import N_, _l\nN_("One")\n_l("Two")\n')
    (tmp_path / "b.html").write_text('{{ _("Three") }}{% trans %}\n  Four\n  five\n{% endtrans %}')
    monkeypatch.setattr(catalogue, "SOURCES", ((tmp_path, [("**.py", "python"), ("**.html", "jinja2")]),))

    assert set(catalogue.extract()) == {"One", "Two", "Three", "Four five"}


def test_every_text_that_people_read_has_its_chinese():
    assert catalogue.check() == []


def test_the_compiled_catalogue_speaks_chinese(specimen):
    with specimen.test_request_context(), force_locale("zh"):
        assert gettext("Inbox") == "待办"


# --- many addresses of one endpoint --------------------------------------------------------------


def test_the_addresses_of_a_table_are_those_that_are_built_one_by_one(specimen):
    specimen.add_url_rule("/a/<int:first>/b/<int:second>", "pair", lambda first, second: "")
    with specimen.test_request_context(environ_overrides={"SCRIPT_NAME": "/at{home}"}):
        pair = shell.addresses("pair", "first", "second", q="a{b}", page=7)

        for first, second in ((1, 2), (2**31 - 1, 3)):
            assert pair(first, second) == url_for("pair", first=first, second=second, q="a{b}", page=7)


# --- texts in templates --------------------------------------------------------------------------


@pytest.fixture
def write_template(specimen):
    """Render a template's text in a language: write_template("zh", '{{ _("Inbox") }}')."""

    def write(language, source, **values):
        with specimen.test_request_context(), force_locale(language):
            return render_template_string(source, **values)

    return write


def test_a_text_of_a_template_follows_the_language_of_each_reader(write_template):
    assert [write_template(language, '{{ _("Inbox") }}') for language in ("zh", "en", "zh")] == [
        "待办",
        "Inbox",
        "待办",
    ]


def test_the_language_may_change_within_a_request(specimen):
    with specimen.test_request_context():
        said = []
        for language in ("zh", "en"):
            with force_locale(language):
                said.append((gettext("Inbox"), render_template_string('{{ _("Inbox") }}')))

    assert said == [("待办", "待办"), ("Inbox", "Inbox")]


def test_values_in_a_text_are_escaped_and_safe_ones_are_not_escaped_again(write_template):
    source = '{{ _("Choose %(name)s", name=name) }}'

    assert write_template("en", source, name="<b>") == "Choose &lt;b&gt;"
    assert write_template("en", source, name=Markup("<b>")) == "Choose <b>"


def test_values_may_be_formatted_as_numbers(write_template):
    source = '{{ _("%(share).1f of %(whole)s", share=2.25, whole="<b>") }}'

    assert write_template("en", source) == "2.2 of &lt;b&gt;"


def test_a_doubled_percent_sign_is_written_once_with_and_without_values(write_template):
    assert (
        write_template("en", '{{ _("100%% of %(name)s", name="it") }} {{ _("100%%") }}') == "100% of it 100%"
    )


def test_a_counted_text_has_its_number(write_template):
    source = '{{ ngettext("%(num)s person", "%(num)s people", count) }}'

    assert [write_template("en", source, count=count) for count in (1, 2)] == ["1 person", "2 people"]
    assert write_template("zh", source, count=2) == "2 人"


def test_a_block_of_text_is_said_like_any_other(write_template):
    source = "{% trans name=name %}Choose {{ name }}{% endtrans %}"

    assert write_template("en", source, name="<i>") == "Choose &lt;i&gt;"
    assert write_template("zh", source, name="A") == "选中 A"


def test_what_is_no_page_is_not_escaped(specimen):
    plain = specimen.jinja_env.overlay(autoescape=False)
    with specimen.test_request_context(), force_locale("en"):
        assert plain.from_string('{{ _("Choose %(name)s", name="<b>") }}').render() == "Choose <b>"


def test_forms_speak_the_readers_language():
    assert texts_of_forms("zh").ugettext("This field is required.") == "该字段是必填字段。"
    assert texts_of_forms("en").ugettext("This field is required.") == "This field is required."
