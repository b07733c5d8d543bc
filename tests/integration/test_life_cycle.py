"""A person's life with the platform, in any order: whatever happens, the promises hold.

LIFE_CYCLES=10000 runs as many lives; a failing one is printed as the steps that lead to it, and becomes a test.
"""

import os
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from flask import Flask
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from sqlalchemy import text

from app import create_app
from foundation.clock import bangkok_date
from foundation.config import Settings
from foundation.db import Base, Database
from immigration.registries.law import law
from immigration.rules.due_dates import obligation
from notifications import rounds
from tests.conftest import NOW, SECRET
from tests.factories import PASSWORD, Resident, activate, load, officer, row

LIVES = int(os.environ.get("LIFE_CYCLES", "30"))
ACTS = ("accept", "return", "correct", "accept", "reopen", "reject", "withdraw")
DECIDED = {"accepted", "returned", "rejected", "needs-visit"}


class Life(RuleBasedStateMachine):
    """One person, two officers, a supervisor, and time."""

    database: Database

    @initialize(assurance=st.sampled_from(["mail", "mail", "counter"]))
    def begin(self, assurance: str) -> None:
        names = ", ".join(table.name for table in Base.metadata.sorted_tables)
        with self.database.engine.begin() as connection:
            connection.execute(text(f"truncate {names} restart identity cascade"))
        self.now: datetime = NOW
        self.app: Flask = create_app(
            Settings(environment="test", secret_keys=(SECRET,)), database=self.database, clock=lambda: self.now
        )
        self.assurance, self.passport, self.rows = assurance, 1, 0
        self.acknowledged: dict[str, str] = {}
        self.moves: list[dict[str, str]] = []
        self.staff: dict[str, Resident] = {}
        self.signed_in: dict[str, datetime] = {}
        load(self.app, "passports", row("passports", document_number="LIFE1", expires_on="2099-01-01"))
        self.enter(80, "NON-O")

    @property
    def today(self) -> date:
        return bangkok_date(self.now)

    @property
    def number(self) -> str:
        return f"LIFE{self.passport}"

    def resident(self) -> Resident:
        return activate(self.app, self.number, assurance=self.assurance)

    def officer(self, name: str, role: str = "officer") -> Resident:
        """An officer signed in at this moment; the account is made once."""
        if name not in self.staff:
            self.staff[name] = officer(self.app, name, role)
            self.signed_in[name] = self.now
        if self.signed_in[name] != self.now:
            client, self.signed_in[name] = self.app.test_client(), self.now
            answer = client.post("/api/v1/officers/sessions", json={"name": name, "password": PASSWORD})
            self.staff[name] = Resident(client, {"Authorization": f"Bearer {answer.json['access_token']}"}, "")
        return self.staff[name]

    def record(self, kind: str, **values: str) -> dict[str, str]:
        found = row(kind, document_number=self.number, **values)
        load(self.app, kind, found)
        return found

    @rule(ago=st.integers(0, 100), visa=st.sampled_from(["NON-O", "NON-B", "TR", "LTR", "PR"]))
    def enter(self, ago: int, visa: str) -> None:
        on = self.today - timedelta(days=ago)
        until = str(on + timedelta(days=400))
        self.moves.append(self.record("movements", occurred_on=str(on), visa_class=visa, permitted_until=until))

    @rule(ago=st.integers(0, 60))
    def leave(self, ago: int) -> None:
        on = str(self.today - timedelta(days=ago))
        self.moves.append(self.record("movements", direction="departure", occurred_on=on))

    @rule(which=st.integers(0, 50), days=st.integers(-20, 20))
    def correct_a_movement(self, which: int, days: int) -> None:
        move = self.moves[which % len(self.moves)]
        on = min(date.fromisoformat(move["occurred_on"]) + timedelta(days=days), self.today)
        move["occurred_on"] = str(on)
        load(self.app, "movements", move)

    @rule(ago=st.integers(0, 40))
    def extend(self, ago: int) -> None:
        on = self.today - timedelta(days=ago)
        self.record("permissions", granted_on=str(on), permitted_until=str(on + timedelta(days=400)))

    @rule(ago=st.integers(0, 40), channel=st.sampled_from(["counter", "post", "online"]), printed=st.booleans())
    def report_at_an_office(self, ago: int, channel: str, printed: bool) -> None:
        on = self.today - timedelta(days=ago)
        next_due_on = str(on + timedelta(days=90)) if printed else ""
        self.record("reports", filed_on=str(on), channel=channel, next_due_on=next_due_on)

    @rule()
    def get_a_new_passport(self) -> None:
        old, self.passport = self.number, self.passport + 1
        values = {"replaces": f"FRA:{old}", "expires_on": "2099-01-01"}
        load(self.app, "passports", row("passports", document_number=self.number, **values))

    @rule(days=st.integers(1, 45))
    def time_passes(self, days: int) -> None:
        self.now += timedelta(days=days)

    @rule(down=st.booleans())
    def the_source_goes_down_or_comes_back(self, down: bool) -> None:
        self.app.test_cli_runner().invoke(args=["records", "source", "down" if down else "up"])

    @rule(days=st.integers(-1, 20))
    def time_comes_to_the_window(self, days: int) -> None:
        opens_on = self.resident().get("/me/stay").json["obligation"]["opens_on"]
        if opens_on:
            self.now += timedelta(days=max(1, (date.fromisoformat(opens_on) - self.today).days + days))

    @rule()
    def file(self) -> None:
        answer = self.resident().file()
        assert answer.status_code in (201, 409), answer.json
        if answer.status_code == 201:
            self.acknowledged[answer.json["number"]] = answer.json["filed_at"]
            assert bool(answer.json["receipt"]) != bool(answer.json["reasons"])

    @rule(acts=st.lists(st.sampled_from(ACTS), min_size=1, max_size=5))
    def file_and_go_on(self, acts: list[str]) -> None:
        """File, and let officers and the author do several things with it in a row."""
        self.file()
        outcomes = {"return": "returned", "reject": "rejected", "accept": "accepted"}
        newest = len(self.acknowledged) - 1
        for n, act in enumerate(acts if self.acknowledged else []):
            if act in outcomes:
                self.decide(newest, outcomes[act], ("one", "two")[n % 2])
            elif act == "reopen":
                self.reopen(newest)
            else:
                self.withdraw_or_correct(newest, "correction" if act == "correct" else "withdrawal")

    @precondition(lambda self: self.acknowledged)
    @rule(
        which=st.integers(0, 50),
        outcome=st.sampled_from(sorted(DECIDED)),
        name=st.sampled_from(["one", "two"]),
    )
    def decide(self, which: int, outcome: str, name: str) -> None:
        body = {"outcome": outcome, "reasons": [] if outcome == "accepted" else ["other"]}
        answer = self.officer(name).post(f"/review/reports/{self._pick(which)}/decision", body)
        assert answer.status_code in (200, 409), answer.json

    @precondition(lambda self: self.acknowledged)
    @rule(which=st.integers(0, 50))
    def reopen(self, which: int) -> None:
        boss = self.officer("boss", "supervisor")
        answer = boss.post(f"/review/reports/{self._pick(which)}/reopening", {"note": "A check."})
        assert answer.status_code in (200, 409), answer.json

    @precondition(lambda self: self.acknowledged)
    @rule(which=st.integers(0, 50), act=st.sampled_from(["withdrawal", "correction"]))
    def withdraw_or_correct(self, which: int, act: str) -> None:
        resident = self.resident()
        number = self._pick(which)
        address = resident.get(f"/reports/{number}").json["address"]
        answer = resident.post(f"/reports/{number}/{act}", {"address": address} if act == "correction" else None)
        assert answer.status_code in (200, 409), answer.json

    def _pick(self, which: int) -> str:
        return list(self.acknowledged)[which % len(self.acknowledged)]

    def query(self, statement: str) -> list[Any]:
        with self.database.reading() as session:
            return [tuple(found) for found in session.execute(text(statement))]

    @invariant()
    def nothing_acknowledged_is_missing(self) -> None:
        stored = {number for (number,) in self.query("select number from reports")}
        assert stored == set(self.acknowledged)

    @invariant()
    def a_period_has_one_report_that_holds(self) -> None:
        held = self.query(
            """select period, count(*) from reports where status in ('accepted', 'under-review', 'returned')
            and contradicted_at is null group by period having count(*) > 1"""
        )
        assert held == []

    @invariant()
    def every_report_has_a_reason_or_a_receipt(self) -> None:
        found = self.query(
            """select r.number, r.status, cardinality(r.reasons), count(c.number) from reports r
            left join receipts c on c.report_id = r.id and c.voided_at is null group by r.id"""
        )
        for number, status, reasons, receipts in found:
            assert receipts == (1 if status == "accepted" else 0), number
            if status in ("under-review", "returned", "rejected", "needs-visit"):
                assert reasons > 0, number

    @invariant()
    def the_kept_date_is_the_one_that_the_records_give(self) -> None:
        records = self.app.extensions["desk"].records
        kept = self.query("select person_id, due_on, basis from obligations")
        with self.database.reading() as session:
            for case in records.cases(session, [person for person, _, _ in kept]):
                assert case.facts is not None
                owed = obligation(case.facts, self.today, law().on(self.today))
                due_on = owed.window.due_on if owed.window else None
                assert [(case.person_id, due_on, owed.basis)] == kept

    @invariant()
    def nobody_who_filed_is_reminded(self) -> None:
        rounds.plan_round(self.database, self.app.extensions["due_today"], self.now)
        reminded = self.query(
            """select n.dedupe from notifications n join reports r on r.person_id = n.person_id
            where n.kind like 'reminder.%' and n.status <> 'stale' and n.created_at > r.filed_at
            and r.status in ('accepted', 'under-review', 'returned') and r.contradicted_at is null
            and n.dedupe like r.period || ':%'
            """
        )
        assert reminded == []


@pytest.fixture
def life(empty_database: Database) -> type[Life]:
    Life.database = empty_database
    return Life


def test_whatever_happens_the_promises_hold(life: type[Life]) -> None:
    checks = list(HealthCheck)
    run_state_machine_as_test(
        life,
        settings=settings(
            max_examples=LIVES, stateful_step_count=25, deadline=None, suppress_health_check=checks, derandomize=True
        ),
    )
