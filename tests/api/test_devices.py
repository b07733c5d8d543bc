"""Devices belong to the sign-in that registered them: no other one of the person silences them, and all hear of one."""

from uuid import UUID

import pytest

from notifications import rounds
from operations.services import services_of
from operations.subscribing import SUBSCRIBERS
from tests.factories import Resident, activate, arrived, query

DEVICE = {"platform": "android", "kind": "fid", "target": "a-phone", "language": "en"}


@pytest.fixture
def phone(app) -> Resident:
    arrived(app)
    return activate(app)


def put(resident, device_id="phone", **changes):
    return resident.client.put(f"/api/v1/devices/{device_id}", json=DEVICE | changes, headers=resident.headers)


def current(resident):
    return next(each["id"] for each in resident.get("/me/sessions").json["items"] if each["current"])


def messages(app):
    rounds.relay_round(services_of(app).database, SUBSCRIBERS)
    return query(app, "select kind, params ->> 'not_to' from notifications order by created_at, kind")


def live(app):
    return {*query(app, "select device_id, family::text from devices where removed_at is null")}


def test_after_recovery_by_mail_no_phone_of_another_sign_in_is_silenced(app, phone, clock):
    put(phone)
    thief = activate(app, assurance="mail")
    for call in (lambda: put(thief, target="thiefs-phone"), lambda: thief.delete("/devices/phone")):
        assert (call().status_code, call().json["code"]) == (403, "recovery-wait")
    assert live(app) == {("phone", current(phone))}
    assert put(thief, "own", target="thiefs-phone").status_code == 200
    assert thief.delete("/devices/own").status_code == 204


def test_the_same_phone_gets_its_messages_on_after_recovery_by_mail(app, phone):
    put(phone)
    again = activate(app, assurance="mail")
    assert put(again).status_code == 200
    assert live(app) == {("phone", current(again))}


def test_one_sign_in_pushes_out_no_phone_of_another(app, phone, clock):
    put(phone)
    other = activate(app)
    for number in range(12):
        clock.pass_by(seconds=1)
        assert put(other, f"d{number}", target=f"d{number}").status_code == 200
    assert live(app) == {("phone", current(phone))} | {(f"d{number}", current(other)) for number in range(3, 12)}


def test_a_second_device_of_one_sign_in_is_told_to_the_others(app, phone):
    for _ in range(2):
        put(phone)
    assert "device.added" not in dict(messages(app))
    put(phone, "second", target="another-phone")
    put(phone, "second", target="another-phone")
    (family,) = [family for kind, family in messages(app) if kind == "device.added"]
    assert UUID(family) == UUID(current(phone))


@pytest.mark.parametrize("device_id", ["phone", "second"])
@pytest.mark.parametrize("removed", [True, False])
def test_a_device_in_the_place_of_another_is_told_too(app, phone, device_id, removed):
    put(phone)
    if removed:
        phone.delete("/devices/phone")
        put(phone)
        phone.delete("/devices/phone")
    assert "device.added" not in dict(messages(app))
    put(phone, device_id, target="another-phone")
    assert "device.added" in dict(messages(app))
