"""Stands in for Firebase Cloud Messaging: speaks its HTTP v1 protocol, keeps what it is sent and refuses on request.

A target that contains one of the words in `WORDS` gets that error; `script` sets the answers to the next sends.
Pages: `GET /` for people, `GET /messages` (delivered) and `GET /attempts` (all) for programs, `POST /script` (a list of
`{status, error_code, retry_after, delay, half}`), `DELETE /messages` (forget).

Source: Firebase documentation, REST resource projects.messages (send, Message, ErrorCode).
"""

import argparse
import html
import json
import re
import socket
import threading
import uuid
from collections import deque
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Self
from urllib.parse import unquote, urlsplit

TARGETS = ("token", "fid", "topic", "condition")
FIELDS = {*TARGETS, "name", "data", "notification", "android", "webpush", "apns", "fcm_options"}
PAYLOAD_LIMIT = 4096  # bytes of notification and data together
BODY_LIMIT = 1 << 20
KEPT = 10_000
KEPT_HEADERS = ("x-attempt",)
"""What is kept of a request beside the message: not its credential."""
SEND = re.compile(r"/v1/projects/([^/]+)/messages:send")
RESERVED = re.compile(r"from|message_type|google.*|gcm.*")

# error code: HTTP status, google.rpc status, message
ERRORS = {
    "UNREGISTERED": (404, "NOT_FOUND", "Requested entity was not found."),
    "SENDER_ID_MISMATCH": (403, "PERMISSION_DENIED", "SenderId mismatch"),
    "QUOTA_EXCEEDED": (429, "RESOURCE_EXHAUSTED", "Quota exceeded."),
    "UNAVAILABLE": (503, "UNAVAILABLE", "The service is currently unavailable."),
    "INTERNAL": (500, "INTERNAL", "Internal error encountered."),
    "INVALID_ARGUMENT": (400, "INVALID_ARGUMENT", "The registration token is not a valid FCM registration token"),
    "THIRD_PARTY_AUTH_ERROR": (401, "UNAUTHENTICATED", "Auth error from APNS or Web Push Service"),
}
CREDENTIALS = {401: "UNAUTHENTICATED", 403: "PERMISSION_DENIED"}
"""The google.rpc status where the caller's credential is the wrong one; no FCM error code comes with it."""
WORDS = {
    "unregistered": "UNREGISTERED",
    "sender-mismatch": "SENDER_ID_MISMATCH",
    "quota": "QUOTA_EXCEEDED",
    "unavailable": "UNAVAILABLE",
    "internal": "INTERNAL",
    "invalid": "INVALID_ARGUMENT",
    "thirdparty": "THIRD_PARTY_AUTH_ERROR",
}


class Malformed(ValueError):
    """A request that FCM would refuse for its shape; the text says where, as FCM does."""


@dataclass(frozen=True)
class Answer:
    """What to answer a send: success, or an FCM error; `retry_after` and `delay` are in seconds.

    `half`: the answer breaks off in the middle.
    """

    error_code: str | None = None
    status: int = 200
    retry_after: int | None = None
    delay: float = 0
    half: bool = False

    @classmethod
    def scripted(cls, given: Mapping[str, Any]) -> Self:
        """From an item of `POST /script`. A status without an error code is an error only its status tells."""
        if unknown := set(given) - {"status", "error_code", "retry_after", "delay", "half"}:
            raise Malformed(f"unknown in an answer: {', '.join(sorted(unknown))}")
        code = given.get("error_code")
        usual = ERRORS[code][0] if code in ERRORS else 500 if code else 200
        return cls(
            code,
            int(given.get("status") or usual),
            given.get("retry_after"),
            float(given.get("delay") or 0),
            bool(given.get("half")),
        )


def shape(body: bytes) -> dict[str, Any]:
    """The request in `body`, if FCM would take it. Raises Malformed."""
    try:
        request = json.loads(body)
    except ValueError:
        raise Malformed("Invalid JSON payload received. Unexpected token.") from None
    if not isinstance(request, dict) or not isinstance(request.get("message"), dict):
        raise Malformed("Invalid value at 'message': an object is required.")
    message = request["message"]
    for place, unknown in (("", set(request) - {"message", "validate_only"}), (" at 'message'", set(message) - FIELDS)):
        for name in sorted(unknown):
            raise Malformed(f'Invalid JSON payload received. Unknown name "{name}"{place}: Cannot find field.')
    targets = [kind for kind in TARGETS if kind in message]
    if len(targets) != 1:
        raise Malformed("Exactly one of token, fid, topic or condition is required as the recipient of the message.")
    if not isinstance(message[targets[0]], str) or not message[targets[0]]:
        raise Malformed(f"Invalid value at 'message.{targets[0]}' (TYPE_STRING).")
    _check_payload(message)
    return request


def _check_payload(message: Mapping[str, Any]) -> None:
    for part in FIELDS - {*TARGETS, "name"}:
        if part in message and not isinstance(message[part], dict):
            raise Malformed(f"Invalid value at 'message.{part}': an object is required.")
    for key, value in message.get("data", {}).items():
        if not isinstance(value, str):
            raise Malformed(f"Invalid value at 'message.data[{key}]' (TYPE_STRING), {json.dumps(value)}")
        if RESERVED.fullmatch(key):
            raise Malformed(f"Invalid data payload key: {key}")
    payload = {part: message[part] for part in ("notification", "data") if part in message}
    if payload and len(json.dumps(payload, ensure_ascii=False, separators=(",", ":")).encode()) > PAYLOAD_LIMIT:
        raise Malformed("Message is too big: the payload is limited to 4096 bytes.")


class StandIn:
    """A running FCM stand-in. `messages` were delivered; `attempts` holds every well-formed send with its answer."""

    def __init__(self, host: str, port: int, keep: Path | None) -> None:
        self.attempts: deque[dict[str, Any]] = deque(maxlen=KEPT)
        self.stopping = threading.Event()
        self._answers: deque[Answer] = deque()
        self._keep = keep
        self._lock = threading.Lock()
        self._server = _Server((host, port), self)
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        self._thread.start()

    @property
    def port(self) -> int:
        """The port it listens on."""
        return int(self._server.server_address[1])

    @property
    def url(self) -> str:
        """Its base address, to put in place of Google's."""
        return f"http://{self._server.server_address[0]!s}:{self.port}"

    @property
    def messages(self) -> list[dict[str, Any]]:
        """What was delivered, oldest first: `{name, project, kind, target, message, status, error_code}`."""
        with self._lock:
            return [attempt for attempt in self.attempts if attempt["status"] == 200]

    def script(self, answers: Iterable[Mapping[str, Any]]) -> None:
        """Answer the next sends so: `{status, error_code, retry_after, delay}` each, all optional."""
        planned = [Answer.scripted(answer) for answer in answers]
        with self._lock:
            self._answers = deque(planned)

    def clear(self) -> None:
        """Forget what was sent and what was scripted."""
        with self._lock:
            self.attempts.clear()
            self._answers.clear()

    def take(self, project: str, request: Mapping[str, Any], headers: Mapping[str, str]) -> tuple[Answer, str]:
        """Take a well-formed send in; the answer to give and the message's name."""
        message = request["message"]
        kind = next(kind for kind in TARGETS if kind in message)
        name = f"projects/{project}/messages/{uuid.uuid4()}"
        with self._lock:
            answer = self._answers.popleft() if self._answers else _answer_to(message[kind])
            attempt = {"name": name, "project": project, "kind": kind, "target": message[kind], "message": message}
            attempt |= {"status": answer.status, "error_code": answer.error_code}
            attempt |= {
                "headers": {name.lower(): value for name, value in headers.items() if name.lower() in KEPT_HEADERS}
            }
            if not request.get("validate_only"):
                self._remember(attempt)
        return answer, name

    def _remember(self, attempt: dict[str, Any]) -> None:
        self.attempts.append(attempt)
        if self._keep:
            _append(self._keep, attempt)

    def stop(self) -> None:
        """Stop listening and end every connection."""
        self.stopping.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()


def start(port: int = 0, *, host: str = "127.0.0.1", keep: Path | None = None) -> StandIn:
    """Start on `port` (0: any free one), adding every send to the JSON-lines file `keep` if one is given."""
    return StandIn(host, port, keep)


def _append(file: Path, line: Mapping[str, Any]) -> None:
    with open(file, "a", encoding="utf-8") as opened:
        opened.write(json.dumps(line, ensure_ascii=False) + "\n")


def _answer_to(target: str) -> Answer:
    for word, code in WORDS.items():
        if word in target.lower():
            return Answer(code, ERRORS[code][0])
    return Answer()


class _Server(ThreadingHTTPServer):
    request_queue_size = 1024  # many sends at once are the rule
    daemon_threads = True

    def __init__(self, address: tuple[str, int], standin: StandIn) -> None:
        self.standin = standin
        self._connections: set[socket.socket] = set()
        super().__init__(address, _Handler)

    def process_request(self, request: Any, client_address: Any) -> None:
        self._connections.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        self._connections.discard(request)
        super().shutdown_request(request)

    def server_close(self) -> None:
        super().server_close()
        for connection in list(self._connections):  # those kept alive
            try:
                connection.shutdown(socket.SHUT_RDWR)
            except OSError:
                continue  # its client was quicker

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing of clients that went away; their time-outs are tried out on purpose."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server_version = "FcmStandIn"
    disable_nagle_algorithm = True
    wbufsize = -1
    server: _Server

    def do_GET(self) -> None:
        standin, path = self.server.standin, urlsplit(self.path).path
        if path == "/":
            self._reply(200, page(list(standin.attempts)).encode(), kind="text/html; charset=utf-8")
        elif path == "/messages":
            self._json(200, {"messages": standin.messages})
        elif path == "/attempts":
            self._json(200, {"attempts": list(standin.attempts)})
        else:
            self._refuse(404, "NOT_FOUND", "There is no such page.")

    def do_DELETE(self) -> None:
        if urlsplit(self.path).path != "/messages":
            return self._refuse(404, "NOT_FOUND", "There is no such page.")
        self.server.standin.clear()
        self._json(200, {})

    def do_POST(self) -> None:
        length = int(self.headers.get("Content-Length") or 0)
        if length > BODY_LIMIT:
            self.close_connection = True
            return self._refuse(413, "INVALID_ARGUMENT", "Request payload size exceeds the limit.")
        body, path = self.rfile.read(length), unquote(urlsplit(self.path).path)
        try:
            if path == "/script":
                self.server.standin.script(json.loads(body))
                self._json(200, {})
            elif match := SEND.fullmatch(path):
                self._send(match[1], shape(body))
            else:
                self._refuse(404, "NOT_FOUND", "There is no such method.")
        except (ValueError, TypeError, AttributeError) as error:
            self._refuse(400, "INVALID_ARGUMENT", str(error))

    def _send(self, project: str, request: Mapping[str, Any]) -> None:
        answer, name = self.server.standin.take(project, request, dict(self.headers))
        if answer.delay:
            self.server.standin.stopping.wait(answer.delay)
        if answer.half:
            return self._break_off()
        if answer.status == 200:
            return self._json(200, {"name": name})
        _, status, message = ERRORS.get(
            answer.error_code or "", (0, CREDENTIALS.get(answer.status, "UNKNOWN"), "Scripted.")
        )
        self._refuse(answer.status, status, message, code=answer.error_code, retry_after=answer.retry_after)

    def _break_off(self) -> None:
        self.send_response(200)
        self.send_header("Content-Length", "1000")
        self.end_headers()
        self.wfile.write(b'{"name": "proj')
        self.close_connection = True

    def _refuse(
        self, http: int, status: str, message: str, *, code: str | None = None, retry_after: int | None = None
    ) -> None:
        error: dict[str, Any] = {"code": http, "message": message, "status": status}
        if code:
            kind = "type.googleapis.com/google.firebase.fcm.v1.FcmError"
            error["details"] = [{"@type": kind, "errorCode": code}]
        self._json(http, {"error": error}, {} if retry_after is None else {"Retry-After": str(retry_after)})

    def _json(self, http: int, document: object, headers: Mapping[str, str] | None = None) -> None:
        body = json.dumps(document, ensure_ascii=False, indent=2).encode()
        self._reply(http, body, kind="application/json; charset=UTF-8", headers=headers)

    def _reply(self, http: int, body: bytes, *, kind: str, headers: Mapping[str, str] | None = None) -> None:
        self.send_response(http)
        for name, value in {"Content-Type": kind, "Content-Length": str(len(body)), **(headers or {})}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Nothing is logged: messages hold people's names."""


def page(attempts: list[dict[str, Any]], shown: int = 100) -> str:
    """The last messages as an HTML page, newest first."""
    rows = []
    for attempt in reversed(attempts[-shown:]):
        notice = attempt["message"].get("notification", {})
        data = json.dumps(attempt["message"].get("data", {}), ensure_ascii=False)
        answer = attempt["error_code"] or attempt["status"]
        cells = (attempt["target"], notice.get("title", ""), notice.get("body", ""), data, answer)
        rows.append("<tr>" + "".join(f"<td>{html.escape(str(cell))}</td>" for cell in cells) + "</tr>")
    return f"""<!doctype html>
<html lang="en"><meta charset="utf-8"><meta http-equiv="refresh" content="5"><title>Push messages</title>
<style>body {{ font: 1rem/1.5 sans-serif; margin: 2rem }} td, th {{ text-align: left; padding: .25rem 1rem .25rem 0;
vertical-align: top; overflow-wrap: anywhere }}</style>
<h1>Push messages</h1><p>{len(attempts)} sent to this stand-in for Firebase Cloud Messaging; the newest first.</p>
<table><thead><tr><th>to<th>title<th>text<th>data<th>answer</thead><tbody>{"".join(rows)}</tbody></table></html>
"""


def main() -> None:
    """Run until interrupted."""
    parser = argparse.ArgumentParser(prog="python -m devtools.standins.fcm", description=__doc__)
    parser.add_argument("--port", type=int, default=8085)
    parser.add_argument("--keep", type=Path, help="a JSON-lines file to add every send to")
    options = parser.parse_args()
    with start(options.port, keep=options.keep) as standin:
        print(f"FCM stand-in on {standin.url} (FCM_ENDPOINT={standin.url})", flush=True)
        with suppress(KeyboardInterrupt):
            threading.Event().wait()


if __name__ == "__main__":
    main()
