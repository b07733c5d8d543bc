"""Joining a phone to a person, and everything that must not."""

import statistics
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import date

import pytest
from sqlalchemy import event, func, select, update

from foundation import throttle
from foundation.events import EventRecord
from foundation.sealing import keyring
from immigration.models.access import ActivationAttempt, ActivationCode, TokenFamily
from immigration.models.people import Passport
from immigration.registries.access import limits
from immigration.rules import mrz
from immigration.rules.access import Throttled
from immigration.services import activations
from operations.services import services_of
from tests.access import BIRTH, DETAILS, activate, add_person, code_for, failed
from tests.conftest import NOW
from tests.waiting import await_waiting_backends

FLOOR = 0.2


def attempts(database):
    with database.read_session() as session:
        return session.scalars(select(ActivationAttempt.succeeded).order_by(ActivationAttempt.at)).all()


def test_a_code_signs_its_owner_in(client, database):
    person = add_person(database)
    answer = activate(client, code_for(database))
    assert answer.status_code == 201
    assert answer.json["resident_id"] == str(person)
    assert (answer.json["token_type"], answer.json["expires_in"]) == ("Bearer", 600)
    token = answer.json["access_token"]
    assert client.get("/api/v1/me", headers={"Authorization": f"Bearer {token}"}).json["assurance"] == "counter"
    assert client.post("/api/v1/tokens", json={"refresh_token": answer.json["refresh_token"]}).status_code == 201
    assert attempts(database) == [True]


def test_what_happened_is_on_record_without_the_code(client, database):
    person = add_person(database)
    code = code_for(database)
    activate(client, code)
    with database.read_session() as session:
        events = session.scalars(select(EventRecord).order_by(EventRecord.id)).all()
    assert [(each.kind, each.person_id, each.actor) for each in events] == [
        ("activation.code-issued", person, "tests"),
        ("resident.activated", person, f"resident:{person}"),
    ]
    assert code not in str([each.data for each in events])


@pytest.mark.parametrize("typed", [str.lower, lambda code: code.replace("-", ""), lambda code: f" {code} "])
def test_a_code_is_taken_however_it_is_typed(client, database, typed):
    add_person(database)
    assert activate(client, typed(code_for(database))).status_code == 201


def test_the_details_are_taken_however_they_are_typed(client, database):
    add_person(database)
    answer = activate(client, code_for(database), document_number="ex-100 0001", issuing_state="fra")
    assert answer.status_code == 201


@pytest.mark.parametrize(("recorded", "typed"), [("DEU", "D"), ("D", "DEU"), ("DEU", "D<<")])
def test_germany_is_one_state_however_it_is_written(client, database, recorded, typed):
    add_person(database, state=recorded)
    assert activate(client, code_for(database, state=recorded), issuing_state=typed).status_code == 201


def zone(state="FRA", birth_date=BIRTH) -> str:
    return mrz.build(
        issuing_state=state,
        document_number="EX1000001",
        nationality=state,
        surname="MARTIN",
        given_names="CHLOE",
        birth_date=birth_date,
        sex="F",
        expires_on=date(2033, 1, 1),
    )


@pytest.mark.parametrize("state", ["FRA", "D"])
def test_the_machine_readable_zone_stands_for_the_details(client, database, state):
    add_person(database, state="DEU" if state == "D" else state)
    code = code_for(database, state=state)
    answer = client.post("/api/v1/activations", json={"mrz": zone(state), "activation_code": code})
    assert answer.status_code == 201


def test_a_zone_that_cannot_be_read_is_refused_with_its_faults(client, database):
    wrong = zone().replace("EX1000001", "EX1000007")
    answer = client.post("/api/v1/activations", json={"mrz": wrong, "activation_code": "00000-00000"})
    assert (answer.status_code, answer.json["code"]) == (422, "invalid-mrz")
    assert "check-digit:document-number" in [fault["code"] for fault in answer.json["faults"]]
    assert attempts(database) == []


def test_a_zone_without_a_year_of_birth_is_refused(client, database):
    answer = client.post("/api/v1/activations", json={"mrz": zone(birth_date=None), "activation_code": "00000-00000"})
    assert (answer.status_code, answer.json["faults"][0]["code"]) == (422, "birth-date")


@pytest.mark.parametrize(
    "body",
    [
        {},
        DETAILS,
        {"activation_code": "x"},
        {"activation_code": "x", "document_number": "1", "issuing_state": "FRA"},
        DETAILS | {"activation_code": "x", "mrz": "P<"},
        DETAILS | {"activation_code": ""},
        DETAILS | {"activation_code": "x" * 65},
        DETAILS | {"activation_code": 1},
        DETAILS | {"activation_code": "x", "birth_date": "17.05.1990"},
        DETAILS | {"activation_code": "x", "issuing_state": "FRANCE"},
        DETAILS | {"activation_code": "x", "issuing_state": ""},
        DETAILS | {"activation_code": "x", "document_number": " - "},
        DETAILS | {"activation_code": "x", "document_number": "EX1000001\n"},
        DETAILS | {"activation_code": "x", "more": 1},
        {"activation_code": "x", "mrz": ""},
        {"activation_code": "x", "mrz": "P" * 201},
    ],
)
def test_a_malformed_activation_is_refused_and_costs_nothing(client, database, body):
    assert client.post("/api/v1/activations", json=body).status_code == 422
    assert attempts(database) == []


def test_every_mismatch_has_the_same_answer(client, database, clock):
    add_person(database)
    add_person(database, "EX3000001", status="stolen")
    mailed = code_for(database, assurance="mail")
    with database.transaction() as session:
        stolen = session.scalars(select(Passport).where(Passport.status == "stolen")).one()
        row = session.scalars(select(ActivationCode)).one()
        row.passport_id, row.person_id = stolen.id, stolen.person_id
    code = code_for(database)
    used = code_for(database, "EX1000001", assurance="mail")
    assert activate(client, used).status_code == 201
    clock.pass_by(minutes=2)
    answers = {
        "unknown document": activate(client, code, document_number="EX9999999"),
        "unknown state": activate(client, code, issuing_state="DEU"),
        "wrong birth date": activate(client, code, birth_date="1990-05-18"),
        "wrong code": activate(client, "00000-00000"),
        "used code": activate(client, used),
        "stolen passport, mailed code": activate(client, mailed, document_number="EX3000001"),
        "text that is no code": activate(client, "รหัส"),
    }
    clock.pass_by(days=30)
    answers["expired code"] = activate(client, code)
    assert all(map(failed, answers.values()))
    assert len({answer.data for answer in answers.values()}) == 1
    assert len({tuple(answer.headers.keys()) for answer in answers.values()}) == 1
    assert attempts(database).count(False) == len(answers)


def test_a_code_can_be_used_once(client, database, clock):
    add_person(database)
    code = code_for(database)
    assert activate(client, code).status_code == 201
    clock.pass_by(seconds=61)
    assert failed(activate(client, code))


def test_a_fresh_code_ends_earlier_ones_of_its_assurance_only(client, database):
    add_person(database)
    mailed, first, second = code_for(database, assurance="mail"), code_for(database), code_for(database)
    assert failed(activate(client, first))
    assert activate(client, second).status_code == 201
    assert activate(client, mailed).status_code == 201


@pytest.mark.parametrize(("assurance", "hours"), [("counter", 30 * 24), ("mail", 24)])
def test_a_code_ends_in_time(client, database, clock, assurance, hours):
    add_person(database)
    code = code_for(database, assurance=assurance)
    clock.pass_by(hours=hours)
    assert failed(activate(client, code))
    clock.pass_by(seconds=-1)
    assert activate(client, code).status_code == 201


def test_a_replaced_passport_activates_nobody_even_with_its_code(client, database):
    person = add_person(database)
    code = code_for(database)
    add_person(database, "EX2000001", replaces="EX1000001", person_id=person)
    assert failed(activate(client, code))
    with pytest.raises(activations.CannotIssueCode):
        code_for(database)
    newer = code_for(database, "EX2000001")
    assert activate(client, newer, document_number="EX2000001").status_code == 201


@pytest.mark.parametrize("status", ["lost", "stolen"])
def test_a_passport_out_of_hand_activates_only_with_a_code_from_a_counter(client, database, status):
    add_person(database)
    mailed = code_for(database, assurance="mail")
    with database.transaction() as session:
        session.execute(update(Passport).values(status=status))
    assert failed(activate(client, mailed))
    with pytest.raises(activations.CannotIssueCode):
        code_for(database, assurance="mail")
    assert activate(client, code_for(database)).status_code == 201


def test_wrong_tries_end_no_code(client, database):
    add_person(database)
    code, mailed = code_for(database), code_for(database, assurance="mail")
    for _ in range(5):
        assert failed(activate(client, "00000-00000"))
    for changes in ({}, {"birth_date": "1990-06-01"}):
        answer = activate(client, "00000-00000", **changes)
        assert (answer.status_code, answer.json["code"]) == (429, "too-many-requests")
        assert answer.headers["Retry-After"] == "30"
    assert attempts(database) == [False] * 5
    assert activate(client, mailed).status_code == activate(client, code).status_code == 201


def test_the_owner_begins_anew_after_the_right_code(client, database):
    add_person(database)
    code = code_for(database)
    for _ in range(6):
        activate(client, "00000-00000")
    assert activate(client, code).status_code == 201
    assert failed(activate(client, "00000-00000"))


def test_the_wait_after_wrong_codes_doubles(client, database, clock):
    add_person(database)
    for _ in range(5):
        assert failed(activate(client, "00000-00000"))
    waits = []
    for _ in range(7):
        waits.append(int(activate(client, "00000-00000").headers["Retry-After"]))
        clock.pass_by(seconds=waits[-1])
        assert failed(activate(client, "00000-00000"))
    assert waits == [30, 60, 120, 240, 480, 900, 900]


def test_a_passport_that_is_not_on_record_is_throttled_alike(client, database):
    answers = [activate(client, "00000-00000", document_number="EX9999999") for _ in range(6)]
    assert [answer.status_code for answer in answers] == [401] * 5 + [429]


def test_wrong_codes_of_one_network_delay_no_other(client, database):
    add_person(database)
    for _ in range(6):
        activate(client, "00000-00000")
    elsewhere = client.post(
        "/api/v1/activations",
        json=DETAILS | {"activation_code": "00000-00000"},
        environ_overrides={"REMOTE_ADDR": "192.0.2.9"},
    )
    assert failed(elsewhere)


def test_a_flood_over_many_passports_is_refused_at_once(client, database, app):
    add_person(database)
    code = code_for(database)
    services_of(app).filing.signer.refresh()
    with database.autocommit() as connection:
        key = throttle.key_of("activation-network", "127.0.0.0/24", "")
        limit = limits(NOW.date())[Throttled.ACTIVATION_NETWORK]
        for _ in range(limit.allowed):
            throttle.count(connection, key, limit, now=NOW)
    began = time.monotonic()
    answer = activate(client, "00000-00000", document_number="EX9999999")
    assert (answer.status_code, answer.headers["Retry-After"]) == (429, "1")
    assert time.monotonic() - began < FLOOR
    assert activate(client, code).status_code == 201


def test_wrong_codes_are_counted_by_network_too_and_right_ones_are_not(client, database):
    add_person(database)
    assert activate(client, code_for(database)).status_code == 201
    for number in range(2):
        assert failed(activate(client, "00000-00000", document_number=f"EX900000{number}"))
    limit = limits(NOW.date())[Throttled.ACTIVATION_NETWORK]
    with database.autocommit() as connection:
        key = throttle.key_of("activation-network", "127.0.0.0/24", "")
        assert throttle.count(connection, key, limit, now=NOW).count == 3


def test_a_network_that_waits_is_told_how_long(client, database, app, clock):
    with database.autocommit() as connection:
        key = throttle.key_of("activation-network", "127.0.0.0/24", "")
        limit = limits(NOW.date())[Throttled.ACTIVATION_NETWORK]
        for _ in range(limit.allowed + 6):
            throttle.count(connection, key, limit, now=clock())
            clock.pass_by(seconds=limit.most.total_seconds())
        throttle.count(connection, key, limit, now=clock())
    clock.pass_by(seconds=10)
    answer = activate(client, "00000-00000", document_number="EX9999999")
    assert (answer.status_code, answer.headers["Retry-After"]) == (429, "50")


def test_of_guesses_made_at_once_only_five_get_an_answer(app, database):
    add_person(database)
    code = code_for(database)
    with ThreadPoolExecutor(8) as pool:
        guesses = [pool.submit(activate, app.test_client(), f"{n:05}-AAAAA") for n in range(24)]
    assert sorted(guess.result().status_code for guess in guesses) == [401] * 5 + [429] * 19
    assert activate(app.test_client(), code).status_code == 201
    assert attempts(database).count(False) == 5


def test_of_many_uses_of_a_code_at_once_all_get_one_sign_in(app, database):
    add_person(database)
    code = code_for(database)
    with ThreadPoolExecutor(8) as pool:
        answers = [pool.submit(activate, app.test_client(), code).result for _ in range(8)]
    assert [answer().status_code for answer in answers] == [201] * 8
    assert len({answer().json["refresh_token"] for answer in answers}) == 1
    with database.read_session() as session:
        assert session.scalar(select(func.count()).select_from(TokenFamily)) == 1


def test_a_code_that_a_fresh_one_ends_while_it_is_waited_for_is_not_taken(app, database):
    add_person(database)
    code = code_for(database)
    with ThreadPoolExecutor(1) as pool:
        with database.transaction() as session:
            activations.issue(session, "EX1000001", "FRA", assurance="counter", issued_by="tests", now=NOW)
            session.flush()
            answer = pool.submit(activate, app.test_client(), code)
            await_waiting_backends(services_of(app).addresses.owner, "Lock")
        assert failed(answer.result())


def test_no_failure_is_quick_and_time_tells_nothing(client, database):
    add_person(database)
    code_for(database)

    def took(**changes):
        began = time.monotonic()
        assert failed(activate(client, "00000-00000", **changes))
        return time.monotonic() - began

    took()
    known = [took() for _ in range(4)]
    unknown = [took(document_number="EX9999999") for _ in range(4)]
    assert min(known + unknown) >= FLOOR
    assert abs(statistics.median(known) - statistics.median(unknown)) < FLOOR / 2


def test_the_same_statements_run_whatever_is_wrong(client, database, app):
    add_person(database)
    code = code_for(database)
    services_of(app).filing.signer.refresh()

    def statements(code, **changes):
        seen = []

        def note(conn, cursor, statement, *_):
            seen.append(statement)

        event.listen(database.engine, "before_cursor_execute", note)
        assert failed(activate(client, code, **changes))
        event.remove(database.engine, "before_cursor_execute", note)
        return seen

    used = code_for(database, assurance="mail")
    activate(client, used)
    with database.transaction() as session:
        session.execute(update(TokenFamily).values(revoked_at=NOW))
    runs = [
        statements("00000-00000"),
        statements(code, birth_date="1990-05-18"),
        statements(code, document_number="EX9999999"),
        statements(used),
    ]
    assert runs[0] == runs[1] == runs[2] == runs[3]


def test_a_digest_of_the_code_is_kept_and_no_code(database):
    add_person(database)
    code = code_for(database)
    with database.read_session() as session:
        row = session.scalars(select(ActivationCode)).one()
    assert row.code_digest == keyring().digest("activation-code", code)


def test_a_code_for_an_unknown_passport_is_refused(database):
    with pytest.raises(activations.UnknownPassport):
        code_for(database, "EX9999999")
