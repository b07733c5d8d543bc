"""Web Push (RFC 8030): to browsers through the push service of each, encrypted for the browser and signed by us.

A subscription is an address that a person's browser hands us. It is taken only where it belongs to a push service that
browsers use, so that nobody can have this service call other addresses.
"""

import base64
import json
import logging
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import timedelta
from email.utils import parseaddr
from typing import Any
from urllib.parse import urlsplit

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from foundation.clock import system_clock
from foundation.config import Settings
from foundation.sealing import keyring
from notifications import rules
from notifications.channels import acknowledgements
from notifications.channels.channel import ChannelKind, Envelope, Result
from notifications.rules import Outcome, TargetKind

TIMEOUT = 5
THREADS = 20
LIFE = {rules.URGENT: timedelta(weeks=4)}
"""How long a push service keeps a message for a browser that is off; others than urgent ones as long as below."""
REMINDER_LIFE = timedelta(days=3)

SERVICES = (
    "fcm.googleapis.com",
    "updates.push.services.mozilla.com",
    "push.apple.com",
    "notify.windows.com",
)
"""The push services of Chromium, Firefox, Safari and Edge, by their host or the domain above it."""

_ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
"""Of the curve P-256 (FIPS 186-4, D.1.2.3)."""
# A subscription that was made with another key than ours is refused with 401 or 403, as all are if our key is the wrong
# one: the same question as with a device of another sender.
_CODES = {
    400: "INVALID_ARGUMENT",
    401: "SENDER_ID_MISMATCH",
    403: "SENDER_ID_MISMATCH",
    404: "UNREGISTERED",
    410: "UNREGISTERED",
    413: "INVALID_ARGUMENT",
    429: "QUOTA_EXCEEDED",
}
_log = logging.getLogger(__name__)


class NotSubscription(ValueError):
    """A text is no subscription that this service sends to."""


@dataclass(frozen=True)
class Subscription:
    """Where a browser receives messages, and the keys to encrypt them for it (RFC 8291)."""

    endpoint: str = field(repr=False)
    p256dh: str = field(repr=False)
    auth: str = field(repr=False)


def read_subscription(text: str, *, loopback: bool) -> Subscription:
    """The subscription that a browser gave as JSON; `loopback` also takes a stand-in on this machine.

    Raises NotSubscription.
    """
    try:
        given = json.loads(text)
        endpoint, keys = given["endpoint"], given["keys"]
        p256dh, auth = keys["p256dh"], keys["auth"]
        ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), _decoded(p256dh))
        secret, to_service = _decoded(auth), _is_service(endpoint, loopback=loopback)
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        raise NotSubscription("this is no push subscription as browsers give it") from error
    if len(secret) != 16 or not to_service:
        raise NotSubscription("this is no subscription to a push service that is known here")
    return Subscription(endpoint, p256dh, auth)


def _is_service(endpoint: str, *, loopback: bool) -> bool:
    parts = urlsplit(endpoint)
    if loopback and parts.scheme == "http" and parts.hostname == "127.0.0.1":
        return True
    host = parts.hostname or ""
    known = any(host == service or host.endswith(f".{service}") for service in SERVICES)
    return known and parts.scheme == "https" and parts.port in (None, 443) and parts.username is None


def _decoded(text: str) -> bytes:
    return base64.urlsafe_b64decode(text.encode("ascii") + b"=" * (-len(text) % 4))


def _encoded(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()


def _private_value() -> int:
    """The private key of this service for push services (VAPID, RFC 8292).

    Browsers bind a subscription to the key, so it is one of those that outlast a new secret.
    """
    return int.from_bytes(keyring().lasting.vapid) % (_ORDER - 1) + 1


def public_key() -> str:
    """What a browser subscribes with: an uncompressed point of P-256, base64url."""
    key = ec.derive_private_key(_private_value(), ec.SECP256R1()).public_key()
    return _encoded(key.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint))


class WebPushChannel:
    """A `Channel` over the push services of browsers."""

    def __init__(self, settings: Settings, *, threads: int = THREADS, timeout: float = TIMEOUT) -> None:
        """Hold the key and the connections; nothing is sent yet."""
        import requests  # noqa: PLC0415 - heavy with pywebpush, and only the worker sends
        from py_vapid import Vapid02  # noqa: PLC0415

        self._key: Any = Vapid02.from_raw(_encoded(_private_value().to_bytes(32)).encode())
        self._settings, self._timeout = settings, timeout
        self._contact = f"mailto:{parseaddr(settings.mail_from)[1]}"
        self._session = requests.Session()
        self._session.max_redirects = 0  # an address that was checked must not lead to another
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="webpush")

    def send(self, envelopes: Sequence[Envelope]) -> list[Result]:
        """Try each message once; one result each, in the same order."""
        return list(self._pool.map(self._send, envelopes))

    def close(self) -> None:
        """Wait for messages in flight, and let go of threads and connections."""
        self._pool.shutdown()
        self._session.close()

    def _send(self, envelope: Envelope) -> Result:
        """One try; whatever goes wrong becomes a result."""
        try:
            to = read_subscription(envelope.target, loopback=not self._settings.production)
        except NotSubscription:
            return _failed(envelope, "UNREGISTERED")
        try:
            return self._answered(envelope, self._post(envelope, to))
        except Exception as error:  # a message must not take the others with it
            # The words of the error may hold the address, so they are not logged.
            _log.warning("web push: %s while sending", type(error).__name__)
            return _failed(envelope, "UNAVAILABLE")

    def _post(self, envelope: Envelope, to: Subscription) -> Any:
        from pywebpush import WebPusher  # noqa: PLC0415 - see __init__

        urgent = envelope.lane == rules.URGENT
        content = {
            "title": envelope.title,
            "body": envelope.body,
            "notification_id": str(envelope.notification_id),
            "kind": envelope.kind,
            "acknowledgement": acknowledgements.mark(envelope.delivery_id),
            "language": envelope.language,
        } | ({"initial": envelope.initial} if envelope.initial else {})
        parts = urlsplit(to.endpoint)
        expires = int(system_clock().timestamp()) + 12 * 3600  # a day at the most (RFC 8292, 2)
        claims = {"aud": f"{parts.scheme}://{parts.netloc}", "sub": self._contact, "exp": expires}
        headers = {
            **self._key.sign(claims),
            "Urgency": "high" if urgent else "normal",
            "Topic": envelope.notification_id.hex,  # a second try replaces the first while the browser is off
        }
        pusher = WebPusher(
            {"endpoint": to.endpoint, "keys": {"p256dh": to.p256dh, "auth": to.auth}}, requests_session=self._session
        )
        life = LIFE.get(envelope.lane, REMINDER_LIFE)
        return pusher.send(json.dumps(content), headers, ttl=int(life.total_seconds()), timeout=self._timeout)

    def _answered(self, envelope: Envelope, response: Any) -> Result:
        status: int = response.status_code
        if status in (200, 201, 202):
            return Result(envelope.delivery_id, Outcome.SENT, provider_id=None)
        code = _CODES.get(status) or ("UNAVAILABLE" if status >= 500 else "UNEXPECTED")
        return _failed(envelope, code, rules.retry_after(response.headers.get("Retry-After"), system_clock()))


def _failed(envelope: Envelope, code: str, asked: timedelta | None = None) -> Result:
    verdict = rules.classify(code, "")
    return Result(envelope.delivery_id, verdict.outcome, error_code=code, retry_after=asked, alarm=verdict.alarm)


CHANNEL = ChannelKind(
    name="webpush", rank=0, open=WebPushChannel, targets=frozenset({TargetKind.WEBPUSH}), initials=True
)
