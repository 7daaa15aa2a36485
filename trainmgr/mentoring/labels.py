"""What mentoring is called on a screen."""

from __future__ import annotations

from trainmgr.kernel.msgids import N_
from trainmgr.mentoring.choosing import DayFault, Fault, Phase, Proposing
from trainmgr.mentoring.rules import Obstacle, Way
from trainmgr.programs.rules import Side

SIDE_MENTOR = {Side.COLLEGE: N_("School teacher"), Side.ENTERPRISE: N_("Enterprise mentor")}
SIDE_MENTORS = {Side.COLLEGE: N_("School teachers"), Side.ENTERPRISE: N_("Enterprise mentors")}

WAYS = {
    Way.BEST_FIT: N_("Best fit"),
    Way.EVEN_LOADS: N_("Even loads"),
    Way.FEWEST_CHANGES: N_("Fewest changes"),
    Way.TWO_WAY: N_("Two-way choice"),
}
WAYS_EXPLAINED = {
    Way.BEST_FIT: N_(
        "As many as possible are placed, with the best fit in all; of equal fits, whoever guides fewer."
    ),
    Way.EVEN_LOADS: N_("As many as possible are placed, spread as evenly as can be; then the best fit."),
    Way.FEWEST_CHANGES: N_(
        "As many as possible are placed, and as few as can be leave the mentor whom they have; then the best fit."
    ),
    Way.TWO_WAY: N_("Pairs that both sides chose; no trainee and mentor would both rather have each other."),
}
# Those that are computed from profiles alone; the two-way choice is found when its round is over.
COMPUTED = (Way.BEST_FIT, Way.EVEN_LOADS, Way.FEWEST_CHANGES)

OBSTACLES = {
    Obstacle.CHOICE: N_("Whoever was named had no place left, or nobody was named."),
    Obstacle.CAPACITY: N_("Everybody who knows the field is full."),
    Obstacle.FIELD: N_("No mentor knows this field."),
    Obstacle.SITE: N_("Whoever fits works too far away."),
    Obstacle.LEAVE: N_("Whoever fits is on leave for too long within the period."),
    Obstacle.QUALIFICATION: N_("The qualification of whoever fits ends before the training does."),
    Obstacle.ORGANIZATION: N_("No mentor of the trainee's own organisation is named."),
    Obstacle.NO_MENTOR: N_("No mentor is named yet."),
}
# What forbids one pair, in a word or two.
LIMITS = {
    Obstacle.CAPACITY: N_("full"),
    Obstacle.FIELD: N_("another field"),
    Obstacle.SITE: N_("too far away"),
    Obstacle.LEAVE: N_("on leave"),
    Obstacle.QUALIFICATION: N_("qualification ends"),
    Obstacle.ORGANIZATION: N_("another organisation"),
}

FAULTS = {
    Fault.STRANGER: N_("Somebody is named who cannot be chosen here. Nothing was changed."),
    Fault.DOUBLE: N_("Somebody is named twice. Name each only once."),
    Fault.TOO_MANY: N_("At most %(most)s can be named."),
    Fault.SAME_PLACE: N_("A place is given twice, or is none of 1 to %(most)s. Give each place only once."),
}
PROPOSING = {
    Proposing.TRAINEES: N_("The trainees' wishes come first"),
    Proposing.MENTORS: N_("The mentors' lists come first"),
}
PROPOSING_EXPLAINED = {
    Proposing.TRAINEES: N_("Every trainee gets the best mentor whom any stable set of pairs could give."),
    Proposing.MENTORS: N_("Every mentor gets the best trainees whom any stable set of pairs could give."),
}
PHASES = {
    Phase.AHEAD: N_("has not begun"),
    Phase.TRAINEES: N_("trainees choose"),
    Phase.MENTORS: N_("mentors answer"),
    Phase.OVER: N_("the days are over"),
}

DAY_FAULTS = {
    DayFault.NOTHING: N_("No day was changed."),
    DayFault.ORDER: N_("The days are out of order: trainees choose first, mentors answer after that."),
    DayFault.PAST: N_("A day cannot be moved into the past."),
    DayFault.BEGUN: N_("The round has begun; its first day stays."),
    DayFault.ANSWERING: N_(
        "The mentors have seen by now who named them, so the trainees' lists stay closed."
    ),
}

PARTS = {
    "field": N_("Field"),
    "continuity": N_("Continuity"),
    "distance": N_("Distance"),
    "experience": N_("Experience"),
    "time": N_("Working time"),
}

# A part of the fit in words, by the least that it must reach; the last one is for less, and speaks against the pair.
REASONS: dict[str, tuple[tuple[float, str], ...]] = {
    "field": ((0.8, N_("same field")), (0.1, N_("related field")), (0, N_("another field"))),
    "continuity": (
        (1, N_("present mentor stays")),
        (0.8, N_("known from the school stage")),
        (0.1, ""),
        (0, N_("change of mentor")),
    ),
    "distance": (
        (1, N_("same site")),
        (0.6, N_("near site")),
        (0.5, ""),
        (0.01, N_("another site")),
        (0, N_("far site")),
    ),
    "experience": (
        (0.8, N_("guided many before")),
        (0.1, N_("guided some before")),
        (0, N_("first time as a mentor")),
    ),
    "time": (
        (0.8, N_("at work when the class is")),
        (0.3, ""),
        (0, N_("hardly ever at work when the class is")),
    ),
}
AGAINST = {
    "another field",
    "change of mentor",
    "another site",
    "far site",
    "first time as a mentor",
    "hardly ever at work when the class is",
}


def reasons(parts: dict[str, float]) -> list[tuple[str, bool]]:
    """Return the parts of a fit as msgids, each with whether it speaks against the pair."""
    told = []
    for name, words in REASONS.items():
        if (part := parts.get(name)) is not None:
            text = next(text for least, text in words if part >= least)
            if text:
                told.append((text, text in AGAINST))
    return told


def price(thousandths: int) -> str:
    """Return the price of a move as it is shown: with its sign, in fits."""
    return f"{thousandths / 1000:+.2f}" if thousandths else "0"
