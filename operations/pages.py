"""Pages of the process itself: the interactive API document, health, readiness and metrics."""

from pathlib import Path
from typing import Any

import swagger_ui_bundle
from flask import Blueprint, Response, current_app, jsonify, send_from_directory
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Gauge, generate_latest
from sqlalchemy import text, true

from foundation.db import ReadSession
from foundation.errors import Unavailable
from foundation.http import SESSION_COOKIE, allow
from foundation.identity import Role
from foundation.services import database, read_session, services
from notifications.rules import GapCause
from notifications.services import coverage
from operations import migrating
from operations.keys import check_secrets
from operations.message_metrics import MessageMetrics
from operations.services import services_of

blueprint = Blueprint("pages", __name__)
SWAGGER = Path(swagger_ui_bundle.swagger_ui_path)
SPEC_OPTIONS: dict[str, Any] = {
    "info": {
        "title": "Foreigner Platform: 90-day reporting",
        "description": "Files, decides and reminds of 90-day reports (form TM.47, Immigration Act B.E. 2522, "
        "section 37(5)). "
        "Dates are civil dates in Asia/Bangkok, times RFC 3339; errors are RFC 9457 problem documents.",
    },
    "components": {
        "securitySchemes": {
            "bearer": {"type": "http", "scheme": "bearer"},
            "session": {"type": "apiKey", "in": "cookie", "name": SESSION_COOKIE},
        }
    },
    "security": [{"bearer": []}],
}
_DOCS = """<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>90-day reporting: the API</title><link rel="stylesheet" href="/docs/swagger-ui.css">
<div id="swagger-ui"></div><script src="/docs/swagger-ui-bundle.js"></script><script src="/docs/start.js"></script>
</html>"""
_START = "SwaggerUIBundle({url: '/api/v1/openapi.json', dom_id: '#swagger-ui', deepLinking: true})"
_INLINE_STYLE = (
    "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; object-src 'none'; base-uri 'none'"
)


@blueprint.get("/docs")
@allow(Role.ANYONE)
def documentation() -> Response:
    """The API document as a page to try it on."""
    return _page(_DOCS)


@blueprint.get("/docs/start.js")
@allow(Role.ANYONE)
def start() -> Response:
    """Starts the interactive document."""
    return Response(_START, content_type="text/javascript")


@blueprint.get("/docs/<any('swagger-ui.css', 'swagger-ui-bundle.js'):name>")
@allow(Role.ANYONE)
def asset(name: str) -> Response:
    """The interactive document's own files, from an installed package."""
    return send_from_directory(SWAGGER, name, max_age=86400)


def _page(html: str) -> Response:
    return Response(html, content_type="text/html; charset=utf-8", headers={"Content-Security-Policy": _INLINE_STYLE})


@blueprint.get("/api/v1/openapi.json")
@allow(Role.ANYONE)
def openapi() -> Response:
    """The API document, made from the code."""
    return jsonify(services_of(current_app).api.spec.to_dict())


@blueprint.get("/healthz")
@allow(Role.ANYONE)
def healthz() -> Response:
    """The process is alive."""
    return jsonify(status="alive")


@blueprint.get("/readyz")
@allow(Role.ANYONE)
def readyz() -> Response:
    """The process can serve: the database answers, and has every migration that this code needs."""
    with read_session() as session:
        session.execute(text("select 1"))
    if not current_app.testing and not migrating.revision_is_at_least_ours(database()):
        raise Unavailable("the database lacks a migration")
    check_secrets(database())
    return jsonify(status="ready")


_LAST = 10_000
_METRICS = {
    "reports_by_records_share": (
        f"Share of the last {_LAST} reports decided by the records alone",
        f"""select coalesce(avg((status = 'accepted' and decided_by = 'system')::int), 0)
        from (select status, decided_by from reports order by id desc limit {_LAST}) r""",  # noqa: S608 - a constant
    ),
    "reports_under_review": (
        "Reports that wait for an officer",
        "select count(*) from reports where status = 'under-review'",
    ),
    "reports_waiting_for_source": (
        "Reports that wait for the records to be readable",
        "select count(*) from reports where 'source-unavailable' = any(reasons) and status = 'under-review'",
    ),
    "events_waiting": ("Events not relayed yet", "select count(*) from events_to_relay"),
    "events_oldest_waiting_seconds": (
        "Age of the oldest event not relayed yet",
        """select coalesce(extract(epoch from now() - min(at)), 0)
        from events join events_to_relay on events_to_relay.event_id = events.id""",
    ),
    "events_oldest_unsealed_seconds": (
        "Age of the oldest event that no seal covers yet",
        """select coalesce(extract(epoch from now() - min(at)), 0)
        from events join events_to_seal on events_to_seal.event_id = events.id""",
    ),
    "seals_unwitnessed": (
        "Seals that the witness has not taken yet",
        "select count(*) from seals where number not in (select number from witnessed_seals)",
    ),
    "deliveries_waiting": ("Messages on their way", "select count(*) from deliveries where status = 'pending'"),
}


_COVERAGE = ("coverage_gaps", "coverage_checked_seconds")


def _coverage(registry: CollectorRegistry, session: ReadSession) -> None:
    """How many people the last check found who were not told, by cause, and how old that check is."""
    last = coverage.last_check(session, of=true(), limit=1)
    gaps = Gauge(
        f"tm47_{_COVERAGE[0]}", "people who were not told what they must have been told", ["cause"], registry=registry
    )
    counts = {each["cause"]: each["count"] for each in last.causes}
    for cause in GapCause:
        gaps.labels(cause).set(counts.get(cause, 0))
    age = Gauge(f"tm47_{_COVERAGE[1]}", "age of the last check of coverage", registry=registry)
    if last.checked_at:
        age.set((services().clock() - last.checked_at).total_seconds())


@blueprint.get("/metrics")
@allow(Role.ANYONE)
def metrics() -> Response:
    """Figures for a Prometheus server, read from the database: the same whichever process answers."""
    registry = CollectorRegistry()
    with read_session() as session:
        for name, (what, query) in _METRICS.items():
            Gauge(f"tm47_{name}", what, registry=registry).set(float(session.execute(text(query)).scalar_one()))
        _coverage(registry, session)
        registry.register(MessageMetrics(session, services().clock()))
    return Response(generate_latest(registry), content_type=CONTENT_TYPE_LATEST)
