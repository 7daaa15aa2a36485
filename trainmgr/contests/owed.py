"""What a contest asks of its judges. Dues belong to a programme: a whole college's contest asks on its page only."""

from __future__ import annotations

from datetime import datetime

from trainmgr.contests import queries
from trainmgr.contests.models import Contest
from trainmgr.contests.rules import ContestState
from trainmgr.kernel.clock import local_day
from trainmgr.kernel.msgids import N_, N_n
from trainmgr.programs import dues
from trainmgr.programs.dues import DueCode, Line, code
from trainmgr.programs.rules import Step

SCORE = code(
    "score-entries",
    DueCode(
        step=Step.RESULT,
        title=N_n("Score one entry: %(contest)s", "Score %(amount)s entries: %(contest)s"),
        verb=N_("Score"),
        endpoint="contests.show_scoring",
        subject_arg="contest_id",
    ),
)


def renew(contest: Contest, now: datetime) -> None:
    """Bring the judges' inboxes up to date."""
    if contest.program_id is None:
        return
    lines = []
    if contest.state is ContestState.JUDGING:
        total, done = queries.score_counts(contest)
        name = {"zh": contest.name, "en": contest.name_en or contest.name}
        lines = [
            Line(
                user_id=judge.user_id,
                subject_id=contest.id,
                amount=total - done.get(judge.id, 0),
                due_on=contest.held_on,
                params={"contest": name},
            )
            for judge in queries.judges_of(contest)
        ]
    dues.put_many(
        SCORE,
        lines,
        program_id=contest.program_id,
        visible_from=local_day(now),
        replace=True,
        subject_ids=[contest.id],
    )
