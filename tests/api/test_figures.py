"""The figures: counted once a night, small numbers hidden for everybody, each officer's own offices only."""

import csv
import io
from datetime import UTC, datetime, timedelta
from itertools import cycle
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import text

from foundation.leases import LeaseLost
from operations import figures
from operations.services import services_of
from tests.access import SetClock
from tests.conftest import NOW
from tests.factories import Resident, activate, load, officer, query, row

FRIDAY = datetime(2026, 11, 20, 3, tzinfo=UTC)
PLACES = {"BKK": ("103901", 13), "CBI": ("200101", 14), "CMI": ("500101", 4)}
"""How many people live where: those of Chiang Mai are too few to be shown."""


def count(app: Flask, now: datetime = NOW) -> int:
    return figures.count_round(services_of(app).database, now)


@pytest.fixture
def people(app: Flask) -> list[str]:
    """People whose report is due in six days."""
    homes = [place for place, number in PLACES.values() for _ in range(number)]
    numbers = [f"FIGURE{n:03}" for n in range(len(homes))]
    load(app, "passports", *(row("passports", document_number=each) for each in numbers))
    load(app, "movements", *(row("movements", document_number=each) for each in numbers))
    stays = zip(numbers, homes, strict=True)
    load(app, "residences", *(row("residences", document_number=n, subdistrict_code=home) for n, home in stays))
    return numbers


def get(who: Resident, path: str) -> Any:
    answer = who.get(path)
    assert answer.status_code == 200, answer.get_data(as_text=True)
    return answer.json


def test_an_office_sees_its_own_figures_and_small_ones_are_hidden_with_what_would_give_them_away(
    app: Flask, people: list[str]
) -> None:
    assert count(app) > 0
    everywhere = get(officer(app, "head", "supervisor", "HQ"), "/console/figures")
    assert everywhere["forecast"]["within_15"] == 30  # 31, rounded
    within = {each["office"]: each["within_15"] for each in everywhere["offices"]}
    assert (within["BKK"], within["CBI"], within["CMI"], within["NAN"]) == (None, 15, None, 0)
    assert get(officer(app, "north", "supervisor", "CMI"), "/console/figures")["forecast"]["within_15"] is None
    assert query(app, "select number from figures where office = 'CMI' and kind = 'forecast' and number > 0") == []
    east = officer(app, "east", "supervisor", "CBI")
    mine = get(east, "/console/figures")
    assert (mine["office"], mine["forecast"]["within_15"], mine["forecast"]["within_90"]) == ("CBI", 15, 15)
    assert [each["office"] for each in mine["offices"]] == ["CBI"]
    assert east.get("/console/figures?office=CMI").status_code == 404
    assert east.get("/console/figures?office=XXX").status_code == 422
    clerk = officer(app, "clerk", office="CBI")
    assert clerk.get("/console/figures").status_code == 403
    forecast = get(clerk, "/console/figures/forecast")
    assert forecast["forecast"]["within_15"] == 15
    bars = {bar["begins_on"]: bar["people"] for bar in forecast["forecast"]["bars"]}
    assert (len(bars), bars["2026-11-28"], bars["2026-12-03"]) == (18, 15, 0)
    assert clerk.get("/console/figures/forecast?office=BKK").status_code == 404


def test_anyone_sees_how_the_service_does_without_nationalities_or_what_is_coming(
    app: Flask, clock: SetClock, people: list[str]
) -> None:
    """Twelve have filed last Friday, accepted by the records; eleven were reopened, and ten decided otherwise."""
    clock.moment = FRIDAY
    for number in people[:12]:
        assert activate(app, number).file().json["status"] == "accepted"
    clock.moment = NOW
    first = "select id, row_number() over (order by id) as n from reports order by id limit 11"
    into = "insert into decisions (report_id, outcome, reasons, policy_version, decided_by, decided_at)"
    otherwise = "case when n > 1 then 'rejected' else 'accepted' end"
    with services_of(app).database.transaction() as session:
        for outcome, at in (("'reopened'", "2026-11-21T03:00Z"), (otherwise, "2026-11-21T04:00Z")):
            session.execute(text(f"{into} select id, {outcome}, '{{}}', 'x', 'officer:b', '{at}' from ({first}) r"))
    count(app)
    client = app.test_client()
    answer = client.get("/api/v1/performance")
    said = answer.json
    assert (said["decisions"]["records"], said["decisions"]["officers"], said["decisions"]["share"]) == (10, 0, 1.0)
    assert said["changes"] == {"reopened": 10, "overturned": 10, "contradicted": 0}
    assert [each["reports"] for each in said["channels"] if each["channel"] == "app"] == [10]
    assert [(week["begins_on"], week["total"]) for week in said["weeks"]] == [("2026-11-16", 10)]
    bangkok = next(each for each in said["provinces"] if each["province"] == "TH-10")
    assert (bangkok["name_en"], bangkok["name_th"]) == ("Bangkok", "กรุงเทพมหานคร")
    assert not {"forecast", "nationalities", "offices"} & said.keys()
    assert answer.headers["Cache-Control"] == "public, max-age=300"
    again = client.get("/api/v1/performance", headers={"If-None-Match": answer.headers["ETag"]})
    assert (again.status_code, again.get_data()) == (304, b"")


def test_who_does_not_report_counts_as_missed_once_the_last_day_is_over(app: Flask, clock: SetClock) -> None:
    numbers = [f"LATE{n:05}" for n in range(30)]
    written = cycle(["D", "DEU"])  # one nationality, as passports have it and as ISO 3166-1 has it
    load(app, "passports", *(row("passports", document_number=each, nationality=next(written)) for each in numbers))
    stay = {"occurred_on": "2026-08-01"}  # due on 28 October, late after 6 November
    load(app, "movements", *(row("movements", document_number=each, **stay) for each in numbers))
    load(app, "residences", *(row("residences", document_number=each) for each in numbers))
    made = {"filed_on": "2026-10-20", "channel": "counter"}
    load(app, "reports", *(row("reports", document_number=each, **made) for each in numbers[:20]))
    count(app)
    head = get(officer(app, "head", "auditor", "HQ"), "/console/figures")
    bangkok = next(each for each in head["provinces"] if each["province"] == "TH-10")
    assert (bangkok["reported"], bangkok["missed"], bangkok["total"], bangkok["share"]) == (20, 10, 30, 0.667)
    assert [(each["nationality"], each["share"]) for each in head["nationalities"]] == [("DEU", 0.667)]


def test_before_the_first_count_nothing_is_claimed(app: Flask) -> None:
    said = app.test_client().get("/api/v1/performance").json
    assert (said["counted_at"], said["decisions"]["total"], said["weeks"]) == (None, None, [])
    assert {each["total"] for each in said["provinces"]} == {None}
    assert officer(app, "head", "supervisor", "HQ").get("/console/figures").status_code == 200


def test_figures_are_counted_once_a_day_and_not_before_three_in_the_morning(app: Flask) -> None:
    """All of them at once where there are none yet: a new service has something to show."""
    midnight = datetime(2026, 11, 23, 17, 30, tzinfo=UTC)  # half past midnight of the 24th in Bangkok
    assert count(app) > 0
    assert (count(app), count(app, midnight)) == (0, 0)
    assert count(app, midnight + timedelta(hours=3)) > 0
    assert query(app, "select today::text from figure_counts") == [("2026-11-24",)]


def test_figures_of_a_worker_that_lost_its_lease_are_not_stored(app: Flask) -> None:
    def lost(_session: object) -> None:
        raise LeaseLost("x")

    with pytest.raises(LeaseLost):
        figures.count_round(services_of(app).database, NOW, lost)
    assert query(app, "select count(*) from figures, figure_counts") == [(0,)]


def test_reminders_count_as_in_time_within_an_hour_of_their_time(app: Flask) -> None:
    """Thirty left in time, twelve two hours late, eleven could not be sent; what was taken back does not count."""
    made = """with m as (
        insert into notifications (person_id, kind, dedupe, lane, params, status, created_at)
        select gen_random_uuid(), 'reminder.due-day', n::text, 1, '{}',
          case when n > 53 then 'stale' when n > 42 then 'unreachable' else 'sent' end, '2026-11-18T02:00Z'
        from generate_series(1, 60) n returning id, person_id, dedupe::int as n
    ) insert into deliveries (notification_id, person_id, device_id, lane, next_try_at, status, ready_at, sent_at)
        select id, person_id, 'phone', 1, '2026-11-18T02:00Z', 'sent', '2026-11-18T02:00Z',
          '2026-11-18T02:10Z'::timestamptz + case when n > 30 then interval '2 hours' else interval '0' end
        from m where n <= 42"""
    with services_of(app).database.transaction() as session:
        session.execute(text(made))
        causes = """{"no-channel": 12, "not-sent": 10}"""
        session.execute(text(f"insert into coverage_checks values ('2026-11-18T14:00Z', 200, '{causes}')"))
    count(app)
    said = app.test_client().get("/api/v1/performance").json
    assert said["reminders"] == {"in_time": 30, "late": 10, "not_sent": 10, "total": 55, "share": 0.545}
    assert said["coverage"] == {"told": 180, "not_told": 20, "total": 200, "share": 0.9}


def test_the_public_page_needs_no_script_and_no_sign_in(app: Flask, people: list[str]) -> None:
    count(app)
    client = app.test_client()
    page = client.get("/performance", headers={"Accept-Language": "th-TH"})
    assert (page.status_code, page.headers["Content-Type"]) == (200, "text/html; charset=utf-8")
    assert '<html lang="th"' in page.text
    assert "ผลการให้บริการรายงานตัว 90 วัน" in page.text
    english = client.get("/performance?lang=en&utm_source=x").text
    assert "<title>How 90-day reporting is doing</title>" in english
    assert english.count('class="tile') == 77
    assert client.get("/performance?lang=<script>").text.count("<script>") == 0
    assert (
        client.get("/performance", headers={"If-None-Match": page.headers["ETag"], "Accept-Language": "th"}).data == b""
    )


def test_the_open_data_have_the_same_figures_with_their_licence(app: Flask, people: list[str]) -> None:
    count(app)
    answer = app.test_client().get("/performance.csv")
    assert answer.headers["Content-Disposition"] == 'attachment; filename="90-day-reporting.csv"'
    rows = list(csv.DictReader(io.StringIO(answer.text)))
    assert {each["licence"] for each in rows} == {"CC BY 4.0"}
    assert not {each["figure"] for each in rows} & {"forecast", "due"}
    assert {each["province"] for each in rows if each["office"] == "CMI"} <= {"TH-50"}
    assert {each["item"] for each in rows if each["figure"] == "channels"} == {"total"}


def test_outages_that_two_people_registered_are_public_and_their_name_is_text(app: Flask) -> None:
    count(app)
    into = """insert into law_entries
        (kind, name, first_on, last_on, source, grade, registered_at, registered_as, approved_as)"""
    days = "'2026-11-02', '2026-11-03', 'Notice', 'OFF', now(), 'a', 'b'"
    with services_of(app).database.transaction() as session:
        for kind, name in (("outage", "Power <b>cut</b>"), ("waiver", "By order")):
            session.execute(text(f"{into} values ('{kind}', '{name}', {days})"))
    client = app.test_client()
    shown = client.get("/api/v1/performance").json["outages"]["registered"]
    assert shown == [{"name": "Power <b>cut</b>", "first_on": "2026-11-02", "last_on": "2026-11-03"}]
    page = client.get("/performance?lang=en").text
    assert "<bdi>Power &lt;b&gt;cut&lt;/b&gt;</bdi>" in page
    assert "2 November 2026 – 3 November 2026" in page
