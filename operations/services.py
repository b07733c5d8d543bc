"""All services of the platform, both packages' together."""

from dataclasses import dataclass
from typing import cast

from flask import Flask

from foundation.http import Api
from foundation.services import Services
from foundation.services import services_of as foundation_services_of
from immigration.services.judging import FilingContext
from notifications.rounds import DueToday


@dataclass(kw_only=True)
class PlatformServices(Services):
    """What the application factory makes: `filing` for immigration, `due_today` for reminders, `api` for documents."""

    filing: FilingContext
    due_today: DueToday
    api: Api


def services_of(app: Flask) -> PlatformServices:
    """The services of an application that `create_app` made."""
    return cast("PlatformServices", foundation_services_of(app))
