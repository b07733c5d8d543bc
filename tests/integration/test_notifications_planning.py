"""Reminders are planned once, for whom they are due, and taken back as soon as they are not."""

import threading
import uuid
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import Date, Text, Uuid, column, func, select, values
from sqlalchemy.dialects.postgresql import JSONB

from foundation.events import EventRecord
from notifications import rounds
from notifications.channels.channel import Result
from notifications.models import Delivery, Device, Notification
from notifications.rules import Outcome
from notifications.services import addressing, delivery, devices, planning
from notifications.services.devices import Registration
from notifications.services.notifying import notify

NOW = datetime(2026, 4, 14, 2, 0, tzinfo=UTC)
ANNA, BORIS = uuid.UUID(int=1), uuid.UUID(int=2)
PARAMS = {"regime": "90-day", "opens_on": "2026-03-30", "grace_ends_on": "2026-04-21", "late_after": "2026-04-22"}


def due(*people, basis="arrival:1", step="due-day", due_on=date(2026, 4, 14), params=PARAMS):
    """What the application factory hands in: who is due, and on what step."""
    columns = [column("person_id", Uuid), column("basis", Text), column("step", Text)]
    columns += [column("due_on", Date), column("params", JSONB)]
    table = values(*columns, name="due_today").data([(person, basis, step, due_on, params) for person in people])
    return select(table) if people else select(values(*columns, name="d").data([(ANNA, "", "", due_on, {})])).limit(0)


def phone(database, person, device_id="phone", *, target=None, family=None, at=NOW - timedelta(days=1)):
    with database.transaction() as session:
        registration = Registration("android", "fid", target or f"{person}-{device_id}", "en")
        devices.register(session, device_id, person_id=person, family=family, registration=registration, now=at)


def plan(database, wanted, at=NOW, routing=None):
    with database.transaction() as session:
        return planning.plan(session, wanted, now=at, routing=routing)


def retire(database, wanted, at=NOW):
    with database.transaction() as session:
        return planning.retire_stale(session, wanted, now=at)


def fan_out(database, at=NOW):
    with database.transaction() as session:
        return addressing.fan_out(session, now=at)


def claim(database, at=NOW, **more):
    with database.transaction() as session:
        return delivery.claim(session, now=at, **more)


def statuses(database, table=Notification):
    with database.read_session() as session:
        return sorted(session.scalars(select(table.status)))


def test_a_reminder_is_planned_once_however_often_it_is_planned(database):
    phone(database, ANNA)
    assert [plan(database, due(ANNA, BORIS), NOW + timedelta(hours=hour)) for hour in range(3)] == [2, 0, 0]


def test_two_planners_at_once_plan_each_reminder_once(database):
    people = [uuid.UUID(int=number) for number in range(1, 501)]
    together = threading.Barrier(2)

    def planner(order, step):
        together.wait()
        return plan(database, due(*order, step=step))

    for step in "abc":
        with ThreadPoolExecutor(2) as pool:
            assert sum(pool.map(planner, (people, people[::-1]), (step, step))) == 500
    with database.read_session() as session:
        assert session.scalar(select(func.count()).select_from(Notification)) == 1500


def test_the_next_step_is_another_reminder_and_so_is_another_basis(database):
    assert plan(database, due(ANNA)) == 1
    assert plan(database, due(ANNA, step="after-grace")) == 1
    assert plan(database, due(ANNA, basis="arrival:2")) == 1


def test_who_has_no_device_gets_it_in_the_inbox_and_on_a_device_registered_while_the_step_stands(database):
    plan(database, due(ANNA))
    assert statuses(database) == ["unreachable"]
    phone(database, ANNA, at=NOW + timedelta(minutes=1))
    plan(database, due(ANNA), NOW + timedelta(minutes=2))
    assert fan_out(database, NOW + timedelta(minutes=2)) == 1
    assert len(claim(database, NOW + timedelta(minutes=2))) == 1


def test_a_later_device_gets_nothing_of_a_step_that_is_over(database):
    plan(database, due(ANNA))
    phone(database, ANNA, at=NOW + timedelta(minutes=1))
    plan(database, due(), NOW + timedelta(minutes=2))
    assert fan_out(database, NOW + timedelta(minutes=2)) == 0
    assert claim(database, NOW + timedelta(minutes=2)) == []


def test_a_reminder_goes_to_every_live_device(database):
    phone(database, ANNA, "phone")
    phone(database, ANNA, "tablet")
    phone(database, ANNA, "old one")
    with database.transaction() as session:
        devices.remove(session, "old one", person_id=ANNA, now=NOW)
    phone(database, BORIS)
    plan(database, due(ANNA))
    assert fan_out(database) == 0  # it was addressed when it was planned
    sent = claim(database)
    assert sorted(envelope.target for envelope in sent) == [f"{ANNA}-phone", f"{ANNA}-tablet"]
    assert {envelope.title for envelope in sent} == {"90-day report due on 14 April 2026"}


def test_nothing_is_sent_after_filing(database):
    phone(database, ANNA)
    phone(database, BORIS)
    plan(database, due(ANNA, BORIS))
    fan_out(database)
    assert retire(database, due(BORIS)) == 1
    assert [envelope.target for envelope in claim(database)] == [f"{BORIS}-phone"]
    assert statuses(database) == ["pending", "stale"]
    assert statuses(database, Delivery) == ["dropped", "pending"]


def test_a_reminder_retired_before_it_was_sent_is_never_sent(database):
    phone(database, ANNA)
    plan(database, due(ANNA))
    retire(database, due())
    assert fan_out(database) == 0
    assert claim(database) == []
    assert statuses(database, Delivery) == ["dropped"]


def test_a_claim_looks_at_the_records_once_more(database):
    for person in (ANNA, BORIS):
        phone(database, person)
    plan(database, due(ANNA, BORIS))
    fan_out(database)
    assert [envelope.target for envelope in claim(database, due=due(BORIS))] == [f"{BORIS}-phone"]
    assert statuses(database) == ["pending", "stale"]


def test_a_claim_goes_on_until_it_finds_something_that_may_be_sent(database):
    people = [uuid.UUID(int=number) for number in range(1, 31)]
    for person in people:
        phone(database, person)
    plan(database, due(*people))
    fan_out(database)
    assert len(claim(database, due=due(people[-1]), limit=5)) == 1
    assert claim(database, due=due(people[-1]), limit=5) == []


def test_a_reminder_that_one_device_has_is_sent_and_the_other_device_is_spared_after_filing(database):
    phone(database, ANNA, "phone")
    phone(database, ANNA, "tablet")
    plan(database, due(ANNA))
    fan_out(database)
    (first,) = claim(database, limit=1)
    with database.transaction() as session:
        delivery.settle(session, [Result(first.delivery_id, Outcome.SENT)], now=NOW)
    assert retire(database, due()) == 0
    assert claim(database) == []
    assert statuses(database) == ["sent"]
    assert statuses(database, Delivery) == ["dropped", "sent"]


def test_a_report_withdrawn_again_brings_the_reminder_back(database):
    phone(database, ANNA)
    plan(database, due(ANNA))
    fan_out(database)
    retire(database, due())
    assert plan(database, due(ANNA)) == 0
    assert fan_out(database) == 1
    assert len(claim(database)) == 1
    assert statuses(database) == ["pending"]


def test_a_waiting_reminder_takes_on_corrected_dates(database):
    phone(database, ANNA)
    plan(database, due(ANNA))
    fan_out(database)
    plan(database, due(ANNA, due_on=date(2026, 4, 16), params=PARAMS | {"last_day_to_act": "2026-04-23"}))
    (envelope,) = claim(database)
    assert envelope.title == "90-day report due on 16 April 2026"
    assert "23 April 2026" in envelope.body


def test_urgent_messages_go_before_reminders_and_the_soonest_due_first(database):
    phone(database, ANNA)
    plan(database, due(ANNA, basis="b", due_on=date(2026, 4, 29), step="window-opens"))
    plan(database, due(ANNA, basis="a", due_on=date(2026, 4, 14)))
    with database.transaction() as session:
        notify(session, decided())
    fan_out(database)
    kinds = [envelope.kind for _ in range(3) for envelope in claim(database, limit=1)]
    assert kinds == ["report.decided.accepted", "reminder.due-day", "reminder.window-opens"]


def test_what_is_claimed_is_nobody_elses_until_the_lease_is_over(database):
    people = [uuid.UUID(int=number) for number in range(1, 201)]
    for person in people:
        phone(database, person)
    plan(database, due(*people))
    fan_out(database)
    with ThreadPoolExecutor(4) as pool:
        batches = list(pool.map(lambda _: claim(database, limit=10), range(20)))
    claimed = [envelope.delivery_id for batch in batches for envelope in batch]
    assert len(claimed) == len(set(claimed)) == 200


def test_a_message_without_words_fails_alone(database):
    phone(database, ANNA)
    phone(database, BORIS)
    plan(database, due(ANNA, step="no-such-step"))
    plan(database, due(BORIS))
    fan_out(database)
    assert [envelope.target for envelope in claim(database)] == [f"{BORIS}-phone"]
    with database.read_session() as session:
        assert session.scalars(select(Delivery.error).where(Delivery.status == "failed")).all() == ["UNPRINTABLE"]


def decided(event_id=7, **data):
    data = {"outcome": "accepted", "reasons": [], "next_due_on": "2026-07-13", "office": "BKK"} | data
    return EventRecord(
        id=event_id, at=NOW, kind="report.decided", subject="R-1", person_id=ANNA, actor="system", data=data
    )


def test_an_event_is_told_once(database):
    for _ in range(2):
        with database.transaction() as session:
            notify(session, decided())
    with database.read_session() as session:
        (told,) = session.scalars(select(Notification)).all()
    assert (told.kind, told.dedupe, told.lane) == ("report.decided.accepted", "event:7", 0)
    assert told.params == {"next_due_on": "2026-07-13", "office": "BKK", "on": "2026-04-14", "number": "R-1"}


def test_an_event_without_words_is_skipped_and_holds_up_nobody(database, caplog):
    with database.transaction() as session:
        session.add_all([decided(1, outcome="unheard-of"), decided(2)])
    assert rounds.relay_round(database) == 2
    assert statuses(database) == ["pending"]
    assert "event 1 has no words" in caplog.text


def test_silent_events_and_events_about_nobody_are_told_to_nobody(database):
    silent, nobody = decided(), decided()
    silent.kind, nobody.person_id = "report.filed", None
    with database.transaction() as session:
        notify(session, silent)
        notify(session, nobody)
    assert statuses(database) == []


def test_the_relay_takes_every_waiting_event_in_small_transactions(database):
    with database.transaction() as session:
        session.add_all([decided(number) for number in range(1, 26)])
    assert rounds.relay_round(database, limit=10) == 25
    assert rounds.relay_round(database, limit=10) == 0
    assert statuses(database) == ["pending"] * 25


def test_a_phone_that_joins_is_told_to_the_other_phones_not_to_itself(database):
    family = uuid.uuid4()
    phone(database, ANNA, "old", family=uuid.uuid4())
    phone(database, ANNA, "older")
    phone(database, ANNA, "new", family=family)
    joined = decided()
    joined.kind, joined.data = "resident.activated", {"family": str(family), "assurance": "counter"}
    with database.transaction() as session:
        notify(session, joined)
    fan_out(database)
    assert sorted(envelope.target for envelope in claim(database)) == [f"{ANNA}-old", f"{ANNA}-older"]


def test_the_planning_round_takes_back_and_plans_by_the_date_in_bangkok(database):
    asked = []

    def due_today(day):
        asked.append(day)
        return due(BORIS) if len(asked) > 1 else due(ANNA)

    phone(database, ANNA)
    phone(database, BORIS)
    late_evening_in_london = datetime(2026, 4, 13, 18, 0, tzinfo=UTC)
    assert rounds.plan_round(database, due_today, late_evening_in_london) == 1
    assert rounds.plan_round(database, due_today, late_evening_in_london) == 1
    assert asked == [date(2026, 4, 14)] * 2
    assert statuses(database) == ["pending", "stale"]


@pytest.mark.parametrize("same", ["target", "device"])
def test_a_push_address_belongs_to_one_device_of_one_person(database, same):
    phone(database, ANNA, target="shared")
    plan(database, due(ANNA))
    fan_out(database)
    phone(database, BORIS if same == "target" else ANNA, "phone" if same == "target" else "other", target="shared")
    assert claim(database) == []
    with database.read_session() as session:
        live = session.execute(select(Device.person_id, Device.device_id).where(Device.removed_at.is_(None))).all()
    assert live == [(BORIS, "phone")] if same == "target" else [(ANNA, "other")]
    assert statuses(database) == ["unreachable"]


def test_a_device_registered_again_is_the_same_device(database):
    for hour in range(3):
        phone(database, ANNA, at=NOW + timedelta(hours=hour))
    with database.read_session() as session:
        (device,) = session.scalars(select(Device)).all()
    assert device.updated_at == NOW + timedelta(hours=2)
    assert device.target == f"{ANNA}-phone"


def test_the_eleventh_device_takes_the_place_of_the_one_unused_for_longest(database):
    for number in range(11):
        phone(database, ANNA, f"d{number}", at=NOW + timedelta(minutes=number))
    with database.read_session() as session:
        live = set(session.scalars(select(Device.device_id).where(Device.removed_at.is_(None))))
    assert live == {f"d{number}" for number in range(1, 11)}


def test_two_people_registering_one_push_address_at_once_leave_it_with_one(database):
    together = threading.Barrier(2)

    def register(person):
        together.wait()
        phone(database, person, target="shared")

    for _ in range(10):
        with ThreadPoolExecutor(2) as pool:
            list(pool.map(register, (ANNA, BORIS)))
        with database.read_session() as session:
            live = select(func.count()).select_from(Device).where(Device.removed_at.is_(None))
            assert session.scalar(live) == 1


def test_one_person_registering_many_devices_at_once_keeps_ten(database):
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda number: phone(database, ANNA, f"d{number}"), range(16)))
    with database.read_session() as session:
        assert session.scalar(select(func.count()).select_from(Device).where(Device.removed_at.is_(None))) == 10


def test_a_target_is_not_kept_in_the_clear(database):
    phone(database, ANNA, target="a-secret-address")
    with database.engine.connect() as connection:
        rows = connection.exec_driver_sql("select target, target_index from devices").all()
    assert b"a-secret-address" not in b"".join(bytes(cell) for row in rows for cell in row)


def test_a_whole_country_can_be_taken_back_at_once(database):
    patient = database.without_timeout()
    with patient.engine.begin() as connection:
        connection.exec_driver_sql(
            """insert into notifications (person_id, kind, dedupe, lane, params, status, created_at)
            select gen_random_uuid(), 'reminder.due-day', 'a:due-day', 1, '{}', 'sent', now()
            from generate_series(1, 66000)"""
        )
        connection.exec_driver_sql(
            """insert into deliveries (notification_id, person_id, device_id, lane, next_try_at)
            select id, person_id, 'second phone', 1, now() from notifications"""
        )
        connection.exec_driver_sql("analyze notifications, deliveries")  # else what was known of other tests' rows
    with patient.transaction() as session:
        assert planning.retire_stale(session, due(), now=NOW) == 0
    with database.read_session() as session:
        assert session.scalars(select(Delivery.status).distinct()).all() == ["dropped"]
    patient.close()
