"""How long somebody who guesses must wait, what a password must be, what a browser is called: pure decisions."""

from __future__ import annotations

import ipaddress
import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from trainmgr.kernel.msgids import N_

# A user name is typed at the door, often on a phone: 3 to 60 plain small letters, digits, dots, dashes, underscores.
USERNAME = re.compile(r"[a-z0-9][a-z0-9._-]{2,59}")

# --- slowing down guesses -----------------------------------------------------------------------


@dataclass(frozen=True)
class Throttle:
    """How many failures are free within a time, and how the wait after each further one grows (it doubles)."""

    free: int
    within: timedelta
    first_wait: timedelta
    longest_wait: timedelta


PER_ACCOUNT = Throttle(5, timedelta(hours=24), timedelta(seconds=30), timedelta(minutes=15))
# A whole campus may stand behind one address, so its limit is wide and forgets soon.
PER_ADDRESS = Throttle(60, timedelta(minutes=15), timedelta(seconds=30), timedelta(minutes=5))


def free_again_at(throttle: Throttle, failures: int, last: datetime | None) -> datetime | None:
    """Return from when on the next try is taken, or None when there is nothing to wait for.

    `failures` are those within the throttle's time, `last` is the moment of the latest of them.
    """
    if last is None or failures < throttle.free:
        return None
    doublings = min(failures - throttle.free, 20)
    wait: timedelta = throttle.first_wait * int(2**doublings)
    return last + min(wait, throttle.longest_wait)


def network_of(address: str | None) -> str:
    """Return what counts as one address: an IPv4 address, or the /64 that one IPv6 customer has."""
    try:
        parsed = ipaddress.ip_address((address or "").partition("%")[0])
    except ValueError:
        return "unknown"
    if isinstance(parsed, ipaddress.IPv6Address):
        if parsed.ipv4_mapped:
            return str(parsed.ipv4_mapped)
        return str(ipaddress.ip_network((parsed, 64), strict=False))
    return str(parsed)


# --- passwords ----------------------------------------------------------------------------------

FIRST_PASSWORD_DAYS = 30  # how long a first password lasts where its organisation says nothing
MOST_FIRST_PASSWORD_DAYS = 365
SHORTEST = 12
LONGEST = 128
FEWEST_SIGNS = 5
OWN_WORD = 4  # a name or number this long may not be most of the password
FEWEST_OTHERS = 6  # signs that must stand beside it

_COMMON = """
    password password1 password12 password123 passw0rd123 p@ssw0rd p@ssword123 admin12345 administrator letmein123
    welcome123 qwertyuiop qwerty12345 qwerty123456 1qaz2wsx3edc 1q2w3e4r5t 1q2w3e4r5t6y q1w2e3r4t5 qazwsxedc123
    asdfghjkl1 zxcvbnm123 abc1234567 abcd123456 abcde12345 abc123456789 a123456789 aa123456789 a1234567890
    123456789a 1234567890a 123456789abc 123456abcdef 12345qwert 1234qwerasdf 123qweasdzxc qwe123456789
    woaini1314 woaini520 woaini1314520 5201314520 5201314aaa iloveyou123 1314520520 7758521521 zhang123456
    wang123456 li123456789 qq123456789 wx123456789 a5201314520 trainmgr123 changeme123 test123456 root123456
"""
COMMON = frozenset(_COMMON.split())
TRIED_FIRST = N_("This is one of the passwords that are tried first; take another.")
_RUNS = (
    "0123456789" * 3,
    "abcdefghijklmnopqrstuvwxyz",
    "qwertyuiopasdfghjklzxcvbnm",
    "1qaz2wsx3edc4rfv5tgb6yhn7ujm8ik9ol0p",
)


def normal(password: str) -> str:
    """Return a password as it is compared: full-width signs of a Chinese keyboard count as the plain ones."""
    return unicodedata.normalize("NFKC", password)


def password_fault(password: str, own_words: Iterable[str]) -> str | None:
    """Return the msgid of why a password will not do, or None.

    `own_words` are the person's user name, name and numbers: what others would try first.
    """
    plain = normal(password)
    if len(password) < SHORTEST:
        return N_("This is shorter than 12 characters.")
    if len(plain) > LONGEST:
        return N_("This is longer than 128 characters.")
    folded = plain.casefold()
    if any(_is_mostly(folded, normal(word).casefold()) for word in own_words):
        return N_("This is mostly your own name or number; others would try that first.")
    if folded in COMMON or _is_run(folded):
        return TRIED_FIRST
    if len(set(plain)) < FEWEST_SIGNS:
        return N_("This repeats too few different characters.")
    return None


def first_password_ends(handed_out: datetime | None, days: Iterable[int]) -> datetime | None:
    """Return when a first password ends that was handed out then, or None for one that nobody has yet.

    `days` are those of the organisations that its person belongs to; the strictest counts, 30 where there is none.
    """
    if handed_out is None:
        return None
    return handed_out + timedelta(days=min(days, default=FIRST_PASSWORD_DAYS))


def _is_mostly(password: str, word: str) -> bool:
    word = re.sub(r"\s", "", word)
    return len(word) >= OWN_WORD and word in password and len(password) - len(word) < FEWEST_OTHERS


def _is_run(password: str) -> bool:
    return any(password in line or password in line[::-1] for line in _RUNS)


# --- browsers -----------------------------------------------------------------------------------

# In this order: each later one also appears in the earlier ones' names.
_BROWSERS = (
    ("MicroMessenger/", "WeChat"),
    ("wxwork/", "WeCom"),
    ("DingTalk/", "DingTalk"),
    ("HuaweiBrowser/", "Huawei Browser"),
    ("MQQBrowser/", "QQ Browser"),
    ("Edg/", "Edge"),
    ("OPR/", "Opera"),
    ("Firefox/", "Firefox"),
    ("Chrome/", "Chrome"),
    ("Safari/", "Safari"),
)
_SYSTEMS = (
    ("HarmonyOS", "HarmonyOS"),
    ("Android", "Android"),
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Windows", "Windows"),
    ("Mac OS X", "macOS"),
    ("Linux", "Linux"),
)


def browser_name(user_agent: str) -> str:
    """Return what a person would call a browser: "Chrome · Windows"; nothing known gives ""."""
    browser = next((name for sign, name in _BROWSERS if sign in user_agent), "")
    system = next((name for sign, name in _SYSTEMS if sign in user_agent), "")
    return " · ".join(filter(None, (browser, system)))
