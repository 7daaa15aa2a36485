"""What can be wrong with a pathway file, and how it is told."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from trainmgr.kernel.msgids import N_


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that is wrong: the line (0 when there is no file), the place, and a message to translate."""

    line: int
    path: str
    message_id: str
    params: Mapping[str, str | int | float] = field(default_factory=dict)


class PathwayFault(ValueError):
    """A pathway cannot be read; `faults` names everything that is wrong, in the order of the file."""

    def __init__(self, faults: Sequence[Fault]) -> None:
        self.faults = tuple(sorted(faults, key=lambda fault: fault.line))
        super().__init__("; ".join(f"{f.line}: {f.path}: {f.message_id}" for f in self.faults))


TOO_LARGE = N_("The file has %(count)s characters; at most %(limit)s are allowed.")
LINE_TOO_LONG = N_("This line has %(count)s characters; at most %(limit)s are allowed.")
TOO_DEEP = N_("Brackets are nested too deeply here.")
NOT_A_DOCUMENT = N_("The stored pathway is not a table of values.")
UNKNOWN_KEY = N_("There is no entry “%(key)s” here. Known are: %(known)s.")
UNKNOWN_KEY_CLOSE = N_("There is no entry “%(key)s” here. Did you mean “%(close)s”?")
MISSING = N_("The entry “%(key)s” is missing.")
NOT_TEXT = N_("This must be a text in quotation marks.")
EMPTY = N_("This text is empty.")
TEXT_TOO_LONG = N_("This text has %(count)s characters; at most %(limit)s are allowed.")
BAD_CHARACTER = N_("This text has a character that cannot be shown (U+%(code)s).")
BAD_SLUG = N_("Only small Latin letters, digits and hyphens are allowed, beginning with a letter or digit.")
BAD_SOURCE = N_("A source is a capital letter with a number, such as H1.")
NOT_WHOLE = N_("This must be a whole number without quotation marks.")
NOT_NUMBER = N_("This must be a number without quotation marks.")
NOT_FLAG = N_("This must be true or false.")
OUT_OF_RANGE = N_("This must be from %(low)s to %(high)s.")
NOT_LIST = N_("This must be a list in square brackets.")
NOT_TABLE = N_("This must be a table of entries.")
NOT_TABLES = N_("This must be a list of tables, each headed by [[%(name)s]].")
LIST_LENGTH = N_("There are %(count)s here; from %(low)s to %(high)s are allowed.")
NOT_CHOICE = N_("“%(value)s” is not known here. Known are: %(known)s.")
TWICE = N_("“%(value)s” stands here twice.")
SCHEMA_UNKNOWN = N_("This program reads schema %(known)s only.")
LENGTH_MISSING = N_("Say how long the stage is: weeks or months.")
LENGTH_TWICE = N_("Give the length in weeks or in months, not both.")
PART_ABOVE_HOURS = N_("These hours are part of the stage's %(hours)s hours and cannot be more.")
ALL_REMEDIAL = N_("At least one stage must be for everybody, not only remedial.")
REMEDIAL_FIRST = N_("The first stage cannot be remedial: nobody has failed a gate yet.")
REMEDIAL_WITHOUT_GATE = N_("A remedial stage needs an earlier stage with a gate that can be failed.")
SIZE_ORDER = N_("The largest size (%(high)s) is below the smallest (%(low)s).")
COUNT_MISSING = N_("Say how many are needed: min, per_trainees, or both.")
WEIGHTS_SUM = N_("The weights add up to %(sum)s; they must add up to 100.")
SHARES_SUM = N_("The shares of the parties add up to %(sum)s; they must add up to 100.")
LEVEL_MISSING = N_("The level “%(level)s” is missing; all four are needed.")
LEVEL_UNASKED = N_("The level “%(level)s” counts, but no criterion asks about it.")
SHARE_UNUSED = N_("“%(party)s” has a share in this level, but rates no criterion of it.")
RATER_WITHOUT_SHARE = N_("“%(party)s” rates this criterion, but has no share in the level “%(level)s”.")
ABILITY_MISSING = N_("A criterion of this level needs its ability: %(known)s.")
SCALE_UNKNOWN = N_("There is no scale with the key “%(value)s”. Known are: %(known)s.")
SCALE_UNUSED = N_("No criterion uses this scale.")
MARK_ORDER = N_("The mark for good (%(good)s) must be above the pass mark (%(passing)s).")
STAGE_UNKNOWN = N_("There is no stage %(number)s; the pathway has %(count)s.")
TERMINAL_MISSING = N_("At least one window must be terminal.")
LEVEL_NEVER_OPEN = N_("No window asks about the level “%(level)s”.")
ONE_LIMIT = N_("This comparison needs one number.")
TWO_LIMITS = N_("“between” needs two numbers, the lower first: [low, high].")
PERCENT_LIMIT = N_("A percentage lies from 0 to 100.")

SYNTAX = N_("The file cannot be read here: it is not valid TOML.")
_SYNTAX_MESSAGES = {
    "Invalid value": N_("This value cannot be read. A text stands in quotation marks, a number does not."),
    "Cannot overwrite a value": N_("This entry stands here a second time."),
    "Cannot mutate immutable": N_("This entry cannot be added to: it is already complete further up."),
    "Duplicate inline table key": N_("This entry stands here a second time."),
    "Cannot declare": N_("This table is declared a second time."),
    "Expected '=' after a key": N_("After the name of an entry an equals sign is expected."),
    "Invalid initial character": N_("The name of an entry is expected here."),
    "Invalid statement": N_("An entry or a heading in square brackets is expected here."),
    "Expected newline": N_("After a value the line must end."),
    "Expected ']": N_("A square bracket is missing."),
    "Unclosed array": N_("A list is not closed: a square bracket or a comma is missing."),
    "Unclosed inline table": N_("A curly bracket or a comma is missing."),
    "Unterminated string": N_("A text is not closed: a quotation mark is missing."),
    "Expected '\"'": N_("A text is not closed: a quotation mark is missing."),
    'Expected "\'"': N_("A text is not closed: a quotation mark is missing."),
    "Illegal character": N_(
        "A character stands here that is not allowed, such as a line break inside a text."
    ),
    "Found invalid character": N_("A character stands here that cannot be shown."),
    "Unescaped": N_("A backslash stands here without its meaning; write it twice."),
    "Invalid date": N_("This date or time does not exist."),
}


def syntax_fault(error: tomllib.TOMLDecodeError, text: str) -> Fault:
    """Turn the parser's message into a fault with its line."""
    said = str(error)
    place = re.search(r"at line (\d+)", said)
    line = int(place.group(1)) if place else text.rstrip().count("\n") + 1
    message = next((ours for theirs, ours in _SYNTAX_MESSAGES.items() if said.startswith(theirs)), SYNTAX)
    return Fault(line, "", message)
