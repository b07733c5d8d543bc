"""A resident's devices and inbox."""

import re
from dataclasses import asdict
from typing import Any
from uuid import UUID

from foundation.clock import bangkok_date
from foundation.db import ReadSession
from foundation.errors import Unprocessable
from foundation.fields import FieldFault
from foundation.http import Blueprint, allow, language, now, principal
from foundation.identity import Role
from foundation.paging import Page
from foundation.services import read_session, services, transaction
from notifications import catalogue
from notifications.channels import webpush
from notifications.models import CoverageGap, Delivery, Device
from notifications.rules import TargetKind
from notifications.schemas import (
    DEVICE_ID,
    AcknowledgementIn,
    CoverageOut,
    CoverageQuery,
    DeviceIn,
    DeviceOut,
    FailedListOut,
    FailedOut,
    FailedQuery,
    InboxOut,
    InboxQuery,
    LanguageQuery,
    NotificationOut,
    PreviewsOut,
    WantedIn,
    WantedOut,
    WebPushKeyOut,
)
from notifications.services import acknowledging, coverage, devices, failures, inbox, preferences
from notifications.services.devices import Registration
from notifications.services.inbox import Standing
from notifications.services.preferences import Wanted

blueprint = Blueprint("notifications", __name__, url_prefix="/api/v1", description="Devices and messages")
_DEVICE = [{"in": "path", "name": "device_id", "schema": {"type": "string", "pattern": f"^{DEVICE_ID}$"}}]


@blueprint.put("/devices/<device_id>", parameters=_DEVICE)
@allow(Role.RESIDENT)
@blueprint.arguments(DeviceIn)
@blueprint.response(200, DeviceOut)
def register_device(registration: Registration, device_id: str) -> Device:
    """Receive messages on this device from now on."""
    if not re.fullmatch(DEVICE_ID, device_id):
        raise Unprocessable("a device's id is 1 to 64 letters, digits, dots, underscores or hyphens")
    if registration.kind == TargetKind.WEBPUSH:
        _check_subscription(registration.target)
    who = principal()
    with transaction() as session:
        return devices.register(
            session,
            device_id,
            person_id=_person(session),
            family=who.family,
            registration=registration,
            now=now(),
            taking_over=lambda: services().check_not_held(session, who, now=now()),
        )


@blueprint.get("/devices/webpush-key")
@allow(Role.RESIDENT)
@blueprint.response(200, WebPushKeyOut)
def show_webpush_key() -> dict[str, Any]:
    """With what a browser subscribes to messages: our public key (VAPID, RFC 8292), and Firebase's settings if any."""
    settings = services().settings
    web = settings.firebase_web
    firebase = {"project_id": settings.fcm_project_id} | asdict(web) if web else None
    return {"public_key": webpush.public_key(), "firebase": firebase}


@blueprint.delete("/devices/<device_id>", parameters=_DEVICE)
@allow(Role.RESIDENT)
@blueprint.response(204)
def remove_device(device_id: str) -> None:
    """Receive no more messages on this device."""
    who = principal()
    with transaction() as session:
        person_id = _person(session)
        if devices.is_of_another_sign_in(session, device_id, person_id=person_id, family=who.family):
            services().check_not_held(session, who, now=now())
        devices.remove(session, device_id, person_id=person_id, now=now())


@blueprint.get("/me/reminders")
@allow(Role.RESIDENT)
@blueprint.response(200, WantedOut)
def show_wanted_reminders() -> Wanted:
    """When and whether I want to be reminded."""
    with read_session() as session:
        return preferences.wanted(session, _person(session))


@blueprint.put("/me/reminders")
@allow(Role.RESIDENT)
@blueprint.arguments(WantedIn)
@blueprint.response(200, WantedOut)
def choose_wanted_reminders(choice: Wanted) -> Wanted:
    """Choose when and whether I am reminded; the due day and the last day to act cannot be switched off."""
    with transaction() as session:
        return preferences.choose(session, _person(session), choice, now=now())


@blueprint.get("/review/coverage")
@allow(Role.SUPERVISOR)
@blueprint.arguments(CoverageQuery, location="query")
@blueprint.response(200, CoverageOut)
def show_coverage(query: dict[str, Any]) -> coverage.Coverage:
    """Who of my offices was not told what they must have been told, as of the last check.

    `no-channel` lists whom nothing reaches.
    """
    of = services().is_of_offices(CoverageGap.__table__.c.person_id, principal(), bangkok_date(now()))
    with read_session() as session:
        return coverage.last_check(
            session, of=of, cause=query.get("cause"), after=query.get("cursor"), limit=query["limit"]
        )


@blueprint.get("/review/messages/failed")
@allow(Role.SUPERVISOR, Role.ADMINISTRATOR)
@blueprint.arguments(FailedQuery, location="query")
@blueprint.response(200, FailedListOut)
def list_failed_messages(query: dict[str, Any]) -> Page[failures.Failed]:
    """Which messages to people of my offices failed for good, and reached them by no channel."""
    with read_session() as session:
        return failures.failed(
            session, of=_of_my_offices(), channel=query.get("channel"), after=query.get("cursor"), limit=query["limit"]
        )


@blueprint.post("/review/messages/<uuid:message_id>/retry")
@allow(Role.SUPERVISOR, Role.ADMINISTRATOR)
@blueprint.response(200, FailedOut)
def retry_message(message_id: UUID) -> failures.Failed:
    """Try a message again that failed for good, for another 72 hours."""
    with transaction() as session:
        return failures.retry(session, message_id, of=_of_my_offices(), actor=principal().actor, now=now())


@blueprint.get("/messages/texts")
@allow(Role.SUPERVISOR, Role.ADMINISTRATOR)
@blueprint.arguments(LanguageQuery, location="query")
@blueprint.response(200, PreviewsOut)
def preview_messages(query: dict[str, Any]) -> dict[str, Any]:
    """Every message that people get, as they would read it in one language, with invented values."""
    wanted = _language(query)
    return {"language": wanted, "items": catalogue.previews(wanted, bangkok_date(now())), "next_cursor": None}


@blueprint.get("/notifications")
@allow(Role.RESIDENT)
@blueprint.arguments(InboxQuery, location="query")
@blueprint.response(200, InboxOut)
def list_notifications(query: dict[str, Any]) -> Page[inbox.Item]:
    """What was sent to me, newest first, and what became of it."""
    with read_session() as session:
        person_id, owes = _person(session), services().owes
        standing = Standing(owes(session, person_id)) if owes else None
        wanted = query | {"language": _language(query)}
        return inbox.page(session, person_id=person_id, standing=standing, **wanted)


@blueprint.post("/notifications/<uuid:notification_id>/read")
@allow(Role.RESIDENT)
@blueprint.arguments(LanguageQuery, location="query")
@blueprint.response(200, NotificationOut)
def read_notification(query: dict[str, Any], notification_id: UUID) -> inbox.Item:
    """Note that I have read a message."""
    with transaction() as session:
        return inbox.read(session, notification_id, person_id=_person(session), language=_language(query), now=now())


@blueprint.post("/notifications/acknowledgements")
@allow(Role.ANYONE)
@blueprint.arguments(AcknowledgementIn)
@blueprint.response(204)
def acknowledge(said: dict[str, Any]) -> None:
    """Note that a message arrived on a phone, or was opened there: by the mark that came with it, without a sign-in."""
    with transaction() as session:
        acknowledging.acknowledge(session, said["acknowledgement"], opened=said["opened"], now=now())


def _of_my_offices() -> Any:
    return services().is_of_offices(Delivery.__table__.c.person_id, principal(), bangkok_date(now()))


def _check_subscription(target: str) -> None:
    """Raises Unprocessable for a target that is no subscription to a push service of a browser."""
    try:
        webpush.read_subscription(target, loopback=not services().settings.production)
    except webpush.NotSubscription as error:
        fault = {"in": "json", "field": "target", "code": str(FieldFault.WRONG_FORM), "message": ""}
        raise Unprocessable(str(error), field_errors=[fault]) from error


def _person(session: ReadSession) -> UUID:
    return services().person_of(session, principal().id)


def _language(query: dict[str, Any]) -> str:
    """The language asked for, by the query or else by Accept-Language, where th-TH means th; otherwise the first."""
    wanted: str | None = query.get("language")
    return wanted or language()
