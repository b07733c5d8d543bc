"""The worker's rounds against the real push library and stand-ins of the outside world."""

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import pytest
from flask import Flask
from sqlalchemy import text

from devtools.standins import fcm, mailbox
from foundation.config import Settings
from foundation.mail import SmtpMailer
from notifications.channels.registry import CHANNELS
from operations import worker
from operations.services import services_of
from tests.conftest import NOW
from tests.factories import Resident, activate, arrived, load, officer, query, row

pytestmark = pytest.mark.filterwarnings("ignore:Message.token is deprecated:DeprecationWarning")


@dataclass
class World:
    """A worker with its stand-ins."""

    context: worker.WorkerContext
    push: fcm.StandIn
    post: mailbox.Mailbox

    def rounds(self, at: datetime = NOW) -> dict[str, int]:
        """At a quarter to eleven in Bangkok, by when the reminders of a day have gone out, if not said otherwise."""
        return worker.run_once(self.context, at + timedelta(minutes=45))

    def pushed(self) -> list[str]:
        """The kinds of the messages pushed so far."""
        return [message["message"]["data"]["kind"] for message in self.push.messages]


@pytest.fixture
def world(app: Flask) -> Iterator[World]:
    with fcm.start() as push, mailbox.start() as post:
        settings = replace(Settings(environment="test"), fcm_endpoint=push.url, smtp_url=post.url)
        channels = {kind.name: kind.open(settings) for kind in CHANNELS}
        context = worker.WorkerContext(
            services_of(app).database,
            lambda: NOW,
            services_of(app).filing,
            SmtpMailer(post.url, "no-reply@example.org"),
            channels,
            services_of(app).due_today,
            services_of(app).routing,
        )
        yield World(context, push, post)
        for channel in channels.values():
            channel.close()


def register(resident: Resident, target: str = "token-1", device: str = "phone") -> None:
    body = {"platform": "android", "kind": "token", "target": target, "language": "en"}
    answer = resident.client.put(f"/api/v1/devices/{device}", json=body, headers=resident.headers)
    assert answer.status_code == 200


@pytest.fixture
def resident(app: Flask, world: World) -> Resident:
    """Somebody due on 29 November, signed in with a phone, told of it."""
    arrived(app)
    token = activate(app, assurance="mail")
    register(token)
    worker.run_once(world.context, NOW - timedelta(days=30))
    world.push.clear()
    return token


def test_each_step_is_sent_once_as_its_day_comes(world: World, resident: Resident) -> None:
    sent = {}
    for day in range(-10, 40):
        world.push.clear()
        world.rounds(NOW + timedelta(days=day))
        world.rounds(NOW + timedelta(days=day, hours=5))
        if pushed := world.pushed():
            sent[(NOW + timedelta(days=day)).date().isoformat()] = pushed
    assert sent == {
        "2026-11-14": ["reminder.window-opens"],
        "2026-11-22": ["reminder.seven-days"],
        "2026-11-23": ["activation.code-issued"],
        "2026-11-28": ["reminder.one-day"],
        "2026-11-29": ["reminder.due-day"],
        "2026-12-06": ["reminder.last-day-of-grace"],
        "2026-12-09": ["reminder.after-grace"],
        "2026-12-16": ["reminder.late-second-week"],
        "2026-12-23": ["reminder.late-third-week"],
        "2026-12-30": ["reminder.late-fourth-week"],
    }


def test_a_phone_registered_after_planning_is_still_reminded_of_the_step_that_stands(app: Flask, world: World) -> None:
    arrived(app)
    world.rounds()
    token = activate(app)
    register(token)
    world.rounds()
    world.rounds()
    assert [kind for kind in world.pushed() if kind.startswith("reminder")] == ["reminder.seven-days"]


def test_who_has_no_phone_is_reminded_at_the_address_given_on_arrival_until_they_give_another(
    app: Flask, world: World
) -> None:
    arrived(app)
    world.rounds()
    ((first, subject),) = [(each.recipients, each.subject) for each in world.post.messages]
    assert (first, subject) == (["alix@example.org"], "90-day report due on 29 November 2026")
    resident = activate(app)
    answer = resident.client.patch(
        "/api/v1/me", json={"email": "new@example.org", "language": "th"}, headers=resident.headers
    )
    assert answer.status_code == 200
    world.post.clear()
    world.rounds(NOW + timedelta(days=5))
    reminders = [each for each in world.post.messages if "90" in each.subject]
    assert [(each.recipients, each.subject) for each in reminders] == [
        (["new@example.org"], "รายงานตัว 90 วัน ครบกำหนด 29 พ.ย. 2569")
    ]


def test_nobody_is_reminded_after_filing(world: World, resident: Resident) -> None:
    assert resident.file().status_code == 201
    for day in range(20):
        world.rounds(NOW + timedelta(days=day))
    assert [kind for kind in world.pushed() if kind.startswith("reminder")] == []


def test_nobody_is_reminded_after_leaving(app: Flask, world: World, resident: Resident) -> None:
    load(app, "movements", row("movements", direction="departure", occurred_on="2026-11-20"))
    for day in range(20):
        world.rounds(NOW + timedelta(days=day))
    assert [kind for kind in world.pushed() if kind.startswith("reminder")] == []


def test_a_recorded_departure_counts_from_its_day_on(app: Flask, world: World, resident: Resident) -> None:
    load(app, "movements", row("movements", direction="departure", occurred_on="2026-11-27"))
    world.rounds(NOW)
    world.rounds(NOW + timedelta(days=5))
    assert [kind for kind in world.pushed() if kind.startswith("reminder")] == ["reminder.seven-days"]


def test_a_decision_is_told_on_the_phone_and_in_the_inbox(app: Flask, world: World, resident: Resident) -> None:
    number = resident.file().json["number"]
    staff = officer(app)
    staff.post(f"/review/reports/{number}/decision", {"outcome": "rejected", "reasons": ["other"], "note": "No."})
    world.rounds()
    world.rounds()
    assert world.pushed().count("report.decided.rejected") == 1
    kinds = [item["kind"] for item in resident.get("/notifications").json["items"]]
    assert kinds.count("report.decided.rejected") == 1


def test_a_push_names_nobody_and_nothing_of_a_person(world: World, resident: Resident) -> None:
    number = resident.file().json["number"]
    world.rounds(NOW)
    sent = str(world.push.messages)
    for word in ("ALIX", "DURAND", "TEST00001", "Sukhumvit", "alix@example.org", resident.id, number):
        assert word not in sent


def test_a_report_filed_while_the_records_are_away_is_decided_when_they_are_back(app: Flask, world: World) -> None:
    arrived(app)
    resident = activate(app)
    cli = app.test_cli_runner()
    assert cli.invoke(args=["records", "source", "down"]).exit_code == 0
    assert resident.get("/me/stay").json["obligation"]["due_on"] == "2026-11-29"
    answer = resident.file()
    assert (answer.status_code, answer.json["status"]) == (201, "under-review")
    assert answer.json["reasons"] == ["source-unavailable"]
    assert {check["outcome"] for check in answer.json["checks"]} == {"unknown"}
    assert resident.file().json["code"] == "already-reported"
    world.rounds(NOW + timedelta(days=12))
    assert resident.get(f"/reports/{answer.json['number']}").json["status"] == "under-review"
    cli.invoke(args=["records", "source", "up"])
    world.rounds(NOW + timedelta(days=12))
    shown = resident.get(f"/reports/{answer.json['number']}").json
    assert (shown["status"], shown["reasons"], shown["receipt"]["next_due_on"]) == ("accepted", [], "2027-02-27")
    assert shown["filed_at"].startswith("2026-11-23")


def test_what_the_records_say_later_may_hold_a_report_filed_while_they_were_away(app: Flask, world: World) -> None:
    arrived(app)
    resident = activate(app, assurance="mail")
    cli = app.test_cli_runner()
    cli.invoke(args=["records", "source", "down"])
    number = resident.file().json["number"]
    cli.invoke(args=["records", "source", "up"])
    world.rounds()
    shown = resident.get(f"/reports/{number}").json
    assert (shown["status"], shown["reasons"]) == ("under-review", ["first-report"])


def test_a_code_asked_for_arrives_by_mail_and_activates(app: Flask, world: World) -> None:
    arrived(app)
    client = app.test_client()
    asked = {"document_number": "TEST00001", "issuing_state": "FRA", "birth_date": "1990-01-02"}
    known = client.post("/api/v1/activations/requests", json=asked)
    unknown = client.post("/api/v1/activations/requests", json=asked | {"document_number": "NOBODY"})
    assert (known.status_code, known.data) == (202, unknown.data)
    world.rounds()
    (mail,) = [each for each in world.post.messages if each.message["Message-ID"].startswith("<activation-")]
    assert mail.recipients == ["alix@example.org"]
    code = next(word for word in mail.text.split() if len(word) == 11 and word[5] == "-")
    answer = client.post("/api/v1/activations", json=asked | {"activation_code": code})
    assert answer.status_code == 201


def test_a_code_issued_at_a_counter_is_told_by_every_channel_that_is_known(app: Flask, world: World, resident) -> None:
    resident.client.patch("/api/v1/me", json={"email": "own@example.org"}, headers=resident.headers)
    world.rounds()
    world.push.clear()
    world.post.clear()
    assert officer(app).post(f"/review/residents/{resident.id}/activation-codes").status_code == 201
    world.rounds()
    assert world.pushed() == ["activation.code-issued"]
    told = sorted((mail.recipients, mail.subject) for mail in world.post.messages)
    subject = "An activation code was issued for you"
    assert told == [(["alix@example.org"], subject), (["own@example.org"], subject)]


def test_two_workers_at_the_same_moment_end_every_round(app: Flask, world: World) -> None:
    staff = officer(app)
    for document in ("DOC1", "DOC2", "DOC3"):
        load(app, "passports", row("passports", document_number=document))
        load(app, "movements", row("movements", document_number=document, occurred_on="2026-09-01"))
        filed = activate(app, document, assurance="mail").file()
        verdict = {"outcome": "rejected", "reasons": ["other"], "note": "No."}
        decided = staff.post(f"/review/reports/{filed.json['number']}/decision", verdict)
        assert decided.status_code == 200
    two = [replace(world.context, host=host, planning=threading.Lock()) for host in ("one", "other")]
    with ThreadPoolExecutor(2) as pool:
        for day in range(3):
            at = NOW + timedelta(days=day, minutes=45)
            for each in worker.ROUNDS:
                together = threading.Barrier(2)

                def run(context: worker.WorkerContext, each=each, at=at, together=together) -> int:
                    together.wait()
                    return each.run(context, at)

                list(pool.map(run, two))  # raises what either raises
    assert query(app, "select officer, decided from decision_rates") == [("officer:somchai", 3)]


def test_keys_of_filings_are_forgotten_after_400_days(app: Flask, world: World, resident: Resident) -> None:
    resident.file()
    keys = text("select count(*) from idempotency_keys")
    counts = []
    for days in (399, 401):
        world.rounds(NOW + timedelta(days=days))
        with services_of(app).database.read_session() as session:
            counts.append(session.execute(keys).scalar_one())
    assert counts == [1, 0]


def test_rebuilding_what_is_kept_changes_nothing(app: Flask, world: World, resident: Resident) -> None:
    resident.file()
    load(app, "permissions", row("permissions", granted_on="2026-11-22"))
    done = app.test_cli_runner().invoke(args=["records", "rebuild"])
    assert done.output.strip() == "looked at 1, changed 0"
