"""Each rule of docs/alerts.yml names metrics that exist, is silent while all is well, and fires when it is not."""

import uuid
from datetime import timedelta
from pathlib import Path

import pytest
import yaml
from sqlalchemy import text

from foundation.errors import Unavailable
from foundation.round_log import RoundLog
from notifications import rounds
from notifications.channels.channel import Result
from notifications.rules import Outcome
from notifications.services import delivery, figures
from operations import message_metrics, worker
from operations.services import services_of
from tests.conftest import NOW
from tests.exposition import Scrape, fires
from tests.integration.test_coverage import gaps
from tests.integration.test_notifications_planning import due
from tests.integration.test_push_rounds import Slow, message, phone

FILE = Path(__file__).parents[2] / "docs" / "alerts.yml"
RULES = {rule["alert"]: rule for group in yaml.safe_load(FILE.read_text())["groups"] for rule in group["rules"]}
ANNA, BORIS = uuid.UUID(int=1), uuid.UUID(int=2)


class Refusing(Slow):
    """A provider that does not know our credential."""

    def send(self, envelopes):
        return [Result(e.delivery_id, Outcome.RETRY, error_code="UNAUTHENTICATED", alarm=True) for e in envelopes]


@pytest.fixture
def scrape(app):
    return lambda: Scrape.of(app.test_client().get("/metrics").text)


@pytest.fixture
def well(app, database):
    """A service of which all rounds ran, everybody was told, and nothing waits."""
    log = RoundLog()
    for each in worker.ROUNDS:
        log.succeeded(each.name, 0.1)
    log.write(database)
    phone(database, ANNA, at=NOW)
    message(database, ANNA)
    rounds.send_round(database, Slow(database, Outcome.SENT), NOW)
    assert gaps(database, due(), NOW) == []
    return database


def note(database, *, ago=0.0, failed=(), missed=(), succeeded=()):
    moment = iter([0.0, *[ago] * 50])
    log = RoundLog(lambda: next(moment))
    for name in succeeded:
        log.succeeded(name, 1.0)
    for name in failed:
        log.failed(name)
    for name in missed:
        log.missed(name)
    log.write(database)


def run(database, statement, **values):
    with database.engine.begin() as connection:
        connection.execute(text(statement), values)


def forget_rounds(database):
    run(database, "delete from round_records")


def stood_still(name, seconds):
    def plant(database):
        forget_rounds(database)
        note(database, ago=0.0, succeeded=[each.name for each in worker.ROUNDS])
        run(database, "delete from round_records where name = :name", name=name)
        note(database, ago=seconds, succeeded=[name])

    return plant


def waits(kind, seconds):
    """A message that may go, at a device that the worker does not get to."""

    def plant(database):
        at = NOW - timedelta(seconds=seconds)
        run(
            database,
            """with message as (
                insert into notifications (person_id, kind, dedupe, lane, params, status, created_at, fanned_out_at)
                values (:person, 'case.answered', 'x', :lane, '{}', 'pending', :at, :at) returning id
            ) insert into deliveries (notification_id, person_id, device_id, lane, next_try_at, ready_at)
            select id, :person, 'phone', :lane, :at, :at from message""",
            person=BORIS,
            lane=kind,
            at=at,
        )

    return plant


def refused(database):
    message(database, ANNA, event_id=5)
    rounds.send_round(database, Refusing(database, Outcome.RETRY), NOW)


def away(database):
    for second in range(3):
        message(database, ANNA, event_id=10 + second)
        rounds.send_round(database, Slow(database, Outcome.RETRY), NOW + timedelta(seconds=second))


def not_told(database):
    assert len(gaps(database, due(ANNA), NOW + timedelta(seconds=1))) == 1


def long_unchecked(database):
    run(database, "update coverage_checks set checked_at = checked_at - interval '26 hours'")


def event_waits(database):
    run(
        database,
        "insert into events (at, kind, subject, data, actor) "
        "values (now() - interval '5 minutes', 'command.run', 'x', '{}', 'x')",
    )


FAULTS = {
    "NoWorker": stood_still("relay", 130),
    "NoWorkerEver": forget_rounds,
    "NotPlanned": stood_still("plan", 11_000),
    "RoundFails": lambda database: note(database, failed=["seal"] * 4),
    "RoundMissed": lambda database: note(database, missed=["begin"]),
    "EventsWait": event_waits,
    "UrgentMessagesWait": waits(0, 130),
    "RemindersWait": waits(1, 3700),
    "ChannelAtFault": refused,
    "ChannelStopped": away,
    "NotTold": not_told,
    "CoverageNotChecked": long_unchecked,
}
ALSO = {"ChannelAtFault": {"ChannelStopped"}}


def test_every_rule_has_a_fault_that_makes_it_fire():
    assert set(RULES) == set(FAULTS)


def test_while_all_is_well_no_rule_fires(well, scrape):
    before = scrape()
    assert [name for name, rule in RULES.items() if fires(rule["expr"], before, scrape())] == []


@pytest.mark.parametrize("alert", FAULTS)
def test_a_rule_fires_for_its_fault_and_no_other_rule_does(well, scrape, alert):
    before = scrape()
    FAULTS[alert](well)
    after = scrape()
    assert {name for name, rule in RULES.items() if fires(rule["expr"], before, after)} == {alert} | ALSO.get(
        alert, set()
    )


def test_every_metric_that_is_announced_is_given_out(well, scrape):
    """The names end as the kind of metric says."""
    names = scrape().names()
    assert [
        name
        for name in message_metrics.NAMES
        if not {f"tm47_{name}", f"tm47_{name}_total", f"tm47_{name}_bucket"} & names
    ] == []


def test_what_left_late_is_counted_by_how_late_it_was(well, scrape):
    message(well, ANNA, event_id=3)
    rounds.send_round(well, Slow(well, Outcome.RETRY), NOW)
    rounds.send_round(well, Slow(well, Outcome.SENT), NOW + timedelta(seconds=50))
    values, labels = scrape().values, (("channel", "push"), ("lane", "urgent"))

    def bucket(bound):
        return values["tm47_delivery_late_seconds_bucket", (*labels[:1], ("lane", "urgent"), ("le", bound))]

    assert [bucket(bound) for bound in ("1.0", "30.0", "60.0", "+Inf")] == [1, 1, 2, 2]
    assert 50 <= values["tm47_delivery_late_seconds_sum", labels] < 52
    tries = {
        outcome: values["tm47_delivery_tries_total", (*labels, ("outcome", outcome))] for outcome in ("sent", "retry")
    }
    assert tries == {"sent": 2, "retry": 1}


def test_what_was_planned_is_counted_once(well, scrape):
    def today(day, /, *, begun=None):
        return due(ANNA, BORIS)

    for _ in range(2):
        rounds.plan_round(well, today, NOW)
    assert scrape().values["tm47_reminders_planned_total", ()] == 2


def test_a_message_that_a_dead_worker_claimed_is_counted_as_unsure(well, scrape):
    message(well, ANNA, event_id=3)
    with well.transaction() as session:
        rounds.addressing.fan_out(session, now=NOW)
    with well.transaction() as session:
        assert len(delivery.claim(session, now=NOW)) == 1
    assert rounds.send_round(well, Slow(well, Outcome.SENT), NOW + timedelta(minutes=4)) == 1
    labels = (("channel", "push"), ("lane", "urgent"), ("outcome", "lease-over"))
    assert scrape().values["tm47_delivery_tries_total", labels] == 1


def test_in_the_quiet_hours_what_waits_for_the_day_is_not_due(well):
    night = NOW.replace(hour=15)
    message(well, ANNA, event_id=3, kind="case.answered")
    rounds.send_round(well, Slow(well, Outcome.SENT), night)
    with well.read_session() as session:
        assert figures.waiting(session, now=night) == []
        assert [each.number for each in figures.waiting(session, now=NOW + timedelta(days=1))] == [1]


def test_what_a_round_did_while_the_database_was_away_is_written_when_it_is_back(database):
    log = RoundLog()
    log.failed("relay")

    def away(session):
        raise Unavailable("away")

    with pytest.raises(Unavailable):
        log.write(database, away)
    log.failed("relay")
    log.write(database)
    log.write(database)
    with database.read_session() as session:
        assert session.scalar(text("select failed from round_records where name = 'relay'")) == 2


def test_the_worker_notes_what_its_rounds_did(app, database):
    context = worker.WorkerContext(database, lambda: NOW, services_of(app).filing, None, {}, None)
    worker._run(worker.Round("fine", 1, lambda *_: 3), context, worker.Counter())

    def broken(*_):
        raise Unavailable("away")

    worker._run(worker.Round("away", 1, broken), context, worker.Counter())
    worker.beat(context)
    with database.read_session() as session:
        rows = session.execute(text("select name, seconds is not null, failed from round_records order by name")).all()
    assert [tuple(row) for row in rows] == [("away", False, 1), ("fine", True, 0)]
