import stat
import string
import sys
from datetime import date

import pytest
from flask import Flask

from trainmgr.kernel import crypto
from trainmgr.kernel.crypto import DataKeyMissing, IdFault

TODAY = date(2026, 11, 22)
FIRST, SECOND = "a" * 40, "b" * 40
INDEX = "9e09c02a08717343064c5b3b4e7459e9b3a9ad55b8be9b2d49454c2264a7db5b"
LETTERS = string.ascii_uppercase + string.ascii_lowercase + string.digits + "+/"
# Of base64, a letter of which the highest bit is another: the last letter's lower bits may mean nothing.
OTHER = {letter: LETTERS[place ^ 32] for place, letter in enumerate(LETTERS)}
# 500103199001018821 as version 1 encrypted it under FIRST (Fernet).
FORMER = (
    "gAAAAABrCv5G1g8Hd7s8Dih2cGmzbCvX2Ll5By67BxRYZzj39LqAxF34cRPc"
    "_FbrgH2OKZ4oWaKZ6AMout2Xqop8tVkVSOB1wcQCdpJOUyyKADe-9NWlG00="
)


def installation(folder, **config):
    """A bare application with keys, as it starts up."""
    app = Flask("keys", instance_path=str(folder))
    app.config.update(SECRET_KEY="s" * 40, INSTANCE_PATH=str(folder), **config)
    crypto.init_app(app)
    return app


def numbered(body):
    """An ID number with the check character that fits (ISO 7064 MOD 11-2)."""
    weights = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
    return (
        body
        + "10X98765432"[sum(int(digit) * weight for digit, weight in zip(body, weights, strict=True)) % 11]
    )


# --- at rest --------------------------------------------------------------------------------------


def test_what_is_encrypted_comes_back_and_looks_different_each_time(tmp_path):
    with installation(tmp_path).app_context():
        first, second = crypto.encrypt("500103199001018821"), crypto.encrypt("500103199001018821")

        assert first != second
        assert "5001" not in first
        assert crypto.decrypt(first) == crypto.decrypt(second) == "500103199001018821"


def test_the_key_is_made_once_and_only_the_owner_may_read_it(tmp_path):
    with installation(tmp_path).app_context():
        kept = crypto.encrypt("secret")
    key = tmp_path / "data.key"
    made = key.read_text()

    with installation(tmp_path).app_context():
        assert crypto.decrypt(kept) == "secret"

    assert key.read_text() == made
    if sys.platform != "win32":
        assert stat.S_IMODE(key.stat().st_mode) == 0o600


def test_a_new_key_in_front_encrypts_and_the_old_one_still_opens_and_finds(tmp_path):
    with installation(tmp_path, DATA_KEYS=[FIRST]).app_context():
        old, index = crypto.encrypt("secret"), crypto.blind_index("secret")

    with installation(tmp_path, DATA_KEYS=[SECOND, FIRST]).app_context():
        new = crypto.encrypt("secret")
        assert crypto.decrypt(old) == "secret"
        assert crypto.blind_index("secret") == index

    with installation(tmp_path, DATA_KEYS=[SECOND]).app_context():
        assert crypto.decrypt(new) == "secret"
        with pytest.raises(DataKeyMissing):
            crypto.decrypt(old)


def test_what_an_earlier_version_encrypted_is_still_read(tmp_path):
    with installation(tmp_path, DATA_KEYS=[SECOND, FIRST]).app_context():
        assert crypto.decrypt(FORMER) == "500103199001018821"
        assert crypto.decrypt_bytes(FORMER.encode()) == b"500103199001018821"
        assert not crypto.encrypt("500103199001018821").startswith(FORMER[:5])

    with installation(tmp_path, DATA_KEYS=[SECOND]).app_context(), pytest.raises(DataKeyMissing):
        crypto.decrypt(FORMER)


def test_a_file_comes_back_under_a_new_key_and_not_without_its_own(tmp_path):
    content = bytes(range(256)) * 1_000
    with installation(tmp_path, DATA_KEYS=[FIRST]).app_context():
        kept = crypto.encrypt_bytes(content)
    assert content[:64] not in kept

    with installation(tmp_path, DATA_KEYS=[SECOND, FIRST]).app_context():
        assert crypto.decrypt_bytes(kept) == content

    with installation(tmp_path, DATA_KEYS=[SECOND]).app_context(), pytest.raises(DataKeyMissing):
        crypto.decrypt_bytes(kept)


def test_a_value_that_was_tampered_with_or_cut_short_is_not_opened(tmp_path):
    with installation(tmp_path).app_context():
        kept = crypto.encrypt("500103199001018821")
        places = range(len(kept))
        swapped = [kept[:at] + OTHER.get(kept[at], "A") + kept[at + 1 :] for at in places]
        cut = [kept[:at] for at in places]

        for wrong in (*swapped, *cut, kept + "AAAA", ""):
            with pytest.raises(DataKeyMissing):
                crypto.decrypt(wrong)
        for wrong in (b"", b"2.", b"2.short", crypto.encrypt_bytes(b"file")[:-1]):
            with pytest.raises(DataKeyMissing):
                crypto.decrypt_bytes(wrong)


def test_the_index_stays_as_it_was_from_version_to_version(tmp_path):
    with installation(tmp_path, DATA_KEYS=[SECOND, FIRST]).app_context():
        assert crypto.blind_index("500103199001018821") == INDEX


def test_the_index_is_equal_for_equal_text_only_and_depends_on_the_key(tmp_path):
    with installation(tmp_path, DATA_KEYS=[FIRST]).app_context():
        index = crypto.blind_index("500103199001018821")
        assert index == crypto.blind_index("500103199001018821")
        assert index != crypto.blind_index("500103199001018822")
        assert len(index) == 64
    with installation(tmp_path, DATA_KEYS=[SECOND]).app_context():
        assert crypto.blind_index("500103199001018821") != index


@pytest.mark.parametrize("keys", [["short"], ["s" * 40]])
def test_a_short_key_or_the_session_key_is_refused(tmp_path, keys):
    with pytest.raises(ValueError, match="DATA_KEYS"):
        installation(tmp_path, DATA_KEYS=keys)


# --- on screen ------------------------------------------------------------------------------------


def test_masks_show_the_place_and_the_last_four():
    assert crypto.mask_id_number("500103199001018828") == "500103********8828"
    assert crypto.mask_phone("13812345678") == "138****5678"


def test_a_mask_never_shows_a_short_number_whole():
    assert crypto.mask_id_number("1234567890") == "12******90"
    assert crypto.mask_phone("110") == "***"
    assert crypto.mask_phone(None) == ""


# --- checks ---------------------------------------------------------------------------------------


def test_a_number_is_normalised_from_full_width_blanks_and_a_small_x():
    number = numbered("11010519491231002")
    assert number.endswith("X")

    assert crypto.check_id_number(" １１０１０５ 19491231-002x ", today=TODAY) == number


def test_numbers_given_out_when_chongqing_belonged_to_sichuan_are_taken():
    number = numbered("51020219800101001")

    assert crypto.check_id_number(number, today=TODAY) == number


@pytest.mark.parametrize(
    ("number", "said"),
    [
        (numbered("50010319900101882")[:-1] + "9", "does not fit"),
        ("50010319900101882", "18 digits"),
        ("5001031990010188A1", "18 digits"),
        (numbered("50010320270101001"), "cannot be"),
        (numbered("50010318990101001"), "cannot be"),
        (numbered("50010319900230001"), "cannot be"),
        (numbered("99010319900101001"), "no known province"),
    ],
)
def test_a_number_that_cannot_be_is_refused_with_the_reason(number, said):
    with pytest.raises(IdFault, match=said):
        crypto.check_id_number(number, today=TODAY)


def test_every_single_wrong_digit_is_noticed():
    right = numbered("50010319900101882")
    for place in range(6, 18):
        for digit in "0123456789":
            wrong = right[:place] + digit + right[place + 1 :]
            if wrong != right:
                with pytest.raises(IdFault):
                    crypto.check_id_number(wrong, today=TODAY)


def test_age_counts_whole_years():
    number = numbered("50010320081122001")

    assert crypto.age_on(number, date(2026, 11, 21)) == 17
    assert crypto.age_on(number, date(2026, 11, 22)) == 18


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("138 1234 5678", "13812345678"),
        ("+86-138-1234-5678", "13812345678"),
        ("8613812345678", "13812345678"),
        ("１３８１２３４５６７８", "13812345678"),
        ("023-61212345", "023-61212345"),
    ],
)
def test_phone_numbers_are_normalised(typed, kept):
    assert crypto.check_phone(typed) == kept


@pytest.mark.parametrize("typed", ["1381234567", "12812345678", "138123456789", "abc", ""])
def test_what_is_no_phone_number_is_refused(typed):
    with pytest.raises(IdFault):
        crypto.check_phone(typed)
