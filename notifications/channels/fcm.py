"""Firebase Cloud Messaging: one try per message, many at once, over one bounded pool of connections.

firebase-admin keeps the credentials, builds the messages and maps the errors. The transport is our own
(`foundation/http1.py`): the library's `send_each` starts a thread for each message and `send_each_async` a connection,
and both retry inside, which would hold a worker for minutes; trying again is the outbox's work. The library is imported
when a channel is made, so that web processes do not carry it.
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
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

from foundation.clock import system_clock
from foundation.config import Settings
from foundation.http1 import Answer, Pool
from notifications import rules
from notifications.channels import acknowledgements
from notifications.channels.channel import ChannelKind, Envelope, Result
from notifications.rules import Outcome, Platform, TargetKind

TIMEOUT = 5
CONNECTIONS = 500
"""Connections to Firebase: as many messages are at the provider at once, and may be sent twice after a kill."""
FEWEST = 32
LONGEST_NAME = 300
BATCH = 4000
REMINDER_LIFE = timedelta(days=3)
"""A phone that was off for longer does not show a reminder any more; urgent messages are kept for four weeks."""

ATTEMPT = "X-Attempt"
"""A header that says of which delivery a request is, and which try: what a proxy noted can be found in the books."""
_GOOGLE = "https://fcm.googleapis.com"
_PATH = "/v1/projects/{project}/messages:send"
_numbers = itertools.count()
_NOBODY = UUID(int=0)
_ID, _TOPIC, _TARGET, _MARK = (secrets.token_hex(16) for _ in range(4))
"""Marks that no text holds by chance."""
_log = logging.getLogger(__name__)


_Waiting = tuple[Envelope, str, Callable[[Result], None]]


class FcmChannel:
    """A `StreamingChannel` over FCM's HTTP v1 API."""

    def __init__(self, settings: Settings, *, connections: int = CONNECTIONS, timeout: float = TIMEOUT) -> None:
        """Connect to Google with a service account's file, or to `fcm_endpoint` without one (a stand-in)."""
        import firebase_admin  # noqa: PLC0415 - heavy, and only the worker sends
        from firebase_admin import messaging  # noqa: PLC0415

        self._messaging: Any = messaging
        options = {"projectId": settings.fcm_project_id, "httpTimeout": timeout}
        self._app = firebase_admin.initialize_app(_credential(settings), options, name=f"push-{next(_numbers)}")
        self._service = messaging._get_messaging_service(self._app)
        endpoint = settings.fcm_endpoint or _GOOGLE
        path = urlsplit(endpoint).path + _PATH.format(project=settings.fcm_project_id)
        self._pool = Pool(endpoint, timeout=timeout, direct=settings.fcm_endpoint is not None)  # a stand-in is near
        self._head = f"POST {path} HTTP/1.1\r\n{self._pool.head}"
        self._connections = connections
        self._template = lru_cache(maxsize=4096)(self._build)
        self._loop = _event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="fcm", daemon=True)
        self._thread.start()
        self._queues: tuple[deque[_Waiting], deque[_Waiting]] = (deque(), deque())
        self._senders: set[asyncio.Task[None]] = set()

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

        asyncio.run_coroutine_threadsafe(self._pool.close(), self._loop).result()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()
        firebase_admin.delete_app(self._app)

    def _headers(self) -> str | Result:
        """The head of a request, with a token that is valid; a result where Google gives none."""
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
        headers = dict(self._service._fcm_headers) | {
            "Authorization": f"Bearer {credential.token}",
            "Content-Type": "application/json; charset=UTF-8",
        }
        return self._head + "".join(f"{name}: {value}\r\n" for name, value in headers.items())

    def _begin(self, envelopes: Sequence[Envelope], headers: str, done: Callable[[Result], None]) -> None:
        """Queue messages, urgent ones before all others; in the loop's thread, as all that follows."""
        for envelope in envelopes:
            self._queues[envelope.lane != rules.URGENT].append((envelope, headers, done))
        self._employ()

    def _employ(self) -> None:
        """Have a sender at work for every fourth message, since opening a connection takes as long as sending many."""
        waiting = sum(len(queue) for queue in self._queues)
        wanted = min(max(waiting // 4, min(waiting, FEWEST)), self._connections)
        for _ in range(wanted - len(self._senders)):
            sender = self._loop.create_task(self._work())
            self._senders.add(sender)
            sender.add_done_callback(self._senders.discard)

    async def _work(self) -> None:
        """Send until nothing waits any more."""
        while any(self._queues):
            envelope, headers, done = (self._queues[0] or self._queues[1]).popleft()
            done(await self._send(envelope, headers))

    async def _send(self, envelope: Envelope, headers: str) -> Result:
        """One try; whatever goes wrong becomes a result."""
        if envelope.target_kind not in (TargetKind.FID, TargetKind.TOKEN):
            return _failed(envelope, "UNSUPPORTED")
        try:
            body = self._body(envelope)
        except (ValueError, TypeError):
            # The library refuses before anything is sent; its words may hold the target, so they are not logged.
            return _failed(envelope, "INVALID_ARGUMENT")
        try:
            answer = await self._pool.send(
                f"{headers}{ATTEMPT}: {envelope.delivery_id}.{envelope.attempt}\r\n"
                f"Content-Length: {len(body)}\r\n\r\n".encode("latin-1")
                + body
            )
            if answer.status == 200:
                return Result(envelope.delivery_id, Outcome.SENT, provider_id=_name(answer.body))
            return self._explain(envelope, answer)
        except TimeoutError:
            return _failed(envelope, "DEADLINE_EXCEEDED")
        except ConnectionError:
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

    def _explain(self, envelope: Envelope, answer: Answer) -> Result:
        """What an answer that is no success means, by the library's own mapping."""
        import requests  # noqa: PLC0415 - see __init__

        response = requests.Response()
        response.status_code, response._content = answer.status, answer.body
        error = self._service._handle_fcm_error(requests.exceptions.HTTPError(response=response))
        asked = rules.retry_after(answer.headers.get("retry-after"), system_clock())
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


def _event_loop() -> asyncio.AbstractEventLoop:
    """A loop of uvloop, which takes half the processor time of Python's own; where there is none, that one."""
    try:
        import uvloop  # noqa: PLC0415 - see FcmChannel.__init__
    except ImportError:
        return asyncio.new_event_loop()
    return uvloop.new_event_loop()


def _name(body: bytes) -> str:
    """Firebase's name for a message. Raises ValueError where that is no text that can be kept."""
    name = json.loads(body)["name"]
    if not isinstance(name, str) or not name.isprintable() or len(name) > LONGEST_NAME:
        raise ValueError("a success without a name")
    return name


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
