"""What topics, robots and outcomes of notices are called."""

from __future__ import annotations

from typing import Any

from flask_babel import lazy_gettext as _l

from trainmgr.notices.rules import Outcome, RobotKind, Topic

TOPICS: dict[Topic, Any] = {
    Topic.DIGEST: _l("Daily summary of what is due"),
    Topic.INVITATION: _l("Invitations and reminders to rate"),
    Topic.LATE: _l("Improvement items past their day"),
    Topic.TEST: _l("Trial message"),
    Topic.ACCOUNT: _l("Changes to your sign-in"),
}
ASKED = (Topic.DIGEST, Topic.INVITATION, Topic.LATE)  # what a robot can be asked for
ROBOTS: dict[RobotKind, Any] = {
    RobotKind.WECOM: _l("WeCom group robot"),
    RobotKind.DINGTALK: _l("DingTalk group robot"),
}
OUTCOMES: dict[Outcome, Any] = {
    Outcome.WAITING: _l("waits"),
    Outcome.SENDING: _l("is being sent"),
    Outcome.SENT: _l("message sent"),
    Outcome.FAILED: _l("not delivered"),
    Outcome.DROPPED: _l("no longer needed"),
}
TONES: dict[Outcome, str | None] = {
    Outcome.WAITING: "info",
    Outcome.SENDING: "info",
    Outcome.SENT: "ok",
    Outcome.FAILED: "bad",
    Outcome.DROPPED: None,
}
LANGUAGES = (("zh", "中文"), ("en", "English"))
