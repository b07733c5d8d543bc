"""Settings, read once from the environment; faults are reported together; production refuses development defaults."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from urllib.parse import urlsplit

DEVELOPMENT_SECRET = "development-only-secret-that-production-refuses"  # noqa: S105 - refused in production
MINIMUM_SECRET = 32


class InvalidSettings(Exception):
    """The environment does not make a valid configuration."""

    def __init__(self, faults: list[str]) -> None:
        super().__init__("invalid settings:\n" + "\n".join(f"  - {fault}" for fault in faults))
        self.faults = faults


@dataclass(frozen=True)
class Settings:
    """Everything that differs between one installation and another.

    `secret_keys` holds the current secret first and retired ones after it: the first seals, all can open.
    `demo_people` is how large a country `flask serve` makes up for an empty database.
    `trusted_proxies` is how many reverse proxies stand in front and name the caller's address.
    """

    environment: str = "development"
    database_url: str | None = None
    port: int = 8000
    secret_keys: tuple[str, ...] = (DEVELOPMENT_SECRET,)
    firebase_credentials: Path | None = None
    fcm_project_id: str = "demo"
    fcm_endpoint: str | None = "http://127.0.0.1:8085"
    smtp_url: str = "smtp://127.0.0.1:1025"
    public_url: str = "http://localhost:8000"
    mail_from: str = "90-day reporting <no-reply@localhost>"
    trusted_proxies: int = 0
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
    environment = env.get("ENVIRONMENT", "development")
    if environment not in ("development", "test", "production"):
        faults.append(f"ENVIRONMENT is {environment!r}: development, test or production")
    secrets = tuple(s for s in (env.get("SECRET_KEY"), *env.get("SECRET_KEY_PREVIOUS", "").split(",")) if s)
    port = _number(env, "PORT", 8000, range(1, 65536), faults)
    defaults = Settings()
    settings = Settings(
        trusted_proxies=_number(env, "TRUSTED_PROXIES", 0, range(10), faults),
        environment=environment,
        database_url=env.get("DATABASE_URL") or None,
        port=port,
        secret_keys=secrets or defaults.secret_keys,
        firebase_credentials=_file(env, "FIREBASE_CREDENTIALS", faults),
        fcm_project_id=env.get("FCM_PROJECT_ID") or defaults.fcm_project_id,
        fcm_endpoint=env.get("FCM_ENDPOINT") or (None if env.get("FIREBASE_CREDENTIALS") else defaults.fcm_endpoint),
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


def _development_leftovers(env: Mapping[str, str], settings: Settings) -> list[str]:
    required = (
        "DATABASE_URL",
        "SECRET_KEY",
        "FIREBASE_CREDENTIALS",
        "FCM_PROJECT_ID",
        "SMTP_URL",
        "PUBLIC_URL",
        "MAIL_FROM",
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
    if not settings.public_url.startswith("https://"):
        faults.append("PUBLIC_URL must be https in production")
    return faults


def _number(env: Mapping[str, str], name: str, default: int, allowed: range, faults: list[str]) -> int:
    text = env.get(name) or str(default)
    if not text.isdecimal() or int(text) not in allowed:
        faults.append(f"{name} is {text!r}: a number from {allowed[0]} to {allowed[-1]}")
        return default
    return int(text)


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


def _file(env: Mapping[str, str], name: str, faults: list[str]) -> Path | None:
    if not (text := env.get(name)):
        return None
    if not (path := Path(text)).is_file():
        faults.append(f"{name}: there is no file {text!r}")
    return path


def _url(env: Mapping[str, str], name: str, schemes: tuple[str, ...], faults: list[str]) -> str | None:
    if not (text := env.get(name)):
        return None
    if urlsplit(text).scheme not in schemes:
        faults.append(f"{name} must start with {' or '.join(f'{s}://' for s in schemes)}")
    return text.rstrip("/")
