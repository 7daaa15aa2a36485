"""HTTP of calendars to subscribe to: the private address, and what it answers."""

from __future__ import annotations

from datetime import timedelta

from flask import abort, current_app, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_login import current_user

from trainmgr.kernel.access import Permission, public, requires
from trainmgr.kernel.clock import today, utcnow
from trainmgr.kernel.pace import Pace
from trainmgr.kernel.signing import public_address
from trainmgr.timetable import feeds
from trainmgr.timetable.frame import bp

VIEW = Permission.TIMETABLE_VIEW
PER_FEED = Pace(60, timedelta(hours=1), "a calendar")
PER_ADDRESS = Pace(600, timedelta(hours=1), "calendars of an address")


@bp.get("/my-calendar")
@requires(VIEW)
def show_my_calendar():
    """Show whether the reader has a private calendar address, to make, reset or take it back."""
    return render_template("timetable/my_calendar.html", feed=feeds.find_feed(current_user), address=None)


@bp.post("/my-calendar")
@requires(VIEW)
def make_my_calendar():
    """Make a new private address and show it this once; an older one is void."""
    token = feeds.make_feed(current_user, now=utcnow())
    address = public_address(".download_calendar", token=token)
    html = render_template("timetable/my_calendar.html", feed=feeds.find_feed(current_user), address=address)
    return html, 200, {"Cache-Control": "no-store"}


@bp.post("/my-calendar/remove")
@requires(VIEW)
def remove_my_calendar():
    """Take the private address back."""
    feeds.revoke_feed(current_user, now=utcnow())
    flash(_("The address is void; calendars that used it get nothing any more."), "success")
    return redirect(url_for(".show_my_calendar"))


@bp.get("/calendar/<token>.ics")
@public
def download_calendar(token):
    """Answer with the calendar of whoever made this address; a wrong one is not there."""
    now = utcnow()
    if not (PER_ADDRESS.takes(request.remote_addr or "", now) and PER_FEED.takes(token[:64], now)):
        abort(429)
    person = feeds.person_behind(token) or abort(404)
    response = current_app.response_class(feeds.text_of(person, today()), mimetype="text/calendar")
    response.headers["Cache-Control"] = "private, max-age=900"
    response.headers["Referrer-Policy"] = "no-referrer"
    response.headers["Content-Disposition"] = 'inline; filename="trainmgr.ics"'
    response.add_etag()
    return response.make_conditional(request)
