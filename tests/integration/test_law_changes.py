"""What a change of the law files does to what is kept, and what records say about closed days."""

import logging
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import text

from immigration.registries.law import Law
from immigration.services import refreshing
from operations import worker
from operations.services import services_of
from tests.conftest import NOW
from tests.factories import arrived, load, row
from tests.laws import law_with

CLOSED = '\n[[day]]\ndate = 2026-12-08\nkind = "holiday"\nname = "x"\ngrade = "OWN"\nsource = "a test"\n'
IN_BANGKOK = CLOSED + 'provinces = ["10"]\n'
SPELLING = '\n[[spelling]]\nvisa_class = "LTR"\nwritten = ["GOLDEN 10"]\neffective_from = 2026-01-01\n'
SPELLING += 'grade = "OWN"\nsource = "a test"\n'


def refresh(app: Flask, law: Law) -> int:
    """Recompute what a worker recomputes after its start with these law files; how many people."""
    context = services_of(app)
    return refreshing.refresh(context.database, records=context.filing.records, law=law, now=NOW, actor="worker")


def kept(app: Flask, columns: str) -> tuple[Any, ...]:
    with services_of(app).database.read_session() as session:
        return tuple(session.execute(text(f"select {columns} from obligations")).one())


def test_a_new_holiday_moves_the_last_day_of_those_who_have_it(app: Flask) -> None:
    arrived(app)
    assert kept(app, "late_after") == (date(2026, 12, 8),)
    assert refresh(app, law_with(holidays=CLOSED)) == 1
    assert kept(app, "late_after") == (date(2026, 12, 9),)
    assert refresh(app, law_with(holidays=CLOSED)) == 0


@pytest.mark.parametrize(
    ("subdistrict", "late_after"),
    [("103901", date(2026, 12, 9)), ("500101", date(2026, 12, 8)), ("", date(2026, 12, 8))],
)
def test_a_holiday_of_bangkok_moves_it_for_residents_of_bangkok(app: Flask, subdistrict: str, late_after: date) -> None:
    arrived(app)
    if subdistrict:
        load(app, "residences", row("residences", subdistrict_code=subdistrict))
    refresh(app, law_with(holidays=IN_BANGKOK))
    assert kept(app, "late_after") == (late_after,)


def test_a_residence_that_is_notified_or_moved_moves_it_at_once(app: Flask) -> None:
    services_of(app).filing = replace(services_of(app).filing, law=law_with(holidays=IN_BANGKOK))
    arrived(app)
    assert kept(app, "late_after") == (date(2026, 12, 8),)
    home = row("residences", residence_id="H")
    load(app, "residences", home)
    assert kept(app, "late_after") == (date(2026, 12, 9),)
    load(app, "residences", home | {"subdistrict_code": "830101"})
    assert kept(app, "late_after") == (date(2026, 12, 8),)


def test_a_residence_that_begins_later_counts_from_that_day(app: Flask) -> None:
    services_of(app).filing = replace(services_of(app).filing, law=law_with(holidays=IN_BANGKOK))
    arrived(app)
    load(app, "residences", row("residences", from_on="2026-11-25"))
    assert kept(app, "late_after, changes_on") == (date(2026, 12, 8), date(2026, 11, 25))
    context = services_of(app).filing
    later = datetime(2026, 11, 25, 3, tzinfo=UTC)
    refreshing.refresh(services_of(app).database, records=context.records, law=context.law, now=later, actor="worker")
    assert kept(app, "late_after, changes_on") == (date(2026, 12, 9), None)


def test_a_spelling_that_is_added_takes_effect_without_an_import(app: Flask) -> None:
    arrived(app, visa_class="Golden-10")
    assert kept(app, "regime, due_on, visa_class") == ("unclear", None, "Golden-10")
    assert refresh(app, law_with(visa_classes=SPELLING)) == 1
    assert kept(app, "regime, due_on, visa_class") == ("yearly", date(2027, 9, 1), "Golden-10")


def context(app: Flask, law: Law, now: datetime) -> worker.WorkerContext:
    platform = services_of(app)
    filing = replace(platform.filing, law=law)
    return worker.WorkerContext(platform.database, lambda: now, filing, Any, Any, platform.due_today)  # type: ignore[arg-type]


@pytest.mark.parametrize(("on", "warnings"), [(datetime(2026, 3, 30, tzinfo=UTC), 0), (NOW, 1)])
def test_a_worker_warns_when_too_few_confirmed_holidays_are_left(
    app: Flask, caplog: pytest.LogCaptureFixture, on: datetime, warnings: int
) -> None:
    caplog.set_level(logging.WARNING, logger="operations.worker")
    worker.warn_of_unconfirmed_holidays(context(app, law_with(), on))
    said = [record.getMessage() for record in caplog.records if record.name == "operations.worker"]
    assert len(said) == warnings
    assert all("holidays.toml" in line for line in said)
