"""All services of the platform, both packages' together."""

from dataclasses import dataclass
from typing import cast

from flask import Flask

from foundation.http import Api
from foundation.services import Services
from foundation.services import services_of as foundation_services_of
from foundation.witnesses import Witness
from immigration.registries.identity_provider import IdentityProvider
from immigration.services.ended import EndedSessions
from immigration.services.judging import FilingContext
from immigration.services.law_entries import RegisteredEntries
from notifications.services.addressing import Routing
from notifications.services.planning import DueToday
from operations.roles import Addresses


@dataclass(kw_only=True)
class PlatformServices(Services):
    """What the application factory makes: `filing`, `ended` and `registered` (entries beside the law files) for
    immigration, `due_today` and `routing` for messages,
    `api` for documents, `addresses` of the database for each kind of process, `witness` to take the seals over events,
    `provider` for officers to sign in with (None where there is none).
    """

    filing: FilingContext
    ended: EndedSessions
    registered: RegisteredEntries
    due_today: DueToday
    routing: Routing
    api: Api
    addresses: Addresses
    witness: Witness | None = None
    provider: IdentityProvider | None = None


def services_of(app: Flask) -> PlatformServices:
    """The services of an application that `create_app` made."""
    return cast("PlatformServices", foundation_services_of(app))
