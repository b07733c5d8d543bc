"""The application factory: it makes what a process needs, connects it, and decides nothing."""

import os
from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Any

import click
from flask import Flask
from sqlalchemy import Select, make_url

from foundation import logs
from foundation.answer_counts import AnswerCounts, count_answers
from foundation.client_address import TrustedProxies
from foundation.clock import Clock, shifted_clock, system_clock
from foundation.config import InvalidSettings, Settings, from_environment
from foundation.db import Database
from foundation.errors import Problem, Unavailable
from foundation.http import Api, add_security_headers, guard, log_requests, render_problem
from foundation.key_check import WrongSecretKey
from foundation.sealing import Keyring, keyring, use_keyring
from foundation.services import use_services
from foundation.witnesses import Witness, witness_at
from immigration.commands import activation, keys, officers, records
from immigration.commands import sessions as session_commands
from immigration.models.people import get_person_id, initials
from immigration.registries import addresses
from immigration.registries.figures import provinces
from immigration.registries.identity_provider import IdentityProvider
from immigration.registries.law import law
from immigration.registries.records import ImportedRecords
from immigration.routes import activations as activation_routes
from immigration.routes import (
    address_corrections,
    administration,
    approvals,
    audit,
    calendar,
    cases,
    conflicts,
    console,
    counter,
    figures,
    list_exports,
    officer_passkeys,
    openid,
    passkeys,
    people,
    privacy,
    profile,
    public,
    queue,
    reports,
    review,
    saved_views,
    second_reviews,
    sessions,
    tokens,
)
from immigration.routes import feeds as feed_routes
from immigration.routes import law as law_routes
from immigration.routes import officers as officer_routes
from immigration.services.contacts import mail_address
from immigration.services.enclosing import receipt
from immigration.services.ended import EndedSessions
from immigration.services.judging import FilingContext
from immigration.services.keys import Signer
from immigration.services.law_entries import RegisteredEntries
from immigration.services.obligations import due_steps, owed_basis
from immigration.services.scope import is_of_offices
from immigration.services.tokens import authenticator
from immigration.services.verification import check_not_held
from notifications import routes as notification_routes
from notifications.catalogue import ENCLOSING
from notifications.services.addressing import Routing
from operations import commands, migrating, pages, performance, web
from operations.keys import check_secrets
from operations.messages import messages_of
from operations.roles import Addresses, Kind
from operations.services import PlatformServices, services_of

ROOT = Path(__file__).parent
BLUEPRINTS = (
    activation_routes.blueprint,
    tokens.blueprint,
    tokens.well_known,
    sessions.blueprint,
    passkeys.blueprint,
    profile.blueprint,
    calendar.blueprint,
    reports.blueprint,
    address_corrections.blueprint,
    public.blueprint,
    notification_routes.blueprint,
    officer_routes.blueprint,
    officer_passkeys.blueprint,
    administration.blueprint,
    law_routes.blueprint,
    feed_routes.blueprint,
    console.blueprint,
    queue.blueprint,
    counter.blueprint,
    people.blueprint,
    review.blueprint,
    approvals.blueprint,
    audit.blueprint,
    figures.blueprint,
    cases.blueprint,
    conflicts.blueprint,
    saved_views.blueprint,
    second_reviews.blueprint,
    list_exports.blueprint,
    privacy.blueprint,
)
COMMANDS = (records.group, activation.group, officers.group, keys.group, session_commands.group, *commands.COMMANDS)

ROUTING = Routing(addresses={"mail": mail_address}, enclosures=dict.fromkeys(ENCLOSING, receipt), initials=initials)
"""How messages of one package find what the other one knows: where a person is written to, by what name, with what."""

CONFIGURATION: dict[str, Any] = {
    "API_TITLE": "Foreigner Platform: 90-day reporting",
    "API_VERSION": "v1",
    "OPENAPI_VERSION": "3.1.0",
    "MAX_CONTENT_LENGTH": 1024 * 1024,
    "API_SPEC_OPTIONS": pages.SPEC_OPTIONS,
}


def create_app(
    settings: Settings | None = None, *, database: Database | None = None, clock: Clock | None = None
) -> Flask:
    """The application, from the environment unless settings are given; invalid settings end the process.

    Without `database` it connects to DATABASE_URL, or to the embedded server under `var/`, which it starts.
    In development the tables are brought up to date.
    """
    settings = settings or _settings()
    app = Flask(__name__, static_folder=None)
    app.json.ensure_ascii = False  # type: ignore[attr-defined]
    app.config.update(CONFIGURATION)
    app.register_error_handler(Problem, render_problem)
    connect(app, Api(app), settings, database=database, clock=clock)
    _register(app, services_of(app).api)
    return app


def connect(
    app: Flask, api: Api, settings: Settings, *, database: Database | None = None, clock: Clock | None = None
) -> None:
    """Make an application's services anew, as `create_app` does; what its routes hold of themselves stays."""
    use_keyring(Keyring(settings.secret_keys))
    clock = clock or _clock(settings)
    database, places = _database(settings, database)
    signer = Signer(database, clock)
    ended = EndedSessions(database, signer, clock)
    registered = RegisteredEntries(database)
    services = PlatformServices(
        settings=settings,
        clock=clock,
        database=database,
        authenticate=authenticator(database, signer, clock, settings, ended),
        ended=ended,
        person_of=get_person_id,
        check_not_held=check_not_held,
        owes=owed_basis,
        is_of_offices=is_of_offices,
        messages_of=messages_of,
        filing=FilingContext(ImportedRecords(), law().with_entries(registered.present), signer, settings.public_url),
        registered=registered,
        due_today=due_today,
        routing=ROUTING,
        api=api,
        witness=_witness(settings),
        addresses=places,
        provider=_provider(settings),
    )
    use_services(app, services)
    _check_secrets(database)


def _register(app: Flask, api: Api) -> None:
    """Register routes and commands; a route that does not say who may call it ends the start."""
    log_requests(app)
    for blueprint in BLUEPRINTS:
        api.register_blueprint(blueprint)
    app.register_blueprint(openid.blueprint)
    app.register_blueprint(pages.blueprint)
    app.register_blueprint(performance.blueprint)
    app.register_blueprint(web.blueprint)
    for command in (*COMMANDS, *_development_commands()):
        app.cli.add_command(command)
    _register_tour(app)
    guard(app)
    settings = services_of(app).settings
    add_security_headers(app, production=settings.production)
    if settings.trusted_proxies.networks:
        app.wsgi_app = TrustedProxies(app.wsgi_app, settings.trusted_proxies)  # type: ignore[method-assign]


def _development_commands() -> Sequence[click.Command]:
    """`flask serve` and `flask demo`; the production image is built without the package that has them."""
    if not _has_devtools():
        return ()
    from devtools.commands import COMMANDS as development  # noqa: PLC0415 - not in the production image

    return development


def _has_devtools() -> bool:
    """Whether this is no production image: a folder `devtools` with something else in it is no package of commands."""
    return (ROOT / "devtools" / "commands.py").is_file()


def _register_tour(app: Flask) -> None:
    """The reports of the guided tour, on a development server only."""
    if services_of(app).settings.environment != "development" or not _has_devtools():
        return
    from devtools.demo import tour  # noqa: PLC0415 - not in the production image

    app.register_blueprint(tour.blueprint)


def due_today(today: date, /, *, begun: date | None = None, with_answered: bool = False) -> Select[Any]:
    """Who is to be reminded of what on a day: the query of one package that the other one sends."""
    return due_steps(today, law=law(), begun=begun, with_answered=with_answered)


def _settings() -> Settings:
    """The settings of the environment; an invalid one ends the process with its faults, not with a traceback."""
    try:
        return from_environment({**_running_addresses(), **os.environ})
    except InvalidSettings as error:
        raise SystemExit(str(error)) from error


def _running_addresses() -> dict[str, str]:
    """The addresses that a running `make run` took, in development; none where the environment names a database."""
    if os.environ.get("ENVIRONMENT", "development") != "development" or not _has_devtools():
        return {}
    from devtools import running  # noqa: PLC0415 - not in the production image

    return running.addresses(ROOT / "var", os.environ)


def _clock(settings: Settings) -> Clock:
    if settings.dev_now is None:
        return system_clock
    return shifted_clock(settings.dev_now, settings.dev_now_since)


def _addresses(settings: Settings) -> Addresses:
    """Where the database is: as the settings say, or the embedded one, with a role for each kind of process."""
    if settings.database_url:
        return Addresses.of(settings.database_url, settings)
    return Addresses(*(_with_role(_embedded_database(), role) for role in (None, *Kind)))


def _with_role(address: str, role: str | None) -> str:
    url = make_url(address)
    return (url.set(username=role) if role else url).render_as_string(hide_password=False)


def _database(settings: Settings, given: Database | None) -> tuple[Database, Addresses]:
    """The database as the API uses it, and its addresses.

    Outside production, tables and roles are brought up to date.
    """
    if given is not None:
        return given, Addresses.of(given.url.render_as_string(hide_password=False), settings)
    addresses = _addresses(settings)
    database = Database(addresses.api, prepares=settings.prepared_statements)
    if not settings.production:
        owner = Database(addresses.owner)
        try:
            migrating.bring_up_to_date(owner, addresses)
        except Unavailable as problem:
            raise SystemExit(f"{problem.detail}: {database.name}") from problem
        finally:
            owner.close()
    return database, addresses


def _witness(settings: Settings) -> Witness | None:
    """The witness of the seals: that of the settings, else a file beside the embedded database, else none."""
    if settings.audit_witness:
        return witness_at(settings.audit_witness)
    if settings.environment == "development" and settings.database_url is None:
        return witness_at(str(ROOT / "var" / "seals.jsonl"))
    return None


def _provider(settings: Settings) -> IdentityProvider | None:
    """The identity provider of officers, if one is named; it is asked when an officer signs in, not now."""
    if settings.openid is None:
        return None
    return IdentityProvider(settings.openid, f"{settings.public_url}/console/openid/callback")


def _check_secrets(database: Database) -> None:
    """End the process where its secrets are not the data's; while it is away, it is asked before their first use."""
    try:
        check_secrets(database)
    except WrongSecretKey as problem:
        raise SystemExit(f"refusing to start: {problem.detail}") from problem
    except Unavailable:
        keyring().load_lasting_by(lambda: check_secrets(database))


def _embedded_database() -> str:
    """The address of the development database, whose server is started if it is not running."""
    from devtools.postgres import platform_database  # noqa: PLC0415 - not in the production image

    return platform_database(ROOT / "var")


def __getattr__(name: str) -> Any:
    """`app:application` for a WSGI server, made when it is asked for."""
    if name == "application":
        app = create_app()
        services = services_of(app)
        logs.configure(production=services.settings.production)
        count_answers(app, AnswerCounts(services.database, services.clock))
        addresses.load()
        provinces()
        return app
    raise AttributeError(name)
