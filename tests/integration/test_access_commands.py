"""The commands for activation codes, officers and keys."""

import pyotp
import pytest
from sqlalchemy import select

from foundation.events import EventRecord
from immigration.commands import officers
from immigration.commands.recording import RecordedGroup, actor
from immigration.models.access import ActivationCode, Officer, SigningKey
from immigration.rules.numbers import normalise
from tests.access import DETAILS, SetClock, add_person, make_app

PASSWORD = "correct horse battery"


@pytest.fixture
def app(database):
    return make_app(database, SetClock())


@pytest.fixture
def run(app):
    def run(*arguments, typed=""):
        return app.test_cli_runner().invoke(args=arguments, input=typed)

    return run


def test_a_code_is_printed_alone_and_works(run, app, database):
    add_person(database)
    done = run("activation", "issue", "--document", "EX1000001", "--state", "FRA")
    assert done.exit_code == 0
    code = done.stdout.splitlines()[-1]
    assert code == normalise(code)
    body = DETAILS | {"activation_code": code}
    assert app.test_client().post("/api/v1/activations", json=body).status_code == 201


def test_a_code_can_have_the_assurance_of_mail(run, database):
    add_person(database)
    run("activation", "issue", "--document", "ex1000001", "--state", "fra", "--assurance", "mail")
    with database.read_session() as session:
        row = session.scalars(select(ActivationCode)).one()
    assert (row.assurance, row.issued_by) == ("mail", actor())


def test_a_passport_that_is_not_on_record_gets_a_clear_error(run, database):
    done = run("activation", "issue", "--document", "EX9", "--state", "FRA")
    assert (done.exit_code, done.stdout) == (1, "")
    assert done.stderr == "Error: no passport EX9 of FRA is on record\n"


def test_a_replaced_passport_gets_a_clear_error(run, database):
    person = add_person(database)
    add_person(database, "EX2", replaces="EX1000001", person_id=person)
    done = run("activation", "issue", "--document", "EX1000001", "--state", "FRA")
    assert (done.exit_code, done.stderr) == (1, "Error: passport-replaced\n")


def test_an_officer_is_added_with_a_password_on_standard_input(run, app):
    assert run("officers", "add", "anan", "--role", "officer", "--office", "BKK", typed=PASSWORD + "\n").exit_code == 0
    body = {"name": "anan", "password": PASSWORD}
    answer = app.test_client().post("/api/v1/officers/sessions", json=body)
    assert (answer.status_code, answer.json["role"], answer.json["office"]) == (201, "officer", "BKK")


def test_a_password_is_asked_for_at_a_terminal(run, database, monkeypatch):
    asked = []

    def prompt(text, **options):
        asked.append((text, options))
        return PASSWORD

    monkeypatch.setattr(officers.click, "prompt", prompt)
    monkeypatch.setattr(officers, "_at_a_terminal", lambda: True)
    assert run("officers", "add", "anan", "--role", "officer").exit_code == 0
    assert asked == [("Password", {"hide_input": True, "confirmation_prompt": True})]


@pytest.mark.parametrize(
    ("arguments", "typed", "message"),
    [
        (("add", "anan", "--role", "officer"), "short\n", "a password has at least 15 characters"),
        (("add", "anan", "--role", "officer"), "", "no password on standard input"),
        (("add", " ", "--role", "officer"), PASSWORD, "a name has 1 to 64 printable characters"),
        (("add", "taken", "--role", "officer"), PASSWORD, "'taken' is taken"),
        (("disable", "nobody"), "", "'nobody' is nobody's name"),
        (("set-password", "nobody"), PASSWORD, "'nobody' is nobody's name"),
        (("totp", "nobody"), "", "'nobody' is nobody's name"),
    ],
)
def test_a_refused_command_says_why(run, database, arguments, typed, message):
    run("officers", "add", "taken", "--role", "auditor", typed=PASSWORD)
    done = run("officers", *arguments, typed=typed)
    assert done.exit_code == 1
    assert message in done.stderr


def test_accounts_are_listed(run, database):
    run("officers", "add", "ploy", "--role", "supervisor", typed=PASSWORD)
    run("officers", "add", "anan", "--role", "officer", "--office", "BKK", typed=PASSWORD)
    run("officers", "disable", "ploy")
    run("officers", "totp", "ploy")
    listed = run("officers", "list").stdout.splitlines()
    assert listed == ["anan\tofficer\tBKK\t-", "ploy\tsupervisor\tHQ\tdisabled,totp"]


def test_a_password_is_changed(run, database):
    run("officers", "add", "anan", "--role", "officer", typed=PASSWORD)
    with database.read_session() as session:
        before = session.scalars(select(Officer.password_hash)).one()
    assert run("officers", "set-password", "anan", typed="another horse battery").exit_code == 0
    with database.read_session() as session:
        assert session.scalars(select(Officer.password_hash)).one() != before


def test_a_second_factor_is_set_up_by_its_uri(run, database):
    run("officers", "add", "anan", "--role", "officer", typed=PASSWORD)
    factor = pyotp.parse_uri(run("officers", "totp", "anan").stdout.strip())
    assert factor.name == "anan"
    with database.read_session() as session:
        assert session.scalars(select(Officer.totp_secret)).one() == factor.secret


def test_a_key_is_rotated(run, database):
    done = run("keys", "rotate", "statement")
    with database.read_session() as session:
        assert session.scalars(select(SigningKey.kid)).one() == done.stdout.strip()


def test_an_unknown_purpose_is_refused(run, database):
    assert run("keys", "rotate", "other").exit_code == 2


@pytest.mark.parametrize("command", [("add", "ploy", "--role", "officer"), ("move", "anan")])
@pytest.mark.parametrize("office", ["XXX", "bkk", "BKK,CMI", ""])
def test_an_office_that_there_is_not_is_refused(run, command, office):
    run("officers", "add", "anan", "--role", "officer", "--office", "BKK", typed=PASSWORD)
    done = run("officers", *command, "--office", "CMI", "--office", office, typed=PASSWORD)
    assert (done.exit_code, done.stderr) == (1, f"Error: no immigration office has the code {office}\n")
    assert run("officers", "list").stdout == "anan\tofficer\tBKK\t-\n"


def test_an_account_acts_for_several_offices_and_is_moved_to_others(run):
    options = ("--office", "BKK", "--office", "CMI")
    added = run("officers", "add", "anan", "--role", "officer", *options, typed=PASSWORD)
    assert added.stdout == "anan is officer in office BKK, CMI\n"
    assert run("officers", "move", "anan", "--office", "HQ").stdout == "anan is in office HQ\n"
    assert run("officers", "list").stdout == "anan\tofficer\tHQ\t-\n"


def test_an_account_without_an_office_is_of_all_offices(run):
    assert (
        run("officers", "add", "anan", "--role", "officer", typed=PASSWORD).stdout == "anan is officer of all offices\n"
    )


@pytest.mark.parametrize(
    "command",
    [
        ("officers", "list"),
        ("officers", "disable", "nobody"),
        ("activation", "issue", "--document", "EX1000001", "--state", "FRA"),
        ("keys", "rotate", "access"),
        ("records", "source", "up"),
        ("secrets", "reseal"),
        ("audit", "verify"),
    ],
)
def test_each_command_is_recorded_with_the_user_of_the_system_and_without_its_arguments(run, database, command):
    run(*command)
    with database.read_session() as session:
        recorded = session.execute(select(EventRecord).where(EventRecord.kind == "command.run")).scalars().all()
    assert [(each.actor, each.subject) for each in recorded] == [(actor(), " ".join(command[:2]))]
    assert "EX1000001" not in str(recorded[0].data)


NOT_RECORDED = {
    "api": "a process of the service",
    "worker": "a process of the service, or its rounds once",
    "database": "brings the tables up to date, as their owner; what it changes is in its migrations",
    "docs": "asks no database",
    "serve": "for development",
    "demo": "for development",
    "openapi": "asks no database",
    "routes": "of Flask, for development",
    "run": "of Flask, for development",
    "shell": "of Flask, for development",
}
"""Commands that leave no event, each with the reason."""


def test_every_other_command_is_an_act_on_record(app):
    groups = app.cli.commands
    assert {name for name, each in groups.items() if not isinstance(each, RecordedGroup)} <= NOT_RECORDED.keys()
    assert {"records", "activation", "officers", "keys", "sessions", "audit", "messages", "secrets"} <= groups.keys()


def test_the_user_is_not_the_one_that_the_environment_names(monkeypatch):
    for name in ("USER", "LOGNAME", "SUDO_USER"):
        monkeypatch.setenv(name, "someone-else")
    assert "someone-else" not in actor()
