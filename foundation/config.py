"""Settings, read once from the environment; faults are reported together; production refuses development defaults."""

import base64
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from urllib.parse import urlsplit

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from sqlalchemy import make_url
from sqlalchemy.exc import ArgumentError

from foundation.client_address import NO_PROXIES, ProxyRule, read_networks

DEVELOPMENT_SECRET = "development-only-secret-that-production-refuses"  # noqa: S105 - refused in production
MINIMUM_SECRET = 32


class InvalidSettings(Exception):
    """The environment does not make a valid configuration."""

    def __init__(self, faults: list[str]) -> None:
        super().__init__("invalid settings:\n" + "\n".join(f"  - {fault}" for fault in faults))
        self.faults = faults


@dataclass(frozen=True)
class OpenIdSettings:
    """The identity provider of officers, and this service as its client.

    `acr_values` are the classes of authentication that count as two factors; an officer's role and offices are read
    from the claims named here.
    """

    issuer: str
    client_id: str
    client_secret: str
    acr_values: tuple[str, ...] = ()
    role_claim: str = "role"
    offices_claim: str = "offices"


@dataclass(frozen=True)
class FirebaseWebSettings:
    """The web app of the Firebase project, as Firebase's console shows it to developers; none of it is a secret.

    `vapid_key` is the public key of the project's "Web Push certificates", with which browsers subscribe.
    """

    api_key: str
    app_id: str
    sender_id: str
    vapid_key: str


@dataclass(frozen=True)
class Settings:
    """Everything that differs between one installation and another.

    `secret_keys` holds the current secret first and retired ones after it: the first seals, all can open.
    `demo_people` is how large a country `flask serve` makes up for an empty database.
    `trusted_proxies` says which reverse proxies may name the caller's address.
    """

    environment: str = "development"
    database_url: str | None = None
    migration_database_url: str | None = None
    worker_database_url: str | None = None
    audit_database_url: str | None = None
    retention_database_url: str | None = None
    prepared_statements: bool = True
    audit_witness: str | None = None
    port: int = 8000
    secret_keys: tuple[str, ...] = (DEVELOPMENT_SECRET,)
    firebase_credentials: Path | None = None
    fcm_project_id: str = "demo"
    fcm_endpoint: str | None = "http://127.0.0.1:8085"
    firebase_web: FirebaseWebSettings | None = None
    smtp_url: str = "smtp://127.0.0.1:1025"
    public_url: str = "http://localhost:8000"
    mail_from: str = "90-day reporting <no-reply@localhost>"
    trusted_proxies: ProxyRule = NO_PROXIES
    openid: OpenIdSettings | None = None
    demo_people: int = 2000
    dev_now: datetime | None = None
    dev_now_since: datetime | None = None

    @property
    def production(self) -> bool:
        """Whether development defaults and switches are refused."""
        return self.environment == "production"

    def at(self, moment: datetime) -> "Settings":
        """The same settings with the service's clock started at `moment`."""
        return replace(self, dev_now=moment, dev_now_since=None)


def from_environment(env: Mapping[str, str]) -> Settings:
    """Settings from environment variables.

    Raises InvalidSettings with all faults found.
    """
    faults: list[str] = []
    secrets = tuple(s for s in (env.get("SECRET_KEY"), *env.get("SECRET_KEY_PREVIOUS", "").split(",")) if s)
    port = _number(env, "PORT", 8000, range(1, 65536), faults)
    defaults = Settings()
    settings = Settings(
        trusted_proxies=_proxies(env, faults),
        openid=_openid(env, faults),
        environment=_environment(env, faults),
        database_url=_database_url(env, "DATABASE_URL", faults),
        migration_database_url=_database_url(env, "MIGRATION_DATABASE_URL", faults),
        worker_database_url=_database_url(env, "WORKER_DATABASE_URL", faults),
        audit_database_url=_database_url(env, "AUDIT_DATABASE_URL", faults),
        retention_database_url=_database_url(env, "RETENTION_DATABASE_URL", faults),
        prepared_statements=_switch(env, "PREPARED_STATEMENTS", faults),
        audit_witness=env.get("AUDIT_WITNESS") or None,
        port=port,
        secret_keys=secrets or defaults.secret_keys,
        firebase_credentials=_service_account(env, "FIREBASE_CREDENTIALS", faults),
        fcm_project_id=env.get("FCM_PROJECT_ID") or defaults.fcm_project_id,
        fcm_endpoint=env.get("FCM_ENDPOINT") or (None if env.get("FIREBASE_CREDENTIALS") else defaults.fcm_endpoint),
        firebase_web=_firebase_web(env, faults),
        smtp_url=_url(env, "SMTP_URL", ("smtp", "smtps"), faults) or defaults.smtp_url,
        public_url=_url(env, "PUBLIC_URL", ("http", "https"), faults) or f"http://localhost:{port}",
        mail_from=env.get("MAIL_FROM") or defaults.mail_from,
        demo_people=_number(env, "DEMO_PEOPLE", defaults.demo_people, range(1_000_001), faults),
        dev_now=_instant(env, "DEV_NOW", faults),
        dev_now_since=_instant(env, "DEV_NOW_SINCE", faults),
    )
    if settings.production:
        faults += _development_leftovers(env, settings)
    if faults:
        raise InvalidSettings(faults)
    return settings


def _environment(env: Mapping[str, str], faults: list[str]) -> str:
    environment = env.get("ENVIRONMENT", "development")
    if environment not in ("development", "test", "production"):
        faults.append(f"ENVIRONMENT is {environment!r}: development, test or production")
    return environment


def _development_leftovers(env: Mapping[str, str], settings: Settings) -> list[str]:
    required = (
        "DATABASE_URL",
        "SECRET_KEY",
        "FIREBASE_CREDENTIALS",
        "FCM_PROJECT_ID",
        "SMTP_URL",
        "PUBLIC_URL",
        "MAIL_FROM",
        "AUDIT_WITNESS",
    )
    faults = [f"{name} is required in production" for name in required if not env.get(name)]
    faults += [
        f"a secret key is {len(s)} characters long: at least {MINIMUM_SECRET} in production"
        for s in settings.secret_keys
        if len(s) < MINIMUM_SECRET
    ]
    if DEVELOPMENT_SECRET in settings.secret_keys and env.get("SECRET_KEY"):
        faults.append("SECRET_KEY is the development default")
    faults += [f"{name} is refused in production" for name in ("DEV_NOW", "DEMO_PEOPLE") if env.get(name)]
    if settings.openid and not settings.openid.issuer.startswith("https://"):
        faults.append("OIDC_ISSUER must be https in production")
    if settings.openid and not settings.openid.acr_values:
        faults.append("OIDC_ACR_VALUES is required in production with OIDC_ISSUER: which sign-ins have two factors")
    if not settings.public_url.startswith("https://"):
        faults.append("PUBLIC_URL must be https in production")
    return faults


def _openid(env: Mapping[str, str], faults: list[str]) -> OpenIdSettings | None:
    """The identity provider of officers, if one is named."""
    issuer = _url(env, "OIDC_ISSUER", ("http", "https"), faults)
    missing = [name for name in ("OIDC_CLIENT_ID", "OIDC_CLIENT_SECRET") if not env.get(name)]
    if issuer is None:
        return None
    faults += [f"{name} is required with OIDC_ISSUER" for name in missing]
    return OpenIdSettings(
        issuer=env["OIDC_ISSUER"],
        client_id=env.get("OIDC_CLIENT_ID", ""),
        client_secret=env.get("OIDC_CLIENT_SECRET", ""),
        acr_values=tuple(env.get("OIDC_ACR_VALUES", "").split()),
        role_claim=env.get("OIDC_ROLE_CLAIM") or OpenIdSettings.role_claim,
        offices_claim=env.get("OIDC_OFFICES_CLAIM") or OpenIdSettings.offices_claim,
    )


_WEB_APP = re.compile(r"1:([0-9]+):web:[0-9a-f]+")


def _firebase_web(env: Mapping[str, str], faults: list[str]) -> FirebaseWebSettings | None:
    """The web app by which Firebase reaches browsers, if one is named."""
    given = {
        "FIREBASE_WEB_API_KEY": env.get("FIREBASE_WEB_API_KEY", ""),
        "FIREBASE_WEB_APP_ID": env.get("FIREBASE_WEB_APP_ID", ""),
        "FIREBASE_WEB_SENDER_ID": env.get("FIREBASE_WEB_SENDER_ID", ""),
        "FIREBASE_WEB_VAPID_KEY": env.get("FIREBASE_WEB_VAPID_KEY", ""),
    }
    if not (first := next(filter(given.get, given), None)):
        return None
    faults += [f"{name} is required with {first}" for name, text in given.items() if not text]
    if not env.get("FCM_PROJECT_ID"):
        faults.append(f"FCM_PROJECT_ID is required with {first}: the project of the web app")
    web = FirebaseWebSettings(*given.values())
    if web.api_key and not re.fullmatch(r"[A-Za-z0-9_-]+", web.api_key):
        faults.append("FIREBASE_WEB_API_KEY is no key of a Firebase web app: letters, digits, - and _ are expected")
    app = _WEB_APP.fullmatch(web.app_id)
    if web.app_id and not app:
        faults.append(f"FIREBASE_WEB_APP_ID is {web.app_id!r}: 1:NUMBER:web:HEX is expected, of a web app")
    if web.sender_id and not (web.sender_id.isascii() and web.sender_id.isdecimal()):
        faults.append(f"FIREBASE_WEB_SENDER_ID is {web.sender_id!r}: a number is expected")
    elif app and web.sender_id and app[1] != web.sender_id:
        faults.append(f"FIREBASE_WEB_SENDER_ID is {web.sender_id}, and FIREBASE_WEB_APP_ID is an app of {app[1]}")
    if web.vapid_key and not _is_public_key(web.vapid_key):
        faults.append("FIREBASE_WEB_VAPID_KEY is no public key for browsers: 87 letters of base64url are expected")
    return web


def _is_public_key(text: str) -> bool:
    """Whether a text is what a browser subscribes with; a private key is not."""
    if not re.fullmatch(r"[A-Za-z0-9_-]{87}", text):
        return False
    try:
        ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), base64.urlsafe_b64decode(f"{text}="))
    except ValueError:
        return False
    return True


def _number(env: Mapping[str, str], name: str, default: int, allowed: range, faults: list[str]) -> int:
    text = env.get(name) or str(default)
    if not text.isdecimal() or int(text) not in allowed:
        faults.append(f"{name} is {text!r}: a number from {allowed[0]} to {allowed[-1]}")
        return default
    return int(text)


def _switch(env: Mapping[str, str], name: str, faults: list[str]) -> bool:
    """Whether something is on, which it is where nothing is said."""
    if (text := env.get(name) or "on") not in ("on", "off"):
        faults.append(f"{name} is {text!r}: on or off")
    return text != "off"


def _proxies(env: Mapping[str, str], faults: list[str]) -> ProxyRule:
    """The trusted proxies: their networks, or how many there are, each in a private network."""
    text = env.get("TRUSTED_PROXIES") or "0"
    try:
        return ProxyRule(hops=range(10)[int(text)]) if text.isdecimal() else ProxyRule(read_networks(text))
    except (ValueError, IndexError):
        faults.append(f"TRUSTED_PROXIES is {text!r}: networks such as 10.0.0.0/24, or a number of proxies up to 9")
        return NO_PROXIES


def _instant(env: Mapping[str, str], name: str, faults: list[str]) -> datetime | None:
    if not (text := env.get(name)):
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is None:
        faults.append(f"{name} is {text!r}: an RFC 3339 time with its offset")
        return None
    return moment


def _database_url(env: Mapping[str, str], name: str, faults: list[str]) -> str | None:
    """A PostgreSQL address; of several hosts, as libpq writes them, in the form that SQLAlchemy reads."""
    if not (text := env.get(name)):
        return None
    try:
        url = make_url(_hosts_in_query(text))
    except (ArgumentError, ValueError):
        faults.append(f"{name} cannot be read: postgresql://USER:PASSWORD@HOST:PORT/DATABASE is expected")
        return None
    if url.get_backend_name() not in ("postgresql", "postgres"):
        faults.append(f"{name} is of {url.get_backend_name()!r}: only postgresql:// is served")
    elif not url.database or not (url.host or url.query.get("host")):
        faults.append(f"{name} names no host or no database: postgresql://USER:PASSWORD@HOST:PORT/DATABASE")
    elif "read-write" in (url.query.get("target_session_attrs"), env.get("PGTARGETSESSIONATTRS")):
        faults.append(
            f"{name}: target_session_attrs=read-write refuses the connections that reads use, on which writing is "
            "switched off; primary is what is meant"
        )
    return url.set(drivername="postgresql").render_as_string(hide_password=False)


def _hosts_in_query(text: str) -> str:
    """`//user@one:5432,two:5432/name` as `//user@/name?host=one:5432&host=two:5432`; any other address unchanged."""
    scheme, _, rest = text.partition("://")
    place, slash, path = rest.partition("/")
    user, separator, hosts = place.rpartition("@")
    if "," not in hosts:
        return text
    given = "&".join(f"host={host}" for host in hosts.split(","))
    return f"{scheme}://{user}{separator}{slash}{path}{'&' if '?' in path else '?'}{given}"


def _service_account(env: Mapping[str, str], name: str, faults: list[str]) -> Path | None:
    """The file of a Firebase service account, as far as can be seen without asking Google."""
    if not (text := env.get(name)):
        return None
    if not (path := Path(text)).is_file():
        faults.append(f"{name}: there is no file {text!r}")
        return path
    try:
        account = json.loads(path.read_text("utf-8"))
        is_account = isinstance(account, dict) and account.get("type") == "service_account"
        if not is_account or not all(isinstance(account.get(key), str) for key in ("project_id", "client_email")):
            raise ValueError("not a service account")
        load_pem_private_key(str(account.get("private_key")).encode(), password=None)
    except OSError as error:
        faults.append(f"{name}: {text!r} cannot be read: {error.strerror}")
    except (ValueError, TypeError, UnsupportedAlgorithm):
        faults.append(f"{name}: {text!r} is not the JSON file of a Firebase service account with its private key")
    return path


def _url(env: Mapping[str, str], name: str, schemes: tuple[str, ...], faults: list[str]) -> str | None:
    if not (text := env.get(name)):
        return None
    if urlsplit(text).scheme not in schemes:
        faults.append(f"{name} must start with {' or '.join(f'{s}://' for s in schemes)}")
    return text.rstrip("/")
