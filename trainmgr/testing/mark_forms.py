"""What a marker typed on a page of answers: points, remark and reason for each; nothing typed is lost."""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from flask_babel import gettext as _
from werkzeug.datastructures import MultiDict

from trainmgr.kernel.i18n import number
from trainmgr.kernel.inputs import tidy
from trainmgr.kernel.numbers import whole
from trainmgr.testing.markbook import PAGE, Script
from trainmgr.testing.marks import Given
from trainmgr.testing.typed_points import PointsRefused, read_points

LONGEST_REMARK = 300


@dataclass
class Row:
    """One answer's line of the form; `leave` keeps the mark that somebody else gave meanwhile."""

    attempt_id: int
    points: str = ""
    remark: str = ""
    reason: str = ""
    seen: int = 0
    leave: bool = False
    faults: dict[str, str] = field(default_factory=dict)

    @property
    def is_touched(self) -> bool:
        """Whether the line is to be written: something was typed, or it has a mark already."""
        return not self.leave and bool(self.seen or self.points.strip() or self.remark or self.reason)


class MarkForm:
    """The lines of a page of answers, by attempt."""

    def __init__(self, rows: Iterable[Row], key: str = "") -> None:
        self.rows = {row.attempt_id: row for row in rows}
        self.key = key
        self.given: list[Given] = []

    @classmethod
    def showing(cls, scripts: Iterable[Script], key: str) -> MarkForm:
        """Return the form as a page shows it: what counts now stands in the fields."""
        return cls((_shown(script) for script in scripts), key)

    @classmethod
    def sent(cls, form: MultiDict[str, str]) -> MarkForm:
        """Read what was sent, at most a page of it."""
        ids = [one for one in (whole(text) for text in form.getlist("answer")) if one is not None]
        return cls((_read(form, one) for one in dict.fromkeys(ids[:PAGE])), form.get("key", "")[:32])

    def validate(self, most: Decimal) -> bool:
        """Check the lines that have something in them; what is sound stands in `given`."""
        self.given = []
        for row in self.rows.values():
            if row.is_touched:
                self._check(row, most)
        return not self.faults and bool(self.given or any(row.leave for row in self.rows.values()))

    def _check(self, row: Row, most: Decimal) -> None:
        try:
            points = read_points(row.points, most)
        except PointsRefused as refused:
            row.faults["points"] = _(refused.msgid, most=number(float(most)))
            return
        if len(row.remark) > LONGEST_REMARK:
            row.faults["remark"] = _("At most %(number)s characters.", number=LONGEST_REMARK)
            return
        self.given.append(Given(row.attempt_id, points, row.seen, row.remark, row.reason[:LONGEST_REMARK]))

    def refuse(self, faults: Mapping[int, tuple[str, str]], scripts: Sequence[Script]) -> None:
        """Set what the writing refused at its fields; the lines now know what others have marked meanwhile.

        What is sent next is another thing, and gets another key.
        """
        self.key = secrets.token_hex(8)
        for attempt_id, (name, sentence) in faults.items():
            self.rows[attempt_id].faults[name] = sentence
        for script in scripts:
            if script.attempt_id in self.rows:
                self.rows[script.attempt_id].seen = script.seen

    @property
    def faults(self) -> list[tuple[str, str]]:
        """The fields that are wrong with their sentences, in the order of the page."""
        return [
            (f"{name}-{row.attempt_id}", sentence)
            for row in self.rows.values()
            for name, sentence in row.faults.items()
        ]


def _shown(script: Script) -> Row:
    last = script.marks[0] if script.marks else None
    return Row(
        script.attempt_id,
        plain(last.points) if last else "",
        last.remark if last else "",
        seen=script.seen,
    )


def _read(form: MultiDict[str, str], attempt_id: int) -> Row:
    return Row(
        attempt_id,
        form.get(f"points-{attempt_id}", "")[:40],
        tidy(form.get(f"remark-{attempt_id}", "")) or "",
        tidy(form.get(f"reason-{attempt_id}", "")) or "",
        whole(form.get(f"seen-{attempt_id}")) or 0,
        bool(form.get(f"leave-{attempt_id}")),
    )


def plain(points: Decimal) -> str:
    """Return points as a field shows them: 2.5, 3."""
    return format(points.normalize(), "f")
