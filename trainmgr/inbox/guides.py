"""The help: for each kind of reader, what the nine steps are and what there is to do in them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from flask_babel import lazy_gettext as _l

from trainmgr.identity.roles import leading_role
from trainmgr.kernel.access import Role


@dataclass(frozen=True)
class Guide:
    """The help for one kind of reader: nine texts, one a step, and answers to what is asked most."""

    key: str
    title: Any
    intro: Any
    steps: tuple[Any, ...]
    answers: tuple[tuple[Any, Any], ...]


STAFF = Guide(
    key="staff",
    title=_l("Programme staff and department staff"),
    intro=_l(
        "You carry a programme from the need to the result. The inbox says what is due today; a "
        "programme's home says what the next step forward still lacks and who has to act."
    ),
    steps=(
        _l(
            "Choose a training pathway that has worked, compare two side by side, or copy one and "
            "change it. The programme keeps the pathway as it was on that day."
        ),
        _l(
            "Name the parties, their duties, the department, dates, size and budget. The shares of "
            "the revenue must add up to 100%."
        ),
        _l(
            "Enter the competencies of the post and the enterprise's figures, by hand or from Excel. "
            "The list of priorities is worked out from both; when both sides have signed, it is "
            "frozen."
        ),
        _l(
            "Put stages and modules together. The matrix shows which priority is not covered yet and "
            "by how many hours. Signed editions never change: open the next one instead."
        ),
        _l(
            "Import the roster from the Excel template; wrong rows come back with their reasons, "
            "right ones go in. Judge applications with the enterprise, form classes, hand out the "
            "first passwords."
        ),
        _l(
            "Have the pairing worked out for the whole class, read the reason of each pair, change "
            "what you know better, then approve. A handover keeps who signed what before."
        ),
        _l(
            "Watch planned, submitted and verified hours. Ask for logs that wait too long, and see "
            "who stands before a stage gate or in a remedial loop."
        ),
        _l(
            "Set up the scheme, open a window and see who has not rated yet. A result stays "
            "provisional, with its possible range, until all three parties have rated."
        ),
        _l(
            "Decide the pass list, read what the training closed and what it did not, export it, and "
            "close the programme. What stayed open goes into the next one."
        ),
    ),
    answers=(
        (
            _l("Why can I not take the next step?"),
            _l(
                "The button lists what is missing, who acts and where. Nothing is hidden: when the list "
                "is empty, the step is taken."
            ),
        ),
        (
            _l("Somebody else is working on the same page."),
            _l("The later of two is told what changed meanwhile and keeps what was typed."),
        ),
        (
            _l("An import was broken off."),
            _l("Start it again with the same file: rows that are in already are not doubled."),
        ),
    ),
)

COORDINATOR = Guide(
    key="coordinator",
    title=_l("Enterprise coordinators"),
    intro=_l(
        "You speak for the enterprise. You see the programmes that it takes part in and its own "
        "trainees, nobody else's."
    ),
    steps=(
        _l(
            "Read the pathway that the college proposes: how the stages go back and forth between "
            "school and your workplaces."
        ),
        _l("Check the parties, the duties that fall to the enterprise, and its share of the revenue."),
        _l(
            "Enter your figures: what is expected, what it is today, what the industry reaches. Link "
            "each to the competencies that it hangs on, then sign for the enterprise."
        ),
        _l(
            "Look whether the hours answer your priorities and which modules your own people teach. "
            "Then sign the edition, or say what has to change."
        ),
        _l(
            "Give your verdict on applicants and enter the employee numbers: with them the double "
            "identity is complete."
        ),
        _l(
            "Keep your mentors up to date: trade, site, capacity, and until when they are qualified. "
            "The pairing takes nobody beyond capacity."
        ),
        _l(
            "See the hours of your trainees and which logs wait for which mentor. You judge at the "
            "gates that the pathway gives to the enterprise."
        ),
        _l("Your mentors rate; you see who has not done so and until when the window is open."),
        _l("Read the class result for your trainees and how far each of your priorities was closed."),
    ),
    answers=(
        (
            _l("Who opens accounts for our mentors?"),
            _l(
                "The enterprise's own administrator. As long as there is none, the administrator of the "
                "college that registered you."
            ),
        ),
        (
            _l("Do other enterprises see our figures?"),
            _l("No. Only the parties of a programme see it, and each enterprise sees its own trainees."),
        ),
    ),
)

MENTOR = Guide(
    key="mentor",
    title=_l("School teachers and enterprise mentors"),
    intro=_l(
        "You guide your trainees and vouch for what they did. Most of it takes a minute on the "
        "phone, from the inbox."
    ),
    steps=(
        _l("Nothing to do. The pathway tells you which stage your trainees are in and where it takes place."),
        _l("Nothing to do. The set-up says who answers for what, and whom to call."),
        _l(
            "Look at the priorities: they are what your trainees are to get better at. School "
            "teachers may be asked to enter levels."
        ),
        _l(
            "School teachers plan their modules in the draft edition and say which competency gets "
            "how many hours. Enterprise mentors read what is to be learned in their stage."
        ),
        _l("See who is in your class or group, with student and employee number."),
        _l(
            "You are told who is entrusted to you and why. When you hand a trainee over, the logs "
            "that you signed stay yours."
        ),
        _l(
            "Sign logs or send them back with a comment, one by one or many at once. At a stage gate "
            "you judge: passed, or into a remedial loop with a task and a date."
        ),
        _l(
            "When a window is open, rate each trainee in about three minutes. Drafts are kept; what "
            "is submitted no longer changes, a correction needs a reason. Choose “no chance to see” "
            "where you saw nothing."
        ),
        _l(
            "See how your judgement stands beside the others' and what each trainee gained since the "
            "beginning."
        ),
    ),
    answers=(
        (
            _l("A log is wrong but nearly right."),
            _l(
                "Send it back with a comment. The trainee corrects it, and the earlier version stays visible."
            ),
        ),
        (
            _l("My trainee is not in my list."),
            _l(
                "The college has not assigned or has handed over. Ask the programme's staff, who are "
                "named on its set-up page."
            ),
        ),
        (
            _l("I am away for two weeks."),
            _l("Ask for a handover with a date: the one who stands in for you signs from that day on."),
        ),
    ),
)

TRAINEE = Guide(
    key="trainee",
    title=_l("People in training"),
    intro=_l(
        "You learn in two places and have a mentor in each. Here you write down what you did, see"
        " how far you are, and say how the training was."
    ),
    steps=(
        _l("Nothing to do. The pathway shows the road that you take, from stage to stage."),
        _l("Nothing to do. The programme's page says who takes part and whom you can turn to."),
        _l("Nothing to do. College and enterprise agree on what has to be learned first."),
        _l("Look at the plan: modules, hours, and which competency each one is for."),
        _l(
            "Apply where a programme is open, or be enrolled by your college. Check that your student"
            " and employee number are right."
        ),
        _l("You see who your school teacher and your enterprise mentor are."),
        _l(
            "Write a log for each day at work: hours, task, what you learned, up to six photos. When "
            "it comes back, read the comment and correct it. Only signed hours count."
        ),
        _l(
            "In an open window, rate your training honestly: it takes a few minutes, and a draft is "
            "kept. Your mentors rate you as well."
        ),
        _l(
            "See your result: what each party says, what you gained, and whether you passed. It is "
            "provisional as long as a party is missing."
        ),
    ),
    answers=(
        (
            _l("I forgot to write a log."),
            _l("Write it for the right date; how many days back is allowed stands on the form."),
        ),
        (
            _l("The network broke off while I was writing."),
            _l("Drafts are kept as you write. Open the log again and go on."),
        ),
        (
            _l("Who sees my ID number?"),
            _l("It is encrypted and shown with stars. Whoever opens it is recorded with name and time."),
        ),
    ),
)

OTHER = Guide(
    key="other",
    title=_l("Counsellors and outside assessors"),
    intro=_l("You are named for certain programmes and see what you need there, without changing it."),
    steps=(
        _l("Read the pathway: stages, gates, and who rates at the end."),
        _l("See the parties, their duties and the dates."),
        _l("See in the plan what the priorities became."),
        _l("Read the signed edition: modules, hours, coverage."),
        _l("Counsellors see the trainees of their side who are in the programme."),
        _l("See which mentors take part."),
        _l("Counsellors see hours, logs and remedial loops of their side, to help in time."),
        _l("Outside assessors see windows and how complete the ratings are."),
        _l(
            "Outside assessors read the class result, the divergence between the parties, and what "
            "was closed."
        ),
    ),
    answers=(
        (
            _l("I see no programme."),
            _l("You have to be named in it. Ask the programme's staff at the college."),
        ),
    ),
)

ADMINISTRATOR = Guide(
    key="administrator",
    title=_l("Administrators"),
    intro=_l(
        "You keep the people and organisations in order, so that everybody else can work. You see"
        " your college's programmes without running them."
    ),
    steps=(
        _l("You may keep your college's own copies of pathways."),
        _l(
            "Make sure that the departments exist and that programme staff have accounts before a "
            "programme begins."
        ),
        _l("The enterprise's coordinator needs an account to enter figures and to sign."),
        _l("School teachers need accounts before modules can be given to them."),
        _l(
            "Trainees come in by the roster, with their first passwords. Correct a number on the "
            "person's page."
        ),
        _l(
            "Mentors need accounts with the right role: school teacher in the college, enterprise "
            "mentor in the enterprise."
        ),
        _l("When a phone is lost, give a new first password: it signs the person out everywhere."),
        _l("When somebody leaves in the middle of a window, end the role; what was rated stays."),
        _l("Close accounts that are no longer needed. Names and deeds stay in the trail."),
    ),
    answers=(
        (
            _l("Why can I not edit this account?"),
            _l(
                "It also belongs to another organisation. The operator's administrator can, so that "
                "nobody takes over an account that works elsewhere."
            ),
        ),
        (
            _l("An enterprise is missing."),
            _l(
                "Look in the list of organisations first: enterprises are shared. Register it with its "
                "unified social credit code if it is not there."
            ),
        ),
        (
            _l("Somebody cannot sign in any more."),
            _l(
                "After five wrong passwords each further try has to wait, at most a quarter of an hour. A"
                " new first password helps at once."
            ),
        ),
    ),
)

GUIDES = {guide.key: guide for guide in (STAFF, COORDINATOR, MENTOR, TRAINEE, OTHER, ADMINISTRATOR)}
BY_ROLE = {
    Role.STAFF: "staff",
    Role.DEPARTMENT_STAFF: "staff",
    Role.ADMINISTRATOR: "administrator",
    Role.ENTERPRISE_COORDINATOR: "coordinator",
    Role.SCHOOL_TEACHER: "mentor",
    Role.ENTERPRISE_MENTOR: "mentor",
    Role.TRAINEE: "trainee",
}


def guide_for(asked: str, roles: Iterable[Role]) -> Guide:
    """Return the guide that was asked for, else the reader's own."""
    leading = leading_role(roles)
    return GUIDES.get(asked) or GUIDES[BY_ROLE.get(leading, "other") if leading else "other"]
