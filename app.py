"""The application factory: it makes what a process needs, connects it, and decides nothing."""

import importlib.util
import os
from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Any

import click
from flask import Flask
from sqlalchemy import Select
from werkzeug.middleware.proxy_fix import ProxyFix

from foundation import logs
from foundation.clock import Clock, shifted_clock, system_clock
from foundation.config import InvalidSettings, Settings, from_environment
from foundation.db import Database
from foundation.errors import Problem, Unavailable
from foundation.http import Api, add_security_headers, guard, log_requests, render_problem
from foundation.key_check import WrongSecretKey
from foundation.sealing import Keyring, use_keyring
from foundation.services import use_services
from immigration.commands import activation, keys, officers, records
from immigration.models.people import get_person_id
from immigration.registries import addresses
from immigration.registries.law import law
from immigration.registries.records import ImportedRecords
from immigration.routes import activations as activation_routes
from immigration.routes import officers as officer_routes
from immigration.routes import profile, public, reports, review, tokens
from immigration.services.judging import FilingContext
from immigration.services.keys import Signer
from immigration.services.obligations import due_steps
from immigration.services.tokens import authenticator
from notifications import routes as notification_routes
from operations import commands, migrating, pages, web
from operations.keys import check_secrets
from operations.services import PlatformServices, services_of

ROOT = Path(__file__).parent
BLUEPRINTS = (
    activation_routes.blueprint,
    tokens.blueprint,
    tokens.well_known,
    profile.blueprint,
    reports.blueprint,
    public.blueprint,
    notification_routes.blueprint,
    officer_routes.blueprint,
    review.blueprint,
)
COMMANDS = (records.group, activation.group, officers.group, keys.group, *commands.COMMANDS)


def create_app(
    settings: Settings | None = None, *, database: Database | None = None, clock: Clock | None = None
) -> Flask:
    """The application, from the environment unless settings are given; invalid settings end the process.

    Without `database` it connects to DATABASE_URL, or to the embedded server under `var/`, which it starts.
    In development the tables are brought up to date.
    """
    settings = settings or _settings()
    use_keyring(Keyring(settings.secret_keys))
    app = Flask(__name__, static_folder=None)
    clock = clock or _clock(settings)
    database = database or _database(settings)
    signer = Signer(database, clock)
    app.json.ensure_ascii = False  # type: ignore[attr-defined]
    app.config.update(
        API_TITLE="Foreigner Platform: 90-day reporting",
        API_VERSION="v1",
        OPENAPI_VERSION="3.1.0",
        MAX_CONTENT_LENGTH=1024 * 1024,
        API_SPEC_OPTIONS=pages.SPEC_OPTIONS,
    )
    app.register_error_handler(Problem, render_problem)
    services = PlatformServices(
        settings=settings,
        clock=clock,
        database=database,
        authenticate=authenticator(database, signer, clock, settings),
        person_of=get_person_id,
        filing=FilingContext(ImportedRecords(), law(), signer, settings.public_url),
        due_today=due_today,
        api=Api(app),
    )
    use_services(app, services)
    _check_secrets(database)
    _register(app, services.api)
    if count := settings.trusted_proxies:
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=count, x_proto=count)  # type: ignore[method-assign]
    return app


def _register(app: Flask, api: Api) -> None:
    """Register routes and commands; a route that does not say who may call it ends the start."""
    log_requests(app)
    for blueprint in BLUEPRINTS:
        api.register_blueprint(blueprint)
    app.register_blueprint(pages.blueprint)
    app.register_blueprint(web.blueprint)
    for command in (*COMMANDS, *_development_commands()):
        app.cli.add_command(command)
    guard(app)
    add_security_headers(app)


def _development_commands() -> Sequence[click.Command]:
    """`flask serve` and `flask demo`; the production image is built without the package that has them."""
    if importlib.util.find_spec("devtools") is None:
        return ()
    from devtools.commands import COMMANDS as development  # noqa: PLC0415 - not in the production image

    return development


def due_today(today: date, /, *, begun: date | None = None) -> Select[Any]:
    """Who is to be reminded of what on a day: the query of one package that the other one sends."""
    return due_steps(today, law=law(), begun=begun)


def _settings() -> Settings:
    """The settings of the environment; an invalid one ends the process with its faults, not with a traceback."""
    try:
        return from_environment(os.environ)
    except InvalidSettings as error:
        raise SystemExit(str(error)) from error


def _clock(settings: Settings) -> Clock:
    if settings.dev_now is None:
        return system_clock
    return shifted_clock(settings.dev_now, settings.dev_now_since)


def _database(settings: Settings) -> Database:
    url = settings.database_url or _embedded_database()
    database = Database(url)
    if not settings.production:
        try:
            migrating.bring_up_to_date(database)
        except Unavailable as problem:
            raise SystemExit(f"{problem.detail}: {database.name}") from problem
    return database


def _check_secrets(database: Database) -> None:
    """End the process where its secrets are not the data's; while the database is away, readiness asks again."""
    try:
        check_secrets(database)
    except WrongSecretKey as problem:
        raise SystemExit(f"refusing to start: {problem.detail}") from problem
    except Unavailable:
        return


def _embedded_database() -> str:
    """The address of the development database, whose server is started if it is not running."""
    from devtools.postgres import platform_database  # noqa: PLC0415 - not in the production image

    return platform_database(ROOT / "var")


def __getattr__(name: str) -> Any:
    """`app:application` for a WSGI server, made when it is asked for."""
    if name == "application":
        app = create_app()
        logs.configure(production=services_of(app).settings.production)
        addresses.load()
        return app
    raise AttributeError(name)
