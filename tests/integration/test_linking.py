"""Links between passports: who is joined, who is refused, and what becomes of everything when a link is taken back."""

import itertools
import threading
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import text

from immigration.rules.rows import KINDS
from immigration.services import belongings, obligations, records
from notifications import rounds
from operations.services import services_of
from operations.subscribing import SUBSCRIBERS
from tests.conftest import NOW
from tests.factories import Resident, activate, arrived, load, merge, officer, row

OLD, NEW = "TEST00001", "TEST00002"


def passport(number: str, replaces: str = "", **values: str) -> dict[str, str]:
    return row("passports", document_number=number, replaces=replaces and f"FRA:{replaces}", **values)


def query(app: Flask, statement: str) -> list[tuple[Any, ...]]:
    with services_of(app).database.read_session() as session:
        return [tuple(each) for each in session.execute(text(statement))]


def relay(app: Flask) -> None:
    rounds.relay_round(services_of(app).database, NOW, SUBSCRIBERS)


def people(app: Flask) -> int:
    return int(query(app, "select count(distinct person_id) from passports")[0][0])


def write(path: Path, *rows: dict[str, str]) -> Path:
    columns = KINDS["passports"].columns
    path.write_text("\n".join([",".join(columns), *(",".join(each[c] for c in columns) for each in rows)]) + "\n")
    return path


def import_file(app: Flask, path: Path) -> str:
    context = services_of(app).filing
    done = records.import_file(
        services_of(app).database, "passports", path, records=context.records, law=context.law, now=NOW
    )
    return str(done)


def messages(resident: Resident) -> list[str]:
    return [item["kind"] for item in resident.get("/notifications?limit=100").json["items"]]


def reports(resident: Resident) -> list[str]:
    return [report["number"] for report in resident.get("/reports").json["items"]]


def device(resident: Resident, device_id: str) -> None:
    body = {"platform": "android", "kind": "fid", "target": f"target-{device_id}", "language": "en"}
    answer = resident.client.put(f"/api/v1/devices/{device_id}", json=body, headers=resident.headers)
    assert answer.status_code == 200, answer.json


def documents(resident: Resident) -> tuple[str, str]:
    shown = resident.get("/me").json
    return shown["given_names"], shown["document_number"][-3:]


def test_unrelated_holders_are_not_joined_and_the_row_is_rejected_with_the_reason(app: Flask, tmp_path: Path) -> None:
    italian = {"issuing_state": "ITA", "nationality": "ITA"}
    first = row(
        "passports", document_number="CP0000020", birth_date="1981-01-01", sex="M", given_names="UGO", **italian
    )
    second = row("passports", document_number="CP0000021", birth_date="1992-02-02", sex="F", **italian)
    load(app, "passports", first)
    phone = activate(app, "CP0000020", "ITA", "1981-01-01")
    path = write(tmp_path / "p.csv", second | {"replaces": "ITA:CP0000020"})
    assert import_file(app, path) == "imported 0, updated 0, unchanged 0, rejected 1"
    assert "the birth date contradicts" in (tmp_path / "p.csv.rejected.csv").read_text()
    assert phone.get("/me").json["given_names"] == "UGO"
    assert import_file(app, write(path, second)) == "imported 1, updated 0, unchanged 0, rejected 0"
    assert people(app) == 2


@pytest.mark.parametrize(
    ("values", "outcome"),
    [
        ({"sex": "M"}, "rejected 1"),
        ({"birth_date": "1990-01-03"}, "rejected 1"),
        ({"sex": "X"}, "rejected 0"),
        ({"surname": "MARTIN", "nationality": "ITA"}, "rejected 0"),
    ],
)
def test_birth_date_and_sex_contradict_and_nothing_else(
    app: Flask, tmp_path: Path, values: dict[str, str], outcome: str
) -> None:
    load(app, "passports", passport(OLD))
    assert import_file(app, write(tmp_path / "p.csv", passport(NEW, OLD, **values))).endswith(outcome)


def test_a_claim_that_a_later_row_contradicts_links_nothing_and_replaces_nothing(app: Flask, tmp_path: Path) -> None:
    load(app, "passports", passport(NEW, OLD, sex="M"))
    assert import_file(app, write(tmp_path / "p.csv", passport(OLD, sex="F"))).startswith("imported 1")
    assert people(app) == 2
    assert documents(activate(app, OLD)) == ("ALIX", "001")
    again = import_file(app, write(tmp_path / "q.csv", passport(NEW, OLD, sex="M")))
    assert again == "imported 0, updated 0, unchanged 0, rejected 1"


def test_in_one_file_the_row_that_claims_is_rejected_wherever_it_stands(app: Flask, tmp_path: Path) -> None:
    claim, innocent = passport(NEW, OLD, sex="M"), passport(OLD, sex="F")
    for name, rows in (("p", (claim, innocent)), ("q", (innocent, claim))):
        import_file(app, write(tmp_path / f"{name}.csv", *rows))
        assert (tmp_path / f"{name}.csv.rejected.csv").read_text().splitlines()[1].count(f"{NEW},FRA") == 1
    assert people(app) == 1


def test_a_circle_is_rejected_within_a_file_across_files_and_through_an_officers_link(
    app: Flask, tmp_path: Path
) -> None:
    path = tmp_path / "p.csv"
    assert import_file(app, write(path, passport(OLD, NEW), passport(NEW, OLD))).endswith("rejected 1")
    reason = (tmp_path / "p.csv.rejected.csv").read_text().splitlines()[1]
    assert reason.startswith("3,")
    assert "circle" in reason
    load(app, "passports", passport(NEW))
    assert import_file(app, write(path, passport(NEW, OLD))).endswith("rejected 1")
    load(app, "passports", passport("TEST00003"))
    staff, resident = officer(app), query(app, "select person_id from passports order by id limit 1")[0][0]
    body = {"document_number": "TEST00003", "issuing_state": "FRA", "reason": "Both shown."}
    assert staff.post(f"/review/residents/{resident}/links", body).status_code == 201
    assert people(app) == 1
    assert import_file(app, write(path, passport(NEW, "TEST00003"))).endswith("rejected 1")
    assert import_file(app, write(path, passport("TEST00003", OLD))).endswith("rejected 0")


def test_any_order_of_rows_and_files_ends_with_the_same_people(app: Flask) -> None:
    rows = [passport(OLD), passport(NEW, OLD), passport("TEST00003", NEW), passport("TEST00004", NEW)]
    for number, order in enumerate(itertools.permutations(rows)):
        renamed = [
            each
            | {"document_number": f"{number:02}{each['document_number']}"}
            | ({"replaces": f"FRA:{number:02}{each['replaces'][4:]}"} if each["replaces"] else {})
            for each in order
        ]
        for each in renamed if number % 2 else [renamed]:
            load(app, "passports", *(each if isinstance(each, list) else [each]))
        assert people(app) == number + 1
    before = query(app, "select id, person_id, holder_id from passports order by id")
    assert load(app, "passports", *renamed) == {"unchanged": 4, "rejected": 0}
    assert query(app, "select id, person_id, holder_id from passports order by id") == before


@pytest.fixture
def both(app: Flask) -> tuple[Resident, Resident]:
    """Two people who filed, each with a phone and a device; then the second's passport replaces the first's."""
    residents = []
    for number, on in ((OLD, "2026-09-01"), (NEW, "2026-09-02")):
        load(app, "passports", passport(number, given_names=number))
        load(app, "movements", row("movements", document_number=number, occurred_on=on, movement_id=f"M-{number}"))
        resident = activate(app, number)
        device(resident, f"phone-{number}")
        assert resident.file(f"key-{number}").json["status"] == "accepted"
        residents.append(resident)
    relay(app)
    load(app, "passports", passport(NEW, OLD, given_names=NEW))
    relay(app)
    return residents[0], residents[1]


def separate(app: Flask) -> None:
    load(app, "passports", passport(NEW, given_names=NEW))
    relay(app)


def belonging_to(resident: Resident) -> dict[str, Any]:
    return {
        "me": documents(resident),
        "reports": reports(resident),
        "stay": resident.get("/me/stay").json["entered_on"],
        "due": resident.get("/me/stay").json["obligation"]["due_on"],
    }


def test_both_phones_show_the_joined_person_at_once_and_their_own_after_the_link_is_taken_back(
    app: Flask, both: tuple[Resident, Resident]
) -> None:
    first, second = both
    assert belonging_to(first) == belonging_to(second)
    assert len(reports(first)) == 2
    separate(app)
    shown = [belonging_to(resident) for resident in both]
    assert [each["me"] for each in shown] == [(OLD, "001"), (NEW, "002")]
    assert [each["stay"] for each in shown] == ["2026-09-01", "2026-09-02"]
    assert [len(each["reports"]) for each in shown] == [1, 1]
    assert [each["due"] for each in shown] == ["2027-02-27", "2027-02-28"]
    assert first.get(f"/reports/{shown[1]['reports'][0]}").status_code == 404
    refreshed = second.client.post("/api/v1/tokens", json={"refresh_token": second.refresh_token})
    assert refreshed.json["resident_id"] == second.id


def test_messages_and_devices_go_back_to_whom_they_came_for_and_both_are_told(
    app: Flask, both: tuple[Resident, Resident]
) -> None:
    first, second = both
    assert messages(first) == messages(second)
    assert messages(first).count("report.decided.accepted") == 2
    separate(app)
    for resident, number in zip(both, (OLD, NEW), strict=True):
        kinds = messages(resident)
        assert (kinds.count("report.decided.accepted"), kinds.count("people.separated")) == (1, 1)
        items = resident.get("/notifications?limit=100").json["items"]
        assert {item["report"] for item in items if item["report"]} == {*reports(resident)}
        assert resident.client.delete(f"/api/v1/devices/phone-{number}", headers=resident.headers).status_code == 204


def test_an_idempotency_key_answers_its_sender_before_and_after(app: Flask, both: tuple[Resident, Resident]) -> None:
    first, second = both
    for step in (lambda: None, lambda: separate(app)):
        step()
        for resident, number in ((first, OLD), (second, NEW)):
            assert resident.file(f"key-{number}").headers["Idempotent-Replayed"] == "true"
    assert first.file(f"key-{NEW}").status_code == 409


def test_a_report_filed_while_joined_stays_with_who_filed_it(app: Flask, both: tuple[Resident, Resident]) -> None:
    first, second = both
    load(app, "movements", row("movements", document_number=NEW, occurred_on="2026-11-20", movement_id="M-3"))
    load(app, "reports", row("reports", document_number=OLD, filed_on="2026-11-21", next_due_on="2026-11-25"))
    answer = first.file("key-joined")
    assert answer.status_code == 201, answer.json
    separate(app)
    assert answer.json["number"] in reports(first)
    assert answer.json["number"] not in reports(second)
    assert first.file("key-joined").headers["Idempotent-Replayed"] == "true"


def test_events_decisions_and_receipts_are_not_rewritten_and_receipts_verify_as_before(
    app: Flask, both: tuple[Resident, Resident]
) -> None:
    tables = {"events": "id", "decisions": "id", "receipts": "number", "token_families": "id", "activation_codes": "id"}
    everything = {table: f"select t::text from {table} t order by {key}" for table, key in tables.items()}
    before = {table: query(app, statement) for table, statement in everything.items()}
    separate(app)
    for table, statement in everything.items():
        assert query(app, statement)[: len(before[table])] == before[table], table
    for statement, number in query(app, "select statement, number from receipts"):
        for receipt in (statement, number):
            assert both[0].post("/receipts/verify", {"receipt": receipt}).json["status"] == "genuine"


def test_each_timeline_has_what_happened_to_the_one_who_was_separated(
    app: Flask, both: tuple[Resident, Resident]
) -> None:
    separate(app)
    with services_of(app).database.read_session() as session:
        people = [row[0] for row in session.execute(text("select person_id from passports order by id"))]
        first, second = (belongings.timeline(session, person) for person in people)
    filed = [{event.subject for event in each if event.kind == "report.filed"} for each in (first, second)]
    assert filed == [set(reports(resident)) for resident in both]
    assert all(sum(event.kind == "people.separated" for event in each) == 1 for each in (first, second))


def test_joining_again_after_separating_and_importing_again_change_nothing_more(
    app: Flask, both: tuple[Resident, Resident]
) -> None:
    joined = [belonging_to(resident) for resident in both]
    separate(app)
    apart = [belonging_to(resident) for resident in both]
    load(app, "passports", passport(NEW, OLD, given_names=NEW))
    relay(app)
    assert [belonging_to(resident) for resident in both] == joined
    separate(app)
    assert [belonging_to(resident) for resident in both] == apart
    events = query(app, "select count(*) from events")
    assert load(app, "passports", passport(NEW, given_names=NEW)) == {"unchanged": 1, "rejected": 0}
    assert query(app, "select count(*) from events") == events


def test_a_link_in_the_middle_of_a_chain_leaves_the_others_joined(app: Flask) -> None:
    numbers = [f"TEST0000{n}" for n in range(1, 6)]
    for number, older in zip(numbers, ["", *numbers], strict=False):
        load(app, "passports", passport(number, older, given_names=number))
    residents = {number: activate(app, numbers[-1]) for number in numbers[-1:]}
    assert people(app) == 1
    load(app, "passports", passport(numbers[2]))
    assert query(app, "select count(*) from passports group by person_id order by 1") == [(2,), (3,)]
    assert documents(residents[numbers[-1]]) == (numbers[-1], "005")
    assert documents(activate(app, numbers[1])) == (numbers[1], "002")
    load(app, "passports", passport(numbers[2], numbers[0]))
    assert people(app) == 1


def test_a_changed_link_moves_a_passport_from_one_person_to_another(app: Flask) -> None:
    arrived(app, "2026-09-01")
    load(app, "passports", passport("TEST00003"))
    load(app, "movements", row("movements", document_number="TEST00003", occurred_on="2026-10-01"))
    load(app, "passports", passport(NEW, OLD))
    resident = activate(app, NEW)
    assert resident.get("/me/stay").json["entered_on"] == "2026-09-01"
    load(app, "passports", passport(NEW, "TEST00003"))
    assert resident.get("/me/stay").json["entered_on"] == "2026-10-01"
    kinds = [kind for (kind,) in query(app, "select kind from events where kind like 'people.%' order by id")]
    assert kinds == ["people.joined", "people.separated", "people.separated", "people.joined"]


def test_a_corrected_birth_date_that_contradicts_separates_and_its_correction_joins_again(app: Flask) -> None:
    load(app, "passports", passport(OLD), passport(NEW, OLD))
    load(app, "passports", passport(OLD, birth_date="1990-02-01"))
    assert people(app) == 2
    load(app, "passports", passport(NEW, OLD, birth_date="1990-02-01"))
    assert people(app) == 1


def test_contact_data_stay_with_the_passport_they_were_given_with(app: Flask, both: tuple[Resident, Resident]) -> None:
    first, second = both
    first.client.patch("/api/v1/me", json={"email": "first@example.org"}, headers=first.headers)
    assert second.get("/me").json["email"] == "first@example.org"
    second.client.patch("/api/v1/me", json={"phone": "+66 81 234 5678", "language": "th"}, headers=second.headers)
    assert (first.get("/me").json["phone"], second.get("/me").json["language"]) == ("+66 81 234 5678", "th")
    separate(app)
    shown = [(me["email"], me["phone"], me["language"]) for me in (each.get("/me").json for each in both)]
    assert shown == [("first@example.org", None, "en"), (None, "+66 81 234 5678", "th")]


def test_people_who_were_joined_before_holders_were_kept_are_separated_too(
    app: Flask, both: tuple[Resident, Resident]
) -> None:
    with services_of(app).database.transaction() as session:
        first = "(select person_id from passports limit 1)"
        times = {"token_families": "created_at", "activation_codes": "used_at", "idempotency_keys": "created_at"}
        for table, column in times.items():  # the clock of the tests stands still: no two were made at one moment
            earlier = f"{column} = case when person_id = {first} then {column} - interval '1 second' else {column} end"
            session.execute(text(f"update {table} set {earlier}, person_id = {first}"))
        session.execute(text("update reports set filed_at = filed_at - interval '1 second' where passport_id = 1"))
        session.execute(text("update passports set holder_id = null"))
        session.execute(text("update reports set holder_id = null"))
    separate(app)
    assert people(app) == 2
    tokens = [each.client.post("/api/v1/tokens", json={"refresh_token": each.refresh_token}).json for each in both]
    for number, token, former in zip((OLD, NEW), tokens, both, strict=True):
        resident = Resident(former.client, {"Authorization": f"Bearer {token['access_token']}"}, token["resident_id"])
        assert documents(resident) == (number, number[-3:])
        assert len(reports(resident)) == 1
        assert resident.file(f"key-{number}").headers["Idempotent-Replayed"] == "true"


def test_imports_at_once_that_join_and_separate_end_as_one_after_the_other(app: Flask, tmp_path: Path) -> None:
    older = [passport(f"OLD{n:05}") for n in range(60)]
    load(app, "passports", *older, *(passport(f"NEW{n:05}") for n in range(60)))
    linked = [passport(f"NEW{n:05}", f"OLD{n:05}") for n in range(60)]
    paths = [write(tmp_path / "p.csv", *linked), write(tmp_path / "q.csv", *reversed(linked))]
    done: list[str] = []
    threads = [threading.Thread(target=lambda path=path: done.append(import_file(app, path))) for path in paths]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(done) == [
        "imported 0, updated 0, unchanged 60, rejected 0",
        "imported 0, updated 60, unchanged 0, rejected 0",
    ]
    assert people(app) == 60
    assert query(app, "select count(*) from obligations") == [(60,)]


def test_a_filing_on_facts_from_before_the_separation_is_refused_by_the_revision(
    app: Flask, both: tuple[Resident, Resident]
) -> None:
    before = dict(query(app, "select person_id, revision from obligations"))
    merge(app, "passports", passport(NEW, given_names=NEW))
    after = dict(query(app, "select person_id, revision from obligations"))
    assert all(after[person] > revision for person, revision in before.items())
    context = services_of(app).filing
    later = NOW + timedelta(seconds=1)
    assert obligations.refresh(
        services_of(app).database, records=context.records, law=context.law, now=later, actor="test"
    )
    assert [belonging_to(resident)["stay"] for resident in both] == ["2026-09-01", "2026-09-02"]
