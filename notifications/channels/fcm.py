"""Firebase Cloud Messaging: one try per message, many at once, over one bounded pool of connections.

firebase-admin keeps the credentials, builds the messages and maps the errors. The transport is aiohttp: the library's
`send_each` starts a thread for each message and `send_each_async` a connection, and both retry inside, which would hold
a worker for minutes; trying again is the outbox's work. Both libraries are imported when a channel is made, so that web
processes do not carry them.
"""

import asyncio
import itertools
import json
import logging
import secrets
import threading
from collections import deque
from collections.abc import Callable, Sequence
from datetime import timedelta
from functools import lru_cache
from queue import SimpleQueue
from typing import TYPE_CHECKING, Any
from uuid import UUID

from foundation.clock import system_clock
from foundation.config import Settings
from notifications import rules
from notifications.channels import acknowledgements
from notifications.channels.channel import ChannelKind, Envelope, Result
from notifications.rules import Outcome, Platform, TargetKind

if TYPE_CHECKING:
    import aiohttp

TIMEOUT = 5
CONNECTIONS = 300
"""Connections to Firebase: as many messages are at the provider at once, and may be sent twice after a kill."""
FEWEST = 32
AIM = 5000
"""Messages a second. So many connections are used as that takes; each message costs more with many at once."""
BATCH = 1000
REMINDER_LIFE = timedelta(days=3)
"""A phone that was off for longer does not show a reminder any more; urgent messages are kept for four weeks."""

_GOOGLE = "https://fcm.googleapis.com"
_PATH = "/v1/projects/{project}/messages:send"
_numbers = itertools.count()
_NOBODY = UUID(int=0)
_ID, _TOPIC, _TARGET, _MARK = (secrets.token_hex(16) for _ in range(4))
"""Marks that no text holds by chance."""
_log = logging.getLogger(__name__)


class FcmChannel:
    """A `StreamingChannel` over FCM's HTTP v1 API."""

    def __init__(self, settings: Settings, *, connections: int = CONNECTIONS, timeout: float = TIMEOUT) -> None:
        """Connect to Google with a service account's file, or to `fcm_endpoint` without one (a stand-in)."""
        import aiohttp  # noqa: PLC0415 - heavy, and only the worker sends
        import firebase_admin  # noqa: PLC0415
        from firebase_admin import messaging  # noqa: PLC0415

        self._aiohttp: Any = aiohttp
        self._messaging: Any = messaging
        options = {"projectId": settings.fcm_project_id, "httpTimeout": timeout}
        self._app = firebase_admin.initialize_app(_credential(settings), options, name=f"push-{next(_numbers)}")
        self._service = messaging._get_messaging_service(self._app)
        self._url = (settings.fcm_endpoint or _GOOGLE) + _PATH.format(project=settings.fcm_project_id)
        self._near = settings.fcm_endpoint is not None
        self._timeout, self._connections = timeout, connections
        self._template = lru_cache(maxsize=4096)(self._build)
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="fcm", daemon=True)
        self._thread.start()
        self._queue: deque[tuple[Envelope, dict[str, str], Callable[[Result], None]]] = deque()
        self._senders: set[asyncio.Task[None]] = set()
        self._answer_time = 0.0
        self._session = asyncio.run_coroutine_threadsafe(self._open(), self._loop).result()

    def send(self, envelopes: Sequence[Envelope]) -> list[Result]:
        """Try each message once; one result each, in the same order."""
        results: SimpleQueue[Result] = SimpleQueue()
        self.start(envelopes, results.put)
        of_delivery = {result.delivery_id: result for result in (results.get() for _ in envelopes)}
        return [of_delivery[envelope.delivery_id] for envelope in envelopes]

    def start(self, envelopes: Sequence[Envelope], done: Callable[[Result], None]) -> None:
        """Begin to try each message once; `done` gets each result, in another thread, as it comes."""
        if not envelopes:
            return
        headers = self._headers()
        if isinstance(headers, Result):
            for envelope in envelopes:
                done(_failed(envelope, headers.error_code or "UNKNOWN"))
            return
        self._loop.call_soon_threadsafe(self._begin, envelopes, headers, done)

    def close(self) -> None:
        """Let go of connections and the thread."""
        import firebase_admin  # noqa: PLC0415 - see __init__

        asyncio.run_coroutine_threadsafe(self._session.close(), self._loop).result()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()
        firebase_admin.delete_app(self._app)

    async def _open(self) -> "aiohttp.ClientSession":
        session: aiohttp.ClientSession = self._aiohttp.ClientSession(
            connector=self._aiohttp.TCPConnector(limit=self._connections),
            cookie_jar=self._aiohttp.DummyCookieJar(),
            timeout=self._aiohttp.ClientTimeout(total=self._timeout),
            trust_env=not self._near,  # a stand-in is near: no proxy, no .netrc
        )
        return session

    def _headers(self) -> "dict[str, str] | Result":
        """The headers of a request, with a token that is valid; a result where Google gives none."""
        from google.auth.exceptions import GoogleAuthError  # noqa: PLC0415 - see __init__
        from google.auth.transport.requests import Request  # noqa: PLC0415

        credential = self._service._credential
        try:
            if not credential.valid:
                credential.refresh(Request())
        except GoogleAuthError as error:
            _log.error("push: no access token: %s", type(error).__name__)
            code = "UNAVAILABLE" if getattr(error, "retryable", False) else "UNAUTHENTICATED"
            return Result(_NOBODY, Outcome.RETRY, error_code=code)
        return dict(self._service._fcm_headers) | {
            "Authorization": f"Bearer {credential.token}",
            "Content-Type": "application/json; charset=UTF-8",
        }

    def _begin(self, envelopes: Sequence[Envelope], headers: dict[str, str], done: Callable[[Result], None]) -> None:
        """Queue messages; in the loop's thread, as all that follows."""
        self._queue.extend((envelope, headers, done) for envelope in envelopes)
        self._employ()

    def _employ(self) -> None:
        """Have as many senders at work as it takes for AIM, however long an answer takes, and no more."""
        while self._queue and len(self._senders) < self._most_at_once():
            sender = self._loop.create_task(self._work())
            self._senders.add(sender)
            sender.add_done_callback(self._leave)

    def _leave(self, sender: "asyncio.Task[None]") -> None:
        """A sender ended. Many may do so at once, each seeing all others still at work: some go on with the queue."""
        self._senders.discard(sender)
        self._employ()

    def _most_at_once(self) -> int:
        return max(min(int(self._answer_time * AIM), self._connections), min(FEWEST, self._connections))

    async def _work(self) -> None:
        while self._queue and len(self._senders) <= self._most_at_once():
            envelope, headers, done = self._queue.popleft()
            began = self._loop.time()
            result = await self._send(envelope, headers)
            took = self._loop.time() - began
            # The quickest answers, which say how long the provider takes; slower ones have waited here as well.
            self._answer_time = min(took, self._answer_time + (took - self._answer_time) / 100)
            done(result)
            self._employ()

    async def _send(self, envelope: Envelope, headers: dict[str, str]) -> Result:
        """One try; whatever goes wrong becomes a result."""
        if envelope.target_kind not in (TargetKind.FID, TargetKind.TOKEN):
            return _failed(envelope, "UNSUPPORTED")
        try:
            body = self._body(envelope)
        except (ValueError, TypeError):
            # The library refuses before anything is sent; its words may hold the target, so they are not logged.
            return _failed(envelope, "INVALID_ARGUMENT")
        try:
            async with self._session.post(self._url, data=body, headers=headers) as answer:
                content = await answer.read()
            if answer.status == 200:
                return Result(envelope.delivery_id, Outcome.SENT, provider_id=json.loads(content)["name"])
            return self._explain(envelope, answer, content)
        except TimeoutError:
            return _failed(envelope, "DEADLINE_EXCEEDED")
        except self._aiohttp.ClientConnectionError:
            return _failed(envelope, "UNAVAILABLE")
        except Exception as error:  # a message must not take the others with it
            _log.error("push: %s while sending", type(error).__name__)
            return _failed(envelope, "UNEXPECTED")

    def _body(self, envelope: Envelope) -> bytes:
        """The request for a message. The library builds each text once; ids and targets are put into what it built.

        Raises ValueError where the library refuses it.
        """
        if not envelope.target:
            raise ValueError("no target")
        text = (envelope.title, envelope.body, envelope.language, envelope.initial)
        to = (envelope.target_kind, envelope.platform == Platform.WEB)
        template = self._template(envelope.kind, envelope.lane, *to, *text)
        same, target = envelope.notification_id, json.dumps(envelope.target)[1:-1]
        marked = template.replace(_MARK, acknowledgements.mark(envelope.delivery_id)).replace(_TOPIC, same.hex)
        return marked.replace(_ID, str(same)).replace(_TARGET, target).encode()

    def _build(
        self, kind: str, lane: int, target_kind: str, web: bool, title: str, body: str, language: str, initial: str
    ) -> str:
        """The request for messages of one text, with marks in place of ids and target."""
        envelope = Envelope(
            _NOBODY, _NOBODY, kind, lane, target_kind, _TARGET, title, body, language=language, initial=initial
        )
        message = self._to_browser(envelope) if web else self._to_phone(envelope)
        # Set afterwards: the constructor warns about every use of a token.
        setattr(message, target_kind, _TARGET)
        return json.dumps({"message": self._service.encode_message(message)})

    def _to_browser(self, envelope: Envelope) -> Any:
        """A message of data only: the service worker of the app shows it, and knows whom it is for."""
        m = self._messaging
        data = {"notification_id": _ID, "kind": envelope.kind, "acknowledgement": _MARK, "language": envelope.language}
        data |= {"title": envelope.title, "body": envelope.body}
        data |= {"initial": envelope.initial} if envelope.initial else {}
        headers = {"Urgency": "high" if envelope.lane == rules.URGENT else "normal", "Topic": _TOPIC}
        if envelope.lane != rules.URGENT:
            headers["TTL"] = str(int(REMINDER_LIFE.total_seconds()))
        return m.Message(data=data, webpush=m.WebpushConfig(headers=headers))

    def _to_phone(self, envelope: Envelope) -> Any:
        """A message that the phone shows by itself while the app is closed, so that an initial is part of its title."""
        m = self._messaging
        life = None if envelope.lane == rules.URGENT else REMINDER_LIFE
        title = f"{envelope.initial}: {envelope.title}" if envelope.initial else envelope.title
        return m.Message(
            notification=m.Notification(title=title, body=envelope.body),
            data={"notification_id": _ID, "kind": envelope.kind, "acknowledgement": _MARK}
            | ({"initial": envelope.initial} if envelope.initial else {}),
            android=m.AndroidConfig(
                collapse_key=_ID,
                priority="high" if envelope.lane == rules.URGENT else "normal",
                ttl=life,
                notification=m.AndroidNotification(tag=_ID),
            ),
            apns=m.APNSConfig(headers={"apns-collapse-id": _ID}),
        )

    def _explain(self, envelope: Envelope, answer: "aiohttp.ClientResponse", content: bytes) -> Result:
        """What an answer that is no success means, by the library's own mapping."""
        import requests  # noqa: PLC0415 - see __init__

        response = requests.Response()
        response.status_code, response._content = answer.status, content
        error = self._service._handle_fcm_error(requests.exceptions.HTTPError(response=response))
        asked = rules.retry_after(answer.headers.get("Retry-After"), system_clock())
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


CHANNEL = ChannelKind(
    name="push", rank=0, open=FcmChannel, targets=frozenset({TargetKind.FID, TargetKind.TOKEN}), batch=BATCH
)
