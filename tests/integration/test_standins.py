"""The stand-ins, called by the real clients of the services that they replace."""

import json
import smtplib
import socket
import subprocess
import sys
import urllib.request
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import firebase_admin
import google.auth.credentials
import pytest
import requests.adapters
from firebase_admin import exceptions, messaging

from devtools.standins import fcm, mailbox


class Bearer(google.auth.credentials.Credentials):
    """A bearer token that never runs out (anonymous credentials break on a 401: they cannot be refreshed)."""

    expired, valid = False, True

    def __init__(self):
        super().__init__()
        self.token = "fake"

    def refresh(self, request):
        """The same token, without a refresh."""


class StaticCredential(firebase_admin.credentials.Base):
    def get_credential(self):
        return Bearer()


@pytest.fixture
def push() -> Iterator[fcm.StandIn]:
    with fcm.start() as standin:
        yield standin


@pytest.fixture
def send(push: fcm.StandIn, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., Any]]:
    """Sends a message with firebase-admin, without its own retries."""
    assert messaging._MessagingService.FCM_URL, "firebase-admin has changed inside"
    monkeypatch.setattr(messaging._MessagingService, "FCM_URL", push.url + "/v1/projects/{0}/messages:send")
    app = firebase_admin.initialize_app(StaticCredential(), {"projectId": "demo", "httpTimeout": 0.5}, name=push.url)
    session = messaging._get_messaging_service(app)._client.session
    session.mount(push.url, requests.adapters.HTTPAdapter(max_retries=0, pool_maxsize=50))
    yield lambda **message: messaging.send(messaging.Message(**message), app=app)
    session.close()
    firebase_admin.delete_app(app)


def post(url: str, document: object) -> tuple[int, Any]:
    """POST `document` as JSON (bytes as they are); the status and the JSON answered."""
    body = document if isinstance(document, bytes) else json.dumps(document).encode()
    answer = requests.post(url, data=body, timeout=5)
    return answer.status_code, answer.json()


def get(url: str) -> Any:
    with urllib.request.urlopen(url, timeout=5) as answer:
        text = answer.read().decode()
        return json.loads(text) if "json" in answer.headers["Content-Type"] else text


def test_a_message_is_delivered_and_shown(push, send):
    name = send(fid="phone-1", notification=messaging.Notification("ครบกำหนด", "<b>90 วัน</b>"), data={"report": "R1"})
    assert name.startswith("projects/demo/messages/")
    [message] = push.messages
    assert message["name"] == name
    assert (message["kind"], message["target"]) == ("fid", "phone-1")
    assert message["message"]["data"] == {"report": "R1"}
    assert get(push.url + "/messages")["messages"] == push.messages
    page = get(push.url + "/")
    assert "ครบกำหนด" in page
    assert "&lt;b&gt;90" in page
    assert "<b>90" not in page


@pytest.mark.filterwarnings("ignore:Message.token is deprecated:DeprecationWarning")
@pytest.mark.parametrize("kind", ["token", "topic", "condition"])
def test_the_other_kinds_of_target_work_too(push, send, kind):
    send(**{kind: "'a' in topics" if kind == "condition" else "a-b"})
    assert push.messages[0]["kind"] == kind


@pytest.mark.parametrize(
    ("suffix", "error"),
    [
        ("unregistered", messaging.UnregisteredError),
        ("sender-mismatch", messaging.SenderIdMismatchError),
        ("quota", messaging.QuotaExceededError),
        ("unavailable", exceptions.UnavailableError),
        ("internal", exceptions.InternalError),
        ("invalid", exceptions.InvalidArgumentError),
        ("thirdparty", messaging.ThirdPartyAuthError),
    ],
)
def test_a_target_can_ask_for_an_error(push, send, suffix, error):
    with pytest.raises(error):
        send(fid=f"phone-{suffix}-1")
    assert push.messages == []
    assert push.attempts[0]["error_code"] == fcm.WORDS[suffix]


def test_the_next_answers_can_be_scripted(push, send):
    script = [{"error_code": "QUOTA_EXCEEDED", "retry_after": 7}, {"status": 502}, {"delay": 2}]
    assert post(push.url + "/script", script) == (200, {})
    with pytest.raises(messaging.QuotaExceededError) as refusal:
        send(fid="a")
    assert refusal.value.http_response.headers["Retry-After"] == "7"
    with pytest.raises(exceptions.UnknownError):
        send(fid="a")
    with pytest.raises(exceptions.DeadlineExceededError):
        send(fid="a")
    assert send(fid="a")
    assert [attempt["status"] for attempt in push.attempts] == [429, 502, 200, 200]


@pytest.mark.parametrize(
    ("request_", "complaint"),
    [
        (b"{", "Invalid JSON"),
        ([], "'message'"),
        ({"message": {"topic": "a", "fid": "b"}}, "Exactly one"),
        ({"message": {"data": {}}}, "Exactly one"),
        ({"message": {"fid": ""}}, "'message.fid'"),
        ({"message": {"fid": "a", "data": {"n": 1}}}, r"data[n]"),
        ({"message": {"fid": "a", "data": []}}, "'message.data'"),
        ({"message": {"fid": "a", "data": {"from": "x"}}}, "payload key"),
        ({"message": {"fid": "a", "colour": "red"}}, "Unknown name"),
        ({"message": {"fid": "a"}, "dry": True}, "Unknown name"),
        ({"message": {"fid": "a", "data": {"t": "ก" * 1400}}}, "too big"),
    ],
)
def test_a_malformed_message_is_refused(push, request_, complaint):
    status, answer = post(push.url + "/v1/projects/demo/messages:send", request_)
    assert (status, answer["error"]["status"]) == (400, "INVALID_ARGUMENT")
    assert complaint in answer["error"]["message"]
    assert push.messages == []


def test_a_dry_run_is_answered_and_not_kept(push):
    url = push.url + "/v1/projects/demo/messages:send"
    assert post(url, {"message": {"fid": "a"}, "validate_only": True})[0] == 200
    assert push.messages == []


def test_unknown_paths_are_not_found(push):
    assert post(push.url + "/v1/projects/demo/messages:recall", {})[0] == 404
    assert post(push.url + "/script", [{"colour": "red"}])[0] == 400
    assert requests.delete(push.url + "/messages", timeout=5).status_code == 200
    assert requests.delete(push.url + "/attempts", timeout=5).status_code == 404
    assert requests.get(push.url + "/nothing", timeout=5).status_code == 404


def test_many_sends_at_once_all_arrive(push):
    url = push.url + "/v1/projects/demo/messages:send"
    with ThreadPoolExecutor(50) as pool:
        outcomes = list(pool.map(lambda n: post(url, {"message": {"fid": f"phone-{n}"}})[0], range(300)))
    assert set(outcomes) == {200}
    assert len({message["target"] for message in push.messages}) == 300


def test_sends_are_kept_in_a_file(tmp_path: Path):
    with fcm.start(keep=tmp_path / "sent.jsonl") as standin:
        url = standin.url + "/v1/projects/demo/messages:send"
        headers = {"X-Attempt": "a.1", "Authorization": "Bearer secret"}
        requests.post(url, json={"message": {"fid": "ก"}}, headers=headers, timeout=5)
    sent = json.loads((tmp_path / "sent.jsonl").read_text())
    assert sent["target"] == "ก"
    assert sent["headers"] == {"x-attempt": "a.1"}


def letter(to: str) -> EmailMessage:
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = "desk@example.org", to, "ครบกำหนดรายงานตัว 90 วัน"
    message.set_content("Your report is due.\n")
    message.add_alternative("<p>Your report is due.</p>", subtype="html")
    return message


def test_mail_is_kept_and_can_be_read(tmp_path: Path):
    with mailbox.start(keep=tmp_path / "mail") as box:
        with smtplib.SMTP("127.0.0.1", box.port, timeout=5) as client:
            client.send_message(letter("somchai@example.org"))
        [mail] = box.messages
        assert mail.recipients == ["somchai@example.org"]
        assert mail.subject == "ครบกำหนดรายงานตัว 90 วัน"
        assert mail.text == "Your report is due.\n"
    assert json.loads((tmp_path / "mail/messages.jsonl").read_text())["file"] == "000001.eml"
    assert b"somchai" in (tmp_path / "mail/000001.eml").read_bytes()


@pytest.mark.parametrize(("address", "code"), [("refused@example.org", 550), ("later@example.org", 451)])
def test_a_recipient_can_ask_to_be_refused(address, code):
    with mailbox.start() as box:
        client = smtplib.SMTP("127.0.0.1", box.port, timeout=5)
        with client, pytest.raises(smtplib.SMTPRecipientsRefused) as refusal:
            client.send_message(letter(address))
        assert refusal.value.recipients[address][0] == code
        assert box.messages == []


def test_stopping_ends_idle_connections_too():
    box = mailbox.start()
    with socket.create_connection(("127.0.0.1", box.port), timeout=5) as client:
        assert client.recv(100).startswith(b"220")
        box.stop()
        box.stop()
        assert client.recv(100) == b""


@pytest.mark.parametrize("module", ["devtools.standins.fcm", "devtools.standins.mailbox"])
def test_the_stand_ins_run_from_the_command_line(module):
    with subprocess.Popen([sys.executable, "-m", module, "--port", "0"], stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout
            assert "127.0.0.1:" in process.stdout.readline()
        finally:
            process.terminate()
