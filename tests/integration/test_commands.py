"""The commands as an operator runs them: processes of their own, which find the database by DATABASE_URL."""

from collections import Counter
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import select

from app import create_app
from devtools import service_account
from devtools.postgres import Server, temporary_server
from devtools.standins import fcm
from foundation.clock import rfc3339
from foundation.config import from_environment
from foundation.db import Database
from immigration.models.access import ActivationCode
from operations import migrating
from operations.services import services_of
from tests.commands import environment, flask
from tests.conftest import NOW, SECRET, application, emptied
from tests.factories import PASSWORD, activate, arrived, row, write
from tests.stateful.snapshot import take_snapshot

WHO = {"document_number": "TEST00001", "issuing_state": "FRA", "birth_date": "1990-01-02"}


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with temporary_server() as server:
        yield server


@pytest.fixture
def url(server: Server) -> str:
    """A database at the newest migration, without rows."""
    url = server.ensure_database("commands")
    database = Database(url)
    migrating.bring_up_to_date(database)
    emptied(database).close()
    return url


@pytest.fixture
def app(url: str) -> Iterator[Flask]:
    """The application in this process, on the database that the commands find."""
    app = application(Database(url))
    yield app
    services_of(app).database.close()


@pytest.fixture
def production(server: Server, tmp_path: Path) -> dict[str, str]:
    """An environment of production, whose database has no tables yet."""
    credentials = service_account.write(tmp_path / "firebase.json")
    owner = server.ensure_database("production")
    variables = environment(
        server.url("production", "api"),
        MIGRATION_DATABASE_URL=owner,
        WORKER_DATABASE_URL=server.url("production", "worker"),
        AUDIT_DATABASE_URL=server.url("production", "auditor"),
        RETENTION_DATABASE_URL=server.url("production", "retention"),
        ENVIRONMENT="production",
        FIREBASE_CREDENTIALS=str(credentials),
        FCM_PROJECT_ID="reports-90",
        SMTP_URL="smtp://mail.internal",
        PUBLIC_URL="https://reports.example.org",
        MAIL_FROM="no-reply@reports.example.org",
        AUDIT_WITNESS="https://witness.example.org/seals",
    )
    del variables["DEV_NOW"]
    return variables


def test_tables_are_made_by_one_command_which_can_be_repeated(production: dict[str, str]) -> None:
    first, again = (flask(production, "database", "migrate") for _ in range(2))
    assert (first.returncode, first.stdout) == (0, "migrated\n"), first.stderr
    assert (again.returncode, again.stdout) == (0, "already up to date\n")
    refused = flask(production, "worker", "--once", "--at", rfc3339(NOW))
    assert (refused.returncode, refused.stdout) == (1, "")
    assert refused.stderr == "Error: --at is refused in production\n"


@pytest.mark.parametrize(
    ("name", "command"),
    [
        ("MIGRATION_DATABASE_URL", ("database", "migrate")),
        ("WORKER_DATABASE_URL", ("worker", "--once")),
        ("WORKER_DATABASE_URL", ("worker", "--once", "--dry-run")),
        ("RETENTION_DATABASE_URL", ("worker", "--once")),
        ("AUDIT_DATABASE_URL", ("audit", "verify")),
    ],
)
def test_production_does_the_work_of_another_role_with_its_own_address_only(
    production: dict[str, str], name: str, command: tuple[str, ...]
) -> None:
    flask(production, "database", "migrate")
    refused = flask({key: value for key, value in production.items() if key != name}, *command)
    assert (refused.returncode, refused.stderr) == (1, f"Error: {name} is required in production\n")


def test_records_are_imported_and_bad_rows_stop_nothing(url: str, tmp_path: Path) -> None:
    rows = [row("passports"), row("passports", document_number="TEST00002", birth_date="1990-02-30")]
    file = write(tmp_path / "passports.csv", "passports", *rows, row("passports", document_number="TEST00003"))
    first, again = (flask(environment(url), "records", "import", "passports", file) for _ in range(2))
    assert (first.returncode, again.returncode) == (0, 0), first.stderr
    assert first.stdout.splitlines()[-1] == "imported 2, updated 0, unchanged 0, rejected 1"
    assert again.stdout.splitlines()[-1] == "imported 0, updated 0, unchanged 2, rejected 1"
    rejected = (tmp_path / "passports.csv.rejected.csv").read_text("utf-8")
    assert "TEST00002" in rejected
    assert [line.split(",")[0] for line in rejected.splitlines()[1:]] == ["3"]
    changed = write(tmp_path / "changed.csv", "passports", row("passports", status="stolen"))
    done = flask(environment(url), "records", "import", "passports", changed)
    assert done.stdout.splitlines()[-1] == "imported 0, updated 1, unchanged 0, rejected 0"
    assert not (tmp_path / "changed.csv.rejected.csv").exists()


def test_an_import_names_the_visa_classes_that_are_in_no_list(url: str, tmp_path: Path) -> None:
    hostile = 'NON "O" / ปกติ <script>\x1b[2J'
    classes = ["O-A", "LTR-W", "Golden", hostile, "golden 10", hostile, hostile]
    movements = [row("movements", movement_id=f"CLASS-{n}", visa_class=name) for n, name in enumerate(classes)]
    stranger = row("movements", movement_id="CLASS-X", visa_class="OF A STRANGER", document_number="NOBODY1")
    extension = row("permissions", granted_on="2026-10-01", visa_class="IN NO LIST, EITHER")
    flask(environment(url), "records", "import", "passports", write(tmp_path / "p.csv", "passports", row("passports")))
    file = write(tmp_path / "m.csv", "movements", *movements, stranger)
    first, again = (flask(environment(url), "records", "import", "movements", file) for _ in range(2))
    listed = first.stdout.splitlines()
    assert listed[0].startswith("visa classes in no list")
    assert [line.split(maxsplit=1) for line in listed[1:-1]] == [
        ["3", 'NON "O" / ปกติ <script>�[2J'], ["1", "Golden"], ["1", "golden 10"],
    ]  # fmt: skip
    assert listed[-1] == "imported 7, updated 0, unchanged 0, rejected 1"
    assert again.stdout.splitlines()[:-1] == listed[:-1]
    assert again.stdout.splitlines()[-1] == "imported 0, updated 0, unchanged 7, rejected 1"
    done = flask(
        environment(url), "records", "import", "permissions", write(tmp_path / "e.csv", "permissions", extension)
    )
    assert done.stdout.splitlines()[1:] == [
        "        1  IN NO LIST, EITHER",
        "imported 1, updated 0, unchanged 0, rejected 0",
    ]
    assert not (tmp_path / "e.csv.rejected.csv").exists()


def test_an_import_names_fifty_unknown_classes_and_counts_the_others(url: str, tmp_path: Path) -> None:
    movements = [row("movements", movement_id=f"MANY-{n}", visa_class=f"CLASS {n:03}") for n in range(60)]
    flask(environment(url), "records", "import", "passports", write(tmp_path / "p.csv", "passports", row("passports")))
    done = flask(environment(url), "records", "import", "movements", write(tmp_path / "m.csv", "movements", *movements))
    listed = done.stdout.splitlines()
    assert (len(listed), listed[-2]) == (53, "       10  of 10 more classes")


def test_an_import_of_another_kind_of_file_says_why_and_fails(url: str, tmp_path: Path) -> None:
    movements = write(tmp_path / "movements.csv", "movements", row("movements"))
    done = flask(environment(url), "records", "import", "passports", movements)
    assert (done.returncode, done.stdout) == (1, "")
    assert "Error: movements.csv: expected document_number, issuing_state" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(("options", "assurance"), [((), "counter"), (("--assurance", "mail"), "mail")])
def test_a_printed_code_signs_in(url: str, app: Flask, options: tuple[str, ...], assurance: str) -> None:
    arrived(app)
    done = flask(environment(url), "activation", "issue", "--document", "TEST00001", "--state", "FRA", *options)
    assert (done.returncode, done.stderr) == (0, "")
    with services_of(app).database.read_session() as session:
        assert session.scalars(select(ActivationCode.assurance)).all() == [assurance]
    body = WHO | {"activation_code": done.stdout.strip()}
    assert app.test_client().post("/api/v1/activations", json=body).status_code == 201


def test_an_officer_added_with_a_password_on_standard_input_signs_in(url: str, app: Flask) -> None:
    options = ("officers", "add", "anan", "--role", "supervisor", "--office", "BKK")
    done = flask(environment(url), *options, typed=f"{PASSWORD}\n")
    assert (done.returncode, done.stdout) == (0, "anan is supervisor in office BKK\n"), done.stderr
    body = {"name": "anan", "password": PASSWORD}
    answer = app.test_client().post("/api/v1/officers/sessions", json=body)
    assert (answer.status_code, answer.json["role"], answer.json["office"]) == (201, "supervisor", "BKK")
    again = flask(environment(url), *options, typed=f"{PASSWORD}\n")
    assert (again.returncode, again.stderr) == (1, "Error: 'anan' is taken\n")


def test_the_worker_sends_what_is_due_now_or_by_a_given_time(url: str, app: Flask) -> None:
    arrived(app)
    resident = activate(app)
    phone = {"platform": "android", "kind": "fid", "target": "phone-1", "language": "en"}
    assert resident.client.put("/api/v1/devices/phone", json=phone, headers=resident.headers).status_code == 200
    with fcm.start() as push:
        today, later = (rfc3339(NOW + timedelta(days=days, minutes=45)) for days in (0, 6))  # 10:45: all have gone out
        env = environment(url, FCM_ENDPOINT=push.url, DEV_NOW=today)
        for arguments in ((), ("--at", later), ("--at", later)):
            moment = arguments[-1] if arguments else today
            looked = app.test_cli_runner().invoke(args=["worker", "--once", "--dry-run", "--at", moment])
            assert looked.exit_code == 0, looked.output
            before = [attempt["name"] for attempt in push.messages]
            done = flask(env, "worker", "--once", *arguments)
            sent_now = [m["message"]["data"]["kind"] for m in push.messages if m["name"] not in before]
            assert [line for line in looked.stdout.splitlines() if line.startswith("send-push")] == [
                f"send-push: {count} {kind}" for kind, count in sorted(Counter(sent_now).items())
            ]
            assert looked.stdout.endswith("nothing was stored, nothing was sent\n")
            assert ("is marked as sent" in done.stdout) == bool(arguments)
            assert done.returncode == 0, done.stderr
            assert [line.split(":")[0] for line in done.stdout.splitlines()][2:6] == [
                "plan",
                "begin",
                "relay",
                "send-push",
            ]
        sent = [(message["target"], message["message"]["data"]["kind"]) for message in push.messages]
    assert ("phone-1", "reminder.seven-days") in sent
    assert sent[-1] == ("phone-1", "reminder.due-day")
    assert len(sent) == len(set(sent))


def test_the_clock_of_the_commands_can_be_set(url: str, app: Flask) -> None:
    arrived(app)
    resident = activate(app)
    phone = {"platform": "android", "kind": "fid", "target": "phone-1", "language": "en"}
    resident.client.put("/api/v1/devices/phone", json=phone, headers=resident.headers)
    with fcm.start() as push:
        env = environment(url, FCM_ENDPOINT=push.url, DEV_NOW=rfc3339(NOW + timedelta(days=5, minutes=45)))
        assert flask(env, "worker", "--once").returncode == 0
        kinds = [message["message"]["data"]["kind"] for message in push.messages]
    assert [kind for kind in kinds if kind.startswith("reminder")] == ["reminder.one-day"]


def test_a_time_goes_with_once(url: str) -> None:
    done = flask(environment(url), "worker", "--at", rfc3339(NOW))
    assert (done.returncode, done.stdout, done.stderr) == (1, "", "Error: --at goes with --once\n")


def test_a_dry_run_goes_with_once_and_changes_no_row(url: str, app: Flask) -> None:
    alone = flask(environment(url), "worker", "--dry-run")
    assert (alone.returncode, alone.stdout, alone.stderr) == (1, "", "Error: --dry-run goes with --once\n")
    arrived(app)
    activate(app)
    before = take_snapshot(services_of(app).database)
    moment = rfc3339(NOW + timedelta(days=5))
    looked = app.test_cli_runner().invoke(args=["worker", "--once", "--dry-run", "--at", moment])
    assert "the worker would plan 1 reminders, take back 0" in looked.output
    assert take_snapshot(services_of(app).database) == before
    assert before.notifications == []


@pytest.mark.parametrize("moment", ["tomorrow", "2026-11-23T10:00:00", ""])
def test_a_time_has_an_offset_and_exists(app: Flask, moment: str) -> None:
    done = app.test_cli_runner().invoke(args=["worker", "--once", "--at", moment])
    assert done.exit_code == 1
    assert f"--at is {moment!r}: an RFC 3339 time with its offset" in done.stderr


def test_without_the_database_a_command_says_so(server: Server) -> None:
    away = server.url("commands").replace(server.home.name, "nowhere")
    done = flask(environment(away), "officers", "list")
    assert (done.returncode, done.stdout) == (1, "")
    assert "the database is not answering" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("moment", "state"),
    [
        ("2026-11-13T23:59:30+07:00", "not-open"),
        ("2026-11-14T00:00:00+07:00", "open"),
        ("2026-11-29T12:00:00+07:00", "due-today"),
        ("2026-11-29T17:00:00Z", "in-grace"),
        ("2026-12-31T00:00:00+07:00", "late"),
    ],
)
def test_the_whole_service_can_be_set_to_a_moment(database: Database, moment: str, state: str) -> None:
    env = {"ENVIRONMENT": "test", "SECRET_KEY": SECRET, "DEV_NOW": moment}
    app = create_app(from_environment(env), database=database)
    arrived(app)
    assert activate(app).get("/me/stay").json["obligation"]["state"] == state
    assert services_of(app).clock() - datetime.fromisoformat(moment) < timedelta(minutes=1)
