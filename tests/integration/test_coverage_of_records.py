"""The check of coverage asks the records who must have been told, and not what was kept of them."""

from datetime import timedelta
from functools import partial
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import text, true

from immigration.services import proving
from notifications import rounds
from notifications.rules import GapCause
from notifications.services import coverage
from operations.services import services_of
from tests.conftest import NOW
from tests.factories import activate, arrived, load, query, row

EVENING = NOW + timedelta(hours=12)


def told(app: Flask) -> None:
    """Plan the reminders of the day."""
    services = services_of(app)
    rounds.plan_round(services.database, services.due_today, NOW, routing=services.routing)


def check(app: Flask, **more: Any) -> int:
    """Check in the evening; how many gaps there are."""
    services, filing = services_of(app), services_of(app).filing
    must_be_told = partial(proving.must_be_told, records=filing.records, law=filing.law)
    return rounds.coverage_round(services.database, must_be_told, EVENING, **more)


def gaps(app: Flask) -> list[str]:
    """The causes of the gaps that a check in the evening finds."""
    found = check(app)
    with services_of(app).database.read_session() as session:
        last = coverage.last_check(session, of=true())
    assert len(last.items) == found
    return [gap.cause for gap in last.items]


def change(app: Flask, statement: str) -> None:
    with services_of(app).database.engine.begin() as connection:
        assert connection.execute(text(statement)).rowcount == 1


@pytest.mark.parametrize("size", [1, 2, 2000])
def test_it_finds_everybody_who_was_not_told_however_many_are_read_at_once(
    app: Flask, monkeypatch: pytest.MonkeyPatch, size: int
) -> None:
    monkeypatch.setattr(proving, "BATCH", size)
    for number in range(1, 6):
        load(app, "passports", row("passports", document_number=f"TEST0000{number}"))
        load(app, "movements", row("movements", document_number=f"TEST0000{number}", movement_id=f"M-{number}"))
    assert gaps(app) == [GapCause.NOT_PLANNED] * 5


def test_whom_a_reminder_was_planned_for_is_judged_by_what_became_of_it(app: Flask) -> None:
    arrived(app)
    told(app)
    assert gaps(app) == [GapCause.NOT_SENT]


@pytest.mark.parametrize(
    "statement",
    [
        "update obligations set due_on = due_on + 60, opens_on = opens_on + 60",
        "update obligations set expected = false",
        "update obligations set basis = 'arrival:another', opens_on = opens_on + 60",
        "delete from obligations",
    ],
)
def test_who_was_not_told_because_something_else_was_kept_is_found(app: Flask, statement: str) -> None:
    arrived(app)
    change(app, statement)
    told(app)
    assert query(app, "select count(*) from notifications") == [(0,)]
    assert gaps(app) == [GapCause.NOT_AS_RECORDED]


def test_who_was_told_another_date_than_that_of_the_records_is_found(app: Flask) -> None:
    arrived(app)
    change(app, "update obligations set due_on = due_on - 1")
    told(app)
    assert gaps(app) == [GapCause.WRONG_DATE]


@pytest.mark.parametrize(
    "statement",
    [
        "update movements set occurred_on = '2026-11-20'",
        "update movements set direction = 'out'",
        "update movements set permitted_until = '2026-11-20'",
    ],
)
def test_who_owes_nothing_by_the_records_need_not_be_told(app: Flask, statement: str) -> None:
    arrived(app)
    change(app, statement)
    assert gaps(app) == []


def test_who_filed_need_not_be_told_also_while_an_officer_looks_at_it(app: Flask) -> None:
    arrived(app)
    answer: Any = activate(app, assurance="mail").file()
    assert answer.json["status"] == "under-review"
    assert gaps(app) == []


def test_a_check_that_was_cut_short_begins_anew(app: Flask) -> None:
    arrived(app)
    assert check(app, stopping=lambda: True) == 0
    assert query(app, "select count(*) from coverage_checks") == [(0,)]
    assert gaps(app) == [GapCause.NOT_PLANNED]
