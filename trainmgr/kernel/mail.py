"""Mail by SMTP, where the installation says how (TRAINMGR_SMTP_URL); nowhere else is anything sent.

`smtp://[user:password@]host[:587]` takes up TLS where the server offers it and refuses to sign in without it,
`smtps://…[:465]` is TLS from the first byte; TRAINMGR_MAIL_FROM is the sender.
"""

from __future__ import annotations

import smtplib
import ssl
from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import formatdate, make_msgid
from urllib.parse import unquote, urlsplit

from flask import current_app

SECONDS = 15


class NotSent(Exception):
    """The mail was not taken; `final` tells that trying again is of no use."""

    def __init__(self, reason: str, *, final: bool) -> None:
        super().__init__(reason)
        self.final = final


def is_configured() -> bool:
    """Tell whether this installation can send mail."""
    return bool(current_app.config.get("SMTP_URL") and _sender())


def _sender() -> str:
    return str(current_app.config.get("MAIL_FROM") or "")


def send(to: str, subject: str, text: str, *, key: str = "") -> None:
    """Hand one mail to the server; raises NotSent, whose text names no address and nothing of the mail.

    Sent twice under one `key`, it is the same mail: its Message-ID follows from the key.
    """
    message = EmailMessage()
    try:
        message["From"] = Address("trainmgr", addr_spec=_sender())
        message["To"] = Address(addr_spec=to)
    except ValueError:  # two dots together, for example; whoever typed it is told like of one that is refused
        raise NotSent("the address is none that a mail can have", final=True) from None
    message["Subject"] = subject
    message["Date"] = formatdate()
    domain = _sender().rpartition("@")[2]
    message["Message-ID"] = f"<{key}@{domain}>" if key else make_msgid(domain=domain)
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(text)
    try:
        _hand_over(message)
    except smtplib.SMTPResponseException as error:
        raise NotSent(f"the server answered {error.smtp_code}", final=error.smtp_code >= 500) from None
    except smtplib.SMTPRecipientsRefused as error:
        code = max((answer[0] for answer in error.recipients.values()), default=550)
        raise NotSent(f"the server refused the recipient ({code})", final=code >= 500) from None
    except (OSError, smtplib.SMTPException) as error:
        raise NotSent(f"the server was not reached ({type(error).__name__})", final=False) from None


def _hand_over(message: EmailMessage) -> None:
    url = urlsplit(str(current_app.config["SMTP_URL"]))
    host, tls = url.hostname or "localhost", ssl.create_default_context()
    server: smtplib.SMTP
    if url.scheme == "smtps":
        server = smtplib.SMTP_SSL(host, url.port or 465, timeout=SECONDS, context=tls)
    else:
        server = smtplib.SMTP(host, url.port or 587, timeout=SECONDS)
    with server:
        server.ehlo()
        if url.scheme != "smtps" and server.has_extn("starttls"):
            server.starttls(context=tls)
            server.ehlo()
        elif url.scheme != "smtps" and url.username:
            raise smtplib.SMTPNotSupportedError("no TLS, so no password")
        if url.username:
            server.login(unquote(url.username), unquote(url.password or ""))
        server.send_message(message)
