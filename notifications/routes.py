"""A resident's devices and inbox."""

import re
from typing import Any
from uuid import UUID

from foundation.errors import Unprocessable
from foundation.http import Blueprint, allow, language, now, principal
from foundation.identity import Role
from foundation.paging import Page
from foundation.services import read_session, transaction
from notifications.models import Device
from notifications.schemas import DEVICE_ID, DeviceIn, DeviceOut, InboxOut, InboxQuery, LanguageQuery, NotificationOut
from notifications.services import devices, inbox
from notifications.services.devices import Registration

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
    who = principal()
    with transaction() as session:
        return devices.register(
            session, device_id, person_id=who.id, family=who.family, registration=registration, now=now()
        )


@blueprint.delete("/devices/<device_id>", parameters=_DEVICE)
@allow(Role.RESIDENT)
@blueprint.response(204)
def remove_device(device_id: str) -> None:
    """Receive no more messages on this device."""
    with transaction() as session:
        devices.remove(session, device_id, person_id=principal().id, now=now())


@blueprint.get("/notifications")
@allow(Role.RESIDENT)
@blueprint.arguments(InboxQuery, location="query")
@blueprint.response(200, InboxOut)
def list_notifications(query: dict[str, Any]) -> Page[inbox.Item]:
    """What was sent to me, newest first, and what became of it."""
    with read_session() as session:
        return inbox.page(session, person_id=principal().id, **(query | {"language": _language(query)}))


@blueprint.post("/notifications/<uuid:notification_id>/read")
@allow(Role.RESIDENT)
@blueprint.arguments(LanguageQuery, location="query")
@blueprint.response(200, NotificationOut)
def read_notification(query: dict[str, Any], notification_id: UUID) -> inbox.Item:
    """Note that I have read a message."""
    with transaction() as session:
        return inbox.read(session, notification_id, person_id=principal().id, language=_language(query), now=now())


def _language(query: dict[str, Any]) -> str:
    """The language asked for, by the query or else by Accept-Language, where th-TH means th; otherwise the first."""
    wanted: str | None = query.get("language")
    return wanted or language()
