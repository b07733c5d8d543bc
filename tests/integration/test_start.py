"""Refusing to start with what cannot work, with one line that says why; and readiness while versions change."""

import os
import subprocess
import sys

import psycopg
import pytest
from sqlalchemy import text

from app import create_app
from devtools.postgres import temporary_server
from foundation.config import Settings
from foundation.db import Database
from foundation.errors import Unavailable
from foundation.key_check import WrongSecretKey
from foundation.sealing import Keyring, keyring, use_keyring
from immigration.models.people import document_key, find_passport
from operations import migrating
from operations.keys import check_secrets
from tests.conftest import NOW, SECRET
from tests.factories import arrived, row

OLD, NEW, OTHER = SECRET, "a-newer-secret-of-the-tests-long-enough", "a-foreign-secret-that-fits-nothing-here"


@pytest.fixture(scope="module")
def server():
    with temporary_server() as server:
        yield server


@pytest.fixture
def place(server, request):
    """A migrated database of its own."""
    database = Database(server.ensure_database(f"start_{abs(hash(request.node.name))}"))
    migrating.bring_up_to_date(database)
    yield database
    database.close()
    use_keyring(Keyring((SECRET,)))


def start(database, *secrets):
    settings = Settings(environment="test", secret_keys=secrets)
    return create_app(settings, database=database, clock=lambda: NOW)


def test_the_secrets_that_began_with_a_database_start_again(place):
    start(place, OLD)
    start(place, OLD)


@pytest.mark.parametrize("secrets", [(OTHER,), (OTHER, NEW), (NEW,)])
def test_other_secrets_do_not_start(place, secrets):
    start(place, OLD)
    with pytest.raises(SystemExit, match="refusing to start: neither SECRET_KEY nor SECRET_KEY_PREVIOUS"):
        start(place, *secrets)


def test_a_rotated_secret_starts_while_the_former_one_is_there(place):
    start(place, OLD)
    start(place, NEW, OLD)


def without_lasting_keys(database):
    """A database of a release that did not keep them."""
    with database.transaction() as session:
        session.execute(text("delete from key_checks where name = 'lasting-keys'"))


def test_the_order_of_former_secrets_counts_only_until_the_keys_that_last_are_kept(place):
    """Blind indexes come from the oldest: with another one, no passport would be found."""
    start(place, OLD)
    without_lasting_keys(place)
    with pytest.raises(SystemExit, match="the oldest secret of SECRET_KEY_PREVIOUS is missing"):
        start(place, OLD, NEW)
    start(place, NEW, OLD)
    start(place, OLD, NEW)


def reseal(database, *secrets):
    url = database.url.render_as_string(hide_password=False)
    done = run(
        "secrets",
        "reseal",
        ENVIRONMENT="test",
        DATABASE_URL=url,
        SECRET_KEY=secrets[0],
        SECRET_KEY_PREVIOUS=",".join(secrets[1:]),
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_a_database_that_was_sealed_anew_needs_no_former_secret_for_anything(place):
    """Also not the one it began with: passports are found, codes and subscriptions of browsers stay good."""
    arrived(start(place, OLD))
    former, passport = keyring(), row("passports")
    start(place, NEW, OLD)
    assert reseal(place, NEW, OLD).endswith("0 left\n")
    start(place, NEW)
    assert keyring().digest("code") == former.digest("code")
    assert keyring().token("token") == former.token("token")
    assert keyring().lasting.vapid == former.lasting.vapid
    with place.read_session() as session:
        key = document_key(passport["issuing_state"], passport["document_number"])
        assert find_passport(session, key).document_number == passport["document_number"]
    with pytest.raises(SystemExit, match="refusing to start: neither SECRET_KEY nor SECRET_KEY_PREVIOUS"):
        start(place, OLD)
    start(place, OTHER, NEW)
    reseal(place, OTHER, NEW)
    start(place, OTHER)
    assert keyring().digest("code") == former.digest("code")


def accepts_connections(database, *, yes):
    """Have the server refuse every connection to a database, or take them again."""
    database.engine.dispose()
    with psycopg.connect(
        database.url.set(drivername="postgresql", database="postgres").render_as_string(False)
    ) as other:
        other.autocommit = True
        name = database.url.database
        other.execute(f"alter database {name} with allow_connections {str(yes).lower()}")
        other.execute("select pg_terminate_backend(pid) from pg_stat_activity where datname = %s", [name])


def test_a_process_that_started_before_its_database_takes_the_keys_that_last_from_it(place):
    start(place, OLD)
    digest = keyring().digest("code")
    start(place, NEW, OLD)
    reseal(place, NEW, OLD)
    accepts_connections(place, yes=False)
    start(place, NEW)
    with pytest.raises(Unavailable):
        keyring().digest("code")
    accepts_connections(place, yes=True)
    assert keyring().digest("code") == digest


def test_a_process_that_started_before_its_database_compares_nothing_with_other_secrets(place):
    start(place, OLD)
    accepts_connections(place, yes=False)
    start(place, OTHER)
    accepts_connections(place, yes=True)
    with pytest.raises(WrongSecretKey):
        keyring().index("document", "FRA", "12AB34567")


def test_a_database_with_records_and_no_canary_yet_takes_only_secrets_that_open_them(place):
    arrived(start(place, OLD))
    with place.transaction() as session:
        session.execute(text("delete from key_checks"))
    with pytest.raises(SystemExit, match="opens what is stored"):
        start(place, OTHER)
    with place.read_session() as session:
        assert session.scalar(text("select count(*) from key_checks")) == 0
    start(place, OLD)


def test_a_process_with_other_secrets_is_not_ready(place):
    """It may have started while the database was away."""
    app = start(place, OLD)
    assert app.test_client().get("/readyz").status_code == 200
    use_keyring(Keyring((OTHER,)))
    answer = app.test_client().get("/readyz")
    assert (answer.status_code, answer.json["code"]) == (503, "wrong-secret-key")
    with pytest.raises(WrongSecretKey):
        check_secrets(place)


def test_a_database_that_is_away_keeps_no_process_from_starting(tmp_path):
    start(Database(f"postgresql://app@/platform?host={tmp_path}"), OLD)


def revision(database, value):
    with database.transaction() as session:
        session.execute(text("update alembic_version set version_num = :value"), {"value": value})


@pytest.mark.parametrize(("at", "status"), [("9999", 200), ("0007_from_a_branch", 200), ("0001", 503), ("0004", 503)])
def test_a_process_is_ready_on_a_later_database_and_not_on_an_earlier_one(place, at, status):
    app = start(place, OLD)
    revision(place, at)
    assert app.test_client().get("/readyz").status_code == status


def test_a_later_database_is_not_migrated(place):
    revision(place, "9999")
    assert migrating.bring_up_to_date(place) is False
    start(place, OLD)


def run(*arguments, **environment):
    kept = {name: value for name, value in os.environ.items() if name in ("PATH", "HOME", "LANG", "TMPDIR", "PG_BIN")}
    command = [sys.executable, "-m", "flask", "--app", "app", *arguments]
    return subprocess.run(command, env=kept | environment, capture_output=True, text=True, check=False)


@pytest.mark.parametrize("command", [("worker", "--once"), ("records", "rebuild"), ("api",), ("worker", "--check")])
def test_a_command_with_other_secrets_is_one_line_and_fails(place, command):
    start(place, OLD)
    url = place.url.render_as_string(hide_password=False)
    done = run(*command, ENVIRONMENT="test", DATABASE_URL=url, SECRET_KEY=OTHER)
    assert done.returncode != 0
    assert "Traceback" not in done.stderr
    assert "refusing to start" in done.stderr.strip().splitlines()[-1]


@pytest.mark.parametrize(
    ("environment", "said"),
    [
        ({"DATABASE_URL": "mysql://db/platform"}, "only postgresql:// is served"),
        ({"DATABASE_URL": "nonsense"}, "DATABASE_URL cannot be read"),
        ({"FIREBASE_CREDENTIALS": __file__}, "not the JSON file of a Firebase service account"),
        ({"DATABASE_URL": "postgresql://app@127.0.0.1:1/platform"}, "the database is not answering"),
    ],
)
@pytest.mark.parametrize("command", [("database", "migrate"), ("worker", "--once"), ("api",)])
def test_what_cannot_work_is_said_without_a_traceback(command, environment, said):
    done = run(*command, ENVIRONMENT="test", SECRET_KEY=OLD, **environment)
    assert done.returncode != 0
    assert "Traceback" not in done.stderr
    assert said in done.stderr
