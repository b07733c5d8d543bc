"""Which step of the reminder ladder stands on a day, and for whom: planned from state alone."""

from datetime import date

import pytest
from flask import Flask

from operations.services import services_of
from tests.factories import activate, arrived, load, officer, row


def steps(app: Flask, day: str) -> list[str]:
    """The steps that stand on a day, one for each person to be reminded."""
    with services_of(app).database.read_session() as session:
        return [reminder.step for reminder in session.execute(services_of(app).due_today(date.fromisoformat(day)))]


@pytest.mark.parametrize(
    ("day", "expected"),
    [
        ("2026-11-13", []),
        ("2026-11-14", ["window-opens"]),
        ("2026-11-21", ["window-opens"]),
        ("2026-11-22", ["seven-days"]),
        ("2026-11-27", ["seven-days"]),
        ("2026-11-28", ["one-day"]),
        ("2026-11-29", ["due-day"]),
        ("2026-12-05", ["due-day"]),
        ("2026-12-06", ["last-day-of-grace"]),
        ("2026-12-08", ["last-day-of-grace"]),
        ("2026-12-09", ["after-grace"]),
        ("2026-12-15", ["after-grace"]),
        ("2026-12-16", ["late-second-week"]),
        ("2026-12-22", ["late-second-week"]),
        ("2026-12-23", ["late-third-week"]),
        ("2026-12-29", ["late-third-week"]),
        ("2026-12-30", ["late-fourth-week"]),
        ("2027-01-07", ["late-fourth-week"]),
        ("2027-01-08", []),
    ],
)
def test_the_step_that_stands_is_the_latest_whose_day_has_come(app: Flask, day: str, expected: list[str]) -> None:
    arrived(app)
    assert steps(app, day) == expected


@pytest.mark.parametrize(
    "values",
    [{"visa_class": "DIPLOMATIC"}, {"visa_class": "CABINET"}, {"permitted_until": "2026-11-29"}],
    ids=["exempt", "unclear", "leaves before due"],
)
def test_who_owes_no_report_is_not_reminded(app: Flask, values: dict[str, str]) -> None:
    arrived(app, **values)
    assert steps(app, "2026-11-22") == []


def test_a_yearly_report_is_reminded_of_too(app: Flask) -> None:
    arrived(app, "2025-12-01", visa_class="LTR")
    assert steps(app, "2026-11-24") == ["seven-days"]


@pytest.mark.parametrize(("outcome", "expected"), [("accepted", []), ("returned", []), ("rejected", ["seven-days"])])
def test_a_report_that_holds_the_period_ends_the_reminders(app: Flask, outcome: str, expected: list[str]) -> None:
    arrived(app)
    number = activate(app, assurance="mail").file().json["number"]
    assert steps(app, "2026-11-24") == []
    body = {"outcome": outcome, "reasons": [] if outcome == "accepted" else ["other"]}
    officer(app).post(f"/review/reports/{number}/decision", body)
    assert steps(app, "2026-11-24") == expected


def test_a_report_at_a_counter_ends_the_reminders(app: Flask) -> None:
    arrived(app)
    load(app, "reports", row("reports", filed_on="2026-11-20", next_due_on="2027-02-18"))
    assert steps(app, "2026-11-24") == []


def test_a_stay_that_has_expired_is_not_reminded_of_a_report(app: Flask) -> None:
    arrived(app, permitted_until="2026-11-30")
    assert steps(app, "2026-11-29") == ["due-day"]
    assert steps(app, "2026-12-06") == []
