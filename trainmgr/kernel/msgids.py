"""A mark for texts that are stored or passed as msgids and translated later (pure: rules may import it)."""

from __future__ import annotations


def N_(msgid: str) -> str:  # noqa: N802 (the name that extractors know)
    """Mark a text for the catalogue and return it unchanged; `say` in kernel.i18n translates it."""
    return msgid


ONE_OF: dict[str, str] = {}  # the English words for one, by the msgid for many


def N_n(one: str, many: str) -> str:  # noqa: N802
    """Mark a text about an `amount` or `count` together with its words for one; return the text for many."""
    ONE_OF[many] = one
    return many
