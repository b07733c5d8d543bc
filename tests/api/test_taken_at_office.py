"""An office took the report of a period while the one that was filed here waited for a decision."""

from datetime import date, timedelta
from typing import Any

import pytest
from flask import Flask

from immigration.services import refreshing
from operations.services import services_of
from tests.access import SetClock
from tests.conftest import NOW
from tests.factories import ADDRESS, Resident, activate, approve, arrived, load, merge, officer, query, row, together
from tests.linking import messages, relay

TODAY = NOW.date()
REFUSED = ("rejected", ["already-reported"])


def d(days: int) -> str:
    return str(TODAY + timedelta(days=days))


@pytest.fixture
def number(resident: Resident) -> str:
    answer = resident.file().json
    assert answer["status"] == "under-review"
    return str(answer["number"])


def taken(app: Flask, days: int = 0, number: str = "B-77", **values: str) -> dict[str, str]:
    """Import a report that an office took so many days after today, with the date that it printed."""
    on = TODAY + timedelta(days=days)
    report = row("reports", filed_on=str(on), next_due_on=str(on + timedelta(days=90)), receipt_number=number, **values)
    load(app, "reports", report)
    return report


def shown(resident: Resident, number: str) -> tuple[str, list[str]]:
    report = resident.get(f"/reports/{number}").json
    return report["status"], report["reasons"]


def decide(staff: Resident, number: str, outcome: str = "accepted", *reasons: str) -> Any:
    return staff.post(f"/review/reports/{number}/decision", {"outcome": outcome, "reasons": list(reasons)})


@pytest.mark.parametrize("channel", ["counter", "agent", "post"])
@pytest.mark.parametrize("days", [-9, -1, 0])
def test_a_report_at_an_office_closes_the_one_that_waits(
    app: Flask, resident: Resident, number: str, channel: str, days: int
) -> None:
    taken(app, days, channel=channel, office="CNX")
    report = resident.get(f"/reports/{number}").json
    assert (report["status"], report["reasons"], report["office_report"]) == (*REFUSED, "B-77")
    assert report["receipt"] is None
    assert resident.get("/me/stay").json["obligation"]["due_on"] == d(days + 90)
    again = resident.file()
    assert (again.status_code, again.json["code"], again.json["opens_on"]) == (409, "too-early", d(days + 75))


def test_the_person_is_told_in_their_language(app: Flask, resident: Resident, number: str) -> None:
    taken(app, office="CMI")
    relay(app)
    assert messages(resident).count("report.taken-at-office") == 1
    for language, day, office in (
        ("en", "23 November 2026", "Chiang Mai Immigration Office"),
        ("th", "23 พ.ย. 2569", "ตรวจคนเข้าเมืองจังหวัดเชียงใหม่"),
    ):
        headers = resident.headers | {"Accept-Language": language}
        items = resident.client.get("/api/v1/notifications", headers=headers).json["items"]
        message = next(item for item in items if item["kind"] == "report.taken-at-office")
        assert day in message["body"]
        assert office in message["body"]
        assert "CMI" not in message["body"]
        assert message["report"] == number


def test_an_office_in_no_list_is_not_named(app: Flask, resident: Resident, number: str) -> None:
    taken(app, office="XQ7")
    relay(app)
    items = resident.get("/notifications").json["items"]
    assert "XQ7" not in next(item for item in items if item["kind"] == "report.taken-at-office")["body"]


def test_who_has_to_visit_is_told_the_name_of_the_office(app: Flask, resident: Resident, number: str) -> None:
    decide(officer(app), number, "needs-visit", "other")
    relay(app)
    items = resident.client.get("/api/v1/notifications", headers=resident.headers | {"Accept-Language": "th"}).json
    message = next(item for item in items["items"] if item["kind"] == "report.decided.needs-visit")
    assert "BKK" not in message["body"]
    assert "ตรวจคนเข้าเมือง" in message["body"]


def test_the_officer_sees_why(app: Flask, resident: Resident, number: str) -> None:
    taken(app, -2)
    review = officer(app).get(f"/review/reports/{number}").json
    assert review["report"]["office_report"] == "B-77"
    assert [(made["outcome"], made["reasons"], made["decided_by"]) for made in review["decisions"]] == [
        (*REFUSED, "import")
    ]
    event = next(event for event in review["history"] if event["kind"] == "report.taken-at-office")
    assert (event["data"]["office_report"], event["data"]["reported_on"]) == ("B-77", d(-2))
    assert [report["number"] for report in review["records"]["reports"]] == ["B-77"]
    assert officer(app, "second").get("/review/reports?office=all").json["items"] == []


def test_a_returned_report_is_closed_too_and_cannot_be_corrected(app: Flask, resident: Resident, number: str) -> None:
    decide(officer(app), number, "returned", "address-mismatch")
    taken(app)
    assert shown(resident, number) == REFUSED
    corrected = resident.post(f"/reports/{number}/correction", {"address": ADDRESS})
    assert (corrected.status_code, corrected.json["code"]) == (409, "wrong-state")


@pytest.mark.parametrize("outcome", ["accepted", "rejected", "needs-visit"])
def test_what_is_decided_stays_decided(app: Flask, resident: Resident, number: str, outcome: str) -> None:
    decide(officer(app), number, outcome, *([] if outcome == "accepted" else ["other"]))
    before = shown(resident, number)
    taken(app)
    assert shown(resident, number) == before
    assert resident.get(f"/reports/{number}").json["office_report"] is None


def test_what_was_withdrawn_stays_withdrawn(app: Flask, resident: Resident, number: str) -> None:
    resident.post(f"/reports/{number}/withdrawal")
    taken(app)
    assert shown(resident, number)[0] == "withdrawn"


@pytest.mark.parametrize(
    ("days", "values"),
    [
        (0, {"channel": "online"}),  # it may be this very report, in another system
        (1, {}),  # of tomorrow
        (-83, {}),  # on the day of the arrival, which counts
        (-100, {}),  # in an earlier stay
        (-76, {}),  # its next window was open when the report was filed: that answers the period after it
    ],
)
def test_a_report_at_an_office_that_answers_another_period_closes_nothing(
    app: Flask, resident: Resident, number: str, days: int, values: dict[str, str]
) -> None:
    taken(app, days, **values)
    assert shown(resident, number)[0] == "under-review"


@pytest.mark.parametrize(("later", "closes"), [(1, True), (80, True), (81, False), (100, False)])
def test_until_the_next_window_opens_a_later_report_at_an_office_is_of_the_same_period(
    app: Flask, clock: SetClock, resident: Resident, number: str, later: int, closes: bool
) -> None:
    # the one that waits would earn 27 February 2027, whose window opens on 12 February, 81 days after it was filed
    clock.pass_by(days=later)
    taken(app, later)
    staff = officer(app).get(f"/review/reports/{number}").json
    assert staff["report"]["status"] == ("rejected" if closes else "under-review")


def test_a_row_of_the_future_closes_it_on_its_day(app: Flask, clock: SetClock, resident: Resident, number: str) -> None:
    taken(app, 2)
    assert officer(app).get(f"/review/reports/{number}").json["report"]["status"] == "under-review"
    clock.pass_by(days=2)
    context = services_of(app).filing
    refreshing.refresh(services_of(app).database, records=context.records, law=context.law, now=clock(), actor="worker")
    assert officer(app, "second").get(f"/review/reports/{number}").json["report"]["status"] == "rejected"


def test_a_row_that_turns_out_wrong_puts_the_report_back_as_of_its_day(
    app: Flask, resident: Resident, number: str
) -> None:
    before = resident.get(f"/reports/{number}").json
    report = taken(app)
    load(app, "passports", row("passports", document_number="TEST00002"))
    load(app, "reports", report | {"document_number": "TEST00002"})
    after = resident.get(f"/reports/{number}").json
    assert after["status"] == "under-review"
    unmoved = ("filed_at", "due_on", "reasons", "checks", "filing_statement", "office_report")
    assert {name: after[name] for name in unmoved} == {name: before[name] for name in unmoved}
    relay(app)
    assert messages(resident).count("report.reopened") == 1
    items = resident.get("/notifications").json["items"]
    assert "receipt" not in next(item for item in items if item["kind"] == "report.reopened")["body"].lower()
    assert decide(officer(app), number).json["receipt"]["next_due_on"] == "2027-02-27"


@pytest.mark.parametrize("change", [{"filed_on": d(-100)}, {"channel": "online"}])
def test_so_does_a_row_that_is_corrected_to_another_day_or_channel(
    app: Flask, resident: Resident, number: str, change: dict[str, str]
) -> None:
    report = taken(app)
    load(app, "reports", report | change)
    assert shown(resident, number)[0] == "under-review"
    load(app, "reports", report)
    assert shown(resident, number) == REFUSED


def test_a_row_that_still_answers_the_period_after_its_correction_changes_nothing(
    app: Flask, database: Any, resident: Resident, number: str
) -> None:
    report = taken(app)
    load(app, "reports", report | {"filed_on": d(-1), "office": "CNX"})
    taken(app, -1, "B-78")
    load(app, "reports", report | {"filed_on": d(-100)})
    assert shown(resident, number) == REFUSED
    assert query(app, "select count(*) from decisions") == [(1,)]


def test_a_report_is_not_put_back_beside_another_of_its_period(app: Flask, resident: Resident, number: str) -> None:
    report = taken(app)
    moved = report | {"filed_on": d(-100)}
    merge(app, "reports", moved)  # an import that was cut short: the records are right again, nothing followed yet
    assert resident.file().status_code == 201
    load(app, "reports", moved)
    assert shown(resident, number) == REFUSED


def test_a_supervisors_reopening_stands_against_the_same_row_and_not_against_another(
    app: Flask, resident: Resident, number: str
) -> None:
    report = taken(app)
    boss = officer(app, "boss", "supervisor")
    approve(app, boss.post(f"/review/reports/{number}/reopening", {"note": "Another person's."}))
    load(app, "reports", report | {"office": "CNX"})
    assert shown(resident, number) == ("under-review", ["already-reported"])
    taken(app, -3, "B-70")
    assert shown(resident, number) == REFUSED


def test_an_accepted_report_that_is_reopened_stands_against_what_an_office_took_before(app: Flask) -> None:
    arrived(app)
    load(app, "residences", row("residences"))
    resident = activate(app)
    answer = resident.file().json
    assert answer["status"] == "accepted"
    report = taken(app)
    boss = officer(app, "boss", "supervisor")
    approve(app, boss.post(f"/review/reports/{answer['number']}/reopening", {"note": "Another person's."}))
    load(app, "reports", report | {"office": "CNX"})
    assert shown(resident, answer["number"])[0] == "under-review"
    taken(app, -3, "B-70")
    assert shown(resident, answer["number"])[0] == "rejected"


def test_the_same_import_again_changes_nothing(app: Flask, resident: Resident, number: str) -> None:
    for _ in range(3):
        taken(app)
    assert query(app, "select count(*) from decisions") == [(1,)]
    assert query(app, "select count(*) from events where kind = 'report.taken-at-office'") == [(1,)]


def test_a_withdrawal_during_an_import_does_not_hide_a_second_report_that_waits(app: Flask) -> None:
    arrived(app)
    resident = activate(app, assurance="mail")
    number = resident.file().json["number"]
    merge(app, "reports", row("reports", filed_on=d(0)))
    assert decide(officer(app), number, "returned", "other").status_code == 200
    load(app, "residences", row("residences"))
    assert shown(resident, number) == REFUSED


def test_without_an_entry_on_record_a_later_report_at_an_office_closes_it(app: Flask) -> None:
    load(app, "passports", row("passports"))
    resident = activate(app)
    number = resident.file().json["number"]
    taken(app)
    assert shown(resident, number) == REFUSED


def test_an_entry_that_arrives_late_with_the_report_at_an_office_closes_it_too(app: Flask) -> None:
    load(app, "passports", row("passports"))
    resident = activate(app)
    number = resident.file().json["number"]
    load(app, "movements", row("movements", occurred_on=d(-83)))
    assert shown(resident, number)[0] == "under-review"
    taken(app)
    assert shown(resident, number) == REFUSED


def test_an_unclear_regime_is_closed_like_any_other(app: Flask) -> None:
    arrived(app, visa_class="CABINET")
    resident = activate(app)
    number = resident.file().json["number"]
    taken(app)
    assert shown(resident, number) == REFUSED


def test_an_office_and_an_officer_at_once_leave_one_outcome(app: Flask) -> None:
    waiting = []
    staff = officer(app)
    for n in range(6):
        document = f"TEST{n:05}"
        load(app, "passports", row("passports", document_number=document))
        load(app, "movements", row("movements", document_number=document))
        resident = activate(app, document, assurance="mail")
        waiting.append((document, resident, resident.file().json["number"]))
    for document, resident, number in waiting:
        answers = together(
            [
                lambda document=document: taken(app, number=f"B-{document}", document_number=document),  # type: ignore[misc]
                lambda number=number: decide(staff, number),  # type: ignore[misc]
            ]
        )
        status, reasons = shown(resident, number)
        decided = answers[1].status_code
        assert (decided, status, reasons) in [(200, "accepted", []), (409, *REFUSED)]
        assert query(
            app,
            f"select count(*) from receipts r join reports p on p.id = r.report_id where p.number = '{number}'",
        ) == [(1 if decided == 200 else 0,)]
        assert resident.get("/me/stay").json["obligation"]["due_on"] in (d(90), str(date(2027, 2, 27)))
