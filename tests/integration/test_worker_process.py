"""The worker as a process: what it says when it starts, and that SIGTERM finishes the batch in hand, also as PID 1."""

import os
import shutil
import signal
import subprocess
import sys
import time

import pytest
from sqlalchemy import text

from devtools import service_account
from devtools.postgres import temporary_server
from devtools.standins import fcm, mailbox
from foundation.clock import bangkok_date, system_clock
from foundation.db import Database
from foundation.sealing import keyring, row_name
from immigration.registries.law import law
from operations import migrating
from tests.conftest import SECRET

MESSAGES = 5_000
STARTED: list[subprocess.Popen[str]] = []  # ended with their test, whatever became of it
_DEVICES = text("""insert into devices
(person_id, device_id, platform, kind, target, target_index, language, updated_at)
values (:person, :device, 'android', 'fid', :target, :index, 'en', now())""")
_MESSAGES = text("""insert into notifications (person_id, kind, dedupe, lane, params, created_at)
values (:person, 'report.decided.accepted', 'event:1', 0, '{"next_due_on": "2027-03-01"}', now())""")


@pytest.fixture(scope="module")
def server():
    with temporary_server() as server:
        yield server


@pytest.fixture
def place(server, request):
    """A migrated database of its own with messages that wait, and a provider that takes half a second for each."""
    name = f"worker_{abs(hash(request.node.name))}"
    url = server.ensure_database(name)
    database = Database(url)
    migrating.bring_up_to_date(database)
    with database.transaction() as session:
        for number in range(MESSAGES):
            target = f"phone-{number}"
            person = f"00000000-0000-4000-8000-{number:012}"
            values = {
                "device": "d",
                "target": keyring().seal(target, "devices.target", row_name(person, "d")),
                "index": target.encode(),
            }
            session.execute(_DEVICES, {"person": person, **values})
            session.execute(_MESSAGES, {"person": person})
    with fcm.start() as push, mailbox.start() as post:
        push.script([{"delay": 0.5}] * MESSAGES)
        yield url, database, push, post
    database.close()
    while STARTED:
        process = STARTED.pop()
        process.kill()
        process.wait()
        process.stdout.close()


def start(url, push, post, *, before=()):
    environment = {
        **os.environ,
        "ENVIRONMENT": "test",
        "DATABASE_URL": url,
        "SECRET_KEY": SECRET,
        "FCM_ENDPOINT": push.url,
        "SMTP_URL": post.url,
        "PYTHONUNBUFFERED": "1",
    }
    command = [*before, sys.executable, "-m", "flask", "--app", "app", "worker"]
    process = subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    STARTED.append(process)
    return process


def await_pushed(push, count):
    until = time.monotonic() + 60
    while len(push.messages) < count:
        assert time.monotonic() < until, "nothing was sent"
        time.sleep(0.02)


def stop(process, number=signal.SIGTERM):
    began = time.monotonic()
    process.send_signal(number)
    said, _ = process.communicate(timeout=30)
    return said, time.monotonic() - began


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_finishes_the_batch_in_hand_and_loses_nothing(place, number):
    url, database, push, post = place
    process = start(url, push, post)
    await_pushed(push, 5)
    said, seconds = stop(process, number)
    assert process.returncode == 0, said
    assert seconds < 15
    sent = [message["message"]["fid"] for message in push.messages]
    assert len(sent) == len(set(sent))
    with database.read_session() as session:
        settled = session.scalar(text("select count(*) from deliveries where status = 'sent'"))
        left = session.scalar(text("select count(*) from deliveries where status = 'pending'"))
    assert settled == len(sent)
    assert settled + left == MESSAGES
    assert 0 < left < MESSAGES


@pytest.mark.skipif(
    os.geteuid() != 0 or not shutil.which("unshare"), reason="only root can start a process as the first of a namespace"
)
def test_the_first_process_of_a_container_ends_on_sigterm_too(place):
    url, _, push, post = place
    namespace = ["unshare", "--pid", "--fork", "--kill-child", "--mount-proc"]
    if subprocess.run([*namespace, "true"], check=False, capture_output=True).returncode:
        namespace = namespace[:-1]
    process = start(url, push, post, before=namespace)
    await_pushed(push, 1)
    (inner,) = (int(line) for line in _children(process.pid))
    began = time.monotonic()
    os.kill(inner, signal.SIGTERM)
    said, _ = process.communicate(timeout=30)
    assert "worker stopped" in said
    assert process.returncode == 0
    assert time.monotonic() - began < 15


def _children(pid):
    with open(f"/proc/{pid}/task/{pid}/children") as file:
        return file.read().split()


def test_it_says_its_version_its_database_and_its_rounds_but_no_password(place):
    url, _, push, post = place
    process = start(url.replace("app@", "app:open-sesame@") + "&password=open-sesame", push, post)
    await_pushed(push, 1)
    said, _ = stop(process)
    assert "version" in said
    assert "send-push 3 s" in said
    assert "worker_" in said
    assert "open-sesame" not in said
    warning = law().calendar.warning(bangkok_date(system_clock()))
    assert ("holidays are confirmed to" in said) == (warning is not None)


def test_the_health_check_answers_for_this_host(place):
    url, _, push, post = place

    def check():
        process = start(url, push, post)
        return process

    environment = {**os.environ, "ENVIRONMENT": "test", "DATABASE_URL": url, "SECRET_KEY": SECRET}
    command = [sys.executable, "-m", "flask", "--app", "app", "worker", "--check"]
    before = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert (before.returncode, "no sign of life" in before.stderr) == (1, True)
    process = check()
    await_pushed(push, 1)
    after = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    stop(process)
    assert (after.returncode, after.stdout) == (0, "alive\n")


def test_the_health_check_of_a_database_that_is_away_is_one_line(place, tmp_path):
    url, _, _, _ = place
    production = _production(url.replace("worker_", "no_such_"), service_account.write(tmp_path / "firebase.json"))
    environment = {**os.environ, "ENVIRONMENT": "production", **production}
    command = [sys.executable, "-m", "flask", "--app", "app", "worker", "--check"]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert done.stderr.strip().splitlines()[-1] == "Error: the database is not answering"


def _production(url, credentials):
    return {
        "DATABASE_URL": url,
        "SECRET_KEY": SECRET,
        "PUBLIC_URL": "https://reports.example",
        "SMTP_URL": "smtp://127.0.0.1:1",
        "MAIL_FROM": "no-reply@reports.example",
        "AUDIT_WITNESS": "https://witness.example/seals",
        "FCM_PROJECT_ID": "demo",
        "FIREBASE_CREDENTIALS": str(credentials),
    }
