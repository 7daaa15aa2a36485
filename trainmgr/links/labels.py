"""What links, their states and their refusals are called. Msgids."""

from __future__ import annotations

from trainmgr.kernel.msgids import N_
from trainmgr.links.rules import LinkState, MailState, Shut

STATES = {
    LinkState.LIVE: N_("can be opened"),
    LinkState.EXPIRED: N_("expired"),
    LinkState.REVOKED: N_("revoked"),
}
STATE_TONES = {LinkState.LIVE: "ok", LinkState.EXPIRED: "warn", LinkState.REVOKED: "frozen"}
MAIL = {
    MailState.NONE: N_("not sent by mail"),
    MailState.WAITING: N_("waits to be sent to %(to)s"),
    MailState.SENT: N_("sent to %(to)s"),
    MailState.FAILED: N_("could not be delivered to %(to)s; send the link another way"),
}
# In the trail, after "refused:".
WHY_SHORT = {
    Shut.UNKNOWN: N_("unknown"),
    Shut.EXPIRED: N_("expired"),
    Shut.REVOKED: N_("revoked"),
    Shut.GONE: N_("not of the programme any more"),
    Shut.ACCOUNT: N_("the mentor has an own password"),
    Shut.NOT_ASKED: N_("no link was shown before"),
    Shut.NO_CODE: N_("no code was given"),
    Shut.CODE_OLD: N_("the code was too old"),
    Shut.CODE_SPENT: N_("too many wrong codes"),
    Shut.CODE_WRONG: N_("a wrong code"),
    Shut.WAIT: N_("too many tries"),
}
# What whoever stands before the door reads: what is so, and what to do.
WHY = {
    Shut.UNKNOWN: N_("This link is unknown"),
    Shut.EXPIRED: N_("This link has expired"),
    Shut.REVOKED: N_("This link was revoked"),
    Shut.GONE: N_("The programme of this link does not know you any more"),
    Shut.ACCOUNT: N_("You have an account by now"),
    Shut.NOT_ASKED: N_("Open the link once more"),
    Shut.NO_CODE: N_("There is no code for this link at present"),
    Shut.CODE_OLD: N_("This code is too old"),
    Shut.CODE_SPENT: N_("Too many wrong codes were typed"),
    Shut.CODE_WRONG: N_("This is not the code"),
    Shut.WAIT: N_("Too many tries"),
}
WHAT_TO_DO = {
    Shut.UNKNOWN: N_(
        "Perhaps a part was lost when it was copied. Copy the whole link from the message, or ask whoever sent it."
    ),
    Shut.EXPIRED: N_("%(issuer)s can renew it; after that the same link opens again."),
    Shut.REVOKED: N_("If you need one for your work, ask %(issuer)s for a new link."),
    Shut.GONE: N_("If that is a mistake, ask %(issuer)s."),
    Shut.ACCOUNT: N_("Sign in with your user name or phone and your password."),
    Shut.NOT_ASKED: N_("The code belongs to a link that was shown in this browser shortly before."),
    Shut.NO_CODE: N_("Ask %(issuer)s for a code by phone."),
    Shut.CODE_OLD: N_("Ask %(issuer)s for a new one; it is good for a short time."),
    Shut.CODE_SPENT: N_("Ask %(issuer)s for a new code; this one opens nothing any more."),
    Shut.CODE_WRONG: N_("Check the six digits. After five wrong ones a new code is needed."),
    Shut.WAIT: N_("Wait a little, then try once more."),
}
