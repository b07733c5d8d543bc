"""A resident's own dates as a private calendar feed."""

from flask import Response

from foundation.http import Blueprint, allow, now, principal
from foundation.identity import Role
from foundation.services import read_session, services, transaction
from immigration.schemas.calendar import CalendarAddressOut, CalendarOut
from immigration.services import calendar_feeds

blueprint = Blueprint("calendar", __name__, url_prefix="/api/v1", description=__doc__)
_SECRET = [{"in": "path", "name": "secret", "schema": {"type": "string", "maxLength": calendar_feeds.LONGEST}}]


@blueprint.get("/me/calendar")
@allow(Role.RESIDENT)
@blueprint.response(200, CalendarOut)
def show() -> dict[str, bool]:
    """Whether I have a calendar feed."""
    with read_session() as session:
        return {"given": calendar_feeds.is_given(session, principal())}


@blueprint.post("/me/calendar")
@allow(Role.RESIDENT)
@blueprint.response(201, CalendarAddressOut)
def give() -> dict[str, str]:
    """Get an address of my own under which any calendar program finds my dates; the one before ends."""
    with transaction() as session:
        secret = calendar_feeds.give(session, principal())
    return {"address": f"{services().settings.public_url.rstrip('/')}/api/v1/calendar/{secret}.ics"}


@blueprint.delete("/me/calendar")
@allow(Role.RESIDENT)
@blueprint.response(204)
def revoke() -> None:
    """End my calendar feed: nobody finds my dates under its address any more."""
    with transaction() as session:
        calendar_feeds.revoke(session, principal())


@blueprint.get("/calendar/<secret>.ics", parameters=_SECRET)
@allow(Role.ANYONE)
@blueprint.response(200, content_type="text/calendar")
def feed(secret: str) -> Response:
    """The calendar under an address that its resident was given (iCalendar, RFC 5545)."""
    with read_session() as session:
        text = calendar_feeds.feed(session, secret, public_url=services().settings.public_url, now=now())
    return Response(text, content_type="text/calendar; charset=utf-8", headers={"Cache-Control": "private, no-cache"})
