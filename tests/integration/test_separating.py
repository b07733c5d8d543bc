"""A link that is taken back: each has again what came by their own passport, and both are told."""

from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import text

from immigration.services import belongings, refreshing
from notifications.services import addressing, delivery
from operations.services import services_of
from tests.conftest import NOW
from tests.factories import Resident, activate, load, merge, officer, query, row
from tests.linking import NEW, OLD, device, documents, messages, passport, people, relay, reports


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


@pytest.mark.parametrize(("author", "passport_of_author"), [(0, OLD), (1, NEW)])
@pytest.mark.parametrize("accepted", ["before", "after"])
def test_a_report_filed_while_joined_names_the_passport_of_its_author_after_the_separation(
    app: Flask, both: tuple[Resident, Resident], author: int, passport_of_author: str, accepted: str
) -> None:
    """While two are one person, the newer passport counts for both."""
    load(app, "movements", row("movements", document_number=NEW, occurred_on="2026-11-20", movement_id="M-3"))
    load(app, "reports", row("reports", document_number=OLD, filed_on="2026-11-21", next_due_on="2026-11-25"))
    report = both[author].file("key-joined").json["number"]
    decisions = f"/review/reports/{report}/decision"
    reviewer, acceptance = officer(app, office="HQ"), {"outcome": "accepted", "reasons": [], "note": ""}
    if accepted == "before":
        assert reviewer.post(decisions, acceptance).status_code == 200
    separate(app)
    if accepted == "after":
        assert reviewer.post(decisions, acceptance).status_code == 200
    receipt = both[author].get(f"/reports/{report}").json["receipt"]["number"]
    says = both[author].post("/receipts/verify", {"receipt": receipt}).json["says"]
    assert says["document_number"][-3:] == passport_of_author[-3:]


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
            assert both[0].post("/receipts/verify", {"receipt": receipt}).json["status"] == "accepted"


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


def test_contact_data_stay_with_the_passport_they_were_given_with(app: Flask, both: tuple[Resident, Resident]) -> None:
    first, second = both
    first.client.patch("/api/v1/me", json={"email": "first@example.org"}, headers=first.headers)
    assert second.get("/me").json["email"] == "first@example.org"
    second.client.patch("/api/v1/me", json={"phone": "+66 81 234 5678", "language": "th"}, headers=second.headers)
    assert (first.get("/me").json["phone"], second.get("/me").json["language"]) == ("+66 81 234 5678", "th")
    separate(app)
    shown = [(me["email"], me["phone"], me["language"]) for me in (each.get("/me").json for each in both)]
    assert shown == [("first@example.org", None, "en"), (None, "+66 81 234 5678", "th")]


def test_a_message_goes_to_the_phones_of_its_person_only(app: Flask, both: tuple[Resident, Resident]) -> None:
    with services_of(app).database.transaction() as session:
        addressing.fan_out(session, now=NOW)
    separate(app)
    activate(app, OLD)
    relay(app)
    with services_of(app).database.transaction() as session:
        addressing.fan_out(session, now=NOW)
        envelopes = delivery.claim(session, now=NOW)
    targets: dict[str, set[str]] = {}
    for envelope in envelopes:
        targets.setdefault(envelope.kind, set()).add(envelope.target)
    assert targets["resident.activated"] == {f"target-phone-{OLD}"}
    assert targets["people.separated"] == {f"target-phone-{number}" for number in (OLD, NEW)}
    deliveries = query(app, "select count(*) from deliveries where status = 'pending'")
    assert deliveries == [(len(envelopes),)]
    by_phone = {envelope.notification_id: envelope.target for envelope in envelopes}
    for resident, number in zip(both, (OLD, NEW), strict=True):
        items = {item["id"] for item in resident.get("/notifications?limit=100").json["items"]}
        assert {by_phone[each] for each in by_phone if str(each) in items} == {f"target-phone-{number}"}


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


def test_a_filing_on_facts_from_before_the_separation_is_refused_by_the_revision(
    app: Flask, both: tuple[Resident, Resident]
) -> None:
    before = dict(query(app, "select person_id, revision from obligations"))
    merge(app, "passports", passport(NEW, given_names=NEW))
    after = dict(query(app, "select person_id, revision from obligations"))
    assert all(after[person] > revision for person, revision in before.items())
    context = services_of(app).filing
    later = NOW + timedelta(seconds=1)
    assert refreshing.refresh(
        services_of(app).database, records=context.records, law=context.law, now=later, actor="test"
    )
    assert [belonging_to(resident)["stay"] for resident in both] == ["2026-09-01", "2026-09-02"]
