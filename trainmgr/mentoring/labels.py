"""What mentoring is called on a screen."""

from __future__ import annotations

from trainmgr.kernel.msgids import N_
from trainmgr.mentoring.matching import Obstacle
from trainmgr.programs.rules import Side

SIDE_MENTOR = {Side.COLLEGE: N_("School teacher"), Side.ENTERPRISE: N_("Enterprise mentor")}
SIDE_MENTORS = {Side.COLLEGE: N_("School teachers"), Side.ENTERPRISE: N_("Enterprise mentors")}

OBSTACLES = {
    Obstacle.CAPACITY: N_("Everybody who knows the field is full."),
    Obstacle.FIELD: N_("No mentor knows this field."),
    Obstacle.QUALIFICATION: N_("The qualification of whoever fits ends before the training does."),
    Obstacle.ORGANIZATION: N_("No mentor of the trainee's own organisation is named."),
    Obstacle.NO_MENTOR: N_("No mentor is named yet."),
}

# A part of the fit in words, by how high it is: (high, middle, low).
REASONS = {
    "field": (N_("same field"), N_("related field"), N_("another field")),
    "continuity": (N_("present mentor stays"), "", N_("change of mentor")),
    "experience": (N_("guided many before"), N_("guided some before"), N_("first time as a mentor")),
}


def reasons(parts: dict[str, float]) -> list[tuple[str, bool]]:
    """Return the parts of a fit as msgids, each with whether it speaks against the pair."""
    told = []
    for name, (high, middle, low) in REASONS.items():
        part = parts.get(name)
        if part is not None:
            text = high if part >= 0.8 else middle if part > 0.1 else low
            if text:
                told.append((text, text == low))
    return told
