"""Firebase Cloud Messaging: one try per message through firebase-admin, over our own bounded pool.

The library's retries are switched off (they would hold a worker for minutes): trying again is the outbox's work.
firebase-admin is imported when a channel is made, so that web processes do not carry it.
"""

import itertools
import logging
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

from foundation.clock import system_clock
from foundation.config import Settings
from notifications import rules
from notifications.channels.push import Envelope, PushChannel, Result
from notifications.rules import Outcome, TargetKind

__all__ = ["FcmChannel", "PushChannel"]

TIMEOUT = 5
THREADS = 20
REMINDER_LIFE = timedelta(days=3)
"""A phone that was off for longer does not show a reminder any more; urgent messages are kept for four weeks."""

_GOOGLE = "https://fcm.googleapis.com"
_PATH = "/v1/projects/{project}/messages:send"
_numbers = itertools.count()
_log = logging.getLogger(__name__)


class FcmChannel:
    """A `PushChannel` over FCM's HTTP v1 API."""

    def __init__(self, settings: Settings, *, threads: int = THREADS, timeout: float = TIMEOUT) -> None:
        """Connect to Google with a service account's file, or to `fcm_endpoint` without one (a stand-in)."""
        import firebase_admin  # noqa: PLC0415 - heavy, and only the worker sends
        from firebase_admin import messaging  # noqa: PLC0415

        self._messaging: Any = messaging
        options = {"projectId": settings.fcm_project_id, "httpTimeout": timeout}
        self._app = firebase_admin.initialize_app(_credential(settings), options, name=f"push-{next(_numbers)}")
        self._aim(settings, threads)
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="fcm")

    def send(self, envelopes: Sequence[Envelope]) -> list[Result]:
        """Try each message once; one result each, in the same order."""
        return list(self._pool.map(self._send, envelopes))

    def close(self) -> None:
        """Wait for messages in flight, and let go of threads and connections."""
        import firebase_admin  # noqa: PLC0415 - see __init__

        self._pool.shutdown()
        firebase_admin.delete_app(self._app)

    def _aim(self, settings: Settings, threads: int) -> None:
        """Point the library at the endpoint, without its retries. It offers no public way to do either."""
        from requests.adapters import HTTPAdapter  # noqa: PLC0415 - see __init__

        service = self._messaging._get_messaging_service(self._app)
        if not hasattr(service, "_fcm_url"):
            raise RuntimeError("this firebase-admin keeps FCM's address elsewhere: messages would go astray")
        base = settings.fcm_endpoint or _GOOGLE
        service._fcm_url = base + _PATH.format(project=settings.fcm_project_id)
        session = service._client.session
        adapter = HTTPAdapter(max_retries=0, pool_connections=1, pool_maxsize=threads, pool_block=True)
        session.mount(base, adapter)
        if settings.fcm_endpoint:
            session.trust_env = False  # a stand-in is near: no proxy, no .netrc

    def _send(self, envelope: Envelope) -> Result:
        """One try; whatever goes wrong becomes a result."""
        if envelope.target_kind not in (TargetKind.FID, TargetKind.TOKEN):
            return _failed(envelope, "UNSUPPORTED")
        try:
            name = self._messaging.send(self._message(envelope), app=self._app)
        except ValueError:
            # The library refuses before anything is sent; its words may hold the target, so they are not logged.
            return _failed(envelope, "INVALID_ARGUMENT")
        except Exception as error:  # a message must not take the others with it
            return self._explain(envelope, error)
        return Result(envelope.delivery_id, Outcome.SENT, provider_id=name)

    def _message(self, envelope: Envelope) -> Any:
        m, same = self._messaging, str(envelope.notification_id)
        life = None if envelope.lane == rules.URGENT else REMINDER_LIFE
        message = m.Message(
            notification=m.Notification(title=envelope.title, body=envelope.body),
            data={"notification_id": same, "kind": envelope.kind},
            android=m.AndroidConfig(
                collapse_key=same,
                priority="high" if envelope.lane == rules.URGENT else "normal",
                ttl=life,
                notification=m.AndroidNotification(tag=same),
            ),
            apns=m.APNSConfig(headers={"apns-collapse-id": same}),
            webpush=m.WebpushConfig(
                headers={"TTL": str(int(life.total_seconds()))} if life else None,
                notification=m.WebpushNotification(title=envelope.title, body=envelope.body, tag=same),
            ),
        )
        # Set afterwards: the constructor warns about every use of a token.
        setattr(message, envelope.target_kind, envelope.target)
        return message

    def _explain(self, envelope: Envelope, error: Exception) -> Result:
        from google.auth.exceptions import TransportError  # noqa: PLC0415 - see __init__

        if isinstance(error, TransportError):
            return _failed(envelope, "UNAVAILABLE")
        if not hasattr(error, "http_response"):
            _log.error("push: %s while sending", type(error).__name__)
            return _failed(envelope, "UNEXPECTED")
        response: Any = error.http_response
        header = response.headers.get("Retry-After") if response is not None else None
        asked = rules.retry_after(header, system_clock())
        return _failed(envelope, self._code(error), str(error), asked)

    def _code(self, error: Any) -> str:
        m = self._messaging
        special = {
            m.UnregisteredError: "UNREGISTERED",
            m.SenderIdMismatchError: "SENDER_ID_MISMATCH",
            m.QuotaExceededError: "QUOTA_EXCEEDED",
            m.ThirdPartyAuthError: "THIRD_PARTY_AUTH_ERROR",
        }
        return special.get(type(error)) or str(error.code)


def _failed(envelope: Envelope, code: str, message: str = "", asked: timedelta | None = None) -> Result:
    verdict = rules.classify(code, message)
    return Result(envelope.delivery_id, verdict.outcome, error_code=code, retry_after=asked, alarm=verdict.alarm)


def _credential(settings: Settings) -> Any:
    from firebase_admin import credentials  # noqa: PLC0415 - see FcmChannel.__init__
    from google.auth.credentials import Credentials  # noqa: PLC0415

    if settings.firebase_credentials:
        return credentials.Certificate(str(settings.firebase_credentials))
    if not settings.fcm_endpoint:
        raise ValueError("either a service account's file or another endpoint than Google's is needed")

    class Static(Credentials):
        """A bearer token that never changes: a stand-in reads none."""

        def __init__(self) -> None:
            super().__init__()  # type: ignore[no-untyped-call]
            self.token = "stand-in"  # noqa: S105

        def refresh(self, request: Any) -> None:
            """There is nothing to refresh."""

    return Static()
