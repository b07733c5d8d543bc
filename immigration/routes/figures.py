"""The figures that are counted at night: for officers by office, and what anyone may know of the service."""

from typing import Any

from flask import Response, after_this_request

from foundation.clock import bangkok_date
from foundation.errors import NotFound
from foundation.http import Blueprint, allow, now, principal
from foundation.identity import Principal, Role
from foundation.services import read_session
from immigration.registries.offices import all_offices
from immigration.routes.context import filing_context
from immigration.rules.figures import EVERYWHERE, FigureKind
from immigration.rules.offices import EVERY_OFFICE, HEADQUARTERS, covers
from immigration.rules.policies import Policy
from immigration.schemas.figures import (
    PUBLIC,
    FiguresArgs,
    FiguresOut,
    OfficeForecastPage,
    PerformanceOut,
    figures_view,
    forecast_page_view,
    performance_view,
)
from immigration.services import figures

blueprint = Blueprint("figures", __name__, url_prefix="/api/v1", description=__doc__)
FRESH_FOR = 300
"""Seconds for which a cache may show the public figures without asking."""


@blueprint.get("/console/figures")
@allow(Role.SUPERVISOR, Role.AUDITOR)
@blueprint.etag
@blueprint.arguments(FiguresArgs, location="query")
@blueprint.response(200, FiguresOut)
def get_figures(args: dict[str, Any]) -> dict[str, Any]:
    """What is coming to an office, and how it and the service did in the last weeks."""
    office = _office(args["office"], principal())
    with read_session() as session:
        published = figures.read(session, tuple(FigureKind))
    return figures_view(published, _policy(), office, _offices(principal()))


@blueprint.get("/console/figures/forecast")
@allow(Role.OFFICER, Role.SUPERVISOR, Role.AUDITOR)
@blueprint.etag
@blueprint.arguments(FiguresArgs, location="query")
@blueprint.response(200, OfficeForecastPage)
def get_forecast(args: dict[str, Any]) -> dict[str, Any]:
    """How many people of an office have to report soon."""
    office = _office(args["office"], principal())
    with read_session() as session:
        published = figures.read(session, (FigureKind.FORECAST, FigureKind.DUE), [office])
    return forecast_page_view(published, office)


@blueprint.get("/performance")
@allow(Role.ANYONE)
@blueprint.etag
@blueprint.response(200, PerformanceOut)
def get_performance() -> dict[str, Any]:
    """How the service did in the last weeks: decisions, waits, mistakes, reminders, outages."""
    after_this_request(_cacheable)
    return performance()


def performance() -> dict[str, Any]:
    """The public figures, as the API and the public page show them."""
    with read_session() as session:
        published = figures.read(session, PUBLIC)
    return performance_view(published, _policy())


def _policy() -> Policy:
    return filing_context().law.on(bangkok_date(now()))


def _cacheable(response: Response) -> Response:
    response.headers["Cache-Control"] = f"public, max-age={FRESH_FOR}"
    return response


def _office(wanted: str, officer: Principal) -> str:
    """The office that an officer asks for; raises NotFound for another's."""
    if wanted == EVERY_OFFICE:
        return EVERYWHERE if HEADQUARTERS in officer.offices else min(officer.offices)
    if not covers(officer.offices, wanted):
        raise NotFound()
    return wanted


def _offices(officer: Principal) -> list[str]:
    if HEADQUARTERS in officer.offices:
        return [each.code for each in all_offices()]
    return sorted(officer.offices)
