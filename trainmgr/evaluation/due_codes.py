"""What is due from those who rate: one kind of due thing for each party."""

from __future__ import annotations

from trainmgr.evaluation.rules import Party
from trainmgr.kernel.msgids import N_, N_n
from trainmgr.programs import dues
from trainmgr.programs.rules import Step

_MINE = "evaluation.show_next_rating"
DUE_CODES = {
    Party.TRAINEE: dues.code(
        "rate-self",
        dues.DueCode(
            Step.EVALUATION,
            N_("Rate your training: %(window)s"),
            N_("Rate now"),
            _MINE,
            subject_arg="window_id",
        ),
    ),
    Party.ENTERPRISE: dues.code(
        "rate-as-mentor",
        dues.DueCode(
            Step.EVALUATION,
            N_n("Rate one trainee: %(window)s", "Rate %(amount)s trainees: %(window)s"),
            N_("Rate now"),
            _MINE,
            N_("for the enterprise, about five minutes each"),
            subject_arg="window_id",
        ),
    ),
    Party.TEACHER: dues.code(
        "rate-as-teacher",
        dues.DueCode(
            Step.EVALUATION,
            N_n("Rate one trainee: %(window)s", "Rate %(amount)s trainees: %(window)s"),
            N_("Rate now"),
            _MINE,
            N_("for the school, about five minutes each"),
            subject_arg="window_id",
        ),
    ),
    Party.PEER: dues.code(
        "rate-peers",
        dues.DueCode(
            Step.EVALUATION,
            N_n("Rate one classmate: %(window)s", "Rate %(amount)s classmates: %(window)s"),
            N_("Rate now"),
            _MINE,
            N_("nobody is told who gave what"),
            subject_arg="window_id",
        ),
    ),
    Party.COUNSELLOR: dues.code(
        "rate-as-counsellor",
        dues.DueCode(
            Step.EVALUATION,
            N_n("Rate one trainee: %(window)s", "Rate %(amount)s trainees: %(window)s"),
            N_("Rate now"),
            _MINE,
            N_("as their counsellor, about five minutes each"),
            subject_arg="window_id",
        ),
    ),
    Party.ASSESSOR: dues.code(
        "rate-as-assessor",
        dues.DueCode(
            Step.EVALUATION,
            N_n("Rate one trainee: %(window)s", "Rate %(amount)s trainees: %(window)s"),
            N_("Rate now"),
            _MINE,
            N_("from outside, about five minutes each"),
            subject_arg="window_id",
        ),
    ),
}
