"""What segments, rings and who leads them are called."""

from __future__ import annotations

from flask_babel import lazy_gettext as _l

from trainmgr.lessons.rules import LessonState, Ring, Segment, Who
from trainmgr.timetable.labels import module_name, units_text, when

__all__ = ["RINGS", "SEGMENTS", "STATES", "TONES", "WHO", "module_name", "units_text", "when"]

SEGMENTS = {
    Segment.BEFORE: _l("Before class"),
    Segment.IN_CLASS: _l("In class"),
    Segment.AFTER: _l("After class"),
}
RINGS = {
    Ring.PREPARATION: _l("Preparatory learning"),
    Ring.OPENING: _l("Opening and lead-in"),
    Ring.TEACHING: _l("Core knowledge"),
    Ring.DISCUSSION: _l("Interactive discussion"),
    Ring.SIMULATION: _l("Simulated practice"),
    Ring.PROBLEM_SOLVING: _l("Problem solving"),
    Ring.CHECK: _l("Check in class"),
    Ring.ON_THE_JOB: _l("Practice at the post"),
}
WHO = {Who.TEACHER: _l("Teacher"), Who.MENTOR: _l("Mentor"), Who.TRAINEE: _l("Trainee")}
STATES = {LessonState.DRAFT: _l("Lesson draft"), LessonState.FINISHED: _l("Finished")}
TONES = {LessonState.DRAFT: None, LessonState.FINISHED: "ok"}
